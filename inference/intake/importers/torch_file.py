"""The tensors of a PyTorch file, without PyTorch.

Both forms: a zip with a pickle and one entry a storage (PyTorch 1.6 and later), and the older row of pickles with
the storages behind them. Nothing of the file is run; no size that it states is believed before it is checked.
"""

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.files import LARGEST_FILE, read_file
from inference.intake.importers.pickles import read_pickle

MAGIC = 0x1950A86A20F9469CFC6C     # of the older form
PROTOCOL = 1001
MOST_TENSORS = 100_000

STORAGES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?", "BFloat16Storage": "bfloat16",
}  # fmt: skip

# What a broken file makes of the zip and of the checks below.
BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    EOFError, OSError, RuntimeError,
)  # fmt: skip


class _Kind:
    """A storage type; the file only names it, it is never called."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __call__(self, *_: Any) -> Any:
        raise TypeError("a storage inside the pickle")

    @property
    def bytes(self) -> int:
        return 2 if self.code == "bfloat16" else np.dtype(self.code).itemsize


@dataclass(eq=False)
class _Storage:
    """A row of `count` numbers that lies outside of the pickle under `key`."""

    key: str
    kind: _Kind
    count: int


@dataclass(eq=False)
class _Tensor:
    """A view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]     # in numbers

    def view(self, row: NDArray[Any]) -> NDArray[Any]:
        """The tensor's numbers out of the storage's."""
        last = self.offset + sum((side - 1) * step for side, step in zip(self.shape, self.strides, strict=True))
        if math.prod(self.shape) == 0 or last >= len(row) or math.prod(self.shape) > len(row):
            raise ValueError("a tensor that reaches beyond its storage")
        step = row.itemsize
        out: NDArray[Any] = np.lib.stride_tricks.as_strided(
            row[self.offset :], self.shape, [s * step for s in self.strides], writeable=False
        )
        return out


@dataclass(eq=False)
class _Reader:
    """The makers for the pickle of one file, and the storages that it names."""

    storages: dict[str, _Storage] = field(default_factory=dict)

    def makers(self) -> Mapping[str, Callable[..., Any]]:
        """What such a pickle may call."""
        return {
            "collections OrderedDict": _ordered,
            "torch._utils _rebuild_tensor_v2": self.tensor,
            "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
            **{f"torch {name}": _Kind(code) for name, code in STORAGES.items()},
        }

    def outside(self, identity: Any) -> _Storage:
        """A storage by its id: ('storage', kind, key, place, count, …)."""
        tag, kind, key, _, count = identity[:5]
        kind = getattr(kind, "maker", None)
        if tag != "storage" or not isinstance(kind, _Kind) or not re.fullmatch(r"[0-9]{1,20}", key):
            raise ValueError("a value outside of the pickle that is no storage")
        if type(count) is not int or not 0 <= count <= LARGEST_FILE or (len(identity) > 5 and identity[5] is not None):
            raise ValueError("a storage of impossible size")
        storage = self.storages.setdefault(key, _Storage(key, kind, count))
        if (storage.kind, storage.count) != (kind, count):
            raise ValueError("two storages of one name")
        return storage

    @staticmethod
    def tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
        """A tensor, its numbers not read yet."""
        sizes = [offset, *shape, *strides]
        if not isinstance(storage, _Storage) or len(shape) != len(strides) or len(shape) > 8:
            raise ValueError("a tensor without its storage")
        if not all(type(size) is int and 0 <= size <= LARGEST_FILE for size in sizes):
            raise ValueError("a tensor of impossible shape")
        return _Tensor(storage, offset, tuple(shape), tuple(strides))


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a state dictionary by their names, read-only.

    Raises:
        ImportFailed: the file is broken, hostile, or holds something else.
    """
    data = read_file(path)
    reader = _Reader()
    try:
        if data[:2] == b"PK":
            table, rows = _zip(data, path.name, reader)
        else:
            table, rows = _rows(data, path.name, reader)
        table = table.get("state_dict", table)
        if len(table) > MOST_TENSORS or not all(isinstance(value, _Tensor) for value in table.values()):
            raise ValueError("it holds no plain table of tensors")
        return {str(name): tensor.view(rows[tensor.storage.key]) for name, tensor in table.items()}
    except BROKEN as error:
        reason = str(error).strip().splitlines()[0][:120].rstrip(".") if str(error).strip() else "it ends too early"
        raise ImportFailed(
            f"{path.name} is broken, or no PyTorch file of weights: {reason}.", "Fetch the file again."
        ) from error


def _zip(data: bytes, name: str, reader: _Reader) -> tuple[dict[Any, Any], dict[str, NDArray[Any]]]:
    """The newer form: <folder>/data.pkl beside <folder>/data/<key>."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (pickle,) = (entry for entry in archive.namelist() if entry.endswith("/data.pkl"))
        folder = pickle.removesuffix("data.pkl")
        if f"{folder}byteorder" in archive.namelist() and _entry(archive, f"{folder}byteorder", data) != b"little":
            raise ValueError("its numbers have the wrong byte order")
        table = read_pickle(io.BytesIO(_entry(archive, pickle, data)), name, reader.makers(), reader.outside)
        rows = {
            key: _numbers(_entry(archive, f"{folder}data/{key}", data), storage)
            for key, storage in reader.storages.items()
        }
    if not isinstance(table, dict):
        raise ValueError("it holds no table")
    return table, rows


def _entry(archive: zipfile.ZipFile, name: str, data: bytes) -> bytes:
    """One entry. PyTorch never compresses: what is compressed could be of any size when it is opened."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > len(data):
        raise ValueError("an entry that is compressed")
    return archive.read(info)


def _rows(data: bytes, name: str, reader: _Reader) -> tuple[dict[Any, Any], dict[str, NDArray[Any]]]:
    """The older form: five pickles, then for each key a count of 8 bytes and the numbers."""
    file = io.BytesIO(data)
    if read_pickle(file, name, {}) != MAGIC or read_pickle(file, name, {}) != PROTOCOL:
        raise ValueError("it does not begin as one")
    machine = read_pickle(file, name, {})
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError("its numbers have the wrong byte order")
    table = read_pickle(file, name, reader.makers(), reader.outside)
    keys = read_pickle(file, name, {})
    if not isinstance(table, dict) or not isinstance(keys, list) or set(keys) != set(reader.storages):
        raise ValueError("its storages are not those that its tensors name")
    rows: dict[str, NDArray[Any]] = {}
    for key in keys:
        storage = reader.storages[key]
        if key in rows or int.from_bytes(file.read(8), "little") != storage.count:
            raise ValueError("a storage of another size than its tensors say")
        rows[key] = _numbers(file.read(storage.count * storage.kind.bytes), storage)
    if file.read(1):
        raise ValueError("it goes on behind its last tensor")
    return table, rows


def _numbers(raw: bytes, storage: _Storage) -> NDArray[Any]:
    """The numbers of a storage; the bytes must be exactly as many as it says."""
    if len(raw) != storage.count * storage.kind.bytes:
        raise ValueError("a storage ends too early, or is too long")
    if storage.kind.code == "bfloat16":   # the upper half of a float32
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(raw, storage.kind.code)


def _ordered(*arguments: Any) -> dict[Any, Any]:
    """collections.OrderedDict, empty as torch writes it or from pairs."""
    if not arguments:
        return {}
    (pairs,) = arguments
    if not all(isinstance(key, str) for key, _ in pairs):
        raise TypeError("a key of a table is no text")
    return dict(pairs)
