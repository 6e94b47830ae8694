"""The source of the first start: a camera where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.live import sources
from inference.live.sources import NO_CAMERA, Source, Wish

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def made(_text: str, wish: Wish) -> Auto:
    """The first camera, or the sample reel."""
    return Auto(wish)


class Auto:
    """The first camera; where there is none, the sample reel with a line that says so. Chosen when it is opened."""

    title = "Looking for a camera"
    period_s = 0.0
    live = True   # until it has chosen: it may want the very camera that is shown
    note = caption = ""

    def __init__(self, wish: Wish | None = None) -> None:
        self._wish = wish or Wish()
        self._chosen: Source | None = None

    def open(self) -> None:
        """Choose, the first time; then as the chosen one.

        Raises:
            SourceError: the chosen one cannot be had.
        """
        if self._chosen is None:
            from inference.live.sources.camera import camera
            from inference.live.sources.synthetic import Reel

            found = sources.cameras()
            self._chosen = camera(found[0], self._wish) if found else Reel(note=NO_CAMERA)
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
