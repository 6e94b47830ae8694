"""A comparison in words: names, a matrix and a table of pairs for a terminal, plain values for JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from inference.lab.agreement.figures import BoxCounts, LabelCounts
from inference.lab.agreement.report import Disagreement, Pair, Report
from inference.terminal import table

CLASSES = 5   # labels on which two detectors differ most, that are named
LABELS = "Best label the same: of the labels that both have, the one that each holds for best."
BOXES = "Boxes with a partner: one of the other's of the same label that overlaps by half."


def names(report: Report) -> tuple[str, ...]:
    """A name for each network: its title, and what it ran on where there are two of that title."""
    count = Counter(one.title for one in report.networks)
    named = [f"{one.title}, {one.backend}" if count[one.title] > 1 else one.title for one in report.networks]
    made: list[str] = []
    for name in named:
        again, whole = 2, name
        while whole in made:
            whole, again = f"{name} ({again})", again + 1
        made.append(whole)
    return tuple(made)


def cell(pair: Pair | None) -> str:
    """What stands in the matrix: "81 %", or "–" where the two cannot be compared."""
    share = pair.agreement if pair else None
    return "–" if share is None else f"{100 * share:.1f} %"


def label_facts(counts: LabelCounts) -> tuple[str, ...]:
    """Of two classifiers: how many of the best five are the same, the gap, the correlation."""
    return f"{100 * counts.overlap:.0f} %", f"{counts.gap:.3f}", f"{counts.rank:+.3f}"


def box_facts(counts: BoxCounts) -> tuple[str, ...]:
    """Of two detectors: how many boxes of how many, how far they overlap."""
    return f"{counts.matched} of {counts.first} and {counts.second}", f"{counts.overlap:.2f}"


def worst_classes(counts: BoxCounts, most: int = CLASSES) -> list[tuple[str, tuple[int, int, int]]]:
    """The labels with most boxes that have no partner."""
    alone = sorted(counts.classes.items(), key=lambda item: 2 * item[1][0] - item[1][1] - item[1][2])
    return [(label, found) for label, found in alone[:most] if 2 * found[0] < found[1] + found[2]]


def span_text(report: Report) -> str:
    """How much was looked at: "200 pictures of street.mp4"."""
    return f"{report.pictures:,} picture{'s' if report.pictures != 1 else ''} of {report.source}"


def moment(one: Disagreement) -> str:
    """When a picture is: "frame.jpg", or "street.mp4, frame 210 (7.0 s)"."""
    return one.name if one.at is None else f"{one.name} ({one.at:.1f} s)"


def text_of_report(report: Report) -> str:
    """All figures, for a terminal."""
    called = names(report)
    parts = [f"On {span_text(report)}."]
    for task, about in (("classify", LABELS), ("detect", BOXES)):
        places = [i for i, one in enumerate(report.networks) if one.task == task]
        if len(places) < 2:
            continue
        parts.append(f"{about}\n{_matrix(report, called, places)}")
        parts.append(_pairs(report, called, places))
    flicker = [
        (called[i], f"{one.flicker:.2f}") for i, one in enumerate(report.networks) if one.flicker is not None
    ]
    if flicker:
        parts.append(f"{flicker_about(report)}\n{table([('NETWORK', 'CHANGES A SECOND'), *flicker], right=(1,))}")
    if report.apart:
        rows = [("APART", "PICTURE", *called)]
        rows += [(f"{one.apart:.2f}", moment(one), *one.said) for one in report.apart[:CLASSES]]
        parts.append(f"They differ most on\n{table(rows, right=(0,))}")
    return "\n\n".join([*filter(None, parts), "\n".join(not_compared(report, called))]).strip()


def flicker_about(report: Report) -> str:
    """What is counted as a change, and how far apart the pictures were."""
    apart = (report.seconds or 0.0) / max(1, report.pictures - 1)
    return f"Another best label, or a box of a label more or fewer, in pictures {apart:.2g} s apart."


def not_compared(report: Report, called: Sequence[str]) -> list[str]:
    """Which networks have nothing to be compared by, a sentence each."""
    told = []
    if len({one.task for one in report.networks}) > 1:
        told.append("Networks that name the picture and networks that find boxes are not compared with each other.")
    for pair in report.pairs:
        alike = report.networks[pair.first].task == report.networks[pair.second].task
        if alike and pair.labels is None and pair.boxes is None:
            told.append(f"{called[pair.first]} and {called[pair.second]} cannot be compared: {pair.how}.")
    return told


def _matrix(report: Report, called: Sequence[str], places: Sequence[int]) -> str:
    rows = [("", *(f"{i + 1}" for i in places))]
    for i in places:
        rows.append((f"{i + 1}  {called[i]}", *("" if i == j else cell(report.pair(i, j)) for j in places)))
    return table(rows, right=tuple(range(1, len(places) + 1)))


def _pairs(report: Report, called: Sequence[str], places: Sequence[int]) -> str:
    rows: list[tuple[str, ...]] = []
    for pair in report.pairs:
        if pair.first not in places or (pair.labels is None and pair.boxes is None):
            continue
        both = f"{called[pair.first]} – {called[pair.second]}"
        if pair.labels and pair.interval:
            low, high = pair.interval
            between = f"{100 * low:.1f} – {100 * high:.1f} %"
            rows.append((both, cell(pair), between, *label_facts(pair.labels), pair.how))
        elif pair.boxes:
            worst = ", ".join(f"{label} {f[0]} of {f[1]}/{f[2]}" for label, f in worst_classes(pair.boxes))
            rows.append((both, cell(pair), *box_facts(pair.boxes), worst or "–", pair.how))
    if not rows:
        return ""
    heads = {
        7: ("PAIR", "SAME", "95 % BETWEEN", "OF 5", "GAP", "RANKS", "LABELS"),
        6: ("PAIR", "PARTNERS", "BOXES", "OVERLAP", "MOST WITHOUT", "LABELS"),
    }
    return table([heads[len(rows[0])], *rows], right=(1, 3, 4, 5) if len(rows[0]) == 7 else (1, 3))


def values(report: Report) -> dict[str, Any]:
    """As plain values, for JSON; the pictures are left out."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    for pair, plain in zip(report.pairs, found["pairs"], strict=True):
        plain["agreement"] = pair.agreement
        plain["interval95"] = list(pair.interval) if pair.interval else None
    for one in found["apart"]:
        del one["picture"]
    return found


def pair_sentence(report: Report, first: int, second: int) -> str:
    """All that is known of two networks, in sentences."""
    pair, called = report.pair(first, second), names(report)
    if pair is None:
        return ""
    both = f"{called[pair.first]} and {called[pair.second]}"
    if pair.labels and pair.interval:
        counts, (low, high) = pair.labels, pair.interval
        return (
            f"{both}: the same best label on {counts.same} of {counts.pictures} pictures, with 95 % {100 * low:.0f} to "
            f"{100 * high:.0f} %. Of the best five they share {100 * counts.overlap:.0f} %, the scores of the best lie "
            f"{counts.gap:.2f} apart, their order of all labels correlates by {counts.rank:+.2f}. Labels: {pair.how}."
        )
    if pair.boxes:
        found = pair.boxes
        worst = ", ".join(f"{label} {f[0]} of {f[1]} and {f[2]}" for label, f in worst_classes(found))
        return (
            f"{both}: {found.matched} boxes with a partner, of {found.first} and {found.second}; these overlap by "
            f"{found.overlap:.2f}. {f'Most without: {worst}. ' if worst else ''}Labels: {pair.how}."
        )
    return f"{both} cannot be compared: {pair.how}."
