"""Nothing on screen that is not so: an answer stands under its own picture, figures are one record, states are said."""

import csv
import gc
import io
from dataclasses import replace
from threading import Semaphore
from time import perf_counter

import make
import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import Qt
from spine import SOON, Counting

from gui.bridge import Bridge
from gui.desk import Desk
from gui.main_window import MainWindow
from gui.parts.chips import LIT, QUIET, RED, Chips, clock
from gui.settings import Settings
from gui.stage.overlay import percent
from gui.stage.table.columns import TITLES, as_csv
from inference.commands.headless import Limits, Run
from inference.data import Ask, Classification, Detections, LaneSpec, Mode, Result, Timing
from inference.live.lane import SPAN_S
from inference.live.session import Session
from inference.live.sources import parse_source
from models.catalog import Catalogue
from models.store import Store

CATALOG = {
    "reads": replace(make.card("reads"), title="Reader"),
    "boxes": replace(make.card("boxes", task="detect", decoder="yolox"), title="Boxer"),
}


class Reader:
    """Answers with the number that stands in the picture; answers only as often as it is let."""

    provider, threads, warning, form = "CPU", 0, "", None

    def __init__(self, *, boxes: bool) -> None:
        self.boxes, self.gate = boxes, Semaphore(3)

    def __call__(self, frame, ask, *, idle, turn):
        self.gate.acquire(timeout=3 * SOON)
        label, score = (str(frame.pixels[0, 0, 0]),), np.array([0.5], np.float32)
        edges = np.array([[0, 0, 2, 2]], np.float32)
        answer = Detections(edges, score, label) if self.boxes else Classification(label, score)
        return Result(frame, "reads", answer, Timing(1, 1, 7.25, 1, idle=idle, turn=turn), perf_counter())

    def stop(self):
        self.gate.release(100)

    def tune(self, engine):
        return False


@pytest.fixture
def readers():
    return {name: Reader(boxes=name == "boxes") for name in CATALOG}


