"""Decoders against the published conventions: one box each, worked out by hand, and a fault that each must notice.

The source of a convention stands at its test. Boxes are of an input of 200×100 px unless a grid wants another size.
"""

from math import e, log
from typing import Any

import numpy as np
import pytest
from test_decode import BOX, NOTHING, RELATIVE, SIZE, decode, f32, rows

from inference.decode import DETECTORS, wanted
from inference.decode.boxes import suppress

CORNERS = list(BOX)                          # 80 40 120 60
RELATIVE_CORNERS = [0.4, 0.4, 0.6, 0.6]
CENTRED = [100, 50, 40, 20]


def logit(p: float) -> float:
    return log(p / (1 - p))


def flat(found: list) -> list[float]:
    return [v for line in found for v in line]


def about(*lines: tuple[float, ...]) -> Any:
    return pytest.approx([v for line in lines for v in line], abs=0.02)


# ---- boxes beside scores ----


@pytest.mark.parametrize("reverse", [False, True])
def test_yolo_nas_has_corners_in_px(reverse: bool) -> None:
    """super-gradients, `models_export.md`; PaddleDetection's `ppyoloe_head.py` has the classes first."""
    outputs = [rows(CORNERS, [1, 1, 5, 5]), rows([0.1, 0.9, 0.2], [0, 0, 0])]
    options = {"corners": True, "px": True}
    assert decode("boxes-scores", *(outputs[::-1] if reverse else outputs), **options) == [(1, 0.9, *BOX)]
    turned = [outputs[0], outputs[1].swapaxes(1, 2).copy()]
    assert decode("boxes-scores", *turned, **options) == [(1, 0.9, *BOX)]
    assert decode("boxes-scores", *outputs, px=True) != [(1, 0.9, *BOX)]


def test_pytorch_yolov4_has_a_side_more() -> None:
    """Tianxiaomo/pytorch-YOLOv4, `yolo_layer.py`: boxes (1, n, 1, 4) relative, confs = objectness * class."""
    boxes, confs = rows(RELATIVE_CORNERS, [0, 0, 0.1, 0.1])[:, :, None], rows([0.1, 0.9], [0, 0])
    assert decode("boxes-scores", boxes, confs, corners=True) == [(1, 0.9, *BOX)]
    assert decode("boxes-scores", boxes, confs) != [(1, 0.9, *BOX)]


def test_detr_scores_by_softmax_and_its_last_class_is_none() -> None:
    """transformers, `DetrImageProcessor.post_process_object_detection`: softmax, `[..., :-1]`."""
    logits = rows([0, log(9), 0, 0], [0, 0, 0, 9])   # 9 of 12; no object
    boxes = rows(RELATIVE, RELATIVE)
    options = {"logits": "softmax", "background": "last", "classes": 3}
    assert decode("boxes-scores", boxes, logits, **options) == [(1, 0.75, *BOX)]
    assert decode("boxes-scores", boxes, logits, logits="softmax")[1][0] == 3   # the fault: nothing, as a class
    assert decode("boxes-scores", boxes, logits, logits="softmax", background="both", classes=2) == [(0, 0.75, *BOX)]


def test_rt_detr_scores_by_sigmoids() -> None:
    """transformers, `RTDetrImageProcessor`: sigmoid, no class for nothing."""
    boxes, logits = rows(RELATIVE), rows([logit(0.3), logit(0.9)])
    assert decode("boxes-scores", boxes, logits, logits="sigmoid") == [(1, 0.9, *BOX)]
    with pytest.raises(ValueError, match="scores"):
        decode("boxes-scores", boxes, logits)   # logits taken for scores


