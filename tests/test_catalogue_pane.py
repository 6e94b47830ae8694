"""The catalogue pane: sorting, finding, getting, removing."""

import gc
from dataclasses import replace
from pathlib import Path
from threading import Event
from threading import enumerate as threads
from time import sleep

import pytest
import shiboken6
from make import card, tiny_onnx
from PySide6.QtCore import Qt

from gui.bridge import Bridge
from gui.desk import Desk
from gui.main_window import MainWindow
from gui.panes.catalogue import measuring
from gui.panes.catalogue.blocks import BLOCKS, block_of
from gui.panes.catalogue.pane import ARROW
from gui.panes.catalogue.pane import MEASURE as measuring_words
from gui.panes.catalogue.table import CARD, COLUMNS, PLACE
from gui.settings import Settings
from inference.data import LaneSpec, Mode
from inference.errors import LabError
from inference.intake import fetching
from inference.intake.adding import add
from inference.intake.provide import loader
from inference.live.session import Session
from models.card import Accuracy, ModelFile
from models.catalog import Catalogue, config_folder, load_catalog
from models.errors import Cancelled
from models.licence import accepted
from models.store import Store

COLUMN = {column.title: i for i, column in enumerate(COLUMNS)}


@pytest.fixture
def window(qtbot, tmp_path):
    store, bridge = Store(), Bridge()
    add([tiny_onnx(tmp_path / "tiny.onnx")], store)
    away = (ModelFile("away.onnx", "1" * 64, 9_000_000, url="https://example.org/away.onnx"),)
    catalog = {
        "tiny": load_catalog()["tiny"],
        "free": replace(
            card("free"), title="Free", files=away, gmacs=3.0, year=2017, accuracy=Accuracy("ImageNet-1k", "made", 71.0)
        ),
        "strict": replace(card("strict"), title="Strict", files=away, licence="AGPL-3.0", gmacs=0.5, task="detect"),
        "empty": replace(card("empty"), title="Empty", files=away, trained=False),
    }
    catalog = Catalogue(catalog)
    session = Session(loader(catalog, store), bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, catalog, store, Settings(pane="", view="grid")), bridge)
    bridge.setParent(made)
    made.resize(1600, 900)
    made.show()
    made.show_pane("catalogue")
    qtbot.waitUntil(lambda: bool(made.deck.pane.table.facts), timeout=10_000)
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()
    assert not [t for t in threads() if t.name.startswith("lane")]


@pytest.fixture
def pane(window):
    return window.deck.pane


@pytest.fixture
def gate(monkeypatch):
    """Stands in for the network."""
    opened = Event()

    def ready(wanted, _store, report, cancelled):
        report(f"Fetching {wanted.title}", 0.4)
        while not opened.wait(0.01):
            if cancelled.is_set():
                raise Cancelled
        return Path("here")

    monkeypatch.setattr(fetching, "ready", ready)
    return opened


def index_of(pane, name, title):
    """A field of the table as it is filtered and sorted."""
    for row in range(pane.filter.rowCount()):
        if pane.filter.index(row, 0).data(CARD).name == name:
            return pane.filter.index(row, COLUMN[title])
    raise LookupError(name)


def names(pane):
    return [pane.filter.index(row, 0).data(CARD).name for row in range(pane.filter.rowCount())]


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
@pytest.mark.parametrize("title", ["GMAC", "Accuracy %", "Year"])
def test_it_sorts_by_value_and_what_is_unknown_is_last(pane, title, order):
    pane.view.sortByColumn(COLUMN[title], order)
    key = COLUMNS[COLUMN[title]].key
    found = [key(c, pane.table.facts_of(c)) for name in names(pane) for c in pane.table.cards if c.name == name]
    known = [value for value in found if value is not None]
    assert known == sorted(known, reverse=order is Qt.SortOrder.DescendingOrder)
    assert found == known + [None] * (len(found) - len(known))


def test_it_finds_by_words_and_kind(pane):
    pane.search.setText("agpl")
    assert names(pane) == ["strict"]
    assert pane.chosen.name == "strict"
    pane.search.clear()
    pane.only.buttons["here"].click()
    assert names(pane) == ["tiny"]
    pane.only.buttons["detect"].click()
    assert names(pane) == ["strict"]


def test_nothing_found_shows_no_card(pane):
    pane.search.setText("nothing of that name")
    assert pane.chosen is None
    assert not pane.card.isEnabled()
    assert pane.empty.isVisible()   # an empty table would say nothing
    assert not pane.view.isVisible()
    assert not pane.card.buttons["add"].isVisible()
    pane.search.clear()
    assert pane.view.isVisible()
    assert not pane.empty.isVisible()
    assert pane.card.buttons["add"].isVisible()


