"""numpy arrays out of a pickle, without `pickle.load`."""

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.files import read_file
from inference.intake.importers.pickles import Maker, read_pickle

# Plain numbers; no objects, texts or records.
KINDS = frozenset(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"])

MOST = 16   # arrays in one entry


class _DType:
    """numpy.dtype('f4', …), and the byte order that follows."""

    def __init__(self, kind: Any, *_: Any) -> None:
        if kind not in KINDS:
            raise ValueError(f"an array of {str(kind)[:20]!r}, which is no kind of number")
        self.dtype = np.dtype(kind)

    def build(self, state: Any) -> None:
        """(version, byte order, …)."""
        order, rest = state[1], state[2:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in rest):
            raise ValueError("an array of records")
        self.dtype = self.dtype.newbyteorder("<" if order in "|=" else order)


class _Array:
    """An array that gets its contents by `build`."""

    def __init__(self, reader: "_Reader") -> None:
        self._reader = reader
        self.values: NDArray[Any] = np.empty(0, np.float32)

    def build(self, state: Any) -> None:
        """(version, shape, dtype, columns first, bytes)."""
        _, shape, kind, columns_first, raw = state
        self.values = self._reader.array(raw, kind, shape, "F" if columns_first else "C")


class _Reader:
    """The makers for one file; only texts are ever copied, and no more than the file is long."""

    def __init__(self, size: int) -> None:
        self._left = size
        self.makers: Mapping[str, Maker] = {
            # numpy 1 | numpy 2
            **dict.fromkeys(["numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"], self._empty),
            **dict.fromkeys(["numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"], self._from_buffer),
            "numpy ndarray": self._empty,
            "numpy dtype": _DType,
            "_codecs encode": self._encode,
            "__builtin__ bytes": _no_bytes,
            "builtins bytes": _no_bytes,
        }

    def array(self, raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
        """The values of `raw`; every size is checked against the bytes that are really there."""
        if isinstance(raw, str):   # Python 2 wrote bytes as texts
            raw = self._encode(raw, "latin1")
        if not isinstance(raw, bytes | bytearray) or not isinstance(kind, _DType):
            raise ValueError("an array without its numbers")
        if len(shape) > 8 or not all(type(side) is int and 0 <= side < 2**40 for side in shape):
            raise ValueError("an array of impossible shape")
        if math.prod(shape) * kind.dtype.itemsize != len(raw):
            raise ValueError("an array with more or fewer numbers than its shape says")
        return np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if order == "F" else "C")

    def _empty(self, *_: Any) -> _Array:
        return _Array(self)

    def _from_buffer(self, raw: Any, kind: Any, shape: Any, order: Any) -> _Array:
        """What pickles of protocol 5 call."""
        made = _Array(self)
        made.values = self.array(raw, kind, shape, order)
        return made

    def _encode(self, text: str, encoding: str) -> bytes:
        """Protocol 2 has no bytes: they are written as a text and the call that undoes it."""
        self._left -= len(text)
        if encoding not in ("latin1", "latin-1") or self._left < 0:
            raise ValueError("bytes in an unknown encoding, or more of them than the file has")
        return text.encode("latin-1")


def _no_bytes(*arguments: Any) -> bytes:
    """bytes() as protocol 2 calls it for an empty one."""
    if arguments:
        raise ValueError("bytes of a made-up length")
    return b""


def read_arrays(path: Path) -> dict[str, list[NDArray[Any]]]:
    """A pickled table of arrays, or of lists of arrays: each entry as a list.

    Raises:
        ImportFailed: it is something else, broken, or asks for more than numbers.
    """
    data = read_file(path)
    value = read_pickle(io.BytesIO(data), path.name, _Reader(len(data)).makers)
    if not isinstance(value, dict):
        raise ImportFailed(f"{path.name} holds no table of weights.", "Choose the file that belongs to this model.")
    table: dict[str, list[NDArray[Any]]] = {}
    for key, entry in value.items():
        items = entry if isinstance(entry, list | tuple) else [entry]
        if len(items) > MOST or not all(isinstance(item, _Array) for item in items):
            raise ImportFailed(
                f"{path.name} holds something other than weights in {str(key)[:60]!r}.",
                "Choose the file that belongs to this model.",
            )
        table[str(key)] = [item.values for item in items]
    return table
