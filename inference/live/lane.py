"""A lane: one thread, one model, always on the newest frame."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from inference.backends import Engine
from inference.data import Ask, Frame, LaneSpec, LaneState, LaneStatus, Lens, Result
from inference.errors import Cancelled, LabError, NotHere
from inference.live.mailbox import Mailbox
from inference.live.priority import let_others_go_first
from inference.live.recognise import Load, Recognise
from inference.live.turnstile import Turnstile
from inference.live.usual import with_usual

if TYPE_CHECKING:
    from inference.backends import Form

log = logging.getLogger(__name__)

# An answer that takes longer, and so many times longer than the lane's usual one, is not waited for any more.
PATIENCE_S, PATIENCE = 2.0, 10
SPAN_S = 10.0    # the times that people see, p50 and p95, are those of the answers of so long
RECENT_S = 2.0   # answers a second are counted over this time
TUNE_S = 30.0   # that a network may take to be opened with other threads


@dataclass(frozen=True, slots=True)
class Figures:
    """What a lane has done, as numbers: the one record that the lane, the legend and a report show."""

    results: int
    skipped: int
    timed: int                                     # answers that the times are of: the last SPAN_S; 0: no times
    fps: float                                     # answers per second, over the last RECENT_S
    offered: float                                 # pictures per second that the source gave meanwhile; 0: unknown
    stages: dict[str, tuple[float, float, float]]  # stage, "latency", "age", "cpu", CPU_STAGES → p50, p95, p99 in ms
    bound: Literal["camera", "model", "turns", ""]  # what holds the rate down; "" while unknown


class Lane:
    """Runs a recogniser on its own thread. Everything but the constructor may be called from any thread."""

    def __init__(
        self, spec: LaneSpec, load: Load, turnstile: Turnstile, on_change: Callable[[], None], slot: int = 0,
        wanted: Callable[[], Engine] = Engine, *, behind: bool = False,
    ) -> None:  # fmt: skip
        """`on_change` is called on the lane's thread after every result and every change of status.

        `wanted` says how the lane shall compute at this moment; it is asked before every answer, from any thread.
        A lane that runs `behind` leaves a core to a window, where both want it.
        """
        from inference.live.timings import TimingLog  # imports numpy: the window opens without it

        self.spec = spec
        self.slot = slot                      # 0..8: its colour and its key
        self.title = spec.model               # as people call it; who shows lanes may tell twins apart by it
        # Its settings, which the session alone sets.
        self.ask = Ask()
        self.lens: Lens | None = None         # how this lane alone looks at the picture
        self.paused = False                   # switched off by the user: gets no frames
        self.resting = False                  # gets none either, while something else is measured
        self.on_result: Callable[[Result], None] | None = None   # on the lane's thread; must return at once
        self.on_silence: Callable[[], None] | None = None        # the same, where nothing is said to a picture
        self.held_up_s = 0.0                  # that the session kept the next picture back for the others' sake
        # What it gives, which others only read.
        self.inbox = Mailbox()
        self.seen: Result | None = None       # the newest with what the network was given, while the lens shows it
        self.latest: Result | None = None     # replaced whole, never changed
        self.status = LaneStatus(LaneState.LOADING, "Waiting to load")
        self.provider = ""                    # where it really runs, once it does
        self.results = 0
        self.timings = TimingLog()
        self._turnstile = turnstile
        self._wanted = wanted
        self._tuned = wanted()   # how it computes
        self._behind = behind
        self._on_change = on_change
        self._next_load: Load | None = load
        self._recognise: Recognise | None = None
        self._closing = Event()
        self._abandon = Event()
        self._reloading = Lock()   # holds the next load and the flag that gives up the present one together
        self._busy_since = 0.0     # s, of the answer under way; 0: none is
        self._patience_s = 0.0     # that it may take at least
        self._looking = Lock()     # holds the two and the status STUCK together
        self._thread = Thread(target=self._run, name=f"lane {spec.model}", daemon=True)

    def start(self) -> "Lane":
        """Begin to load, then to answer what comes."""
        self._thread.start()
        return self

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._busy_since > 0

    @property
    def threads(self) -> int:
        """How many threads it computes with: what the engine really has, else what was asked for."""
        recognise = self._recognise
        return (recognise.threads if recognise else 0) or self._wanted().threads

    @property
    def warning(self) -> str:
        """A sentence where it does not run as it was asked to."""
        recognise = self._recognise
        return recognise.warning if recognise else ""

    @property
    def form(self) -> "Form | None":
        """What it runs in the place of its card's file, once it does."""
        recognise = self._recognise
        return recognise.form if recognise else None

    def reload(self, load: Load) -> None:
        """Load again with other settings; the last answer stays until then. A run that hangs is told to stop."""
        with self._reloading:
            self._next_load = load
            self._abandon.set()
        if self.status.state is LaneState.STUCK and (recognise := self._recognise):
            recognise.stop()
        self.inbox.wake()

    def offer(self, frame: Frame) -> None:
        """Leave a picture to be answered, unless the lane is switched off or rests."""
        if not self.paused and not self.resting:
            self.inbox.put(frame)

    def close(self, timeout: float | None = None) -> bool:
        """Stop; wait at most `timeout` seconds for the thread. True when it is gone."""
        self.ask_to_close()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def ask_to_close(self) -> None:
        """Tell the thread to end, without waiting."""
        self._closing.set()
        self._abandon.set()
        if recognise := self._recognise:
            recognise.stop()
        self._turnstile.pass_on(self)   # it may not come back from its turn
        self.inbox.wake()

    def look(self) -> None:
        """Find out whether the answer under way takes far too long; then the others go on, and the status says so.

        From any thread, a few times a second.
        """
        with self._looking:
            since = self._busy_since
            busy_s = perf_counter() - since if since else 0.0
            if busy_s < PATIENCE_S or self.status.state is LaneState.STUCK or busy_s < self._limit_s():
                return
            self.status = LaneStatus(
                LaneState.STUCK, f"{self.title} does not answer.", "The others go on. Load it again, or remove it."
            )
        self._turnstile.pass_on(self)
        self._on_change()

    def _limit_s(self) -> float:
        """How long the answer under way may take."""
        recognise = self._recognise
        usual_s = self.timings.percentiles()["latency"][0] / 1e3 or (recognise.usual_s if recognise else 0.0)
        return max(self._patience_s, PATIENCE * usual_s)

    def figures(self) -> Figures:
        """The lane's numbers: times of the answers of the last SPAN_S before the newest, rates of the last RECENT_S.

        The times end with the newest answer, not now: a frozen picture keeps the figures that it had.
        """
        from inference.live.timings import bound, offered, percentiles, rate

        rows = self.timings.rows(since=self.timings.newest_s() - SPAN_S)
        recent = self.timings.rows(since=perf_counter() - RECENT_S)
        return Figures(
            results=self.results,
            skipped=self.inbox.dropped,
            timed=len(rows),
            fps=rate(recent),
            offered=offered(recent),
            stages=percentiles(rows),
            bound=bound(recent),
        )

    def _run(self) -> None:
        if self._behind:
            let_others_go_first()
        while not self._closing.is_set():
            try:
                if self._next_load:
                    self._load()
                if self._recognise:
                    self._answer(self._recognise)
                else:   # failed: wait for a reload or the end
                    self.inbox.wait()
                    frame = self.inbox.take()
                    if self._next_load:   # this frame may be meant for what is loaded next
                        self.inbox.give_back(frame)
            except Cancelled:
                continue
            except LabError as error:
                if self._abandon.is_set():   # a run that was stopped half-way
                    continue
                self._fail(str(error), error.hint, absent=isinstance(error, NotHere))
            except BaseException as error:   # the thread's boundary: nothing may escape unseen, nor an exit
                if self._abandon.is_set():
                    continue
                log.exception("lane %s", self.spec.model)
                self._fail(f"Something went wrong in {self.spec.model}: {error}.", "", traceback.format_exc())
        self._recognise = None
        self._set(LaneStatus(LaneState.CLOSED))

    def _load(self) -> None:
        with self._reloading:
            load, self._next_load = self._next_load, None
            self._abandon.clear()
        assert load is not None
        if self._closing.is_set():
            raise Cancelled
        self._recognise = None
        self.inbox.counting = False
        self._report("Loading", None)
        self._tuned = self._wanted()
        recognise = load(self._report, self._abandon)
        self._recognise = recognise
        self.provider = recognise.provider
        self.timings.clear()
        self.inbox.counting = True
        self._set(LaneStatus(LaneState.RUNNING, self.warning))

    def _answer(self, recognise: Recognise) -> None:
        start = perf_counter()
        self.inbox.wait()
        arrived = perf_counter()
        with self._turnstile.turn(self):
            try:
                result = self._take_turn(recognise, idle=(arrived - start) * 1e3, arrived=arrived)
            finally:
                with self._looking:   # from here on nobody calls it stuck
                    self._busy_since = 0.0
        late = self.status.state is LaneState.STUCK
        if late:
            self._set(LaneStatus(LaneState.RUNNING, self.warning))
        if result is None or self._closing.is_set():
            return
        result = replace(result, late=True) if late else result
        if on_result := self.on_result:   # first: who sees it in `latest` knows that it was noted
            on_result(result)
        self.latest = result
        if result.seen:
            self.seen = result
        self.results += 1
        self.timings.append(result.finished_at, result.timing, result.frame.index)
        self._on_change()

    def _take_turn(self, recognise: Recognise, *, idle: float, arrived: float) -> Result | None:
        """Answer the newest picture; `idle` in ms, `arrived` in s. None where there is nothing to answer."""
        self._begin(TUNE_S)
        self._tune(recognise)   # within the turn: nobody else's time is measured meanwhile
        mine = perf_counter()
        frame = self.inbox.take()   # only now: the newest
        if frame is None or self._closing.is_set() or self._next_load:
            self.inbox.give_back(frame)
            return None
        self._begin(PATIENCE_S)
        ask = replace(self.ask, lens=lens) if (lens := self.lens) else self.ask
        held_up, self.held_up_s = min(idle, self.held_up_s * 1e3), 0.0
        result = recognise(frame, ask, idle=idle - held_up, turn=(mine - arrived) * 1e3 + held_up)
        if result is None and (on_silence := self.on_silence):
            on_silence()
        return result and with_usual(recognise, result, ask)

    def _begin(self, patience_s: float) -> None:
        """Something begins that may take so long, s."""
        with self._looking:
            self._busy_since, self._patience_s = perf_counter(), patience_s

    def _tune(self, recognise: Recognise) -> None:
        """Compute as it is wanted now: lanes have come or gone, or share the machine in another way."""
        wanted = self._wanted()
        if wanted == self._tuned or self._closing.is_set():
            return
        self._tuned = wanted
        if recognise.tune(wanted):
            self.timings.clear()   # which were those of other threads
            self._set(LaneStatus(LaneState.RUNNING, self.warning))

    def _report(self, message: str, fraction: float | None) -> None:
        self._set(LaneStatus(LaneState.LOADING, message, fraction=fraction))

    def _fail(self, message: str, hint: str, details: str = "", *, absent: bool = False) -> None:
        self._recognise = None
        self.inbox.counting = False
        self._set(LaneStatus(LaneState.FAILED, message, hint, details=details, absent=absent))

    def _set(self, status: LaneStatus) -> None:
        self.status = status
        self._on_change()
