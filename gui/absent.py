"""Networks whose files are not on this machine: one sentence and three ways to get them, instead of a red lane each."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.jobs import Job
from gui.parts.plain import PlainLabel
from gui.style import PANE_RADIUS, blend
from gui.theme import DARK, Size, Theme, font
from inference.intake.inventory import Missing, missing_of
from inference.live.lane import Lane
from inference.words import size_text
from models.card import ModelCard
from models.errors import Cancelled, LabError
from models.store import Store

FOLDER, ALLOW, AGAIN, PACK = "Choose a folder…", "Allow the download", "Try the download again", "Use a pack…"
HINT = "Choose a folder that has their files, let them be fetched, or take in a pack made on another machine."


class Absent(QWidget):
    """A strip above the lanes; hidden while every network has its files."""

    wanted = Signal()              # the lanes without files may be loaded once more
    taken_in = Signal()            # a pack has brought files, and perhaps cards
    folder_chosen = Signal(str)
    failed = Signal(object)        # LabError
    _told = Signal(str)

    def __init__(
        self, store: Store, catalogue: Mapping[str, ModelCard], say: Callable[[str], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._store, self._catalogue, self._say = store, catalogue, say
        self._lacking: frozenset[str] = frozenset()   # models
        self._size = ""                               # of what would be fetched
        self._theme = DARK
        self._cancelled = Event()
        self._busy = False
        self._sentence, self._hint = PlainLabel(self), PlainLabel(self)
        for label in (self._sentence, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._sentence)
        words.addWidget(self._hint)
        self._row = QHBoxLayout(self)
        self._row.addLayout(words, 1)
        self.buttons: dict[str, QPushButton] = {}
        for name, press in (("folder", self.choose_folder), ("allow", self.allow), ("pack", self.choose_pack)):
            self.buttons[name] = QPushButton(self)
            self.buttons[name].clicked.connect(press)
            self._row.addWidget(self.buttons[name], 0, Qt.AlignmentFlag.AlignVCenter)
        self.buttons["folder"].setText(FOLDER)
        self.buttons["pack"].setText(PACK)
        self._told.connect(self._hint.setText)
        self.hide()

    def show_lanes(self, lanes: Sequence[Lane]) -> None:
        """Say which of these networks have no files, and why they did not come; hidden where all have them."""
        lacking = [lane for lane in lanes if lane.status.absent]
        self.setVisible(bool(lacking) or self._busy)
        if not lacking or self._busy:
            return
        names = ", ".join(lane.title for lane in lacking)
        verb = "network is" if len(lacking) == 1 else "networks are"
        self._sentence.setText(f"{len(lacking)} {verb} not on this machine yet: {names}.")
        offline = self._store.offline
        self._hint.setText(f"Fetching is switched off. {HINT}" if offline else f"{lacking[0].status.message} {HINT}")
        self._weigh(frozenset(lane.spec.model for lane in lacking))
        self.buttons["allow"].setText(f"{ALLOW if offline else AGAIN}{self._size}")
        self.setAccessibleName(f"{self._sentence.text()} {self._hint.text()}")

    def _weigh(self, models: frozenset[str]) -> None:
        """Find out how much would be fetched for these, away from the window."""
        if models == self._lacking:
            return
        self._lacking, self._size = models, ""
        cards = [self._catalogue[name] for name in models if name in self._catalogue]

        def weighed(found: Missing) -> None:
            if models == self._lacking and found.bytes:
                self._size = f" ({size_text(found.bytes)})"   # shown with the next figures

        Job(lambda: missing_of(cards, self._store), weighed, parent=self)

    def choose_folder(self) -> None:
        """Look for the files in a folder and below, now and at the next start."""
        chosen = QFileDialog.getExistingDirectory(self, "The folder with the model files")
        if chosen:
            self._store.use_folder(Path(chosen))
            self.folder_chosen.emit(chosen)
            self.wanted.emit()

    def allow(self) -> None:
        """Fetch them, until the program ends."""
        self._store.offline = False
        self.wanted.emit()

    def choose_pack(self) -> None:
        """Take the models of a pack in."""
        chosen, _ = QFileDialog.getOpenFileName(self, "A pack of models", "", "Packs (*.zip)")
        if not chosen:
            return
        self._busy = True
        self._cancelled = cancelled = Event()
        for button in self.buttons.values():
            button.setEnabled(False)

        def work() -> int | None:
            from models.pack import unpack

            try:
                return unpack(Path(chosen), self._store, self._report, cancelled)
            except Cancelled:
                return None

        Job(work, partial(self._taken, Path(chosen).name), self._failed, self)

    def cancel(self) -> None:
        """Give up what is being taken in: the window closes."""
        self._cancelled.set()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme = theme
        self._sentence.setFont(font(Size.BODY, scale, bold=True))
        self._hint.setFont(font(Size.BODY, scale))
        for button in self.buttons.values():
            button.setFont(font(Size.BODY, scale))
        self._row.setContentsMargins(*(round(n * scale) for n in (16, 10, 12, 10)))
        self._row.setSpacing(round(10 * scale))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A quiet field: nothing is broken."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(blend(self._theme.surface, self._theme.accent, 0.14)))
        painter.drawRoundedRect(QRectF(self.rect()), PANE_RADIUS, PANE_RADIUS)

    def _report(self, message: str, fraction: float | None) -> None:
        """On the job's thread."""
        self._told.emit(message if fraction is None else f"{message}: {fraction:.0%}")

    def _taken(self, name: str, files: int | None) -> None:
        self._ready()
        if files is not None:
            self._say(f"New here from {name}: {files} {'file' if files == 1 else 'files'}, verified by sha256.")
            self.taken_in.emit()
            self.wanted.emit()

    def _failed(self, error: LabError) -> None:
        self._ready()
        self.failed.emit(error)

    def _ready(self) -> None:
        self._busy = False
        for button in self.buttons.values():
            button.setEnabled(True)
