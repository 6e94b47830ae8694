"""The form of the export, and what came of it beside it: the widgets."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QSplitter, QVBoxLayout, QWidget

from gui.panes import PaneBase, Services
from gui.panes.export.report import ReportView
from gui.parts.form_column import FormColumn
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.stage.lane_words import PRECISION_WORDS
from gui.theme import Size, Theme, font
from inference.export.settings import PRECISIONS, TARGETS

FORMS = {"ios": "Xcode project", "coreml": "Package"}
BUTTONS = {"export": "Export", "cancel": "Cancel", "open": "Open folder", "page": "Open the report"}


class Form(PaneBase):
    """The form on the left; on the right what came of it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._build()

    def _build(self) -> None:
        self._side = FormColumn("Hand a network to an iPhone", BUTTONS)
        self.bar, self.note, self.buttons = self._side.bar, self._side.note, self._side.buttons
        self.note.hide()
        self.form = Segments(FORMS, "Export as")
        self.network, self.other = QComboBox(), QComboBox()
        self.network.setAccessibleName("Network")
        self.other.setAccessibleName("A second network in the same app")
        self.precision, self.target = QComboBox(), QComboBox()
        self.precision.setAccessibleName("Weights")
        self.target.setAccessibleName("Oldest system")
        for name in PRECISIONS:
            self.precision.addItem(PRECISION_WORDS[name], name)
        self.precision.setCurrentIndex(PRECISIONS.index("fp16"))
        for name in TARGETS:
            self.target.addItem(name.replace("iOS", "iOS "), name)
        self.target.setCurrentIndex(TARGETS.index("iOS16"))
        self.place = QPushButton()
        self.expected = PlainLabel()
        self.expected.setWordWrap(True)
        self.licence = QCheckBox("I accept its licence")
        self._captions = self._side.add_fields((
            ("As", self.form), ("Network", self.network), ("and", self.other), ("Weights", self.precision),
            ("Runs from", self.target), ("Into", self.place),
        ))  # fmt: skip
        self._side.column.addWidget(self.expected)
        self._side.column.addWidget(self.licence)
        self._side.column.addStretch(1)
        self.report = ReportView()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._side)
        split.addWidget(self.report)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.addWidget(split)
        self._controls: list[QWidget] = [
            *self.form.buttons.values(), self.network, self.other, self.precision, self.target, self.place,
            self.expected, self.licence,
        ]  # fmt: skip

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        for widget in self._controls:
            widget.setFont(font(Size.BODY, scale))
        self._side.restyle(theme, scale)
        self._side.setMinimumWidth(round(380 * scale))
        self.report.restyle(theme, scale)
