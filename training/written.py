"""The layers of `training.networks` as an ONNX graph, with the weights that were learnt."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from inference.intake.importers.graph import Graph, Map, fold

SIDE = 28
INPUT = "digit"   # its name in the graph


class Written:
    """Writes each layer into a graph; weights are taken in the order in which `Trainable` listed its layers."""

    def __init__(self, graph: Graph, weighted: list[tuple[Any, Any]]) -> None:
        self._graph, self._weighted = graph, iter(weighted)
        self._counts: dict[str, int] = {}

    def conv(
        self, x: Map, filters: int, size: int, *, stride: int = 1, padding: str = "same", norm: bool = True,
        then: str = "relu",
    ) -> Map:
        """As `Layers.conv`; a normalisation is folded into the weights."""
        del filters, size, norm
        weights, bias = _learnt(self._weighted, (3, 2, 0, 1))   # height, width, in, out → out, in, height, width
        return self._convolved(x, weights, bias, stride, padding == "same", then)

    def depthwise(self, x: Map, size: int, *, stride: int = 1) -> Map:
        """As `Layers.depthwise`."""
        del size
        weights, bias = _learnt(self._weighted, (2, 3, 0, 1))   # height, width, channel, 1 → channel, 1, height, width
        return self._convolved(x, weights, bias, stride, True, "relu", groups=x.channels)

    def dense(self, x: Map, units: int, then: str = "") -> Map:
        """As `Layers.dense`; Keras lays a map out with its channels last, ONNX with its channels first."""
        layer, _ = next(self._weighted)
        weights, bias = (np.asarray(w) for w in layer.get_weights())
        rows = weights.reshape(x.height, x.width, x.channels, units).transpose(3, 2, 0, 1).reshape(units, -1)
        flat = x.name
        if self._is_map(x):
            flat = self._graph.node("Flatten", [x.name], self._named("flat"))
        name = self._named("dense")
        y = self._graph.node(
            "Gemm", [flat, self._graph.weight(f"{name}.weight", rows), self._graph.weight(f"{name}.bias", bias)],
            name, transB=1,
        )  # fmt: skip
        return Map(self._then(y, then), units, 1, 1)

    def _convolved(
        self, x: Map, weights: Any, bias: Any, stride: int, padded: bool, then: str, groups: int = 1
    ) -> Map:
        pads, sides = (0, 0, 0, 0), [x.height - weights.shape[2] + 1, x.width - weights.shape[3] + 1]
        if padded:
            size = weights.shape[2]
            (top, bottom, height), (left, right, width) = (same(side, size, stride) for side in (x.height, x.width))
            pads, sides = (top, left, bottom, right), [height, width]
        y = self._graph.conv(
            x.name, self._named("conv"), weights, bias, pads=pads, strides=(stride, stride), groups=groups
        )
        return Map(self._then(y, then), weights.shape[0], *sides)

    def _then(self, y: str, then: str) -> str:
        return self._graph.node(then.capitalize(), [y], self._named(then)) if then else y

    def largest(self, x: Map, size: int = 2, *, stride: int = 2) -> Map:
        """As `Layers.largest`."""
        pad = (size - 1) // 2 if stride == 1 else 0
        y = self._graph.node(
            "MaxPool", [x.name], self._named("pool"), kernel_shape=[size, size], strides=[stride, stride],
            pads=[pad] * 4,
        )  # fmt: skip
        return Map(y, x.channels, x.height // stride, x.width // stride)

    def average(self, x: Map) -> Map:
        """As `Layers.average`."""
        y = self._graph.node("AveragePool", [x.name], self._named("pool"), kernel_shape=[2, 2], strides=[2, 2])
        return Map(y, x.channels, x.height // 2, x.width // 2)

    def overall(self, x: Map) -> Map:
        """As `Layers.overall`."""
        y = self._graph.node("GlobalAveragePool", [x.name], self._named("mean"))
        return Map(self._graph.node("Flatten", [y], self._named("flat")), x.channels, 1, 1)

    def joined(self, *xs: Map) -> Map:
        """As `Layers.joined`."""
        y = self._graph.node("Concat", [x.name for x in xs], self._named("joined"), axis=1)
        return Map(y, sum(x.channels for x in xs), xs[0].height, xs[0].width)

    def sum(self, x: Map, y: Map) -> Map:
        """As `Layers.sum`."""
        added = self._graph.node("Add", [x.name, y.name], self._named("sum"))
        return Map(self._then(added, "relu"), x.channels, x.height, x.width)

    def dropout(self, x: Map, share: float) -> Map:
        """Nothing: it has learnt."""
        del share
        return x

    def _named(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}{self._counts[kind]}"

    def _is_map(self, x: Map) -> bool:
        return x.height > 1 or x.width > 1


def _learnt(weighted: Iterator[tuple[Any, Any]], axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Weights as ONNX has them, (out, in, height, width), and the bias, with the normalisation inside."""
    layer, norm = next(weighted)
    weights, *rest = (np.asarray(w) for w in layer.get_weights())
    weights = weights.transpose(axes)
    if norm is None:
        return weights, rest[0]
    gamma, beta, mean, variance = (np.asarray(w) for w in norm.get_weights())
    return fold(weights, gamma, beta, mean, variance, norm.epsilon)


def same(side: int, size: int, stride: int) -> tuple[int, int, int]:
    """Pads before and behind, and the side that comes out, as TensorFlow's "same" has them: the odd one behind."""
    out = -(-side // stride)
    pad = max(0, (out - 1) * stride + size - side)
    return pad // 2, pad - pad // 2, out


def written(define: Any, weighted: list[tuple[Any, Any]], title: str, classes: int) -> Any:
    """The onnx.ModelProto of a network that was trained: (1, 1, 28, 28) in 0..1 → (1, classes) logits."""
    graph = Graph(title, title)
    last = define(Written(graph, weighted), Map(INPUT, 1, SIDE, SIDE))
    return graph.model((INPUT, (1, 1, SIDE, SIDE)), (last.name, (1, classes)))
