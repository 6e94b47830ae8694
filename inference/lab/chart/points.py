"""What stands where in the chart of the talk, and which networks nothing cheaper is better than."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from inference.lab.accuracy.measured import Measured
from inference.lab.intervals import wilson
from inference.words import short_count, size_text
from models.card import ModelCard
from models.published import COCO, IMAGENET, Published


class Cost(NamedTuple):
    """A cost that can lie along the chart."""

    title: str      # of the axis, with its unit
    kind: str       # of its numbers: "count", "bytes" or "ms"


class Worth(NamedTuple):
    """What can be upwards."""

    title: str
    unit: str       # behind a number, with its space


COSTS = {
    "macs": Cost("Multiply-adds of one answer", "count"),
    "ms": Cost("Time of the network itself, on this machine now, median", "ms"),
    "bytes": Cost("File", "bytes"),
    "parameters": Cost("Parameters", "count"),
}
WORTHS = {
    "top1": Worth(f"Published top-1, {IMAGENET}", " %"),
    "ap": Worth(f"Published box AP, {COCO}", ""),
    "measured": Worth("Measured here, top-1", " %"),
    "agreement": Worth("The same best label as each other network, mean", " %"),
}
DATASETS = {"top1": IMAGENET, "ap": COCO}   # a figure of another set of pictures is another figure


@dataclass(frozen=True, slots=True)
class Subject:
    """A network that may stand in the chart."""

    title: str
    facts: Published
    key: str = ""        # of `network_key`, for what was measured; "": nothing can have been
    lane: int | None = None   # its number where it runs here
    names: bool = True   # whether it names whole pictures


@dataclass(frozen=True, slots=True)
class Point:
    """Where it stands."""

    subject: Subject
    x: float
    y: float
    words: str           # both, as people say them
    low: float = 0.0     # between these with 95 %, both 0: not known
    high: float = 0.0
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """All of it."""

    points: tuple[Point, ...]
    absent: tuple[tuple[str, str], ...] = field(default=())   # (a network that runs here, why it is not in the chart)


def subject_of(card: ModelCard, key: str = "", lane: int | None = None, title: str = "") -> Subject:
    """A network of the catalogue."""
    from models.card import Accuracy

    facts = Published(
        card.title, card.source, card.accuracy or Accuracy("", ""), card.gmacs, card.parameters, card.bytes
    )
    return Subject(title or card.title, facts, key, lane, card.task == "classify")


def chart_of(
    subjects: Sequence[Subject], cost: str, worth: str, times: Mapping[int, float], known: Measured
) -> Chart:
    """Place networks.

    Args:
        subjects: that may stand in it.
        cost: a key of COSTS.
        worth: a key of WORTHS.
        times: median ms of lanes, by their number.
        known: what was measured of this worth; nothing for published figures.
    """
    points, absent = [], []
    for one in subjects:
        x, y = _cost(one, cost, times), _worth(one, worth, known)
        if x > 0 and y is not None:
            points.append(_point(one, x, y, cost, worth, known))
        elif one.lane is not None:
            absent.append((one.title, _why(one, worth) if y is None else _why_no_cost(cost)))
    return Chart(tuple(points), tuple(absent))


def _cost(one: Subject, cost: str, times: Mapping[int, float]) -> float:
    facts = one.facts
    if cost == "ms":
        return times.get(one.lane, 0.0) if one.lane is not None else 0.0
    return {"macs": facts.gmacs * 1e9, "bytes": float(facts.bytes), "parameters": float(facts.parameters)}[cost]


def _worth(one: Subject, worth: str, known: Measured) -> float | None:
    """Per cent; None: not known."""
    if worth in DATASETS:
        stated = one.facts.accuracy
        figure = stated.top1 if worth == "top1" else stated.ap
        return figure if figure and stated.dataset == DATASETS[worth] else None
    right, count = known.right.get(one.key, (0, 0))
    return 100 * right / count if count else None


def _point(one: Subject, x: float, y: float, cost: str, worth: str, known: Measured) -> Point:
    unit, low, high = WORTHS[worth].unit, 0.0, 0.0
    if worth in DATASETS:
        told = f"{y:g}{unit or ' AP'} on {one.facts.accuracy.dataset}: {one.facts.accuracy.recipe}"
    elif worth == "measured":
        right, count = known.right[one.key]
        low, high = (100 * part for part in wilson(right, count))
        told = f"{right:,} of {count:,} right, with 95 % {low:.1f} to {high:.1f} %, on {known.title}"
    else:
        told = f"{y:.1f} % on {known.title}"
    facts = one.facts
    costs = f"{short_count(round(facts.gmacs * 1e9))} multiply-adds, {short_count(facts.parameters)} parameters"
    tip = f"{one.title}\n{told}\n{costs}, a file of {size_text(facts.bytes)}\n{facts.zoo}"
    return Point(one, x, y, f"{y:.1f}{unit} · {cost_text(x, COSTS[cost].kind)}", low, high, tip)


def _why(one: Subject, worth: str) -> str:
    stated = one.facts.accuracy
    if worth in DATASETS:
        figures = stated.top1 or stated.ap or stated.ap50
        return f"its figure is of {stated.dataset}" if figures else "no figure is published"
    return "not measured" if one.names else "it finds boxes"


def _why_no_cost(cost: str) -> str:
    return "it has not answered yet" if cost == "ms" else "its cost is not known"


def cost_text(value: float, kind: str) -> str:
    """A cost as people say it."""
    if kind == "bytes":
        return size_text(value)
    return f"{value:.1f} ms" if kind == "ms" else short_count(round(value))


def frontier(points: Sequence[tuple[float, float]]) -> list[int]:
    """Places of those that nothing as cheap or cheaper is as right as: the efficient frontier, the cheapest first.

    Args:
        points: (cost, worth) of each.
    """
    best, found = float("-inf"), []
    for i in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if points[i][1] > best:
            best = points[i][1]
            found.append(i)
    return found
