"""The form of a network's outputs is read from what it says and answers: known boxes, written as each exporter does.

What is written here follows the exporters' sources (named at the decoders); nothing of it comes from the code under
test. Around the two known boxes lie hundreds that are none, as in a real answer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.decode import CLASSIFIERS, DETECTORS, SUPPRESSED, wanted
from inference.decode.boxes import suppress
from inference.errors import LabError
from inference.intake.forms import Evidence, Form, output_form
from models.card import InputSpec

Array = NDArray[Any]

SIZE = (320, 320)
# x1 y1 x2 y2 px, class, score: one at the lower right, one at the upper left
KNOWN = (((150.0, 120.0, 300.0, 280.0), 2, 0.9), ((20.0, 30.0, 90.0, 150.0), 0, 0.8))
RNG = np.random.default_rng(21)
ULTRALYTICS = {"author": "Ultralytics", "stride": "32", "task": "detect"}


def centred(boxes: Array) -> Array:
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def noise_boxes(n: int, size: tuple[int, int] = SIZE) -> Array:
    """Boxes as a network that sees nothing has them: everywhere, of every size."""
    sides = RNG.uniform(4, 80, (n, 2))
    centre = RNG.uniform(0.02, 0.98, (n, 2)) * [size[1], size[0]]
    return np.concatenate([centre - sides / 2, centre + sides / 2], 1)


def scene(n: int, classes: int, found: bool, known: tuple = KNOWN) -> tuple[Array, Array]:
    """Boxes (n, 4) x1 y1 x2 y2 px and scores (n, classes): nothing but the known ones, or nothing at all."""
    boxes, scores = noise_boxes(n), RNG.uniform(0, 0.004 / classes**0.5, (n, classes))
    for i, (box, label, score) in enumerate(known if found else ()):
        place = n // 3 + 7 * i
        boxes[place] = box
        scores[place, min(label, classes - 1)] = score
    return boxes, scores


def logits(p: Array) -> Array:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def relative(boxes: Array) -> Array:
    return boxes / [SIZE[1], SIZE[0], SIZE[1], SIZE[0]]


def cells(strides: tuple[int, ...] = (8, 16, 32), size: tuple[int, int] = SIZE) -> tuple[Array, Array]:
    sides = [(np.arange(size[1] // s), np.arange(size[0] // s)) for s in strides]
    grids = [np.stack(np.meshgrid(*side), -1).reshape(-1, 2) for side in sides]
    return np.concatenate(grids), np.repeat(strides, [len(grid) for grid in grids])


N = 2100   # cells of 320 px at strides 8, 16, 32


def evidence(
    make: Callable[[bool], list[Array]], names: tuple[str, ...] = (), *, labels: int = 0,
    inputs: tuple[str, ...] = ("images",), said: dict[str, str] | None = None, makers: tuple[str, ...] = (),
    dtypes: dict[int, Any] | None = None, size: tuple[int, int] = SIZE,
) -> Evidence:  # fmt: skip
    """As a network answers to a dark and a grey picture, where nothing is, and to two photographs."""
    runs = tuple(
        [o.astype((dtypes or {}).get(i, np.float32)) for i, o in enumerate(make(found))]
        for found in (False, False, True, True)
    )
    count = len(runs[0])
    return Evidence(
        "net", "onnx", InputSpec(size), said or {}, inputs, names or tuple(f"output{i}" for i in range(count)),
        makers or ("",) * count, runs, labels,
    )  # fmt: skip


def found_by(form: Form, e: Evidence, least: float = 0.25) -> list[tuple[int, float, list[float]]]:
    outputs = wanted(e.runs[-1], form.options)
    options = {**form.options, **({"classes": form.classes} if form.classes else {})}
    found = DETECTORS[form.decoder](outputs, options, e.spec.size, least)
    kept = suppress(found, 1.0 if form.decoder in SUPPRESSED else float(form.options.get("overlap", 0.45)))
    return [(int(c), float(s), b.tolist()) for c, s, b in zip(kept.classes, kept.scores, kept.boxes, strict=True)]


def finds(form: Form, e: Evidence, classes: int = 80, known: tuple = KNOWN) -> None:
    found = found_by(form, e)
    assert len(found) == len(known), found
    for (label, score, box), (right, which, p) in zip(found, known, strict=True):
        assert label == min(which, classes - 1)
        assert score == pytest.approx(p, abs=0.01)
        assert box == pytest.approx(right, abs=1.0)


CLASSES = [1, 2, 3, 4, 15, 80]


# ---- tables of every box ----


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("named", [True, False])
def test_yolov8(classes: int, named: bool) -> None:
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(N, classes, found)
        return [np.concatenate([centred(boxes), scores], 1).T[None]]

    e = evidence(make, said=ULTRALYTICS if named else {}, labels=classes if named else 0)
    form = output_form(e)
    assert (form.decoder, form.classes, form.kin) == ("yolov8", classes, "ultralytics" if named else "yolo")
    assert bool(form.guessed) is not named
    finds(form, e, classes)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("named", [True, False])
def test_yolov8_the_other_way_round(classes: int, named: bool) -> None:
    """(1, n, 4 + classes): told by the number of names, or by what is found without any objectness."""
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(N, classes, found)
        return [np.concatenate([centred(boxes), scores], 1)[None]]

    e = evidence(make, labels=classes if named else 0)
    if classes > 1:
        form = output_form(e)
        assert form.options["transposed"] is True
        finds(form, e, classes)


@pytest.mark.parametrize("rows", [1, 2, 300])
@pytest.mark.parametrize("found_any", [True, False])
def test_chosen_boxes_that_are_filled_up_with_zeros(rows: int, found_any: bool) -> None:
    """`nms=True` of ultralytics without its metadata: one box, or none in any of the pictures."""
    def make(found: bool) -> list[Array]:
        table = np.zeros((1, rows, 6))
        if found_any:
            table[0, 0] = [*KNOWN[0][0], 0.9, 2]
        return [table]

    if rows > 1 or found_any:
        assert output_form(evidence(make)).decoder == "end-to-end"


@pytest.mark.parametrize("count", [0, 1, 7])
def test_torchvisions_detectors_however_many_they_find(count: int) -> None:
    def make(_found: bool) -> list[Array]:
        return [np.array([KNOWN[0][0]] * count, np.float32).reshape(-1, 4), np.ones(count), np.full(count, 0.9)]

    form = output_form(evidence(make, dtypes={1: np.int64}))
    assert (form.decoder, form.options["px"], form.options["first_class"]) == ("boxes-labels", True, 1)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("task", ["pose", "obb", "segment"])
@pytest.mark.parametrize("named", [True, False])
def test_pose_oriented_and_masks(classes: int, task: str, named: bool) -> None:
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(N, classes, found)
        points = RNG.uniform(-10, 330, (N, 17, 3))
        points[..., 2] = RNG.uniform(0, 1, (N, 17))
        masks, angles = RNG.normal(0, 1, (N, 32)), RNG.uniform(-0.7, 2.3, (N, 1))
        extra = {"pose": points.reshape(N, -1), "obb": angles, "segment": masks}[task]
        table = np.concatenate([centred(boxes), scores, extra], 1).T[None]
        return [table, RNG.normal(0, 1, (1, 32, 80, 80))] if task == "segment" else [table]

    said = {**ULTRALYTICS, "task": task} if named else {}
    e = evidence(make, said=said, labels=classes if named else 0)
    form = output_form(e)
    assert (form.classes, form.options["extra"]) == (classes, {"pose": 51, "obb": 1, "segment": 32}[task])
    assert form.options.get("points") == ([17, 3] if task == "pose" else None)
    assert form.options.get("angle", False) is (task == "obb")
    finds(form, e, classes)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("kind", ["v5", "v6", "masks", "raw heads", "relative"])
@pytest.mark.parametrize("named", [True, False])
def test_yolov5_and_its_kin(classes: int, kind: str, named: bool) -> None:
    n = N if kind == "v6" else 3 * N

    def make(found: bool) -> list[Array]:
        boxes, scores = scene(n, classes, found)
        sure = RNG.uniform(0, 0.004, (n, 1))
        place = scores.max(axis=1) > 0.1
        sure[place] = 1.0
        if kind == "v6":
            sure[:] = 1
        else:   # conditional on there being anything, which an objectness says: elsewhere they may be anything
            scores[:] = np.where(place[:, None], scores, RNG.uniform(0, 1, scores.shape))
        sides = relative(centred(boxes)) if kind == "relative" else centred(boxes)
        behind = [RNG.normal(0, 1, (n, 32))] if kind == "masks" else []
        table = np.concatenate([sides, sure, scores, *behind], 1)[None]
        raw = [RNG.normal(0, 2, (1, 3, g, g, 5 + classes)) for g in (40, 20, 10)] if kind == "raw heads" else []
        return [table, *raw, *([RNG.normal(0, 1, (1, 32, 80, 80))] if kind == "masks" else [])]

    said = {"stride": "32", "names": "…"} if named and kind != "relative" else {}
    e = evidence(make, said=said, labels=classes if named else 0)
    form = output_form(e)
    assert form.classes == classes
    finds(form, e, classes)


@pytest.mark.parametrize("classes", CLASSES)
def test_yolox_undecoded(classes: int) -> None:
    place, step = cells()

    def make(found: bool) -> list[Array]:
        boxes, scores = scene(N, classes, found)
        middle = centred(boxes)
        # A real head's boxes lie about its cells: within two of them, and no larger than a picture.
        codes = np.concatenate([middle[:, :2] / step[:, None] - place, np.log(middle[:, 2:] / step[:, None])], 1)
        near = np.abs(codes[:, :2]).max(axis=1) < 4
        codes[~near] = RNG.normal(0, 0.7, ((~near).sum(), 4))
        sure = np.where(scores.max(axis=1) > 0.1, 1.0, 0.002)[:, None]
        for i, (box, label, score) in enumerate(KNOWN if found else ()):
            cx, cy, w, h = centred(np.array([box]))[0]
            at = int(np.flatnonzero((step == 16) & (place == [cx // 16, cy // 16]).all(axis=1))[0])
            codes[at] = cx / 16 - cx // 16, cy / 16 - cy // 16, np.log(w / 16), np.log(h / 16)
            scores[N // 3 + 7 * i], sure[N // 3 + 7 * i] = 0, 0
            scores[at], sure[at] = 0, 1
            scores[at, min(label, classes - 1)] = score
        return [np.concatenate([codes, sure, scores], 1)[None]]

    e = evidence(make)
    form = output_form(e)
    assert (form.decoder, form.kin) == ("yolox", "yolox")
    finds(form, e, classes)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("labels", [True, False])
def test_rt_detr_of_ultralytics(classes: int, labels: bool) -> None:
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(300, classes, found)
        return [np.concatenate([relative(centred(np.clip(boxes, 0, 320))), scores], 1)[None]]

    e = evidence(make, said=ULTRALYTICS if labels else {}, labels=classes if labels else 0)
    form = output_form(e)
    assert (form.classes, form.kin) == (classes, "rtdetr")
    finds(form, e, classes)


@pytest.mark.parametrize("classes", CLASSES)
def test_nanodet_plus(classes: int) -> None:
    place, step = cells((8, 16, 32, 64))

    def make(found: bool) -> list[Array]:
        n = len(step)
        scores, edges = RNG.uniform(0, 0.004, (n, classes)), RNG.normal(0, 2, (n, 4, 8))
        for box, label, score in KNOWN if found else ():
            x1, y1, x2, y2 = box
            at = int(np.flatnonzero((step == 32) & (place == [(x1 + x2) // 64, (y1 + y2) // 64]).all(axis=1))[0])
            cx, cy = place[at] * 32
            for side, away in enumerate(((cx - x1) / 32, (cy - y1) / 32, (x2 - cx) / 32, (y2 - cy) / 32)):
                low = int(away)
                edges[at, side] = -40
                edges[at, side, low] = np.log(1 - (away - low) + 1e-12)
                edges[at, side, low + 1] = np.log(away - low + 1e-12)
            scores[at, min(label, classes - 1)] = score
        return [np.concatenate([scores, edges.reshape(n, 32)], 1)[None]]

    e = evidence(make)
    form = output_form(e)
    assert (form.decoder, form.classes, form.kin) == ("nanodet", classes, "nanodet")
    finds(form, e, classes)


# ---- boxes and scores apart ----


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("kind", ["nas", "paddle", "relative", "yolov4", "centred"])
@pytest.mark.parametrize("scores_first", [True, False])
def test_boxes_and_scores_apart(classes: int, kind: str, scores_first: bool) -> None:
    if kind == "paddle" and classes == 4 and scores_first:
        pytest.skip("(1, 4, n) and (1, n, 4) tell each other apart")

    def make(found: bool) -> list[Array]:
        boxes, scores = scene(N, classes, found)
        if kind in ("relative", "yolov4"):
            boxes = relative(boxes)
        if kind == "centred":
            boxes = relative(centred(np.clip(boxes, 0, 320)))
        b = boxes[None, :, None] if kind == "yolov4" else boxes[None]
        s = scores.T[None] if kind == "paddle" else scores[None]
        return [s, b] if scores_first else [b, s]

    if classes == 4 and scores_first and kind != "yolov4":
        pytest.skip("two tables of four columns: the order of the graph is all there is")
    e = evidence(make)
    form = output_form(e)
    assert (form.decoder, form.classes) == ("boxes-scores", classes)
    finds(form, e, classes)


@pytest.mark.parametrize("kind", ["rows", "pair"])
def test_a_small_input_has_few_rows_and_is_no_query(kind: str) -> None:
    """96×96: 189 cells; boxes of several cells find the same thing, and are to be suppressed."""
    def make(_found: bool) -> list[Array]:
        boxes = relative(centred(np.clip(noise_boxes(189), 0, 320)))
        scores = RNG.uniform(0, 0.004, (189, 3))
        table = np.concatenate([boxes, RNG.uniform(0, 0.004, (189, 1)), scores], 1)
        return [table[None]] if kind == "rows" else [boxes[None], scores[None]]

    form = output_form(evidence(make, size=(96, 96)))
    assert (form.classes, "overlap" in form.options, form.decoder) == (3, False, "boxes-scores")


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("background", [True, False])
def test_detr_and_rt_detr(classes: int, named: bool, background: bool) -> None:
    queries = 100 if background else 300

    def make(found: bool) -> list[Array]:
        boxes, scores = scene(queries, classes, found)
        if background:
            rest = np.maximum(1 - scores.sum(axis=1, keepdims=True), 0.01)
            out = np.log(np.concatenate([scores, rest], 1) + 1e-9) + 3
        else:
            out = logits(scores)
        return [out[None], relative(centred(np.clip(boxes, 0, 320)))[None]]

    e = evidence(make, ("logits", "pred_boxes") if named else ())
    if classes == 4 and not named:   # boxes and logits alike
        return
    if classes + background == 4 and not named:
        return
    form = output_form(e)
    assert (form.decoder, form.classes, form.options["overlap"]) == ("boxes-scores", classes, 1.0)
    assert form.options["logits"] == ("softmax" if background else "sigmoid")
    finds(form, e, classes)


def test_detr_of_coco_leaves_out_its_first_number() -> None:
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(100, 91, found, tuple((box, label + 1, p) for box, label, p in KNOWN))
        rest = np.maximum(1 - scores.sum(axis=1, keepdims=True), 0.01)
        return [np.log(np.concatenate([scores, rest], 1) + 1e-9)[None], relative(centred(np.clip(boxes, 0, 320)))[None]]

    e = evidence(make, ("logits", "pred_boxes"), inputs=("pixel_values", "pixel_mask"))
    form = output_form(e)
    assert form.classes == 90
    finds(form, e)


@pytest.mark.parametrize(("columns", "labels", "known"), [(91, 0, 1), (4, 3, 0), (4, 0, 0)])
def test_rf_detr(columns: int, labels: int, known: int) -> None:
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(300, columns, found, tuple((box, label + known, p) for box, label, p in KNOWN))
        return [relative(centred(np.clip(boxes, 0, 320)))[None], logits(scores)[None]]

    e = evidence(make, ("dets", "labels"), labels=labels)
    form = output_form(e)
    assert form.classes == (90 if columns == 91 else 3)
    finds(form, e)


def test_ultraface() -> None:
    def make(found: bool) -> list[Array]:
        boxes, scores = scene(4420, 1, found)
        return [np.concatenate([1 - scores, scores], 1)[None], relative(boxes)[None]]

    e = evidence(make, ("scores", "boxes"), size=(240, 320))
    form = output_form(e)
    assert (form.classes, form.kin, form.labels) == (1, "ultraface", ("face",))
    found = found_by(form, e)
    assert [label for label, *_ in found] == [0, 0]


# ---- chosen ----


def chosen(found: bool, n: int, order: str, classes: int = 80, pad: float = 0.0) -> Array:
    """Rows of boxes that were chosen, those that fill up behind them."""
    names = order.split()
    rows = np.zeros((n, len(names)))
    rows[:, names.index("class")] = pad
    known = KNOWN if found else ()
    for i, (box, label, score) in enumerate(known):
        values = dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))
        values |= dict(zip(("cx", "cy", "w", "h"), relative(centred(np.array([box])))[0], strict=True))
        values |= {"score": score, "class": min(label, classes - 1), "batch": 0, "image": 0}
        rows[i] = [values[name] for name in names]
    return rows


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("said", ["end2end", "args", ""])
def test_end_to_end(classes: int, said: str) -> None:
    metadata = {"end2end": {**ULTRALYTICS, "end2end": "True"}, "args": {**ULTRALYTICS, "args": "{'nms': True}"}, "": {}}

    def make(found: bool) -> list[Array]:
        rows = chosen(found, 300, "x1 y1 x2 y2 score class", classes)
        known = len(KNOWN) * found   # behind them boxes of low scores, sorted as those are
        rows[known:, :4] = noise_boxes(300 - known)
        rows[known:, 4] = np.sort(RNG.uniform(0, 0.05, 300 - known))[::-1]
        rows[known:, 5] = RNG.integers(0, classes, 300 - known)
        return [rows[None]]

    e = evidence(make, said=metadata[said], labels=classes if said else 0)
    form = output_form(e)
    assert (form.decoder, form.options, bool(form.guessed)) == ("end-to-end", {}, not said)
    finds(form, e, classes)


@pytest.mark.parametrize("columns", [
    "batch x1 y1 x2 y2 class score", "batch x1 y1 x2 y2 score class", "class score x1 y1 x2 y2",
    "cx cy w h score class",
])  # fmt: skip
def test_other_orders_of_columns(columns: str) -> None:
    flat = columns.startswith(("batch", "class"))

    def make(found: bool) -> list[Array]:
        rows = chosen(found, 2 * found if flat else 300, columns)
        return [rows if flat else rows[None]]

    e = evidence(make)
    form = output_form(e)
    assert form.options.get("columns") == columns.split()
    finds(form, e)


def test_efficientdet_of_automl() -> None:
    """(1, 100, 7): image, y1 x1 y2 x2 px, score, class from 1."""
    def make(found: bool) -> list[Array]:
        rows = chosen(found, 100, "image y1 x1 y2 x2 score class")
        rows[:, 6] += rows[:, 5] > 0
        return [rows[None]]

    e = evidence(make)
    form = output_form(e)
    assert (form.decoder, form.options["first_class"], form.kin) == ("end-to-end", 1, "efficientdet")
    finds(form, e)


@pytest.mark.parametrize("kind", ["tensorrt", "azure", "rtdetr", "mmdet", "tensorflow", "tflite"])
def test_names_of_exporters(kind: str) -> None:
    def make(found: bool) -> list[Array]:
        rows = chosen(found, 10, "x1 y1 x2 y2 score class", pad=-1 if kind == "tensorrt" else 0)
        boxes, scores, classes = rows[None, :, :4], rows[None, :, 4], rows[None, :, 5]
        turned, count = relative(rows[:, :4])[None][..., [1, 0, 3, 2]], np.array([[2 * found]])
        one = (scores > 0).astype(int)
        return {
            "tensorrt": [count, boxes, scores, classes], "azure": [relative(rows[:, :4])[None], classes, scores],
            "rtdetr": [classes, boxes, scores], "mmdet": [rows[None, :, :5], classes],
            "tensorflow": [turned, classes + one, count[0], scores],
            "tflite": [turned, classes, scores, count[0]],
        }[kind]  # fmt: skip

    names = {
        "tensorrt": ("num_dets", "det_boxes", "det_scores", "det_classes"),
        "azure": ("detected_boxes", "detected_classes", "detected_scores"), "rtdetr": ("labels", "boxes", "scores"),
        "mmdet": ("dets", "labels"),
        "tensorflow": ("detection_boxes", "detection_classes", "num_detections", "detection_scores"),
        "tflite": ("a", "b", "c", "d"),
    }[kind]  # fmt: skip
    one, whole_first = {1: np.int64}, {0: np.int64}
    whole = {"tensorrt": {0: np.int32, 3: np.int32}, "azure": one, "rtdetr": whole_first, "mmdet": one}
    inputs = ("images", "orig_target_sizes") if kind == "rtdetr" else ("images",)
    e = evidence(make, names, dtypes=whole.get(kind), inputs=inputs)
    form = output_form(e)
    finds(form, e)


def test_yolo_nas_with_its_suppression() -> None:
    """super-gradients: num_predictions (1, 1), pred_boxes px, pred_scores, pred_classes, -1 fills up."""
    def make(found: bool) -> list[Array]:
        rows = chosen(found, 1000, "x1 y1 x2 y2 score class", pad=-1)
        return [np.array([[2 * found]]), rows[None, :, :4], rows[None, :, 4], rows[None, :, 5]]

    names = ("graph2_num_predictions", "graph2_pred_boxes", "graph2_pred_scores", "graph2_pred_classes")
    e = evidence(make, names, dtypes={0: np.int64, 3: np.int64})
    form = output_form(e)
    assert form.options["px"] is True
    finds(form, e)


# ---- raw maps ----


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("how", ["five sides", "darknet", "tensorflow"])
def test_raw_heads_are_known(classes: int, how: str) -> None:
    def make(_found: bool) -> list[Array]:
        maps = [RNG.normal(-4, 3, (1, 3, g, g, 5 + classes)) for g in (40, 20, 10)]
        if how == "darknet":
            return [m.transpose(0, 1, 4, 2, 3).reshape(1, -1, *m.shape[2:4]) for m in maps]
        return [m.transpose(0, 2, 3, 1, 4).reshape(1, *m.shape[2:4], -1) for m in maps] if how == "tensorflow" else maps

    form = output_form(evidence(make))
    assert (form.decoder, form.classes) == ("yolov5-raw" if how == "five sides" else "yolov3", classes)
    assert "options.anchors" in form.guessed


@pytest.mark.parametrize(("depth", "azure"), [(125, False), (425, False), (40, True), (30, True), (125, True)])
def test_yolov2_and_azure(depth: int, azure: bool) -> None:
    def make(_found: bool) -> list[Array]:
        out = RNG.normal(-2, 3, (1, 5, depth // 5, 13, 13))
        if azure:
            out[:, :, :2] = RNG.normal(0.5, 0.2, (1, 5, 2, 13, 13))
        return [out.reshape(1, depth, 13, 13)]

    form = output_form(evidence(make, size=(416, 416)))
    assert (form.decoder, form.classes, form.options.get("plain_xy", False)) == ("yolov2", depth // 5 - 5, azure)


def test_fastestdet_is_known() -> None:
    def make(_found: bool) -> list[Array]:
        out = RNG.normal(0, 1, (1, 85, 22, 22))
        out[:, 0] = RNG.uniform(0, 0.01, (1, 22, 22))
        z = np.exp(out[:, 5:])
        out[:, 5:] = z / z.sum(axis=1, keepdims=True)
        return [out]

    assert output_form(evidence(make, size=(352, 352))).decoder == "fastestdet"


def test_yunet_is_known_by_its_names() -> None:
    names = tuple(f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32))

    def make(_found: bool) -> list[Array]:
        return [RNG.uniform(0, 1, (1, (320 // s) ** 2, d)) for d in (1, 1, 4, 10) for s in (8, 16, 32)]

    form = output_form(evidence(make, names))
    assert (form.decoder, form.labels, form.options["outputs"]) == ("yunet", ("face",), list(range(9)))


def test_retinaface_and_the_yunet_of_2022_are_known_by_their_priors() -> None:
    def retinaface(_found: bool) -> list[Array]:
        n = 2 * N
        face = RNG.uniform(0, 0.01, (1, n, 1))
        return [RNG.normal(0, 1, (1, n, 4)), np.concatenate([1 - face, face], 2), RNG.normal(0, 1, (1, n, 10))]

    def yunet(_found: bool) -> list[Array]:
        n = 3 * 1600 + 2 * 400 + 2 * 100 + 3 * 25
        face = RNG.uniform(0, 0.01, (1, n, 1))
        return [RNG.normal(0, 1, (1, n, 14)), np.concatenate([1 - face, face], 2), RNG.uniform(0, 1, (1, n, 1))]

    assert output_form(evidence(retinaface)).decoder == "retinaface"
    form = output_form(evidence(yunet, ("loc", "conf", "iou")))
    assert (form.decoder, form.kin, len(form.options["sides"])) == ("retinaface", "yunet", 4)


def test_picodet_and_opencvs_nanodet_are_known() -> None:
    def tables(_found: bool) -> list[Array]:
        counts = [(320 // s) ** 2 for s in (8, 16, 32, 64)]
        return [t for n in counts for t in (RNG.uniform(0, 0.01, (1, n, 80)), RNG.normal(0, 2, (1, n, 32)))]

    form = output_form(evidence(tables))
    assert (form.decoder, form.kin, form.options["offset_px"]) == ("nanodet", "nanodet", -0.5)
    form = output_form(evidence(lambda found: [*tables(found)[::2], *tables(found)[1::2]]))
    assert (form.decoder, form.kin, "offset_px" in form.options) == ("nanodet", "picodet", False)


@pytest.mark.parametrize("raw", [True, False])
def test_efficientdet_and_retinanet_maps_are_known(raw: bool) -> None:
    def make(_found: bool) -> list[Array]:
        maps = [RNG.normal(-4, 1, (1, 9 * 80, 320 // s or 1, 320 // s or 1)) for s in (8, 16, 32, 64, 128)]
        boxes = [RNG.normal(0, 1, (1, 36, m.shape[2], m.shape[3])) for m in maps]
        return [*([m if raw else 1 / (1 + np.exp(-m)) for m in maps]), *boxes]

    assert output_form(evidence(make)).decoder == ("efficientdet" if raw else "retinanet")


# ---- classifiers, and what is none ----


def softmaxed(z: Array) -> Array:
    p = np.exp(z - z.max())
    return p / p.sum()


@pytest.mark.parametrize("classes", [2, 3, 10, 100, 1000, 1001])
@pytest.mark.parametrize("maker", ["Linear", "Softmax", "Sigmoid", ""])
def test_classifiers(classes: int, maker: str) -> None:
    def make(_found: bool) -> list[Array]:
        z = RNG.normal(0, 3, (1, classes))
        return [{"Linear": z, "": z, "Softmax": softmaxed(z), "Sigmoid": 1 / (1 + np.exp(-z))}[maker]]

    e = evidence(make, makers=(maker,))
    form = output_form(e)
    assert form.classes == classes
    assert form.decoder == ("softmax" if maker in ("Linear", "") else "probabilities")
    assert form.options.get("independent", False) is (maker == "Sigmoid")
    p = CLASSIFIERS[form.decoder](e.runs[-1], form.options)
    if maker == "Sigmoid":
        assert p == pytest.approx(e.runs[-1][0].reshape(-1))   # as they are


def test_small_logits_of_a_linear_layer_are_no_probabilities() -> None:
    e = evidence(lambda _found: [RNG.uniform(0, 1, (1, 5))], makers=("Linear",))
    assert output_form(e).decoder == "softmax"


def test_one_sigmoid_is_a_yes_or_no() -> None:
    e = evidence(lambda _found: [np.array([[0.93]])], makers=("Sigmoid",))
    form = output_form(e)
    assert (form.classes, form.labels) == (2, ("no", "yes"))
    assert CLASSIFIERS[form.decoder](e.runs[0], {**form.options, "classes": 2}) == pytest.approx([0.07, 0.93], abs=1e-6)
    named = evidence(lambda _found: [np.array([[0.93]])], makers=("Sigmoid",), labels=1)
    assert (output_form(named).classes, output_form(named).labels) == (1, ())


@pytest.mark.parametrize("value", [-3.2, 41.5])
def test_a_quantity_is_refused_by_name(value: float) -> None:
    with pytest.raises(LabError, match="a quantity and no class"):
        output_form(evidence(lambda _found: [np.array([[value]])], makers=("Linear",)))


@pytest.mark.parametrize("kind", ["unit", "named", "sized"])
def test_embeddings_are_refused_by_name(kind: str) -> None:
    def make(_found: bool) -> list[Array]:
        z = RNG.normal(0, 1, (1, 512 if kind == "sized" else 193))
        return [z / np.linalg.norm(z) if kind == "unit" else z]

    with pytest.raises(LabError, match="embedding"):
        output_form(evidence(make, ("embedding",) if kind == "named" else ()))


def test_a_list_of_labels_makes_a_classifier_of_512_numbers() -> None:
    e = evidence(lambda _found: [RNG.normal(0, 1, (1, 512))], labels=512, makers=("Linear",))
    assert output_form(e).decoder == "softmax"


def test_a_classifier_with_auxiliary_outputs() -> None:
    """torchvision's Inception exports its auxiliary head; Hugging Face's models their hidden states."""
    def make(_found: bool) -> list[Array]:
        return [RNG.normal(0, 1, (1, 1000)), RNG.normal(0, 1, (1, 1000))]

    form = output_form(evidence(make, makers=("Linear", "Linear")))
    assert (form.decoder, form.options, form.guessed) == ("softmax", {"outputs": [0]}, ("decoder",))
    names = ("logits", "last_hidden_state")
    hidden = evidence(lambda _found: [RNG.normal(0, 1, (1, 7)), RNG.normal(0, 1, (1, 197, 768))], names)
    assert (output_form(hidden).classes, output_form(hidden).options) == (7, {"outputs": [0]})


@pytest.mark.parametrize("shape", [(1, 21, 520, 520), (1, 3, 720, 720), (1, 1, 256, 256)])
def test_maps_and_pictures_are_refused_by_name(shape: tuple[int, ...]) -> None:
    with pytest.raises(LabError, match="a picture or a map"):
        output_form(evidence(lambda _found: [RNG.normal(0, 1, shape)]))


def test_a_class_number_alone_is_refused() -> None:
    with pytest.raises(LabError, match="the number of a class alone"):
        output_form(evidence(lambda _found: [np.array([3])], dtypes={0: np.int64}))
