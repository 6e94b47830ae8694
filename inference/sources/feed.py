"""Runs a source on the capture thread: paces it, watches it, opens it again with back-off."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Event, Thread
from time import perf_counter

import cv2

from inference.data import Frame, SourceState, SourceStatus
from inference.errors import SourceError
from inference.sources import Source

log = logging.getLogger(__name__)


class Feed:
    """Delivers the frames of one source. `status` may be asked from any thread at any time."""

    def __init__(
        self, source: Source, deliver: Callable[["Feed", Frame], None], on_change: Callable[[], None]
    ) -> None:
        """`deliver(feed, frame)` and `on_change()` are called on the capture thread."""
        self.mirror = False
        self._source, self._deliver, self._on_change = source, deliver, on_change
        self._closing = Event()
        self._states: list[SourceState] = [SourceState.OPENING]
        self._taken: deque[float] = deque(maxlen=240)
        self._size = (0, 0)
        self._trouble: SourceError | None = None
        self._thread = Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Begin to capture."""
        self._thread.start()

    def ask_to_close(self) -> None:
        """Tell the thread to end, without waiting."""
        self._closing.set()

    def close(self, timeout: float | None = None) -> bool:
        """Stop; wait at most `timeout` seconds. True when the thread is gone."""
        self.ask_to_close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def states_passed(self) -> tuple[SourceState, ...]:
        """Every state so far, in order."""
        return tuple(self._states)

    def status(self) -> SourceStatus:
        """Where the source stands now."""
        now = perf_counter()
        recent = [t for t in tuple(self._taken) if t > now - 2]
        fps = (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 else 0.0
        trouble = self._trouble
        return SourceStatus(
            self._states[-1],
            self._source.title,
            self._size,
            fps,
            str(trouble) if trouble else self._source.note,
            trouble.hint if trouble else "",
            recent[-1] if recent else 0.0,
        )

    def _run(self) -> None:
        index = 0
        try:
            self._source.open()
            due = perf_counter()
            while not self._closing.is_set():
                start = perf_counter()
                pixels = self._source.read()
                taken = perf_counter()
                if pixels is None:
                    self._states.append(SourceState.ENDED)
                    break
                if self.mirror:
                    pixels = cv2.flip(pixels, 1)  # type: ignore[assignment]
                pixels.flags.writeable = False
                if self._states[-1] is not SourceState.LIVE:
                    self._states.append(SourceState.LIVE)
                self._size = pixels.shape[:2]
                self._taken.append(taken)
                self._deliver(self, Frame(pixels, index, taken, (taken - start) * 1e3))
                index += 1
                if self._source.period_s:
                    due = max(due + self._source.period_s, perf_counter() - self._source.period_s)
                    self._closing.wait(max(0.0, due - perf_counter()))
        except SourceError as error:
            self._trouble = error
            self._states.append(SourceState.LOST)
        finally:
            self._source.close()
            self._on_change()
