"""The times that a lane took, kept in one block of memory and read without loops."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.data import STAGES, Timing

HISTORY = 8192   # timings kept per lane: over four minutes at 30 frames/s
CPU_STAGES = ("cpu_preprocess", "cpu_infer", "cpu_postprocess")
NAMED = (*STAGES, "latency", "cpu", *CPU_STAGES)   # the columns behind "at" that have percentiles
SHARES = np.array((0.50, 0.95, 0.99))
COLUMNS = ("at", *STAGES, "latency", "cpu", *CPU_STAGES, "idle", "turn", "frame")


class TimingLog:
    """The last timings of a lane in one block of memory: appending costs a microsecond, reading no loop.

    Columns are `COLUMNS`: `at` is when the answer was ready (s, time.perf_counter()), `frame` is the index of the
    picture within its source, the rest is ms.
    One thread appends, any may read.
    """

    def __init__(self, capacity: int = HISTORY) -> None:
        self._rows = np.zeros((capacity, len(COLUMNS)), np.float64)
        self.total = 0   # appended since the start or the last clear

    def append(self, at: float, timing: Timing, frame: int = 0) -> None:
        """Keep one timing; the oldest goes when all places are taken."""
        t = timing
        self._rows[self.total % len(self._rows)] = (
            at, t.wait, t.preprocess, t.infer, t.postprocess, t.latency,
            t.cpu, t.cpu_preprocess, t.cpu_infer, t.cpu_postprocess, t.idle, t.turn, frame,
        )  # fmt: skip
        self.total += 1

    def clear(self) -> None:
        """Forget everything."""
        self.total = 0

    def rows(self, last: int | None = None, since: float | None = None) -> NDArray[np.float64]:
        """A copy of the newest rows, (n, len(COLUMNS)), oldest first.

        Args:
            last: at most so many; None for all that are kept.
            since: only those with `at` later than this, s.
        """
        total, capacity = self.total, len(self._rows)
        kept = min(total, capacity)
        count = kept if last is None else min(last, kept)
        picked = self._rows[np.arange(total - count, total) % capacity]
        return picked if since is None else picked[picked[:, 0] > since]

    def __len__(self) -> int:
        return min(self.total, len(self._rows))

    def percentiles(self, last: int | None = None) -> dict[str, tuple[float, float, float]]:
        """p50, p95 and p99 in ms of each stage, of "latency", "cpu" and CPU_STAGES, over the `last` rows."""
        rows = self.rows(last)
        return percentiles(rows)

    def newest_s(self) -> float:
        """When the newest answer was ready, s; 0 where there is none."""
        total = self.total
        return float(self._rows[(total - 1) % len(self._rows), 0]) if total else 0.0


def percentiles(rows: NDArray[np.float64]) -> dict[str, tuple[float, float, float]]:
    """p50, p95 and p99 in ms of each stage, of "latency", "cpu" and CPU_STAGES, over these rows; 0 without any."""
    rows = rows if len(rows) else np.zeros((1, len(COLUMNS)))
    columns = np.empty((len(NAMED) + 1, len(rows)))
    columns[:-1] = rows[:, 1 : len(NAMED) + 1].T
    # From taking the picture to its answer.
    np.add(columns[NAMED.index("wait")], columns[NAMED.index("latency")], out=columns[-1])
    columns.sort(axis=1)   # one sort for all: numpy's own percentiles take ten times as long, seven times a second
    places = SHARES * (len(rows) - 1)
    low = places.astype(np.intp)   # between two values on the line that joins them
    below, above = columns[:, low], columns[:, np.minimum(low + 1, len(rows) - 1)]
    found = below + (above - below) * (places - low)
    return {name: (p50, p95, p99) for name, (p50, p95, p99) in zip((*NAMED, "age"), found.tolist(), strict=True)}


def rate(recent: NDArray[np.float64]) -> float:
    """Answers per second between the first and the last of these rows."""
    span = float(recent[-1, 0] - recent[0, 0]) if len(recent) > 1 else 0.0
    return (len(recent) - 1) / span if span > 0 else 0.0


def offered(recent: NDArray[np.float64]) -> float:
    """Pictures per second that the source gave between the first and the last of these rows; 0 where unknown."""
    span = float(recent[-1, 0] - recent[0, 0]) if len(recent) > 1 else 0.0
    given = float(recent[-1, -1] - recent[0, -1]) if len(recent) > 1 else 0.0
    return given / span if span > 0 and given > 0 else 0.0


def bound(recent: NDArray[np.float64]) -> Literal["camera", "model", "turns", ""]:
    """What holds the rate of these rows down.

    A lane that answers every picture could do more: the camera is the limit. One that skips some is held up by the
    other lanes or by its own work, whichever takes longer. Idle time would not tell: in turns, a lane is idle between
    its turn and the next picture, however many pictures it will skip while it waits.
    """
    offered = float(recent[-1, -1] - recent[0, -1]) if len(recent) > 2 else 0.0
    if offered <= 0:   # too few to tell, a frozen picture, or a source that begins again
        return ""
    if len(recent) - 1 >= 0.95 * offered:
        return "camera"
    turn, work = recent[:, COLUMNS.index("turn")].sum(), recent[:, COLUMNS.index("latency")].sum()
    return "turns" if turn > work else "model"
