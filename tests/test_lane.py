"""The mailbox, the turnstile, and one lane."""

from threading import Barrier, Condition, Event, Thread
from threading import enumerate as threads
from time import perf_counter

import numpy as np
import pytest
from spine import SOON, Bell, Net, SlowLoad, loading, picture, spec

from inference.backends import Engine
from inference.data import Ask, LaneState, Timing
from inference.errors import BackendError
from inference.live.lane import SPAN_S, Lane, Mailbox, Turnstile
from inference.live.timings import COLUMNS, HISTORY, TimingLog
from inference.live.timings import bound as bound_by


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def lanes(bell):
    """Makes lanes; all are closed at the end, and their threads gone."""
    made = []

    def make(net_or_load, turnstile=None, name="net"):
        load = loading(net_or_load) if isinstance(net_or_load, Net) else net_or_load
        made.append(Lane(spec(name), load, turnstile or Turnstile(), bell, len(made)).start())
        return made[-1]

    yield make
    for lane in made:
        lane.ask_to_close()
    for lane in made:
        assert lane.close(SOON)
    assert not [t.name for t in threads() if t.name.startswith("lane ")]


def running(lane):
    return lambda: lane.status.state is LaneState.RUNNING


# ---- mailbox


def test_an_empty_mailbox_gives_nothing():
    assert Mailbox().take() is None


@pytest.mark.parametrize(("put", "dropped"), [(1, 0), (2, 1), (5, 4)])
def test_a_mailbox_keeps_only_the_newest_and_counts_the_rest(put, dropped):
    box = Mailbox()
    for i in range(put):
        box.put(picture(i))
    assert box.take().index == put - 1
    assert box.take() is None
    assert box.dropped == dropped


def test_a_frame_that_was_read_is_not_dropped():
    box = Mailbox()
    for i in range(3):
        box.put(picture(i))
        box.take()
    assert box.dropped == 0


def test_what_nobody_could_read_was_not_skipped():
    box = Mailbox()
    box.counting = False
    box.put(picture(0))
    box.put(picture(1))
    assert box.dropped == 0


def test_a_frame_given_back_never_replaces_a_newer_one():
    box = Mailbox()
    box.give_back(picture(1))
    assert box.take().index == 1
    box.put(picture(3))
    box.give_back(picture(2))
    assert box.take().index == 3
    box.give_back(None)
    assert box.take() is None


@pytest.mark.parametrize("before", [True, False], ids=["wake before wait", "wake during wait"])
def test_wake_ends_a_wait(before):
    box = Mailbox()
    if before:
        box.wake()
    waiter = Thread(target=box.wait)
    waiter.start()
    if not before:
        box.wake()
    waiter.join(SOON)
    assert not waiter.is_alive()


def test_one_wake_ends_one_wait():
    box = Mailbox()
    box.wake()
    box.wait()
    waiter = Thread(target=box.wait)
    waiter.start()
    waiter.join(0.05)
    assert waiter.is_alive()
    box.put(picture())
    waiter.join(SOON)
    assert not waiter.is_alive()


# ---- timings


def test_no_timings_are_no_rows():
    log = TimingLog()
    assert len(log) == 0
    assert log.rows().shape == (0, len(COLUMNS))


def test_timings_come_back_oldest_first_and_the_oldest_go():
    log = TimingLog(capacity=4)
    for i in range(6):
        log.append(float(i), Timing(wait=1, preprocess=2, infer=3, postprocess=4, cpu_infer=5, idle=6, turn=7), frame=i)
    assert len(log) == 4
    assert log.rows()[:, 0].tolist() == [2, 3, 4, 5]
    assert log.rows(last=2)[:, 0].tolist() == [4, 5]
    assert log.rows(since=3.0)[:, 0].tolist() == [4, 5]
    assert dict(zip(COLUMNS, log.rows()[-1], strict=True)) == {
        "at": 5, "wait": 1, "preprocess": 2, "infer": 3, "postprocess": 4, "latency": 9, "cpu": 5,
        "cpu_preprocess": 0, "cpu_infer": 5, "cpu_postprocess": 0, "idle": 6, "turn": 7, "frame": 5,
    }  # fmt: skip
    log.clear()
    assert len(log.rows()) == 0


