"""What is known of a bench while it goes on: of each network, and as it is told to who looks on."""

from dataclasses import dataclass

import numpy as np

from inference.errors import LabError
from inference.lab.bench.kept import Kept
from inference.lab.bench.report import Memory, Start
from inference.lab.bench.worker import Turn, Worker


@dataclass(frozen=True, slots=True)
class SoFar:
    """Where one network stands, for who looks on: medians of its last SHOWN rounds, ms."""

    text: str                    # as `--models` takes it
    title: str
    warm: tuple[float, ...]
    cold: tuple[float, ...]
    trouble: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the bench stands."""

    words: str
    part: float                 # 0..1, by time
    seconds_left: float | None  # None while nothing is known
    rounds: int                 # done, of those that count
    so_far: tuple[SoFar, ...]


class Running:
    """One network and what was measured of it."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.start: Start | None = None
        self.memory: Memory | None = None
        self.warm, self.cold = Kept(), Kept()
        self.runs = 1                   # warm ones a turn
        self.medians: list[float] = []       # of warm runs, a round each, ms
        self.colds: list[float] = []         # the cold run, a round each, ms
        self.cores: list[float] = []
        self.trouble: LabError | None = None

    def note(self, turn: Turn) -> None:
        """Keep what came of a turn."""
        self.cold.append(turn.cold)
        for timing in turn.warm:
            self.warm.append(timing)
        self.medians.append(float(np.median([timing.latency for timing in turn.warm])))
        self.colds.append(turn.cold.latency)
        self.cores.append(turn.cores)

    def forget_round(self) -> None:
        """Take back the last turn."""
        self.cold.drop(1)
        self.warm.drop(self.runs)
        for values in (self.medians, self.colds, self.cores):
            values.pop()
