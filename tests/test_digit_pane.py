"""The digit pane: the board by mouse, pen and keys, the networks' bars, the weights, and what is remembered."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from gui.panes.digits.canvas import PENS, SIDE, Canvas
from gui.panes.digits.pane import PRECISIONS
from gui.panes.digits.weights_view import two_squares
from inference.data import Frame
from models.lineups import line_ups
from training.drawn import STROKES, _smooth, drawn

NAMES = line_ups()["digits"].models


@pytest.fixture
def window(open_window):
    return open_window("digits-lenet")


@pytest.fixture
def pane(window):
    window.show_pane("digits")
    return window.deck.pane


@pytest.fixture
def canvas(qtbot):
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(SIDE, SIDE)
    made.show()
    qtbot.waitExposed(made)
    return made


def write(canvas, digit):
    for stroke in STROKES[digit]:
        first, *others = (QPointF(40 + x * 200, 40 + y * 200) for x, y in _smooth(np.array(stroke)))
        canvas.begin(first)
        for place in others:
            canvas.go(place)
        canvas.lift()


# ---- the board ----


def test_an_empty_board_is_no_digit(canvas):
    assert canvas.digit() is None
    assert not canvas.can_undo
    canvas.clear()
    canvas.undo()
    assert not canvas.can_undo


def test_a_mouse_draws_and_undo_takes_line_by_line(canvas):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    dot = canvas.ink()
    assert dot[SIDE // 2, SIDE // 2] > 200
    assert (dot > 127).sum() == pytest.approx(np.pi * (PENS["middle"] / 2) ** 2, rel=0.05)
    QTest.mousePress(canvas, Qt.MouseButton.RightButton, pos=canvas.rect().topLeft())
    assert (canvas.ink() == dot).all()
    canvas.begin(QPointF(20, 20))
    canvas.go(QPointF(250, 20))
    canvas.lift()
    canvas.go(QPointF(250, 250))   # the pen is up
    assert canvas.ink()[20, 100] == 255
    assert canvas.ink()[100, 250] == 0
    canvas.undo()
    assert (canvas.ink() == dot).all()
    canvas.undo()
    assert canvas.digit() is None


def test_what_was_wiped_comes_back(canvas):
    write(canvas, 5)
    before = canvas.ink()
    canvas.clear()
    assert canvas.digit() is None
    write(canvas, 1)
    for _ in STROKES[1]:
        canvas.undo()
    assert canvas.digit() is None
    canvas.undo()
    assert (canvas.ink() == before).all()


def test_a_digit_from_elsewhere_is_drawn_on(canvas):
    from inference.ink import centred

    given = centred(drawn(3, 120, 12), (28, 28))
    canvas.take(given)
    back = canvas.digit()
    assert np.corrcoef(back.ravel(), given.ravel())[0, 1] > 0.97
    canvas.begin(QPointF(40, 140))
    canvas.undo()
    assert (canvas.digit() == back).all()


def test_keys_draw(canvas):
    """Down from a quarter of the height: a 1."""
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(20):
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(5):
        QTest.keyClick(canvas, Qt.Key.Key_Right)
    ink = canvas.ink()
    assert ink[100, SIDE // 2] == 255
    assert ink[SIDE // 4 + 140, SIDE // 2] == 255
    assert ink[SIDE // 4 + 140, SIDE // 2 + 30] == 0   # the pen was up
    QTest.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.pen == "thick"
    QTest.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.pen == "thick"
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.digit() is None
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert (canvas.ink() == ink).all()


# ---- the pane ----


def test_all_seven_answer_while_it_is_drawn(pane, qtbot):
    write(pane.canvas, 7)
    qtbot.waitUntil(lambda: len(pane.columns._answers) == 7, timeout=20_000)
    qtbot.waitUntil(lambda: all(a.best == 7 for a in pane.columns._answers.values()), timeout=20_000)
    assert [reader.card.name for reader in pane.columns._readers] == list(NAMES)
    assert "mini-VGG: 7" in pane.columns.accessibleName()
    assert pane.note.text().startswith("all in")
    pane.buttons["clear"].click()
    qtbot.waitUntil(lambda: all(a.scores is None for a in pane.columns._answers.values()), timeout=20_000)
    assert not pane.buttons["clear"].isEnabled()


def test_what_is_exported_is_read_back_and_answers_beside_the_original(pane, qtbot, monkeypatch):
    """Core ML in 8 bit: the same bars, a third of the bytes. Each of three would take 5 s."""
    assert list(PRECISIONS) == ["fp32", "fp16", "int8"]
    monkeypatch.delitem(PRECISIONS, "fp32")
    monkeypatch.delitem(PRECISIONS, "fp16")
    write(pane.canvas, 5)
    pane.faces.buttons["coreml"].click()
    pane.which.setCurrentIndex(pane.which.findData("digits-lenet"))
    qtbot.waitUntil(lambda: len(pane.exported._answers) == 2, timeout=20_000)

    def all_have() -> bool:
        answers = list(pane.exported._answers.values())
        return len(answers) == 2 and all(a.best == 5 or a.trouble for a in answers)

    qtbot.waitUntil(all_have, timeout=120_000)
    first, *exported = pane.exported._answers.values()
    assert [a.reader.title for a in exported] == ["Core ML, 8 bit"]
    for answer, off, share in zip(exported, (0.1,), (0.36,), strict=True):
        assert not answer.trouble
        assert np.abs(answer.scores - first.scores).max() < 0.02
        assert answer.off < off
        assert answer.bytes < share * first.bytes
    assert pane.state()["exported"] == "digits-lenet"
    pane.faces.buttons["answers"].click()
    qtbot.waitUntil(lambda: len(pane.columns._answers) == 7, timeout=20_000)


def test_space_draws_on_the_board_and_freezes_elsewhere(window, pane, qtbot):
    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=10_000)
    pane.canvas.setFocus()
    qtbot.waitUntil(pane.canvas.hasFocus, timeout=5_000)
    QTest.keyClick(pane.canvas, Qt.Key.Key_Space)
    assert pane.canvas.can_undo
    assert window.desk.session.frozen is None


def test_the_digit_of_the_picture_is_taken_over(window, pane, qtbot):
    page = np.full((480, 640, 3), 235.0)
    page[110:370, 190:450] -= drawn(4, 260, 24)[..., None] * 200
    said = []
    window.desk.say = said.append
    window.desk.session.latest = window.desk.session.frozen = Frame(page.astype(np.uint8), 0, 0.0)
    pane.buttons["take"].click()
    qtbot.waitUntil(lambda: pane.canvas.can_undo, timeout=10_000)
    qtbot.waitUntil(lambda: [a.best for a in pane.columns._answers.values()] == [4] * 7, timeout=20_000)
    window.desk.session.frozen = Frame(np.full((480, 640, 3), 200, np.uint8), 1, 0.0)
    pane.buttons["take"].click()
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said[0].startswith("No digit in sight")


def test_why_shows_the_logits_of_the_drawing(pane, qtbot):
    write(pane.canvas, 0)
    pane.faces.buttons["why"].click()
    for key, count in (("zero-or-one", 2), ("linear", 10), ("dense", 10)):
        pane.nets.buttons[key].click()
        apart = pane.weights._apart
        assert len(pane.weights._names) == len(apart.logits) == count
        assert apart.logits.argmax() == 0
        assert np.allclose(apart.shares.sum((1, 2)) + apart.rests, apart.logits, atol=1e-3)
        pane.weights.grab()
    assert "0: " in pane.weights.accessibleName()


@pytest.mark.parametrize(("wide", "high"), [(100, 300), (300, 100), (200, 190), (10, 400)])
def test_two_squares_fit(wide, high):
    from PySide6.QtCore import QRectF

    place = QRectF(5, 7, wide, high)
    first, second = two_squares(place, 4)
    assert first.width() == first.height() == second.width() >= min(wide, high) / 2 - 4
    assert place.contains(first)
    assert place.contains(second)
    assert not first.intersects(second)


def test_it_remembers(pane):
    pane.restore({"face": "why", "net": "dense", "pen": "thin"})
    kept = {"face": "why", "net": "dense", "pen": "thin"}
    assert kept.items() <= pane.state().items()
    assert pane.canvas.pen == "thin"
    for wrong in (None, [], {"face": 3, "net": "x", "pen": None}):
        pane.restore(wrong)
    assert kept.items() <= pane.state().items()


def test_the_board_in_the_picture_it_was_made_from(canvas, tmp_path: Path):
    """What is drawn here, photographed, is the same digit to the search for ink."""
    from inference.ink import find_ink

    write(canvas, 2)
    page = np.full((480, 640, 3), 230, np.uint8)
    page[100:380, 180:460] -= (canvas.ink()[..., None] * 0.8).astype(np.uint8)
    found = find_ink(page, (28, 28))
    assert np.corrcoef(found.picture.ravel(), canvas.digit().ravel())[0, 1] > 0.9
    assert cv2.countNonZero(found.picture) > 50
