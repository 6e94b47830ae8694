"""The X-ray pane and files dropped on the window, with a real small network."""

import gc
from dataclasses import replace
from threading import enumerate as threads

import make
import numpy as np
import pytest
import shiboken6
from make import tiny_onnx
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog

from gui.bridge import Bridge
from gui.desk import Desk
from gui.main import build
from gui.main_window import MainWindow
from gui.own_models import RECIPES
from gui.settings import Settings
from inference.data import Ask, Classification, LaneSpec, Lens, Mode, Result, Seen, Timing
from inference.intake.adding import add
from inference.intake.provide import loader
from inference.live.session import Session
from inference.live.usual import with_usual
from inference.options import Options
from models.card import InputSpec
from models.catalog import CARDS, Catalogue, load_catalog
from models.store import Store


@pytest.fixture
def window(qtbot, tmp_path):
    store, bridge = Store(), Bridge()
    add([tiny_onnx(tmp_path / "tiny.onnx")], store)
    catalog = load_catalog()
    catalog = Catalogue(catalog)
    session = Session(loader(catalog, store), bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, catalog, store, Settings(pane="", view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1600, 900)
    made.show()
    made.desk.open_source("pattern")
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()
    assert not [t for t in threads() if t.name.startswith(("lane", "capture"))]


@pytest.fixture
def pane(window, qtbot):
    window.desk.add_lane(LaneSpec("tiny"))
    window.show_pane("xray")
    made = window.deck.pane
    qtbot.waitUntil(lambda: made._shown is not None, timeout=10_000)
    return made


def test_it_says_what_to_do_when_there_is_no_network(window, qtbot):
    window.show_pane("xray")
    assert window.deck.pane._empty.isVisible()
    window.desk.add_lane(LaneSpec("tiny"))
    qtbot.waitUntil(lambda: window.deck.pane._shown is not None, timeout=10_000)
    assert not window.deck.pane._empty.isVisible()


def test_a_switch_acts_at_once_also_on_a_frozen_picture(window, pane, qtbot):
    lane = window.desk.session.lanes[0]
    window.desk.freeze(True)
    qtbot.waitUntil(lambda: lane.latest is not None and lane.latest.frame is window.desk.session.frozen, timeout=10_000)
    before = lane.latest
    pane.switches["order"].buttons["BGR"].click()
    qtbot.waitUntil(lambda: lane.latest is not before and lane.latest.seen is not None, timeout=10_000)
    assert lane.latest.seen.input.order == "BGR"
    qtbot.waitUntil(lambda: "BGR instead of RGB" in pane.words.text(), timeout=10_000)
    qtbot.waitUntil(lambda: "switched" in window.views["grid"].views[0].header.accessibleName(), timeout=10_000)
    assert pane.save.isEnabled()
    pane.reset.click()
    assert lane.lens.input is None
    qtbot.waitUntil(lambda: "switched" not in window.views["grid"].views[0].header.accessibleName(), timeout=10_000)
    assert not pane.save.isEnabled()


def test_going_away_takes_every_switch_back(window, pane, qtbot):
    lane = window.desk.session.lanes[0]
    pane._switch("range", "0..255")
    assert lane.lens.input is not None
    window.show_pane("latency")
    assert lane.lens is None
    window.show_pane("xray")
    qtbot.waitUntil(lambda: lane.lens is not None, timeout=10_000)
    assert lane.lens.input is None


def test_the_card_s_answer_stands_beside_the_switched_one_for_the_same_picture(window, pane, qtbot):
    lane = window.desk.session.lanes[0]
    assert list(pane.answers._columns) == ["By the card"]
    window.desk.freeze(True)
    qtbot.waitUntil(lambda: lane.latest is not None and lane.latest.frame is window.desk.session.frozen, timeout=10_000)
    usual = lane.latest.prediction
    pane._switch("order", "BGR")
    qtbot.waitUntil(lambda: lane.seen is not None and lane.seen.seen.usual is not None, timeout=10_000)
    seen = lane.seen
    assert seen.seen.usual.labels == usual.labels
    assert np.array_equal(seen.seen.usual.scores, usual.scores)
    assert not np.array_equal(seen.prediction.scores, usual.scores)   # the switch does something
    qtbot.waitUntil(lambda: list(pane.answers._columns) == ["By the card", "As switched"], timeout=10_000)
    best = [(label, float(score)) for label, score in zip(usual.labels, usual.scores, strict=True)][:3]
    assert pane.answers._columns["By the card"] == best
    assert pane.answers._columns["As switched"] != best
    pane._reset()
    qtbot.waitUntil(lambda: list(pane.answers._columns) == ["By the card"], timeout=10_000)


def test_the_second_answer_is_not_timed_nor_smoothed():
    calls = []

    def recognise(frame, ask, *, idle, turn):
        calls.append((ask.lens, ask.smoothing, idle, turn))
        return Result(frame, "m", Classification(("card",), np.ones(1, np.float32)), Timing(infer=99.0), 2.0)

    card = InputSpec(size=(8, 8))
    seen = Seen(np.zeros((1, 3, 8, 8)), (0, 0, 8, 8), (0, 0, 8, 8), card)
    other = Classification(("other",), np.ones(1, np.float32))
    switched = Result(make.plain(), "m", other, Timing(infer=7.0), 1.0, seen)
    for lens in (None, Lens(show=True)):   # nothing is switched
        assert with_usual(recognise, switched, Ask(lens=lens)) is switched
    assert with_usual(recognise, replace(switched, seen=None), Ask(lens=Lens(card, show=True))).seen is None
    assert calls == []
    both = with_usual(recognise, switched, Ask(lens=Lens(card, show=True), smoothing=True))
    assert calls == [(None, False, 0.0, 0.0)]
    assert (both.prediction.labels, both.seen.usual.labels) == (("other",), ("card",))
    assert (both.timing.infer, both.finished_at) == (7.0, 1.0)


def test_no_column_moves_when_a_switch_is_turned(window, pane, qtbot):
    def places():
        parts = (pane.live, pane.seen, pane._panel, pane.answers, pane.save, *pane.switches.values())
        return [part.geometry().getRect() for part in parts]

    QTest.qWait(50)
    before = places()
    for key, choice in (("order", "BGR"), ("range", "0..255"), ("fit", "letterbox")):
        pane._switch(key, choice)
        QTest.qWait(150)
        assert places() == before, key


def test_a_built_in_recipe_is_saved_under_a_name(window, pane, qtbot, monkeypatch):
    asked = []
    answers = [("ignored", False), ("   ", True), ("My <b>tiny</b>", True)]

    def ask(_parent, title, words, text):
        asked.append(text)
        return answers[len(asked) - 1]

    monkeypatch.setattr(QInputDialog, "getText", ask)
    monkeypatch.setattr("models.user_cards.is_own", lambda _card: False)
    pane._switch("order", "BGR")
    before = set(window.desk.catalogue)
    for _ in answers:
        pane.save.click()
    qtbot.waitUntil(lambda: len(window.desk.catalogue) > len(before), timeout=10_000)
    (name,) = set(window.desk.catalogue) - before
    assert asked == ["tiny, own recipe"] * 3
    made = load_catalog()[name]
    assert (made.title, made.input.order) == ("My <b>tiny</b>", "BGR")
    assert window.desk.catalogue["tiny"].input.order == "RGB"   # the other one stays


def test_a_recipe_is_saved_into_the_card_and_the_lane_loads_it(window, pane, qtbot, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda _parent, _title, _words, text: (text, True))
    lane = window.desk.session.lanes[0]
    assert "input.order" in window.desk.catalogue["tiny"].guessed
    pane._switch("order", "BGR")
    pane.save.click()
    qtbot.waitUntil(lambda: window.desk.catalogue["tiny"].input.order == "BGR", timeout=10_000)
    assert load_catalog()["tiny"].input.order == "BGR"
    assert "input.order" not in load_catalog()["tiny"].guessed
    qtbot.waitUntil(lambda: lane.lens is not None and lane.lens.input is None, timeout=10_000)
    qtbot.waitUntil(lambda: lane.seen is not None and lane.seen.seen.input.order == "BGR", timeout=10_000)


def test_what_is_seen_is_the_tensor_of_the_answer_beside_it(window, pane, qtbot):
    result = window.desk.session.lanes[0].seen
    assert result.seen.tensor.shape == (1, 3, 8, 8)
    assert np.isfinite(result.seen.tensor).all()
    x1, y1, x2, y2 = result.seen.crop
    height, width = result.frame.pixels.shape[:2]
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (720, 450)])
def test_it_fits_every_window(window, pane, qtbot, size):
    window.resize(*size)
    QTest.qWait(300)
    assert pane.seen.isVisible()
    assert pane._panel.isVisible()
    assert pane._panel.geometry().right() <= pane.width()
    assert pane.width() <= window.width()


