"""Detectors that answer with one row a box, before non-maximum suppression."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.decode.anchors import grids
from inference.decode.boxes import (
    LARGEST_LOG,
    Candidates,
    Floats,
    Outputs,
    best,
    boxes_first,
    candidates,
    check_classes,
    corners,
    rows_of,
    rows_output,
    sides_of,
    sigmoid,
    softmax,
)


def boxes_scores(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Decoded boxes and their scores: cx cy w h relative to the input, 0..1, unless an option says otherwise.

    Two outputs, (1, n, 4) and (1, n, classes); or one, (1, n, 5 + classes): cx cy w h, objectness, classes,
    where a class scores objectness * class. The form of this program's Darknet reader.

    Options:
        corners: boxes are x1 y1 x2 y2 (YOLO-NAS, PP-YOLOE, UltraFace, pytorch-YOLOv4).
        px: they are in px of the input (YOLO-NAS, PP-YOLOE).
        logits: "sigmoid" or "softmax", where the scores are logits yet (RT-DETR and DETR of Hugging Face).
        background: "first" (UltraFace), "last" (DETR's no-object) or "both" (DETR of 91 COCO numbers, the first
            unused): a class that is none of the labels.
        in_order: the boxes are the first of the two, which nothing else tells where there are four classes.
        every_label: a box counts for every class of the two outputs that reaches `least`, not only for its best one:
            as ONNX's NonMaxSuppression has it.
    """
    if len(outputs) == 1:
        rows = rows_of(outputs[0], 5)
        keep, scores, classes = best(rows[:, 5:], options, least, rows[:, 4])
        boxes = rows[keep, :4]
    else:
        boxes, every = boxes_first(outputs, bool(options.get("in_order")))
        every = _scores(every, options)
        if options.get("every_label"):
            check_classes(every, options)
            keep, classes = np.nonzero(every >= least)
            scores = every[keep, classes]
        else:
            keep, scores, classes = best(every, options, least)
        boxes = boxes[keep]
    found = boxes if options.get("corners") else corners(boxes)
    return candidates(found if options.get("px") else found * sides_of(*size), scores, classes)


def _scores(every: Floats, options: Mapping[str, Any]) -> Floats:
    """(n, classes) of 0..1, without the background."""
    if kind := options.get("logits"):
        every = sigmoid(every) if kind == "sigmoid" else softmax(every)
    background = options.get("background")
    start, end = background in ("first", "both"), every.shape[1] - (background in ("last", "both"))
    return every[:, start:end]


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
    """(1, n, 5 + classes): cx cy w h in px of the input, objectness, classes; score = objectness * class.

    YOLOv5 and v7 (`Detect.forward` of ultralytics/yolov5, also beside its raw heads), YOLOv6 (whose objectness is 1:
    `effidehead.py` of meituan/YOLOv6), YOLOX with `--decode_in_inference`. Options: `extra` columns behind the classes
    (32 of a segmentation); `relative`, where boxes are in 0..1 of the input, as the TensorFlow exports have them.
    """
    rows = rows_of(rows_output(outputs), 5)
    end = rows.shape[1] - int(options.get("extra", 0))
    keep, scores, classes = best(rows[:, 5:end], options, least, rows[:, 4])
    return candidates(_in_px(corners(rows[keep, :4]), options, size), scores, classes)


def yolov8(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, 4 + classes, n): cx cy w h in px of the input, then one score a class; channels first.

    YOLOv8, v9, 11 and 12 (`Detect.forward` of ultralytics). Options: `transposed`, where it is (1, n, 4 + classes);
    `extra` rows behind the classes: 3 a keypoint, 32 of a segmentation, 1 for the angle of oriented boxes;
    `points` says how many of how many numbers, px of the input, and `angle` that they are that, in radians;
    `relative`, where boxes are in 0..1 of the input (TFLite exports, and RT-DETR of ultralytics);
    `corners`, where they are x1 y1 x2 y2 (PP-YOLOE without its post-processing).
    """
    table = rows_output(outputs)
    rows = rows_of(table if options.get("transposed") else table.swapaxes(-1, -2), 4)
    end = rows.shape[1] - int(options.get("extra", 0))
    keep, scores, classes = best(rows[:, 4:end], options, least)
    boxes = rows[keep, :4] if options.get("corners") else corners(rows[keep, :4])
    extra = rows[keep, end:] if says_more(options) else None
    return candidates(_in_px(boxes, options, size), scores, classes, extra)


def says_more(options: Mapping[str, Any]) -> bool:
    """Whether the columns behind the classes are points ([17, 3]: so many, x y or x y and how sure) or an angle."""
    return bool(options.get("points") or options.get("angle"))


def _in_px(boxes: Floats, options: Mapping[str, Any], size: tuple[int, int]) -> Floats:
    return boxes * sides_of(*size) if options.get("relative") else boxes
