"""What holds a lane back, in one readable sentence."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from inference.data import LaneState
from inference.lane import Figures, Lane

OVER_S = 2.5   # rates are counted over this time

GROUPS = {
    "camera": ("keeps up with the camera", "keep up with the camera"),
    "model": ("is bound by the model", "are bound by their models"),
    "turns": ("waits for its turn", "wait for their turn"),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a lane goes, and how many pictures pass it by."""

    fps: float = 0.0       # answers a second
    skipped: float = 0.0   # pictures a second that were replaced before the lane came to them

    @property
    def offered(self) -> float:
        """Pictures a second that the lane was offered."""
        return self.fps + self.skipped


class Pacer:
    """Measures the pace of one lane from its counters."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()

    def look(self, lane: Lane, now: float | None = None) -> Pace:
        """The pace over the last seconds; `now` in s of time.perf_counter()."""
        now = perf_counter() if now is None else now
        answered, dropped = lane.results, lane.inbox.dropped
        if self._seen and (answered < self._seen[-1][1] or dropped < self._seen[-1][2]):
            self._seen.clear()   # the lane counts from the start again
        self._seen.append((now, answered, dropped))
        while len(self._seen) > 2 and self._seen[1][0] < now - OVER_S:
            self._seen.popleft()
        then, answered_then, dropped_then = self._seen[0]
        span = now - then
        if span <= 0.2:
            return Pace()
        return Pace((answered - answered_then) / span, (dropped - dropped_then) / span)


def rate(value: float) -> str:
    """Frames a second with one decimal."""
    return f"{value:.1f}"


def sentence(lane: Lane, figures: Figures, pace: Pace) -> str:
    """What one lane is bound by, or why it gives no answers."""
    name = lane.title
    state = lane.status.state
    if state is LaneState.LOADING:
        return f"{name} is loading"
    if lane.status.absent:
        return f"{name} is not on this machine yet"
    if state is LaneState.FAILED:
        return f"{name} has stopped: {lane.status.message.rstrip('.')}"
    if lane.paused:
        return f"{name} is switched off"
    if not figures.bound:
        return f"{name} waits for pictures"
    verb = GROUPS[figures.bound][0]
    fps = pace.fps or figures.fps
    if figures.bound == "camera":
        return f"{name} {verb}: {rate(fps)} of {rate(max(fps, pace.offered))} frames/s"
    skips = f", {round(pace.skipped)} frames skipped a second" if pace.skipped >= 0.5 else ""
    return f"{name} {verb}: {rate(fps)} frames/s{skips}"


def summary(lanes: Sequence[tuple[Lane, Figures, Pace]]) -> str:
    """One line for all lanes: who keeps up, who is bound by the model, who waits for its turn."""
    if not lanes:
        return ""
    if len(lanes) == 1:
        return sentence(*lanes[0])
    said: list[str] = []
    for bound, (one, many) in GROUPS.items():
        group = [entry for entry in lanes if _running(entry) and entry[1].bound == bound]
        if not group:
            continue
        rates = sorted(pace.fps or figures.fps for _, figures, pace in group)
        spread = rate(rates[0]) if rates[-1] - rates[0] < 0.15 else f"{rate(rates[0])} to {rate(rates[-1])}"
        said.append(f"{_names(group, len(lanes))} {one if len(group) == 1 else many}: {spread} frames/s")
    if loading := [entry for entry in lanes if entry[0].status.state is LaneState.LOADING]:
        said.append(f"{_names(loading, len(lanes))} {'is' if len(loading) == 1 else 'are'} loading")
    if absent := [entry for entry in lanes if entry[0].status.absent]:
        said.append(f"{_names(absent, len(lanes))} {'is' if len(absent) == 1 else 'are'} not on this machine yet")
    stopped = (entry for entry in lanes if entry[0].status.state is LaneState.FAILED)
    if failed := [entry for entry in stopped if not entry[0].status.absent]:
        said.append(f"{_names(failed, len(lanes))} {'has' if len(failed) == 1 else 'have'} stopped")
    return " · ".join(said)


def _running(entry: tuple[Lane, Figures, Pace]) -> bool:
    return entry[0].status.state is LaneState.RUNNING and not entry[0].paused


def _names(group: Sequence[tuple[Lane, Figures, Pace]], total: int) -> str:
    titles = [lane.title for lane, _, _ in group]
    if len(titles) == total:
        return "Both networks" if total == 2 else f"All {total} networks"
    if len(titles) <= 2:
        return " and ".join(titles)
    return f"{len(titles)} networks"
