"""The window: bar, panes, plot, one line of truth. It asks the session for the newest and never waits."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QByteArray, QEvent, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui import style
from gui.absent import Absent
from gui.actions import build_actions, fill_menu, restyle_actions
from gui.add_lane import AddLane
from gui.bar import Bar
from gui.bridge import REST_MS, Bridge
from gui.chips import LIT, QUIET, RED, Chips, clock
from gui.controls import AnswerControls
from gui.deck import Deck
from gui.drawer import Drawer
from gui.dropping import ModelAdder, local_files
from gui.elided import ElidedLabel
from gui.grid import LaneGrid
from gui.help import HelpOverlay
from gui.image import ScaledPictures, paint_now
from gui.jobs import Job
from gui.lane_view import LaneView
from gui.messages import CHOOSE, COPY, Banner, trouble_text
from gui.panes import PANES, Services
from gui.plain import PlainLabel
from gui.settings import MOST_LABELS, Settings
from gui.source_menu import SourceMenu
from gui.theme import DARK, THEMES, Size, Theme, font
from inference.backends import backends, usual_backend
from inference.cores import usable_cores
from inference.data import Ask, LaneSpec, LaneState, Mode, SourceState
from inference.errors import LabError
from inference.formats import COMPANIONS, KINDS, foreign, is_model
from inference.intake.guesses import guessed_text
from inference.intake.inventory import Missing, missing, missing_of
from inference.live.lane import Lane
from inference.live.session import MAX_LANES, Session
from inference.live.sources import NO_CAMERA, Source, parse_source
from inference.logbook import details
from inference.opencv_threads import Share
from models import ModelCard, load_catalog
from models.lineups import line_ups
from models.store import Store

FIGURES_MS = 250     # numbers change four times a second: more cannot be read
PLOT_MS = 150        # plots redraw seven times a second: a line that moves needs no more
LONG_S = 20.0        # and what needs thought, so long
SAID_S = 6.0         # a sentence about something that was done stays so long
NOTED_S = 8.0        # and one about a new source
SCALE_STEP = 1.1
TURNS_MS = 37        # between two paintings while several networks take turns
MOST_AT_ONCE = 1     # lane is painted before the window looks at keys again
TOGETHER_MS = 140    # between two paintings while the networks run together
TOGETHER_REST = 3.0  # times longer between two paintings while the networks run together


class MainWindow(QMainWindow):
    """Everything on screen, and what every key does."""

    def __init__(
        self, session: Session, bridge: Bridge, catalog: dict[str, ModelCard], store: Store, settings: Settings
    ) -> None:
        super().__init__()
        self.session, self.catalog, self.store, self.settings = session, catalog, store, settings
        self.setWindowTitle("Lineup")
        self.setMinimumSize(720, 450)
        self.theme: Theme = THEMES.get(settings.theme, DARK)
        self.text_scale = settings.text_scale
        self.source_text = settings.source or "auto"
        self._said, self._said_until = "", 0.0
        self._noted_until = 0.0
        self._chosen: Lane | None = None                # what was added or clicked last
        self._asked: tuple[Source, str] | None = None   # a source that was asked for, and how
        self._then: Callable[[], None] | None = None
        self._dismissed = ""        # the trouble whose banner was closed
        self.closed = False
        self.keeps_settings = True  # whether closing writes them for the next start
        self._share: Share | None = None   # of OpenCV's threads, while no network runs
        self.begun = False          # whether the lanes of the start are there
        self._scale = 0.0
        self._pictures = ScaledPictures()
        session.prepare = self._pictures.prepare
        self._build()
        self.controls.show_values(session.ask, session.mirror)
        self._check("mirror", session.mirror)
        self._check("smoothing", session.ask.smoothing)
        self._bridge = bridge
        bridge.changed.connect(self.refresh)
        self._more_to_paint = QTimer(self, singleShot=True, interval=0)
        self._more_to_paint.timeout.connect(self.refresh)
        self._figures_timer = QTimer(self, interval=FIGURES_MS)
        self._figures_timer.timeout.connect(self._more_to_paint.start)   # in a moment: keys are not to wait for both
        self._figures_timer.timeout.connect(self._show_figures)
        self._figures_timer.start()
        self._plot_timer = QTimer(self, interval=PLOT_MS)
        self._plot_timer.timeout.connect(lambda: self.deck.refresh(self.session.lanes))
        self.show_mode()
        self._restore_geometry()
        self.restyle()
        self.setFocus(Qt.FocusReason.OtherFocusReason)   # no control is lit up before a hand touches one

    # --- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.actions_by_name = build_actions(self, self._slots())
        centre = QWidget(self)
        self.setCentralWidget(centre)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = Bar(self.actions_by_name, self)
        self.sources = SourceMenu(self)
        self.sources.chosen.connect(self.open_source)
        self.sources.camera_mode_chosen.connect(lambda _mode: self.open_source(self.source_text))
        self.bar.source.setMenu(self.sources)
        self.bar.mode_chosen.connect(self.set_mode)
        self.more = QMenu(self)
        fill_menu(self.more, self.actions_by_name)
        self.bar.more.setMenu(self.more)
        self.bug = Banner(self)   # something that nobody foresaw
        self.banner = Banner(self)
        self.banner.dismissed.connect(self._dismiss_banner)
        self.banner.pressed.connect(lambda _word: self.bar_source_menu())
        self.grid = LaneGrid(self._pictures, self)
        self.grid.add_asked.connect(self.show_add_lane)
        self.split = QSplitter(Qt.Orientation.Vertical, self)
        self.split.addWidget(self.grid)
        services = Services(
            self.session, self.catalog, self.store, self.say, self.add_lane, self.change_card, self.show_pane,
            self.chosen_lane,
        )
        self.deck = Deck(services, self.settings.panes, self)
        self.split.addWidget(self.deck)
        self.split.setChildrenCollapsible(False)
        self.split.setStretchFactor(0, 1)
        self._body = QWidget(self)
        body = QVBoxLayout(self._body)
        self.models_folder = self.settings.models_folder
        self.absent = Absent(self.store, self.say, self)
        self.absent.wanted.connect(self.retry_absent)
        self.absent.taken_in.connect(self.look_for_cards)
        self.absent.folder_chosen.connect(self._keep_folder)
        body.addWidget(self.bug)
        body.addWidget(self.banner)
        body.addWidget(self.absent)
        body.addWidget(self.split, 1)
        column.addWidget(self.bar)
        column.addWidget(self._body, 1)
        self._line = QWidget(self)
        line = QHBoxLayout(self._line)
        self.chips = Chips(self)
        self.truth, self.machine = ElidedLabel("", self), PlainLabel("", self)
        self.machine.setProperty("role", "quiet")
        line.addWidget(self.chips)
        line.addWidget(self.truth, 1)
        line.addWidget(self.machine)
        column.addWidget(self._line)
        self.controls = AnswerControls()
        self.controls.changed.connect(self.set_ask)
        self.controls.mirrored.connect(self.set_mirror)
        self.adding = AddLane(self.catalog)
        self.adding.chosen.connect(self.add_lane)
        self.adding.line_up_chosen.connect(self.show_line_up)
        self.drawers = {
            "settings": Drawer("Answers", self.controls, self),
            "add_lane": Drawer("Add a network", self.adding, self),
        }
        self.adder = ModelAdder(self.store, self.say, self)
        self.adder.added.connect(self._take_model)
        self.setAcceptDrops(True)
        self.help = HelpOverlay(self)
        self.help.hide()
        self.blank = QWidget(self)
        self.blank.setStyleSheet("background: black")
        self.blank.hide()

    def _slots(self) -> dict[str, Callable[..., None]]:
        """What every action in gui.actions.ACTIONS does."""
        slots: dict[str, Callable[..., None]] = {
            "freeze": self.freeze,
            "mode": lambda: self.set_mode(Mode.TURNS if self.session.mode is Mode.TOGETHER else Mode.TOGETHER),
            "choose_source": self.bar_source_menu,
            "next_source": self.next_source,
            "mirror": self.set_mirror,
            "add_lane": self.show_add_lane,
            "add_file": self.choose_files,
            "remove_lane": self.remove_focused,
            "next_lane": lambda: self.enlarge_step(1),
            "previous_lane": lambda: self.enlarge_step(-1),
            "retry": self.retry_failed,
            "more_labels": lambda: self.set_topk(self.session.ask.topk + 1),
            "fewer_labels": lambda: self.set_topk(self.session.ask.topk - 1),
            "smoothing": lambda on: self.set_ask(replace(self.session.ask, smoothing=on)),
            "settings": lambda: self.show_drawer("settings"),
            **{key: lambda on, key=key: self.show_pane(key if on else "") for key in PANES},
            "larger": lambda: self.set_text_scale(self.text_scale * SCALE_STEP),
            "smaller": lambda: self.set_text_scale(self.text_scale / SCALE_STEP),
            "theme": lambda: self.set_theme("light" if self.theme.name == "dark" else "dark"),
            "full_screen": self.set_full_screen,
            "picture": self.save_picture,
            "record": self.record,
            "blank": lambda on: self._cover(self.blank, on),
            "help": lambda: self._cover(self.help, self.help.isHidden()),
            "back": self.back,
            "quit": self.close_window,
        }
        for slot in range(MAX_LANES):
            slots[f"lane_{slot + 1}"] = lambda _on, slot=slot: self.toggle_lane(slot)
        return slots

    # --- what is new --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Something is new: let every pane that is on screen take it."""
        latest = self.session.latest
        frame = self.session.frozen or (latest and (self._pictures.newest or latest))
        views = self.grid.shown()
        # Where every lane shows the picture of its answer, no live one need be made ready.
        self._pictures.live = not views or any(view.lane.latest is None for view in views)
        changed = 0
        for view in views:
            if changed == MOST_AT_ONCE:   # the rest in a moment: a key that is pressed is not to wait for all of them
                self._more_to_paint.start()
                break
            changed += view.refresh(frame)
        if not self.grid.views and frame is not None:
            changed += self.grid.show_live(frame)
        if changed:
            paint_now(self)

    def refresh_figures(self) -> None:
        """The numbers, the bar and the line of truth, and what is new."""
        self.refresh()
        self._show_figures()

    def _show_figures(self) -> None:
        self._follow_source()
        self._set_rest()
        source = self.session.source
        figures = {lane: lane.figures() for lane in self.session.lanes}   # once: the same numbers everywhere
        for view in self.grid.shown():
            if view.lane in figures:
                view.refresh_figures(source, figures[view.lane])
        self.deck.tell(figures, frozen=self.session.frozen is not None)
        self.bar.source.show_status(source, frozen=self.session.frozen is not None)
        self.absent.show_lanes(self.session.lanes)
        trouble = bool(source.message) and source.state not in (SourceState.LIVE, SourceState.OPENING)
        if not trouble:
            self._dismissed = ""
        shown = trouble and source.message != self._dismissed
        self.banner.say(source.message if shown else "", source.hint, button=CHOOSE)
        said = self._said if perf_counter() < self._said_until else ""
        noted = "" if trouble else f"{source.message} {source.hint}".strip()
        # What there is to know of a source stands a while before the captions of its pictures take the line.
        words = said or (noted if perf_counter() < self._noted_until else "") or source.caption
        self.truth.setText(words or noted or self._summary())
        self.truth.set_colour(self.theme.text if words else self.theme.quiet)
        self.chips.show_chips(self._conditions())
        self.machine.setText(f"{usable_cores()} cores")
        recorder = self.session.recorder
        if recorder and recorder.trouble:   # it has ended by itself: a full disk, for one
            self.record(False)

    def tell_bug(self, error: BaseException) -> None:
        """Say that something went wrong that nobody foresaw; the lab goes on."""
        self.bug.say(*trouble_text(error), button=COPY, details=details(error))

    def _dismiss_banner(self) -> None:
        self._dismissed = self.session.source.message

    def _summary(self) -> str:
        """What can be done, when nothing else is to be said."""
        return "H shows all keys." if self.session.lanes else "Press A to add a network."

    def _conditions(self) -> tuple[tuple[str, str], ...]:
        """What holds right now: marks, and how much each wants to be seen."""
        session, recorder, chips = self.session, self.session.recorder, []
        if recorder and not recorder.trouble:
            chips.append((f"● REC {clock(recorder.seconds)} · {recorder.bytes / 1e6:.0f} MB", RED))
        if session.frozen is not None:
            chips.append(("FROZEN · Space goes on", LIT))
        if session.opening is not None:
            chips.append((f"opening {session.opening.title}", QUIET))
        if self._reel_for_want_of_a_camera():
            chips.append(("no camera", QUIET))
        if session.ask.smoothing:
            chips.append(("labels smoothed", QUIET))
        if session.mirror:
            chips.append(("mirrored", QUIET))
        if session.mode is Mode.TOGETHER:
            chips.append(("together: networks slow each other", QUIET))
        return tuple(chips)

    def _reel_for_want_of_a_camera(self) -> bool:
        """Whether the reel runs because nothing else was found; the captions of its pictures have the line."""
        source = self.session.source
        return bool(source.caption) and source.message == NO_CAMERA

    @property
    def said(self) -> str:
        """The last sentence about something that was done."""
        return self._said

    def say(self, sentence: str, seconds: float = SAID_S) -> None:
        """Show a sentence about something that was done, for a while."""
        self._said, self._said_until = sentence, perf_counter() + seconds
        self.refresh_figures()

    # --- what the user does -------------------------------------------------------------------------------------

    def open_source(self, text: str) -> bool:
        """Show another source; the old one goes on until it gives a picture. Whether it is being opened."""
        size, fps = self.sources.camera_mode
        try:
            source = parse_source(text, size=size, fps=fps)
        except LabError as error:
            self.say(error.sentence)
            return False
        self._asked = (source, text)
        self.session.open(source)
        self._follow_source()
        return True

    def _follow_source(self) -> None:
        """Take notice of a source that is shown now, or that gave no picture."""
        if self._asked is None:
            return
        source, text = self._asked
        if self.session.shown is source:
            self._asked = None
            self._noted_until = perf_counter() + NOTED_S
            self._pictures.forget()
            self.source_text = text
            self.sources.remember(text)
            self._show_frozen()
        elif refused := self.session.refused:
            self._asked = None
            self.say(f"{refused.message} {refused.hint}".strip() or f"{refused.title} gave no picture.", LONG_S)

    def _show_frozen(self) -> None:
        """Tell the button and the menu whether the picture is held."""
        self.bar.show_frozen(self.session.frozen is not None)
        self._check("freeze", self.session.frozen is not None)

    def next_source(self) -> None:
        """The next camera or sample in the round."""
        self.open_source(self.sources.following(self.source_text))

    def add_lane(self, spec: LaneSpec) -> None:
        """One more network."""
        self.begun = True
        self._spread(False)
        try:
            lane = self.session.add(spec)
        except LabError as error:
            self.say(error.sentence)
            return
        card = self.catalog[spec.model]
        lane.title = self._title(lane, card)
        view = LaneView(lane, card, self._pictures)
        view.rest = self._pictures.rest
        view.removed.connect(self.remove_lane)
        view.focused.connect(self.choose_lane)
        view.retried.connect(self.session.retry)
        view.tried.connect(self.try_core_ml)
        view.export_asked.connect(self.export_lane)
        view.enlarged.connect(lambda lane: self.grid.show_alone(None if self.grid.alone is lane else lane))
        self.grid.add(view)
        self.choose_lane(lane)
        self._tick_lanes()
        self.refresh_figures()

    def export_lane(self, lane: Lane) -> None:
        """Open the export with this network."""
        self.choose_lane(lane)
        self.show_pane("")
        self.show_pane("export")

    def try_core_ml(self, lane: Lane, precisions: Sequence[str]) -> None:
        """The same network as a Core ML package, a lane for each precision, as far as there is room."""
        running = {(other.spec.model, other.spec.precision) for other in self.session.lanes}
        for precision in precisions:
            if (lane.spec.model, precision) not in running:
                self.add_lane(LaneSpec(lane.spec.model, "coreml", lane.spec.threads, precision=precision))

    def _title(self, lane: Lane, card: ModelCard) -> str:
        """The card's title; with what tells it apart when the same model runs twice."""
        twins = [other for other in self.session.lanes if other.spec.model == lane.spec.model and other is not lane]
        info = backends().get(lane.spec.backend)
        if info and (choices := info.precisions_of(card)):   # another form: never under the bare name of the original
            words = [lane.spec.precision or choices[0], info.title.replace("(", "").replace(")", "")]
        elif not twins:
            return card.title
        else:
            words = [lane.spec.backend] if any(t.spec.backend != lane.spec.backend for t in twins) else []
        words += [f"{lane.spec.threads} threads"] if lane.spec.threads else []
        return f"{card.title} · {', '.join(words) or f'lane {lane.slot + 1}'}"

    def remove_lane(self, lane: Lane) -> None:
        """Take a network away."""
        self.session.remove(lane)
        self.grid.remove(lane)
        self._tick_lanes()
        self.refresh()

    def chosen_lane(self) -> Lane | None:
        """The network that was added or clicked last, while it is there."""
        return self._chosen if self._chosen in self.session.lanes else None

    def choose_lane(self, lane: Lane | None) -> None:
        """This network is meant by what comes next: the X-ray, for one. None: none more than another."""
        self._chosen = lane

    def remove_focused(self) -> None:
        """Take the network away whose pane has the keyboard, or that stands alone."""
        for view in self.grid.views:
            if view.hasFocus() or view.lane is self.grid.alone:
                self.remove_lane(view.lane)
                return
        self.say("Click a network, or choose one with Tab, then press Delete.")

    def retry_failed(self) -> None:
        """Load every lane again that failed."""
        for view in self.grid.views:
            if view.notice.is_trouble:
                self.session.retry(view.lane)

    def retry_absent(self) -> None:
        """Load every lane again whose files were not here."""
        for lane in self.session.lanes:
            if lane.status.absent:
                self.session.retry(lane)

    def look_for_cards(self) -> None:
        """Take in the cards of the user's own that are new, from a pack for one."""
        for name, card in load_catalog(troubles=[]).items():
            if name not in self.catalog:
                self.catalog[name] = card
        self.adding.show_catalog()

    def _keep_folder(self, folder: str) -> None:
        self.models_folder = folder

    def toggle_lane(self, slot: int) -> None:
        """Switch the lane with this key off or on."""
        for lane in self.session.lanes:
            if lane.slot == slot:
                self.session.set_paused(lane, not lane.paused)
                self._tick_lanes()
                self.refresh_figures()
                return
        self._tick_lanes()
        self.say(f"There is no network {slot + 1}. Press A to add one.")

    def _tick_lanes(self) -> None:
        """Tick in the menu which networks are on."""
        on = {lane.slot for lane in self.session.lanes if not lane.paused}
        for slot in range(MAX_LANES):
            self._check(f"lane_{slot + 1}", slot in on)

    def enlarge_step(self, by: int) -> None:
        """Show the next lane alone; after the last, all again."""
        lanes: list[Lane | None] = [None, *(view.lane for view in self.grid.views)]
        self.grid.show_alone(lanes[(lanes.index(self.grid.alone) + by) % len(lanes)])
        self.refresh_figures()

    def freeze(self, frozen: bool) -> None:
        """Hold the picture for all lanes, or go on."""
        self.session.freeze(frozen)
        self._show_frozen()
        self.refresh_figures()

    def set_mode(self, mode: Mode) -> None:
        """Turns or together."""
        self.session.set_mode(mode)
        self.show_mode()
        self.refresh_figures()

    def show_mode(self) -> None:
        """Mark the mode that holds, in the bar and the plot.

        Together is about throughput: the window then paints seven times a second, and the time goes to the networks.
        """
        self.bar.show_mode(self.session.mode)
        rest = self._pictures.rest = TOGETHER_REST if self.session.mode is Mode.TOGETHER else 1.0
        for view in self.grid.views:
            view.rest = rest
        self._set_rest()
        self._figures_timer.setInterval(round(FIGURES_MS * rest))
        self._plot_timer.setInterval(round(PLOT_MS * rest))
        self.deck.show_mode(
            "together: networks slow each other" if self.session.mode is Mode.TOGETHER else "turns"
        )

    def _set_rest(self) -> None:
        """How often the window paints.

        An answer that is painted at once is painted while the next network computes, always the same one, which then
        looks slower than it is: up to a third on two cores. Where several take turns, what is new is therefore painted
        in one go at a pace of its own. Together, the time is to go to the networks.
        """
        busy = sum(lane.status.state is LaneState.RUNNING and not lane.paused for lane in self.session.lanes)
        if self.session.latest is not None:   # which took OpenCV: not before the first picture
            self._spread(not self.session.lanes)
        turns_ms = TURNS_MS if busy > 1 and self.session.frozen is None else REST_MS
        self._bridge.rest_ms = TOGETHER_MS if self.session.mode is Mode.TOGETHER else turns_ms

    def _spread(self, wide: bool) -> None:
        """Let all cores scale the pictures while there is no network, or no longer."""
        if wide and self._share is None:
            self._share = Share(usable_cores())
        elif not wide and self._share is not None:
            self._share.release()
            self._share = None

    def set_ask(self, ask: Ask) -> None:
        """Labels, thresholds, smoothing."""
        resized = ask.topk != self.session.ask.topk
        self.session.set_ask(ask)
        self.controls.show_values(ask, self.session.mirror)
        self._check("smoothing", ask.smoothing)
        if resized:
            self.restyle()

    def set_topk(self, topk: int) -> None:
        """How many labels a classifier shows."""
        self.set_ask(replace(self.session.ask, topk=max(1, min(MOST_LABELS, topk))))

    def set_mirror(self, mirror: bool) -> None:
        """Flip the picture for everyone."""
        self.session.mirror = mirror
        self.controls.show_values(self.session.ask, mirror)
        self._check("mirror", mirror)

    def bar_source_menu(self) -> None:
        """Open the list of sources."""
        self.bar.source.showMenu()

    def show_add_lane(self) -> None:
        """Open the list of models, and mark which are here."""
        self.show_drawer("add_lane")
        cards, store = dict(self.catalog), self.store

        def look() -> tuple[dict[str, bool], dict[str, Missing]]:
            here = {name: not missing(card, store) for name, card in cards.items()}
            lacking = {
                name: missing_of((cards[model] for model in line_up.models if model in cards), store)
                for name, line_up in line_ups().items()
            }
            return here, lacking

        def looked(found: tuple[dict[str, bool], dict[str, Missing]]) -> None:
            self.adding.show_here(found[0])
            self.adding.show_threads(self.session.threads_of_one_more())
            self.adding.line_ups.show_missing(found[1])

        Job(look, looked, parent=self)

    def show_line_up(self, name: str) -> None:
        """Put the networks of a line-up in the place of those that run; what is missing is fetched in its lane."""
        for lane in list(self.session.lanes):
            self.remove_lane(lane)
        for model in line_ups()[name].models:
            if model in self.catalog:
                self.add_lane(LaneSpec(model, usual_backend(self.catalog[model])))
        self.show_drawer("add_lane")

    def show_drawer(self, name: str) -> None:
        """Open one panel at the right, or close it."""
        for key, drawer in self.drawers.items():
            if key == name and drawer.isHidden():
                self._place()
                drawer.present()
            elif not drawer.isHidden():
                drawer.dismiss()

    def show_pane(self, key: str) -> None:
        """Show one pane below the lanes; "" folds the place away."""
        if key not in PANES:   # the settings of another version may name one
            key = ""
        changed = key != self.deck.key
        self.deck.present(key)
        if key and changed:
            whole = sum(self.split.sizes()) or self.height()
            part = round(whole * PANES[key].share)
            self.split.setSizes([whole - part, part])
        self._plot_timer.start() if key else self._plot_timer.stop()
        for name in PANES:
            self._check(name, name == key)

    def choose_files(self) -> None:
        """Choose the files of a model."""
        kinds = " ".join(f"*{ending}" for ending in (*KINDS, *COMPANIONS))
        chosen, _ = QFileDialog.getOpenFileNames(self, "Add a model", "", f"Models ({kinds})")
        if chosen:
            self.adder.add([Path(name) for name in chosen])

    def _take_model(self, card: ModelCard) -> None:
        """A model of the user's own is there: run it."""
        self.change_card(card)
        self.add_lane(LaneSpec(card.name, usual_backend(card)))
        guessed = f" Guessed: {guessed_text(card)}. Press X to check." if card.guessed else ""
        self.say(f"{card.title} is added.{guessed}", LONG_S if guessed else SAID_S)

    def change_card(self, card: ModelCard | str) -> None:
        """A card is new or has changed: its lanes load again. A name: that model is gone, with its lanes."""
        if isinstance(card, str):
            self.catalog.pop(card, None)
            for lane in self.session.lanes:
                if lane.spec.model == card:
                    self.remove_lane(lane)
        else:
            self.catalog[card.name] = card
            for view in self.grid.views:
                if view.lane.spec.model == card.name:
                    view.lane.lens = None
                    view.show_card(card)
                    self.session.retry(view.lane)
        self.adding.show_catalog()

    def set_text_scale(self, scale: float) -> None:
        """Type from 70 to 200 %."""
        self.text_scale = max(0.7, min(2.0, scale))
        self.restyle()
        self.say(f"Text size {self.text_scale * 100:.0f} %.")

    def set_theme(self, name: str) -> None:
        """Dark or light."""
        self.theme = THEMES[name]
        self._scale = 0.0
        self.restyle()

    def set_full_screen(self, full: bool) -> None:
        """The whole screen, or back."""
        self.showFullScreen() if full else self.showNormal()
        self._check("full_screen", full)

    def record(self, on: bool) -> None:
        """Begin or end a recording of pictures and answers."""
        try:
            if on:
                self.session.record(_folder_for(QStandardPaths.StandardLocation.MoviesLocation))
                self.say("Recording. R ends it.")
            else:
                self.say(self.session.stop_recording())
        except LabError as error:
            self.say(error.sentence)
        self._check("record", self.session.recorder is not None)

    def save_picture(self) -> None:
        """Write what the window shows to the user's pictures."""
        folder = _folder_for(QStandardPaths.StandardLocation.PicturesLocation)
        path = folder / f"lineup-{datetime.now():%Y%m%d-%H%M%S}.png"   # the user's own clock
        image = self.grab().toImage()

        def write() -> Path:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LabError(f"{folder} cannot be made: {error.strerror}.", "Check its permissions.") from error
            if not image.save(str(path)):
                raise LabError(f"The picture cannot be written to {path}.", "Check the folder and the free space.")
            return path

        Job(write, lambda path: self.say(f"Picture saved to {path}."), lambda e: self.say(e.sentence), self)

    def back(self) -> None:
        """Close what lies on top; then leave full screen."""
        for cover in (self.blank, self.help):
            if not cover.isHidden():
                cover.hide()
                self._check("blank", False)
                return
        for drawer in self.drawers.values():
            if not drawer.isHidden():
                drawer.dismiss()
                return
        if self.grid.alone is not None:
            self.grid.show_alone(None)
        elif self.deck.key:
            self.show_pane("")
        elif self.isFullScreen():
            self.set_full_screen(False)

    def close_window(self) -> None:
        """End the program."""
        self.close()

    # --- looks --------------------------------------------------------------------------------------------------

    def restyle(self) -> None:
        """Colours, and type that follows the window's height: what the last row reads must grow with the screen."""
        size = max(0.62, min(2.4, min(self.height() / 1080, self.width() / 1500)))
        scale = self.text_scale * round(size * 20) / 20   # in steps: a style sheet anew for every pixel would stutter
        if scale != self._scale:
            self._scale = scale
            app = QApplication.instance()
            assert isinstance(app, QApplication)
            style.apply(app, self.theme, scale)
            restyle_actions(self.actions_by_name, self.theme, scale)
        gap = max(4, round(8 * scale))
        body = self._body.layout()
        line = self._line.layout()
        assert body is not None
        assert line is not None
        body.setContentsMargins(gap, 0, gap, 0)
        line.setContentsMargins(gap * 2, gap // 2, gap * 2, gap // 2)
        self.bar.restyle(self.theme, scale, narrow=self.width() < 1180 * scale)
        self.grid.restyle(self.theme, scale, self.session.ask.topk)
        self.deck.restyle(self.theme, scale)
        for drawer in self.drawers.values():
            drawer.restyle(self.theme, scale)
        self.controls.restyle(self.theme, scale)
        self.adding.restyle(self.theme, scale)
        self.help.restyle(self.theme, scale)
        self.bug.restyle(self.theme, scale)
        self.banner.restyle(self.theme, scale)
        self.absent.restyle(self.theme, scale)
        self.chips.restyle(self.theme, scale)
        self.truth.setFont(font(Size.BODY, scale))
        self.machine.setFont(font(Size.FACT, scale))
        self._place()

    def _place(self) -> None:
        """Put what floats over the window where it belongs."""
        top, bottom = self.bar.height(), self.height() - self._line.height()
        for drawer in self.drawers.values():
            drawer.place(round(440 * self._scale), top, bottom)
        for cover in (self.help, self.blank):
            cover.setGeometry(self.rect())

    def _cover(self, cover: QWidget, shown: bool) -> None:
        cover.setGeometry(self.rect())
        cover.setVisible(shown)
        cover.raise_()

    def _check(self, name: str, on: bool) -> None:
        action = self.actions_by_name[name]
        if action.isCheckable():
            action.setChecked(on)

    def once_painted(self, then: Callable[[], None]) -> None:
        """Call `then` when the window is on screen: whatever is slow must not keep it from there."""
        self._then = then

    def paintEvent(self, event: QPaintEvent) -> None:
        """The first painting is the moment for what waited for it."""
        super().paintEvent(event)
        if self._then:
            then, self._then = self._then, None
            QTimer.singleShot(0, then)

    def changeEvent(self, event: QEvent) -> None:
        """Full screen may come and go by other ways than ours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._check("full_screen", self.isFullScreen())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Type and floating parts follow the window."""
        super().resizeEvent(event)
        self.restyle()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A model is added; anything else is shown as a source."""
        files = local_files(event.mimeData())
        event.acceptProposedAction()
        if any(is_model(path) or foreign(path) for path in files):
            self.adder.add(files)
        elif files:
            self.open_source(str(files[0]))

    # --- coming and going ---------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        screen = QGuiApplication.primaryScreen().availableGeometry()
        restored = self.settings.geometry and self.restoreGeometry(
            QByteArray.fromBase64(self.settings.geometry.encode())
        )
        if not restored:
            self.resize(min(1600, round(screen.width() * 0.9)), min(1000, round(screen.height() * 0.9)))

    def current_settings(self) -> Settings:
        """What comes back at the next start."""
        ask, session = self.session.ask, self.session
        return replace(
            self.settings,
            geometry=bytes(self.saveGeometry().toBase64().data()).decode(),
            source="" if self.source_text == "auto" else self.source_text,
            lanes=tuple(lane.spec for lane in session.lanes) if self.begun else self.settings.lanes,
            mode=session.mode.value,
            topk=ask.topk,
            confidence=ask.confidence,
            iou=ask.iou,
            smoothing=ask.smoothing,
            mirror=session.mirror,
            models_folder=self.models_folder,
            theme=self.theme.name,
            text_scale=self.text_scale,
            pane=self.deck.key if self.begun else self.settings.pane,
            panes=self.deck.states(),
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the settings, end every thread, go."""
        self.closed, self._then = True, None
        for timer in (self._figures_timer, self._plot_timer, self._more_to_paint):
            timer.stop()
        self.adder.cancel()
        self.absent.cancel()
        self.deck.end()
        trouble = self.current_settings().save() if self.keeps_settings else ""
        if trouble:
            sys.stderr.write(trouble + "\n")
        self.hide()
        self.session.close()
        self._spread(False)
        event.accept()


def _folder_for(kind: QStandardPaths.StandardLocation) -> Path:
    return Path(QStandardPaths.writableLocation(kind) or Path.home())
