"""Detectors that have chosen their boxes: their names, or whole numbers among their values, say what is what."""

import ast
from math import prod
from typing import Any

import numpy as np

from inference.intake.forms.evidence import (
    Evidence,
    Form,
    are_corners,
    are_relative,
    beside,
    given,
    joined,
    whole,
    within,
)

MOST_CHOSEN = 1000   # rows that are no grid
NEARLY = 0.9         # part of the rows that must have found nothing for a class to be the one that says so


def named(e: Evidence) -> Form | None:
    """The sets of names that exporters give, and no others do."""
    names = {name: i for i, name in enumerate(e.names)}

    def places(*wanted: str) -> list[int]:
        return [names[name] for name in wanted] if all(name in names for name in wanted) else []

    if found := places("detection_boxes", "detection_classes", "detection_scores", "num_detections"):
        return Form("detect", "ssd-nms", 0, given(first_class=1, outputs=_only(e, found)), kin="tensorflow")
    if found := places("num_dets", "det_boxes", "det_scores", "det_classes"):
        options = given(px=True, first_class=0, outputs=_only(e, found))
        return Form("detect", "boxes-labels", 0, options, kin="yolo")
    if found := places("detected_boxes", "detected_classes", "detected_scores"):   # Azure Custom Vision
        return Form("detect", "boxes-labels", 0, given(first_class=0, outputs=_only(e, found)), kin="azure")
    if found := places("pred_boxes", "logits"):
        return _detr(e, *found)
    if found := places("dets", "labels"):
        if e.runs[0][found[1]].dtype.kind in "iu":   # MMDeploy
            options = given(px=True, first_class=0, outputs=_only(e, found))
            return Form("detect", "boxes-labels", 0, options, kin="mmdet")
        return _rf_detr(e, *found)
    if (found := places("boxes", "labels", "scores")) and e.runs[0][found[1]].dtype.kind in "iu":
        px = not are_relative(joined(e.tables(found[0])))
        first = 0 if "orig_target_sizes" in e.inputs else _first(e, found[1])
        guessed = () if "orig_target_sizes" in e.inputs else ("options.first_class",)
        options = given(px=px, first_class=first, outputs=_only(e, found))
        return Form("detect", "boxes-labels", 0, options, kin="rtdetr", guessed=guessed)
    if "image_shape" in e.inputs and len(e.names) == 3:   # YOLOv3 of the ONNX model zoo
        boxes = next((i for i, s in enumerate(e.shapes) if len(s) == 3 and s[-1] == 4), -1)
        scores = [s for i, s in enumerate(e.shapes) if i != boxes and len(s) == 3 and e.runs[0][i].dtype.kind == "f"]
        if boxes >= 0 and len(scores) == 1:
            return Form("detect", "yolov3-nms", scores[0][1], kin="yolov3-zoo")
    return None


def _only(e: Evidence, places: list[int]) -> list[int] | None:
    """The option `outputs` where others are to be left out."""
    return places if sorted(places) != list(range(len(e.names))) else None


def _first(e: Evidence, place: int) -> int:
    """0 where a class 0 was seen; torchvision and others count from 1, 0 being the background."""
    seen = np.concatenate([values.reshape(-1) for values in e.values(place)])
    return 0 if (seen == 0).any() else 1


def _detr(e: Evidence, boxes: int, logits: int) -> Form:
    """Hugging Face's: DETR and YOLOS have a last class for no object, RT-DETR and Deformable DETR have none."""
    rows = np.concatenate(e.tables(logits))
    columns = rows.shape[1]
    if e.labels and e.labels in (columns, columns - 1):
        softmax = e.labels == columns - 1
    else:   # a query that found nothing, nearly all of them, says so with the last class
        nothing = float((rows.argmax(axis=1) == columns - 1).mean())
        softmax = "pixel_mask" in e.inputs or (columns > 1 and nothing > NEARLY)
    coco = softmax and columns == 92 and not e.labels   # 91 numbers, of which 0 is none
    options = given(
        logits="softmax" if softmax else "sigmoid", background="both" if coco else "last" if softmax else "",
        overlap=1.0, outputs=[boxes, logits], in_order=True,
    )  # fmt: skip
    classes = 90 if coco else columns - softmax
    return Form("detect", "boxes-scores", classes, options, kin="detr" if softmax else "rtdetr")


def _rf_detr(e: Evidence, boxes: int, logits: int) -> Form:
    """Roboflow's: sigmoids; COCO's 91 numbers, of which 0 is none, or own classes and a last one for the background."""
    columns = e.shapes[logits][-1]
    own = columns != 91
    background = "" if e.labels == columns else "last" if own else "first"
    options = given(
        logits="sigmoid", background=background, overlap=1.0, outputs=[boxes, logits], in_order=True
    )
    return Form("detect", "boxes-scores", columns - bool(background), options, kin="rfdetr")


def caffe(e: Evidence) -> Form | None:
    """DetectionOutput: (1, 1, n, 7)."""
    place = next((i for i, s in enumerate(e.shapes) if len(s) == 4 and s[:2] == (1, 1) and s[3] == 7), -1)
    return Form("detect", "ssd-caffe", 0, given(outputs=_only(e, [place])), kin="ssd") if place >= 0 else None


