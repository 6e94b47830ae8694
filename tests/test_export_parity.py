"""The gate of an export: the same network passes, planted faults do not; what coremltools writes is read exactly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from export_nets import conv_net, heads_net, needs_coremltools, pictures, save
from make import card, detections
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from inference.data import Classification
from inference.errors import ExportFailed, ImportFailed
from inference.export.coreml_write import Job, write
from inference.export.parity import (
    Answer,
    Comparison,
    Difference,
    Original,
    Package,
    Picture,
    compare,
    difference,
    noise,
    relative_difference,
)
from inference.export.prepare import Prepared, prepare
from inference.intake.importers.coreml.package import read_package
from models.card import ModelCard

Array = NDArray[Any]
TEN = tuple("0123456789")
FIVE = ("cat", "dog", "cow", "owl", "elk")
SPEC = {"size": (16, 16), "mean": (0.485, 0.456, 0.406), "std": (0.1, 0.224, 0.5)}


@dataclass
class Plan:
    """What becomes a package; a fault changes something of it."""

    model: Any
    order: str = "RGB"
    labels: tuple[str, ...] = TEN


def job(plan: Plan, folder: Path, **changes: Any) -> Job:
    network = folder / "prepared.onnx"
    onnx.save(plan.model, str(network))
    ending = changes.get("format", "mlpackage")
    plain = Job(
        network, folder / f"Net.{ending}", plan.order, plan.labels, True, "fp32", "iOS16", "mlpackage", False,
        {"author": "a test", "license": "MIT", "short_description": "small", "version": "1"}, {"source": "here"},
    )  # fmt: skip
    return replace(plain, **changes)


def compared(
    given: ModelCard, path: Path, plan: Plan, prepared: Prepared, folder: Path, labels: tuple[str, ...] = TEN,
    **changes: Any,
) -> Comparison:  # fmt: skip
    made = job(plan, folder, **changes)
    write(made)
    names, taps = zip(*prepared.heads, strict=True)
    shown = [*pictures(), *noise(given.input, 2)]
    original = Original(given, path, labels, names)
    half = made.precision != "fp32" and made.format == "mlpackage"
    package = Package(made.target, given, labels, taps, half=half, cut=prepared.cut)
    return compare([original(picture) for picture in shown], package, shown)


def tensor(model: Any, op: str, which: int, at: int = 1) -> Any:
    """A constant input of the `which`-th node of this kind."""
    name = [node for node in model.graph.node if node.op_type == op][which].input[at]
    return next(t for t in model.graph.initializer if t.name == name)


def change(t: Any, how: Callable[[Array], Array]) -> None:
    t.CopyFrom(numpy_helper.from_array(np.asarray(how(numpy_helper.to_array(t).copy()), np.float32), t.name))


def one(values: Array) -> Array:
    values.reshape(-1)[5] += np.abs(values).max()
    return values


def wrong_bias(plan: Plan) -> None:
    change(tensor(plan.model, "Conv", 1, 2), one)


def scalar_deviation(plan: Plan) -> None:
    change(tensor(plan.model, "Mul", 0), lambda v: np.full_like(v, v.mean()))


def one_weight(plan: Plan) -> None:
    change(tensor(plan.model, "Conv", 0), one)


def another_activation(plan: Plan) -> None:
    next(node for node in plan.model.graph.node if node.op_type == "Relu").op_type = "Sigmoid"


def blue_for_red(plan: Plan) -> None:
    plan.order = "BGR"


def turned_last_layer(plan: Plan) -> None:
    change(tensor(plan.model, "Gemm", 0), lambda w: w.T.reshape(w.shape))


def another_padding(plan: Plan) -> None:
    node = next(node for node in plan.model.graph.node if node.op_type == "Conv")
    attribute = next(a for a in node.attribute if a.name == "pads")
    attribute.ints[:] = [2, 1, 0, 1]


FAULTS = [wrong_bias, scalar_deviation, one_weight, another_activation, blue_for_red, turned_last_layer,
          another_padding]  # fmt: skip


@needs_coremltools
@pytest.mark.parametrize("ending", ["mlpackage", "mlmodel"])
def test_the_same_network_passes(ending: str, tmp_path: Path) -> None:
    given = card(**SPEC)
    path = conv_net(tmp_path / "net.onnx")
    prepared = prepare(given, path, 10)
    found = compared(given, path, Plan(prepared.model), prepared, tmp_path, format=ending)
    assert found.fault == ""
    assert found.relative < 1e-5
    assert found.agreeing == len(found.real) == 4


@needs_coremltools
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_planted_fault_is_found(fault: Callable[[Plan], None], tmp_path: Path) -> None:
    given = card(**SPEC)
    path = conv_net(tmp_path / "net.onnx")
    prepared = prepare(given, path, 10)
    plan = Plan(prepared.model)
    fault(plan)
    assert compared(given, path, plan, prepared, tmp_path).fault


@needs_coremltools
def test_labels_in_another_order_are_found(tmp_path: Path) -> None:
    given = card(**SPEC)
    path = conv_net(tmp_path / "net.onnx")
    prepared = prepare(given, path, 10)
    with pytest.raises(ExportFailed, match="other labels"):
        compared(given, path, Plan(prepared.model, labels=("1", "0", *TEN[2:])), prepared, tmp_path)


ROWS = np.random.default_rng(1).uniform(0.1, 0.9, (1, 40, 10)).astype(np.float32)
HEADS = {"a": ROWS * np.float32([1, 1, 0.3, 0.3, 1, 1, 1, 1, 1, 1])}


def detector(tmp_path: Path) -> tuple[ModelCard, Path, Prepared]:
    given = card(task="detect", decoder="boxes-scores", size=(16, 24), range="0..255")
    path = heads_net(tmp_path / "net.onnx", HEADS, (16, 24))
    return given, path, prepare(given, path, 5)


@needs_coremltools
@pytest.mark.parametrize("ending", ["mlpackage", "mlmodel"])
def test_boxes_come_out_where_the_lab_has_them(ending: str, tmp_path: Path) -> None:
    given, path, prepared = detector(tmp_path)
    found = compared(
        given, path, Plan(prepared.model, labels=FIVE), prepared, tmp_path, FIVE, classifier=False, format=ending
    )
    assert found.fault == ""
    assert any(d.boxes for d in found.real)
    assert found.box < 0.01


@needs_coremltools
def test_a_fault_of_the_decoding_is_found_though_the_raw_values_are_right(tmp_path: Path) -> None:
    given, path, prepared = detector(tmp_path)
    known = {t.name: t for t in prepared.model.graph.initializer}
    slices = [node for node in prepared.model.graph.node if node.op_type == "Slice"]
    boxes = next(node for node in slices if numpy_helper.to_array(known[node.input[2]]) == 4)
    for name in boxes.input[1:3]:   # boxes from the columns beside: y w h o
        known[name].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(known[name]) + 1, name))
    found = compared(given, path, Plan(prepared.model, labels=FIVE), prepared, tmp_path, FIVE, classifier=False)
    assert found.relative < 1e-5
    assert "answers otherwise" in found.fault


@needs_coremltools
def test_suppression_inside_is_read_with_its_thresholds_and_labels(tmp_path: Path) -> None:
    given, path, prepared = detector(tmp_path)
    found = compared(
        given, path, Plan(prepared.model, labels=FIVE), prepared, tmp_path, FIVE, classifier=False, pipeline=True
    )
    assert found.fault == ""
    rule = read_package(tmp_path / "Net.mlpackage").suppression
    assert rule is not None
    assert (rule.iou, rule.least, rule.per_class, rule.labels) == (0.45, 0.25, True, FIVE)
    with pytest.raises(ExportFailed, match="other labels"):
        Package(tmp_path / "Net.mlpackage", given, FIVE[::-1], ("head_0",), half=False)


@needs_coremltools
@pytest.mark.parametrize(
    ("precision", "target"),
    [
        ("fp16", "iOS15"), ("fp32", "iOS16"), ("fp16", "iOS16"), ("int8", "iOS16"), ("palette6", "iOS16"),
        ("palette4", "iOS16"), ("int8", "iOS17"), ("fp16", "iOS18"), ("int8", "iOS18"), ("palette4", "iOS18"),
    ],
)  # fmt: skip
def test_every_precision_is_read_as_each_target_writes_it(precision: str, target: str, tmp_path: Path) -> None:
    given = card(**SPEC)
    path = conv_net(tmp_path / "net.onnx")
    prepared = prepare(given, path, 10)
    found = compared(given, path, Plan(prepared.model), prepared, tmp_path, precision=precision, deployment=target)
    bound = {"fp32": 1e-5, "fp16": 5e-3, "int8": 0.05, "palette6": 0.2, "palette4": 0.6}[precision]
    assert found.relative < bound
    if precision in ("int8", "palette4"):   # a control: the bound above is not met by chance
        assert found.relative > 1e-4


@needs_coremltools
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_every_precision_of_the_old_format_is_read(precision: str, tmp_path: Path) -> None:
    given = card(**SPEC)
    path = conv_net(tmp_path / "net.onnx")
    prepared = prepare(given, path, 10)
    found = compared(given, path, Plan(prepared.model), prepared, tmp_path, precision=precision, format="mlmodel")
    assert found.relative < {"fp32": 1e-5, "fp16": 5e-3, "int8": 0.05}[precision]


# Operators that converters meet and whose lowering is ours, or where words of ONNX and Core ML differ.
OPERATORS: dict[str, tuple[list[Any], dict[str, Array]]] = {
    "LRN": ([helper.make_node("LRN", ["given"], ["x"], size=3, alpha=0.5, beta=0.6, bias=1.5)], {}),
    "Sum": ([helper.make_node("Relu", ["given"], ["r"]), helper.make_node("Sum", ["given", "r", "given"], ["x"])], {}),
    "Mean": ([helper.make_node("Relu", ["given"], ["r"]), helper.make_node("Mean", ["given", "r"], ["x"])], {}),
    "Softsign": ([helper.make_node("Softsign", ["given"], ["x"])], {}),
    "Mish": ([helper.make_node("Mish", ["given"], ["x"])], {}),
    "Selu": ([helper.make_node("Selu", ["given"], ["x"])], {}),
    "Celu": ([helper.make_node("Celu", ["given"], ["x"], alpha=0.7)], {}),
    "Sum of one": ([helper.make_node("Sum", ["given"], ["x"])], {}),
    "ThresholdedRelu": ([helper.make_node("ThresholdedRelu", ["given"], ["x"], alpha=0.4)], {}),
    "HardSwish": ([helper.make_node("HardSigmoid", ["given"], ["h"], alpha=1 / 6, beta=0.5),
                   helper.make_node("Mul", ["given", "h"], ["x"])], {}),
    "ceil": ([helper.make_node("MaxPool", ["given"], ["x"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], {}),
    "ceil, padded": ([helper.make_node("MaxPool", ["given"], ["x"], kernel_shape=[3, 3], strides=[3, 3], ceil_mode=1,
                                       pads=[1, 1, 1, 1])], {}),
    "asymmetric": ([helper.make_node("AveragePool", ["given"], ["x"], kernel_shape=[3, 3], strides=[2, 2],
                                     pads=[0, 0, 1, 1])], {}),
    "average with padding": ([helper.make_node("AveragePool", ["given"], ["x"], kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                                               count_include_pad=1)], {}),
    "SAME": ([helper.make_node("MaxPool", ["given"], ["x"], kernel_shape=[3, 3], strides=[2, 2],
                               auto_pad="SAME_LOWER")], {}),
    "Resize": ([helper.make_node("Resize", ["given", "", "scales"], ["x"], mode="nearest",
                                 coordinate_transformation_mode="asymmetric", nearest_mode="floor")],
               {"scales": np.float32([1, 1, 2, 2])}),
    "Resize linear": ([helper.make_node("Resize", ["given", "", "scales"], ["x"], mode="linear",
                                        coordinate_transformation_mode="half_pixel")],
                      {"scales": np.float32([1, 1, 2, 2])}),
    "channels shuffled": ([helper.make_node("Reshape", ["given", "s5"], ["a"]),
                           helper.make_node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3, 4]),
                           helper.make_node("Reshape", ["b", "s4"], ["x"])],
                          {"s5": np.int64([1, 1, 3, 16, 16]), "s4": np.int64([1, 3, 16, 16])}),
    "Slice": ([helper.make_node("Slice", ["given", "begin", "end", "axes", "steps"], ["x"])],
              {"begin": np.int64([1, -9]), "end": np.int64([2**63 - 1, -1]), "axes": np.int64([2, 3]),
               "steps": np.int64([2, 3])}),
    "Pad": ([helper.make_node("Pad", ["given", "pads"], ["x"], mode="reflect")],
            {"pads": np.int64([0, 0, 1, 2, 0, 0, 3, 0])}),
    "BatchNormalization": ([helper.make_node("BatchNormalization", ["given", "g", "b", "m", "v"], ["x"], epsilon=0.01)],
                           {"g": np.float32([1, 2, 3]), "b": np.float32([0, 1, 0]), "m": np.float32([0.2, 0, 0.1]),
                            "v": np.float32([1, 2, 0.5])}),
    "LayerNormalization": ([helper.make_node("LayerNormalization", ["given", "g", "b"], ["x"], axis=-1)],
                           {"g": np.ones(16, np.float32) * 2, "b": np.ones(16, np.float32)}),
    "Gelu": ([helper.make_node("Div", ["given", "root"], ["d"]), helper.make_node("Erf", ["d"], ["e"]),
              helper.make_node("Add", ["e", "one"], ["p"]), helper.make_node("Mul", ["given", "p"], ["q"]),
              helper.make_node("Mul", ["q", "half"], ["x"])],
             {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}),
    "attention": ([helper.make_node("MatMul", ["given", "k"], ["a"]),
                   helper.make_node("Softmax", ["a"], ["s"], axis=-1),
                   helper.make_node("Transpose", ["s"], ["t"], perm=[0, 1, 3, 2]),
                   helper.make_node("MatMul", ["s", "t"], ["x"])],
                  {"k": np.random.default_rng(1).normal(size=(16, 16)).astype(np.float32)}),
    "ConvTranspose": ([helper.make_node("ConvTranspose", ["given", "w"], ["x"], strides=[2, 2], pads=[1, 1, 1, 1],
                                        output_padding=[1, 1])],
                      {"w": np.random.default_rng(1).normal(size=(3, 4, 3, 3)).astype(np.float32)}),
    "Split": ([helper.make_node("Split", ["given", "sizes"], ["a", "b"], axis=1),
               helper.make_node("Concat", ["b", "a"], ["x"], axis=1)],
              {"sizes": np.int64([1, 2])}),
    "PRelu": ([helper.make_node("PRelu", ["given", "slope"], ["x"])],
              {"slope": np.float32([0.1, 0.2, 0.3]).reshape(3, 1, 1)}),
    "DepthToSpace": ([helper.make_node("Conv", ["given", "w"], ["c"]),
                      helper.make_node("DepthToSpace", ["c"], ["x"], blocksize=2)],
                     {"w": np.random.default_rng(1).normal(size=(8, 3, 1, 1)).astype(np.float32)}),
}  # fmt: skip


@needs_coremltools
@pytest.mark.parametrize("what", OPERATORS)
def test_operators_stay_what_they_are(what: str, tmp_path: Path) -> None:
    nodes, constants = OPERATORS[what]
    ending = [helper.make_node("Flatten", ["x"], ["flat"])]
    path = save(tmp_path / "n.onnx", [*nodes, *ending], ["flat"], constants, [1, 3, 16, 16], opset=18)
    found = onnx.shape_inference.infer_shapes(onnx.load(str(path)), data_prop=True)
    count = next(v for v in found.graph.output).type.tensor_type.shape.dim[1].dim_value
    labels = tuple(map(str, range(count)))
    given = card(**SPEC)
    prepared = prepare(given, path, count)
    result = compared(given, path, Plan(prepared.model, labels=labels), prepared, tmp_path, labels)
    assert result.relative < 1e-5, what


@needs_coremltools
def test_an_original_in_half_precision_is_computed_in_single(tmp_path: Path) -> None:
    """Else its own rounding would look like a fault of the export."""
    model = onnx.load(str(conv_net(tmp_path / "net.onnx")))
    for t in model.graph.initializer:
        t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).astype(np.float16), t.name))
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    path = tmp_path / "half.onnx"
    onnx.save(model, str(path))
    given = card(**SPEC, dtype="float16")
    prepared = prepare(given, path, 10)
    found = compared(given, path, Plan(prepared.model), prepared, tmp_path)
    assert found.fault == ""
    assert found.relative < 1e-5


@needs_coremltools
@pytest.mark.parametrize("precision", ["int8", "palette6"])
def test_only_weights_of_products_become_smaller(precision: str, tmp_path: Path) -> None:
    """A batch normalisation of many channels behind a pooling, which nothing can be folded into."""
    rng = np.random.default_rng(1)
    constants = {k: rng.uniform(0.5, 2, 600).astype(np.float32) for k in "gbmv"}
    constants |= {"w": rng.normal(size=(600, 3, 1, 1)).astype(np.float32)}
    constants |= {"fc": rng.normal(size=(600, 10)).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["given", "w"], ["c"]),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["p", "g", "b", "m", "v"], ["n"]),
        helper.make_node("GlobalAveragePool", ["n"], ["a"]), helper.make_node("Flatten", ["a"], ["f"]),
        helper.make_node("MatMul", ["f", "fc"], ["out"]),
    ]  # fmt: skip
    path = save(tmp_path / "n.onnx", nodes, ["out"], constants, [1, 3, 16, 16])
    given = card(**SPEC)
    prepared = prepare(given, path, 10)
    found = compared(given, path, Plan(prepared.model), prepared, tmp_path, precision=precision)
    assert found.relative < {"int8": 0.1, "palette6": 0.4}[precision]


@needs_coremltools
def test_all_operators_that_core_ml_has_not_are_named_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["given"], ["g"]), helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Hardmax", ["f"], ["h"]), helper.make_node("RandomUniformLike", ["h"], ["out"]),
    ]  # fmt: skip
    prepared = prepare(card(), save(tmp_path / "n.onnx", nodes, ["out"], {}, [1, 3, 8, 8]), 3)
    with pytest.raises(ExportFailed, match="here: Hardmax, RandomUniformLike"):
        write(job(Plan(prepared.model, labels=("a", "b", "c")), tmp_path))


@needs_coremltools
def test_files_are_readable_and_described(tmp_path: Path) -> None:
    given = card(**SPEC)
    prepared = prepare(given, conv_net(tmp_path / "net.onnx"), 10)
    made = job(Plan(prepared.model), tmp_path)
    write(made)
    files = [path for path in made.target.rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in files)
    text = (made.target / "Data" / "com.apple.CoreML" / "model.mlmodel").read_bytes()
    assert b"a test" in text
    assert b"MIT" in text
    assert b"classLabel" in text


# ---- the measures themselves ----


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ([1, -2], [1, -2], 0),
        ([1, -2], [1, -1], 0.5),
        ([0, 0], [0, 3], 3),
        ([1, 2], [1, np.nan], inf),
        ([1, 2], [1, np.inf], inf),
        ([1, np.nan], [1, 2], inf),
        ([1, 2], [1, 2, 3], inf),
        ([], [], inf),
    ],
)
def test_relative_difference(a: list[float], b: list[float], wanted: float) -> None:
    assert relative_difference(np.float32(a), np.float32(b)) == pytest.approx(wanted)


def test_a_transposition_that_moved_is_seen_through() -> None:
    a = np.arange(24, dtype=np.float32).reshape(1, 4, 6)
    assert relative_difference(a, a.transpose(0, 2, 1)) == 0
    assert relative_difference(a, a.reshape(1, 6, 4)) > 0.1
    square = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert relative_difference(square, square.transpose(0, 2, 1)) > 0.1   # which cannot be told apart must not pass


def box(label: str, score: float, x: float) -> tuple[str, float, tuple[float, float, float, float]]:
    return label, score, (x, 0, x + 50, 50)


@pytest.mark.parametrize(
    ("a", "b", "same", "score", "edge"),
    [
        ([], [], True, 0, 0),
        ([box("cat", 0.9, 0)], [box("cat", 0.8, 1)], True, 0.1, 1),
        ([box("cat", 0.9, 0)], [box("dog", 0.9, 0)], False, 0, 0),
        ([box("cat", 0.9, 0)], [], False, 0, 0),
        ([], [box("cat", 0.9, 0)], False, 0, 0),
        ([box("cat", 0.26, 0)], [], True, 0, 0),
        ([box("cat", 0.9, 0)], [box("cat", 0.9, 40)], False, 0, 0),
        ([box("cat", 0.9, 0), box("cat", 0.8, 60)], [box("cat", 0.8, 60), box("cat", 0.9, 0)], True, 0, 0),
    ],
)  # fmt: skip
def test_boxes_are_matched(a: Any, b: Any, same: bool, score: float, edge: float) -> None:
    picture = Picture("p", np.zeros((60, 200, 3), np.uint8))
    heads = (np.ones(3, np.float32),)
    found = difference(picture, Answer(heads, (), detections(*a)), Answer(heads, (), detections(*b)))
    assert (found.same, found.boxes) == (same, len(a))
    assert found.score == pytest.approx(score)
    assert found.box == pytest.approx(edge)


def scored(*scores: float) -> Answer:
    ends = np.float32(scores)
    order = np.argsort(-ends, kind="stable")
    return Answer((ends,), (ends,), Classification(tuple(TEN[i] for i in order), ends[order], tuple(map(int, order))))


@pytest.mark.parametrize(
    ("a", "b", "same", "score"),
    [
        ([0.9, 0.1], [0.8, 0.2], True, 0.1),
        ([0.9, 0.1], [0.4, 0.6], False, 0.5),
        ([0.5, 0.5], [0.4999999, 0.5], True, 1e-7),   # two best of the original: either is right
    ],
)
def test_best_labels_are_compared(a: list[float], b: list[float], same: bool, score: float) -> None:
    found = difference(Picture("p", np.zeros((4, 4, 3), np.uint8)), scored(*a), scored(*b))
    assert found.same is same
    assert found.score == pytest.approx(score, abs=1e-6)


def test_at_the_end_of_a_full_list_either_of_equal_boxes_may_stand() -> None:
    picture = Picture("p", np.zeros((60, 400, 3), np.uint8))
    heads = (np.ones(3, np.float32),)
    a, b = [box("cat", 0.9, 0), box("dog", 0.5, 100)], [box("cat", 0.9, 0), box("cow", 0.5, 200)]
    answers = Answer(heads, (), detections(*a)), Answer(heads, (), detections(*b))
    assert difference(picture, *answers, most=2).same
    assert not difference(picture, *answers, most=3).same


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""),
        ({"relative": 2e-4}, "raw values differ by 0.0002"),
        ({"relative": float("nan")}, "raw values differ"),
        ({"score": 0.01}, "answers otherwise"),
        ({"box": 0.6}, "answers otherwise"),
        ({"same": False}, "answers otherwise"),
        ({"same": False, "noise": True}, ""),
    ],
)
def test_what_the_gate_lets_through(changed: dict[str, Any], fault: str) -> None:
    good = Difference("p", False, 1e-6, True, 0.0, 0.0, 0)
    assert fault in Comparison((good, replace(good, **changed))).fault
    assert bool(Comparison((good, replace(good, **changed))).fault) == bool(fault)


@pytest.mark.parametrize("empty", [(), (Difference("n", True, 1e-6, True, 0.0, 0.0, 0),)])
def test_comparing_nothing_proves_nothing(empty: tuple[Difference, ...]) -> None:
    found = Comparison(empty)
    assert found.agreeing == 0
    assert found.real == ()


@needs_coremltools
def test_a_package_that_lost_a_part_is_not_read(tmp_path: Path) -> None:
    prepared = prepare(card(**SPEC), conv_net(tmp_path / "net.onnx"), 10)
    made = job(Plan(prepared.model), tmp_path)
    write(made)
    (made.target / "Data" / "com.apple.CoreML" / "weights" / "weight.bin").write_bytes(b"short")
    with pytest.raises(ImportFailed):
        read_package(made.target)


