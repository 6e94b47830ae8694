"""What is new goes on screen: pictures at the pace of the networks, figures four times a second, marks at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from gui.bridge import Bridge
from gui.conditions import conditions
from gui.messages import CHOOSE
from gui.pace import rest_of, set_rest
from gui.stage.image import paint_now
from gui.truth import in_trouble
from inference.live.lane import Lane
from inference.live.session import MAX_LANES

if TYPE_CHECKING:
    from gui.main_window import MainWindow

FIGURES_MS = 250     # numbers change four times a second: more cannot be read
PLOT_MS = 150        # plots redraw seven times a second: a line that moves needs no more


class Painting(QObject):
    """Follows desk and session, and lets the window's parts show what they hold."""

    def __init__(self, window: MainWindow, bridge: Bridge) -> None:
        super().__init__(window)
        self._window, self._desk, self._bridge = window, window.desk, bridge
        self._pictures, self._views = window.pictures, window.views
        self._dismissed = ""        # the trouble whose banner was closed
        self._topk = self._desk.session.ask.topk   # that there is room for
        self._more_to_paint = QTimer(self, singleShot=True, interval=0)
        self._more_to_paint.timeout.connect(self.refresh)
        self._figures_timer = QTimer(self, interval=FIGURES_MS)
        self._figures_timer.timeout.connect(self._more_to_paint.start)   # in a moment: keys are not to wait for both
        self._figures_timer.timeout.connect(self._show_figures)
        self._figures_timer.start()
        self._plot_timer = QTimer(self, interval=PLOT_MS)
        self._plot_timer.timeout.connect(lambda: window.deck.refresh(self._desk.session.lanes))
        window.banner.dismissed.connect(self._dismiss)
        desk = self._desk
        bridge.changed.connect(desk.follow)
        bridge.changed.connect(self.refresh)
        desk.changed.connect(self._show_marks)
        desk.changed.connect(self.figures)
        desk.lane_added.connect(self._show_lane)
        desk.lane_removed.connect(self._views.remove)
        desk.lane_chosen.connect(self._views.choose)
        desk.lanes_moved.connect(lambda: self._views.put_in_order(desk.session.lanes))
        desk.source_shown.connect(self._show_source)
        desk.catalogue.listen(self._show_card)
        self._show_marks()

    def follow_plot(self, shown: bool) -> None:
        """Whether a pane below the lanes is on screen."""
        self._plot_timer.start() if shown else self._plot_timer.stop()

    def stop(self) -> None:
        """The window closes."""
        self._bridge.stop()
        for timer in (self._figures_timer, self._plot_timer, self._more_to_paint):
            timer.stop()

    def refresh(self) -> None:
        """Something is new: let every pane that is on screen take it."""
        session = self._desk.session
        latest = session.latest
        frame = session.frozen or (latest and (self._pictures.newest or latest))
        view = self._views.view
        # Where every lane shows the picture of its answer, no live one need be made ready.
        self._pictures.live = view.wants_live
        changed = view.refresh(frame)
        if view.more:   # in a moment: a key that is pressed is not to wait for all of them
            self._more_to_paint.start()
        if changed:
            paint_now(self._window)

    def figures(self) -> None:
        """The numbers, the bar and the line of truth, and what is new."""
        self.refresh()
        self._show_figures()

    def _show_figures(self) -> None:
        session = self._desk.session
        set_rest(self._bridge, session)
        source, frozen = session.source, session.frozen is not None
        figures = {lane: lane.figures() for lane in session.lanes}   # once: the same numbers everywhere
        self._views.view.refresh_figures(source, figures)
        self._window.deck.tell(figures, frozen=frozen)
        self._window.bar.source.show_status(source, frozen=frozen)
        self._window.absent.show_lanes(session.lanes)
        trouble = in_trouble(session)
        if not trouble:
            self._dismissed = ""
        shown = trouble and source.message != self._dismissed
        self._window.banner.say(source.message if shown else "", source.hint, button=CHOOSE)
        self._window.bar.chips.show_chips(conditions(session))
        self._window.truth.follow(self._desk)
        self._window.play_bar.follow()
        self._window.hints.follow(session, self._window.deck.key)

    def _show_marks(self) -> None:
        """Buttons, ticks and sliders show what holds; the parts rest as the mode wants it."""
        session = self._desk.session
        self._window.bar.show_mode(session.mode)
        self._window.bar.show_frozen(session.frozen is not None)
        self._window.controls.show_values(session.ask, session.mirror)
        on = {lane.slot for lane in session.lanes if not lane.paused}
        for name, holds in (
            ("freeze", session.frozen is not None), ("mirror", session.mirror), ("smoothing", session.ask.smoothing),
            ("record", session.recorder is not None),
            *((f"lane_{slot + 1}", slot in on) for slot in range(MAX_LANES)),
        ):  # fmt: skip
            self._window.tick(name, holds)
        rest = self._pictures.rest = rest_of(session)
        self._views.set_rest(rest)
        set_rest(self._bridge, session)
        self._figures_timer.setInterval(round(FIGURES_MS * rest))
        self._plot_timer.setInterval(round(PLOT_MS * rest))
        self._window.deck.show_mode("together: networks slow each other" if rest > 1 else "turns")
        if session.ask.topk != self._topk:
            self._topk = session.ask.topk
            self._window.restyle()

    def _show_lane(self, lane: Lane) -> None:
        self._views.add(lane, self._desk.catalogue[lane.spec.model], self._desk.session.lanes)

    def _show_source(self, text: str) -> None:
        self._window.truth.note_source()
        self._pictures.forget()
        self._window.sources.remember(text)

    def _show_card(self, name: str) -> None:
        """A card is new, another, or gone."""
        self._window.adding.show_catalog()
        if name in self._desk.catalogue:
            self._views.show_card(self._desk.catalogue[name])

    def _dismiss(self) -> None:
        self._dismissed = self._desk.session.source.message
