"""One value after the other, and two together."""

import numpy as np

from inference.intake.importers.coreml.layers.params import Layer, Params, plane
from inference.intake.importers.graph import Graph
from inference.intake.importers.wire import numbers

FLOAT, INT64 = 1, 7   # of TensorProto


def _activation(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    for number, op in ((10, "Relu"), (30, "Tanh"), (40, "Sigmoid"), (60, "Softsign"), (70, "Softplus")):
        if number in p:
            p.inner(number).done()
            return graph.node(op, xs, name)
    for number, op in ((15, "LeakyRelu"), (20, "ThresholdedRelu"), (50, "Elu")):
        if number in p:
            inner = p.inner(number)
            alpha = inner.real(1)
            inner.done()
            return graph.node(op, xs, name, alpha=alpha)
    if 25 in p:
        inner = p.inner(25)
        values = inner.inner(1).values(1)
        slope = np.concatenate([numbers(value, "<f4", p.file) for value in values]) if values else np.zeros(1)
        inner.done()
        return graph.node("PRelu", [xs[0], plane(graph, f"{name}.alpha", slope)], name)
    if 31 in p:
        inner = p.inner(31)
        alpha, beta = inner.real(1), inner.real(2)
        inner.done()
        bent = graph.node("Mul", [xs[0], graph.scalar(f"{name}.beta", beta)], f"{name}.bent")
        flat = graph.node("Tanh", [bent], f"{name}.tanh")
        return graph.node("Mul", [flat, graph.scalar(f"{name}.alpha", alpha)], name)
    for number in (5, 41):
        if number in p:
            inner = p.inner(number)
            alpha, beta = inner.real(1), inner.real(2)
            inner.done()
            if number == 41:
                return graph.node("HardSigmoid", xs, name, alpha=alpha, beta=beta)
            scaled = graph.node("Mul", [xs[0], graph.scalar(f"{name}.alpha", alpha)], f"{name}.scaled")
            return graph.node("Add", [scaled, graph.scalar(f"{name}.beta", beta)], name)
    raise p.fail("such an activation is not known here")


def _joined(op: str) -> Layer:
    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        if len(xs) == 1:
            return graph.node(op, [xs[0], graph.scalar(f"{name}.alpha", p.real(1))], name)
        made = xs[0]
        for i, x in enumerate(xs[1:]):
            made = graph.node(op, [made, x], name if i == len(xs) - 2 else f"{name}.{i}")
        return made

    return build


def _softmax(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Softmax", xs, name, axis=p.integer(1, 1))


def _plain(op: str, inputs: int) -> Layer:
    """An operator without parameters."""

    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        if len(xs) != inputs:
            raise p.fail(f"it has {len(xs)} inputs, not {inputs}")
        return graph.node(op, xs, name)

    return build


def _compared(op: str, alpha: int) -> Layer:
    """1 where it holds, 0 elsewhere; with one input against alpha."""

    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        other = xs[1] if len(xs) > 1 else graph.scalar(f"{name}.alpha", p.real(alpha))
        return graph.node("Cast", [graph.node(op, [xs[0], other], f"{name}.holds")], name, to=FLOAT)

    return build


def _unary(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    """f(scale * x + shift): UnaryFunctionLayerParams."""
    kind, alpha, epsilon = p.integer(1), p.real(2), p.real(3, 1e-6)
    x = xs[0]
    for op, value, usual, key in (("Mul", p.real(5, 1.0), 1.0, "scale"), ("Add", p.real(4), 0.0, "shift")):
        if value != usual:
            x = graph.node(op, [x, graph.scalar(f"{name}.{key}", value)], f"{name}.{key}d")
    if plain := {0: "Sqrt", 4: "Exp", 5: "Log", 6: "Abs"}.get(kind):
        return graph.node(plain, [x], name)
    if kind in (1, 2):   # 1 / sqrt(x + epsilon), 1 / (x + epsilon)
        safe = graph.node("Add", [x, graph.scalar(f"{name}.epsilon", epsilon)], f"{name}.safe")
        return graph.node("Pow", [safe, graph.scalar(f"{name}.exponent", -0.5 if kind == 1 else -1.0)], name)
    if kind in (3, 7):
        return graph.node("Pow" if kind == 3 else "Max", [x, graph.scalar(f"{name}.alpha", alpha)], name)
    raise p.fail("such a function is not known here")


def _cut(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    ends = [graph.scalar(f"{name}.{i}", p.real(i)) for i in (1, 2)]
    return graph.node("Clip", [xs[0], *ends], name)


def _matmul(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if len(xs) != 2 or p.integer(1) or p.integer(2):
        raise p.fail("such a product is not known here")
    for number in (5, 6, 7):
        p.integer(number)
    return graph.node("MatMul", xs, name)


# The number of a layer's field in NeuralNetworkLayer: what builds it.
LAYERS: dict[int, Layer] = {
    130: _activation, 175: _softmax, 230: _joined("Add"), 231: _joined("Mul"), 260: _joined("Max"),
    261: _joined("Min"), 880: _joined("Add"), 900: _joined("Mul"), 950: _softmax, 220: _unary, 660: _cut,
    1045: _matmul, 665: _plain("Ceil", 1), 670: _plain("Floor", 1), 680: _plain("Sign", 1), 685: _plain("Round", 1),
    710: _plain("Sin", 1), 715: _plain("Cos", 1), 790: _plain("Erf", 1), 870: _plain("Min", 2), 875: _plain("Max", 2),
    885: _plain("Pow", 2), 890: _plain("Div", 2), 905: _plain("Sub", 2), 815: _compared("Equal", 1),
    825: _compared("Less", 2), 827: _compared("LessOrEqual", 2), 830: _compared("Greater", 2),
    832: _compared("GreaterOrEqual", 2),
}  # fmt: skip
