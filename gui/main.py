"""Start the window: session → bridge → window, the window first and the rest while it is on screen."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui.bridge import Bridge
from gui.desk import Desk
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.theme import load_fonts
from inference.data import Ask, LaneSpec, Mode
from inference.errors import LabError
from inference.intake.provide import loader
from inference.live.session import MAX_LANES, Session
from inference.live.threads import default_mode
from inference.logbook import note_bug
from inference.options import Options, lane_specs, open_store
from inference.terminal import say
from models import CardError, ModelCard, line_up, load_catalog
from models.catalog import Catalogue

START_SAID_S = 60.0   # what went wrong at the start stays so long: nobody looks at once


def run(options: Options) -> int:
    """Open the window and stay until it is closed; returns the exit code."""
    app = application()
    cards: list[CardError] = []
    troubles: list[LabError] = []
    window = build(options, load_catalog(troubles=cards), Settings.load(troubles))
    window.showFullScreen() if options.fullscreen else window.show()
    for trouble in (*troubles, *cards)[:1]:   # the log has all
        window.desk.fail(trouble)
        window.say(trouble.sentence, START_SAID_S)
    sys.excepthook = partial(unforeseen, window)   # Qt hands it what a slot raises
    # Ctrl+C in the terminal: Python sees it only when the interpreter runs now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    pulse = QTimer(app, interval=200)
    pulse.timeout.connect(lambda: None)
    pulse.start()
    return 0 if window.closed else app.exec()   # Ctrl+C may have come before the loop: it would never end


def unforeseen(window: MainWindow, kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """What nobody caught: written down, said in the window, which goes on."""
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    sentence = note_bug(error)
    if not window.closed:
        window.tell_bug(error)
    say(sentence, sys.stderr)


def application() -> QApplication:
    """Qt's application, with the style and the fonts of the window."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Lineup")
    app.setApplicationDisplayName("Lineup")
    app.setStyle("Fusion")
    load_fonts()
    return app


def build(options: Options, catalog: dict[str, ModelCard], settings: Settings) -> MainWindow:
    """The window with its session, what was asked for at the start in it; shown by the caller."""
    store = open_store(options)
    if settings.models_folder and store.mirror is None and not store.mirror_url:
        store.use_folder(Path(settings.models_folder))
    mode = options.mode or settings.mode   # "" where neither says
    bridge = Bridge()
    catalogue = Catalogue(catalog)
    session = Session(loader(catalogue, store), bridge.wake, mode=Mode(mode) if mode else default_mode(), window=True)
    session.set_ask(
        Ask(
            topk=settings.topk if options.topk is None else options.topk,
            confidence=settings.confidence if options.conf is None else options.conf,
            iou=settings.iou if options.iou is None else options.iou,
            smoothing=settings.smoothing,
        )
    )
    session.mirror = settings.mirror if options.mirror_picture is None else options.mirror_picture
    window = MainWindow(Desk(session, catalogue, store, settings), bridge)
    bridge.setParent(window)
    if options.theme:
        window.set_theme(options.theme)
    window.expect(_how_many(options, catalog, settings))
    # The window is on screen before anything slow begins: networks load, the plot's library is imported.
    window.once_painted(lambda: _begin(window, options))
    return window


def _begin(window: MainWindow, options: Options) -> None:
    if window.closed:
        return
    desk, settings = window.desk, window.desk.settings
    if not desk.open_source(options.source or settings.source or "auto"):
        desk.open_source("auto")   # a file of last time may be gone; the sentence about it stays to be read
        window.say(window.truth.said, START_SAID_S)
    try:
        specs = _lanes(options, desk.catalogue, settings)
    except LabError as error:
        desk.fail(error)
        specs = ()
    for spec in specs:
        desk.add_lane(spec)
    window.views.expect(0)   # those that were wrong do not come
    desk.choose_lane(None)   # nobody has chosen one yet
    desk.begun = True
    gone = {spec.model for spec in settings.lanes or ()} - set(desk.catalogue)
    if gone and not options.models:
        window.say(f"There are no models called {', '.join(sorted(gone))} any more: left out.", START_SAID_S)
    # After the first picture of the window, unless the user was quicker.
    QTimer.singleShot(50, lambda: None if window.closed or window.deck.key else window.show_pane(settings.pane))
    window.sources.look()


def _changed(spec: LaneSpec, options: Options, catalog: Mapping[str, ModelCard]) -> LaneSpec:
    """A lane of last time with what the command line asks for; what it does not say stays."""
    (asked,) = lane_specs(options, [f"{spec.model}@{options.backend or spec.backend}"], catalog)
    return replace(
        spec,
        backend=asked.backend,
        threads=options.threads if options.threads is not None else spec.threads,
        provider=asked.provider if options.providers or asked.backend != spec.backend else spec.provider,
        precision=spec.precision if asked.backend == spec.backend else "",
    )


def _how_many(options: Options, catalog: Mapping[str, ModelCard], settings: Settings) -> int:
    """How many lanes the start has, as far as can be told before anything is looked at."""
    if options.models:
        return min(MAX_LANES, len(options.models))
    if settings.lanes is not None:
        return sum(spec.model in catalog for spec in settings.lanes)
    return len(line_up(catalog))


def _lanes(options: Options, catalog: Mapping[str, ModelCard], settings: Settings) -> tuple[LaneSpec, ...]:
    """The lanes of the start: asked for, else those of last time, else the line-up."""
    if options.models:
        return lane_specs(options, options.models, catalog)
    if settings.lanes is not None:
        kept = tuple(spec for spec in settings.lanes if spec.model in catalog)
        if options.backend or options.providers or options.threads:   # hold for the lanes of last time as well
            return tuple(_changed(spec, options, catalog) for spec in kept)
        return kept
    return lane_specs(options, line_up(catalog), catalog)
