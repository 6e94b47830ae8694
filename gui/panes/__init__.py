"""Which panes there are. To add one: write its module, add its line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple, Protocol

from gui.theme import Theme
from inference.data import LaneSpec
from inference.live.lane import Figures, Lane
from inference.live.session import Session
from models.card import ModelCard
from models.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What a pane may use of the window; all of it on the window's thread."""

    session: Session
    catalog: dict[str, ModelCard]                  # the window's own, by name; a pane sees every change
    store: Store
    say: Callable[[str], None]                     # a sentence in the line of truth, for a while
    add_lane: Callable[[LaneSpec], None]
    change_card: Callable[[ModelCard | str], None]   # a card is new or another; a name: that card is gone
    show_pane: Callable[[str], None]               # a key of PANES
    chosen: Callable[[], Lane | None]              # the lane that was added or clicked last, while it is there


class Pane(Protocol):
    """A widget below the lanes. It is a QWidget too; mypy need not know. One that wants them has `attach(services)`.

    One that begins work of its own has `end()`, which is called when the window closes.
    """

    mode_text: str   # a few words on how the lanes run, set by the window
    frozen: bool     # whether the picture is held, set by the window

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen, for the settings."""
        ...

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        ...

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Show the newest; called seven times a second while visible."""
        ...

    def tell(self, figures: Mapping[Lane, Figures]) -> None:
        """Take the numbers of every lane, as the rest of the window shows them; called four times a second."""
        ...

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale (1.0 = 100 %)."""
        ...


class PaneInfo(NamedTuple):
    """What the window needs to offer a pane before making it. Its key is also its action's name in gui.actions."""

    title: str
    module: str
    share: float   # of the window's height, when it opens

    def make(self) -> Pane:
        """Import the module and build its Pane."""
        build: Callable[[], Pane] = import_module(self.module).Pane
        return build()


PANES = {
    "latency": PaneInfo("Latency", "gui.panes.latency", 0.19),
    "xray": PaneInfo("X-ray", "gui.panes.xray", 0.38),
    "catalogue": PaneInfo("Catalogue", "gui.panes.catalogue", 0.62),
    "export": PaneInfo("Export", "gui.panes.export", 0.58),
}
