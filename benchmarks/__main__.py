"""Measure everything that README and BENCHMARKS.md claim, side by side in one run, and print the table."""

import argparse
import os
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.table import Row, machine, markdown

ROOT = Path(__file__).parents[1]
NAMES = ("preprocess", "paint", "start", "age", "idle", "turns", "views", "throughput", "slow_painter", "memory")
TABLES = ("threads", "peers", "clock", "recipes", "judged")   # minutes each, with a table of their own
PAGE = ROOT / "BENCHMARKS.md"


def main() -> int:
    """Run what was asked for; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES + TABLES, default=list(NAMES), help="measure only these")
    parser.add_argument("--quick", action="store_true", help="memory over 3 minutes instead of 10")
    parser.add_argument("--network", default="efficientnet-lite0", help="that threads, peers and clock run")
    parser.add_argument("--write", action="store_true", help="write BENCHMARKS.md, the parts that were measured")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LINEUP_CONFIG"] = folder
        rows, tables = _measure(chosen.only, 3 if chosen.quick else 10, chosen.network)
    parts = {"rows": markdown(rows)} if set(chosen.only) & set(NAMES) else {}
    parts |= tables
    about = f"{date.today():%d %B %Y}: {machine()}, Qt on {os.environ['QT_QPA_PLATFORM']}"
    print(f"\n{about}")
    for text in (markdown(rows), *tables.values()):
        print(f"\n{text}")
    if chosen.write:
        if set(chosen.only) & set(NAMES) and set(chosen.only) < set(NAMES):
            parts.pop("rows")   # a part of the rows is no table of them
        page = PAGE.read_text(encoding="utf-8")
        for name, text in parts.items():
            page = replaced(page, name, f"{about}\n\n{text}")
        PAGE.write_text(page, encoding="utf-8")
    return 0 if all(row.holds for row in rows) else 1


def replaced(page: str, name: str, text: str) -> str:
    """The page with the part between its marks `<!-- name -->` and `<!-- /name -->` made anew."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def _measure(names: list[str], minutes: float, network: str) -> tuple[list[Row], dict[str, str]]:
    from benchmarks import clock, judged, peers, pixels, recipes, start, threads, window
    from benchmarks.lab import application

    application()
    bench = window.Bench() if set(names) & {"age", "turns", "views", "throughput", "slow_painter", "memory"} else None
    work = {
        "preprocess": pixels.preprocess,
        "paint": pixels.paint,
        "start": start.start,
        "age": lambda: window.age(bench),
        "idle": window.idle,
        "turns": lambda: window.turns(bench),
        "views": lambda: window.views(bench),
        "throughput": lambda: window.throughput(bench),
        "slow_painter": lambda: window.slow_painter(bench),
        "memory": lambda: window.memory(bench, minutes),
    }
    made = {"threads": threads.threads, "peers": peers.peers, "clock": clock.clock, "recipes": recipes.recipes,
            "judged": judged.judged}   # fmt: skip
    rows: list[Row] = []
    tables: dict[str, str] = {}
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        if name in made:
            found, tables[name] = made[name](network)
        else:
            found = work[name]()
        for row in found:
            verdict = "holds" if row.holds else "misses"
            print(f"  {row.what}: {row.ours} ({row.bar}: {verdict})", file=sys.stderr, flush=True)
        rows += found
    return rows, tables


if __name__ == "__main__":
    sys.exit(main())
