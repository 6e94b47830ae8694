"""What this machine has and what is missing, on one page.

It works on a broken installation: imports stay inside.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inference.commands.window_check import QT_CHECK_S, QT_PROBE, Trouble, no_screen, window_troubles
from inference.cores import usable_cores
from inference.logbook import log_path
from inference.machine import cpu_name, version
from inference.options import Options
from inference.places import ROOT
from inference.words import size_text

WHEELS_OF_CV2 = (
    "opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless",
)  # fmt: skip


@dataclass(slots=True)
class Page:
    """What was found: sections of name → value, and the troubles."""

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)

    def values(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self.sections, "troubles": [{"message": t.message, "hint": t.hint} for t in self.troubles]}

    def text(self) -> str:
        """One page to paste into an issue."""
        lines = []
        for title, facts in self.sections.items():
            lines.append(title)
            width = max((len(name) for name in facts), default=0)
            lines += [f"  {name.ljust(width)}  {_plain(value)}".rstrip() for name, value in facts.items()]
            lines.append("")
        lines.append("Missing or wrong" if self.troubles else "Nothing is missing.")
        lines += [f"  - {t.message} {t.hint}".rstrip() for t in self.troubles]
        return "\n".join(lines)


def examine(options: Options) -> Page:
    """Look at everything. What cannot be looked at is a trouble of its own, never an exception."""
    page = Page()
    looks: tuple[tuple[str, Callable[[Page, Options], dict[str, Any]]], ...] = (
        ("Lineup", _program),
        ("Packages", _packages),
        ("Window", _window),
        ("Cameras", _cameras),
        ("Backends", _backends),
        ("Threads", _threads),
        ("Model files", _store),
        ("Line-up", _line_up),
    )
    for title, look in looks:
        try:
            page.sections[title] = look(page, options)
        except Exception as error:  # noqa: BLE001  the page must come out whatever is broken
            page.sections[title] = {"unknown": str(error)}
            page.troubles.append(
                Trouble(f"{title} could not be looked at: {error}.", "Install the pinned packages again.")
            )
    return page


def _program(page: Page, options: Options) -> dict[str, Any]:
    return {
        "Lineup": version(),
        "Python": f"{platform.python_version()} ({sys.executable})",
        "System": platform.platform(),
        "Processor": cpu_name(),
        "Cores": usable_cores(),
    }


def _packages(page: Page, options: Options) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, pinned in pins((ROOT / "requirements.txt").read_text(encoding="utf-8")).items():
        here = installed(name)
        facts[name] = here if here == pinned else f"{here or 'not installed'} (pinned: {pinned})"
        if here is None:
            page.troubles.append(
                Trouble(
                    f"The package {name} is not installed.", "Install it: pip install -r requirements.txt"
                )
            )
    wheels = [name for name in WHEELS_OF_CV2 if installed(name)]
    if len(wheels) > 1:
        facts["cv2"] = " and ".join(wheels)
        page.troubles.append(several_wheels(wheels))
    qt = installed("PySide6-Essentials") or ""
    if qt.startswith("6.12.") and sys.version_info < (3, 12):
        page.troubles.append(
            Trouble(
                f"PySide6 {qt} ends Python {platform.python_version()} within minutes.",
                "Install 6.11: make run",
            )
        )
    return facts


def several_wheels(wheels: list[str]) -> Trouble:
    """Two wheels that write the same folder cv2: whichever came last half-covers the other."""
    others = [name for name in wheels if name != "opencv-python-headless"]
    return Trouble(
        f"Several OpenCV wheels are installed ({', '.join(wheels)}); they overwrite each other.",
        f"Keep one: pip uninstall -y {' '.join(others)}, "
        "then pip install --force-reinstall opencv-python-headless",
    )


def pins(requirements: str) -> dict[str, str]:
    """Of the lines `name==version` that are meant for this system: name → version."""
    from packaging.markers import Marker  # of unearth, which finds distributions with it

    found = {}
    for line in re.finditer(r"^([\w.-]+)==([\w.!+-]+)(?:\s*;\s*(.+))?$", requirements, re.MULTILINE):
        if not line[3] or Marker(line[3].strip()).evaluate():
            found[line[1]] = line[2]
    return found


def installed(name: str) -> str | None:
    """The version of a distribution here, None when it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _window(page: Page, options: Options) -> dict[str, Any]:
    shown = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")
    facts: dict[str, Any] = {name: os.environ[name] for name in shown if os.environ.get(name)}
    if find_spec("PySide6") is None:
        return {"Qt": "not installed", **facts}  # the packages said so already
    before = window_troubles()
    page.troubles += before
    # Qt aborts the process it is in when a platform plug-in fails, so it is tried in another.
    platform_here = {"QT_QPA_PLATFORM": "offscreen"} if no_screen() else {}
    try:
        asked = subprocess.run(
            [sys.executable, "-c", QT_PROBE],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=QT_CHECK_S,
            check=False,
            env={**os.environ, **platform_here},
        )
    except subprocess.TimeoutExpired:
        page.troubles.append(
            Trouble(f"Qt did not start within {QT_CHECK_S} s.", "Start the desktop session anew.")
        )
        return {"Qt": "hangs", **facts}
    if asked.returncode:
        reason = (asked.stderr.strip().splitlines() or [f"it ended with {asked.returncode}"])[-1]
        if not before:   # else the cause is said already
            page.troubles.append(
                Trouble(f"Qt cannot start: {reason.rstrip('.')}.", "QT_DEBUG_PLUGINS=1 makes it say more.")
            )
        return {"Qt": "cannot start", **facts}
    qt, name, screen = asked.stdout.strip().split(" ", 2)
    return {"Qt": qt, "Platform": name, "Screen": screen, **facts}


