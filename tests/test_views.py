"""Stage, grid and table: the same lanes three times, and never an answer beside a picture that is not its own."""

import csv
import gc
import io
from dataclasses import replace
from time import perf_counter

import cv2
import make
import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QCursor, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from spine import Counting

from gui.actions import ACTIONS
from gui.bridge import Bridge
from gui.cursor import RestingCursor
from gui.desk import Desk
from gui.help import help_lines
from gui.hints import HINTS, Hints
from gui.lane_menu import lane_menu
from gui.main_window import MainWindow
from gui.panes import PANES
from gui.rail import RAIL
from gui.settings import HINT_NAMES, VIEW_NAMES, Settings
from gui.stage.fit import fitted
from gui.stage.grid import cells
from gui.stage.lane_words import Answers, answers_of
from gui.stage.overlay import place_tag
from gui.stage.strip import shares
from gui.stage.table.columns import TITLES, as_csv, as_markdown
from gui.stage.table.scatter import Point, frontier
from gui.stage.views import VIEWS
from gui.theme import LEAST_PX, font
from inference.data import STAGES, Classification, Detections, LaneSpec, Mode, Result, Timing
from inference.errors import LabError
from inference.live.session import Session
from inference.live.sources.pictures import Folder
from models.card import Accuracy
from models.catalog import Catalogue
from models.store import Store

CATALOG = {
    "reads": replace(make.card("reads"), title="Reader", accuracy=Accuracy("ImageNet-1k", "torchvision", top1=70.0)),
    "boxes": replace(make.card("boxes", task="detect", decoder="yolox"), title="Boxer"),
}


class Reader:
    """Answers with the number that stands in the picture."""

    provider, threads, warning, form, usual_s = "CPU", 0, "", None, 0.0

    def __init__(self, spec):
        self.name = spec.model

    def __call__(self, frame, ask, *, idle, turn):
        label, score = (str(frame.pixels[0, 0, 0]),), np.array([0.5], np.float32)
        edges = np.array([[0, 0, 2, 2]], np.float32)
        answer = Detections(edges, score, label) if self.name == "boxes" else Classification(label, score)
        return Result(frame, self.name, answer, Timing(1, 1, 7.25, 1, idle=idle, turn=turn), perf_counter())

    def stop(self):
        pass

    def tune(self, engine):
        return False


@pytest.fixture
def loads():
    return []


@pytest.fixture
def window(qtbot, tmp_path, loads):
    def make_load(spec, engine):
        def load(report, cancelled):
            loads.append(spec)
            return Reader(spec)

        return load

    bridge = Bridge()
    session = Session(make_load, bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, Catalogue(CATALOG), Store(cache=tmp_path / "cache"), Settings(pane="")), bridge)
    bridge.setParent(made)
    made.resize(1440, 900)
    made.show()
    made.desk.session.open(Counting(period_s=0.004))
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()


def run(window, qtbot, *names, results=3):
    for name in names:
        window.desk.add_lane(LaneSpec(name))
    lanes = window.desk.session.lanes
    qtbot.waitUntil(lambda: all(lane.results >= results for lane in lanes), timeout=8000)
    return lanes


# ---- the stage


def test_it_is_the_view_of_the_first_start(window):
    assert window.views.key == "stage"
    assert window.views.currentWidget() is window.views["stage"]
    assert tuple(VIEWS) == VIEW_NAMES


@pytest.mark.parametrize("mode", Mode)
def test_no_answer_stands_beside_a_picture_of_another(window, qtbot, mode):
    """The source's every picture has another answer; looked at after every change."""
    window.desk.set_mode(mode)
    run(window, qtbot, "reads", "boxes", "reads")
    stage = window.views["stage"]
    seen = set()

    def look():
        window.painting.refresh()
        number = str(stage.picture.frame.pixels[0, 0, 0])
        for row in stage.rows:
            if row.result is None:
                continue
            theirs = str(row.result.frame.pixels[0, 0, 0])
            assert row.result.prediction.labels == (theirs,)
            assert row._own is (row.result.frame.shared is not stage.picture.frame.shared)
            assert row._own or theirs == number   # what is not of this picture shows its own
            assert not row._own or row._room_for_own
        for found, _ in stage.picture.boxes:
            assert found.labels == (number,)
        seen.add(number)
        return len(seen) > 25

    qtbot.waitUntil(look, timeout=10_000)


