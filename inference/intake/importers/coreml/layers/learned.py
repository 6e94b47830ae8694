"""Layers with trained numbers, and pooling."""

from typing import Any

import numpy as np

from inference.intake.importers.coreml.layers.params import (
    Layer,
    Params,
    plane,
    sides,
    weights_of,
)
from inference.intake.importers.graph import Graph

FLOAT, INT64 = 1, 7   # of TensorProto


def _borders(params: Params) -> list[int]:
    """PaddingAmounts of height and width as top, left, bottom, right."""
    amounts = params.inner(1) if 1 in params else None
    params.done()
    pairs = []
    for value in amounts.values(10) if amounts else []:
        edge = Params(value, params.file, params.layer)
        pairs.append((edge.integer(1), edge.integer(2)))
        edge.done()
    if amounts:
        amounts.done()
    if len(pairs) not in (0, 2) or any(not 0 <= side <= 4096 for pair in pairs for side in pair):
        raise params.fail("its padding is not that of height and width")
    (top, bottom), (left, right) = pairs or [(0, 0), (0, 0)]
    return [top, left, bottom, right]


def _window(params: Params, valid: int, same: int) -> dict[str, Any]:
    """Padding as ONNX wants it."""
    if same in params:
        mode = params.inner(same)
        upper = mode.integer(1) == 0   # BOTTOM_RIGHT_HEAVY
        mode.done()
        return {"auto_pad": "SAME_UPPER" if upper else "SAME_LOWER"}
    return {"pads": _borders(params.inner(valid)) if valid in params else [0, 0, 0, 0]}


def _convolution(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    out, channels, groups = p.integer(1), p.integer(2), p.integer(10, 1)
    kernel, stride, dilation = sides(p, 20, [3, 3]), sides(p, 30, [1, 1]), sides(p, 40, [1, 1])
    if p.integer(60):
        raise p.fail("a deconvolution is not known here")
    if not (1 <= out <= 1 << 20 and 1 <= channels <= 1 << 20 and 1 <= groups <= out):
        raise p.fail("its channels are impossible")
    pads = _window(p, 50, 51)
    weights = weights_of(p, 90, (out, channels, *kernel))
    bias = weights_of(p, 91, (out,)) if p.integer(70) else np.zeros(out, np.float32)
    p.values(91)
    given = [xs[0], graph.weight(f"{name}.weight", weights), graph.weight(f"{name}.bias", bias)]
    options = {"kernel_shape": kernel, "strides": stride, "dilations": dilation, "group": groups, **pads}
    return graph.node("Conv", given, name, **options)


def _pooling(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    kind, exclude = p.integer(1), p.integer(50)
    if kind not in (0, 1):
        raise p.fail("such a pooling is not known here")
    if p.integer(60):
        for number in (10, 20, 30, 31, 32):
            p.values(number)
        return graph.node("GlobalMaxPool" if kind == 0 else "GlobalAveragePool", [xs[0]], name)
    kernel, stride = sides(p, 10, [3, 3]), sides(p, 20, [1, 1])
    more: dict[str, Any] = {}
    if 32 in p:   # as Caffe: rounded up, the same padding on both sides
        whole = p.inner(32)
        amounts = whole.integers(10) or [0, 0]
        whole.done()
        if len(amounts) != 2 or not all(0 <= a <= 4096 for a in amounts):
            raise p.fail("its padding is not that of height and width")
        more = {"pads": [*amounts, *amounts], "ceil_mode": 1}
    else:
        more = _window(p, 30, 31)
    if kind == 0:
        return graph.node("MaxPool", [xs[0]], name, kernel_shape=kernel, strides=stride, **more)
    return graph.node(
        "AveragePool", [xs[0]], name, kernel_shape=kernel, strides=stride, count_include_pad=0 if exclude else 1, **more
    )


def _inner_product(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    inputs, outputs = p.integer(1), p.integer(2)
    if not (1 <= inputs <= 1 << 28 and 1 <= outputs <= 1 << 24):
        raise p.fail("its channels are impossible")
    weights = weights_of(p, 20, (outputs, inputs))
    bias = weights_of(p, 21, (outputs,)) if p.integer(10) else np.zeros(outputs, np.float32)
    shape = graph.shape_of(xs[0], p.source)
    if shape is None or not 1 <= len(shape) <= 5:
        raise p.fail("the shape of what it takes is not known")
    # Of four and five sides the last three are one vector: InnerProductLayerParams.
    whole = len(shape) > 3
    x = graph.reshape(xs[0], f"{name}.vector", (*shape[:-3], inputs)) if whole else xs[0]
    product = graph.node("MatMul", [x, graph.weight(f"{name}.weight", weights.T)], f"{name}.product")
    end = f"{name}.sum" if whole else name
    made = graph.node("Add", [product, graph.weight(f"{name}.bias", bias)], end)
    return graph.reshape(made, name, (*shape[:-3], outputs, 1, 1)) if whole else made


def _batch_norm(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    channels, epsilon = p.integer(1), p.real(10, 1e-5)
    if p.integer(5) or p.integer(6):
        raise p.fail("a normalisation by the picture itself is not known here")
    gamma, beta, mean, variance = (weights_of(p, number, (channels,)).astype(np.float64) for number in (15, 16, 17, 18))
    with np.errstate(all="ignore"):
        factor = gamma / np.sqrt(variance + epsilon)
        shift = beta - mean * factor
    scaled = graph.node("Mul", [xs[0], plane(graph, f"{name}.scale", factor)], f"{name}.scaled")
    return graph.node("Add", [scaled, plane(graph, f"{name}.shift", shift)], name)


def _lrn(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("LRN", xs, name, alpha=p.real(1), beta=p.real(2), size=p.integer(3), bias=p.real(4))


# The number of a layer's field in NeuralNetworkLayer: what builds it.
LAYERS: dict[int, Layer] = {
    100: _convolution, 120: _pooling, 140: _inner_product, 160: _batch_norm, 180: _lrn,
}  # fmt: skip
