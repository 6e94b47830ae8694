"""A network as a phone is to get it: a picture of 0..255 goes in, probabilities or boxes come out.

What the lab does in Python before and after a network is written into its graph: range, mean and standard deviation,
inversion, softmax, the decoding of boxes. Suppression of overlapping boxes stays outside. What comes out is plain: one
float32 input, fixed shapes, no quantised arithmetic but as the same steps in float32, names of our own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.version_converter
from onnx import TensorProto, helper, numpy_helper

from inference.backends.ort import SIDE_INPUTS
from inference.errors import ExportFailed
from inference.export.decoding import Suppression, decoded, suppression
from inference.export.editing import Editor, in_single_precision, set_shape
from inference.preprocess import RANGES
from models.card import InputSpec, ModelCard
from models.whole import work_folder

OPSET, IR_VERSION = 13, 8
IMAGE, PICTURE = "image", "picture_"   # the input; and how the names of what the card does to it begin
PROBABILITIES = "probabilities"                      # (1, classes), 0..1
COORDINATES, CONFIDENCE = "coordinates", "confidence"   # (n, 4) cx cy w h relative; (n, classes) 0..1
# What may lie between a softmax and the output.
CARRIERS = frozenset({"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout", "Cast"})
SMALL = 4096   # numbers of a constant that may say something about shapes
BRANCHES = frozenset({"If", "Loop", "Scan"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """The network to convert, and the values that say whether it is still the same one."""

    model: Any                           # onnx.ModelProto
    heads: tuple[tuple[str, str], ...]   # raw values: the name in the original file, and the name in `model`
    cut: Suppression | None              # what the file does behind, and `model` does not


def prepare(card: ModelCard, path: Path, classes: int) -> Prepared:
    """Make the network of `card`, whose ONNX file is `path`, ready for export; `classes` is the number of its labels.

    Raises:
        ExportFailed: the file does not fit its card, or has what cannot be exported; says what.
    """
    edit = Editor(onnx.load(str(path)))
    cut: Suppression | None = None
    softmax = False
    if card.task == "classify":
        head, softmax = _logits(edit, card)
        heads = [head]
    elif cut := suppression(edit):
        heads = [cut.boxes, cut.scores]
    else:
        heads = [output.name for output in edit.graph.output]
        heads = [heads[place] for place in card.options.get("outputs", range(len(heads)))]
    edit.keep(heads)   # before all else: as outputs they keep their names
    edit = Editor(_folded(_modern(_pinned(card, edit))))
    _dequantised_weights(edit)
    if branches := sorted({node.op_type for node in edit.graph.node} & BRANCHES):
        raise ExportFailed(f"{card.title} has branches or loops ({', '.join(branches)}), which cannot be exported.")
    _without_quantisation(edit)
    known = {head: f"head_{i}" for i, head in enumerate(heads)}
    made = _picture_in(edit, card, known)
    places = list(known.values())
    if card.task == "classify":
        outputs = {_probabilities(edit, card, places[0], classes, softmax): PROBABILITIES}
    else:
        found = decoded(edit, card, places, shapes_of(edit, places), classes, cut)
        outputs = dict(zip(found, (COORDINATES, CONFIDENCE), strict=True))
    edit.keep(outputs)
    given = {name: f"{PICTURE}{i}" for i, name in enumerate(made)}
    edit.rename({IMAGE: IMAGE, **{place: place for place in places}, **given, **outputs})
    for output, shape in zip(edit.graph.output, shapes_of(edit, list(outputs.values())), strict=True):
        set_shape(output, shape)
    onnx.checker.check_model(edit.model)
    return Prepared(edit.model, tuple(known.items()), cut)


# ---- the graph as it is, made plain ----


def _modern(model: Any) -> Any:
    """In the words of operator set 13, where softmax is along one axis and bounds are inputs."""
    model.ir_version = max(model.ir_version, IR_VERSION)
    if Editor(model).opset >= OPSET:
        return model
    try:
        return onnx.version_converter.convert_version(model, OPSET)
    except Exception as error:   # its errors share no base but this
        raise ExportFailed(f"It is written in an old set of operators that cannot be renewed: {error}") from error


def _pinned(card: ModelCard, edit: Editor) -> Any:
    """One picture of the card's size: no dimension is left open."""
    pictures = [value for value in edit.inputs() if value.name not in SIDE_INPUTS]
    others = [value for value in edit.inputs() if value not in pictures]
    if len(pictures) != 1:
        raise ExportFailed(f"{card.title} does not take just one picture.")
    for value in others:   # the picture's size, which some detectors ask for
        if value.name not in SIDE_INPUTS:
            raise ExportFailed(f"{card.title} wants an input {value.name!r} besides the picture.")
        kind = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        edit.replace(value.name, edit.constant(SIDE_INPUTS[value.name](*card.input.size), kind))
        edit.graph.input.remove(value)
    (picture,) = pictures
    height, width = card.input.size
    channels = 1 if card.input.order == "GRAY" else 3
    shape = [channels, height, width] if card.input.layout == "NCHW" else [height, width, channels]
    if len(picture.type.tensor_type.shape.dim) != 3:
        shape = [1, *shape]
    declared = [dim.dim_value for dim in picture.type.tensor_type.shape.dim]
    if any(given not in (0, wanted) for given, wanted in zip(declared, shape, strict=False)):
        raise ExportFailed(f"{card.title} takes {declared}, its card says {shape}.", "Correct its size or layout.")
    set_shape(picture, shape, picture.type.tensor_type.elem_type)
    constants = {tensor.name for tensor in edit.graph.initializer}
    for i in reversed(range(len(edit.graph.input))):   # weights listed as inputs are not folded
        if edit.graph.input[i].name in constants:
            del edit.graph.input[i]
    del edit.graph.value_info[:]
    in_single_precision(edit.model)   # before folding, which would put casts between
    return edit.model


