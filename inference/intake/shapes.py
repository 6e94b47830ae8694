"""The shapes of all values in an ONNX graph: onnx infers most, what it leaves open is worked out here."""

from collections.abc import Mapping, Set
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError

Shape = tuple[int, ...]

LARGEST_SIDE = 1 << 31       # of one dimension; what is larger was written by accident or to do harm
LARGEST_TENSOR = 1 << 40     # elements
SMALL = 64                   # elements up to which a constant may be a shape, and is computed with
ROUNDS = 4                   # of inferring and computing, each of which may make the other possible
AGAIN = "Choose another model; for one of your own, export it again with fixed shapes."

# Where the picture and the weights stand among the inputs.
CONVOLUTIONS = {"Conv": (0, 1), "FusedConv": (0, 1), "ConvInteger": (0, 1), "QLinearConv": (0, 3)}
POOLS = frozenset({"MaxPool", "AveragePool", "LpPool"})
SAME = frozenset(
    {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu", "Selu", "HardSwish", "HardSigmoid", "Softmax", "LRN", "Dropout",
     "Clip", "BatchNormalization", "InstanceNormalization", "PRelu", "Identity", "Cast", "Exp", "Softplus", "Mish",
     "QuantizeLinear", "DequantizeLinear", "Gelu", "Erf"}
)  # fmt: skip
INTEGERS = (6, 7)            # int32 and int64 of onnx.TensorProto


def infer(model: Any, shape: Shape, name: str) -> dict[str, Shape]:
    """The shapes of the values in a graph and in those inside its nodes, by name, for a batch of one.

    Works on a small copy without the weights. Small whole numbers, of which exporters make paddings and targets of a
    reshape, are computed on the way: onnx alone does not follow them.

    Args:
        model: an onnx.ModelProto; it stays as it is.
        shape: of the first input, where the model leaves it open.
        name: of the file, for the messages.

    Raises:
        LabError: shapes contradict each other, or cannot be meant.
    """
    from google.protobuf.message import DecodeError, EncodeError  # type: ignore[import-untyped]
    from onnx import shape_inference

    copy = _light(model)
    weights = {tensor.name: checked(tuple(tensor.dims), name) for tensor in model.graph.initializer}
    _pin(copy.graph, weights.keys(), shape, name)
    found: dict[str, Shape] = {}
    for _ in range(ROUNDS):
        try:
            graph = shape_inference.infer_shapes(copy, data_prop=True).graph
        except (shape_inference.InferenceError, DecodeError, EncodeError, RuntimeError, ValueError, TypeError) as error:
            raise LabError(
                f"The shapes inside {name} contradict each other: {str(error)[:200]}.", AGAIN
            ) from error
        found = {**_known(graph, name), **weights}
        if not _compute(copy.graph, found):
            break
    return found


def checked(shape: Shape, name: str) -> Shape:
    """The same shape, unless it cannot be meant.

    Raises:
        LabError: a side is negative, or all together are absurdly large.
    """
    if any(not 0 <= side < LARGEST_SIDE for side in shape) or prod(shape) > LARGEST_TENSOR:
        raise LabError(f"{name} has a tensor of {' × '.join(map(str, shape))}.", AGAIN)
    return shape


def _light(model: Any) -> Any:
    """A copy whose large weights are declared as inputs instead of carried."""
    from onnx import ModelProto, helper

    copy = ModelProto(ir_version=model.ir_version)
    copy.opset_import.extend(model.opset_import)
    graph = model.graph
    copy.graph.name = graph.name or "graph"
    for field in ("node", "input", "output", "value_info"):
        getattr(copy.graph, field).extend(getattr(graph, field))
    inputs = {info.name for info in graph.input}
    for tensor in graph.initializer:
        if prod(tensor.dims) <= SMALL and tensor.data_location == 0:
            copy.graph.initializer.append(tensor)
        elif tensor.name not in inputs:
            copy.graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
            )
    return copy


