"""Many values to few, or elsewhere: `reduction`, `tensor_operation`, `tensor_transformation`, `scatter_gather`."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.coreml.arguments import Args
from inference.intake.importers.coreml.program import LARGEST_SIDE
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
Build = Callable[[Graph, Args, str], str | list[str]]



def _reduce(op: str) -> Build:
    def build(graph: Graph, args: Args, name: str) -> str:
        axes = args.integers("axes", list(range(len(args.shape("x")))) if not args.has("axes") else None)
        keep, x = args.integer("keep_dims", 0), args.value("x")
        if op == "ReduceSum":
            return graph.node(op, [x, graph.whole(f"{name}.axes", axes)], name, keepdims=keep)
        return graph.node(op, [x], name, axes=axes, keepdims=keep)

    return build


def _arg(op: str) -> Build:
    def build(graph: Graph, args: Args, name: str) -> str:
        return graph.node(
            op, [args.value("x")], name, axis=args.integer("axis", -1), keepdims=args.integer("keep_dims", 0)
        )

    return build


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
    axes = graph.whole(f"{name}.axes", [axis + 1])
    parts = [graph.node("Unsqueeze", [x, axes], f"{name}.{i}") for i, x in enumerate(values)]
    shape[axis] *= len(values)
    return graph.reshape(graph.node("Concat", parts, f"{name}.pairs", axis=axis + 1), name, tuple(shape))


def _stack(graph: Graph, args: Args, name: str) -> str:
    axes = graph.whole(f"{name}.axes", [args.integer("axis")])
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
    pads = graph.whole(f"{name}.pads", amounts[::2] + amounts[1::2])
    value = graph.scalar(f"{name}.value", args.real("constant_val", 0.0))
    given = [args.value("x"), pads, *([value] if mode == "constant" else [])]
    return graph.node("Pad", given, name, mode="edge" if mode == "replicate" else mode)


def _sliced(
    graph: Graph, x: str, name: str, starts: list[int], ends: list[int], axes: list[int], steps: list[int]
) -> str:
    given = [graph.whole(f"{name}.{i}", values) for i, values in enumerate((starts, ends, axes, steps))]
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
    return graph.node("Squeeze", [made, graph.whole(f"{name}.axes", dropped)], name) if dropped else made


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
        return graph.node(op, [args.value("x"), graph.whole(f"{name}.axes", axes)], name)

    return build


def _tile(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Tile", [args.value("x"), graph.whole(f"{name}.reps", args.integers("reps"))], name)


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
    return graph.node("Expand", [one, graph.whole(f"{name}.shape", shape)], name)


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


# What an operation is called: what builds it.
OPERATIONS: dict[str, Build] = {
    "reduce_mean": _reduce("ReduceMean"), "reduce_sum": _reduce("ReduceSum"), "reduce_max": _reduce("ReduceMax"),
    "reduce_min": _reduce("ReduceMin"), "reduce_prod": _reduce("ReduceProd"), "reduce_l1_norm": _reduce("ReduceL1"),
    "reduce_l2_norm": _reduce("ReduceL2"), "reduce_sum_square": _reduce("ReduceSumSquare"),
    "reduce_log_sum_exp": _reduce("ReduceLogSumExp"), "reduce_argmax": _arg("ArgMax"),
    "reduce_argmin": _arg("ArgMin"), "reshape": _reshape, "transpose": _transpose, "concat": _concat, "stack": _stack,
    "split": _split, "pad": _pad, "slice_by_index": _slice_by_index, "slice_by_size": _slice_by_size,
    "squeeze": _shaped("Squeeze"), "expand_dims": _shaped("Unsqueeze"), "tile": _tile, "reverse": _reverse,
    "fill": _fill, "gather": _gather, "gather_along_axis": _gather_along_axis,
    "space_to_depth": _blocks("SpaceToDepth"), "depth_to_space": _blocks("DepthToSpace", "DCR"),
    "pixel_shuffle": _blocks("DepthToSpace", "CRD"),
}  # fmt: skip
