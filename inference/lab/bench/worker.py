"""A network on a thread of its own, which does what it is told: open, warm up, take a turn, run beside others."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from queue import SimpleQueue
from statistics import median
from threading import Barrier, Event, Thread
from time import perf_counter, process_time
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine, Form
from inference.data import Ask, Frame, LaneSpec, Mode, Timing
from inference.errors import BackendError, Cancelled, LabError
from inference.intake.provide import open_network
from inference.lab.bench.pictures import Pictures
from inference.lab.bench.report import Start
from inference.live.threads import engine_for
from inference.recogniser import Recogniser
from models.card import ModelCard
from models.progress import Report as Tell
from models.store import Store

T = TypeVar("T")
LOOK_S = 0.1          # between two looks at whether to go on
TURN_S = 300.0        # that a piece of work may take
GRACE_S = 2.0         # for the run under way after a cancel
BLOCK_S, BLOCK_RUNS = 0.05, 3    # of warming up: the medians of two such blocks, one after the other, are compared
STABLE = 0.03         # they differ by no more
WARM_UP_S = 3.0       # and no more blocks after so long

log = logging.getLogger(__name__)


class Opened(NamedTuple):
    """How a network really runs; it stays when the network is gone."""

    provider: str
    threads: int          # 0: the engine does not tell
    warning: str
    form: Form | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a network did when it was its turn."""

    cold: Timing
    warm: tuple[Timing, ...]
    cores: float   # kept busy in the warm runs, by this whole process


class Worker:
    """One network. `do` from one thread only."""

    def __init__(self, spec: LaneSpec, card: ModelCard, ask: Ask) -> None:
        self.spec, self.card = spec, card
        self.usual_s = 0.0     # of a warm run
        self.opened: Opened | None = None
        self._ask = ask
        self._recogniser: Recogniser | None = None
        self._frames = 0
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name=f"bench {card.name}", daemon=True)   # begins with its first work

    @property
    def recogniser(self) -> Recogniser:
        """The network; it has been opened."""
        assert self._recogniser
        return self._recogniser

    def do(self, work: Callable[[], T], cancelled: Event) -> T:
        """Let the network's thread do it, and wait.

        Raises:
            LabError: as the work does; or it took too long.
            Cancelled: `cancelled` was set.
        """
        return self.finish(self.begin(work), cancelled)

    def finish(self, future: "Future[T]", cancelled: Event) -> T:
        """Wait for what was begun.

        Raises:
            LabError, Cancelled: as `do`.
        """
        until, gone_at = perf_counter() + TURN_S, 0.0
        while not wait([future], LOOK_S).done:
            now = perf_counter()
            gone_at = gone_at or (now if cancelled.is_set() else 0.0)
            if now > until or (gone_at and now > gone_at + GRACE_S):
                if self._recogniser:
                    self._recogniser.stop()
                if gone_at:
                    raise Cancelled(self.card.title)
                raise BackendError(f"{self.card.title} did not end within {TURN_S:.0f} s.", "Leave it out.")
        return future.result()

    def begin(self, work: Callable[[], T]) -> "Future[T]":
        """Let the network's thread do it, without waiting."""
        if self._thread.ident is None:
            self._thread.start()
        future: Future[T] = Future()
        self._tasks.put((future, work))
        return future

    def close(self) -> None:
        """End the thread when its work is done; the network goes with it, and its memory."""
        self._tasks.put(None)

    # --- on the network's thread ----------------------------------------------------------------------------------

    def open(self, store: Store, tell: Tell, cancelled: Event) -> None:
        """Fetch, convert, open, as a lane that is alone would, but for its threads: they sleep between two runs.

        Raises:
            LabError, Cancelled: as `open_network`.
        """
        self._recogniser = open_network(
            self.card, store, self.spec.backend, self.engine, tell, cancelled, live=True
        )
        made = self._recogniser
        self.opened = Opened(made.provider, made.threads, made.warning, made.form)

    def engine(self, running: int = 1) -> Engine:
        """How it computes while so many run at the same time."""
        return engine_for(self.spec, Mode.TOGETHER if running > 1 else Mode.TURNS, running, linger=False)

    def tune(self, running: int) -> None:
        """Compute so from now on."""
        self.recogniser.tune(self.engine(running))

    def warm_up(self, pictures: Pictures, cancelled: Event) -> Start:
        """Run until two blocks of runs, one after the other, take the same time; say how long that took."""
        began, runs, before, stable = perf_counter(), 0, 0.0, False
        while not stable and (perf_counter() - began < WARM_UP_S or runs < 2 * BLOCK_RUNS) and not cancelled.is_set():
            block: list[float] = []
            while len(block) < BLOCK_RUNS or sum(block) < BLOCK_S:
                block.append(self.answer(pictures.of_round(runs)).latency / 1e3)
                runs += 1
            now = median(block)
            stable, before = bool(before) and abs(now / before - 1) < STABLE, now
            self.usual_s = now
        return Start(
            load_ms=round(self.recogniser.load_ms, 3), first_ms=round(self.recogniser.first_ms, 3), warm_up_runs=runs,
            warm_up_ms=round((perf_counter() - began) * 1e3, 3), stable=stable,
        )  # fmt: skip

    def turn(self, pixels: NDArray[np.uint8], warm_runs: int) -> Turn:
        """One run after the others, then so many after itself, all on this picture."""
        cold = self.answer(pixels)
        cpu, start = process_time(), perf_counter()
        warm = tuple(self.answer(pixels) for _ in range(warm_runs))
        cpu, span = process_time() - cpu, perf_counter() - start
        return Turn(cold, warm, cpu / span if span > 0 else 0.0)

    def run_beside(self, pictures: Pictures, gate: Barrier, enough: Event, done: list[tuple[float, float]]) -> None:
        """Run on and on from when all are at the gate until it is enough; note when each run ended, s, and its ms."""
        gate.wait()
        count = 0
        while not enough.is_set():
            timing = self.answer(pictures.of_round(count))
            count += 1
            done.append((perf_counter(), timing.latency))

    def answer(self, pixels: NDArray[np.uint8]) -> Timing:
        """One answer. Each time another frame: nothing that was made of an earlier one serves again."""
        self._frames += 1
        frame = Frame(pixels, self._frames, perf_counter(), alone=True)
        return self.recogniser(frame, self._ask).timing

    def _serve(self) -> None:
        while task := self._tasks.get():
            future, work = task
            try:
                future.set_result(work())
            except (LabError, Cancelled) as error:
                future.set_exception(error)
            except BaseException as bug:   # the thread's boundary: whoever waits must hear of it, and the others go on
                log.exception("bench %s", self.card.name)
                future.set_exception(LabError(f"Something went wrong in {self.card.name}: {bug}.", "The log has more."))
            del future, work, task
        if recogniser := self._recogniser:
            self._recogniser = None
            recogniser.stop()
