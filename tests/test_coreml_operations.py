"""Every operation of the Core ML reader against numpy, written from the definition and from nothing of the reader's.

The definitions are those of coremltools 9.0 (`coremltools.converters.mil.mil.ops.defs`) and of MIL.proto; where numpy
has no such thing, loops say what is meant.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import Image
from inference.intake.importers.coreml.operations import COMPRESSED, OPERATIONS, build_program
from inference.intake.importers.coreml.program import Operation, Program, unpacked
from inference.intake.importers.graph import Graph

Array = NDArray[Any]

RNG = np.random.default_rng(5)
X = RNG.normal(size=(1, 4, 6, 8)).astype(np.float32)            # what nearly all work on
Y = RNG.normal(size=(1, 4, 6, 8)).astype(np.float32)
POSITIVE = np.abs(X) + np.float32(0.5)
WEIGHTS = RNG.normal(size=(6, 4, 3, 3)).astype(np.float32)
BIAS = RNG.normal(size=6).astype(np.float32)
FOUR = RNG.normal(size=4).astype(np.float32)


def run(kind: str, given: dict[str, Any], attributes: dict[str, Any] | None = None, count: int = 1) -> list[Array]:
    """One operation: its arrays of floats are computed values, all else is known before."""
    before, inputs = [], {}
    for key, value in given.items():
        items = value if isinstance(value, list) and value and isinstance(value[0], np.ndarray) else [value]
        inputs[key] = []
        for i, item in enumerate(items):
            if isinstance(item, np.ndarray) and item.dtype == np.float32 and key in COMPUTED:
                name = f"{key}{i}"
                before.append(Operation("identity", name, {"x": [item]}, (name,), {}, (item.shape,)))
                inputs[key].append(name)
            else:
                inputs[key].append(item if isinstance(item, str) else np.asarray(item))
    outputs = tuple(f"out{i}" for i in range(count))
    op = Operation(kind, kind, inputs, outputs, attributes or {}, (None,) * count)
    ends = []
    if kind in COMPRESSED:   # weights are constants: something must take them
        ends = [Operation("identity", "end", {"x": ["out0"]}, ("end",), {}, (None,))]
        outputs = ("end",)
    program = Program("test", (*before, op, *ends), outputs)
    graph = Graph("test", "test")
    names, _, _ = build_program(graph, program, Image("image", 4, 4, "RGB"))
    model = graph.model(("image", (1, 3, 4, 4)), *((graph.node("Identity", [n], f"o/{n}"), None) for n in names))
    for output in model.graph.output:
        output.ClearField("type")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    found: list[Array] = session.run(None, {"image": np.zeros((1, 3, 4, 4), np.float32)})
    return found


COMPUTED = {"x", "y", "values", "cond", "a", "b"}   # parameters that are computed in a network


# ---- what numpy has not ----


def same_pads(sides: Sequence[int], kernel: Sequence[int], stride: Sequence[int], lower: bool) -> list[int]:
    """As TensorFlow's SAME: the odd pixel after, or before."""
    pads = []
    for side, k, s in zip(sides, kernel, stride, strict=True):
        total = max((math.ceil(side / s) - 1) * s + k - side, 0)
        small, large = total // 2, total - total // 2
        pads += [large, small] if lower else [small, large]
    return pads


def windows(x: Array, kernel: Sequence[int], stride: Sequence[int], pads: Sequence[int], dilation: Sequence[int],
            fill: float, ceil: bool = False) -> tuple[Array, Array]:  # fmt: skip
    """Every window of (1, c, h, w): (c, oh, ow, kh, kw), and which of its places lie on the picture."""
    top, bottom, left, right = pads
    h, w = x.shape[2:]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    rounded = math.ceil if ceil else math.floor
    whole = (h + top + bottom, w + left + right)
    out = [rounded((side - r) / s) + 1 for side, r, s in zip(whole, reach, stride, strict=True)]
    found = np.full((x.shape[1], *out, *kernel), fill, np.float64)
    real = np.zeros((*out, *kernel), bool)
    for i, j, m, n in product(range(out[0]), range(out[1]), range(kernel[0]), range(kernel[1])):
        y, z = i * stride[0] + m * dilation[0] - top, j * stride[1] + n * dilation[1] - left
        if 0 <= y < h and 0 <= z < w:
            found[:, i, j, m, n] = x[0, :, y, z]
            real[i, j, m, n] = True
    return found, real


