"""What two networks' answers to the same pictures have in common, counted picture by picture."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.data import Classification, Detections, Prediction
from inference.lab.agreement.spaces import Common

FEW = 5              # labels of the overlap
OVERLAP = 0.5        # of two boxes that are one thing: PASCAL VOC's
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Of two networks that name the whole picture, over the labels that both have."""

    pictures: int
    same: int            # best label the same
    overlap: float       # of the best five, the share that both have; mean
    gap: float           # between the scores that they give to what each holds for best, 0..1; mean
    rank: float          # Spearman's correlation of all their scores, -1..1; mean


@dataclass(frozen=True, slots=True)
class BoxCounts:
    """Of two networks that find boxes, over the labels that both have."""

    pictures: int
    matched: int         # pairs of boxes of one label that overlap by half
    first: int           # boxes of the first
    second: int
    overlap: float       # mean, of the matched ones; 0 where there is none
    # By label: matched, of the first, of the second.
    classes: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Of all boxes those that have a partner: Dice's coefficient; 1 where neither found any."""
        return 2 * self.matched / (self.first + self.second) if self.first + self.second else 1.0


def scores_of(said: Classification, count: int) -> Floats:
    """All scores by their place in the list of labels, (count,)."""
    scores = np.zeros(count)
    scores[list(said.indices)] = said.scores
    return scores


class Labels:
    """Adds up what two classifiers say."""

    def __init__(self, common: Common, counts: tuple[int, int]) -> None:
        self._common, self._counts = common, counts
        self._pictures = self._same = 0
        self._overlap = self._gap = self._rank = 0.0

    def add(self, first: Classification, second: Classification) -> float:
        """Count a picture; how far apart they are, 0 the same, 1 as sure as can be of something else each."""
        self._pictures += 1
        if first.nothing and second.nothing:   # both see that there is none
            self._same += 1
            self._overlap += 1
            self._rank += 1
            return 0.0
        a = scores_of(first, self._counts[0])[self._common.first]
        b = scores_of(second, self._counts[1])[self._common.second]
        best_a, best_b = int(a.argmax()), int(b.argmax())
        same = bool(best_a == best_b and a[best_a] > 0 and b[best_b] > 0)
        few = min(FEW, len(a))
        self._same += same
        self._overlap += len(set(np.argsort(-a)[:few]) & set(np.argsort(-b)[:few])) / few
        self._gap += abs(float(a[best_a] - b[best_b]))
        self._rank += _spearman(a, b)
        return 0.0 if same else float(np.sqrt(a[best_a] * b[best_b]))

    def counts(self) -> LabelCounts:
        """What came together."""
        n = max(1, self._pictures)
        return LabelCounts(self._pictures, self._same, self._overlap / n, self._gap / n, self._rank / n)


def _spearman(a: Floats, b: Floats) -> float:
    """Correlation of ranks, ties sharing theirs (Spearman, 1904); 0 where one of them says the same of all."""
    from scipy.stats import rankdata  # 140 MB on the disk, half a second: only who compares pays

    ranks_a, ranks_b = rankdata(a) - (len(a) + 1) / 2, rankdata(b) - (len(b) + 1) / 2
    length = np.sqrt((ranks_a**2).sum() * (ranks_b**2).sum())
    return float(ranks_a @ ranks_b / length) if length else 0.0


class Boxes:
    """Adds up what two detectors find."""

    def __init__(self, common: Common, labels: tuple[str, ...]) -> None:
        """`labels`: of the first."""
        self._of_first = {int(place): i for i, place in enumerate(common.first)}
        self._of_second = {int(place): i for i, place in enumerate(common.second)}
        self._names = [labels[place] for place in common.first]
        self._pictures = 0
        self._overlap = 0.0
        self._matched, self._first, self._second = Counter[int](), Counter[int](), Counter[int]()

    def add(self, first: Detections, second: Detections) -> float:
        """Count a picture; how far apart they are, 0 the same boxes, 1 none in common."""
        a, b = _by_label(first, self._of_first), _by_label(second, self._of_second)
        self._pictures += 1
        matched = found = 0
        for label in a.keys() | b.keys():
            mine, other = a.get(label, _NONE), b.get(label, _NONE)
            overlaps = matches(mine, other)
            self._matched[label] += len(overlaps)
            self._first[label] += len(mine)
            self._second[label] += len(other)
            self._overlap += sum(overlaps)
            matched, found = matched + len(overlaps), found + len(mine) + len(other)
        return 1 - 2 * matched / found if found else 0.0

    def counts(self) -> BoxCounts:
        """What came together."""
        classes = {
            self._names[label]: (self._matched[label], self._first[label], self._second[label])
            for label in sorted(self._first.keys() | self._second.keys())
            if self._first[label] or self._second[label]
        }
        matched = self._matched.total()
        return BoxCounts(
            self._pictures, matched, self._first.total(), self._second.total(), self._overlap / max(1, matched), classes
        )


_NONE = np.zeros((0, 4))


def _by_label(said: Detections, places: dict[int, int]) -> dict[int, Floats]:
    """The boxes of each label that both have, the surest first."""
    found: dict[int, list[Floats]] = {}
    for box, place in zip(said.boxes, said.indices, strict=True):
        if place in places:
            found.setdefault(places[place], []).append(np.asarray(box, np.float64))
    return {label: np.stack(boxes) for label, boxes in found.items()}


def matches(first: Floats, second: Floats) -> list[float]:
    """How much the boxes that are one thing overlap (intersection over union), each with one partner at most.

    The surest of the first takes the best of those that are left, as PASCAL VOC's evaluation does. Boxes are
    (n, 4) x1 y1 x2 y2.
    """
    left = list(range(len(second)))
    found = []
    for box in first:
        if not left:
            break
        overlaps = _overlaps(box, second[left])
        best = int(overlaps.argmax())
        if overlaps[best] >= OVERLAP:
            found.append(float(overlaps[best]))
            del left[best]
    return found


def _overlaps(box: Floats, others: Floats) -> Floats:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    both = np.clip(sides, 0, None).prod(1)
    area, areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    union = area + areas - both
    return np.asarray(np.where(union > 0, both / np.where(union > 0, union, 1), 0.0))


class Flicker:
    """How often what one network says of a moving picture changes."""

    def __init__(self) -> None:
        self.changes = 0
        self._last: Counter[str] | None = None
        self._first_at = self._last_at = 0.0

    def add(self, said: Prediction, at: float) -> None:
        """Count a picture at `at`, s: another best label is one change, so is a box of a label more or fewer."""
        labels = Counter(said.labels[:1] if isinstance(said, Classification) else said.labels)
        if self._last is None:
            self._first_at = at
        elif isinstance(said, Classification):
            self.changes += labels != self._last
        else:
            self.changes += ((labels - self._last) + (self._last - labels)).total()
        self._last, self._last_at = labels, at

    @property
    def per_second(self) -> float | None:
        """Changes a second of the video; None before a second picture."""
        span = self._last_at - self._first_at
        return self.changes / span if span > 0 else None
