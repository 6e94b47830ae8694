"""One source, many lanes: freeze, modes, swaps, and the end of all of it."""

from collections.abc import Callable
from threading import Event
from threading import enumerate as threads
from time import perf_counter

import pytest
from spine import SOON, Bell, Counting, Net, SlowLoad, loading, picture, spec

from inference.backends import Engine
from inference.data import Ask, LaneSpec, LaneState, Mode, SourceState
from inference.errors import BackendError, LabError, SourceError
from inference.live.session import MAX_LANES, Session
from inference.live.threads import default_mode


class Desk:
    """A session whose networks are made by the test; asked for "a", it runs nets["a"]."""

    def __init__(self, mode: Mode = Mode.TURNS) -> None:
        self.bell = Bell()
        self.nets: dict[str, Net] = {}
        self.loads: dict[str, object] = {}      # instead of a net
        self.wanted: dict[str, Callable[[], Engine]] = {}   # by model: how it is to compute, when asked
        self.session = Session(self._make_load, self.bell, mode=mode)
        self.session._cores = 8

    def _make_load(self, asked: LaneSpec, wanted: Callable[[], Engine]):
        self.wanted[asked.model] = wanted
        if asked.model in self.loads:
            return self.loads[asked.model]
        return loading(self.nets.setdefault(asked.model, Net(asked.model)))

    def add(self, *names: str):
        lanes = [self.session.add(spec(name)) for name in names]
        assert self.until(lambda: all(lane.status.state is LaneState.RUNNING for lane in lanes))
        return lanes

    def until(self, true) -> bool:
        return self.bell.until(true)


    def goes_on(self, index: int) -> bool:
        """Wait for the source to come past this picture; while frozen, nobody rings for it."""
        end = perf_counter() + SOON
        while self.session.latest.index <= index and perf_counter() < end:
            Event().wait(0.001)
        return self.session.latest.index > index


@pytest.fixture
def desk():
    made = Desk()
    yield made
    for net in made.nets.values():
        net.held = False
    assert made.session.close()
    left = [t.name for t in threads() if t.name.startswith(("lane ", "capture"))]
    assert not left, left


def answered(lane, index):
    return lambda: lane.latest is not None and lane.latest.frame.index == index


# ---- how lanes share the machine


@pytest.mark.parametrize(("cores", "mode"), [(1, Mode.TURNS), (4, Mode.TURNS), (5, Mode.TOGETHER), (16, Mode.TOGETHER)])
def test_turns_are_the_default_up_to_four_cores(cores, mode):
    assert default_mode(cores) is mode


def threads_of(desk):
    return {name: wanted().threads for name, wanted in desk.wanted.items()}


def test_lanes_share_the_cores_as_the_mode_says(desk):
    _, b, c = desk.add("a", "b", "c")
    assert threads_of(desk) == {"a": 8, "b": 8, "c": 8}
    desk.session.set_mode(Mode.TOGETHER)
    assert threads_of(desk) == {"a": 2, "b": 2, "c": 2}
    desk.session.set_paused(c, True)
    assert threads_of(desk) == {"a": 4, "b": 4, "c": 4}
    assert desk.wanted["a"]().linger_ms == 0
    desk.session.remove(b)
    assert threads_of(desk)["a"] == 8
    assert desk.wanted["a"]().linger_ms > 0   # it is alone
    assert desk.session.threads_of_one_more() == 4


def test_a_lane_that_failed_takes_no_cores(desk):
    go = Event()

    def breaks(report, cancelled):
        assert go.wait(SOON)
        raise BackendError("It broke.")

    desk.loads["broken"] = breaks
    desk.session.set_mode(Mode.TOGETHER)
    desk.add("a")
    broken = desk.session.add(spec("broken"))
    assert threads_of(desk)["a"] == 4   # it is being loaded
    go.set()
    assert desk.until(lambda: broken.status.state is LaneState.FAILED)
    assert threads_of(desk)["a"] == 8


