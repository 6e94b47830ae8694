"""A model of the user's own in the window: dragged, dropped, looked at, kept; several of them, and wrong ones."""

import gc
from dataclasses import replace
from pathlib import Path
from threading import Event
from threading import enumerate as threads

import make
import numpy as np
import pytest
import shiboken6
from make import tiny_onnx
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.bridge import Bridge
from gui.desk import Desk
from gui.drop_halves import ADD, SHOW
from gui.main_window import MainWindow
from gui.own_models import NAME
from gui.settings import Settings
from inference.data import Mode
from inference.errors import Cancelled, LabError
from inference.intake.adding import add
from inference.intake.candidates import OWN, recipes, tried
from inference.intake.provide import loader
from inference.live.session import Session
from models.catalog import Catalogue, load_catalog, read_labels
from models.store import Store

NUMBERS = ("input.order", "input.range", "input.mean", "input.std")


@pytest.fixture
def window(qtbot):
    store, bridge, catalog = Store(), Bridge(), Catalogue({})
    session = Session(loader(catalog, store), bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, catalog, store, Settings(pane="")), bridge)
    bridge.setParent(made)
    made.resize(1440, 900)
    made.show()
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()
    assert not [t for t in threads() if t.name.startswith(("lane", "capture"))]


def data_of(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drag(window, kind, at, *paths):
    """One event of a drag over the window, as Qt sends it."""
    if kind is QDragLeaveEvent:
        event = QDragLeaveEvent()
        QApplication.sendEvent(window, event)
        return event
    place = QPointF(at) if kind is QDropEvent else QPoint(at)
    data = data_of(*paths)
    event = kind(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, event)
    return event


def drop(window, *paths, at=None):
    at = at or QPoint(60, 400)
    drag(window, QDragEnterEvent, at, *paths)
    drag(window, QDropEvent, at, *paths)


def added(window, qtbot, *paths):
    """Drop these models, and wait until the sheet shows the first of them with all its choices."""
    drop(window, *paths)
    qtbot.waitUntil(lambda: window.floating.drawers.get(NAME) is not None, timeout=20_000)
    sheet = window.own_models.sheet
    qtbot.waitUntil(lambda: not window.desk.adder.busy and sheet.card is not None, timeout=40_000)
    qtbot.waitUntil(lambda: len(sheet.candidates) == len(recipes(sheet.card)), timeout=20_000)
    return sheet


# ---- dragging


def test_two_halves_say_what_would_be_done(window, tmp_path):
    model, picture = tiny_onnx(tmp_path / "net.onnx"), tmp_path / "cat.jpg"
    left, right = QPoint(100, 400), QPoint(1300, 400)
    assert drag(window, QDragEnterEvent, left, picture).isAccepted()
    assert window.halves.isVisible()
    assert window.halves.geometry() == window.rect()
    assert (window.halves.over, window.halves.fits) == (SHOW, {SHOW: "", ADD: "no network that is known here"})
    drag(window, QDragMoveEvent, right, picture)
    assert window.halves.over == SHOW   # a picture is no network, wherever it is let go of
    drag(window, QDragLeaveEvent, right)
    assert not window.halves.isVisible()
    drag(window, QDragEnterEvent, left, model)
    assert (window.halves.over, window.halves.fits) == (ADD, {SHOW: "a model is no picture", ADD: ""})
    drag(window, QDragLeaveEvent, left)
    package = tmp_path / "net.mlpackage"   # a folder: it may hold either
    package.mkdir()
    drag(window, QDragEnterEvent, left, package)
    assert window.halves.over == SHOW
    drag(window, QDragMoveEvent, right, package)
    assert window.halves.over == ADD
    image = window.halves.grab().toImage()
    assert image.pixelColor(200, 60) != image.pixelColor(1200, 60)   # the one that is meant is lit up


def test_what_is_no_file_is_not_taken(window):
    text = QMimeData()
    text.setText("words")
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, text, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(window, event)
    assert not event.isAccepted()
    assert not window.halves.isVisible()


def test_the_half_decides(window, monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(window.desk, "open_source", lambda text: done.append(("show", text)))
    monkeypatch.setattr(window.desk, "add_files", lambda files: done.append(("add", [str(path) for path in files])))
    package = tmp_path / "net.mlpackage"
    package.mkdir()
    drop(window, package, at=QPoint(100, 400))
    drop(window, package, at=QPoint(1300, 400))
    drop(window, tmp_path / "film.mp4", at=QPoint(1300, 400))
    drop(window, tmp_path / "net.h5", at=QPoint(100, 400))
    assert done == [
        ("show", str(package)), ("add", [str(package)]), ("show", str(tmp_path / "film.mp4")),
        ("add", [str(tmp_path / "net.h5")]),
    ]  # fmt: skip
    assert not window.halves.isVisible()


# ---- the sheet


def test_what_was_read_and_what_was_guessed_stand_apart(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    assert window.floating.drawers[NAME].isVisible()
    assert sheet.name.text() == "net"
    assert sheet.read.text().startswith("Read: ONNX, 8×8, 10 classes, answers with labels")
    assert "RGB or BGR" in sheet.guessed.text()
    assert "RGB or BGR" not in sheet.read.text()
    (lane,) = window.desk.session.lanes
    assert lane.title == "net · guessed"   # nobody has looked at it
    (row,) = window.views["stage"].rows
    qtbot.waitUntil(lambda: row.accessibleName().startswith("1 net · guessed: "), timeout=10_000)


def test_choices_are_tried_and_the_chosen_one_is_kept_under_a_name(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    buttons = sheet.choices.buttons()
    assert [button.title for button in buttons] == list(recipes(sheet.card))
    assert [button.isChecked() for button in buttons] == [True] + [False] * (len(buttons) - 1)
    other = next(i for i, one in enumerate(sheet.candidates) if one.input.order == "BGR")
    buttons[other].click()
    sheet.name.setText("  My <b>net</b>  ")
    sheet.keep.click()
    qtbot.waitUntil(lambda: window.desk.catalogue["net"].guessed == (), timeout=10_000)
    kept = load_catalog()["net"]
    assert (kept.title, kept.input, kept.guessed) == ("My <b>net</b>", sheet.candidates[other].input, ())
    assert window.desk.session.lanes[0].title == "My <b>net</b>"
    assert not window.floating.drawers[NAME].isVisible()   # there was only one


def test_a_sheet_that_is_closed_leaves_it_as_guessed(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    before = window.desk.catalogue["net"]
    window.back()   # Esc
    assert not window.floating.drawers[NAME].isVisible()
    assert (sheet.card, window.desk.catalogue["net"]) == (None, before)
    assert before.guessed
    assert window.desk.session.lanes[0].title.endswith("· guessed")


def test_it_is_taken_away_again(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    sheet.remove.click()
    qtbot.waitUntil(lambda: "removed" in window.truth.said, timeout=10_000)
    assert not window.desk.session.lanes
    assert "net" not in window.desk.catalogue
    assert "net" not in load_catalog()
    assert not window.floating.drawers[NAME].isVisible()


def test_several_wait_for_each_other(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "one.onnx"), tiny_onnx(tmp_path / "two.onnx", size=(9, 9)))
    assert (sheet.card.name, sheet.more.text()) == ("one", "1 more to come")
    sheet.keep.click()
    qtbot.waitUntil(lambda: sheet.card is not None and sheet.card.name == "two", timeout=10_000)
    assert sheet.more.text() == ""
    assert window.floating.drawers[NAME].isVisible()
    qtbot.waitUntil(lambda: len(sheet.candidates) == len(recipes(sheet.card)), timeout=20_000)
    assert {one.picture.shape for one in sheet.candidates} == {(9, 9, 3)}   # not those of the other network
    sheet.keep.click()
    qtbot.waitUntil(lambda: not window.floating.drawers[NAME].isVisible(), timeout=10_000)
    assert not any(card.guessed for card in load_catalog().values() if card.name in ("one", "two"))


def test_labels_are_dropped_on_the_sheet_or_anywhere(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    fits, short = tmp_path / "ten.txt", tmp_path / "three.txt"
    fits.write_text("\n".join(f"<i>thing {i}</i>" for i in range(10)), encoding="utf-8")
    short.write_text("a\nb\nc\n", encoding="utf-8")
    assert "10 labels (guessed)" in sheet.labels.words.text()
    drop(window, short)
    assert "three.txt has 3 labels, the network 10 classes." in sheet.trouble._message.text()
    assert "10 labels (guessed)" in sheet.labels.words.text()
    drop(window, fits)
    assert sheet.trouble.isHidden()
    assert "10 labels: <i>thing 0</i>, <i>thing 1</i>" in sheet.labels.words.text()
    assert window.desk.session.opening is None   # it was no picture to show
    sheet.keep.click()
    qtbot.waitUntil(lambda: window.desk.catalogue["net"].guessed == (), timeout=10_000)
    assert read_labels(load_catalog()["net"])[:2] == ("<i>thing 0</i>", "<i>thing 1</i>")


def test_the_box_for_labels_takes_one_list_and_nothing_else(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    box, told = sheet.labels, []
    box.dropped.connect(told.append)
    for name, taken in (("names.txt", True), ("coco.names", True), ("cat.jpg", False)):
        event = QDragEnterEvent(
            QPoint(5, 5), Qt.DropAction.CopyAction, data := data_of(tmp_path / name), Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        event.ignore()
        box.dragEnterEvent(event)
        assert event.isAccepted() is taken
        del data
    list_ = tmp_path / "names.txt"
    list_.write_text("a\n" * 10, encoding="utf-8")
    data = data_of(list_)
    box.dropEvent(QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    ))  # fmt: skip
    assert told == [list_]


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.h5"])
def test_a_kind_that_is_not_read_stops_nothing_and_says_what_to_export(window, qtbot, tmp_path, name):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "good.onnx"))
    (tmp_path / name).write_bytes(b"x")
    drop(window, tmp_path / name)
    assert sheet.trouble.isVisible()
    assert name in sheet.trouble._message.text()
    assert "Export the network to ONNX" in sheet.trouble._message.text()
    assert sheet.card.name == "good"   # what was shown stays
    assert len(window.desk.session.lanes) == 1
    sheet.trouble._button.click()
    assert name in QGuiApplication.clipboard().text()


def test_a_broken_file_is_told_in_the_sheet_beside_the_good_one(window, qtbot, tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"\xff" * 99)
    sheet = added(window, qtbot, tmp_path / "broken.onnx", tiny_onnx(tmp_path / "good.onnx"))
    assert sheet.card.name == "good"
    assert "broken.onnx" in sheet.trouble._message.text()
    assert sheet.trouble.isVisible()


def test_another_picture_is_tried_and_the_old_answers_go(window, qtbot, tmp_path):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    first = list(sheet.candidates)
    window.desk.open_source("pattern")
    qtbot.waitUntil(lambda: window.desk.session.latest is not None, timeout=10_000)
    sheet.again.click()
    assert sheet.candidates == []
    qtbot.waitUntil(lambda: len(sheet.candidates) == len(first), timeout=20_000)
    assert not np.array_equal(first[0].picture, sheet.candidates[0].picture)
    assert len(sheet.choices.buttons()) == len(first)


@pytest.mark.parametrize("size", [(1024, 640), (720, 450), (3840, 2160)])
def test_the_sheet_fits_every_window(window, qtbot, tmp_path, size):
    sheet = added(window, qtbot, tiny_onnx(tmp_path / "net.onnx"))
    window.resize(*size)
    QApplication.processEvents()
    assert window.rect().contains(window.floating.drawers[NAME].geometry())
    for part in (sheet.keep, sheet.remove):
        assert sheet.rect().contains(part.geometry())
        assert part.isVisible()


# ---- the candidates


@pytest.mark.parametrize(
    ("guessed", "changes", "titles"),
    [
        ((), {}, ["RGB"]),
        (("labels", "input.fit"), {}, ["RGB"]),
        (("input.order",), {}, ["RGB", "BGR"]),
        (("input.order",), {"order": "BGR"}, ["BGR", "RGB"]),
        (("input.order",), {"order": "GRAY", "mean": (0.0,), "std": (1.0,)}, ["grey"]),
        (("input.range",), {}, ["RGB · 0–1", "RGB · 0–255", "RGB · ±1", "RGB · ImageNet", "RGB · Caffe"]),
        (NUMBERS, {"mean": (9.0, 9.0, 9.0)},
         [OWN, *(f"{order} · {scale}" for order in ("RGB", "BGR")
                 for scale in ("0–1", "0–255", "±1", "ImageNet", "Caffe"))]),
        (NUMBERS, {"dtype": "uint8", "range": "0..255"}, ["RGB", "BGR"]),
    ],
)  # fmt: skip
def test_what_was_guessed_is_what_is_offered_and_the_card_comes_first(guessed, changes, titles):
    card = make.card("net", guessed=guessed, **changes)
    found = recipes(card)
    assert list(found) == titles
    assert next(iter(found.values())) == card.input


def test_mean_and_std_stand_in_the_order_of_the_planes():
    """torchvision's ImageNet mean is 0.485 0.456 0.406 for R G B."""
    card = make.card("net", guessed=NUMBERS)
    assert recipes(card)["RGB · ImageNet"].mean == (0.485, 0.456, 0.406)
    assert recipes(card)["BGR · ImageNet"].mean == (0.406, 0.456, 0.485)
    assert recipes(card)["BGR · Caffe"].mean == (103.939, 116.779, 123.68)
    assert recipes(card)["BGR · Caffe"].range == "0..255"


def test_each_is_tried_on_the_picture_and_answers_by_its_own_recipe(tmp_path):
    store = Store()
    card = replace(add([tiny_onnx(tmp_path / "net.onnx")], store), guessed=NUMBERS)
    frame = make.frame(8, 8)
    found = {one.title: one for one in tried(card, store, frame, Event())}
    assert list(found) == list(recipes(card))
    for one in found.values():   # in plain numpy, as make.tiny_answer says
        pixels = frame.pixels.astype(np.float64)[..., :: -1 if one.input.order == "RGB" else 1]
        scaled = {"0..1": pixels / 255, "0..255": pixels, "-1..1": pixels / 127.5 - 1}[one.input.range]
        given = (scaled - np.array(one.input.mean)) / np.array(one.input.std)
        answer = make.tiny_answer(given.transpose(2, 0, 1)[None])[0]
        best = read_labels(card)[int(answer.argmax())]
        assert one.prediction.labels[0] == best, one.title


def test_trying_is_given_up(tmp_path):
    store, cancelled = Store(), Event()
    card = replace(add([tiny_onnx(tmp_path / "net.onnx")], store), guessed=NUMBERS)
    tries = tried(card, store, make.frame(8, 8), cancelled)
    next(tries)
    cancelled.set()
    with pytest.raises(Cancelled):
        next(tries)


def test_a_network_that_is_gone_is_a_sentence(tmp_path):
    with pytest.raises(LabError):
        next(tried(make.card("gone"), Store(tmp_path / "cache", offline=True), make.frame(8, 8), Event()))


def test_the_sample_to_try_on_is_there():
    from gui.own_model import SAMPLE

    assert Path(SAMPLE).is_file()
