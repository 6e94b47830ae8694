"""Network outputs to predictions. Pure functions, one per output convention, in two tables.

A decoder that gets outputs of another form raises ValueError, IndexError or KeyError; the recogniser turns
that into a sentence with the names and the shapes. Backends may order outputs differently, so decoders with
several outputs know them by their shape (and, where shapes agree, by what they hold), not by their place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.anchors import grids, ssd_anchors
from inference.data import Classification

Outputs = Sequence[NDArray[Any]]   # in the order of the model's graph, as far as the backend keeps it
Floats = NDArray[np.float32]

MAX_CANDIDATES = 1000   # of more boxes than these, only the best go into suppression
MAX_BOXES = 100         # kept after suppression
LARGEST_LOG = 12.0      # exp of more than this is wider than any picture; keeps exp from overflowing


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before non-maximum suppression."""

    boxes: NDArray[np.float32]     # (n, 4) x1 y1 x2 y2, px of the network's input
    scores: NDArray[np.float32]    # (n,), 0..1
    classes: NDArray[np.intp]      # (n,), positions in the label list


# outputs, options of the card → probabilities (classes,), float32, 0..1
Classifier = Callable[[Outputs, Mapping[str, Any]], NDArray[np.float32]]
# outputs, options of the card, (height, width) of the input, least score → boxes worth keeping.
# The recogniser adds the option "classes": the length of the label list.
Detector = Callable[[Outputs, Mapping[str, Any], tuple[int, int], float], Candidates]


# ---- one answer a picture ----


