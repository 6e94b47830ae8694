"""What a network needs of memory, measured in a process that does nothing else."""

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from time import perf_counter

from inference.backends import Engine
from inference.lab.bench.report import Memory
from inference.own_process import in_own_process
from models.card import InputSpec

RUNS = 5
LIMIT_S = 120.0
LIMIT = 1 << 40   # bytes: what is measured is not bounded


def memory_of(spec: InputSpec, path: Path, backend: str, engine: Engine, title: str, cancelled: Event) -> Memory:
    """Load a file in a new process, run it, and say how much was resident when.

    Raises:
        LabError: it cannot be opened or run there.
        Cancelled: `cancelled` was set.
    """
    return in_own_process(
        partial(_measure, spec, path, backend, engine), what=f"measuring the memory of {title}", seconds=LIMIT_S,
        memory=LIMIT, cancelled=cancelled,
    )  # fmt: skip


def _measure(spec: InputSpec, path: Path, backend: str, engine: Engine) -> Memory:
    import numpy as np
    import psutil

    from inference.backends import backend_module, load_backend
    from inference.data import Frame
    from inference.preprocess import Preprocessor

    here = psutil.Process()
    backend_module(backend)
    height, width = spec.size
    x, _ = Preprocessor(spec)(Frame(np.full((height, width, 3), 114, np.uint8), -1, 0.0))
    _forget_peak()
    baseline = here.memory_info().rss
    start = perf_counter()
    network = load_backend(backend, path, engine)
    opened = perf_counter()
    loaded = here.memory_info().rss
    network.run(x)
    first = perf_counter()
    for _ in range(RUNS):
        network.run(x)
    after = here.memory_info().rss
    return Memory(
        baseline, loaded, after, max(_peak(), loaded, after), round((opened - start) * 1e3, 3),
        round((first - opened) * 1e3, 3),
    )  # fmt: skip


def _forget_peak() -> None:
    """Let the kernel count the peak anew, where it can (proc(5), clear_refs): importing may have needed more."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most that was resident, bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
