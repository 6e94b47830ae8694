"""The ⋯ of a network: it opens what can be done with it, and shows where a hand or the keyboard is."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from gui.icons import icon
from gui.theme import Theme

SIDE_PX = 24   # at 100 %


class Dots(QToolButton):
    """Stands in a corner of its parent while the pointer is over that, or while it is `kept`."""

    asked = Signal(object)   # QPoint on the screen: where a menu would open

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self._over = parent
        self.setProperty("role", "icon")
        self.setToolTip("What can be done with this network")
        self.setAccessibleName(f"Menu of {title}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)   # Ctrl+M opens the same
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._kept = False
        self.clicked.connect(lambda: self.asked.emit(self.mapToGlobal(self.rect().bottomLeft())))
        self.hide()
        parent.installEventFilter(self)

    def keep(self, kept: bool) -> None:
        """Show it although the pointer is elsewhere, or not."""
        self._kept = kept
        self.setVisible(kept or self._over.underMouse())

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take this colour and size."""
        side = max(20, round(SIDE_PX * scale))
        self.setFixedSize(side, side)
        self.setIconSize(QSize(side - 8, side - 8))
        self.setIcon(icon("more", theme.text, side - 8))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the pointer over the parent."""
        if watched is self._over and event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.setVisible(self._kept or event.type() is QEvent.Type.Enter)
        return False
