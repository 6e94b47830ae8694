"""The chart pane's widgets: what lies along and upwards, what is measured, the chart."""

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.parts.axes import Axes
from gui.parts.bubbles import Bubbles
from gui.parts.plain import PlainLabel, tip
from gui.parts.segments import Segments
from gui.theme import Size, Theme, font

WORTH = {"top1": "Top-1", "ap": "Box AP", "measured": "Measured", "agreement": "Agreement"}
COST = {"macs": "Multiply-adds", "ms": "ms here", "bytes": "File", "parameters": "Parameters"}
BUTTONS = {
    "folder": "A folder a class…", "table": "A table…", "measure": "Measure", "stop": "Stop", "save": "Save the chart…",
}  # fmt: skip
TIPS = {
    "folder": "Labelled pictures: a folder with one folder a class, called as it",
    "table": "Labelled pictures: a CSV file, in each row a picture and its class",
    "measure": "Let every network that runs here answer them",
    "save": "As a picture (PNG) or as lines (SVG)",
}


class ChartForm(PaneBase):
    """All of it, without what it does."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.worth, self.cost = Segments(WORTH, "Upwards"), Segments(COST, "Along")
        self.log, self.published = QCheckBox("Logarithmic"), QCheckBox("Published networks")
        self.log.setChecked(True)
        self.published.setChecked(True)
        self.published.setToolTip("In grey, those that do not run here")
        self.buttons = {name: QPushButton(words) for name, words in BUTTONS.items()}
        for name, words in TIPS.items():
            self.buttons[name].setToolTip(tip(words))
        self.buttons["measure"].setProperty("role", "primary")
        self.bar, self.note = QProgressBar(), PlainLabel()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.note.setWordWrap(True)
        self.bubbles = Bubbles(Axes("", ""))
        self._captions = [PlainLabel("Upwards"), PlainLabel("Along")]
        for label in (*self._captions, self.note):
            label.setProperty("role", "quiet")
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        up, along = self._captions
        column.addLayout(_row(up, self.worth, along, self.cost))
        choices = _row(self.log, self.published)
        for name in BUTTONS:
            choices.addWidget(self.buttons[name])
        column.addLayout(choices)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addWidget(self.bubbles, 1)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        for widget in (
            *self.worth.buttons.values(), *self.cost.buttons.values(), self.log, self.published,
            *self.buttons.values(), self.note,
        ):  # fmt: skip
            widget.setFont(font(Size.BODY, scale))
        for label in self._captions:
            label.setFont(font(Size.FACT, scale))
        self.bar.setFixedHeight(round(6 * scale))
        self.bubbles.restyle(theme, scale)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row
