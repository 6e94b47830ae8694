"""The agreement pane: compared while lanes rest, a matrix to walk through, pictures to freeze, what is remembered."""

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

MODELS = ("digits-lenet", "digits-vgg", "digits-dense")


@pytest.fixture
def window(open_window):
    return open_window(*MODELS)


@pytest.fixture
def pane(qtbot, window):
    window.show_pane("agreement")
    made = window.deck.pane
    qtbot.waitUntil(lambda: len(made.boxes) == 3, timeout=20_000)
    return made


def finished(qtbot, pane):
    qtbot.waitUntil(lambda: not pane.job.running, timeout=60_000)


def test_it_compares_while_the_lanes_rest(qtbot, window, pane):
    assert not pane.thumbs.isVisible()
    pane.buttons["compare"].click()
    assert window.desk.session.resting == "comparing"
    assert pane.buttons["cancel"].isVisible()
    assert not pane.boxes[0].isEnabled()
    finished(qtbot, pane)
    assert not window.desk.session.resting
    assert pane.note.text() == "On 10 pictures of digits."
    assert [pair.agreement for pair in pane.report.pairs] == [1.0] * 3
    assert "LeNet-5 and mini-VGG: 100.0 %" in pane.matrix.accessibleDescription()
    assert pane.facts.text().startswith("LeNet-5 and mini-VGG: the same best label on 10 of 10 pictures")
    assert not pane.matrix.grab().isNull()


def test_the_matrix_is_walked_and_clicked(qtbot, pane):
    pane.compare()
    finished(qtbot, pane)
    matrix = pane.matrix
    assert matrix.chosen == (0, 1)
    for key, chosen in (
        (Qt.Key.Key_Right, (0, 2)), (Qt.Key.Key_Down, (1, 2)), (Qt.Key.Key_Down, (0, 2)), (Qt.Key.Key_Left, (0, 1)),
        (Qt.Key.Key_Left, (0, 2)),
    ):  # fmt: skip
        QTest.keyClick(matrix, key)
        assert matrix.chosen == chosen   # over the diagonal, and round
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.field(2, 1).center().toPoint())
    assert matrix.chosen == (2, 1)
    assert pane.facts.text().startswith("mini-VGG and Dense 512 × 2: ")
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.field(1, 1).center().toPoint())
    assert matrix.chosen == (2, 1)


@pytest.fixture
def apart(qtbot, pane, tmp_path):
    """Compared on pictures of which one is read in different ways: a bar that is half a 1 and half a 7."""
    import cv2

    from inference.picture_files import read_picture
    from inference.places import REELS

    for name in ("one", "four", "nine"):
        picture = read_picture(REELS["digits"] / f"{name}.jpg")
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    rng = np.random.default_rng(5)
    for i in range(12):
        page = np.full((300, 300, 3), 240, np.uint8)
        points = rng.integers(60, 240, (4, 1, 2)).astype(np.int32)
        cv2.polylines(page, [points], False, (20, 20, 20), 16, cv2.LINE_AA)
        cv2.imwrite(str(tmp_path / f"scribble{i}.png"), page)
    pane.restore({"source": str(tmp_path), "count": "50"})
    pane.compare()
    finished(qtbot, pane)
    return tmp_path


def test_a_picture_on_which_they_differ_is_frozen_for_all(qtbot, window, pane, apart):
    assert pane.report.pictures == 15
    assert pane.thumbs.thumbs
    thumb = pane.thumbs.thumbs[0]
    assert thumb.place == pane.report.apart[0].place
    assert set(pane.pixels) == {one.place for one in pane.report.apart}
    QTest.mouseClick(thumb, Qt.MouseButton.LeftButton)
    frozen = window.desk.session.frozen
    assert np.array_equal(frozen.pixels, pane.pixels[thumb.place])
    qtbot.waitUntil(
        lambda: all(lane.latest and lane.latest.frame.pixels is frozen.pixels for lane in window.desk.session.lanes),
        timeout=20_000,
    )
    answers = [lane.latest.prediction.labels[0] for lane in window.desk.session.lanes]
    assert answers == [said.split()[0] for said in pane.report.apart[0].said]
    assert "frozen for all networks" in window.truth.said
    pane.thumbs.thumbs[-1].click()   # another one, while it is frozen
    assert window.desk.session.frozen.pixels is not frozen.pixels
    window.desk.freeze(False)
    assert window.desk.session.frozen is None


def test_the_report_is_saved_and_copied(qtbot, window, pane, tmp_path):
    pane.compare()
    finished(qtbot, pane)
    pane.copy()
    assert "The figures are copied" in window.truth.said
    for name in ("a.html", "a.json"):
        pane.save(tmp_path / name)
        qtbot.waitUntil(lambda name=name: window.truth.said == f"{name} is written.", timeout=20_000)
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["pictures"] == 10
    assert "How often networks agree" in (tmp_path / "a.html").read_text("utf-8")


def test_what_cannot_be_read_is_said_and_the_last_report_stays(qtbot, window, pane, tmp_path):
    pane.compare()
    finished(qtbot, pane)
    before = pane.report
    (tmp_path / "no.mp4").write_text("none")
    pane.restore({"source": str(tmp_path / "no.mp4")})
    pane.compare()
    finished(qtbot, pane)
    assert "neither a picture nor a video" in pane.note.text()
    assert pane.report is before
    assert not window.desk.session.resting


def test_one_network_is_not_compared(window, pane):
    for box in pane.boxes[1:]:
        box.setChecked(False)
    assert not pane.buttons["compare"].isEnabled()
    pane.compare()
    assert not pane.job.running
    assert not window.desk.session.resting


def test_it_remembers(pane, tmp_path):
    pane.restore({"source": str(tmp_path), "count": "1000"})
    assert pane.state() == {"source": str(tmp_path), "count": "1000"}
    assert pane.origin.key == "folder"
    for wrong in (None, {"count": "7", "source": str(tmp_path)}):
        pane.restore(wrong)
    assert pane.state() == {"source": str(tmp_path), "count": "1000"}
    pane.origin.buttons["reel"].click()
    assert pane.state()["source"] == ""
