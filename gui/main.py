"""Start the window: session → bridge → window, the window first and the rest while it is on screen."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui.bridge import Bridge
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.theme import load_fonts
from inference.data import Ask, LaneSpec, Mode
from inference.options import Options, lane_specs
from inference.session import Session, default_mode
from inference.weights import loader
from models import ModelCard, line_up, load_catalog
from models.store import Store


def run(options: Options) -> int:
    """Open the window and stay until it is closed; returns the exit code."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Lineup")
    app.setApplicationDisplayName("Lineup")
    app.setStyle("Fusion")
    load_fonts()
    window = build(options, load_catalog(), Settings.load())
    window.showFullScreen() if options.fullscreen else window.show()
    # Ctrl+C in the terminal: Python sees it only when the interpreter runs now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    pulse = QTimer(app, interval=200)
    pulse.timeout.connect(lambda: None)
    pulse.start()
    return app.exec()


def build(options: Options, catalog: Mapping[str, ModelCard], settings: Settings) -> MainWindow:
    """The window with its session, what was asked for at the start in it; shown by the caller."""
    store = Store(
        cache=Path(options.cache) if options.cache else None,
        mirror=Path(options.mirror_dir) if options.mirror_dir else None,
        offline=bool(options.offline),
    )
    mode = options.mode or settings.mode   # "" where neither says
    bridge = Bridge()
    session = Session(loader(catalog, store), bridge.wake, mode=Mode(mode) if mode else default_mode())
    session.set_ask(
        Ask(
            topk=settings.topk if options.topk is None else options.topk,
            confidence=settings.confidence if options.conf is None else options.conf,
            iou=settings.iou if options.iou is None else options.iou,
            smoothing=settings.smoothing,
        )
    )
    session.mirror = settings.mirror if options.mirror_picture is None else options.mirror_picture
    window = MainWindow(session, bridge, catalog, store, settings)
    bridge.setParent(window)
    if options.theme:
        window.set_theme(options.theme)
    # The window is on screen before anything slow begins: networks load, the plot's library is imported.
    window.once_painted(lambda: _begin(window, options))
    return window


def _begin(window: MainWindow, options: Options) -> None:
    import cv2

    cv2.setNumThreads(1)   # for its own loops: the cores belong to the networks
    window.open_source(options.source or window.settings.source or "auto")
    for spec in _lanes(options, window.catalog, window.settings):
        window.add_lane(spec)
    QTimer.singleShot(50, lambda: window.show_plot(window.settings.plot_open))
    window.sources.look()


def _lanes(options: Options, catalog: Mapping[str, ModelCard], settings: Settings) -> tuple[LaneSpec, ...]:
    """The lanes of the start: asked for, else those of last time, else the line-up."""
    if options.models:
        return lane_specs(options, options.models, catalog)
    if settings.lanes is not None and not options.backend:
        return tuple(spec for spec in settings.lanes if spec.model in catalog)
    return lane_specs(options, line_up(catalog), catalog)
