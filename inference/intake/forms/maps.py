"""Detectors that give their raw maps: how many there are, their depths and what their values can be tell them apart."""

from math import prod

import numpy as np

from inference.decode.maps import YOLOV2_COCO_ANCHORS
from inference.intake.forms.evidence import Evidence, Form, given, within
from inference.intake.forms.tables import BINS

YOLOV2_ANCHORS = 5
ANCHORS = 3               # a map of YOLOv3 and later
AZURE = (-0.6, 1.6)       # where a cell's centre lies that goes through no sigmoid


def one_map(e: Evidence) -> Form | None:
    """(1, depth, h, w): FastestDet, YOLOv2 and Azure Custom Vision's compact detectors."""
    if len(e.shapes) != 1 or len(e.shapes[0]) != 4 or prod(e.shapes[0][2:]) <= 1 or e.shapes[0][0] != 1:
        return None
    _, depth, h, w = e.shapes[0]
    values = [v[0].reshape(depth, -1) for v in e.values(0)]
    if depth > 5 and all(within(v[0]) and within(v[5:]) and np.abs(v[5:].sum(axis=0) - 1).max() < 1e-2 for v in values):
        return Form("detect", "fastestdet", depth - 5, kin="fastestdet", guessed=("decoder",))
    classes = depth // YOLOV2_ANCHORS - 5
    if depth % YOLOV2_ANCHORS or classes < 1 or (e.labels and classes != e.labels) or max(h, w) > 60:
        return None
    near = np.concatenate([v.reshape(YOLOV2_ANCHORS, -1, h * w)[:, :2].reshape(-1) for v in values])
    azure = any(key.startswith("Image.") for key in e.said) or bool(
        AZURE[0] <= near.min() < near.max() <= AZURE[1]
    )
    coco = [list(sides) for sides in YOLOV2_COCO_ANCHORS] if azure or classes == 80 else None
    options = given(plain_xy=azure, anchors=coco)
    guessed = ("decoder", "options.anchors")
    return Form("detect", "yolov2", classes, options, kin="azure" if azure else "darknet", guessed=guessed)


def scales(e: Evidence) -> Form | None:
    """A map a scale: YOLOv3, YOLOv4 of the model zoo, YOLOv5 and v7 with raw heads."""
    maps = [i for i, s in enumerate(e.shapes) if len(s) in (4, 5) and s[0] == 1]
    if len(maps) != len(e.shapes) or not 2 <= len(maps) <= 4 or len({len(e.shapes[i]) for i in maps}) > 1:
        return None
    shapes = [e.shapes[i] for i in maps]
    guessed = ("decoder", "options.anchors")
    if len(shapes[0]) == 5:
        columns = shapes[0][4]
        if columns <= 5 or len({s[4] for s in shapes}) > 1:
            return None
        if all(s[3] == ANCHORS for s in shapes) and len(maps) == 3:
            rest = np.concatenate([v[..., 4:].reshape(-1) for i in maps for v in e.values(i)])
            if within(rest):
                return Form("detect", "yolov4", columns - 5, kin="yolov3-zoo", guessed=("decoder",))
        return Form("detect", "yolov5-raw", columns - 5, kin="yolo", guessed=guessed)
    for axis in (1, 3):
        depth = {s[axis] for s in shapes}
        if len(depth) == 1 and (only := next(iter(depth))) % ANCHORS == 0 and only // ANCHORS > 5 and len(maps) < 4:
            options = {"channels_last": True} if axis == 3 else {}
            return Form("detect", "yolov3", only // ANCHORS - 5, options, kin="darknet", guessed=guessed)
    return None


def levels(e: Evidence) -> Form | None:
    """As many maps of boxes as of classes: RetinaNet, EfficientDet, NanoDet, PicoDet, YuNet."""
    if all(f"{part}_{stride}" in e.names for part in ("cls", "obj", "bbox") for stride in (8, 16, 32)):
        order = [e.names.index(f"{part}_{stride}") for part in ("cls", "obj", "bbox") for stride in (8, 16, 32)]
        return Form("detect", "yunet", 1, {"outputs": order}, kin="yunet", labels=("face",))
    if len(e.shapes) == 10 and all(len(s) == 4 for s in e.shapes):
        axis = next((a for a in (1, 3) if sum(s[a] == 36 for s in e.shapes) == 5), 0)
        other = {s[axis] for s in e.shapes if s[axis] != 36} if axis else set()
        if axis and len(other) == 1 and (depth := other.pop()) % 9 == 0:
            places = [i for i, s in enumerate(e.shapes) if s[axis] != 36]
            if axis == 1 and all(within(v) for i in places for v in e.values(i)):
                return Form("detect", "retinanet", depth // 9, kin="retinanet", guessed=("decoder",))
            return Form(
                "detect", "efficientdet", depth // 9, {"logits": True}, kin="efficientdet", guessed=("decoder",)
            )
    if len(e.shapes) in (6, 8) and all(len(s) == 3 and s[0] == 1 for s in e.shapes):
        far = [s for s in e.shapes if s[2] == BINS]
        near = {s[2] for s in e.shapes if s[2] != BINS}
        if len(far) == len(e.shapes) // 2 and len(near) == 1:
            strides = [8, 16, 32, 64][: len(far)]
            alternating = all(s[2] == BINS for s in e.shapes[1::2])   # OpenCV's zoo; PicoDet has the scores first
            options = given(strides=strides, offset=0.5, offset_px=-0.5 if alternating else None)
            kin = "nanodet" if alternating else "picodet"
            return Form("detect", "nanodet", near.pop(), options, kin=kin, guessed=("decoder", "options.offset"))
    return None
