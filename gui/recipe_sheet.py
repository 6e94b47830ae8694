"""The recipe finder in the window: the candidates in their order, as small pictures with what the network says."""

from pathlib import Path
from threading import Event
from time import perf_counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gui.desk import Desk
from gui.jobs import Job
from gui.messages import Banner, trouble_text
from gui.parts.choice import Choice
from gui.parts.plain import PlainLabel, tip
from gui.stage.lane_words import answers_of
from gui.stage.overlay import percent
from gui.theme import DARK, Size, Theme, font
from inference.backends import Engine, usual_backend
from inference.data import Frame
from inference.errors import Cancelled
from inference.intake.candidates import Candidate, shown
from inference.intake.finder import Finding, Trial
from inference.intake.finding import find, told
from inference.intake.provide import open_network
from inference.picture_files import read_picture
from inference.places import SAMPLES
from inference.xray import recipe
from models.card import ModelCard
from models.user_cards import is_own, own_title, save_card, with_recipe

SHOWN = 8          # candidates
SAMPLE = "kitten.jpg"


class RecipeSheet(QWidget):
    """One network at a time; what is chosen can be saved."""

    finished = Signal()   # there is nothing more to show

    _told = Signal(object, str)              # the event of its job, a sentence
    _tried = Signal(object, object, object)  # the same, Candidate, Trial

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._theme, self._scale = DARK, 1.0
        self.card: ModelCard | None = None
        self.trials: list[Trial] = []
        self._cancelled = Event()
        self._build()
        self._told.connect(self._say, Qt.ConnectionType.QueuedConnection)
        self._tried.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def _build(self) -> None:
        self.trouble = Banner(self, narrow=True)
        self.words = PlainLabel()
        self.words.setWordWrap(True)
        self.choices = QButtonGroup(self)
        self.choices.idToggled.connect(lambda *_: self._may_save())
        inner = QWidget()
        inner.setProperty("role", "page")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.save, self.examples, self.stop = QPushButton("Save"), QPushButton("My pictures…"), QPushButton("Stop")
        self.save.setProperty("role", "primary")
        self.save.clicked.connect(self._save)
        self.examples.setToolTip("Find it by pictures of your own: a folder with one folder a class")
        self.examples.clicked.connect(self._choose_examples)
        self.stop.clicked.connect(self._stop)
        row = QHBoxLayout()
        for button in (self.save, self.examples, self.stop):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for part in (self.trouble, self.words):
            column.addWidget(part)
        column.addWidget(self._scroll, 1)
        column.addLayout(row)

    def take(self, card: ModelCard, examples: Path | None = None) -> None:
        """Find the recipe of this network, by the samples or by the user's own pictures."""
        self._cancelled.set()
        self._cancelled = cancelled = Event()
        self.card, self.trials = card, []
        self.trouble.say("")
        for button in self.choices.buttons():
            self.choices.removeButton(button)
            button.deleteLater()
        self._begin(f"Opening {card.title}")
        frame, store = self._desk.session.frozen or self._desk.session.latest, self._desk.store

        def report(words: str, part: float | None) -> None:
            self._told.emit(cancelled, words if part is None else f"{words}: {part:.0%}")

        def work() -> Finding | None:
            picture = frame or Frame(read_picture(SAMPLES / SAMPLE), 0, perf_counter())
            try:
                network = open_network(card, store, usual_backend(card), Engine, report, cancelled)
                try:
                    finding = find(network, examples=examples, every=True, report=report, cancelled=cancelled)
                    best = [finding.chosen, *(t for t in finding.trials if t is not finding.chosen)][:SHOWN]
                    for trial in (*best, *([finding.usual] if finding.usual not in best else [])):
                        if cancelled.is_set():
                            return None
                        title = f"{trial.title} · the card's" if trial is finding.usual else trial.title
                        self._tried.emit(cancelled, shown(network, picture, title, trial.input), trial)
                finally:
                    network.stop()
            except Cancelled:
                return None
            return finding

        def done(finding: Finding | None) -> None:
            if finding is not None and not cancelled.is_set():
                self._end(f"{told(finding, card)} Choose one to save it.")

        def failed(error: Exception) -> None:
            if not cancelled.is_set():
                self._end("")
                self.trouble.say(*trouble_text(error))

        Job(work, done, failed, self)

    def _begin(self, words: str) -> None:
        self.words.setText(words)
        self.stop.show()
        self.examples.hide()
        self._may_save()

    def _end(self, words: str) -> None:
        self.words.setText(words)
        self.stop.hide()
        self.examples.show()
        self._may_save()

    def _say(self, of: Event, words: str) -> None:
        if of is self._cancelled and not of.is_set():
            self.words.setText(words)

    def _show(self, of: Event, candidate: Candidate, trial: Trial) -> None:
        if of is not self._cancelled or of.is_set():
            return   # of another network, or stopped
        at = len(self.trials)
        self.trials.append(trial)
        said = answers_of(candidate.prediction)
        answer = f"{said.best} {percent(said.score)}" if said.best else "finds nothing"
        whole = len(trial.scores) == len(self.trials[0].scores)   # else it was left out on the way
        place = f"{trial.score:.2f}" if whole else "far behind"
        button = Choice(candidate.picture, f"{place} · {candidate.title}", answer)
        button.setToolTip(tip(f"{recipe(candidate.input)}\n{answer}\n{place} of 1, on {len(trial.scores)} pictures"))
        button.restyle(self._theme, self._scale)
        self.choices.addButton(button, at)
        self._column.insertWidget(at, button)
        button.setChecked(at == 0)
        self._may_save()

    def _may_save(self) -> None:
        chosen = self.choices.checkedId()
        some = self.card is not None and 0 <= chosen < len(self.trials)
        self.save.setEnabled(some and self.trials[chosen].input != self.card.input)  # type: ignore[union-attr]
        self.save.setText("Save" if self.card is None or is_own(self.card) else "Save as my own")

    def _choose_examples(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "A folder with one folder a class")
        if chosen and self.card is not None:
            self.take(self.card, Path(chosen))

    def _save(self) -> None:
        """Keep the chosen recipe: in the card, where it is the user's, else in a card of their own."""
        card, chosen = self.card, self.choices.checkedId()
        if card is None or not 0 <= chosen < len(self.trials):
            return
        made = with_recipe(card, self.trials[chosen].input, own_title(card), self._desk.catalogue)

        def done(_: object) -> None:
            self._desk.take_card(made)
            what = "is saved in its card" if made.name == card.name else f"is saved as {made.title}: press A to add it"
            self._desk.say(f"The recipe {what}.")
            self.finished.emit()

        Job(lambda: save_card(made), done, lambda error: self.trouble.say(*trouble_text(error)), self)

    def _stop(self) -> None:
        self._cancelled.set()
        self._end("Stopped.")

    def leave(self) -> None:
        """The sheet was closed."""
        self._cancelled.set()
        self.card = None
        self.trouble.say("")

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.trouble.restyle(theme, scale)
        for part in (self.words, self.save, self.examples, self.stop):
            part.setFont(font(Size.BODY, scale))
        for button in self.choices.buttons():
            assert isinstance(button, Choice)
            button.restyle(theme, scale)
