"""Boxes that the network has chosen and labelled itself, as the ONNX model zoo's detectors have them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.decode.boxes import Candidates, Outputs, candidates, check_range, sides_of


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