def test_getting_asks_once_and_says_what_it_is(window, pane, gate, qtbot):
    pane.choose("free")
    pane.card.buttons["get"].click()
    assert "9.0 MB" in pane.card._note.text()
    assert "example.org" in pane.card._note.text()
    assert pane.card.buttons["yes"].text() == "Get it"
    pane.card.buttons["no"].click()
    assert pane._fetches.state("free") is None
    pane.card.buttons["get"].click()
    pane.card.buttons["yes"].click()
    qtbot.waitUntil(lambda: "40 %" in pane.card._note.text(), timeout=5_000)
    assert pane.card.buttons["cancel"].isVisible()
    gate.set()
    qtbot.waitUntil(lambda: "Free is here" in window.truth.said, timeout=5_000)


def test_a_licence_that_asks_for_more_wants_a_yes(pane, gate, qtbot):
    pane.choose("strict")
    strict = pane.chosen
    pane.card.buttons["get"].click()
    assert "AGPL" in pane.card._note.text()
    assert "Accept the licence" in pane.card.buttons["yes"].text()
    assert not accepted(strict, config_folder())
    pane.card.buttons["yes"].click()
    assert accepted(strict, config_folder())
    pane.card.buttons["cancel"].click()
    qtbot.waitUntil(lambda: pane._fetches.state("strict") is None, timeout=5_000)


def test_a_network_without_training_is_marked(pane):
    pane.choose("empty")
    assert "recognises nothing" in pane.card._note.text()


def test_enter_adds_it_as_a_lane_and_marks_it(window, pane, qtbot):
    pane.choose("tiny")
    qtbot.keyClick(pane.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [lane.spec.model for lane in window.desk.session.lanes] == ["tiny"], timeout=5_000)
    qtbot.waitUntil(lambda: pane.table.slots == {"tiny": 0}, timeout=5_000)
    pane.card.buttons["remove"].click()
    pane.card.buttons["yes"].click()
    assert "Take its lane away first" in window.truth.said


def test_the_xray_button_adds_it_and_goes_there(window, pane, qtbot):
    window.desk.open_source("pattern")
    pane.choose("tiny")
    pane.card.buttons["xray"].click()
    assert window.deck.key == "xray"
    qtbot.waitUntil(lambda: window.deck.pane._shown is not None, timeout=10_000)


def test_removing_an_own_model_takes_its_card_away(window, pane, qtbot):
    pane.choose("tiny")
    pane.card.buttons["remove"].click()
    assert "Its card goes too" in pane.card._note.text()
    pane.card.buttons["yes"].click()
    qtbot.waitUntil(lambda: "tiny" not in window.desk.catalogue, timeout=5_000)
    qtbot.waitUntil(lambda: "tiny" not in names(pane), timeout=5_000)
    assert "tiny" not in load_catalog()


def test_what_was_chosen_comes_back(window, pane):
    pane.view.sortByColumn(COLUMN["GMAC"], Qt.SortOrder.DescendingOrder)
    pane.only.buttons["classify"].click()
    kept = window.current_settings().panes["catalogue"]
    pane.view.sortByColumn(COLUMN["Year"], Qt.SortOrder.AscendingOrder)
    pane.restore(kept)
    assert pane.state() == kept
    pane.restore({"sort": 99, "only": 7, "descending": "yes"})


def test_what_is_typed_over_the_table_is_searched_for(window, pane, qtbot):
    """ "resnet" has the keys of recording, saving a picture and the mode in it."""
    window.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus, timeout=5000)
    mode = window.desk.session.mode
    for letter in "resnet":
        qtbot.keyClick(pane.search if pane.search.hasFocus() else pane.view, letter)
    assert pane.search.text() == "resnet"
    assert window.desk.session.recorder is None
    assert window.desk.session.mode is mode
    assert "Picture saved" not in window.truth.said


def test_a_network_that_runs_is_here_and_before_anybody_has_looked_nothing_is_said(window, pane, qtbot):
    def place(name):
        row = next(i for i, c in enumerate(pane.table.cards) if c.name == name)
        return pane.table.index(row, PLACE).data()

    pane.table.facts = {}
    pane.table.running = frozenset()
    pane.table.changed()
    assert {place(name) for name in window.desk.catalogue} == {"looking…"}
    pane._show_card()
    assert not pane.card.buttons["get"].isVisible()
    window.desk.add_lane(LaneSpec("tiny"))
    qtbot.waitUntil(lambda: place("tiny") == "here", timeout=10_000)


def test_columns_stand_still_and_what_one_chooses_by_is_seen(window, pane, qtbot):
    window.resize(1440, 900)
    qtbot.wait(1)
    header = pane.view.horizontalHeader()
    widths = [header.sectionSize(i) for i in range(len(COLUMNS) - 1)]
    pane.search.setText("tiny")
    pane.table.states = {"free": "Fetching a file with a very long name, 123 MB · 40 % · 3.1 MB/s · 30 s left"}
    pane.table.changed()
    assert [header.sectionSize(i) for i in range(len(COLUMNS) - 1)] == widths
    pane.search.clear()
    for title in ("ms here", "Accuracy %", "Licence"):
        at = COLUMN[title]
        assert header.sectionViewportPosition(at) + header.sectionSize(at) <= pane.view.viewport().width(), title
    for i, column in enumerate(COLUMNS[:-1]):
        # The word and the arrow have room side by side.
        assert header.sectionSize(i) >= header.fontMetrics().horizontalAdvance(column.title) + ARROW, column.title


