"""Which panes there are. To add one: write its module, add its line."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple, Protocol

from gui.theme import Theme
from inference.lane import Lane


class Pane(Protocol):
    """A widget below the lanes. It is a QWidget too; mypy need not know."""

    mode_text: str   # a few words on how the lanes run, set by the window

    def state(self) -> dict[str, str | bool]:
        """What is chosen, for the settings."""
        ...

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        ...

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Show the newest numbers; called ten times a second while visible."""
        ...

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale (1.0 = 100 %)."""
        ...


class PaneInfo(NamedTuple):
    """What the window needs to offer a pane before making it."""

    title: str
    module: str

    def make(self) -> Pane:
        """Import the module and build its Pane."""
        build: Callable[[], Pane] = import_module(self.module).Pane
        return build()


PANES = {
    "latency": PaneInfo("Latency", "gui.panes.latency"),
}
