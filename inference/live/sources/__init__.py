"""Where pictures come from, and which kinds there are.

`feed.py` runs a source on the capture thread, paces it, watches it and opens it again; the sources themselves
know nothing of threads or trouble other than raising SourceError.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from inference.errors import SourceError
from inference.formats import EXPORT, foreign, is_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.live.sources.camera import CameraInfo

NO_CAMERA = "No camera found: showing the sample reel. Choose a source, or plug in a camera."


class Source(Protocol):
    """A place that gives pictures one after the other. Opened, read and closed on one thread."""

    title: str            # "FaceTime HD", "cats.mp4", for the bar
    period_s: float       # time between pictures; 0: the source itself decides when the next one comes (camera)
    live: bool            # True: a lost picture may come back, so it is opened again; and repeats mean trouble
    note: str             # one sentence worth showing while it runs ("No camera found: …"), or ""
    caption: str          # what there is to know of the present picture, a sentence, or ""

    def open(self) -> None:
        """Get ready to read; called again after a loss.

        Raises:
            SourceError: it cannot be had; the message says why, the hint what to do.
        """
        ...

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR, never written to again; None when there will be no more.

        Blocks no longer than 1.5 s; an empty picture says that there is none yet, and is asked for again.

        Raises:
            SourceError: it was lost.
        """
        ...

    def close(self) -> None:
        """Let go of the device or file; called after every open, also a failed one."""
        ...


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source, for choosers and for `--help`."""

    title: str     # "Video file"
    written: str   # how it is written: "FILE"
    example: str


SOURCES = {
    "auto": SourceKind("First camera, else the sample reel", "auto", "auto"),
    "camera": SourceKind("Camera", "camera, its number, or a part of its name", "0"),
    "video": SourceKind("Video file", "FILE", "street.mp4"),
    "picture": SourceKind("Picture", "FILE", "cat.jpg"),
    "folder": SourceKind("Folder of pictures", "FOLDER", "holiday/"),
    "stream": SourceKind("Stream", "URL (http, https, rtsp, rtmp, udp, tcp)", "rtsp://camera.local/live"),
    "pattern": SourceKind("Test pattern", "pattern", "pattern"),
    "reel": SourceKind("Sample reel", "reel", "reel"),
}
SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "udp", "tcp", "rtp", "srt")


def cameras() -> list[CameraInfo]:
    """Every camera there is: index, name, backend. Never raises, starts none; may take a second."""
    from inference.live.sources.camera import cameras

    return cameras()


def parse_source(
    text: str, *, size: tuple[int, int] | None = None, fps: float | None = None, loop: bool = True
) -> Source:
    """The source that the user means by a word, a number, a name, a file, a folder or an address.

    Nothing is opened yet. The words win over files of the same name: write ./reel for such a file.

    Args:
        text: as in SOURCES.
        size: (width, height), px, and
        fps: frames/s that a camera is asked for, or that the pattern has. Other sources have their own.
        loop: whether a video or a folder begins again at its end.

    Raises:
        SourceError: it means nothing that is known here; the hint suggests the nearest.
    """
    text = text.strip()
    word = text.casefold()
    wished: dict[str, Any] = {key: value for key, value in (("size", size), ("fps", fps)) if value is not None}
    if word in ("auto", "reel", "pattern"):
        from inference.live.sources import synthetic

        if word == "auto":
            return Auto(wished)
        return synthetic.Reel() if word == "reel" else synthetic.Pattern(**wished)
    if number := re.fullmatch(r"(?:camera[ :]?)?(\d{1,3})|camera", word):
        from inference.live.sources.camera import Camera

        return Camera(int(number[1] or 0), **wished)
    if scheme := re.match(r"([a-z][a-z0-9+.-]+)://", word):
        return _by_address(text, scheme[1])
    path = os.path.expanduser(text)
    if text and os.path.exists(path):   # unlike Path.exists never raises, whatever the text
        return _by_path(Path(path), loop)
    return _by_name(text, wished)


class Auto:
    """The first camera; where there is none, the sample reel with a line that says so. Chosen when it is opened."""

    title = "Looking for a camera"
    period_s = 0.0
    live = True   # until it has chosen: it may want the very camera that is shown
    note = caption = ""

    def __init__(self, wished: dict[str, Any] | None = None) -> None:
        self._wished = wished or {}
        self._chosen: Source | None = None

    def open(self) -> None:
        """Choose, the first time; then as the chosen one.

        Raises:
            SourceError: the chosen one cannot be had.
        """
        if self._chosen is None:
            from inference.live.sources.camera import Camera
            from inference.live.sources.synthetic import Reel

            found = cameras()
            self._chosen = Camera(found[0], **self._wished) if found else Reel(note=NO_CAMERA)
        self.live = self._chosen.live
        try:
            self._chosen.open()
        finally:   # a camera that is in use has a name, too
            self.period_s = self._chosen.period_s
            self.title, self.note = self._chosen.title, self._chosen.note

    def read(self) -> NDArray[np.uint8] | None:
        """As the chosen one."""
        assert self._chosen is not None
        pixels = self._chosen.read()
        self.caption = self._chosen.caption
        return pixels

    def close(self) -> None:
        """As the chosen one."""
        if self._chosen:
            self._chosen.close()


def _by_address(text: str, scheme: str) -> Source:
    if scheme == "file":
        from urllib.parse import unquote, urlsplit
        from urllib.request import url2pathname

        return parse_source(url2pathname(unquote(urlsplit(text).path)) or text)
    if scheme not in SCHEMES:
        near = get_close_matches(scheme, SCHEMES, 1)
        raise SourceError(
            f"Addresses that begin with {scheme}:// are not known here.",
            f"Did you mean {near[0]}://?" if near else f"Known are {', '.join(SCHEMES)}.",
        )
    from inference.live.sources.stream import Stream

    return Stream(text)


def _by_path(path: Path, loop: bool) -> Source:
    from inference.live.sources import pictures
    from inference.live.sources.video import VideoFile

    if words := foreign(path):
        raise SourceError(words.removesuffix(f" {EXPORT}"), EXPORT)
    if is_model(path):
        raise SourceError(f"{path.name} is a network, not a picture.", f"Add it: python app.py models add {path}")
    if path.is_dir():
        return pictures.Folder(path, loop=loop)
    return pictures.Picture(path) if path.suffix.lower() in pictures.SUFFIXES else VideoFile(path, loop=loop)


def _by_name(text: str, wished: dict[str, Any]) -> Source:
    """A camera by its name or a part of it, the whole name first."""
    from inference.live.sources.camera import Camera

    looks_like_a_file = bool(re.search(r"[/\\]|\.\w{2,4}$", text))
    there = [] if looks_like_a_file or not text else cameras()
    word = text.casefold()
    fits = [c for c in there if c.name.casefold() == word] or [c for c in there if word in c.name.casefold()]
    if fits:
        return Camera(fits[0], **wished)
    if looks_like_a_file:
        path = Path(os.path.expanduser(text))
        try:
            beside = [entry.name for entry in path.parent.iterdir()]
        except (OSError, ValueError):
            beside = []
        near = get_close_matches(path.name, beside, 1)
        raise SourceError(
            f"There is no file or folder {text}.",
            f"Did you mean {path.parent / near[0]}?" if near else "Check its name.",
        )
    words = ["auto", "camera", "pattern", "reel"]
    names = {name.casefold(): name for name in (*words, *(c.name for c in there), *_here())}
    near = get_close_matches(word, names, 1, 0.6)
    raise SourceError(
        f"There is no source called {text!r}." if text else "No source was named.",
        f"Did you mean {names[near[0]]}?"
        if near
        else f"Try {', '.join(words)}, a camera's number or name, a file, a folder or an address.",
    )


def _here() -> list[str]:
    """The names in the working folder, for a suggestion."""
    try:
        return [entry.name for entry in Path().iterdir()]
    except OSError:
        return []
