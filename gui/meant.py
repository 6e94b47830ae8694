"""The network that a key is meant for, and what keys and menus do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from gui.lane_menu import lane_menu
from gui.stage.views import Views
from inference.live.lane import Lane

if TYPE_CHECKING:
    from gui.main_window import MainWindow


class Meant:
    """Of one window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def follow(self, views: Views) -> None:
        """Do what is asked for in these."""
        desk = self._window.desk
        views.alone_asked.connect(self.toggle_alone)
        views.menu_asked.connect(self.menu)
        views.lane_chosen.connect(desk.choose_lane)
        views.retried.connect(desk.retry)
        views.moved.connect(desk.move_lane)

    def lane(self) -> Lane | None:
        """The network that stands alone, else the chosen one, else the only one."""
        desk = self._window.desk
        only = desk.session.lanes[0] if len(desk.session.lanes) == 1 else None
        return self._window.views.alone or desk.chosen_lane() or only

    def do(self, does: Callable[[Lane], object]) -> None:
        """Do this with it; say so where none is meant."""
        if lane := self.lane():
            does(lane)
        else:
            self._window.say("Click a network first, or choose one with Tab.")

    def toggle_alone(self, lane: Lane | None) -> None:
        """Show this network alone; if it is, or for None, all again."""
        views = self._window.views
        views.show_alone(None if lane is views.alone else lane)
        self._window.painting.figures()

    def step(self, by: int) -> None:
        """Show the next network alone; after the last, all again."""
        views = self._window.views
        lanes: list[Lane | None] = [None, *self._window.desk.session.lanes]
        views.show_alone(lanes[(lanes.index(views.alone) + by) % len(lanes)])
        self._window.painting.figures()

    def move(self, by: int) -> None:
        """Move it up (-1) or down (1) in the row."""
        desk = self._window.desk
        self.do(lambda lane: desk.move_lane(lane, desk.session.lanes.index(lane) + by))

    def menu(self, lane: Lane, at: QPoint | None = None) -> None:
        """All that can be done with this network; `at` is on the screen."""
        menu = lane_menu(self._window, lane)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at or self._window.views.place_of(lane))

    def show_pane(self, key: str, lane: Lane) -> None:
        """Open this pane with this network."""
        self._window.desk.choose_lane(lane)
        self._window.show_pane("")
        self._window.show_pane(key)

    def replace(self, lane: Lane) -> None:
        """Choose a network that takes this one's place."""
        if self._window.floating.drawers["add_lane"].isHidden():
            self._window.show_add_lane()
        self._window.desk.replace_lane(lane)
