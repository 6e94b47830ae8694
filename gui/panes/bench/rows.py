"""What the board shows of a bench, while it goes on and when it is over: plain values, no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from inference.lab.bench.plan import SHOWN
from inference.lab.bench.report import Figure
from inference.lab.bench.words import inverse, names

if TYPE_CHECKING:
    from inference.lab.bench.report import Report
    from inference.lab.bench.running import Progress



@dataclass(frozen=True, slots=True)
class Row:
    """One network."""

    name: str
    warm: Figure | None              # median latency, ms; without an interval while it goes on
    cold: float | None
    rounds: tuple[float, ...]        # ms, the last SHOWN
    part: float                      # 0..1 of the rounds that are done
    tax: float | None = None         # all at once / alone
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """The first is so many times as fast as the second."""

    times: Figure
    told: bool   # false: they are not told apart, or not yet


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, and what there is to say of two of them, by their places."""

    rows: tuple[Row, ...] = ()
    pairs: dict[tuple[int, int], Pair] = field(default_factory=dict)
    taxes: dict[tuple[int, int | None], Figure] = field(default_factory=dict)   # None: beside all others at once
    done: bool = False


def of_progress(progress: "Progress", wanted: int) -> Table:
    """What is known while it goes on: medians without intervals."""
    rows = tuple(
        Row(
            one.title, Figure(median(one.warm)) if one.warm else None, median(one.cold) if one.cold else None,
            one.warm, min(1.0, len(one.warm) / max(1, min(wanted, SHOWN))), None, one.trouble,
        )
        for one in progress.so_far
    )  # fmt: skip
    pairs = {}
    for i, first in enumerate(progress.so_far):
        for j, second in enumerate(progress.so_far):
            if i != j and (both := min(len(first.warm), len(second.warm))):
                each = [b / a for a, b in zip(first.warm[:both], second.warm[:both], strict=True)]
                pairs[i, j] = Pair(Figure(median(each)), told=False)
    return Table(rows, pairs)


def of_report(report: "Report") -> Table:
    """What came of it."""
    taxes: dict[tuple[int, int | None], Figure] = {}
    measured = {lane for one in report.together for lane in one.lanes}
    for one in report.together:
        for at, lane in enumerate(one.lanes):
            if len(one.lanes) == 2:
                taxes[lane, one.lanes[1 - at]] = one.tax[at]
            if len(one.lanes) == len(measured):
                taxes[lane, None] = one.tax[at]
    pairs = {}
    for ratio in report.ratios:
        pairs[ratio.second, ratio.first] = Pair(ratio.warm, ratio.warm.told)
        pairs[ratio.first, ratio.second] = Pair(inverse(ratio.warm), ratio.warm.told)
    rows = []
    for i, (each, name) in enumerate(zip(report.contenders, names(report), strict=True)):
        all_at_once = taxes.get((i, None))
        rounds = [ms for ms in each.warm.rounds if ms] if each.warm else []
        rows.append(Row(
            name, each.warm.latency.p50 if each.warm else None, each.cold.latency.p50.value if each.cold else None,
            tuple(rounds[-SHOWN:]), 1.0, all_at_once.value if all_at_once else None, each.trouble,
        ))  # fmt: skip
    return Table(tuple(rows), pairs, taxes, done=True)


def fastest(rows: Sequence[Row]) -> int | None:
    """The place of the one with the least time."""
    known = [(row.warm.value, i) for i, row in enumerate(rows) if row.warm]
    return min(known)[1] if known else None
