"""The fixed set of frames that a bench shows to every network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.lab.looks import Looks

MOST = 16   # frames; more only cost memory


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Frames, (h, w, 3) BGR, and what they are called."""

    names: tuple[str, ...]
    pixels: tuple[NDArray[np.uint8], ...]

    def __len__(self) -> int:
        return len(self.pixels)

    def of_round(self, number: int) -> NDArray[np.uint8]:
        """The frame of this round, the same for all networks."""
        return self.pixels[number % len(self.pixels)]


def read_pictures(source: str) -> Pictures:
    """Up to MOST frames, evenly apart, of whatever `Looks` reads.

    Raises:
        SourceError: it is something else, or cannot be read.
    """
    found = list(Looks(source, MOST))
    return Pictures(tuple(look.name for look in found), tuple(look.pixels for look in found))
