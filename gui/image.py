"""Frames as Qt images, scaled where it does not cost the window its time."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from inference.data import Frame

if TYPE_CHECKING:   # the window is quicker to open without numpy
    import numpy as np
    from numpy.typing import NDArray

PREPARE_S = 0.02   # pictures are prepared no faster than 50 a second: no screen shows more, and models need the time


def paint_now(widget: QWidget) -> None:
    """Paint what waits to be painted in the widget's window, in one go.

    By itself Qt collects for 5 ms, which would make every picture so much older.
    """
    QCoreApplication.sendEvent(widget.window(), QEvent(QEvent.Type.UpdateRequest))


class ScaledPictures:
    """Frames at the sizes that the panes show them in, each scaled once however many panes show it.

    What is made lies in `frame.derived`, so it goes when the frame goes. The sizes asked for are remembered, and
    `prepare` makes them on the capture thread: what is left for the window's thread is to copy pixels.
    """

    def __init__(self) -> None:
        self._sizes: tuple[tuple[int, int], ...] = ()   # the last few asked for; replaced whole
        self._prepared_at = 0.0

    def prepare(self, frame: Frame) -> None:
        """Make a frame ready for the panes; on the capture thread."""
        now = perf_counter()
        if now - self._prepared_at >= PREPARE_S:
            self._prepared_at = now
            for size in self._sizes:
                _scaled(frame, size)

    def get(self, frame: Frame, size: QSize) -> QImage:
        """The frame at `size` (device px). Keep the frame as long as the image: they share the memory."""
        wanted = (size.width(), size.height())
        if wanted not in self._sizes:
            self._sizes = (wanted, *self._sizes)[:3]
        pixels = _scaled(frame, wanted)
        return QImage(pixels.data, *wanted, pixels.strides[0], QImage.Format.Format_RGB32)


def _scaled(frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame at (width, height) px as Qt paints fastest, (h, w, 4) BGRX: without converting or scaling."""
    if size not in frame.derived:
        import cv2  # not needed before the first picture, so that the window is quick to open

        height, width = frame.pixels.shape[:2]
        source = frame.half() if 2 * size[0] <= width and 2 * size[1] <= height else frame.pixels
        if source.shape[1::-1] != size:
            source = cv2.resize(source, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        frame.derived[size] = cv2.cvtColor(source, cv2.COLOR_BGR2BGRA)  # type: ignore[assignment]
    return frame.derived[size]
