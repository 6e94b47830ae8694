"""Many values to few, and the same values in another place."""

import numpy as np

from inference.intake.importers.coreml.layers.params import Layer, Params, weights_of
from inference.intake.importers.graph import Graph

FLOAT, INT64 = 1, 7   # of TensorProto


def _concat(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if p.integer(100):
        raise p.fail("joining sequences is not known here")
    return graph.node("Concat", xs, name, axis=1)


def _concat_nd(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if p.integer(2):
        raise p.fail("interleaving is not known here")
    return graph.node("Concat", xs, name, axis=p.integer(1))


def _constant(graph: Graph, p: Params, name: str, _xs: list[str]) -> str:
    shape = p.integers(1)
    if not all(1 <= side <= 1 << 28 for side in shape):
        raise p.fail("its shape is impossible")
    return graph.weight(name, weights_of(p, 2, shape))


def _slices(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    """Start 1, end 2 (from the back where negative), step 3, axis 4: channel, height, width."""
    starts, ends, steps = p.integer(1), p.integer(2), p.integer(3, 1)
    axis = p.integer(4)
    if axis not in (0, 1, 2) or steps < 1:
        raise p.fail("such a slice is not known here")
    given = [starts, ends, axis - 3, steps]   # the last three sides, of however many
    parts = [graph.weight(f"{name}.{i}", np.array([v], np.int64)) for i, v in enumerate(given)]
    return graph.node("Slice", [xs[0], *parts], name)


def _pad(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    value, amounts = p.real(1), p.integers(2)
    if p.integer(3) or len(amounts) % 2 or not all(0 <= a <= 1 << 20 for a in amounts):
        raise p.fail("such a padding is not known here")
    pads = np.array(amounts[::2] + amounts[1::2], np.int64)
    return graph.node("Pad", [xs[0], graph.weight(f"{name}.pads", pads), graph.scalar(f"{name}.value", value)], name)


def _reshape(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.reshape(xs[0], name, tuple(p.integers(1)))


def _flatten(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Flatten", xs, name, axis=p.integer(1, 1))


def _transpose(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Transpose", xs, name, perm=p.integers(1))


def _reduce(op: str) -> Layer:
    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        axes, keep = p.integers(1), int(bool(p.integer(2)))
        if p.integer(3) or not axes:
            raise p.fail("reducing everything is not known here")
        if op == "ReduceSum":
            return graph.node(op, [xs[0], graph.whole(f"{name}.axes", axes)], name, keepdims=keep)
        return graph.node(op, xs, name, axes=axes, keepdims=keep)

    return build


def _upsample(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    factors = p.integers(1)
    if p.integer(5) or p.integer(6) or len(factors) != 2 or not all(1 <= factor <= 64 for factor in factors):
        raise p.fail("such an enlargement is not known here")
    scales = graph.weight(f"{name}.scales", np.array([1, 1, *factors], np.float32))
    return graph.node(
        "Resize", [xs[0], "", scales], name, mode="nearest", coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )  # fmt: skip


def _reorganised(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    mode, size = p.integer(1), p.integer(2)
    if size < 2 or mode not in (0, 1, 2):
        raise p.fail("such a rearrangement is not known here")
    if mode == 0:
        return graph.node("SpaceToDepth", xs, name, blocksize=size)
    return graph.node("DepthToSpace", xs, name, blocksize=size, mode="DCR" if mode == 1 else "CRD")


def _gathered(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if len(xs) != 2:
        raise p.fail(f"it has {len(xs)} inputs, not 2")
    places = graph.node("Cast", [xs[1]], f"{name}.places", to=INT64)
    return graph.node("Gather", [xs[0], places], name, axis=p.integer(1))


def _with_axes(op: str) -> Layer:
    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        axes = p.integers(1)
        if p.integer(2) or not axes:
            raise p.fail("taking away every side of one is not known here")
        return graph.node(op, [xs[0], graph.whole(f"{name}.axes", axes)], name)

    return build


# The number of a layer's field in NeuralNetworkLayer: what builds it.
LAYERS: dict[int, Layer] = {
    320: _concat, 350: _slices, 980: _concat_nd, 985: _transpose, 1070: _constant, 1140: _reshape, 1150: _flatten,
    1155: _pad, 210: _upsample, 345: _reorganised, 930: _gathered, 1120: _with_axes("Squeeze"),
    1125: _with_axes("Unsqueeze"), 1260: _reduce("ReduceMax"), 1265: _reduce("ReduceMin"), 1270: _reduce("ReduceSum"),
    1280: _reduce("ReduceMean"),
}  # fmt: skip
