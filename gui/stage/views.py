"""The three ways to look at the same lanes: the stage, the grid, the table. To add one, add its line to VIEWS."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NamedTuple, Protocol

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.stage.image import ScaledPictures
from gui.theme import DARK, Theme
from inference.data import Frame, SourceStatus
from inference.lab.measured import Measured
from inference.live.lane import Figures, Lane
from inference.live.session import Session
from models import ModelCard


class ViewInfo(NamedTuple):
    """What there is to know of a view before it is made."""

    title: str
    icon: str      # of resources/icons
    help: str      # one sentence, without a full stop
    module: str    # imported when the view is first shown
    kind: str      # the class in it: made with (supply, parent)


VIEWS = {
    "stage": ViewInfo(
        "Stage", "stage", "Stage: the picture large, a row a network", "gui.stage.stage_view", "StageView"
    ),
    "grid": ViewInfo(
        "Grid", "grid", "Grid: each network with its picture", "gui.stage.grid", "LaneGrid"
    ),
    "table": ViewInfo(
        "Table", "table", "Table: what was measured, as numbers", "gui.stage.table.view",
        "TableView",
    ),
}


class Supply(NamedTuple):
    """What views show."""

    session: Session
    pictures: ScaledPictures
    measured: Callable[[], list[tuple[ModelCard, Measured]]]   # what was measured on this machine, each alone


class View(Protocol):
    """What every view does; all of it on the window's thread."""

    alone: Lane | None
    rest: float      # times longer than usual between two paintings
    more: bool       # whether `refresh` has left something to paint

    @property
    def wants_live(self) -> bool:
        """Whether it shows the newest picture, not that of an answer."""
        ...

    def expect(self, count: int) -> None:
        """So many lanes come at once: their places are kept."""
        ...

    def add(self, lane: Lane, card: ModelCard) -> None:
        """A lane is new."""
        ...

    def remove(self, lane: Lane) -> None:
        """A lane is gone."""
        ...

    def put_in_order(self, lanes: list[Lane]) -> None:
        """The lanes stand in this order."""
        ...

    def show_card(self, lane: Lane, card: ModelCard) -> None:
        """A lane's card has changed."""
        ...

    def show_alone(self, lane: Lane | None) -> None:
        """One lane alone; None shows all."""
        ...

    def choose(self, lane: Lane | None) -> None:
        """Mark the lane that is meant."""
        ...

    def place_of(self, lane: Lane) -> QPoint:
        """A place within the view where a menu of this lane opens."""
        ...

    def refresh(self, frame: Frame | None) -> bool:
        """Take what is new; `frame` is live or frozen. Whether something is to be painted."""
        ...

    def refresh_figures(self, source: SourceStatus, figures: Mapping[Lane, Figures]) -> None:
        """Show these numbers."""
        ...

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Take these colours, type at this scale, and room for `topk` labels."""
        ...


class Views(QStackedWidget):
    """Shows one view; each is made when it is first asked for, and follows the lanes from then on."""

    add_asked = Signal()
    lane_chosen = Signal(object)           # Lane
    alone_asked = Signal(object)           # Lane
    menu_asked = Signal(object, object)    # Lane, QPoint on the screen
    retried = Signal(object)               # Lane
    moved = Signal(object, int)            # Lane, its new place

    def __init__(self, supply: Supply, parent: QWidget) -> None:
        super().__init__(parent)
        self.key = ""
        self.alone: Lane | None = None
        self._supply = supply
        self._views: dict[str, View] = {}
        self._lanes: dict[Lane, ModelCard] = {}   # in their order
        self._chosen: Lane | None = None
        self._rest = 1.0
        self._look: tuple[Theme, float, int] = (DARK, 1.0, 5)

    def __getitem__(self, key: str) -> View:
        """The view with this key, made now if it was not."""
        if key not in self._views:
            self._views[key] = self._make(key)
        return self._views[key]

    @property
    def view(self) -> View:
        """The one on screen."""
        return self[self.key]

    @property
    def following(self) -> str:
        """The view after this one; after the last, the first."""
        names = list(VIEWS)
        return names[(names.index(self.key) + 1) % len(names)]

    def present(self, key: str) -> None:
        """Show this view."""
        view = self[key]
        self.key = key
        self._dress(view)
        # Rounds: where the picture stands there once, all answer the same one.
        self._supply.session.set_rounds(key == "stage")
        assert isinstance(view, QWidget)
        self.setCurrentWidget(view)

    def _make(self, key: str) -> View:
        info = VIEWS[key]
        made = getattr(import_module(info.module), info.kind)(self._supply, self)
        for name in ("add_asked", "lane_chosen", "alone_asked", "menu_asked", "retried", "moved"):
            getattr(made, name).connect(getattr(self, name))
        self.addWidget(made)
        view: View = made
        self._dress(view)
        for lane, card in self._lanes.items():
            view.add(lane, card)
        view.choose(self._chosen)
        view.show_alone(self.alone)
        return view

    def _dress(self, view: View) -> None:
        view.restyle(*self._look)
        view.rest = self._rest

    def expect(self, count: int) -> None:
        """So many lanes come at once: the view on screen keeps their places, so that nothing moves when they do."""
        self.view.expect(count)

    # --- what all views are told, whether they are on screen or not ------------------------------------------------

    def add(self, lane: Lane, card: ModelCard, lanes: list[Lane]) -> None:
        """A lane is new; `lanes` is the order of all."""
        self._lanes[lane] = card
        for view in self._views.values():
            view.add(lane, card)
        self.put_in_order(lanes)

    def remove(self, lane: Lane) -> None:
        """A lane is gone."""
        self._lanes.pop(lane, None)
        if self.alone is lane:
            self.alone = None
        for view in self._views.values():
            view.remove(lane)

    def put_in_order(self, lanes: list[Lane]) -> None:
        """The lanes stand in this order."""
        self._lanes = {lane: self._lanes[lane] for lane in lanes if lane in self._lanes}
        for view in self._views.values():
            view.put_in_order(lanes)

    def show_card(self, card: ModelCard) -> None:
        """A card has changed."""
        for lane in self._lanes:
            if lane.spec.model == card.name:
                self._lanes[lane] = card
                for view in self._views.values():
                    view.show_card(lane, card)

    def choose(self, lane: Lane | None) -> None:
        """Mark the lane that is meant."""
        self._chosen = lane
        for view in self._views.values():
            view.choose(lane)

    def show_alone(self, lane: Lane | None) -> None:
        """One lane alone; None shows all."""
        self.alone = lane
        for view in self._views.values():
            view.show_alone(lane)

    def place_of(self, lane: Lane) -> QPoint:
        """Where a menu of this lane opens, on the screen."""
        place = self.view.place_of(lane)
        return self.mapToGlobal(place)

    def set_rest(self, rest: float) -> None:
        """How many times longer than usual the views rest between two paintings."""
        self._rest = rest
        for view in self._views.values():
            view.rest = rest

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Take these colours and sizes; the views behind do when they come to the front."""
        self._look = (theme, scale, topk)
        if self.key:
            self._dress(self.view)
