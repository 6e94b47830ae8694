"""Looks after the lanes: one that does not answer any more gives its turn to the next."""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.live.lane import Lane

LOOK_S = 0.25   # between two looks at whether every lane still answers


class Watchman:
    """A thread that lets every lane look at itself; begun with the first lane."""

    def __init__(self, lanes: "Callable[[], Sequence[Lane]]") -> None:
        self._lanes = lanes
        self._closed = Event()
        self._thread = Thread(target=self._run, name="watchman", daemon=True)

    def start(self) -> None:
        """Begin; the second time nothing happens."""
        if self._thread.ident is None:
            self._thread.start()

    def ask_to_close(self) -> None:
        """Tell the thread to end, without waiting."""
        self._closed.set()

    def close(self) -> None:
        """End the thread: it never takes long."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(LOOK_S):
            for lane in self._lanes():
                lane.look()
