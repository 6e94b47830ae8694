"""Measure everything that README and BENCHMARKS.md claim, side by side in one run, and print the table."""

import argparse
import os
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.table import machine, markdown

ROOT = Path(__file__).parents[1]
NAMES = ("preprocess", "paint", "start", "age", "turns", "throughput", "slow_painter", "memory")


def main() -> int:
    """Run what was asked for; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), help="measure only these")
    parser.add_argument("--quick", action="store_true", help="memory over 3 minutes instead of 10")
    parser.add_argument("--write", action="store_true", help="write BENCHMARKS.md")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LINEUP_CONFIG"] = folder
        rows = _measure(chosen.only, 3 if chosen.quick else 10)
    text = markdown(rows)
    print(f"\n{machine()}, Qt on {os.environ['QT_QPA_PLATFORM']}\n\n{text}")
    if chosen.write:
        (ROOT / "BENCHMARKS.md").write_text(_page(text), encoding="utf-8")
    return 0 if all(row.holds for row in rows) else 1


def _measure(names: list[str], minutes: float) -> list:
    from PySide6.QtWidgets import QApplication

    from benchmarks import pixels, start, window
    from gui.theme import load_fonts

    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    load_fonts()
    bench = window.Bench() if set(names) & {"age", "turns", "throughput", "slow_painter", "memory"} else None
    work = {
        "preprocess": pixels.preprocess,
        "paint": pixels.paint,
        "start": start.start,
        "age": lambda: window.age(bench),
        "turns": lambda: window.turns(bench),
        "throughput": lambda: window.throughput(bench),
        "slow_painter": lambda: window.slow_painter(bench),
        "memory": lambda: window.memory(bench, minutes),
    }
    rows = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        found = work[name]()
        for row in found:
            verdict = "holds" if row.holds else "misses"
            print(f"  {row.what}: {row.ours} ({row.bar}: {verdict})", file=sys.stderr, flush=True)
        rows += found
    return rows


def _page(table: str) -> str:
    return f"""# Benchmarks

Measured by `make bench` (`python -m benchmarks --write`) on {date.today():%d %B %Y}: {machine()}, Qt on
{os.environ['QT_QPA_PLATFORM']}. Both sides of every row were measured in the same run, in turns where time allows.
Ratios travel to other machines, milliseconds do not. The networks are those of the first start.

{table}
"""


if __name__ == "__main__":
    sys.exit(main())
