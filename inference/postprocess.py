"""Network outputs to predictions. Pure functions, one per output convention, in two tables.

A decoder that gets outputs of another form raises ValueError, IndexError or KeyError; the recogniser turns
that into a sentence with the names and the shapes. Backends may order outputs differently, so decoders with
several outputs know them by their shape (and, where shapes agree, by what they hold), not by their place.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.anchors import grids, ssd_anchors
from inference.boxes import (
    LARGEST_LOG,
    Candidates,
    Floats,
    Outputs,
    best,
    boxes_first,
    candidates,
    check_classes,
    check_range,
    corners,
    rows_of,
    sides_of,
)
from inference.data import Classification
from inference.grid_heads import retinanet, yolov2, yolov4

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
    first = chosen[np.argsort(scores[chosen], kind="stable")[::-1][:k]]
    return Classification(tuple(labels[i] for i in first), scores[first], tuple(int(i) for i in first))


# ---- boxes ----


def boxes_scores(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Decoded boxes cx cy w h relative to the input, 0..1, and scores.

    Two outputs, (1, n, 4) and (1, n, classes); or one, (1, n, 5 + classes): cx cy w h, objectness, classes,
    where a class scores objectness * class. The form of this program's Darknet reader.

    With the option `every_label` a box counts for every class of the two outputs that reaches `least`, not only for its
    best one: as ONNX's NonMaxSuppression has it.
    """
    height, width = size
    if len(outputs) == 1:
        rows = rows_of(outputs[0], 5)
        keep, scores, classes = best(rows[:, 5:], options, least, rows[:, 4])
        boxes = rows[keep, :4]
    else:
        boxes, every = boxes_first(outputs)
        if options.get("every_label"):
            check_classes(every, options)
            keep, classes = np.nonzero(every >= least)
            scores = every[keep, classes]
        else:
            keep, scores, classes = best(every, options, least)
        boxes = boxes[keep]
    return candidates(corners(boxes) * sides_of(height, width), scores, classes)


def yolox(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, n, 5 + classes) over the grids of strides 8, 16, 32 (option `strides`), sigmoids inside.

    Centre = (xy + cell) * stride, sides = exp(wh) * stride, score = objectness * class; as `demo_postprocess`
    of the YOLOX repository has it.
    """
    rows = rows_of(outputs[0], 5)
    cells, strides = grids(size, tuple(options.get("strides", (8, 16, 32))))
    if len(rows) != len(cells):
        raise ValueError(f"{len(rows)} rows for {len(cells)} cells")
    keep, scores, classes = best(rows[:, 5:], options, least, rows[:, 4])
    raw, step = rows[keep, :4], strides[keep, None]
    centre = (raw[:, :2] + cells[keep]) * step
    sides = np.exp(np.minimum(raw[:, 2:], LARGEST_LOG)) * step
    return candidates(corners(np.hstack([centre, sides])), scores, classes)


def yolov5(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, n, 5 + classes): cx cy w h in px of the input, objectness, classes; score = objectness * class."""
    del size
    rows = rows_of(outputs[0], 5)
    keep, scores, classes = best(rows[:, 5:], options, least, rows[:, 4])
    return candidates(corners(rows[keep, :4]), scores, classes)


def yolov8(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, 4 + classes, n): cx cy w h in px of the input, then one score a class; channels first."""
    del size
    rows = rows_of(outputs[0].swapaxes(-1, -2), 4)
    keep, scores, classes = best(rows[:, 4:], options, least)
    return candidates(corners(rows[keep, :4]), scores, classes)


def ssd_raw(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Box encodings (1, 1917, 4) ty tx th tw and sigmoid scores (1, 1917, 1 + classes), background first.

    The heads of the TensorFlow Object Detection API; the anchors are those of SSD MobileNet v1. Options:
    `maps` (sides of the feature maps), `scales` (smallest, largest), `variances`, and `anchor_step` where
    the network holds its anchors in 8 bits.
    """
    height, width = size
    codes, every = boxes_first(outputs)
    anchors = ssd_anchors(
        tuple(options.get("maps", (19, 10, 5, 3, 2, 1))),
        tuple(options.get("scales", (0.2, 0.95))),
        float(options.get("anchor_step", 0.0)),
    )
    if len(codes) != len(anchors):
        raise ValueError(f"{len(codes)} boxes for {len(anchors)} anchors")
    keep, scores, classes = best(every[:, 1:], options, least)
    yc, xc, h, w = anchors[keep].T
    ty, tx, th, tw = (codes[keep] / np.asarray(options.get("variances", (10, 10, 5, 5)), np.float32)).T
    sides = [w * np.exp(np.minimum(tw, LARGEST_LOG)), h * np.exp(np.minimum(th, LARGEST_LOG))]
    boxes = corners(np.stack([tx * w + xc, ty * h + yc, *sides], axis=-1))
    return candidates(boxes * sides_of(height, width), scores, classes)


