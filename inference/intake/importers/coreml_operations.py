"""The operations of a Core ML program as ONNX nodes. What is not known is refused, and so is every parameter.

Names, parameters, defaults and meanings are those of `coremltools.converters.mil.mil.ops.defs` of coremltools 9.0;
where an operation has a twin of another meaning in ONNX, the words of the definition stand beside it.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.coreml_arguments import Args, Values
from inference.intake.importers.coreml_file import Image
from inference.intake.importers.coreml_program import LARGEST_SIDE, Program
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
Build = Callable[[Graph, Args, str], str | list[str]]

EXACT_INVERSE, EXACT_LOG = 1e-4, 1e-45   # usual epsilons of `inverse` and `log`


def build_program(
    graph: Graph, program: Program, image: Image
) -> tuple[list[str], tuple[str, ...], dict[str, str]]:
    """All operations into `graph`; the names of the outputs, the labels, and what every value is called in the graph.

    Raises:
        ImportFailed: an operation or a parameter is not known here; all unknown operations are named.
    """
    known = OPERATIONS.keys() | COMPRESSED.keys() | {"const", "classify"}
    if unknown := sorted({op.kind for op in program.operations} - known):
        raise ImportFailed(
            f"{program.file} has operations that are not known here: {', '.join(unknown)}.",
            "Convert the model to ONNX with the program that made it.",
        )
    build = Values(graph, program.file, image)
    ends = list(program.outputs)
    labels: tuple[str, ...] = ()
    for op in program.operations:
        if not op.outputs or any(out in build.names or out in build.constants for out in op.outputs):
            raise ImportFailed(f"{program.file} makes {op.outputs} twice.", "Fetch the file again.")
        args = Args(op, build)
        build.shapes.update(zip(op.outputs, op.shapes, strict=False))
        if op.kind == "const":
            build.constants[op.outputs[0]] = op.constants.get("val")
        elif op.kind in COMPRESSED:
            build.constants[op.outputs[0]] = COMPRESSED[op.kind](args, op.constants)
            args.done()
        elif op.kind == "classify":
            labels = tuple(str(label) for label in args.constant("classes"))
            ends = [args.value("probabilities")]
            build.names.update(dict.fromkeys(op.outputs, ends[0]))
        else:
            made = OPERATIONS[op.kind](graph, args, f"op/{op.outputs[0]}")
            results = made if isinstance(made, list) else [made]
            if len(results) != len(op.outputs):
                raise args.fail(f"it has {len(op.outputs)} results, not {len(results)}")
            build.names.update(zip(op.outputs, results, strict=True))
            args.done()
    if any(op.kind == "classify" for op in program.operations):
        return ends, labels, build.names
    if not ends or any(out not in build.names for out in ends):
        raise ImportFailed(f"{program.file} has no output that its operations make.", "Fetch the file again.")
    return [build.names[out] for out in ends], labels, build.names


# ---- parameters that several have ----


def _number(graph: Graph, name: str, value: float) -> str:
    return graph.weight(name, np.array(value, np.float32))


def _whole(graph: Graph, name: str, values: Any) -> str:
    return graph.weight(name, np.array(values, np.int64))


def _spatial(args: Args) -> dict[str, Any]:
    """Strides and padding of two sides as ONNX wants them."""
    strides = args.integers("strides", [1, 1])
    pads, kind = args.integers("pad", [0, 0, 0, 0]), args.text("pad_type", "valid")
    if len(strides) != 2 or len(pads) != 4:
        raise args.fail("it is not one of height and width")
    if kind in ("same", "same_lower"):
        return {"strides": strides, "auto_pad": "SAME_UPPER" if kind == "same" else "SAME_LOWER"}
    if kind == "valid":
        pads = [0, 0, 0, 0]
    elif kind != "custom":
        raise args.fail(f"padding {kind} is not known here")
    return {"strides": strides, "pads": [pads[0], pads[2], pads[1], pads[3]]}


# ---- layers ----


def _conv(graph: Graph, args: Args, name: str) -> str:
    given = [args.value("x"), args.value("weight")]
    if args.has("bias"):
        given.append(args.value("bias"))
    options = {"dilations": args.integers("dilations", [1, 1]), "group": args.integer("groups", 1), **_spatial(args)}
    return graph.node("Conv", given, name, **options)


def _conv_transpose(graph: Graph, args: Args, name: str) -> str:
    """Weights (in, out / groups, h, w); `output_shape` says how long the far side is left."""
    weights = np.asarray(args.constant("weight"))
    strides, dilations = args.integers("strides", [1, 1]), args.integers("dilations", [1, 1])
    space = _spatial(args)
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
    return graph.node("MaxPool", [args.value("x")], name, **options, **_spatial(args))


def _avg_pool(graph: Graph, args: Args, name: str) -> str:
    options = {
        "kernel_shape": args.integers("kernel_sizes"), "ceil_mode": args.integer("ceil_mode", 0),
        "count_include_pad": 1 - args.integer("exclude_padding_from_average", 0), **_spatial(args),
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
    safe = graph.node("Add", [variance, _number(graph, f"{name}.epsilon", args.real("epsilon", 1e-5))], f"{name}.safe")
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


# ---- one value after the other ----


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
            x = graph.node("Add", [x, _number(graph, f"{name}.epsilon", added)], f"{name}.safe")
        return graph.node("Pow", [x, _number(graph, f"{name}.exponent", exponent)], name)

    return build


def _log(graph: Graph, args: Args, name: str) -> str:
    added = _number(graph, f"{name}.epsilon", args.real("epsilon", EXACT_LOG))
    return graph.node("Log", [graph.node("Add", [args.value("x"), added], f"{name}.safe")], name)


def _exp2(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Pow", [_number(graph, f"{name}.two", 2.0), args.value("x")], name)


def _linear_activation(graph: Graph, args: Args, name: str) -> str:
    alpha = _number(graph, f"{name}.alpha", args.real("alpha", 1.0))
    beta = _number(graph, f"{name}.beta", args.real("beta", 0.0))
    return graph.node("Add", [graph.node("Mul", [args.value("x"), alpha], f"{name}.scaled"), beta], name)


def _scaled_tanh(graph: Graph, args: Args, name: str) -> str:
    alpha, beta = (_number(graph, f"{name}.{key}", args.real(key, 1.0)) for key in ("alpha", "beta"))
    inner = graph.node("Tanh", [graph.node("Mul", [args.value("x"), beta], f"{name}.inner")], f"{name}.tanh")
    return graph.node("Mul", [inner, alpha], name)


def _prelu(graph: Graph, args: Args, name: str) -> str:
    """One alpha a channel."""
    alpha = np.asarray(args.constant("alpha"), np.float32)
    shaped = alpha.reshape(-1, *[1] * (len(args.shape("x")) - 2))
    return graph.node("PRelu", [args.value("x"), graph.weight(f"{name}.alpha", shaped)], name)


def _clip(graph: Graph, args: Args, name: str) -> str:
    ends = [_number(graph, f"{name}.{key}", args.real(key)) for key in ("alpha", "beta")]
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
        return graph.node("Mul", [value, _number(graph, f"{name}.{what}.factor", factor)], f"{name}.{what}")

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
    one = graph.node("Add", [inner, _number(graph, f"{name}.one", 1.0)], f"{name}.plus")
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


# ---- many values to few ----


def _reduce(op: str) -> Build:
    def build(graph: Graph, args: Args, name: str) -> str:
        axes = args.integers("axes", list(range(len(args.shape("x")))) if not args.has("axes") else None)
        keep, x = args.integer("keep_dims", 0), args.value("x")
        if op == "ReduceSum":
            return graph.node(op, [x, _whole(graph, f"{name}.axes", axes)], name, keepdims=keep)
        return graph.node(op, [x], name, axes=axes, keepdims=keep)

    return build


def _arg(op: str) -> Build:
    def build(graph: Graph, args: Args, name: str) -> str:
        return graph.node(
            op, [args.value("x")], name, axis=args.integer("axis", -1), keepdims=args.integer("keep_dims", 0)
        )

    return build


# ---- the same values in another place ----


def _reshape(graph: Graph, args: Args, name: str) -> str:
    return graph.reshape(args.value("x"), name, tuple(args.integers("shape")))


def _transpose(graph: Graph, args: Args, name: str) -> str:
    perm = args.integers("perm")
    return graph.node("Transpose", [args.value("x")], name, perm=[axis % len(perm) for axis in perm])


def _concat(graph: Graph, args: Args, name: str) -> str:
    """One behind the other; interleaved: the first of each, then the second of each, and so on."""
    axis, values = args.integer("axis"), args.values("values")
    if not args.integer("interleave", 0):
        return graph.node("Concat", values, name, axis=axis)
    shape = list(args.shape("values"))
    axis %= len(shape)
    axes = _whole(graph, f"{name}.axes", [axis + 1])
    parts = [graph.node("Unsqueeze", [x, axes], f"{name}.{i}") for i, x in enumerate(values)]
    shape[axis] *= len(values)
    return graph.reshape(graph.node("Concat", parts, f"{name}.pairs", axis=axis + 1), name, tuple(shape))


def _stack(graph: Graph, args: Args, name: str) -> str:
    axes = _whole(graph, f"{name}.axes", [args.integer("axis")])
    parts = [graph.node("Unsqueeze", [x, axes], f"{name}.{i}") for i, x in enumerate(args.values("values"))]
    return graph.node("Concat", parts, name, axis=args.integer("axis"))


def _split(graph: Graph, args: Args, name: str) -> list[str]:
    """`num_splits` equal parts, or the sizes given, as slices: an ONNX Split has several outputs."""
    axis, shape = args.integer("axis"), args.shape("x")
    if args.has("split_sizes"):
        sizes = args.integers("split_sizes")
        args.integers("num_splits", [0])
    else:
        count = args.integer("num_splits")
        if count < 1 or shape[axis] % count:
            raise args.fail(f"{shape[axis]} cannot be split into {count} equal parts")
        sizes = [shape[axis] // count] * count
    if sum(sizes) != shape[axis]:
        raise args.fail("its parts are not the whole")
    x, parts, at = args.value("x"), [], 0
    for i, size in enumerate(sizes):
        parts.append(_sliced(graph, x, f"{name}.{i}", [at], [at + size], [axis], [1]))
        at += size
    return parts


def _pad(graph: Graph, args: Args, name: str) -> str:
    """Amounts before and after of the last sides."""
    amounts, mode = args.integers("pad"), args.text("mode", "constant")
    rank = len(args.shape("x"))
    if mode not in ("constant", "reflect", "replicate") or len(amounts) % 2 or len(amounts) > 2 * rank:
        raise args.fail("such a padding is not known here")
    amounts = [0] * (2 * rank - len(amounts)) + amounts
    pads = _whole(graph, f"{name}.pads", amounts[::2] + amounts[1::2])
    value = _number(graph, f"{name}.value", args.real("constant_val", 0.0))
    given = [args.value("x"), pads, *([value] if mode == "constant" else [])]
    return graph.node("Pad", given, name, mode="edge" if mode == "replicate" else mode)


def _sliced(
    graph: Graph, x: str, name: str, starts: list[int], ends: list[int], axes: list[int], steps: list[int]
) -> str:
    given = [_whole(graph, f"{name}.{i}", values) for i, values in enumerate((starts, ends, axes, steps))]
    return graph.node("Slice", [x, *given], name)


def _slice_by_index(graph: Graph, args: Args, name: str) -> str:
    """x[begin:end:stride] of every side; masks leave an end open, or take the one place `begin` and drop the side."""
    begin, end = args.integers("begin"), args.integers("end")
    count = len(begin)
    step = args.integers("stride", [1] * count)
    open_begin, open_end, single = (args.integers(f"{key}_mask", [0] * count) for key in ("begin", "end", "squeeze"))
    if len({len(part) for part in (begin, end, step, open_begin, open_end, single)}) != 1:
        raise args.fail("its parts do not fit together")
    if 0 in step:
        raise args.fail("a step of nothing is not known here")
    starts, ends, steps = [], [], []
    for i in range(count):
        if single[i]:
            at = begin[i]
            starts.append(at)
            ends.append(at + 1 if at != -1 else LARGEST_SIDE)
            steps.append(1)
            continue
        first, last = (0, LARGEST_SIDE) if step[i] > 0 else (LARGEST_SIDE, -LARGEST_SIDE)
        starts.append(first if open_begin[i] else begin[i])
        ends.append(last if open_end[i] else end[i])
        steps.append(step[i])
    dropped = [i for i in range(count) if single[i]]
    inner = f"{name}.whole" if dropped else name
    made = _sliced(graph, args.value("x"), inner, starts, ends, list(range(count)), steps)
    return graph.node("Squeeze", [made, _whole(graph, f"{name}.axes", dropped)], name) if dropped else made


def _slice_by_size(graph: Graph, args: Args, name: str) -> str:
    """`size` values from `begin` of every side; -1: all that are left."""
    begin, size = args.integers("begin"), args.integers("size")
    if len(begin) != len(size) or min(begin, default=0) < 0:
        raise args.fail("its parts do not fit together")
    ends = [LARGEST_SIDE if length == -1 else at + length for at, length in zip(begin, size, strict=True)]
    return _sliced(graph, args.value("x"), name, begin, ends, list(range(len(begin))), [1] * len(begin))


def _shaped(op: str) -> Build:
    def build(graph: Graph, args: Args, name: str) -> str:
        single = [i for i, side in enumerate(args.shape("x")) if side == 1] if op == "Squeeze" else None
        axes = args.integers("axes", single)
        return graph.node(op, [args.value("x"), _whole(graph, f"{name}.axes", axes)], name)

    return build


def _tile(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Tile", [args.value("x"), _whole(graph, f"{name}.reps", args.integers("reps"))], name)


def _reverse(graph: Graph, args: Args, name: str) -> str:
    axes = args.integers("axes", list(range(len(args.shape("x")))))
    count = len(axes)
    return _sliced(
        graph, args.value("x"), name, [LARGEST_SIDE] * count, [-LARGEST_SIDE] * count, axes, [-1] * count
    )


def _fill(graph: Graph, args: Args, name: str) -> str:
    shape = args.integers("shape")
    value = np.asarray(args.constant("value", np.float32(0)))
    if any(side < 1 for side in shape) or prod(shape) > LARGEST_SIDE:
        raise args.fail("its shape is impossible")
    kind = np.float32 if value.dtype.kind == "f" else np.int64
    one = graph.weight(f"{name}.value", value.astype(kind).reshape(()))
    return graph.node("Expand", [one, _whole(graph, f"{name}.shape", shape)], name)


def _gather(graph: Graph, args: Args, name: str) -> str:
    args.integer("validate_indices", 0)   # whether Core ML looks, not what it does
    if args.integer("batch_dims", 0):
        raise args.fail("gathering by batch is not known here")
    return graph.node("Gather", [args.value("x"), args.value("indices")], name, axis=args.integer("axis", 0))


def _gather_along_axis(graph: Graph, args: Args, name: str) -> str:
    args.integer("validate_indices", 0)
    return graph.node("GatherElements", [args.value("x"), args.value("indices")], name, axis=args.integer("axis", 0))


def _blocks(op: str, mode: str = "") -> Build:
    """Depth and space: places within a block run before channels, as in ONNX's DCR; pixel_shuffle after, as in CRD."""

    def build(graph: Graph, args: Args, name: str) -> str:
        size = args.integer("upscale_factor" if mode == "CRD" else "block_size")
        more = {"mode": mode} if mode else {}
        return graph.node(op, [args.value("x")], name, blocksize=size, **more)

    return build


