"""The bench's widgets: what is measured, how, and the board beside it."""

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.panes.bench.board import FACES, Board
from gui.parts.form_column import FormColumn, lay_beside
from gui.parts.lane_boxes import LaneBoxes
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.theme import Size, Theme, font

ROUNDS = {"10": "10", "30": "30", "100": "100"}
PICTURES = {"reel": "Samples", "shown": "This picture"}
THREADS = {"usual": "As in turns", "both": "One, and all cores"}
BUTTONS = {"measure": "Measure", "cancel": "Stop", "copy": "Copy", "save": "Save the report…"}
TOGETHER = "Then every pair and all at once: how many times as long each takes beside others"
MEMORY = "Then each in a process of its own: what it needs more at its peak than before it was opened"


class BenchForm(PaneBase):
    """The form on the left; on the right what came of it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.networks = LaneBoxes()
        self.boxes = self.networks.boxes   # one a lane
        self._build()

    def _build(self) -> None:
        self._side = FormColumn("Which is how many times as fast", BUTTONS)
        self.bar, self.note, self.buttons = self._side.bar, self._side.note, self._side.buttons
        self.bar.setRange(0, 1000)
        self.buttons["cancel"].setToolTip("What was measured until now stays")
        self.buttons["copy"].setToolTip("All figures as text")
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
        column = self._side.column
        column.addWidget(self.nothing)
        column.addLayout(self.networks)
        self._side.add_fields((("Rounds", self.rounds), ("Pictures", self.pictures), ("Threads", self.threads)))
        column.addWidget(self.together)
        column.addWidget(self.memory)
        column.addStretch(1)
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
        lay_beside(self, self._side, right)
        self.controls: list[QWidget] = [
            *self.rounds.buttons.values(), *self.pictures.buttons.values(), *self.threads.buttons.values(),
            self.together, self.memory,
        ]  # fmt: skip

    def list_networks(self, titles: list[str], chosen: list[bool]) -> None:
        """A box for each of these."""
        self.nothing.setVisible(not titles)
        self.networks.show_titles(titles, chosen)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        face = font(Size.BODY, scale)
        self.networks.take_font(face)
        for widget in (*self.controls, *self.faces.buttons.values(), self.nothing):
            widget.setFont(face)
        self.about.setFont(font(Size.FACT, scale))
        self._side.restyle(theme, scale)
        self._side.setFixedWidth(max(round(400 * scale), self._side.least_width(scale)))
        self.board.restyle(theme, scale)
