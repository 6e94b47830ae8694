"""How a picture is prepared for a network without a card: what its file says, else what its kind is used to."""

import ast
import re
from dataclasses import replace
from typing import Any

from inference.errors import LabError
from models.card import LARGEST_SIDE, ColourOrder, InputSpec, Layout, ModelCard
from models.texts import plain

DTYPES = {1: "float32", 10: "float16", 2: "uint8"}     # of onnx.TensorProto
LABELS = {20: "voc_20.txt", 80: "coco_80.txt", 90: "coco_90.txt", 1000: "imagenet_1000.txt", 1001: "imagenet_1001.txt"}
LONGEST_LABEL = 200   # letters
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def input_form(model: Any, name: str, said: dict[str, str]) -> tuple[InputSpec, list[str]]:
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
        boxes = any(len(value.type.tensor_type.shape.dim) == 3 for value in model.graph.output)
        usual = _sizes(said) or ((640, 640) if boxes or "stride" in said else (224, 224))
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


def usual_recipe(
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


def named_labels(said: dict[str, str]) -> tuple[str, ...]:
    """The labels that Ultralytics write into their files: {0: 'person', …} as Python writes it."""
    text = said.get("names", "")
    if not text or len(text) > 1_000_000:
        return ()
    try:
        found = ast.literal_eval(text)   # literals only: nothing is run
        if isinstance(found, dict):
            numbered = all(isinstance(key, int) for key in found)
            found = [found[key] for key in sorted(found, key=None if numbered else str)]
        return tuple(plain(str(label), LONGEST_LABEL) for label in found) if isinstance(found, list) else ()
    # Keys that cannot be keys, numbers that cannot be written, lists in lists: no labels, then.
    except (ArithmeticError, TypeError, ValueError, SyntaxError, MemoryError, RecursionError):
        return ()


def _sizes(said: dict[str, str]) -> tuple[int, int] | None:
    """The size that Ultralytics write into their files: [640, 640]."""
    found = [int(number[:6]) for number in re.findall(r"\d+", said.get("imgsz", ""))]
    return (found[0], found[-1]) if found else None


def built_in_labels(classes: int, spec: InputSpec, task: str) -> str:
    """The built-in list with as many labels; "" where there is none."""
    if task == "detect" and classes == 0:
        return "coco_90.txt"
    if classes == 10 and task == "classify":
        return "digits.txt" if spec.order == "GRAY" else "cifar10.txt" if min(spec.size) <= 32 else ""
    return LABELS.get(classes, "")
