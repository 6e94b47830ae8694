"""What is written into a network before it is exported: the card's preprocessing, softmax, decoding."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from export_nets import conv_net, heads_net, pictures, save
from make import card
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inference.data import Frame
from inference.decode import DETECTORS
from inference.decode import wanted as wanted_of
from inference.decode.rows import boxes_scores
from inference.errors import ExportFailed
from inference.export.naming import swift_name, unique
from inference.export.palette import nearest_of
from inference.export.parity import Original, noise
from inference.export.prepare import Prepared, prepare
from inference.export.rounding import carried, eight_bits, half, round_weights
from inference.preprocess import Preprocessor, as_bytes
from models.card import ModelCard

Array = NDArray[Any]
TEN = tuple("0123456789")


def run(prepared: Prepared, pixels: NDArray[np.uint8], spec: Any) -> dict[str, Array]:
    """The prepared network on a picture's bytes."""
    onnx.checker.check_model(prepared.model, full_check=True)
    session = onnxruntime.InferenceSession(prepared.model.SerializeToString())
    assert [x.name for x in session.get_inputs()] == ["image"]
    x, _ = Preprocessor(as_bytes(spec, spec.order))(Frame(pixels, 0, 0.0))
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"image": x.astype(np.float32)}), strict=True))


IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
RECIPES: list[dict[str, Any]] = [
    {},
    {"range": "0..255"},
    {"range": "-1..1"},
    {"order": "BGR", "range": "0..255", "mean": (104.006, 116.669, 122.679)},
    IMAGENET,
    {**IMAGENET, "order": "BGR", "fit": "crop", "share": 0.875},
    {**IMAGENET, "fit": "letterbox"},
    {"fit": "letterbox-topleft", "pad": 0},
    {"invert": "always"},
    {"invert": "auto", **IMAGENET},
    {"order": "GRAY", "mean": (0.3,), "std": (0.6,)},
    {"order": "GRAY", "mean": (0.0,), "std": (1.0,), "invert": "auto"},
]


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_the_recipe_of_the_card_is_inside(recipe: dict[str, Any], tmp_path: Path) -> None:
    channels = 1 if recipe.get("order") == "GRAY" else 3
    given = card(size=(16, 16), **recipe)
    path = conv_net(tmp_path / "net.onnx", channels=channels)
    original = Original(given, path, TEN, ["logits"])
    prepared = prepare(given, path, 10)
    for picture in (*pictures(), *noise(given.input, 4)):
        answer, found = original(picture), run(prepared, picture.pixels, given.input)
        logits = answer.heads[0].astype(np.float64)
        np.testing.assert_allclose(found["probabilities"][0], answer.ends[0], atol=1e-6 * max(10, np.abs(logits).max()))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("batch", [1, "batch"])
def test_whatever_the_network_takes_a_picture_goes_in(layout: Any, dtype: Any, batch: Any, tmp_path: Path) -> None:
    from make import tiny_onnx

    given = card(layout=layout, dtype=dtype, range="0..255", size=(8, 8))
    path = tiny_onnx(tmp_path / "net.onnx", layout=layout, dtype=dtype, batch=batch)
    prepared = prepare(given, path, 10)
    original = Original(given, path, TEN, ["logits"])
    for picture in pictures(count=2):
        answer = original(picture)
        np.testing.assert_allclose(
            run(prepared, picture.pixels, given.input)["probabilities"][0], answer.ends[0], rtol=2e-3, atol=2e-3
        )


