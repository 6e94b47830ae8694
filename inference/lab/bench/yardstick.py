"""A small network that is always the same: how long it takes says how fast the machine is at the moment.

Two benches are hours or months apart, and a machine is not the same each time: its clock, its heat, its other guests.
What slows everything slows this network too, as it is made of what most of the others are made of, and computes with
the same library on all cores. It says nothing where that library is another version.
"""

from statistics import median
from time import perf_counter

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from inference.backends import Engine
from inference.backends.ort import CPU, session_options
from inference.cores import computing_cores
from inference.quiet_onnxruntime import onnxruntime as ort

CHANNELS, SIDE, LAYERS = 64, 56, 4   # 3×3 convolutions with ReLU: 0.46 · 10^9 multiply-adds, as a small MobileNet has
TIMES, WARM_UP = 3, 10   # it is run, the median of which counts


class Yardstick:
    """Used on one thread."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._x = random.random((1, CHANNELS, SIDE, SIDE), np.float32)
        options = session_options(Engine(threads=computing_cores()))
        self._session = ort.InferenceSession(_network(random), options, providers=[CPU])
        for _ in range(WARM_UP):
            self._run()

    def ms(self) -> float:
        """How long it takes now."""
        return median(self._run() for _ in range(TIMES))

    def _run(self) -> float:
        start = perf_counter()
        self._session.run(None, {"x": self._x})
        return (perf_counter() - start) * 1e3


def _network(random: np.random.Generator) -> bytes:
    """The file; weights keep the values from growing."""
    nodes, weights, last = [], [], "x"
    for layer in range(LAYERS):
        kernel = (random.random((CHANNELS, CHANNELS, 3, 3), np.float32) - 0.5) * (2 / (3 * CHANNELS**0.5))
        weights.append(numpy_helper.from_array(kernel.astype(np.float32), f"w{layer}"))
        nodes += [
            helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]),
        ]
        last = f"r{layer}"
    shape = [1, CHANNELS, SIDE, SIDE]
    graph = helper.make_graph(
        nodes, "yardstick", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)], weights,
    )  # fmt: skip
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    return made