def test_in_turns_every_row_is_of_the_one_picture(window, qtbot):
    run(window, qtbot, "reads", "boxes", "reads")
    stage = window.views["stage"]
    qtbot.waitUntil(lambda: window.desk.session.rounds.done is not None)
    for _ in range(20):
        window.painting.refresh()
        assert not any(row._own for row in stage.rows if stage.picture.frame is window.desk.session.rounds.done.frame)
        qtbot.wait(5)
    window.desk.freeze(True)
    qtbot.waitUntil(lambda: (window.painting.refresh() or True) and not any(row._own for row in stage.rows))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("size", [(1024, 640), (1440, 900), (1920, 1080), (3840, 2160)])
def test_what_a_row_says_can_be_read_from_the_last_row(window, qtbot, count, size):
    """Number, name, answer and ms are at least a fortieth of the window's height."""
    window.resize(*size)
    run(window, qtbot, *["reads"] * count)
    least = window.height() / 40
    for row in window.views["stage"].rows:
        unit, _ = row.plan()
        from gui.stage.row import ANSWER, FIGURE, NAME

        assert round(min(NAME, ANSWER, FIGURE) * unit) >= int(least), (unit, least)
        assert row.number_rect().height() >= int(least)
        assert window.views["stage"].rect().contains(row.geometry())


def test_one_alone_by_its_number_and_all_again(window, qtbot):
    first, second = run(window, qtbot, "boxes", "boxes")
    stage = window.views["stage"]
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.views.alone is second
    assert [row.isVisible() for row in stage.rows] == [False, True]
    window.painting.refresh()
    assert {colour.name() for _, colour in stage.picture.boxes} <= {window.theme.lane(second.slot).name()}
    qtbot.mouseClick(stage.rows[1], Qt.MouseButton.LeftButton, pos=stage.rows[1].number_rect().center())
    assert window.views.alone is None
    qtbot.keyClick(window, Qt.Key.Key_PageDown)
    assert window.views.alone is first


@pytest.mark.parametrize(
    ("prediction", "said"),
    [
        (Classification((), np.zeros(0, np.float32)), Answers("", 0.0, ())),
        (Classification(("tabby, tabby cat", "lynx"), np.array([0.5, 0.25], np.float32)),
         Answers("tabby", 0.5, (("lynx", 0.25),))),
        (Detections(np.zeros((4, 4), np.float32), np.array([0.75, 0.5, 0.25, 0.125], np.float32),
                    ("dog", "car", "dog", "truck")),
         Answers("2 × dog, car, truck", 0.75, (("car", 0.5), ("truck", 0.125)))),
        (Detections(np.zeros((4, 4), np.float32), np.array([0.75, 0.5, 0.25, 0.125], np.float32), tuple("abcd")),
         Answers("a, b, c …", 0.75, (("b", 0.5), ("c", 0.25), ("d", 0.125)))),
    ],
)  # fmt: skip
def test_what_a_row_says(prediction, said):
    assert answers_of(prediction) == said


# ---- from one view to the next