def test_quantised_steps_are_the_same_in_floats(tmp_path: Path) -> None:
    """Bytes in, 8-bit weights, values rounded to 8 bits in between, bytes out: what comes from TensorFlow Lite."""
    rng = np.random.default_rng(2)
    constants = {
        "sx": np.float32(1 / 128), "zx": np.uint8(128), "w8": rng.integers(0, 256, (10, 3, 1, 1), np.uint8),
        "sw": np.float32(0.01), "zw": np.uint8(120), "sy": np.float32(0.05), "zy": np.uint8(100),
        "sp": np.float32(1 / 256), "zp": np.uint8(0), "shape": np.int64([1, 10]),
    }  # fmt: skip
    nodes = [
        helper.make_node("Transpose", ["given"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("DequantizeLinear", ["t", "sx", "zx"], ["x"]),
        helper.make_node("DequantizeLinear", ["w8", "sw", "zw"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["g"]),
        helper.make_node("QuantizeLinear", ["g", "sy", "zy"], ["q"]),
        helper.make_node("Reshape", ["q", "shape"], ["flat"]),
        helper.make_node("DequantizeLinear", ["flat", "sy", "zy"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["p"], axis=1),
        helper.make_node("QuantizeLinear", ["p", "sp", "zp"], ["out"]),
    ]
    path = save(tmp_path / "q.onnx", nodes, ["out"], constants, [1, 8, 8, 3], TensorProto.UINT8)
    given = card(decoder="quantised", layout="NHWC", dtype="uint8")
    prepared = prepare(given, path, 10)
    assert prepared.heads == (("logits", "head_0"),)
    assert not {n.op_type for n in prepared.model.graph.node} & {"QuantizeLinear", "DequantizeLinear"}
    original = Original(given, path, TEN, ["logits"])
    for picture in pictures():
        answer, found = original(picture), run(prepared, picture.pixels, given.input)
        np.testing.assert_allclose(found["probabilities"][0], answer.ends[0], atol=1 / 256)


@pytest.mark.parametrize("softmax", [False, True])
def test_raw_values_are_those_before_a_softmax(softmax: bool, tmp_path: Path) -> None:
    given = card(size=(16, 16), decoder="probabilities" if softmax else "softmax")
    prepared = prepare(given, conv_net(tmp_path / "net.onnx", softmax=softmax), 10)
    assert prepared.heads == (("logits", "head_0"),)
    assert [node.op_type for node in prepared.model.graph.node].count("Softmax") == 1


def test_names_of_the_file_do_not_come_along(tmp_path: Path) -> None:
    path = save(
        tmp_path / "n.onnx",
        [helper.make_node("GlobalAveragePool", ["given"], ['"); DROP <b>']),
         helper.make_node("Flatten", ['"); DROP <b>'], ["../../x"])],
        ["../../x"], {}, [1, 3, 8, 8],
    )  # fmt: skip
    prepared = prepare(card(labels="three", mean=(0.0, 0.0, 0.0)), path, 3)
    text = prepared.model.SerializeToString()
    assert b"DROP" not in text
    assert b"../" not in text


REFUSED = [
    (card(size=(20, 20)), 10, "takes"),
    (card(size=(16, 16)), 11, "answers with 10 classes, digits.txt has 11"),
    (card(size=(16, 16), task="detect", decoder="boxes-scores"), 10, "are not what 'boxes-scores' reads"),
    (card(size=(16, 16), task="detect", decoder="ssd-nms"), 10, "suppresses boxes inside its file"),
]


@pytest.mark.parametrize(("given", "classes", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_what_does_not_fit_its_card_is_refused(given: ModelCard, classes: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match=said):
        prepare(given, conv_net(tmp_path / "net.onnx"), classes)


def test_loops_are_named(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Relu", ["v"], ["w"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("v", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, []),
         helper.make_tensor_value_info("w", TensorProto.FLOAT, None)],
    )  # fmt: skip
    nodes = [
        helper.make_node("ReduceSum", ["given"], ["total"], keepdims=0),
        helper.make_node("Cast", ["total"], ["times"], to=TensorProto.INT64),
        helper.make_node("Loop", ["times", "", "given"], ["out"], body=body),
    ]
    path = save(tmp_path / "loop.onnx", nodes, ["out"], {}, [1, 3, 8, 8])
    with pytest.raises(ExportFailed, match=r"branches or loops \(Loop\)"):
        prepare(card(), path, 10)


# ---- boxes ----

RNG = np.random.default_rng(9)
SIZE = (64, 96)


def yes(*shape: int) -> Array:
    return RNG.uniform(0.1, 0.9, shape).astype(np.float32)


def logits(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


CELLS = sum((SIZE[0] // s) * (SIZE[1] // s) for s in (8, 16, 32))
DETECTORS_OUT: list[tuple[str, dict[str, Array], tuple[int, int], int]] = [
    ("boxes-scores", {"a": np.concatenate([yes(1, 30, 4) / 2, yes(1, 30, 6)], 2)}, SIZE, 5),
    ("boxes-scores", {"a": yes(1, 30, 5), "b": yes(1, 30, 4) / 2}, SIZE, 5),
    ("yolox", {"a": np.concatenate([logits(1, CELLS, 4), yes(1, CELLS, 6)], 2)}, SIZE, 5),
    ("yolov5", {"a": np.concatenate([yes(1, 30, 4) * 50, yes(1, 30, 6)], 2)}, SIZE, 5),
    ("yolov8", {"a": np.concatenate([yes(1, 4, 30) * 50, yes(1, 5, 30)], 1)}, SIZE, 5),
    ("ssd-raw", {"a": logits(1, 1917, 4), "b": yes(1, 1917, 6)}, SIZE, 5),
    ("ssd-raw", {"b": yes(1, 1917, 6), "a": logits(1, 1917, 4)}, SIZE, 5),
    ("yolov2", {"a": logits(1, 50, 2, 3)}, SIZE, 5),
    ("yolov4", {f"m{s}": np.concatenate([logits(1, SIZE[0] // s, SIZE[1] // s, 3, 4),
                                         yes(1, SIZE[0] // s, SIZE[1] // s, 3, 6)], 4) for s in (16, 8, 32)}, SIZE, 5),
    ("retinanet", {**{f"c{s}": yes(1, 45, SIZE[0] // s, SIZE[1] // s) for s in (8, 16)},
                   **{f"b{s}": logits(1, 36, SIZE[0] // s, SIZE[1] // s) for s in (16, 8)}}, SIZE, 5),
]  # fmt: skip


@pytest.mark.parametrize(("decoder", "outputs", "size", "classes"), DETECTORS_OUT, ids=[d[0] for d in DETECTORS_OUT])
def test_boxes_are_decoded_inside_as_in_the_lab(
    decoder: str, outputs: dict[str, Array], size: tuple[int, int], classes: int, tmp_path: Path
) -> None:
    given = card(task="detect", decoder=decoder, size=size, range="0..255")
    prepared = prepare(given, heads_net(tmp_path / "net.onnx", outputs, size), classes)
    pixels = np.full((*size, 3), 128, np.uint8)
    found = run(prepared, pixels, given.input)
    options = {"classes": classes}
    wanted = DETECTORS[decoder](list(outputs.values()), options, size, 0.0)
    made = boxes_scores([found["coordinates"][None], found["confidence"][None]], options, size, 0.0)
    assert len(made.scores) == len(wanted.scores) > 0
    order = [np.lexsort((c.boxes[:, 0].round(1), c.boxes[:, 1].round(1), c.scores.round(4))) for c in (made, wanted)]
    np.testing.assert_allclose(made.scores[order[0]], wanted.scores[order[1]], atol=1e-5)
    np.testing.assert_allclose(np.sort(made.boxes, 0), np.sort(wanted.boxes, 0), rtol=1e-4, atol=1e-2)


def corner_rows(n: int, scale: float) -> Array:
    first = RNG.uniform(0, 0.5, (1, n, 2))
    return np.concatenate([first, first + RNG.uniform(0.05, 0.4, (1, n, 2))], 2).astype(np.float32) * np.float32(scale)


OPTIONS: list[tuple[str, dict[str, Array], dict[str, Any]]] = [
    ("boxes-scores", {"b": corner_rows(30, 60), "s": yes(1, 30, 5)}, {"corners": True, "px": True}),
    ("boxes-scores", {"s": yes(1, 5, 30), "b": corner_rows(30, 60)}, {"corners": True, "px": True}),
    ("boxes-scores", {"b": corner_rows(30, 1)[:, :, None], "s": yes(1, 30, 5)}, {"corners": True}),
    ("boxes-scores", {"b": yes(1, 30, 4) / 2, "s": logits(1, 30, 6)}, {"logits": "softmax", "background": "last"}),
    ("boxes-scores", {"b": yes(1, 30, 4) / 2, "s": logits(1, 30, 5)}, {"logits": "sigmoid", "overlap": 1.0}),
    ("boxes-scores", {"s": yes(1, 30, 6), "b": corner_rows(30, 1)}, {"corners": True, "background": "first"}),
    ("boxes-scores", {"x": yes(1, 7), "s": yes(1, 30, 5), "b": yes(1, 30, 4) / 2}, {"outputs": [2, 1]}),
    ("yolov5", {"a": np.concatenate([yes(1, 30, 4) * 50, yes(1, 30, 6), logits(1, 30, 32)], 2)}, {"extra": 32}),
    ("yolov5", {"a": np.concatenate([yes(1, 30, 4) / 2, yes(1, 30, 6)], 2)}, {"relative": True}),
    ("yolov8", {"a": np.concatenate([yes(1, 4, 60) * 50, yes(1, 5, 60), logits(1, 51, 60)], 1)}, {"extra": 51}),
    ("yolov8", {"a": np.concatenate([yes(1, 30, 4) / 2, yes(1, 30, 5)], 2)}, {"transposed": True, "relative": True}),
]


@pytest.mark.parametrize(("decoder", "outputs", "options"), OPTIONS, ids=lambda v: str(v) if isinstance(v, str) else "")
def test_every_option_is_decoded_inside_as_in_the_lab(
    decoder: str, outputs: dict[str, Array], options: dict[str, Any], tmp_path: Path
) -> None:
    given = card(task="detect", decoder=decoder, size=SIZE, range="0..255", options=options)
    prepared = prepare(given, heads_net(tmp_path / "net.onnx", outputs, SIZE), 5)
    found = run(prepared, np.full((*SIZE, 3), 128, np.uint8), given.input)
    read = wanted_of(list(outputs.values()), options)
    wanted = DETECTORS[decoder](read, {"classes": 5, **options}, SIZE, 0.0)
    made = boxes_scores([found["coordinates"][None], found["confidence"][None]], {"classes": 5}, SIZE, 0.0)
    assert len(made.scores) == len(wanted.scores) > 0
    np.testing.assert_allclose(np.sort(made.scores), np.sort(wanted.scores), atol=1e-5)
    np.testing.assert_allclose(np.sort(made.boxes, 0), np.sort(wanted.boxes, 0), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("decoder", ["nanodet", "efficientdet", "yolov3", "yolov5-raw", "fastestdet", "yunet"])
def test_decoders_that_no_export_writes_are_said(decoder: str, tmp_path: Path) -> None:
    given = card(task="detect", decoder=decoder, size=SIZE, range="0..255")
    with pytest.raises(ExportFailed, match="which no export writes"):
        prepare(given, heads_net(tmp_path / "net.onnx", {"a": yes(1, 30, 85)}, SIZE), 5)


@pytest.mark.parametrize("centred", [False, True])
def test_a_network_ends_before_its_own_suppression(centred: bool, tmp_path: Path) -> None:
    boxes = yes(1, 20, 4) / 2
    nodes = [
        helper.make_node("ReduceMean", ["given"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "scale"], ["one"]),
        helper.make_node("Mul", ["boxes", "one"], ["b"]),
        helper.make_node("Mul", ["scores", "one"], ["s"]),
        helper.make_node(
            "NonMaxSuppression", ["b", "s", "most", "iou", "least"], ["chosen"], center_point_box=int(centred)
        ),
        helper.make_node("Cast", ["chosen"], ["out"], to=TensorProto.FLOAT),
    ]
    constants = {
        "scale": np.float32(1 / 128), "boxes": boxes, "scores": yes(1, 6, 20), "most": np.int64([7]),
        "iou": np.float32([0.6]), "least": np.float32([0.1]),
    }  # fmt: skip
    path = save(tmp_path / "nms.onnx", nodes, ["out"], constants, [1, 3, *SIZE])
    given = card(task="detect", decoder="ssd-nms", size=SIZE, range="0..255")
    prepared = prepare(given, path, 5)   # one class more than labels: the background comes first
    assert prepared.cut is not None
    assert (prepared.cut.iou, prepared.cut.most) == (pytest.approx(0.6), 7)
    found = run(prepared, np.full((*SIZE, 3), 128, np.uint8), given.input)
    y1, x1, y2, x2 = np.moveaxis(boxes[0], -1, 0)
    corners = np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], -1)
    np.testing.assert_allclose(found["coordinates"], boxes[0] if centred else corners, atol=1e-5)
    np.testing.assert_allclose(found["confidence"], constants["scores"][0, 1:].T, atol=1e-5)


# ---- words and numbers ----


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("SqueezeNet 1.1", "SqueezeNet1_1"), ("YOLOv3-tiny", "YOLOv3Tiny"), ("MobileNet v2", "MobileNetV2"),
        ("Inception v1 (GoogLeNet)", "InceptionV1GoogLeNet"), ("", "Model"), ("1.5", "Model1_5"), ("self", "ModelSelf"),
        ("class", "Class"), ("Type", "ModelType"), ("Café", "Cafe"), ("日本", "Model"), ("../../etc", "Etc"),
        ("'; drop", "Drop"), ("x" * 200, "X" + "x" * 59),
    ],
)  # fmt: skip
def test_names_are_swift_identifiers(title: str, name: str) -> None:
    assert swift_name(title) == name
    assert name.isascii()
    assert name.isidentifier()


def test_labels_are_unique() -> None:
    assert unique(["crane", "bus", "crane", "", "crane (2)"]) == ("crane", "bus", "crane (2)", "(3)", "crane (2) (4)")


def test_errors_of_a_filter_cancel_each_other() -> None:
    weights = np.random.default_rng(1).normal(size=(8, 300)).astype(np.float32)
    for how, step in ((half, 2.0**-9), (eight_bits, float(np.abs(weights).max()) / 127)):
        made = how(weights)
        assert np.abs((made - weights).sum(axis=1)).max() <= step
    plain = weights.astype(np.float16).astype(np.float64)
    assert np.abs((plain - weights).sum(axis=1)).max() > 2.0**-9   # which rounding alone does not do
    np.testing.assert_array_equal(half(weights), half(weights).astype(np.float16))
    steps = eight_bits(weights) / (np.abs(weights).max(axis=1, keepdims=True) / 127)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-4)


def test_filters_are_found_in_every_kind_of_product(tmp_path: Path) -> None:
    """(filters, …) of a convolution and of a transposed Gemm; (…, filters) of a product."""
    rng = np.random.default_rng(4)
    constants = {
        "c": rng.normal(size=(6, 3, 1, 1)).astype(np.float32), "g": rng.normal(size=(6, 6)).astype(np.float32),
        "m": rng.normal(size=(6, 10)).astype(np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["given", "c"], ["x"]), helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]), helper.make_node("Gemm", ["f", "g"], ["h"], transB=1),
        helper.make_node("MatMul", ["h", "m"], ["out"]),
    ]  # fmt: skip
    model = onnx.load(str(save(tmp_path / "n.onnx", nodes, ["out"], constants, [1, 3, 8, 8])))
    round_weights(model, half)
    found = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    np.testing.assert_array_equal(found["c"], half(constants["c"]).astype(np.float32))
    np.testing.assert_array_equal(found["g"], half(constants["g"]).astype(np.float32))
    np.testing.assert_array_equal(found["m"], half(constants["m"].T).T.astype(np.float32))


@pytest.mark.parametrize("bits", [4, 6])
def test_palettes(bits: int) -> None:
    weights = np.random.default_rng(1).laplace(size=(16, 200)).astype(np.float32)
    table, places = nearest_of(bits)(weights)
    assert table.shape == (1 << bits,)
    assert (np.diff(table) >= 0).all()
    assert places.dtype == np.uint8
    made = table[places].reshape(weights.shape)
    assert np.sqrt(np.mean((made - weights) ** 2)) < {4: 0.25, 6: 0.1}[bits] * weights.std()
    assert np.array_equal(places, nearest_of(bits)(weights)[1])   # the same every time
    few = np.float32([[1, 2, 2, 1]])
    table, places = nearest_of(bits)(few)
    np.testing.assert_array_equal(table[places], few.reshape(-1))


def test_carrying_needs_no_error_to_carry() -> None:
    whole = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(carried(whole, np.round), whole)