# ---- pictures made larger or smaller ----


def _resize(
    graph: Graph, args: Args, name: str, sides: tuple[int, int], mode: str, grid: str, **more: str
) -> str:
    shape = args.shape("x")
    if len(shape) != 4:
        raise args.fail("it is not one of height and width")
    sizes = _whole(graph, f"{name}.sizes", [*shape[:2], *sides])
    given = [args.value("x"), "", "", sizes]
    return graph.node("Resize", given, name, mode=mode, coordinate_transformation_mode=grid, **more)


def _scaled_sides(args: Args) -> tuple[int, int]:
    """The sides after scaling; rounded down."""
    height, width = args.shape("x")[-2:]
    sides = (height * args.real("scale_factor_height", 1.0), width * args.real("scale_factor_width", 1.0))
    return int(sides[0] + 1e-6), int(sides[1] + 1e-6)


def _upsample_nearest(graph: Graph, args: Args, name: str) -> str:
    factors = [args.real(f"scale_factor_{side}", 1.0) for side in ("height", "width")]
    if any(factor != int(factor) for factor in factors):   # where a copy comes from is not stated then
        raise args.fail(f"scaling by {factors[0]:g} and {factors[1]:g} is not known here")
    return _resize(graph, args, name, _scaled_sides(args), "nearest", "asymmetric", nearest_mode="floor")


