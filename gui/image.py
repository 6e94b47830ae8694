"""Frames as Qt images, without a copy where that is possible."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from inference.data import Frame


def as_image(pixels: NDArray[np.uint8]) -> QImage:
    """(h, w, 3) BGR uint8 as a QImage over the same memory: whoever keeps the image must keep `pixels`."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_BGR888)


class ScaledPictures:
    """The newest frames at the sizes the panes need, each scaled once however many panes show it.

    Scaling here and painting 1:1 is cheaper than letting every pane scale, and looks better: Qt's fast
    transformation takes the nearest pixel.
    """

    def __init__(self, keep: int = 12) -> None:
        self._keep = keep
        self._made: dict[tuple[int, int, int], tuple[Frame, QImage, NDArray[np.uint8]]] = {}

    def get(self, frame: Frame, size: QSize) -> QImage:
        """The frame at `size` (device px)."""
        key = (id(frame), size.width(), size.height())
        if key in self._made:
            return self._made[key][1]
        while len(self._made) >= self._keep:
            del self._made[next(iter(self._made))]
        height, width = frame.pixels.shape[:2]
        small = 2 * size.width() <= width and 2 * size.height() <= height
        source = frame.half() if small else frame.pixels
        if source.shape[1::-1] == (size.width(), size.height()):
            scaled = np.ascontiguousarray(source)
        else:
            # Rows of 4-byte words, as Qt wants BGR888 lines to be aligned: not needed with an explicit stride.
            scaled = cv2.resize(source, (size.width(), size.height()), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        image = as_image(scaled)
        self._made[key] = (frame, image, scaled)   # the frame too: its id must not be given to another
        return image
