"""The window with quick networks of known answers: everything a user does to it, without a screen."""

import gc
from dataclasses import replace
from threading import Event
from threading import enumerate as threads
from time import perf_counter

import make
import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from pytestqt.exceptions import capture_exceptions

from gui.bridge import Bridge
from gui.conditions import conditions
from gui.desk import Desk
from gui.main import unforeseen
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.snapshot import save_picture
from gui.stage.header import lane_facts
from gui.stage.lane_words import summary
from inference.data import Ask, Classification, LaneSpec, LaneState, Mode, Result, Timing
from inference.errors import BackendError
from inference.live.session import Session
from inference.live.timings import COLUMNS
from models.catalog import Catalogue
from models.store import Store

LABELS = ("tabby, tabby cat", "espresso", "goldfish", "macaw", "school bus")


class Quick:
    """Answers at once; `broken` fails at the third picture."""

    provider, threads, warning, form, usual_s = "CPU", 0, "", None, 0.0

    def __init__(self, model, broken=False):
        self.model, self.broken, self.count = model, broken, 0

    def __call__(self, frame, ask, *, idle, turn):
        self.count += 1
        if self.broken and self.count == 3:
            raise BackendError("The network broke in the middle.", "Load it again.")
        scores = np.linspace(0.8, 0.1, ask.topk, dtype=np.float32)
        answer = Classification(LABELS[: ask.topk], scores[: len(LABELS)])
        return Result(frame, self.model, answer, Timing(1, 1, 5, 1, cpu_infer=6, idle=idle, turn=turn), perf_counter())

    def stop(self):
        pass

    def tune(self, engine):
        return False


CATALOG = {
    name: replace(make.card(name), title=title, family="Tiny", parameters=3_504_872, gmacs=0.3)
    for name, title in (("quick", "MobileNet v2"), ("broken", "ResNet-50"), ("absent", "Inception v1"))
}


def make_load(spec, engine):
    def load(report, cancelled):
        if spec.model == "absent":
            raise BackendError("The weights of Inception v1 are not here.", "Connect to a network and try again.")
        return Quick(spec.model, broken=spec.model == "broken")

    return load


def end(made):
    """Close a window and destroy it here and now: else the garbage collector might, on the thread of a later lane."""
    made.close()
    shiboken6.delete(made)
    gc.collect()


@pytest.fixture
def window(qtbot, tmp_path):
    bridge = Bridge()
    session = Session(make_load, bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, Catalogue(CATALOG), Store(cache=tmp_path / "cache"), Settings(view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1280, 800)
    made.show()
    made.desk.open_source("pattern")
    yield made
    end(made)
    assert not [t for t in threads() if t.name.startswith(("lane", "capture"))]


def answered(window, count=2):
    return lambda: all(lane.results >= count for lane in window.desk.session.lanes)


def test_without_lanes_the_picture_itself_is_shown(window, qtbot):
    qtbot.waitUntil(lambda: window.views["grid"].empty.painted >= 2, timeout=5000)
    assert window.views["grid"].empty.isVisible()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9])
def test_panes_do_not_overlap_and_every_part_has_room(window, qtbot, count):
    for _ in range(count):
        window.desk.add_lane(LaneSpec("quick"))
    qtbot.waitUntil(answered(window), timeout=8000)
    for width, height in ((1024, 640), (1920, 1080)):
        window.resize(width, height)
        qtbot.wait(1)
        views = window.views["grid"].shown()
        assert len(views) == count
        for i, view in enumerate(views):
            assert window.views["grid"].rect().contains(view.geometry())
            assert not any(view.geometry().intersects(other.geometry()) for other in views[i + 1 :])
            parts = [view.header, view.picture, view.bars, view.figures_row]
            for j, part in enumerate(parts):
                assert part.width() > 40
                assert part.height() > 12
                assert view.rect().contains(part.geometry())
                assert not any(part.geometry().intersects(other.geometry()) for other in parts[j + 1 :])


def test_the_first_label_is_large_enough_for_the_last_row(window, qtbot):
    from gui.theme import Size

    for size in ((1024, 640), (1920, 1080), (3840, 2160)):
        window.resize(*size)
        for _ in range(9 - len(window.desk.session.lanes)):
            window.desk.add_lane(LaneSpec("quick"))
        view = window.views["grid"].views[0]
        assert Size.ANSWER.value * view.bars.scale >= window.height() / 45
        assert min(Size.FIGURE.value * view.figures_row.scale, view.figures_row.height() * 0.86) >= window.height() / 45