def _resize_nearest(graph: Graph, args: Args, name: str) -> str:
    sides = (args.integer("target_size_height"), args.integer("target_size_width"))
    if any(target % side for target, side in zip(sides, args.shape("x")[-2:], strict=True)):
        raise args.fail("scaling by other than whole numbers is not known here")
    return _resize(graph, args, name, sides, "nearest", "asymmetric", nearest_mode="floor")


def _upsample_bilinear(graph: Graph, args: Args, name: str) -> str:
    """align_corners: the corners' centres stay; else half_pixel_centers (usual: the opposite), else from the edge."""
    corners = args.integer("align_corners", 1)
    half = args.integer("half_pixel_centers", 1 - corners)
    grid = "align_corners" if corners else "half_pixel" if half else "asymmetric"
    return _resize(graph, args, name, _scaled_sides(args), "linear", grid)


def _resize_bilinear(graph: Graph, args: Args, name: str) -> str:
    modes = {"STRICT_ALIGN_CORNERS": "align_corners", "ALIGN_CORNERS": "align_corners", "UNALIGN_CORNERS": "half_pixel"}
    mode = args.text("sampling_mode", "DEFAULT")
    sides = (args.integer("target_size_height", 1), args.integer("target_size_width", 1))
    if mode not in modes or (mode != "UNALIGN_CORNERS" and 1 in sides):
        raise args.fail(f"its sampling mode {mode} is not known here")
    return _resize(graph, args, name, sides, "linear", modes[mode])


