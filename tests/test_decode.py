"""Decoders against numbers worked out by hand; suppression against its definition."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.decode import CLASSIFIERS, DETECTORS
from inference.decode.anchors import grids, ssd_anchors
from inference.decode.boxes import MAX_BOXES, MAX_CANDIDATES, Candidates, suppress
from inference.decode.labels import top_k

SIZE = (100, 200)   # (height, width), px


def f32(*values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def decode(name: str, *outputs: np.ndarray, least: float = 0.25, size: tuple[int, int] = SIZE, **options: Any) -> list:
    """What a decoder finds, as (class, score, x1, y1, x2, y2), rounded."""
    found = DETECTORS[name](outputs, options, size, least)
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert found.boxes.shape == (len(found.scores), 4)
    return [
        (int(c), round(float(s), 3), *(round(float(v), 2) for v in box))
        for c, s, box in zip(found.classes, found.scores, found.boxes, strict=True)
    ]


# ---- classifiers ----


@pytest.mark.parametrize("shape", [(3,), (1, 3), (1, 3, 1, 1), (1, 1, 1, 3)])
def test_softmax_of_any_shape(shape: tuple[int, ...]) -> None:
    logits = np.log(f32(1, 2, 5)).reshape(shape) + 700   # shifted: exp of this alone would overflow
    assert CLASSIFIERS["softmax"]([logits], {}) == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=1e-4)


@pytest.mark.parametrize("bad", [f32(1, np.nan), f32(1, np.inf)])
@pytest.mark.parametrize("name", ["softmax", "probabilities"])
def test_numbers_that_are_none_are_refused(name: str, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"numbers|0\.\.1"):
        CLASSIFIERS[name]([bad], {})


def test_probabilities() -> None:
    half = np.array([[[[0.25]], [[0.75]]]], np.float16)
    assert CLASSIFIERS["probabilities"]([half], {}).tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match="outside"):
        CLASSIFIERS["probabilities"]([f32(-3, 8)], {})


def test_quantised() -> None:
    out = np.array([[0, 128, 255]], np.uint8)
    assert CLASSIFIERS["quantised"]([out], {}).tolist() == [0, 0.5, 255 / 256]
    assert CLASSIFIERS["quantised"]([out], {"scale": 1 / 255})[2] == pytest.approx(1)
    with pytest.raises(ValueError, match="uint8"):
        CLASSIFIERS["quantised"]([f32(1, 2)], {})


@pytest.mark.parametrize(
    ("scores", "k", "labels"),
    [
        ([], 3, ()),
        ([0.5], 0, ()),
        ([0.1, 0.7, 0.2], 2, ("b", "c")),
        ([0.1, 0.7, 0.2], 9, ("b", "c", "a")),
        ([0.5, 0.5, 0.0], 2, ("b", "a")),
    ],
)
def test_top_k(scores: list[float], k: int, labels: tuple[str, ...]) -> None:
    found = top_k(f32(*scores), ("a", "b", "c"), k)
    assert found.labels == labels
    assert [("abc")[i] for i in found.indices] == list(labels)
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


# ---- detectors: one box each, worked out by hand ----

# cx cy w h relative → px of a 200 x 100 input: centre 100 50, sides 40 20
RELATIVE = [0.5, 0.5, 0.2, 0.2]
BOX = (80.0, 40.0, 120.0, 60.0)


def rows(*lines: list[float]) -> np.ndarray:
    return np.array([lines], np.float32)


@pytest.mark.parametrize("reverse", [False, True])
def test_boxes_and_scores(reverse: bool) -> None:
    outputs = [rows(RELATIVE, RELATIVE), rows([0.1, 0.9], [0.2, 0.1])]
    assert decode("boxes-scores", *(outputs[::-1] if reverse else outputs)) == [(1, 0.9, *BOX)]


def test_boxes_and_scores_in_one_output() -> None:
    outputs = rows([*RELATIVE, 0.5, 0.2, 0.8], [*RELATIVE, 0.9, 0.1, 0.1])
    assert decode("boxes-scores", outputs) == [(1, 0.4, *BOX)]


def test_boxes_and_scores_of_four_classes_keep_the_order_of_the_graph() -> None:
    assert decode("boxes-scores", rows(RELATIVE), rows([0, 0, 0, 0.9])) == [(3, 0.9, *BOX)]


def test_yolov5() -> None:
    out = rows([100, 50, 40, 20, 0.5, 0.2, 0.8], [100, 50, 40, 20, 0.2, 1, 1])
    assert decode("yolov5", out) == [(1, 0.4, *BOX)]


def test_yolov8() -> None:
    out = rows([100, 50, 40, 20, 0.1, 0.9], [100, 50, 40, 20, 0.1, 0.1]).swapaxes(1, 2)
    assert decode("yolov8", out) == [(1, 0.9, *BOX)]


def test_yolox() -> None:
    size = (32, 64)   # strides 8, 16, 32: 4 x 8 + 2 x 4 + 1 x 2 cells
    out = np.zeros((1, 42, 7), np.float32)
    out[0, 8 + 3] = [0.5, 0.25, np.log(2), np.log(3), 0.5, 0.2, 0.8]   # stride 8, cell x 3 y 1
    out[0, 41] = [0, 0, 0, 0, 1, 1, 0]                                 # stride 32, cell x 1 y 0
    assert decode("yolox", out, size=size) == [
        (1, 0.4, 28 - 8, 10 - 12, 28 + 8, 10 + 12),
        (0, 1.0, 32 - 16, -16, 32 + 16, 16),
    ]


def test_yolox_does_not_overflow() -> None:
    out = np.full((1, 1, 6), 1000, np.float32)
    out[..., 4:] = 1
    assert np.isfinite(DETECTORS["yolox"]([out], {"strides": (8,)}, (8, 8), 0.5).boxes).all()


@pytest.mark.parametrize("reverse", [False, True])
def test_ssd_raw(reverse: bool) -> None:
    codes, scores = np.zeros((1, 1917, 4), np.float32), np.zeros((1, 1917, 5), np.float32)
    scores[0, :, 0] = 1   # background everywhere
    scores[0, 1916, 2] = 0.9
    codes[0, 1916] = [1, -2, 5 * np.log(0.5), 0]   # ty tx th tw
    yc, xc, h, w = (float(v) for v in ssd_anchors()[1916])
    outputs = [codes, scores]
    x, y, w, h = (xc - 0.2 * w) * 200, (yc + 0.1 * h) * 100, w * 200, h * 50
    ((found, score, *box),) = decode("ssd-raw", *(outputs[::-1] if reverse else outputs))
    assert (found, score) == (1, 0.9)
    assert box == pytest.approx([x - w / 2, y - h / 2, x + w / 2, y + h / 2], abs=0.02)


NMS = {
    "boxes": rows([0.4, 0.4, 0.6, 0.6], [0, 0, 1, 1], [9, 9, 9, 9]),
    "classes": f32([4, 0, 7]),
    "scores": f32([0.9, 0.5, 0.8]),
    "count": f32(2),
}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_ssd_nms_in_any_order(order: tuple[int, ...]) -> None:
    outputs = [list(NMS.values())[i] for i in order]
    assert decode("ssd-nms", *outputs) == [(4, 0.9, *BOX), (0, 0.5, 0, 0, 200, 100)]


def test_ssd_nms_where_every_score_is_one() -> None:
    ones = NMS | {"scores": f32([1, 1, 0])}
    for names in (("boxes", "classes", "scores", "count"), ("boxes", "scores", "classes", "count")):
        assert [found[0] for found in decode("ssd-nms", *(ones[n] for n in names))] == [4, 0]


def test_ssd_nms_of_a_graph_whose_classes_count_from_one() -> None:
    """As TensorFlow's detection graphs have them; a 0 among them is no class there."""
    from_one = NMS | {"classes": f32([5, 1, 8])}
    assert [found[0] for found in decode("ssd-nms", *from_one.values(), first_class=1)] == [4, 0]
    with pytest.raises(IndexError, match="labels"):
        decode("ssd-nms", *NMS.values(), first_class=1, classes=90)