def ssd_nms(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Boxes (1, n, 4) y1 x1 y2 x2 relative, classes (1, n), scores (1, n), count (1,); suppressed.

    The outputs of TFLite_Detection_PostProcess, whose classes count from 0, or of a detection graph of TensorFlow,
    whose classes count from `first_class` = 1. In any order: boxes and count are known by their shape; of the other
    two the classes are the one with whole numbers only. Both are whole only if nothing was found or every score is
    exactly 1; then the larger are the classes, and of equals the first, as in the graph.
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
    found = classes[keep].astype(np.intp) - int(options.get("first_class", 0))
    check_range(found, options)
    turned = boxes[keep][:, [1, 0, 3, 2]].astype(np.float32)
    return candidates(turned * sides_of(height, width), scores[keep], found)


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
    check_range(classes, options)
    return candidates(rows[:, 3:] * sides_of(*size), rows[:, 2], classes)


def boxes_labels(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Boxes x1 y1 x2 y2 (…, n, 4), class numbers from 1 (…, n) as whole numbers, scores (…, n); suppressed.

    The outputs of the model zoo's SSD-ResNet34 (relative to the input) and Faster R-CNN (px, option `px`).
    """
    boxes = next((o.reshape(-1, 4) for o in outputs if o.ndim >= 2 and o.shape[-1] == 4 and o.dtype.kind == "f"), None)
    labels = next((o.reshape(-1) for o in outputs if o.dtype.kind in "iu"), None)
    wanted = -1 if boxes is None else len(boxes)
    scores = next((o.reshape(-1) for o in outputs if o.dtype.kind == "f" and o.size == wanted), None)
    if boxes is None or labels is None or scores is None or len(labels) != len(boxes):
        raise ValueError("not boxes, class numbers and scores")
    keep = np.flatnonzero(scores >= least)
    classes = labels[keep].astype(np.intp) - int(options.get("first_class", 1))
    check_range(classes, options)
    found = boxes[keep].astype(np.float32)
    return candidates(found if options.get("px") else found * sides_of(*size), scores[keep], classes)


def yolov3_nms(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Boxes (1, n, 4) y1 x1 y2 x2 in px of the input, scores (1, classes, n), and which were chosen (m, 3).

    The outputs of the model zoo's YOLOv3, which suppresses; a row of the third is picture, class, box.
    """
    del size
    boxes = next((o[0] for o in outputs if o.ndim == 3 and o.shape[-1] == 4 and o.dtype.kind == "f"), None)
    chosen = next((o.reshape(-1, 3).astype(np.intp) for o in outputs if o.dtype.kind in "iu"), None)
    every = next((o[0] for o in outputs if o.ndim == 3 and boxes is not None and o.shape[-1] == len(boxes)), None)
    if boxes is None or chosen is None or every is None:
        raise ValueError("not boxes, scores and what was chosen")
    chosen = chosen[chosen[:, 2] >= 0]   # rows of -1 fill up
    check_range(chosen[:, 1], {"classes": min(len(every), options.get("classes", len(every)))})
    scores = every[chosen[:, 1], chosen[:, 2]]
    keep = scores >= least
    found = boxes[chosen[keep, 2]][:, [1, 0, 3, 2]].astype(np.float32)
    return candidates(found, scores[keep], chosen[keep, 1])


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
    "boxes-labels": boxes_labels,
    "yolov3-nms": yolov3_nms,
    "yolov2": yolov2,
    "yolov4": yolov4,
    "retinanet": retinanet,
}
# Their networks have suppressed already, by a measure of their own: a second time would lose boxes.
SUPPRESSED = frozenset({"ssd-nms", "ssd-caffe", "boxes-labels", "yolov3-nms"})
