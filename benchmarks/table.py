"""One measured thing, and the table of them."""

import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from inference.cores import usable_cores


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, both figures, and the bar."""

    what: str
    ours: str
    reference: str
    figure: float
    bar: str
    holds: bool
    note: str = ""


def at_most(what: str, ours: str, reference: str, figure: float, bar: float, unit: str = "×", note: str = "") -> Row:
    """A row whose figure must not be above the bar."""
    return Row(what, ours, reference, figure, f"≤ {bar:g}{unit}", figure <= bar, note)


def at_least(what: str, ours: str, reference: str, figure: float, bar: float, unit: str = "×", note: str = "") -> Row:
    """A row whose figure must not be below the bar."""
    return Row(what, ours, reference, figure, f"≥ {bar:g}{unit}", figure >= bar, note)


def interleaved(first: Callable[[], object], second: Callable[[], object], rounds: int = 60) -> tuple[float, float]:
    """Median milliseconds of two ways of doing one thing, measured in turns: A B A B."""
    times: tuple[list[float], list[float]] = ([], [])
    first(), second()
    for _ in range(rounds):
        for work, kept in zip((first, second), times, strict=True):
            start = perf_counter()
            work()
            kept.append((perf_counter() - start) * 1e3)
    return statistics.median(times[0]), statistics.median(times[1])


def machine() -> str:
    """What this ran on, in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    named = ("onnxruntime", "opencv-python-headless", "PySide6-Essentials", "pyqtgraph")
    packages = ", ".join(f"{name} {version(name)}" for name in named)
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{cpu}, {usable_cores()} cores, {system}, {packages}"


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    lines = ["| what | Lineup | reference | figure | bar | |", "|---|---|---|---|---|---|"]
    for row in rows:
        verdict = ("holds" if row.holds else "**misses**") if row.bar else ""
        note = f" ({row.note})" if row.note else ""
        lines.append(f"| {row.what}{note} | {row.ours} | {row.reference} | {row.figure:.3g} | {row.bar} | {verdict} |")
    return "\n".join(lines)