def test_a_model_that_is_dropped_becomes_a_lane(window, qtbot, tmp_path):
    path = tiny_onnx(tmp_path / "dropped.onnx")
    drop(window, path)
    qtbot.waitUntil(lambda: any(lane.spec.model == "dropped" for lane in window.desk.session.lanes), timeout=20_000)
    assert "dropped" in window.desk.catalogue
    assert "is added" in window.truth.said
    window.desk.drop_card("dropped")
    assert not window.desk.session.lanes
    assert "dropped" not in window.desk.catalogue


def test_two_models_that_are_dropped_become_two_lanes(window, qtbot, tmp_path):
    before = len(window.desk.session.lanes)
    drop(window, tiny_onnx(tmp_path / "one.onnx"), tiny_onnx(tmp_path / "two.onnx", size=(9, 9)))
    wanted = {"one", "two"}
    qtbot.waitUntil(lambda: wanted <= {lane.spec.model for lane in window.desk.session.lanes}, timeout=40_000)
    assert len(window.desk.session.lanes) == before + 2
    assert not window.desk.adder.busy


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.h5"])
def test_a_model_that_is_not_read_is_named_and_the_picture_goes_on(window, qtbot, tmp_path, name):
    (tmp_path / name).write_bytes(b"TFL3")
    before = window.desk.session.source.title
    drop(window, tmp_path / name)
    assert name in window.truth.said
    assert "which is not read here. Export the network to ONNX" in window.truth.said
    assert window.desk.session.opening is None
    assert window.desk.session.source.title == before