def test_rf_detr_of_three_classes_goes_by_order() -> None:
    """rfdetr.roboflow.com/exports/onnx: dets (1, q, 4), labels (1, q, 4) with the background last."""
    boxes, logits = rows(RELATIVE), rows([logit(0.01), logit(0.9), logit(0.02), logit(0.99)])
    options = {"logits": "sigmoid", "background": "last", "in_order": True}
    assert decode("boxes-scores", boxes, logits, **options) == [(1, 0.9, *BOX)]
    with pytest.raises(ValueError, match="right edge"):   # the fault: logits taken for boxes
        decode("boxes-scores", logits, boxes, **options)


def test_ultraface_has_the_background_first() -> None:
    """Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, `run_video_face_detect_onnx.py`."""
    scores, boxes = rows([0.1, 0.9], [0.95, 0.05]), rows(RELATIVE_CORNERS, [0, 0, 0.1, 0.1])
    options = {"corners": True, "background": "first", "classes": 1}
    assert decode("boxes-scores", scores, boxes, **options) == [(0, 0.9, *BOX)]
    assert decode("boxes-scores", scores, boxes, corners=True) != [(0, 0.9, *BOX)]


# ---- one table ----


def test_yolov6_has_an_objectness_of_one() -> None:
    """meituan/YOLOv6, `effidehead.py`: cx cy w h in px, a column of ones, classes."""
    assert decode("yolov5", rows([*CENTRED, 1, 0.2, 0.9])) == [(1, 0.9, *BOX)]


def test_yolov5_beside_its_raw_heads_and_with_masks() -> None:
    """ultralytics/yolov5, `models/yolo.py`: the decoded table is the first output; Segment adds 32 coefficients."""
    table = rows([*CENTRED, 0.5, 0.2, 0.8, *[-3.0] * 32])
    raw = [np.zeros((1, 3, g, g, 7), np.float32) for g in (4, 2, 1)]
    assert decode("yolov5", table, *raw, extra=32, classes=2) == [(1, 0.4, *BOX)]
    with pytest.raises(ValueError, match="34 classes for 2"):
        decode("yolov5", table, classes=2)


def test_yolov5_of_tensorflow_is_relative() -> None:
    """ultralytics/yolov5, `models/tf.py`: xywh are divided by the size."""
    assert decode("yolov5", rows([*RELATIVE, 0.5, 0.2, 0.8]), relative=True) == [(1, 0.4, *BOX)]


@pytest.mark.parametrize(("extra", "behind"), [(51, [20.0, 20.0, 0.9] * 17), (1, [0.7]), (32, [-2.0] * 32)])
def test_pose_oriented_and_mask_exports_give_their_boxes(extra: int, behind: list[float]) -> None:
    """ultralytics, `head.py`: Pose adds 3 a point, OBB the angle as the last row, Segment 32 coefficients."""
    out = rows([*CENTRED, 0.1, 0.9, *behind], [5, 5, 5, 5, 0, 0, *behind]).swapaxes(1, 2)
    assert decode("yolov8", out, extra=extra, classes=2) == [(1, 0.9, *BOX)]
    with pytest.raises(ValueError, match="for 2 labels"):
        decode("yolov8", out, classes=2)


def test_rt_detr_of_ultralytics_is_relative_and_has_no_objectness() -> None:
    """ultralytics, `RTDETRDecoder.forward`: (1, 300, 4 + classes), boxes 0..1."""
    out = rows([*RELATIVE, 0.1, 0.9], [*RELATIVE, 0.1, 0.1])
    assert decode("yolov8", out, transposed=True, relative=True) == [(1, 0.9, *BOX)]
    assert decode("boxes-scores", out) != [(1, 0.9, *BOX)]   # the fault: its first class taken for an objectness


# ---- boxes that were chosen ----

