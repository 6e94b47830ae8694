"""What all detectors share: boxes before and after suppression, and the checks that outputs are what they seem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Outputs = Sequence[NDArray[Any]]   # in the order of the model's graph, as far as the backend keeps it
Floats = NDArray[np.float32]

MAX_CANDIDATES = 1000   # of more boxes than these, only the best go into suppression
MAX_BOXES = 100         # kept after suppression
SLACK = 0.01            # by which a score may leave 0..1: half precision rounds
LARGEST_LOG = 12.0      # exp of more than this is wider than any picture; keeps exp from overflowing


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before non-maximum suppression."""

    boxes: NDArray[np.float32]     # (n, 4) x1 y1 x2 y2, px of the network's input
    scores: NDArray[np.float32]    # (n,), 0..1
    classes: NDArray[np.intp]      # (n,), positions in the label list
    extra: NDArray[np.float32] | None = None   # (n, k), what else the network says of each: points, an angle


def suppress(found: Candidates, iou: float, most: int = MAX_BOXES) -> Candidates:
    """Non-maximum suppression class by class: of two boxes that overlap more than `iou`, the weaker goes.

    Returns:
        At most `most` boxes, best first; of equal scores the earlier one first.
    """
    order = np.argsort(-found.scores, kind="stable")
    boxes, classes = found.boxes[order], found.classes[order]
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    left = np.arange(len(order))
    kept: list[int] = []
    while left.size and len(kept) < most:
        first, left = left[0], left[1:]
        kept.append(int(first))
        corner = np.minimum(boxes[first, 2:], boxes[left, 2:]) - np.maximum(boxes[first, :2], boxes[left, :2])
        common = np.prod(np.maximum(corner, 0), axis=1)
        # common / union > iou, without dividing by the empty union of two boxes without area
        overlaps = common > iou * (areas[first] + areas[left] - common)
        left = left[~(overlaps & (classes[left] == classes[first]))]
    chosen = order[np.asarray(kept, np.intp)]
    extra = None if found.extra is None else found.extra[chosen]
    return Candidates(found.boxes[chosen], found.scores[chosen], found.classes[chosen], extra)


def rows_of(output: NDArray[Any], least_columns: int) -> Floats:
    """(1, n, columns) or (n, columns) as (n, columns), with at least one class behind the first columns."""
    if output.ndim == 3 and output.shape[0] == 1:
        output = output[0]
    if output.ndim != 2 or output.shape[1] <= least_columns:
        raise ValueError(f"rows of {output.shape}")
    return output.astype(np.float32, copy=False)


def boxes_first(outputs: Outputs, in_order: bool = False) -> tuple[Floats, Floats]:
    """The (n, 4) output and the (n, classes) one, whichever is first, unless they are `in_order`.

    Scores may stand in columns (1, classes, n), as PaddleDetection has them; boxes may be (1, n, 1, 4), as
    pytorch-YOLOv4 has them.
    """
    first, second = (o[:, :, 0] if o.ndim == 4 and o.shape[2] == 1 else o for o in outputs)   # ValueError unless two
    boxes, scores = (rows_of(o, 0) for o in (first, second))
    if boxes.shape[1] != 4 and not in_order:
        boxes, scores = scores, boxes
    if len(boxes) != len(scores) and scores.shape[1] == len(boxes):
        scores = np.ascontiguousarray(scores.T)
    if boxes.shape[1] != 4 or len(boxes) != len(scores):
        raise ValueError("no boxes with as many scores")
    return boxes, scores


def rows_output(outputs: Outputs) -> NDArray[Any]:
    """The first output that is a table of rows, (1, n, columns) or (n, columns): others beside it may be raw maps."""
    return next((o for o in outputs if o.ndim in (2, 3)), outputs[0])


def best(
    scores: Floats, options: Mapping[str, Any], least: float, objectness: Floats | None = None
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Of (n, classes): the rows whose best class reaches `least`, those scores, those classes.

    Where there is an objectness (n,), it multiplies; it is filtered first, as nearly all rows fail there.
    """
    check_classes(scores, options)
    rows = np.arange(len(scores)) if objectness is None else np.flatnonzero(objectness >= least)
    if objectness is not None:
        scores = scores[rows] * objectness[rows, None]
    classes = scores.argmax(axis=1)
    highest = scores[np.arange(len(scores)), classes]
    keep = highest >= least
    return rows[keep], highest[keep], classes[keep]


def check_classes(scores: Floats, options: Mapping[str, Any]) -> None:
    """(n, classes) must have as many columns as there are labels."""
    wanted = options.get("classes", scores.shape[1])
    if scores.shape[1] != wanted:
        raise ValueError(f"{scores.shape[1]} classes for {wanted} labels")


def check_range(classes: NDArray[np.intp], options: Mapping[str, Any]) -> None:
    """Class numbers must point into the label list."""
    if classes.size and (classes.min() < 0 or classes.max() >= options.get("classes", classes.max() + 1)):
        raise IndexError(f"classes {classes.min()}..{classes.max()} for {options.get('classes')} labels")


def corners(boxes: Floats) -> Floats:
    """(n, 4) cx cy w h → x1 y1 x2 y2."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def sides_of(height: int, width: int) -> Floats:
    """What turns relative x1 y1 x2 y2 into px."""
    return np.array([width, height, width, height], np.float32)


def sigmoid(x: NDArray[Any]) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x.astype(np.float32, copy=False), -60, 60))), np.float32)


def softmax(x: NDArray[Any]) -> Floats:
    """Over the last axis."""
    z = np.exp(x.astype(np.float32, copy=False) - x.max(axis=-1, keepdims=True))
    return np.asarray(z / z.sum(axis=-1, keepdims=True), np.float32)


def candidates(
    boxes: NDArray[Any], scores: NDArray[Any], classes: NDArray[np.intp], extra: NDArray[Any] | None = None
) -> Candidates:
    """The boxes that are numbers and have an area; of very many, the best. `extra` (n, k) goes with them.

    Raises:
        ValueError: a score is outside 0..1, or no box has its right edge right of the left one: these outputs are
            something else than the decoder takes them for.
    """
    if len(scores) and not -SLACK <= scores.min() <= scores.max() <= 1 + SLACK:   # so that NaN does not pass
        raise ValueError(f"scores from {scores.min():.3g} to {scores.max():.3g}, not within 0..1")
    keep = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    sides = boxes[keep, 2:4] - boxes[keep, :2]
    if len(sides) and (sides < 0).any(axis=1).all():
        raise ValueError("boxes whose right edge lies left of the left one")
    keep = keep[(sides > 0).all(axis=1)]
    if keep.size > MAX_CANDIDATES:
        keep = keep[np.sort(np.argpartition(-scores[keep], MAX_CANDIDATES)[:MAX_CANDIDATES])]
    kept = np.clip(scores[keep].astype(np.float32), 0, 1)
    beside = None if extra is None else extra[keep].astype(np.float32)
    return Candidates(boxes[keep].astype(np.float32), kept, classes[keep], beside)
