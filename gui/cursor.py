"""The pointer goes away in full screen while nobody moves it."""

from time import perf_counter

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

AFTER_S = 3.0    # without a move
LOOK_MS = 100    # so soon it is back


class RestingCursor(QObject):
    """Looks where the pointer is, ten times a second, in full screen alone: no events are filtered."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._at, self._since, self.hidden = QPoint(), 0.0, False
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    def follow(self, full_screen: bool) -> None:
        """Full screen has begun, or ended."""
        self._at, self._since = QCursor.pos(), perf_counter()
        if full_screen:
            self._timer.start()
        else:
            self._timer.stop()
            self._show()

    def look(self) -> None:
        """Hide the pointer if it has rested long enough; bring it back if it has moved, or a menu is open."""
        at, now = QCursor.pos(), perf_counter()
        if at != self._at or QApplication.activePopupWidget() is not None:
            self._at, self._since = at, now
            self._show()
        elif not self.hidden and now - self._since >= AFTER_S and self._window.isActiveWindow():
            self.hidden = True
            QApplication.setOverrideCursor(Qt.CursorShape.BlankCursor)

    def _show(self) -> None:
        if self.hidden:
            self.hidden = False
            QApplication.restoreOverrideCursor()
