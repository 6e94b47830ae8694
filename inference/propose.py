"""A card for a model file that nobody has described: what the file says, and where it is silent, the usual recipe.

The form of the input and of the outputs is read from the network, and from one run of it on a grey picture. What a
network does not say (order of colours, range, mean, how the picture is fitted in) is guessed from its kind; every
guess is named in the card, so that it can be checked in the X-ray pane.
"""

import ast
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.anchors import grids
from inference.backends import Engine, load_backend
from inference.backends.model_file import check_file, external_files, read_model
from inference.bundle import SUFFIX
from inference.counter import count
from inference.errors import ImportFailed, LabError
from inference.importers import converted_bytes
from inference.shapes import infer
from models.card import ColourOrder, Format, InputSpec, Layout, ModelCard, ModelFile

Outputs = Sequence[NDArray[Any]]

# Ending: the format, and what stands beside it.
KINDS: dict[str, tuple[Format, str]] = {
    ".onnx": ("onnx", ""), ".cfg": ("darknet", ".weights"), ".weights": ("darknet", ".cfg"),
    ".prototxt": ("caffe", ".caffemodel"), ".caffemodel": ("caffe", ".prototxt"),
    ".mlmodel": ("coreml", ""), ".mlpackage": ("coreml", ""),
    ".pb": ("tensorflow", ".pbtxt"), ".pbtxt": ("tensorflow", ".pb"),
}  # fmt: skip
DTYPES = {1: "float32", 10: "float16", 2: "uint8"}     # of onnx.TensorProto
LABELS = {20: "voc_20.txt", 80: "coco_80.txt", 90: "coco_90.txt", 1000: "imagenet_1000.txt", 1001: "imagenet_1001.txt"}
MOST_LABELS = 100_000
LARGEST_VALUE = 1 << 28                                # numbers in one tensor of the network: 1 GB
LARGEST_SIDE = 4096                                    # px of the input
LARGEST_TEXT = 20_000_000                              # bytes of a .cfg, .prototxt or list of labels
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
LARGEST_CENTRE = 2.0                                   # of a box relative to the picture; in px it is far more
PACKED = "model.mlmodel"                               # inside a Core ML package
SSD_ANCHORS = 1917                                     # of SSD MobileNet v1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A card as it could be, and what it was made from."""

    card: ModelCard                  # its files have no sha256 yet
    sources: tuple[Path, ...]        # the files of the card, in its order
    labels: tuple[str, ...] = ()     # the model's own list; empty: a built-in one
    whole: bytes = b""               # an ONNX file whose weights lay beside it, with them inside; replaces the source


def propose(files: Sequence[Path], *, name: str = "", labels: Path | None = None) -> Proposal:
    """A card for these files; companions that were not named are looked for beside them.

    Args:
        files: one model: an .onnx, or the two files of another format.
        name: of the card; "": as the file is called.
        labels: a text with one label a line; None: the file's own, or the list that has as many classes.

    Raises:
        LabError: a file is no model, is broken or hostile, or its input or outputs are of no known form.
    """
    sources, kind = _gather(files)
    title = name or (sources[0] if sources[0].name != PACKED else files[0]).stem
    card = ModelCard(
        name=title, title=title, family="Own model", task="classify", decoder="softmax", labels="", format=kind,
        input=InputSpec((224, 224)), files=tuple(ModelFile(path.name, "", path.stat().st_size) for path in sources),
        licence="unknown", source=f"Added from {', '.join(path.name for path in sources)}.",
    )  # fmt: skip
    given = _read_labels(labels) if labels else ()
    if kind == "tensorflow":
        return _tensorflow(card, sources, given)
    whole = b""
    with tempfile.TemporaryDirectory(prefix="lineup-") as folder:
        path = sources[0]
        if kind == "onnx":
            check_file(path)
            model = read_model(path)
            if external_files(model):
                whole = _with_weights(path)
                path = Path(folder, "whole.onnx")
        else:
            if kind != "coreml":
                card = replace(card, input=_declared_input(card, sources[0]))
            whole = converted_bytes(sources, card)
            path = Path(folder, "converted.onnx")
        if whole:
            path.write_bytes(whole)
            model = read_model(path)
        card, own = _describe(card, model, path, given)
    return Proposal(card, sources, own, whole if kind == "onnx" else b"")


# ---- the files ----


def _gather(files: Sequence[Path]) -> tuple[tuple[Path, ...], Format]:
    """The files of one model, those beside them included, in the order of their format."""
    if not files:
        raise LabError("No file was named.", "Name the file of a model.")
    kinds = {path.suffix.lower(): path for path in files}
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
    return same[0] if same else found[0] if len(found) == 1 else None