E2E = {
    "x1 y1 x2 y2 score class": ([*CORNERS, 0.9, 16], {}),                       # ultralytics, `Detect.postprocess`
    "batch x1 y1 x2 y2 class score": ([0, *CORNERS, 16, 0.9], {}),              # yolov7, `ONNX_ORT`
    "batch x1 y1 x2 y2 score class": ([0, *CORNERS, 0.9, 16], {}),              # super-gradients, flat
    "class score x1 y1 x2 y2": ([16, 0.9, *CORNERS], {}),                       # PaddleDetection
    "image y1 x1 y2 x2 score class": ([0, 40, 80, 60, 120, 0.9, 17], {"first_class": 1}),   # automl, EfficientDet
    "cx cy w h score class": ([*RELATIVE, 0.9, 16], {"relative": True}),        # ultralytics, pull request 24403
}


@pytest.mark.parametrize("columns", E2E)
def test_rows_that_were_chosen(columns: str) -> None:
    line, options = E2E[columns]
    named = {"columns": columns.split(), **options}
    empty = [0.0] * len(line)
    pad = list(line)
    pad[columns.split().index("class")] = -1
    out = rows(line, pad, empty)
    assert decode("end-to-end", out, **named) == [(16, 0.9, *BOX)]
    assert decode("end-to-end", out[0], **named) == [(16, 0.9, *BOX)]
    turned = [*columns.split()]
    s, c = turned.index("score"), turned.index("class")
    turned[s], turned[c] = turned[c], turned[s]
    with pytest.raises((ValueError, IndexError)):   # the fault: a score of 16, or a class of 0.9
        decode("end-to-end", out, least=0.25, **{**named, "columns": turned, "classes": 80})


def test_more_columns_than_named_are_left_out() -> None:
    """Pose and masks of YOLO26: what stands behind the class."""
    assert decode("end-to-end", rows([*CORNERS, 0.9, 0, *[7.0] * 51]), extra=51) == [(0, 0.9, *BOX)]
    with pytest.raises(ValueError, match="rows of"):
        decode("end-to-end", rows([*CORNERS, 0.9, 0, *[7.0] * 51]))


def test_tensorrts_names_and_d_fines() -> None:
    """YOLOv6 `end2end.py`: class -1 fills up; D-FINE `export_onnx.py`: boxes in px of the size that was given."""
    boxes, scores, classes = rows(CORNERS, [0, 0, 0, 0]), f32([0.9, 0.0]), np.array([[16, -1]], np.int32)
    options = {"px": True, "first_class": 0}
    assert decode("boxes-labels", boxes, scores, classes, **options) == [(16, 0.9, *BOX)]
    assert decode("boxes-labels", classes.astype(np.int64), boxes, scores, **options) == [(16, 0.9, *BOX)]
    assert decode("boxes-labels", boxes, scores, classes, px=True) == [(15, 0.9, *BOX)]   # the fault: off by one
    assert decode("boxes-labels", boxes, scores, classes.astype(np.float32), **options) == [(16, 0.9, *BOX)]


def test_mmdeploy_has_the_score_beside_the_box() -> None:
    """open-mmlab/mmdeploy: dets (1, n, 5), labels (1, n)."""
    dets, labels = rows([*CORNERS, 0.9], [0, 0, 9, 9, 0.1]), np.array([[16, 3]], np.int64)
    assert decode("boxes-labels", dets, labels, px=True, first_class=0) == [(16, 0.9, *BOX)]


def test_the_model_zoos_yolov3_knows_scores_from_boxes() -> None:
    """onnx/models, yolov3: boxes y1 x1 y2 x2, scores (1, classes, n); also where there are four boxes."""
    boxes, scores = rows([40, 80, 60, 120], *[[0, 0, 1, 1]] * 3), np.zeros((1, 80, 4), np.float32)
    scores[0, 16, 0] = 0.9
    assert decode("yolov3-nms", boxes, scores, np.array([[[0, 16, 0]]], np.int32)) == [(16, 0.9, *BOX)]


# ---- raw maps: input 64 high, 96 wide ----

RAW = (64, 96)


