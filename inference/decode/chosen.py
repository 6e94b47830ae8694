"""Boxes that the network has chosen and labelled itself, as the ONNX model zoo's detectors have them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.decode.boxes import Candidates, Outputs, candidates, check_range, corners, sides_of
from inference.decode.rows import says_more


def boxes_labels(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float
) -> Candidates:
    """Boxes x1 y1 x2 y2 (…, n, 4), class numbers (…, n) as whole numbers, scores (…, n); suppressed.

    The outputs of the model zoo's SSD-ResNet34 (relative to the input, classes from 1) and Faster R-CNN (px, option
    `px`); of YOLOv6, YOLOv7 and YOLO-NAS with suppression inside (`num_dets`, `det_boxes`, `det_scores`,
    `det_classes`: px, `first_class` 0); of RT-DETR, D-FINE and DEIM from their own repositories (`labels`, `boxes`,
    `scores`: px of `orig_target_sizes`, from 0); of Azure Custom Vision (`detected_boxes`, …: relative, from 0); of
    MMDeploy, where the scores are the fifth column of `dets` (…, n, 5). Rows whose class is below 0 fill up.
    """
    boxes = next((o for o in outputs if o.ndim >= 2 and o.shape[-1] in (4, 5) and o.dtype.kind == "f"), None)
    if boxes is None:
        raise ValueError("no boxes of four edges")
    table = boxes.reshape(-1, boxes.shape[-1])
    n = len(table)
    others = [o for o in outputs if o is not boxes]
    labels = next((o.reshape(-1) for o in others if o.dtype.kind in "iu" and o.size == n and o.ndim), None)
    five = table.shape[1] == 5
    scores = table[:, 4] if five else next((o.reshape(-1) for o in others if o.dtype.kind == "f" and o.size == n), None)
    if labels is None:   # exporters that know floats alone: whole numbers, beside scores that are none
        pair = [o.reshape(-1) for o in others if o.dtype.kind == "f" and o.size == n and o.ndim]
        labels = next((o for o in reversed(pair) if (o == np.floor(o)).all()), None)
        scores = scores if five else next((o for o in pair if o is not labels), None)
    if labels is None or scores is None:
        raise ValueError("not boxes, class numbers and scores")
    first = int(options.get("first_class", 1))
    keep = np.flatnonzero((scores >= least) & (labels >= 0) & (scores > 0))
    classes = labels[keep].astype(np.intp) - first
    check_range(classes, options)
    found = table[keep, :4].astype(np.float32)
    return candidates(found if options.get("px") else found * sides_of(*size), scores[keep], classes)


END_TO_END = ("x1", "y1", "x2", "y2", "score", "class")


def end_to_end(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Rows (1, n, 6) or (n, 6) of boxes that the network has chosen; nothing is suppressed again.

    Option `columns` names them, x1 y1 x2 y2 score class unless it says otherwise; "cx", "cy", "w", "h" are known
    too. What is called otherwise is left out, and so are `extra` columns behind,
    unless they are `points` or an `angle`, as `yolov8` has them:

    - x1 y1 x2 y2 score class: YOLOv10, YOLO26 and exports with `nms=True` (`Detect.postprocess` of ultralytics)
    - cx cy w h score class, `relative`: RT-DETR of ultralytics since its pull request 24403
    - batch x1 y1 x2 y2 class score: YOLOv7 with `--end2end` (`ONNX_ORT` of WongKinYiu/yolov7)
    - batch x1 y1 x2 y2 score class: YOLO-NAS in the flat form (super-gradients, `models_export.md`)
    - class score x1 y1 x2 y2: PaddleDetection
    - image y1 x1 y2 x2 score class, from `first_class` 1: EfficientDet of google/automl

    Boxes are in px of the input, unless `relative` says that they are 0..1 of it. Rows without a score, or of class -1,
    fill up.
    """
    table = outputs[0]
    table = table.reshape(-1, table.shape[-1]).astype(np.float32, copy=False) if table.ndim in (2, 3) else table
    named = {name: i for i, name in enumerate(options.get("columns", END_TO_END))}
    if table.ndim != 2 or table.shape[1] != len(named) + int(options.get("extra", 0)):
        raise ValueError(f"rows of {table.shape} for {' '.join(named)}")
    first = int(options.get("first_class", 0))
    scores = table[:, named["score"]]
    rows = table[(scores >= least) & (scores > 0) & (table[:, named["class"]] >= 0)]
    scores, numbers = rows[:, named["score"]], rows[:, named["class"]]
    if (numbers != np.floor(numbers)).any():
        raise ValueError(f"class numbers such as {numbers[numbers != np.floor(numbers)][0]:.3g}")
    classes = numbers.astype(np.intp) - first
    check_range(classes, options)
    centred = "cx" in named
    boxes = rows[:, [named[key] for key in (("cx", "cy", "w", "h") if centred else ("x1", "y1", "x2", "y2"))]]
    boxes = corners(boxes) if centred else boxes
    extra = rows[:, len(named) :] if says_more(options) else None
    return candidates(boxes * sides_of(*size) if options.get("relative") else boxes, scores, classes, extra)


def yolov3_nms(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Boxes (1, n, 4) y1 x1 y2 x2 in px of the input, scores (1, classes, n), and which were chosen (m, 3).

    The outputs of the model zoo's YOLOv3, which suppresses; a row of the third is picture, class, box.
    """
    del size
    tables = [o[0] for o in outputs if o.ndim == 3 and o.dtype.kind == "f"]
    boxes = next((table for table in tables if table.shape[-1] == 4), None)
    chosen = next((o.reshape(-1, 3).astype(np.intp) for o in outputs if o.dtype.kind in "iu"), None)
    every = next((t for t in tables if boxes is not None and t is not boxes and t.shape[-1] == len(boxes)), None)
    if boxes is None or chosen is None or every is None:
        raise ValueError("not boxes, scores and what was chosen")
    chosen = chosen[chosen[:, 2] >= 0]   # rows of -1 fill up
    check_range(chosen[:, 1], {"classes": min(len(every), options.get("classes", len(every)))})
    scores = every[chosen[:, 1], chosen[:, 2]]
    keep = scores >= least
    found = boxes[chosen[keep, 2]][:, [1, 0, 3, 2]].astype(np.float32)
    return candidates(found, scores[keep], chosen[keep, 1])
