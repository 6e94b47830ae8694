"""A picture over the network: MJPEG or video over HTTP, RTSP and what else FFmpeg reads."""

from difflib import get_close_matches
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.live.sources import ADDRESS, Wish
from inference.live.sources.capture import Capture, open_capture

OPEN_MS = 1500   # after so long a silent server is given up
READ_MS = 1500
SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "udp", "tcp", "rtp", "srt")


def made(text: str, _wish: Wish) -> "Stream":
    """The stream at an address.

    Raises:
        SourceError: nothing is read by this scheme.
    """
    found = ADDRESS.match(text)
    scheme = found[1].lower() if found else ""
    if scheme not in SCHEMES:
        near = get_close_matches(scheme, SCHEMES, 1)
        raise SourceError(
            f"Addresses that begin with {scheme}:// are not known here.",
            f"Did you mean {near[0]}://?" if near else f"Known are {', '.join(SCHEMES)}.",
        )
    return Stream(text)


class Stream:
    """The newest pictures of an address. A dead or silent server blocks for 1.5 s at most."""

    live = True
    note = caption = ""
    period_s = 0.0

    def __init__(self, url: str) -> None:
        self.title = _title(url)
        self._url = url
        self._capture: Capture | None = None

    def open(self) -> None:
        """Connect.

        Raises:
            SourceError: nothing answers there, or what answers is no video.
        """
        self.close()
        self._capture = open_capture(
            self._url,
            cv2.CAP_FFMPEG,
            (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS),
        )
        if not self._capture.isOpened():
            raise SourceError(
                f"No video comes from {self.title}.",
                "Check the address, and that the camera or server is running; it is tried again by itself.",
            )

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR.

        Raises:
            SourceError: the server is gone or silent.
        """
        assert self._capture is not None
        ok, pixels = self._capture.read()
        if not ok:
            raise SourceError(
                f"The stream from {self.title} broke off.",
                "It is tried again by itself; if it stays away, look at the camera, the server and the network.",
            )
        return pixels

    def close(self) -> None:
        """Disconnect."""
        if self._capture:
            self._capture.release()
            self._capture = None


def _title(url: str) -> str:
    """The address as it may be shown: without a password, and without what follows a question mark."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.hostname or ''}{port}{parts.path.rstrip('/')}" or parts.scheme
    except ValueError:   # a port that is no number, a broken IPv6 address
        return "this address"
