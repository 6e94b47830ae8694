"""What is wanted of the answers: labels, thresholds, smoothing, mirror. Acts at once."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QSlider, QVBoxLayout, QWidget

from gui.parts.plain import PlainLabel
from gui.settings import MOST_LABELS
from gui.theme import Size, Theme, font
from inference.data import Ask


class AnswerControls(QWidget):
    """Sliders with their values in words beside them."""

    changed = Signal(object)    # Ask
    mirrored = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ask = Ask()
        self._labels: list[PlainLabel] = []
        self._hints: list[PlainLabel] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._topk_text, self._topk = self._slider(
            column, "Labels", 1, MOST_LABELS, "How many labels a classifier shows."
        )
        self._conf_text, self._conf = self._slider(
            column, "Confidence", 1, 99, "Boxes with a lower score are not shown."
        )
        self._iou_text, self._iou = self._slider(
            column, "Overlap (IoU)", 1, 99, "Of two boxes of one class that overlap more, the weaker goes."
        )
        self._smoothing = QCheckBox("Smooth flickering labels", self)
        self._smoothing.setToolTip("Averages the scores over the last frames. Off, every answer is of one frame.")
        self._mirror = QCheckBox("Mirror the picture", self)
        self._mirror.setToolTip("Flips the picture left to right, for everyone: the networks see it so too.")
        for box in (self._smoothing, self._mirror):
            column.addWidget(box)
        column.addStretch()
        self._topk.valueChanged.connect(lambda v: self._tell(replace(self._ask, topk=v)))
        self._conf.valueChanged.connect(lambda v: self._tell(replace(self._ask, confidence=v / 100)))
        self._iou.valueChanged.connect(lambda v: self._tell(replace(self._ask, iou=v / 100)))
        self._smoothing.toggled.connect(lambda on: self._tell(replace(self._ask, smoothing=on)))
        self._mirror.toggled.connect(self.mirrored)
        self.setFocusProxy(self._topk)
        self._words()

    def show_values(self, ask: Ask, mirror: bool) -> None:
        """Follow what was set elsewhere; tells nobody."""
        self._ask = ask
        values = (
            (self._topk, ask.topk), (self._conf, round(ask.confidence * 100)), (self._iou, round(ask.iou * 100))
        )  # fmt: skip
        for slider, value in values:
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        for box, on in ((self._smoothing, ask.smoothing), (self._mirror, mirror)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self._words()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take this type size."""
        del theme
        for label in (*self._labels, self._smoothing, self._mirror):
            label.setFont(font(Size.BODY, scale))
        for label in self._hints:
            label.setFont(font(Size.FACT, scale))

    def _slider(self, column: QVBoxLayout, name: str, low: int, high: int, hint: str) -> tuple[QLabel, QSlider]:
        label, slider, note = PlainLabel(self), QSlider(Qt.Orientation.Horizontal, self), PlainLabel(hint, self)
        note.setWordWrap(True)
        note.setProperty("role", "quiet")
        slider.setRange(low, high)
        slider.setAccessibleName(name)
        slider.setToolTip(hint)
        label.setBuddy(slider)
        for widget in (label, slider, note):
            column.addWidget(widget)
        column.addSpacing(12)
        self._labels.append(label)
        self._hints.append(note)
        return label, slider

    def _tell(self, ask: Ask) -> None:
        self._ask = ask
        self._words()
        self.changed.emit(ask)

    def _words(self) -> None:
        self._topk_text.setText(f"Labels: {self._ask.topk}")
        self._conf_text.setText(f"Confidence: at least {self._ask.confidence * 100:.0f} %")
        self._iou_text.setText(f"Overlap (IoU): at most {self._ask.iou * 100:.0f} %")