def _known(graph: Any, name: str) -> dict[str, Shape]:
    """The shapes that are written into a graph and those inside it."""
    found = {}
    for info in [*graph.input, *graph.value_info, *graph.output]:
        if (shape := _declared(info)) is not None:
            found[info.name] = checked(shape, name)
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                found.update(_known(inner, name))
    return found


def _compute(graph: Any, shapes: Mapping[str, Shape]) -> bool:
    """Compute what small whole numbers lead to and put the results in as constants; whether there were any."""
    from onnx import numpy_helper

    values: dict[str, NDArray[Any]] = {}
    for tensor in graph.initializer:
        if tensor.data_type in INTEGERS and prod(tensor.dims) <= SMALL:
            try:
                values[tensor.name] = numpy_helper.to_array(tensor)
            except ValueError:   # contents that do not fit its sides: shapes that need it stay unknown
                continue
    left, fresh = [], []
    for node in graph.node:
        try:
            value = _value(node, values, shapes)
        except (ValueError, IndexError, TypeError, OverflowError):   # a faulty node: the engine will say so
            value = None
        if value is None or value.size > SMALL:
            left.append(node)
        else:
            values[node.output[0]] = value
            fresh.append(numpy_helper.from_array(value, node.output[0]))
    kept = [type(node).FromString(node.SerializeToString()) for node in left]
    del graph.node[:]
    graph.node.extend(kept)
    graph.initializer.extend(fresh)
    return bool(fresh)


def _value(node: Any, values: Mapping[str, NDArray[Any]], shapes: Mapping[str, Shape]) -> NDArray[Any] | None:
    """What a node makes of small whole numbers, or None where it is another kind of node."""
    from onnx import numpy_helper

    op = node.op_type
    if op == "Constant":
        tensor = next((a.t for a in node.attribute if a.name == "value"), None)
        small = tensor is not None and tensor.data_type in INTEGERS and prod(tensor.dims) <= SMALL
        return numpy_helper.to_array(tensor) if small else None
    if op == "Shape" and not node.attribute:
        return np.array(shapes[node.input[0]], np.int64) if node.input[0] in shapes else None
    given = [values.get(name) for name in node.input]
    if not given or any(value is None for value in given):
        return None
    first, rest = given[0], given[1:]
    assert first is not None
    if op == "ConstantOfShape":
        value = next((numpy_helper.to_array(a.t) for a in node.attribute if a.name == "value"), None)
        if value is None or value.dtype.kind not in "iu" or first.min(initial=0) < 0 or prod(map(int, first)) > SMALL:
            return None
        return np.full(tuple(map(int, first)), value.reshape(-1)[0])
    if op == "Concat":
        return np.concatenate(given, axis=attribute_of(node, "axis", 0))   # type: ignore[arg-type]
    if op == "Gather":
        return np.asarray(np.take(first, rest[0], axis=attribute_of(node, "axis", 0)))   # type: ignore[arg-type]
    if op == "Reshape":
        return first.reshape(tuple(map(int, rest[0])))   # type: ignore[arg-type]
    if op == "Transpose":
        return first.transpose(attribute_of(node, "perm", None))
    if op == "Cast" and attribute_of(node, "to", 0) in INTEGERS:
        return first.astype(np.int64 if attribute_of(node, "to", 0) == 7 else np.int32)
    if op == "Unsqueeze":
        axes = rest[0] if rest else attribute_of(node, "axes", ())
        return np.expand_dims(first, tuple(map(int, axes)))   # type: ignore[arg-type]
    if op == "Slice" and len(given) > 2:
        return _sliced(first, *rest)   # type: ignore[arg-type]
    return None


