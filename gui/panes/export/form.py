"""The form of the export, and what came of it beside it: the widgets."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
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
from gui.panes.export.report import ReportView
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.stage.lane_words import PRECISION_WORDS
from gui.theme import Size, Theme, font
from inference.export.settings import PRECISIONS, TARGETS

FORMS = {"ios": "Xcode project", "coreml": "Package"}


class Form(PaneBase):
    """The form on the left; on the right what came of it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._build()

    def _build(self) -> None:
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
        self.expected, self.note = PlainLabel(), PlainLabel()
        for label in (self.expected, self.note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.licence = QCheckBox("I accept its licence")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.buttons = {name: QPushButton(title) for name, title in (
            ("export", "Export"), ("cancel", "Cancel"), ("open", "Open folder"), ("page", "Open the report"),
        )}  # fmt: skip
        self.buttons["export"].setProperty("role", "primary")
        self.title = PlainLabel("Hand a network to an iPhone")
        self._captions = [PlainLabel(text) for text in ("As", "Network", "and", "Weights", "Runs from", "Into")]
        fields = (self.form, self.network, self.other, self.precision, self.target, self.place)
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(1, 1)
        for i, (caption, field) in enumerate(zip(self._captions, fields, strict=True)):
            caption.setProperty("role", "quiet")
            grid.addWidget(caption, i, 0)
            grid.addWidget(field, i, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        form = QWidget()
        form.setProperty("role", "page")
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addLayout(grid)
        column.addWidget(self.expected)
        column.addWidget(self.licence)
        column.addStretch(1)
        scroll = QScrollArea()   # large type in a small window; the buttons stay in sight
        scroll.setWidget(form)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 12, 0)
        left.setSpacing(8)
        left.addWidget(scroll, 1)
        left.addWidget(self.bar)
        left.addWidget(self.note)
        left.addLayout(row)
        self.report = ReportView()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._left)
        split.addWidget(self.report)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.addWidget(split)
        self._controls: list[QWidget] = [
            *self.form.buttons.values(), self.network, self.other, self.precision, self.target, self.place,
            self.expected, self.note, self.licence, *self.buttons.values(),
        ]  # fmt: skip
        self.bar.hide()
        self.note.hide()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        face = font(Size.BODY, scale)
        for widget in self._controls:
            widget.setFont(face)
        for label in self._captions:
            label.setFont(font(Size.FACT, scale))
        self.title.setFont(font(Size.LABEL, scale, bold=True))
        self.bar.setFixedHeight(round(6 * scale))
        self.bar.setStyleSheet(
            f"QProgressBar {{ background: {theme.raised}; border: none; }}"
            f"QProgressBar::chunk {{ background: {theme.accent}; }}"
        )
        self._left.setMinimumWidth(round(380 * scale))
        self.report.restyle(theme, scale)
