"""Small stand-ins with known behaviour for the spine: a network that waits for the test, a source that counts."""

from collections.abc import Callable
from threading import Condition, Event, Semaphore
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine
from inference.data import Ask, Classification, Frame, LaneSpec, Result, Timing
from inference.errors import Cancelled
from inference.live.recognise import Load, Recognise
from models.progress import Report

SOON = 5.0   # s; nothing waits so long unless something is broken


class Bell:
    """An `on_change` that tests can wait for."""

    def __init__(self) -> None:
        self._rung = Condition()
        self.count = 0

    def __call__(self) -> None:
        with self._rung:
            self.count += 1
            self._rung.notify_all()

    def until(self, true: Callable[[], object], timeout: float = SOON) -> bool:
        """Wait until it holds, looked at whenever the bell rings. False when it never did."""
        with self._rung:
            return bool(self._rung.wait_for(true, timeout))


class Net:
    """Answers with the frame's number; what it was asked is kept.

    Held, it stays inside a call until `let_go` or `stop`; `failing` is raised by the next call.
    """

    provider, threads = "CPU", 0
    warning = ""
    form = None
    usual_s = 0.0

    def __init__(self, name: str = "net", *, held: bool = False, timing: Timing | None = None) -> None:
        self.name, self.held, self.timing = name, held, timing or Timing(infer=1.0)
        self.calls: list[tuple[Frame, Ask, float, float]] = []
        self.entered = Semaphore(0)   # one more for each call begun
        self.engines: list[Engine] = []   # that it was told to compute by while it ran
        self.stopped = Event()
        self.failing: Exception | None = None
        self._gate = Semaphore(0)

    def __call__(self, frame: Frame, ask: Ask, *, idle: float, turn: float) -> Result:
        self.calls.append((frame, ask, idle, turn))
        self.entered.release()
        if self.held:
            assert self._gate.acquire(timeout=3 * SOON), "nobody let this call go"
        if self.failing:
            failing, self.failing = self.failing, None
            raise failing
        answer = Classification((str(frame.index),), np.ones(1, np.float32))
        return Result(frame, self.name, answer, self.timing, perf_counter())

    def let_go(self, calls: int = 1) -> None:
        """Let so many calls through."""
        self._gate.release(calls)

    def stop(self) -> None:
        self.stopped.set()
        self._gate.release(100)

    def tune(self, engine: Engine) -> bool:
        self.engines.append(engine)
        return True

    def begun(self) -> bool:
        """Wait for the next call to begin."""
        return self.entered.acquire(timeout=SOON)

    @property
    def frames(self) -> list[int]:
        """Numbers of the frames it was given."""
        return [frame.index for frame, *_ in self.calls]


def loading(net: Recognise) -> Load:
    """A load that is done at once."""
    return lambda report, cancelled: net


class SlowLoad:
    """A load that waits for the test, and can be given up."""

    def __init__(self, net: Recognise) -> None:
        self.net = net
        self.begun, self.done = Event(), Event()

    def __call__(self, report: Report, cancelled: Event) -> Recognise:
        report("Fetching net (1.0 MB)", 0.5)
        self.begun.set()
        end = perf_counter() + 3 * SOON
        while not self.done.wait(0.005):
            if cancelled.is_set():
                raise Cancelled
            assert perf_counter() < end, "nobody ended this load"
        return self.net


def spec(name: str = "net") -> LaneSpec:
    return LaneSpec(name)


def picture(index: int = 0, taken_at: float | None = None) -> Frame:
    """A tiny frame with this number."""
    pixels = np.full((4, 6, 3), index % 256, np.uint8)
    pixels.flags.writeable = False
    return Frame(pixels, index, perf_counter() if taken_at is None else taken_at)


class Counting:
    """A source of numbered grey pictures, as fast as `period_s` says; it may be held inside `read`."""

    note = caption = ""
    live = False

    def __init__(self, title: str = "counting", *, period_s: float = 0.002, shade: int = 0) -> None:
        self.title, self.period_s, self.shade = title, period_s, shade
        self.hold = Event()       # set: the next read waits for `release`
        self.held, self.release, self.closed = Event(), Event(), Event()
        self._next = self.opens = self.reads = 0

    def open(self) -> None:
        self._next = 0
        self.opens += 1

    def read(self) -> NDArray[np.uint8] | None:
        if self.hold.is_set():
            self.held.set()
            assert self.release.wait(3 * SOON), "nobody released this read"
        self._next += 1
        self.reads += 1
        pixels = np.full((4, 6, 3), self.shade, np.uint8)
        pixels[0, 0] = self._next % 256
        return pixels

    def close(self) -> None:
        self.closed.set()