def test_anything_else_that_is_dropped_leaves_the_picture(window, qtbot, tmp_path):
    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=5000)
    before = window.desk.session.source.title
    (tmp_path / "talk.pdf").write_bytes(b"%PDF-1.7")
    drop(window, tmp_path / "talk.pdf")
    qtbot.waitUntil(lambda: "talk.pdf" in window.truth.said, timeout=8000)
    assert window.desk.session.source.title == before
    assert window.desk.session.source.state.value == "live"


def test_labels_alone_are_said_and_lock_nothing(window, qtbot, tmp_path):
    """Ctrl+O with only names.txt."""
    (tmp_path / "names.txt").write_text("a\nb\n", encoding="utf-8")
    window.desk.adder.add([tmp_path / "names.txt"])
    assert window.truth.said == "names.txt is a list of labels. Choose it together with its model."
    assert not window.desk.adder.busy
    drop(window, tiny_onnx(tmp_path / "after.onnx"))
    qtbot.waitUntil(lambda: any(lane.spec.model == "after" for lane in window.desk.session.lanes), timeout=20_000)


def test_the_x_ray_opens_on_the_network_that_was_added(window, qtbot, tmp_path):
    """As the sentence says: "Press X to check."."""
    window.show_pane("")
    window.desk.add_lane(LaneSpec("tiny"))
    window.show_pane("xray")
    qtbot.waitUntil(lambda: window.deck.pane._lane is not None, timeout=5000)
    window.show_pane("")
    drop(window, tiny_onnx(tmp_path / "fresh.onnx"))
    qtbot.waitUntil(lambda: "fresh" in window.desk.catalogue and "Press X" in window.truth.said, timeout=20_000)
    assert "RGB or BGR" in window.truth.said
    assert "input." not in window.truth.said
    window.show_pane("xray")
    qtbot.waitUntil(lambda: window.deck.pane._lane.spec.model == "fresh", timeout=5000)
    window.show_pane("")
    first = window.views["grid"].views[0]
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton, pos=first.rect().topLeft() + QPoint(3, 3))
    window.show_pane("xray")
    qtbot.waitUntil(lambda: window.deck.pane._lane is first.lane, timeout=5000)


