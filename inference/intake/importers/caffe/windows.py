"""Convolution and pooling, as Caffe counts their windows."""

from typing import TYPE_CHECKING, Any

import numpy as np

from inference.intake.importers.caffe.prototext import Message
from inference.intake.importers.graph import Shape

if TYPE_CHECKING:
    from inference.intake.importers.caffe.build import Builder



def convolution(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    """A convolution, its output rounded down."""
    (x, shape), param = xs[0], layer.message("convolution_param")
    if len(shape) != 4:
        raise layer.fail("its input is no picture")
    filters, groups = param.integer("num_output", 0, least=1), param.integer("group", 1, least=1)
    kernel = _pair(layer, param, "kernel_size", "kernel_h", "kernel_w", 0, least=1)
    stride = _pair(layer, param, "stride", "stride_h", "stride_w", 1, least=1)
    pad = _pair(layer, param, "pad", "pad_h", "pad_w", 0)
    dilation = _pair(layer, param, "dilation", "", "", 1, least=1)
    if dilation[0] != dilation[1]:
        raise layer.fail("its dilation differs along the sides, which is not known here")
    if shape[1] % groups or filters % groups:
        raise layer.fail(f"{groups} groups divide neither {shape[1]} channels nor {filters} filters")
    weights = builder.blob(layer, 0, (filters, shape[1] // groups, *kernel))
    bias = builder.blob(layer, 1, (filters,)) if param.flag("bias_term", True) else np.zeros(filters, np.float32)
    sides = [
        (side + 2 * p - (d * (k - 1) + 1)) // s + 1
        for side, p, d, k, s in zip(shape[2:], pad, dilation, kernel, stride, strict=True)
    ]
    made = builder.graph.conv(
        x, name, weights, bias, pads=(*pad, *pad), strides=stride, groups=groups, dilation=dilation[0]
    )
    return made, (1, filters, *sides)


def pooling(builder: "Builder", layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    """The largest or the average of each window; the output is rounded up, and no window begins behind the picture."""
    (x, shape), param = xs[0], layer.message("pooling_param")
    if len(shape) != 4:
        raise layer.fail("its input is no picture")
    kind = param.word("pool", "MAX")
    if kind not in ("MAX", "AVE", "0", "1"):
        raise layer.fail(f"pooling by {kind} is not known here")
    largest = kind in ("MAX", "0")
    if param.flag("global_pooling", False):
        made = builder.graph.node("GlobalMaxPool" if largest else "GlobalAveragePool", [x], name)
        return made, (1, shape[1], 1, 1)
    kernel = _pair(layer, param, "kernel_size", "kernel_h", "kernel_w", 0, least=1)
    stride = _pair(layer, param, "stride", "stride_h", "stride_w", 1, least=1)
    pad = _pair(layer, param, "pad", "pad_h", "pad_w", 0)
    if any(p >= k for p, k in zip(pad, kernel, strict=True)):
        raise layer.fail("its padding is as wide as its window")
    if any(s > k for s, k in zip(stride, kernel, strict=True)):
        raise layer.fail("its windows leave gaps, which is not known here")
    up = param.word("round_mode", "CEIL") in ("CEIL", "0")
    sides, after = [], []
    for side, p, k, s in zip(shape[2:], pad, kernel, stride, strict=True):
        room = side + 2 * p - k
        if room < 0:
            raise layer.fail(f"its window of {k} is larger than the picture of {side}")
        out = (-(-room // s) if up else room // s) + 1
        if p and (out - 1) * s >= side + p:   # no window begins in the padding behind the picture
            out -= 1
        sides.append(out)
        after.append((out - 1) * s + k - side - p)   # more than p where the last window reaches further
    options = {"kernel_shape": list(kernel), "strides": list(stride)}
    if largest:
        padded = _fit(builder, x, f"{name}.cut", shape, after)
        ends = [max(0, a) for a in after]
        made = builder.graph.node("MaxPool", [padded], name, pads=[*pad, *ends], **options)
    else:
        made = _average(builder, x, name, shape, (pad, after, kernel, stride), sides, options)
    return made, (1, shape[1], *sides)


def _fit(builder: "Builder", x: str, name: str, shape: Shape, after: list[int]) -> str:
    """The picture without the last rows and columns that no window reaches."""
    if min(after) >= 0:
        return x
    ends = np.array([side + min(0, a) for side, a in zip(shape[2:], after, strict=True)], np.int64)
    starts = builder.graph.weight("zeros2", np.zeros(2, np.int64))
    axes = builder.graph.weight("axes23", np.array([2, 3], np.int64))
    return builder.graph.node("Slice", [x, starts, builder.graph.weight(f"{name}.ends", ends), axes], name)


def _average(
    builder: "Builder", x: str, name: str, shape: Shape, how: tuple[Any, ...], sides: list[int], options: dict[str, Any]
) -> str:
    """Caffe divides by the part of the window that lies on the picture or its padding, not behind the padding."""
    pad, after, kernel, stride = how
    cut = _fit(builder, x, f"{name}.cut", shape, after)
    ends = [max(0, a) for a in after]
    made = builder.graph.node(
        "AveragePool", [cut], f"{name}.sum", pads=[*pad, *ends], count_include_pad=1, **options
    )
    parts = []
    for side, p, k, s, out in zip(shape[2:], pad, kernel, stride, sides, strict=True):
        begin = np.arange(out) * s - p
        parts.append(np.minimum(begin + k, side + p) - begin)
    factor = (kernel[0] * kernel[1] / np.outer(*parts)).astype(np.float32)
    if np.all(factor == 1):
        return builder.graph.node("Identity", [made], name)
    return builder.graph.node("Mul", [made, builder.graph.weight(f"{name}.factor", factor[None, None])], name)


def _pair(
    layer: Message, param: Message, both: str, down: str, across: str, usual: int, least: int = 0
) -> tuple[int, int]:
    """A value along height and width, written once, twice, or for each side by its own name."""
    if down and (down in param or across in param):
        pair = (param.integer(down, usual, least), param.integer(across, usual, least))
    else:
        given = param.integers(both) or [usual]
        if len(given) > 2:
            raise layer.fail(f"{both} has {len(given)} values")
        pair = (given[0], given[-1])
    if min(pair) < least or max(pair) > 4096:
        raise layer.fail(f"{both} is {pair[0]}×{pair[1]}")
    return pair
