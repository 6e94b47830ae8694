"""The profile pane: operators to click, a roofline, steps that become lanes, what is remembered and said."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from gui.panes.profile.layers import Layers, Roofline, short_text
from gui.panes.profile.stairs import Stairs
from inference.data import LaneSpec
from inference.errors import LabError
from inference.lab.looks import Given
from inference.lab.profile.events import Node
from inference.lab.profile.roof import Roof
from inference.lab.profile.run import Profile
from inference.lab.profile.words import operator_text
from inference.lab.steps.run import Step, Steps


def node(name: str, op: str, us: float, macs: int, moved: int = 1000) -> Node:
    return Node(name, op, "CPU", us, macs, 100, moved, ((1, 3),), (1, 8), (op, "Relu") if op == "Conv" else (op,))


NODES = (node("a", "Conv", 500, 20_000_000), node("b", "Conv", 1000, 5_000_000), node("c", "Softmax", 10, 0))
PROFILE = Profile("net", "Net", 2, "CPU", NODES, 1500, 1600, 60, {"Conv": 2, "Relu": 2, "Softmax": 1}, None,
                  Roof(100.0, 10.0, 2))   # fmt: skip


def shown(qtbot, view):
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    return view


# ---- operators ----


def test_bars_by_hand(qtbot):
    view = shown(qtbot, Layers())
    assert not view.grab().isNull()   # before anything is known
    view.show_profile(PROFILE)
    assert view.chosen == 1   # the one that takes longest
    (time_a, macs_a), (time_b, macs_b), (time_c, macs_c) = view.bars()
    assert time_b.height() == pytest.approx(2 * time_a.height())
    assert macs_a.height() == pytest.approx(4 * macs_b.height())
    assert macs_c.height() == 0
    assert time_a.bottom() == pytest.approx(time_c.bottom())
    assert time_a.bottom() < macs_a.top()
    assert "Conv: 1.50 ms; Softmax: 0.01 ms" in view.accessibleDescription()
    assert not view.grab().isNull()


def test_an_operator_is_clicked_and_walked_to(qtbot):
    view, said = shown(qtbot, Layers()), []
    view.show_profile(PROFILE)
    view.chosen_changed.connect(lambda: said.append(view.chosen))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(590, 100))
    QTest.keyClick(view, Qt.Key.Key_Right)   # there is none
    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert said == [2, 1, 0]


def test_the_roofline_by_hand(qtbot):
    """Twice the multiply-adds to a byte is twice as far along; 80 GFLOP/s of 100 lie below the roof."""
    view = shown(qtbot, Roofline())
    assert not view.grab().isNull()
    view.show_profile(PROFILE)
    assert [place for place, _, _ in view.dots()] == [0, 1]   # what multiplies nothing has no place
    (_, a, large), (_, b, larger) = view.dots()
    assert NODES[0].gflops == 80
    assert NODES[0].intensity == 4 * NODES[1].intensity
    assert a.x() > b.x()
    assert a.y() < b.y()
    assert larger > large
    assert view.place_at(a) == 0
    assert view.place_at(QPointF(0, 0)) == -1
    assert not view.grab().isNull()
    view.show_profile(replace(PROFILE, nodes=NODES[2:]))
    assert view.dots() == []
    assert not view.grab().isNull()


def test_an_operator_in_words():
    assert short_text(NODES[0]) == "a\nConv+Relu: 0.500 ms"
    assert operator_text(PROFILE, NODES[0]).splitlines() == [
        "a", "Conv on CPU, made of Conv+Relu", "0.500 ms, 33.1% of the time", "gives 1×8",
        "weights 100 B, moves 1.0 kB", "20.0 M multiply-adds, 80.0%",
        "80 GFLOP/s: 80% of what it could reach, held by arithmetic",
    ]  # fmt: skip
    assert len(operator_text(PROFILE, NODES[2]).splitlines()) == 5


# ---- steps ----


def steps(*names: str) -> Steps:
    rows = tuple(Step(name, {"Conv": 3}, 1000, 10.0 / (i + 1), 12.0, 0.01 * i, 0.9, (0.6, 1.0))
                 for i, name in enumerate(names))   # fmt: skip
    return Steps("net", "Net", {}, 2, "samples", 10, 60, "VNNI", rows, ())


def test_steps_are_walked_and_asked_for(qtbot):
    view, said = shown(qtbot, Stairs()), []
    assert not view.grab().isNull()
    view.show_steps(steps("raw", "fused", "int8"))
    view.clicked.connect(said.append)
    assert "8 bits: 3.33 ms, 90.0% (60% – 100%)" in view.accessibleDescription()
    assert not view.grab().isNull()
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=view.row(2).center().toPoint())
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert said == ["fused", "int8"]
    assert view.place_at(QPointF(5, 399)) == -1


def test_pictures_that_are_at_hand_are_looks():
    looks = Given("mine", [np.zeros((2, 2, 3), np.uint8), np.ones((2, 2, 3), np.uint8)])
    assert (looks.title, looks.total, looks.moves) == ("mine", 2, False)
    found = [(look.name, look.pixels.max(), look.at) for look in looks]
    assert found == [("picture 1", 0, None), ("picture 2", 1, None)]


# ---- the pane ----


@pytest.fixture
def window(open_window):
    return open_window("digits-lenet", "digits-mobilenet")


@pytest.fixture
def pane(qtbot, window):
    window.show_pane("profile")
    made = window.deck.pane
    qtbot.waitUntil(lambda: made.choice.count() == 2, timeout=20_000)
    return made


def finished(qtbot, pane):
    qtbot.waitUntil(lambda: not pane.job.running, timeout=60_000)


def test_it_profiles_while_the_lanes_rest(qtbot, window, pane, monkeypatch):
    assert pane.note.text().startswith("Every operator of a network")
    pane.choice.setCurrentIndex(pane.choice.findData("digits-lenet"))
    pane.buttons["begin"].click()
    assert window.desk.session.resting == "profiling"
    assert pane.buttons["cancel"].isVisible()
    finished(qtbot, pane)
    assert not window.desk.session.resting
    profile = pane.profiles["digits-lenet"]
    assert pane.layers.profile is pane.roof.profile is profile
    assert pane.words.text().startswith("LeNet-5, ONNX Runtime on CPU")
    assert pane.facts.text().startswith(profile.nodes[pane.layers.chosen].name)
    pane.layers.choose(0)
    assert pane.roof.chosen == 0
    assert pane.facts.text().startswith(profile.nodes[0].name)
    pane.faces.buttons["roof"].click()
    assert pane.stack.currentWidget() is pane.roof
    pane.buttons["copy"].click()
    assert "SLOWEST" in QGuiApplication.clipboard().text()
    pane.choice.setCurrentIndex(pane.choice.findData("digits-mobilenet"))
    assert pane.layers.profile is None
    assert not pane.buttons["copy"].isVisible()


def test_steps_on_pictures_that_were_frozen_become_lanes(qtbot, window, pane):
    desk = window.desk
    assert not pane.pictures.isVisible()
    pane.faces.buttons["steps"].click()
    assert not pane.pictures.buttons["held"].isEnabled()
    for _ in range(2):
        qtbot.waitUntil(lambda: desk.session.latest is not None, timeout=20_000)
        desk.freeze(True)
        desk.changed.emit()   # the same picture does not count twice
        seen = desk.session.frozen.pixels
        desk.freeze(False)
        qtbot.waitUntil(lambda seen=seen: desk.session.latest.pixels is not seen, timeout=20_000)
    pane.refresh(desk.session.lanes)
    assert pane.pictures.buttons["held"].isEnabled()
    pane.pictures.buttons["held"].click()
    pane.choice.setCurrentIndex(pane.choice.findData("digits-lenet"))
    pane.buttons["begin"].click()
    finished(qtbot, pane)
    found = pane.steps["digits-lenet"]
    assert found.pictures == len(pane.services.held) == 2
    assert found.source == "those that were frozen"
    assert [one.name for one in found.steps] == ["raw", "folded", "bn", "fused", "fp16", "int8"]
    pane.stairs.chosen = 5
    pane.buttons["lane"].click()
    lane = desk.session.lanes[-1]
    assert lane.spec == LaneSpec("digits-lenet", "steps", precision="int8")
    assert lane.title == "LeNet-5 · int8, ONNX Runtime steps"
    qtbot.waitUntil(lambda: lane.form is not None, timeout=20_000)
    assert lane.form.bytes < 0.6 * desk.catalogue["digits-lenet"].bytes
    pane.copy()
    assert "8 bits" in QGuiApplication.clipboard().text()


def test_a_cancel_and_trouble(qtbot, window, pane, monkeypatch):
    pane.begin()
    pane.job.cancel()
    finished(qtbot, pane)
    assert not window.desk.session.resting
    assert pane.profiles == {}

    def broken(*_more):
        raise LabError("It cannot be run.", "Choose another.")

    monkeypatch.setattr("inference.lab.profile.run.profile", broken)
    pane.begin()
    finished(qtbot, pane)
    assert pane.note.text() == "It cannot be run. Choose another."
    assert pane.note.property("role") == "trouble"


def test_the_face_is_remembered(pane):
    pane.faces.buttons["steps"].click()
    state = pane.state()
    pane.faces.key = "layers"
    for wrong in (None, {"face": 3}):
        pane.restore(wrong)
    assert pane.faces.key == "layers"
    pane.restore(state)
    assert pane.stepping


def test_only_the_last_frozen_pictures_are_kept_and_none_is_large(window, pane):
    from inference.data import Frame

    desk, held = window.desk, pane.services.held
    before = len(held)
    for i in range(40):
        desk.freeze(True, Frame(np.full((90, 160 if i else 2560, 3), i, np.uint8), i, 0.0))
    assert before + 40 > len(held) == 32
    assert [int(frame.pixels[0, 0, 0]) for frame in held] == list(range(8, 40))
    desk.freeze(True, Frame(np.zeros((1440, 2560, 3), np.uint8), 41, 0.0))
    assert held[-1].pixels.shape == (720, 1280, 3)
