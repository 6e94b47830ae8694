"""How a picture is prepared for a network without a card: what its file says, else what its kind is used to."""

import re
from dataclasses import replace
from typing import Any

from inference.errors import LabError
from inference.intake.forms import Form
from inference.intake.inside import Inside
from models.card import LARGEST_SIDE, ColourOrder, InputSpec, Layout, ModelCard

DTYPES = {1: "float32", 10: "float16", 2: "uint8"}     # of onnx.TensorProto
# Inputs beside the picture that a backend fills in by itself: inference.backends.ort.
SIDE_INPUTS = frozenset({"image_shape", "orig_target_sizes", "scale_factor", "im_shape", "pixel_mask"})
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
IMAGENET_255 = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
NUMBERS = ("input.range", "input.mean", "input.std")
SMALL = 64   # px: networks for such pictures come from other data sets than ImageNet

LETTERBOX: dict[str, Any] = {"fit": "letterbox", "resample": "linear"}
STRETCH: dict[str, Any] = {"fit": "stretch", "resample": "linear"}
# Whose detectors want what; the sources stand at their decoders. What a kin does not say is as InputSpec has it: 0..1.
KIN: dict[str, dict[str, Any]] = {
    "ultralytics": LETTERBOX,
    "yolo": LETTERBOX,
    "nas": LETTERBOX,                      # super-gradients; its own NMS exports take uint8
    "yolox": {"order": "BGR", "range": "0..255", "fit": "letterbox-topleft", "resample": "linear"},
    "darknet": STRETCH,
    "yolov3-zoo": {**LETTERBOX, "pad": 128},
    "yolov4": STRETCH,                     # Tianxiaomo/pytorch-YOLOv4
    "azure": STRETCH,
    "paddle": {**STRETCH, **IMAGENET},
    "picodet": {**STRETCH, **IMAGENET},
    "mmdet": {**STRETCH, **IMAGENET},
    "rtdetr": STRETCH,
    "detr": {**STRETCH, **IMAGENET},
    "rfdetr": {**STRETCH, **IMAGENET},
    "ssd": {**STRETCH, "range": "-1..1"},
    "tensorflow": {**STRETCH, "range": "-1..1"},
    "detector": {**STRETCH, **IMAGENET},
    "retinanet": {"fit": "letterbox-topleft", "resample": "linear", **IMAGENET},
    "efficientdet": {"fit": "letterbox-topleft", "resample": "linear", "pad": 116, **IMAGENET},
    "ultraface": {**STRETCH, "range": "0..255", "mean": (127.0,) * 3, "std": (128.0,) * 3},
    "retinaface": {**STRETCH, "order": "BGR", "range": "0..255", "mean": (104.0, 117.0, 123.0)},
    "yunet": {**STRETCH, "order": "BGR", "range": "0..255"},
    "nanodet": {**STRETCH, "order": "BGR", "range": "0..255", "mean": (103.53, 116.28, 123.675),
                "std": (57.375, 57.12, 58.395)},
    "fastestdet": {**STRETCH, "order": "BGR"},
}  # fmt: skip


def input_form(
    model: Any, name: str, said: dict[str, str], size: tuple[int, int] | None, beside: tuple[int, int] | None = None
) -> tuple[InputSpec, list[str]]:
    """Size, layout, type and channels of the picture; (height, width) of an open one are what the user says, `size`,
    what the metadata say, or what a file `beside` the model says.
    """  # noqa: D205
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    pictures = [value for value in inputs if value.name not in SIDE_INPUTS]
    if len(pictures) != 1:
        names = ", ".join(value.name[:40] for value in inputs[:8])
        raise LabError(f"{name} wants {len(inputs)} inputs ({names}).", "Choose a model that takes one picture.")
    kind = pictures[0].type.tensor_type
    if kind.elem_type not in DTYPES:
        raise LabError(f"{name} does not take pictures in float32, float16 or uint8.", "Choose a model that does.")
    dims = [d.dim_value for d in kind.shape.dim]   # 0: left open
    if len(dims) == 3 and dims[0] in (1, 3):   # one picture without the axis of a batch
        dims = [1, *dims]
    if not dims and not kind.HasField("shape"):
        dims = [0, 3, 0, 0]   # nothing is declared: as most have it
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
        usual = size or _sizes(said) or beside
        if not usual:
            boxes = any(len(value.type.tensor_type.shape.dim) == 3 for value in model.graph.output)
            usual = (640, 640) if boxes or "stride" in said else (224, 224)
            guessed.append("input.size")
        height, width = height or usual[0], width or usual[1]
    elif size and size != (height, width):
        raise LabError(f"{name} wants pictures of {width}×{height}, which is fixed in it.", "Leave --size out.")
    if not 1 <= min(height, width) <= max(height, width) <= LARGEST_SIDE:
        raise LabError(f"{name} wants pictures of {width}×{height}.", f"Sides of 1 to {LARGEST_SIDE} are possible.")
    grey = channels == 1
    spec = InputSpec(
        (height, width), layout=layout, order="GRAY" if grey else "RGB", dtype=DTYPES[kind.elem_type],  # type: ignore[arg-type]
        mean=(0.0,) if grey else (0.0, 0.0, 0.0), std=(1.0,) if grey else (1.0, 1.0, 1.0),
    )  # fmt: skip
    return spec, guessed


