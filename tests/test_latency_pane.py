"""The latency plot: what it draws, says, keeps and costs."""

from time import perf_counter

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from spine import SOON, Bell, Net, loading, spec

from gui.panes import PANES, Services
from gui.panes.latency.legend import Entry, Legend
from gui.panes.latency.pane import BARS, EMPTY, Pane
from gui.parts.plot import DASHES
from gui.parts.range import PATIENCE, Follow, joined, nice, spread, thin
from gui.stage.lane_words import FROZEN, sentence, summary
from gui.theme import DARK, LIGHT
from inference.data import LaneState, LaneStatus, Timing
from inference.errors import BackendError
from inference.live.lane import SPAN_S, Figures, Lane, Turnstile

TITLES = ("MobileNet v2", "ResNet-50", "YOLOX-nano")


@pytest.fixture
def lanes():
    """Makes real lanes with a quick network."""
    made = []

    def make(count=1, load=None):
        bell = Bell()
        for i in range(count):
            lane = Lane(spec(), load or loading(Net()), Turnstile(), bell, len(made)).start()
            lane.title = TITLES[i % 3] if i < 3 else f"Network {i + 1}"
            made.append(lane)
        assert bell.until(lambda: all(lane.status.state is not LaneState.LOADING for lane in made))
        return made[-count:]

    yield make
    for lane in made:
        lane.ask_to_close()
    for lane in made:
        assert lane.close(SOON)


@pytest.fixture
def pane(qtbot):
    made = PANES["latency"].make(Services(desk=None, show_pane=lambda _: None))
    qtbot.addWidget(made)
    made.resize(1400, 200)
    made.restyle(DARK, 1.0)
    made.show()
    return made


def fill(lane, count=60, fps=30.0, until=None, step=1, **stages):
    """Timings as if the lane had run until now, answering every `step`th picture; every stage in ms."""
    end = perf_counter() if until is None else until
    for i in range(count):
        timing = Timing(**{"infer": 10.0, "cpu_infer": 8.0, **stages})
        lane.timings.append(end - (count - 1 - i) / fps, timing, frame=i * step)
        lane.results += 1


def figures(bound="model", fps=12.34, offered=30.0):
    stages = dict.fromkeys(("wait", "preprocess", "infer", "postprocess", "latency", "cpu"), (1.0, 2.0, 3.0))
    return Figures(10, 3, 10, fps, offered, stages, bound)


