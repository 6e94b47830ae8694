"""A Core ML program (`MIL.proto`) as plain data. What is not known is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import halves
from inference.intake.importers.wire import Value, fields, integers, message, numbers, text

Array = NDArray[Any]
Constant = Array | str | tuple[str, ...]

MOST_OPERATIONS = 100_000
DEEPEST = 8                     # lists within tuples
LARGEST_SIDE = 1 << 31
MAGIC = 0xDEADBEEF
RECORD = np.dtype([("magic", "<u4"), ("type", "<u4"), ("size", "<u8"), ("offset", "<u8")])
# DataType of MIL.proto: as numpy writes it.
TYPES = {1: "?", 10: "<f2", 11: "<f4", 12: "<f8", 21: "<i1", 22: "<i2", 23: "<i4", 24: "<i8", 31: "<u1", 32: "<u2",
         33: "<u4"}
BITS = {25: -4, 35: 4, 36: 2, 37: 1, 38: 6, 39: 3}   # of types below a byte; negative: with a sign


def unpacked(
    raw: memoryview, bits: int, shape: tuple[int, ...], wrong: Callable[[str], ImportFailed]
) -> Array:
    """Whole numbers of fewer than 8 bits, the first in the lowest bits of the first byte; negative `bits`: signed."""
    width, size = abs(bits), 1
    for side in shape:
        size *= side
    if len(raw) * 8 < size * width or size > len(raw) * 8:
        raise wrong(f"{len(raw)} bytes for {size} numbers of {width} bits")
    each = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: size * width].reshape(size, width)
    found = each.astype(np.int64) @ (1 << np.arange(width))
    if bits < 0:
        found = np.where(found >= 1 << (width - 1), found - (1 << width), found)
    return found.reshape(shape)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its kind, what goes in by parameter (names of values, or constants), what comes out."""

    kind: str
    name: str
    inputs: dict[str, list[str | Constant]]
    outputs: tuple[str, ...]
    constants: dict[str, Any] = field(default_factory=dict)   # attributes: "val" of a const, and the like
    shapes: tuple[tuple[int, ...] | None, ...] = ()           # of the outputs, where every side is fixed


@dataclass(frozen=True, slots=True)
class Program:
    """The main function: its operations in order, and the names of its results."""

    file: str
    operations: tuple[Operation, ...]
    outputs: tuple[str, ...]

    @property
    def half(self) -> bool:
        """Whether it computes in half precision: it casts to it."""
        wanted = {name for op in self.operations if op.kind == "cast" for name in op.inputs.get("dtype", ())
                  if isinstance(name, str)}   # fmt: skip
        names = {op.outputs[0] for op in self.operations
                 if op.kind == "const" and op.outputs and str(op.constants.get("val")) == "fp16"}   # fmt: skip
        return bool(wanted & (names | {"fp16"}))