def _with_weights(path: Path) -> bytes:
    """An ONNX file with its weights inside; `check_file` has seen that they lie in its folder."""
    import onnx

    try:
        model = onnx.load(str(path))
        return bytes(model.SerializeToString())
    except Exception as error:   # onnx has a dozen kinds for weights that are not there or too short
        raise LabError(
            f"The weights of {path.name} cannot be read: {str(error)[:200]}.", "Put all its files into one folder."
        ) from error


def _read_labels(path: Path) -> tuple[str, ...]:
    """One label a line."""
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise LabError(f"{path.name} is too large for a list of labels.", "Give a text with one label a line.")
        found = tuple(line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    except OSError as error:
        raise LabError(f"{path.name} cannot be read: {error.strerror}.", "Check the file.") from error
    except UnicodeDecodeError as error:
        raise LabError(f"{path.name} is no text in UTF-8.", "Save it as UTF-8, one label a line.") from error
    while found and not found[-1]:
        found = found[:-1]
    return found


def _declared_input(card: ModelCard, path: Path) -> InputSpec:
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


# ---- what the network says ----


def _describe(
    card: ModelCard, model: Any, path: Path, given: tuple[str, ...]
) -> tuple[ModelCard, tuple[str, ...]]:
    """The card with all that can be read or guessed, and the model's own labels."""
    said = {entry.key: entry.value for entry in model.metadata_props}
    spec, guessed = _input(model, path.name, said)
    channels = 1 if spec.order == "GRAY" else 3
    shape = (1, channels, *spec.size) if spec.layout == "NCHW" else (1, *spec.size, channels)
    values = infer(model, shape, path.name)
    if largest := next((name for name, s in values.items() if prod(s) > LARGEST_VALUE), None):
        raise LabError(f"{card.title} has more numbers in {largest!r} than fit here.", "Choose a smaller model.")
    net = load_backend("onnxruntime", path, Engine())
    dark = net.run(np.zeros(shape, spec.dtype))
    grey = net.run(np.full(shape, 128 if spec.dtype == "uint8" else 0.5, spec.dtype))
    task, decoder, classes, options = _form(card, (dark, grey), spec)
    spec, recipe = _recipe(card, model, spec, decoder, classes, said)
    guessed += recipe
    own = given or _named(said)
    if own and classes and len(own) != classes:
        who = "The list of labels" if given else card.title
        raise LabError(f"{who} has {len(own)} labels, the network {classes} classes.", "Give the list that fits.")
    file = "" if own else _list(classes, spec, task)
    if not own and not file:
        own = tuple(f"class {i}" for i in range(classes))
    if not given and not _named(said):
        guessed.append("labels")
    cost = count(path)
    made = replace(
        card, task=task, decoder=decoder, labels=file, input=spec, options=options, guessed=tuple(guessed),
        parameters=cost.parameters, gmacs=round(cost.gmacs, 6),
        # A file too small for its weights makes them up: right for shapes and speed, of no use otherwise.
        trained=cost.bytes >= cost.parameters / 8,
        precision="fp16" if spec.dtype == "float16" else "int8" if spec.dtype == "uint8" else "fp32",
    )  # fmt: skip
    return made, tuple(own)


def _input(model: Any, name: str, said: dict[str, str]) -> tuple[InputSpec, list[str]]:
    """Size, layout, type and channels of the only input."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1:
        names = ", ".join(value.name[:40] for value in inputs[:8])
        raise LabError(f"{name} wants {len(inputs)} inputs ({names}).", "Choose a model that takes one picture.")
    kind = inputs[0].type.tensor_type
    if kind.elem_type not in DTYPES:
        raise LabError(f"{name} does not take pictures in float32, float16 or uint8.", "Choose a model that does.")
    dims = [d.dim_value for d in kind.shape.dim]   # 0: left open
    if len(dims) != 4 or dims[0] > 1:
        shape = "×".join(str(d or "any") for d in dims)
        raise LabError(f"{name} wants an input of {shape}, not one picture.", "Export it for a batch of one picture.")
    guessed: list[str] = []
    layout: Layout = "NHWC" if dims[3] in (1, 3) and dims[1] not in (1, 3) else "NCHW"
    if dims[1] not in (1, 3) and dims[3] not in (1, 3):
        if dims[1] or dims[3]:
            raise LabError(f"{name} wants {dims[1]} or {dims[3]} channels.", "Choose a model that takes pictures.")
        guessed.append("input.layout")
    height, width = (dims[2], dims[3]) if layout == "NCHW" else (dims[1], dims[2])
    channels = dims[1] if layout == "NCHW" else dims[3]
    if not height or not width:
        usual = _sizes(said) or ((640, 640) if "stride" in said else (224, 224))
        height, width = height or usual[0], width or usual[1]
        if not _sizes(said):
            guessed.append("input.size")
    if not 1 <= min(height, width) <= max(height, width) <= LARGEST_SIDE:
        raise LabError(f"{name} wants pictures of {width}×{height}.", f"Sides of 1 to {LARGEST_SIDE} are possible.")
    grey = channels == 1
    spec = InputSpec(
        (height, width), layout=layout, order="GRAY" if grey else "RGB", dtype=DTYPES[kind.elem_type],  # type: ignore[arg-type]
        mean=(0.0,) if grey else (0.0, 0.0, 0.0), std=(1.0,) if grey else (1.0, 1.0, 1.0),
    )  # fmt: skip
    return spec, guessed


def _form(
    card: ModelCard, answers: tuple[Outputs, Outputs], spec: InputSpec
) -> tuple[Any, str, int, dict[str, Any]]:
    """Task, decoder, number of classes (0: unknown) and options, from the shapes and values of the outputs."""
    outputs = answers[0]
    shapes = [output.shape for output in outputs]
    if len(outputs) == 1:
        only = shapes[0]
        if prod(only) == max(only, default=0) and prod(only) > 1:
            classes = prod(only)
            if outputs[0].dtype == np.uint8:
                return "classify", "quantised", classes, {}
            sums = [abs(float(answer[0].astype(np.float64).sum()) - 1) for answer in answers]
            least = min(float(answer[0].min()) for answer in answers)
            return "classify", "probabilities" if max(sums) < 1e-2 and least >= 0 else "softmax", classes, {}
        if len(only) == 4 and only[:2] == (1, 1) and only[3] == 7:
            return "detect", "ssd-caffe", 0, {}
        if len(only) == 3 and only[0] == 1:
            _, rows, columns = only
            if card.format == "darknet" and columns > 5:
                return "detect", "boxes-scores", columns - 5, {}
            if 4 < rows < columns:
                return "detect", "yolov8", rows - 4, {}
            if columns > 5:
                if rows == len(grids(spec.size, (8, 16, 32))[0]):
                    return "detect", "yolox", columns - 5, {}
                relative = max(float(answer[0][0, :, :2].max()) for answer in answers) <= LARGEST_CENTRE
                return "detect", "boxes-scores" if relative else "yolov5", columns - 5, {}
    boxes = [s for s in shapes if len(s) == 3 and s[0] == 1 and s[2] == 4]
    others = [s for s in shapes if len(s) == 3 and s[0] == 1 and s[2] != 4]
    if len(outputs) == 2 and boxes and others and boxes[0][1] == others[0][1]:
        if boxes[0][1] == SSD_ANCHORS:
            return "detect", "ssd-raw", others[0][2] - 1, {}
        return "detect", "boxes-scores", others[0][2], {}
    if len(outputs) == 4 and boxes and sum(len(s) == 2 for s in shapes) == 2:
        return "detect", "ssd-nms", 0, {}
    told = ", ".join("×".join(map(str, s)) or "a number" for s in shapes[:8])
    raise LabError(
        f"The outputs of {card.title} ({told}) have no form that is known here.",
        "Export it with one output a class, or with boxes as YOLO, SSD or YOLOX have them.",
    )


# ---- what it does not say ----


def _recipe(
    card: ModelCard, model: Any, spec: InputSpec, decoder: str, classes: int, said: dict[str, str]
) -> tuple[InputSpec, list[str]]:
    """The usual recipe of this kind of network, and which parts of it are guesses."""
    guessed = ["input.fit", "input.order", "input.range"]
    if spec.order == "GRAY" and card.format != "coreml":
        cntk = model.producer_name == "CNTK"   # whose MNIST takes the pixels as they are
        spec = replace(spec, fit="crop", invert="auto", range="0..255" if cntk else "0..1")
        return spec, ["input.fit", "input.range"]
    if card.format == "coreml":   # the file says all but how the picture is fitted in
        order: ColourOrder = "BGR" if said.get("order") == "BGR" else spec.order
        return replace(spec, range="0..255", order=order), ["input.fit"]
    if decoder == "yolox":
        return replace(spec, order="BGR", range="0..255", fit="letterbox-topleft", resample="linear"), guessed
    if "names" in said and "stride" in said:   # Ultralytics write both, and their recipe never changes
        return replace(spec, fit="letterbox", resample="linear"), []
    if decoder in ("yolov5", "yolov8"):
        return replace(spec, fit="letterbox", resample="linear"), guessed
    if card.format == "darknet":
        return replace(spec, resample="linear"), [] if decoder == "boxes-scores" else guessed
    if spec.dtype == "uint8":
        return (replace(spec, resample="linear") if decoder == "ssd-nms" else spec), ["input.fit", "input.order"]
    if decoder.startswith("ssd"):
        return replace(spec, range="-1..1", resample="linear"), guessed
    guessed += ["input.mean", "input.std"]
    if card.format == "caffe" or (spec.size == (227, 227) and spec.layout == "NCHW"):   # a size that Caffe's nets had
        return replace(spec, order="BGR", range="0..255", mean=(104.0, 117.0, 123.0), fit="crop"), guessed
    if min(spec.size) <= 64:   # CIFAR and its like
        inside = _normalises(model)
        return replace(spec, fit="crop", range="0..255" if inside else "0..1"), guessed
    if _normalises(model):
        return replace(spec, range="0..255"), guessed
    if spec.layout == "NHWC" or classes == 1001:   # TensorFlow's
        return replace(spec, range="-1..1"), guessed
    return replace(spec, fit="crop", share=0.875, resample="antialias", **IMAGENET), guessed  # type: ignore[arg-type]


def _normalises(model: Any) -> bool:
    """Whether the network itself begins with what a recipe does: subtracting, scaling, normalising the picture."""
    constants = {tensor.name for tensor in model.graph.initializer}
    picture = next(value.name for value in model.graph.input if value.name not in constants)
    first = next((node for node in model.graph.node if picture in node.input), None)
    return first is not None and first.op_type in ("Sub", "Mul", "Div", "Add", "BatchNormalization")


def _named(said: dict[str, str]) -> tuple[str, ...]:
    """The labels that Ultralytics write into their files: {0: 'person', …} as Python writes it."""
    text = said.get("names", "")
    if not text or len(text) > 1_000_000:
        return ()
    try:
        found = ast.literal_eval(text)   # literals only: nothing is run
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    if isinstance(found, dict):
        found = [found[key] for key in sorted(found, key=str if not all(isinstance(k, int) for k in found) else None)]
    return tuple(str(label)[:200].replace("\n", " ") for label in found) if isinstance(found, list) else ()


def _sizes(said: dict[str, str]) -> tuple[int, int] | None:
    """The size that Ultralytics write into their files: [640, 640]."""
    found = [int(number[:6]) for number in re.findall(r"\d+", said.get("imgsz", ""))]
    return (found[0], found[-1]) if found else None


def _list(classes: int, spec: InputSpec, task: str) -> str:
    """The built-in list with as many labels; "" where there is none."""
    if task == "detect" and classes == 0:
        return "coco_90.txt"
    if classes == 10 and task == "classify":
        return "digits.txt" if spec.order == "GRAY" else "cifar10.txt" if min(spec.size) <= 32 else ""
    return LABELS.get(classes, "")


def _tensorflow(card: ModelCard, sources: tuple[Path, ...], given: tuple[str, ...]) -> Proposal:
    """A graph that OpenCV runs: it does not tell what it wants, its text and one run do."""
    size = (300, 300)
    spec = InputSpec(size, order="BGR", range="0..255", mean=(104.0, 177.0, 123.0), resample="linear")
    with tempfile.TemporaryDirectory(prefix="lineup-") as folder:
        path = Path(folder, f"graph{SUFFIX}")
        path.write_bytes(converted_bytes(sources, card))
        net = load_backend("opencv", path, Engine())
        x = np.zeros((1, 3, *size), np.float32)
        answers = net.run(x), net.run(x + 128)
    task, decoder, classes, options = _form(card, answers, spec)
    guessed = ["input.size", "input.order", "input.mean", "input.range", "input.fit"]
    if decoder == "ssd-caffe":
        own = given or ("face",) if "face" in card.title.lower() else given
    else:
        own = given or tuple(f"class {i}" for i in range(classes))
    if not given:
        guessed.append("labels")
    file = "" if own else _list(classes, spec, task)
    made = replace(card, task=task, decoder=decoder, labels=file, input=spec, options=options, guessed=tuple(guessed))
    return Proposal(made, sources, tuple(own))
