"""Makers: small real things for tests, so that a test says only what matters to it."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.data import Detections, Frame
from models.card import InputSpec, ModelCard, ModelFile

ONNX_TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}


def frame(height: int = 48, width: int = 64, index: int = 0, *, seed: int = 0, taken_at: float = 0.0) -> Frame:
    """A picture of noise, the same for the same seed; read-only as a source gives it."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    pixels.flags.writeable = False
    return Frame(pixels, index, taken_at)


def plain(height: int = 48, width: int = 64, bgr: tuple[int, int, int] = (114, 114, 114)) -> Frame:
    """A picture of one colour."""
    return Frame(np.full((height, width, 3), bgr, np.uint8), 0, 0.0)


def detections(*found: tuple[str, float, tuple[float, float, float, float]]) -> Detections:
    """Boxes from (label, score, (x1, y1, x2, y2))."""
    return Detections(
        np.array([box for _, _, box in found], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in found], np.float32),
        tuple(label for label, _, _ in found),
    )


def card(name: str = "tiny", **changes: Any) -> ModelCard:
    """A card that fits `tiny_onnx()`; `size`, `layout`, `order`, `dtype`, … go to its input."""
    spec = {key: changes.pop(key) for key in list(changes) if key in InputSpec.__dataclass_fields__}
    whole = ModelCard(
        name=name,
        title=name.capitalize(),
        family="Tiny",
        task="classify",
        decoder="softmax",
        labels="digits.txt",
        input=InputSpec(size=(8, 8)),
        files=(ModelFile(f"{name}.onnx", "0" * 64, 1),),
        licence="Apache-2.0",
        source="made by a test",
    )
    return replace(whole, input=replace(whole.input, **spec), **changes)


def file_of(path: Path) -> ModelFile:
    """A file that is here, as a card names it."""
    data = path.read_bytes()
    return ModelFile(path.name, sha256(data).hexdigest(), len(data))


def tiny_weights(channels: int = 3, classes: int = 10) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The weights (channels, classes) and biases (classes,) of `tiny_onnx()`."""
    rng = np.random.default_rng(7)
    return (
        rng.standard_normal((channels, classes)).astype(np.float32),
        rng.standard_normal(classes).astype(np.float32),
    )


def tiny_answer(x: NDArray[Any], classes: int = 10, layout: str = "NCHW") -> NDArray[np.float32]:
    """What `tiny_onnx()` answers, (n, classes), in plain numpy."""
    means = x.astype(np.float32).mean(axis=(2, 3) if layout == "NCHW" else (1, 2))
    weights, biases = tiny_weights(means.shape[1], classes)
    return np.asarray(means @ weights + biases, np.float32)


def tiny_onnx(
    path: Path,
    *,
    size: tuple[int, int] = (8, 8),
    channels: int = 3,
    classes: int = 10,
    layout: str = "NCHW",
    dtype: str = "float32",
    batch: int | str = 1,
) -> Path:
    """A real network in a file: the average colour of the picture, times weights, plus biases → logits."""
    weights, biases = tiny_weights(channels, classes)
    shape = [batch, channels, *size] if layout == "NCHW" else [batch, *size, channels]
    nodes = []
    x = "image"
    if dtype != "float32":
        nodes.append(helper.make_node("Cast", [x], ["as_float"], to=TensorProto.FLOAT))
        x = "as_float"
    if layout == "NHWC":
        nodes.append(helper.make_node("Transpose", [x], ["planes"], perm=[0, 3, 1, 2]))
        x = "planes"
    nodes += [
        helper.make_node("GlobalAveragePool", [x], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("Gemm", ["means", "weights", "biases"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", ONNX_TYPES[dtype], shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, classes])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(biases, "biases")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def fixed_onnx(
    path: Path, outputs: dict[str, NDArray[Any]], size: tuple[int, int] = (8, 8), channels: int = 3
) -> Path:
    """A network that answers every picture with the same outputs: for decoders at the end of a whole lane."""
    nodes, infos, constants = [], [], []
    for name, value in outputs.items():
        constants.append(numpy_helper.from_array(value.astype(np.float32), f"{name}_value"))
        nodes += [   # the input must take part, or an engine would drop it
            helper.make_node("ReduceMean", ["image"], [f"{name}_mean"], keepdims=0),
            helper.make_node("Mul", [f"{name}_mean", "zero"], [f"{name}_nothing"]),
            helper.make_node("Add", [f"{name}_value", f"{name}_nothing"], [name]),
        ]
        infos.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape))
    constants.append(numpy_helper.from_array(np.zeros((), np.float32), "zero"))
    shape = [1, channels, *size]
    graph = helper.make_graph(
        nodes, "fixed", [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)], infos, constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def external_onnx(path: Path, location: str) -> Path:
    """`tiny_onnx()` whose weights lie in the file `location`, as written into the model."""
    model = onnx.load(tiny_onnx(path))
    tensor = model.graph.initializer[0]
    raw = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(len(raw)))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    path.write_bytes(model.SerializeToString())
    return path


def never_ending_onnx(path: Path, *, turns: int = 1 << 62) -> Path:
    """`tiny_onnx()` with a loop before its end that would take longer than anybody lives."""
    model = onnx.load(tiny_onnx(path))
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["going_on"]),
            helper.make_node("Mul", ["sum", "one"], ["sum_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1, 10]),
        ],
        [
            helper.make_tensor_value_info("going_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum_out", TensorProto.FLOAT, [1, 10]),
        ],
    )
    graph = model.graph
    graph.initializer.extend([
        numpy_helper.from_array(np.array(turns, np.int64), "turns"), numpy_helper.from_array(np.array(True), "always"),
        numpy_helper.from_array(np.ones((1, 10), np.float32), "one"),
    ])
    graph.node[-1].output[0] = "before"
    graph.node.append(helper.make_node("Loop", ["turns", "always", "before"], ["logits"], body=body))
    path.write_bytes(model.SerializeToString())
    return path
