"""The sheet for a model of the user's own: what was read of it, what was guessed, and what is to be kept."""

from dataclasses import replace
from pathlib import Path
from threading import Event
from time import perf_counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.desk import Desk
from gui.jobs import Job
from gui.messages import COPY, Banner, trouble_text
from gui.parts.choice import Choice
from gui.parts.label_box import LabelBox
from gui.parts.plain import PlainLabel, tip
from gui.stage.lane_words import answers_of
from gui.stage.overlay import percent, short_label
from gui.theme import DARK, Size, Theme, font
from inference.data import Frame
from inference.errors import Cancelled, LabError
from inference.formats import LABELS
from inference.intake.candidates import Candidate, recipes, tried
from inference.intake.guesses import guessed_text
from inference.intake.own_files import read_given_labels
from inference.logbook import details
from inference.places import RESOURCES
from inference.words import short_count
from inference.xray import recipe
from models.card import ModelCard
from models.catalog import read_labels
from models.texts import plain_lines
from models.user_cards import save_card

SAMPLE = RESOURCES / "samples" / "kitten.jpg"   # to try it on while there is no picture
TASKS = {"classify": "labels", "detect": "boxes"}


class OwnModelSheet(QWidget):
    """One model at a time; those that are added meanwhile wait. What is not kept here stays as it was guessed."""

    finished = Signal()   # there is nothing more to show

    _tried = Signal(object, object)   # the event of its job, Candidate

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._theme, self._scale = DARK, 1.0
        self._waiting: list[ModelCard] = []
        self.card: ModelCard | None = None
        self.candidates: list[Candidate] = []
        self._labels: tuple[str, ...] | None = None   # given here
        self._cancelled = Event()
        self._build()
        self._tried.connect(self._show_candidate, Qt.ConnectionType.QueuedConnection)

    def _build(self) -> None:
        self.trouble = Banner(self, narrow=True)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the network")
        self.name.setMaxLength(80)
        self.read, self.guessed = PlainLabel(), PlainLabel()
        for label in (self.read, self.guessed):
            label.setWordWrap(True)
        self.again = QPushButton("Another picture")
        self.again.setToolTip("Try every choice on the picture of this moment")
        self.again.clicked.connect(self._try)
        self.choices = QButtonGroup(self)
        self._column = QVBoxLayout()
        self._column.setSpacing(2)
        self.labels = LabelBox()
        self.labels.dropped.connect(self.take_labels)
        self.labels.asked.connect(self._choose_labels)
        self.more = PlainLabel()
        self.more.setProperty("role", "quiet")
        self.keep, self.remove = QPushButton("Keep"), QPushButton("Remove")
        self.keep.setProperty("role", "primary")
        self.keep.clicked.connect(self._keep)
        self.remove.clicked.connect(self._remove)
        row = QHBoxLayout()
        row.addWidget(self.keep)
        row.addWidget(self.remove)
        row.addWidget(self.more, 1)
        inner = QWidget()
        inner.setProperty("role", "page")
        inside = QVBoxLayout(inner)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.setSpacing(12)
        for part in (self.name, self.read, self.guessed):
            inside.addWidget(part)
        inside.addLayout(self._column)
        inside.addWidget(self.again)
        inside.addWidget(self.labels)
        inside.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.trouble)
        column.addWidget(self._scroll, 1)
        column.addLayout(row)
        column.addStretch(0)

    # --- models come --------------------------------------------------------------------------------------------

    def take(self, card: ModelCard) -> None:
        """A model was added."""
        self._waiting.append(card)
        if self.card is None:
            self._next()
        self._say_more()

    def tell(self, file: str, error: LabError) -> None:
        """A model could not be added; what is shown stays."""
        sentence, hint = trouble_text(error)
        sentence = sentence if file in sentence else f"{file}: {sentence}"
        self.trouble.say(sentence, hint, button=COPY, details=f"{sentence} {hint}\n\n{details(error)}")
        self._show_parts()

    def _next(self) -> None:
        """The first of those that wait, if any does."""
        self._cancelled.set()
        self.card, self._labels = (self._waiting.pop(0) if self._waiting else None), None
        self._show_parts()
        if self.card is None:
            self.finished.emit()
            return
        card = self.card
        self.name.setText(card.title)
        height, width = card.input.size
        classes = self._classes()
        read = [
            card.format.upper() if card.format == "onnx" else card.format.capitalize(),
            "" if "input.size" in card.guessed else f"{width}×{height}",
            f"{classes} classes" if classes else "",
            f"answers with {TASKS[card.task]} ({card.decoder})",
            f"{short_count(card.parameters)} parameters" if card.parameters else "",
        ]
        self.read.setText(f"Read: {', '.join(fact for fact in read if fact)}.")
        self.guessed.setText(self._about_recipe(card))
        self._show_labels()
        self._try()
        self._say_more()

    def _about_recipe(self, card: ModelCard) -> str:
        """What was found out, what was guessed, and what can be done about it."""
        found = self._desk.adder.found.get(card.name, "")
        if not card.guessed:
            return found or "Nothing was guessed: the file says it all."
        choose = " Choose the answer that is right." if len(recipes(card)) > 1 else ""
        return f"{found} Guessed: {guessed_text(card)}. It is given {recipe(card.input)}.{choose}".strip()

    def _show_parts(self) -> None:
        for part in (self._scroll, self.keep, self.remove):
            part.setVisible(self.card is not None)
        self.again.setVisible(self.card is not None and bool(self.card.guessed))

    def _say_more(self) -> None:
        count = len(self._waiting)
        self.more.setText(f"{count} more to come" if count else "")

    # --- what was guessed, as pictures --------------------------------------------------------------------------

    def _try(self) -> None:
        """Try every recipe that would fit on the picture of this moment."""
        self._cancelled.set()
        self._cancelled = cancelled = Event()
        self.candidates = []
        for button in self.choices.buttons():
            self.choices.removeButton(button)
            button.deleteLater()
        card, store, frame = self.card, self._desk.store, self._desk.session.frozen or self._desk.session.latest
        if card is None or not card.guessed:
            return

        def work() -> None:
            from inference.picture_files import read_picture  # imports OpenCV

            picture = frame or Frame(read_picture(SAMPLE), 0, perf_counter())
            try:
                for candidate in tried(card, store, picture, cancelled):
                    self._tried.emit(cancelled, candidate)
            except Cancelled:
                return

        Job(work, lambda _: None, lambda error: self.trouble.say(*trouble_text(error)), self)

    def _show_candidate(self, of: Event, candidate: Candidate) -> None:
        if of is not self._cancelled or of.is_set():
            return   # of an earlier picture, or model
        at = len(self.candidates)
        self.candidates.append(candidate)
        said = answers_of(candidate.prediction)
        answer = f"{said.best} {percent(said.score)}" if said.best else "finds nothing"
        button = Choice(candidate.picture, candidate.title, answer)
        button.setChecked(at == 0)
        button.setToolTip(tip(f"{recipe(candidate.input)}\n{answer}"))
        button.restyle(self._theme, self._scale)
        self.choices.addButton(button, at)
        self._column.addWidget(button)

    # --- labels -------------------------------------------------------------------------------------------------

    def _classes(self) -> int:
        try:
            return len(read_labels(self.card)) if self.card else 0
        except LabError:   # the lane says it
            return 0

    def _show_labels(self) -> None:
        if self.card is None:
            return
        try:
            labels = self._labels or read_labels(self.card)
        except LabError as error:
            self.labels.show_labels(error.sentence)
            return
        some = ", ".join(map(short_label, labels[:3])) + (", …" if len(labels) > 3 else "")
        guess = " (guessed)" if self._labels is None and "labels" in self.card.guessed else ""
        self.labels.show_labels(f"{len(labels)} labels{guess}: {some}")

    def _choose_labels(self) -> None:
        kinds = " ".join(f"*{ending}" for ending in LABELS)
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a list of labels", "", f"Labels ({kinds})")
        if chosen:
            self.take_labels(Path(chosen))

    def take_labels(self, path: Path) -> None:
        """A list of labels for the model that is shown; one that does not fit changes nothing."""
        try:
            labels, wanted = read_given_labels(path), self._classes()
            if wanted and len(labels) != wanted:
                raise LabError(
                    f"{path.name} has {len(labels)} labels, the network {wanted} classes.", "Give the list that fits."
                )
        except LabError as error:
            self.trouble.say(*trouble_text(error))
            return
        self.trouble.say("")
        self._labels = labels
        self._show_labels()

    # --- what comes of it ---------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Keep it as it stands here: nothing of it is guessed any longer."""
        card, labels = self.card, self._labels
        if card is None:
            return
        chosen = self.choices.checkedId()
        made = replace(
            card, title=plain_lines(self.name.text()).strip() or card.title, guessed=(),
            input=self.candidates[chosen].input if 0 <= chosen < len(self.candidates) else card.input,
            labels=f"{card.name}.txt" if labels else card.labels,
        )  # fmt: skip

        def done(_: object) -> None:
            self._desk.take_card(made)
            self._desk.say(f"{made.title} is kept.")
            self._next()

        Job(lambda: save_card(made, labels), done, lambda error: self.trouble.say(*trouble_text(error)), self)

    def _remove(self) -> None:
        """Take it away again, with its lane and its files."""
        if self.card is not None:
            self._desk.remove_own(self.card)
            self._next()

    def leave(self) -> None:
        """The sheet was closed: what it has shown, and what waits, stays as it was guessed."""
        self._cancelled.set()
        self._waiting = []
        self.card = None
        self.trouble.say("")

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.trouble.restyle(theme, scale)
        self.labels.restyle(theme, scale)
        face = font(Size.BODY, scale)
        for part in (self.name, self.read, self.guessed, self.again, self.more, self.keep, self.remove):
            part.setFont(face)
        for button in self.choices.buttons():
            assert isinstance(button, Choice)
            button.restyle(theme, scale)
