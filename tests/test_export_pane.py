"""The export in the window: what can be chosen, what comes of it, and how it ends."""

import gc
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from threading import enumerate as threads

import make
import pytest
import shiboken6
from export_nets import conv_net, needs_coremltools
from PySide6.QtCore import QSize
from PySide6.QtGui import QDesktopServices, QPixmap

from gui.bridge import Bridge
from gui.desk import Desk
from gui.lane_menu import other_forms
from gui.main_window import MainWindow
from gui.panes.export import pane as pane_module
from gui.panes.export.report import Pair, ReportView
from gui.panes.export.wish import size_mb
from gui.settings import Settings
from inference.data import LaneSpec, LaneState, Mode
from inference.errors import ExportFailed
from inference.export import run
from inference.intake.provide import loader
from inference.live.session import Session
from inference.places import REELS
from models.catalog import Catalogue
from models.errors import Cancelled
from models.store import Store

SOON = 20_000   # ms


@pytest.fixture
def window(qtbot, tmp_path, shown, here, monkeypatch):
    folder = tmp_path / "mirror"
    folder.mkdir()
    net, things = conv_net(folder / "net.onnx"), conv_net(folder / "things.onnx", classes=80)
    catalog = {
        "net": replace(make.card("net", files=(make.file_of(net),), size=(16, 16)), title="Net"),
        "things": replace(
            make.card("things", files=(make.file_of(things),), size=(16, 16), labels="coco_80.txt"), title="Things"
        ),
        "strict": replace(make.card("strict", files=(make.file_of(net),), size=(16, 16)), licence="AGPL-3.0"),
        "absent": make.card("absent"),
    }
    for reel in REELS:
        monkeypatch.setitem(REELS, reel, shown)
    monkeypatch.setattr(
        pane_module.QStandardPaths, "writableLocation", lambda _: str(tmp_path / "documents")
    )
    store, bridge = Store(tmp_path / "cache", folder, offline=True), Bridge()
    catalog = Catalogue(catalog)
    session = Session(loader(catalog, store), bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, catalog, store, Settings(pane="", view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1500, 1000)
    made.show()
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()
    assert not [t for t in threads() if t.name.startswith("lane")]


@pytest.fixture
def pane(window, qtbot):
    window.actions_by_name["export"].trigger()
    qtbot.waitUntil(lambda: window.deck.pane.network.count() == 3, timeout=SOON)
    return window.deck.pane


def test_only_networks_that_are_here_can_be_chosen(pane):
    titles = {pane.network.itemText(i) for i in range(pane.network.count())}
    assert titles == {"Net", "Things", "Strict"}
    assert pane.other.itemText(0) == "no other"
    pane.form.buttons["coreml"].click()
    assert pane.other.isHidden()


def test_the_chosen_lane_s_network_comes_first(window, pane, qtbot):
    window.desk.add_lane(LaneSpec("things"))
    window.meant.show_pane("export", window.desk.session.lanes[0])
    assert window.deck.key == "export"
    assert pane.network.currentText() == "Things"


def test_what_is_to_be_expected_is_said_before(pane):
    pane.network.setCurrentIndex(pane.network.findData("net"))
    pane.precision.setCurrentIndex(pane.precision.findData("palette4"))
    assert "most small networks lose most answers. Experimental." in pane.expected.text()
    pane.target.setCurrentIndex(pane.target.findData("iOS15"))
    assert pane.expected.text() == "Compressed weights need iOS 16 or later."
    assert not pane.buttons["export"].isEnabled()
    pane.precision.setCurrentIndex(pane.precision.findData("fp16"))
    assert pane.buttons["export"].isEnabled()


@pytest.mark.parametrize(("precision", "mb"), [("fp32", 4.0), ("fp16", 2.0), ("int8", 1.0), ("palette4", 0.5)])
def test_size_by_the_count_of_weights(precision, mb):
    assert size_mb(replace(make.card(), parameters=1_000_000), precision) == pytest.approx(mb)


def test_size_by_the_file_where_the_count_is_unknown():
    card = replace(make.card(), files=(replace(make.card().files[0], bytes=2_000_000),), precision="fp16")
    assert size_mb(card, "fp32") == pytest.approx(4.0)


def test_a_licence_that_asks_for_more_is_accepted_first(pane):
    pane.network.setCurrentIndex(pane.network.findData("strict"))
    assert "AGPL-3.0" in pane.expected.text()
    assert not pane.buttons["export"].isEnabled()
    pane.licence.setChecked(True)
    assert pane.buttons["export"].isEnabled()


@needs_coremltools
def test_a_project_is_written_and_shown(pane, qtbot, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    pane.network.setCurrentIndex(pane.network.findData("net"))
    pane.other.setCurrentIndex(pane.other.findData("things"))
    pane.buttons["export"].click()
    assert not pane.buttons["cancel"].isHidden()
    assert not pane.network.isEnabled()
    qtbot.waitUntil(lambda: pane._running is None, timeout=3 * SOON)
    folder = tmp_path / "documents" / "Lineup" / "net-and-things-ios"
    assert pane.note.text().startswith("net-and-things-ios is written. No Apple machine took part.")
    assert (folder / "LineupApp.xcodeproj" / "project.pbxproj").is_file()
    assert [row[0] for row in pane.report.figures.rows] == ["Net, 16 bits (fp16)", "Things, 16 bits (fp16)"]
    assert len(pane.report.pairs) == 6
    pane.buttons["open"].click()
    pane.buttons["page"].click()
    assert opened == [folder, folder / "reports" / "net.html"]
    assert pane.buttons["export"].text() == "Replace"
    assert "net-and-things-ios is there already and will be replaced." in pane.expected.text()


@needs_coremltools
def test_a_package_is_written(pane, qtbot, tmp_path):
    pane.form.buttons["coreml"].click()
    pane.network.setCurrentIndex(pane.network.findData("net"))
    pane.buttons["export"].click()
    qtbot.waitUntil(lambda: pane._running is None, timeout=3 * SOON)
    assert (tmp_path / "documents" / "Lineup" / "net" / "Net.mlpackage").is_dir()


def test_it_can_be_given_up(pane, qtbot, monkeypatch, tmp_path):
    begun = Event()

    def slow(*_given, report, cancelled, **_more):
        report("Writing", 0.5)
        begun.set()
        assert cancelled.wait(10)
        raise Cancelled

    monkeypatch.setattr(run, "export_group", slow)
    monkeypatch.setattr("inference.export.coreml.check_library", lambda: None)
    pane.buttons["export"].click()
    qtbot.waitUntil(begun.is_set, timeout=SOON)
    qtbot.waitUntil(lambda: pane.note.text() == "Writing", timeout=SOON)
    assert pane.bar.value() == 500
    pane.buttons["cancel"].click()
    qtbot.waitUntil(lambda: pane._running is None, timeout=SOON)
    assert pane.note.text() == "Cancelled; nothing was kept."
    assert pane.buttons["export"].isVisible()
    assert pane.buttons["open"].isHidden()


def test_closing_the_window_gives_up(pane, qtbot, window, monkeypatch):
    ended = Event()

    def slow(*_given, report, cancelled, **_more):
        assert cancelled.wait(10)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(run, "export_group", slow)
    monkeypatch.setattr("inference.export.coreml.check_library", lambda: None)
    pane.buttons["export"].click()
    window.close()
    assert ended.wait(SOON / 1000)


def test_what_goes_wrong_is_said(pane, qtbot, monkeypatch):
    def fail(*_given, **_more):
        raise ExportFailed("It cannot be.", "Do this.")

    monkeypatch.setattr(run, "export_group", fail)
    monkeypatch.setattr("inference.export.coreml.check_library", lambda: None)
    pane.buttons["export"].click()
    qtbot.waitUntil(lambda: pane._running is None, timeout=SOON)
    assert pane.note.text() == "It cannot be. Do this."
    assert pane.note.property("role") == "trouble"


def test_choices_come_back_and_wrong_ones_do_not(pane):
    pane.restore({"form": "coreml", "precision": "int8", "target": "iOS17", "out": "/somewhere"})
    kept = pane.state()
    assert kept == {"form": "coreml", "precision": "int8", "target": "iOS17", "out": str(Path("/somewhere"))}
    for wrong in (None, [], {"form": 3, "precision": "int3", "target": None, "out": 5}):
        pane.restore(wrong)
        assert pane.state() == kept


# ---- the lanes ----


def all_run(lanes):
    return all(lane.status.state is LaneState.RUNNING for lane in lanes)


@needs_coremltools
def test_every_precision_stands_beside_the_original(window, qtbot):
    """One click: as lanes, with size and agreement."""
    window.desk.add_lane(LaneSpec("things"))
    lane = window.desk.session.lanes[0]
    forms = {spec.precision: spec for _, spec in other_forms(window, lane) if spec.backend == "coreml"}
    for precision in ("fp32", "int8"):   # one after the other: in this test both are made in one process
        window.desk.duplicate_all(lane, [forms[precision]])
        lanes = window.desk.session.lanes
        qtbot.waitUntil(partial(all_run, lanes), timeout=3 * SOON)
    assert [(lane.spec.backend, lane.spec.precision) for lane in lanes] == [
        ("onnxruntime", ""), ("coreml", "fp32"), ("coreml", "int8")
    ]  # fmt: skip
    window.painting.figures()
    facts = [view.header._facts for view in window.views["grid"].views]
    assert "as the original" not in facts[0]
    assert facts[1].startswith("3 of 3 as the original")
    assert "int8 · Core ML reference (CPU) ×" in facts[2]
    assert lanes[2].title == "Things · int8, Core ML reference"
    window.desk.duplicate_all(lane, [forms["fp32"], forms["int8"]])   # they are there already
    assert len(window.desk.session.lanes) == 3


def test_a_pair_says_in_words_what_it_shows(qtbot):
    answer = {"labels": ["cat", "dog"], "scores": [0.9, 0.1]}
    other = {"labels": ["dog", "cat"], "scores": [0.6, 0.4]}
    same = Pair("a.jpg", QPixmap(4, 3), QSize(4, 3), {"lab": answer, "package": answer})
    different = Pair("a.jpg", QPixmap(4, 3), QSize(4, 3), {"lab": answer, "package": other})
    assert same.accessibleName() == "a.jpg: the same answers"
    assert different.accessibleName() == "a.jpg: other answers"


def test_a_report_of_boxes_and_a_picture_that_is_gone(qtbot, tmp_path):
    boxes = {"labels": ["cat"], "scores": [0.9], "boxes": [[1, 1, 5, 5]]}
    nothing = {"labels": [], "scores": [], "boxes": []}
    report = {
        "title": "A", "fp32_bytes": 100, "not_checked": ["No Apple machine took part."],
        "packages": [{"precision": "int8", "bytes": 25, "relative": 0.01, "agreeing": 9, "compared": 10}],
        "pictures": [{"name": "gone.jpg", "lab": boxes, "package": nothing}],
    }  # fmt: skip
    view = ReportView()
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show_reports([json.loads(json.dumps(report))], tmp_path)
    view.show()
    assert not view.grab().isNull()
    assert view.figures.rows == [("A, 8 bits (int8)", "0.00", "25%", "1e-02", "9 of 10")]
    assert view.figures.bad == {0}
