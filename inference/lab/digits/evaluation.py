"""How right networks are on digits that are labelled, and what an answer costs: the figures of the chart."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.data import Ask, Frame
from inference.errors import Cancelled, LabError
from inference.lab.digits.sets import DigitSet
from inference.lab.intervals import wilson
from inference.recogniser import Recogniser
from models.texts import plain

KINDS = 10
EVERY = 200          # digits between two words of progress

# (how many are done of how many)
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What came out of it."""

    right: int
    confusion: NDArray[np.int64]   # (10, 10): how often the digit of this row was answered with the one of this column
    seconds: float                 # of all answers, preprocessing and reading included

    @property
    def count(self) -> int:
        """How many digits were answered."""
        return int(self.confusion.sum())

    @property
    def top1(self) -> float:
        """How many of them right, 0..1."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares `top1` lies with 95 %."""
        return wilson(self.right, self.count)

    @property
    def per_second(self) -> float:
        """Digits answered in a second."""
        return self.count / self.seconds

    @property
    def of_each(self) -> tuple[float, ...]:
        """Of each digit, 0 to 9, how many were right, 0..1; 0 where there was none."""
        return tuple(float(row[i] / max(1, row.sum())) for i, row in enumerate(self.confusion))

    def values(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        low, high = self.interval
        return {
            "count": self.count, "right": self.right, "top1": round(self.top1, 5),
            "interval95": [round(low, 5), round(high, 5)], "of_each": [round(share, 5) for share in self.of_each],
            "confusion": self.confusion.tolist(), "per_second": round(self.per_second, 1),
        }  # fmt: skip


def evaluate(network: Recogniser, digits: DigitSet, tell: Tell, cancelled: Event) -> Evaluation:
    """Let a network answer every digit of a set, as it would answer a picture.

    Raises:
        LabError: it has other labels than the ten digits, or cannot be run.
        Cancelled: `cancelled` was set.
    """
    if network.labels != tuple(map(str, range(KINDS))):
        raise LabError(
            f"{network.card.title} does not answer with digits: its first label is {plain(network.labels[0], 40)!r}.",
            "Choose networks that read digits: --models digits.",
        )
    ask, confusion = Ask(topk=1), np.zeros((KINDS, KINDS), np.int64)
    began = perf_counter()
    for i, picture in enumerate(digits.pictures):
        if i % EVERY == 0:
            tell(i, len(digits))
            if cancelled.is_set():
                raise Cancelled(network.card.title)
        pixels = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        said = network(Frame(pixels, i, perf_counter(), alone=True), ask).prediction
        if said.indices:   # an empty picture has no answer, which is as wrong as another digit
            confusion[digits.labels[i], said.indices[0]] += 1
        else:
            confusion[digits.labels[i], (digits.labels[i] + 1) % KINDS] += 1
    tell(len(digits), len(digits))
    return Evaluation(int(np.trace(confusion)), confusion, perf_counter() - began)
