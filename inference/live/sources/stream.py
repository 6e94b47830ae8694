"""A picture over the network: MJPEG or video over HTTP, RTSP and what else FFmpeg reads, or an address of one picture.

FFmpeg blocks for as long as it is allowed to wait, and cannot be told to stop. It runs on a thread of its own, which
keeps the newest picture only: whoever reads never waits long, and leaves when they like.
"""

import logging
from collections import deque
from difflib import get_close_matches
from itertools import pairwise
from threading import Condition, Thread
from time import perf_counter
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.live.sources import ADDRESS, Wish
from inference.live.sources.capture import open_capture

OPEN_MS = 10_000       # a camera may have to wake up, and its first key frame may be six seconds away
READ_MS = 5_000        # without a byte; twice as long after each loss,
LONGEST_READ_MS = 20_000   # up to this
WAIT_S = 0.5           # of one read, for a picture
LATE_S = 1.0           # without a new picture, after which it is late, where pictures come quickly;
TIMES_LATE = 2.5       # else after so many times the usual pause between two,
FIRST_LATE_S = 5.0     # or this, while nothing is known of that
POLL_S = 0.1           # between two requests for the picture at an address that has just one
LARGEST = 50_000_000   # bytes of such a picture
SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "udp", "tcp", "rtp", "srt")
NOTHING_YET = np.zeros((0, 0, 3), np.uint8)

log = logging.getLogger(__name__)


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
    """The newest pictures of an address. A dead or silent server blocks nobody."""

    live = True
    note = caption = ""
    period_s = 0.0

    def __init__(self, url: str) -> None:
        self.title = _title(url)
        self._url = url
        self._link: _Link | None = None
        self._read_ms = READ_MS
        self._single = False   # the address has one picture: it is asked for again and again

    @property
    def patience_s(self) -> float:
        """How long no new picture may come before it is said that none does; while it connects, as long as that may."""
        return self._link.patience_s if self._link else LATE_S

    def open(self) -> None:
        """Begin to connect; whether it worked is known when it is read."""
        self.close()
        self._link = _Link(self._url, self.title, self._read_ms, single=self._single)
        self._link.start()

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR; an empty one where there is none yet.

        Raises:
            SourceError: nothing answers there, what answers is no video, or it is gone or silent.
        """
        assert self._link is not None
        try:
            pixels = self._link.take(WAIT_S)
        except SourceError:
            self._read_ms = min(2 * self._read_ms, LONGEST_READ_MS)
            raise
        self._single = self._single or self._link.single
        return NOTHING_YET if pixels is None else pixels

    def close(self) -> None:
        """Leave: the thread disconnects as soon as FFmpeg lets it."""
        if self._link:
            self._link.leave()
            self._link = None


class _Link(Thread):
    """One connection: opens, reads, keeps the newest picture, and ends with what went wrong."""

    def __init__(self, url: str, title: str, read_ms: int, *, single: bool) -> None:
        super().__init__(name="stream", daemon=True)
        self._url, self._title, self._read_ms = url, title, read_ms
        self.single = single
        self._news = Condition()   # guards what follows
        self._newest: NDArray[np.uint8] | None = None
        self._trouble: SourceError | None = None
        self._left = False
        self._came: deque[float] = deque(maxlen=8)   # s, the last pictures

    @property
    def patience_s(self) -> float:
        """See Stream."""
        came = list(self._came)
        if not came:
            return (OPEN_MS + self._read_ms) / 1e3
        pauses = [b - a for a, b in pairwise(came)]
        return max(LATE_S, TIMES_LATE * max(pauses)) if len(pauses) > 1 else FIRST_LATE_S

    def take(self, wait_s: float) -> NDArray[np.uint8] | None:
        """The newest picture, once; None if none came in that time.

        Raises:
            SourceError: the connection is over.
        """
        with self._news:
            self._news.wait_for(lambda: self._newest is not None or self._trouble is not None, wait_s)
            pixels, self._newest = self._newest, None
            if pixels is None and self._trouble is not None:
                raise self._trouble
            return pixels

    def leave(self) -> None:
        """Nobody wants the pictures any longer."""
        with self._news:
            self._left = True

    def run(self) -> None:
        """Read until somebody leaves or it is over."""
        try:
            if not self.single:
                self._stream()
            if self.single and not self._left:
                self._poll()
        except SourceError as error:
            self._fail(error)
        except BaseException:   # the thread's boundary: whoever reads must hear of it
            log.exception("stream %s", self._title)
            self._fail(SourceError(f"Something went wrong in the stream {self._title}.", "Choose another source."))

    def _stream(self) -> None:
        params = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, self._read_ms)
        capture = open_capture(self._url, cv2.CAP_FFMPEG, params)
        try:
            if not capture.isOpened():
                raise SourceError(
                    f"No video comes from {self._title}.",
                    "Check the address, and that the camera or server is running; it is tried again by itself.",
                )
            count = 0
            while not self._left:
                ok, pixels = capture.read()
                if not ok:
                    break
                count += 1
                self._give(pixels)
            else:
                return
        finally:
            capture.release()
        self.single = count == 1 and self._url.lower().startswith(("http://", "https://"))
        if not self.single:
            raise self._broken()

    def _poll(self) -> None:
        """Ask for the picture again and again; only another one is a new one."""
        import httpx2  # not before it is needed

        before = b""
        with httpx2.Client(timeout=OPEN_MS / 1e3, follow_redirects=True) as client:
            while not self._left:
                began = perf_counter()
                try:
                    with client.stream("GET", self._url) as answer:
                        answer.raise_for_status()
                        data = b""
                        for part in answer.iter_bytes():
                            data += part
                            if len(data) > LARGEST or self._left:
                                break
                except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                    raise self._broken() from error
                if data != before:
                    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
                    if pixels is None:
                        raise self._broken()
                    before = data
                    self._give(pixels)  # type: ignore[arg-type]
                with self._news:
                    self._news.wait_for(lambda: self._left, max(0.0, POLL_S - (perf_counter() - began)))

    def _give(self, pixels: NDArray[np.uint8]) -> None:
        with self._news:
            self._newest = pixels
            self._came.append(perf_counter())
            self._news.notify_all()

    def _fail(self, error: SourceError) -> None:
        with self._news:
            self._trouble = error
            self._news.notify_all()

    def _broken(self) -> SourceError:
        return SourceError(
            f"The stream from {self._title} broke off.",
            "It is tried again by itself; if it stays away, look at the camera, the server and the network.",
        )


def _title(url: str) -> str:
    """The address as it may be shown: without a password, and without what follows a question mark."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.hostname or ''}{port}{parts.path.rstrip('/')}" or parts.scheme
    except ValueError:   # a port that is no number, a broken IPv6 address
        return "this address"
