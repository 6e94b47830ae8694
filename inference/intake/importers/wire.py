"""Protocol buffers as they lie in a file: enough to read a model without the program that wrote it.

https://protobuf.dev/programming-guides/encoding/. No size in the data is believed before it is compared with what is
really there, and nothing is copied but numbers.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_VARINT = 10     # bytes of a 64-bit number

Value = int | memoryview


def fields(data: memoryview, file: str) -> Iterator[tuple[int, int, Value]]:
    """The fields of one message in their order: (number, wire type, value); a value of fixed size comes as its bytes.

    Raises:
        ImportFailed: the data ends in the middle of a field, or is no message; `file` is named.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at, file)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(data, at, file)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, at = varint(data, at, file)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise broken(file)
        if number == 0 or size > end - at:
            raise broken(file)
        yield number, kind, data[at : at + size]
        at += size


def varint(data: memoryview, at: int, file: str) -> tuple[int, int]:
    """The number that begins at `at`, and where the next byte is.

    Raises:
        ImportFailed: the data ends before the number does, or it is longer than 64 bits.
    """
    value = 0
    for i in range(MOST_VARINT):
        if at + i >= len(data):
            break
        byte = data[at + i]
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at + i + 1
    raise broken(file)


def integers(value: Value, file: str) -> list[int]:
    """A repeated whole number: one of them, or packed many; negative ones as two's complement of 64 bits."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at, file)
        found.append(signed(number))
    return found


def signed(value: int) -> int:
    """A number of 64 bits with its sign."""
    return value - (1 << 64) if value >= 1 << 63 else value


def numbers(value: Value, kind: str, file: str) -> NDArray[np.generic]:
    """Repeated numbers of fixed size, one or packed many, little-endian; `kind` as numpy writes it, "<f4"."""
    if isinstance(value, int) or len(value) % np.dtype(kind).itemsize:
        raise broken(file)
    return np.frombuffer(value, kind)


def text(value: Value, file: str) -> str:
    """A string; what is no UTF-8 in it is marked."""
    if isinstance(value, int):
        raise broken(file)
    return bytes(value).decode("utf-8", "replace")


def message(value: Value, file: str) -> memoryview:
    """A message within a message."""
    if isinstance(value, int):
        raise broken(file)
    return value


def broken(file: str) -> ImportFailed:
    """What to say of data that is no message."""
    return ImportFailed(f"{file} is damaged or is only a part of the file.", "Fetch the file again.")
