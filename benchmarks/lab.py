"""The lab itself as something to measure: sources that cost nothing, and the window with lanes."""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event
from time import perf_counter, sleep

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from gui.main_window import MainWindow
from gui.settings import Settings
from gui.stage.grid import LaneGrid
from inference.data import Frame, LaneSpec, LaneState, Mode
from inference.live.lane import Lane
from inference.live.timings import COLUMNS
from inference.options import Options

PATIENCE_S = 60
AFTER_S = 0.002   # a frame comes while the network computes, as most do, not while its thread does something else
WAIT, LATENCY = COLUMNS.index("wait"), COLUMNS.index("latency")


class Tape:
    """Frames made before, so that the source costs nothing: what is measured is the rest. It gives them while `let`."""

    live, note, caption, title = False, "", "", "tape"

    def __init__(self, fps: float, frames: Sequence[NDArray[np.uint8]]) -> None:
        self.period_s = 1 / fps if fps else 0.0   # 0: a frame whenever one is wanted
        self.wanted = Event()
        self.let = Event()
        self.let.set()
        self._frames, self._next = frames, 0

    def feed(self, lanes: Sequence[Lane]) -> None:
        """Give a frame whenever one of these lanes takes one: the next always waits, and none is made in vain."""
        for lane in lanes:
            take = lane.inbox.take

            def taken(take: Callable[[], Frame | None] = take) -> Frame | None:
                frame = take()
                if frame is not None:
                    self.wanted.set()
                return frame

            lane.inbox.take = taken  # type: ignore[method-assign]
        self.period_s = 0.0
        self.wanted.set()

    def open(self) -> None:
        """Nothing to do."""

    def read(self) -> NDArray[np.uint8]:
        """The next frame, round and round; one without pixels, which is none, where it is not let for long."""
        if not self.let.wait(1) or not (self.period_s or self.wanted.wait(1)):
            return np.empty((0, 0, 3), np.uint8)
        if not self.period_s:
            sleep(AFTER_S)
        self.wanted.clear()
        self._next += 1
        return self._frames[self._next % len(self._frames)]

    def close(self) -> None:
        """Nothing to do."""


class Still(Tape):
    """One picture of a file again and again, while it is let."""

    title = "still"

    def __init__(self, picture: str) -> None:
        super().__init__(30, [np.asarray(cv2.imread(picture), np.uint8)])
        self.let.clear()


def lane_round(lane: Lane, still: Still, wait: Callable[[], None]) -> Callable[[int, float], tuple[list[float], int]]:
    """A round of `benchmarks.contestant` with a lane that `still` feeds: from the picture taken to its answer, ms."""

    def go(count: int, period: float) -> tuple[list[float], int]:
        still.period_s = period or 1 / 30
        before, began = lane.timings.total, perf_counter()
        still.let.set()
        while lane.timings.total < before + count:
            wait()
            if lane.status.state is LaneState.FAILED or perf_counter() - began > PATIENCE_S:
                raise SystemExit(f"the lane gives no answers: {lane.status.message}")
        still.let.clear()
        rows = lane.timings.rows(last=count)
        assert lane.latest
        best = int(getattr(lane.latest.prediction, "indices", (-1,))[0])
        return (rows[:, WAIT] + rows[:, LATENCY]).tolist(), best

    return go


def application() -> QApplication:
    """Qt as the program starts it, with settings of its own that go when it ends."""
    from gui.theme import load_fonts

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
        app.setStyle("Fusion")
        load_fonts()
    if "LINEUP_CONFIG" not in os.environ:
        folder = tempfile.TemporaryDirectory()
        os.environ["LINEUP_CONFIG"] = folder.name
        app.aboutToQuit.connect(folder.cleanup)
    return app


def spin(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1e3), loop.quit)
    loop.exec()


def shown(names: Sequence[str], mode: Mode, *, plot: bool = True, threads: int = 0) -> MainWindow:
    """A window on screen with these lanes, on the test pattern for now."""
    from gui.main import build
    from models import load_catalog

    settings = replace(Settings(), view="grid", pane="latency" if plot else "", lanes=(), source="pattern")
    window = build(Options(mode=mode.value, source="pattern", models=()), dict(load_catalog()), settings)
    window.resize(1600, 1000)
    window.show()
    spin(0.3)
    for lane in list(window.desk.session.lanes):
        window.desk.remove_lane(lane)
    for name in names:
        window.desk.add_lane(LaneSpec(name, threads=threads))
    return window


def grid(window: MainWindow) -> LaneGrid:
    """The panes, each with its own picture."""
    view = window.views["grid"]
    assert isinstance(view, LaneGrid)
    return view


def settled(window: MainWindow) -> MainWindow:
    """The window once every lane has answered three times."""
    give_up = perf_counter() + PATIENCE_S
    while any(lane.results < 3 for lane in window.desk.session.lanes):
        spin(0.05)
        failed = [lane.status.message for lane in window.desk.session.lanes if lane.status.state is LaneState.FAILED]
        if failed or perf_counter() > give_up:
            raise SystemExit(f"a lane does not run: {failed}")
    return window
