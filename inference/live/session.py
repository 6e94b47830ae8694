"""A session: one source feeding any number of lanes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

from inference.backends import Engine
from inference.cores import computing_cores
from inference.data import Ask, Frame, LaneSpec, LaneState, Lens, Mode, Result, SourceStatus
from inference.errors import LabError
from inference.live.feeds import Feeds
from inference.live.lane import Lane
from inference.live.leaving import Leaving
from inference.live.recognise import Load, MakeLoad
from inference.live.rounds import Rounds
from inference.live.sources import Source
from inference.live.sources.feed import Feed
from inference.live.tape import Tape
from inference.live.threads import default_mode, engine_for
from inference.live.turnstile import Turnstile
from inference.live.watchman import Watchman

if TYPE_CHECKING:
    from inference.live.recording import Recorder

MAX_LANES = 9
CLOSE_S = 1.8   # the window must be gone within two seconds

log = logging.getLogger(__name__)


class Session:
    """Owns the feed and the lanes; close it and every thread is gone.

    All methods may be called from one thread, the window's or the command line's; `on_change` is called from
    the capture and lane threads, carries nothing, and must return at once.
    """

    def __init__(
        self, make_load: MakeLoad, on_change: Callable[[], None] = lambda: None, *, mode: Mode | None = None,
        window: bool = False,
    ) -> None:  # fmt: skip
        """With a `window`, the networks leave it a core where both want it."""
        self.mode = mode or default_mode()
        self.ask = Ask()
        self.lanes: list[Lane] = []
        self.latest: Frame | None = None          # the newest live picture
        self.frozen: Frame | None = None          # the picture that all lanes answer while frozen
        self.prepare: Callable[[Frame], None] | None = None   # on the capture thread, before anyone gets a frame
        self._make_load = make_load
        self._window = window
        self._on_change = on_change
        self._cores = computing_cores()
        self._turnstile = Turnstile(free=self.mode is Mode.TOGETHER)
        self.feeds = Feeds()
        self._tape = Tape()
        self._leaving = Leaving()
        self._handing = Lock()                    # no live picture slips past a freeze or an open
        self.rounds = Rounds()
        self.resting = ""                         # a word for why no lane gets a picture: "measuring"
        self._watchman = Watchman(lambda: self.lanes)

    @property
    def source(self) -> SourceStatus:
        """Where the source stands now."""
        return self.feeds.status()

    @property
    def shown(self) -> Source | None:
        """The source that is shown; `open` may have been asked for another one that has given no picture yet."""
        return feed.source if (feed := self.feeds.shown) else None

    @property
    def opening(self) -> Source | None:
        """The source that was asked for and has given no picture yet, while another one is still shown."""
        return feed.source if (feed := self.feeds.next) else None

    @property
    def recorder(self) -> Recorder | None:
        """What records, also when it ended by itself: see its `trouble`; None where nothing is recorded."""
        return self._tape.recorder

    def set_rounds(self, on: bool) -> None:
        """Whether, in turns, all networks answer the same picture before any gets the next one; see `rounds.done`.

        Without, each takes the newest picture when its turn comes. How often each answers is the same.
        """
        with self._handing:
            self.rounds.clear()
            self.rounds.on = on

    def open(self, source: Source) -> None:
        """Show another source.

        The old one goes on until the new one gives its first picture: one that gives none is `refused`, and nothing is
        lost. A camera is let go of at once, as the new source may be the same device.
        """
        feed = Feed(source, self._deliver, self._looked_after, behind=self._window)
        with self._handing:
            to_end = self.feeds.ask_for(feed, shows=self.latest is not None)
            if self.feeds.shown is feed:
                self._begin()
        self._leave(to_end)
        feed.start()

    def _begin(self) -> None:
        """The pictures are another source's from now on. Under `_handing`."""
        self.latest = self.frozen = None
        self.rounds.clear()
        self._tape.go_on()
        for lane in self.lanes:
            lane.inbox.take()   # of the old source, unread

    def _leave(self, feeds: Iterable[Feed]) -> None:
        for feed in feeds:
            feed.ask_to_close()
            self._leaving.add(feed)

    def _looked_after(self) -> None:
        """On the capture threads: something has changed; give up a new source that ended without a picture."""
        with self._handing:
            given_up = self.feeds.give_up()
        if given_up:
            self._leave([given_up])
        self._on_change()

    def add(
        self, spec: LaneSpec, *, slot: int | None = None, place: int | None = None, load: Load | None = None
    ) -> Lane:
        """Put one more network in front of the picture; with this `slot`, if it is free, at this `place` in the row.

        `load` gives what it runs, where that is no network of the catalogue: a recording.

        Raises:
            LabError: there are nine already, or there is no such model.
        """
        free = [s for s in range(MAX_LANES) if s not in {lane.slot for lane in self.lanes}]
        slot = slot if slot in free else next(iter(free), None)
        if slot is None:
            raise LabError(f"{MAX_LANES} lanes are running.", "Remove one before you add another.")
        wanted = partial(self._engine, spec)
        load = load or self._make_load(spec, wanted)
        lane = Lane(spec, load, self._turnstile, self._on_change, slot, wanted, behind=self._window)
        lane.ask = self.ask
        lane.on_result, lane.on_silence = partial(self._note, lane), partial(self._note, lane, None)
        with self._handing:
            before = self.lanes[:place]   # the list is replaced whole: others read it while it changes
            self.lanes = [*before, lane, *self.lanes[len(before) :]]
            lane.resting = bool(self.resting)
            if frame := self._held() or self.latest:
                lane.offer(frame)
        self._watchman.start()
        return lane.start()

    def threads_of_one_more(self) -> int:
        """How many threads a network that is added now would compute with, if nobody chooses."""
        return engine_for(LaneSpec(""), self.mode, len(self._running()) + 1, cores=self._cores).threads

    def remove(self, lane: Lane) -> None:
        """Take a network away; its thread ends by itself."""
        self.lanes = [other for other in self.lanes if other is not lane]
        lane.ask_to_close()
        self._leaving.add(lane)

    def put_in_order(self, lanes: Sequence[Lane]) -> None:
        """The lanes in this order; their slots stay."""
        self.lanes = sorted(self.lanes, key=list(lanes).index)

    def set_mode(self, mode: Mode) -> None:
        """Change how lanes share the machine; their figures begin anew."""
        if mode is self.mode:
            return
        with self._handing:
            self.mode = mode
            self.rounds.clear()
        self._turnstile.free = mode is Mode.TOGETHER
        for lane in self.lanes:
            lane.timings.clear()

    def retry(self, lane: Lane) -> None:
        """Load a lane again, after a failure or with other settings."""
        lane.reload(self._make_load(lane.spec, partial(self._engine, lane.spec)))
        if frame := self._held():
            lane.offer(frame)

    def set_lens(self, lane: Lane, lens: Lens | None) -> None:
        """Let a lane look at pictures through this, or as its card says again; it answers once more."""
        lane.lens = lens
        if lens is None:
            lane.seen = None
        self._look_again(lane)

    def _look_again(self, lane: Lane) -> None:
        """Let a lane answer the held or newest picture once more."""
        if frame := self._held() or self.latest:
            lane.offer(frame)

    def set_paused(self, lane: Lane, paused: bool) -> None:
        """Switch a lane off or on; off, it keeps its network and its last answer."""
        lane.paused = paused
        self._look_again(lane)
        self._on_change()

    def rest(self, resting: bool, reason: str = "measuring") -> None:
        """Let lanes and source rest for this `reason`, one word, or go on; networks and answers stay."""
        with self._handing:
            self.resting = reason if resting else ""
            self.rounds.clear()
            self.feeds.rest(resting)
            for lane in self.lanes:
                lane.resting = resting
                lane.inbox.take()   # what waits in it
                self._look_again(lane)   # who rests takes nothing
        self._on_change()

    def set_ask(self, ask: Ask) -> None:
        """Change what is wanted of the answers; a frozen picture is answered anew."""
        self.ask = ask
        frame = self._held()
        for lane in self.lanes:
            lane.ask = ask
            if frame:
                lane.offer(frame)

    def freeze(self, frozen: bool = True, other: Frame | None = None) -> None:
        """Hold the newest picture, or an `other` one, for all lanes, or go on. Before the first it does nothing."""
        with self._handing:
            self.rounds.clear()
            if not frozen:
                self.frozen = None
                self._tape.go_on()
            elif held := other or (self.latest if self.frozen is None else None):
                # The waiting time of an answer to a frozen picture begins now, not when it was taken.
                self.frozen = replace(held, taken_at=perf_counter(), held=True)
                self._tape.hold(self.frozen)
                for lane in self.lanes:
                    lane.offer(self.frozen)
        self._on_change()

    @property
    def mirror(self) -> bool:
        """Whether pictures are flipped left to right before anyone sees them."""
        return self.feeds.mirror

    @mirror.setter
    def mirror(self, mirror: bool) -> None:
        self.feeds.mirror = mirror

    def record(self, folder: Path) -> Recorder:
        """Write pictures and answers into `folder` until `stop_recording` or `close`.

        Raises:
            LabError: nothing can be written there, or a recording is running.
        """
        recorder = self._tape.prepare(self, folder, self._on_change)
        with self._handing:
            self._tape.begin(recorder, self.frozen, self.latest)
        return recorder

    def stop_recording(self) -> str:
        """End the recording; a sentence on what was written where."""
        with self._handing:
            recorder = self._tape.take()
        if not recorder:
            return "Nothing was being recorded."
        recorder.close()
        return recorder.sentence

    def close(self) -> bool:
        """Stop everything and wait for the threads. True when all are gone within two seconds.

        What does not end, as a network inside an engine that cannot be stopped, is named in the log and left behind.
        """
        deadline = perf_counter() + CLOSE_S
        self._watchman.ask_to_close()
        feeds, lanes, recorders = self.feeds.both, self.lanes, [self.recorder] if self.recorder else []
        parts: tuple[Feed | Recorder | Lane, ...] = (*feeds, *recorders, *lanes)
        for part in parts:
            part.ask_to_close()
        self.lanes = []   # now, not before: the last ones are not to spread over the cores once more
        left = self._leaving.wait(deadline, *lanes, *recorders, *feeds)
        if left:
            log.warning("%s did not end and is left behind.", " and ".join(left))
        self._watchman.close()
        return not left

    def _engine(self, spec: LaneSpec) -> Engine:
        """How a lane shall compute beside those that do now; from any thread."""
        return engine_for(spec, self.mode, len(self._running()), cores=self._cores)

    def _running(self) -> list[Lane]:
        """The lanes that compute, or are about to."""
        return [lane for lane in self.lanes if not lane.paused and lane.status.state is not LaneState.FAILED]

    def _held(self) -> Frame | None:
        """The frozen picture as if taken now: the waiting time of its answer begins when it is asked for."""
        return replace(self.frozen, taken_at=perf_counter()) if self.frozen else None

    def _hand_to_all(self, frame: Frame) -> None:
        """Give every lane this picture; in rounds, when all have answered the one before. Under `_handing`."""
        if self.resting:
            return
        if self.rounds.on and self.mode is Mode.TURNS and not self.rounds.offer(frame, self.lanes):
            return
        for lane in self.rounds.order(self.lanes):
            lane.offer(frame)

    def _note(self, lane: Lane, result: Result | None) -> None:
        """On the lane's thread: let the recording have an answer; None where nothing is said to a picture."""
        if result is not None:
            self._tape.answer(lane, result)
        if not self.rounds.on:
            return
        with self._handing:
            latest, index = self.latest, self.rounds.index
            if self.rounds.answered(lane, result) and latest and latest.index != index:
                self._hand_to_all(latest)   # at once: nobody is to wait for the next picture

    def _deliver(self, feed: Feed, frame: Frame) -> None:
        """On the capture thread: hand the picture to every lane."""
        if sum(not lane.paused for lane in self.lanes) == 1:
            frame = replace(frame, alone=True)
        feeds = self.feeds
        still = self.frozen is not None and feed is feeds.shown   # nobody looks at this picture
        if self.prepare and feed in feeds.both and not still:
            self.prepare(frame)
        old: Feed | None = None
        with self._handing:
            if feed is feeds.next:   # its first picture: now it is shown
                old = feeds.show_next()
                self._begin()
            elif feed is not feeds.shown:   # a source that is being left
                return
            self.latest = frame
            if self.resting:   # one that came meanwhile: its first picture is enough for now
                feed.rest(True)
            if self.frozen is None:
                self._tape.picture(frame)   # before the lanes: their answers are joined to it
                self._hand_to_all(frame)
        if old:
            self._leave([old])
        if not still:
            self._on_change()
