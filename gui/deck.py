"""The lanes above, and below them one pane at a time, made when it is first asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from gui.held import Held
from gui.panes import PANES, PaneBase, Services
from gui.theme import DARK, Theme
from inference.live.lane import Figures, Lane


class Deck(QStackedWidget):
    """Shows the pane with the key `key`, or none; remembers what was chosen in each."""

    def __init__(self, services: Services, states: Mapping[str, object], parent: QWidget) -> None:
        """`states` is what `states()` said the last time, by key."""
        super().__init__(parent)
        self.key = ""
        self._services, self._states = replace(services, held=Held(services.desk, self).frames), dict(states)
        self._panes: dict[str, PaneBase] = {}
        self._mode_text = ""
        self._look: tuple[Theme, float] = (DARK, 1.0)
        self.hide()

    def present(self, key: str) -> None:
        """Show this pane; "" folds the place away."""
        if key and key not in self._panes:
            pane = PANES[key].make(self._services)
            pane.restore(self._states.get(key))
            pane.mode_text = self._mode_text
            self._panes[key] = pane
            self.addWidget(pane)
        self.key = key
        if pane_shown := self._panes.get(key):
            pane_shown.restyle(*self._look)
            self.setCurrentWidget(pane_shown)
        self.setVisible(bool(key))

    @property
    def pane(self) -> PaneBase | None:
        """The pane that is shown."""
        return self._panes.get(self.key)

    def show_mode(self, text: str) -> None:
        """Tell every pane how the lanes run."""
        self._mode_text = text
        for pane in self._panes.values():
            pane.mode_text = text

    def tell(self, figures: Mapping[Lane, Figures], *, frozen: bool) -> None:
        """Give the pane on screen the numbers of this moment."""
        if (pane := self.pane) and self.isVisible():
            pane.frozen = frozen
            pane.tell(figures)

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Let the pane on screen show the newest."""
        if (pane := self.pane) and self.isVisible():
            pane.refresh(lanes)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours and sizes; the panes behind do when they come to the front."""
        self._look = (theme, scale)
        if pane := self.pane:
            pane.restyle(theme, scale)

    def end(self) -> None:
        """The window closes: what a pane has begun ends."""
        for pane in self._panes.values():
            pane.end()

    def states(self) -> dict[str, dict[str, str | bool | float]]:
        """What is chosen in each pane, also in those that were not opened this time."""
        kept = {key: dict(state) for key, state in self._states.items() if isinstance(state, Mapping)}
        return {**kept, **{key: pane.state() for key, pane in self._panes.items()}}


class Halves(QSplitter):
    """The lanes, and the deck below them with its part of the height."""

    def __init__(self, lanes: QWidget, deck: Deck, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._deck = deck
        self._reserved = ""   # the pane whose place is kept
        self._part = 0.0      # of the height that the deck has; as a hand has left it
        self.splitterMoved.connect(lambda *_: self._note())
        self.addWidget(lanes)
        self.addWidget(deck)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(0, 1)

    def reserve(self, key: str) -> None:
        """Keep the place of the pane that comes soon, empty: nothing moves when it does."""
        if key in PANES:
            self._reserved = key
            place = QWidget(self._deck)
            place.setProperty("role", "surface")
            place.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self._deck.addWidget(place)
            self._deck.setCurrentWidget(place)
            self._deck.show()

    def present(self, key: str) -> None:
        """Show this pane; "" folds the place away."""
        changed = key != self._deck.key
        self._deck.present(key)
        if changed and key != self._reserved:
            self._share(key)
        self._reserved = ""

    def showEvent(self, event: QShowEvent) -> None:
        """Now the height is known that a kept place is a part of."""
        super().showEvent(event)
        self._share(self._reserved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The deck keeps its part of the height: its type grows with the window as well."""
        super().resizeEvent(event)
        if self._part and self._deck.isVisible():
            self._apply()

    def _share(self, key: str) -> None:
        if key:
            self._part = PANES[key].share
            self._apply()

    def _apply(self) -> None:
        whole = sum(self.sizes()) or self.height()
        part = round(whole * self._part)
        self.setSizes([whole - part, part])

    def _note(self) -> None:
        if whole := sum(self.sizes()):
            self._part = self.sizes()[1] / whole
