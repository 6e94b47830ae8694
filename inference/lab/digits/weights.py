"""What makes a 0 a 0: a network of dense layers, taken apart into one picture of weights for each answer.

Between two bends of its ReLUs such a network is linear: at a drawing x each logit is a sum of x times a weight for each
pixel, and a rest that no pixel has. Those weights are a picture, exact for this very drawing; of a network without a
layer in between they are the same for every drawing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One dense layer, and whether a ReLU comes behind it."""

    weights: Floats   # (out, in)
    bias: Floats      # (out,)
    bent: bool


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """A network at one drawing."""

    weights: Floats   # (classes, h, w): for (above 0) and against (below) each answer
    shares: Floats    # (classes, h, w): the weights times the drawing
    rests: Floats     # (classes,): what no pixel has
    logits: Floats    # (classes,): each the sum of its shares and its rest


def dense_layers(path: Path) -> list[Layer]:
    """The layers of an ONNX file that consists of dense layers and ReLUs alone, as our own builder writes them.

    Raises:
        LabError: it consists of something else.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found: list[Layer] = []
    for node in graph.node:
        if node.op_type == "Gemm" and all(name in held for name in node.input[1:3]):
            weights = held[node.input[1]]
            turned = any(one.name == "transB" and one.i for one in node.attribute)
            found.append(Layer(weights if turned else weights.T, held[node.input[2]], False))
        elif node.op_type == "Relu" and found:
            found[-1] = Layer(found[-1].weights, found[-1].bias, True)
        elif node.op_type not in ("Flatten", "Reshape", "Identity", "Softmax"):
            found = []
            break
    if not found:
        raise LabError(
            f"{path.name} is no network of dense layers: what a pixel counts cannot be said in one picture.",
            "Choose the linear or the dense network.",
        )
    return found


def taken_apart(layers: list[Layer], digit: NDArray[np.uint8]) -> Apart:
    """A network at a drawing, (h, w) white on black, whose grey levels it is given as 0..1."""
    x = digit.reshape(-1).astype(np.float32) / np.float32(255)
    value, slope = x, None
    for layer in layers:
        value = layer.weights @ value + layer.bias
        slope = layer.weights if slope is None else layer.weights @ slope
        if layer.bent:
            open_ = value > 0
            value, slope = np.where(open_, value, 0), slope * open_[:, None]
    assert slope is not None
    shares = slope * x
    shape = (len(value), *digit.shape)
    return Apart(
        slope.reshape(shape), shares.reshape(shape), np.asarray(value - shares.sum(1), np.float32),
        np.asarray(value, np.float32),
    )  # fmt: skip
