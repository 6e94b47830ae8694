"""The lab where there is no screen: it runs unseen for a while, and leaves a table and a picture of the window."""

import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui.main import application, build
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.stage.overlay import short_label
from inference.data import LaneState
from inference.options import Options
from inference.terminal import ProgressLine, say, table
from models import load_catalog

RUN_S = 15.0
LOOK_MS = 100                # between two looks at how far it is
SIZE = (1600, 1000)          # px of the window
PICTURE = "lineup-window.png"
AHEAD = "There is no screen here, so the lab runs unseen for {seconds:.0f} s on {source}."
HOW = (
    "To get the real window: start it in a desktop session, over ssh with X11 forwarding (ssh -X), or on a virtual"
    " screen (xvfb-run -a). To measure without one: python app.py live --headless"
)


def run(options: Options) -> int:
    """Run the lab offscreen and say what it found; the user's settings are neither used nor changed.

    Returns:
        0 when at least one network answered, 1 when none did, 130 after Ctrl+C.
    """
    options = replace(options, source=options.source or "reel")
    say(AHEAD.format(seconds=RUN_S, source="the sample reel" if options.source == "reel" else options.source))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = application()
    window = build(options, load_catalog(troubles=[]), Settings())
    window.keeps_settings = False
    window.resize(*SIZE)
    window.show()
    unseen = _Unseen(window, app)
    signal.signal(signal.SIGINT, lambda *_: unseen.stop(130))
    code: int = app.exec()
    window.close()
    return unseen.code or code


class _Unseen:
    """Looks at a window from time to time until its lanes have run long enough."""

    def __init__(self, window: MainWindow, app: QApplication) -> None:
        self.code = 0
        self._window, self._app = window, app
        self._progress = ProgressLine()
        self._began = 0.0
        self._timer = QTimer(app, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self, code: int) -> None:
        """Leave the loop."""
        self.code = code
        self._timer.stop()
        self._progress.clear()
        self._app.quit()

    def _look(self) -> None:
        window = self._window
        if not window.desk.begun:
            return
        lanes = window.desk.session.lanes
        loading = [lane for lane in lanes if lane.status.state is LaneState.LOADING]
        if loading and not self._began:
            status = loading[0].status
            self._progress(f"{loading[0].title}: {status.message}", status.fraction)
            return
        running = any(lane.status.state is LaneState.RUNNING for lane in lanes)
        if running and not self._began:
            self._began = perf_counter()
            for lane in lanes:
                lane.timings.clear()
        left = RUN_S - (perf_counter() - self._began)
        if running and left > 0:
            self._progress(f"{left:.0f} s left")
            return
        self._progress.clear()
        self._report()

    def _report(self) -> None:
        lanes = self._window.desk.session.lanes
        rows = [("NETWORK", "ANSWER", "p50 ms", "p95 ms", "ANSWERS/s")]
        troubles = []
        for lane in lanes:
            if lane.status.state in (LaneState.FAILED, LaneState.STUCK):
                troubles.append(f"{lane.title}: {lane.status.message} {lane.status.hint}".strip())
                continue
            found = lane.latest.prediction if lane.latest else None
            answer = (found and found.nothing) or "nothing found"
            if found and found.labels:
                answer = f"{short_label(found.labels[0])} {found.scores[0]:.0%}"
            p50, p95, _ = lane.figures().stages["latency"]
            rows.append((lane.title, answer, f"{p50:.1f}", f"{p95:.1f}", f"{len(lane.timings) / RUN_S:.1f}"))
        if len(rows) > 1:
            say(table(rows, right=(2, 3, 4)))
        for trouble in troubles:
            say(trouble, sys.stderr)
        if path := self._save():
            say(f"The window as it would be: {path}")
        say(HOW)
        self.stop(0 if len(rows) > 1 else 1)

    def _save(self) -> Path | None:
        """The picture of the window, in the working folder or where there is room."""
        image = self._window.grab().toImage()
        for folder in (Path.cwd(), Path(tempfile.gettempdir())):
            path = folder / PICTURE
            if image.save(str(path)):
                return path
        return None
