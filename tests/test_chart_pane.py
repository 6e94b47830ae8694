"""The chart of the talk: who stands where, what is efficient, what moves, what is measured, saved and said."""

import json
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from test_accuracy import photo

from gui import folders
from gui.parts.axes import Axes, axis_text
from gui.parts.bubble_labels import Bubble
from gui.parts.bubbles import Bubbles
from inference.lab.accuracy.measured import ACCURACY, AGREEMENT, Measured, network_key, recall, remember
from inference.lab.agreement.figures import LabelCounts
from inference.lab.agreement.kept import remember_agreement
from inference.lab.agreement.report import Network, Pair, Report
from inference.lab.chart.points import chart_of, cost_text, frontier, subject_of
from models.card import Accuracy
from models.catalog import CARDS, load_catalog
from models.published import IMAGENET, beside, published
from models.store import Store
from training.drawn import NAMES

CATALOG = load_catalog(CARDS)
SQUEEZE, YOLO, LITE = (CATALOG[name] for name in ("squeezenet1.1", "yolox-nano", "efficientnet-lite0"))


# ---- published figures ----


def test_published_figures_are_those_of_torchvision():
    """As its documentation states them."""
    by_title = {one.title: one for one in published()}
    net = by_title["ResNet50"]
    assert (net.accuracy.top1, net.gmacs, net.parameters, net.bytes) == (76.13, 4.089, 25557032, 97781000)
    assert by_title["ResNet50 · V2"].accuracy.top1 == 80.858
    assert by_title["MobileNet V2"].parameters == 3504872
    assert by_title["FasterRCNN ResNet50 FPN"].accuracy.ap == 37.0
    assert by_title["FasterRCNN ResNet50 FPN"].accuracy.top1 == 0
    spelt = {"ShuffleNet V2 X0.5", "RegNet Y 1.6GF", "MNASNet0.75", "ResNeXt50 32X4D", "Wide ResNet50 2"}
    assert spelt <= set(by_title)
    assert len(by_title) == len(published()) == 113
    assert all(one.gmacs > 0 and one.parameters > 0 and one.bytes > 0 for one in published())


def test_what_a_card_states_already_does_not_stand_there_twice():
    others = {one.title for one in beside(CATALOG.values())}
    assert "SqueezeNet1 1" not in others   # whose figure the card has
    assert "ConvNeXt Tiny" in others
    assert len(beside([])) == 113


# ---- points ----


def test_points_by_hand():
    lane = subject_of(SQUEEZE, "key", 3, "SqueezeNet here")
    chart = chart_of([lane, subject_of(LITE)], "macs", "top1", {}, Measured())
    first, second = chart.points
    assert (first.x, first.y, first.words) == (0.353e9, 58.178, "58.2 % · 353 M")
    assert "torchvision SqueezeNet1_1 IMAGENET1K_V1" in first.tip
    assert second.subject.lane is None
    timed = chart_of([lane, subject_of(LITE)], "ms", "top1", {3: 9.49}, Measured())
    assert [(point.x, point.words) for point in timed.points] == [(9.49, "58.2 % · 9.5 ms")]
    known = Measured("40 pictures", "d", {"key": (10, 40)})
    (measured,) = chart_of([lane, subject_of(LITE)], "bytes", "measured", {}, known).points
    assert measured.y == 25
    assert (measured.low, measured.high) == (pytest.approx(14.19, abs=0.01), pytest.approx(40.19, abs=0.01))
    # Wilson's interval of 10 of 40, as R's prop.test(10, 40, correct = FALSE) has it: 0.1419 to 0.4019
    assert "10 of 40 right" in measured.tip


def test_figures_of_other_pictures_are_not_mixed_and_that_is_said():
    lanes = [subject_of(SQUEEZE, "a", 0), subject_of(YOLO, "b", 1), subject_of(CATALOG["digits-vgg"], "c", 2)]
    top1 = chart_of(lanes, "macs", "top1", {}, Measured())
    assert [point.subject.lane for point in top1.points] == [0]
    assert [why for _, why in top1.absent] == [
        "its figure is of COCO val2017", "its figure is of MNIST, 10,000 test digits",
    ]  # fmt: skip
    boxes = chart_of(lanes, "macs", "ap", {}, Measured())
    assert [(point.subject.lane, point.words.partition(" ")[0]) for point in boxes.points] == [(1, "25.8")]
    measured = chart_of(lanes, "macs", "measured", {}, Measured("", "", {"c": (0, 3)}))
    assert [point.y for point in measured.points] == [0.0]   # nothing right is a figure
    assert [why for _, why in measured.absent] == ["not measured", "it finds boxes"]
    assert chart_of(lanes[:1], "ms", "top1", {}, Measured()).absent[0][1] == "it has not answered yet"
    bare = subject_of(replace(SQUEEZE, accuracy=None), "a", 0)
    assert chart_of([bare], "macs", "top1", {}, Measured()).absent[0][1] == "no figure is published"
    voc = subject_of(replace(SQUEEZE, accuracy=Accuracy(IMAGENET, "x")), "a", 0)
    assert chart_of([voc], "macs", "top1", {}, Measured()).absent


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [(15.47e9, "count", "15.5 G"), (3504872, "count", "3.5 M"), (4.9e6, "bytes", "4.9 MB"), (12.34, "ms", "12.3 ms")],
)
def test_costs_as_people_say_them(value, kind, text):
    assert cost_text(value, kind) == text