def raw_maps(depth: int, form: str) -> list[np.ndarray]:
    """Three scales of nothing, and at stride 16 (4×6 cells), cell x 2 y 1, the second anchor, something."""
    maps = []
    for g, (h, w) in enumerate(((8, 12), (4, 6), (2, 3))):
        o = np.full((1, 3, h, w, depth), -9, np.float32)
        if g == 1:
            o[0, 1, 1, 2, :5] = logit(0.75), logit(0.5), log(2) if form == "v3" else logit(0.75), logit(0.5), logit(0.9)
            o[0, 1, 1, 2, 6] = logit(0.8)
        maps.append(o)
    return maps


# Second anchor at stride 16 of yolov3.cfg and of yolov5s.yaml: 62×45.
V3 = (1, 0.72, 44 - 62, 24 - 45 / 2, 44 + 62, 24 + 45 / 2)
V5 = (1, 0.72, (2 * 0.75 - 0.5 + 2) * 16 - 62 * 2.25 / 2, 24 - 45 / 2, 48 + 62 * 2.25 / 2, 24 + 45 / 2)


def laid(maps: list[np.ndarray], how: str) -> list[np.ndarray]:
    if how == "darknet":   # (1, 3 * depth, h, w)
        return [m.transpose(0, 1, 4, 2, 3).reshape(1, -1, *m.shape[2:4]) for m in maps]
    if how == "tensorflow":   # (1, h, w, 3 * depth)
        return [m.transpose(0, 2, 3, 1, 4).reshape(1, *m.shape[2:4], -1) for m in maps]
    return [m.transpose(0, 2, 3, 1, 4) for m in maps] if how == "nhwc" else maps


@pytest.mark.parametrize("how", ["yolov5", "darknet", "tensorflow", "nhwc"])
@pytest.mark.parametrize("reverse", [False, True])
def test_yolov3_maps(how: str, reverse: bool) -> None:
    """"YOLOv3", arXiv 1804.02767: sigmoid(t) + cell, anchor * exp(t), independent classes."""
    maps = laid(raw_maps(7, "v3"), how)[:: -1 if reverse else 1]
    options = {"channels_last": True} if how == "tensorflow" else {}
    log_w = [m.copy() for m in maps]
    found = decode("yolov3", *log_w, size=RAW, **options)
    # Of the height the code is logit(0.5) = 0, of the width log 2.
    assert flat(found) == about(V3)
    assert flat(decode("yolov5-raw", *maps, size=RAW, **options)) != about(V3)


@pytest.mark.parametrize("how", ["yolov5", "darknet", "nhwc"])
def test_yolov5_maps(how: str) -> None:
    """ultralytics/yolov5, `Detect.forward`: (2 sigmoid - 0.5 + cell) * stride, (2 sigmoid)² * anchor."""
    maps = laid(raw_maps(7, "v5"), how)
    found = decode("yolov5-raw", *maps, size=RAW)
    assert flat(found) == about(V5)
    assert flat(decode("yolov3", *maps, size=RAW)) != about(V5)


def test_tiny_yolov3_has_two_maps() -> None:
    """yolov3-tiny.cfg of AlexeyAB/darknet: masks 3,4,5 and 1,2,3."""
    fine, coarse = np.full((1, 3, 4, 6, 7), -9, np.float32), np.full((1, 3, 2, 3, 7), -9, np.float32)
    coarse[0, 2, 1, 1, :7] = 0, 0, 0, 0, logit(0.9), -9, logit(0.8)
    box = (48 - 172, 48 - 159.5, 48 + 172, 48 + 159.5)
    assert flat(decode("yolov3", fine, coarse, size=RAW)) == about((1, 0.72, *box))
    with pytest.raises(ValueError, match="5 maps"):
        decode("yolov3", *[fine] * 5, size=RAW)


