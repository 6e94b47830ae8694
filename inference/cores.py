"""How many cores there are for this program."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
TOPOLOGY = Path("/sys/devices/system/cpu")


def usable_cores() -> int:
    """The cores that this process may use: fewer than the machine has, where the system keeps it to some."""
    cores = len(_allowed()) or os.cpu_count() or 1
    return max(1, min(cores, _quota() or cores))


def computing_cores() -> int:
    """The cores that a network computes on: of two that share one arithmetic unit ("hyper-threads") only one.

    As ONNX Runtime counts by default (https://onnxruntime.ai/docs/performance/tune-performance/threading.html):
    a second thread on a busy unit only takes turns with the first.
    """
    return max(1, min(usable_cores(), _units()))


def _allowed() -> set[int]:
    """The numbers of the cores that this process is kept to; empty where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()   # Linux


@cache   # the window asks several times a second
def _quota(root: Path = CGROUP) -> int:
    """The cores' worth of time that a container is given, rounded down, 1 at least; 0 where it is not limited.

    Files of the kernel: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max), and those of version 1.
    """
    with suppress(OSError, ValueError):
        allowed, period = (root / "cpu.max").read_text().split()
        return 0 if allowed == "max" else max(1, int(allowed) // int(period))
    with suppress(OSError, ValueError):
        allowed, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return max(1, int(allowed) // int(period)) if int(allowed) > 0 else 0
    return 0


@cache
def _units(root: Path = TOPOLOGY) -> int:
    """The arithmetic units behind the cores that this process may use."""
    if allowed := _allowed():
        with suppress(OSError):
            return len({(root / f"cpu{core}/topology/thread_siblings_list").read_text().strip() for core in allowed})
        return len(allowed)
    return _physical()


@cache
def _physical() -> int:
    """Physical cores of the machine, where the process is not kept to some of them."""
    import psutil  # not needed on Linux

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1