def colours_in(widget):
    """How many pixels of each colour a widget shows."""
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    values, counts = np.unique(data & 0xFFFFFF, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def rgb(colour):
    return QColor(colour).rgb() & 0xFFFFFF


# ---- pure parts


@pytest.mark.parametrize(
    ("value", "expected"), [(0.7, 0.8), (1, 1), (1.01, 1.5), (9, 10), (10.0, 10), (84, 100), (101, 150), (260, 300)]
)
def test_nice_numbers(value, expected):
    assert nice(value) == pytest.approx(expected)


def test_a_range_does_not_follow_every_jitter():
    follow, rng = Follow(), np.random.default_rng(0)
    follow.follow(0, 20)
    top = follow.high
    assert top >= 20 * 1.1
    assert not any(follow.follow(0, 20 + rng.normal()) for _ in range(500))
    assert follow.high == top


def test_a_range_grows_at_once_and_shrinks_after_a_while():
    follow = Follow()
    follow.follow(0, 20)
    assert follow.follow(0, 90)
    assert follow.high >= 90
    assert not any(follow.follow(0, 20) for _ in range(PATIENCE))
    assert follow.follow(0, 20)
    assert follow.high == 30


def test_a_logarithmic_range_holds_slow_and_fast():
    follow = Follow(log=True)
    follow.follow(3.1, 160)
    assert (follow.low, follow.high) == (2.0, 200.0)
    follow.follow(1.0, 160)
    assert follow.low < 1.0
    for room in (2, 3, 5, 9):
        ticks = follow.ticks(room)
        assert 2 <= len(ticks) <= max(2, room)
        assert follow.low <= ticks[0] < ticks[-1] <= follow.high


@pytest.mark.parametrize("high", [0.4, 1, 1.5, 8, 10, 30, 150, 400, 6000])
@pytest.mark.parametrize("room", [2, 3, 5, 8])
def test_ticks_are_few_and_begin_at_nought(high, room):
    follow = Follow(least=0.1)
    follow.follow(0, high / 1.2)
    ticks = follow.ticks(room)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= room
    assert ticks[-1] <= follow.high * (1 + 1e-9)


@pytest.mark.parametrize("count", [0, 1, 10, 100, 101, 4096])
def test_thinning_keeps_the_extremes(count):
    x, y = np.arange(count, dtype=float), np.random.default_rng(1).normal(size=count)
    xs, ys = thin(x, y, 100)
    assert len(xs) == len(ys) <= 100
    assert np.all(np.diff(xs) >= 0)
    if count > 0:
        recent = y[-count // 2 :]
        assert ys.max() >= recent.max()
        assert ys.min() <= recent.min()


@pytest.mark.parametrize(
    ("x", "broken"),
    [([], []), ([1.0], []), ([0, 1 / 30, 2 / 30], []), ([0, 1.2, 2.4, 3.6], []), ([0, 0.1, 0.2, 5.0, 5.1], [2])],
    ids=["empty", "one", "steady", "slow network", "pause"],
)
def test_a_pause_breaks_the_line(x, broken):
    found = joined(np.array(x))
    assert ([] if isinstance(found, str) else np.flatnonzero(found[:-1] == 0).tolist()) == broken


@pytest.mark.parametrize(
    ("places", "columns"),
    [([], []), ([5], [0]), ([5, 50], [0, 0]), ([5, 6], [0, 1]), ([6, 5, 7], [1, 0, -1]), ([5, 6, 16], [0, 1, 0])],
)
def test_digits_stand_side_by_side(places, columns):
    assert spread(places, 10, 2) == columns


def test_every_lane_has_a_line_style_of_its_own():
    assert len(set(DASHES)) == 9


# ---- words


@pytest.mark.parametrize(
    ("bound", "fps", "offered", "said"),
    [
        ("", 0.0, 0.0, "MobileNet v2 waits for pictures"),
        ("camera", 30.0, 30.0, "MobileNet v2 answers every picture: 30.0 frames/s"),
        ("camera", 29.1, 30.0, "MobileNet v2 answers every picture: 29.1 frames/s"),
        ("model", 12.34, 30.0, "MobileNet v2 is bound by the model: 12.3 frames/s, 18 frames skipped a second"),
        ("model", 12.34, 12.4, "MobileNet v2 is bound by the model: 12.3 frames/s"),
        ("model", 12.34, 0.0, "MobileNet v2 is bound by the model: 12.3 frames/s"),
        ("turns", 5.0, 30.0, "MobileNet v2 waits for its turn: 5.0 frames/s, 25 frames skipped a second"),
    ],
)
def test_what_a_lane_is_bound_by_in_a_sentence(lanes, bound, fps, offered, said):
    (lane,) = lanes()
    assert sentence(lane, figures(bound, fps, offered)) == said


def test_a_lane_that_does_not_run_says_so(lanes):
    (lane,) = lanes()
    lane.status = LaneStatus(LaneState.FAILED, "The network cannot run.")
    assert sentence(lane, figures()) == "MobileNet v2 has stopped: The network cannot run"
    lane.status = LaneStatus(LaneState.FAILED, "a.onnx is not here.", absent=True)
    assert sentence(lane, figures()) == "MobileNet v2 is not on this machine yet"
    lane.status = LaneStatus(LaneState.LOADING)
    assert sentence(lane, figures()) == "MobileNet v2 is loading"
    lane.status, lane.paused = LaneStatus(LaneState.RUNNING), True
    assert sentence(lane, figures()) == "MobileNet v2 is switched off"


def test_many_lanes_in_one_line(lanes):
    a, b, c = lanes(3)
    assert summary([]) == ""
    both = [(a, figures("camera", 30.0)), (b, figures("camera", 30.0))]
    assert summary(both) == "Both networks answer every picture: 30.0 frames/s"
    c.status = LaneStatus(LaneState.FAILED, "It cannot run.")
    line = summary([both[0], (b, figures("model", 12.3)), (c, figures(""))])
    assert line == (
        "MobileNet v2 answers every picture: 30.0 frames/s · ResNet-50 is bound by the model: 12.3 frames/s"
        " · YOLOX-nano has stopped"
    )


def test_the_rate_in_the_sentence_is_that_of_the_lane(lanes):
    (lane,) = lanes()
    fill(lane, 100, fps=10.0, step=3)
    found = lane.figures()
    assert (found.fps, found.offered) == pytest.approx((10.0, 30.0), rel=0.02)
    said = f"MobileNet v2 is bound by the model: {found.fps:.1f} frames/s, 20 frames skipped a second"
    assert sentence(lane, found) == said


def test_the_window_s_numbers_are_shown_and_no_others(pane, lanes):
    (lane,) = lanes()
    fill(lane, 100, infer=10.0)
    pane.refresh([lane])
    fill(lane, 400, infer=50.0)
    told = figures()
    pane.tell({lane: told})
    for _ in range(12):   # what is drawn goes on, the numbers stay those of the moment when they were told
        pane.refresh([lane])
    assert pane.legend.entries[0].values == ("1.0 ms",)
    pane.tell({lane: lane.figures()})
    assert pane.legend.entries[0].values == (f"{lane.figures().stages['latency'][0]:.1f} ms",)


def test_a_held_picture_is_said_instead_of_a_verdict(pane, lanes):
    (lane,) = lanes()
    fill(lane, 100, step=1)
    pane.frozen = True
    pane.refresh([lane])
    assert pane.words.text() == FROZEN


# ---- all networks


def test_without_a_network_it_says_what_to_do(pane, monkeypatch):
    pane.refresh([])
    assert EMPTY == "Add a network to see its latency"
    assert colours_in(pane.plot).get(rgb(DARK.quiet), 0) > 20    # the words
    assert colours_in(pane.plot).get(rgb(DARK.line), 0) == 0     # no grid


def test_every_network_is_drawn_in_its_own_colour_and_style(pane, lanes):
    made = lanes(3)
    for i, lane in enumerate(made):
        fill(lane, 300, infer=10.0 * (i + 1), preprocess=1.0)
    pane.refresh(made)
    assert len(pane._curves) == 3
    for i, curve in enumerate(pane._curves):
        x, y = curve.getData()
        assert np.all((x >= -SPAN_S) & (x <= 0))
        assert y == pytest.approx(10.0 * (i + 1) + 1.0)
        assert curve.opts["pen"].color() == DARK.lane(i)
        assert curve.opts["pen"].widthF() == 0   # the quick path
    shown = colours_in(pane.plot)
    assert all(shown.get(rgb(DARK.lanes[i]), 0) > 100 for i in range(3))
    assert len({tuple(curve.opts["pen"].dashPattern()) for curve in pane._curves}) == 3


def test_the_legend_has_the_median_of_what_is_shown(pane, lanes):
    made = lanes(2)
    for infer in (90.0, 10.0, 20.0, 30.0):
        fill(made[0], 1, infer=infer)
    pane.refresh(made)
    (first, second) = pane.legend.entries
    assert (first.tag, first.name, first.values) == ("1", "MobileNet v2", ("25.0 ms",))
    assert second.values == ("\N{EN DASH}",)


def test_what_is_older_than_the_plot_is_left_out(pane, lanes):
    (lane,) = lanes()
    fill(lane, 30, until=perf_counter() - 60, infer=500.0)
    fill(lane, 30, infer=10.0)
    pane.refresh([lane])
    assert pane.legend.entries[0].values == ("10.0 ms",)
    assert len(pane._curves[0].getData()[0]) == 30


def test_cpu_time_instead_of_wall_time(pane, lanes, qtbot):
    (lane,) = lanes()
    fill(lane, infer=40.0, cpu_infer=12.0)
    pane.refresh([lane])
    qtbot.mouseClick(pane.clock.buttons["cpu"], Qt.MouseButton.LeftButton)
    assert pane._curves[0].getData()[1] == pytest.approx(12.0)
    assert pane.legend.entries[0].values == ("12.0 ms",)


def test_a_logarithmic_axis_on_request(pane, lanes, qtbot):
    made = lanes(2)
    fill(made[0], infer=3.0)
    fill(made[1], infer=300.0)
    pane.refresh(made)
    qtbot.mouseClick(pane.log, Qt.MouseButton.LeftButton)
    assert [curve.getData()[1][0] for curve in pane._curves] == pytest.approx([np.log10(3), np.log10(300)])
    low, high = pane.plot.getPlotItem().viewRange()[1]
    assert low <= np.log10(3) < np.log10(300) <= high


def test_one_hiccup_does_not_flatten_the_plot(pane, lanes):
    (lane,) = lanes()
    fill(lane, 200, infer=10.0)
    fill(lane, 1, infer=2000.0)
    fill(lane, 200, infer=10.0)
    pane.refresh([lane])
    assert pane.plot.getPlotItem().viewRange()[1] == [0, 15]


def test_the_sentence_is_said_and_the_tooltip_has_one_a_lane(pane, lanes):
    made = lanes(2)
    fill(made[0], idle=25.0)
    fill(made[1], step=3, infer=80.0)
    pane.refresh(made)
    assert pane.words.text().startswith("MobileNet v2 answers every picture")
    assert "ResNet-50 is bound by the model" in pane.words.text()
    assert len(pane.words.toolTip().splitlines()) == 2


def test_lanes_come_and_go_and_fail(pane, lanes):
    def broken(report, cancelled):
        raise BackendError("It cannot be opened.")

    good = lanes(2)
    (bad,) = lanes(1, broken)
    fill(good[0])
    for shown in (good, [*good, bad], [bad], [], good):
        pane.refresh(shown)
        assert len(pane._curves) == len(shown)
        assert pane.choice.count() == len(shown)
        pane.grab()
    pane.refresh([bad])
    assert pane.legend.entries[0].values == ("stopped",)
    assert pane.words.text() == "MobileNet v2 has stopped: It cannot be opened"


def test_the_mode_is_said_in_the_plot(pane, lanes):
    made = lanes()
    pane.refresh(made)
    before = colours_in(pane.plot).get(rgb(DARK.quiet), 0)
    pane.mode_text = "together: networks slow each other"
    assert colours_in(pane.plot).get(rgb(DARK.quiet), 0) > before + 50


# ---- stages of one


def test_a_click_on_a_network_shows_its_stages(pane, lanes, qtbot):
    made = lanes(3)
    for i, lane in enumerate(made):
        fill(lane, wait=4.0, preprocess=1.0, infer=10.0 * (i + 1), postprocess=2.0, cpu_infer=9.0)
    pane.refresh(made)
    place = pane.legend._place(1).center().toPoint()
    qtbot.mouseClick(pane.legend, Qt.MouseButton.LeftButton, pos=place)
    assert pane.view.key == "stages"
    assert pane.lane is made[1]
    assert pane.choice.currentText() == "2  ResNet-50"
    # Work stands on the axis, the wait lies on top.
    assert pane.bars._tops.shape == (BARS, 4)
    assert pane.bars._tops[-1].tolist() == [1.0, 21.0, 23.0, 27.0]
    assert pane.bars._marks.tolist() == [9.0] * BARS
    assert [(entry.name, *entry.values) for entry in pane.legend.entries] == [
        ("Wait", "4.0 ms", "4.0 ms"),
        ("Postprocess", "2.0 ms", "2.0 ms"),
        ("Infer", "20.0 ms", "20.0 ms"),
        ("Preprocess", "1.0 ms", "1.0 ms"),
        ("CPU", "9.0 ms", "9.0 ms"),
    ]
    shown = colours_in(pane.plot)
    assert shown[rgb(DARK.lanes[1])] > 2000   # infer, in the lane's own colour
    assert shown[rgb(DARK.text)] > 60         # the marks of CPU time


def test_the_chooser_changes_the_lane_and_a_lane_that_goes_is_no_trouble(pane, lanes):
    made = lanes(2)
    fill(made[0])
    pane.restore({"view": "stages"})
    pane.refresh(made)
    assert pane.lane is made[0]
    pane.choice.setCurrentIndex(1)
    pane.choice.activated.emit(1)
    assert pane.lane is made[1]
    assert pane.legend.entries[0].values == ("\N{EN DASH}", "\N{EN DASH}")
    pane.refresh(made[:1])
    assert pane.lane is made[0]
    pane.refresh([])
    assert pane.lane is None
    pane.grab()


def test_the_controls_of_the_other_view_are_out_of_the_way(pane):
    assert (pane.clock.isHidden(), pane.log.isHidden(), pane.choice.isHidden()) == (False, False, True)
    pane.restore({"view": "stages"})
    assert (pane.clock.isHidden(), pane.log.isHidden(), pane.choice.isHidden()) == (True, True, False)


# ---- settings, look, cost


@pytest.mark.parametrize(
    "state",
    [
        {"view": "all", "clock": "wall", "log": False, "lane": ""},
        {"view": "stages", "clock": "cpu", "log": True, "lane": "3"},
    ],
)
def test_what_is_chosen_comes_back(pane, qtbot, state):
    pane.restore(state)
    assert pane.state() == state


@pytest.mark.parametrize(
    "state", [None, 3, [], {}, {"view": "nonsense", "clock": 7, "log": "yes", "lane": -1}, {"view": None, "lane": "x"}]
)
def test_a_broken_setting_changes_nothing(pane, state):
    before = pane.state()
    pane.restore(state)
    assert pane.state() == before


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_colours_and_type_follow(pane, lanes, theme, scale):
    made = lanes(2)
    for lane in made:
        fill(lane)
    pane.refresh(made)
    pane.restyle(theme, scale)
    pane.refresh(made)
    shown = colours_in(pane.plot)
    assert max(shown, key=shown.get) == rgb(theme.surface)
    assert shown[rgb(theme.lanes[0])] > 50
    assert pane.legend.entries[0].colour == theme.lane(0)
    assert pane.plot.getAxis("left").style["tickFont"].pixelSize() == max(12, round(14 * scale))


@pytest.mark.parametrize("size", [(1024, 160), (1920, 180), (3840, 400)])
@pytest.mark.parametrize("count", [1, 4, 9])
def test_legend_and_plot_have_room_in_every_size(pane, lanes, size, count):
    made = lanes(count)
    pane.resize(*size)
    pane.refresh(made)
    places = [pane.legend._place(i) for i in range(count)]
    assert all(pane.legend.rect().toRectF().contains(place) for place in places)
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[i + 1 :])
    assert pane.plot.width() > 0.35 * size[0]
    assert pane.legend.entry_at(places[-1].center().toPoint()) == count - 1
    assert pane.legend.entry_at(QPoint(-5, -5)) == -1


def test_a_legend_as_a_picture_only_does_not_answer_clicks(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    legend.resize(200, 100)
    legend.show_entries([Entry(7, "Infer", QColor("red"))])
    told = []
    legend.chosen.connect(told.append)
    where = legend._place(0).center().toPoint()
    qtbot.mouseClick(legend, Qt.MouseButton.LeftButton, pos=where)
    assert told == []
    legend.clickable = True
    qtbot.mouseClick(legend, Qt.MouseButton.LeftButton, pos=where)
    assert told == [7]


def test_nine_lanes_of_600_points_cost_little(pane, lanes, qapp):
    """Measured 3.7 ms; the bar is far above it, for busy machines, and far below automatic ranges and thick pens."""
    made = lanes(9)
    for i, lane in enumerate(made):
        fill(lane, 600, infer=10.0 + 3 * i)
    pane.refresh(made)
    qapp.processEvents()
    costs = []
    for _ in range(15):
        start = perf_counter()
        pane.refresh(made)
        pane.plot.viewport().repaint()
        costs.append(perf_counter() - start)
    assert np.median(costs) < 0.025


def test_it_is_a_pane_of_the_table(pane):
    assert isinstance(pane, Pane)
