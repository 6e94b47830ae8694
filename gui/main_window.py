"""The window: it builds what is on screen and paints. What a user does is the desk's; what happens is the session's.

It asks for the newest and never waits.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from gui import style
from gui.absent import Absent
from gui.actions import build_actions, fill_menu, restyle_actions
from gui.add_lane import AddLane
from gui.bar import Bar
from gui.bridge import Bridge
from gui.controls import AnswerControls
from gui.cursor import RestingCursor
from gui.deck import Deck, Halves
from gui.desk import SAID_S, Desk
from gui.drop_halves import DropHalves
from gui.errors import Errors
from gui.floating import Floating
from gui.help import HelpOverlay
from gui.hints import Hints
from gui.meant import Meant
from gui.messages import COPY, Banner, trouble_text
from gui.own_models import OwnModels
from gui.painting import Painting
from gui.panes import PANES, Services
from gui.parts.drawer import Drawer
from gui.play_bar import PlayBar
from gui.rail import Rail
from gui.reels import Reels
from gui.remembering import settings_of
from gui.settings import Settings
from gui.slots import slots_of
from gui.source_menu import SourceMenu
from gui.stage.image import ScaledPictures
from gui.stage.views import VIEWS, Supply, Views
from gui.theme import DARK, THEMES, Theme
from gui.truth import LineOfTruth
from inference.formats import COMPANIONS, KINDS
from inference.lab.measured import of_cards
from inference.logbook import details


class MainWindow(QMainWindow):
    """Everything on screen."""

    def __init__(self, desk: Desk, bridge: Bridge) -> None:
        super().__init__()
        self.desk = desk
        desk.setParent(self)
        self.setWindowTitle("Lineup")
        self.setMinimumSize(720, 450)
        self.theme: Theme = THEMES.get(desk.settings.theme, DARK)
        self.text_scale = desk.settings.text_scale
        self._then: Callable[[], None] | None = None
        self.closed = False
        self.keeps_settings = True  # whether closing writes them for the next start
        self._scale = 0.0
        self.pictures = ScaledPictures()
        self.meant = Meant(self)
        self.cursor_rest = RestingCursor(self)
        desk.session.prepare = self.pictures.prepare
        bridge.prepare = self._prepare_round
        self._build()
        self.painting = Painting(self, bridge)
        self.show_view(desk.settings.view)
        desk.said.connect(self.say)
        self._restore_geometry()
        self.restyle()
        self.setFocus(Qt.FocusReason.OtherFocusReason)   # no control is lit up before a hand touches one

    def _prepare_round(self) -> None:
        """On a lane's thread, whenever it has answered."""
        if done := self.desk.session.rounds.done:
            self.pictures.prepare_answered(done.frame)

    # --- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        desk = self.desk
        self.actions_by_name = build_actions(self, slots_of(self))
        centre = QWidget(self)
        self.setCentralWidget(centre)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = Bar(self.actions_by_name, self)
        self.sources = SourceMenu(desk.camera_mode, self)
        self.sources.chosen.connect(desk.open_source)
        self.sources.camera_mode_chosen.connect(desk.set_camera_mode)
        self.reels = Reels(desk)
        self.bar.source.setMenu(self.sources)
        self.bar.mode_chosen.connect(desk.set_mode)
        self.more = QMenu(self)
        fill_menu(self.more, self.actions_by_name)
        self.bar.more.setMenu(self.more)
        self.bug = Banner(self)   # something that nobody foresaw
        self.banner = Banner(self)
        self.banner.pressed.connect(lambda _word: self.bar.source.showMenu())
        self.views = Views(
            Supply(desk.session, self.pictures, lambda: of_cards(desk.catalogue.values(), desk.store)), self
        )
        self.views.add_asked.connect(self.show_add_lane)
        self.meant.follow(self.views)
        self.deck = Deck(Services(desk=desk, show_pane=self.show_pane), desk.settings.panes, self)
        self.split = Halves(self.views, self.deck, self)
        self.rail = Rail(self.actions_by_name, self)
        middle = QWidget(self)
        beside = QHBoxLayout(middle)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        self._body = QWidget(self)
        beside.addWidget(self.rail)
        beside.addWidget(self._body, 1)
        body = QVBoxLayout(self._body)
        self.absent = Absent(desk.store, desk.catalogue, desk.say, self)
        self.absent.wanted.connect(desk.retry_absent)
        self.absent.taken_in.connect(desk.look_for_cards)
        self.absent.folder_chosen.connect(desk.keep_folder)
        for strip in (self.bug, self.banner, self.absent):
            body.addWidget(strip)
        body.addWidget(self.split, 1)
        self.absent.failed.connect(desk.fail)
        self.errors = Errors(self._body)
        desk.failed.connect(self.errors.tell)
        self.truth = LineOfTruth(self)
        self.truth.undone.connect(desk.undo)
        desk.removed.offered.connect(self.truth.offer_undo)
        column.addWidget(self.bar)
        column.addWidget(middle, 1)
        self.play_bar = PlayBar(self.actions_by_name, desk, self)
        column.addWidget(self.play_bar)
        column.addWidget(self.truth)
        self.controls = AnswerControls()
        self.controls.changed.connect(desk.set_ask)
        self.controls.mirrored.connect(desk.set_mirror)
        self.adding = AddLane(desk.catalogue)
        self.adding.chosen.connect(desk.add_lane)
        self.adding.line_up_chosen.connect(self._show_line_up)
        self.help = HelpOverlay(self)
        self.blank = QWidget(self)
        self.blank.setStyleSheet("background: black")
        self.hints = Hints(self.actions_by_name, desk.settings.hints, self.views)
        self.floating = Floating(
            {
                "settings": Drawer("Answers", self.controls, self),
                "add_lane": Drawer("Add a network", self.adding, self),
            },
            {"blank": self.blank, "help": self.help},
            self._place,
        )
        self.own_models = OwnModels(desk, self.floating, self)
        self.halves = DropHalves(desk, self.own_models, self)

    # --- what is said -------------------------------------------------------------------------------------------

    def tell_bug(self, error: BaseException) -> None:
        """Say that something went wrong that nobody foresaw; the lab goes on."""
        self.bug.say(*trouble_text(error), button=COPY, details=details(error))

    def say(self, sentence: str, seconds: float = SAID_S) -> None:
        """Show a sentence about something that was done, for a while."""
        self.truth.say(sentence, seconds)
        self.painting.figures()

    def tick(self, name: str, on: bool) -> None:
        """Tick this action in the menu and on its button, or not."""
        action = self.actions_by_name[name]
        if action.isCheckable():
            action.setChecked(on)

    # --- what the user does with the window ---------------------------------------------------------------------

    def next_source(self) -> None:
        """The next camera or sample in the round."""
        self.desk.open_source(self.sources.following(self.desk.source_text))

    def show_view(self, key: str) -> None:
        """The stage, the grid or the table."""
        self.views.present(key)
        for name in VIEWS:
            self.tick(f"view_{name}", name == key)
        self.painting.figures()

    def show_add_lane(self) -> None:
        """Open the list of models, and mark which are here."""
        self.desk.replace_lane(None)
        self.show_drawer("add_lane")
        self.adding.show_threads(self.desk.session.threads_of_one_more())
        self.adding.look(self.desk.store)

    def _show_line_up(self, name: str) -> None:
        self.desk.show_line_up(name)
        self.show_drawer("add_lane")

    def show_drawer(self, name: str) -> None:
        """Open one panel at the right, or close it."""
        self.floating.toggle_drawer(name)

    def show_pane(self, key: str) -> None:
        """Show one pane below the lanes; "" folds the place away."""
        key = key if key in PANES else ""   # the settings of another version may name one
        self.split.present(key)
        self.painting.follow_plot(bool(key))
        for name in PANES:
            self.tick(name, name == key)

    def expect(self, lanes: int) -> None:
        """Keep the places of what comes as soon as the window is on screen: so many lanes, and the pane."""
        self.views.expect(lanes)
        self.split.reserve(self.desk.settings.pane)

    def choose_files(self) -> None:
        """Choose the files of a model."""
        kinds = " ".join(f"*{ending}" for ending in (*KINDS, *COMPANIONS))
        chosen, _ = QFileDialog.getOpenFileNames(self, "Add a model", "", f"Models ({kinds})")
        if chosen:
            self.desk.add_files([Path(name) for name in chosen])

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
        self.tick("full_screen", full)

    def cover(self, name: str, shown: bool) -> None:
        """Lay the help or the blank over everything, or take it away."""
        self.floating.cover(name, shown)

    def back(self) -> None:
        """Close what lies on top; then leave full screen."""
        if self.errors.dismiss():
            return
        if self.floating.dismiss_top():
            self.tick("blank", False)
        elif self.views.alone is not None:
            self.meant.toggle_alone(None)
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
        assert body is not None
        body.setContentsMargins(0, 0, gap, 0)
        self.bar.restyle(self.theme, scale, narrow=self.width() < 1180 * scale)
        self.views.restyle(self.theme, scale, self.desk.session.ask.topk)
        self.rail.restyle(self.theme, scale, self.height() - self.bar.height() - self.truth.sizeHint().height())
        self.truth.restyle(self.theme, scale, gap)
        for part in (
            self.deck, self.floating, self.controls, self.adding, self.help, self.hints, self.bug, self.banner,
            self.absent, self.own_models, self.halves, self.errors, self.play_bar,
        ):  # fmt: skip
            part.restyle(self.theme, scale)
        self._place()

    def _place(self) -> None:
        """Put what floats over the window where it belongs."""
        self.floating.place(self, self._scale, self.bar.height(), self.height() - self.truth.height())

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
            self.tick("full_screen", self.isFullScreen())
            self.cursor_rest.follow(self.isFullScreen())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Type and floating parts follow the window."""
        super().resizeEvent(event)
        self.restyle()

    # --- coming and going ---------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        screen, geometry = QGuiApplication.primaryScreen().availableGeometry(), self.desk.settings.geometry
        if not geometry or not self.restoreGeometry(QByteArray.fromBase64(geometry.encode())):
            self.resize(min(1600, round(screen.width() * 0.9)), min(1000, round(screen.height() * 0.9)))

    def current_settings(self) -> Settings:
        """What comes back at the next start."""
        return settings_of(self)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the settings, end every thread, go."""
        self.closed, self._then = True, None
        self.painting.stop()
        self.absent.cancel()
        self.deck.end()
        self.play_bar.end()
        trouble = self.current_settings().save() if self.keeps_settings else ""
        if trouble:
            sys.stderr.write(trouble + "\n")
        self.hide()
        self.desk.close()
        event.accept()
