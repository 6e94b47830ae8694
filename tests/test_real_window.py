"""One real window on a real (virtual) screen, with real networks: the screenshot must show their labels."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILT_IN

from inference.commands.system_packages import install_hint, missing_programs
from inference.commands.window_check import library_troubles, missing_libraries
from inference.live.sources.synthetic import samples

ROOT = Path(__file__).parents[1]

PROGRAM = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gui.main import build
from gui.settings import Settings
from gui.theme import load_fonts
from inference.options import Options
from models import load_catalog

folder, picture = sys.argv[1:3]
app = QApplication([])
app.setStyle("Fusion")
load_fonts()
names = ("squeezenet1.1", "yolov3-tiny")
window = build(Options(source=picture, models=names), load_catalog(), Settings(view="grid"))
window.resize(1280, 800)
window.show()

def look():
    lanes = window.desk.session.lanes
    if len(lanes) < 2 or any(lane.results < 3 for lane in lanes):
        failed = [lane.status.message for lane in lanes if lane.status.state.value == "failed"]
        if failed:
            print(json.dumps({"failed": failed}))
            app.exit(1)
        return
    picture = window.views["grid"].views[1].picture
    window.grab().save(folder + "/grabbed.png")
    app.primaryScreen().grabWindow(0).save(folder + "/screen.png")
    print(json.dumps({
        "platform": app.platformName(),
        "labels": [lane.latest.prediction.labels[0] for lane in lanes],
        "bars": window.views["grid"].views[0].bars._answer.labels[0],
        "picture": list(picture.picture_rect().getRect()),
        "at": picture.mapToGlobal(picture.rect().topLeft()).toTuple(),
    }))
    timer.stop()
    window.close()
    app.quit()

timer = QTimer(interval=100)
timer.timeout.connect(look)
timer.start()
sys.exit(app.exec())
"""


def test_a_real_window_shows_real_labels(built_in, tmp_path):
    """The first picture of the reel; both networks must know it."""
    if sys.platform != "linux" or not shutil.which("xvfb-run"):
        pytest.skip(f"a screen of its own: xvfb-run is not here. {install_hint(missing_programs())}")
    if lacking := missing_libraries(("xcb",)):
        pytest.skip(library_troubles(lacking)[0].hint)
    for name in ("squeezenet1.1", "yolov3-tiny"):
        built_in(name)
    picture = samples()[0][0]
    env = {
        **os.environ,
        "QT_QPA_PLATFORM": "xcb",
        "LINEUP_CACHE": str(BUILT_IN),
        "LINEUP_CONFIG": str(tmp_path / "config"),
    }
    done = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", sys.executable, "-c", PROGRAM, str(tmp_path),
         str(picture)],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said["platform"] == "xcb"
    assert said["labels"] == ["lemon", "orange"]
    assert said["bars"] == "lemon"
    import cv2

    screen = cv2.imread(str(tmp_path / "screen.png"))
    x, y = said["at"]
    left, top, width, height = said["picture"]
    shown = screen[y + top : y + top + height, x + left : x + left + width].astype(int)
    # The box of the second lane is drawn in its colour, #E69F00 in blue, green, red.
    near = abs(shown - (0x00, 0x9F, 0xE6)).sum(axis=2) < 12
    assert near.sum() > 300
