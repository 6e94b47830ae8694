"""Detectors that answer with one row a box."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.decode.anchors import grids
from inference.decode.boxes import (
    LARGEST_LOG,
    Candidates,
    Outputs,
    best,
    boxes_first,
    candidates,
    check_classes,
    corners,
    rows_of,
    sides_of,
)


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