def _sliced(
    value: NDArray[Any], starts: NDArray[Any], ends: NDArray[Any], axes: NDArray[Any] | None = None,
    steps: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """ONNX's Slice; an end before the first element, going backwards, is none."""
    window = [slice(None)] * value.ndim
    for i in range(len(starts)):
        axis, step = int(axes[i]) if axes is not None else i, int(steps[i]) if steps is not None else 1
        end: int | None = int(ends[i])
        if step < 0 and end is not None and end < -value.shape[axis]:
            end = None
        window[axis] = slice(int(starts[i]), end, step)
    return value[tuple(window)]


def _pin(graph: Any, constants: Set[str], shape: Shape, name: str) -> None:
    """Write 1 for an open batch, and `shape` for what else the first input leaves open."""
    first = True
    for info in graph.input:
        if info.name in constants:
            continue
        dims = info.type.tensor_type.shape.dim
        if first and shape and len(dims) not in (0, len(shape)):
            raise LabError(f"{name} wants an input of {len(dims)} dimensions, not {len(shape)}.", AGAIN)
        if first and shape and not dims:
            for _ in shape:
                dims.add()
        for i, dim in enumerate(dims):
            if not (dim.HasField("dim_value") and dim.dim_value > 0):
                if i == 0:
                    dim.dim_value = 1
                elif first and shape:
                    dim.dim_value = shape[i]
        if dims and len(dims) == 4:
            dims[0].dim_value = 1
        first = False


def _declared(info: Any) -> Shape | None:
    """A shape with all its sides known, or None."""
    kind = info.type.tensor_type
    if not info.type.HasField("tensor_type") or not kind.HasField("shape"):
        return None
    dims = kind.shape.dim
    return tuple(d.dim_value for d in dims) if all(d.HasField("dim_value") for d in dims) else None


def attribute_of(node: Any, name: str, default: Any) -> Any:
    """The value of a node's attribute, `default` where it has none."""
    from onnx import helper

    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def guess(node: Any, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape of an output where onnx infers nothing: behind operators of other domains, mostly."""
    given = shapes.get(node.input[0]) if node.input else None
    if given is None:
        return None
    op = node.op_type
    if op in SAME:
        return given
    if op in ("GlobalAveragePool", "GlobalMaxPool"):
        return (*given[:2], *(1 for _ in given[2:]))
    if op in CONVOLUTIONS or op in POOLS:
        return _slid(node, given, shapes)
    if op in ("Add", "Sub", "Mul", "Div"):
        other = shapes.get(node.input[1]) if len(node.input) > 1 else None
        return None if other is None else _together(given, other)
    if op == "Flatten":
        axis = attribute_of(node, "axis", 1)
        return (prod(given[:axis]), prod(given[axis:]))
    return None


def _slid(node: Any, given: Shape, shapes: Mapping[str, Shape]) -> Shape | None:
    """The output of a window that slides over (n, c, sides): a convolution or a pool."""
    channels, sides = given[1] if len(given) > 2 else 0, len(given) - 2
    window = tuple(attribute_of(node, "kernel_shape", ()))
    if node.op_type in CONVOLUTIONS:
        place = CONVOLUTIONS[node.op_type][1]
        weights = shapes.get(node.input[place], ()) if len(node.input) > place else ()
        if len(weights) != len(given):
            return None
        channels, window = weights[0], weights[2:]
    if sides < 1 or len(window) != sides:
        return None
    steps = tuple(attribute_of(node, "strides", ())) or (1,) * sides
    apart = tuple(attribute_of(node, "dilations", ())) or (1,) * sides
    pads = tuple(attribute_of(node, "pads", ())) or (0,) * (2 * sides)
    if len(steps) != sides or len(apart) != sides or len(pads) != 2 * sides or min(steps) < 1:
        return None
    out = []
    for i, side in enumerate(given[2:]):
        if attribute_of(node, "auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
            out.append(-(-side // steps[i]))
            continue
        room = side + pads[i] + pads[i + sides] - apart[i] * (window[i] - 1) - 1
        out.append((-(-room // steps[i]) if attribute_of(node, "ceil_mode", 0) else room // steps[i]) + 1)
    return (given[0], channels, *out)


def _together(a: Shape, b: Shape) -> Shape | None:
    """Two shapes broadcast."""
    rank = max(len(a), len(b))
    pairs = list(zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True))
    return tuple(max(p) if 0 not in p else 0 for p in pairs) if all(x == y or 1 in (x, y) for x, y in pairs) else None
