"""Every timing of one network, kept small: a million fit into 40 MB."""

import numpy as np
from numpy.typing import NDArray

from inference.data import Timing

STAGES = ("preprocess", "infer", "postprocess", "latency", "cpu")
BLOCK = 8192   # rows; blocks are never copied when more are needed

Rows = NDArray[np.float32]


class Kept:
    """Rows of STAGES, ms, in blocks. One thread appends."""

    def __init__(self) -> None:
        self._blocks: list[Rows] = []
        self._used = BLOCK   # of the last block
        self.total = 0

    def append(self, timing: Timing) -> None:
        """Keep one timing."""
        if self._used == BLOCK:
            self._blocks.append(np.empty((BLOCK, len(STAGES)), np.float32))
            self._used = 0
        self._blocks[-1][self._used] = (
            timing.preprocess, timing.infer, timing.postprocess, timing.latency, timing.cpu,
        )  # fmt: skip
        self._used += 1
        self.total += 1

    @property
    def bytes(self) -> int:
        """Memory of all blocks."""
        return sum(block.nbytes for block in self._blocks)

    def drop(self, count: int) -> None:
        """Forget the last `count`."""
        self.total -= count
        blocks, self._used = divmod(self.total, BLOCK)
        if self._used == 0 and blocks:
            blocks, self._used = blocks - 1, BLOCK
        elif not self.total:
            blocks, self._used = -1, BLOCK
        del self._blocks[blocks + 1 :]

    def stage(self, name: str) -> Rows:
        """All times of one stage, (total,) ms, oldest first."""
        column = STAGES.index(name)
        return np.concatenate([np.empty(0, np.float32), *(block[:, column] for block in self._blocks)])[: self.total]

    def percentile(self, name: str, share: float) -> float:
        """A percentile of a stage, ms; `share` 0..100. 0 of nothing."""
        times = self.stage(name)
        return float(np.percentile(times, share, overwrite_input=True)) if len(times) else 0.0