# ---- weights that are unpacked on the device: (parameters of iOS 18, attributes of iOS 16) → the weights ----


def _given(args: Args, old: dict[str, Any], key: str, usual: Any = None) -> Array:
    value = old[key] if key in old else args.constant(key, usual)
    if not isinstance(value, np.ndarray | np.generic):
        raise args.fail(f"its {key} is no list of numbers")
    return np.asarray(value)


def _affine_dequantize(args: Args, old: dict[str, Any]) -> Array:
    """Scale * (quantized - zero_point), along one axis."""
    data, scale, zero = (_given(args, old, key) for key in ("quantized_data", "scale", "zero_point"))
    axis = int(_given(args, old, "axis").reshape(-1)[0])
    if not -data.ndim <= axis < data.ndim or any(v.size not in (1, data.shape[axis]) for v in (scale, zero)):
        raise args.fail("its scales do not fit its weights")
    shape = [1] * data.ndim
    shape[axis] = -1
    parts = [v.astype(np.float32).reshape(shape if v.size > 1 else [1] * data.ndim) for v in (scale, zero)]
    return np.asarray(parts[0] * (data.astype(np.float32) - parts[1]), np.float32)


def _shift_scale(args: Args, old: dict[str, Any]) -> Array:
    """Scale * (data - offset), block by block: block_size[i] = data.shape[i] / scale.shape[i]."""
    data, scale = _given(args, old, "data"), _given(args, old, "scale")
    offset = _given(args, old, "offset", np.zeros(scale.shape, np.float32))
    parts = [_repeated(args, v.astype(np.float32), data.shape) for v in (scale, offset)]
    return np.asarray(parts[0] * (data.astype(np.float32) - parts[1]), np.float32)


