"""A Core ML file as plain data: what it takes, its labels, and the bytes of the network inside.

The messages are those of Model.proto and FeatureTypes.proto of apple/coremltools, in `mlmodel/format`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from inference.errors import ImportFailed
from inference.intake.importers.wire import Value, broken, fields, integers, message, numbers, text
from models.card import ColourOrder

# Model: the network in it, by the number of its field, and whether it names classes.
CLASSIFIER, NETWORK, PROGRAM = 403, 500, 502
PIPELINE, SUPPRESSION, SCALER, IDENTITY = 202, 610, 604, 900
WRAPPED = (200, 201)   # pipelines that classify or regress: the plain one is their first field
# What else a Model may be, for the sentence that says so, and what to do then.
OTHERS = {
    303: "a regressor of numbers", 400: "a linear classifier", 402: "a forest of trees", 404: "nearest neighbours",
    555: "a layer of somebody's own code", 200: "an empty pipeline", 201: "an empty pipeline", 202: "an empty pipeline",
    2002: "Apple's own feature print, which exists on Apple's devices alone",
}  # fmt: skip
ORDERS: dict[int, ColourOrder] = {10: "GRAY", 20: "RGB", 30: "BGR"}


@dataclass(frozen=True, slots=True)
class Image:
    """The picture that a network takes."""

    name: str
    height: int    # px
    width: int
    order: ColourOrder


@dataclass(frozen=True, slots=True)
class Suppression:
    """A non-maximum suppression behind a network: NonMaximumSuppression.proto."""

    coordinates: str          # outputs of the network: (n, 4) cx cy w h relative
    confidence: str           # (n, classes)
    iou: float                # unless the caller says otherwise
    least: float
    per_class: bool           # boxes of different classes leave each other alone
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoreMl:
    """One file, taken apart."""

    file: str
    image: Image
    outputs: tuple[str, ...]
    kind: int              # NETWORK, CLASSIFIER or PROGRAM
    network: memoryview    # its message
    suppression: Suppression | None = None   # what a pipeline does behind it
    scaler: tuple[str, tuple[float, ...], tuple[float, ...]] | None = None   # output, shift, scale: scale * (x + shift)


def read_model(data: bytes, file: str) -> CoreMl:
    """Take a `.mlmodel` apart.

    Raises:
        ImportFailed: it is damaged, holds something else than one network, or takes something else than one picture.
    """
    parts: dict[int, Value] = {}
    for number, _kind, value in fields(memoryview(data), file):
        parts[number] = value
    if pipeline := _pipeline(parts, file):
        return _chained(pipeline, file)
    kind = next((kind for kind in (CLASSIFIER, NETWORK, PROGRAM) if kind in parts), 0)
    if not kind or 2 not in parts:
        raise _no_network(parts, file)
    images, outputs, other = [], [], 0
    for number, _kind, value in fields(message(parts[2], file), file):
        if number == 1:
            image = _image(message(value, file), file)
            images += [image] if image else []
            other += image is None
        elif number == 10:
            outputs += [text(inner, file) for n, _k, inner in fields(message(value, file), file) if n == 1]
    if len(images) != 1 or other:
        raise ImportFailed(f"{file} does not take just one picture.", "Choose a network whose only input is an image.")
    return CoreMl(file, images[0], tuple(outputs), kind, message(parts[kind], file))


def _no_network(parts: Mapping[int, Value], file: str) -> ImportFailed:
    what = next((words for number, words in OTHERS.items() if number in parts), "no neural network")
    return ImportFailed(f"{file} holds {what}.", "Choose a file with one neural network.")


def _pipeline(parts: Mapping[int, Value], file: str) -> list[memoryview]:
    """The models of a pipeline in their order; none where it is no pipeline."""
    data = message(parts[PIPELINE], file) if PIPELINE in parts else None
    for number in WRAPPED:
        if number in parts:
            inner = [value for n, _k, value in fields(message(parts[number], file), file) if n == 1]
            data = message(inner[0], file) if inner else None
    return [message(value, file) for n, _k, value in fields(data, file) if n == 1] if data is not None else []


def _chained(models: list[memoryview], file: str) -> CoreMl:
    """A network, and behind it a suppression of boxes, a scaler, or nothing.

    Raises:
        ImportFailed: anything else is chained; the message names it.
    """
    kinds = [{n: value for n, _k, value in fields(model, file)} for model in models]
    kept = [(model, parts) for model, parts in zip(models, kinds, strict=True) if IDENTITY not in parts]
    (first, parts), behind = kept[0] if kept else (models[0], kinds[0]), [parts for _, parts in kept[1:]]
    if not {CLASSIFIER, NETWORK, PROGRAM} & parts.keys():
        raise _no_network(parts, file)
    if len(behind) > 1 or any(not {SUPPRESSION, SCALER} & rest.keys() for rest in behind):
        strange = next((words for rest in behind for n, words in OTHERS.items() if n in rest), "several models")
        raise ImportFailed(f"{file} is a pipeline of a network and {strange}.", "Export the network alone, to ONNX.")
    network = read_model(bytes(first), file)
    if not behind:
        return network
    if SCALER in behind[0]:
        return replace(network, scaler=_scaler(behind[0], network, file))
    return replace(network, suppression=_suppression(behind[0][SUPPRESSION], network, file))


def _scaler(parts: Mapping[int, Value], network: CoreMl, file: str) -> tuple[str, tuple[float, ...], tuple[float, ...]]:
    """Scaler.proto, and the output of the network that it takes."""
    shift, scale = (), ()   # type: tuple[float, ...], tuple[float, ...]
    for number, _kind, value in fields(message(parts[SCALER], file), file):
        found = tuple(float(v) for v in numbers(value, "<f8", file))
        shift, scale = (shift + found, scale) if number == 1 else (shift, scale + found)
    takes = [text(inner, file) for n, _k, value in fields(message(parts[2], file), file) if n == 1
             for m, _j, inner in fields(message(value, file), file) if m == 1]   # fmt: skip
    if len(takes) != 1 or takes[0] not in network.outputs:
        raise ImportFailed(f"{file} scales what its network does not make.", "Fetch the file again.")
    return takes[0], shift or (0.0,), scale or (1.0,)


def _suppression(last: Value, network: CoreMl, file: str) -> Suppression:
    """NonMaximumSuppression.proto."""
    words: dict[int, str] = {}
    reals: dict[int, float] = {110: 0.0, 111: 0.0}
    labels: tuple[str, ...] = ()
    per_class = False
    for number, _kind, value in fields(message(last, file), file):
        if number == 1:
            per_class = any(n == 1 and v == 1 for n, _k, v in fields(message(value, file), file))
        elif number == 100:
            labels = strings(value, file)
        elif number in (110, 111):
            found = numbers(value, "<f8", file)
            reals[number] = float(found[0]) if found.size == 1 else 0.0
        elif number in (200, 201):
            words[number] = text(value, file)
        elif number not in (202, 203, 210, 211):
            raise ImportFailed(f"{file} suppresses boxes in a way that is not known here.", "Export it without.")
    rule = Suppression(words.get(201, ""), words.get(200, ""), reals[110], reals[111], per_class, labels)
    if not {rule.coordinates, rule.confidence} <= set(network.outputs):
        raise ImportFailed(f"{file} suppresses what its network does not make.", "Fetch the file again.")
    return rule


def strings(data: Value, file: str) -> tuple[str, ...]:
    """A StringVector."""
    return tuple(text(value, file) for number, _kind, value in fields(message(data, file), file) if number == 1)


def real(value: Value, file: str) -> float:
    """A float of four bytes."""
    found = numbers(value, "<f4", file)
    if found.size != 1:
        raise broken(file)
    return float(found.item())


def _image(data: memoryview, file: str) -> Image | None:
    """An input, if it is a picture."""
    name, found = "", None
    for number, _kind, value in fields(data, file):
        if number == 1:
            name = text(value, file)
        elif number == 3:
            for part, _k, inner in fields(message(value, file), file):
                if part == 4:
                    found = {n: integers(v, file)[0] for n, k, v in fields(message(inner, file), file) if k == 0}
    if found is None:
        return None
    width, height = found.get(1, 0), found.get(2, 0)
    if not (1 <= width <= 8192 and 1 <= height <= 8192) or found.get(3) not in ORDERS:
        raise ImportFailed(f"{file} wants pictures of {width}×{height} in colours that are not known here.", "")
    return Image(name, height, width, ORDERS[found[3]])


def halves(data: memoryview, file: str) -> np.ndarray:
    """Half precision as float32."""
    return numbers(data, "<f2", file).astype(np.float32)
