"""What a network does to the picture before its first layer: read from its graph, so that nothing is done twice."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.shapes import attribute_of
from models.card import PixelRange

FORMS = frozenset({"Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Pad", "Dropout",
                   "QuantizeLinear", "DequantizeLinear"})   # fmt: skip
MOST_STEPS = 32               # nodes in a row
MOST_CHANNELS = 4
WIDE = 1.5                    # above it a mean is one of 0..255; those of 0..1 lie below 1
IMAGENET = np.array([0.485, 0.456, 0.406])
ALIKE = 0.05                  # by which two sets of means may differ to be the same, of 0..1

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Inside:
    """Arithmetic that a network begins with: value * scale + offset, a number a channel or one for all."""

    scale: Values
    offset: Values
    swapped: bool = False   # channels change places

    @property
    def centre(self) -> Values:
        """The value that becomes 0: the mean that is subtracted."""
        return np.asarray(-self.offset / np.where(self.scale == 0, 1, self.scale), np.float64)

    @property
    def range(self) -> PixelRange:
        """The values that the network wants: a mean or a division by 255 is of 0..255, a mean below 1 of 0..1."""
        middle = float(self.centre.mean())
        if middle > WIDE:
            return "0..255"
        if abs(middle + 1) < ALIKE:
            return "-1..1"
        return "0..1" if float(np.abs(self.scale).mean()) >= 0.5 else "0..255"

    @property
    def order(self) -> str:
        """RGB or BGR where the means are those of ImageNet in one order; "" where they do not tell."""
        middle = self.centre / (255.0 if self.range == "0..255" else 1.0)
        if middle.shape != (3,):
            return ""
        if np.abs(middle - IMAGENET).max() < ALIKE / 2 and middle[0] > middle[2]:
            order = "RGB"
        elif np.abs(middle[::-1] - IMAGENET).max() < ALIKE / 2 and middle[2] > middle[0]:
            order = "BGR"
        else:
            return ""
        return order if not self.swapped else {"RGB": "BGR", "BGR": "RGB"}[order]


def read_inside(model: Any) -> Inside | None:
    """The arithmetic that the only picture of an ONNX model goes through first; None: there is none.

    Followed through nodes that only change the form, and through constants behind such nodes.
    """
    constants = _Constants(model.graph)
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    value = next((v.name for v in model.graph.input if v.name not in constants.given), "")
    scale, offset, swapped, found = np.ones(1), np.zeros(1), False, False
    for _ in range(MOST_STEPS):
        if len(users.get(value, ())) != 1:
            break
        node = users[value][0]
        if node.op_type in FORMS and node.input[0] == value:
            pass
        elif node.op_type in ("Gather", "Slice") and node.input[0] == value and constants.reverses(node):
            swapped = not swapped
            scale, offset = scale[::-1], offset[::-1]
        elif step := constants.step(node, value):
            found = True
            scale, offset = scale * step[0], offset * step[0] + step[1]
        else:
            break
        value = node.output[0]
    # A batch normalisation of values around 0 says nothing of them: the recipe may have been applied before.
    plain = not found or (np.allclose(scale, 1) and np.allclose(offset, 0))
    return None if plain or _is_neutral(scale, offset) else Inside(scale, offset, swapped)


def _is_neutral(scale: Values, offset: Values) -> bool:
    middle = np.abs(offset / np.where(scale == 0, 1, scale)).max()
    return bool(0.3 <= np.abs(scale).mean() <= 3.2 and 0 < middle < 0.25)


class _Constants:
    """The numbers in a graph that are the same for every picture."""

    def __init__(self, graph: Any) -> None:
        self.given = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output}

    def value(self, name: str, steps: int = MOST_STEPS) -> NDArray[Any] | None:
        """A constant, also one that nodes have only given another form."""
        from onnx import numpy_helper

        if name in self.given:
            return np.asarray(numpy_helper.to_array(self.given[name]))
        node = self._makers.get(name)
        if node is None or steps < 1:
            return None
        if node.op_type == "Constant":
            tensor = next((a.t for a in node.attribute if a.name == "value"), None)
            if tensor is not None:
                return np.asarray(numpy_helper.to_array(tensor))
            single = attribute_of(node, "value_float", attribute_of(node, "value_floats", None))
            return None if single is None else np.asarray(single)
        return self.value(node.input[0], steps - 1) if node.op_type in FORMS and node.input else None

    def step(self, node: Any, value: str) -> tuple[Values, Values] | None:
        """What a node of arithmetic does to `value`: scale and offset; None where it is none."""
        op, inputs = node.op_type, list(node.input)
        if op == "BatchNormalization" and inputs[0] == value and len(inputs) >= 5:
            gamma, beta, mean, var = (self._numbers(name) for name in inputs[1:5])
            if gamma is None or beta is None or mean is None or var is None:
                return None
            scale = gamma / np.sqrt(np.maximum(var, 0) + attribute_of(node, "epsilon", 1e-5))
            return scale, beta - mean * scale
        if op not in ("Add", "Sub", "Mul", "Div") or Counter(inputs)[value] != 1 or len(inputs) != 2:
            return None
        first = inputs[0] == value
        number = self._numbers(inputs[1] if first else inputs[0])
        if number is None or (op == "Div" and (not first or (number == 0).any())):
            return None
        one, none = np.ones_like(number), np.zeros_like(number)
        if op == "Sub":
            return (one, -number) if first else (-one, number)
        return {"Add": (one, number), "Mul": (number, none), "Div": (1 / number if op == "Div" else one, none)}[op]

    def _numbers(self, name: str) -> Values | None:
        """A constant as one number, or one a channel; None where it is larger, a picture of means, or not there."""
        found = self.value(name)
        if found is None or found.dtype.kind not in "fiu" or not found.size:
            return None
        sides = [side for side in found.shape if side != 1]
        values: Values = found.astype(np.float64)
        if found.size > MOST_CHANNELS and len(sides) == 3:   # a mean for every pixel: Caffe's first networks
            channels = next((axis for axis, side in enumerate(found.shape) if side == 3), -1)
            if channels < 0:
                return None
            return np.asarray(values.mean(axis=tuple(a for a in range(found.ndim) if a != channels)))
        return values.reshape(-1) if found.size <= MOST_CHANNELS and len(sides) < 2 else None

    def reverses(self, node: Any) -> bool:
        """Whether a Gather or Slice turns the order of three channels."""
        if node.op_type == "Gather":
            order = self.value(node.input[1])
            return order is not None and order.reshape(-1).tolist() == [2, 1, 0]
        steps = self.value(node.input[4]) if len(node.input) > 4 else None
        return steps is not None and steps.reshape(-1).tolist() == [-1]