def _lut_to_dense(args: Args, old: dict[str, Any]) -> Array:
    """Places in a table. iOS 16: packed bits, the first in the lowest; iOS 18: one table a block of the weights."""
    if "shape" in old:
        table = _given(args, old, "lut").reshape(-1)
        raw = _given(args, old, "indices").astype(np.uint8).reshape(-1)
        shape = [int(side) for side in _given(args, old, "shape").reshape(-1)]
        bits, size = max(1, int(table.size - 1).bit_length()), prod(shape)
        if table.size != 1 << bits or raw.size * 8 < size * bits:
            raise args.fail("its table does not fit its weights")
        each = np.unpackbits(raw, bitorder="little")[: size * bits].reshape(size, bits)
        return np.asarray(table[each @ (1 << np.arange(bits))], np.float32).reshape(shape)
    places, table = _given(args, old, "indices").astype(np.int64), _given(args, old, "lut")
    args.integers("vector_axis", [0])
    count, width = ([*table.shape, 0, 0])[table.ndim - 2 : table.ndim]
    if table.ndim != places.ndim + 2 or width != 1 or places.max(initial=0) >= count:
        raise args.fail("tables of this form are not known here")
    blocks = table.shape[: places.ndim]
    which = np.arange(prod(blocks)).reshape(blocks)
    rows = _repeated(args, which, places.shape)
    return np.asarray(table.reshape(-1, count)[rows, places], np.float32)


