"""How many answers were right: the best one, among the best five, of each class; and what was said instead."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference.lab.intervals import wilson

FEW = 5             # of the best, among which the right one counts as well
NOTHING = ""        # what is said where a network says that there is nothing
MOST_MIXED = 500    # pairs of classes that a report names


@dataclass(frozen=True, slots=True)
class Counts:
    """What came out of it."""

    right: int
    right5: int
    of_each: dict[str, tuple[int, int]]       # by class: right ones, of how many
    said: Counter[tuple[str, str]]            # (class, label that was best): how often
    seconds: float                            # of what was answered now
    answered: int                             # now; the others were known from before
    left_out: dict[str, int]                  # pictures of classes that the network has no label for
    unread: tuple[str, ...] = ()              # pictures that could not be read, and why

    @property
    def count(self) -> int:
        """How many pictures count."""
        return sum(count for _, count in self.of_each.values())

    @property
    def top1(self) -> float:
        """How many of them right, 0..1."""
        return self.right / max(1, self.count)

    @property
    def top5(self) -> float:
        """How many of them right among the best five, 0..1."""
        return self.right5 / max(1, self.count)

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares `top1` lies with 95 %."""
        return wilson(self.right, max(1, self.count))

    @property
    def per_second(self) -> float:
        """Pictures answered in a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def weakest(self) -> tuple[str, float]:
        """The class of which fewest are right, and the share of those; ("", 0) where there is none."""
        shares = [(right / count, name) for name, (right, count) in self.of_each.items() if count]
        return (min(shares)[1], min(shares)[0]) if shares else ("", 0.0)

    def mixed(self, most: int = MOST_MIXED) -> list[tuple[str, str, int]]:
        """(class, label that was said instead, how often), the most frequent first."""
        wrong = [(name, label, n) for (name, label), n in self.said.items() if name != label]
        return sorted(wrong, key=lambda row: (-row[2], row[:2]))[:most]

    def values(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        low, high = self.interval
        return {
            "count": self.count, "right": self.right, "top1": round(self.top1, 5), "top5": round(self.top5, 5),
            "interval95": [round(low, 5), round(high, 5)],
            "of_each": {name: list(found) for name, found in self.of_each.items()},
            "mixed": [list(row) for row in self.mixed()], "per_second": round(self.per_second, 1),
            "left_out": self.left_out, "unread": list(self.unread),
        }  # fmt: skip


def counted(
    truths: Sequence[int], answers: Sequence[tuple[int, ...]], classes: Sequence[str], places: Sequence[int],
    labels: Sequence[str],
) -> tuple[int, int, dict[str, tuple[int, int]], Counter[tuple[str, str]]]:  # fmt: skip
    """Count answers, each the best labels' places: right ones, right among the best five, of each class, what was said.

    `places` says where each class stands among the labels. Where a label is that of a class, it is called as that.
    """
    called = {place: name for place, name in zip(places, classes, strict=True) if place >= 0}
    right = right5 = 0
    of_each: dict[str, list[int]] = {}
    said: Counter[tuple[str, str]] = Counter()
    for truth, best in zip(truths, answers, strict=True):
        name, place = classes[truth], places[truth]
        row = of_each.setdefault(name, [0, 0])
        hit = best[:1] == (place,)
        row[0], row[1] = row[0] + hit, row[1] + 1
        right, right5 = right + hit, right5 + (place in best[:FEW])
        said[name, called.get(best[0], labels[best[0]]) if best else NOTHING] += 1
    return right, right5, {name: (row[0], row[1]) for name, row in of_each.items()}, said