def test_axes_as_people_say_them():
    assert [axis_text(v, "bytes") for v in (0, 5e3, 2e7, 1e9)] == ["0 B", "5 kB", "20 MB", "1 GB"]
    assert axis_text(0.5, "ms") == "0.5 ms"
    assert axis_text(2e8, "count") == "200 M"


def test_the_efficient_frontier_by_hand():
    assert frontier([]) == []
    assert frontier([(5, 70), (1, 50), (2, 60), (3, 55), (6, 70), (2, 61)]) == [1, 5, 0]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_nothing_as_cheap_is_as_right_as_the_frontier(points):
    found = frontier(points)
    for i, (x, y) in enumerate(points):
        better = any(ox <= x and oy >= y and (ox, oy) != (x, y) for ox, oy in points)
        assert (points.index((x, y)) in found) == (not better) if points.index((x, y)) == i else i not in found


def test_agreement_with_all_the_others_is_remembered(tmp_path):
    store = Store(tmp_path)
    names = ("digits-vgg", "digits-lenet", "digits-vgg", "gone")
    nets = tuple(Network(name, name, "onnxruntime", "classify", 10, 0, None) for name in names)

    def counts(same: int) -> LabelCounts:
        return LabelCounts(10, same, *([0.0] * (len(LabelCounts.__dataclass_fields__) - 2)))

    pairs = (
        Pair(0, 1, 10, "", counts(8)), Pair(0, 2, 10, "", counts(10)), Pair(1, 2, 10, "", counts(8)),
        Pair(0, 3, 10, "", counts(3)), Pair(1, 3, 10, "", counts(4)), Pair(2, 3, 10, "", counts(3)),
    )  # fmt: skip
    report = Report({}, "mine", 10, None, 0.25, nets, pairs, (), ())
    remember_agreement(store, report, CATALOG)
    known = recall(store, AGREEMENT)
    assert known.title == "10 pictures of mine, with 1 other networks"
    assert known.right == {
        network_key(CATALOG["digits-vgg"], store): (11, 20), network_key(CATALOG["digits-lenet"], store): (20, 30),
    }  # fmt: skip


# ---- bubbles ----


def shown(qtbot, bubbles, front=(), **axes) -> Bubbles:
    made = Bubbles(Axes("cost", "right", **axes))
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show_bubbles(bubbles, front)
    made.show()
    return made


def bubble(title: str, x: float, y: float, **more) -> Bubble:
    return Bubble(title, "words", x, y, 5e6, QColor("#4080ff"), **more)


def test_a_linear_axis_begins_at_nothing(qtbot):
    made = shown(qtbot, [bubble("a", 10, 50), bubble("b", 20, 60)], log=False)
    (ax, ay, _), (bx, by, _) = made.circles()
    left = made.plot().left()
    assert bx - left == pytest.approx(2 * (ax - left))
    assert by < ay
    made.axes = Axes("cost", "right", log=True)
    (ax, _, _), (bx, _, _) = made.circles()
    assert bx - left != pytest.approx(2 * (ax - left))


def test_labels_stay_where_they_are_while_nothing_moves_far(qtbot):
    bubbles = [bubble("a", 10, 50), bubble("b", 20, 60, quiet=True), bubble("c", 15, 55, quiet=True, label=False)]
    made = shown(qtbot, bubbles)
    made.grab()
    first = made.labels.placed
    assert set(first.places) == {0, 1}
    made.show_bubbles([replace(bubbles[0], x=10.01), *bubbles[1:]])
    made.grab()
    assert made.labels.placed is first
    made.show_bubbles([replace(bubbles[0], x=14), *bubbles[1:]])
    made.grab()
    assert made.labels.placed is not first


def test_what_stands_still_is_painted_once(qtbot, monkeypatch):
    made, painted = shown(qtbot, [bubble("a", 10, 50), bubble("b", 20, 60, quiet=True)]), []
    made.grab()
    real = Bubbles._circle

    def noted(self, painter, one, *more):
        painted.append(one.title)
        real(self, painter, one, *more)

    monkeypatch.setattr(Bubbles, "_circle", noted)
    made.resize(901, 600)
    made.grab()
    made.grab()
    assert painted == ["b"]   # of "a", a picture is kept


def test_the_front_bubble_is_meant(qtbot):
    made = shown(qtbot, [bubble("behind", 10, 50, quiet=True), bubble("lane", 10, 50, key=4), bubble("far", 99, 60)])
    x, y, _ = made.circles()[1]
    assert made.bubble_at(QPointF(x, y)).title == "lane"
    assert made.bubble_at(QPointF(x, y + 200)) is None
    with qtbot.waitSignal(made.clicked) as said:
        QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(int(x), int(y)))
    assert said.args == [4]


# ---- the pane ----


