"""The bubble chart: where bubbles and labels stand, what is measured, remembered and said."""

import json
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QToolTip
from test_digits import idx
from test_teaching import CLEAN, SET

from gui.parts.axes import Axes, ticks_between, with_unit
from gui.parts.bubble_labels import Bubble
from gui.parts.bubbles import LARGEST, Bubbles
from gui.parts.labels_apart import labels_apart
from inference.errors import Cancelled, LabError
from inference.lab.accuracy.measured import ACCURACY, DIGITS, Measured, network_key, recall, remember
from inference.lab.digits.measuring import measure
from inference.lab.digits.measuring import test_digits as digits_of
from inference.lab.digits.sets import FIVE_THOUSAND, DigitSet, read_part
from inference.lab.intervals import wilson
from models.catalog import CARDS, load_catalog
from models.lineups import line_ups
from models.store import Store

CATALOG = load_catalog(CARDS)
BLUE = QColor("#4080ff")


def write_set(folder: Path, name: str, pictures: np.ndarray, labels: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(pictures))
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_set(tmp_path / "mine", "t10k", CLEAN, np.tile(np.arange(10), 3))
    write_set(tmp_path / "mine", "train", SET.pictures, SET.labels)
    return tmp_path / "mine"


# ---- labels ----


SHIFTS = st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=30, max_size=30)


def over(a, b):
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(50, 950), st.floats(50, 550), st.floats(3, 46)), min_size=1, max_size=40))
def test_no_label_lies_over_another_or_leaves_the_room(circles):
    places = labels_apart(circles, [(120, 34)] * len(circles), (0, 0, 1000, 600), [(500, 0, 504, 600)])
    there = [place for place in places if place]
    assert there, "there is room for the first at least" if len(circles) == 1 else there
    for i, place in enumerate(places):
        if place is None:
            continue
        assert place[0] >= 0
        assert place[2] <= 1000
        assert place[1] >= 0
        assert place[3] <= 600
        assert not over(place, (500, 0, 504, 600))
        assert not any(over(place, other) for j, other in enumerate(places) if other and j != i)
        assert not any(over(place, (x - r, y - r, x + r, y + r)) for x, y, r in circles)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(50, 950), st.floats(50, 550), st.floats(3, 20)), min_size=1, max_size=30), SHIFTS)
def test_labels_that_go_with_their_circles_lie_over_nothing(circles, shifts):
    sizes, room = [(80, 20)] * len(circles), (0, 0, 1000, 600)
    first = labels_apart(circles, sizes, room)
    assert labels_apart(circles, sizes, room, kept=first) == first   # who lies well stays
    moved = [(x + dx, y + dy, r) for (x, y, r), (dx, dy) in zip(circles, shifts, strict=False)]
    kept = [
        place and (place[0] + dx, place[1] + dy, place[2] + dx, place[3] + dy)
        for place, (dx, dy) in zip(first, shifts, strict=False)
    ]
    places = labels_apart(moved, sizes, room, kept=kept)
    for i, place in enumerate(places):
        if place:
            assert all((room[0] <= place[0], place[2] <= room[2], room[1] <= place[1], place[3] <= room[3]))
            assert not any(over(place, other) for other in places[:i] if other)
            assert not any(over(place, (x - r, y - r, x + r, y + r)) for x, y, r in moved)


def test_a_label_stands_at_the_right_of_its_circle_where_it_can():
    assert labels_apart([(100, 100, 10)], [(50, 20)], (0, 0, 400, 200)) == [(114, 90, 164, 110)]
    assert labels_apart([(390, 100, 10)], [(50, 20)], (0, 0, 400, 200)) == [(326, 90, 376, 110)]
    assert labels_apart([(10, 10, 10)], [(50, 20)], (0, 0, 20, 20)) == [None]


# ---- bubbles ----