def test_views_change_at_once_and_load_nothing_again(window, qtbot, loads):
    run(window, qtbot, *["reads", "boxes", "reads"] * 3)
    for key in VIEWS:
        window.show_view(key)   # made once
        qtbot.wait(20)
    before, took = len(loads), []
    for _ in range(6):
        begin = perf_counter()
        qtbot.keyClick(window, Qt.Key.Key_V)
        window.repaint()
        took.append(perf_counter() - begin)
    assert len(loads) == before
    # Speed is the bench's; this is far above it, and far below a view that begins anew.
    assert sorted(took)[len(took) // 2] < 0.5, took


def test_the_view_is_remembered(window):
    qtbot_keys = list(VIEWS)
    for key in qtbot_keys:
        window.show_view(key)
        assert window.current_settings().view == key
        assert [name for name in VIEWS if window.actions_by_name[f"view_{name}"].isChecked()] == [key]


def test_who_comes_and_goes_behind_the_curtain_is_there_when_it_opens(window, qtbot):
    first, second = run(window, qtbot, "reads", "boxes")
    for key in VIEWS:
        window.show_view(key)
    window.show_view("table")
    window.desk.remove_lane(first)
    third = window.desk.session.add(LaneSpec("reads"))
    window.desk.session.remove(third)
    window.desk.add_lane(LaneSpec("reads"))
    lanes = window.desk.session.lanes
    assert lanes[0] is second
    window.show_view("stage")
    assert [row.lane for row in window.views["stage"].rows] == lanes
    window.show_view("grid")
    assert [view.lane for view in window.views["grid"].views] == lanes


# ---- every action is in every place


def titles_in(menu: QMenu) -> set[str]:
    found = set()
    for action in menu.actions():
        if action.menu():
            found |= titles_in(action.menu())
        elif action.objectName():
            found.add(action.objectName())
    return found


def test_every_action_has_a_key_a_menu_and_a_line_of_the_help(window, qtbot):
    run(window, qtbot, "reads")
    in_menu = titles_in(window.more)
    helped = {text for lines in help_lines().values() for line in lines for text in [line.text]}
    for name, info in ACTIONS.items():
        assert info.keys, name
        assert name in in_menu, name
        assert info.help in helped, name
        assert window.actions_by_name[name].toolTip(), name


def test_the_rail_has_what_was_known_by_its_key_alone(window):
    on_rail = {name for group in RAIL for name in group}
    assert on_rail >= {"latency", "xray", "catalogue", "add_file", "record", "picture", *(f"view_{v}" for v in VIEWS)}
    for name, button in window.rail.buttons.items():
        assert button.toolTip() == window.actions_by_name[name].toolTip()
        assert not button.icon().isNull()
    for size in ((720, 450), (1024, 640), (3840, 2160)):
        window.resize(*size)
        bottoms = [button.geometry().bottom() for button in window.rail.buttons.values()]
        assert bottoms == sorted(bottoms)
        assert max(bottoms) <= window.rail.height(), size


def test_every_entry_of_a_lane_s_menu_does_its_work(window, qtbot):
    """Walked one by one: each leaves the window alive, and its lane or another in its place."""
    run(window, qtbot, "reads", "boxes")

    def entries(menu, path=()):
        for action in menu.actions():
            if action.isSeparator():
                continue
            if action.menu():
                yield from entries(action.menu(), (*path, action.text()))
            else:
                yield (*path, action.text())

    def find(menu, path):
        for action in menu.actions():
            if action.text() == path[0]:
                return action if len(path) == 1 else find(action.menu(), path[1:])
        return None

    walked = list(entries(lane_menu(window, window.desk.session.lanes[0])))
    assert {path[0] for path in walked} >= {"Show alone", "Switch off", "X-ray", "Its card", "Threads", "Run on",
                                            "Duplicate with", "Replace…", "Move down", "Load again", "Remove"}
    for path in walked:
        if path[0].startswith("Export") or "Core ML" in path[-1]:
            continue   # the export's own tests open it
        lane = window.desk.session.lanes[0]
        action = find(lane_menu(window, lane), path)
        if action and action.isEnabled():
            action.trigger()
            qtbot.wait(10)
        window.show_pane("")
        window.views.show_alone(None)
        while len(window.desk.session.lanes) > 2:
            window.desk.remove_lane(window.desk.session.lanes[-1])
        while len(window.desk.session.lanes) < 2:
            window.desk.add_lane(LaneSpec("reads"))


# ---- what is done with the chosen one


def test_a_click_chooses_and_keys_act_on_the_chosen_one(window, qtbot):
    first, second = run(window, qtbot, "reads", "boxes")
    rows = window.views["stage"].rows
    qtbot.mouseClick(rows[0], Qt.MouseButton.LeftButton, pos=QPoint(200, rows[0].height() - 5))
    assert window.desk.chosen_lane() is first
    assert [row.is_chosen for row in rows] == [True, False]
    qtbot.keyClick(window, Qt.Key.Key_Return)
    assert window.views.alone is first
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.views.alone is None
    qtbot.keyClick(window, Qt.Key.Key_Delete)
    assert window.desk.session.lanes == [second]


def test_what_was_removed_comes_back_where_it_was(window, qtbot):
    run(window, qtbot, "reads", "boxes", "reads")
    slots = [lane.slot for lane in window.desk.session.lanes]
    window.desk.take_away(window.desk.session.lanes[1])
    assert window.truth.undo.isVisible()
    assert "Boxer is removed" in window.truth.said
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [lane.slot for lane in window.desk.session.lanes] == slots
    assert [lane.spec.model for lane in window.desk.session.lanes] == ["reads", "boxes", "reads"]
    assert not window.truth.undo.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)   # once is enough
    assert len(window.desk.session.lanes) == 3


