"""A video file at its own pace."""

import math
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.live.sources import Wish
from inference.live.sources.capture import Capture, open_capture

MOST_SKIPPED = 8       # frames passed over in one read: on a machine far too slow the picture must still move
LIKELY_FPS = 30.0      # of files that do not say


def made(text: str, wish: Wish) -> "VideoFile":
    """A video file."""
    return VideoFile(Path(text).expanduser(), loop=wish.loop)


class VideoFile:
    """The frames of a file in real time: those that come too late are passed over."""

    live = False
    note = caption = ""

    def __init__(self, path: Path, *, loop: bool = True) -> None:
        self.title = path.name
        self.period_s = 1 / LIKELY_FPS
        self._path, self._loop = path, loop
        self._capture: Capture | None = None
        self._began = 0.0
        self._given = 0   # frames taken from the file since `_began`, also those passed over

    def open(self) -> None:
        """Begin at the first frame.

        Raises:
            SourceError: the file is gone, or no video.
        """
        self.close()
        if not self._path.is_file():
            raise SourceError(f"There is no file {self._path}.", "Check its name, or choose another source.")
        capture = open_capture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():   # some containers are known to other back-ends only
            capture = open_capture(str(self._path), cv2.CAP_ANY)
        self._capture = capture
        if not capture.isOpened():
            raise self._no_video()
        fps = capture.get(cv2.CAP_PROP_FPS)
        self.period_s = 1 / (fps if math.isfinite(fps) and 1 <= fps <= 240 else LIKELY_FPS)
        self._given = 0

    def read(self) -> NDArray[np.uint8] | None:
        """The frame of this moment, (h, w, 3) BGR; None after the last one, unless it loops.

        Raises:
            SourceError: the file cannot be opened again, or holds no picture.
        """
        assert self._capture is not None
        if not self._skip():
            ok, pixels = self._capture.read()
            if ok:
                self._given += 1
                return pixels
        if not self._given:
            raise self._no_video()
        if not self._loop:
            return None
        self.open()
        return self.read()   # ends: an empty file raises

    def close(self) -> None:
        """Let go of the file."""
        if self._capture:
            self._capture.release()
            self._capture = None

    def _skip(self) -> bool:
        """Pass over the frames whose time is over; True at the end of the file."""
        assert self._capture is not None
        now = perf_counter()
        if not self._given:
            self._began = now
        late = int((now - self._began) / self.period_s) - self._given
        if late > MOST_SKIPPED:   # hopeless, or the machine slept: the clock gives way, not the picture
            self._began += (late - MOST_SKIPPED) * self.period_s
            late = MOST_SKIPPED
        for _ in range(max(0, late)):
            if not self._capture.grab():
                return True
            self._given += 1
        return False

    def _no_video(self) -> SourceError:
        return SourceError(
            f"{self._path.name} holds no video or picture that can be read.",
            "MP4, MOV, MKV, WebM and AVI can, and JPEG, PNG, WebP, BMP and TIFF pictures.",
        )