def conv(x: Array, w: Array, b: Array | None, stride: Sequence[int] = (1, 1), pads: Sequence[int] = (0, 0, 0, 0),
         dilation: Sequence[int] = (1, 1), groups: int = 1) -> Array:  # fmt: skip
    part, _ = windows(x, w.shape[2:], stride, pads, dilation, 0.0)
    ins, outs = x.shape[1] // groups, w.shape[0] // groups
    made = [
        np.einsum("cijmn,cmn->ij", part[g * ins : (g + 1) * ins], w[g * outs + o])
        for g in range(groups) for o in range(outs)
    ]  # fmt: skip
    return np.stack(made)[None] + (0 if b is None else b.reshape(1, -1, 1, 1))


def conv_transpose(
    x: Array, w: Array, b: Array, stride: Sequence[int], pads: Sequence[int], out: Sequence[int],
    dilation: Sequence[int] = (1, 1),
) -> Array:  # fmt: skip
    """Each value adds its kernel to the result; weights (in, out, kh, kw)."""
    made = np.zeros((w.shape[1], *out))
    for c, i, j, o, m, n in product(*map(range, (x.shape[1], x.shape[2], x.shape[3], *w.shape[1:]))):
        y, z = i * stride[0] + m * dilation[0] - pads[0], j * stride[1] + n * dilation[1] - pads[2]
        if 0 <= y < out[0] and 0 <= z < out[1]:
            made[o, y, z] += x[0, c, i, j] * w[c, o, m, n]
    return made[None] + b.reshape(1, -1, 1, 1)


def max_pool(x: Array, kernel: Sequence[int], stride: Sequence[int], pads: Sequence[int], ceil: bool = False) -> Array:
    return windows(x, kernel, stride, pads, (1, 1), -np.inf, ceil)[0].max(axis=(-1, -2))[None]


def avg_pool(x: Array, kernel: Sequence[int], stride: Sequence[int], pads: Sequence[int], exclude: bool) -> Array:
    part, real = windows(x, kernel, stride, pads, (1, 1), 0.0)
    count = real.sum(axis=(-1, -2)) if exclude else kernel[0] * kernel[1]
    return (part.sum(axis=(-1, -2)) / count)[None]


