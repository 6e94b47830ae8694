"""From the command to the first painted window, against importing everything first."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.table import Row, at_most

ROOT = Path(__file__).parents[1]
EAGER = """
import pkgutil, cv2, numpy, onnx, onnxruntime, pyqtgraph, unearth, httpx2, psutil, platformdirs, cv2_enumerate_cameras
for folder in ("models", "inference", "gui"):
    for module in pkgutil.walk_packages([folder], folder + "."):
        __import__(module.name)
"""
WINDOW = """
import sys
from time import perf_counter
began = perf_counter()
{eager}
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from gui import main
from gui.main_window import MainWindow
from inference.options import Options

class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() is QEvent.Type.Paint and isinstance(watched.window(), MainWindow):
            print((perf_counter() - began) * 1e3, flush=True)
            import os
            os._exit(0)
        return False

first = FirstPaint()
exec_ = QApplication.exec
QApplication.exec = lambda *a: (QApplication.instance().installEventFilter(first), exec_())[1]
main.run(Options(source="pattern"))
"""


def start(rounds: int = 7) -> list[Row]:
    """Interleaved starts in processes of their own; the user's start, with every module compiled already."""
    lazy, eager = [], []
    for _ in range(rounds):
        lazy.append(_run(""))
        eager.append(_run(EAGER))
    a, b = statistics.median(lazy[1:]), statistics.median(eager[1:])
    return [
        at_most(
            "start to first painted window", f"{a:.0f} ms", f"{b:.0f} ms with everything imported first", a / b, 0.5
        )
    ]  # fmt: skip


def _run(eager: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", WINDOW.format(eager=eager)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ}, check=True, timeout=60,
    )  # fmt: skip
    return float(done.stdout.split()[0])