def test_azure_leaves_out_a_sigmoid() -> None:
    """Azure-Samples/customvision-export-samples, `object_detection.py`: x = out + column, softmax over the classes."""
    out = np.full((1, 5, 7, 4, 6), -9, np.float32)   # anchor, value, row, column
    out[0, 0, :, 1, 2] = 0.5, 0.25, 0, 0, logit(0.9), 0, log(4)
    anchors = [[1, 2]] * 5
    maps = out.reshape(1, 35, 4, 6)
    found = decode("yolov2", maps, size=RAW, anchors=anchors, plain_xy=True)
    assert flat(found) == about((1, 0.72, 40 - 8, 20 - 16, 40 + 8, 20 + 16))
    assert flat(decode("yolov2", maps, size=RAW, anchors=anchors)) != about((1, 0.72, 32, 4, 48, 36))


def efficientdet_rows(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, int]:
    n = sum(-(-size[0] // s) * -(-size[1] // s) * 9 for s in (8, 16, 32, 64, 128))
    return np.zeros((1, n, 4), np.float32), np.full((1, n, 3), -9, np.float32), n


# Of stride 16, cell x 2 y 1, octave 1, ratio 1.4:0.7.
AT = 8 * 12 * 9 + (1 * 6 + 2) * 9 + 1 * 3 + 1
SIDE = 4 * 16 * 2 ** (1 / 3)
EFFICIENT = (2, 0.9, 40 + 0.1 * 1.4 * SIDE - 0.7 * SIDE, 24 - 0.35 * SIDE * e / 2 * 2,
             40 + 0.1 * 1.4 * SIDE + 0.7 * SIDE, 24 + 0.35 * SIDE * e / 2 * 2)   # fmt: skip


def test_efficientdet() -> None:
    """google/automl, efficientdet `anchors.py`: ty tx th tw without variances, the ratio runs fastest."""
    codes, scores, _ = efficientdet_rows(RAW)
    codes[0, AT] = 0, 0.1, 1, 0
    scores[0, AT, 2] = logit(0.9)
    (found,) = decode("efficientdet", codes, scores, size=RAW, logits=True)
    assert found[:2] == (2, 0.9)
    assert found[2:] == pytest.approx(EFFICIENT[2:], abs=0.02)
    ready = 1 / (1 + np.exp(-scores))
    others = [np.zeros((1, 8, s, s), np.float32) for s in (8, 4)]   # zylo117's features beside them
    assert decode("efficientdet", *others, codes, ready, size=RAW) == [found]
    swapped = codes[..., [1, 0, 3, 2]].copy()
    assert decode("efficientdet", swapped, ready, size=RAW) != [found]


@pytest.mark.parametrize("first", ["channels", "cells"])
def test_efficientdet_as_maps(first: str) -> None:
    codes, scores, _ = efficientdet_rows(RAW)
    codes[0, AT] = 0, 0.1, 1, 0
    scores[0, AT, 2] = logit(0.9)
    maps, start = [], 0
    for s in (8, 16, 32, 64, 128):
        h, w = -(-RAW[0] // s), -(-RAW[1] // s)
        part = slice(start, start + h * w * 9)
        for values in (codes, scores):
            o = values[:, part].reshape(1, h, w, -1)
            maps.append(o if first == "cells" else o.transpose(0, 3, 1, 2).copy())
        start = part.stop
    (found,) = decode("efficientdet", *maps[::-1], size=RAW, logits=True)
    assert found[2:] == pytest.approx(EFFICIENT[2:], abs=0.02)


# ---- for small machines ----


def dfl(*distances: int) -> list[float]:
    """Logits of four distributions that are sure."""
    out = np.full((4, 8), -30.0)
    out[range(4), list(distances)] = 30
    return out.reshape(-1).tolist()


# Cells of 64×96 at strides 8, 16, 32, 64: 96 + 24 + 6 + 2.
NANO = 96 + 1 * 6 + 2   # stride 16, x 2 y 1


def nano(classes: int = 2) -> np.ndarray:
    out = np.zeros((1, 128, classes + 32), np.float32)
    out[0, NANO, :2] = 0.1, 0.9
    out[0, NANO, -32:] = dfl(1, 0, 2, 1)
    return out


def test_nanodet_plus() -> None:
    """RangiLyu/nanodet, `nanodet_plus_head.py`: the centre of a cell is i * stride; left top right bottom."""
    assert flat(decode("nanodet", nano(), size=RAW)) == about((1, 0.9, 32 - 16, 16, 32 + 32, 16 + 16))
    assert flat(decode("nanodet", nano(), size=RAW, offset=0.5)) != about((1, 0.9, 16, 16, 64, 32))


@pytest.mark.parametrize(("options", "centre"), [
    ({"offset": 0.5}, 8.0),                       # PaddleDetection, `pico_head.py`
    ({"offset": 0.5, "offset_px": -0.5}, 7.5),    # opencv_zoo, `nanodet.py`: + (stride - 1) / 2
])  # fmt: skip
def test_picodet_and_opencvs_nanodet_in_tables(options: dict[str, float], centre: float) -> None:
    whole, parts, start = nano(), [], 0
    for n in (96, 24, 6, 2):
        part = whole[:, start : start + n]
        parts += [part[..., :2].copy(), part[..., 2:].copy()]
        start += n
    x, y = 32 + centre, 16 + centre
    wanted_box = (1, 0.9, x - 16, y, x + 32, y + 16)
    for outputs in (parts, [*parts[::2], *parts[1::2]], parts[::-1]):
        assert flat(decode("nanodet", *outputs, size=RAW, **options)) == about(wanted_box)


def test_fastestdet() -> None:
    """dog-qiuqiu/FastestDet, `runtime.py`: tanh in the cell, sigmoid of the sides, obj^0.6 * class^0.4."""
    out = np.zeros((1, 7, 4, 6), np.float32)
    out[0, :, 1, 2] = 0.9, np.arctanh(0.5), 0, logit(0.25), logit(0.5), 0.2, 0.8
    score = 0.9**0.6 * 0.8**0.4
    found = decode("fastestdet", out, size=RAW)
    assert flat(found) == about((1, score, 40 - 12, 16 - 16, 40 + 12, 16 + 16))
    assert round(0.9 * 0.8, 2) != round(score, 2)   # the fault: a plain product


def yunet_outputs() -> list[np.ndarray]:
    out = [np.zeros((1, n, d), np.float32) for d in (1, 1, 4, 10) for n in (96, 24, 6)]
    at = 1 * 6 + 2
    out[1][0, at], out[4][0, at] = 0.9, 0.4
    out[7][0, at] = 0.5, 0.25, log(2), 0
    return out


def test_yunet() -> None:
    """OpenCV, `face_detect.cpp`: (cell + t) * stride, exp(t) * stride, sqrt(class * objectness)."""
    found = decode("yunet", *yunet_outputs()[:9], size=RAW, classes=1)
    assert flat(found) == about((0, 0.6, 40 - 16, 20 - 8, 40 + 16, 20 + 8))
    wrong = yunet_outputs()
    wrong[4][:] = 0   # nothing there
    assert decode("yunet", *wrong[:9], size=RAW) == []


def test_retinaface() -> None:
    """biubug6/Pytorch_Retinaface, `prior_box.py`, `box_utils.py`: variances 0.1 and 0.2, two squares a cell."""
    n = 2 * (96 + 24 + 6)
    codes, scores = np.zeros((1, n, 4), np.float32), np.tile(f32(1, 0), (1, n, 1))
    at = 2 * 96 + 2 * (1 * 6 + 2) + 1   # stride 16, x 2 y 1, the second square: 128 px
    codes[0, at], scores[0, at] = [1, 0, 5 * log(2), 0], [0.1, 0.9]
    outputs = [codes, scores, np.zeros((1, n, 10), np.float32)]
    found = decode("retinaface", *outputs, size=RAW, classes=1)
    assert flat(found) == about((0, 0.9, 40 + 12.8 - 128, 24 - 64, 40 + 12.8 + 128, 24 + 64))
    other = decode("retinaface", *outputs, size=RAW, sides=[[16, 32], [64, 127], [256, 512]])
    assert flat(other) != about((0, 0.9, 40 + 12.8 - 128, 24 - 64, 40 + 12.8 + 128, 24 + 64))


def test_the_yunet_of_2022() -> None:
    """OpenCV 4.5.4, `face_detect.cpp`: squares of 10 16 24, 32 48, 64 96, 128 192 256; sqrt(face * overlap)."""
    sides = [[10, 16, 24], [32, 48], [64, 96], [128, 192, 256]]
    n = 3 * 96 + 2 * 24 + 2 * 6 + 3 * 2
    loc, conf, iou = np.zeros((1, n, 14), np.float32), np.tile(f32(1, 0), (1, n, 1)), np.zeros((1, n, 1), np.float32)
    at = 3 * 96 + 2 * 8   # stride 16, x 2 y 1: 32 px
    conf[0, at], iou[0, at] = [0.1, 0.9], 0.4
    found = decode("retinaface", loc, conf, iou, size=RAW, classes=1, sides=sides)
    assert flat(found) == about((0, 0.6, 24, 8, 56, 40))


# ---- what no detector may show ----


@pytest.mark.parametrize("name", ["yolov5", "boxes-scores"])
def test_scores_outside_0_to_1_are_said(name: str) -> None:
    with pytest.raises(ValueError, match=r"scores from 14\.6 to 14\.6"):
        decode(name, rows([*CENTRED, 0.91, 16]), least=0.25)


def test_boxes_without_area_are_never_shown() -> None:
    flat_one = [100, 50, 0, 20]
    assert decode("yolov5", rows([*flat_one, 1, 0.9], [*CENTRED, 1, 0.8])) == [(0, 0.8, *BOX)]
    with pytest.raises(ValueError, match="right edge"):   # cx cy w h taken for corners
        decode("end-to-end", rows([100, 50, 40, 20, 0.9, 1]))


def test_half_precision_may_round_a_score_over_one() -> None:
    assert decode("yolov5", rows([*CENTRED, 1, 1.0005])) == [(0, 1.0, *BOX)]


def test_only_the_wanted_outputs_are_read() -> None:
    a, b, c = (np.zeros(i) for i in (1, 2, 3))
    assert [o.size for o in wanted([a, b, c], {"outputs": [2, 0]})] == [3, 1]
    assert wanted([a, b], {}) == [a, b]
    with pytest.raises(IndexError):
        wanted([a], {"outputs": [1]})


def test_every_decoder_has_its_nothing() -> None:
    assert NOTHING.keys() == DETECTORS.keys()
    assert SIZE == (100, 200)


# ---- points and angles ----


def test_points_and_an_angle_go_with_their_boxes() -> None:
    """ultralytics, `Pose`: x y and how sure of each point; `OBB`: the angle in radians; suppressed with their boxes."""
    other = [*CENTRED[:2], 38, 20]
    pose = [7.0, 8.0, 0.9, 17.0, 18.0, 0.2]
    out = rows([*other, 0.5, *[1.0] * 6], [*CENTRED, 0.9, *pose], [5, 5, 5, 5, 0.1, *[2.0] * 6]).swapaxes(1, 2)
    found = DETECTORS["yolov8"]([out], {"extra": 6, "points": [2, 3], "classes": 1}, SIZE, 0.25)
    kept = suppress(found, 0.45)
    assert kept.extra is not None
    assert kept.extra.reshape(-1).tolist() == pytest.approx(pose)
    turned = rows([*CORNERS, 0.9, 3, 0.25])
    assert DETECTORS["end-to-end"]([turned], {"extra": 1, "angle": True}, SIZE, 0.25).extra.tolist() == [[0.25]]
    assert DETECTORS["yolov8"]([out], {"extra": 6, "classes": 1}, SIZE, 0.25).extra is None   # masks are left out
