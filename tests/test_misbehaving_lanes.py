"""A network that hangs, raises or ends its thread: the others go on, and the window can be closed."""

import logging
import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event
from threading import enumerate as threads
from time import perf_counter

import cv2
import numpy as np
import psutil
import pytest
from make import card, file_of, never_ending_onnx
from spine import SOON, Bell, Counting, Net, loading, picture, spec

from inference.backends import Engine
from inference.backends.ort import OrtBackend
from inference.data import Classification, LaneSpec, LaneState, Mode, Result, Timing
from inference.errors import BackendError, Cancelled
from inference.live.lane import Lane
from inference.live.session import CLOSE_S, Session
from inference.live.turnstile import Turnstile
from inference.recogniser import Recogniser
from inference.time_limit import time_limit
from models.user_cards import save_card

MORE = 20   # answers that the others must still give


class Misbehaving(Net):
    """Answers three times; then it does what it was made for."""

    def __init__(self, what: str, end: Event) -> None:
        super().__init__(what)
        self.what, self.end = what, end

    def __call__(self, frame, ask, *, idle, turn):
        if len(self.calls) >= 3 and not self.end.is_set():
            self.entered.release()
            match self.what:
                case "hangs until it is stopped":
                    assert self.stopped.wait(3 * SOON)
                    raise BackendError("The run was ended.")
                case "is deaf" | "is late":
                    assert self.end.wait(3 * SOON)
                case "raises":
                    raise RuntimeError("a bug")
                case "has no memory":
                    raise MemoryError
                case "leaves the program":
                    raise SystemExit(3)
                case "is interrupted":
                    raise KeyboardInterrupt
        return super().__call__(frame, ask, idle=idle, turn=turn)


WAYS = {
    "hangs until it is stopped": LaneState.STUCK,
    "is deaf": LaneState.STUCK,
    "is late": LaneState.STUCK,
    "raises": LaneState.FAILED,
    "has no memory": LaneState.FAILED,
    "leaves the program": LaneState.FAILED,
    "is interrupted": LaneState.FAILED,
}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("inference.live.lane.PATIENCE_S", 0.2)
    monkeypatch.setattr("inference.live.watchman.LOOK_S", 0.02)


@pytest.fixture
def end():
    event = Event()
    yield event
    event.set()
    gone_by = perf_counter() + SOON
    while left := [t.name for t in threads() if t.name.startswith(("lane ", "capture", "watchman"))]:
        assert perf_counter() < gone_by, left
        Event().wait(0.01)


def lab(what, mode, end):
    """A session with one misbehaving lane and two good ones."""
    bell = Bell()
    bad = Misbehaving(what, end)
    session = Session(lambda asked, wanted: loading(bad if asked.model == "bad" else Net(asked.model)), bell, mode=mode)
    lanes = [session.add(spec(name)) for name in ("good", "bad", "fine")]
    session.open(Counting())
    return session, lanes, bell


def go_on(bell, *lanes):
    """Whether these lanes give more answers."""
    before = [lane.results for lane in lanes]
    return bell.until(lambda: all(lane.results >= n + MORE for lane, n in zip(lanes, before, strict=True)))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("what", WAYS)
def test_the_others_go_on(what, mode, end, impatient, caplog):
    session, (good, bad, fine), bell = lab(what, mode, end)
    assert bell.until(lambda: bad.status.state is WAYS[what])
    assert go_on(bell, good, fine)
    assert good.status.state is fine.status.state is LaneState.RUNNING
    if WAYS[what] is LaneState.STUCK:
        assert bad.status.message == "bad does not answer."
    else:
        assert bad.status.message.startswith("Something went wrong in bad")
        assert "Traceback" in bad.status.details
    start = perf_counter()
    with caplog.at_level(logging.WARNING, "inference.live.session"):
        whole = session.close()
    assert perf_counter() - start < CLOSE_S + 0.2
    deaf = what in ("is deaf", "is late")
    assert whole is not deaf
    assert ("bad did not end and is left behind." in caplog.text) is deaf   # named


@pytest.mark.parametrize("cure", ["together", "remove", "load again"])
def test_nobody_needs_to_wait_for_the_limit(cure, end):
    session, (good, bad, fine), bell = lab("hangs until it is stopped", Mode.TURNS, end)
    assert bell.until(lambda: bad.results == 3)
    net = bad._recognise
    assert all(net.begun() for _ in range(4))
    bad_state = bad.status.state
    if cure == "together":
        session.set_mode(Mode.TOGETHER)
    elif cure == "remove":
        session.remove(bad)
    else:
        bad._busy_since -= 100   # it is known to hang
        bad.look()
        end.set()
        session.retry(bad)
        assert bell.until(lambda: bad.results > 3)
    assert bad_state is LaneState.RUNNING
    assert go_on(bell, good, fine)
    assert session.close()


def test_turns_go_on_after_a_visit_to_together_while_one_hangs(end):
    session, (good, bad, fine), bell = lab("hangs until it is stopped", Mode.TURNS, end)
    assert bell.until(lambda: bad.results == 3)
    session.set_mode(Mode.TOGETHER)
    session.set_mode(Mode.TURNS)
    assert go_on(bell, good, fine)
    assert session.close()


def test_a_late_answer_is_marked_and_the_lane_goes_on(end, impatient):
    session, (_, bad, _), bell = lab("is late", Mode.TURNS, end)
    late = []
    bad.on_result = lambda result: late.append(result.late)
    assert bell.until(lambda: bad.status.state is LaneState.STUCK)
    end.set()
    assert bell.until(lambda: len(late) > 5)
    assert late[late.index(True):][:3] == [True, False, False]
    assert late.count(True) == 1
    assert bad.status.state is LaneState.RUNNING
    assert session.close()


