"""Where pictures come from, and which kinds there are. To add one: write its module, add its line.

`feed.py` runs a source on the capture thread, paces it, watches it and opens it again; the sources themselves
know nothing of threads or trouble other than raising SourceError.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from inference.errors import SourceError
from inference.formats import EXPORT, PICTURES, foreign, is_model

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
    # One that is live may have `patience_s`: how long no picture may come before that is said (else feed.STALL_S).

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
class Wish:
    """What a source is asked for; each takes of it what it can."""

    size: tuple[int, int] | None = None   # (width, height), px, of a camera or the pattern
    fps: float | None = None              # frames/s of the same
    loop: bool = True                     # whether a video or a folder begins again at its end


class SourceKind(NamedTuple):
    """A kind of source. Its module is imported when a text fits."""

    title: str                    # "Video file"
    written: str                  # how it is written: "FILE"
    example: str
    fits: Callable[[str], bool]   # whether a text means one of this kind; of several the first in the table is taken
    make: str                     # "module:function", which takes the text and a Wish and gives a Source, not yet open


def _is(word: str) -> Callable[[str], bool]:
    return lambda text: text.casefold() == word


def _is_a(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: bool(text) and test(os.path.expanduser(text))


CAMERA = re.compile(r"(?:camera[ :]?)?(\d{1,3})|camera", re.IGNORECASE)
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_HERE = "inference.live.sources"

# The words win over files of the same name: write ./reel for such a file.
SOURCES = {
    "auto": SourceKind(
        "First camera, else the sample reel", "auto", "auto", _is("auto"), f"{_HERE}.auto:made"
    ),
    "reel": SourceKind("Sample reel", "reel", "reel", _is("reel"), f"{_HERE}.synthetic:reel"),
    "digits": SourceKind("Digits by hand", "digits", "digits", _is("digits"), f"{_HERE}.synthetic:digits"),
    "pattern": SourceKind("Test pattern", "pattern", "pattern", _is("pattern"), f"{_HERE}.synthetic:pattern"),
    "camera": SourceKind(
        "Camera", "camera, its number, or a part of its name", "0",
        lambda text: bool(CAMERA.fullmatch(text)), f"{_HERE}.camera:numbered",
    ),
    "stream": SourceKind(
        "Stream", "URL (http, https, rtsp, rtmp, udp, tcp)", "rtsp://camera.local/live",
        lambda text: bool(ADDRESS.match(text)), f"{_HERE}.stream:made",
    ),
    "folder": SourceKind(
        "Folder of pictures", "FOLDER", "holiday/", _is_a(os.path.isdir), f"{_HERE}.pictures:folder"
    ),
    "picture": SourceKind(
        "Picture", "FILE", "cat.jpg",
        _is_a(lambda path: os.path.exists(path) and Path(path).suffix.lower() in PICTURES), f"{_HERE}.pictures:picture",
    ),
    "video": SourceKind("Video file", "FILE", "street.mp4", _is_a(os.path.exists), f"{_HERE}.video:made"),
    "named": SourceKind("Camera", "a part of its name", "FaceTime", lambda _: True, f"{_HERE}.named:made"),
}  # fmt: skip


def cameras() -> list[CameraInfo]:
    """Every camera there is: index, name, backend. Never raises, starts none; may take a second."""
    from inference.live.sources.camera import cameras

    return cameras()


def parse_source(
    text: str, *, size: tuple[int, int] | None = None, fps: float | None = None, loop: bool = True
) -> Source:
    """The source that the user means by a word, a number, a name, a file, a folder or an address.

    Nothing is opened yet.

    Args:
        text: as in SOURCES.
        size: (width, height), px, and
        fps: frames/s that a camera is asked for, or that the pattern has. Other sources have their own.
        loop: whether a video or a folder begins again at its end.

    Raises:
        SourceError: it means nothing that is known here; the hint suggests the nearest.
    """
    text = text.strip()
    if text.casefold().startswith("file://"):
        from urllib.request import url2pathname  # 30 ms that the start of the window should not cost

        text = url2pathname(unquote(urlsplit(text).path)) or text
    kind = next(kind for kind in SOURCES.values() if kind.fits(text))
    if os.path.exists(os.path.expanduser(text)):   # unlike Path.exists never raises, whatever the text
        _refuse_models(Path(text))
    module, _, function = kind.make.partition(":")
    source: Source = getattr(import_module(module), function)(text, Wish(size, fps, loop))
    return source


def _refuse_models(path: Path) -> None:
    if words := foreign(path):
        raise SourceError(words.removesuffix(f" {EXPORT}"), EXPORT)
    if is_model(path):
        raise SourceError(f"{path.name} is a network, not a picture.", f"Add it: python app.py models add {path}")
