"""The bench in the window: what is chosen, how rounds arrive, what stays, what the others do meanwhile."""

import csv
import gc
import io
import json
from threading import enumerate as threads

import make
import pytest
import shiboken6
from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QPixmap

from gui.bridge import Bridge
from gui.desk import Desk
from gui.main_window import MainWindow
from gui.panes.bench.board import HEADS, NOTHING, Board, _step
from gui.panes.bench.rows import Pair, Row, Table, fastest, of_progress, of_report
from gui.settings import Settings
from gui.settle import TAKEN
from gui.theme import DARK, LIGHT
from inference.data import LaneSpec, LaneState, Mode
from inference.errors import LabError
from inference.intake.provide import loader
from inference.lab.bench import run as run_module
from inference.lab.bench import together as together_module
from inference.lab.bench import worker as worker_module
from inference.lab.bench.others import Others
from inference.lab.bench.report import Figure, read_report
from inference.lab.bench.running import Progress, SoFar
from inference.live.session import Session
from models.catalog import Catalogue
from models.store import Store

SOON = 20_000   # ms


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(run_module, "TURN_S", 0.002)
    monkeypatch.setattr(worker_module, "BLOCK_S", 0.001)
    monkeypatch.setattr(together_module, "LEAST_S", 0.01)
    monkeypatch.setattr(Others, "end", lambda _: (0.0, 0.0, 0.5))


