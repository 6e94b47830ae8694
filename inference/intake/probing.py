"""What a network answers before anybody knows how to read it: a dark picture, a grey one, and photographs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends import Backend
from inference.data import Frame
from inference.intake.forms import Evidence, Outputs
from inference.picture_files import read_picture
from inference.places import SAMPLES
from inference.preprocess import RANGES, Preprocessor
from models.card import InputSpec, ModelCard, PixelRange

PHOTOGRAPHS = ("kitten.jpg", "dogs.jpg")   # of the samples: a thing that fills the picture, and two beside each other
SLOW_BYTES = 200e6                          # of a network, for which one photograph must do

LINEAR = frozenset({"Gemm", "MatMul", "Conv", "FusedGemm", "FusedMatMul", "FusedConv", "QGemm", "QLinearConv"})
HANDING_ON = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Cast", "Transpose", "Dropout",
                        "QuantizeLinear", "DequantizeLinear"})   # fmt: skip


def probe(net: Backend, spec: InputSpec, values: PixelRange, size: int) -> tuple[Outputs, ...]:
    """The outputs for a dark and a grey picture, and for photographs, none of them prepared but for its range.

    Args:
        net: an opened network.
        spec: its input.
        values: what a picture is given in.
        size: of the file, bytes.
    """
    plain = replace(spec, range=values, fit="stretch", resample="linear")
    scale, offset = RANGES[values] if spec.dtype != "uint8" else (1.0, 0.0)
    shape = Preprocessor(plain)(_frame(np.zeros((8, 8, 3), np.uint8)))[0].shape
    runs = [net.run(np.full(shape, level * scale + offset, spec.dtype)) for level in (0, 128)]
    prepare = Preprocessor(plain)
    for name in PHOTOGRAPHS[: 1 if size > SLOW_BYTES else None]:
        runs.append(net.run(prepare(_frame(read_picture(SAMPLES / name)))[0]))
    return tuple(runs)


def _frame(pixels: NDArray[np.uint8]) -> Frame:
    return Frame(pixels, 0, 0.0)


def evidence(
    card: ModelCard, spec: InputSpec, runs: tuple[Outputs, ...], said: Mapping[str, str], labels: int, model: Any = None
) -> Evidence:
    """All that the rules of inference.intake.forms read; `model` is the onnx.ModelProto, None where there is none."""
    count = len(runs[0])
    if model is None:
        return Evidence(card.title, card.format, spec, said, (), ("",) * count, ("",) * count, runs, labels)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(value.name for value in model.graph.input if value.name not in constants)
    names = [output.name for output in model.graph.output][:count]
    by_output = {name: node for node in model.graph.node for name in node.output}
    return Evidence(
        card.title, card.format, spec, said, inputs, tuple(_plain(name) for name in names),
        tuple(_maker(name, by_output) for name in names), runs, labels,
    )  # fmt: skip


def _plain(name: str) -> str:
    """The name of an output as the rules know it: TensorFlow numbers them."""
    return name.lower().removesuffix(":0").rpartition("/")[2]


def _maker(name: str, by_output: Mapping[str, Any]) -> str:
    """The operator whose numbers an output has; "Linear" for a product, also one with a sum behind it."""
    for _ in range(len(HANDING_ON)):
        node = by_output.get(name)
        if node is None:
            return ""
        op = str(node.op_type)
        if op in LINEAR:
            return "Linear"
        if op == "Add":   # a bias
            before = [by_output[i].op_type for i in node.input if i in by_output]
            return "Linear" if any(kind in LINEAR for kind in before) else op
        if op not in HANDING_ON or not node.input:
            return op
        name = node.input[0]
    return ""