def test_a_running_lane_takes_the_threads_that_the_mode_gives_it(desk):
    source = Counting()
    a, b = desk.add("a", "b")
    desk.session.open(source)
    assert desk.until(lambda: a.results > 1 and b.results > 1)
    before = len(desk.nets["a"].engines)
    desk.session.set_mode(Mode.TOGETHER)
    assert desk.until(lambda: len(desk.nets["a"].engines) > before)
    assert desk.nets["a"].engines[-1].threads == 4


# ---- lanes come and go


def test_a_session_without_anything_closes(desk):
    assert desk.session.source.state is SourceState.OPENING
    assert desk.session.lanes == []


def test_every_lane_gets_the_live_picture(desk):
    lanes = desk.add("a", "b", "c")
    desk.session.open(Counting())
    assert desk.until(lambda: all(lane.results >= 20 for lane in lanes))
    assert desk.session.source.state is SourceState.LIVE
    assert desk.session.feeds.states_passed == (SourceState.OPENING, SourceState.LIVE)


def test_there_is_room_for_nine(desk):
    lanes = desk.add(*"abcdefghi")
    assert [lane.slot for lane in lanes] == list(range(MAX_LANES))
    with pytest.raises(LabError, match="9 lanes are running") as caught:
        desk.session.add(spec("j"))
    assert caught.value.hint
    desk.session.remove(lanes[4])
    assert desk.session.add(spec("j")).slot == 4   # the free place, its colour and its key


def test_a_lane_that_cannot_be_made_changes_nothing(desk):
    def unknown(wanted, engine):
        raise LabError("There is no model 'x'.")

    desk.session._make_load = unknown
    with pytest.raises(LabError):
        desk.session.add(spec("x"))
    assert desk.session.lanes == []


def test_a_removed_lane_ends_and_the_others_go_on(desk):
    gone, stays = desk.add("a", "b")
    desk.session.open(Counting())
    assert desk.until(lambda: gone.results and stays.results)
    desk.session.remove(gone)
    assert desk.until(lambda: gone.status.state is LaneState.CLOSED)
    before = stays.results
    assert desk.until(lambda: stays.results > before + 5)
    assert desk.session.lanes == [stays]


def test_a_failing_lane_leaves_the_others_alone_and_a_retry_helps(desk):
    sick, well = desk.add("a", "b")
    desk.nets["a"].failing = BackendError("It cannot run.", "Fetch it again.")
    desk.session.open(Counting())
    assert desk.until(lambda: sick.status.state is LaneState.FAILED)
    before = well.results
    assert desk.until(lambda: well.results > before + 10)
    desk.session.retry(sick)
    assert desk.until(lambda: sick.results > 5)
    assert sick.status.state is LaneState.RUNNING


def test_a_lane_that_is_switched_off_gets_nothing(desk):
    off, on = desk.add("a", "b")
    desk.session.set_paused(off, True)
    desk.session.open(Counting())
    assert desk.until(lambda: on.results > 10)
    assert off.results == 0
    desk.session.set_paused(off, False)
    assert desk.until(lambda: off.results > 5)


# ---- freeze


def test_before_the_first_picture_there_is_nothing_to_freeze(desk):
    desk.session.freeze()
    assert desk.session.frozen is None


def test_frozen_all_lanes_answer_the_same_picture(desk):
    lanes = desk.add("a", "b", "c", "d")
    desk.session.open(Counting())
    assert desk.until(lambda: all(lane.results > 3 for lane in lanes))
    desk.session.freeze()
    held = desk.session.frozen
    assert held is not None
    assert desk.until(lambda: all(lane.latest.frame is held for lane in lanes))
    # The source goes on, the lanes do not.
    results, live = [lane.results for lane in lanes], desk.session.latest.index
    assert desk.until(lambda: desk.session.latest.index > live + 20)
    assert [lane.results for lane in lanes] == results
    desk.session.freeze(False)
    assert desk.until(lambda: all(lane.latest.frame.index > held.index for lane in lanes))


