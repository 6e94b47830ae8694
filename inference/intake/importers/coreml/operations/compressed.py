"""Weights that are unpacked on the device: (parameters of iOS 18, attributes of iOS 16) → the weights."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.coreml.arguments import Args
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
Build = Callable[[Graph, Args, str], str | list[str]]



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