def test_ssd_nms_finds_nothing() -> None:
    nothing = NMS | {"count": f32(0)}
    assert decode("ssd-nms", *nothing.values(), least=0.0) == []


def test_ssd_caffe() -> None:
    out = rows([0, 1, 0.9, 0.4, 0.4, 0.6, 0.6], [0, 1, 0.1, 0, 0, 1, 1], [-1, 0, 1, 0, 0, 1, 1])[None]
    assert decode("ssd-caffe", out) == [(0, 0.9, *BOX)]
    assert decode("ssd-caffe", out, first_class=0) == [(1, 0.9, *BOX)]
    assert decode("ssd-caffe", np.zeros((1, 1, 0, 7), np.float32)) == []


# ---- all detectors ----

NOTHING: dict[str, Callable[[], list[np.ndarray]]] = {
    "boxes-scores": lambda: [np.zeros((1, 50, 4), np.float32), np.zeros((1, 50, 80), np.float32)],
    "yolox": lambda: [np.zeros((1, 3549, 85), np.float32)],
    "yolov5": lambda: [np.zeros((1, 25200, 85), np.float32)],
    "yolov8": lambda: [np.zeros((1, 84, 8400), np.float32)],
    "ssd-raw": lambda: [np.zeros((1, 1917, 4), np.float32), np.zeros((1, 1917, 81), np.float32)],
    "ssd-nms": lambda: [np.zeros(s, np.float32) for s in ((1, 10, 4), (1, 10), (1, 10), (1,))],
    "ssd-caffe": lambda: [np.zeros((1, 1, 1, 7), np.float32)],
    "boxes-labels": lambda: [np.zeros((1, 9, 4), np.float32), np.ones((1, 9), np.int64), np.zeros((1, 9), np.float32)],
    "yolov3-nms": lambda: [np.zeros(s, np.float32) for s in ((1, 9, 4), (1, 80, 9))] + [np.zeros((0, 3), np.int32)],
    "yolov2": lambda: [np.full((1, 425, 13, 13), -9, np.float32)],
    "yolov4": lambda: [np.zeros((1, g, g, 3, 85), np.float32) for g in (52, 26, 13)],
    "retinanet": lambda: [np.zeros((1, d, g, g), np.float32) for d in (720, 36) for g in (52, 26, 13)],
    "end-to-end": lambda: [np.zeros((1, 300, 6), np.float32)],
    "yolov3": lambda: [np.full((1, 255, g, g), -9, np.float32) for g in (52, 26, 13)],
    "yolov5-raw": lambda: [np.full((1, 3, g, g, 85), -9, np.float32) for g in (52, 26, 13)],
    "efficientdet": lambda: [np.zeros((1, 9 * d, g, g), np.float32) for d in (80, 4) for g in (52, 26, 13, 7, 4)],
    "nanodet": lambda: [np.zeros((1, 2704 + 676 + 169 + 49, 112), np.float32)],
    "fastestdet": lambda: [np.zeros((1, 85, 13, 13), np.float32)],
    "yunet": lambda: [np.zeros((1, n, d), np.float32) for d in (1, 1, 4) for n in (2704, 676, 169)],
    "retinaface": lambda: [np.zeros((1, 2 * (2704 + 676 + 169), d), np.float32) for d in (4, 2)],
}


