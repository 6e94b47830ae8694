"""The files of a model of the user's own: which belong together, and what stands in those that are text."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference.errors import ImportFailed, LabError
from inference.formats import KINDS
from inference.intake.importers.caffe import prototext as prototext
from inference.intake.importers.caffe.prototext import Message
from models.card import LARGEST_SIDE, Format, InputSpec, ModelCard
from models.texts import lines_of, plain, read_text, reason

LARGEST_TEXT = 20_000_000                              # bytes of a .cfg, .prototxt or list of labels
PACKED = "model.mlmodel"                               # inside a Core ML package


def gather(files: Sequence[Path]) -> tuple[tuple[Path, ...], Format]:
    """The files of one model, those beside them included, in the order of their format."""
    if not files:
        raise LabError("No file was named.", "Name the file of a model.")
    kinds = {path.suffix.lower(): path for path in files}
    if len(kinds) < len(files):
        twice = next(path for path in files if path not in kinds.values())
        other = kinds[twice.suffix.lower()]
        raise LabError(f"{twice.name} and {other.name} are two models.", "Add one model at a time.")
    known = [ending for ending in kinds if ending in KINDS]
    if not known:
        raise LabError(
            f"{files[0].name} is no model that is known here.", f"Known endings: {', '.join(sorted(KINDS))}."
        )
    first = known[0]
    kind, partner = KINDS[first]
    wanted = {first, partner} - {""}
    if strange := [path.name for path in files if path.suffix.lower() not in wanted]:
        beside = strange[0] if kind != "onnx" else ""
        if beside:
            raise LabError(f"{beside} does not belong to {kinds[first].name}.", "Add one model at a time.")
    if partner and partner not in kinds:
        beside_path = _beside(kinds[first], partner)
        if beside_path is None and not (kind == "tensorflow" and partner == ".pbtxt"):
            raise LabError(
                f"{kinds[first].name} needs its {partner} file.", "Put both into one folder, or name both."
            )
        if beside_path is not None:
            kinds[partner] = beside_path
    order = {"darknet": (".cfg", ".weights"), "caffe": (".prototxt", ".caffemodel"), "tensorflow": (".pb", ".pbtxt")}
    sources = tuple(kinds[ending] for ending in order.get(kind, (first,)) if ending in kinds)
    if first == ".mlpackage":
        sources = _packed(kinds[first])
    for path in sources:
        if not path.is_file():
            raise LabError(f"{path.name} is not there.", "Check the path.")
    return sources, kind


def _packed(folder: Path) -> tuple[Path, ...]:
    """The network and the weights of a Core ML package, which is a folder; nothing outside of it."""
    root = folder.resolve()
    data = root / "Data" / "com.apple.CoreML"
    found = tuple(path for path in (data / PACKED, data / "weights" / "weight.bin") if path.is_file())
    if not found or any(not path.resolve().is_relative_to(root) for path in found):
        raise LabError(f"{folder.name} is no whole Core ML package.", "Copy it again, with all that is in it.")
    return found


def _beside(path: Path, ending: str) -> Path | None:
    """The file of this ending beside `path`: of the same name, else the only one."""
    try:
        found = [other for other in path.parent.iterdir() if other.suffix.lower() == ending]
    except OSError:
        return None
    same = [other for other in found if other.stem == path.stem]
    deployed = [other for other in found if "deploy" in other.stem.lower()]   # Caffe's, beside that for training
    chosen = same or (deployed if len(deployed) == 1 else found)
    return chosen[0] if same or len(chosen) == 1 else None


def take_weights_in(model: Any, path: Path) -> None:
    """Put the weights that lie beside the ONNX file `path` into its model; `check_file` has seen that they may be read.

    Raises:
        LabError: they are not there, or are too short.
    """
    from onnx.external_data_helper import load_external_data_for_model

    try:
        load_external_data_for_model(model, str(path.parent))
    except Exception as error:   # onnx has a dozen kinds for weights that are not there or too short
        raise LabError(
            f"The weights of {path.name} cannot be read: {str(error)[:200]}.", "Put all its files into one folder."
        ) from error


def read_given_labels(path: Path) -> tuple[str, ...]:
    """One label a line."""
    try:
        found = tuple(plain(line.strip()) for line in lines_of(read_text(path, LARGEST_TEXT)))
    except OSError as error:
        raise LabError(
            f"{path.name} cannot be read: {reason(error)}.", "Give a text with one label a line."
        ) from error
    except UnicodeDecodeError as error:
        raise LabError(f"{path.name} is no text in UTF-8.", "Save it as UTF-8, one label a line.") from error
    while found and not found[-1]:
        found = found[:-1]
    return found


def declared_input(card: ModelCard, path: Path) -> InputSpec:
    """The input that a .cfg or .prototxt states: the importers want to know."""
    text = path.read_bytes()[:LARGEST_TEXT].decode("utf-8", "replace")
    if card.format == "darknet":
        lines = re.findall(r"^\s*(width|height|channels)\s*=\s*(\d+)", text, re.MULTILINE)
        found = {key: int(value[:9]) for key, value in lines}
        size, channels = (found.get("height", 416), found.get("width", 416)), found.get("channels", 3)
    else:
        dims = [int(value[:9]) for value in re.findall(r"\b(?:input_dim|dim)\s*:\s*(\d+)", text)[:4]]
        size, channels = ((dims[2], dims[3]), dims[1]) if len(dims) == 4 else ((224, 224), 3)
    if not 1 <= min(size) <= max(size) <= LARGEST_SIDE:
        raise ImportFailed(f"{path.name} wants pictures of {size[1]}×{size[0]}.", "Correct the size in the file.")
    spec = InputSpec(size, order="GRAY" if channels == 1 else "RGB")
    return replace(spec, mean=(0.0,), std=(1.0,)) if channels == 1 else spec


def placeholder_size(sources: Sequence[Path]) -> tuple[int, int] | None:
    """Height and width that the .pbtxt of a TensorFlow graph (n, height, width, channels) states; None: it does not.

    Raises:
        ImportFailed: the text is wrong, or the size cannot be meant.
    """
    path = next((path for path in sources if path.suffix.lower() == ".pbtxt"), None)
    if path is None:
        return None
    nodes = prototext.read_text(path.read_bytes()[:LARGEST_TEXT].decode("utf-8", "replace"), path.name).messages("node")
    first = next((node for node in nodes if node.word("op") == "Placeholder"), None)
    if first is None:
        return None
    values = (a.message("value") for a in first.messages("attr") if a.word("key") == "shape")
    shape = next(values, Message(path.name)).message("shape")
    dims = [dim.integer("size", 0, -1) for dim in shape.messages("dim")]
    if len(dims) != 4 or min(dims[1:3]) < 1:
        return None
    if max(dims[1:3]) > LARGEST_SIDE:
        raise ImportFailed(f"{path.name} wants pictures of {dims[2]}×{dims[1]}.", "Correct the size in the file.")
    return dims[1], dims[2]