def test_no_live_picture_slips_in_after_a_freeze(desk):
    """Many times over, because it is a race between the window and the capture thread."""
    (lane,) = desk.add("a")
    desk.session.open(Counting(period_s=0.0))
    assert desk.until(lambda: lane.results > 3)
    for _ in range(60):
        desk.session.freeze()
        held = desk.session.frozen
        assert desk.until(lambda held=held: lane.latest.frame is held)
        seen = desk.session.latest.index
        assert desk.goes_on(seen + 2)
        assert lane.latest.frame is held
        desk.session.freeze(False)
        assert desk.until(lambda held=held: lane.latest.frame.index > held.index)


def test_a_new_lane_and_a_retried_one_answer_the_frozen_picture_too(desk):
    (first,) = desk.add("a")
    desk.session.open(Counting())
    assert desk.until(lambda: first.results > 3)
    desk.session.freeze()
    held = desk.session.frozen
    late = desk.session.add(spec("late"))
    assert desk.until(answered(late, held.index))
    before = first.results
    assert desk.until(answered(first, held.index))
    desk.session.retry(first)
    assert desk.until(lambda: first.results > before)
    assert first.latest.frame.index == held.index
    # Its waiting began when it was asked, not when the picture was taken.
    assert late.latest.frame.taken_at >= held.taken_at


def test_a_lane_switched_on_while_frozen_answers_the_frozen_picture(desk):
    (lane,) = desk.add("a")
    desk.session.set_paused(lane, True)
    desk.session.open(Counting())
    assert desk.until(lambda: desk.session.latest is not None)
    desk.session.freeze()
    assert lane.results == 0
    desk.session.set_paused(lane, False)
    assert desk.until(answered(lane, desk.session.frozen.index))


def test_a_changed_ask_is_answered_anew_while_frozen(desk):
    lanes = desk.add("a", "b")
    desk.session.open(Counting())
    assert desk.until(lambda: all(lane.results > 3 for lane in lanes))
    desk.session.freeze()
    held = desk.session.frozen
    assert desk.until(lambda: all(answered(lane, held.index)() for lane in lanes))
    desk.session.set_ask(Ask(topk=9))
    assert desk.until(lambda: all(desk.nets[name].calls[-1][1].topk == 9 for name in "ab"))
    assert desk.nets["a"].frames[-1] == held.index
    assert desk.session.add(spec("c")).ask.topk == 9


def test_while_frozen_nobody_is_woken_for_pictures_that_nobody_looks_at(desk):
    (lane,) = desk.add("a")
    prepared = []
    desk.session.prepare = prepared.append
    desk.session.open(Counting())
    assert desk.until(lambda: lane.results > 3)
    desk.session.freeze()
    assert desk.until(answered(lane, desk.session.frozen.index))
    seen, rung, made = desk.session.latest.index, desk.bell.count, len(prepared)
    assert desk.goes_on(seen + 20)
    assert desk.bell.count <= rung + 1             # the answer's own ring may come a moment after it
    assert len(prepared) <= made + 1
    desk.session.freeze(False)
    assert desk.until(lambda: lane.latest.frame.index > seen + 20)
    assert len(prepared) > made


def test_one_lane_is_told_that_it_is_alone(desk):
    a, b = desk.add("a", "b")
    desk.session.open(Counting())
    assert desk.until(lambda: a.results > 2)
    assert not a.latest.frame.alone
    desk.session.set_paused(b, True)
    assert desk.until(lambda: a.latest.frame.alone)


# ---- modes


def test_the_mode_changes_at_run_time(desk):
    lanes = desk.add("a", "b")
    desk.session.open(Counting())
    assert desk.until(lambda: all(lane.results > 3 for lane in lanes))
    desk.wanted.clear()
    desk.session.set_mode(Mode.TURNS)   # it was that already
    desk.session.set_mode(Mode.TOGETHER)
    assert not desk.wanted              # nothing is loaded anew
    before = [lane.results for lane in lanes]
    assert desk.until(lambda: all(lane.results > n + 5 for lane, n in zip(lanes, before, strict=True)))