def test_every_detector_is_here() -> None:
    assert set(NOTHING) == set(DETECTORS)


FACES = ("yunet", "retinaface")   # of one class


@pytest.mark.parametrize("name", DETECTORS)
def test_nothing_found(name: str) -> None:
    found = DETECTORS[name](NOTHING[name](), {"classes": 1 if name in FACES else 80}, (416, 416), 0.25)
    assert found.boxes.shape == (0, 4)
    assert suppress(found, 0.5).scores.shape == (0,)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [np.zeros((), np.float32)],
        [np.zeros((1, 1000), np.float32)],
        [np.zeros((1, 3, 84), np.float32)],
        [np.zeros((1, 7, 7, 30), np.float32)],
        [np.zeros((1, 5, 4), np.float32), np.zeros((1, 6, 80), np.float32)],
        [np.zeros((2, 5, 4), np.float32), np.zeros((2, 5, 80), np.float32)],
        [np.zeros((1, 5, 4), np.float32)] * 4,
    ],
    ids=lambda outputs: " ".join(str(o.shape) for o in outputs) or "none",
)
def test_other_outputs_are_refused(name: str, outputs: list[np.ndarray]) -> None:
    with pytest.raises((ValueError, IndexError, KeyError)):
        DETECTORS[name](outputs, {"classes": 80}, (416, 416), 0.25)


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("yolox", NOTHING["yolox"]()),
        ("yolov5", NOTHING["yolov5"]()),
        ("yolov8", NOTHING["yolov8"]()),
        ("boxes-scores", NOTHING["boxes-scores"]()),
        ("ssd-raw", NOTHING["ssd-raw"]()),
        ("ssd-nms", list((NMS | {"classes": f32([90, 0, 0])}).values())),
        ("ssd-caffe", [rows([0, 90, 1, 0, 0, 1, 1])[None]]),
    ],
)
def test_another_number_of_labels_is_refused(name: str, outputs: list[np.ndarray]) -> None:
    with pytest.raises((ValueError, IndexError), match="labels"):
        DETECTORS[name](outputs, {"classes": 20}, (416, 416), 0.0)


def test_a_great_many_boxes_are_cut_to_the_best() -> None:
    out = np.zeros((1, 6, 8400), np.float32)
    out[0, 2:4] = 9
    out[0, 4] = np.linspace(0.3, 1, 8400)
    found = DETECTORS["yolov8"]([out], {}, SIZE, 0.25)
    assert len(found.scores) == MAX_CANDIDATES
    assert found.scores.min() == pytest.approx(out[0, 4, -MAX_CANDIDATES])


