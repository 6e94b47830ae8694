"""Darknet: a .cfg that lists the layers and a .weights with the bare numbers, as one ONNX network.

Semantics follow pjreddie/darknet and AlexeyAB/darknet: padding of pooling at the end, the memory order of [reorg],
cells and anchors of the heads. Detection heads are decoded inside the graph (see darknet_heads).

Options of the card:
`masks`, one list of anchor numbers a [yolo] in the order of the .cfg, replaces `mask`: some .cfg files in circulation
name other anchors than their weights were trained with.
`epsilon`, of batch normalisation, beside the variance under the root. Darknet has 1e-5 (the default), OpenCV's reader
1e-6: with small variances that moves scores in the third decimal.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import ImportFailed
from inference.intake.importers.darknet.activations import ACTIVATIONS
from inference.intake.importers.darknet.cfg import Section, read_cfg, refuse_unknown
from inference.intake.importers.darknet.heads import Head, region, yolo
from inference.intake.importers.darknet.weights import Weights
from inference.intake.importers.graph import Graph, Map, fold
from models.card import ModelCard

EPSILON = 1e-5
LARGEST_MAP = 2**26    # numbers in one layer's output: 256 MB
LARGEST_SIDE = 8192    # px of the input
LARGEST_WINDOW = 1024  # px, of pooling
MOST_HEADS = 16


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network. Its output is `detections` (1, n, 5 + classes), or (1, values) where it has no detection head.

    A row of detections is cx cy w h, relative to the input, 0..1; objectness; one value a class, to be multiplied
    with it. Heads in the order of the .cfg; in a head anchor by anchor, in an anchor row by row.

    Raises:
        ImportFailed: a file is broken, they do not belong together, or a layer is not known.
    """
    cfg, weights = _pick(files, card, ".cfg"), _pick(files, card, ".weights")
    net, layers = read_cfg(*cfg)
    refuse_unknown(layers, LAYERS, ACTIVATIONS)
    return _Builder(net, Weights(*weights), weights[1], card).model(layers)


def _pick(files: tuple[Path, ...], card: ModelCard, ending: str) -> tuple[Path, str]:
    """The file with this ending and its name; in a mirror it may be called anything, the card knows better."""
    names = [file.name for file in card.files] if len(card.files) == len(files) else [path.name for path in files]
    for path, name in zip(files, names, strict=True):
        if name.lower().endswith(ending):
            return path, name
    raise ImportFailed(f"{card.title} has no {ending} file.", "A Darknet model needs a .cfg and a .weights.")


