"""Pictures from files: one that stands still, or a folder of them, one after the other."""

import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference import MOST_PIXELS
from inference.errors import SourceError
from inference.formats import PICTURES
from inference.live.sources import Wish
from models.texts import read_bytes, reason

LARGEST = 500_000_000 # bytes of a file
LONGEST = 1920        # px of a picture's longer side; every lane and the window pay for more
PERIOD_S = 1 / 30     # a still picture is given as often as a camera would
SHOWN_S = 3.0         # each picture of a folder


def read_picture(path: Path, longest: int = LONGEST) -> NDArray[np.uint8]:
    """A picture file as (h, w, 3) BGR, read-only, upright as its EXIF says, at least 2×2, at most `longest` px.

    Raises:
        SourceError: it is missing, no regular file, no picture, or far too large.
    """
    try:
        data = read_bytes(path, LARGEST)   # imread cannot open every name on Windows
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.", "Check its name and who may read it.") from error
    except (OSError, ValueError) as error:   # ValueError: a name with an end in it
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise SourceError(f"{path} cannot be read: {why}.", "Check its name and who may read it.") from error
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except (cv2.error, MemoryError) as error:
        if isinstance(error, MemoryError) or "CV_IO_MAX_IMAGE" in str(error):
            raise SourceError(
                f"{path.name} has more pixels than are taken here, {MOST_PIXELS // 10**6} million.", "Make it smaller."
            ) from error
        pixels = None
    if pixels is None:
        raise SourceError(
            f"{path.name} is not a picture that can be read.", "JPEG, PNG, WebP, BMP and TIFF pictures can."
        )
    pixels = _bounded(pixels, longest)  # type: ignore[arg-type]
    pixels.flags.writeable = False
    return pixels


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, by name, 2 before 10; what begins with a dot is left out.

    Raises:
        SourceError: the folder cannot be read.
    """
    try:
        files = [f for f in folder.iterdir() if f.suffix.lower() in PICTURES and not f.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"The folder {folder} cannot be read.", "Check its name and who may read it.") from error
    return sorted((f for f in files if f.is_file()), key=lambda f: (_natural(f.name), f.name))


def picture(text: str, _wish: Wish) -> "PictureFile":
    """One picture that stands still."""
    return PictureFile(Path(text).expanduser())


def folder(text: str, wish: Wish) -> "Folder":
    """The pictures of a folder."""
    return Folder(Path(text).expanduser(), loop=wish.loop)


class PictureFile:
    """One picture that stands still, given thirty times a second."""

    live = False
    note = caption = ""
    period_s = PERIOD_S

    def __init__(self, path: Path) -> None:
        self.title = path.name
        self._path = path
        self._pixels: NDArray[np.uint8] | None = None

    def open(self) -> None:
        """Read the file.

        Raises:
            SourceError: it is no picture.
        """
        self._pixels = read_picture(self._path)

    def read(self) -> NDArray[np.uint8] | None:
        """The picture, (h, w, 3) BGR, always the same."""
        return self._pixels

    def close(self) -> None:
        """Let go of the picture."""
        self._pixels = None


class Folder:
    """The pictures of a folder, each for some seconds; a file that is none is passed over and named in the note."""

    live = False
    period_s = PERIOD_S

    def __init__(self, folder: Path, *, shown_s: float = SHOWN_S, loop: bool = True) -> None:
        self.title = folder.resolve().name or str(folder)
        self.note = self.caption = ""
        self._folder, self._loop = folder, loop
        self._times = max(1, round(shown_s / PERIOD_S))   # each picture is given so often
        self._files: list[Path] = []
        self._unreadable: list[str] = []
        self._next = self._left = 0
        self._pixels: NDArray[np.uint8] | None = None

    def open(self) -> None:
        """List the pictures.

        Raises:
            SourceError: there are none.
        """
        self._files = pictures_in(self._folder)
        if not self._files:
            raise SourceError(
                f"The folder {self._folder} holds no pictures.", "Put JPEG or PNG files into it, or choose another."
            )
        self._unreadable, self.note = [], ""
        self._next = self._left = 0

    def read(self) -> NDArray[np.uint8] | None:
        """The picture of this moment, (h, w, 3) BGR; None after the last one, unless it loops.

        Raises:
            SourceError: no file of the folder can be read.
        """
        if self._left == 0:
            self._pixels = self._turn()
            self._left = self._times
        self._left -= 1
        return self._pixels

    def close(self) -> None:
        """Let go of the pictures."""
        self._pixels = None

    def _turn(self) -> NDArray[np.uint8] | None:
        """The next picture that can be read."""
        while self._files:
            if self._next >= len(self._files):
                if not self._loop:
                    return None
                self._next = 0
            try:
                pixels = read_picture(self._files[self._next])
            except SourceError:   # left out from now on: the next round does not try again
                self._unreadable.append(self._files.pop(self._next).name)
                self.note = _passed_over(self._unreadable)
            else:
                self._next += 1
                return pixels
        raise SourceError(
            f"None of the {len(self._unreadable)} pictures in {self._folder} can be read.",
            "JPEG, PNG, WebP, BMP and TIFF pictures can.",
        )


def _passed_over(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Passed over, as no picture can be read from it: {', '.join(names[:3])}{more}."


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """A key that sorts numbers by value, and before words: 2, 10, a2, a10."""
    parts = [part for part in re.split(r"(\d+)", name.casefold()) if part]
    return [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts]


def _bounded(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = min(1.0, longest / max(height, width))
    # Two pixels at least: a thread of a picture must survive being halved.
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    if size == (width, height):
        return pixels
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