def _dequantised_weights(edit: Editor) -> None:
    """Weights kept in 8 bits become float32, as the file says how."""
    for node in list(edit.graph.node):
        if node.op_type != "DequantizeLinear" or any(name and edit.value(name) is None for name in node.input):
            continue
        edit.replace(node.output[0], edit.constant(_dequantised(edit, node)))
        edit.graph.node.remove(node)


def _dequantised(edit: Editor, node: Any) -> Any:
    x, scale = edit.value(node.input[0]), edit.value(node.input[1])
    zero = edit.value(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    if x is None or scale is None:
        raise ExportFailed("Weights in 8 bits have no scale.")
    axis = next((helper.get_attribute_value(a) for a in node.attribute if a.name == "axis"), 1)
    shape = [1] * x.ndim
    if scale.size > 1:
        shape[axis] = scale.size
    shift = np.int64(0) if zero is None else zero.astype(np.int64).reshape(shape if zero.size > 1 else [1] * x.ndim)
    return (x.astype(np.int64) - shift).astype(np.float32) * scale.astype(np.float32).reshape(shape)


def _folded(model: Any) -> Any:
    """Whatever depends on constants and fixed shapes alone is computed now, by ONNX Runtime's first level."""
    from inference.quiet_onnxruntime import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    with work_folder() as folder:
        target = folder / "folded.onnx"
        options.optimized_model_filepath = str(target)
        try:
            onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
            return onnx.load(str(target))
        except Exception as error:   # its errors share no base but this
            raise ExportFailed(f"ONNX Runtime does not open it: {str(error)[:300]}") from error


def _without_quantisation(edit: Editor) -> None:
    """Values that are rounded to 8 bits between layers are rounded the same way in float32.

    QuantizeLinear is clip(round(x / scale) + zero, least, most), DequantizeLinear (x - zero) * scale: the standard's
    own words. Bytes of the picture are float32 from the start.
    """
    for node in edit.take_apart():
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            edit.graph.node.append(node)
            continue
        scale = edit.value(node.input[1])
        zero = edit.value(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros((), np.uint8)
        if scale is None or zero is None or scale.size != 1 or zero.size != 1:
            raise ExportFailed("Its values are quantised by the channel, which cannot be exported.")
        factor, shift = edit.constant(scale.reshape(())), edit.constant(float(zero.item()))
        x, out = node.input[0], node.output[0]
        if node.op_type == "QuantizeLinear":
            bounds = [edit.constant(float(bound)) for bound in (np.iinfo(zero.dtype).min, np.iinfo(zero.dtype).max)]
            moved = edit.node("Add", [edit.node("Round", [edit.node("Div", [x, factor])]), shift])
            edit.node("Clip", [moved, *bounds], out)
        else:
            edit.node("Mul", [edit.node("Sub", [x, shift]), factor], out)
    for tensor in edit.graph.initializer:   # constants that are compared or joined with such values
        if tensor.data_type in (TensorProto.UINT8, TensorProto.INT8):
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))


# ---- the picture ----


def _picture_in(edit: Editor, card: ModelCard, known: dict[str, str]) -> list[str]:
    """The input becomes `image`, (1, c, h, w), 0..255 in the card's order; what the card does to it follows.

    Returns:
        The names of the values in between.
    """
    spec = card.input
    (old,) = edit.inputs()
    rank = len(old.type.tensor_type.shape.dim)
    height, width = spec.size
    channels = 1 if spec.order == "GRAY" else 3
    edit.rename({old.name: IMAGE, **known})
    set_shape(old, [1, channels, height, width])
    nodes = edit.take_apart()
    takers = [(node, i) for node in nodes for i, name in enumerate(node.input) if name == IMAGE]
    x = _scaled(edit, _inverted(edit, IMAGE, spec), spec, channels)
    if spec.layout == "NHWC":
        x = edit.node("Transpose", [x], perm=[0, 2, 3, 1])
    if rank == 3:
        shape = [channels, height, width] if spec.layout == "NCHW" else [height, width, channels]
        x = edit.node("Reshape", [x, edit.constant(shape, np.int64)])
    made = [name for node in edit.graph.node for name in node.output]
    for node, i in takers:
        node.input[i] = x
    edit.graph.node.extend(nodes)
    return made


