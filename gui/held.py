"""The pictures that the user has frozen: what a network is calibrated on, for one."""

from collections import deque

from PySide6.QtCore import QObject

from gui.desk import Desk
from inference.data import Frame

MOST = 32


class Held(QObject):
    """Keeps the last ones that were frozen, each once, while the program runs."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.frames: deque[Frame] = deque(maxlen=MOST)
        desk.changed.connect(self._look)

    def _look(self) -> None:
        now = self._desk.session.frozen
        if now is not None and not any(one.pixels is now.pixels for one in self.frames):
            self.frames.append(now)