@pytest.mark.parametrize("mode", list(Mode))
def test_together_lanes_compute_at_once_and_in_turns_one_at_a_time(mode):
    desk = Desk(mode)
    for name in "ab":
        desk.nets[name] = Net(name, held=True)
    try:
        desk.add("a", "b")
        desk.session.open(Counting())
        a, b = desk.nets["a"], desk.nets["b"]
        first = a if a.entered.acquire(timeout=0.3 if mode is Mode.TURNS else SOON) else b
        second = b if first is a else a
        if mode is Mode.TURNS:
            assert first is a or first.begun()
            assert not second.entered.acquire(timeout=0.1)
            first.let_go()
        assert second.begun()
    finally:
        assert desk.session.close()


# ---- sources


def test_the_old_source_goes_on_until_the_new_one_gives_a_picture(desk):
    old, new = Counting("old", shade=10), Counting("new", shade=200)
    (lane,) = desk.add("a")
    desk.session.open(old)
    assert desk.until(lambda: lane.results > 3)
    new.hold.set()
    desk.session.open(new)
    assert new.held.wait(SOON)
    before = lane.results
    assert desk.until(lambda: lane.results > before + 10)   # nothing is lost
    assert (desk.session.shown, desk.session.opening) == (old, new)
    assert desk.session.source.title == "old"
    new.hold.clear()
    new.release.set()
    assert desk.until(lambda: desk.session.shown is new)
    assert desk.session.opening is None
    assert old.closed.wait(SOON)
    begun = len(desk.nets["a"].calls) + 1   # one may still be under way
    assert desk.until(lambda: len(desk.nets["a"].calls) > begun + 10)
    assert {int(frame.pixels[1, 1, 0]) for frame, *_ in desk.nets["a"].calls[begun:]} == {200}
    assert desk.session.source.title == "new"


class Refusing(Counting):
    """A source that cannot be had."""

    def open(self):
        raise SourceError("There is nothing here.", "Choose another.")


class Ended(Counting):
    """A source without pictures."""

    def read(self):
        return None


@pytest.mark.parametrize("kind", [Refusing, Ended])
def test_a_source_that_gives_nothing_is_refused_and_the_old_one_goes_on(desk, kind):
    old, new = Counting("old"), kind("new")
    (lane,) = desk.add("a")
    desk.session.open(old)
    assert desk.until(lambda: lane.results > 3)
    desk.session.freeze()
    held = desk.session.frozen
    desk.session.open(new)
    assert desk.until(lambda: desk.session.feeds.refused is not None)
    assert desk.session.feeds.refused.title == "new"
    assert kind is Ended or desk.session.feeds.refused.message == "There is nothing here."
    assert (desk.session.shown, desk.session.opening) == (old, None)
    assert desk.session.frozen is held   # what was frozen stays frozen
    assert new.closed.wait(SOON)
    desk.session.open(Counting("third"))
    assert desk.session.feeds.refused is None


def test_a_source_asked_for_while_another_opens_takes_its_place(desk):
    first, second, third = Counting("first"), Counting("second"), Counting("third")
    desk.session.open(first)
    assert desk.until(lambda: desk.session.latest is not None)
    second.hold.set()
    desk.session.open(second)
    assert second.held.wait(SOON)
    desk.session.open(third)
    assert desk.until(lambda: desk.session.shown is third)
    second.release.set()
    assert second.closed.wait(SOON)
    assert desk.session.shown is third


def test_a_camera_is_let_go_of_before_another_is_opened(desk):
    """It may be the same device with another size, which two cannot have."""
    old, new = Counting("old"), Counting("new")
    old.live = new.live = True
    desk.session.open(old)
    assert desk.until(lambda: desk.session.latest is not None)
    new.hold.set()
    desk.session.open(new)
    assert desk.session.shown is new
    assert desk.session.latest is None
    assert old.closed.wait(SOON)
    new.release.set()


