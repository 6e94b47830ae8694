"""The profile pane's widgets: which network and face on the left, operators, roofline or steps on the right."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.panes.profile.layers import Layers, Roofline
from gui.panes.profile.stairs import Stairs
from gui.parts.form_column import FormColumn, lay_beside
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.theme import Size, Theme, font

FACES = {"layers": "Operators", "roof": "Roofline", "steps": "Steps"}
PICTURES = {"samples": "Samples", "held": "Frozen ones"}
BUTTONS = {"begin": "Measure", "cancel": "Stop", "lane": "As a lane", "copy": "Copy"}


class ProfileForm(PaneBase):
    """All of it, without what it does."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._side = FormColumn("Where the time goes", BUTTONS)
        self.bar, self.note, self.buttons = self._side.bar, self._side.note, self._side.buttons
        self.bar.setRange(0, 1000)
        self.choice = QComboBox()
        self.choice.setAccessibleName("Network")
        self.choice.setMinimumContentsLength(12)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.faces, self.pictures = Segments(FACES, "Show"), Segments(PICTURES, "Pictures")
        self.pictures.buttons["held"].setToolTip("The pictures that you have frozen with Space since the start")
        captions = self._side.add_fields((
            ("Network", self.choice), ("Show", self.faces), ("Pictures", self.pictures),
        ))   # fmt: skip
        self._of_steps = (captions[2], self.pictures)
        self.facts = PlainLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._side.column.addWidget(self.facts)
        self._side.column.addStretch(1)
        self.layers, self.roof, self.stairs = Layers(), Roofline(), Stairs()
        self.words = PlainLabel()
        self.words.setWordWrap(True)
        for label in (self.facts, self.words):
            label.setProperty("role", "quiet")
        self.stack = QStackedWidget()
        for face in (self.layers, self.roof, self.stairs):
            self.stack.addWidget(face)
        right = QWidget()
        tall = QVBoxLayout(right)
        tall.setContentsMargins(0, 0, 0, 0)
        tall.setSpacing(6)
        tall.addWidget(self.stack, 1)
        tall.addWidget(self.words)
        lay_beside(self, self._side, right)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        for widget in (
            self.choice, *self.faces.buttons.values(), *self.pictures.buttons.values(), self.facts, self.words,
        ):  # fmt: skip
            widget.setFont(font(Size.BODY, scale))
        self._side.restyle(theme, scale)
        self._side.setFixedWidth(max(round(340 * scale), self._side.least_width(scale)))
        for view in (self.layers, self.roof, self.stairs):
            view.restyle(theme, scale)