def _sparse_to_dense(args: Args, old: dict[str, Any]) -> Array:
    """Values where a bit is set, the first in the lowest; nothing elsewhere."""
    if "shape" not in old:
        raise args.fail("weights of this form are not known here")
    shape = [int(side) for side in _given(args, old, "shape").reshape(-1)]
    values, raw = _given(args, old, "nonzero_data").reshape(-1), _given(args, old, "mask").astype(np.uint8).reshape(-1)
    size = prod(shape)
    mask = np.unpackbits(raw, bitorder="little")[:size].astype(bool)
    if mask.size != size or int(mask.sum()) != values.size:
        raise args.fail("its mask does not fit its weights")
    found = np.zeros(size, np.float32)
    found[mask] = values
    return found.reshape(shape)


def _constant_cast(args: Args, old: dict[str, Any]) -> Array:
    """Weights in half precision, used in single."""
    if str(old.get("output_dtype", "fp32")) not in ("fp16", "fp32"):
        raise args.fail("such a cast is not known here")
    return _given(args, old, "source_val").astype(np.float32)


def _repeated(args: Args, values: Array, shape: tuple[int, ...]) -> Array:
    """Every value for its whole block of `shape`."""
    if values.ndim != len(shape) or any(side % own for side, own in zip(shape, values.shape, strict=True)):
        raise args.fail("its blocks do not fit its weights")
    for axis, side in enumerate(shape):
        values = np.repeat(values, side // values.shape[axis], axis)
    return values


COMPRESSED: dict[str, Callable[[Args, dict[str, Any]], Array]] = {
    "constexpr_affine_dequantize": _affine_dequantize, "constexpr_blockwise_shift_scale": _shift_scale,
    "constexpr_lut_to_dense": _lut_to_dense, "constexpr_sparse_to_dense": _sparse_to_dense,
    "constexpr_cast": _constant_cast,
}  # fmt: skip

OPERATIONS: dict[str, Build] = {
    # layers
    "conv": _conv, "conv_transpose": _conv_transpose, "max_pool": _max_pool, "avg_pool": _avg_pool, "linear": _linear,
    "matmul": _matmul, "batch_norm": _batch_norm, "instance_norm": _instance_norm, "layer_norm": _layer_norm,
    "local_response_norm": _lrn,
    # one value after the other
    "identity": _one("Identity"), "relu": _one("Relu"), "relu6": _relu6, "leaky_relu": _with_alpha("LeakyRelu", 0.01),
    "elu": _with_alpha("Elu", 1.0), "thresholded_relu": _with_alpha("ThresholdedRelu", 1.0), "prelu": _prelu,
    "sigmoid": _one("Sigmoid"), "sigmoid_hard": _with_alpha("HardSigmoid", 0.2, beta=0.5), "silu": _silu, "gelu": _gelu,
    "tanh": _one("Tanh"), "scaled_tanh": _scaled_tanh, "softplus": _one("Softplus"), "softsign": _one("Softsign"),
    "linear_activation": _linear_activation, "clip": _clip, "softmax": _softmax, "erf": _one("Erf"), "abs": _one("Abs"),
    "exp": _one("Exp"), "exp2": _exp2, "log": _log, "sqrt": _one("Sqrt"), "sign": _one("Sign"), "floor": _one("Floor"),
    "ceil": _one("Ceil"), "round": _one("Round"), "sin": _one("Sin"), "cos": _one("Cos"), "tan": _one("Tan"),
    "square": _power(2.0, epsilon=None), "rsqrt": _power(-0.5, epsilon=1e-12),
    "inverse": _power(-1.0, epsilon=EXACT_INVERSE), "cast": _cast,
    # two and more
    "add": _two("Add"), "sub": _two("Sub"), "mul": _two("Mul"), "real_div": _two("Div"), "maximum": _two("Max"),
    "minimum": _two("Min"), "pow": _two("Pow"), "greater": _two("Greater"), "less": _two("Less"),
    "greater_equal": _two("GreaterOrEqual"), "less_equal": _two("LessOrEqual"), "equal": _two("Equal"),
    "not_equal": _different, "logical_and": _two("And"), "logical_or": _two("Or"), "logical_xor": _two("Xor"),
    "logical_not": _not, "select": _select,
    # many values to few
    "reduce_mean": _reduce("ReduceMean"), "reduce_sum": _reduce("ReduceSum"), "reduce_max": _reduce("ReduceMax"),
    "reduce_min": _reduce("ReduceMin"), "reduce_prod": _reduce("ReduceProd"), "reduce_l1_norm": _reduce("ReduceL1"),
    "reduce_l2_norm": _reduce("ReduceL2"), "reduce_sum_square": _reduce("ReduceSumSquare"),
    "reduce_log_sum_exp": _reduce("ReduceLogSumExp"), "reduce_argmax": _arg("ArgMax"), "reduce_argmin": _arg("ArgMin"),
    # the same values in another place
    "reshape": _reshape, "transpose": _transpose, "concat": _concat, "stack": _stack, "split": _split, "pad": _pad,
    "slice_by_index": _slice_by_index, "slice_by_size": _slice_by_size, "squeeze": _shaped("Squeeze"),
    "expand_dims": _shaped("Unsqueeze"), "tile": _tile, "reverse": _reverse, "fill": _fill, "gather": _gather,
    "gather_along_axis": _gather_along_axis, "space_to_depth": _blocks("SpaceToDepth"),
    "depth_to_space": _blocks("DepthToSpace", "DCR"), "pixel_shuffle": _blocks("DepthToSpace", "CRD"),
    # pictures made larger or smaller
    "upsample_nearest_neighbor": _upsample_nearest, "resize_nearest_neighbor": _resize_nearest,
    "upsample_bilinear": _upsample_bilinear, "resize_bilinear": _resize_bilinear,
}  # fmt: skip