def test_a_picture_of_a_source_that_was_left_is_turned_away(desk):
    """The last line of defence: the old capture thread is past its own checks when the source changes."""
    (lane,) = desk.add("a")
    desk.session.open(Counting("old"))
    assert desk.until(lambda: lane.results > 3)
    left, new = desk.session.feeds.shown, Counting("new")
    desk.session.open(new)
    assert desk.until(lambda: desk.session.shown is new)
    new.hold.set()
    assert new.held.wait(SOON)
    latest = desk.session.latest
    desk.session._deliver(left, picture(1_000_000))
    assert desk.session.latest is latest
    new.release.set()


def test_another_source_ends_the_freeze(desk):
    desk.session.open(Counting())
    assert desk.until(lambda: desk.session.latest is not None)
    desk.session.freeze()
    desk.session.open(Counting("new"))
    assert desk.until(lambda: desk.session.frozen is None)
    assert desk.until(lambda: desk.session.source.title == "new")


def test_mirror_flips_this_source_and_the_next(desk):
    desk.session.open(Counting(shade=50))
    assert desk.until(lambda: desk.session.latest is not None)
    desk.session.mirror = True
    assert desk.until(lambda: desk.session.latest.pixels[0, 0, 0] == 50)   # the number stands in the other corner
    desk.session.open(Counting("next", shade=60))
    assert desk.until(lambda: desk.session.latest.pixels[1, 1, 0] == 60)
    assert desk.session.latest.pixels[0, 0, 0] == 60


# ---- smoothing begins anew


def test_a_held_picture_says_so_and_a_source_is_a_scene_of_its_own(desk):
    (lane,) = desk.add("a")
    desk.session.open(Counting(shade=50))
    assert desk.until(lambda: lane.results > 3)
    scenes = {frame.scene for frame, *_ in desk.nets["a"].calls}
    assert len(scenes) == 1
    desk.session.freeze()
    before = len(desk.nets["a"].calls)
    desk.session.set_ask(Ask(confidence=0.4))
    assert desk.until(lambda: len(desk.nets["a"].calls) > before)
    assert all(frame.held for frame, *_ in desk.nets["a"].calls[before + 1 :])
    desk.session.freeze(False)
    desk.session.open(Counting("other", shade=55))
    assert desk.until(lambda: desk.session.latest.pixels[1, 1, 0] == 55)
    assert desk.session.latest.scene not in scenes
    assert not desk.session.latest.held


# ---- the end


def _loading_lane(desk):
    desk.loads["slow"] = SlowLoad(Net())
    desk.session.add(spec("slow"))
    assert desk.loads["slow"].begun.wait(SOON)


def _in_line(desk):
    for name in "abc":
        desk.nets[name] = Net(name, held=True)
    desk.add("a", "b", "c")
    desk.session.open(Counting())
    assert desk.until(lambda: len(desk.session._turnstile._queue) == 2)


def _live(desk):
    lanes = desk.add("a", "b", "c", "d")
    desk.session.open(Counting())
    assert desk.until(lambda: all(lane.results > 3 for lane in lanes))


def _frozen(desk):
    _live(desk)
    desk.session.freeze()


def _just_opened(desk):
    desk.session.open(Counting())
    desk.session.open(Counting())
    desk.session.remove(desk.session.add(spec("a")))


@pytest.mark.parametrize("state", [_loading_lane, _in_line, _live, _frozen, _just_opened])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_session_ends_soon_in_every_state(state, mode):
    if state is _in_line and mode is Mode.TOGETHER:
        pytest.skip("nobody stands in line there")
    desk = Desk(mode)
    state(desk)
    start = perf_counter()
    assert desk.session.close()
    assert perf_counter() - start < 2.0
    left = [t.name for t in threads() if t.name.startswith(("lane ", "capture"))]
    assert not left, left


def test_close_tells_when_something_does_not_end(monkeypatch):
    monkeypatch.setattr("inference.live.session.CLOSE_S", 0.1)
    desk, source = Desk(), Counting()
    source.hold.set()
    desk.session.open(source)
    assert source.held.wait(SOON)
    start = perf_counter()
    assert not desk.session.close()
    assert perf_counter() - start < 1.0
    source.release.set()
    assert source.closed.wait(SOON)
    assert desk.session.close()


