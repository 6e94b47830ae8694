"""How far a fetch has come, and how it is given up: one worker thread, one watcher."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Thread
from typing import TypeVar

from models.errors import Cancelled

Report = Callable[[str, float | None], None]
T = TypeVar("T")

POLL_S = 0.1          # how often the watcher looks: the delay of a cancel, and the rate of the reports
FAREWELL_S = 0.5      # how long a given-up worker may take to tidy up before the watcher leaves it alone


class Progress:
    """What the worker is doing: written by the worker, read by the watcher."""

    def __init__(self) -> None:
        self.text = ""
        self.done = 0     # bytes
        self.total = 0    # bytes; 0: unknown
        self._given_up = Event()
        self._aborts: list[Callable[[], None]] = []

    @property
    def fraction(self) -> float | None:
        """Part of the work that is done, 0..1; None while unknown."""
        total = self.total
        return min(self.done / total, 1.0) if total else None

    def say(self, text: str, total: int = 0) -> None:
        """Begin a stage of `total` bytes.

        Raises:
            Cancelled: the work was given up.
        """
        self.check()
        self.total, self.done, self.text = 0, 0, text
        self.total = total

    def check(self) -> None:
        """Go on, or not.

        Raises:
            Cancelled: the work was given up.
        """
        if self._given_up.is_set():
            raise Cancelled(self.text)

    def pause(self, seconds: float) -> None:
        """Wait, s.

        Raises:
            Cancelled: the work was given up meanwhile.
        """
        self._given_up.wait(seconds)
        self.check()

    def on_abort(self, action: Callable[[], None]) -> None:
        """Have `action` called, from the watcher's thread, when the work is given up."""
        self._aborts.append(action)
        if self._given_up.is_set():
            action()

    def abort(self) -> None:
        """Give the work up: the worker ends with Cancelled at its next check."""
        self._given_up.set()
        for action in list(self._aborts):
            action()


def watch(work: Callable[[Progress], T], report: Report, cancelled: Event) -> T:
    """Run `work` on a thread of its own and report on it from this one, until it is done or cancelled.

    A thread, because looking up a name or opening a connection can block for many seconds and cannot be
    interrupted; whoever asked must get away at once all the same. `report` gets a sentence and a fraction,
    0..1 or None while unknown.

    Raises:
        Cancelled: `cancelled` was set.
    """
    progress = Progress()
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(progress))
        except BaseException as error:  # noqa: BLE001  a thread boundary: it is raised again by the watcher
            future.set_exception(error)

    thread = Thread(target=run, name="fetch", daemon=True)
    thread.start()
    told: tuple[str, float | None] | None = None
    try:
        while True:
            thread.join(POLL_S)
            news = (progress.text, progress.fraction)
            if news != told and news[0]:
                report(*news)
                told = news
            if not thread.is_alive():
                return future.result()
            if cancelled.is_set():
                raise Cancelled(progress.text)
    finally:
        if thread.is_alive():
            with suppress(OSError):
                progress.abort()
            thread.join(FAREWELL_S)
