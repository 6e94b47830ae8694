"""The feed: every state, what is said, and that it always ends."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from threading import Condition, Event, get_native_id
from time import perf_counter, sleep

import cv2
import numpy as np
import pytest
from mjpeg_server import MjpegServer, noise
from numpy.typing import NDArray

from inference.data import Frame, SourceState
from inference.errors import SourceError
from inference.live.priority import NICER
from inference.live.sources import Source, feed
from inference.live.sources.feed import Feed
from inference.live.sources.stream import Stream
from inference.live.sources.synthetic import Pattern
from inference.opencv_threads import LEAST, Share

OPENING, LIVE, STALLED, LOST, REOPENING, ENDED = SourceState
Step = NDArray[np.uint8] | BaseException | Callable[[], NDArray[np.uint8] | None] | None


class Script:
    """Gives what it is told, then None; counts how often it is opened and closed."""

    title = "Script"
    note, caption = "a note", "a caption"
    period_s = 0.0

    def __init__(self, *steps: Step, live: bool = False, opening: BaseException | None = None) -> None:
        self.live, self.steps, self.opening = live, list(steps), opening
        self.opened = self.closed = 0

    def open(self) -> None:
        self.opened += 1
        if self.opening:
            raise self.opening

    def read(self) -> NDArray[np.uint8] | None:
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, BaseException):
            raise step
        return step() if callable(step) else step

    def close(self) -> None:
        self.closed += 1


class Watched:
    """A feed, what it delivered, and a way to wait for it."""

    def __init__(self, source: Source) -> None:
        self.frames: list[Frame] = []
        self.changes = self._seen = 0
        self._news = Condition()
        self.feed = Feed(source, self._deliver, self._changed)

    def _deliver(self, _: Feed, frame: Frame) -> None:
        with self._news:
            self.frames.append(frame)
            self._news.notify_all()

    def _changed(self) -> None:
        with self._news:
            self.changes += 1
            self._news.notify_all()

    def wait(self, what: Callable[[], object], timeout: float = 5.0) -> None:
        with self._news:
            assert self._news.wait_for(what, timeout), (self.feed.status(), self.feed.states_passed())

    def wait_for(self, state: SourceState, timeout: float = 5.0) -> float:
        """Seconds until the feed passed into a state, after those waited for before; told by on_change."""
        start = perf_counter()
        self.wait(lambda: state in self.feed.states_passed()[self._seen :], timeout)
        self._seen += self.feed.states_passed()[self._seen :].index(state) + 1
        return perf_counter() - start

    def have(self, count: int, timeout: float = 5.0) -> None:
        self.wait(lambda: len(self.frames) >= count, timeout)

    def more(self, count: int = 3, timeout: float = 5.0) -> None:
        self.have(len(self.frames) + count, timeout)


@pytest.fixture
def watch() -> Iterator[Callable[[Source], Watched]]:
    made: list[Watched] = []

    def start(source: Source) -> Watched:
        made.append(Watched(source))
        made[-1].feed.start()
        return made[-1]

    yield start
    closed = [shown.feed.close(2.0) for shown in made]
    assert all(closed)


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as server:
        yield server


# --- files and patterns ---------------------------------------------------------------------------------------------


def test_a_feed_that_was_never_started_closes() -> None:
    shown = Watched(Script())
    assert shown.feed.status().state is OPENING
    assert shown.feed.close(0.1)


def test_an_empty_source_ends(watch: Callable[[Source], Watched]) -> None:
    source = Script()
    shown = watch(source)
    shown.wait_for(ENDED)
    assert shown.frames == []
    assert shown.feed.status().fps == 0
    assert shown.feed.close(2)
    assert (source.opened, source.closed) == (1, 1)


def test_every_frame_of_a_file_is_delivered_once_and_read_only(watch: Callable[[Source], Watched]) -> None:
    shown = watch(Script(noise(1), noise(2), noise(2), noise(3)))
    shown.wait_for(ENDED)
    assert [frame.index for frame in shown.frames] == [0, 1, 2, 3]
    assert not any(frame.pixels.flags.writeable for frame in shown.frames)
    assert shown.feed.states_passed() == (OPENING, LIVE, ENDED)
    status = shown.feed.status()
    assert (status.size, status.message, status.title) == ((120, 160), "a note", "Script")
    assert status.caption == "a caption"


def test_black_and_repeated_pictures_of_a_file_are_pictures(
    watch: Callable[[Source], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "REPEAT_S", 0.0)
    monkeypatch.setattr(feed, "STALL_S", 0.0)
    black = np.zeros((8, 8, 3), np.uint8)
    shown = watch(Script(black, black, black))
    shown.wait_for(ENDED)
    assert len(shown.frames) == 3
    assert STALLED not in shown.feed.states_passed()


def test_the_mirror_flips_left_to_right(watch: Callable[[Source], Watched]) -> None:
    go = Event()
    shown = watch(Script(noise(1), lambda: noise(1) if go.wait(5) else None))
    shown.have(1)
    shown.feed.mirror = True
    go.set()
    shown.wait_for(ENDED)
    plain, mirrored = (frame.pixels for frame in shown.frames)
    np.testing.assert_array_equal(plain[:, ::-1], mirrored)
    assert not np.array_equal(plain, mirrored)


def test_frames_come_at_the_pace_of_the_source(watch: Callable[[Source], Watched]) -> None:
    shown = watch(Pattern((64, 48), fps=50))
    shown.have(51)
    taken = [frame.taken_at for frame in shown.frames[:51]]
    assert taken[50] - taken[0] == pytest.approx(1.0, rel=0.15)   # drift would add up over fifty frames
    assert shown.feed.status().fps == pytest.approx(50, rel=0.2)


def test_without_a_period_the_source_sets_the_pace(watch: Callable[[Source], Watched]) -> None:
    shown = watch(Pattern((64, 48), fps=0))
    shown.have(300, timeout=3.0)


def test_a_file_that_cannot_be_opened_is_said_and_not_tried_again(watch: Callable[[Source], Watched]) -> None:
    source = Script(opening=SourceError("There is no file x.", "Check its name."))
    shown = watch(source)
    shown.wait_for(LOST)
    assert shown.feed.close(2)
    status = shown.feed.status()
    assert (status.state, status.message, status.hint) == (LOST, "There is no file x.", "Check its name.")
    assert (source.opened, source.closed) == (1, 1)


def test_a_bug_in_a_source_is_logged_and_said(
    watch: Callable[[Source], Watched], caplog: pytest.LogCaptureFixture
) -> None:
    shown = watch(Script(noise(1), ZeroDivisionError("of ours"), live=True))
    with caplog.at_level(logging.ERROR):
        shown.wait_for(ENDED)
        assert shown.feed.close(2)
    assert shown.feed.status().message == "Something went wrong in the source Script."
    assert "ZeroDivisionError" in caplog.text


# --- what is live ---------------------------------------------------------------------------------------------------


def test_a_read_that_hangs_is_seen_at_once(watch: Callable[[Source], Watched]) -> None:
    hang = Event()
    shown = watch(Script(noise(1), lambda: noise(2) if hang.wait(10) else None, lambda: noise(3), live=True))
    shown.wait_for(LIVE)
    before = shown.changes
    assert shown.wait_for(STALLED) < 2.0
    assert shown.changes > before
    status = shown.feed.status()
    assert status.state is STALLED
    assert "No new picture comes from Script." in status.message
    hang.set()
    shown.have(2)
    assert shown.feed.states_passed()[:4] == (OPENING, LIVE, STALLED, LIVE)


def test_status_knows_a_stall_even_before_the_watchdog(
    watch: Callable[[Source], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = Event()
    shown = watch(Script(noise(1), lambda: noise(2) if hang.wait(10) else None, live=True))
    shown.wait_for(LIVE)
    monkeypatch.setattr(feed, "STALL_S", 0.0)
    assert shown.feed.status().state is STALLED
    hang.set()


def test_a_live_source_that_is_not_there_is_tried_again(watch: Callable[[Source], Watched]) -> None:
    source = Script(noise(1), live=True, opening=SourceError("Camera 0 is not there."))
    shown = watch(source)
    shown.wait_for(LOST)
    assert shown.feed.status().message == "Camera 0 is not there."
    source.opening = None
    shown.wait_for(LIVE)
    assert shown.feed.states_passed()[:4] == (OPENING, LOST, REOPENING, LIVE)
    assert shown.feed.status().message in ("a note", "Script gives no more pictures.")


def test_the_pauses_between_attempts_grow(
    watch: Callable[[Source], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BACK_OFF_S", (0.01, 0.02, 0.15))
    moments: list[float] = []
    source = Script(live=True, opening=SourceError("Gone."))
    opened = source.open
    source.open = lambda: (moments.append(perf_counter()), opened())[1]  # type: ignore[method-assign]
    shown = watch(source)
    shown.wait(lambda: len(moments) >= 6)
    pauses = np.diff(moments)
    assert pauses[:2].max() < 0.15
    assert pauses[2:].min() >= 0.14
    assert source.closed >= 5


def test_a_picture_that_is_not_there_yet_is_asked_for_again(watch: Callable[[Source], Watched]) -> None:
    empty = np.zeros((0, 0, 3), np.uint8)
    shown = watch(Script(empty, empty, noise(1), live=True))
    shown.have(1)
    assert shown.frames[0].pixels.shape == (120, 160, 3)


def test_a_stream_plays(watch: Callable[[Source], Watched], server: MjpegServer) -> None:
    shown = watch(Stream(server.url))
    shown.more(20)
    status = shown.feed.status()
    assert (status.state, status.message, status.size) == (LIVE, "", (120, 160))
    assert 10 < status.fps < 45
    assert shown.feed.states_passed() == (OPENING, LIVE)


def test_a_stream_that_stalls_comes_back(watch: Callable[[Source], Watched], server: MjpegServer) -> None:
    shown = watch(Stream(server.url))
    shown.more()
    server.stalled.set()
    assert shown.wait_for(STALLED) < 2.0
    assert shown.feed.status().message.startswith("No new picture comes from 127.0.0.1")
    shown.wait_for(LOST)
    assert "broke off" in shown.feed.status().message
    shown.wait_for(REOPENING)
    server.stalled.clear()
    shown.wait_for(LIVE)
    shown.more()
    assert shown.feed.status().message == ""
    assert shown.feed.states_passed()[:5] == (OPENING, LIVE, STALLED, LOST, REOPENING)


def test_a_camera_that_wakes_up_slowly_is_waited_for(
    watch: Callable[[Source], Watched], server: MjpegServer
) -> None:
    """Three seconds: neither given up nor called late meanwhile."""
    server.mute.set()
    shown = watch(Stream(server.url))
    sleep(3.0)
    assert shown.feed.states_passed() == (OPENING,)
    server.mute.clear()
    shown.wait_for(LIVE)
    assert shown.feed.states_passed() == (OPENING, LIVE)
    assert server.requests == 1


def test_one_picture_in_two_seconds_is_a_camera_too(watch: Callable[[Source], Watched]) -> None:
    with MjpegServer(fps=0.5) as slow:
        shown = watch(Stream(slow.url))
        shown.have(3, timeout=12)
        assert shown.feed.states_passed() == (OPENING, LIVE)
        assert slow.requests == 1


def test_a_short_stall_needs_no_new_connection(watch: Callable[[Source], Watched], server: MjpegServer) -> None:
    shown = watch(Stream(server.url))
    shown.more()
    server.stalled.set()
    shown.wait_for(STALLED)
    server.stalled.clear()
    shown.wait_for(LIVE)
    assert shown.feed.states_passed() == (OPENING, LIVE, STALLED, LIVE)
    assert server.requests == 1


def test_a_stream_that_dies_comes_back(watch: Callable[[Source], Watched], server: MjpegServer) -> None:
    shown = watch(Stream(server.url))
    shown.more()
    server.die()
    assert shown.wait_for(LOST) < 2.0
    shown.wait_for(REOPENING)
    server.revive()
    shown.wait_for(LIVE)
    assert shown.feed.status().message == ""


def test_a_stream_that_repeats_its_picture_is_said_and_recovers(
    watch: Callable[[Source], Watched], server: MjpegServer
) -> None:
    shown = watch(Stream(server.url))
    shown.more()
    server.repeating.set()
    assert shown.wait_for(STALLED) < 2.0
    status = shown.feed.status()
    assert "repeats the same picture" in status.message
    assert status.hint
    count = len(shown.frames)
    server.repeating.clear()
    shown.wait_for(LIVE)
    shown.more()
    assert len(shown.frames) > count
    assert shown.feed.status().message == ""
    assert shown.feed.states_passed() == (OPENING, LIVE, STALLED, LIVE)


def test_black_pictures_are_never_delivered(watch: Callable[[Source], Watched], server: MjpegServer) -> None:
    server.black.set()
    shown = watch(Stream(server.url))
    assert shown.wait_for(STALLED) < 2.5
    assert "black pictures" in shown.feed.status().message
    assert shown.frames == []
    server.black.clear()
    shown.wait_for(LIVE)
    shown.more()
    assert all(frame.pixels.max() > 40 for frame in shown.frames)


# --- the end --------------------------------------------------------------------------------------------------------


def stall(shown: Watched, server: MjpegServer) -> None:
    shown.more()
    server.stalled.set()
    shown.wait_for(STALLED)


def die(shown: Watched, server: MjpegServer) -> None:
    shown.more()
    server.die()
    shown.wait_for(LOST)


def reopen(shown: Watched, server: MjpegServer) -> None:
    shown.more()
    server.mute.set()
    server.die()
    server.revive()
    shown.wait_for(REOPENING)


@pytest.mark.parametrize(
    ("into", "state"),
    [
        (lambda shown, server: shown.wait(lambda: True), OPENING),
        (lambda shown, server: shown.more(), LIVE),
        (stall, STALLED),
        (die, LOST),
        (reopen, REOPENING),
    ],
    ids=["opening", "live", "stalled", "lost", "reopening"],
)
def test_a_feed_closes_within_two_seconds(
    into: Callable[[Watched, MjpegServer], None], state: SourceState, server: MjpegServer
) -> None:
    if state is OPENING:
        server.mute.set()
    shown = Watched(Stream(server.url))
    shown.feed.start()
    into(shown, server)
    assert shown.feed.states_passed()[-1] is state
    start = perf_counter()
    assert shown.feed.close(2.0)
    assert perf_counter() - start < 2.0
    delivered = len(shown.frames)
    assert not shown.feed._watchdog.is_alive()
    assert len(shown.frames) == delivered


def test_close_says_when_a_driver_never_returns() -> None:
    hang = Event()
    shown = Watched(Script(noise(1), lambda: noise(2) if hang.wait(20) else None, live=True))
    shown.feed.start()
    shown.wait_for(LIVE)
    assert not shown.feed.close(0.1)
    hang.set()
    assert shown.feed.close(2.0)
    assert len(shown.frames) == 1   # what came after the end is not delivered


# --- scenes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "cut"),
    [
        (np.full((90, 160, 3), 40, np.uint8), False),
        (np.full((90, 160, 3), 60, np.uint8), False),     # the light changed
        (np.full((90, 160, 3), 200, np.uint8), True),
        (np.full((180, 160, 3), 40, np.uint8), True),     # another shape is another picture
        (np.full((2, 2, 3), 40, np.uint8), True),
    ],
    ids=["same", "brighter", "another", "shape", "tiny"],
)
def test_a_cut_begins_another_scene(
    watch: Callable[[Source], Watched], second: NDArray[np.uint8], cut: bool
) -> None:
    first = np.full((90, 160, 3), 40, np.uint8)
    shown = watch(Script(first, first, second, second))
    shown.wait_for(ENDED)
    scenes = [frame.scene for frame in shown.frames]
    assert scenes[0] == scenes[1]
    assert (scenes[2] != scenes[1]) is cut
    assert scenes[3] == scenes[2]


def test_a_movement_is_no_cut(watch: Callable[[Source], Watched]) -> None:
    pattern = Pattern((320, 180))
    pattern.open()
    shown = watch(Script(*(pattern.frame(i) for i in range(30))))
    shown.wait_for(ENDED)
    assert len({frame.scene for frame in shown.frames}) == 1


def test_another_caption_is_another_scene(watch: Callable[[Source], Watched]) -> None:
    first = np.full((90, 160, 3), 40, np.uint8)
    script = Script(first, first)

    def told() -> NDArray[np.uint8]:
        script.caption = "Another picture"   # faded in, so that no two frames differ much
        return first

    script = Script(first, told, first)
    shown = watch(script)
    shown.wait_for(ENDED)
    scenes = [frame.scene for frame in shown.frames]
    assert scenes[0] != scenes[1] == scenes[2]


def test_every_source_is_a_scene_of_its_own() -> None:
    feeds = [Feed(Script(), lambda *_: None, lambda: None) for _ in range(3)]
    assert len({feed._scene for feed in feeds}) == 3


# ---- OpenCV's threads ----


@pytest.mark.usefixtures("opencv_threads")
def test_a_source_takes_one_thread_of_opencvs_and_leaves_others_what_they_want(
    watch: Callable[[Source], Watched]
) -> None:
    """One number holds for the whole process: what a network wants stays, and nobody takes more."""
    cv2.setNumThreads(4)
    watch(Script(noise(1))).wait_for(ENDED)
    assert cv2.getNumThreads() == LEAST
    share = Share(2)
    watch(Script(noise(1))).wait_for(ENDED)
    assert cv2.getNumThreads() == 2
    share.release()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux alone")
@pytest.mark.parametrize(
    ("live", "behind", "stands_back"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_what_is_no_camera_lets_the_networks_go_first(live, behind, stands_back):
    found: list[int] = []

    def step() -> NDArray[np.uint8] | None:
        found.append(os.getpriority(os.PRIO_PROCESS, get_native_id()))
        return None

    feed = Feed(Script(step, live=live), lambda *_: None, lambda: None, behind=behind)
    feed.start()
    end = perf_counter() + 10
    while not found and perf_counter() < end:
        Event().wait(0.001)
    feed.close(5)
    assert found[0] == (NICER if stands_back else os.getpriority(os.PRIO_PROCESS, get_native_id()))
