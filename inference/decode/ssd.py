"""SSD: its raw heads over fixed anchors, and the outputs of graphs that have suppressed already."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.decode.anchors import ssd_anchors
from inference.decode.boxes import (
    LARGEST_LOG,
    Candidates,
    Outputs,
    best,
    boxes_first,
    candidates,
    check_range,
    corners,
    sides_of,
)


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
