"""What Darknet calls activations, as ONNX operators: one function each, in a table."""

from collections.abc import Callable
from typing import Any

import numpy as np

from inference.intake.importers.graph import Graph

Activation = Callable[[Graph, str], str]   # graph, name of the values → name of the result


def _one(op: str, **attributes: Any) -> Activation:
    """An activation that is one operator."""
    return lambda graph, x: graph.node(op, [x], f"{x}.{op.lower()}", **attributes)


def _swish(graph: Graph, x: str) -> str:
    return graph.node("Mul", [x, graph.node("Sigmoid", [x], f"{x}.sigmoid")], f"{x}.swish")


def _mish(graph: Graph, x: str) -> str:
    soft = graph.node("Softplus", [x], f"{x}.softplus")
    return graph.node("Mul", [x, graph.node("Tanh", [soft], f"{x}.tanh")], f"{x}.mish")


def _clip(graph: Graph, x: str) -> str:
    ends = [graph.weight("minus_one", np.array(-1, np.float32)), graph.weight("one", np.array(1, np.float32))]
    return graph.node("Clip", [x, *ends], f"{x}.hardtan")


ACTIVATIONS: dict[str, Activation] = {
    "linear": lambda graph, x: x,
    "leaky": _one("LeakyRelu", alpha=0.1),
    "relu": _one("Relu"),
    "relu6": lambda graph, x: graph.relu6(x, f"{x}.relu6"),
    "mish": _mish,
    "swish": _swish,
    "logistic": _one("Sigmoid"),
    "tanh": _one("Tanh"),
    "hardtan": _clip,
    "elu": _one("Elu", alpha=1.0),
    "selu": _one("Selu"),
}