@pytest.fixture
def bubbles(qtbot):
    made = Bubbles(Axes("cost", "right", "none"))
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_right_is_up_cost_is_right_and_bytes_are_the_area(bubbles):
    bubbles.show_bubbles([
        Bubble("a", "", 1e5, 97.0, 1e6, BLUE), Bubble("b", "", 1e6, 99.0, 4e6, BLUE),
        Bubble("c", "", 0, 94.0, 4e6, BLUE), Bubble("d", "", 1e7, 98.0, 10, BLUE, 97.5, 98.4),
    ])  # fmt: skip
    a, b, c, d = bubbles.circles()
    assert d[0] - b[0] == pytest.approx(b[0] - a[0])   # a decade is a decade
    assert c[0] < a[0] < b[0] < d[0]
    assert b[1] < d[1] < a[1] < c[1]
    assert (a[1] - b[1]) == pytest.approx(2 * (d[1] - b[1]))
    assert b[2] == pytest.approx(2 * a[2])
    assert b[2] <= LARGEST
    assert d[2] < a[2]
    assert bubbles.accessibleName().startswith("a: 97.0 %, ; b: 99.0 %")
    assert not bubbles.grab().isNull()


def test_one_alone_and_none_have_axes_too(bubbles):
    bubbles.show_bubbles([])
    assert not bubbles.grab().isNull()
    bubbles.show_bubbles([Bubble("a", "", 0, 100.0, 1, BLUE)])
    assert not bubbles.grab().isNull()
    assert len(bubbles.circles()) == 1


def test_the_bubble_under_the_pointer_says_more(bubbles, monkeypatch):
    said = []
    monkeypatch.setattr(QToolTip, "showText", lambda _where, text, *_: said.append(text))
    large, small = (Bubble(name, "", 1e5, 97.0, size, BLUE, tip=name) for name, size in (("large", 9e6), ("small", 9)))
    bubbles.show_bubbles([large, small])
    x, y, r = bubbles.circles()[0]
    for dx in (0, r - 1, r + 40):
        place = QPoint(round(x + dx), round(y))
        bubbles.event(QHelpEvent(QHelpEvent.Type.ToolTip, place, place))
    assert said == ["small", "large", ""]


@pytest.mark.parametrize(
    ("low", "high", "room", "expected"),
    [
        (92.6, 99.6, 8, [93, 94, 95, 96, 97, 98, 99]),
        (98.1, 98.9, 4, [98.2, 98.4, 98.6, 98.8]),
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
    ],
)
def test_ticks_are_round(low, high, room, expected):
    assert ticks_between(low, high, room) == expected


def test_numbers_of_an_axis():
    assert [with_unit(v) for v in (5e5, 1e6, 2e7, 1e9, 5e12, 20, 1e3)] == [
        "500 k", "1 M", "20 M", "1 G", "5 T", "20", "1 k",
    ]  # fmt: skip


# ---- what was measured ----


def test_wilson_by_hand():
    """8 of 10: Brown, Cai and DasGupta (2001) give 0.490 to 0.943 for n = 10, X = 8."""
    assert wilson(8, 10) == (pytest.approx(0.490, abs=5e-4), pytest.approx(0.943, abs=5e-4))


def test_what_was_measured_is_known_again(tmp_path):
    store = Store(tmp_path)
    assert recall(store, DIGITS) == Measured()
    remember(store, DIGITS, "ten", "x", {"a": (9, 10)})
    assert remember(store, DIGITS, "ten", "x", {"b": (8, 10)}) == recall(store, DIGITS)
    assert recall(Store(tmp_path), DIGITS) == Measured("ten", "x", {"a": (9, 10), "b": (8, 10)})
    remember(store, DIGITS, "others", "y", {"c": (7, 10)})
    assert recall(store, DIGITS).right == {"c": (7, 10)}
    assert recall(store, ACCURACY) == Measured()   # each by itself
    too_right = json.dumps({"version": 1, "title": 3, "digest": "", "right": {"a": [11, 10]}})
    for damaged in ("", "[]", '{"version": 1}', too_right):
        (tmp_path / "digits.json").write_text(damaged)
        assert recall(store, DIGITS) == Measured()


def test_a_key_changes_with_what_the_answers_depend_on(tmp_path):
    from dataclasses import replace

    store, card = Store(tmp_path), CATALOG["digits-lenet"]
    assert network_key(card, store) == network_key(replace(card, title="another"), store)
    for changed in (replace(card, decoder="probabilities"), replace(card, input=replace(card.input, fit="stretch"))):
        assert network_key(changed, store) != network_key(card, store)


def test_the_test_part_of_a_folder_is_taken(folder):
    assert len(read_part(folder, "t10k")) == 30
    assert len(read_part(folder, "train")) == 240
    assert len(read_part(folder, "absent", "t10k")) == 30


