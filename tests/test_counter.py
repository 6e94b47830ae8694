"""Our counts against published ones, and graphs that cannot be counted."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from make import external_onnx, tiny_onnx
from onnx import TensorProto, helper, numpy_helper

from inference.backends import Engine
from inference.data import Ask, Frame
from inference.errors import LabError
from inference.intake import counter
from inference.intake.counter import count
from inference.recogniser import Recogniser
from models import load_catalog
from models.catalog import CARDS

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

# (file, row of facts/torchvision_weights.json). Where batch normalisation is folded into the convolutions its scales
# are gone, which is less than a hundredth. Other nets are left out because they are other nets: BVLC's AlexNet has
# groups, Google's Inception v1 has 5×5 kernels where torchvision has 3×3, and the pruned ResNet-50 is v1 (stride in
# the 1×1), torchvision's v1.5.
SAME_NETS = [
    (LIGHT / "light_resnet50.onnx", "ResNet50"),
    (LIGHT / "light_densenet121.onnx", "DenseNet121"),
    (LIGHT / "light_squeezenet.onnx", "SqueezeNet1_1"),
    (LIGHT / "light_vgg19.onnx", "VGG19_BN"),
    (Path("mobilenet/mobilenet_v2_1.0_224_float_nchw.onnx"), "MobileNet_V2"),
    (Path("mobilenet/mobilenet_v3_small_1.0_224_float_nchw.onnx"), "MobileNet_V3_Small"),
    (Path("squeezenet/squeezenet_fp32.onnx"), "SqueezeNet1_1"),
]
MOBILENET_V2_PARAMETERS = 3_504_872   # the facts name it in their note


def published(testdata: Path, model: str) -> tuple[float, float]:
    """Parameters and GMACs."""
    facts = json.loads((testdata.parent / "facts" / "torchvision_weights.json").read_text(encoding="utf-8"))
    row = next(row for row in facts["rows"] if row["model"] == model)
    return row["params"] or MOBILENET_V2_PARAMETERS, row["gmacs"]


@pytest.mark.parametrize(("file", "model"), SAME_NETS, ids=lambda value: Path(value).stem)
def test_counts_agree_with_the_published_ones(testdata, file, model):
    parameters, gmacs = published(testdata, model)
    cost = count(testdata / "models" / file)
    assert cost.parameters == pytest.approx(parameters, rel=0.01)
    assert cost.gmacs == pytest.approx(gmacs, rel=0.01)
    assert cost.bytes == (testdata / "models" / file).stat().st_size


def test_a_counter_that_forgets_the_groups_is_found_out(testdata, monkeypatch):
    """Depthwise convolutions counted as full ones: MobileNet would look many times as dear."""
    path = testdata / "models" / "mobilenet" / "mobilenet_v2_1.0_224_float_nchw.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "group" and attribute.i > 1:
                attribute.i = 1
                weight = next(t for t in model.graph.initializer if t.name == node.input[1])
                full = np.zeros((weight.dims[0], weight.dims[0], *weight.dims[2:]), np.float32)
                weight.CopyFrom(numpy_helper.from_array(full, weight.name))
    monkeypatch.setattr(counter, "read_model", lambda _path: model)
    assert count(path).gmacs > 2 * published(testdata, "MobileNet_V2")[1]


CARDS_HERE = {name: card for name, card in load_catalog(CARDS).items() if card.format == "onnx"}


@pytest.mark.parametrize("name", CARDS_HERE)
def test_what_a_card_says_is_what_its_file_has(testdata, name):
    card = CARDS_HERE[name]
    found = [p for p in (testdata / "models").rglob(card.files[0].name) if p.stat().st_size == card.files[0].bytes]
    if not found:
        pytest.skip(f"{card.files[0].name} is not among the test models")
    cost = count(found[0])
    assert cost.parameters == pytest.approx(card.parameters, rel=0.01)
    assert cost.gmacs == pytest.approx(card.gmacs, rel=0.01, abs=0.00051)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("alexnet", "light_bvlc_alexnet"), ("densenet121", "light_densenet121"), ("vgg19", "light_vgg19"),
        ("squeezenet1.1-caffe", "light_squeezenet"), ("inception-v1-google", "light_inception_v1"),
        ("resnet50-pruned", "light_resnet50"),
    ],
)  # fmt: skip
def test_true_graphs_with_constant_weights_load_and_run_with_the_cards_shapes(name, file):
    """The weights are not here; the graph shows that size, layout and decoder fit. It recognises nothing."""
    card = load_catalog(CARDS)[name]
    path = LIGHT / f"{file}.onnx"
    given = onnx.load(path).graph.output[0].name
    decoder = "probabilities" if "prob" in given or "softmax" in given.lower() else card.decoder
    recognise = Recogniser(replace(card, decoder=decoder), path, "onnxruntime", Engine(threads=2))
    result = recognise(Frame(np.zeros((240, 320, 3), np.uint8), 0, 0.0), Ask(topk=3))
    assert len(result.prediction.labels) == 3
    assert count(path).parameters == pytest.approx(card.parameters, rel=0.012)


# ---- by hand


def saved(path: Path, nodes: list[Any], weights: dict[str, np.ndarray], shape: tuple[Any, ...]) -> Path:
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, n) for n, w in weights.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("op", "weights", "shape", "attributes", "parameters", "macs"),
    [
        ("Conv", (zeros(8, 3, 3, 3), zeros(8)), (1, 3, 10, 10), {}, 224, 8 * 8 * 8 * 27),
        ("Conv", (zeros(8, 3, 3, 3),), ("n", 3, 10, 10), {"strides": [2, 2], "pads": [1] * 4}, 216, 8 * 5 * 5 * 27),
        ("Conv", (zeros(8, 1, 3, 3),), (1, 8, 10, 10), {"group": 8}, 72, 8 * 8 * 8 * 9),
        ("Conv", (zeros(4, 2, 1, 5),), (1, 2, 6, 9), {}, 40, 4 * 6 * 5 * 10),
        ("Conv", (zeros(4, 2, 3, 3),), (1, 2, 9, 9), {"dilations": [2, 2]}, 72, 4 * 5 * 5 * 18),
        ("ConvTranspose", (zeros(3, 5, 2, 2),), (1, 3, 4, 4), {"strides": [2, 2]}, 60, 3 * 4 * 4 * 5 * 4),
        ("MatMul", (zeros(20, 7),), (1, 20), {}, 140, 140),
        ("Gemm", (zeros(7, 20), zeros(7)), (1, 20), {"transB": 1}, 147, 140),
        ("Relu", (), (1, 20), {}, 0, 0),
    ],
)
def test_one_operator(tmp_path, op, weights, shape, attributes, parameters, macs):
    names = {f"w{i}": w for i, w in enumerate(weights)}
    path = saved(tmp_path / "a.onnx", [helper.make_node(op, ["x", *names], ["y"], **attributes)], names, shape)
    cost = count(path)
    assert (cost.parameters, cost.macs, cost.nodes) == (parameters, macs, 1)


def test_a_weight_that_is_used_twice_is_one(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    cost = count(saved(tmp_path / "a.onnx", nodes, {"w": zeros(6, 6)}, (1, 6)))
    assert (cost.parameters, cost.macs) == (36, 72)


# ---- what cannot be counted


def test_a_cut_file_is_refused(tmp_path):
    path = tiny_onnx(tmp_path / "a.onnx")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LabError):
        count(path)


def test_weights_elsewhere_are_refused(tmp_path):
    with pytest.raises(LabError):
        count(external_onnx(tmp_path / "a.onnx", "../secret.bin"))


@pytest.mark.parametrize(
    "nodes",
    [
        [helper.make_node("Conv", ["x", "nowhere"], ["y"])],
        [helper.make_node("Conv", ["a", "w"], ["b"]), helper.make_node("Relu", ["b"], ["a"])],   # a cycle
        [helper.make_node("Conv", ["x"], ["y"])],
    ],
)
def test_a_graph_that_does_not_hold_together_is_refused(tmp_path, nodes):
    path = saved(tmp_path / "a.onnx", nodes, {"w": zeros(8, 3, 3, 3)}, (1, 3, 10, 10))
    with pytest.raises(LabError):
        count(path)


def test_absurd_sides_are_refused(tmp_path):
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    with pytest.raises(LabError):
        count(saved(tmp_path / "a.onnx", [node], {"w": zeros(8, 3, 3, 3)}, (1, 3, 2**40, 2**40)))


def test_weights_that_are_declared_and_not_there_are_refused(tmp_path):
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    path = saved(tmp_path / "a.onnx", [node], {"w": zeros(4, 3, 3, 3)}, (1, 3, 9, 9))
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.float_data.extend([0.0] * 54)   # half of them
    onnx.save(model, path)
    with pytest.raises(LabError, match="does not have them"):
        count(path)


def test_groups_that_do_not_fit_are_refused(tmp_path):
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=3)
    with pytest.raises(LabError):
        count(saved(tmp_path / "a.onnx", [node], {"w": zeros(4, 3, 3, 3)}, (1, 3, 9, 9)))


def test_a_small_constant_that_contradicts_itself_is_no_crash(tmp_path):
    nodes = [helper.make_node("Reshape", ["x", "s"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    path = saved(tmp_path / "a.onnx", nodes, {"w": zeros(6, 6), "s": np.array([1, 6], np.int64)}, (1, 6))
    model = onnx.load(path)
    next(t for t in model.graph.initializer if t.name == "s").raw_data = b"\1"
    onnx.save(model, path)
    with pytest.raises(LabError):
        count(path)