@pytest.mark.parametrize(
    ("usual_s", "seen_s", "busy_s", "stuck"),
    [(0, (), 1.9, False), (0, (), 2.1, True), (0.5, (), 4.9, False), (0.5, (), 5.1, True), (0.5, (1, 1, 1), 9.9, False),
     (9, (1, 1, 1), 10.1, True), (0, (0.001,) * 3, 1.9, False), (0, (0.001,) * 3, 2.1, True)],
)  # fmt: skip
def test_the_limit_of_a_turn(usual_s, seen_s, busy_s, stuck):
    """Ten times its median, before that of its warm-up, and two seconds at least."""
    net = Net(held=True)
    net.usual_s = usual_s
    lane = Lane(spec(), loading(net), Turnstile(), lambda: None).start()
    lane.inbox.put(picture())
    assert net.begun()
    for took_s in seen_s:
        lane.timings.append(0.0, Timing(infer=took_s * 1e3))
    lane._busy_since = perf_counter() - busy_s
    lane.look()
    assert (lane.status.state is LaneState.STUCK) is stuck
    lane.ask_to_close()
    assert lane.close(SOON)


def test_who_gives_no_answer_but_has_nothing_to_do_is_not_stuck():
    bell = Bell()
    lane = Lane(spec(), loading(Net()), Turnstile(), bell).start()
    lane.inbox.put(picture())
    assert bell.until(lambda: lane.results == 1)
    assert lane._busy_since == 0
    lane.look()
    assert lane.status.state is LaneState.RUNNING
    assert lane.close(SOON)


# ---- networks that never end


def test_time_limit_tells_what_it_stopped():
    with time_limit(lambda: pytest.fail("stopped"), what="It", seconds=5):
        pass
    with pytest.raises(BackendError, match="as it was"), time_limit(lambda: None, what="It", seconds=5):
        raise BackendError("as it was")
    with pytest.raises(ZeroDivisionError), time_limit(lambda: None, what="It", seconds=5):
        raise ZeroDivisionError
    stopped = Event()
    with pytest.raises(BackendError, match=r"It does not end: it was stopped after 0 s\."), \
            time_limit(stopped.set, what="It", seconds=0.01):   # fmt: skip
        assert stopped.wait(SOON)   # ends well, and yet its engine is stopped
    cancelled = Event()
    cancelled.set()
    stopped.clear()
    with pytest.raises(Cancelled), time_limit(stopped.set, what="It", cancelled=cancelled):   # noqa: PT012
        assert stopped.wait(SOON)
        raise BackendError("The run was ended.")
    assert not [t.name for t in threads() if t.name == "time limit"]


def test_a_network_that_never_ends_is_stopped_while_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("inference.recogniser.FIRST_RUNS_S", 0.3)
    path = never_ending_onnx(tmp_path / "endless.onnx")
    with pytest.raises(BackendError, match=r"Endless does not end: it was stopped after 0 s\."):
        Recogniser(card("endless"), path, "onnxruntime", Engine())


def test_a_lane_whose_network_never_ends_goes_while_it_is_loaded(tmp_path, monkeypatch):
    path = never_ending_onnx(tmp_path / "endless.onnx")
    running, run = Event(), OrtBackend.run
    monkeypatch.setattr(OrtBackend, "run", lambda net, x: (running.set(), run(net, x))[1])

    def load(report, cancelled):
        return Recogniser(card("endless"), path, "onnxruntime", Engine(), cancelled=cancelled)

    lane = Lane(LaneSpec("endless"), load, Turnstile(), lambda: None).start()
    assert running.wait(SOON)
    assert lane.status.state is LaneState.LOADING
    assert lane.close(2.0)


def test_a_result_knows_whether_it_was_waited_for():
    answer = Classification(("a",), np.ones(1, np.float32))
    assert not Result(picture(), "net", answer, Timing()).late


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
@pytest.mark.parametrize("command", ["predict", "live", "add"])
def test_ctrl_c_ends_a_command_inside_a_network_that_never_ends(tmp_path, command):
    path = never_ending_onnx(tmp_path / "endless.onnx")
    save_card(card("endless", labels="digits.txt", files=(file_of(path),)))
    picture = tmp_path / "grey.png"
    picture.write_bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    words = {
        "predict": ["predict", str(picture), "--models", "endless", "--threads", "1"],
        "live": ["live", "--headless", "--source", "pattern", "--models", "endless", "--threads", "1"],
        "add": ["models", "add", str(path)],
    }[command]
    given = {"cwd": Path(__file__).parents[1], "env": {**os.environ, "LINEUP_MIRROR": str(tmp_path)}}
    with Popen([sys.executable, "app.py", *words], **given, stdout=PIPE, stderr=PIPE, text=True) as ran:
        try:
            wait_until_busy(ran)
            ran.send_signal(signal.SIGINT)
            _, err = ran.communicate(timeout=SOON)
        finally:
            ran.kill()
    assert ran.returncode == 130, err
    assert "Traceback" not in err


def wait_until_busy(process):
    """Until it, or a process that it has begun, computes for two seconds: it is inside the network then."""
    family = psutil.Process(process.pid)
    end, busy = perf_counter() + 6 * SOON, 0
    while busy < 2:
        before = sum(map(cpu_s, (family, *family.children(recursive=True))))
        Event().wait(1.0)
        busy = busy + 1 if sum(map(cpu_s, (family, *family.children(recursive=True)))) - before > 0.6 else 0
        assert process.poll() is None, process.communicate()
        assert perf_counter() < end, "it never came to the network"


def cpu_s(process):
    try:
        times = process.cpu_times()
        return times.user + times.system
    except psutil.NoSuchProcess:
        return 0.0
