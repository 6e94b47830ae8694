"""The pictures that the user has frozen: what a network is calibrated on, for one."""

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from gui.desk import Desk
from inference.data import Frame

MOST, SIDE_PX = 32, 1280   # so many, none larger: 90 MB at most


class Held(QObject):
    """Keeps the last ones that were frozen, each once, while the program runs."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._last: NDArray[np.uint8] | None = None
        self.frames: deque[Frame] = deque(maxlen=MOST)
        desk.changed.connect(self._look)

    def _look(self) -> None:
        now = self._desk.session.frozen
        if now is None or now.pixels is self._last:
            return
        self._last = now.pixels
        self.frames.append(replace(now, pixels=_small(now.pixels)))


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of SIDE_PX at most."""
    import cv2  # not needed before something is frozen

    shrink = SIDE_PX / max(pixels.shape[:2])
    if shrink >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
