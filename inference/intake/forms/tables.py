"""Detectors with one table of every box that they consider, and those with boxes and scores apart."""

from math import prod
from typing import Any

import numpy as np

from inference.decode.anchors import efficientdet_anchors, face_priors, grids
from inference.decode.small import FINE, RETINAFACE_SIDES, YUNET_2022_SIDES
from inference.intake.forms.chosen import MOST_CHOSEN, NEARLY
from inference.intake.forms.evidence import (
    Evidence,
    Form,
    are_corners,
    are_relative,
    beside,
    given,
    sum_to_one,
    within,
)

SSD_ANCHORS = 1917    # of SSD MobileNet v1
LARGEST_RAW = 10.0    # logarithm of a side in strides: e^10 is wider than any picture
USUAL = 0.1           # above the median of a class's scores, of which nearly all are near 0; angles and points are not
FACE_AND_POINTS = 14  # numbers of a box and five points
LISTS = (20, 80, 90, 91, 365, 601)   # classes of VOC, COCO, Objects365 and Open Images
SPARSE = 0.05         # part of the rows in which a class answers at all
BINS = 32             # numbers of NanoDet's four distributions


def table(e: Evidence) -> Form | None:
    """One table, (1, n, columns) or (1, columns, n); maps beside it are prototypes of masks, or raw heads."""
    places = [i for i, s in enumerate(e.shapes) if len(s) == 3 and s[0] == 1]
    others = [s for i, s in enumerate(e.shapes) if i not in places]
    if not places or any(len(s) not in (4, 5) for s in others):
        return None
    if len(places) > 1 and len({e.shapes[i] for i in places}) > 1:   # auxiliary heads repeat the first
        return None
    place = places[0]
    _, rows, columns = e.shapes[place]
    only = {"outputs": [place]} if len(e.shapes) > 1 else {}
    if e.format == "darknet":
        return Form("detect", "boxes-scores", columns - 5, kin="darknet") if columns > 5 else None
    if 4 < rows < columns:
        return _channels_first(e, place, only)
    return _rows(e, place, only) if columns > 4 else None


def _channels_first(e: Evidence, place: int, only: dict[str, Any]) -> Form:
    """YOLOv8 and its kin: (1, 4 + classes + extra, n)."""
    values = [run[0] for run in e.values(place)]
    boxes, behind = np.concatenate([v[:4].T for v in values]), [v[4:] for v in values]
    count = len(behind[0])
    task = e.said.get("task", "")
    extra = count - e.labels if e.labels and count > e.labels and (task or e.ultralytics()) else -1
    if extra < 0:
        extra = 0 if e.labels == count or task in ("detect",) else _extra(behind)
    sure = e.ultralytics()
    relative, corner = not sure and are_relative(boxes), not sure and are_corners(boxes)
    options = {**only, **given(extra=extra or None, relative=relative, corners=corner), **beside(e, extra)}
    return Form("detect", "yolov8", count - extra, options, kin="ultralytics" if sure else "yolo",
                guessed=() if sure else ("decoder",))   # fmt: skip


def _extra(behind: list[np.ndarray]) -> int:
    """How many of the last rows (rows, n) are no scores of classes."""
    fits = np.all([
        (b.min(axis=1) >= -0.01) & (b.max(axis=1) <= 1.01) & (np.median(b, axis=1) <= USUAL) for b in behind
    ], axis=0)  # fmt: skip
    if not fits[0]:   # a network that was not trained: everything is one half
        return 0
    return 0 if fits.all() else len(fits) - int(np.argmin(fits))


