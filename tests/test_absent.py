"""Offline with an empty cache: three buttons that bring the networks, and no red sentences."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import make
import misbehaving as bad
import pytest
import shiboken6
from PySide6.QtWidgets import QFileDialog
from test_cli import file_of

from gui.absent import AGAIN, ALLOW
from gui.bridge import Bridge
from gui.desk import Desk
from gui.main import build
from gui.main_window import MainWindow
from gui.settings import Settings
from inference.data import LaneSpec, LaneState
from inference.intake.provide import loader
from inference.live.session import Session
from inference.options import Options
from models.card import ModelCard
from models.catalog import Catalogue
from models.lineups import line_ups
from models.pack import pack
from models.registry import Indexes
from models.store import Store

NOWHERE = Indexes(default=False)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the file of the one network."""
    folder = tmp_path / "stick"
    folder.mkdir()
    make.tiny_onnx(folder / "tiny.onnx")
    return folder


@pytest.fixture
def catalog(files: Path) -> dict[str, ModelCard]:
    return {"tiny": replace(make.card("tiny", files=(file_of(files / "tiny.onnx"),)), title="Tiny net")}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", offline=True, indexes=NOWHERE)


@pytest.fixture
def window(qtbot, catalog: dict[str, ModelCard], store: Store) -> Iterator[MainWindow]:
    bridge = Bridge()
    catalog = Catalogue(catalog)
    session = Session(loader(catalog, store), bridge.wake)
    made = MainWindow(Desk(session, catalog, store, Settings(view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1280, 800)
    made.show()
    made.desk.open_source("pattern")
    made.desk.add_lane(LaneSpec("tiny"))
    qtbot.waitUntil(lambda: made.desk.session.lanes[0].status.absent, timeout=8000)
    made.painting.figures()
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()


def running(window: MainWindow) -> bool:
    window.painting.figures()
    return window.desk.session.lanes[0].status.state is LaneState.RUNNING and window.absent.isHidden()


def test_it_is_said_once_and_nothing_is_red(window: MainWindow, catalog: dict[str, ModelCard], qtbot) -> None:
    absent, notice = window.absent, window.views["grid"].views[0].notice
    assert absent.isVisible()
    assert absent._sentence.text() == "1 network is not on this machine yet: Tiny net."
    assert "Fetching is switched off." in absent._hint.text()
    assert [button.isVisible() for button in absent.buttons.values()] == [True] * 3
    assert absent.buttons["allow"].text().startswith(ALLOW)
    bytes_ = catalog["tiny"].files[0].bytes
    assert 100 < bytes_ < 1000
    qtbot.waitUntil(lambda: absent.buttons["allow"].text() == f"{ALLOW} ({bytes_} B)", timeout=5000)
    assert notice._title == "Not on this machine yet"
    assert not notice._trouble
    assert not notice._again.isVisible()
    assert "tiny.onnx" not in f"{notice._title}{notice._hint}"


def test_a_folder_is_chosen_and_remembered(window: MainWindow, files: Path, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(files))
    window.absent.buttons["folder"].click()
    qtbot.waitUntil(lambda: running(window), timeout=8000)
    assert window.current_settings().models_folder == str(files)
    assert window.desk.store.offline   # that was not asked for


def test_a_dialog_that_is_cancelled_changes_nothing(window: MainWindow, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    window.absent.buttons["folder"].click()
    window.absent.buttons["pack"].click()
    assert window.desk.session.lanes[0].status.absent
    assert window.current_settings().models_folder == ""


def test_a_folder_without_the_files_leaves_the_strip(window: MainWindow, tmp_path: Path, qtbot, monkeypatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(empty))
    before = window.desk.session.lanes[0].status
    window.absent.buttons["folder"].click()
    qtbot.waitUntil(lambda: window.desk.session.lanes[0].status is not before, timeout=8000)
    qtbot.waitUntil(lambda: window.desk.session.lanes[0].status.absent, timeout=8000)
    window.painting.figures()
    assert window.absent.isVisible()


def test_the_download_is_allowed(window: MainWindow, files: Path, qtbot) -> None:
    with bad.serving() as server:
        server.routes["/tiny.onnx"] = bad.whole((files / "tiny.onnx").read_bytes())
        card = window.desk.catalogue["tiny"]
        card = replace(card, files=(replace(card.files[0], url=f"{server.url}/tiny.onnx"),))
        window.desk.catalogue.put(card)
        assert card.fetchable
        window.absent.buttons["allow"].click()
        qtbot.waitUntil(lambda: running(window), timeout=8000)
    assert server.paths() == ["/tiny.onnx"]


def test_where_no_network_is_the_download_is_tried_again(window: MainWindow, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("models.download.PAUSES_S", (0.0, 0.0))
    with bad.serving() as server:
        gone = server.url
    file = replace(window.desk.catalogue["tiny"].files[0], url=f"{gone}/tiny.onnx")
    window.desk.catalogue.put(replace(window.desk.catalogue["tiny"], files=(file,)))
    before = window.desk.session.lanes[0].status
    window.absent.buttons["allow"].click()
    qtbot.waitUntil(lambda: window.desk.session.lanes[0].status is not before, timeout=8000)
    qtbot.waitUntil(lambda: window.desk.session.lanes[0].status.absent, timeout=8000)
    window.painting.figures()
    assert window.absent.isVisible()
    assert window.absent.buttons["allow"].text().startswith(AGAIN)
    assert "no connection to 127.0.0.1" in window.absent._hint.text()


def test_a_pack_is_taken_in(window: MainWindow, files: Path, tmp_path: Path, qtbot, monkeypatch) -> None:
    venue = tmp_path / "venue.zip"
    pack(venue, [window.desk.catalogue["tiny"]], Store(tmp_path / "other", files), lambda *_: None, Event())
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(venue), ""))
    window.absent.buttons["pack"].click()
    qtbot.waitUntil(lambda: running(window), timeout=8000)
    assert "1 file, verified" in window.truth.said


def test_what_is_no_pack_is_said(window: MainWindow, files: Path, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(files / "tiny.onnx"), ""))
    window.absent.buttons["pack"].click()
    qtbot.waitUntil(lambda: "not taken as a pack" in window.truth.said, timeout=8000)
    assert window.absent.buttons["pack"].isEnabled()


def test_the_folder_of_last_time_is_looked_at(
    catalog: dict[str, ModelCard], files: Path, tmp_path: Path, monkeypatch
) -> None:
    options = Options(cache=str(tmp_path / "cache"), source="pattern")
    made = build(options, catalog, Settings(models_folder=str(files)))
    assert made.desk.store.mirror == files
    given = build(replace(options, mirror_dir=str(tmp_path)), catalog, Settings(models_folder=str(files)))
    assert given.desk.store.mirror == tmp_path
    for window in (made, given):
        window.close()
        shiboken6.delete(window)


# ---- line-ups ----


def test_a_line_up_says_what_is_missing_and_gets_it_all(qtbot, tmp_path: Path, monkeypatch) -> None:
    """*Get all* in *Add a network*, from a server that plays the hosts."""
    monkeypatch.setattr("models.download.PAUSES_S", (0.0, 0.0))
    names = line_ups()["talk"].models
    with bad.serving() as server:
        catalog = {}
        for i, name in enumerate((*names, "other")):
            made = make.tiny_onnx(tmp_path / f"{name}.onnx", size=(8 + i, 8))   # each another file
            server.routes[f"/{name}.onnx"] = bad.whole(made.read_bytes())
            file = replace(file_of(made), url=f"{server.url}/{name}.onnx")
            catalog[name] = replace(make.card(name, files=(file,), size=(8 + i, 8)), title=f"The {name}")
        store, bridge = Store(tmp_path / "cache", indexes=NOWHERE), Bridge()
        catalog = Catalogue(catalog)
        session = Session(loader(catalog, store), bridge.wake)
        window = MainWindow(Desk(session, catalog, store, Settings(view="grid")), bridge)
        bridge.setParent(window)
        window.resize(1440, 900)
        window.show()
        try:
            window.desk.open_source("pattern")
            window.desk.add_lane(LaneSpec("other"))
            window.show_add_lane()
            rows = window.adding.line_ups
            qtbot.waitUntil(lambda: rows.buttons["talk"].text() == "Get all", timeout=8000)
            size = sum(card.bytes for name, card in catalog.items() if name in names)
            assert rows._facts["talk"].text().startswith(f"4 of 4 to get, {size / 1e6:.0f} MB · The mobilenet-v2, ")
            rows.buttons["talk"].click()
            qtbot.waitUntil(
                lambda: [lane.spec.model for lane in session.lanes] == list(names)
                and all(lane.status.state is LaneState.RUNNING for lane in session.lanes),
                timeout=20_000,
            )   # in the place of what ran before
            assert window.floating.drawers["add_lane"].isHidden()
            window.show_add_lane()
            qtbot.waitUntil(lambda: rows.buttons["talk"].text() == "Show", timeout=8000)
        finally:
            window.close()
            shiboken6.delete(window)
            gc.collect()
