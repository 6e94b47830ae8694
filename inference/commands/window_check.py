"""Whether the window can open on this machine, found out without loading Qt into this process."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from inference.commands.system_packages import install_hint

QT_CHECK_S = 30

QT_PROBE = """
from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication
app = QApplication([])
screen = app.primaryScreen()
size = screen.size() if screen else None
print(qVersion(), app.platformName(), f"{size.width()}x{size.height()}" if size else "no screen")
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is missing or wrong, and how to cure it."""

    message: str
    hint: str


def window_troubles() -> list[Trouble]:
    """Why the window could not open on this machine, without loading Qt; quick enough for every start."""
    absent = [
        name for name in ("PySide6", "pyqtgraph", "numpy", "cv2", "onnxruntime") if find_spec(name) is None
    ]
    found = (
        [
            Trouble(
                f"Python packages are missing: {', '.join(absent)}.",
                f"Install them: {Path(sys.executable).name} -m pip install -r requirements.txt",
            )
        ]
        if absent
        else []
    )
    if (screen := no_screen()) is not None:
        found.append(screen)
    return [*found, *library_troubles(missing_libraries())]


def no_screen() -> Trouble | None:
    """A Linux session without a screen, which Qt would answer with an abort."""
    if sys.platform != "linux" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        return None
    return Trouble(
        "There is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set.",
        "Start it in a desktop session or with xvfb-run -a; without, `make run` shows what it can.",
    )


def library_troubles(missing: list[str]) -> list[Trouble]:
    """One sentence for all missing system libraries, with the line that installs them."""
    if not missing:
        return []
    message = f"The window needs system libraries that are missing: {', '.join(missing)}."
    return [Trouble(message, install_hint(missing))]


def missing_libraries(platforms: Sequence[str] = ()) -> list[str]:
    """System libraries that Qt wants on Linux and that are not here; empty elsewhere.

    Qt itself always blames libxcb-cursor0, whichever is missing.

    Args:
        platforms: Qt's platform plug-ins to look at; none for the one that this session will use.
    """
    spec = find_spec("PySide6")
    if (
        sys.platform != "linux"
        or spec is None
        or not spec.submodule_search_locations
        or not shutil.which("ldd")
    ):
        return []
    qt = Path(spec.submodule_search_locations[0]) / "Qt"
    files = [
        qt / "lib" / "libQt6Widgets.so.6",
        *(
            file
            for name in platforms or [_platform()]
            for file in sorted((qt / "plugins" / "platforms").glob(f"libq{name}*.so"))
        ),
    ]
    found = [str(file) for file in files if file.is_file()]
    asked = subprocess.run(
        ["ldd", *found],
        capture_output=True,
        text=True,
        timeout=QT_CHECK_S,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return not_found(asked.stdout)


def not_found(ldd: str) -> list[str]:
    """The libraries that ldd's output says are not found, each once."""
    return sorted({match[1] for match in re.finditer(r"^\s*(\S+) => not found", ldd, re.MULTILINE)})


def _platform() -> str:
    """Which of Qt's platform plug-ins will be used on Linux."""
    if chosen := os.environ.get("QT_QPA_PLATFORM", ""):
        return re.split("[:;]", chosen)[0]
    if no_screen():
        return "offscreen"
    return "wayland" if os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("DISPLAY") else "xcb"
