"""What networks cost each other: the same ones alone, in pairs and all at once, in turns."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from random import Random
from statistics import median
from threading import Barrier, BrokenBarrierError, Event
from time import perf_counter

from inference.errors import Cancelled, LabError
from inference.lab.bench.figures import short
from inference.lab.bench.others import Others
from inference.lab.bench.pictures import Pictures
from inference.lab.bench.report import Figure, Together
from inference.lab.bench.worker import Worker

REPEATS = 5
LEAST_S, LEAST_RUNS = 0.2, 3   # each time: so long, and so many runs of the slowest
MOST_S = 60.0                  # and no longer, whatever is missing
LOOK_S = 0.05   # between two looks at how far they are: looking takes a moment of Python from all of them
GATE_S = 30.0

Lanes = tuple[int, ...]


@dataclass
class _Found:
    """What came of one set of networks, a value a repeat, of each of them."""

    p50: list[list[float]] = field(default_factory=list)          # ms
    throughput: list[list[float]] = field(default_factory=list)   # a second
    others: list[float] = field(default_factory=list)
    threads: tuple[int, ...] = ()


class Beside:
    """Runs sets of networks at the same time; `repeat` may end early, and what was found before stays."""

    def __init__(self, workers: Sequence[tuple[int, Worker]], pictures: Pictures, seed: int) -> None:
        """`workers` with their places among the contenders."""
        self._workers, self._pictures, self._random = dict(workers), pictures, Random(seed)
        places = tuple(self._workers)
        sizes = sorted({1, min(2, len(places)), len(places)})
        self.sets: dict[int, list[Lanes]] = {size: list(combinations(places, size)) for size in sizes}
        self._found: dict[Lanes, _Found] = {lanes: _Found() for sets in self.sets.values() for lanes in sets}
        self.failed = -1   # the place of the one that a LabError of `repeat` is about

    def leave_out(self, place: int) -> None:
        """Go on without this one; what was found of it stays."""
        if self._workers.pop(place, None):
            self.sets = {size: [one for one in sets if place not in one] for size, sets in self.sets.items()}

    @property
    def seconds(self) -> float:
        """About how long a repeat takes."""
        tune = 0.3 * len(self._workers) * len(self.sets)
        return tune + sum(self._span(lanes) * 1.1 for sets in self.sets.values() for lanes in sets)

    def repeat(self, cancelled: Event) -> None:
        """Each set once.

        Raises:
            LabError: a network cannot be run so.
            Cancelled: `cancelled` was set.
        """
        try:
            for size, sets in self.sets.items():
                for worker in self._workers.values():
                    worker.do(partial(worker.tune, size), cancelled)
                self._random.shuffle(sets)
                for lanes in sets:
                    self._run(lanes, cancelled)
        finally:
            with suppress(LabError):
                for worker in self._workers.values():
                    worker.do(partial(worker.tune, 1), cancelled)

    def _span(self, lanes: Lanes) -> float:
        slowest = max(self._workers[i].usual_s for i in lanes)
        return min(MOST_S, max(LEAST_S, LEAST_RUNS * slowest * len(lanes)))

    def _run(self, lanes: Lanes, cancelled: Event) -> None:
        workers = [self._workers[i] for i in lanes]
        gate, enough, others = Barrier(len(lanes) + 1), Event(), Others()
        done: list[list[tuple[float, float]]] = [[] for _ in lanes]
        running = [
            worker.begin(partial(worker.run_beside, self._pictures, gate, enough, ended))
            for worker, ended in zip(workers, done, strict=True)
        ]
        end = 0.0
        try:
            with suppress(BrokenBarrierError):
                gate.wait(GATE_S)
            others.begin()
            began, span = perf_counter(), self._span(lanes)
            while not end:
                enough.wait(LOOK_S)
                now = perf_counter()
                failed = any(future.done() for future in running)
                if failed or cancelled.is_set() or now - began > MOST_S + span:
                    break
                if now - began > span and all(len(ended) >= LEAST_RUNS for ended in done):
                    end = now
            other = others.end()[0]
        finally:
            enough.set()
            for lane, worker, future in zip(lanes, workers, running, strict=True):
                self.failed = lane
                worker.finish(future, cancelled)
        if cancelled.is_set():
            raise Cancelled("together")
        if not end:
            self.failed = min(zip(map(len, done), lanes, strict=True))[1]
            raise LabError("Networks that run together did not all answer.", "Leave the slowest out.")
        found = self._found[lanes]
        found.threads = tuple(worker.recogniser.threads for worker in workers)
        # What ended later ran beside fewer others.
        inside = [[ms for at, ms in ended if at <= end] for ended in done]
        found.p50.append([median(each) for each in inside])
        found.throughput.append([len(each) / (end - began) for each in inside])
        found.others.append(other)

    def found(self) -> tuple[Together, ...]:
        """The sets of two and more, by the repeats that all of them have."""
        made = []
        for lanes, found in self._found.items():
            repeats = min(len(self._found[one].p50) for one in (lanes, *((i,) for i in lanes)))
            if len(lanes) < 2 or not repeats:
                continue
            taxes = []
            for place, lane in enumerate(lanes):
                alone = self._found[lane,].p50
                each = [found.p50[r][place] / alone[r][0] for r in range(repeats)]
                taxes.append(Figure(short(median(each)), short(min(each)), short(max(each))))
            made.append(Together(
                lanes=lanes, threads=found.threads, others=short(median(found.others)),
                p50=tuple(short(median(each)) for each in zip(*found.p50[:repeats], strict=True)),
                throughput=tuple(short(median(each)) for each in zip(*found.throughput[:repeats], strict=True)),
                tax=tuple(taxes),
            ))  # fmt: skip
        return tuple(made)
