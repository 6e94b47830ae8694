"""The talk's bubble chart, without one borrowed figure: accuracy on test digits over multiply-adds, measured here."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from gui.desk import Desk
from gui.long_job import LongJob, Tell
from gui.parts.axes import Axes
from gui.parts.bubble_labels import Bubble
from gui.parts.bubbles import Bubbles
from gui.parts.plain import PlainLabel, tip
from gui.settle import TAKEN, settled
from gui.style import set_role
from gui.theme import DARK, Size, Theme, font
from inference.lab.accuracy.measured import DIGITS, Measured, network_key, recall
from inference.lab.accuracy.measuring import Step
from inference.lab.digits.kept import facts_of
from inference.lab.digits.measuring import measure
from inference.lab.intervals import wilson
from inference.words import short_count, size_text
from models.card import ModelCard
from models.texts import plain

FOLDER = "Test digits…"
X_TITLE, NONE_TITLE = "Multiply-adds of one answer · area: bytes of the file", "none"
Y_TITLE = "Right, of test digits that no network has learnt from"
AS_CARDS = "As the cards say. Choose a folder with MNIST's t10k files, or others of that form, and measure here."


class ChartFace(QWidget):
    """The bubbles; above them which digits, and what begins it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.job = desk, LongJob(self)
        self.folder: Path | None = None
        self._cards: tuple[ModelCard, ...] = ()
        self._known = recall(desk.store, DIGITS)
        self._theme = DARK
        self.choose, self.start, self.stop = QPushButton(FOLDER), QPushButton("Measure"), QPushButton("Stop")
        self.choose.setToolTip("A folder of idx files: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, .gz or not")
        self.start.setProperty("role", "primary")
        self.bar, self.note = QProgressBar(), PlainLabel()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.note.setProperty("role", "quiet")
        self.note.setWordWrap(True)
        self.bubbles = Bubbles(Axes(X_TITLE, Y_TITLE, NONE_TITLE))
        self._build()
        self.choose.clicked.connect(self._choose_folder)
        self.start.clicked.connect(self.measure)
        self.stop.clicked.connect(self.job.cancel)
        self.job.changed.connect(self._show_progress)
        self.job.ended.connect(self._ended)
        self.show_form()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.choose, self.start, self.stop):
            row.addWidget(button)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addWidget(self.bubbles, 1)

    # --- what is chosen ---------------------------------------------------------------------------------------------

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen."""
        return {"test_folder": str(self.folder or "")}

    def restore(self, state: dict[str, object]) -> None:
        """Choose what `state` said once."""
        self._take_folder(str(state.get("test_folder") or ""))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "A folder of test digits", str(self.folder or Path.home()))
        self._take_folder(chosen or str(self.folder or ""))

    def _take_folder(self, name: str) -> None:
        self.folder = Path(name) if name else None
        self.choose.setText(f"Test digits: {plain(self.folder.name, 24)}…" if self.folder else FOLDER)
        self.show_form()

    def show_form(self) -> None:
        """What can be pressed now."""
        running = self.job.running
        self.start.setVisible(not running)
        self.start.setEnabled(self.folder is not None)
        self.start.setToolTip(tip("" if self.folder else "Choose test digits first"))
        self.stop.setVisible(running)
        self.bar.setVisible(running)
        self.choose.setEnabled(not running)
        if not running and not self.job.trouble:
            self.note.setText(f"Measured here, on {self._known.title}." if self._counts() else AS_CARDS)

    # --- measuring --------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Begin; the window goes on, lanes and source rest."""
        session, folder = self.desk.session, self.folder
        if self.job.running or folder is None:
            return
        if session.resting:
            self.desk.say(TAKEN)
            return
        session.rest(True)
        cards, store = self._cards, self.desk.store

        def work(tell: Tell, cancelled: Event) -> object:
            settled(session, cancelled)
            return measure(cards, folder, store, tell, cancelled)

        set_role(self.note, "quiet")
        self.bar.setValue(0)
        self.job.begin(work)
        self.show_form()

    def end(self) -> None:
        """The window closes."""
        self.job.cancel()

    def _show_progress(self) -> None:
        if not self.job.running or not self.job.said:
            return
        step: Step = self.job.said[-1]
        self.note.setText(step.words)
        self.bar.setValue(round(1000 * step.part))

    def _ended(self) -> None:
        self.desk.session.rest(False)
        self._known = recall(self.desk.store, DIGITS)
        troubles = [self.job.trouble] if self.job.trouble else self.job.result[1] if self.job.result else []
        self.show_form()
        self._show()
        set_role(self.note, "trouble" if troubles else "quiet")
        if troubles:
            self.note.setText(" ".join(trouble.sentence for trouble in troubles))

    # --- the bubbles ------------------------------------------------------------------------------------------------

    def show_cards(self, cards: Sequence[ModelCard]) -> None:
        """The networks of the chart."""
        self._cards = tuple(cards)
        self.show_form()
        self._show()

    def _counts(self) -> dict[str, tuple[int, int]]:
        """Of which networks something was measured: right ones, of how many."""
        keys = {card.name: network_key(card, self.desk.store) for card in self._cards}
        return {name: self._known.right[key] for name, key in keys.items() if key in self._known.right}

    def _show(self) -> None:
        counts = self._counts()
        made = (
            bubble_of(card, counts.get(card.name), self._known, self._theme, i) for i, card in enumerate(self._cards)
        )
        self.bubbles.show_bubbles([bubble for bubble in made if bubble])

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme = theme
        for widget in (self.choose, self.start, self.stop, self.note):
            widget.setFont(font(Size.BODY, scale))
        self.bubbles.restyle(theme, scale)
        self._show()


def bubble_of(
    card: ModelCard, count: tuple[int, int] | None, known: Measured, theme: Theme, slot: int
) -> Bubble | None:
    """A network in the chart; None where nobody knows how right it is."""
    facts = facts_of(card)
    cost = facts.cost if facts else f"{short_count(round(card.gmacs * 1e9))} multiply-adds"
    words = cost if facts else f"{cost} · {size_text(card.bytes)}"
    if count:
        share, (low, high) = count[0] / count[1], wilson(*count)
        told = f"{count[0]:,} of {count[1]:,} right, with 95 % {low:.2%} to {high:.2%}, measured here on {known.title}"
        y, low, high = 100 * share, 100 * low, 100 * high
    elif card.accuracy and card.accuracy.top1 is not None:
        y, low, high = card.accuracy.top1, 0.0, 0.0
        told = f"{y:.2f} % as its card says: {card.accuracy.dataset}, {card.accuracy.recipe}"
    else:
        return None
    tip = f"{card.title}\n{told}\n{cost} an answer, a file of {size_text(card.bytes)}"
    return Bubble(
        card.title, words, card.gmacs * 1e9, y, card.bytes, theme.lane(slot), low, high, measured=count is not None,
        tip=tip,
    )  # fmt: skip