def usual_recipe(
    card: ModelCard, spec: InputSpec, form: Form, said: dict[str, str], inside: Inside | None, maker: str
) -> tuple[InputSpec, list[str]]:
    """The usual recipe of this kind of network, and which parts of it are guesses.

    Args:
        card: its format and its files' names.
        spec: what the file says: size, layout, type, channels.
        form: of its outputs.
        said: the metadata.
        inside: what the graph does to the picture itself.
        maker: who made the file, as it says.
    """
    if card.format == "coreml":   # the file says all but how the picture is fitted in
        order: ColourOrder = "BGR" if said.get("order") == "BGR" else spec.order
        return replace(spec, range="0..255", order=order), ["input.fit"]
    if spec.order == "GRAY":
        made, guessed = _grey(spec, form, maker)
    elif form.task == "detect":
        made, guessed = _detector(card, spec, form)
    else:
        made, guessed = _classifier(card, spec, form, said)
    if said.get("Image.BitmapPixelFormat") or said.get("Image.NominalPixelRange"):   # Azure Custom Vision
        values = "0..255" if "0_255" in said.get("Image.NominalPixelRange", "") else "0..1"
        order = "BGR" if said.get("Image.BitmapPixelFormat", "").startswith("Bgr") else "RGB"
        made = replace(made, range=values, order=order)  # type: ignore[arg-type]
        guessed = [key for key in guessed if key not in ("input.range", "input.order")]
    if spec.dtype == "uint8":
        plain = replace(made, range=spec.range, mean=spec.mean, std=spec.std)   # which say nothing there
        return plain, [key for key in guessed if key not in NUMBERS]
    if inside:
        made = replace(made, range=inside.range, mean=spec.mean, std=spec.std)
        guessed = [key for key in guessed if key not in NUMBERS]
        if inside.order and spec.order != "GRAY":
            made = replace(made, order=inside.order)  # type: ignore[arg-type]
            guessed = [key for key in guessed if key != "input.order"]
    return made, guessed


def _grey(spec: InputSpec, form: Form, maker: str) -> tuple[InputSpec, list[str]]:
    """One channel. Only digits are written white on black: anything else that is bright stays bright."""
    digits = form.classes == 10 and max(spec.size) <= SMALL
    values = "0..255" if maker == "CNTK" else "0..1"   # whose MNIST takes the pixels as they are
    made = replace(spec, fit="crop", invert="auto" if digits else "never", range=values)  # type: ignore[arg-type]
    return made, ["input.fit", "input.range", *(["input.invert"] if digits else [])]


def _detector(card: ModelCard, spec: InputSpec, form: Form) -> tuple[InputSpec, list[str]]:
    kin = KIN.get(form.kin, KIN["detector"])
    if form.kin == "ultralytics":   # their recipe never changes
        return replace(spec, **kin), []
    guessed = ["input.fit", "input.order", "input.range"]
    if card.format == "darknet":
        return replace(spec, **kin), [] if form.decoder == "boxes-scores" else guessed
    if "mean" in kin or form.kin in ("ssd", "tensorflow"):
        guessed += ["input.mean", "input.std"]
    return replace(spec, **kin), guessed


def _classifier(
    card: ModelCard, spec: InputSpec, form: Form, said: dict[str, str]
) -> tuple[InputSpec, list[str]]:
    if said.get("task") == "classify" and "names" in said:
        # Ultralytics: the short side resized, the middle cut out, no mean (`classify_transforms`).
        return replace(spec, fit="crop", resample="antialias"), []
    guessed = ["input.fit", "input.order", *NUMBERS]
    if card.format == "caffe" or (spec.size == (227, 227) and spec.layout == "NCHW"):   # a size that Caffe's nets had
        return replace(spec, order="BGR", range="0..255", mean=(104.0, 117.0, 123.0), fit="crop"), guessed
    if card.format == "darknet":   # `darknet classifier predict`: the middle, 0..1
        return replace(spec, fit="crop", resample="linear"), ["input.fit"]
    if min(spec.size) <= SMALL:   # CIFAR and its like: trained with a mean and a deviation, mostly ImageNet's
        norm = IMAGENET if form.decoder == "softmax" and form.classes in (10, 100) else {}
        return replace(spec, fit="crop", **norm), guessed  # type: ignore[arg-type]
    if spec.layout == "NHWC" or form.classes == 1001:   # TensorFlow's
        return replace(spec, range="-1..1"), guessed
    return replace(spec, fit="crop", share=0.875, resample="antialias", **IMAGENET), guessed  # type: ignore[arg-type]


def _sizes(said: dict[str, str]) -> tuple[int, int] | None:
    """The size that Ultralytics write into their files: [640, 640]."""
    found = [int(number[:6]) for number in re.findall(r"\d+", said.get("imgsz", ""))]
    return (found[0], found[-1]) if found else None