def test_escape_closes_the_pane(window, pane, qtbot):
    assert window.deck.key == "catalogue"
    window.back()
    assert window.deck.key == ""


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (720, 450)])
def test_it_fits_every_window(window, pane, size):
    window.resize(*size)
    assert pane.view.isVisible()
    assert pane.width() <= window.width()


def test_every_architecture_of_the_catalogue_has_a_picture():
    without = [c.name for c in load_catalog().values() if block_of(c) is None]
    assert not without
    assert block_of(card("something-else")) is None
    assert block_of(card("resnet50-2")) is BLOCKS["resnet50"]


def test_all_that_is_here_is_measured_while_the_lanes_rest(window, pane, qtbot, monkeypatch):
    window.desk.add_lane(LaneSpec("tiny"))
    (lane,) = window.desk.session.lanes
    window.desk.open_source("pattern")
    qtbot.waitUntil(lambda: lane.results > 2, timeout=10_000)
    seen = []
    real = measuring.measure_all

    def watched(cards, store, cancelled, tell):
        before = lane.results
        sleep(0.3)
        resting = window.desk.session.resting
        seen.append((lane.results - before, [c.name for c in cards], pane.measure.text(), resting))
        real(cards, store, cancelled, tell)

    monkeypatch.setattr(measuring, "measure_all", watched)
    assert index_of(pane, "tiny", "ms here").data() == ""
    pane.measure.click()
    window.painting.figures()
    assert ("MEASURING", "lit") in window.bar.chips.shown
    qtbot.waitUntil(lambda: not pane.measuring.running, timeout=20_000)
    assert seen == [(0, ["tiny"], "Stop measuring · 0 of 1", "measuring")]
    assert window.truth.said == "1 network measured, each alone."
    qtbot.waitUntil(lambda: pane.table.facts["tiny"].measured is not None)
    assert float(index_of(pane, "tiny", "ms here").data()) >= 0
    assert "alone" in index_of(pane, "tiny", "ms here").data(Qt.ItemDataRole.ToolTipRole)
    assert pane.measure.text() == measuring_words
    before = lane.results
    qtbot.waitUntil(lambda: lane.results > before, timeout=10_000)   # the lanes go on
    window.show_view("table")   # where it stands among those that run
    window.painting.figures()
    assert [(card.name, figure) for card, figure in window.views["table"]._others] == [
        ("tiny", pane.table.facts["tiny"].measured)
    ]


def test_measuring_is_stopped_and_says_what_could_not_be(window, pane, qtbot, monkeypatch):
    stopped = Event()

    def forever(cards, _store, cancelled, tell):
        tell("tiny", None)
        tell("tiny", LabError("It does not run."))
        while not cancelled.wait(0.01):
            pass
        stopped.set()

    monkeypatch.setattr(measuring, "measure_all", forever)
    pane.measure.click()
    qtbot.waitUntil(lambda: pane.measuring.done == 1)
    assert index_of(pane, "tiny", "ms here").data() == "…"
    pane.measure.click()
    qtbot.waitUntil(lambda: not pane.measuring.running)
    assert stopped.is_set()
    assert not window.desk.session.resting
    assert window.truth.said == "0 networks measured, each alone. 1 could not be: It does not run."
    pane.measure.click()
    pane.end()   # the window closes
    qtbot.waitUntil(lambda: not pane.measuring.running)


def test_names_stay_when_the_rest_is_scrolled(window, pane, qtbot):
    window.resize(1024, 640)
    view, frozen = pane.view, pane.view.frozen
    qtbot.wait(1)
    assert not frozen.isVisible()   # nothing is scrolled away
    bar = view.horizontalScrollBar()
    bar.setValue(bar.maximum())
    assert frozen.isVisible()
    assert frozen.width() == view.columnWidth(0)
    assert [frozen.isColumnHidden(i) for i in range(len(COLUMNS))] == [False] + [True] * (len(COLUMNS) - 1)
    for row in range(pane.filter.rowCount()):   # at the same height as the rest
        assert frozen.rowViewportPosition(row) == view.rowViewportPosition(row)
    view.setCurrentIndex(pane.filter.index(2, 0))
    assert frozen.currentIndex() == pane.filter.index(2, 0)
    frozen.horizontalHeader().sectionClicked.emit(0)
    assert (view.horizontalHeader().sortIndicatorSection(), names(pane)) == (0, sorted(names(pane)))
    frozen.horizontalHeader().sectionClicked.emit(0)
    assert names(pane) == sorted(names(pane), reverse=True)
    bar.setValue(0)
    assert not frozen.isVisible()