def test_closing_twice_is_harmless(desk):
    desk.add("a")
    desk.session.open(Counting())
    assert desk.session.close()
    assert desk.session.close()


# --- rounds: in turns, all answer the same picture ------------------------------------------------------------------

def in_rounds(desk, *nets):
    desk.session.set_rounds(True)
    desk.nets.update({net.name: net for net in nets})
    lanes = desk.add(*(net.name for net in nets))
    desk.session.open(Counting())
    return lanes


def test_in_rounds_all_answer_the_same_picture_however_long_they_take(desk):
    slow, quick = Net("slow", held=True), Net("quick")
    in_rounds(desk, slow, quick)
    for _ in range(5):
        assert slow.begun()
        slow.let_go()
    slow.let_go(1000)
    assert desk.bell.until(lambda: len(slow.frames) > 20 and len(quick.frames) > 20)
    both = list(zip(slow.frames, quick.frames, strict=False))
    alike = sum(a == b for a, b in both[1:])   # before the first whole round they may begin with different ones
    assert alike >= len(both) - 2
    assert sorted(set(quick.frames)) == quick.frames   # none twice, none backwards


def test_a_whole_round_is_of_one_picture(desk):
    lanes = in_rounds(desk, Net("one"), Net("two"), Net("three"))
    seen = []

    def look():
        done = desk.session.rounds.done
        if done and (not seen or seen[-1] is not done):
            seen.append(done)
        return len(seen) > 20

    assert desk.bell.until(look)
    for done in seen[1:]:   # "Net" answers with the number of the picture: it must be this one's
        assert set(done.results) == set(lanes)
        assert {result.prediction.labels for result in done.results.values()} == {(str(done.frame.index),)}


@pytest.mark.parametrize("how", ["pause", "remove", "fail"])
def test_nobody_waits_for_a_network_that_gives_no_answer_any_more(desk, how):
    held, quick = Net("held", held=True), Net("quick")
    one, two = in_rounds(desk, held, quick)
    assert held.begun()
    if how == "pause":
        desk.session.set_paused(one, True)
    elif how == "remove":
        desk.session.remove(one)
    else:
        held.failing = BackendError("It broke.", "")
    held.let_go(1000)
    before = two.results
    assert desk.bell.until(lambda: two.results > before + 5)


def test_a_question_of_its_own_does_not_keep_the_round_open(desk):
    one, two = in_rounds(desk, Net("one"), Net("two"))
    assert desk.bell.until(lambda: one.results > 3)
    for _ in range(20):   # its answer is to another picture than the round's, perhaps
        desk.session.set_lens(one, None)
    before = two.results
    assert desk.bell.until(lambda: two.results > before + 5)


def test_pictures_that_a_round_passes_over_are_skipped_ones(desk):
    held, quick = Net("held", held=True), Net("quick")
    _, two = in_rounds(desk, held, quick)
    assert held.begun()
    skipped, at = two.inbox.dropped, desk.session.latest.index
    assert desk.bell.until(lambda: desk.session.latest.index > at + 10)
    assert two.inbox.dropped >= skipped + 8
    asked = len(quick.calls)
    held.let_go(1000)
    assert desk.bell.until(lambda: len(quick.calls) > asked)
    _, _, idle, turn = quick.calls[asked]
    assert turn > 10   # ms: it was ready, and waited for the other one, not for the camera
    assert idle < turn


def test_there_are_no_rounds_together_nor_of_a_frozen_picture(desk):
    one, _ = in_rounds(desk, Net("one"), Net("two"))
    assert desk.bell.until(lambda: desk.session.rounds.done)
    desk.session.set_mode(Mode.TOGETHER)
    assert desk.session.rounds.done is None
    before = one.results
    assert desk.bell.until(lambda: one.results > before + 5)
    desk.session.set_mode(Mode.TURNS)
    assert desk.bell.until(lambda: desk.session.rounds.done)
    desk.session.freeze()
    assert desk.session.rounds.done is None
    desk.session.freeze(False)
    assert desk.bell.until(lambda: desk.session.rounds.done)


