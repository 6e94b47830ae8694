"""The numbers of a Darknet .weights: a short header, then float32 after float32 in the order of the layers."""

import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.darknet.cfg import Section
from inference.intake.importers.files import read_file


class Weights:
    """The numbers of a .weights file, given out in order."""

    def __init__(self, path: Path, name: str) -> None:
        data = read_file(path)
        self._name = name
        if len(data) < 20:
            raise ImportFailed(f"{name} is too short for Darknet weights.", "Fetch the file again.")
        major, minor, _ = struct.unpack("<3i", data[:12])
        # The count of pictures seen in training grew from 4 to 8 bytes with version 0.2.
        header = 20 if major * 10 + minor >= 2 and major < 1000 and minor < 1000 else 16
        if not 0 <= major < 1000 or not 0 <= minor < 1000 or (len(data) - header) % 4:
            raise ImportFailed(f"{name} is broken, or holds no Darknet weights.", "Fetch the file again.")
        self._numbers = np.frombuffer(data, "<f4", offset=header)
        self._at = 0

    def take(self, layer: Section, *shapes: tuple[int, ...]) -> list[NDArray[np.float32]]:
        """The next numbers, as arrays of these shapes.

        Raises:
            ImportFailed: the file ends before.
        """
        counts = [math.prod(shape) for shape in shapes]
        left = len(self._numbers) - self._at
        if sum(counts) > left:
            raise ImportFailed(
                f"{self._name} ends in {layer.title}: it has {left} numbers left of the {sum(counts)} needed.",
                "The file is truncated, or belongs to another .cfg; fetch it again.",
            )
        taken = []
        for shape, count in zip(shapes, counts, strict=True):
            taken.append(self._numbers[self._at : self._at + count].reshape(shape))
            self._at += count
        return taken

    def finish(self) -> None:
        """All of them must be used.

        Raises:
            ImportFailed: some are left.
        """
        left = len(self._numbers) - self._at
        if left:
            raise ImportFailed(
                f"{self._name} has {left} numbers more than its .cfg describes.",
                "Choose the .cfg that belongs to it.",
            )
