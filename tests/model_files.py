"""Writes model files of other formats, as the programs that make them do: for the tests of the importers."""

import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError
from inference.foreign import UNFORESEEN
from models.card import InputSpec, ModelCard, ModelFile

Array = NDArray[Any]


def foreign_card(kind: str, size: tuple[int, int], names: tuple[str, ...] = (), **options: Any) -> ModelCard:
    """A card of a format that must be converted."""
    return ModelCard(
        name="tried", title="Tried", family="none", task="classify", decoder="softmax", labels="none.txt",
        input=InputSpec(size=size), files=tuple(ModelFile(name, "0" * 64, 1) for name in names), licence="MIT",
        source="made by a test", format=kind, options=options,  # type: ignore[arg-type]
    )  # fmt: skip


# ---- PyTorch, without PyTorch: its names stand in for the length of one dump ----


class _Tensor:
    def __init__(self, array: Array, key: str) -> None:
        self.array, self.key = array, key

    def __reduce__(self) -> tuple[Any, ...]:
        strides = tuple(s // self.array.itemsize for s in self.array.strides)
        module = sys.modules["torch._utils"]
        return module._rebuild_tensor_v2, (_Key(self), 0, self.array.shape, strides, False, OrderedDict())


class _Key:
    def __init__(self, tensor: _Tensor) -> None:
        self.tensor = tensor


def _dump(tensors: Mapping[str, _Tensor], *, rows: bool) -> bytes:
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "HalfStorage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    kinds = {"f4": torch.FloatStorage, "f2": torch.HalfStorage, "i8": torch.LongStorage}  # type: ignore[attr-defined]

    class Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
        def persistent_id(self, thing: Any) -> Any:
            if not isinstance(thing, _Key):
                return None
            array = thing.tensor.array
            identity = ("storage", kinds[array.dtype.str[1:]], thing.tensor.key, "cpu", array.size)
            return (*identity, None) if rows else identity

    out = io.BytesIO()
    with mock.patch.dict(sys.modules, {"torch": torch, "torch._utils": utils}):
        Pickler(out, 2).dump(OrderedDict(tensors))
    return out.getvalue()


def torch_zip(arrays: Mapping[str, Array]) -> bytes:
    """What torch.save writes since 1.6."""
    tensors = {name: _Tensor(array, str(i)) for i, (name, array) in enumerate(arrays.items())}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", _dump(tensors, rows=False))
        archive.writestr("archive/byteorder", "little")
        for tensor in tensors.values():
            archive.writestr(f"archive/data/{tensor.key}", np.ascontiguousarray(tensor.array).tobytes())
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


def torch_rows(arrays: Mapping[str, Array]) -> bytes:
    """What torch.save wrote before."""
    tensors = {name: _Tensor(array, str(94_000_000 + i)) for i, (name, array) in enumerate(arrays.items())}
    keys = sorted(tensor.key for tensor in tensors.values())
    by_key = {tensor.key: tensor.array for tensor in tensors.values()}
    head = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}]
    out = b"".join(pickle.dumps(part, 2) for part in head) + _dump(tensors, rows=True) + pickle.dumps(keys, 2)
    for key in keys:
        out += struct.pack("<q", by_key[key].size) + np.ascontiguousarray(by_key[key]).tobytes()
    return out


# ---- small networks with the layer names of the real ones ----


def small_squeezenet(seed: int = 0) -> dict[str, list[Array]]:
    """SqueezeNet 1.1 with two channels everywhere and five classes."""
    random = np.random.default_rng(seed)

    def layer(side: int, inside: int, outside: int) -> list[Array]:
        return [
            random.standard_normal((side, side, inside, outside)).astype(np.float32),
            random.standard_normal(outside).astype(np.float32),
        ]

    table = {"conv1": layer(3, 3, 4), "conv10": layer(1, 4, 5)}
    for i in range(2, 10):
        table[f"fire{i}/squeeze1x1"] = layer(1, 4, 2)
        table[f"fire{i}/expand1x1"] = layer(1, 2, 2)
        table[f"fire{i}/expand3x3"] = layer(3, 2, 2)
    return table


def norm(name: str, width: int, bias: Array | None = None) -> dict[str, Array]:
    """A batch normalisation that does nothing but add `bias`, for an epsilon of 1e-3."""
    return {
        f"{name}.weight": np.ones(width, np.float32),
        f"{name}.bias": np.zeros(width, np.float32) if bias is None else bias,
        f"{name}.running_mean": np.zeros(width, np.float32),
        f"{name}.running_var": np.full(width, 1 - 1e-3, np.float32),
        f"{name}.num_batches_tracked": np.array(1, np.int64),
    }


def small_lite() -> dict[str, Array]:
    """EfficientNet-Lite0 with four channels everywhere and five classes."""
    random = np.random.default_rng(1)

    def kernel(*shape: int) -> Array:
        return random.standard_normal(shape).astype(np.float32)

    table = {"_conv_stem.weight": kernel(4, 3, 3, 3), **norm("_bn0", 4)}
    for i in range(16):
        at = f"_blocks.{i}"
        if i:
            table |= {f"{at}._expand_conv.weight": kernel(4, 4, 1, 1), **norm(f"{at}._bn0", 4)}
        table |= {f"{at}._depthwise_conv.weight": kernel(4, 1, 3, 3), **norm(f"{at}._bn1", 4)}
        table |= {f"{at}._project_conv.weight": kernel(4, 4, 1, 1), **norm(f"{at}._bn2", 4)}
    table |= {"_conv_head.weight": kernel(8, 4, 1, 1), **norm("_bn1", 8)}
    return table | {"_fc.weight": kernel(5, 8), "_fc.bias": kernel(5)}


# ---- Darknet ----


def darknet_header(major: int = 0, minor: int = 2) -> bytes:
    """The first bytes of a .weights; the count of pictures seen is long since version 0.2."""
    return struct.pack("<3i", major, minor, 0) + struct.pack("<q" if major * 10 + minor >= 2 else "<i", 32_000)


def write_darknet(folder: Path, cfg: str, numbers: Array, header: bytes | None = None) -> tuple[Path, Path]:
    """The two files of a Darknet model."""
    paths = folder / "net.cfg", folder / "net.weights"
    paths[0].write_text(cfg, encoding="utf-8")
    paths[1].write_bytes((header or darknet_header()) + numbers.astype("<f4").tobytes())
    return paths


@contextmanager
def foreseen() -> Iterator[None]:
    """A sentence may come, but one that a reader says: what inference.foreign catches is a bug of ours."""
    try:
        yield
    except LabError as error:
        if isinstance(error.__cause__, UNFORESEEN) and "contradict each other" in str(error):
            raise error.__cause__ from None
