"""A .caffemodel: the trained numbers of each layer by its name.

The messages are NetParameter, LayerParameter, V1LayerParameter and BlobProto of BVLC/caffe's caffe.proto.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.files import read_file
from inference.intake.importers.wire import fields, integers, message, numbers, text

Blob = NDArray[np.float32]

# NetParameter: 100 are today's layers, 2 those of 2014. In each: where its name and its blobs stand.
LAYERS = {100: (1, 7), 2: (4, 6)}
DATA, DOUBLE_DATA, SHAPE, LEGACY = 5, 8, 7, (1, 2, 3, 4)   # of a BlobProto
MOST_AXES = 8


def read_caffemodel(path: Path, file: str) -> dict[str, list[Blob]]:
    """The blobs of every layer that has some, by the layer's name; `file` is what to call it in an error.

    Raises:
        ImportFailed: the file cannot be read, is damaged, or a blob's shape does not fit its numbers.
    """
    layers: dict[str, list[Blob]] = {}
    for number, _kind, value in fields(memoryview(read_file(path)), file):
        if number not in LAYERS:
            continue
        name_at, blobs_at = LAYERS[number]
        name, blobs = "", []
        for part, _kind, inner in fields(message(value, file), file):
            if part == name_at:
                name = text(inner, file)
            elif part == blobs_at:
                blobs.append(_blob(message(inner, file), file))
        if blobs:
            layers[name] = blobs
    return layers


def _blob(data: memoryview, file: str) -> Blob:
    """The numbers of a BlobProto in its shape."""
    shape: list[int] | None = None
    legacy = [0, 0, 0, 0]
    parts: list[NDArray[np.generic]] = []
    for number, _kind, value in fields(data, file):
        if number in (DATA, DOUBLE_DATA):
            parts.append(numbers(value, "<f4" if number == DATA else "<f8", file))
        elif number == SHAPE:
            shape = _dims(message(value, file), file)
        elif number in LEGACY:
            legacy[number - 1] = integers(value, file)[0] if isinstance(value, int) else 0
    values = np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
    if shape is None:
        shape = legacy if any(legacy) else [values.size]
    # In Python's integers: a product of numpy's might wrap round to what is there.
    size = 1
    for side in shape:
        size *= side
    if len(shape) > MOST_AXES or min(shape, default=1) < 0 or size != values.size:
        raise ImportFailed(f"{file}: a blob of shape {shape} has {values.size} numbers.", "Fetch the file again.")
    return values.reshape(shape)


def _dims(data: memoryview, file: str) -> list[int]:
    dims: list[int] = []
    for number, _kind, value in fields(data, file):
        if number == 1:
            dims += integers(value, file)
    return dims


