"""Which panes there are. To add one: write its module with a class of Pane called so, and add its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from inference.data import Frame
from inference.live.lane import Figures, Lane

if TYPE_CHECKING:
    from gui.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a pane may use of the window; all of it on the window's thread."""

    desk: Desk                        # session, catalogue, store, and all that a user does with them
    show_pane: Callable[[str], None]  # a key of PANES; "" folds the place away
    held: Sequence[Frame] = ()        # that were frozen, the newest last


class PaneBase(QWidget):
    """A widget below the lanes. What a pane does not need of this it leaves as it is."""

    mode_text = ""   # a few words on how the lanes run, set by the window
    frozen = False   # whether the picture is held, set by the window

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services, self.desk = services, services.desk
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen, for the settings."""
        return {}

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Show the newest; called seven times a second while visible."""

    def tell(self, figures: Mapping[Lane, Figures]) -> None:
        """Take the numbers of every lane, as the rest of the window shows them; called four times a second."""

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale (1.0 = 100 %)."""

    def end(self) -> None:
        """The window closes: end what was begun."""


class PaneInfo(NamedTuple):
    """What the window needs to offer a pane before making it; its action, menu entry, tooltip and help come from it."""

    title: str     # in the menu
    key: str       # that shows and hides it
    icon: str      # of resources/icons
    help: str      # one sentence, without a full stop; panes with the same one share a line of the help
    share: float   # of the window's height, when it opens
    module: str    # imported when the pane is first asked for; it has a class Pane
    group: str = "Answers"   # of the menu

    def make(self, services: Services) -> PaneBase:
        """Import the module and build its Pane."""
        build: Callable[[Services], PaneBase] = import_module(self.module).Pane
        return build(services)


_LOOK = "Latency, X-ray, bench and what else there is to see"

PANES = {
    "latency": PaneInfo("Latency plot", "P", "plot", _LOOK, 0.19, "gui.panes.latency.pane"),
    "xray": PaneInfo("X-ray", "X", "xray", _LOOK, 0.38, "gui.panes.xray.pane"),
    "bench": PaneInfo("Bench", "N", "bench", _LOOK, 0.62, "gui.panes.bench.pane"),
    "agreement": PaneInfo("Agreement", "Y", "agreement", _LOOK, 0.62, "gui.panes.agreement.pane"),
    "chart": PaneInfo("Chart", "U", "chart", _LOOK, 0.62, "gui.panes.chart.pane"),
    "profile": PaneInfo("Profile", "W", "layers", _LOOK, 0.62, "gui.panes.profile.pane"),
    "digits": PaneInfo("Digits", "I", "pencil", _LOOK, 0.62, "gui.panes.digits.pane"),
    "catalogue": PaneInfo("Catalogue", "G", "catalogue", _LOOK, 0.62, "gui.panes.catalogue.pane"),
    "export": PaneInfo(
        "Export to iOS…", "E", "phone", "Hand a network to an iPhone, as Core ML", 0.58, "gui.panes.export.pane",
        group="Networks",
    ),
}  # fmt: skip
