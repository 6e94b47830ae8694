"""Detectors that are decoded here, against a slow loop that follows the published code; and their cards' files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from make import card, frame
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.backends import Engine
from inference.data import Ask, Detections
from inference.decode import DETECTORS
from inference.decode.boxes import Candidates
from inference.recogniser import Recogniser

# As they were published. yolov2-tiny-voc.cfg of pjreddie/darknet:
#   anchors = 1.08,1.19,  3.42,4.41,  6.63,11.38,  9.42,5.11,  16.62,10.52
VOC = ((1.08, 1.19), (3.42, 4.41), (6.63, 11.38), (9.42, 5.11), (16.62, 10.52))
# yolov4.cfg of AlexeyAB/darknet, its three [yolo] with mask 0,1,2, then 3,4,5, then 6,7,8, and their scale_x_y:
#   anchors = 12, 16, 19, 36, 40, 28, 36, 75, 76, 55, 72, 146, 142, 110, 192, 243, 459, 401
COCO = [[(12, 16), (19, 36), (40, 28)], [(36, 75), (76, 55), (72, 146)], [(142, 110), (192, 243), (459, 401)]]
SCALE_X_Y = (1.2, 1.1, 1.05)
# odtk/model.py of NVIDIA/retinanet-examples: self.ratios = [1.0, 2.0, 0.5], self.scales = [4 * 2 ** (i / 3) for i in
# range(3)]; generate_anchors repeats the ratios for every scale, with w = sqrt(stride * stride / ratio), h = w * ratio.
RATIOS, SCALES = (1.0, 2.0, 0.5), (4.0, 5.039684, 6.349604)

Array = NDArray[Any]
Box = tuple[float, float, float, float, float, int]   # x1 y1 x2 y2, score, class


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def noise(*shapes: tuple[int, ...], low: float = -3, high: float = 3) -> list[Array]:
    rng = np.random.default_rng(11)
    return [rng.uniform(low, high, shape).astype(np.float32) for shape in shapes]


def centred(cx: float, cy: float, w: float, h: float, score: float, number: int) -> Box:
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, number


def yolov2() -> tuple[list[Array], dict[str, Any], tuple[int, int], list[Box]]:
    classes, h, w = 4, 3, 5
    (out,) = noise((1, 5 * (5 + classes), h, w))
    boxes = []
    for a, (aw, ah) in enumerate(VOC):
        for y in range(h):
            for x in range(w):
                v = out[0, a * (5 + classes) : (a + 1) * (5 + classes), y, x].astype(float)
                p = np.exp(v[5:]) / np.exp(v[5:]).sum()
                score = sigmoid(v[4]) * p.max()
                place = ((x + sigmoid(v[0])) * 32, (y + sigmoid(v[1])) * 32)
                boxes.append(centred(*place, np.exp(v[2]) * aw * 32, np.exp(v[3]) * ah * 32, score, int(p.argmax())))
    return [out], {"classes": classes}, (96, 160), boxes


def yolov4() -> tuple[list[Array], dict[str, Any], tuple[int, int], list[Box]]:
    classes = 3
    maps = noise((1, 8, 8, 3, 8), (1, 4, 4, 3, 8), (1, 2, 2, 3, 8))
    boxes = []
    for out, anchors, reach, stride in zip(maps, COCO, SCALE_X_Y, (8, 16, 32), strict=True):
        out[..., 4:] = np.abs(out[..., 4:]) / 3
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                for a, (aw, ah) in enumerate(anchors):
                    v = out[0, y, x, a].astype(float)
                    cx = (sigmoid(v[0]) * reach - 0.5 * (reach - 1) + x) * stride
                    cy = (sigmoid(v[1]) * reach - 0.5 * (reach - 1) + y) * stride
                    score = v[4] * v[5:].max()
                    boxes.append(centred(cx, cy, np.exp(v[2]) * aw, np.exp(v[3]) * ah, score, int(v[5:].argmax())))
    return [maps[1], maps[0], maps[2]], {"classes": classes}, (64, 64), boxes


def retinanet() -> tuple[list[Array], dict[str, Any], tuple[int, int], list[Box]]:
    classes, sides = 3, [(8, 10), (4, 5)]
    codes = noise(*[(1, 36, h, w) for h, w in sides], low=-0.5, high=0.5)
    scores = noise(*[(1, 9 * classes, h, w) for h, w in sides], low=0, high=1)
    boxes = []
    for code, every, (h, w) in zip(codes, scores, sides, strict=True):
        stride = 80 / w
        for a in range(9):
            ratio, scale = RATIOS[a % 3], SCALES[a // 3]
            aw = (stride * stride / ratio) ** 0.5
            ah = aw * ratio
            for y in range(h):
                for x in range(w):
                    d = code[0, a * 4 : a * 4 + 4, y, x].astype(float)
                    p = every[0, a * classes : (a + 1) * classes, y, x]
                    cx, cy = (x + 0.5) * stride + d[0] * aw * scale, (y + 0.5) * stride + d[1] * ah * scale
                    w_, h_ = np.exp(d[2]) * aw * scale, np.exp(d[3]) * ah * scale
                    boxes.append(centred(cx, cy, w_, h_, float(p.max()), int(p.argmax())))
    return [*scores, *codes], {"classes": classes}, (64, 80), boxes


MADE: dict[str, Callable[[], tuple[list[Array], dict[str, Any], tuple[int, int], list[Box]]]] = {
    "yolov2": yolov2, "yolov4": yolov4, "retinanet": retinanet,
}  # fmt: skip


def same(found: Candidates, wanted: Sequence[Box]) -> bool:
    rows = np.column_stack([found.boxes, found.scores, found.classes]).astype(float)
    right = np.array(wanted, float).reshape(-1, 6)
    if rows.shape != right.shape:
        return False
    rows, right = (part[np.lexsort(np.round(part[:, ::-1].T, 2))] for part in (rows, right))
    return bool(np.allclose(rows, right, rtol=1e-3, atol=1e-2))


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("least", [0.05, 0.3, 0.6])
def test_boxes_are_those_of_the_published_code(name: str, least: float) -> None:
    outputs, options, size, every = MADE[name]()
    wanted = [box for box in every if box[4] >= least]
    assert same(DETECTORS[name](outputs, options, size, least), wanted)
    if wanted:
        wrong = [(x1 + 1, *rest) for x1, *rest in wanted]
        assert not same(DETECTORS[name](outputs, options, size, least), wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*MADE, "boxes-labels", "yolov3-nms"])
def test_other_outputs_are_refused(name: str) -> None:
    for outputs in (noise((1, 7)), noise((1, 10, 4)), noise((1, 6, 6, 6)), noise((1, 3, 4), (1, 3))):
        with pytest.raises((ValueError, IndexError, KeyError)):
            DETECTORS[name](outputs, {"classes": 80}, (64, 64), 0.5)


def one_class(shape: tuple[int, ...]) -> Array:
    """Objectness and the only class sure, in the last axis."""
    out = np.zeros(shape, np.float32)
    out[..., 4:] = 1
    return out


def test_a_network_of_one_class_is_read() -> None:
    maps = [one_class((1, side, side, 3, 6)) for side in (8, 4, 2)]
    found = DETECTORS["yolov4"](maps, {"classes": 1}, (64, 64), 0.5)
    assert len(found.scores) == 3 * (64 + 16 + 4)
    region = np.zeros((1, 5 * 6, 2, 2), np.float32)
    assert len(DETECTORS["yolov2"]([region], {"classes": 1}, (64, 64), 0.5).scores) == 5 * 4   # sigmoid(0) is 0.5


@pytest.mark.parametrize("name", ["yolov2", "yolov4"])
def test_a_network_without_classes_is_refused(name: str) -> None:
    maps = [np.zeros((1, side, side, 3, 5), np.float32) for side in (8, 4, 2)]
    with pytest.raises(ValueError, match=r"class|maps"):
        DETECTORS[name](maps if name == "yolov4" else [np.zeros((1, 25, 2, 2), np.float32)], {}, (64, 64), 0.5)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_each_output_of_yolov3_is_wanted(left_out: int) -> None:
    boxes, scores = np.zeros((1, 2, 4), np.float32), np.zeros((1, 5, 2), np.float32)
    outputs = [boxes, scores, np.array([[0, 4, 0]], np.int32)]
    del outputs[left_out]
    with pytest.raises(ValueError, match="not boxes"):
        DETECTORS["yolov3-nms"](outputs, {"classes": 5}, (64, 64), 0.5)


def test_as_many_maps_of_boxes_as_of_classes_are_wanted() -> None:
    outputs, options, size, _ = retinanet()
    for wrong in (outputs[:1], outputs[2:], outputs[:3], [*outputs, outputs[0]], [*outputs[:2], outputs[2]]):
        with pytest.raises(ValueError, match="as many"):
            DETECTORS["retinanet"](wrong, options, size, 0.5)


@pytest.mark.parametrize("px", [True, False])
def test_boxes_with_class_numbers(px: bool) -> None:
    boxes = np.array([[[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0]]], np.float32)
    outputs = [np.array([[3, 1]], np.int64), boxes, np.array([[0.9, 0.2]], np.float32)]
    found = DETECTORS["boxes-labels"](outputs, {"classes": 3, "px": px}, (100, 200), 0.5)
    wanted = boxes[0, :1] * (1 if px else np.array([200, 100, 200, 100]))
    np.testing.assert_allclose(found.boxes, wanted, rtol=1e-6)
    assert found.classes.tolist() == [2]
    with pytest.raises(IndexError):
        DETECTORS["boxes-labels"](outputs, {"classes": 2}, (100, 200), 0.5)


def test_what_yolov3_has_chosen() -> None:
    boxes = np.array([[[10, 20, 30, 40], [1, 2, 3, 4]]], np.float32)   # y1 x1 y2 x2
    scores = np.zeros((1, 5, 2), np.float32)
    scores[0, 4, 0], scores[0, 2, 1] = 0.8, 0.3
    chosen = np.array([[0, 4, 0], [0, 2, 1], [-1, -1, -1]], np.int32)
    found = DETECTORS["yolov3-nms"]([boxes, scores, chosen], {"classes": 5}, (64, 64), 0.5)
    assert found.boxes.tolist() == [[20, 10, 40, 30]]
    assert found.classes.tolist() == [4]
    assert found.scores.tolist() == pytest.approx([0.8])


def constant(
    path: Path, shape: list[int], outputs: dict[str, Array], extra: dict[str, list[int]] | None = None
) -> Path:
    """A network that answers the same to every picture."""
    extra = extra or {}
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)]
    inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in extra.items()]
    weights = [numpy_helper.from_array(value, f"{name}.value") for name, value in outputs.items()]
    nodes = [helper.make_node("Identity", [f"{name}.value"], [name]) for name in outputs]
    if extra:   # the sides of the picture become its only box
        nodes.append(helper.make_node("Concat", [*["corner"], "image_shape"], ["pair"], axis=1))
        weights.append(numpy_helper.from_array(np.zeros((1, 2), np.float32), "corner"))
        nodes.append(helper.make_node("Unsqueeze", ["pair", "axis"], ["boxes"]))
        weights.append(numpy_helper.from_array(np.array([0], np.int64), "axis"))
    values = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape))
              for name, value in outputs.items()]  # fmt: skip
    if extra:
        values.insert(0, helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 1, 4]))
    graph = helper.make_graph(nodes, "made", inputs, values, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def test_a_network_that_takes_one_picture_and_no_batch(tmp_path: Path) -> None:
    outputs = {
        "boxes": np.array([[2, 4, 10, 12]], np.float32), "labels": np.array([3], np.int64),
        "scores": np.array([0.9], np.float32),
    }  # fmt: skip
    path = constant(tmp_path / "bare.onnx", [3, 32, 64], outputs)
    given = card("bare", task="detect", decoder="boxes-labels", size=(32, 64), options={"px": True})
    found = Recogniser(given, path, "onnxruntime", Engine())(frame(32, 64), Ask()).prediction
    assert isinstance(found, Detections)
    assert found.boxes.tolist() == [[2, 4, 10, 12]]
    assert found.labels == ("2",)


def test_a_network_that_wants_the_sides_of_the_picture(tmp_path: Path) -> None:
    scores = np.zeros((1, 10, 1), np.float32)
    scores[0, 7, 0] = 0.9
    outputs = {"scores": scores, "chosen": np.array([[0, 7, 0]], np.int32)}
    path = constant(tmp_path / "sides.onnx", [1, 3, 32, 64], outputs, {"image_shape": [1, 2]})
    given = card("sides", task="detect", decoder="yolov3-nms", size=(32, 64))
    found = Recogniser(given, path, "onnxruntime", Engine())(frame(32, 64), Ask()).prediction
    assert isinstance(found, Detections)
    assert found.boxes.tolist() == [[0, 0, 64, 32]]
    assert found.labels == ("7",)
