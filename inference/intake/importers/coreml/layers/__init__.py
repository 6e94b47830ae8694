"""The layers of a Core ML neural network (`NeuralNetwork.proto`), as ONNX nodes. What is not known is refused."""

import numpy as np

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import CLASSIFIER, CoreMl, strings
from inference.intake.importers.coreml.layers import elementwise, learned, old, shaping
from inference.intake.importers.coreml.layers.params import Params
from inference.intake.importers.graph import Graph
from inference.intake.importers.wire import Value, fields, integers, message, text

MOST_LAYERS = 20_000
CONSTANTS = (290, 1070)    # the layers without an input
RANK5, EXACT, RANK4 = 0, 1, 1   # how arrays and pictures are laid out: in five sides, as written, and (n, c, h, w)
FIRST_NEW = 400            # numbers of the layers that know no layout of five sides

LAYERS = {**learned.LAYERS, **elementwise.LAYERS, **shaping.LAYERS, **old.LAYERS}
ELSEWHERE = "Convert the model to ONNX with the program that made it, from what it was made of."
# Of those that are not read, for the sentence that says so.
NAMES = {
    150: "embedding", 165: "mvn", 211: "resizeBilinear", 270: "dot", 330: "split", 340: "sequenceRepeat",
    795: "gelu", 820: "notEqual", 850: "logicalNot", 920: "tile", 925: "stack", 975: "splitND", 995: "sliceStatic",
    1105: "broadcastToStatic", 1330: "whereBroadcastable", 1350: "layerNormalization",
}  # fmt: skip


def build_layers(graph: Graph, model: CoreMl) -> tuple[list[str], tuple[str, ...], dict[str, str]]:
    """All layers into `graph`; the names of the outputs, the labels, and what every value is called in the graph.

    Raises:
        ImportFailed: the network is damaged, or a layer or parameter is not known here.
    """
    file = model.file
    layers, scores = [], ""
    labels: tuple[str, ...] = ()
    scaler: Params | None = None
    mapping = {5: 0, 6: 0}
    for number, _kind, value in fields(model.network, file):
        if number == 1:
            layers.append(message(value, file))
        elif number == 2:
            scaler = Params(value, file, "preprocessing")
        elif number in mapping:
            mapping[number] = integers(value, file)[0]
        elif model.kind == CLASSIFIER and number == 100:
            labels = strings(value, file)
        elif model.kind == CLASSIFIER and number == 200:
            scores = text(value, file)
    if len(layers) > MOST_LAYERS:
        raise ImportFailed(f"{file} has {len(layers)} layers.", "Choose a smaller model.")
    before_13 = mapping[5] == RANK5   # iOS 13: the last three of the five sides are channels, height and width
    if not before_13 and mapping != {5: EXACT, 6: RANK4}:
        raise ImportFailed(f"{file} lays its picture out in five sides and its arrays as written.", ELSEWHERE)
    image = model.image
    source = (image.name, (1, 1 if image.order == "GRAY" else 3, image.height, image.width))
    parsed = [_parse(layer, file, source) for layer in layers]
    kinds = {kind for _n, _i, _o, kind, _p in parsed}
    if unknown := sorted(k for k in kinds if k not in LAYERS or (before_13 and k >= FIRST_NEW)):
        raise ImportFailed(
            f"{file} has layers that are not known here: {', '.join(NAMES.get(k, f'number {k}') for k in unknown)}.",
            ELSEWHERE,
        )
    known = {model.image.name: _scaled(graph, model, scaler) if scaler else model.image.name}
    for name, inputs, outputs, kind, params in parsed:
        if missing := [i for i in inputs if i not in known]:
            raise params.fail(f"it takes {missing[0]}, which no layer before it makes")
        if len(outputs) != 1 or bool(inputs) is (kind in CONSTANTS):
            raise params.fail(f"it has {len(inputs)} inputs and {len(outputs)} outputs")
        known[outputs[0]] = LAYERS[kind](graph, params, f"layer/{len(known)}/{name}", [known[i] for i in inputs])
        params.done()
    ends = [scores] if scores else [out for out in model.outputs if out in known]
    if not ends or any(out not in known for out in ends):
        raise ImportFailed(f"{file} has no output that its layers make.", "Fetch the file again.")
    return [known[out] for out in ends], labels, known


def _parse(
    layer: memoryview, file: str, source: tuple[str, tuple[int, ...]]
) -> tuple[str, list[str], list[str], int, Params]:
    """Name, inputs, outputs, kind and parameters of a layer."""
    name, inputs, outputs, kind = "", [], [], 0
    params: Value = memoryview(b"")
    for number, _kind, value in fields(layer, file):
        if number == 1:
            name = text(value, file)
        elif number == 2:
            inputs.append(text(value, file))
        elif number == 3:
            outputs.append(text(value, file))
        elif number >= 100:
            kind, params = number, value
    return name, inputs, outputs, kind, Params(params, file, name, source)


def _scaled(graph: Graph, model: CoreMl, preprocessing: Params) -> str:
    """The picture times its scale plus the bias of each colour."""
    preprocessing.values(1)   # the name of the input, of which there is one
    if 11 in preprocessing:
        raise preprocessing.fail("it subtracts a mean picture, which is not known here")
    scaler = preprocessing.inner(10)
    scale = scaler.real(10, 0.0)
    blue, green, red, grey = (scaler.real(number) for number in (20, 21, 22, 30))
    scaler.done()
    preprocessing.done()
    bias = {"RGB": (red, green, blue), "BGR": (blue, green, red), "GRAY": (grey,)}[model.image.order]
    factor = graph.weight("picture.scale", np.array(scale, np.float32))
    offset = graph.weight("picture.bias", np.array(bias, np.float32).reshape(1, -1, 1, 1))
    return graph.node("Add", [graph.node("Mul", [model.image.name, factor], "picture.scaled"), offset], "picture")