def lrn(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    made = np.empty(x.shape)
    for c in range(x.shape[1]):
        near = x[:, max(0, c - (size - 1) // 2) : c + size // 2 + 1]
        made[:, c] = x[:, c] / (k + alpha / size * (near.astype(np.float64) ** 2).sum(axis=1)) ** beta
    return made


def blocks_to_depth(x: Array, b: int) -> Array:
    """Channel of a value: (row in block * b + column in block) * channels + channel."""
    _, c, h, w = x.shape
    made = np.empty((1, c * b * b, h // b, w // b), x.dtype)
    for ch, i, j in product(range(c), range(h), range(w)):
        made[0, (i % b * b + j % b) * c + ch, i // b, j // b] = x[0, ch, i, j]
    return made


def depth_to_blocks(x: Array, b: int, *, channels_first: bool) -> Array:
    _, c, h, w = x.shape
    c //= b * b
    made = np.empty((1, c, h * b, w * b), x.dtype)
    for ch, i, j in product(range(c), range(h * b), range(w * b)):
        place = i % b * b + j % b
        made[0, ch, i, j] = x[0, ch * b * b + place if channels_first else place * c + ch, i // b, j // b]
    return made


def sampled(x: Array, sides: Sequence[int], grid: Any) -> Array:
    """Linear interpolation at grid(i, side, target) of each side, kept within the picture."""
    for axis, target in zip((2, 3), sides, strict=True):
        side = x.shape[axis]
        at = np.clip([grid(i, side, target) for i in range(target)], 0, side - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, side - 1)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(4)])
        x = np.take(x, low, axis) * (1 - share) + np.take(x, high, axis) * share
    return x


def corners(i: int, side: int, target: int) -> float:
    return i * (side - 1) / (target - 1)


def centres(i: int, side: int, target: int) -> float:
    return i * side / target + 0.5 * side / target - 0.5


def edges(i: int, side: int, target: int) -> float:
    return i * side / target


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def erf(x: Array) -> Array:
    return np.vectorize(math.erf)(x.astype(np.float64))


def softmax(x: Array, axis: int) -> Array:
    z = np.exp(x.astype(np.float64))
    return z / z.sum(axis=axis, keepdims=True)


def normal(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    x = x.astype(np.float64)
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)


@dataclass(frozen=True)
class Case:
    kind: str
    given: dict[str, Any]
    wanted: Any   # an array, or a tuple of several

    def __str__(self) -> str:
        return "-".join([self.kind, *(k for k in self.given if k not in COMPUTED)])


def plane(values: Array) -> Array:
    return values.reshape(1, -1, 1, 1).astype(np.float64)


EIGHT = np.concatenate([X, Y], 1)
SPAN = ((0, 0), (0, 0), (1, 2), (0, 3))
SAME = same_pads((6, 8), (3, 3), (2, 2), lower=False)
POOL = {"kernel_sizes": [3, 2], "strides": [2, 1], "pad_type": "custom", "pad": [1, 0, 0, 1]}
SQUARE = {"kernel_sizes": [3, 3], "strides": [2, 2], "pad_type": "same"}
TRANSPOSED = RNG.normal(size=(4, 2, 3, 3)).astype(np.float32)
A = RNG.normal(size=(2, 3, 4)).astype(np.float32)
B = RNG.normal(size=(2, 5, 4)).astype(np.float32)
MATRIX = RNG.normal(size=(5, 8)).astype(np.float32)
PLACES = np.array([[0, 2, -1]], np.int32)
ALONG = RNG.integers(0, 6, X.shape).astype(np.int32)
FIRST = np.random.default_rng(3).integers(0, 4, (4, 6, 8))   # along the first side, the usual one

CASES = [
    # layers
    Case("conv", {"x": X, "weight": WEIGHTS}, conv(X, WEIGHTS, None)),
    Case("conv", {"x": X, "weight": WEIGHTS, "bias": BIAS, "strides": [2, 1], "pad_type": "custom", "pad": [1, 0, 2, 1],
                  "dilations": [1, 2]}, conv(X, WEIGHTS, BIAS, (2, 1), (1, 0, 2, 1), (1, 2))),
    Case("conv", {"x": X, "weight": WEIGHTS[:, :2], "bias": BIAS, "groups": 2},
         conv(X, WEIGHTS[:, :2], BIAS, groups=2)),
    Case("conv", {"x": X, "weight": WEIGHTS, "strides": [2, 3], "pad_type": "same"},
         conv(X, WEIGHTS, None, (2, 3), same_pads((6, 8), (3, 3), (2, 3), lower=False))),
    Case("conv", {"x": X, "weight": WEIGHTS, "strides": [2, 3], "pad_type": "same_lower"},
         conv(X, WEIGHTS, None, (2, 3), same_pads((6, 8), (3, 3), (2, 3), lower=True))),
    Case("conv", {"x": X, "weight": WEIGHTS, "pad_type": "valid", "pad": [1, 1, 1, 1]}, conv(X, WEIGHTS, None)),
    Case("conv_transpose", {"x": X, "weight": TRANSPOSED, "bias": FOUR[:2], "strides": [2, 2], "pad_type": "custom",
                            "pad": [1, 0, 1, 1]},
         conv_transpose(X, TRANSPOSED, FOUR[:2], (2, 2), (1, 0, 1, 1), (12, 15))),
    Case("conv_transpose", {"x": X, "weight": TRANSPOSED, "bias": FOUR[:2], "strides": [2, 2], "pad_type": "custom",
                            "pad": [1, 1, 1, 1], "output_shape": [1, 2, 12, 16]},
         conv_transpose(X, TRANSPOSED, FOUR[:2], (2, 2), (1, 1, 1, 1), (12, 16))),
    Case("conv_transpose", {"x": X, "weight": TRANSPOSED, "bias": FOUR[:2], "dilations": [2, 1]},
         conv_transpose(X, TRANSPOSED, FOUR[:2], (1, 1), (0, 0, 0, 0), (10, 10), (2, 1))),
    Case("max_pool", {"x": X, **POOL}, max_pool(X, (3, 2), (2, 1), (1, 0, 0, 1))),
    Case("max_pool", {"x": X - 9, **SQUARE}, max_pool(X - 9, (3, 3), (2, 2), SAME)),
    Case("max_pool", {"x": X, "kernel_sizes": [3, 3], "strides": [2, 2], "pad_type": "valid", "ceil_mode": True},
         max_pool(X, (3, 3), (2, 2), (0, 0, 0, 0), ceil=True)),
    Case("avg_pool", {"x": X, **POOL}, avg_pool(X, (3, 2), (2, 1), (1, 0, 0, 1), exclude=False)),
    Case("avg_pool", {"x": X, **POOL, "exclude_padding_from_average": True},
         avg_pool(X, (3, 2), (2, 1), (1, 0, 0, 1), exclude=True)),
    Case("avg_pool", {"x": X, **SQUARE, "exclude_padding_from_average": True},
         avg_pool(X, (3, 3), (2, 2), SAME, exclude=True)),
    Case("linear", {"x": X, "weight": MATRIX, "bias": FOUR.repeat(2)[:5]}, X @ MATRIX.T + FOUR.repeat(2)[:5]),
    Case("linear", {"x": X[0, 0], "weight": MATRIX}, X[0, 0] @ MATRIX.T),
    Case("matmul", {"x": A, "y": B.transpose(0, 2, 1).copy()}, A @ B.transpose(0, 2, 1)),
    Case("matmul", {"x": A, "y": B, "transpose_y": True}, A @ B.transpose(0, 2, 1)),
    Case("matmul", {"x": A.transpose(0, 2, 1).copy(), "y": B, "transpose_x": True, "transpose_y": True},
         A @ B.transpose(0, 2, 1)),
    Case("batch_norm", {"x": X, "mean": FOUR, "variance": np.abs(FOUR), "gamma": FOUR + 1, "beta": FOUR * 2,
                        "epsilon": 0.1},
         (X - plane(FOUR)) / np.sqrt(plane(np.abs(FOUR)) + 0.1) * plane(FOUR + 1) + plane(FOUR * 2)),
    Case("batch_norm", {"x": X[..., 0], "mean": FOUR, "variance": np.abs(FOUR)},
         (X[..., 0] - plane(FOUR)[..., 0]) / np.sqrt(plane(np.abs(FOUR))[..., 0] + 1e-5)),
    Case("instance_norm", {"x": X, "gamma": FOUR, "beta": FOUR + 1, "epsilon": 0.01},
         normal(X, (2, 3), 0.01) * plane(FOUR) + plane(FOUR + 1)),
    Case("layer_norm", {"x": X, "axes": [-1], "gamma": np.arange(8, dtype=np.float32), "epsilon": 0.01},
         normal(X, (3,), 0.01) * np.arange(8)),
    Case("layer_norm", {"x": X, "axes": [1, 3], "beta": X[0, :, 0]}, normal(X, (1, 3), 1e-5) + X[:, :, :1]),
    Case("local_response_norm", {"x": X, "size": 3, "alpha": 0.9, "beta": 0.6, "k": 1.5}, lrn(X, 3, 0.9, 0.6, 1.5)),
    Case("local_response_norm", {"x": X * 90, "size": 5}, lrn(X * 90, 5, 1e-4, 0.75, 1.0)),
    # one value after the other
    Case("identity", {"x": X}, X),
    Case("relu", {"x": X}, np.maximum(X, 0)),
    Case("relu6", {"x": X * 5}, np.clip(X * 5, 0, 6)),
    Case("leaky_relu", {"x": X, "alpha": 0.2}, np.where(X > 0, X, 0.2 * X)),
    Case("leaky_relu", {"x": X}, np.where(X > 0, X, 0.01 * X)),
    Case("elu", {"x": X, "alpha": 0.7}, np.where(X > 0, X, 0.7 * (np.exp(X) - 1))),
    Case("thresholded_relu", {"x": X, "alpha": 0.4}, np.where(X > 0.4, X, 0)),
    Case("prelu", {"x": X, "alpha": FOUR}, np.where(X > 0, X, X * plane(FOUR))),
    Case("sigmoid", {"x": X}, sigmoid(X)),
    Case("sigmoid_hard", {"x": X * 3, "alpha": 0.3, "beta": 0.4}, np.clip(0.3 * 3 * X + 0.4, 0, 1)),
    Case("sigmoid_hard", {"x": X * 3}, np.clip(0.2 * 3 * X + 0.5, 0, 1)),
    Case("silu", {"x": X}, X * sigmoid(X)),
    Case("gelu", {"x": X}, 0.5 * X * (1 + erf(X / math.sqrt(2)))),
    Case("gelu", {"x": X, "mode": "TANH_APPROXIMATION"},
         0.5 * X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)))),
    Case("gelu", {"x": X, "mode": "SIGMOID_APPROXIMATION"}, X * sigmoid(1.702 * X)),
    Case("tanh", {"x": X}, np.tanh(X)),
    Case("scaled_tanh", {"x": X, "alpha": 1.7, "beta": 0.6}, 1.7 * np.tanh(0.6 * X)),
    Case("softplus", {"x": X}, np.log1p(np.exp(X))),
    Case("softsign", {"x": X}, X / (1 + np.abs(X))),
    Case("linear_activation", {"x": X, "alpha": 2.0, "beta": -0.5}, 2 * X - 0.5),
    Case("clip", {"x": X, "alpha": -0.5, "beta": 0.25}, np.clip(X, -0.5, 0.25)),
    Case("softmax", {"x": X, "axis": 1}, softmax(X, 1)),
    Case("softmax", {"x": X}, softmax(X, -1)),
    Case("erf", {"x": X}, erf(X)),
    Case("abs", {"x": X}, np.abs(X)),
    Case("exp", {"x": X}, np.exp(X)),
    Case("exp2", {"x": X}, 2**X),
    Case("log", {"x": POSITIVE}, np.log(POSITIVE)),
    Case("log", {"x": POSITIVE, "epsilon": 0.5}, np.log(POSITIVE + 0.5)),
    Case("sqrt", {"x": POSITIVE}, np.sqrt(POSITIVE)),
    Case("rsqrt", {"x": POSITIVE, "epsilon": 0.25}, 1 / np.sqrt(POSITIVE + 0.25)),
    Case("inverse", {"x": POSITIVE}, 1 / (POSITIVE.astype(np.float64) + 1e-4)),
    Case("inverse", {"x": POSITIVE, "epsilon": 0.3}, 1 / (POSITIVE + 0.3)),
    Case("square", {"x": X}, X**2),
    Case("sign", {"x": X}, np.sign(X)),
    Case("floor", {"x": X}, np.floor(X)),
    Case("ceil", {"x": X}, np.ceil(X)),
    Case("round", {"x": np.float32([-1.5, -0.5, 0.5, 1.5, 2.4, 2.6])}, [-2, 0, 0, 2, 2, 3]),
    Case("sin", {"x": X}, np.sin(X)),
    Case("cos", {"x": X}, np.cos(X)),
    Case("tan", {"x": X}, np.tan(X)),
    Case("cast", {"x": X * 3, "dtype": "int32"}, np.trunc(X * 3).astype(np.int64)),
    Case("cast", {"x": np.float32([0, 0.5, -2]), "dtype": "bool"}, [False, True, True]),
    Case("cast", {"x": X, "dtype": "fp16"}, X),
    # two and more
    Case("add", {"x": X, "y": Y[:, :, :1]}, X + Y[:, :, :1]),
    Case("sub", {"x": X, "y": Y}, X - Y),
    Case("mul", {"x": X, "y": Y}, X * Y),
    Case("real_div", {"x": X, "y": POSITIVE}, X / POSITIVE),
    Case("maximum", {"x": X, "y": Y}, np.maximum(X, Y)),
    Case("minimum", {"x": X, "y": Y}, np.minimum(X, Y)),
    Case("pow", {"x": POSITIVE, "y": Y}, POSITIVE**Y),
    Case("greater", {"x": X, "y": Y}, X > Y),
    Case("less", {"x": X, "y": Y}, X < Y),
    Case("greater_equal", {"x": X, "y": np.where(Y > 0, X, Y)}, np.where(Y > 0, X, Y) <= X),
    Case("less_equal", {"x": X, "y": np.where(Y > 0, X, Y)}, np.where(Y > 0, X, Y) >= X),
    Case("equal", {"x": X, "y": np.where(Y > 0, X, Y)}, Y > 0),
    Case("not_equal", {"x": X, "y": np.where(Y > 0, X, Y)}, Y <= 0),
    Case("logical_and", {"x": X > 0, "y": Y > 0}, (X > 0) & (Y > 0)),
    Case("logical_or", {"x": X > 0, "y": Y > 0}, (X > 0) | (Y > 0)),
    Case("logical_xor", {"x": X > 0, "y": Y > 0}, (X > 0) ^ (Y > 0)),
    Case("logical_not", {"x": X > 0}, X <= 0),
    Case("select", {"cond": X > 0, "a": X, "b": Y}, np.where(X > 0, X, Y)),
    # many values to few
    Case("reduce_mean", {"x": X, "axes": [2, 3], "keep_dims": True}, X.mean(axis=(2, 3), keepdims=True)),
    Case("reduce_mean", {"x": X, "axes": [-1]}, X.mean(axis=-1)),
    Case("reduce_sum", {"x": X}, X.sum()),
    Case("reduce_sum", {"x": X, "axes": [1]}, X.sum(axis=1)),
    Case("reduce_max", {"x": X, "axes": [1, 2]}, X.max(axis=(1, 2))),
    Case("reduce_min", {"x": X, "axes": [3], "keep_dims": True}, X.min(axis=3, keepdims=True)),
    Case("reduce_prod", {"x": X, "axes": [1]}, X.prod(axis=1)),
    Case("reduce_l1_norm", {"x": X, "axes": [1]}, np.abs(X).sum(axis=1)),
    Case("reduce_l2_norm", {"x": X, "axes": [1]}, np.sqrt((X**2).sum(axis=1))),
    Case("reduce_sum_square", {"x": X, "axes": [1]}, (X**2).sum(axis=1)),
    Case("reduce_log_sum_exp", {"x": X, "axes": [1]}, np.log(np.exp(X).sum(axis=1))),
    Case("reduce_argmax", {"x": X, "axis": 1}, X.argmax(axis=1)),
    Case("reduce_argmin", {"x": X, "axis": -1, "keep_dims": True}, X.argmin(axis=-1)[..., None]),
    # the same values in another place
    Case("reshape", {"x": X, "shape": [4, -1, 8]}, X.reshape(4, -1, 8)),
    Case("transpose", {"x": X, "perm": [0, 2, -1, 1]}, X.transpose(0, 2, 3, 1)),
    Case("concat", {"values": [X, Y], "axis": 1}, np.concatenate([X, Y], 1)),
    Case("concat", {"values": [X, Y], "axis": -1}, np.concatenate([X, Y], -1)),
    Case("concat", {"values": [X, Y], "axis": 1, "interleave": True}, np.stack([X, Y], 2).reshape(1, 8, 6, 8)),
    Case("stack", {"values": [X, Y], "axis": 1}, np.stack([X, Y], 1)),
    Case("split", {"x": X, "num_splits": 3, "axis": 2}, tuple(np.split(X, 3, 2))),
    Case("split", {"x": X, "split_sizes": [1, 3], "axis": 1}, (X[:, :1], X[:, 1:])),
    Case("pad", {"x": X, "pad": [1, 2, 0, 3], "constant_val": 0.5},
         np.pad(X, SPAN, constant_values=0.5)),
    Case("pad", {"x": X, "pad": [0, 0, 1, 0, 2, 1, 0, 3]}, np.pad(X, ((0, 0), (1, 0), (2, 1), (0, 3)))),
    Case("pad", {"x": X, "pad": [1, 2, 0, 3], "mode": "reflect"}, np.pad(X, SPAN, "reflect")),
    Case("pad", {"x": X, "pad": [1, 2, 0, 3], "mode": "replicate"}, np.pad(X, SPAN, "edge")),
    Case("slice_by_index", {"x": X, "begin": [0, 1, 1, -3], "end": [1, 3, 6, 8], "stride": [1, 1, 2, 1]},
         X[0:1, 1:3, 1:6:2, -3:8]),
    Case("slice_by_index", {"x": X, "begin": [9, 1, 2, 0], "end": [9, 3, 9, 5],
                            "begin_mask": [True, False, False, False], "end_mask": [True, False, True, False]},
         X[:, 1:3, 2:, 0:5]),
    Case("slice_by_index", {"x": X, "begin": [0, -1, 0, 0], "end": [1, 0, 6, 8],
                            "squeeze_mask": [False, True, False, False]},
         X[:, -1]),
    Case("slice_by_index", {"x": X, "begin": [0, 3, 0, 0], "end": [1, 0, 6, 8], "stride": [1, -1, 1, -1],
                            "begin_mask": [False, False, False, True], "end_mask": [False, False, False, True]},
         X[0:1, 3:0:-1, 0:6, ::-1]),
    Case("slice_by_size", {"x": X, "begin": [0, 1, 2, 3], "size": [1, 2, -1, 4]}, X[:, 1:3, 2:, 3:7]),
    Case("squeeze", {"x": X[:, :1], "axes": [1]}, X[:, 0]),
    Case("squeeze", {"x": X[:, :1]}, X[0, 0]),
    Case("expand_dims", {"x": X, "axes": [0, -1]}, X[None, ..., None]),
    Case("tile", {"x": X, "reps": [1, 2, 1, 3]}, np.tile(X, (1, 2, 1, 3))),
    Case("reverse", {"x": X, "axes": [1, 3]}, X[:, ::-1, :, ::-1]),
    Case("fill", {"shape": [2, 3], "value": np.float32(1.5)}, np.full((2, 3), 1.5)),
    Case("gather", {"x": X, "indices": PLACES, "axis": 1}, np.take(X, PLACES, 1)),
    Case("gather_along_axis", {"x": X, "indices": ALONG, "axis": 2}, np.take_along_axis(X, ALONG.astype(int), 2)),
    Case("gather_along_axis", {"x": X[0], "indices": FIRST.astype(np.int32)}, np.take_along_axis(X[0], FIRST, 0)),
    Case("space_to_depth", {"x": X, "block_size": 2}, blocks_to_depth(X, 2)),
    Case("depth_to_space", {"x": EIGHT, "block_size": 2}, depth_to_blocks(EIGHT, 2, channels_first=False)),
    Case("pixel_shuffle", {"x": EIGHT, "upscale_factor": 2}, depth_to_blocks(EIGHT, 2, channels_first=True)),
    # pictures made larger or smaller
    Case("upsample_nearest_neighbor", {"x": X, "scale_factor_height": 2, "scale_factor_width": 3.0},
         X.repeat(2, 2).repeat(3, 3)),
    Case("upsample_nearest_neighbor", {"x": X, "scale_factor_height": 2}, X.repeat(2, 2)),
    Case("upsample_nearest_neighbor", {"x": X, "scale_factor_width": 2}, X.repeat(2, 3)),
    Case("resize_nearest_neighbor", {"x": X, "target_size_height": 12, "target_size_width": 8}, X.repeat(2, 2)),
    Case("upsample_bilinear", {"x": X, "scale_factor_height": 2, "scale_factor_width": 3},
         sampled(X, (12, 24), corners)),
    Case("upsample_bilinear", {"x": X, "scale_factor_height": 2, "scale_factor_width": 3, "align_corners": False},
         sampled(X, (12, 24), centres)),
    Case("upsample_bilinear", {"x": X, "scale_factor_height": 2, "scale_factor_width": 3, "align_corners": False,
                               "half_pixel_centers": False}, sampled(X, (12, 24), edges)),
    Case("resize_bilinear", {"x": X, "target_size_height": 9, "target_size_width": 5,
                             "sampling_mode": "UNALIGN_CORNERS"},
         sampled(X, (9, 5), centres)),
    Case("resize_bilinear", {"x": X, "target_size_height": 9, "target_size_width": 5,
                             "sampling_mode": "STRICT_ALIGN_CORNERS"}, sampled(X, (9, 5), corners)),
    Case("resize_bilinear", {"x": X, "target_size_height": 9, "target_size_width": 5, "sampling_mode": "ALIGN_CORNERS"},
         sampled(X, (9, 5), corners)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_does_what_its_definition_says(case: Case) -> None:
    wanted = case.wanted if isinstance(case.wanted, tuple) else (case.wanted,)
    found = run(case.kind, case.given, count=len(wanted))
    for a, b in zip(found, wanted, strict=True):
        b = np.asarray(b)
        assert a.shape == b.shape
        if b.dtype == bool:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_every_operation_has_a_case() -> None:
    assert OPERATIONS.keys() - {case.kind for case in CASES} == set()


REFUSED = [
    ("conv", {"x": X, "weight": WEIGHTS, "pad_type": "bogus"}, "padding bogus"),
    ("conv", {"x": X, "weight": WEIGHTS, "surprise": 1}, "surprise"),
    ("relu", {"x": X, "alpha": 0.1}, "alpha"),
    ("gelu", {"x": X, "mode": "OTHER"}, "OTHER"),
    ("cast", {"x": X, "dtype": "int4"}, "int4"),
    ("gather", {"x": X, "indices": PLACES, "batch_dims": 1}, "batch"),
    ("pad", {"x": X, "pad": [1, 1], "mode": "circular"}, "padding"),
    ("slice_by_index", {"x": X, "begin": [0, 0, 0, 0], "end": [1, 1, 1, 1], "stride": [1, 0, 1, 1]}, "step"),
    ("upsample_nearest_neighbor", {"x": X, "scale_factor_height": 1.5, "scale_factor_width": 2}, "scaling"),
    ("resize_nearest_neighbor", {"x": X, "target_size_height": 7, "target_size_width": 8}, "scaling"),
    ("resize_bilinear", {"x": X, "target_size_height": 9, "target_size_width": 5}, "DEFAULT"),
    ("split", {"x": X, "num_splits": 4, "axis": 2}, "equal parts"),
    ("conv_transpose", {"x": X, "weight": TRANSPOSED, "strides": [2, 2], "output_shape": [1, 2, 40, 40]},
     "output shape"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "said"), REFUSED, ids=[f"{kind}-{said}" for kind, _, said in REFUSED])
def test_what_would_be_another_network_is_refused(kind: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ImportFailed, match=said):
        run(kind, given)


def test_all_unknown_operations_are_named_at_once() -> None:
    ops = tuple(Operation(kind, kind, {}, (kind,)) for kind in ("non_zero", "lstm", "relu"))
    with pytest.raises(ImportFailed, match=r"lstm, non_zero\."):
        build_program(Graph("t", "t"), Program("t", ops, ("lstm",)), Image("image", 4, 4, "RGB"))


# ---- weights that are unpacked on the device ----

BYTES = np.arange(24, dtype=np.int8).reshape(2, 3, 4) - 12
SCALES = np.float32([0.5, 2, 3])
TABLE = np.arange(64, dtype=np.float32) ** 1.5


def packed(values: Sequence[int], bits: int) -> NDArray[np.uint8]:
    """The first in the lowest bits of the first byte, over the border of bytes: constexpr_lut_to_dense's own words."""
    whole = sum(int(v) << (i * bits) for i, v in enumerate(values))
    return np.frombuffer(whole.to_bytes(math.ceil(len(values) * bits / 8), "little"), np.uint8)


PLACES6 = [63, 0, 17, 5, 33, 62, 1, 8, 40, 21]
WEIGHT_CASES: list[tuple[str, dict[str, Any], dict[str, Any], Any]] = [
    ("constexpr_affine_dequantize", {},
     {"quantized_data": BYTES, "scale": SCALES, "zero_point": np.int8([1, 0, -2]), "axis": np.int32(1)},
     (BYTES - np.float32([1, 0, -2]).reshape(1, 3, 1)) * SCALES.reshape(1, 3, 1)),
    ("constexpr_affine_dequantize", {},
     {"quantized_data": BYTES, "scale": np.float32(0.25), "zero_point": np.int8(3), "axis": np.int32(0)},
     (BYTES - np.float32(3)) * 0.25),
    ("constexpr_lut_to_dense", {},
     {"indices": packed(PLACES6, 6), "lut": TABLE, "shape": np.uint32([2, 5])}, TABLE[PLACES6].reshape(2, 5)),
    ("constexpr_lut_to_dense", {},
     {"indices": packed([3, 0, 15, 7, 9], 4), "lut": TABLE[:16], "shape": np.uint32([5])}, TABLE[[3, 0, 15, 7, 9]]),
    ("constexpr_sparse_to_dense", {},
     {"nonzero_data": np.float32([5, 6, 7]), "mask": np.uint8([0b00101100]), "shape": np.uint32([2, 3])},
     [[0, 0, 5], [6, 0, 7]]),
    ("constexpr_cast", {}, {"source_val": SCALES, "output_dtype": "fp32"}, SCALES),
    ("constexpr_blockwise_shift_scale",
     {"data": BYTES.reshape(4, 6), "scale": np.float32([[1, 2], [3, 4]]), "offset": np.int8([[1, 0], [0, 2]])}, {},
     [[(BYTES.reshape(4, 6)[i, j] - [[1, 0], [0, 2]][i // 2][j // 3]) * [[1, 2], [3, 4]][i // 2][j // 3]
       for j in range(6)] for i in range(4)]),
    ("constexpr_blockwise_shift_scale", {"data": BYTES.reshape(4, 6), "scale": np.float32([[2.0]])}, {},
     BYTES.reshape(4, 6) * 2.0),
    ("constexpr_lut_to_dense",   # the example of its definition
     {"indices": np.uint8([2, 3, 3, 0, 1, 0, 3, 0, 2, 1, 0, 3]).reshape(6, 2),
      "lut": np.array([1, 5, 9, 13, 2, 10, 18, 26], np.float64).reshape(2, 1, 4, 1)}, {},
     [[9, 13], [13, 1], [5, 1], [26, 2], [18, 10], [2, 26]]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "attributes", "wanted"), WEIGHT_CASES, ids=[c[0][10:] for c in WEIGHT_CASES])
def test_weights_are_unpacked(kind: str, given: dict[str, Any], attributes: dict[str, Any], wanted: Any) -> None:
    (found,) = run(kind, given, attributes)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_every_form_of_weights_has_a_case() -> None:
    assert COMPRESSED.keys() == {case[0] for case in WEIGHT_CASES}


@pytest.mark.parametrize(
    ("bits", "values"),
    [(4, [0, 15, 7, 9, 1]), (6, PLACES6), (3, [7, 0, 5, 2]), (1, [1, 0, 0, 1, 1]), (-4, [-8, 7, -1, 0, 3])],
)
def test_numbers_below_a_byte(bits: int, values: list[int]) -> None:
    width = abs(bits)
    raw = memoryview(packed([v % (1 << width) for v in values], width).tobytes())
    found = unpacked(raw, bits, (len(values),), lambda what: ImportFailed(what, ""))
    np.testing.assert_array_equal(found, values)


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ImportFailed, match="1 bytes for 5 numbers of 4 bits"):
        unpacked(memoryview(b"a"), 4, (5,), lambda what: ImportFailed(what, ""))


def test_a_program_becomes_the_same_file_each_time() -> None:
    """Names of constants once came from their places in memory."""

    def made() -> bytes:
        four = [np.float32(i) * np.ones(4, np.float32) for i in range(3)]   # constants that have no name
        ops = [
            Operation("mul", "a", {"x": ["image"], "y": [four[0][:3].reshape(1, 3, 1, 1)]}, ("a",), {}, (None,)),
            Operation("add", "b", {"x": ["a"], "y": [four[2][:3].reshape(1, 3, 1, 1)]}, ("b",), {}, (None,)),
        ]  # fmt: skip
        graph = Graph("test", "test")
        names, _, _ = build_program(graph, Program("test", tuple(ops), ("b",)), Image("image", 4, 4, "RGB"))
        return bytes(graph.model(("image", (1, 3, 4, 4)), (names[0], (1, 3, 4, 4))).SerializeToString())

    keep = [bytearray(i) for i in range(5000)]   # so that other places are free the second time
    first = made()
    del keep
    assert made() == first
