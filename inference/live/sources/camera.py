"""Cameras: which there are, and one of them at work."""

import errno
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.live.sources import CAMERA, Wish
from inference.live.sources.capture import Capture, OpenCapture, open_capture

SIZE = (1280, 720)   # (width, height), px
FPS = 30.0
REFUSED_S = 0.5      # a read that fails at once is tried for so long
SILENT_S = 0.2       # a read that fails after this was waiting for the camera
WARM_UP_S = 5.0      # a camera that waits may take so long for its first picture
PLATFORM = sys.platform
NO_PICTURE = np.zeros((0, 0, 3), np.uint8)

# OpenCV's video back-ends, the better one first.
BACKENDS = {
    "linux": (("V4L2", cv2.CAP_V4L2),),
    "darwin": (("AVFoundation", cv2.CAP_AVFOUNDATION),),
    "win32": (("MSMF", cv2.CAP_MSMF), ("DSHOW", cv2.CAP_DSHOW)),
}
ALLOW = {
    "darwin": "Allow it in System Settings → Privacy & Security → Camera.",
    "win32": "Allow it in Settings → Privacy & security → Camera, also for desktop apps.",
    "linux": "Join the group video (sudo usermod -aG video $USER), then log in again.",
}


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that is plugged in."""

    index: int       # what OpenCV calls it now; may change when another is unplugged
    name: str        # "FaceTime HD Camera"
    backend: str     # "V4L2", "AVFoundation", "MSMF", "DSHOW"
    path: str = ""   # what it is called whatever else is plugged in, where the system says so


def cameras() -> list[CameraInfo]:
    """Every camera there is, without starting any; empty when there are none or the system does not say.

    May take a second on some systems: call it from a job. Never raises.
    """
    found: list[CameraInfo] = []
    for backend, code in BACKENDS.get(PLATFORM, ()):
        names = {camera.name for camera in found}
        # Windows lists most cameras in both back-ends; virtual ones in the second alone.
        found += [c for c in _listed(backend, code) if c.name not in names]
    return _told_apart(found)


def _listed(backend: str, code: int) -> list[CameraInfo]:
    try:
        from cv2_enumerate_cameras import enumerate_cameras

        raw = sorted(enumerate_cameras(code), key=lambda camera: int(camera.index))
        stable = _stable_paths()
        return [
            CameraInfo(int(c.index), _tidy(c.name or f"Camera {c.index}"), backend, stable.get(path, path))
            for c in raw
            for path in [c.path or ""]
        ]
    except Exception:  # noqa: BLE001  drivers, COM and Objective-C raise what they like; then there is no list
        return []


def _stable_paths() -> dict[str, str]:
    """/dev/video0 → /dev/v4l/by-id/usb-…, on Linux: the number changes with the order of plugging in."""
    links = sorted(Path("/dev/v4l/by-id").glob("*")) if PLATFORM == "linux" else []
    return {str(link.resolve()): str(link) for link in links}


def _tidy(name: str) -> str:
    """"Integrated Camera: Integrated C" as drivers repeat themselves → "Integrated Camera"."""
    head, colon, tail = (part.strip() for part in name.partition(":"))
    return head if colon and head and head.startswith(tail) else name.strip()


def _told_apart(found: Sequence[CameraInfo]) -> list[CameraInfo]:
    """Two of the same make get a number."""
    times, seen = Counter(c.name for c in found), Counter[str]()
    named = []
    for camera in found:
        seen[camera.name] += 1
        number = f" ({seen[camera.name]})" if times[camera.name] > 1 else ""
        named.append(CameraInfo(camera.index, camera.name + number, camera.backend, camera.path))
    return named


def camera(which: "int | CameraInfo", wish: Wish) -> "Camera":
    """A camera by its number, or as `cameras` listed it."""
    return Camera(which, wish.size or SIZE, FPS if wish.fps is None else wish.fps)


def numbered(text: str, wish: Wish) -> "Camera":
    """A camera by its number; the first where none is said."""
    found = CAMERA.fullmatch(text)
    return camera(int(found[1] or 0) if found else 0, wish)


class Camera:
    """One camera, by its number or as `cameras` listed it."""

    live = True
    note = caption = ""
    period_s = 0.0   # the camera decides

    def __init__(
        self,
        which: int | CameraInfo,
        size: tuple[int, int] = SIZE,
        fps: float = FPS,
        *,
        capture: OpenCapture = open_capture,
        listed: Callable[[], list[CameraInfo]] = cameras,
    ) -> None:
        """`size` is (width, height), px; it and `fps` are wishes, `achieved` is what came of them."""
        self._info = which if isinstance(which, CameraInfo) else None
        self._index = which.index if isinstance(which, CameraInfo) else which
        self.title = self._info.name if self._info else f"Camera {self._index}"
        self.achieved = (0, 0, 0.0)   # width, height, px; frames/s as the driver says; zeros before it is open
        self._size, self._fps = size, fps
        self._open, self._list = capture, listed
        self._capture: Capture | None = None
        self._opened_at = 0.0
        self._seen = False     # whether a picture came since it was opened
        self._silent = False   # whether the last read that failed had waited

    def open(self) -> None:
        """Start the camera.

        Raises:
            SourceError: it is not there, forbidden, or in use.
        """
        self.close()
        there = self._list()
        self._find(there)
        if PLATFORM == "linux":
            self._ask_linux()
        for _, code in self._backends():
            capture = self._open(self._index, code, ())
            if capture.isOpened():
                break
            capture.release()
        else:
            raise self._not_opened(there)
        self._capture = capture
        self._set_up(capture)
        self._opened_at, self._seen = perf_counter(), False

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR; an empty one while the camera warms up.

        Raises:
            SourceError: it gives no more pictures, or never gave one.
        """
        assert self._capture is not None
        pixels = self._grab(self._capture)
        if pixels is not None:
            if not self._seen:
                self._seen = True
                height, width = pixels.shape[:2]
                self.achieved = (width, height, float(self._capture.get(cv2.CAP_PROP_FPS)))
            return pixels
        if self._seen:
            raise SourceError(
                f"{self.title} stopped giving pictures.",
                "Check that it is plugged in; it goes on by itself when it is back.",
            )
        if self._silent and perf_counter() < self._opened_at + WARM_UP_S:
            return NO_PICTURE
        # A camera that is in use opens on Linux and refuses only now.
        raise SourceError(
            f"{self.title} gives no picture; another program may be using it.",
            "Close the other program, or unplug the camera and plug it in again.",
        )

    def close(self) -> None:
        """Stop the camera."""
        if self._capture:
            self._capture.release()
            self._capture = None

    def _find(self, there: Sequence[CameraInfo]) -> None:
        """Its number now: another one may have been unplugged since."""
        if self._info is None:
            self._info = next((c for c in there if c.index == self._index), None)
            if self._info:
                self.title = self._info.name
            return
        mine = self._info
        again = next((c for c in there if mine.path and c.path == mine.path), None) or next(
            (c for c in there if c.name == mine.name), None
        )
        if again:
            self._info, self._index = again, again.index
        elif there:
            raise self._not_there(there)

    def _ask_linux(self) -> None:
        """Ask the system first: OpenCV only says that it could not open the device."""
        try:
            _touch(self._index)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise SourceError(f"This user may not use {self.title}.", ALLOW["linux"]) from error
            if error.errno == errno.EBUSY:
                raise self._in_use() from error
            raise self._not_there(self._list()) from error

    def _backends(self) -> Sequence[tuple[str, int]]:
        every = BACKENDS.get(PLATFORM, (("any", cv2.CAP_ANY),))
        if self._info:   # the one that knows the camera under this number
            return [b for b in every if b[0] == self._info.backend] or every
        return every

    def _set_up(self, capture: Capture) -> None:
        # Compressed, else USB 2 carries 720p at 10 frames/s. The order matters: each choice narrows the next.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        capture.set(cv2.CAP_PROP_FPS, self._fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def _grab(self, capture: Capture) -> NDArray[np.uint8] | None:
        """The next picture, or None: after one long wait, or after `REFUSED_S` of being refused at once.

        Some drivers fail for a moment and go on.
        """
        until = perf_counter() + REFUSED_S
        while True:
            start = perf_counter()
            ok, pixels = capture.read()
            if ok and pixels is not None and pixels.size:
                return pixels
            now = perf_counter()
            self._silent = now - start > SILENT_S
            if self._silent or now > until:
                return None
            sleep(0.02)   # a driver that fails at once must not take a whole core

    def _not_opened(self, there: Sequence[CameraInfo]) -> SourceError:
        asked = _permission()
        if asked == "forbidden":
            return SourceError(f"The system does not let this program use {self.title}.", ALLOW[PLATFORM])
        if asked == "asking":
            return SourceError(
                f"The system is asking whether this program may use {self.title}.",
                "Answer its question; the picture then comes by itself.",
            )
        if self._info is None and (there or PLATFORM in BACKENDS):
            return self._not_there(there)
        return self._in_use()

    def _in_use(self) -> SourceError:
        return SourceError(
            f"{self.title} is in use by another program.", "Close that program, or choose another source."
        )

    def _not_there(self, there: Sequence[CameraInfo]) -> SourceError:
        if not there:
            return SourceError(
                f"{self.title} is not there, nor any other camera.", "Plug it in, or choose another source."
            )
        others = ", ".join(f"{c.index} ({c.name})" for c in there)
        return SourceError(f"{self.title} is not there.", f"Plug it in, or choose one of these: {others}.")


def _touch(index: int) -> None:
    """Open and close a device of Linux without starting it; OSError says why it cannot be had."""
    os.close(os.open(f"/dev/video{index}", os.O_RDWR | getattr(os, "O_NONBLOCK", 0)))


def _permission() -> str:
    """What the system says of this program and cameras: "forbidden", "asking", or "" when it does not say."""
    try:
        if sys.platform == "darwin":
            import AVFoundation  # type: ignore[import-not-found,unused-ignore]

            kind = AVFoundation.AVMediaTypeVideo
            status = AVFoundation.AVCaptureDevice.authorizationStatusForMediaType_(kind)
            return {0: "asking", 1: "forbidden", 2: "forbidden"}.get(int(status), "")
        if sys.platform == "win32":
            import winreg

            place = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\webcam"
            for sub in ("", r"\NonPackaged"):
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place + sub) as key:
                    if winreg.QueryValueEx(key, "Value")[0] == "Deny":
                        return "forbidden"
    except (ImportError, OSError, AttributeError):   # an older system, which does not ask
        pass
    return ""