@pytest.fixture
def window(qtbot, tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    cards = {
        name: make.card(name, files=(make.file_of(make.tiny_onnx(folder / f"{name}.onnx")),))
        for name in "abc"
    }
    cards["broken"] = make.card("broken")
    store, bridge = Store(tmp_path / "cache", folder, offline=True), Bridge()
    catalog = Catalogue(cards)
    session = Session(loader(catalog, store), bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, catalog, store, Settings(pane="", view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1500, 1000)
    made.show()
    made.desk.open_source("pattern")
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()
    qtbot.waitUntil(lambda: not [t for t in threads() if t.name.startswith(("lane", "bench "))], timeout=SOON)


@pytest.fixture
def pane(window, qtbot):
    for name in ("a", "b"):
        window.desk.add_lane(LaneSpec(name))
    window.actions_by_name["bench"].trigger()
    made = window.deck.pane
    made.memory.setChecked(False)
    made.together.setChecked(False)
    made.rounds.key = "10"
    lanes = window.desk.session.lanes
    qtbot.waitUntil(lambda: all(lane.results > 0 for lane in lanes) and len(made.boxes) == 2, timeout=SOON)
    return made


def measured(pane, qtbot):
    pane.buttons["measure"].click()
    qtbot.waitUntil(lambda: not pane.benching.running, timeout=SOON)
    return pane.benching.report


def test_without_networks_it_says_what_to_do(window, qtbot):
    window.actions_by_name["bench"].trigger()
    pane = window.deck.pane
    assert pane.nothing.isVisible()
    assert not pane.buttons["measure"].isEnabled()
    assert not pane.buttons["copy"].isVisible()


def test_it_measures_the_lanes_and_shows_what_came_of_it(window, pane, qtbot):
    assert [box.text() for box in pane.boxes] == ["A", "B"]
    report = measured(pane, qtbot)
    assert [one.model for one in report.contenders] == ["a", "b"]
    assert len(report.counted) == 10
    assert pane.board.table == of_report(report)
    assert pane.board.slots == (0, 1)
    assert pane.board.accessibleDescription().startswith("A ")
    assert "10 rounds, seed 1." in pane.about.text()
    assert pane.note.text().startswith("Measured in ")
    assert not window.desk.session.resting
    lane = window.desk.session.lanes[0]
    before = lane.results
    qtbot.waitUntil(lambda: lane.results > before, timeout=SOON)   # and the live picture goes on


def test_lanes_and_source_rest_while_it_measures_and_rounds_arrive(window, pane, qtbot, monkeypatch):
    lane, seen = window.desk.session.lanes[0], []
    pane.measure()
    qtbot.waitUntil(lambda: pane.benching.progress is not None, timeout=SOON)

    def look():
        now = pane.benching.progress
        rests, rows = window.desk.session.resting, len(pane.board.table.rows)
        seen.append((now.rounds, lane.results, rests, pane.note.text(), rows))

    pane.benching.changed.connect(look)
    qtbot.waitUntil(lambda: not pane.benching.running, timeout=SOON)
    rounds = [one[0] for one in seen]
    assert rounds == sorted(rounds)
    assert len(set(rounds)) >= 3
    assert {one[2] for one in seen} == {"measuring"}
    assert len({one[1] for one in seen}) == 1   # not one more answer
    assert any("left" in one[3] for one in seen)
    assert {one[4] for one in seen} == {2}


def test_while_it_measures_nothing_can_be_changed_and_nothing_else_measured(window, pane, qtbot):
    pane.measure()
    assert not pane.boxes[0].isEnabled()
    assert not pane.rounds.buttons["30"].isEnabled()
    assert pane.buttons["cancel"].isVisible()
    assert not pane.buttons["measure"].isVisible()
    window.actions_by_name["measure"].trigger()   # the catalogue's
    assert window.truth.said == TAKEN
    assert not window.deck.pane.measuring.running
    qtbot.waitUntil(lambda: not pane.benching.running, timeout=SOON)
    assert pane.boxes[0].isEnabled()


def test_it_does_not_begin_while_something_else_is_measured(window, pane):
    window.desk.session.rest(True)
    pane.measure()
    assert not pane.benching.running
    assert window.truth.said == TAKEN
    assert window.desk.session.resting
    window.desk.session.rest(False)


def test_stopped_it_keeps_what_was_measured(window, pane, qtbot):
    pane.rounds.key = "100"
    pane.benching.changed.connect(
        lambda: pane.buttons["cancel"].click() if (now := pane.benching.progress) and now.rounds >= 3 else None
    )
    report = measured(pane, qtbot)
    assert report.cancelled
    assert 3 <= len(report.counted) < 100
    assert "it was cancelled" in pane.about.text()
    assert not window.desk.session.resting


def test_stopped_at_once_nothing_is_shown(window, pane, qtbot):
    pane.measure()
    pane.cancel()
    qtbot.waitUntil(lambda: not pane.benching.running, timeout=SOON)
    assert pane.note.text() == "Stopped before anything was measured."
    assert not window.desk.session.resting
    assert not pane.buttons["copy"].isVisible()


def test_what_was_measured_before_stays_when_the_next_is_stopped(window, pane, qtbot):
    report = measured(pane, qtbot)
    pane.measure()
    pane.cancel()
    qtbot.waitUntil(lambda: not pane.benching.running, timeout=SOON)
    if pane.benching.empty:   # else it was quick enough to measure something
        assert pane.benching.report is report
        assert pane.board.table == of_report(report)
    assert pane.buttons["copy"].isVisible()


def test_the_window_closes_in_the_middle(window, pane, qtbot):
    pane.rounds.key = "100"
    pane.measure()
    qtbot.waitUntil(lambda: pane.benching.progress and pane.benching.progress.rounds > 0, timeout=SOON)
    window.close()


def test_what_goes_wrong_is_said_and_the_lanes_go_on(window, pane, qtbot, monkeypatch):
    def fails(*_):
        raise LabError("The disk is full.", "Make room.")

    monkeypatch.setattr(run_module.Bench, "go", fails)
    pane.buttons["measure"].click()
    qtbot.waitUntil(lambda: not pane.benching.running, timeout=SOON)
    assert pane.note.text() == "The disk is full. Make room."
    assert pane.note.property("role") == "trouble"
    assert not window.desk.session.resting


def test_only_what_is_ticked_is_measured_and_that_is_remembered(window, pane, qtbot):
    pane.boxes[0].setChecked(False)
    report = measured(pane, qtbot)
    assert [one.model for one in report.contenders] == ["b"]
    assert pane.board.slots == (1,)   # its lane's colour
    window.desk.add_lane(LaneSpec("c"))
    qtbot.waitUntil(lambda: len(pane.boxes) == 3, timeout=SOON)
    assert [box.isChecked() for box in pane.boxes] == [False, True, True]
    for box in pane.boxes:
        box.setChecked(False)
    assert not pane.buttons["measure"].isEnabled()


def test_a_lane_that_has_failed_is_not_offered(window, pane, qtbot):
    window.desk.add_lane(LaneSpec("broken"))
    lane = window.desk.session.lanes[-1]
    qtbot.waitUntil(lambda: lane.status.state is LaneState.FAILED, timeout=SOON)
    qtbot.waitUntil(lambda: len(pane.boxes) == 2, timeout=SOON)


def test_each_with_one_thread_and_with_all(window, pane, qtbot, monkeypatch):
    from gui.panes.bench import pane as pane_module

    monkeypatch.setattr(pane_module, "computing_cores", lambda: 2)
    pane.threads.key = "both"
    report = measured(pane, qtbot)
    assert [one.threads for one in report.contenders] == [1, 2, 1, 2]
    assert [row.name for row in pane.board.table.rows] == ["A, 1 thread", "A, 2 threads", "B, 1 thread", "B, 2 threads"]
    assert len(set(pane.board.slots)) == 4


def test_on_the_picture_that_is_shown(window, pane, qtbot):
    window.desk.freeze(True)
    pane.pictures.key = "shown"
    report = measured(pane, qtbot)
    assert report.protocol.pictures == ("the picture shown",)
    height, width = window.desk.session.frozen.pixels.shape[:2]
    assert report.protocol.picture_size == ((height, width),)


def test_it_is_copied_and_saved(window, pane, qtbot, tmp_path):
    report = measured(pane, qtbot)
    pane.buttons["copy"].click()
    assert "times as fast" in (text := QGuiApplication.clipboard().text()) or "not told apart" in text
    for name in ("r.json", "r.csv", "r.html"):
        path = tmp_path / name
        pane.save(path)
        qtbot.waitUntil(path.exists, timeout=SOON)
    assert read_report(tmp_path / "r.json") == report
    assert len(list(csv.reader(io.StringIO((tmp_path / "r.csv").read_text())))) > 20
    assert "<html" in (tmp_path / "r.html").read_text("utf-8")[:50]
    pane.save(tmp_path / "gone" / "r.json")   # its folder is made
    qtbot.waitUntil((tmp_path / "gone" / "r.json").exists, timeout=SOON)
    (tmp_path / "file").write_text("")
    pane.save(tmp_path / "file" / "r.json")
    qtbot.waitUntil(lambda: "cannot be written" in window.truth.said, timeout=SOON)


@pytest.mark.parametrize(("typed", "kind", "ending"), [
    ("bench.json", "For programs (*.json)", "bench.json"), ("mine", "Every run (*.csv)", "mine.csv"),
    ("mine.v2", "A page with plots (*.html)", "mine.v2.html"), ("", "", None),
])  # fmt: skip
def test_the_file_that_was_chosen(pane, qtbot, tmp_path, monkeypatch, typed, kind, ending):
    from gui import folders

    saved = []
    monkeypatch.setattr(pane, "save", saved.append)
    chosen = str(tmp_path / typed) if typed else ""
    monkeypatch.setattr(folders.QFileDialog, "getSaveFileName", lambda *_: (chosen, kind))
    pane._choose_file()
    assert saved == ([tmp_path / ending] if ending else [])


def test_what_is_chosen_is_remembered(pane):
    pane.rounds.key, pane.pictures.key, pane.threads.key, pane.faces.key = "100", "shown", "both", "pairs"
    state = json.loads(json.dumps(pane.state()))
    for segments, key in ((pane.rounds, "10"), (pane.pictures, "reel"), (pane.threads, "usual"), (pane.faces, "times")):
        segments.key = key
    pane.together.setChecked(True)
    pane.restore(state)
    assert pane.state() == state
    assert pane.board.face == "pairs"
    for wrong in (None, 3, {"rounds": 7, "together": "no", "face": "?"}):
        pane.restore(wrong)
        assert pane.state() == state


# --- the board ---


ROWS = tuple(
    Row(name, Figure(ms, ms * 0.98, ms * 1.02), ms * 1.1, (ms,) * 10, 1.0, 2.5)
    for name, ms in (("SqueezeNet 1.1", 7.0), ("A name that goes on and on, 2 threads", 49.0), ("C", 7.1))
)
WHOLE = Table(
    ROWS, {(0, 1): Pair(Figure(7.0, 6.8, 7.2), told=True), (1, 0): Pair(Figure(1 / 7), told=True),
           (0, 2): Pair(Figure(1.01, 0.99, 1.03), told=False), (2, 0): Pair(Figure(0.99), told=False)},
    {(0, 1): Figure(1.9), (1, 0): Figure(2.1), (0, None): Figure(2.5), (1, None): Figure(2.6)}, done=True,
)  # fmt: skip


def texts(board: Board) -> list[str]:
    """What is written on it."""
    said = []
    board._text = lambda _p, _place, text, *_: said.append(text)   # type: ignore[method-assign]
    board._name = lambda _p, _place, name, _face: said.append(name)   # type: ignore[method-assign]
    board.repaint()
    board.grab()
    return said


@pytest.fixture
def board(qtbot):
    made = Board()
    qtbot.addWidget(made)
    made.resize(1400, 400)
    made.restyle(DARK, 1.0)
    return made


@pytest.mark.parametrize("face", ["times", "pairs", "together"])
def test_an_empty_board_says_what_to_do(board, face):
    board.show_face(face)
    assert {HEADS[face], NOTHING[face]} <= set(texts(board))


def test_times_are_written_large_with_how_many_times_as_long(board):
    board.show_table(WHOLE, (0, 1, 2))
    said = texts(board)
    assert {"7.00 ms", "49.0 ms", "× 7.00", "≈", "× 2.50", "7.70"} <= set(said)
    assert said.count("≈") == 1
    assert board.words()[0] == "SqueezeNet 1.1 7.00 ms"


def test_pairs_say_how_many_times_as_fast_where_that_may_be_said(board):
    board.show_table(WHOLE, (0, 1, 2))
    board.show_face("pairs")
    said = texts(board)
    assert {"7.00", "0.14"} <= set(said)
    assert said.count("≈") == 2
    assert "1.01" not in said


def test_taxes_have_a_column_for_all_at_once(board):
    board.show_table(WHOLE, (0, 1, 2))
    board.show_face("together")
    assert {"× 1.90", "× 2.10", "× 2.50", "× 2.60", "all at once"} <= set(texts(board))


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
@pytest.mark.parametrize("size", [QSize(1200, 500), QSize(300, 120)])
@pytest.mark.parametrize("table", [
    Table(), WHOLE, Table(ROWS[:1]), Table((Row("x", None, None, (), 0.0, trouble="It cannot be opened."),)),
    Table(tuple(Row(str(i), Figure(1.0 + i), None, (1.0 + i,), 0.1) for i in range(9))),
])  # fmt: skip
def test_it_is_painted_whatever_there_is(board, theme, scale, size, table):
    board.restyle(theme, scale)
    board.show_table(table, (0, 1, 2))
    for face in HEADS:
        board.show_face(face)
        picture = QPixmap(size)
        board.resize(size)
        board.render(picture)


def test_rows_while_it_goes_on():
    so_far = (SoFar("a", "A", (2.0, 4.0, 3.0), (5.0, 5.0, 5.0), ""), SoFar("b", "B", (4.0, 4.0), (), ""),
              SoFar("c", "C", (), (), "It cannot."))   # fmt: skip
    table = of_progress(Progress("Round 4 of 10", 0.3, 5.0, 3, so_far), 10)
    assert [row.warm and row.warm.value for row in table.rows] == [3.0, 4.0, None]
    assert (table.rows[0].cold, table.rows[1].cold, table.rows[2].trouble) == (5.0, None, "It cannot.")
    assert table.rows[0].part == 0.3
    assert table.pairs[0, 1].times.value == 1.5   # of the two rounds that both have: 4/2 and 4/4
    assert not table.pairs[0, 1].told
    assert (0, 2) not in table.pairs
    assert fastest(table.rows) == 0
    assert fastest(()) is None


@pytest.mark.parametrize(("most", "count", "step"), [(10, 5, 2), (45, 4, 20), (0.9, 3, 0.5), (1000, 5, 200)])
def test_ticks_are_round(most, count, step):
    assert _step(most, count) == pytest.approx(step)
    assert most / _step(most, count) <= count