@pytest.fixture
def window(qtbot, tmp_path, readers):
    bridge = Bridge()
    session = Session(lambda spec, engine: lambda report, cancelled: readers[spec.model], bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, Catalogue(CATALOG), Store(cache=tmp_path / "cache"), Settings(view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1280, 800)
    made.show()
    session.open(Counting(period_s=0.01))
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()


def lane_of(window, qtbot, name="reads", answers=3):
    window.desk.add_lane(LaneSpec(name))
    lane = window.desk.session.lanes[-1]
    qtbot.waitUntil(lambda: lane.results >= answers, timeout=8000)
    return lane


def settle(window, qtbot):
    """The newest is on screen."""
    qtbot.waitUntil(lambda: all(v._shown is v.lane.latest for v in window.views["grid"].views), timeout=5000)
    window.painting.figures()


# ---- an answer and its picture ----


@pytest.mark.parametrize("name", list(CATALOG))
def test_a_lane_shows_the_picture_that_it_answered(window, qtbot, readers, name):
    """Whatever the camera shows meanwhile: the network is held, a hundred pictures go by."""
    lane = lane_of(window, qtbot, name)
    settle(window, qtbot)
    seen = window.desk.session.latest.index
    qtbot.waitUntil(lambda: window.desk.session.latest.index > seen + 100, timeout=8000)
    window.painting.refresh()
    view = window.views["grid"].views[0]
    assert view.picture.frame is lane.latest.frame
    assert view.bars._answer is lane.latest.prediction
    assert view.bars._answer.labels == (str(view.picture.frame.pixels[0, 0, 0]),)
    assert [found for found, _ in view.picture.boxes] == ([lane.latest.prediction] if name == "boxes" else [])
    readers[name].gate.release(5)
    qtbot.waitUntil(lambda: lane.results >= 8, timeout=8000)
    settle(window, qtbot)
    assert view.bars._answer.labels == (str(view.picture.frame.pixels[0, 0, 0]),)


@pytest.mark.parametrize(
    ("score", "said"), [(0.0, "0 %"), (0.0001, "<1 %"), (0.005, "<1 %"), (0.006, "1 %"), (0.54, "54 %"), (1.0, "100 %")]
)
def test_a_little_is_not_nothing(score, said):
    assert percent(score) == said


def test_before_the_first_answer_the_live_picture_is_shown(window, qtbot, readers):
    readers["reads"].gate = Semaphore(0)
    window.desk.add_lane(LaneSpec("reads"))
    view = window.views["grid"].views[0]
    qtbot.waitUntil(lambda: view.picture.frame is not None, timeout=5000)
    first = view.picture.frame.index
    qtbot.waitUntil(lambda: view.picture.frame.index > first, timeout=5000)
    assert view.lane.latest is None


# ---- one record ----


def test_a_frozen_lane_never_says_nought(window, qtbot, readers):
    """Space, then T: the times begin anew, and there are none."""
    lane = lane_of(window, qtbot)
    readers["reads"].gate.release(40)
    qtbot.waitUntil(lambda: lane.results >= 12, timeout=8000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.desk.session.frozen is not None
    qtbot.waitUntil(lambda: lane.latest.frame.held, timeout=5000)
    settle(window, qtbot)
    view = window.views["grid"].views[0]
    assert view.figures_row._shown[0] == "9.2 ms"   # what it had
    qtbot.keyClick(window, Qt.Key.Key_T)
    window.painting.figures()
    assert not len(lane.timings)
    assert view.figures_row._shown == ("–", ())
    said = " ".join(entry.values[0] for entry in window.deck.pane.legend.entries) if window.deck.pane else ""
    assert "0.0" not in said


def test_one_p50_in_every_view_legend_and_json(window, qtbot, readers):
    lane = lane_of(window, qtbot)
    window.show_pane("latency")
    rng = np.random.default_rng(5)
    end = perf_counter()
    for i in range(900):   # 60 s: more than any of the three may look at
        lane.timings.append(end - 60 + i / 15, Timing(preprocess=1.0, infer=float(rng.gamma(4, 8))), i)
    window.painting.figures()
    shown = window.views["grid"].views[0].figures_row._shown
    legend = window.deck.pane.legend.entries[0].values[0]
    report = Run(lambda *_: None, [], parse_source("pattern"), Limits())._lane(lane)
    window.show_view("stage")
    row = window.views["stage"].rows[0].figure
    window.show_view("table")
    table = window.views["table"].table
    field = table.index(0, TITLES.index("p50 ms")).data()
    copied = next(csv.DictReader(io.StringIO(as_csv(table.rows))))["p50 ms"]
    rows = lane.timings.rows(since=lane.timings.newest_s() - SPAN_S)
    p50, p95, _ = np.percentile(rows[:, 5], (50, 95, 99))   # latency
    assert shown[0] == legend == f"{p50:.1f} ms" == f"{report['now']['latency_ms']['p50']:.1f} ms"
    assert (row, f"{field} ms", f"{copied} ms") == (shown[0],) * 3
    assert shown[1][0][0] == f"{p95:.1f} ms" == f"{report['now']['latency_ms']['p95']:.1f} ms"
    assert report["now"]["timed"] == len(rows) == pytest.approx(15 * SPAN_S, abs=5)
    assert report["timed"] == len(lane.timings)   # the run as a whole stands beside it
    assert str(round(SPAN_S)) in window.deck.pane.legend._head[0]
    assert f"median of the last {SPAN_S:.0f} s" in window.truth.machine.text()   # said once for all of them


# ---- states ----


def chips(window):
    window.painting.figures()
    return dict(window.bar.chips.shown)


def test_frozen_is_said_whatever_else_is(window, qtbot):
    lane_of(window, qtbot)
    assert not chips(window)
    window.say("Something was done.")
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert chips(window)["FROZEN"] == LIT
    assert "frozen" in window.bar.source._facts
    assert "frames/s" not in window.bar.source._facts
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert not chips(window)


def test_a_recording_is_red_with_its_time_and_size(window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("gui.desk.folder_for", lambda _: tmp_path)
    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=5000)
    window.desk.record(True)
    qtbot.waitUntil(lambda: window.desk.session.recorder.frames > 0, timeout=5000)
    (words,) = chips(window)
    assert chips(window)[words] == RED
    assert words.startswith("● REC 0:0")
    assert words.endswith(" MB")
    window.desk.record(False)
    assert not chips(window)


def test_the_other_states_stand_beside_each_other(window, qtbot):
    window.desk.set_ask(Ask(smoothing=True))
    window.desk.set_mirror(True)
    window.desk.set_mode(Mode.TOGETHER)
    assert chips(window) == {"SMOOTHED": QUIET, "MIRRORED": QUIET}
    assert [mode for mode, button in window.bar._modes.items() if button.isChecked()] == [Mode.TOGETHER]


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (12.9, "0:12"), (61, "1:01"), (3905, "65:05")])
def test_a_clock(seconds, said):
    assert clock(seconds) == said


def test_chips_take_no_room_where_there_is_nothing(qtbot):
    made = Chips(None)
    qtbot.addWidget(made)
    made.show_chips((("FROZEN", LIT),))
    assert made.width() > 0
    made.show_chips(())
    assert made.width() == 0


# ---- sources ----


def test_a_source_that_gives_nothing_leaves_the_old_one(window, qtbot, tmp_path):
    lane = lane_of(window, qtbot)
    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=5000)
    before = window.desk.source_text
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    assert window.desk.open_source(str(broken))
    qtbot.waitUntil(lambda: "broken.mp4" in window.truth.said, timeout=8000)
    assert window.desk.source_text == before
    assert window.desk.session.source.title == "counting"
    assert window.banner.isHidden()
    assert lane.status.state.value == "running"


def test_a_source_is_remembered_once_it_is_shown(window, qtbot):
    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=5000)
    window.desk.open_source("pattern")
    qtbot.waitUntil(lambda: window.desk.source_text == "pattern", timeout=8000)
    assert window.desk.session.source.title == "Test pattern"


def test_the_caption_of_a_picture_is_said(window, qtbot):
    class Told(Counting):
        caption = "A spice market: nobody taught these networks the word."
        note = "No camera found."

    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=5000)
    window.desk.session.open(Told("told"))
    qtbot.waitUntil(lambda: window.desk.session.source.title == "told", timeout=5000)
    window.truth._noted_until = perf_counter() + 60   # a source that is new: what there is to know of it comes first
    window.painting.figures()
    assert window.truth.words.text() == Told.note
    window.truth._noted_until = 0.0
    window.painting.figures()
    assert window.truth.words.text() == Told.caption
