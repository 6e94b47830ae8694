"""A session: one source feeding any number of lanes."""

import os
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from inference.backends import Engine
from inference.data import Ask, Frame, LaneSpec, Mode, SourceState, SourceStatus
from inference.errors import LabError
from inference.lane import Lane, Load, Turnstile
from inference.sources import Source
from inference.sources.feed import Feed

MAX_LANES = 9
CLOSE_S = 1.8   # the window must be gone within two seconds

# Makes what a lane runs: (spec, how to run it) → load. inference.weights.loader is the real one.
MakeLoad = Callable[[LaneSpec, Engine], Load]


def default_mode(cores: int | None = None) -> Mode:
    """Turns up to four cores: there, networks that run together only measure each other."""
    return Mode.TURNS if (cores or os.cpu_count() or 1) <= 4 else Mode.TOGETHER


def engine_for(spec: LaneSpec, mode: Mode, cores: int | None = None) -> Engine:
    """Threads as measured on small machines: in turns a lane has the machine to itself, together one core.

    Idle threads never spin: with any other program on a core, spinning makes two threads slower than one.
    """
    together = mode is Mode.TOGETHER
    threads = spec.threads or (1 if together else min(4, max(1, cores or os.cpu_count() or 1)))
    return Engine(threads=threads, spin=False, provider=spec.provider)


class Session:
    """Owns the feed and the lanes; close it and every thread is gone.

    All methods may be called from one thread, the window's or the command line's; `on_change` is called from the
    capture and lane threads, carries nothing, and must return at once.
    """

    def __init__(
        self, make_load: MakeLoad, on_change: Callable[[], None] = lambda: None, *, mode: Mode | None = None
    ) -> None:
        self.mode = mode or default_mode()
        self.ask = Ask()
        self.lanes: list[Lane] = []
        self.latest: Frame | None = None          # the newest live picture
        self.frozen: Frame | None = None          # the picture that all lanes answer while frozen
        self._make_load = make_load
        self._on_change = on_change
        self._turnstile = Turnstile(free=self.mode is Mode.TOGETHER)
        self._feed: Feed | None = None
        self._mirror = False

    @property
    def source(self) -> SourceStatus:
        """Where the source stands now."""
        return self._feed.status() if self._feed else SourceStatus(SourceState.OPENING, "No source")

    @property
    def states_passed(self) -> tuple[SourceState, ...]:
        """Every state the present source has been in, in order, repeats left out."""
        return self._feed.states_passed() if self._feed else ()

    def open(self, source: Source) -> None:
        """Show another source; the old one is closed in the background."""
        if self._feed:
            self._feed.ask_to_close()
        self.frozen = None
        self._feed = Feed(source, self._deliver, self._on_change)
        self._feed.mirror = self._mirror
        self._feed.start()

    def add(self, spec: LaneSpec) -> Lane:
        """Put one more network in front of the picture.

        Raises:
            LabError: there are nine already, or there is no such model.
        """
        slot = next((s for s in range(MAX_LANES) if s not in {lane.slot for lane in self.lanes}), None)
        if slot is None:
            raise LabError(f"{MAX_LANES} lanes are running.", "Remove one before you add another.")
        load = self._make_load(spec, engine_for(spec, self.mode))
        lane = Lane(spec, load, self._turnstile, self._on_change, slot)
        lane.ask = self.ask
        self.lanes = [*self.lanes, lane]   # replaced whole: the capture thread reads it
        if frame := self.frozen or self.latest:
            lane.inbox.put(frame)
        return lane

    def remove(self, lane: Lane) -> None:
        """Take a network away; its thread ends by itself."""
        self.lanes = [other for other in self.lanes if other is not lane]
        lane.ask_to_close()

    def set_mode(self, mode: Mode) -> None:
        """Change how lanes share the machine; each loads again with the threads that suit it."""
        if mode is self.mode:
            return
        self.mode = mode
        self._turnstile.free = mode is Mode.TOGETHER
        for lane in self.lanes:
            self.retry(lane)

    def retry(self, lane: Lane) -> None:
        """Load a lane again, after a failure or with other settings."""
        lane.reload(self._make_load(lane.spec, engine_for(lane.spec, self.mode)))
        if self.frozen:
            lane.inbox.put(self.frozen)

    def set_ask(self, ask: Ask) -> None:
        """Change what is wanted of the answers; a frozen picture is answered anew."""
        self.ask = ask
        for lane in self.lanes:
            lane.ask = ask
            if self.frozen:
                lane.inbox.put(self.frozen)

    def freeze(self, frozen: bool = True) -> None:
        """Hold the newest picture for all lanes, or go on. Before the first picture it does nothing."""
        if not frozen:
            self.frozen = None
        elif self.frozen is None and self.latest is not None:
            # The waiting time of an answer to a frozen picture begins now, not when it was taken.
            self.frozen = replace(self.latest, taken_at=perf_counter())
            for lane in self.lanes:
                lane.inbox.put(self.frozen)
        self._on_change()

    @property
    def mirror(self) -> bool:
        """Whether pictures are flipped left to right before anyone sees them."""
        return self._mirror

    @mirror.setter
    def mirror(self, mirror: bool) -> None:
        self._mirror = mirror
        if self._feed:
            self._feed.mirror = mirror

    def close(self) -> bool:
        """Stop everything and wait for the threads. True when all are gone within two seconds."""
        deadline = perf_counter() + CLOSE_S
        if self._feed:
            self._feed.ask_to_close()
        lanes, self.lanes = self.lanes, []
        for lane in lanes:
            lane.ask_to_close()
        gone = [lane.close(max(0.0, deadline - perf_counter())) for lane in lanes]
        if self._feed:
            gone.append(self._feed.close(max(0.0, deadline - perf_counter())))
        return all(gone)

    def _deliver(self, feed: Feed, frame: Frame) -> None:
        """On the capture thread: hand the picture to every lane."""
        if feed is not self._feed:   # a source that is being left
            return
        self.latest = frame
        if self.frozen is None:
            for lane in self.lanes:
                lane.inbox.put(frame)
        self._on_change()
