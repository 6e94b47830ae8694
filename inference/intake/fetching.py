"""Several models fetched side by side: at most three at a time, the others wait for their turn."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import perf_counter

from inference.errors import Cancelled, LabError
from inference.intake.provide import ready
from models.card import ModelCard
from models.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 3
SETTLED_S = 1.0     # before that a speed says little


@dataclass(frozen=True, slots=True)
class Fetch:
    """Where one model stands."""

    words: str                       # for people
    fraction: float | None = None    # 0..1 of what is said, None while unknown
    over: bool = False
    trouble: str = ""                # why it failed; "" when it did not
    hint: str = ""


class Fetcher:
    """Gets models ready to run, each on a thread of its own. Everything may be called from any thread."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        """`changed` is called on the fetching threads whenever something is new."""
        self._store, self._changed = store, changed
        self._lock = Lock()
        self._queue: list[ModelCard] = []
        self._running: dict[str, Event] = {}
        self._states: dict[str, Fetch] = {}

    def get(self, card: ModelCard) -> None:
        """Fetch a model; nothing happens if it is being fetched."""
        with self._lock:
            if card.name in self._running or any(other.name == card.name for other in self._queue):
                return
            self._queue.append(card)
            self._states[card.name] = Fetch("waits for its turn")
        self._next()

    def cancel(self, name: str = "") -> None:
        """Give up one model, or all; what has come already is kept for the next time."""
        with self._lock:
            for card in [card for card in self._queue if name in ("", card.name)]:
                self._queue.remove(card)
                del self._states[card.name]
            for running, cancelled in self._running.items():
                if name in ("", running):
                    cancelled.set()
        self._changed()

    def state(self, name: str) -> Fetch | None:
        """Where a model stands; None if nobody has asked for it."""
        return self._states.get(name)

    @property
    def busy(self) -> bool:
        """Whether anything is being fetched."""
        return bool(self._running or self._queue)

    def _next(self) -> None:
        with self._lock:
            while self._queue and len(self._running) < AT_ONCE:
                card = self._queue.pop(0)
                cancelled = self._running[card.name] = Event()
                Thread(target=self._run, args=(card, cancelled), name=f"fetch {card.name}", daemon=True).start()
        self._changed()

    def _run(self, card: ModelCard, cancelled: Event) -> None:
        pace = Pace(card.bytes)

        def report(words: str, fraction: float | None) -> None:
            self._set(card, Fetch(pace.said(words, fraction), fraction))

        end: Fetch | None
        try:
            ready(card, self._store, report, cancelled)
            end = Fetch("is here", 1.0, over=True)
        except Cancelled:
            end = None
        except LabError as error:
            end = Fetch("failed", over=True, trouble=str(error), hint=error.hint)
        except BaseException as error:   # the thread's boundary: nothing may escape unseen
            log.exception("fetching %s", card.name)
            end = Fetch("failed", over=True, trouble=f"Something went wrong: {error}.")
        with self._lock:
            del self._running[card.name]
            if end is None:
                self._states.pop(card.name, None)
            else:
                self._states[card.name] = end
        self._next()

    def _set(self, card: ModelCard, state: Fetch) -> None:
        self._states[card.name] = state
        self._changed()


class Pace:
    """Turns a fraction that grows into a speed and a time that is left."""

    def __init__(self, size: int, clock: Callable[[], float] = perf_counter) -> None:
        """`size` in bytes of what is fetched."""
        self._size, self._clock = size, clock
        self._words, self._begun, self._from = "", 0.0, 0.0

    def said(self, words: str, fraction: float | None) -> str:
        """The words with percent, MB/s and seconds left, as far as they are known."""
        now = self._clock()
        if words != self._words:
            self._words, self._begun, self._from = words, now, fraction or 0.0
        if fraction is None:
            return words
        told = [words, f"{fraction * 100:.0f} %"]
        spent, done = now - self._begun, fraction - self._from
        if spent >= SETTLED_S and done > 0:
            told.append(f"{done * self._size / spent / 1e6:.2g} MB/s")
            told.append(f"{_duration((1 - fraction) * spent / done)} left")
        return " · ".join(told)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