def test_a_lane_that_breaks_says_so_in_its_pane_and_the_others_go_on(window, qtbot):
    for name in ("quick", "broken", "absent"):
        window.desk.add_lane(LaneSpec(name))
    quick, broken, absent = window.desk.session.lanes
    qtbot.waitUntil(lambda: broken.status.state is LaneState.FAILED and absent.status.state is LaneState.FAILED)
    seen = quick.results
    qtbot.waitUntil(lambda: quick.results > seen + 3, timeout=5000)
    notices = [view.notice for view in window.views["grid"].views]
    qtbot.waitUntil(lambda: [n.isVisible() for n in notices] == [False, True, True], timeout=3000)
    assert "broke in the middle" in notices[1].accessibleName()
    assert "Connect to a network" in notices[2].accessibleName()
    window.desk.retry_failed()
    qtbot.waitUntil(lambda: broken.results >= 4, timeout=5000)


def last_noted(lane):
    """The number of the picture whose answer was counted last; `latest` is there a moment earlier."""
    return int(lane.timings.rows(last=1)[-1, COLUMNS.index("frame")])


def test_frozen_all_lanes_answer_one_picture(window, qtbot):
    for _ in range(3):
        window.desk.add_lane(LaneSpec("quick"))
    qtbot.waitUntil(answered(window), timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    frozen = window.desk.session.frozen
    assert frozen is not None
    lanes = window.desk.session.lanes
    qtbot.waitUntil(lambda: {last_noted(lane) for lane in lanes} == {frozen.index}, timeout=5000)
    before = [lane.results for lane in lanes]
    window.desk.set_ask(replace(window.desk.session.ask, topk=2))   # acts at once, on the frozen picture
    qtbot.waitUntil(lambda: all(len(lane.latest.prediction.labels) == 2 for lane in lanes), timeout=5000)
    qtbot.waitUntil(lambda: [lane.results for lane in lanes] == [b + 1 for b in before], timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.desk.session.frozen is None
    qtbot.waitUntil(lambda: window.desk.session.lanes[0].latest.frame.index > frozen.index, timeout=5000)


def test_keys_act(window, qtbot):
    window.desk.add_lane(LaneSpec("quick"))
    qtbot.waitUntil(answered(window), timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_T)
    assert window.desk.session.mode is Mode.TOGETHER
    qtbot.keyClick(window, Qt.Key.Key_M)
    assert window.desk.session.mirror
    qtbot.keyClick(window, Qt.Key.Key_L)
    assert window.desk.session.ask.smoothing
    assert ("SMOOTHED", "quiet") in conditions(window.desk.session)
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert window.desk.session.lanes[0].paused
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert not window.desk.session.lanes[0].paused
    scale = window.text_scale
    qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert window.text_scale > scale
    qtbot.keyClick(window, Qt.Key.Key_H)
    assert window.help.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.help.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert window.theme.name == "light"
    qtbot.keyClick(window, Qt.Key.Key_PageDown)
    assert window.views["grid"].alone is window.desk.session.lanes[0]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.views["grid"].alone is None


def test_letters_typed_into_the_search_do_nothing_else(window, qtbot):
    window.show_add_lane()
    qtbot.keyClicks(window.adding._find, "mobile t")
    assert window.desk.session.mode is Mode.TURNS
    qtbot.keyClick(window.adding._find, Qt.Key.Key_Backspace)
    qtbot.keyClick(window.adding._find, Qt.Key.Key_Backspace)
    qtbot.keyClick(window.adding._find, Qt.Key.Key_Return)
    assert [lane.spec.model for lane in window.desk.session.lanes] == ["quick"]


def test_a_tenth_network_is_refused_in_a_sentence(window, qtbot):
    for _ in range(10):
        window.desk.add_lane(LaneSpec("quick"))
    assert len(window.desk.session.lanes) == 9
    assert "Remove one" in window.truth.words.text()


def test_a_wrong_source_is_said_and_the_old_one_goes_on(window, qtbot):
    window.desk.open_source("no/such/file.mp4")
    assert "file.mp4" in window.truth.words.text()
    assert window.desk.source_text == "pattern"
    seen = window.desk.session.latest
    qtbot.waitUntil(lambda: window.desk.session.latest is not seen, timeout=3000)


def test_twins_are_told_apart(window):
    window.desk.add_lane(LaneSpec("quick"))
    window.desk.add_lane(LaneSpec("quick", "opencv"))
    titles = [lane.title for lane in window.desk.session.lanes]
    assert len(set(titles)) == 2


def test_what_was_chosen_comes_back(window, qtbot):
    window.desk.add_lane(LaneSpec("quick"))
    window.desk.set_ask(Ask(topk=3, confidence=0.4, iou=0.6, smoothing=True))
    window.set_theme("light")
    window.show_pane("latency")
    kept = window.current_settings()
    assert kept.lanes == (LaneSpec("quick"),)
    assert (kept.topk, kept.confidence, kept.iou, kept.smoothing, kept.theme) == (3, 0.4, 0.6, True, "light")
    assert kept.source == "pattern"
    assert kept.pane == "latency"
    assert kept.panes["latency"]


def test_the_picture_of_the_window_is_written(window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("gui.snapshot.folder_for", lambda _kind: tmp_path / "new" / "pictures")
    save_picture(window, window.desk)
    qtbot.waitUntil(lambda: "saved to" in window.truth.words.text(), timeout=5000)
    assert len(list((tmp_path / "new" / "pictures").glob("lineup-*.png"))) == 1


def test_a_folder_that_cannot_be_written_is_said(window, qtbot, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("gui.snapshot.folder_for", lambda _kind: tmp_path / "file")
    save_picture(window, window.desk)
    qtbot.waitUntil(lambda: "cannot be" in window.truth.words.text(), timeout=5000)


@pytest.mark.parametrize("state", ["loading", "frozen", "running"])
def test_closing_ends_every_thread_within_two_seconds(window, qtbot, state):
    for name in ("quick", "broken", "quick"):
        window.desk.add_lane(LaneSpec(name))
    if state != "loading":
        qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=5000)
    if state == "frozen":
        window.desk.freeze(True)
    start = perf_counter()
    window.close()
    assert perf_counter() - start < 2
    assert not [t for t in threads() if t.name.startswith(("lane", "capture"))]


def test_a_dead_source_of_last_time_gives_way_to_what_is_there(qtbot, tmp_path):
    from gui.main import build
    from inference.options import Options

    made = build(Options(cache=str(tmp_path / "c")), CATALOG, Settings(source=str(tmp_path / "gone.mp4"), lanes=()))
    made.show()
    qtbot.waitUntil(lambda: made.desk.session.latest is not None, timeout=8000)   # the reel, as there is no camera
    assert "gone.mp4" in made.truth.said
    end(made)


def test_a_window_that_is_closed_before_its_first_painting_starts_nothing(qtbot, tmp_path):
    from gui.main import build
    from inference.options import Options

    kept = (LaneSpec("quick"),)
    made = build(Options(cache=str(tmp_path / "c")), CATALOG, Settings(lanes=kept))
    made.show()
    made.close()
    qtbot.wait(50)
    assert made.closed
    assert made.desk.session.lanes == []
    assert Settings.load().lanes == kept   # and forgets nothing
    end(made)


def test_the_menu_ticks_what_is_on(window):
    window.desk.add_lane(LaneSpec("quick"))
    ticked = [window.actions_by_name[f"lane_{key}"].isChecked() for key in (1, 2)]
    assert ticked == [True, False]
    window.desk.toggle_lane(0)
    window.desk.toggle_lane(1)   # there is none
    assert not window.actions_by_name["lane_1"].isChecked()
    assert not window.actions_by_name["lane_2"].isChecked()


def test_saved_mirror_and_smoothing_are_ticked(qtbot, tmp_path):
    from gui.main import build
    from inference.options import Options

    made = build(Options(cache=str(tmp_path / "c")), CATALOG, Settings(lanes=(), mirror=True, smoothing=True))
    assert made.actions_by_name["mirror"].isChecked()
    assert made.actions_by_name["smoothing"].isChecked()
    end(made)


def test_threads_that_nobody_chose_are_shown_as_what_they_are(window, qtbot):
    window.desk.session._cores = 8
    for spec in (LaneSpec("quick"), LaneSpec("quick", threads=3)):
        window.desk.add_lane(spec)
    lanes = window.desk.session.lanes
    qtbot.waitUntil(lambda: all(lane.status.state is LaneState.RUNNING for lane in lanes))
    facts = [lane_facts(lane, CATALOG["quick"])[-1] for lane in lanes]
    assert facts == ["ONNX Runtime CPU ×8 auto", "ONNX Runtime CPU ×3"]
    window.desk.set_mode(Mode.TOGETHER)
    assert lane_facts(lanes[0], CATALOG["quick"])[-1] == "ONNX Runtime CPU ×4 auto"
    window.adding.show_threads(window.desk.session.threads_of_one_more())
    assert window.adding._threads.itemText(0) == "auto (2)"
    assert window.adding._threads.itemData(0) == 0


@pytest.mark.usefixtures("opencv_threads")
def test_without_networks_all_cores_scale_the_picture(window, qtbot, monkeypatch):
    monkeypatch.setattr("gui.desk.usable_cores", lambda: 2)
    qtbot.waitUntil(lambda: window.desk._share is not None, timeout=5000)
    assert window.desk._share.wanted == 2
    window.desk.add_lane(LaneSpec("quick"))
    assert window.desk._share is None   # at once: OpenCV has one number of threads for all
    window.painting.figures()
    assert window.desk._share is None
    window.desk.remove_lane(window.desk.session.lanes[0])
    window.painting.figures()
    assert window.desk._share is not None


def test_a_bug_in_a_slot_is_said_and_the_lab_goes_on(window, qtbot, caplog, capsys):

    def slot():
        raise ZeroDivisionError("a <b>bug</b>")

    with capture_exceptions() as caught:   # which replaces the hook while it lasts
        QTimer.singleShot(0, slot)
        qtbot.waitUntil(lambda: bool(caught), timeout=5000)
    unforeseen(window, *caught[0])
    assert not window.bug.isHidden()
    assert "ZeroDivisionError" in caplog.text
    assert "Something went wrong in Lineup: a <b>bug</b>. The details are in" in capsys.readouterr().err
    window.bug._press()
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    unforeseen(window, KeyboardInterrupt, KeyboardInterrupt(), None)
    assert window.closed


def test_a_lane_that_hangs_says_so_and_marks_its_late_answer(window, qtbot, monkeypatch):
    monkeypatch.setattr("inference.live.lane.PATIENCE_S", 0.2)
    for _ in range(2):
        window.desk.add_lane(LaneSpec("quick"))
    lane, other = window.desk.session.lanes
    view = window.views["grid"].views[0]
    qtbot.waitUntil(lambda: lane.results > 5 and other.results > 5, timeout=5000)
    held, call = Event(), Quick.__call__

    def hangs(self, frame, ask, *, idle, turn):
        if self is lane._recognise:
            assert held.wait(10)
        return replace(call(self, frame, ask, idle=idle, turn=turn), timing=Timing(infer=4200))

    monkeypatch.setattr(Quick, "__call__", hangs)
    qtbot.waitUntil(lambda: lane.status.state is LaneState.STUCK, timeout=5000)
    before = other.results
    qtbot.waitUntil(lambda: other.results > before + 5, timeout=5000)   # the other goes on
    qtbot.waitUntil(lambda: not view.notice.isHidden(), timeout=5000)
    assert view.notice.accessibleName().startswith("MobileNet v2 does not answer.")
    assert view.notice._again.isVisibleTo(view.notice)
    window.painting.figures()
    assert "MobileNet v2 does not answer" in summary([(one, one.figures()) for one in window.desk.session.lanes])
    window.desk.session.set_paused(other, True)
    noted = []

    def first(result):   # and no other one
        noted.append(result)
        window.desk.session.set_paused(lane, True)
        lane.inbox.take()

    lane.on_result = first
    held.set()
    qtbot.waitUntil(lambda: bool(noted) and lane.latest is noted[0], timeout=5000)
    assert noted[0].late
    window.painting.figures()
    assert view.picture.chips[:1] == ("late 4.2 s",)