def _rows(e: Evidence, place: int, only: dict[str, Any]) -> Form | None:
    """One row a box: YOLOv5, v6, v7, YOLOX, RT-DETR, NanoDet."""
    _, n, columns = e.shapes[place]
    found = np.concatenate(e.tables(place))
    width = e.spec.size[1]
    if columns > BINS and (strides := _strides(e, n)) and within(found[:, : columns - BINS]):
        far = found[:, -BINS:]
        if far.min() < 0 or far.max() > 1:
            options = {**only, **({} if strides == FINE else {"strides": list(strides), "offset": 0.5})}
            return Form("detect", "nanodet", columns - BINS, options, kin="nanodet", guessed=("decoder",))
    relative = are_relative(found[:, :4])
    queries = n <= MOST_CHOSEN and not _is_grid(e, n)
    if queries and relative and within(found[:, :4]) and not (e.labels and columns - e.labels == 5):
        options = {**only, "transposed": True, "relative": True, "overlap": 1.0}
        return Form("detect", "yolov8", columns - 4, options, kin="rtdetr", guessed=() if e.labels else ("decoder",))
    if columns - 5 < 1:
        return None
    if n == len(grids(e.spec.size, (8, 16, 32))[0]) and _raw(found) and columns > 5:
        return Form("detect", "yolox", columns - 5, only, kin="yolox", guessed=("decoder",))
    if are_corners(found[:, :4]) and not relative and bool((found[:, 0] > width / 2).any()):
        options = {**only, "transposed": True, "corners": True}
        return Form("detect", "yolov8", columns - 4, options, kin="paddle", guessed=("decoder",))
    if (columns - e.labels == 4 and e.labels > 1 and not (found[:, 4] > 1 - 1e-6).all()) or (
        not e.labels and _no_objectness(found, columns)
    ):
        options = {**only, **given(transposed=True, relative=relative)}
        return Form("detect", "yolov8", columns - 4, options, kin="yolo", guessed=("decoder",))
    behind = [v.T for v in e.tables(place)]
    extra = max(columns - 5 - e.labels, 0) if e.labels and e.ultralytics() else 0 if e.labels == columns - 5 else (
        _outside([b[5:] for b in behind]))   # fmt: skip
    if not extra and relative:
        return Form("detect", "boxes-scores", columns - 5, only, kin="yolo", guessed=("decoder",))
    options = {**only, **given(extra=extra or None, relative=relative)}
    sure = e.ultralytics()
    return Form("detect", "yolov5", columns - 5 - extra, options, kin="ultralytics" if sure else "yolo",
                guessed=() if sure else ("decoder",))   # fmt: skip


def _no_objectness(found: np.ndarray, columns: int) -> bool:
    """Whether column 4 is a class like the others: YOLOv8 with its rows and columns changed.

    An objectness goes with whatever is found; and where it is, the classes beside it answer everywhere, as nobody
    taught them to be silent. The lengths of well-known lists decide where the values do not.
    """
    if columns - 4 in LISTS and columns - 5 not in LISTS and not (found[:, 4] > 1 - 1e-6).all():
        return True
    highest, first = found[:, 5:].max(axis=1), found[:, 4]
    sparse = float((highest > USUAL).mean()) < SPARSE
    lonely, together = ((highest > 0.5) & (first < 0.05)).any(), ((highest > 0.5) & (first > 0.5)).any()
    return bool(sparse and lonely and not together and within(found[:, 4:]))


def _outside(behind: list[np.ndarray]) -> int:
    """How many of the last rows (rows, n) leave 0..1, as coefficients of masks and points do."""
    fits = np.all([(b.min(axis=1) >= -0.01) & (b.max(axis=1) <= 1.01) for b in behind], axis=0)
    return len(fits) - int(np.argmin(fits)) if fits[0] and not fits.all() else 0


def _raw(found: np.ndarray) -> bool:
    """Whether sides are logarithms yet: some negative, or none as large as a side in px is somewhere."""
    small = np.abs(found[:, :4]).max() < LARGEST_RAW and not within(found[:, :4])
    return bool(found[:, 2:4].min() < 0 or small)


