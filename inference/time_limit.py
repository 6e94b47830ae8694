"""A limit for calls into an engine that nothing else can end: they hold their thread until they return."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

from inference.errors import BackendError, Cancelled, LabError

LOOK_S = 0.05   # between two looks at whether to go on


@contextmanager
def time_limit(
    stop: Callable[[], None], *, what: str, seconds: float = float("inf"), cancelled: Event | None = None
) -> Iterator[None]:
    """Call `stop` from another thread when the block takes longer than `seconds`, or `cancelled` is set.

    `stop` makes the engine's call under way end soon, with a LabError; it is called once. An engine that cannot be
    stopped holds the block all the same. `what` is the thing that is run, as the subject of a sentence.

    Raises:
        BackendError: it took too long.
        Cancelled: `cancelled` was set.
    """
    done, end = Event(), monotonic() + seconds
    late = gone = False

    def look() -> None:
        nonlocal late, gone
        while not done.wait(LOOK_S):
            late, gone = monotonic() > end, cancelled is not None and cancelled.is_set()
            if late or gone:
                stop()
                return

    watcher = Thread(target=look, name="time limit", daemon=True)
    watcher.start()
    trouble: LabError | None = None
    try:
        yield
    except LabError as error:
        trouble = error
    finally:
        done.set()
        watcher.join()
    if gone:
        raise Cancelled(what) from trouble
    if late:
        raise BackendError(
            f"{what} does not end: it was stopped after {seconds:.0f} s.", "Use another file."
        ) from trouble
    if trouble:
        raise trouble
