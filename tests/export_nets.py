"""Small networks for the tests of export, and the skip where coremltools does not exist."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.errors import ExportFailed
from inference.export.coreml import check_library

Array = NDArray[Any]


def _exists() -> bool:
    try:
        check_library()
    except ExportFailed:
        return False
    return True


needs_coremltools = pytest.mark.skipif(not _exists(), reason="coremltools does not exist for this system")


def save(
    path: Path, nodes: list[Any], outputs: list[str], constants: dict[str, Array], shape: list[int | str],
    kind: int = TensorProto.FLOAT, opset: int = 13,
) -> Path:  # fmt: skip
    """A network with the one input `given`."""
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("given", kind, shape)],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def conv_net(path: Path, *, channels: int = 3, size: int = 16, classes: int = 10, softmax: bool = False) -> Path:
    """Two convolutions, a pooling and an inner product: logits, or probabilities."""
    rng = np.random.default_rng(3)
    w1 = rng.normal(size=(16, channels, 3, 3)) * 0.4
    w2 = rng.normal(size=(24, 16, 3, 3)) * 0.2
    constants = {
        "w1": w1.astype(np.float32), "b1": rng.normal(size=16).astype(np.float32) * 0.1,
        "w2": w2.astype(np.float32), "b2": rng.normal(size=24).astype(np.float32) * 0.1,
        "w3": rng.normal(size=(24, classes)).astype(np.float32), "b3": rng.normal(size=classes).astype(np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["given", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "w2", "b2"], ["c2"], pads=[1, 0, 1, 0], strides=[2, 1]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["logits"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["prob"], axis=1))
    return save(path, nodes, ["prob" if softmax else "logits"], constants, [1, channels, size, size])


def heads_net(path: Path, outputs: dict[str, Array], size: tuple[int, int]) -> Path:
    """Raw outputs of a detector that hang on the picture: each is fixed, times the picture's mean / 128."""
    nodes = [
        helper.make_node("ReduceMean", ["given"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "scale"], ["brightness"]),
    ]
    constants: dict[str, Array] = {"scale": np.float32(1 / 128)}
    for name, value in outputs.items():
        constants[f"{name}_value"] = value.astype(np.float32)
        nodes.append(helper.make_node("Mul", [f"{name}_value", "brightness"], [name]))
    return save(path, nodes, list(outputs), constants, [1, 3, *size])


def pictures(spec_size: tuple[int, int] = (40, 50), count: int = 4) -> list[Any]:
    """Pictures of bright and dark parts, as the comparison takes them."""
    from inference.export.parity import Picture

    found = []
    for i in range(count):
        rng = np.random.default_rng(100 + i)
        coarse = rng.integers(0, 256, (4, 5, 3), np.uint8)
        found.append(Picture(f"{i}.png", coarse.repeat(spec_size[0] // 4, 0).repeat(spec_size[1] // 5, 1)))
    return found
