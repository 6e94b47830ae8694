"""Detectors whose raw maps are decoded here: each cell of a grid answers for boxes of fixed shape, its anchors."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode.anchors import efficientdet_anchors
from inference.decode.boxes import (
    LARGEST_LOG,
    Candidates,
    Floats,
    Outputs,
    best,
    candidates,
    corners,
    rows_of,
    sigmoid,
    softmax,
)

Sides = tuple[tuple[tuple[float, float], ...], ...]   # width and height: a map, an anchor

# Sides in cells, of Tiny YOLOv2 for VOC: yolov2-tiny-voc.cfg of pjreddie/darknet.
YOLOV2_ANCHORS = ((1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52))
# Of Tiny YOLOv2 for COCO: yolov2-tiny.cfg; Azure Custom Vision's compact detectors have them, rounded.
YOLOV2_COCO_ANCHORS = (
    (0.57273, 0.677385), (1.87446, 2.06253), (3.33843, 5.47434), (7.88282, 3.52778), (9.77052, 9.16828),
)  # fmt: skip
# Width and height in px, the finest map first: yolov3.cfg, and yolov3-tiny.cfg as AlexeyAB/darknet has it.
YOLOV3_ANCHORS: dict[int, Sides] = {
    2: (((23, 27), (37, 58), (81, 82)), ((81, 82), (135, 169), (344, 319))),
    3: (((10, 13), (16, 30), (33, 23)), ((30, 61), (62, 45), (59, 119)), ((116, 90), (156, 198), (373, 326))),
}
# yolov5s.yaml and yolov5s6.yaml of ultralytics/yolov5.
YOLOV5_ANCHORS: dict[int, Sides] = {
    3: YOLOV3_ANCHORS[3],
    4: (((19, 27), (44, 40), (38, 94)), ((96, 68), (86, 152), (180, 137)), ((140, 301), (303, 264), (238, 542)),
        ((436, 615), (739, 380), (925, 792))),
}  # fmt: skip
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

    Centre = sigmoid(t) + cell, sides = anchor * exp(t), in cells: "YOLO9000", arXiv 1612.08242. Options: `anchors`;
    `plain_xy`, where the centre is t + cell, as Azure Custom Vision's compact detectors have it
    (`object_detection.py` of Azure-Samples/customvision-export-samples).
    """
    anchors = np.asarray(options.get("anchors", YOLOV2_ANCHORS), np.float32)
    if outputs[0].ndim != 4 or outputs[0].shape[1] % len(anchors):
        raise ValueError(f"maps of {outputs[0].shape} for {len(anchors)} anchors")
    _, depth, h, w = outputs[0].shape
    maps = outputs[0].reshape(len(anchors), depth // len(anchors), h * w).swapaxes(1, 2)   # anchor, cell, value
    rows = maps.reshape(-1, depth // len(anchors)).astype(np.float32)
    if rows.shape[1] <= 5:
        raise ValueError("no classes")
    objectness = sigmoid(rows[:, 4])
    near = np.flatnonzero(objectness >= least)
    keep, scores, classes = best(softmax(rows[near, 5:]), options, least, objectness[near])
    chosen = near[keep]
    step = np.array([size[1] / w, size[0] / h], np.float32)
    cells = _cells(h, w)[chosen % (h * w)]
    inside = rows[chosen, :2] if options.get("plain_xy") else sigmoid(rows[chosen, :2])
    centre = (inside + cells) * step
    sides = np.exp(np.minimum(rows[chosen, 2:4], LARGEST_LOG)) * anchors[chosen // (h * w)] * step
    return candidates(corners(np.hstack([centre, sides])), scores, classes)


def yolov3(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """A raw map a scale: tx ty tw th, objectness, classes, all logits; the classes are independent of each other.

    Centre = (sigmoid(t) + cell) * stride, sides = anchor * exp(t): "YOLOv3", arXiv 1804.02767. For the forms of the
    maps and the option `anchors` see `_cells_of_maps`.
    """
    found = []
    for rows, cells, anchors, step in _cells_of_maps(outputs, options, size, YOLOV3_ANCHORS):
        keep, scores, classes = _independent(rows, options, least)
        centre = (sigmoid(rows[keep, :2]) + cells[keep]) * step
        sides = np.exp(np.minimum(rows[keep, 2:4], LARGEST_LOG)) * anchors[keep]
        found.append((corners(np.hstack([centre, sides])), scores, classes))
    return candidates(*(np.concatenate(part) for part in zip(*found, strict=True)))


def yolov5_raw(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """As `yolov3`, the raw heads of YOLOv5 and v7: centre = (2 * sigmoid(t) - 0.5 + cell) * stride, sides =
    anchor * (2 * sigmoid(t))²: `Detect.forward` of ultralytics/yolov5. YOLOv7 has the anchors of YOLOv4.
    """  # noqa: D205
    found = []
    for rows, cells, anchors, step in _cells_of_maps(outputs, options, size, YOLOV5_ANCHORS):
        keep, scores, classes = _independent(rows, options, least)
        t = sigmoid(rows[keep, :4])
        boxes = np.hstack([(2 * t[:, :2] - 0.5 + cells[keep]) * step, (2 * t[:, 2:]) ** 2 * anchors[keep]])
        found.append((corners(boxes), scores, classes))
    return candidates(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _cells_of_maps(
    outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], usual: Mapping[int, Sides]
) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """Of each map, the finest first: rows (n, 5 + classes), their cells (n, 2), anchors (n, 2) px, and the step, px.

    A map is (1, anchors, h, w, 5 + classes), (1, h, w, anchors, 5 + classes), (1, anchors * (5 + classes), h, w) or,
    with the option `channels_last`, (1, h, w, anchors * (5 + classes)). Option `anchors`: width and height in px of
    each, a list a map, the finest first.
    """
    maps = [o for o in outputs if o.ndim in (4, 5)]
    wanted = options.get("anchors") or usual.get(len(maps))
    if not wanted or len(wanted) != len(maps):
        raise ValueError(f"{len(maps)} maps, which no anchors are known for")
    count = len(wanted[0])
    planes = all(o.shape[1] == count for o in maps)   # of a map of three columns only the others tell
    laid = []
    for o in maps:
        if o.ndim == 4:
            o = o.transpose(0, 3, 1, 2) if options.get("channels_last") else o
            o = o.reshape(1, count, -1, *o.shape[2:]).transpose(0, 3, 4, 1, 2)
        elif planes:
            o = o.transpose(0, 2, 3, 1, 4)
        if o.shape[3] != count or o.shape[4] <= 5:
            raise ValueError(f"a map of {o.shape} for {count} anchors")
        laid.append(o)   # (1, h, w, anchors, 5 + classes)
    laid.sort(key=lambda o: -o.size)   # the finest first: backends may order them differently
    for o, anchors in zip(laid, wanted, strict=True):
        _, h, w, _, columns = o.shape
        rows = np.ascontiguousarray(o, np.float32).reshape(-1, columns)
        yield (
            rows, np.repeat(_cells(h, w), count, axis=0), np.tile(np.asarray(anchors, np.float32), (h * w, 1)),
            np.array([size[1] / w, size[0] / h], np.float32),
        )  # fmt: skip


def _independent(
    rows: Floats, options: Mapping[str, Any], least: float
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """`best` of rows whose objectness and classes are logits, each by itself."""
    objectness = sigmoid(rows[:, 4])
    near = np.flatnonzero(objectness >= least)
    keep, scores, classes = best(sigmoid(rows[near, 5:]), options, least, objectness[near])
    return near[keep], scores, classes


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
        centre = (sigmoid(rows[keep, :2]) * reach - (reach - 1) / 2 + _cells(h, w)[keep // count]) * step
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


def efficientdet(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Codes ty tx th tw and class scores of nine anchors a cell, over strides 8 to 128; no variances.

    Maps (1, h, w, 36) and (1, h, w, 9 * classes), or with channels first (google/automl, rwightman's effdet); or rows
    (1, n, 4) and (1, n, classes) (zylo117/Yet-Another-EfficientDet-Pytorch, whose other outputs are left out). The side
    of an anchor is 4 * 2^(i/3) strides for i = 0, 1, 2, slowest, and 1:1, 1.4:0.7, 0.7:1.4 (w:h): `anchors.py` of
    automl/efficientdet. Option `logits`: the scores are to go through a sigmoid.
    """
    flat = [o for o in outputs if o.ndim == 3 and o.shape[0] == 1]
    grid = [o for o in outputs if o.ndim == 4]
    boxes = [rows_of(o, 0) for o in flat if o.shape[-1] == 4 and o.dtype.kind == "f"][:1]
    every = [rows_of(o, 0) for o in flat if o.shape[-1] != 4 and boxes and o.shape[1] == len(boxes[0])][:1]
    if not every:
        depth = next((o.shape[1] for o in grid if o.shape[1] == 36), 0)
        laid = [o if depth != 36 else o.transpose(0, 2, 3, 1) for o in grid]   # (1, h, w, c)
        laid.sort(key=lambda o: -o.shape[1] * o.shape[2])
        boxes = [o.reshape(-1, 4) for o in laid if o.shape[3] == 36]
        every = [o.reshape(o.shape[1] * o.shape[2] * 9, -1) for o in laid if o.shape[3] != 36]
    if not boxes or not every or len(boxes) != len(every):
        raise ValueError("not as many boxes as scores")
    codes, scores = np.concatenate(boxes).astype(np.float32), np.concatenate(every).astype(np.float32)
    places, sides = efficientdet_anchors(size)
    if len(codes) != len(places) or len(scores) != len(places):
        raise ValueError(f"{len(codes)} boxes and {len(scores)} scores for {len(places)} anchors")
    keep, found, classes = best(sigmoid(scores) if options.get("logits") else scores, options, least)
    d, side = codes[keep], sides[keep]
    whole = side * np.exp(np.minimum(d[:, [3, 2]], LARGEST_LOG))
    return candidates(corners(np.hstack([places[keep] + d[:, [1, 0]] * side, whole])), found, classes)


def _cells(h: int, w: int) -> Floats:
    """Column and row of every cell, row by row: (h * w, 2)."""
    ys, xs = np.indices((h, w))
    return np.stack([xs, ys], -1).reshape(-1, 2).astype(np.float32)
