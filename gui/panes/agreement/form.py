"""The agreement pane's widgets: which networks and pictures, the matrix, one pair in figures, the pictures."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.panes.agreement.matrix import Matrix
from gui.panes.agreement.thumbs import Thumbs
from gui.parts.form_column import FormColumn, lay_beside
from gui.parts.lane_boxes import LaneBoxes
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.theme import Size, Theme, font

SOURCES = {"reel": "Samples", "file": "A video…", "folder": "A folder…"}
COUNTS = {"50": "50", "200": "200", "1000": "1000"}
BUTTONS = {"compare": "Compare", "cancel": "Stop", "copy": "Copy", "save": "Save the report…"}


class AgreementForm(PaneBase):
    """All of it, without what it does."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.networks = LaneBoxes()
        self.boxes = self.networks.boxes   # one a lane
        self._side = FormColumn("How often they agree", BUTTONS)
        self.bar, self.note, self.buttons = self._side.bar, self._side.note, self._side.buttons
        self.bar.setRange(0, 1000)
        self.nothing = PlainLabel("Add two networks to compare them: A.")
        self.origin, self.counts = Segments(SOURCES, "Pictures"), Segments(COUNTS, "How many")
        self.counts.key = "200"
        self.origin.buttons["file"].setToolTip("A video, or a recording")
        self._side.column.addWidget(self.nothing)
        self._side.column.addLayout(self.networks)
        self._side.add_fields((("Pictures", self.origin), ("At most", self.counts)))
        self.named = PlainLabel()   # the file or folder that is chosen
        self.named.setWordWrap(True)
        self._side.column.addWidget(self.named)
        self._side.column.addStretch(1)
        self.matrix, self.thumbs = Matrix(), Thumbs()
        self.facts, self.caption = PlainLabel(), PlainLabel("They differ most on these. Click one to freeze it.")
        self.facts.setWordWrap(True)
        for label in (self.nothing, self.named, self.facts, self.caption):
            label.setProperty("role", "quiet")
        right = QWidget()
        tall = QVBoxLayout(right)
        tall.setContentsMargins(0, 0, 0, 0)
        tall.setSpacing(6)
        tall.addWidget(self.matrix, 1)
        for widget in (self.facts, self.caption, self.thumbs):
            tall.addWidget(widget)
        lay_beside(self, self._side, right)

    def list_networks(self, titles: list[str], chosen: list[bool]) -> None:
        """A box for each of these."""
        self.nothing.setVisible(len(titles) < 2)
        self.networks.show_titles(titles, chosen)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        face = font(Size.BODY, scale)
        self.networks.take_font(face)
        for widget in (
            *self.origin.buttons.values(), *self.counts.buttons.values(), self.nothing, self.named,
            self.facts, self.caption,
        ):  # fmt: skip
            widget.setFont(face)
        self._side.restyle(theme, scale)
        self._side.setFixedWidth(max(round(360 * scale), self._side.least_width(scale)))
        self.matrix.restyle(theme, scale)
        self.thumbs.restyle(theme, scale)
