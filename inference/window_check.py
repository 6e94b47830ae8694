"""Whether the window can open on this machine, found out without loading Qt into this process."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

QT_CHECK_S = 30

# Library → Debian package, for what Qt wants of a machine.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

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
        "Start it in a desktop session, use xvfb-run -a, or measure without a window: live --headless.",
    )


def library_troubles(missing: list[str]) -> list[Trouble]:
    """One sentence for all missing system libraries, with the line that installs them."""
    if not missing:
        return []
    packages = sorted({PACKAGES[name] for name in missing if name in PACKAGES})
    hint = f"Install them: sudo apt-get install {' '.join(packages)}" if packages else "Install them."
    return [Trouble(f"The window needs system libraries that are missing: {', '.join(missing)}.", hint)]


def missing_libraries() -> list[str]:
    """System libraries that Qt wants on Linux and that are not here; empty elsewhere.

    Qt itself always blames libxcb-cursor0, whichever is missing.
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
        *sorted((qt / "plugins" / "platforms").glob(f"libq{_platform()}*.so")),
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
    return "wayland" if os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("DISPLAY") else "xcb"
