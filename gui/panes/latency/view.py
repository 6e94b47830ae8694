"""The plot, its legend and its switches: the widgets."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.panes.latency.legend import Legend
from gui.parts.elided import ElidedLabel
from gui.parts.plot import Bars, Plot
from gui.parts.segments import Segments


class LatencyView(PaneBase):
    """The switches above, the plot, the legend beside it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._build()

    def _build(self) -> None:
        self.view = Segments({"all": "All networks", "stages": "Stages of one"}, "Show")
        self.clock = Segments({"wall": "Wall", "cpu": "CPU"}, "Time")
        self.clock.buttons["wall"].setToolTip("The time that passes while a network works, as a clock shows it")
        self.clock.buttons["cpu"].setToolTip(
            "The time the lane's own thread computed: on one thread it hardly changes when others use the processor too"
        )
        self.log = QPushButton("Log")
        self.log.setCheckable(True)
        self.log.setToolTip("A logarithmic axis: slow and fast networks in one plot")
        self.log.setAccessibleName("Logarithmic axis")
        self.choice = QComboBox()
        self.choice.setAccessibleName("Network whose stages are shown")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.words = ElidedLabel()
        self.words.setAccessibleDescription("What the networks are bound by")
        self.plot, self.legend, self.bars = Plot(), Legend(), Bars()
        self.plot.add(self.bars)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        for widget in (self.view, self.clock, self.choice, self.log):
            head.addWidget(widget)
        head.addSpacing(8)
        head.addWidget(self.words, 1)
        self._body = QHBoxLayout()
        self._body.setSpacing(16)
        self._body.addWidget(self.plot, 1)
        self._body.addWidget(self.legend)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 16, 4)
        column.setSpacing(4)
        column.addWidget(self._head)
        column.addLayout(self._body, 1)
