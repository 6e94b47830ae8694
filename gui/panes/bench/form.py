"""The bench's widgets: what is measured, how, and the board beside it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.panes import PaneBase, Services
from gui.panes.bench.board import FACES, Board
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.theme import Size, Theme, font

ROUNDS = {"10": "10", "30": "30", "100": "100"}
PICTURES = {"reel": "Samples", "shown": "This picture"}
THREADS = {"usual": "As in turns", "both": "One, and all cores"}
TOGETHER = "Then every pair and all at once: how many times as long each takes beside others"
MEMORY = "Then each in a process of its own: what it needs more at its peak than before it was opened"


class BenchForm(PaneBase):
    """The form on the left; on the right what came of it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.boxes: list[QCheckBox] = []   # one a lane
        self._face = font(Size.BODY)
        self._build()

    def _build(self) -> None:
        self.title = PlainLabel("Which is how many times as fast")
        self.nothing = PlainLabel("No network runs. Add two to compare them: A.")
        self.nothing.setProperty("role", "quiet")
        self.nothing.setWordWrap(True)
        self.rounds, self.pictures = Segments(ROUNDS, "Rounds"), Segments(PICTURES, "Pictures")
        self.threads = Segments(THREADS, "Threads")
        self.rounds.key = "30"
        self.together, self.memory = QCheckBox("Together as well"), QCheckBox("Memory as well")
        self.together.setToolTip(TOGETHER)
        self.memory.setToolTip(MEMORY)
        for box in (self.together, self.memory):
            box.setChecked(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.note = PlainLabel()
        self.note.setWordWrap(True)
        self.buttons = {name: QPushButton(title) for name, title in (
            ("measure", "Measure"), ("cancel", "Stop"), ("copy", "Copy"), ("save", "Save the report…"),
        )}  # fmt: skip
        self.buttons["measure"].setProperty("role", "primary")
        self.buttons["cancel"].setToolTip("What was measured until now stays")
        self.buttons["copy"].setToolTip("All figures as text")
        self._captions = [PlainLabel(text) for text in ("Rounds", "Pictures", "Threads")]
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(1, 1)
        for i, (caption, field) in enumerate(
            zip(self._captions, (self.rounds, self.pictures, self.threads), strict=True)
        ):
            caption.setProperty("role", "quiet")
            grid.addWidget(caption, i, 0)
            grid.addWidget(field, i, 1)
        self._networks = QVBoxLayout()
        self._networks.setSpacing(2)
        self._form = QWidget()
        self._form.setProperty("role", "page")
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        for part in (self.title, self.nothing):
            column.addWidget(part)
        column.addLayout(self._networks)
        column.addLayout(grid)
        column.addWidget(self.together)
        column.addWidget(self.memory)
        column.addStretch(1)
        scroll = QScrollArea()   # nine networks in a small window; the buttons stay in sight
        scroll.setWidget(self._form)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 12, 0)
        left.setSpacing(8)
        left.addWidget(scroll, 1)
        left.addWidget(self.bar)
        left.addWidget(self.note)
        left.addLayout(row)
        self.board, self.faces = Board(), Segments(FACES, "Show")
        self.about = PlainLabel()
        self.about.setProperty("role", "quiet")
        self.about.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self.faces)
        head.addStretch(1)
        right = QWidget()
        tall = QVBoxLayout(right)
        tall.setContentsMargins(0, 0, 0, 0)
        tall.setSpacing(8)
        tall.addLayout(head)
        tall.addWidget(self.board, 1)
        tall.addWidget(self.about)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._left)
        split.addWidget(right)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.addWidget(split)
        self.controls: list[QWidget] = [
            *self.rounds.buttons.values(), *self.pictures.buttons.values(), *self.threads.buttons.values(),
            self.together, self.memory,
        ]  # fmt: skip
        self.bar.hide()

    def list_networks(self, titles: list[str], chosen: list[bool]) -> None:
        """A box for each of these."""
        while len(self.boxes) > len(titles):
            box = self.boxes.pop()
            box.setParent(None)
            box.deleteLater()
        while len(self.boxes) < len(titles):
            box = QCheckBox()
            box.setFont(self._face)
            self.boxes.append(box)
            self._networks.addWidget(box)
            box.toggled.connect(self.show_form)
        for box, title, on in zip(self.boxes, titles, chosen, strict=True):
            box.setText(title.replace("&", "&&"))
            box.setChecked(on)
        self.nothing.setVisible(not titles)
        self.show_form()

    def show_form(self) -> None:
        """What can be pressed now."""
        raise NotImplementedError

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._face = font(Size.BODY, scale)
        widgets = [
            *self.controls, *self.boxes, *self.buttons.values(), *self.faces.buttons.values(), self.note, self.nothing,
        ]
        for widget in widgets:
            widget.setFont(self._face)
        for label in (*self._captions, self.about):
            label.setFont(font(Size.FACT, scale))
        self.title.setFont(font(Size.LABEL, scale, bold=True))
        self.bar.setFixedHeight(round(6 * scale))
        self.ensurePolished()
        self._left.setFixedWidth(max(round(400 * scale), self._form.sizeHint().width() + round(34 * scale)))
        self.board.restyle(theme, scale)