# ---- turnstile


def test_turns_are_taken_one_at_a_time_in_the_order_of_arrival():
    gate, order, inside = Turnstile(), [], []
    queue = gate._queue

    def go(name):
        with gate.turn():
            inside.append(name)
            assert len(inside) == 1
            order.append(name)
            inside.remove(name)

    with gate.turn():
        waiting = []
        for name in range(6):
            waiting.append(Thread(target=go, args=(name,)))
            waiting[-1].start()
            end = perf_counter() + SOON
            while len(queue) < len(waiting):   # each stands in line before the next comes
                assert perf_counter() < end
    for thread in waiting:
        thread.join(SOON)
    assert order == list(range(6))


def test_a_small_network_gets_as_many_turns_as_a_big_one():
    gate, order, stop, tick = Turnstile(), [], Event(), Event()

    def go(name, work):
        while not stop.is_set():
            with gate.turn():
                order.append(name)
                end = perf_counter() + SOON
                while not stop.is_set() and len(gate._queue) < 3 and perf_counter() < end:   # all others are in line
                    tick.wait(0.0005)
                sum(range(work))
                if len(order) >= 120:
                    stop.set()

    workers = [Thread(target=go, args=(name, 10 if name == "a" else 20_000)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(SOON)
    assert not any(worker.is_alive() for worker in workers)
    settled = order[8:116]
    assert {name: settled.count(name) for name in "abcd"} == dict.fromkeys("abcd", 27)
    assert settled[:-4] == settled[4:]   # round and round


def test_an_error_inside_a_turn_lets_the_next_one_in():
    gate = Turnstile()
    with pytest.raises(ZeroDivisionError), gate.turn():
        _ = 1 / 0
    with gate.turn():
        pass


def test_free_lets_all_in_at_once():
    gate, together = Turnstile(free=True), Barrier(3)

    def go():
        with gate.turn():
            together.wait(SOON)   # breaks unless all three are inside

    workers = [Thread(target=go) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(SOON)
    assert not together.broken


def test_turns_and_free_may_change_while_a_turn_is_held():
    gate = Turnstile()
    with gate.turn():
        gate.free = True
        with gate.turn():   # would wait for ever in turns
            gate.free = False
    with gate.turn():
        pass


# ---- a lane


def test_a_lane_answers_on_the_newest_frame(lanes, bell):
    net = Net(held=True)
    lane = lanes(net)
    assert bell.until(running(lane))
    lane.inbox.put(picture(0))
    assert net.begun()
    for i in range(1, 8):   # while it works, seven pass by
        lane.inbox.put(picture(i))
    net.let_go(2)
    assert bell.until(lambda: lane.results == 2)
    assert net.frames == [0, 7]
    assert lane.latest.frame.index == 7
    assert lane.figures().skipped == 6


def test_the_newest_frame_is_taken_after_the_turn_has_come(lanes, bell):
    gate, net = Turnstile(), Net()
    lane = lanes(net, gate)
    assert bell.until(running(lane))
    with gate.turn():
        lane.inbox.put(picture(0))
        end = perf_counter() + SOON
        while not gate._queue:
            assert perf_counter() < end
        lane.inbox.put(picture(1))
    assert bell.until(lambda: lane.results == 1)
    assert net.frames == [1]
    assert net.calls[0][3] > 0   # ms waited for the turn


def test_in_turns_lanes_get_equal_counts(lanes, bell):
    """Each run takes as long as the source needs for two rounds, so that every lane always has a picture waiting."""
    rounds, told = [0], Condition()

    class Slower(Net):
        def __call__(self, *given, **more):
            with told:
                begun = rounds[0]
                told.wait_for(lambda: rounds[0] >= begun + 2 or self.stopped.is_set(), SOON)
            return super().__call__(*given, **more)

        def stop(self):
            super().stop()
            with told:
                told.notify_all()

    gate, nets = Turnstile(), [Slower(str(i)) for i in range(3)]
    made = [lanes(net, gate, name) for net, name in zip(nets, "abc", strict=True)]
    assert bell.until(lambda: all(running(lane)() for lane in made))
    end = perf_counter() + 2 * SOON
    while max(lane.results for lane in made) < 24:
        for lane in made:
            lane.inbox.put(picture(rounds[0]))
        with told:
            rounds[0] += 1
            told.notify_all()
        assert perf_counter() < end
    counts = [lane.results for lane in made]
    assert max(counts) - min(counts) <= 3, counts


def test_the_ask_of_the_moment_is_used(lanes, bell):
    net = Net()
    lane = lanes(net)
    for topk in (1, 7):
        lane.ask = Ask(topk=topk)
        lane.inbox.put(picture(topk))
        assert bell.until(lambda topk=topk: lane.latest and lane.latest.frame.index == topk)
    assert [ask.topk for _, ask, *_ in net.calls] == [1, 7]


def test_frames_that_pass_while_it_loads_are_not_skipped(lanes, bell):
    load = SlowLoad(Net())
    lane = lanes(load)
    assert load.begun.wait(SOON)
    assert lane.status.state is LaneState.LOADING
    assert lane.status.message == "Fetching net (1.0 MB)"
    assert lane.status.fraction == 0.5
    for i in range(5):
        lane.inbox.put(picture(i))
    load.done.set()
    assert bell.until(lambda: lane.results == 1)
    assert lane.latest.frame.index == 4
    assert lane.figures().skipped == 0


@pytest.mark.parametrize(
    ("error", "message", "hint", "bug"),
    [
        (BackendError("It cannot run.", "Fetch it again."), "It cannot run.", "Fetch it again.", False),
        (ValueError("odd shape"), "Something went wrong in net: odd shape.", "", True),
    ],
    ids=["lab error", "bug"],
)
def test_a_failing_run_is_said_and_others_go_on(lanes, bell, caplog, error, message, hint, bug):
    gate, bad, good = Turnstile(), Net(), Net("other")
    sick, well = lanes(bad, gate), lanes(good, gate, "other")
    bad.failing = error
    sick.inbox.put(picture(0))
    assert bell.until(lambda: sick.status.state is LaneState.FAILED)
    assert (sick.status.message, sick.status.hint) == (message, hint)
    assert ("Traceback" in sick.status.details) is bug
    assert bool(caplog.records) is bug
    for i in range(3):
        well.inbox.put(picture(i))
        assert bell.until(lambda i=i: well.latest and well.latest.frame.index == i)
    for i in range(4):   # pass a lane that has stopped
        sick.inbox.put(picture(i))
    assert sick.figures().skipped == 0
    assert len(bad.calls) == 1


def test_a_failing_load_is_said_and_a_retry_helps(lanes, bell):
    def broken(report, cancelled):
        raise BackendError("net.onnx cannot be opened.", "Fetch it again.")

    lane = lanes(broken)
    assert bell.until(lambda: lane.status.state is LaneState.FAILED)
    assert lane.status.message == "net.onnx cannot be opened."
    net = Net()
    lane.reload(loading(net))
    lane.inbox.put(picture(9))   # right behind: it must not be lost between the two
    assert bell.until(lambda: lane.results == 1)
    assert net.frames == [9]


def test_a_reload_keeps_the_last_answer_and_forgets_the_figures(lanes, bell):
    lane = lanes(Net("first"))
    lane.inbox.put(picture(1))
    assert bell.until(lambda: lane.results == 1)
    load = SlowLoad(Net("second"))
    lane.reload(load)
    assert load.begun.wait(SOON)
    assert lane.latest.model == "first"
    load.done.set()
    lane.inbox.put(picture(2))
    assert bell.until(lambda: lane.results == 2)
    assert lane.latest.model == "second"
    assert len(lane.timings) == 1


def test_a_reload_gives_up_the_load_under_way(lanes, bell):
    never = SlowLoad(Net("never"))
    lane = lanes(never)
    assert never.begun.wait(SOON)
    for i in range(20):   # every one cancels the one before, none is lost
        lane.reload(SlowLoad(Net(f"passing {i}")))
    lane.reload(loading(Net("last")))
    lane.inbox.put(picture())
    assert bell.until(lambda: lane.latest is not None)
    assert lane.latest.model == "last"


def test_a_frame_left_before_a_reload_is_answered_by_what_is_loaded_next(lanes, bell):
    gate, old, new = Turnstile(), Net("old"), Net("new")
    lane = lanes(old, gate)
    assert bell.until(running(lane))
    with gate.turn():   # it has seen the frame and stands in line when the reload comes
        lane.inbox.put(picture(5))
        end = perf_counter() + SOON
        while not gate._queue:
            assert perf_counter() < end
        lane.reload(loading(new))
    assert bell.until(lambda: lane.results == 1)
    assert (old.frames, new.frames) == ([], [5])


# ---- closing


def _loading(lanes, bell):
    load = SlowLoad(Net())
    lane = lanes(load)
    assert load.begun.wait(SOON)
    return [lane]


def _idle(lanes, bell):
    lane = lanes(Net())
    assert bell.until(running(lane))
    return [lane]


def _busy(lanes, bell):
    net = Net(held=True)   # ends only when it is told to stop
    lane = lanes(net)
    lane.inbox.put(picture())
    assert net.begun()
    return [lane]


def _in_line(lanes, bell):
    gate, net, other = Turnstile(), Net("first", held=True), Net("second")
    first, second = lanes(net, gate, "first"), lanes(other, gate, "second")
    first.inbox.put(picture())
    assert net.begun()
    second.inbox.put(picture())
    end = perf_counter() + SOON
    while not gate._queue:
        assert perf_counter() < end
    return [first, second]


def _failed(lanes, bell):
    def broken(report, cancelled):
        raise BackendError("It cannot be opened.")

    lane = lanes(broken)
    assert bell.until(lambda: lane.status.state is LaneState.FAILED)
    return [lane]


@pytest.mark.parametrize("state", [_loading, _idle, _busy, _in_line, _failed])
def test_a_lane_closes_soon_in_every_state(lanes, bell, state):
    made = state(lanes, bell)
    start = perf_counter()
    for lane in made:
        lane.ask_to_close()
    for lane in made:
        assert lane.close(2.0)
    assert perf_counter() - start < 2.0
    assert all(lane.status.state is LaneState.CLOSED for lane in made)


def test_close_says_when_a_thread_does_not_end(lanes):
    stuck, end = Event(), Event()

    def deaf(report, cancelled):   # does not look at `cancelled`
        stuck.set()
        end.wait(SOON)
        return Net()

    lane = lanes(deaf)
    assert stuck.wait(SOON)
    assert not lane.close(0.05)
    end.set()
    assert lane.close(SOON)


def test_a_run_that_was_stopped_is_no_failure(lanes, bell):
    net = Net(held=True)
    net.failing = BackendError("The run was ended.")
    lane = lanes(net)
    states = []
    lane._on_change = lambda: states.append(lane.status.state)
    lane.inbox.put(picture())
    assert net.begun()
    assert lane.close(SOON)
    assert net.stopped.is_set()
    assert LaneState.FAILED not in states


# ---- figures


def test_figures_before_the_first_answer(lanes):
    figures = lanes(Net()).figures()
    assert (figures.results, figures.skipped, figures.fps, figures.bound) == (0, 0, 0.0, "")
    assert figures.stages["infer"] == (0.0, 0.0, 0.0)


def test_percentiles_are_numpy_s(lanes):
    lane = lanes(Net())
    rng = np.random.default_rng(3)
    times = rng.gamma(3.0, 5.0, (250, 6))   # within SPAN_S
    now = perf_counter()
    for i, (wait, pre, infer, post, cpu, idle) in enumerate(times):
        lane.timings.append(now - 60 + i * 0.03, Timing(wait, pre, infer, post, cpu_infer=cpu, idle=idle))
    figures = lane.figures()
    columns = dict(zip(("wait", "preprocess", "infer", "postprocess", "cpu"), times[:, :5].T, strict=True))
    columns["latency"] = times[:, 1:4].sum(axis=1)
    for name, values in columns.items():
        assert figures.stages[name] == pytest.approx(np.percentile(values, (50, 95, 99)))
    assert figures.timed == 250


def test_times_are_those_of_the_last_seconds_before_the_newest_answer(lanes):
    lane = lanes(Net())
    now = perf_counter() - 300   # a frozen picture: nothing new for minutes
    for i in range(400):
        lane.timings.append(now + i * 0.1, Timing(infer=5.0 if i < 150 else 9.0))
    figures = lane.figures()
    assert figures.timed == pytest.approx(SPAN_S / 0.1, abs=1)
    assert figures.stages["infer"] == (9.0, 9.0, 9.0)
    assert figures.fps == 0.0
    lane.timings.clear()   # another mode
    assert lane.figures().timed == 0


@pytest.mark.parametrize("fps", [1.5, 30.0, 400.0])
def test_the_rate_is_counted_over_the_last_seconds(lanes, fps):
    lane = lanes(Net())
    now = perf_counter()
    for i in range(min(HISTORY, int(fps * 10))):
        lane.timings.append(now - 10 + i / fps, Timing(infer=1.0))
    assert lane.figures().fps == pytest.approx(fps, rel=0.02)


def test_the_rate_of_a_lane_at_rest_is_nought(lanes):
    lane = lanes(Net())
    for i in range(50):
        lane.timings.append(perf_counter() - 30 + i / 30, Timing(infer=1.0))
    assert lane.figures().fps == 0.0
    assert lane.figures().bound == ""


@pytest.mark.parametrize(
    ("count", "step", "idle", "turn", "work", "bound"),
    [
        (0, 1, 0, 0, 0, ""),
        (2, 1, 25, 0, 8, ""),
        (3, 1, 25, 0, 8, "camera"),
        (30, 1, 25, 0, 8, "camera"),
        (30, 1, 0.2, 0, 32, "camera"),    # just quick enough
        (30, 3, 0.2, 0, 80, "model"),
        (30, 3, 20, 40, 80, "model"),     # idle before the next picture comes, and skipping all the same
        (30, 7, 0.2, 160, 80, "turns"),
        (30, 0, 0.2, 0, 80, ""),          # frozen: one picture again and again
        (30, -1, 0.2, 0, 80, ""),
    ],
)
def test_what_a_lane_is_bound_by(count, step, idle, turn, work, bound):
    log = TimingLog()
    for i in range(count):
        log.append(float(i), Timing(infer=work, idle=idle, turn=turn), frame=i * step)
    assert bound_by(log.rows()) == bound


# ---- as many threads as there is room for


class Wish:
    """How a lane is to compute; the test changes its mind."""

    def __init__(self) -> None:
        self.engine = Engine(2)

    def __call__(self) -> Engine:
        return self.engine


def test_a_lane_computes_as_it_is_wanted_from_the_next_answer_on(bell):
    wish, net = Wish(), Net()
    lane = Lane(spec(), loading(net), Turnstile(), bell, wanted=wish).start()
    try:
        lane.inbox.put(picture(0))
        assert bell.until(lambda: lane.results == 1)
        assert net.engines == []          # as it was loaded
        assert lane.threads == 2          # the net does not tell: what it was asked for
        wish.engine = Engine(1)
        lane.inbox.put(picture(1))
        assert bell.until(lambda: lane.results == 2)
        assert net.engines == [Engine(1)]
        assert net.frames == [0, 1]       # the picture that waited is answered
        assert len(lane.timings) == 1     # the times before were those of other threads
        assert lane.latest.frame.index == 1
    finally:
        assert lane.close(SOON)


def test_what_the_network_cannot_change_changes_no_figures(bell):
    class Set(Net):
        def tune(self, engine):
            super().tune(engine)
            return False

    wish, net = Wish(), Set()
    lane = Lane(spec(), loading(net), Turnstile(), bell, wanted=wish).start()
    try:
        for i, engine in enumerate([Engine(2), Engine(1), Engine(1)]):
            wish.engine = engine
            lane.inbox.put(picture(i))
            assert bell.until(lambda n=i + 1: len(lane.timings) == n)
        assert net.engines == [Engine(1)]   # asked once
    finally:
        assert lane.close(SOON)
