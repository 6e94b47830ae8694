"""The layers of Caffe as ONNX nodes: each returns the value that it makes, with its shape (batch first)."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.caffe import windows
from inference.intake.importers.caffe.prototext import Message, sides
from inference.intake.importers.graph import Shape

if TYPE_CHECKING:
    from inference.intake.importers.caffe.build import Builder


def _inner_product(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), param = xs[0], layer.message("inner_product_param")
    if param.integer("axis", 1) != 1:
        raise layer.fail("an inner product along another axis than 1 is not known here")
    values, outputs = int(np.prod(shape[1:], dtype=object)), param.integer("num_output", 0, least=1)
    turned = param.flag("transpose", False)
    weights = builder.blob(layer, 0, (values, outputs) if turned else (outputs, values))
    bias = builder.blob(layer, 1, (outputs,)) if param.flag("bias_term", True) else np.zeros(outputs, np.float32)
    flat = builder.graph.reshape(x, f"{name}.flat", (1, values)) if len(shape) != 2 else x
    given = [flat, builder.graph.weight(f"{name}.weight", weights), builder.graph.weight(f"{name}.bias", bias)]
    return builder.graph.node("Gemm", given, name, transB=0 if turned else 1), (1, outputs)


def _relu(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    slope = layer.message("relu_param").number("negative_slope", 0)
    if slope:
        return builder.graph.node("LeakyRelu", [xs[0][0]], name, alpha=slope), xs[0][1]
    return builder.graph.node("Relu", [xs[0][0]], name), xs[0][1]


def _prelu(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape) = xs[0]
    channels = 1 if layer.message("prelu_param").flag("channel_shared", False) else shape[1]
    slope = builder.blob(layer, 0, (channels,)).reshape(-1, *[1] * (len(shape) - 2))
    return builder.graph.node("PRelu", [x, builder.graph.weight(f"{name}.slope", slope)], name), shape


def _elu(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    alpha = layer.message("elu_param").number("alpha", 1)
    return builder.graph.node("Elu", [xs[0][0]], name, alpha=alpha), xs[0][1]


def _power(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), param = xs[0], layer.message("power_param")
    for key, usual, op in (("scale", 1.0, "Mul"), ("shift", 0.0, "Add"), ("power", 1.0, "Pow")):
        value = param.number(key, usual)
        if value != usual:
            weight = builder.graph.weight(f"{name}.{key}", np.array(value, np.float32))
            x = builder.graph.node(op, [x, weight], f"{name}.{op}")
    return builder.graph.node("Identity", [x], name), shape


def _batch_norm(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), param = xs[0], layer.message("batch_norm_param")
    if not param.flag("use_global_stats", True):
        raise layer.fail("a normalisation by the picture itself is not known here")
    channels = shape[1]
    factor = float(builder.blob(layer, 2, (1,))[0])
    factor = 1 / factor if factor else 0.0   # as Caffe has it
    with np.errstate(all="ignore"):          # what is no number is found by Graph.weight
        mean = builder.blob(layer, 0, (channels,)).astype(np.float64) * factor
        variance = builder.blob(layer, 1, (channels,)).astype(np.float64) * factor
        scale = 1 / np.sqrt(variance + param.number("eps", 1e-5))
        return _affine(builder, x, name, shape, scale, -mean * scale), shape


def _scale(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), param = xs[0], layer.message("scale_param")
    if len(xs) != 1 or param.integer("axis", 1) != 1 or param.integer("num_axes", 1) != 1:
        raise layer.fail("a scale by another blob or along other axes is not known here")
    shift = builder.blob(layer, 1, (shape[1],)) if param.flag("bias_term", False) else np.zeros(shape[1])
    return _affine(builder, x, name, shape, builder.blob(layer, 0, (shape[1],)), shift), shape


def _bias(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape) = xs[0]
    return _affine(builder, x, name, shape, np.ones(shape[1]), builder.blob(layer, 0, (shape[1],))), shape


def _affine(builder: "Builder", x: str, name: str, shape: Shape, scale: NDArray[Any], shift: NDArray[Any]) -> str:
    """Every channel times its scale plus its shift; ONNX Runtime folds it into a convolution before it."""
    sides = (-1, *[1] * (len(shape) - 2))
    factor = builder.graph.weight(f"{name}.scale", scale.astype(np.float32).reshape(sides))
    offset = builder.graph.weight(f"{name}.shift", shift.astype(np.float32).reshape(sides))
    return builder.graph.node("Add", [builder.graph.node("Mul", [x, factor], f"{name}.scaled"), offset], name)


def _lrn(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), param = xs[0], layer.message("lrn_param")
    if param.word("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
        raise layer.fail("LRN within a channel is not known here")
    size = param.integer("local_size", 5, least=1)
    if size % 2 == 0:
        raise layer.fail("its local_size is even")
    options = {key: param.number(word, usual) for key, word, usual in
               (("alpha", "alpha", 1.0), ("beta", "beta", 0.75), ("bias", "k", 1.0))}  # fmt: skip
    return builder.graph.node("LRN", [x], name, size=size, **options), shape


def _softmax(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    axis = _axis(layer, layer.message("softmax_param").word("axis", "1"), xs[0][1])
    return builder.graph.node("Softmax", [xs[0][0]], name, axis=axis), xs[0][1]


def _concat(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    param = layer.message("concat_param")
    shape = xs[0][1]
    axis = _axis(layer, param.word("axis", param.word("concat_dim", "1")), shape)
    for _, other in xs[1:]:
        if (*other[:axis], *other[axis + 1 :]) != (*shape[:axis], *shape[axis + 1 :]):
            raise layer.fail("its inputs do not fit together")
    whole = sum(other[axis] for _, other in xs)
    made = builder.graph.node("Concat", [x for x, _ in xs], name, axis=axis)
    return made, (*shape[:axis], whole, *shape[axis + 1 :])


def _slice(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
    (x, shape), param = xs[0], layer.message("slice_param")
    axis = _axis(layer, param.word("axis", param.word("slice_dim", "1")), shape)
    parts = len(layer.words("top"))
    even = [shape[axis] // parts * i for i in range(1, parts)]
    cuts = [0, *(param.integers("slice_point") or even), shape[axis]]
    if len(cuts) != parts + 1 or any(a >= b for a, b in pairwise(cuts)):
        raise layer.fail("it cuts where nothing is")
    axes = builder.graph.weight(f"{name}.axis", np.array([axis], np.int64))
    made = []
    for i, (a, b) in enumerate(pairwise(cuts)):
        ends = [builder.graph.weight(f"{name}.{i}.{end}", np.array([end], np.int64)) for end in (a, b)]
        part = builder.graph.node("Slice", [x, *ends, axes], f"{name}.{i}")
        made.append((part, (*shape[:axis], b - a, *shape[axis + 1 :])))
    return made


def _eltwise(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    param, shape, graph = layer.message("eltwise_param"), xs[0][1], builder.graph
    if any(other != shape for _, other in xs):
        raise layer.fail("its inputs do not fit together")
    kind = param.word("operation", "SUM")
    values = [x for x, _ in xs]
    if kind in ("MAX", "2") and "coeff" not in param:
        return builder.graph.node("Max", values, name), shape
    if kind not in ("SUM", "1", "PROD", "0"):
        raise layer.fail(f"{kind} is not known here")
    if coefficients := [float(word) for word in param.words("coeff") if _is_number(word)]:
        if kind in ("PROD", "0") or len(coefficients) != len(values):
            raise layer.fail("its coefficients do not fit")
        values = [
            graph.node("Mul", [x, graph.weight(f"{name}.{i}.by", np.array(c, np.float32))], f"{name}.{i}")
            for i, (x, c) in enumerate(zip(values, coefficients, strict=True))
        ]
    op = "Mul" if kind in ("PROD", "0") else "Add"
    made = values[0]
    for i, x in enumerate(values[1:]):
        made = builder.graph.node(op, [made, x], f"{name}.{op}{i}")
    return builder.graph.node("Identity", [made], name), shape


def _same(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    del layer
    return builder.graph.node("Identity", [xs[0][0]], name), xs[0][1]


def _flatten(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    if layer.message("flatten_param").integer("axis", 1) != 1:
        raise layer.fail("flattening from another axis than 1 is not known here")
    whole = (1, int(np.prod(xs[0][1][1:], dtype=object)))
    return builder.graph.reshape(xs[0][0], name, whole), whole


def _reshape(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), param = xs[0], layer.message("reshape_param")
    dims = param.message("shape").integers("dim")
    if param.words("axis") or param.words("num_axes") or dims.count(-1) > 1 or len(dims) > 8:
        raise layer.fail("such a reshape is not known here")
    wanted = [1 if i == 0 else shape[i] if d == 0 and i < len(shape) else d for i, d in enumerate(dims)]
    whole, given = int(np.prod(shape, dtype=object)), 1
    for side in wanted:
        given *= side if side != -1 else 1
    wanted = [whole // given if side == -1 and given > 0 else side for side in wanted]
    if min(wanted, default=0) < 1 or int(np.prod(wanted, dtype=object)) != whole:
        raise layer.fail(f"{sides(shape)} does not become {sides(dims)}")
    return builder.graph.reshape(x, name, tuple(wanted)), tuple(wanted)


def _permute(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    (x, shape), order = xs[0], layer.message("permute_param").integers("order")
    order += [axis for axis in range(len(shape)) if axis not in order]
    if sorted(order) != list(range(len(shape))) or order[0] != 0:
        raise layer.fail("such an order of axes is not known here")
    return builder.graph.node("Transpose", [x], name, perm=order), tuple(shape[axis] for axis in order)


def _axis(layer: Message, word: str, shape: Shape) -> int:
    """The axis, counted from the front; never that of the batch."""
    try:
        axis = int(word)
    except ValueError as error:
        raise layer.fail("its axis is no whole number") from error
    axis += len(shape) if axis < 0 else 0
    if not 1 <= axis < len(shape):
        raise layer.fail(f"there is no axis {word}")
    return axis


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _simple(op: str) -> "Layer":
    def build(builder: "Builder", _layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        return builder.graph.node(op, [xs[0][0]], name), xs[0][1]

    return build


Layer = Callable[["Builder", Message, str, list[tuple[str, Shape]]], tuple[str, Shape] | list[tuple[str, Shape]]]

LAYERS: dict[str, Layer] = {
    "Convolution": windows.convolution,
    "Pooling": windows.pooling,
    "InnerProduct": _inner_product,
    "ReLU": _relu,
    "PReLU": _prelu,
    "ELU": _elu,
    "Sigmoid": _simple("Sigmoid"),
    "TanH": _simple("Tanh"),
    "AbsVal": _simple("Abs"),
    "Power": _power,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Bias": _bias,
    "LRN": _lrn,
    "Softmax": _softmax,
    "Concat": _concat,
    "Slice": _slice,
    "Eltwise": _eltwise,
    "Dropout": _same,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
}
