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
from inference.live.sources.playback import Playback

MOST_SKIPPED = 8       # frames passed over in one read: on a machine far too slow the picture must still move
MOST_FRAMES = 100_000_000   # more is no count
PAUSED_S = 1 / 30      # a picture that is held is given as often as a camera would
LIKELY_FPS = 30.0      # of files that do not say


def made(text: str, wish: Wish) -> "VideoFile":
    """A video file."""
    return VideoFile(Path(text).expanduser(), loop=wish.loop)


class VideoFile:
    """The frames of a file in real time: those that come too late are passed over. `playback` says how."""

    live = False
    note = caption = ""

    def __init__(self, path: Path, *, loop: bool = True) -> None:
        self.title = path.name
        self.playback = Playback()
        self._once = not loop   # it ends
        self._file_period_s = 1 / LIKELY_FPS
        self._path = path
        self._capture: Capture | None = None
        self._pixels: NDArray[np.uint8] | None = None   # the last one given
        self._at = 0        # the number of the frame that the file gives next
        self._began = 0.0   # s, when the clock that frames are measured by began
        self._from = 0      # the frame that it began with
        self._speed = 1.0   # that it runs at

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def period_s(self) -> float:
        """Time between two pictures at the present speed; while it is paused, between two looks at what is wanted."""
        now = self.playback.now
        return PAUSED_S if now.paused else self._file_period_s / now.speed

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
        fps = fps if math.isfinite(fps) and 1 <= fps <= 240 else LIKELY_FPS
        self._file_period_s = 1 / fps
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.playback.opened(int(frames) if math.isfinite(frames) and 1 <= frames < MOST_FRAMES else 0, fps)
        self._at, self._pixels, self._began = 0, None, 0.0

    def read(self) -> NDArray[np.uint8] | None:
        """The frame of this moment, (h, w, 3) BGR; None after the last one, unless it loops.

        Raises:
            SourceError: the file cannot be opened again, or holds no picture.
        """
        assert self._capture is not None
        wanted = self.playback.take_wanted()
        if wanted is not None:
            self._go_to(wanted)
        elif self.playback.now.paused and self._pixels is not None:
            self._began = 0.0
            return self._pixels   # the same once more, as of a picture that stands still
        if not self._skip():
            ok, pixels = self._capture.read()
            if ok:
                self._pixels = pixels
                self.playback.given(self._at)
                self._at += 1
                return pixels
        if not self._at:
            raise self._no_video()
        if self._once:
            return None
        if not self.playback.now.loop and self._pixels is not None:
            self.playback.pause(True)   # its end stays on screen, and it can be sought from there
            return self._pixels
        self.open()
        return self.read()   # ends: an empty file raises

    def close(self) -> None:
        """Let go of the file."""
        if self._capture:
            self._capture.release()
            self._capture = None

    def _go_to(self, frame: int) -> None:
        """Let this frame be the next one. A file that cannot be sought is read up to it."""
        assert self._capture is not None
        self._began = 0.0
        if frame == self._at:
            return
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        found = self._capture.get(cv2.CAP_PROP_POS_FRAMES)
        self._at = round(found) if math.isfinite(found) and found >= 0 else 0
        if self._at > frame:   # the nearest that it knows lies behind
            self.open()
            assert self._capture is not None
        while self._at < frame and self._capture.grab():
            self._at += 1

    def _skip(self) -> bool:
        """Pass over the frames whose time is over; True at the end of the file."""
        assert self._capture is not None
        now, speed = perf_counter(), self.playback.now.speed
        if not self._began or speed != self._speed:
            self._began, self._from, self._speed = now, self._at, speed
        period = self._file_period_s / speed
        late = int((now - self._began) / period) - (self._at - self._from)
        if late > MOST_SKIPPED:   # hopeless, or the machine slept: the clock gives way, not the picture
            self._began += (late - MOST_SKIPPED) * period
            late = MOST_SKIPPED
        for _ in range(max(0, late)):
            if not self._capture.grab():
                return True
            self._at += 1
        return False

    def _no_video(self) -> SourceError:
        return SourceError(
            f"{self._path.name} holds no video or picture that can be read.",
            "MP4, MOV, MKV, WebM and AVI can, and JPEG, PNG, WebP, BMP and TIFF pictures.",
        )