def _inverted(edit: Editor, x: str, spec: InputSpec) -> str:
    """Bright for dark where the card wants it; "auto" where the picture's mean is above the middle."""
    if spec.invert == "never":
        return x
    if spec.invert == "always":
        return edit.node("Sub", [edit.constant(255.0), x])
    channels = 1 if spec.order == "GRAY" else 3
    means = edit.node("Reshape", [edit.node("GlobalAveragePool", [x]), edit.constant([1, channels], np.int64)])
    mean = edit.node("MatMul", [means, edit.constant(np.full((channels, 1), 1 / channels))])
    placed = edit.node("Reshape", [mean, edit.constant([1, 1, 1, 1], np.int64)])
    above = edit.node("Greater", [placed, edit.constant(127.5)])
    bright = edit.node("Cast", [above], to=TensorProto.FLOAT)
    turned = edit.node("Sub", [edit.constant(255.0), edit.node("Mul", [x, edit.constant(2.0)])])
    return edit.node("Add", [x, edit.node("Mul", [turned, bright])])


def _scaled(edit: Editor, x: str, spec: InputSpec, channels: int) -> str:
    """(range(p) - mean) / std of every channel, as one multiplication and one addition."""
    if spec.dtype == "uint8":
        return x
    factor, offset = RANGES[spec.range]
    mean = np.array([spec.mean[i % len(spec.mean)] for i in range(channels)], np.float64)
    std = np.array([spec.std[i % len(spec.std)] for i in range(channels)], np.float64)
    scale, bias = factor / std, (offset - mean) / std
    if np.any(scale != 1):
        x = edit.node("Mul", [x, edit.constant(scale.reshape(1, -1, 1, 1))])
    if np.any(bias != 0):
        x = edit.node("Add", [x, edit.constant(bias.reshape(1, -1, 1, 1))])
    return x


# ---- the answer ----


def _logits(edit: Editor, card: ModelCard) -> tuple[str, bool]:
    """The scores before a softmax, and whether one follows: in the file, or in the lab."""
    places = card.options.get("outputs", range(len(edit.graph.output)))
    if len(places) != 1:
        raise ExportFailed(f"{card.title} has {len(places)} outputs, not one.")
    name = at = edit.graph.output[places[0]].name
    if card.decoder == "softmax":
        return name, True
    producers = edit.producers()
    while at in producers:
        node = producers[at]
        if node.op_type == "Softmax":
            return node.input[0], True
        if node.op_type not in CARRIERS | {"QuantizeLinear", "DequantizeLinear"} and not _harmless(edit, node):
            break
        at = node.input[0]
    if card.decoder == "quantised":
        raise ExportFailed(f"{card.title} ends in quantised values without a softmax, which cannot be exported.")
    return name, False


def _harmless(edit: Editor, node: Any) -> bool:
    """Whether it only cuts to bounds that probabilities keep anyway, but for a step of 8 bits."""
    if node.op_type != "Clip":
        return False
    given = {attribute.name: attribute.f for attribute in node.attribute}
    bounds = [given.get("min", -np.inf), given.get("max", np.inf)]
    for i, name in enumerate(node.input[1:]):
        value = edit.value(name) if name else None
        if name and value is None:
            return False
        bounds[i] = bounds[i] if value is None else float(value.reshape(-1)[0])
    return bool(bounds[0] <= 1 / 255 and bounds[1] >= 1 - 1 / 255)


def _probabilities(edit: Editor, card: ModelCard, head: str, classes: int, softmax: bool) -> str:
    """(1, classes), 0..1."""
    (shape,) = shapes_of(edit, [head])
    if int(np.prod(shape)) != classes:
        raise ExportFailed(
            f"{card.title} answers with {int(np.prod(shape))} classes, {card.labels} has {classes}.",
            "Choose the label list that belongs to this model.",
        )
    flat = edit.node("Reshape", [head, edit.constant([1, classes], np.int64)])
    if card.decoder == "sigmoids":
        return edit.node("Sigmoid", [flat])
    return edit.node("Softmax", [flat], axis=1) if softmax else flat


def shapes_of(edit: Editor, names: Sequence[str]) -> list[list[int]]:
    """Shapes of values, by ONNX's own inference; large weights are told by their shapes alone."""
    small = [tensor for tensor in edit.graph.initializer if int(np.prod(tensor.dims)) <= SMALL]
    large = [
        helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        for tensor in edit.graph.initializer if int(np.prod(tensor.dims)) > SMALL
    ]  # fmt: skip
    outputs = [helper.make_empty_tensor_value_info(output.name) for output in edit.graph.output]
    graph = helper.make_graph(edit.graph.node, "shapes", [*edit.graph.input, *large], outputs, small)
    model = helper.make_model(graph, opset_imports=edit.model.opset_import, ir_version=edit.model.ir_version)
    found = onnx.shape_inference.infer_shapes(model, data_prop=True)
    known = {value.name: value for value in (*found.graph.value_info, *found.graph.output, *found.graph.input)}
    shapes = []
    for name in names:
        dims = [dim.dim_value for dim in known[name].type.tensor_type.shape.dim] if name in known else []
        if not dims or 0 in dims:
            raise ExportFailed("The shape of an output is not known before it runs, which cannot be exported.")
        shapes.append(dims)
    return shapes