def test_a_broken_file_is_said_and_the_rest_goes_on(window, qtbot, tmp_path):
    window.desk.add_lane(LaneSpec("tiny"))
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"\xff" * 99)
    drop(window, path)
    qtbot.waitUntil(lambda: "broken.onnx" in window.truth.said and not window.desk.adder.busy, timeout=10_000)
    assert len(window.desk.session.lanes) == 1


def test_a_picture_that_is_dropped_is_shown(window, qtbot, testdata):
    drop(window, testdata / "images" / "cat.jpg")
    qtbot.waitUntil(lambda: window.desk.source_text.endswith("cat.jpg"), timeout=5000)


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), *how))   # Qt sends a drop only after it
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *how))


# ---- find the recipe


def found(window, pane, qtbot):
    """Press the button, and wait until every candidate is there."""
    pane.finder.click()
    sheet = window.own_models.recipes
    qtbot.waitUntil(lambda: sheet.stop.isHidden() and len(sheet.trials) >= 2, timeout=30_000)
    return sheet


def test_the_recipe_is_found_shown_and_saved(window, pane, qtbot):
    lane = window.desk.session.lanes[0]
    sheet = found(window, pane, qtbot)
    assert sheet.isVisible()
    buttons = [sheet.choices.button(i) for i in range(len(sheet.trials))]
    assert sum("the card's" in button.title for button in buttons) == 1
    other = next(i for i, trial in enumerate(sheet.trials) if trial.input.order == "BGR")
    buttons[other].click()
    assert sheet.save.isEnabled()
    assert sheet.save.text() == "Save"   # it is the user's own card
    wanted = sheet.trials[other].input
    sheet.save.click()
    qtbot.waitUntil(lambda: window.desk.catalogue[lane.spec.model].input == wanted, timeout=10_000)
    assert load_catalog()[lane.spec.model].input == wanted
    qtbot.waitUntil(lambda: not sheet.isVisible(), timeout=5_000)


def test_the_cards_own_recipe_cannot_be_saved_again(window, pane, qtbot):
    sheet = found(window, pane, qtbot)
    own = next(i for i, t in enumerate(sheet.trials) if t.input == window.desk.catalogue["tiny"].input)
    sheet.choices.button(own).click()
    assert not sheet.save.isEnabled()


def test_finding_can_be_stopped_and_closed(window, pane, qtbot):
    pane.finder.click()
    sheet = window.own_models.recipes
    sheet.stop.click()
    assert (sheet.words.text(), sheet.stop.isHidden(), sheet.examples.isHidden()) == ("Stopped.", True, False)
    window.floating.drawers[RECIPES].dismiss()
    assert sheet.card is None


def test_examples_that_do_not_fit_are_said_in_the_sheet(window, pane, qtbot, tmp_path):
    sheet = found(window, pane, qtbot)
    (tmp_path / "empty").mkdir()
    sheet.take(sheet.card, tmp_path / "empty")
    qtbot.waitUntil(lambda: sheet.trouble.isVisible(), timeout=20_000)
    assert "no folder with pictures" in sheet.trouble._message.text()


def test_a_network_of_grey_digits_is_looked_into_and_shows_the_ink(qtbot):
    made = build(Options(source="digits", models=("digits-lenet",)), load_catalog(CARDS), Settings())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.show_pane("xray")
    pane = made.deck.pane
    qtbot.waitUntil(lambda: pane._shown is not None, timeout=20_000)
    assert not any(button.isChecked() for button in pane.switches["order"].buttons.values())
    assert not pane.switches["order"].isEnabled()
    fit = pane.switches["fit"]
    assert (fit.key, fit.buttons["ink"].isEnabled()) == ("ink", True)
    fit.buttons["crop"].click()
    assert pane.reset.isEnabled()
    pane.reset.click()
    assert fit.key == "ink"
    made.close()


def test_only_networks_that_read_digits_look_for_ink(window, pane):
    del window
    assert not pane.switches["fit"].buttons["ink"].isEnabled()