def _cameras(page: Page, options: Options) -> dict[str, Any]:
    from inference.live.sources import cameras

    return {str(camera.index): f"{camera.name} ({camera.backend})" for camera in cameras()} or {
        "none": "found"
    }


def _backends(page: Page, options: Options) -> dict[str, Any]:
    from inference.backends import backend_module, backends
    from inference.errors import BackendError

    facts: dict[str, Any] = {}
    for name, info in backends().items():
        try:
            facts[name] = list(backend_module(name).providers())
        except BackendError as error:
            facts[name] = f"not installed, optional: {info.install}" if info.extra else "not available"
            if info.extra:
                continue
            page.troubles.append(Trouble(str(error), f"Install it: {info.install}"))
    return facts


def _threads(page: Page, options: Options) -> dict[str, Any]:
    from inference.cores import usable_cores
    from inference.data import LaneSpec, Mode
    from inference.live.threads import default_mode, engine_for

    lane = LaneSpec("any", threads=options.threads or 0)
    facts: dict[str, Any] = {
        "cores": usable_cores(),
        "a lane alone or in turns": engine_for(lane).threads,
        "each of four together": engine_for(lane, Mode.TOGETHER, 4).threads,
        "usual mode": default_mode().value,
    }
    wanted = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return facts | {name: os.environ[name] for name in wanted if os.environ.get(name)}


def _store(page: Page, options: Options) -> dict[str, Any]:
    from inference.options import open_store

    store = open_store(options)
    existing = next(p for p in (store.cache, *store.cache.absolute().parents) if p.is_dir())
    writable = _writable(existing)
    if not writable:
        page.troubles.append(
            Trouble(
                f"The cache folder {store.cache} cannot be written.", "Set LINEUP_CACHE to another folder."
            )
        )
    from models.catalog import user_cards
    from models.store import is_address

    mirror = options.mirror_dir or os.environ.get("LINEUP_MIRROR", "")
    if mirror and not is_address(mirror) and not Path(mirror).expanduser().is_dir():
        page.troubles.append(
            Trouble(f"The folder {mirror} does not exist.", "Mend LINEUP_MIRROR or --mirror.")
        )
    return {
        "Cache": str(store.cache),
        "Free": size_text(shutil.disk_usage(existing).free),
        "Writable": "yes" if writable else "no",
        "Mirror": mirror or "none",
        "Own cards": str(user_cards()),
        "Log": str(log_path()),
    }


def _writable(folder: Path) -> bool:
    """Whether a file can be made there; permissions alone do not tell on every system."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _line_up(page: Page, options: Options) -> dict[str, Any]:
    from inference.intake.inventory import missing, origin
    from inference.options import open_store
    from models.catalog import load_catalog

    store, catalog = open_store(options), load_catalog(troubles=[])
    lacking = {name: missing(card, store) for name, card in catalog.items()}
    facts: dict[str, Any] = {}
    for card in sorted(catalog.values(), key=lambda c: c.lineup):
        if card.lineup:
            places = ", ".join(dict.fromkeys(map(origin, lacking[card.name])))
            facts[card.name] = "here" if not places else f"not here yet: {places}"
    absent = [name for name, where in facts.items() if where != "here"]
    if absent:
        page.troubles.append(
            Trouble(
                f"Models of the line-up are not here yet: {', '.join(absent)}.",
                f"They are fetched at the first start, or now: python app.py models get {' '.join(absent)}",
            )
        )
    return facts | {"all models": f"{sum(not files for files in lacking.values())} of {len(lacking)} are here"}


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
