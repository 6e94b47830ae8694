"""One value after the other, and two together: `activation`, `elementwise_unary`, `elementwise_binary`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.coreml.arguments import Args
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
Build = Callable[[Graph, Args, str], str | list[str]]

EXACT_INVERSE, EXACT_LOG = 1e-4, 1e-45   # usual epsilons of `inverse` and `log`



def _one(op: str) -> Build:
    return lambda graph, args, name: graph.node(op, [args.value("x")], name)


def _two(op: str) -> Build:
    return lambda graph, args, name: graph.node(op, [args.value("x"), args.value("y")], name)


def _with_alpha(op: str, usual: float | None, **known: float) -> Build:
    """An operator whose parameters have the same names here and in ONNX."""

    def build(graph: Graph, args: Args, name: str) -> str:
        more = {key: args.real(key, value) for key, value in known.items()}
        return graph.node(op, [args.value("x")], name, alpha=args.real("alpha", usual), **more)

    return build


def _power(exponent: float, *, epsilon: float | None) -> Build:
    """(x + epsilon) ^ exponent."""

    def build(graph: Graph, args: Args, name: str) -> str:
        x = args.value("x")
        if epsilon is not None and (added := args.real("epsilon", epsilon)):
            x = graph.node("Add", [x, graph.scalar(f"{name}.epsilon", added)], f"{name}.safe")
        return graph.node("Pow", [x, graph.scalar(f"{name}.exponent", exponent)], name)

    return build


def _log(graph: Graph, args: Args, name: str) -> str:
    added = graph.scalar(f"{name}.epsilon", args.real("epsilon", EXACT_LOG))
    return graph.node("Log", [graph.node("Add", [args.value("x"), added], f"{name}.safe")], name)


def _exp2(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Pow", [graph.scalar(f"{name}.two", 2.0), args.value("x")], name)


def _linear_activation(graph: Graph, args: Args, name: str) -> str:
    alpha = graph.scalar(f"{name}.alpha", args.real("alpha", 1.0))
    beta = graph.scalar(f"{name}.beta", args.real("beta", 0.0))
    return graph.node("Add", [graph.node("Mul", [args.value("x"), alpha], f"{name}.scaled"), beta], name)


def _scaled_tanh(graph: Graph, args: Args, name: str) -> str:
    alpha, beta = (graph.scalar(f"{name}.{key}", args.real(key, 1.0)) for key in ("alpha", "beta"))
    inner = graph.node("Tanh", [graph.node("Mul", [args.value("x"), beta], f"{name}.inner")], f"{name}.tanh")
    return graph.node("Mul", [inner, alpha], name)


def _prelu(graph: Graph, args: Args, name: str) -> str:
    """One alpha a channel."""
    alpha = np.asarray(args.constant("alpha"), np.float32)
    shaped = alpha.reshape(-1, *[1] * (len(args.shape("x")) - 2))
    return graph.node("PRelu", [args.value("x"), graph.weight(f"{name}.alpha", shaped)], name)


def _clip(graph: Graph, args: Args, name: str) -> str:
    ends = [graph.scalar(f"{name}.{key}", args.real(key)) for key in ("alpha", "beta")]
    return graph.node("Clip", [args.value("x"), *ends], name)


def _relu6(graph: Graph, args: Args, name: str) -> str:
    return graph.relu6(args.value("x"), name)


def _silu(graph: Graph, args: Args, name: str) -> str:
    x = args.value("x")
    return graph.node("Mul", [x, graph.node("Sigmoid", [x], f"{name}.sigmoid")], name)


def _gelu(graph: Graph, args: Args, name: str) -> str:
    """EXACT: 0.5 x (1 + erf(x / sqrt 2)); TANH_APPROXIMATION and SIGMOID_APPROXIMATION as their names say."""
    x, mode = args.value("x"), args.text("mode", "EXACT")

    def times(value: str, factor: float, what: str) -> str:
        return graph.node("Mul", [value, graph.scalar(f"{name}.{what}.factor", factor)], f"{name}.{what}")

    if mode == "SIGMOID_APPROXIMATION":
        return graph.node("Mul", [x, graph.node("Sigmoid", [times(x, 1.702, "in")], f"{name}.sigmoid")], name)
    if mode == "EXACT":
        inner = graph.node("Erf", [times(x, 0.5**0.5, "in")], f"{name}.erf")
    elif mode == "TANH_APPROXIMATION":
        cube = graph.node("Mul", [graph.node("Mul", [x, x], f"{name}.square"), x], f"{name}.cube")
        total = graph.node("Add", [x, times(cube, 0.044715, "third")], f"{name}.sum")
        inner = graph.node("Tanh", [times(total, (2 / np.pi) ** 0.5, "in")], f"{name}.tanh")
    else:
        raise args.fail(f"its mode {mode} is not known here")
    one = graph.node("Add", [inner, graph.scalar(f"{name}.one", 1.0)], f"{name}.plus")
    return graph.node("Mul", [times(x, 0.5, "half"), one], name)


def _softmax(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Softmax", [args.value("x")], name, axis=args.integer("axis", -1))


def _cast(graph: Graph, args: Args, name: str) -> str:
    """Half precision is float32 here; whole numbers have 64 bits."""
    kinds = {"fp16": 1, "fp32": 1, "int32": 7, "int16": 7, "uint16": 7, "bool": 9}   # TensorProto.FLOAT, INT64, BOOL
    kind = args.text("dtype", "fp32")
    if kind not in kinds:
        raise args.fail(f"a cast to {kind} is not known here")
    return graph.node("Cast", [args.value("x")], name, to=kinds[kind])


def _select(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Where", [args.value("cond"), args.value("a"), args.value("b")], name)


def _not(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Not", [args.value("x")], name)


def _different(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Not", [graph.node("Equal", [args.value("x"), args.value("y")], f"{name}.equal")], name)


# What an operation is called: what builds it.
OPERATIONS: dict[str, Build] = {
    "identity": _one("Identity"), "relu": _one("Relu"), "relu6": _relu6, "leaky_relu": _with_alpha("LeakyRelu", 0.01),
    "elu": _with_alpha("Elu", 1.0), "thresholded_relu": _with_alpha("ThresholdedRelu", 1.0), "prelu": _prelu,
    "sigmoid": _one("Sigmoid"), "sigmoid_hard": _with_alpha("HardSigmoid", 0.2, beta=0.5), "silu": _silu,
    "gelu": _gelu, "tanh": _one("Tanh"), "scaled_tanh": _scaled_tanh, "softplus": _one("Softplus"),
    "softsign": _one("Softsign"), "linear_activation": _linear_activation, "clip": _clip, "softmax": _softmax,
    "erf": _one("Erf"), "abs": _one("Abs"), "exp": _one("Exp"), "exp2": _exp2, "log": _log, "sqrt": _one("Sqrt"),
    "sign": _one("Sign"), "floor": _one("Floor"), "ceil": _one("Ceil"), "round": _one("Round"), "sin": _one("Sin"),
    "cos": _one("Cos"), "tan": _one("Tan"), "square": _power(2.0, epsilon=None), "rsqrt": _power(-0.5, epsilon=1e-12),
    "inverse": _power(-1.0, epsilon=EXACT_INVERSE), "cast": _cast, "add": _two("Add"), "sub": _two("Sub"),
    "mul": _two("Mul"), "real_div": _two("Div"), "maximum": _two("Max"), "minimum": _two("Min"), "pow": _two("Pow"),
    "greater": _two("Greater"), "less": _two("Less"), "greater_equal": _two("GreaterOrEqual"),
    "less_equal": _two("LessOrEqual"), "equal": _two("Equal"), "not_equal": _different, "logical_and": _two("And"),
    "logical_or": _two("Or"), "logical_xor": _two("Xor"), "logical_not": _not, "select": _select,
}  # fmt: skip
