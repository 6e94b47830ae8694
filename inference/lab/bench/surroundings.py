"""Everything about the machine that is needed to believe a figure, or to repeat it."""

import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import psutil

from inference.cores import TOPOLOGY
from inference.lab.bench.report import Machine
from inference.machine import machine

PACKAGES = ("onnxruntime", "opencv-python-headless", "coremltools", "numpy", "scipy")
SYSCTL = {"L1 data": "hw.l1dcachesize", "L1 instruction": "hw.l1icachesize", "L2 unified": "hw.l2cachesize",
          "L3 unified": "hw.l3cachesize"}   # fmt: skip
UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def surroundings() -> Machine:
    """The machine as it is now."""
    known = machine()
    versions = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return Machine(
        lineup=known["lineup"], python=known["python"], os=known["os"], cpu=known["cpu"], cores=known["cores"],
        caches=_caches(), memory=psutil.virtual_memory().total, frequency_mhz=_frequency(), governor=_governor(),
        power=_power(), packages=versions,
    )  # fmt: skip


def _caches(root: Path = TOPOLOGY) -> dict[str, int]:
    """The caches of one core, bytes: "L3 unified" is usually shared."""
    found: dict[str, int] = {}
    for index in sorted((root / "cpu0" / "cache").glob("index*")):
        with suppress(OSError, ValueError, KeyError):
            level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
            found[f"L{level} {kind.lower()}"] = int(size[:-1]) * UNITS[size[-1]]
    if sys.platform == "darwin":
        for name, key in SYSCTL.items():
            with suppress(OSError, ValueError, subprocess.SubprocessError):
                asked = subprocess.run(["sysctl", "-n", key], capture_output=True, text=True, timeout=5, check=True)
                found[name] = int(asked.stdout)
    return found


def _governor(root: Path = TOPOLOGY) -> str:
    """How Linux chooses the clock: "performance", "powersave" …; empty where it does not tell."""
    with suppress(OSError):
        return (root / "cpu0" / "cpufreq" / "scaling_governor").read_text().strip()[:100]
    return ""


def _frequency() -> float | None:
    with suppress(OSError, NotImplementedError, AttributeError, RuntimeError):
        return float(asked.current) if (asked := psutil.cpu_freq()) and asked.current > 0 else None
    return None


def _power() -> Literal["mains", "battery", ""]:
    battery: Any = None
    with suppress(OSError, NotImplementedError, AttributeError, RuntimeError):
        battery = psutil.sensors_battery()
    if battery is None or battery.power_plugged is None:
        return ""
    return "mains" if battery.power_plugged else "battery"
