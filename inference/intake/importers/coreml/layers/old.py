"""Layers of files before iOS 13 (specification 3 and older), which lay every value out as (sequence, batch, c, h, w).

Of a picture sequence and batch are 1, so that values are (1, c, h, w) here. What the parameters mean is said in
NeuralNetwork.proto of apple/coremltools, under the names of the layers.
"""

import numpy as np

from inference.intake.importers.coreml.layers.params import Array, Layer, Params, weights_of
from inference.intake.importers.graph import Graph

FIRST, LAST = 0, 1   # modes of reshape and flatten: values in the order c h w, or h w c
REDUCTIONS = {0: "ReduceSum", 1: "ReduceMean", 2: "ReduceProd", 3: "ReduceLogSum", 4: "ReduceSumSquare",
              5: "ReduceL1", 6: "ReduceL2", 7: "ReduceMax", 8: "ReduceMin"}   # fmt: skip
AXES = {0: [1, 2, 3], 1: [2, 3], 2: [1], 3: [2], 4: [3]}   # CHW, HW, C, H, W
LARGEST = 1 << 28


def _broadcast(p: Params, shape: int, values: int) -> Array:
    """A WeightParams with the shape [1], [c], [1, h, w] or [c, h, w], as (1, c, h, w)."""
    sides = p.integers(shape)
    if len(sides) not in (1, 3) or not all(1 <= side <= LARGEST for side in sides):
        raise p.fail(f"its shape {sides} is not known here")
    whole = (*sides, 1, 1) if len(sides) == 1 else tuple(sides)
    return weights_of(p, values, whole)[None]


def _scale(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    factor = graph.weight(f"{name}.scale", _broadcast(p, 1, 2))
    if not p.integer(3):
        p.integers(4)
        p.values(5)
        return graph.node("Mul", [xs[0], factor], name)
    scaled = graph.node("Mul", [xs[0], factor], f"{name}.scaled")
    return graph.node("Add", [scaled, graph.weight(f"{name}.bias", _broadcast(p, 4, 5))], name)


def _bias(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Add", [xs[0], graph.weight(f"{name}.bias", _broadcast(p, 1, 2))], name)


def _constant(graph: Graph, p: Params, name: str, _xs: list[str]) -> str:
    return graph.weight(name, _broadcast(p, 1, 2))


def _average(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Mean", xs, name)


def _flatten(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return _reshaped(graph, p, name, xs[0], (-1, 1, 1), p.integer(1))


def _reshape(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    target = p.integers(1)
    if len(target) not in (3, 4) or (len(target) == 4 and target[0] != 1):
        raise p.fail(f"its target {target} is not known here")
    return _reshaped(graph, p, name, xs[0], tuple(target[-3:]), p.integer(2))


def _reshaped(graph: Graph, p: Params, name: str, x: str, target: tuple[int, ...], mode: int) -> str:
    if mode not in (FIRST, LAST):
        raise p.fail("such an order of values is not known here")
    if mode == FIRST:
        return graph.reshape(x, name, (1, *target))
    c, h, w = target
    turned = graph.node("Transpose", [x], f"{name}.last", perm=[0, 2, 3, 1])
    shaped = graph.reshape(turned, f"{name}.shaped", (1, h, w, c))
    return graph.node("Transpose", [shaped], name, perm=[0, 3, 1, 2])


def _permute(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    axes = p.integers(1)
    if sorted(axes) != [0, 1, 2, 3]:
        raise p.fail(f"its axes {axes} are none")
    return graph.node("Transpose", xs, name, perm=axes)


def _edges(p: Params, number: int) -> tuple[list[int], list[int]]:
    """A BorderAmounts of height and width: what lies before, and what lies behind."""
    amounts = p.inner(number)
    before, behind = [], []
    for value in amounts.values(10):
        edge = Params(value, p.file, p.layer)
        before.append(edge.integer(1))
        behind.append(edge.integer(2))
        edge.done()
    amounts.done()
    if len(before) not in (0, 2) or not all(0 <= side <= 4096 for side in (*before, *behind)):
        raise p.fail("its borders are not those of height and width")
    return before or [0, 0], behind or [0, 0]


def _padding(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    before, behind = _edges(p, 10)
    mode, value = "constant", 0.0
    if 1 in p:
        constant = p.inner(1)
        value = constant.real(1)
        constant.done()
    for number, other in ((2, "reflect"), (3, "edge")):
        if number in p:
            mode = other
            p.inner(number).done()
    pads = graph.weight(f"{name}.pads", np.array([0, 0, *before, 0, 0, *behind], np.int64))
    return graph.node("Pad", [xs[0], pads, graph.scalar(f"{name}.value", value)], name, mode=mode)


def _crop(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if len(xs) != 1:
        raise p.fail("cropping to the size of another value is not known here")
    before, behind = _edges(p, 1)
    p.integers(5)
    ends = [-side if side else LARGEST for side in behind]
    parts = [graph.weight(f"{name}.{i}", np.array(v, np.int64)) for i, v in enumerate((before, ends, [2, 3]))]
    return graph.node("Slice", [xs[0], *parts], name)


def _reduce(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    op, axes = REDUCTIONS.get(p.integer(1)), AXES.get(p.integer(3))
    p.real(2)
    if op is None or axes is None:
        raise p.fail("such a reduction is not known here")
    if op == "ReduceSum":
        return graph.node(op, [xs[0], graph.whole(f"{name}.axes", axes)], name, keepdims=1)
    return graph.node(op, xs, name, axes=axes, keepdims=1)


def _unit(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    """X / sqrt(sum of x² + epsilon), over all of c, h and w."""
    squares = graph.node("ReduceSumSquare", xs, f"{name}.squares", axes=[1, 2, 3], keepdims=1)
    safe = graph.node("Add", [squares, graph.scalar(f"{name}.epsilon", p.real(1, 1e-6))], f"{name}.safe")
    return graph.node("Div", [xs[0], graph.node("Sqrt", [safe], f"{name}.length")], name)


# The number of a layer's field in NeuralNetworkLayer: what builds it.
LAYERS: dict[int, Layer] = {
    170: _unit, 190: _crop, 200: _padding, 240: _average, 245: _scale, 250: _bias, 280: _reduce, 290: _constant,
    300: _reshape, 301: _flatten, 310: _permute,
}  # fmt: skip
