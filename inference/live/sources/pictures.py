"""Pictures from files: one that stands still, or a folder of them, one after the other."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.live.sources import Wish
from inference.picture_files import KINDS, film_of, moves, pictures_in, read_picture

PERIOD_S = 1 / 30     # a still picture is given as often as a camera would
SHOWN_S = 3.0         # each picture of a folder
LATE_S = 1.0          # after which a film does not catch up


def picture(text: str, wish: Wish) -> "PictureFile":
    """One picture that stands still, or the film that a picture file holds."""
    return PictureFile(Path(text).expanduser(), loop=wish.loop)


def folder(text: str, wish: Wish) -> "Folder":
    """The pictures of a folder."""
    return Folder(Path(text).expanduser(), loop=wish.loop)


class PictureFile:
    """One picture that stands still, given thirty times a second; of a film each for as long as the file says."""

    live = False
    note = caption = ""
    period_s = PERIOD_S

    def __init__(self, path: Path, *, loop: bool = True) -> None:
        self.title = path.name
        self._path, self._loop = path, loop
        self._film: Iterator[tuple[NDArray[np.uint8], float]] | None = None   # None: the picture stands still
        self._pixels: NDArray[np.uint8] | None = None
        self._until = 0.0   # s, when the film's next picture is due; 0: its clock has not begun

    def open(self) -> None:
        """Read the file, of a film its beginning.

        Raises:
            SourceError: it is no picture.
        """
        self._film, self._pixels, self._until = None, None, 0.0
        if moves(self._path):
            self._film = film_of(self._path)
        else:
            self._pixels = read_picture(self._path)

    def read(self) -> NDArray[np.uint8] | None:
        """The picture of this moment, (h, w, 3) BGR; None after the last one of a film, unless it loops.

        Raises:
            SourceError: the file is damaged.
        """
        return self._pixels if self._film is None else self._turned(perf_counter())

    def close(self) -> None:
        """Let go of the file."""
        self._film, self._pixels = None, None

    def _turned(self, now: float) -> NDArray[np.uint8] | None:
        """The picture of the film that is due."""
        if not self._until or now - self._until > LATE_S:   # at first, or the machine slept: the clock gives way
            self._until = now
        while now >= self._until:
            assert self._film is not None
            turn = next(self._film, None)
            if turn is None and self._loop and self._pixels is not None:
                self._film = film_of(self._path)
                turn = next(self._film, None)
            if turn is None:
                return None
            self._pixels, shown_s = turn
            self._until += shown_s
        return self._pixels


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
            KINDS,
        )


def _passed_over(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Passed over, as no picture can be read from it: {', '.join(names[:3])}{more}."
