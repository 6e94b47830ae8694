"""Train it here: begun, watched, stopped, kept; what is chosen, remembered and said."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from test_digits import idx
from test_teaching import digits

from gui.panes.digits.train_face import progress_text
from gui.parts.number_field import NumberField
from inference.lab.digits.kept import facts_of
from inference.lab.digits.teaching import Progress


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 of our own digits as a training set, six as a test set beside it."""
    where = tmp_path_factory.mktemp("digits")
    own = digits()
    for name, part in (("train", slice(None)), ("t10k", slice(0, 6))):
        (where / f"{name}-images-idx3-ubyte").write_bytes(idx(own.pictures[part]))
        (where / f"{name}-labels-idx1-ubyte").write_bytes(idx(own.labels[part]))
    return where


@pytest.fixture
def window(open_window):
    return open_window("digits-lenet")


@pytest.fixture
def face(window, folder):
    window.show_pane("digits")
    pane = window.deck.pane
    pane.faces.buttons["train"].click()
    pane.restore({"face": "train", "train_folder": str(folder)})
    return pane.train


def finished(qtbot, face):
    qtbot.waitUntil(lambda: not face.job.running, timeout=60_000)


def test_what_was_trained_is_a_lane_a_row_and_a_reader(qtbot, window, face):
    face.ways.buttons["svm"].click()
    assert not face.epochs.isVisible()
    face.seed.value = 7
    QTest.mouseClick(face.start, Qt.MouseButton.LeftButton)
    assert face.job.running
    assert window.desk.session.resting == "training"
    assert not face.start.isVisible()
    assert not face.ways.isEnabled()
    finished(qtbot, face)
    assert face.job.trouble is None
    card = window.desk.catalogue["my-digits-svm"]
    assert facts_of(card).seed == 7
    assert "SVM: " in face.note.text()
    assert not window.desk.session.resting
    assert [lane.spec.model for lane in window.desk.session.lanes] == ["digits-lenet", card.name]
    assert f"SVM: {card.accuracy.top1:.1f} %, " in face.results.accessibleName()
    qtbot.waitUntil(lambda: card in window.deck.pane.cards())
    assert face.start.isVisible()


def test_a_curve_is_drawn_while_it_learns_and_a_stop_keeps_nothing(qtbot, window, face):
    face.epochs.value = 300
    face.start.click()
    qtbot.waitUntil(lambda: len(face._points()) > 3, timeout=60_000)
    qtbot.waitUntil(lambda: len(face._curves[face.right].getData()[0]) > 2)
    assert face.note.text().startswith("Epoch ")
    assert face.bar.maximum() == 300
    face.stop.click()
    finished(qtbot, face)
    assert face.note.text() == "Stopped. Nothing is kept of it."
    assert "my-digits-dense" not in window.desk.catalogue
    assert not window.desk.session.resting


def test_trouble_is_one_sentence_and_ends_the_rest(qtbot, window, face, tmp_path):
    face._take_folder(str(tmp_path))
    face.start.click()
    finished(qtbot, face)
    assert "must hold one set of digits, and has none" in face.note.text()
    assert not window.desk.session.resting


def test_what_is_measured_is_not_disturbed(window, face):
    window.desk.session.rest(True)
    face.start.click()
    assert not face.job.running
    window.desk.session.rest(False)


def test_it_remembers(face, folder):
    face.restore({"way": "forest", "epochs": 40.0, "seed": 3.0, "train_folder": str(folder)})
    kept = {"way": "forest", "epochs": 40.0, "seed": 3.0, "train_folder": str(folder)}
    assert face.state() == kept
    face.restore({"way": "x", "epochs": -1.0, "seed": "3", "train_folder": str(folder)})
    assert face.state() == kept
    assert face.origin.key == "folder"
    face.origin.buttons["five"].click()
    assert face.state()["train_folder"] == ""
    face.restore({})
    assert face.origin.key == "five"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (Progress(5, 24, 0.4, 0.934, 10.0), "Epoch 5 of 24 · 93.4 % right · about 38 s left"),
        (Progress(24, 24, 0.4, 0.966, 48.0), "Epoch 24 of 24 · 96.6 % right"),
        (Progress(0, 1, np.nan, np.nan, 0.0), "Learning; it says nothing meanwhile"),
    ],
)
def test_how_far_it_is_in_words(at, said):
    assert progress_text(at, "epoch") == said


def test_a_field_takes_numbers_within_its_bounds(qtbot):
    field = NumberField(1, 500, 24, "Epochs")
    qtbot.addWidget(field)
    field.show()
    field.selectAll()
    QTest.keyClicks(field, "37")
    assert field.value == 37
    for key, value in ((Qt.Key.Key_Up, 38), (Qt.Key.Key_PageDown, 28), (Qt.Key.Key_PageDown, 18)):
        QTest.keyClick(field, key)
        assert (field.value, field.text()) == (value, str(value))
    field.selectAll()
    QTest.keyClicks(field, "0")
    assert field.value == 18   # none of them
    field.clear()
    field.editingFinished.emit()
    assert field.text() == "18"
    field.value = 9999
    assert field.value == 500
