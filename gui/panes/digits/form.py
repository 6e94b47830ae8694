"""The digit pane's widgets: the board with its buttons on the left, what is made of the drawing on the right."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.panes.digits.canvas import PENS, Canvas
from gui.panes.digits.chart_face import ChartFace
from gui.panes.digits.columns import Columns
from gui.panes.digits.train_face import TrainFace
from gui.panes.digits.weights_view import WeightsView
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.theme import Size, Theme, font

FACES = {"answers": "Answers", "coreml": "Core ML", "why": "Why", "train": "Train", "chart": "Chart"}
NETS = {"zero-or-one": "0 or 1", "linear": "Ten digits", "dense": "Dense 512 × 2"}
WHY = {
    "zero-or-one": "A network without a layer in between: one weight for each pixel, blue for and red against. "
    "Laid over the drawing and summed up, they are the answer.",
    "linear": "The same for ten digits: ten pictures of weights, and the largest sum wins.",
    "dense": "With two layers in between, other weights count for each drawing; for this one they are these, exactly.",
}
BUTTONS = {"clear": "Clear", "undo": "Undo", "take": "From the picture"}


class DigitForm(PaneBase):
    """All of it, without what it does."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.canvas = Canvas()
        self.buttons = {name: QPushButton(words) for name, words in BUTTONS.items()}
        self.buttons["take"].setToolTip("Begin with the digit that is found in the live picture, and draw on it")
        self.pens = Segments({name: name.capitalize() for name in PENS}, "Pen")
        self.pens.key = self.canvas.pen
        self.faces, self.nets = Segments(FACES, "Show"), Segments(NETS, "Network")
        self.columns, self.exported, self.weights = Columns(), Columns(), WeightsView()
        self.which = QComboBox()
        self.which.setAccessibleName("Network that is exported")
        self.train, self.chart = TrainFace(services.desk), ChartFace(services.desk)
        self.words = PlainLabel()
        self.words.setWordWrap(True)
        self.note = PlainLabel()
        for label in (self.words, self.note):
            label.setProperty("role", "quiet")
        self._build()

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        column.addWidget(self.canvas, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.pens)
        row.addStretch(1)
        for name in BUTTONS:
            row.addWidget(self.buttons[name])
        column.addLayout(row)
        why = QWidget()
        tall = QVBoxLayout(why)
        tall.setContentsMargins(0, 0, 0, 0)
        tall.setSpacing(8)
        tall.addWidget(self.weights, 1)
        tall.addWidget(self.words)
        self.stack = QStackedWidget()
        for face in (self.columns, self.exported, why, self.train, self.chart):
            self.stack.addWidget(face)
        right = QWidget()
        whole = QVBoxLayout(right)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.faces)
        head.addWidget(self.nets)
        head.addWidget(self.which)
        head.addStretch(1)
        head.addWidget(self.note)
        whole.addLayout(head)
        whole.addWidget(self.stack, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(right)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 5)
        split.setSizes([400, 1000])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 10, 12, 10)
        outer.addWidget(split)

    def show_face(self) -> None:
        """Bring what is chosen to the front."""
        key = self.faces.key
        self.stack.setCurrentIndex(list(FACES).index(key))
        self.nets.setVisible(key == "why")
        self.which.setVisible(key == "coreml")
        self.note.setVisible(key in ("answers", "coreml"))
        self.words.setText(WHY[self.nets.key])

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        for part in (self.canvas, self.columns, self.exported, self.weights, self.train, self.chart):
            part.restyle(theme, scale)
        face = font(Size.BODY, scale)
        for widget in (
            *self.buttons.values(), *self.pens.buttons.values(), *self.faces.buttons.values(),
            *self.nets.buttons.values(), self.which, self.words, self.note,
        ):  # fmt: skip
            widget.setFont(face)
