"""What can be done with one network: the menu behind its ⋯ and its right click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from gui.stage.lane_words import PRECISION_WORDS
from inference.backends import backends, can_run
from inference.cores import usable_cores
from inference.data import LaneSpec, LaneState
from inference.live.lane import Lane
from inference.live.session import MAX_LANES

if TYPE_CHECKING:
    from gui.main_window import MainWindow


def lane_menu(window: MainWindow, lane: Lane) -> QMenu:
    """A menu for this lane; every entry does its work at once."""
    desk = window.desk
    menu = QMenu(window)
    place = desk.session.lanes.index(lane)
    full = len(desk.session.lanes) >= MAX_LANES

    def add(words: str, does: Callable[[], object], *, on: bool = True, into: QMenu = menu) -> QAction:
        action = into.addAction(words.replace("&", "&&"))
        action.triggered.connect(lambda _on=False: does())
        action.setEnabled(on)
        return action

    add("Show all" if window.views.alone is lane else "Show alone", partial(window.meant.toggle_alone, lane))
    add("Switch on" if lane.paused else "Switch off", partial(desk.toggle_lane, lane.slot))
    menu.addSeparator()
    add("X-ray", partial(window.meant.show_pane, "xray", lane))
    add("Its card", partial(window.meant.show_pane, "catalogue", lane))
    add("Export to iOS…", partial(window.meant.show_pane, "export", lane))
    menu.addSeparator()
    threads = menu.addMenu("Threads")
    marks = QActionGroup(threads)
    for count in _thread_counts(lane.spec.threads):
        words = "As the mode has it" if count == 0 else f"{count}"
        action = add(words, partial(desk.change_lane, lane, replace(lane.spec, threads=count)), into=threads)
        action.setCheckable(True)
        action.setChecked(count == lane.spec.threads)
        marks.addAction(action)
    others = other_forms(window, lane)
    change, double = menu.addMenu("Run on"), menu.addMenu("Duplicate with")
    for words, spec in others:
        add(words, partial(desk.change_lane, lane, spec), into=change)
        add(words, partial(desk.duplicate_lane, lane, spec), into=double, on=not full)
    for engine, words in (("coreml", "All forms of Core ML"), ("steps", "All steps of optimisation")):
        forms = [spec for _, spec in others if spec.backend == engine]
        if len(forms) > 1:
            add(words, partial(desk.duplicate_all, lane, forms), into=double, on=not full)
    if not others:
        change.setEnabled(False)
    for count in _thread_counts(0):
        if count and count != lane.spec.threads:
            words = f"{count} thread{'s' if count > 1 else ''}"
            spec = replace(lane.spec, threads=count)
            add(words, partial(desk.duplicate_lane, lane, spec), into=double, on=not full)
    add("Replace…", partial(window.meant.replace, lane))
    menu.addSeparator()
    add("Move up", partial(desk.move_lane, lane, place - 1), on=place > 0)
    add("Move down", partial(desk.move_lane, lane, place + 1), on=place < len(desk.session.lanes) - 1)
    menu.addSeparator()
    again = "Try again" if lane.status.state is LaneState.FAILED else "Load again"
    add(again, partial(desk.retry, lane))
    add("Remove", partial(desk.take_away, lane))
    return menu


def other_forms(window: MainWindow, lane: Lane) -> list[tuple[str, LaneSpec]]:
    """The engines that this model can run on beside the one that it does, each with what tells it apart."""
    card = window.desk.catalogue[lane.spec.model]
    made = []
    for name, info in backends().items():
        if not can_run(name, card):
            continue
        for precision in info.precisions_of(card) or ("",):
            spec = replace(lane.spec, backend=name, precision=precision, provider="")
            if name == lane.spec.backend and precision in ("", lane.spec.precision):
                continue
            words = f"{info.title}, {PRECISION_WORDS[precision]}" if precision else info.title
            made.append((words, spec))
    return made


def _thread_counts(chosen: int) -> list[int]:
    """What is offered: as the mode has it, one, doubled up to all cores; and what is chosen."""
    cores, counts, count = usable_cores(), {0, chosen}, 1
    while count < cores:
        counts.add(count)
        count *= 2
    return sorted(counts | {cores})
