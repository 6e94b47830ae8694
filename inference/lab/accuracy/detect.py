"""How right detectors are: mean average precision, as COCO's own evaluation counts it (pycocotools)."""

import contextlib
import io
from dataclasses import dataclass
from math import nan
from threading import Event
from typing import Any

import numpy as np

from inference.errors import LabError
from inference.lab.accuracy.answering import Answering, Tell, by_one, gathered
from inference.lab.accuracy.boxed import Boxed
from inference.lab.accuracy.journal import Answers, Journal
from inference.lab.agreement.spaces import places_of
from inference.recogniser import Recogniser

FIGURES = ("map", "ap50", "ap75", "small", "medium", "large")   # the first six that COCOeval says


@dataclass(frozen=True, slots=True)
class Precision:
    """What came out of it; -1 where nothing of that kind is known, as COCO says it."""

    figures: dict[str, float]                  # FIGURES: map is over overlaps from 0.5 to 0.95
    of_each: dict[str, float]                  # average precision of each class, from 0.5 to 0.95
    pictures: int
    boxes: int                                 # that are known, of the classes that count
    seconds: float
    answered: int
    left_out: dict[str, int]                   # boxes of classes that the network has no label for
    unread: tuple[str, ...]

    @property
    def per_second(self) -> float:
        """Pictures answered in a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def values(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            **{name: round(value, 5) for name, value in self.figures.items()}, "pictures": self.pictures,
            "boxes": self.boxes, "of_each": {name: round(value, 5) for name, value in self.of_each.items()},
            "per_second": round(self.per_second, 1), "left_out": self.left_out, "unread": list(self.unread),
        }  # fmt: skip


def evaluate_boxes(
    network: Recogniser, data: Boxed, tell: Tell, cancelled: Event, journal: Journal | None = None,
    known: Answers | None = None, answering: Answering | None = None,
) -> Precision:  # fmt: skip
    """Let a detector look at every picture of a set; its boxes from CONFIDENCE on, its own overlap suppressed.

    As `run.evaluate`, of boxes. Classes are found among the network's labels by name.

    Raises:
        LabError: it names whole pictures, has a label for none of the classes, or cannot be run.
        Cancelled: `cancelled` was set; what was answered is in the journal.
    """
    if network.card.task != "detect":
        raise LabError(
            f"{network.card.title} names the whole picture; {data.title} has boxes.", "Choose networks that find boxes."
        )
    numbers = list(data.categories)
    places = places_of([data.categories[number] for number in numbers], network.labels)
    category = {place: number for number, place in zip(numbers, places, strict=True) if place >= 0}
    if not category:
        raise LabError(
            f"{network.card.title} has a label for none of the {len(numbers)} classes of {data.title}.",
            "Call the classes as the network's list does, or choose another network.",
        )
    answers, unread, seconds, fresh = gathered(
        answering or by_one(network, data), range(len(data)), network.card.title, tell, cancelled, journal, known
    )
    figures, of_each, boxes = average_precision(data, answers, category, [i for i in range(len(data)) if i in answers])
    left: dict[str, int] = {}
    for one in data.known["annotations"]:
        if one["category_id"] not in category.values():
            name = data.categories[one["category_id"]]
            left[name] = left.get(name, 0) + 1
    return Precision(figures, of_each, len(answers), boxes, seconds, fresh, left, tuple(unread.values()))


def average_precision(
    data: Boxed, answers: Answers, category: dict[int, int], there: list[int]
) -> tuple[dict[str, float], dict[str, float], int]:
    """COCO's figures, those of each class, and how many boxes are known of the classes that count.

    Args:
        data: the pictures and their boxes.
        answers: boxes by the picture's number, as `journal.boxes` has them.
        category: COCO's number of each label that counts, by the label's place.
        there: numbers of the pictures that count.
    """
    from pycocotools.coco import COCO  # only who evaluates pays
    from pycocotools.cocoeval import COCOeval

    said = [
        {"image_id": data.ids[i], "category_id": category[int(place)], "bbox": [x1, y1, x2 - x1, y2 - y1],
         "score": score}
        for i in there for x1, y1, x2, y2, score, place in answers[i] if int(place) in category
    ]  # fmt: skip
    counted = sorted(set(category.values()))
    images = {data.ids[i] for i in there}
    boxes = sum(
        one["image_id"] in images and one["category_id"] in category.values() and not one["iscrowd"]
        for one in data.known["annotations"]
    )
    if not said:   # the library takes no empty list
        none = 0.0 if boxes else -1.0
        return dict.fromkeys(FIGURES, none), {data.categories[number]: none for number in counted}, boxes
    with contextlib.redirect_stdout(io.StringIO()):   # it talks
        truth = COCO()
        truth.dataset = data.known
        truth.createIndex()
        made = COCOeval(truth, truth.loadRes(said), "bbox")
        made.params.imgIds, made.params.catIds = sorted(images), counted
        made.evaluate()
        made.accumulate()
        made.summarize()
    precision = made.eval["precision"][:, :, :, 0, -1]   # (overlaps, recalls, classes), all sizes, 100 boxes
    of_each = {}
    for k, number in enumerate(counted):
        known = precision[:, :, k][precision[:, :, k] > -1]
        of_each[data.categories[number]] = float(np.mean(known)) if known.size else nan
    found = {name: value for name, value in of_each.items() if value == value}
    return dict(zip(FIGURES, map(float, made.stats[:6]), strict=True)), found, boxes
