"""Which list of labels a model of the user's own gets: its own, else a built-in one that cannot be another's."""

import ast
import json
from collections.abc import Mapping

from models.card import DIGITS, InputSpec
from models.texts import plain

DETECTORS = {20: "voc_20.txt", 80: "coco_80.txt", 90: "coco_90.txt"}
CLASSIFIERS = {1000: "imagenet_1000.txt", 1001: "imagenet_1001.txt"}
SMALL, TINY = 64, 32   # px: of the pictures of digits, and of CIFAR-10
LONGEST_LABEL = 200    # letters
LARGEST_NAMES = 1_000_000


def named_labels(said: Mapping[str, str]) -> tuple[str, ...]:
    """The labels in a file's metadata, in whichever way they are written: as Python or JSON, a list or numbered.

    {0: 'person', …}, {"0": "person", …}, ['person', …]; where the keys are numbers they are sorted as such.
    """
    text = next((said[key] for key in ("names", "labels", "classes", "id2label", "class_names") if said.get(key)), "")
    return labels_in(text)


def labels_in(text: str) -> tuple[str, ...]:
    """The labels in a text that holds a list, or a dictionary by number; () where it holds nothing of the kind."""
    if not text or len(text) > LARGEST_NAMES:
        return ()
    try:
        try:
            found = ast.literal_eval(text)   # literals only: nothing is run
        except (ValueError, SyntaxError):
            found = json.loads(text)
        return ordered(found)
    # Keys that cannot be keys, numbers that cannot be written, lists in lists: no labels, then.
    except (ArithmeticError, TypeError, ValueError, SyntaxError, MemoryError, RecursionError):
        return ()


def ordered(found: object) -> tuple[str, ...]:
    """Labels of a list or of a dictionary by number, made harmless.

    Raises:
        TypeError, ValueError: a key or a value cannot be written.
    """
    if isinstance(found, dict):
        numbered = all(isinstance(key, int) or (isinstance(key, str) and key.strip().isdecimal()) for key in found)
        found = [found[key] for key in sorted(found, key=(lambda key: int(key)) if numbered else str)]
    return tuple(plain(str(label), LONGEST_LABEL) for label in found) if isinstance(found, list) else ()


def built_in_labels(classes: int, spec: InputSpec, task: str, decoder: str) -> str:
    """The built-in list with as many labels; "" where there is none that fits the kind of network."""
    if task == "detect":
        few = {"end-to-end": "coco_80.txt", "boxes-labels": "coco_80.txt"}
        return DETECTORS.get(classes, "") if classes else few.get(decoder, "coco_90.txt")
    if classes == 10 and max(spec.size) <= SMALL:
        return DIGITS if spec.order == "GRAY" else "cifar10.txt" if max(spec.size) <= TINY else ""
    return CLASSIFIERS.get(classes, "") if spec.order != "GRAY" and min(spec.size) > SMALL else ""