def separate(e: Evidence) -> Form | None:
    """Boxes (1, n, 4), classes and scores (1, n), mostly a count."""
    boxes = [i for i, s in enumerate(e.shapes) if len(s) in (2, 3) and s[-1] == 4 and e.runs[0][i].dtype.kind == "f"]
    if len(boxes) != 1 or len(e.shapes) not in (3, 4):
        return None
    n = prod(e.shapes[boxes[0]][:-1])   # 0: nothing was found in any picture
    rank = len(e.shapes[boxes[0]])
    pair = [i for i, s in enumerate(e.shapes) if i != boxes[0] and prod(s) == n and len(s) in (rank - 1, rank - 2)]
    pair = pair if len(pair) == 2 else [i for i in pair if len(e.shapes[i]) == rank - 1]   # n may be 1, as a count is
    if len(pair) != 2:
        return None
    rows = joined(e.tables(boxes[0]))
    count = len(e.shapes) == 4
    # Of rows that fill up to a fixed number nothing is known; a table without any is in px, as torchvision's.
    px = not are_relative(rows) if rows.size else n == 0
    labels = next((i for i in pair if e.runs[0][i].dtype.kind in "iu"), -1)
    if count and labels < 0 and not px and "pred_boxes" not in " ".join(e.names):
        seen = e.names[0].startswith("detection_")
        return Form("detect", "ssd-nms", 0, {"first_class": 1} if seen else {}, kin="tensorflow", guessed=("decoder",))
    first = _first(e, labels) if labels >= 0 else 0
    options = given(px=px, first_class=first, outputs=_only(e, [*boxes, *pair]))
    return Form("detect", "boxes-labels", 0, options, kin="yolo" if px else "detector",
                guessed=("decoder", "options.first_class"))   # fmt: skip


def rows(e: Evidence) -> Form | None:
    """One table of boxes that were chosen: (n, 6 or 7), (1, n, 6 and more)."""
    tables = [i for i, s in enumerate(e.shapes) if len(s) in (2, 3) and (len(s) == 2 or s[0] == 1) and s[-1] >= 6]
    if len(tables) != 1 or any(len(s) > 2 for i, s in enumerate(e.shapes) if i != tables[0] and len(s) != 4):
        return None
    place = tables[0]
    shape, flat = e.shapes[place], len(e.shapes[place]) == 2
    n, columns = shape[-2], shape[-1]
    if n > MOST_CHOSEN or (columns > n > 4 and not flat):
        return None
    found = joined(e.tables(place))
    only = given(outputs=_only(e, [place]))
    if "scale_factor" in e.inputs or "im_shape" in e.inputs:   # PaddleDetection; its second output counts
        return _end_to_end("class score x1 y1 x2 y2", only, "paddle")
    if flat and columns == 7:
        kind = "score class" if found.size and whole(found[:, 6]) and not whole(found[:, 5]) else "class score"
        return _end_to_end(f"batch x1 y1 x2 y2 {kind}", only, "yolo")
    if flat and columns == 6 and found.size and whole(found[:, 0]) and within(found[:, 1]):
        return _end_to_end("class score x1 y1 x2 y2", only, "paddle")
    if columns == 7 and found.size and whole(found[:, 6]) and not found[:, 0].any() and within(found[:, 5]):
        return _end_to_end("image y1 x1 y2 x2 score class", {**only, "first_class": 1}, "efficientdet")
    empty = not found.size and columns == 6 and not flat   # nothing found anywhere, and nothing else is six columns
    if not empty and not _says_end_to_end(e) and not _looks_end_to_end(e, found, columns):
        return None
    relative = are_relative(found[:, :4])
    centred = (relative and not are_corners(found[:, :4])) or e.said.get("task") == "obb"
    order = "cx cy w h score class" if centred else "x1 y1 x2 y2 score class"
    sure = _says_end_to_end(e)
    kin = "rtdetr" if relative else "ultralytics" if e.ultralytics() else "yolo"
    extra = columns - len(order.split())
    options = {**only, **given(relative=relative, extra=extra or None), **beside(e, extra)}
    return _end_to_end(order, options, kin, sure=sure)


def _end_to_end(order: str, options: dict[str, Any], kin: str, *, sure: bool = False) -> Form:
    columns = order.split()
    usual = {} if order == "x1 y1 x2 y2 score class" else {"columns": columns}
    return Form("detect", "end-to-end", 0, {**usual, **options}, kin=kin, guessed=() if sure else ("decoder",))


def _says_end_to_end(e: Evidence) -> bool:
    """Whether the metadata of ultralytics say that boxes are chosen inside."""
    if e.said.get("end2end", "").strip().lower() == "true":
        return True
    try:
        arguments = ast.literal_eval(e.said.get("args", "{}")[:10_000])
    except (ArithmeticError, TypeError, ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return isinstance(arguments, dict) and arguments.get("nms") is True


def _looks_end_to_end(e: Evidence, found: np.ndarray, columns: int) -> bool:
    """Whether column 4 is a score, column 5 a class, and neither can be anything else."""
    if not found.size or not within(found[:, 4]) or not whole(found[:, 5]) or (found[:, 4] == 1).all():
        return False
    if (found[:, 5] > 1).any():   # of no probability
        return True
    falling = all((np.diff(table[:, 4]) <= 1e-6).all() for table in e.tables(rows_place(e)))
    return falling and (columns == 6 or e.said.get("task") in ("pose", "obb", "segment"))


def rows_place(e: Evidence) -> int:
    """Of the table."""
    return next(i for i, s in enumerate(e.shapes) if len(s) in (2, 3) and s[-1] >= 6)
