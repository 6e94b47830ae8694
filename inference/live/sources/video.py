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
SLOWEST, FASTEST = 1e-3, 1e4   # frames/s that a file may say
LONGEST_MS = 1e9       # a time in a file, twelve days
SLOW_MS = 100.0        # a frame that is shown for longer is given again and again meanwhile
QUICKEST_S = 1 / 120   # between two pictures of a film that has more: some are passed over
SLACK_MS = 0.5         # clocks are no more exact


def made(text: str, wish: Wish) -> "VideoFile":
    """A video file."""
    return VideoFile(Path(text).expanduser(), loop=wish.loop)


class VideoFile:
    """The frames of a file, each at its own time: those that come too late are passed over. `playback` says how."""

    live = False
    note = caption = ""

    def __init__(self, path: Path, *, loop: bool = True) -> None:
        self.title = path.name
        self.playback = Playback()
        self._once = not loop   # it ends
        self._usual_ms = self._step_ms = 1e3 / LIKELY_FPS   # of a frame; of the one that is shown
        self._path = path
        self._capture: Capture | None = None
        self._pixels: NDArray[np.uint8] | None = None   # the last one given
        self._at = 0            # the number of the frame that the file gives next
        self._ready = False     # whether the one before it is decoded, and waits to be shown
        self._time_ms = 0.0     # of that one, in the file
        self._began = 0.0       # s, when the clock that frames are measured by began
        self._from_ms = 0.0     # the time in the file that it began with
        self._speed = 1.0       # that it runs at

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def period_s(self) -> float:
        """Time between two pictures at the present speed; while it is paused, between two looks at what is wanted."""
        now = self.playback.now
        slow = now.paused or self._step_ms > SLOW_MS
        return PAUSED_S if slow else max(self._step_ms / 1e3 / now.speed, QUICKEST_S)

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
        fps = fps if math.isfinite(fps) and SLOWEST <= fps <= FASTEST else LIKELY_FPS
        self._usual_ms = self._step_ms = 1e3 / fps
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.playback.opened(int(frames) if math.isfinite(frames) and 1 <= frames < MOST_FRAMES else 0, fps)
        self._at, self._pixels, self._began, self._ready, self._time_ms = 0, None, 0.0, False, 0.0

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
        if (self._ready or self._grab()) and self._catch_up():
            if self._is_early() and self._pixels is not None and wanted is None:
                return self._pixels
            ok, pixels = self._capture.retrieve()
            if ok:
                self._pixels, at, shown_ms = pixels, self._at - 1, self._time_ms
                self.playback.given(at, shown_ms / 1e3)
                self._ready = False
                if self._grab():   # at once: its time says how long this one is shown
                    self._step_ms = self._time_ms - shown_ms
                return pixels
        if not self._at:
            raise self._no_video()
        lasts = self._step_ms > SLOW_MS and self._began and self._late_ms(perf_counter()) < self._step_ms - SLACK_MS
        if lasts and self._pixels is not None and wanted is None:
            return self._pixels   # the last one of a slow film is to be seen as long as the others
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

    def _grab(self) -> bool:
        """Decode the next frame, and note when it is to be shown; False at the end."""
        assert self._capture is not None
        self._ready = self._capture.grab()
        if self._ready:
            expected = self._time_ms + self._usual_ms if self._at else 0.0
            told = self._capture.get(cv2.CAP_PROP_POS_MSEC)
            # A back-end that does not know, or a file whose times go back: as many frames a second as it says.
            sound = math.isfinite(told) and 0 <= told < LONGEST_MS and (not self._at or told > self._time_ms)
            self._time_ms = told if sound else expected
            self._at += 1
        return self._ready

    def _go_to(self, frame: int) -> None:
        """Let this frame be the next one. A file that cannot be sought is read up to it."""
        assert self._capture is not None
        self._began = 0.0
        if self._ready and frame == self._at - 1:
            return
        self._ready = False
        if frame != self._at:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
            found = self._capture.get(cv2.CAP_PROP_POS_FRAMES)
            self._at = round(found) if math.isfinite(found) and found >= 0 else 0
        if self._at > frame:   # the nearest that it knows lies behind
            self.open()
            assert self._capture is not None
        while self._at < frame and self._capture.grab():
            self._at += 1
        self._time_ms = (self._at - 1) * self._usual_ms if self._at else 0.0   # until the frame itself says

    def _catch_up(self) -> bool:
        """Pass over the frames whose time is over; False at the end of the file."""
        now, speed = perf_counter(), self.playback.now.speed
        if not self._began or speed != self._speed:
            self._began, self._from_ms, self._speed = now, self._time_ms, speed
        skipped = 0
        while (late := self._late_ms(now)) >= self._step_ms - SLACK_MS and skipped < MOST_SKIPPED:
            before = self._time_ms
            if not self._grab():
                return False
            self._step_ms = self._time_ms - before
            skipped += 1
        if late >= self._step_ms - SLACK_MS:   # hopeless, or the machine slept: the clock gives way, not the picture
            self._began, self._from_ms = now, self._time_ms
        return True

    def _late_ms(self, now: float) -> float:
        """By how much the frame that was grabbed is late, in the time of the file."""
        return self._from_ms + (now - self._began) * 1e3 * self._speed - self._time_ms

    def _is_early(self) -> bool:
        """Whether a slow film's next frame is to wait: of a quick one whoever reads waits."""
        return self._step_ms > SLOW_MS and self._late_ms(perf_counter()) < -SLACK_MS

    def _no_video(self) -> SourceError:
        return SourceError(
            f"{self._path.name} holds no video or picture that can be read.",
            "MP4, MOV, MKV, WebM and AVI can, and JPEG, PNG, WebP, BMP and TIFF pictures.",
        )