@pytest.fixture
def window(open_window):
    return open_window("digits-lenet", "digits-vgg")


@pytest.fixture
def pane(qtbot, window):
    window.show_pane("chart")
    made = window.deck.pane
    qtbot.waitUntil(lambda: len(made._lanes) == 2, timeout=20_000)
    return made


def test_it_shows_what_is_published_beside_what_runs_here(pane):
    quiet = [point for point in pane.chart.points if point.subject.lane is None]
    assert len(quiet) > 100
    assert "mini-VGG, its figure is of MNIST, 10,000 test digits" in pane.note.text()
    pane.published.setChecked(False)
    assert not pane.chart.points
    pane.published.setChecked(True)
    pane.worth.buttons["ap"].click()
    assert 10 < len(pane.chart.points) < 40
    assert pane.bubbles.axes.unit == ""
    assert not pane.bubbles.grab().isNull()


def test_bubbles_follow_the_lanes(qtbot, window, pane):
    store = window.desk.store
    remember(store, ACCURACY, "mine", "d", {network_key(CATALOG["digits-vgg"], store): (9, 10)})
    window.show_pane("")
    window.show_pane("chart")
    pane.worth.buttons["measured"].click()
    pane.cost.buttons["ms"].click()
    lane = next(lane for lane in window.desk.session.lanes if lane.spec.model == "digits-vgg")
    places = []
    for ms in (2.0, 4.0):
        figures = SimpleNamespace(timed=5, stages={"infer": (ms, ms, ms)})
        pane.tell({lane: figures})
        places.append((pane.chart.points[0].x, pane.bubbles._bubbles[0].words))
        pane._times = {}
    assert places == [(2.0, "90.0 % · 2.0 ms"), (4.0, "90.0 % · 4.0 ms")]
    assert not pane.published.isEnabled()
    pane.bubbles.clicked.emit(lane.slot)
    assert window.desk.chosen_lane() is lane


def test_it_measures_on_labelled_pictures(qtbot, window, pane, tmp_path):
    for digit, name in enumerate(NAMES[:5]):
        (tmp_path / "mine" / str(digit)).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "mine" / str(digit) / f"{name}.png"), photo(digit))
    assert not pane.buttons["measure"].isVisible()
    pane.worth.buttons["measured"].click()
    assert "Nothing is measured yet" in pane.note.text()
    assert not pane.buttons["measure"].isEnabled()
    pane._take_data(str(tmp_path / "mine"))
    pane.buttons["measure"].click()
    assert window.desk.session.resting
    assert pane.buttons["stop"].isVisible()
    qtbot.waitUntil(lambda: not pane.job.running, timeout=60_000)
    assert not window.desk.session.resting
    assert pane.note.text().startswith("On 5 pictures of mine.")
    assert [(point.y, round(point.low, 1)) for point in pane.chart.points] == [(100.0, 56.6)] * 2   # Wilson, 5 of 5
    pane._take_data(str(tmp_path / "gone.csv"))
    pane.measure()
    qtbot.waitUntil(lambda: not pane.job.running, timeout=60_000)
    assert "cannot be read" in pane.note.text()
    assert len(pane.chart.points) == 2


def test_it_is_saved_as_a_picture_and_as_lines(qtbot, pane, tmp_path, monkeypatch):
    pane.save(tmp_path / "a.png")
    picture = cv2.imread(str(tmp_path / "a.png"))
    assert picture.shape == (2000, 3200, 3)
    assert len(np.unique(picture[::8, ::8].reshape(-1, 3), axis=0)) > 20
    pane.save(tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    texts = {"".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert "EfficientNet V2 L" in texts
    assert any("Multiply-adds" in text for text in texts)
    monkeypatch.setattr(folders.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), "Lines (*.svg)"))
    pane.buttons["save"].click()
    assert (tmp_path / "mine.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()
    said = []
    pane.desk.failed.connect(said.append)
    (tmp_path / "b.png").mkdir()
    pane.save(tmp_path / "b.png")
    assert len(said) == 1


def test_what_is_chosen_is_remembered(pane):
    pane.worth.buttons["agreement"].click()
    assert "Open Agreement" in pane.note.text()
    pane.log.setChecked(False)
    state = json.loads(json.dumps(pane.state()))
    pane.worth.key, pane.data = "top1", ""
    pane.log.setChecked(True)
    pane.restore({**state, "data": "x"})
    assert (pane.worth.key, pane.log.isChecked(), pane.data) == ("agreement", False, "x")
    for wrong in (None, [], {"worth": 3, "cost": "x", "log": "yes"}):
        pane.restore(wrong)
    assert pane.worth.key == "agreement"


def test_forty_networks_are_drawn_with_their_labels_apart(qtbot):
    made = shown(qtbot, [bubble(f"Network {i}", 10.0 ** (i % 8), 40 + i, quiet=i % 3 > 0) for i in range(40)])
    made.render(QPixmap(made.size()))
    boxes = [box for box in made.labels.placed.places.values() if box]
    assert len(boxes) > 10
    for i, a in enumerate(boxes):
        assert not any(min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1]) for b in boxes[:i])