class _Builder:
    """One conversion: the graph, the weights, and what each layer so far has put out."""

    def __init__(self, net: Section, weights: Weights, file: str, card: ModelCard) -> None:
        height, width = card.input.size
        channels = net.integer("channels", 3, least=1)
        if channels != (1 if card.input.order == "GRAY" else 3):
            raise net.fail(f"it wants pictures of {channels} channels", "Correct the order of colours in the card.")
        if not 1 <= min(height, width) <= max(height, width) <= LARGEST_SIDE:
            raise net.fail(f"the card's input of {width}×{height} is impossible", "Correct the size in the card.")
        self.input = (height, width)
        self.graph = Graph(card.name, file)
        self.weights = weights
        self.last = Map("images", channels, height, width)
        self.maps: list[Map | None] = []     # one a layer; None: a head, nothing may go on from it
        self.heads: list[Head] = []
        self._first = self.last.shape
        self._masks = card.options.get("masks")
        self._epsilon = card.options.get("epsilon", EPSILON)
        if not isinstance(self._epsilon, float) or not 0 <= self._epsilon < 1:
            raise net.fail("the card's option epsilon is no number from 0 to 1", "Correct the card.")

    def model(self, layers: list[Section]) -> Any:
        for layer in layers:
            made = LAYERS[layer.kind](self, layer)
            if made is not None:
                if min(made[1:]) < 1 or made.channels * made.height * made.width > LARGEST_MAP:
                    raise layer.fail(f"its output of {made.channels}×{made.height}×{made.width} is impossible")
                self.last = made
            self.maps.append(made)
        self.weights.finish()
        source = ("images", self._first)
        if not self.heads:
            _, channels, height, width = self.last
            values = channels * height * width
            self.graph.reshape(self.last.name, "output", (1, values))
            return self.graph.model(source, ("output", (1, values)))
        columns = {head.columns for head in self.heads}
        if len(columns) > 1:
            raise layers[-1].fail("the heads know different numbers of classes")
        if self._masks is not None and len(self._masks) != sum(layer.kind == "yolo" for layer in layers):
            raise layers[-1].fail("the card's option masks has another number of lists than there are [yolo]")
        rows = sum(head.rows for head in self.heads)
        self.graph.node("Concat", [head.name for head in self.heads], "detections", axis=1)
        return self.graph.model(source, ("detections", (1, rows, columns.pop())))

    # ---- layers: each returns its output ----

    def convolutional(self, layer: Section) -> Map:
        x = self.last
        filters, size = layer.integer("filters", 1, least=1), layer.integer("size", 1, least=1)
        step = layer.integer("stride", 1, least=1)
        down, across = layer.integer("stride_y", step, least=1), layer.integer("stride_x", step, least=1)
        groups, dilation = layer.integer("groups", 1, least=1), layer.integer("dilation", 1, least=1)
        pad = (size // 2 if layer.integer("pad", 0) else layer.integer("padding", 0)) * dilation
        if x.channels % groups or filters % groups:
            raise layer.fail(f"{groups} groups divide neither {x.channels} channels nor {filters} filters")
        kernel = (filters, x.channels // groups, size, size)
        if layer.integer("batch_normalize", 0):
            shift, scale, mean, variance, kernels = self.weights.take(layer, *[(filters,)] * 4, kernel)
            weights, bias = fold(kernels, scale, shift, mean, variance, self._epsilon)
        else:
            biases, kernels = self.weights.take(layer, (filters,), kernel)
            weights, bias = kernels.astype(np.float64), biases.astype(np.float64)
        reach = dilation * (size - 1) + 1
        height, width = (x.height + 2 * pad - reach) // down + 1, (x.width + 2 * pad - reach) // across + 1
        if min(height, width) < 1:
            raise layer.fail(f"its kernel of {reach} px is larger than its input of {x.width}×{x.height}")
        name = self.graph.conv(
            x.name, f"l{layer.index}", weights, bias,
            pads=(pad, pad, pad, pad), strides=(down, across), groups=groups, dilation=dilation,
        )
        return Map(self.activate(name, layer, "logistic"), filters, height, width)

    def maxpool(self, layer: Section) -> Map:
        x = self.last
        step = layer.integer("stride", 1, least=1)
        down, across = layer.integer("stride_y", step, least=1), layer.integer("stride_x", step, least=1)
        size = layer.integer("size", step, least=1, most=LARGEST_WINDOW)
        pad = layer.integer("padding", size - 1)
        before, behind = pad // 2, pad - pad // 2    # size 2, stride 1: one more at the end
        if behind >= size or min(x.height, x.width) + pad < size:
            raise layer.fail(f"a window of {size} with padding {pad} does not fit {x.width}×{x.height}")
        name = self.graph.node(
            "MaxPool", [x.name], f"l{layer.index}", kernel_shape=[size, size], strides=[down, across],
            pads=[before, before, behind, behind],
        )
        return Map(name, x.channels, (x.height + pad - size) // down + 1, (x.width + pad - size) // across + 1)

    def avgpool(self, layer: Section) -> Map:
        return Map(self.graph.node("GlobalAveragePool", [self.last.name], f"l{layer.index}"), self.last.channels, 1, 1)

    def route(self, layer: Section) -> Map:
        parts = [self.earlier(layer, number) for number in layer.integers("layers")]
        groups = layer.integer("groups", 1, least=1)
        number = layer.integer("group_id", 0, most=groups - 1)
        if not parts or any((p.height, p.width) != (parts[0].height, parts[0].width) for p in parts):
            raise layer.fail("the layers that it joins have different sizes")
        if any(p.channels % groups for p in parts):
            raise layer.fail(f"{groups} groups do not divide the channels")
        if groups > 1:
            parts = [
                self.channels(p, p.channels // groups * number, p.channels // groups, f"l{layer.index}.part{i}")
                for i, p in enumerate(parts)
            ]
        if len(parts) == 1:
            return parts[0]
        name = self.graph.node("Concat", [p.name for p in parts], f"l{layer.index}", axis=1)
        return Map(name, sum(p.channels for p in parts), parts[0].height, parts[0].width)

    def shortcut(self, layer: Section) -> Map:
        x, name = self.last, self.last.name
        for i, number in enumerate(layer.integers("from")):
            other = self.earlier(layer, number)
            if (other.height, other.width) != (x.height, x.width):
                raise layer.fail(f"it adds {other.width}×{other.height} to {x.width}×{x.height}")
            if other.channels > x.channels:      # Darknet adds as many channels as both have
                other = self.channels(other, 0, x.channels, f"l{layer.index}.cut{i}")
            elif other.channels < x.channels:
                pads = np.array([0, 0, 0, 0, 0, x.channels - other.channels, 0, 0], np.int64)
                filled = f"l{layer.index}.filled{i}"
                self.graph.node("Pad", [other.name, self.graph.weight(f"{filled}.pads", pads)], filled)
                other = x._replace(name=filled)
            name = self.graph.node("Add", [name, other.name], f"l{layer.index}.add{i}")
        return x._replace(name=self.activate(name, layer, "linear"))

    def scale_channels(self, layer: Section) -> Map:
        """Squeeze-and-excitation: one factor a channel, or a whole map, on an earlier layer."""
        x, other = self.last, self.earlier(layer, layer.integer("from", least=-len(self.maps)))
        whole = (x.height, x.width) == (other.height, other.width)
        if x.channels != other.channels or not (whole or x.height == x.width == 1) or layer.integer("scale_wh", 0):
            raise layer.fail("its factors do not fit the layer that they are for")
        name = self.graph.node("Mul", [other.name, x.name], f"l{layer.index}")
        return other._replace(name=self.activate(name, layer, "linear"))

    def upsample(self, layer: Section) -> Map:
        x, step = self.last, layer.integer("stride", 2, least=1)
        factors = self.graph.weight(f"l{layer.index}.factors", np.array([1, 1, step, step], np.float32))
        name = self.graph.node(
            "Resize", [x.name, "", factors], f"l{layer.index}", mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
        scale = layer.number("scale", 1.0)
        if scale != 1.0:
            factor = self.graph.weight(f"l{layer.index}.scale", np.array(scale, np.float32))
            name = self.graph.node("Mul", [name, factor], f"l{layer.index}.scaled")
        return Map(name, x.channels, x.height * step, x.width * step)

    def reorg(self, layer: Section) -> Map:
        """Space to channels; Darknet walks the memory as if the channels were fewer and the map larger."""
        (name, channels, height, width), step = self.last, layer.integer("stride", 1, least=1)
        few = channels // (step * step)
        if channels % (step * step) or height % step or width % step:
            raise layer.fail(f"steps of {step} do not divide {channels}×{height}×{width}")
        at = f"l{layer.index}"
        name = self.graph.reshape(name, f"{at}.apart", (1, few, height, step, width, step))
        name = self.graph.node("Transpose", [name], f"{at}.turned", perm=[0, 3, 5, 1, 2, 4])
        shape = (channels * step * step, height // step, width // step)
        return Map(self.graph.reshape(name, at, (1, *shape)), *shape)

    def softmax(self, layer: Section) -> Map:
        name, channels, height, width = self.last
        groups, temperature = layer.integer("groups", 1, least=1), layer.number("temperature", 1.0)
        values = channels * height * width
        if values % groups or temperature <= 0:
            raise layer.fail(f"{groups} groups do not divide {values} values, or the temperature is not above 0")
        at = f"l{layer.index}"
        name = self.graph.reshape(name, f"{at}.rows", (groups, values // groups))
        if temperature != 1.0:
            warmth = self.graph.weight(f"{at}.temperature", np.array(temperature, np.float32))
            name = self.graph.node("Div", [name, warmth], f"{at}.cooled")
        name = self.graph.node("Softmax", [name], f"{at}.softmax", axis=1)
        return Map(self.graph.reshape(name, at, (1, channels, height, width)), channels, height, width)

    def nothing(self, layer: Section) -> Map:
        """What only training needs."""
        del layer
        return self.last

    def yolo_head(self, layer: Section) -> None:
        number = sum(head.kind == "yolo" for head in self.heads)
        mask = None
        if self._masks is not None:
            mask = self._masks[number] if isinstance(self._masks, list) and number < len(self._masks) else []
            if not isinstance(mask, list) or not mask or not all(type(m) is int and m >= 0 for m in mask):
                raise layer.fail("the card's option masks is no list of anchor numbers for it", "Correct the card.")
        self.head(layer, yolo(self.graph, layer, self.last, self.input, mask))

    def region_head(self, layer: Section) -> None:
        self.head(layer, region(self.graph, layer, self.last))

    # ---- what layers share ----

    def head(self, layer: Section, head: Head) -> None:
        self.heads.append(head)
        if len(self.heads) > MOST_HEADS:
            raise layer.fail(f"there are more than {MOST_HEADS} heads")

    def activate(self, name: str, layer: Section, default: str) -> str:
        return ACTIVATIONS[layer.text("activation", default)](self.graph, name)

    def earlier(self, layer: Section, number: int) -> Map:
        """The output of a layer by its number, or counted back from here if negative."""
        place = number if number >= 0 else layer.index + number
        if not 0 <= place < layer.index:
            raise layer.fail(f"it goes on from layer {number}, which does not come before it")
        found = self.maps[place]
        if found is None:
            raise layer.fail(f"it goes on from layer {place}, which is a detection head")
        return found

    def channels(self, x: Map, first: int, count: int, name: str) -> Map:
        """Some of the channels."""
        ends = [
            self.graph.weight(f"{name}.{end}", np.array([value], np.int64))
            for end, value in (("first", first), ("end", first + count), ("axis", 1))
        ]
        return Map(self.graph.node("Slice", [x.name, *ends], name), count, x.height, x.width)


LAYERS: dict[str, Callable[[_Builder, Section], Map | None]] = {
    "convolutional": _Builder.convolutional,
    "conv": _Builder.convolutional,
    "maxpool": _Builder.maxpool,
    "max": _Builder.maxpool,
    "avgpool": _Builder.avgpool,
    "avg": _Builder.avgpool,
    "route": _Builder.route,
    "shortcut": _Builder.shortcut,
    "scale_channels": _Builder.scale_channels,
    "sam": _Builder.scale_channels,
    "upsample": _Builder.upsample,
    "reorg": _Builder.reorg,
    "softmax": _Builder.softmax,
    "soft": _Builder.softmax,
    "dropout": _Builder.nothing,
    "cost": _Builder.nothing,
    "yolo": _Builder.yolo_head,
    "region": _Builder.region_head,
}
