"""Published figures of networks, whether they are in the catalogue or not: what a chart sets one's own beside."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.card import Accuracy, ModelCard
from models.texts import read_text

FILE = Path(__file__).parent / "published.json"   # where its figures come from stands in it
LARGEST = 1_000_000   # bytes
IMAGENET, COCO = "ImageNet-1k", "COCO val2017"   # as cards have them
SAME_COST = 0.05      # of a cost: the same architecture, counted by somebody else


@dataclass(frozen=True, slots=True)
class Published:
    """A trained network, and what was published of it."""

    title: str
    zoo: str                # who published the figure
    accuracy: Accuracy
    gmacs: float            # 10^9 multiply-adds of one picture
    parameters: int
    bytes: int              # of its file


@cache
def published() -> tuple[Published, ...]:
    """Classifiers and detectors of torchvision, each with its recipe."""
    found = []
    for model, weights, figure, gmacs, parameters, size in json.loads(read_text(FILE, LARGEST))["rows"]:
        recipe = f"torchvision {model} {weights}"
        names = weights.startswith("IMAGENET1K")
        accuracy = Accuracy(IMAGENET, recipe, top1=figure) if names else Accuracy(COCO, recipe, ap=figure)
        found.append(Published(_title(model, weights), "torchvision", accuracy, gmacs, parameters, size))
    return tuple(found)


def _title(model: str, weights: str) -> str:
    """ResNet50 · V2 of ResNet50 and IMAGENET1K_V2: the first recipe is the one that is meant without a word."""
    version = weights.rpartition("_")[2]
    with_points = re.sub(r"(MNASNet|_X|_X_|_Y_)(\d)_(\d)", r"\1\2.\3", model)
    return with_points.replace("_", " ") + (f" · {version}" if version != "V1" else "")


def beside(cards: Iterable[ModelCard]) -> tuple[Published, ...]:
    """Those that none of these cards states already."""
    known = [
        (card.accuracy.dataset, card.accuracy.top1 or card.accuracy.ap, card.gmacs) for card in cards if card.accuracy
    ]
    return tuple(
        one for one in published()
        if not any(
            dataset == one.accuracy.dataset and round(figure, 1) == round(one.accuracy.top1 or one.accuracy.ap, 1)
            and abs(gmacs - one.gmacs) <= SAME_COST * one.gmacs for dataset, figure, gmacs in known
        )
    )  # fmt: skip
