"""Rounds: where networks take turns, all of them answer the same picture before any gets the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from inference.data import Frame, LaneState, Result

if TYPE_CHECKING:
    from inference.live.lane import Lane


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One picture, and what every network that took part said about it."""

    frame: Frame
    results: Mapping[Lane, Result]


class Rounds:
    """Says when a picture may be handed out, and keeps the last round that is whole.

    Not safe by itself: the session calls it under its lock.
    """

    def __init__(self) -> None:
        self.on = False                           # whether there are any: only where lanes take turns
        self.done: Round | None = None            # the last whole one; replaced, never changed
        self._frame: Frame | None = None          # what the present round answers
        self._waiting: set[Lane] = set()          # who has not answered it yet
        self._results: dict[Lane, Result] = {}
        self._ready_s: dict[Lane, float] = {}     # when who did
        self._passed_over = False                 # a picture came meanwhile and was handed to nobody
        self._begun = 0

    @property
    def index(self) -> int:
        """The number of the picture that the present round answers; -1 where there is none."""
        return self._frame.index if self._frame is not None else -1

    def clear(self) -> None:
        """Forget what was asked for: another source, a held picture, another mode."""
        self.done = self._frame = None
        self._waiting, self._results, self._ready_s = set(), {}, {}
        self._passed_over = False

    def offer(self, frame: Frame, lanes: Iterable[Lane]) -> bool:
        """Whether this picture begins a round, to be handed to all `lanes`; else it is passed over, and counted."""
        lanes = [lane for lane in lanes if not lane.paused]
        running = {lane for lane in lanes if lane.status.state is LaneState.RUNNING}
        self._waiting &= running   # nobody waits for who failed, hangs, was switched off or is gone
        if self._waiting:
            if self._passed_over:   # the one before it: this one may still be handed out
                for lane in lanes:
                    lane.inbox.skip()
            self._passed_over = True
            return False
        self._finish()
        now = perf_counter()
        if self._passed_over:   # there was something to answer: who was ready has waited for the others
            for lane, ready_s in self._ready_s.items():
                lane.held_up_s = now - ready_s
        self._frame, self._waiting, self._results, self._ready_s = frame, running, {}, {}
        self._passed_over = False
        self._begun += 1
        return True

    def order(self, lanes: Sequence[Lane]) -> Sequence[Lane]:
        """In which they get the picture, and so their turns: each round another one first.

        The first computes while the window still paints the round before, and takes longer for it on few cores: in a
        fixed order that would always be the same network.
        """
        first = self._begun % len(lanes) if self.on and lanes else 0
        return [*lanes[first:], *lanes[:first]]

    def answered(self, lane: Lane, result: Result | None) -> bool:
        """Note an answer, or None where nothing is said. Whether it was the last one of the round."""
        frame = self._frame
        if frame is None or lane not in self._waiting:
            return False
        self._waiting.discard(lane)
        self._ready_s[lane] = perf_counter()
        if result and result.frame.shared is frame.shared:   # else it was asked for something else meanwhile
            self._results[lane] = result
        if self._waiting:
            return False
        self._finish()
        return True

    def _finish(self) -> None:
        if self._frame is not None and self._results:
            self.done = Round(self._frame, self._results)
            self._results = {}
