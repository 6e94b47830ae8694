"""The system libraries that the window and the tests need on Linux: which package has them, and installing it.

Standard library alone: this runs before anything else is known to work.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from typing import NamedTuple

from models.errors import LabError

APT_S = 600   # that apt-get may take over a slow network

# Library or program: its package for apt (Debian, Ubuntu) and for pacman (Arch). dnf and zypper find it by itself.
PACKAGES = {
    "libEGL.so.1": ("libegl1", "libglvnd"),
    "libGL.so.1": ("libgl1", "libglvnd"),
    "libOpenGL.so.0": ("libopengl0", "libglvnd"),
    "libX11.so.6": ("libx11-6", "libx11"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libx11"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype2"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libwayland-client.so.0": ("libwayland-client0", "wayland"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "wayland"),
    "libwayland-egl.so.1": ("libwayland-egl1", "wayland"),
    "libxcb.so.1": ("libxcb1", "libxcb"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "Xvfb": ("xvfb", "xorg-server-xvfb"),
    "xauth": ("xauth", "xorg-xauth"),
}
TEST_PROGRAMS = ("Xvfb", "xauth")   # a screen for the one test that wants a real window


class Manager(NamedTuple):
    """A package manager: its program, and what stands before the packages."""

    program: str
    install: str
    packages: Callable[[str], str]   # of a library or program; "" where nobody knows


def _rpm(name: str) -> str:
    """Packages of this kind say which libraries and programs they provide: that is asked for, and always right."""
    return f"'{name}()(64bit)'" if ".so" in name else f"'/usr/bin/{name}'"


MANAGERS = (
    Manager("apt-get", "apt-get install", lambda name: PACKAGES.get(name, ("", ""))[0]),
    Manager("dnf", "dnf install", _rpm),
    Manager("pacman", "pacman -S --needed", lambda name: PACKAGES.get(name, ("", ""))[1]),
    Manager("zypper", "zypper install", _rpm),
)


def manager() -> Manager | None:
    """The package manager of this machine; None where none is known."""
    return next((found for found in MANAGERS if shutil.which(found.program)), None)


def packages(missing: Iterable[str], of: Manager) -> list[str]:
    """The packages that hold these libraries and programs, each once; what nobody knows is left out."""
    return sorted({of.packages(name) for name in missing} - {""})


def install_hint(missing: Iterable[str]) -> str:
    """What to type, exactly."""
    found = manager()
    wanted = packages(missing, found) if found else []
    if found is None or not wanted:
        return "Install them with your system's package manager."
    return f"Install them: {'' if _is_root() else 'sudo '}{found.install} {' '.join(wanted)}"


def missing_programs(names: Iterable[str] = TEST_PROGRAMS) -> list[str]:
    """Which of these programs are not here."""
    return [name for name in names if not shutil.which(name)]


def install(missing: Iterable[str], say: Callable[[str], None]) -> bool:
    """Install what is missing, on Debian and Ubuntu as root or with a sudo that asks nothing; says so before.

    Returns:
        Whether it was tried: elsewhere nothing is touched, and the caller says what to type.

    Raises:
        LabError: apt-get could not do it; with its own reason, and what to type.
    """
    missing = list(missing)
    found = manager()
    if found is None or found.program != "apt-get" or not (wanted := packages(missing, found)):
        return False
    before = [] if _is_root() else ["sudo", "-n"]
    if before and not _sudo_asks_nothing():
        return False
    say(f"Installing what the system lacks with {'' if _is_root() else 'sudo '}apt-get: {', '.join(wanted)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    said = ""
    for words in (["update"], ["install", "-y", "--no-install-recommends", *wanted]):
        try:
            done = subprocess.run(
                [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *words],
                capture_output=True, text=True, errors="replace", timeout=APT_S, check=False, env=environment,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            break
        said = _reason(done.stderr) if done.returncode else ""
    if said:   # the lists may be old and good enough: only the last word counts
        raise LabError(f"apt-get could not install {', '.join(wanted)}: {said}.", install_hint(missing))
    return True


def _reason(text: str) -> str:
    """The first thing that apt-get complains of."""
    lines = [re.sub(r"^[EW]: ", "", line.strip()) for line in text.splitlines() if line.startswith(("E: ", "W: "))]
    return (lines or [text.strip()[-200:] or "it says no more"])[0].rstrip(".")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _sudo_asks_nothing() -> bool:
    if not shutil.which("sudo"):
        return False
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return asked.returncode == 0
