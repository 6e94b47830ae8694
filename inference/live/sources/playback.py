"""How a video is played: paused, sought, stepped, slower or faster. Asked from any thread, obeyed by the source's."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)   # times as fast as it was filmed


@dataclass(frozen=True, slots=True)
class Playing:
    """Where a video stands; replaced whole."""

    frame: int = -1          # the number of the picture that was given last; -1: none yet
    frames: int = 0          # that there are; 0: not known, and nothing can be sought
    fps: float = 30.0        # of the file
    paused: bool = False
    speed: float = 1.0       # one of SPEEDS
    loop: bool = True        # begins again at its end
    at_s: float = 0.0        # s, the time of the picture in the file

    @property
    def length_s(self) -> float:
        """Of the file, s; 0 where it is not known."""
        return self.frames / self.fps


class Playback:
    """What is asked of a video. The last wish counts; steps add up."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now = Playing()
        self._wanted: int | None = None   # frame
        self._stops: Sequence[int] = ()   # the frames that may be gone to, rising; empty: all

    @property
    def now(self) -> Playing:
        """Where it stands."""
        return self._now

    def pause(self, paused: bool) -> None:
        """Hold the picture, or go on."""
        self._change(paused=paused)

    def play_at(self, speed: float) -> None:
        """So many times as fast, the nearest of SPEEDS."""
        self._change(speed=min(SPEEDS, key=lambda one: abs(one - speed)))

    def play_again(self, loop: bool) -> None:
        """Whether it begins again at its end."""
        self._change(loop=loop)

    def stop_at(self, frames: Sequence[int]) -> None:
        """Steps and seeks go to these alone, given in rising order: those that a recording has answers to."""
        with self._lock:
            self._stops = frames

    def seek(self, frame: int) -> None:
        """Go to this picture; beyond an end to that end. Nothing where the length is not known."""
        with self._lock:
            if self._now.frames > 0:
                self._wanted = self._stop_near(frame, 0)

    def step(self, by: int) -> None:
        """So many pictures on or back, and hold there."""
        with self._lock:
            self._now = replace(self._now, paused=True)
            if self._now.frames > 0:
                self._wanted = self._stop_near(self._now.frame if self._wanted is None else self._wanted, by)

    def _stop_near(self, frame: int, by: int) -> int:
        """The frame that lies so many places on from this one, or the nearest where `by` is 0."""
        stops = self._stops
        if not stops:
            return max(0, min(self._now.frames - 1, frame + by))
        at = bisect_left(stops, frame)
        if by == 0:
            return min(stops[max(0, at - 1) : at + 1], key=lambda one: abs(one - frame))
        if by > 0 and (at == len(stops) or stops[at] != frame):
            at -= 1   # between two: the next one on is that behind it
        return stops[max(0, min(len(stops) - 1, at + by))]

    # --- for the source -----------------------------------------------------------------------------------------

    def opened(self, frames: int, fps: float) -> None:
        """The file has so many pictures."""
        self._change(frames=max(0, frames), fps=fps)

    def given(self, frame: int, at_s: float) -> None:
        """This picture was given, which has this time in the file, s."""
        self._change(frame=frame, at_s=at_s)

    def take_wanted(self) -> int | None:
        """The picture that is to be gone to, once; None where nobody asked."""
        with self._lock:
            wanted, self._wanted = self._wanted, None
        return wanted

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._now = replace(self._now, **changes)


def playback_of(source: object) -> Playback | None:
    """How this source is played; None of one that cannot be: a camera, a picture."""
    found = getattr(source, "playback", None)
    return found if isinstance(found, Playback) else None
