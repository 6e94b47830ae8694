"""What a figure was measured on: this program's version, the processor, the system."""

import platform
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from inference.cores import usable_cores
from inference.places import ROOT


def version() -> str:
    """Lineup's version, as pyproject.toml states it; "unknown" where that file was left out."""
    try:
        return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "lineup": version(),
        "python": platform.python_version(),
        "os": platform.platform(),
        "cpu": cpu_name(),
        "cores": usable_cores(),
    }


def cpu_name() -> str:
    """The processor as its maker calls it, or its architecture."""
    found = ""
    try:
        if sys.platform == "linux":
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
                if line.lower().startswith("model name"):
                    found = line.partition(":")[2].strip()
                    break
        elif sys.platform == "darwin":
            asked = subprocess.run(
                ["sysctl", "-n", "machdep.cpu.brand_string"],
                capture_output=True,
                text=True,
                timeout=5,
                check=False,
            )
            found = asked.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass  # the architecture is still worth having
    return found or platform.processor() or platform.machine() or "unknown"
