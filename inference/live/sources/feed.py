"""Runs a source on the capture thread: paces it, watches it, opens it again with back-off."""

from __future__ import annotations

import logging
import zlib
from collections import deque
from collections.abc import Callable
from itertools import count
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING

from inference.data import Frame, Shared, SourceState, SourceStatus
from inference.errors import SourceError
from inference.live.priority import NICER, let_others_go_first
from inference.live.sources import Source
from inference.live.sources.playback import playback_of

if TYPE_CHECKING:   # the window is quicker to open without numpy
    import numpy as np
    from numpy.typing import NDArray

STALL_S = 1.0                          # without a new picture, of sources that have no patience of their own
REPEAT_S = 1.5                         # the same picture again and again: cheap streams stutter, hence longer
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 5.0)   # between attempts to open; the last one from then on
RECENT_S = 2.0                         # frames per second are counted over this time
GLANCE = (18, 32)                      # rows and columns at which two pictures are compared
CUT = 30.0                             # 0..255: more than that, on average, is another scene, not a movement
BLACK = 12                             # 0..255; a covered lens is still noisier than this

log = logging.getLogger(__name__)
_scenes = count()   # one number a scene, in the whole program: another source is another scene


class Feed:
    """Delivers the frames of one source. `status` may be asked from any thread at any time.

    A source that is not `live` gets a capture thread alone. A live one has a watchdog beside it, because the capture
    thread cannot say that a read hangs in the driver: it sleeps until the picture would be late, so it costs
    one wake-up a second.
    """

    def __init__(
        self, source: Source, deliver: Callable[[Feed, Frame], None], on_change: Callable[[], None], *,
        behind: bool = False,
    ) -> None:  # fmt: skip
        """`deliver(feed, frame)` is called on the capture thread, `on_change()` there or on the watchdog's.

        `behind` the networks, a source that is not live does its work when they leave it a core.
        """
        self.mirror = False
        self._behind = behind and not source.live
        self._source, self._deliver, self._on_change = source, deliver, on_change
        self._closing = Event()
        self._going = Event()   # not resting
        self._going.set()
        self._lock = Lock()   # guards what follows, down to _reading
        self._states: deque[SourceState] = deque([SourceState.OPENING], maxlen=1000)
        self._trouble: SourceError | None = None
        self._fresh_at = 0.0        # s, the last picture that was not the one before; at first the opening
        self._arrived_at = 0.0      # s, the last picture of any kind; at first the opening
        self._reading = False       # open, so that a picture may be late
        self._taken: deque[float] = deque(maxlen=2000)
        self._size = (0, 0)
        self._index = 0
        self._frame: Frame | None = None   # the last one given
        self._scene = next(_scenes)
        self._glance: NDArray[np.int16] | None = None   # the last picture at a few points
        self._caption = ""                              # of the last picture
        self._shape: tuple[int, ...] = ()
        self._digest: int | None = None
        self._thread = Thread(target=self._run, name="capture", daemon=True)
        self._watchdog = Thread(target=self._watch, name="capture watchdog", daemon=True)

    @property
    def source(self) -> Source:
        """What is captured."""
        return self._source

    @property
    def title(self) -> str:
        """As the source is called."""
        return self._source.title

    def start(self) -> None:
        """Begin to capture."""
        self._thread.start()

    def rest(self, resting: bool) -> None:
        """Read nothing for a while, or go on; a live source is let go of meanwhile. From any thread."""
        if resting:
            self._going.clear()
        else:
            self._going.set()

    def ask_to_close(self) -> None:
        """Tell the threads to end, without waiting."""
        self._closing.set()
        self._going.set()

    def close(self, timeout: float | None = None) -> bool:
        """Stop; wait at most `timeout` seconds. True when the threads are gone."""
        self.ask_to_close()
        if self._thread.ident is None:   # never started
            return True
        self._thread.join(timeout)   # it joins the watchdog itself
        return not self._thread.is_alive()

    def states_passed(self) -> tuple[SourceState, ...]:
        """Every state so far, in order; of a very long run the last thousand."""
        with self._lock:
            return tuple(self._states)

    def status(self) -> SourceStatus:
        """Where the source stands now."""
        now = perf_counter()
        with self._lock:
            state, trouble, size, fresh_at = self._states[-1], self._trouble, self._size, self._fresh_at
            if self._late(now):   # the watchdog is about to say the same
                state, trouble = SourceState.STALLED, self._no_picture()
            if state is SourceState.ENDED:   # the figure that it had
                now = fresh_at
            recent = [t for t in self._taken if t > now - RECENT_S]
        # The end of the span is now once a picture is overdue: a source that stands still slows down to nothing.
        span = max(recent[-1], now - STALL_S / 2) - recent[0] if len(recent) > 1 else 0.0
        return SourceStatus(
            state,
            self._source.title,
            size,
            (len(recent) - 1) / span if span else 0.0,
            str(trouble) if trouble else self._source.note,
            trouble.hint if trouble else "",
            fresh_at if self._index else 0.0,
            self._source.caption,
        )

    # --- the capture thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._behind:
            let_others_go_first(NICER)
        try:
            attempt = 0
            while not self._closing.is_set():
                before = self._index
                try:
                    self._capture()
                    return
                except SourceError as error:
                    if self._closing.is_set():
                        return
                    self._set(SourceState.LOST, error)
                    if not self._source.live:   # a file does not come back by itself
                        return
                    attempt = 0 if self._index > before else attempt
                finally:
                    self._reading = False
                    self._source.close()
                self._closing.wait(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
                attempt += 1
        except BaseException:  # the thread's boundary: a bug in a source must not take the program down, nor an exit
            log.exception("source %s", self._source.title)
            self._set(
                SourceState.ENDED,
                SourceError(f"Something went wrong in the source {self._source.title}.", "Choose another source."),
            )
        finally:
            self._closing.set()
            if self._watchdog.ident is not None:
                self._watchdog.join()
            self._on_change()

    def _capture(self) -> None:
        """Open, and deliver until the end, a loss (SourceError) or the closing."""
        if self._states[-1] is SourceState.LOST:
            self._set(SourceState.REOPENING, self._trouble)
        self._open()
        if self._source.live and self._watchdog.ident is None:
            self._watchdog.start()
        from inference.opencv_threads import settle  # the window is quicker to open without OpenCV

        settle()   # its own loops take one thread: the cores belong to the networks
        due = perf_counter()
        while not self._closing.is_set():
            if not self._going.is_set():
                self._stand_still()
                due = perf_counter()
                continue
            start = perf_counter()
            pixels = self._source.read()
            taken = perf_counter()
            if self._closing.is_set():
                return
            if pixels is None:
                if self._source.live:
                    raise SourceError(f"{self._source.title} gives no more pictures.", "It is tried again by itself.")
                self._set(SourceState.ENDED, None)
                return
            if not pixels.size:
                continue
            if self._may_show(pixels, taken):
                self._pass_on(pixels, taken, (taken - start) * 1e3)
            if period := self._source.period_s:
                # Deadlines, not pauses: what one frame loses the next one makes up, but no more than one frame.
                due = max(due + period, perf_counter() - period)
                self._closing.wait(max(0.0, due - perf_counter()))

    def _open(self) -> None:
        self._source.open()
        self._digest = None
        with self._lock:
            self._fresh_at = self._arrived_at = perf_counter()
            self._reading = self._source.live

    def _stand_still(self) -> None:
        """Wait until there is something to do; what a live source gave meanwhile would be old."""
        with self._lock:
            self._reading = False
        if self._source.live:
            self._source.close()
        self._going.wait()
        if self._source.live and not self._closing.is_set():
            self._open()

    def _may_show(self, pixels: NDArray[np.uint8], taken: float) -> bool:
        """Whether a picture may be shown: not when it is black, or the same for too long. Says so."""
        fresh, black = True, False
        if self._source.live:
            # Whole rows, about fifty: quick, and a still camera always has noise, so equal means the same picture.
            sample = pixels[:: max(1, pixels.shape[0] // 48)].copy()
            black = int(sample.max()) <= BLACK
            digest = zlib.crc32(sample.data)
            fresh = not black and digest != self._digest
            self._digest = digest
        with self._lock:
            self._arrived_at = taken
            if fresh:
                self._fresh_at = taken
            age = taken - self._fresh_at
        if age > max(STALL_S if black else REPEAT_S, self._patience_s() if not black else 0.0):
            self._set(SourceState.STALLED, self._black() if black else self._repeats())
            return False
        return not black

    def _pass_on(self, pixels: NDArray[np.uint8], taken: float, capture_ms: float) -> None:
        if self.mirror:
            import cv2  # the window is quicker to open without it

            pixels = cv2.flip(pixels, 1)  # type: ignore[assignment]
        pixels.flags.writeable = False
        height, width = pixels.shape[:2]
        with self._lock:
            self._size = (height, width)
            self._taken.append(taken)
        if self._is_cut(pixels):
            self._scene = next(_scenes)
        self._set(SourceState.LIVE, None)
        stands = self._frame is not None and self._frame.pixels is pixels   # the same picture once more
        shared = self._frame.shared if self._frame and stands else Shared()
        number = playback.now.frame if (playback := playback_of(self._source)) else -1
        self._frame = Frame(pixels, self._index, taken, capture_ms, self._scene, number=number, shared=shared)
        self._deliver(self, self._frame)
        self._index += 1

    def _is_cut(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether this picture shows something else than the one before, seen at a few hundred points."""
        height, width = pixels.shape[:2]
        glance = pixels[:: max(1, height // GLANCE[0]), :: max(1, width // GLANCE[1]), 1].astype("int16")   # green
        before, self._glance = self._glance, glance
        shape, self._shape = self._shape, pixels.shape
        said, self._caption = self._caption, self._source.caption
        if before is None:
            return False
        return said != self._caption or shape != pixels.shape or int(abs(glance - before).sum()) > CUT * glance.size

    # --- the watchdog -------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Say that a live source stands still, also while its read hangs."""
        while not self._closing.is_set():
            now = perf_counter()
            with self._lock:
                late = self._late(now)
                wait_s = self._arrived_at + self._patience_s() - now if self._reading and not late else STALL_S / 4
            if late:
                self._set(SourceState.STALLED, self._no_picture(), late_only=True)
            self._closing.wait(min(max(wait_s, 0.01), STALL_S))   # patience may grow or shrink meanwhile

    def _late(self, now: float) -> bool:
        """Whether a picture is overdue and that is not known yet. Under the lock."""
        known = self._states[-1] in (SourceState.STALLED, SourceState.LOST, SourceState.ENDED)
        return self._reading and not known and now - self._arrived_at > self._patience_s()

    def _patience_s(self) -> float:
        """How long no picture may come: a network camera may give one in two seconds, or be woken up first."""
        return float(getattr(self._source, "patience_s", STALL_S))

    def _set(self, state: SourceState, trouble: SourceError | None, *, late_only: bool = False) -> None:
        """Change the state and tell everybody, if it is a change."""
        with self._lock:
            if late_only and not self._late(perf_counter()):   # a picture came in between
                return
            known = self._trouble
            if state is self._states[-1] and str(trouble) == str(known):
                return
            self._trouble = trouble
            if state is not self._states[-1]:
                self._states.append(state)
        self._on_change()

    # --- what is said -------------------------------------------------------------------------------------------

    def _no_picture(self) -> SourceError:
        return SourceError(
            f"No new picture comes from {self._source.title}.",
            "It goes on by itself; if not, look at the cable or the network, or choose another source.",
        )

    def _repeats(self) -> SourceError:
        return SourceError(
            f"{self._source.title} repeats the same picture.",
            "Unplug the camera and plug it in again or restart the stream, or choose another source.",
        )

    def _black(self) -> SourceError:
        return SourceError(
            f"{self._source.title} gives black pictures.",
            "Uncover the lens, and look whether the system lets this program use the camera.",
        )
