"""Whose turn it is to compute, where lanes compute one after the other."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock


@dataclass(slots=True, eq=False)
class _Place:
    """One who wants a turn, or has it."""

    owner: object
    let_in: Event = field(default_factory=Event)


class Turnstile:
    """Lets one lane through at a time, in the order of arrival; or all of them while `free`.

    A plain lock is unfair: it starves the small networks. And whoever hangs with a lock in hand holds up all others:
    here, anybody may pass a turn on that is not given back.
    """

    def __init__(self, *, free: bool = False) -> None:
        self._lock = Lock()
        self._queue: deque[_Place] = deque()
        self._holder: _Place | None = None
        self._free = free

    @property
    def free(self) -> bool:
        """Whether all may go through at once; setting it lets in those who wait."""
        return self._free

    @free.setter
    def free(self, free: bool) -> None:
        with self._lock:
            self._free = free
            if free:
                self._holder = None
                while self._queue:
                    self._queue.popleft().let_in.set()

    @contextmanager
    def turn(self, owner: object = None) -> Iterator[None]:
        """Wait for a turn, hold it for the block, unless `pass_on(owner)` gives it to the next one before."""
        place = _Place(owner)
        with self._lock:
            waits = self._holder is not None and not self._free
            if waits:
                self._queue.append(place)
            elif not self._free:
                self._holder = place
        if waits:
            place.let_in.wait()
        try:
            yield
        finally:
            with self._lock:
                if self._holder is place:
                    self._next()

    def pass_on(self, owner: object) -> None:
        """Let the others through: `owner` hangs in its turn, or is to end. Where it waits, it goes on without one."""
        with self._lock:
            for place in [place for place in self._queue if place.owner is owner]:
                self._queue.remove(place)
                place.let_in.set()
            if self._holder and self._holder.owner is owner:
                self._next()

    def _next(self) -> None:
        self._holder = self._queue.popleft() if self._queue else None
        if self._holder:
            self._holder.let_in.set()