# ---- while something else is measured


@pytest.mark.parametrize("rounds", [False, True])
@pytest.mark.parametrize("mode", list(Mode))
def test_lanes_rest_and_go_on(desk, mode, rounds):
    one, two = in_rounds(desk, Net("one"), Net("two"))
    desk.session.set_rounds(rounds)
    desk.session.set_mode(mode)
    assert desk.bell.until(lambda: min(one.results, two.results) > 3)
    desk.session.rest(True)
    end = perf_counter() + SOON
    while (one.busy or two.busy) and perf_counter() < end:
        Event().wait(0.001)
    before = (one.results, two.results)
    desk.session.set_ask(Ask(topk=3))   # nor does a question of another kind wake them
    desk.session.set_paused(two, True)
    desk.session.set_paused(two, False)
    three = desk.session.add(spec("three"))   # nor is a new one asked
    assert desk.until(lambda: three.status.state is LaneState.RUNNING)
    assert (one.results, two.results, three.results) == (*before, 0)
    desk.session.rest(False)
    assert desk.bell.until(lambda: one.results > before[0] + 3 and two.results > before[1] + 3 and three.results > 3)


def test_a_frozen_picture_is_answered_after_a_rest(desk):
    (one,) = desk.add("a")
    desk.session.open(Counting(period_s=0.002))
    assert desk.until(lambda: one.results > 0)
    desk.session.rest(True)
    desk.session.freeze()
    frozen = desk.session.frozen
    desk.session.rest(False)
    assert desk.until(lambda: one.latest.frame.shared is frozen.shared)


def stands(source: Counting) -> bool:
    """Whether the source is read no more, but for the picture that is under way."""
    before = source.reads
    Event().wait(0.05)
    return source.reads <= before + 1


def test_the_source_rests_with_the_lanes(desk):
    (one,) = desk.add("a")
    source = Counting(period_s=0.002)
    desk.session.open(source)
    assert desk.until(lambda: one.results > 3)
    desk.session.rest(True)
    assert stands(source)
    at = desk.session.latest.index
    desk.session.rest(False)
    assert desk.until(lambda: desk.session.latest.index > at + 10 and one.results > 6)
    assert source.opens == 1


def test_a_live_source_is_let_go_of_while_it_rests_and_opened_again(desk):
    source = Counting(period_s=0.002, shade=40)
    source.live = True
    desk.session.open(source)
    assert desk.until(lambda: desk.session.latest is not None)
    desk.session.rest(True)
    assert source.closed.wait(SOON)
    assert stands(source)
    assert source.opens == 1
    at = desk.session.latest.index
    desk.session.rest(False)
    assert desk.until(lambda: desk.session.latest.index > at + 3)
    assert source.opens == 2
    assert desk.session.source.state is SourceState.LIVE


def test_a_source_that_is_opened_while_all_rests_gives_one_picture(desk):
    (one,) = desk.add("a")
    desk.session.rest(True)
    source = Counting(period_s=0.002)
    desk.session.open(source)
    assert desk.until(lambda: desk.session.latest is not None)
    assert stands(source)
    assert one.results == 0
    desk.session.rest(False)
    assert desk.until(lambda: one.results > 3)


def test_a_session_closes_while_it_rests(desk):
    desk.session.open(Counting(period_s=0.002))
    assert desk.until(lambda: desk.session.latest is not None)
    desk.session.rest(True)
    assert desk.session.close()


def test_each_round_begins_with_another_network(desk):
    lanes = desk.add("a", "b", "c")
    desk.session.set_rounds(True)
    orders = []
    for index in range(6):
        desk.session.rounds.clear()
        assert desk.session.rounds.offer(picture(index), lanes)
        orders.append([lane.title for lane in desk.session.rounds.order(lanes)])
    assert sorted(order[0] for order in orders) == ["a", "a", "b", "b", "c", "c"]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    desk.session.set_rounds(False)
    assert desk.session.rounds.order(lanes) == lanes
    assert desk.session.rounds.order([]) == []