def test_after_a_while_it_cannot_come_back(window, qtbot):
    (lane,) = run(window, qtbot, "reads")
    window.desk.take_away(lane)
    window.desk.removed._ends.timeout.emit()   # ten seconds later
    assert not window.truth.undo.isVisible()
    window.desk.undo()
    assert window.desk.session.lanes == []


@pytest.mark.parametrize("view", ["stage", "grid"])
def test_lanes_are_put_in_order_by_hand(window, qtbot, view):
    first, second, third = run(window, qtbot, "reads", "boxes", "reads")
    window.show_view(view)
    shown = window.views[view]
    ones = shown.rows if view == "stage" else shown.views
    one, last = ones[0], ones[2]
    start, end = QPoint(150, 5), one.mapFromGlobal(last.mapToGlobal(QPoint(last.width() // 2, last.height() - 8)))
    qtbot.mousePress(one, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(one, end)
    one.mouseMoveEvent(_move(one, end))   # the platform without a screen moves no pressed mouse
    qtbot.mouseRelease(one, Qt.MouseButton.LeftButton, pos=end)
    assert window.desk.session.lanes == [second, third, first]
    assert [lane.slot for lane in window.desk.session.lanes] == [1, 2, 0]   # number and colour stay
    window.desk.choose_lane(first)
    qtbot.keyClick(window, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.session.lanes == [second, first, third]


def _move(widget, at):
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    return QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), QPointF(widget.mapToGlobal(at)), left, left, Qt.KeyboardModifier.NoModifier
    )


def test_another_engine_or_other_threads_in_place(window, qtbot):
    run(window, qtbot, "reads", "boxes")
    lane = window.desk.session.lanes[0]
    window.desk.change_lane(lane, replace(lane.spec, threads=2))
    changed = window.desk.session.lanes[0]
    assert (changed.slot, changed.spec.threads, changed.spec.model) == (lane.slot, 2, "reads")
    assert [row.lane for row in window.views["stage"].rows] == window.desk.session.lanes
    window.meant.replace(changed)
    window.adding.chosen.emit(LaneSpec("boxes"))
    replaced = window.desk.session.lanes[0]
    assert (replaced.slot, replaced.spec.model, len(window.desk.session.lanes)) == (changed.slot, "boxes", 2)
    window.desk.add_lane(LaneSpec("reads"))   # the next one gets a place of its own again
    assert len(window.desk.session.lanes) == 3


# ---- the table


def test_the_table_copies_what_it_shows(window, qtbot):
    run(window, qtbot, "reads", "boxes", results=12)
    window.show_view("table")
    table = window.views["table"]
    table.copy("csv")
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["Network"] for row in rows] == ["Reader", "Boxer"]
    assert [row["p50 ms"] for row in rows] == ["9.2", "9.2"]   # 1 + 7.25 + 1 ms
    assert rows[0]["Accuracy %"] == "70.0 top-1"
    table.copy("markdown")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].count("|") == len(TITLES) + 1
    assert "median of the last" in lines[-1]


def test_a_copied_cell_can_end_nothing_and_begin_no_formula(window, qtbot):
    run(window, qtbot, "reads")
    window.desk.session.lanes[0].title = '=1+1 | a "quoted"\nname'
    window.show_view("table")
    window.painting.figures()
    rows = window.views["table"].table.rows
    (row,) = csv.DictReader(io.StringIO(as_csv(rows)))
    assert row["Network"].startswith("'=1+1 | a \"quoted\"")
    assert as_markdown(rows, "said").splitlines()[2].count(" | ") == len(TITLES) - 1


def test_rows_are_sorted_by_a_click_and_stay_while_numbers_change(window, qtbot):
    first, second = run(window, qtbot, "reads", "boxes", results=12)
    window.show_view("table")
    window.painting.figures()
    view = window.views["table"].view
    view.horizontalHeader().setSortIndicator(TITLES.index("Network"), Qt.SortOrder.AscendingOrder)
    table = window.views["table"].table
    assert [row.lane for row in table.rows] == [second, first]
    for _ in range(3):
        window.painting.figures()
    assert [row.lane for row in table.rows] == [second, first]
    view.horizontalHeader().setSortIndicator(TITLES.index("Accuracy %"), Qt.SortOrder.DescendingOrder)
    assert [row.lane for row in table.rows] == [first, second]   # what is not known is last
    view.horizontalHeader().setSortIndicator(TITLES.index("Accuracy %"), Qt.SortOrder.AscendingOrder)
    assert [row.lane for row in table.rows] == [first, second]
    view.selectRow(1)
    assert window.desk.chosen_lane() is second


def test_the_frontier_is_who_no_other_beats():
    points = [Point("slow, bad", 50, 60, 1), Point("quick", 5, 58, 1), Point("middle", 12, 75, 1),
              Point("same, worse", 12, 70, 1), Point("best", 40, 80, 1)]  # fmt: skip
    assert [point.title for point in frontier(points)] == ["quick", "middle", "best"]
    assert frontier([]) == []


# ---- words and places


@pytest.mark.parametrize("text", ["tabby", "German shepherd", "electric guitar solo", "Pneumonoultramicroscopic"])
@pytest.mark.parametrize("width", [90, 140, 400])
def test_the_best_answer_is_never_cut(qapp, text, width):
    made = fitted(text, width, 60, 30)
    assert " ".join(made.lines) == text or made.px == LEAST_PX
    metrics = QFontMetrics(font(made.px, bold=True))
    assert all(metrics.horizontalAdvance(line) <= width for line in made.lines)
    assert len(made.lines) * metrics.height() <= max(60, metrics.height())


def test_a_word_that_fits_is_as_large_as_it_may_be(qapp):
    assert fitted("tabby", 400, 60, 30) == (30, ("tabby",))
    assert fitted("x" * 4000, 100, 60, 30).lines[0].endswith("…")


@pytest.mark.parametrize("count", range(1, 10))
@pytest.mark.parametrize("size", [QSize(1400, 800), QSize(1000, 600), QSize(600, 1200)])
def test_panes_fill_the_grid_without_an_empty_place(count, size):
    made = cells(size, count, 8)
    assert len(made) == count
    covered = sum((cell.width() + 8) * (cell.height() + 8) for cell in made)
    assert covered == pytest.approx((size.width() + 8) * (size.height() + 8), rel=0.01)
    assert not any(a.intersects(b) for i, a in enumerate(made) for b in made[:i])


def test_a_tag_finds_a_place_and_lies_over_no_other():
    picture, size = (0.0, 0.0, 400.0, 300.0), (80.0, 20.0)

    def rect(edges):
        return QRectF(QPointF(*edges[:2]), QPointF(*edges[2:]))

    taken = []
    for _ in range(4):   # four heights, at its left edge
        tag = place_tag((10.0, 100.0, 110.0, 200.0), size, picture, taken)
        assert rect(picture).contains(rect(tag))
        assert rect(tag).size() == QSizeF(*size)
        assert not any(rect(tag).intersects(rect(other)) for other in taken)
        taken.append(tag)
    assert place_tag(picture, size, picture, [picture]) is None
    assert place_tag((380.0, 0.0, 400.0, 20.0), size, picture, [])[2] <= 400   # within the picture


def test_the_strip_is_as_long_as_each_stage_takes():
    stages = {name: (value, 0.0, 0.0) for name, value in zip(STAGES, (10, 20, 60, 10), strict=True)}
    assert shares(stages, 200) == [20, 60, 180, 200]
    assert shares(dict.fromkeys(STAGES, (0.0, 0.0, 0.0)), 200) == []


# ---- full screen


def test_the_pointer_rests_in_full_screen_and_comes_back(window, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("gui.cursor.perf_counter", lambda: clock[0])
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    rest = RestingCursor(window)
    rest.follow(True)
    rest.look()
    assert not rest.hidden
    clock[0] += 3.1
    rest.look()
    assert rest.hidden
    assert QApplication.overrideCursor().shape() is Qt.CursorShape.BlankCursor
    QCursor.setPos(QCursor.pos() + QPoint(5, 5))
    rest._at = QCursor.pos() - QPoint(5, 5)   # a platform without a screen has no pointer to move
    rest.look()
    assert not rest.hidden
    assert QApplication.overrideCursor() is None
    clock[0] += 3.1
    rest.look()
    rest.follow(False)
    assert QApplication.overrideCursor() is None


def test_a_lane_s_colour_is_the_same_in_all_views(window, qtbot):
    run(window, qtbot, "reads", "boxes")
    window.show_view("table")
    table = window.views["table"].table
    assert [table.index(i, 0).data(Qt.ItemDataRole.BackgroundRole) for i in range(2)] == [
        QColor(window.theme.lanes[0]), QColor(window.theme.lanes[1])
    ]  # fmt: skip


# ---- the start


def places(window):
    """Where the large parts of the window stand."""
    picture = window.views.view.picture if window.views.key == "stage" else window.views.view
    return [part.geometry().getRect() for part in (window.views, picture, window.deck, window.bar, window.truth)]


@pytest.mark.parametrize("view", VIEW_NAMES)
def test_the_start_does_not_jump(window, qtbot, view):
    window.hide()
    window.desk.settings = replace(window.desk.settings, pane="latency")
    window.show_view(view)
    window.expect(2)
    window.show()
    qtbot.waitExposed(window)
    QApplication.processEvents()
    first = places(window)
    assert window.deck.height() > 100
    run(window, qtbot, "reads", "boxes")
    window.show_pane("latency")
    QApplication.processEvents()
    assert places(window) == first
    window.show_pane("")
    QApplication.processEvents()
    assert places(window) != first   # it would be seen


def test_places_that_are_kept_are_those_of_the_lanes(window, qtbot):
    grid, stage = window.views["grid"], window.views["stage"]
    window.expect(2)
    picture, kept = stage._places(2)
    assert stage.picture.geometry() == picture
    assert not stage._invite.isVisible()
    run(window, qtbot, "reads", "boxes")
    assert [row.geometry() for row in stage.rows] == kept
    for view in (grid, stage):   # a start without networks
        for lane in list(window.desk.session.lanes):
            window.desk.remove_lane(lane)
        view.expect(0)
        window.show_view("grid" if view is grid else "stage")
        assert view._invite.isVisible()


def test_a_pane_keeps_its_part_of_the_height(window):
    window.show_pane("latency")
    QApplication.processEvents()

    def part():
        upper, lower = window.split.sizes()
        return lower / (upper + lower)

    first = part()
    assert first == pytest.approx(PANES["latency"].share, abs=0.02)
    for size in ((3840, 2160), (1440, 900)):
        window.resize(*size)
        QApplication.processEvents()
        assert part() == pytest.approx(first, abs=0.02), size
    window.split.setSizes([500, 300])   # a hand has moved it
    window.split.splitterMoved.emit(500, 1)
    moved = part()
    window.resize(1920, 1080)
    QApplication.processEvents()
    assert part() == pytest.approx(moved, abs=0.02)


def test_hints_go_when_done_and_do_not_return(window, qtbot, tmp_path):
    hints = Hints(window.actions_by_name, HINT_NAMES, window.views)
    window.hints = hints
    hints.restyle(window.theme, 1.0)
    assert hints.left == tuple(HINTS) == HINT_NAMES
    assert hints.isVisible()
    run(window, qtbot, "reads")
    window.desk.set_mode(Mode.TOGETHER)
    qtbot.waitUntil(lambda: hints.left == ("freeze", "xray"))
    assert window.current_settings().hints == ("freeze", "xray")
    hints._lines["freeze"][1].click()   # a hint does what it says
    qtbot.waitUntil(lambda: hints.left == ("xray",))
    assert window.desk.session.frozen is not None
    window.show_view("table")
    assert not hints.isVisible()   # there it would hide what is needed
    window.show_view("stage")
    assert hints.isVisible()
    window.show_pane("xray")
    qtbot.waitUntil(lambda: hints.left == ())
    assert not hints.isVisible()
    assert window.current_settings().hints == ()


def test_hints_are_put_away_at_once(window):
    hints = Hints(window.actions_by_name, ("xray",), window.views)
    assert hints.left == ("xray",)
    hints._close.click()
    assert hints.left == ()
    assert not hints.isVisible()


def test_hints_are_for_a_first_start(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEUP_CONFIG", str(tmp_path))
    assert Settings.load().hints == HINT_NAMES
    replace(Settings.load(), hints=("xray",)).save()
    assert Settings.load().hints == ("xray",)
    (tmp_path / "settings.json").write_text('{"version": 1, "theme": "light"}')   # of a version that knew no hints
    assert Settings.load().hints == ()


def test_the_table_is_copied_by_a_key_whatever_is_shown(window, qtbot):
    run(window, qtbot, "reads", "boxes")
    assert window.views.key == "stage"
    qtbot.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().count("\n|") >= 3
    assert "as Markdown" in window.truth.said
    qtbot.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    rows = list(csv.reader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row[1] for row in rows[1:3]] == ["Reader", "Boxer"]


def test_measuring_is_a_key_too(window, qtbot, monkeypatch):
    from gui.panes.catalogue import measuring

    measured = []
    monkeypatch.setattr(measuring, "measure_all", lambda cards, *_: measured.append(cards))
    window.show_pane("catalogue")
    pane = window.deck.pane
    qtbot.waitUntil(lambda: bool(pane.table.facts), timeout=10_000)
    pane.table.facts = {name: facts._replace(here=True) for name, facts in pane.table.facts.items()}
    window.show_pane("")
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert window.deck.key == "catalogue"
    qtbot.waitUntil(lambda: bool(measured) and not pane.measuring.running)
    assert {card.name for card in measured[0]} == set(CATALOG)


# ---- what goes wrong


def test_an_error_stands_over_the_picture_with_its_details_and_moves_nothing(window, qtbot):
    run(window, qtbot, "reads")
    before = places(window)
    window.desk.open_source("<b>nothing</b>.mp4")
    assert window.errors.isVisible()
    assert "<b>nothing</b>.mp4" in window.errors._message.text()
    assert places(window) == before
    assert window.errors.geometry().left() > 0
    window.errors._button.click()
    copied = QGuiApplication.clipboard().text()
    assert "There is no file or folder <b>nothing</b>.mp4." in copied
    assert "SourceError" in copied   # where it came from
    window.desk.fail(LabError("Another one.", "Do this."))
    assert (window.errors._message.text(), window.errors._hint.text()) == ("Another one.", "Do this.")
    window.back()   # Esc
    assert not window.errors.isVisible()
    window.desk.fail(LabError("A third one."))
    window.errors._gone.setInterval(1)
    window.errors._gone.start()
    qtbot.waitUntil(lambda: not window.errors.isVisible())   # it was there long enough


@pytest.mark.parametrize("size", [(1024, 640), (720, 450), (3840, 2160)])
def test_a_long_error_is_read_whole(window, size):
    window.resize(*size)
    window.desk.fail(LabError("A sentence that is rather long, about a file of a name. " * 4, "What to do then. " * 3))
    box = window.errors
    for label in (box._message, box._hint):
        assert label.height() >= label.heightForWidth(label.width())
        assert box.rect().contains(label.geometry())
    assert window._body.rect().contains(box.geometry())


def test_a_broken_settings_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEUP_CONFIG", str(tmp_path))
    troubles = []
    (tmp_path / "settings.json").write_text("{")
    assert Settings.load(troubles) == Settings()
    assert "cannot be understood" in troubles[0].sentence
    assert "settings.broken.json" in troubles[0].sentence
    (tmp_path / "settings.json").write_text('{"theme": "pink", "topk": 3}')
    assert Settings.load(troubles).topk == 3
    assert troubles[1].sentence.startswith("The setting theme is 'pink', not")
    Settings().save()
    Settings.load(troubles)
    assert len(troubles) == 2


def test_a_lane_s_failure_is_copied_from_its_row(window, qtbot):
    (lane,) = run(window, qtbot, "reads")
    (row,) = window.views["stage"].rows
    lane._fail("It broke.", "Do this.")
    row.follow()
    assert row.notice._copy.isVisible()
    row.notice._copy.click()
    assert QGuiApplication.clipboard().text() == "It broke. Do this."


# ---- a video


@pytest.fixture
def film(tmp_path):
    """Forty frames at twenty a second; the grey of frame i is 5 · i, a number that `Reader` reads."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (64, 48))
    for i in range(40):
        writer.write(np.full((48, 64, 3), 5 * i, np.uint8))
    writer.release()
    return path


def test_a_video_has_a_bar_and_other_sources_have_none(window, qtbot, film):
    bar = window.play_bar
    run(window, qtbot, "reads")
    window.painting.figures()
    assert not bar.isVisible()
    assert not window.actions_by_name["step_on"].isEnabled()
    window.desk.open_source(str(film))
    qtbot.waitUntil(bar.isVisible, timeout=10_000)
    qtbot.waitUntil(lambda: bar.seek.maximum() == 39)
    assert window.actions_by_name["step_on"].isEnabled()
    assert bar.time.text().endswith("/ 0:02")
    window.desk.open_source("pattern")
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=10_000)


def test_a_video_is_sought_and_stepped_and_every_network_answers_that_picture(window, qtbot, film):
    (lane,) = run(window, qtbot, "reads")
    window.desk.open_source(str(film))
    bar = window.play_bar
    qtbot.waitUntil(lambda: bar.isVisible() and bar.seek.maximum() == 39, timeout=10_000)

    def shows(frame):   # JPEG is off by a grey level or two
        return lambda: abs(int(lane.latest.prediction.labels[0]) - 5 * frame) <= 2 and bar.seek.value() == frame

    qtbot.keyClick(window, Qt.Key.Key_J)
    assert bar.playback.now.paused
    at = bar.seek.rect().center()
    qtbot.mouseClick(bar.seek, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: 17 <= bar.playback.now.frame <= 22, timeout=5000)   # about the middle
    frame = bar.playback.now.frame
    qtbot.waitUntil(shows(frame), timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(shows(frame + 1), timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_Left)
    qtbot.keyClick(window, Qt.Key.Key_Left)
    qtbot.waitUntil(shows(frame - 1), timeout=5000)
    qtbot.keyClick(window, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: bar.playback.now.frame != frame - 1 and not bar.playback.now.paused, timeout=5000)


def test_speed_and_loop_are_keys_and_buttons(window, qtbot, film):
    window.desk.open_source(str(film))
    bar = window.play_bar
    qtbot.waitUntil(bar.isVisible, timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_BracketRight)
    assert (bar.playback.now.speed, bar.speed.text()) == (2.0, "2×")
    for _ in range(9):
        bar.buttons["slower"].click()
    assert (bar.playback.now.speed, bar.speed.text()) == (0.25, "0.25×")
    assert bar.buttons["loop"].isChecked()
    bar.buttons["loop"].click()
    assert not bar.playback.now.loop


@pytest.mark.parametrize("size", [(720, 450), (1024, 640), (3840, 2160)])
def test_the_bar_fits_every_window(window, qtbot, film, size):
    window.desk.open_source(str(film))
    bar = window.play_bar
    qtbot.waitUntil(bar.isVisible, timeout=10_000)
    window.resize(*size)
    QApplication.processEvents()
    for part in (*bar.buttons.values(), bar.seek, bar.time, bar.speed):
        assert bar.rect().contains(part.geometry())
    assert bar.seek.width() > window.width() / 4


@pytest.mark.parametrize("view", ["stage", "grid"])
def test_pictures_of_other_shapes_move_nothing(window, qtbot, tmp_path, view):
    """A folder of them: wide, high, small."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for i, shape in enumerate([(360, 640), (640, 360), (300, 300), (20, 900)]):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((*shape, 3), 40 * i + 20, np.uint8))
    run(window, qtbot, "reads", "boxes")
    window.show_view(view)
    QApplication.processEvents()

    def layout():
        shown = window.views.view
        if view == "stage":
            return [shown.picture.geometry().getRect(), *(row.geometry().getRect() for row in shown.rows)]
        return [part.geometry().getRect() for lane in shown.views for part in (lane.picture, lane.bars, lane.header)]

    before, seen = layout(), set()
    source = Folder(folder, shown_s=0.15)
    window.desk.session.open(source)

    def all_seen():
        if latest := window.desk.session.lanes[0].latest:
            seen.add(latest.frame.pixels.shape)
        assert layout() == before
        return len(seen) >= 4

    qtbot.waitUntil(all_seen, timeout=10_000)