def softmax(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Logits of any shape with one value a class.

    Raises:
        ValueError: a logit is not a number.
    """
    del options
    z = outputs[0].reshape(-1).astype(np.float32)
    if not np.isfinite(z).all():
        raise ValueError("logits that are not numbers")
    z = np.exp(z - z.max())
    return np.asarray(z / z.sum(), np.float32)


def probabilities(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Probabilities of any shape with one value a class.

    Raises:
        ValueError: they are not within 0..1.
    """
    del options
    p = outputs[0].reshape(-1).astype(np.float32)
    # A little slack for half precision. Written so that NaN does not pass, which is the largest of all to numpy.
    if not -0.01 <= p.max() <= 1.01:
        raise ValueError("probabilities outside 0..1")
    return p


def quantised(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Probabilities in 8 bits, one a class: p = v * `scale`, 1/256 unless the card says otherwise.

    Raises:
        ValueError: the output is not uint8.
    """
    if outputs[0].dtype != np.uint8:
        raise ValueError("probabilities that are not uint8")
    scale = float(options.get("scale", 1 / 256))
    return np.asarray(outputs[0].reshape(-1) * np.float32(scale), np.float32)


def top_k(scores: Floats, labels: tuple[str, ...], k: int) -> Classification:
    """The k best of (classes,) scores, best first; of equal ones the last in the list, as golden answers have it."""
    k = max(0, min(k, scores.size))
    # Sorting only what can be among the best is several times quicker than sorting all of a thousand classes.
    least = np.partition(scores, -k)[-k] if k else np.inf
    chosen = np.flatnonzero(scores >= least)
    best = chosen[np.argsort(scores[chosen], kind="stable")[::-1][:k]]
    return Classification(tuple(labels[i] for i in best), scores[best], tuple(int(i) for i in best))


# ---- boxes ----


def boxes_scores(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Decoded boxes cx cy w h relative to the input, 0..1, and scores.

    Two outputs, (1, n, 4) and (1, n, classes); or one, (1, n, 5 + classes): cx cy w h, objectness, classes,
    where a class scores objectness * class. The form of this program's Darknet reader.
    """
    height, width = size
    if len(outputs) == 1:
        rows = _rows(outputs[0], 5)
        keep, scores, classes = _best(rows[:, 5:], options, least, rows[:, 4])
        boxes = rows[keep, :4]
    else:
        boxes, every = _boxes_first(outputs)
        keep, scores, classes = _best(every, options, least)
        boxes = boxes[keep]
    return _candidates(_corners(boxes) * _sides(height, width), scores, classes)


def yolox(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, n, 5 + classes) over the grids of strides 8, 16, 32 (option `strides`), sigmoids inside.

    Centre = (xy + cell) * stride, sides = exp(wh) * stride, score = objectness * class; as `demo_postprocess`
    of the YOLOX repository has it.
    """
    rows = _rows(outputs[0], 5)
    cells, strides = grids(size, tuple(options.get("strides", (8, 16, 32))))
    if len(rows) != len(cells):
        raise ValueError(f"{len(rows)} rows for {len(cells)} cells")
    keep, scores, classes = _best(rows[:, 5:], options, least, rows[:, 4])
    raw, step = rows[keep, :4], strides[keep, None]
    centre = (raw[:, :2] + cells[keep]) * step
    sides = np.exp(np.minimum(raw[:, 2:], LARGEST_LOG)) * step
    return _candidates(_corners(np.hstack([centre, sides])), scores, classes)


def yolov5(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, n, 5 + classes): cx cy w h in px of the input, objectness, classes; score = objectness * class."""
    del size
    rows = _rows(outputs[0], 5)
    keep, scores, classes = _best(rows[:, 5:], options, least, rows[:, 4])
    return _candidates(_corners(rows[keep, :4]), scores, classes)


def yolov8(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, 4 + classes, n): cx cy w h in px of the input, then one score a class; channels first."""
    del size
    rows = _rows(outputs[0].swapaxes(-1, -2), 4)
    keep, scores, classes = _best(rows[:, 4:], options, least)
    return _candidates(_corners(rows[keep, :4]), scores, classes)


def ssd_raw(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Box encodings (1, 1917, 4) ty tx th tw and sigmoid scores (1, 1917, 1 + classes), background first.

    The heads of the TensorFlow Object Detection API; the anchors are those of SSD MobileNet v1. Options:
    `maps` (sides of the feature maps), `scales` (smallest, largest), `variances`, and `anchor_step` where
    the network holds its anchors in 8 bits.
    """
    height, width = size
    codes, every = _boxes_first(outputs)
    anchors = ssd_anchors(
        tuple(options.get("maps", (19, 10, 5, 3, 2, 1))),
        tuple(options.get("scales", (0.2, 0.95))),
        float(options.get("anchor_step", 0.0)),
    )
    if len(codes) != len(anchors):
        raise ValueError(f"{len(codes)} boxes for {len(anchors)} anchors")
    keep, scores, classes = _best(every[:, 1:], options, least)
    yc, xc, h, w = anchors[keep].T
    ty, tx, th, tw = (codes[keep] / np.asarray(options.get("variances", (10, 10, 5, 5)), np.float32)).T
    sides = [w * np.exp(np.minimum(tw, LARGEST_LOG)), h * np.exp(np.minimum(th, LARGEST_LOG))]
    boxes = _corners(np.stack([tx * w + xc, ty * h + yc, *sides], axis=-1))
    return _candidates(boxes * _sides(height, width), scores, classes)


def ssd_nms(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Boxes (1, n, 4) y1 x1 y2 x2 relative, classes (1, n) from 0, scores (1, n), count (1,); suppressed.

    The outputs of TFLite_Detection_PostProcess, in any order: boxes and count are known by their shape; of
    the other two the classes are the one with whole numbers only. Both are whole only if nothing was found or
    every score is exactly 1; then the larger are the classes, and of equals the first, as in the graph.
    """
    height, width = size
    boxes = next((o[0] for o in outputs if o.ndim == 3 and o.shape[-1] == 4), None)
    count = next((o for o in outputs if o.ndim < 2 and o.size == 1), None)
    pair = [o[0] for o in outputs if o.ndim == 2]
    if boxes is None or count is None or len(pair) != 2 or any(o.shape != boxes.shape[:1] for o in pair):
        raise ValueError("not boxes, classes, scores and count")
    n = min(len(boxes), max(0, int(count.reshape(-1)[0])))
    first, second = (o[:n].astype(np.float32) for o in pair)
    whole = [bool((o == np.floor(o)).all()) for o in (first, second)]
    swapped = (whole == [False, True]) or (whole == [True, True] and n > 0 and second.max() > 1)
    classes, scores = (second, first) if swapped else (first, second)
    keep = np.flatnonzero(scores >= least)
    found = classes[keep].astype(np.intp)
    _check_range(found, options)
    corners = boxes[keep][:, [1, 0, 3, 2]].astype(np.float32)
    return _candidates(corners * _sides(height, width), scores[keep], found)


def ssd_caffe(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """(1, 1, n, 7): picture, class, score, x1 y1 x2 y2 relative; the DetectionOutput of Caffe's SSD.

    Classes count from `first_class`, 1 unless the card says otherwise (0 is the background).
    """
    if outputs[0].ndim != 4 or outputs[0].shape[-1] != 7:
        raise ValueError("not (1, 1, n, 7)")
    rows = outputs[0].reshape(-1, 7).astype(np.float32)
    # Picture -1: nothing was found. Score 0: a row that fills up to a fixed number.
    rows = rows[(rows[:, 0] >= 0) & (rows[:, 2] > 0) & (rows[:, 2] >= least)]
    classes = rows[:, 1].astype(np.intp) - int(options.get("first_class", 1))
    _check_range(classes, options)
    return _candidates(rows[:, 3:] * _sides(*size), rows[:, 2], classes)


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
        best, left = left[0], left[1:]
        kept.append(int(best))
        corner = np.minimum(boxes[best, 2:], boxes[left, 2:]) - np.maximum(boxes[best, :2], boxes[left, :2])
        common = np.prod(np.maximum(corner, 0), axis=1)
        # common / union > iou, without dividing by the empty union of two boxes without area
        overlaps = common > iou * (areas[best] + areas[left] - common)
        left = left[~(overlaps & (classes[left] == classes[best]))]
    chosen = order[np.asarray(kept, np.intp)]
    return Candidates(found.boxes[chosen], found.scores[chosen], found.classes[chosen])


def _rows(output: NDArray[Any], least_columns: int) -> Floats:
    """(1, n, columns) or (n, columns) as (n, columns), with at least one class behind the first columns."""
    if output.ndim == 3 and output.shape[0] == 1:
        output = output[0]
    if output.ndim != 2 or output.shape[1] <= least_columns:
        raise ValueError(f"rows of {output.shape}")
    return output.astype(np.float32, copy=False)


def _boxes_first(outputs: Outputs) -> tuple[Floats, Floats]:
    """The (n, 4) output and the other one, whichever is first; with four classes, the order of the graph."""
    first, second = (_rows(o, 0) for o in outputs)   # ValueError unless there are two
    if first.shape[1] != 4:
        first, second = second, first
    if first.shape[1] != 4 or len(first) != len(second):
        raise ValueError("no boxes with as many scores")
    return first, second


def _best(
    scores: Floats, options: Mapping[str, Any], least: float, objectness: Floats | None = None
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Of (n, classes): the rows whose best class reaches `least`, those scores, those classes.

    Where there is an objectness (n,), it multiplies; it is filtered first, as nearly all rows fail there.
    """
    _check_classes(scores, options)
    rows = np.arange(len(scores)) if objectness is None else np.flatnonzero(objectness >= least)
    if objectness is not None:
        scores = scores[rows] * objectness[rows, None]
    classes = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), classes]
    keep = best >= least
    return rows[keep], best[keep], classes[keep]


def _check_classes(scores: Floats, options: Mapping[str, Any]) -> None:
    """(n, classes) must have as many columns as there are labels."""
    wanted = options.get("classes", scores.shape[1])
    if scores.shape[1] != wanted:
        raise ValueError(f"{scores.shape[1]} classes for {wanted} labels")


def _check_range(classes: NDArray[np.intp], options: Mapping[str, Any]) -> None:
    """Class numbers must point into the label list."""
    if classes.size and (classes.min() < 0 or classes.max() >= options.get("classes", classes.max() + 1)):
        raise IndexError(f"classes {classes.min()}..{classes.max()} for {options.get('classes')} labels")


def _corners(boxes: Floats) -> Floats:
    """(n, 4) cx cy w h → x1 y1 x2 y2."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _sides(height: int, width: int) -> Floats:
    """What turns relative x1 y1 x2 y2 into px."""
    return np.array([width, height, width, height], np.float32)


def _candidates(boxes: NDArray[Any], scores: NDArray[Any], classes: NDArray[np.intp]) -> Candidates:
    """The boxes that are numbers; of very many, the best."""
    keep = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    if keep.size > MAX_CANDIDATES:
        keep = keep[np.sort(np.argpartition(-scores[keep], MAX_CANDIDATES)[:MAX_CANDIDATES])]
    return Candidates(boxes[keep].astype(np.float32), scores[keep].astype(np.float32), classes[keep])


CLASSIFIERS: dict[str, Classifier] = {
    "softmax": softmax,
    "probabilities": probabilities,
    "quantised": quantised,
}
DETECTORS: dict[str, Detector] = {
    "boxes-scores": boxes_scores,
    "yolox": yolox,
    "yolov5": yolov5,
    "yolov8": yolov8,
    "ssd-raw": ssd_raw,
    "ssd-nms": ssd_nms,
    "ssd-caffe": ssd_caffe,
}
# Their networks have suppressed already, by a measure of their own: a second time would lose boxes.
SUPPRESSED = frozenset({"ssd-nms", "ssd-caffe"})
