"""The one place where a cv2.VideoCapture is made: for cameras, video files and streams."""

import os
from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV reads these when it first opens something of the kind. The user's own settings win.
ENVIRONMENT = {
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "1",             # s that a read of a silent camera blocks; else 10
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",      # else many cameras take half a minute to open on Windows
    "OPENCV_FFMPEG_LOGLEVEL": "-8",                       # what went wrong is said in the window, not on stderr
}


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool:
        """Whether it ever opened: stays true after the end, a loss, an unplugging."""
        ...

    def grab(self) -> bool:
        """Pass over one picture."""
        ...

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        """The picture that `grab` took, (h, w, 3) BGR, when the first value is true."""
        ...

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        """The next picture, (h, w, 3) BGR, when the first value is true."""
        ...

    def get(self, prop: int, /) -> float:
        """The value of cv2.CAP_PROP_…; 0 or worse when the back-end does not know it."""
        ...

    def set(self, prop: int, value: float, /) -> bool:
        """Wish for a value of cv2.CAP_PROP_…."""
        ...

    def release(self) -> None:
        """Let go of the device or file."""
        ...


# (index, file or address; cv2.CAP_…; pairs of property and value) → an open or closed capture
OpenCapture = Callable[[int | str, int, Sequence[int]], Capture]


def open_capture(target: int | str, backend: int, params: Sequence[int] = ()) -> Capture:
    """Open a device, file or address with one of OpenCV's video back-ends; ask `isOpened` whether it worked.

    Args:
        target: a camera's index, a file's name, or an address.
        backend: cv2.CAP_V4L2 and its like.
        params: cv2.CAP_PROP_… and its value, one after the other.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    logging = cv2.utils.logging
    if "OPENCV_LOG_LEVEL" not in os.environ and logging.getLogLevel() > logging.LOG_LEVEL_ERROR:
        logging.setLogLevel(logging.LOG_LEVEL_ERROR)   # its warnings say again what the window says
    try:
        return cv2.VideoCapture(target, backend, list(params))  # type: ignore[return-value]
    except cv2.error:   # a back-end that is not in this build
        return cv2.VideoCapture()  # type: ignore[return-value]