class _Reader:
    """Reads one program."""

    def __init__(self, blob: bytes, file: str) -> None:
        self.blob, self.file = memoryview(blob), file

    def parts(self, data: Value) -> dict[int, list[Value]]:
        found: dict[int, list[Value]] = {}
        for number, _kind, value in fields(message(data, self.file), self.file):
            found.setdefault(number, []).append(value)
        return found

    def entries(self, values: list[Value]) -> dict[str, Value]:
        """A map of strings to messages."""
        found = {}
        for value in values:
            entry = self.parts(value)
            found[text(entry[1][0], self.file) if 1 in entry else ""] = entry.get(2, [memoryview(b"")])[-1]
        return found

    def operation(self, data: Value) -> Operation:
        parts = self.parts(data)
        inputs: dict[str, list[str | Constant]] = {}
        for key, argument in self.entries(parts.get(2, [])).items():
            inputs[key] = []
            for binding in self.parts(argument).get(1, []):
                bound = self.parts(binding)
                inputs[key].append(text(bound[1][0], self.file) if 1 in bound else self.value(bound[2][0]))
        constants = {key: self.value(value) for key, value in self.entries(parts.get(5, [])).items()}
        made = [found for found in map(self.parts, parts.get(3, [])) if 1 in found]
        outputs = tuple(text(found[1][0], self.file) for found in made)
        shapes = tuple(self.fixed_shape(found[2][0]) if 2 in found else None for found in made)
        if 4 in parts:
            raise ImportFailed(f"{self.file} has loops or branches, which are not known here.", "Choose another model.")
        kind = text(parts[1][0], self.file) if 1 in parts else ""
        return Operation(kind, str(constants.get("name", "")), inputs, outputs, constants, shapes)

    def value(self, data: Value, depth: int = 0) -> Constant:
        """A constant: an array, a text, or several texts."""
        if depth > DEEPEST:
            raise self.wrong("lists in lists in lists")
        parts = self.parts(data)
        kind, shape = self.type(parts[2][0]) if 2 in parts else (0, ())
        if 5 in parts:
            return self.stored(parts[5][0], kind, shape)
        if 3 not in parts:
            raise self.wrong("a constant without a value")
        immediate = self.parts(parts[3][0])
        if 3 in immediate:   # a list, of texts: the classes
            items = [self.value(item, depth + 1) for item in self.parts(immediate[3][0]).get(1, [])]
            return tuple(str(item) for item in items)
        if 1 not in immediate:
            raise self.wrong("a constant of a kind that is not known here")
        tensor = self.parts(immediate[1][0])
        for number, form in ((1, "<f4"), (6, "<f8")):
            if number in tensor:
                raw = [numbers(v, form, self.file) for v in self.parts(tensor[number][0]).get(1, [])]
                return self.shaped(np.concatenate(raw) if raw else np.zeros(0, form), kind, shape)
        for number in (2, 3, 5):
            if number in tensor:
                whole = [i for v in self.parts(tensor[number][0]).get(1, []) for i in integers(v, self.file)]
                # Numbers of 32 bits are written with the sign of 64.
                return self.shaped(np.array(whole, np.int64), kind, shape)
        if 4 in tensor:
            found = tuple(text(v, self.file) for v in self.parts(tensor[4][0]).get(1, []))
            return found[0] if len(found) == 1 and not shape else found
        if 7 in tensor:
            raw_bytes = message(self.parts(tensor[7][0])[1][0], self.file)
            if kind in BITS:
                return unpacked(raw_bytes, BITS[kind], shape, self.wrong)
            if kind not in TYPES:
                raise self.wrong("bytes of an unknown type")
            return self.shaped(numbers(raw_bytes, TYPES[kind], self.file), kind, shape)
        return self.shaped(np.zeros(0, np.int64), kind, shape)

    def type(self, data: Value) -> tuple[int, tuple[int, ...]]:
        """Data type and shape of a ValueType; 0 and () for one that is no tensor."""
        parts = self.parts(data)
        if 1 not in parts:
            return 0, ()
        tensor = self.parts(parts[1][0])
        dims = []
        for dimension in tensor.get(3, []):
            constant = self.parts(dimension)
            if 1 not in constant:
                raise self.wrong("a dimension that is left open")
            size = self.parts(constant[1][0])
            dims.append(integers(size[1][0], self.file)[0] if 1 in size else 0)
        if any(not 0 <= side < LARGEST_SIDE for side in dims) or len(dims) > 8:
            raise self.wrong("an impossible shape")
        return integers(tensor[1][0], self.file)[0] if 1 in tensor else 0, tuple(dims)

    def fixed_shape(self, data: Value) -> tuple[int, ...] | None:
        """Shape of a ValueType; None where a side is left open, or for what is no tensor."""
        if not self.parts(data).get(1):
            return None
        try:
            return self.type(data)[1]
        except ImportFailed:   # an open side: only the operations that must know it refuse
            return None

    def stored(self, data: Value, kind: int, shape: tuple[int, ...]) -> Array:
        """Numbers in weight.bin: a record of 64 bytes says where they lie."""
        parts = self.parts(data)
        name = text(parts[1][0], self.file) if 1 in parts else ""
        if name.rpartition("/")[2] != "weight.bin" or ".." in name or not name.startswith("@model_path/"):
            raise self.wrong(f"weights in {name[:80]!r}, outside the package")
        at = integers(parts[2][0], self.file)[0] if 2 in parts else 0
        if not 0 <= at <= len(self.blob) - RECORD.itemsize:
            raise self.wrong("weights beyond the end of weight.bin")
        record = np.frombuffer(self.blob[at : at + RECORD.itemsize], RECORD)[0]
        size, offset = int(record["size"]), int(record["offset"])
        inside = offset <= len(self.blob) and size <= len(self.blob) - offset
        if int(record["magic"]) != MAGIC or kind not in TYPES.keys() | BITS.keys() or not inside:
            raise self.wrong("weights that are not where the file says")
        raw = self.blob[offset : offset + size]
        if kind in BITS:
            return unpacked(raw, BITS[kind], shape, self.wrong)
        return self.shaped(halves(raw, self.file) if kind == 10 else numbers(raw, TYPES[kind], self.file), kind, shape)

    def shaped(self, values: Array, kind: int, shape: tuple[int, ...]) -> Array:
        size = 1
        for side in shape:
            size *= side
        if values.size != size:
            raise self.wrong(f"{values.size} numbers for a shape of {'×'.join(map(str, shape)) or 'one'}")
        if kind in (10, 11, 12):
            return values.astype(np.float32).reshape(shape)
        return (values.astype(bool) if kind == 1 else values).reshape(shape)

    def wrong(self, what: str) -> ImportFailed:
        return ImportFailed(f"{self.file} has {what}.", "Fetch the file again, or convert it anew.")


def read_program(data: memoryview, blob: bytes, file: str) -> Program:
    """Read a program's main function; `blob` is weight.bin, empty where there is none.

    Raises:
        ImportFailed: it is damaged, or has what is not known here.
    """
    reader = _Reader(blob, file)
    try:
        functions = reader.entries(reader.parts(data).get(2, []))
        if "main" not in functions:
            raise reader.wrong("no main function")
        blocks = reader.entries(reader.parts(functions["main"]).get(3, []))
        if len(blocks) != 1:
            raise reader.wrong(f"{len(blocks)} versions of its main function")
        block = reader.parts(next(iter(blocks.values())))
        if len(block.get(3, [])) > MOST_OPERATIONS:
            raise reader.wrong("more operations than any network")
        operations = tuple(reader.operation(op) for op in block.get(3, []))
        return Program(file, operations, tuple(text(out, file) for out in block.get(2, [])))
    except (KeyError, IndexError) as error:   # a field that must be there is not
        raise reader.wrong("messages without their fields") from error