def test_boxes_that_are_no_numbers_are_dropped() -> None:
    assert decode("yolov5", rows([np.nan, 0, 1, 1, 1, 1], [np.inf, 0, 1, 1, 1, 1], [1, 1, 2, 2, 1, 1])) == [
        (0, 1.0, 0, 0, 2, 2)
    ]
    assert decode("yolov5", rows([1, 1, 2, 2, np.nan, 1], [1, 1, 2, 2, 1, np.nan])) == []


# ---- anchors ----


def test_anchors_are_those_the_network_was_trained_with(testdata: Path) -> None:
    recorded = np.load(testdata / "models" / "ssd" / "ssd_mobilenet_v1_anchors_ycxchw.npy")
    step = float(recorded.max()) / 255   # the record is in 8 bits
    assert np.abs(ssd_anchors(step=0.00645306) - recorded).max() < 1e-4
    assert np.abs(ssd_anchors() - recorded).max() <= step / 2 + 1e-6
    assert np.abs(ssd_anchors(scales=(0.2, 0.9)) - recorded).max() > step   # other rules would show


def test_grids() -> None:
    cells, strides = grids((416, 416), (8, 16, 32))
    assert len(cells) == len(strides) == 3549
    assert cells[53].tolist() == [1, 1]
    assert not cells.flags.writeable


# ---- suppression ----


def candidates(*found: tuple[int, float, tuple[float, ...]]) -> Candidates:
    return Candidates(
        np.array([b for *_, b in found], np.float32).reshape(-1, 4),
        np.array([s for _, s, _ in found], np.float32),
        np.array([c for c, *_ in found], np.intp),
    )


A, ALMOST_A, ELSEWHERE = (0.0, 0.0, 10.0, 10.0), (0.0, 0.0, 10.0, 8.0), (50.0, 50.0, 60.0, 60.0)
NO_AREA = (5.0, 5.0, 5.0, 5.0)
SMALL = (3.0, 3.0, 3.5, 3.5)


@pytest.mark.parametrize(
    ("found", "iou", "kept"),
    [
        ([], 0.5, []),
        ([(0, 0.9, A)], 0.5, [0.9]),
        ([(0, 0.8, A), (0, 0.9, ALMOST_A)], 0.5, [0.9]),
        ([(0, 0.8, A), (0, 0.9, ALMOST_A)], 0.85, [0.9, 0.8]),
        ([(0, 0.8, A), (0, 0.9, ALMOST_A)], 0.8, [0.9, 0.8]),   # exactly as much is not more
        ([(0, 0.8, A), (1, 0.9, A)], 0.5, [0.9, 0.8]),
        ([(0, 0.8, A), (0, 0.9, ELSEWHERE), (0, 0.7, A)], 0.5, [0.9, 0.8]),
        ([(0, 0.9, NO_AREA), (0, 0.8, NO_AREA)], 0.5, [0.9, 0.8]),
        ([(0, 0.9, A), (0, 0.8, A)], 1.0, [0.9, 0.8]),
        ([(0, 0.9, SMALL), (0, 0.8, SMALL)], 0.5, [0.9]),
        ([(0, 0.9, A), (0, 0.8, (9.0, 9.0, 20.0, 20.0))], 0.0, [0.9]),
    ],
)
def test_suppress(found: list, iou: float, kept: list[float]) -> None:
    assert suppress(candidates(*found), iou).scores == pytest.approx(kept)


def test_suppress_keeps_the_order_of_equals_and_no_more_than_a_hundred() -> None:
    many = candidates(*((i, 0.5, A) for i in range(150)))
    assert suppress(many, 0.5).classes.tolist() == list(range(MAX_BOXES))


def plain_suppress(found: Candidates, iou: float) -> list[int]:
    """By the definition, box by box."""
    kept: list[int] = []
    for i in sorted(range(len(found.scores)), key=lambda i: (-found.scores[i], i)):
        x1, y1, x2, y2 = (float(v) for v in found.boxes[i])
        for k in kept:
            a1, b1, a2, b2 = (float(v) for v in found.boxes[k])
            common = max(0.0, min(x2, a2) - max(x1, a1)) * max(0.0, min(y2, b2) - max(y1, b1))
            union = (x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - common
            if found.classes[k] == found.classes[i] and common > iou * union:
                break
        else:
            kept.append(i)
    return kept


BOXES = st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 20)] * 2).map(
    lambda b: tuple(map(float, (b[0], b[1], b[0] + b[2], b[1] + b[3])))
)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8).map(lambda s: s / 8), BOXES), max_size=25))
def test_suppress_is_its_definition(found: list) -> None:
    given_boxes = candidates(*found)
    kept = suppress(given_boxes, 0.5)
    wanted = plain_suppress(given_boxes, 0.5)
    assert kept.boxes.tolist() == given_boxes.boxes[wanted].tolist()
    assert kept.classes.tolist() == given_boxes.classes[wanted].tolist()
