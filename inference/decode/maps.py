"""Detectors whose raw maps are decoded here: each cell of a grid answers for boxes of fixed shape, its anchors."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.decode.boxes import LARGEST_LOG, Candidates, Floats, Outputs, best, candidates, corners

# Sides in cells, of Tiny YOLOv2 for VOC: yolov2-tiny-voc.cfg of pjreddie/darknet.
YOLOV2_ANCHORS = ((1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52))
# Width and height in px, the finest map first: yolov4.cfg of AlexeyAB/darknet; and how far a centre may leave its cell.
YOLOV4_ANCHORS = (
    ((12, 16), (19, 36), (40, 28)), ((36, 75), (76, 55), (72, 146)), ((142, 110), (192, 243), (459, 401)),
)  # fmt: skip
YOLOV4_REACH = (1.2, 1.1, 1.05)
# Of a cell's nine, the ratios run fastest: `generate_anchors` of NVIDIA/retinanet-examples.
RETINANET_RATIOS = (1.0, 2.0, 0.5)
RETINANET_SCALES = tuple(4 * 2 ** (i / 3) for i in range(3))


def yolov2(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, anchors * (5 + classes), h, w): tx ty tw th, objectness, classes as logits; softmax over the classes.

    Centre = sigmoid(t) + cell, sides = anchor * exp(t), in cells: "YOLO9000", arXiv 1612.08242. Option `anchors`.
    """
    anchors = np.asarray(options.get("anchors", YOLOV2_ANCHORS), np.float32)
    if outputs[0].ndim != 4 or outputs[0].shape[1] % len(anchors):
        raise ValueError(f"maps of {outputs[0].shape} for {len(anchors)} anchors")
    _, depth, h, w = outputs[0].shape
    maps = outputs[0].reshape(len(anchors), depth // len(anchors), h * w).swapaxes(1, 2)   # anchor, cell, value
    rows = maps.reshape(-1, depth // len(anchors)).astype(np.float32)
    if rows.shape[1] <= 5:
        raise ValueError("no classes")
    objectness = _sigmoid(rows[:, 4])
    near = np.flatnonzero(objectness >= least)
    z = np.exp(rows[near, 5:] - rows[near, 5:].max(axis=1, keepdims=True))
    keep, scores, classes = best(z / z.sum(axis=1, keepdims=True), options, least, objectness[near])
    chosen = near[keep]
    step = np.array([size[1] / w, size[0] / h], np.float32)
    cells = _cells(h, w)[chosen % (h * w)]
    centre = (_sigmoid(rows[chosen, :2]) + cells) * step
    sides = np.exp(np.minimum(rows[chosen, 2:4], LARGEST_LOG)) * anchors[chosen // (h * w)] * step
    return candidates(corners(np.hstack([centre, sides])), scores, classes)


def yolov4(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """A map (1, h, w, 3, 5 + classes) a scale: tx ty tw th, objectness, classes; the last two 0..1 already.

    Centre = sigmoid(t) * reach - (reach - 1) / 2 + cell, sides = anchor * exp(t): the model zoo's YOLOv4.
    """
    found = []
    maps = sorted(outputs, key=lambda o: -o.size)   # the finest first: backends may order them differently
    if len(maps) != len(YOLOV4_ANCHORS) or any(o.ndim != 5 or o.shape[3] != 3 or o.shape[4] <= 5 for o in maps):
        raise ValueError("not three maps of three boxes a cell")
    for output, anchors, reach in zip(maps, YOLOV4_ANCHORS, YOLOV4_REACH, strict=True):
        _, h, w, count, columns = output.shape
        rows = output.reshape(-1, columns).astype(np.float32)
        keep, scores, classes = best(rows[:, 5:], options, least, rows[:, 4])
        step = np.array([size[1] / w, size[0] / h], np.float32)
        centre = (_sigmoid(rows[keep, :2]) * reach - (reach - 1) / 2 + _cells(h, w)[keep // count]) * step
        sides = np.exp(np.minimum(rows[keep, 2:4], LARGEST_LOG)) * np.asarray(anchors, np.float32)[keep % count]
        found.append((corners(np.hstack([centre, sides])), scores, classes))
    return candidates(*(np.concatenate(part) for part in zip(*found, strict=True)))


def retinanet(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Five class maps (1, 9 * classes, h, w), 0..1, and five box maps (1, 36, h, w): dx dy dw dh of each anchor.

    Centre = anchor + d * anchor's side, side = anchor's * exp(d): NVIDIA/retinanet-examples, `decode`. The boxes of a
    level are those whose map has the same sides.
    """
    boxes = {o.shape[2:]: o for o in outputs if o.ndim == 4 and o.shape[1] == 36}
    scores_of = {o.shape[2:]: o for o in outputs if o.ndim == 4 and o.shape[1] != 36}
    if not boxes or boxes.keys() != scores_of.keys() or len(outputs) != 2 * len(boxes):
        raise ValueError("not as many maps of boxes as of classes")
    found = []
    for sides, codes in boxes.items():
        h, w = sides
        stride = size[1] / w
        maps = scores_of[sides].reshape(9, -1, h * w).swapaxes(1, 2)   # anchor, cell, class
        every = maps.reshape(9 * h * w, -1).astype(np.float32)
        keep, scores, classes = best(every, options, least)
        shapes = np.array([
            (stride / ratio**0.5 * scale, stride * ratio**0.5 * scale)
            for scale in RETINANET_SCALES for ratio in RETINANET_RATIOS
        ], np.float32)[keep // (h * w)]  # fmt: skip
        d = codes.reshape(9, 4, h * w).swapaxes(1, 2).reshape(-1, 4).astype(np.float32)[keep]
        place = (_cells(h, w)[keep % (h * w)] + 0.5) * stride
        whole = shapes * np.exp(np.minimum(d[:, 2:], LARGEST_LOG))
        found.append((corners(np.hstack([place + d[:, :2] * shapes, whole])), scores, classes))
    return candidates(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))), np.float32)


def _cells(h: int, w: int) -> Floats:
    """Column and row of every cell, row by row: (h * w, 2)."""
    ys, xs = np.indices((h, w))
    return np.stack([xs, ys], -1).reshape(-1, 2).astype(np.float32)
