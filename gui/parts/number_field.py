"""A field for a whole number, looking like every other field: Qt's own spin box breaks under a style sheet."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from gui.parts.plain import tip

STEPS = {
    Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10,
}  # fmt: skip


class NumberField(QLineEdit):
    """Takes numbers from `least` to `most`; the arrow keys step, the page keys by ten."""

    changed = Signal()

    def __init__(self, least: int, most: int, value: int, name: str) -> None:
        super().__init__(str(value))
        self._least, self._most, self._value = least, most, value
        self.setValidator(QIntValidator(least, most, self))
        self.setAccessibleName(name)
        self.setToolTip(tip(f"{least:,} to {most:,}"))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.textEdited.connect(lambda _: self._take())
        self.editingFinished.connect(lambda: self.setText(str(self._value)))

    @property
    def value(self) -> int:
        """The last number that was within its bounds."""
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        """Take a number, the nearest within the bounds."""
        self._value = max(self._least, min(self._most, value))
        self.setText(str(self._value))
        self.changed.emit()

    def accepts(self, value: object) -> bool:
        """Whether this is such a number."""
        return isinstance(value, int | float) and self._least <= value <= self._most and value == round(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step by the arrow keys."""
        step = STEPS.get(Qt.Key(event.key()))
        if step:
            self.value += step
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        if self.hasAcceptableInput():
            self._value = int(self.text())
            self.changed.emit()