def _strides(e: Evidence, n: int) -> tuple[int, ...]:
    """The strides whose cells are as many as the rows."""
    def cells(strides: tuple[int, ...]) -> int:
        return sum(prod(-(-side // stride) for side in e.spec.size) for stride in strides)

    return next((strides for strides in (FINE, FINE[:3]) if cells(strides) == n), ())


def _is_grid(e: Evidence, n: int) -> bool:
    """Whether so many rows are the cells of usual strides, with one box or three a cell."""
    cells = [prod(-(-side // stride) for side in e.spec.size) for stride in FINE]
    return n in {count * boxes for count in (sum(cells[:3]), sum(cells), sum(cells[1:3])) for boxes in (1, 3)}


def pair(e: Evidence) -> Form | None:
    """Boxes (1, n, 4) and scores (1, n, classes) or (1, classes, n), in either order; other outputs are left out."""
    tables = [i for i, s in enumerate(e.shapes) if len(s) == 3 and s[0] == 1]
    boxes = [i for i, s in enumerate(e.shapes) if s[:1] == (1,) and (s[2:] == (4,) or s[2:] == (1, 4))]
    for place in [*boxes, *(i for i in tables if e.shapes[i][2] == FACE_AND_POINTS)]:
        n = e.shapes[place][1]
        scores = [i for i in tables if i != place and n in e.shapes[i][1:]]
        scores.sort(key=lambda i: e.shapes[i][2] == 1)   # one number a box may be how well it fits
        if scores and n > 4:
            return _pair(e, place, scores[0])
    return None


def _pair(e: Evidence, boxes: int, scores: int) -> Form | None:
    shape, n = e.shapes[scores], e.shapes[boxes][1]
    turned = shape[1] != n
    tables = [v[0].T if turned else v[0] for v in e.values(scores)]
    every, columns = np.concatenate(tables), tables[0].shape[1]
    found = np.concatenate([v.reshape(n, -1)[:, :4] for v in e.values(boxes)])
    only: dict[str, Any] = {"outputs": [boxes, scores]} if len(e.shapes) > 2 or (boxes, scores) != (0, 1) else {}
    if columns == 4:
        only = {"outputs": [boxes, scores], "in_order": True}
    if n == SSD_ANCHORS and not are_corners(found):
        return Form("detect", "ssd-raw", columns - 1, only, kin="ssd")
    if columns == 2 and sum_to_one(every) and (form := _faces(e, boxes, scores, n, found)):
        return form
    logits, background, classes = _scale(e, every, columns)
    if n == len(efficientdet_anchors(e.spec.size)[0]) and not are_corners(found) and found.min() < 0:
        options = {**only, **given(logits=bool(logits))}
        return Form("detect", "efficientdet", columns, options, kin="efficientdet", guessed=("decoder",))
    if found[:, 2:].min() < 0 and not are_corners(found):
        return None   # offsets from anchors that nobody knows here
    corner, px = are_corners(found), not are_relative(found)
    # Each query finds one thing: nothing is to be suppressed. Of a small input a grid has as few rows.
    queries = n <= MOST_CHOSEN and not corner and not _is_grid(e, n)
    options = {**only, **given(logits=logits, background=background, corners=corner, px=px,
                               overlap=1.0 if queries else None)}   # fmt: skip
    kin = "rtdetr" if queries else "nas" if corner and px else "detector"
    if turned or len(e.shapes[boxes]) == 4:
        kin = "paddle" if turned else "yolov4"
    return Form("detect", "boxes-scores", classes, options, kin=kin, guessed=("decoder",))


def _scale(e: Evidence, every: np.ndarray, columns: int) -> tuple[str, str, int]:
    """What the scores go through yet, where the background stands, and how many classes there are."""
    logits, background = "", ""
    highest = every.argmax(axis=1)
    last, first = (columns > 1 and float((highest == place).mean()) > NEARLY for place in (columns - 1, 0))
    if not within(every):
        logits = "softmax" if e.labels in (0, columns - 1) and (last or first) else "sigmoid"
    if columns > 1 and (logits == "softmax" or (not logits and sum_to_one(every))):
        background = "last" if last and not first else "first"
    return logits, background, columns - bool(background)


def _faces(e: Evidence, boxes: int, scores: int, n: int, found: np.ndarray) -> Form | None:
    """UltraFace, RetinaFace and the YuNet of 2022: a background and a face."""
    only: dict[str, Any] = {"outputs": [boxes, scores]} if len(e.shapes) != 2 else {}
    wide = e.shapes[boxes][-1] == FACE_AND_POINTS
    for sides, kin in ((RETINAFACE_SIDES, "retinaface"), (YUNET_2022_SIDES, "yunet")):
        if n == len(face_priors(e.spec.size, sides, tuple(8 << i for i in range(len(sides))))):
            if kin == "yunet" and wide:
                overlap = [i for i, s in enumerate(e.shapes) if s[1:] == (n, 1)]
                options: dict[str, Any] = {"outputs": [boxes, scores, *overlap], "sides": [list(s) for s in sides]}
                return Form("detect", "retinaface", 1, options, kin=kin, labels=("face",))
            if kin == "retinaface" and not are_corners(found):
                return Form("detect", "retinaface", 1, only, kin=kin, labels=("face",), guessed=("decoder",))
    if are_corners(found) and are_relative(found):
        options = {**only, "corners": True, "background": "first"}
        labels = () if e.labels else ("face",)
        return Form("detect", "boxes-scores", 1, options, kin="ultraface", labels=labels, guessed=("decoder", "labels"))
    return None