def test_emnist_lies_on_its_side(tmp_path):
    write_set(tmp_path, "emnist-digits-test", CLEAN.transpose(0, 2, 1), np.tile(np.arange(10), 3))
    assert np.array_equal(read_part(tmp_path, "t10k", "test").pictures, CLEAN)


def test_every_network_is_measured_and_trouble_is_said_once(folder, tmp_path):
    store, steps = Store(tmp_path / "cache"), []
    cards = [CATALOG[name] for name in ("digits-lenet", "mobilenet-v2", "digits-vgg")]
    known, troubles = measure(cards, folder, store, steps.append, Event())
    assert known == recall(store, DIGITS)
    assert known.title == "30 digits of mine"
    assert {key: count for key, (_, count) in known.right.items()} == {
        network_key(card, store): 30 for card in (cards[0], cards[2])
    }
    assert all(right >= 27 for right, _ in known.right.values())
    assert len(troubles) == 1
    assert [step.part for step in steps] == sorted(step.part for step in steps)
    assert steps[-1].words == "mini-VGG: 30 of 30"


def test_a_cancel_keeps_what_was_found(folder, tmp_path):
    store, cancelled = Store(tmp_path / "cache"), Event()

    def tell(step):
        if step.words.startswith("mini-VGG: 0"):
            cancelled.set()

    with pytest.raises(Cancelled):
        measure([CATALOG["digits-lenet"], CATALOG["digits-vgg"]], folder, store, tell, cancelled)
    assert list(recall(store, DIGITS).right) == [network_key(CATALOG["digits-lenet"], store)]


def test_digits_that_were_learnt_from_do_not_count(folder, tmp_path, monkeypatch):
    """Of the five thousand, ten are among these thirty."""
    store = Store(tmp_path / "cache")
    monkeypatch.setattr(store, "find", lambda file: Path("here") if file is FIVE_THOUSAND else None)
    learnt = DigitSet("", CLEAN[:10], np.arange(10, dtype=np.uint8))
    monkeypatch.setattr("inference.lab.digits.measuring.five_thousand", lambda *_: learnt)
    new = digits_of(folder, store, Event())
    assert new.title == "30 digits of mine but 10 that were learnt from"
    assert np.array_equal(new.pictures, CLEAN[10:])
    learnt = DigitSet("", CLEAN, np.zeros(30, np.uint8))
    with pytest.raises(LabError, match="all of them were learnt from"):
        digits_of(folder, store, Event())


# ---- the face ----


@pytest.fixture
def window(open_window):
    return open_window("digits-lenet")


@pytest.fixture
def face(window):
    window.show_pane("digits")
    window.deck.pane.faces.buttons["chart"].click()
    return window.deck.pane.chart


def test_until_it_is_measured_the_bubbles_are_hollow_and_say_so(face):
    assert [one.title for one in face.bubbles._bubbles] == [CATALOG[n].title for n in line_ups()["digits"].models]
    assert not any(one.measured for one in face.bubbles._bubbles)
    assert face.note.text().startswith("As the cards say.")
    assert "as its card says: MNIST" in face.bubbles._bubbles[0].tip
    assert not face.start.isEnabled()


def test_measured_bubbles_are_filled_and_stay(qtbot, window, face, folder):
    face.restore({"test_folder": str(folder)})
    face.start.click()
    assert window.desk.session.resting == "measuring"
    qtbot.waitUntil(lambda: not face.job.running, timeout=60_000)
    assert face.note.text() == "Measured here, on 30 digits of mine."
    assert all(one.measured and one.low < one.y < one.high + 1e-9 for one in face.bubbles._bubbles)
    assert not window.desk.session.resting
    assert "of 30 right" in face.bubbles._bubbles[0].tip
    assert face.state() == {"test_folder": str(folder)}
    again = type(face)(window.desk)   # at the next start
    qtbot.addWidget(again)
    again.show_cards(window.deck.pane.cards())
    assert all(one.measured for one in again.bubbles._bubbles)


def test_a_folder_without_digits_is_one_sentence(qtbot, window, face, tmp_path):
    face.restore({"test_folder": str(tmp_path)})
    face.start.click()
    qtbot.waitUntil(lambda: not face.job.running, timeout=60_000)
    assert "must hold one set of digits" in face.note.text()
    assert not window.desk.session.resting
