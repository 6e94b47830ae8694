"""Layers with trained numbers, and pooling: `ops.defs.iOS15.conv`, `pool`, `linear`, `normalization`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.coreml.arguments import Args, spatial
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
Build = Callable[[Graph, Args, str], str | list[str]]



def _conv(graph: Graph, args: Args, name: str) -> str:
    given = [args.value("x"), args.value("weight")]
    if args.has("bias"):
        given.append(args.value("bias"))
    options = {"dilations": args.integers("dilations", [1, 1]), "group": args.integer("groups", 1), **spatial(args)}
    return graph.node("Conv", given, name, **options)


def _conv_transpose(graph: Graph, args: Args, name: str) -> str:
    """Weights (in, out / groups, h, w); `output_shape` says how long the far side is left."""
    weights = np.asarray(args.constant("weight"))
    strides, dilations = args.integers("strides", [1, 1]), args.integers("dilations", [1, 1])
    space = spatial(args)
    if weights.ndim != 4 or "auto_pad" in space:
        raise args.fail("it is not one of height and width with stated padding")
    given = [args.value("x"), args.value("weight")] + ([args.value("bias")] if args.has("bias") else [])
    options = {"dilations": dilations, "group": args.integer("groups", 1), **space}
    if args.has("output_shape"):
        wanted, sides = args.integers("output_shape")[-2:], args.shape("x")[-2:]
        pads = space["pads"]
        least = [
            strides[i] * (sides[i] - 1) + (weights.shape[2 + i] - 1) * dilations[i] + 1 - pads[i] - pads[2 + i]
            for i in (0, 1)
        ]
        more = [far - near for far, near in zip(wanted, least, strict=True)]
        if not all(0 <= m < s for m, s in zip(more, strides, strict=True)):
            raise args.fail("such an output shape is not known here")
        options["output_padding"] = more
    return graph.node("ConvTranspose", given, name, **options)


def _max_pool(graph: Graph, args: Args, name: str) -> str:
    options = {"kernel_shape": args.integers("kernel_sizes"), "ceil_mode": args.integer("ceil_mode", 0)}
    return graph.node("MaxPool", [args.value("x")], name, **options, **spatial(args))


def _avg_pool(graph: Graph, args: Args, name: str) -> str:
    options = {
        "kernel_shape": args.integers("kernel_sizes"), "ceil_mode": args.integer("ceil_mode", 0),
        "count_include_pad": 1 - args.integer("exclude_padding_from_average", 0), **spatial(args),
    }  # fmt: skip
    return graph.node("AveragePool", [args.value("x")], name, **options)


def _linear(graph: Graph, args: Args, name: str) -> str:
    weights = args.constant("weight")
    if not isinstance(weights, np.ndarray) or weights.ndim != 2:
        raise args.fail("its weights are no matrix")
    made = graph.node("MatMul", [args.value("x"), graph.weight(f"{name}.weight", weights.T)], f"{name}.product")
    return graph.node("Add", [made, args.value("bias")], name) if args.has("bias") else made


def _matmul(graph: Graph, args: Args, name: str) -> str:
    sides = []
    for key in ("x", "y"):
        value = args.value(key)
        if args.integer(f"transpose_{key}", 0):
            rank = len(args.shape(key))
            if rank < 2:
                raise args.fail(f"its {key} has nothing to transpose")
            perm = [*range(rank - 2), rank - 1, rank - 2]
            value = graph.node("Transpose", [value], f"{name}.{key}", perm=perm)
        sides.append(value)
    return graph.node("MatMul", sides, name)


def _batch_norm(graph: Graph, args: Args, name: str) -> str:
    mean, variance = (np.asarray(args.constant(key), np.float64) for key in ("mean", "variance"))
    gamma = np.asarray(args.constant("gamma", np.ones_like(mean)), np.float64)
    beta = np.asarray(args.constant("beta", np.zeros_like(mean)), np.float64)
    with np.errstate(all="ignore"):
        factor = gamma / np.sqrt(variance + args.real("epsilon", 1e-5))
        shift = beta - mean * factor
    sides = [1] * (len(args.shape("x")) - 2)
    parts = [graph.weight(f"{name}.{key}", v.astype(np.float32).reshape(1, -1, *sides))
             for key, v in (("scale", factor), ("shift", shift))]  # fmt: skip
    return graph.node("Add", [graph.node("Mul", [args.value("x"), parts[0]], f"{name}.scaled"), parts[1]], name)


def _instance_norm(graph: Graph, args: Args, name: str) -> str:
    channels = args.shape("x")[1]
    given = [np.asarray(args.constant(key, np.full(channels, usual, np.float32)), np.float32)
             for key, usual in (("gamma", 1), ("beta", 0))]  # fmt: skip
    parts = [graph.weight(f"{name}.{i}", value) for i, value in enumerate(given)]
    return graph.node("InstanceNormalization", [args.value("x"), *parts], name, epsilon=args.real("epsilon", 1e-5))


def _layer_norm(graph: Graph, args: Args, name: str) -> str:
    """(x - mean) / sqrt(variance + epsilon) over the axes, then gamma and beta of their shape."""
    rank = len(args.shape("x"))
    axes = sorted(axis % rank for axis in args.integers("axes", list(range(rank))))
    x = args.value("x")
    centred = graph.node("Sub", [x, graph.node("ReduceMean", [x], f"{name}.mean", axes=axes)], f"{name}.centred")
    square = graph.node("Mul", [centred, centred], f"{name}.square")
    variance = graph.node("ReduceMean", [square], f"{name}.variance", axes=axes)
    safe = graph.node("Add", [variance, graph.scalar(f"{name}.epsilon", args.real("epsilon", 1e-5))], f"{name}.safe")
    made = graph.node("Div", [centred, graph.node("Sqrt", [safe], f"{name}.deviation")], f"{name}.normal")
    shape = [side if axis in axes else 1 for axis, side in enumerate(args.shape("x"))]
    for key, op in (("gamma", "Mul"), ("beta", "Add")):
        if args.has(key):
            values = np.asarray(args.constant(key), np.float32).reshape(shape)
            made = graph.node(op, [made, graph.weight(f"{name}.{key}", values)], f"{name}.{op}")
    return made


def _lrn(graph: Graph, args: Args, name: str) -> str:
    """X / (k + alpha / size * sum of squares over the channels beside)^beta, as in ONNX."""
    options = {"size": args.integer("size"), "alpha": args.real("alpha", 1e-4), "beta": args.real("beta", 0.75)}
    return graph.node("LRN", [args.value("x")], name, bias=args.real("k", 1.0), **options)


# What an operation is called: what builds it.
OPERATIONS: dict[str, Build] = {
    "conv": _conv, "conv_transpose": _conv_transpose, "max_pool": _max_pool, "avg_pool": _avg_pool, "linear": _linear,
    "matmul": _matmul, "batch_norm": _batch_norm, "instance_norm": _instance_norm, "layer_norm": _layer_norm,
    "local_response_norm": _lrn,
}  # fmt: skip
