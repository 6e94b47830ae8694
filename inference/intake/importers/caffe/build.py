"""Layer after layer of a Caffe network, from the blobs that it takes to those that it makes."""

from typing import Any

import numpy as np

from inference.errors import ImportFailed
from inference.intake.importers.caffe.layers import LAYERS
from inference.intake.importers.caffe.prototext import Message, sides
from inference.intake.importers.caffe.weights import Blob
from inference.intake.importers.graph import Graph, Shape
from models.card import ModelCard

LARGEST_MAP = 2**26         # numbers in one layer's output: 256 MB
MOST_LAYERS = 20_000

# The old names of layers, from V1LayerParameter.LayerType, where they are not the new one in capitals.
OLD_NAMES = {
    "INNER_PRODUCT": "InnerProduct", "SOFTMAX_LOSS": "SoftmaxWithLoss", "BNLL": "BNLL", "LRN": "LRN", "TANH": "TanH",
    "RELU": "ReLU", "PRELU": "PReLU", "ABSVAL": "AbsVal", "IMAGE_DATA": "ImageData", "HDF5_DATA": "HDF5Data",
    "MEMORY_DATA": "MemoryData", "DUMMY_DATA": "DummyData", "WINDOW_DATA": "WindowData", "ELTWISE": "Eltwise",
}  # fmt: skip
INPUTS = frozenset({"Input", "Data", "ImageData", "HDF5Data", "MemoryData", "DummyData", "WindowData", "Python"})
LEFT_OUT = frozenset({"Accuracy", "Silence"})


class Builder:
    """One conversion: the graph, and what each blob is called in it and its shape (batch first)."""

    def __init__(self, net: Message, weights: dict[str, list[Blob]], file: str, card: ModelCard) -> None:
        self.net, self.weights, self.card = net, weights, card
        self.graph = Graph(card.name, file)
        self.blobs: dict[str, tuple[str, Shape]] = {}    # by Caffe's name: the value's name in the graph, its shape
        self.unused: dict[str, None] = {}                # blobs that no layer has taken, in order

    def model(self) -> Any:
        """The network.

        Raises:
            ImportFailed: a layer is not known, or does not fit.
        """
        layers = [layer for layer in (*self.net.messages("layer"), *self.net.messages("layers")) if _for_use(layer)]
        if len(layers) > MOST_LAYERS:
            raise self.net.fail(f"it has {len(layers)} layers, more than {MOST_LAYERS}")
        # A layer of data takes nothing: one of that name in the midst of a network computes something.
        kinds = [f"{kind} with an input" if kind in INPUTS and layer.words("bottom") else kind
                 for layer in layers for kind in [_kind(layer)]]  # fmt: skip
        known = {*LAYERS, *INPUTS, *LEFT_OUT, "SoftmaxWithLoss", "Split"}
        if unknown := sorted({kind for kind in kinds if kind not in known}):
            raise ImportFailed(
                f"{self.net.file} has layers that are not known here: {', '.join(unknown)}.",
                "Convert the model to ONNX with the program that made it.",
            )
        source = self._source([layer for layer, kind in zip(layers, kinds, strict=True) if kind in INPUTS])
        for layer, kind in zip(layers, kinds, strict=True):
            if kind not in INPUTS:
                self._layer(layer, kind)
        if not self.unused:
            raise self.net.fail("it has no output")
        outputs = []
        for blob in self.unused:
            value, shape = self.blobs[blob]
            outputs.append((self.graph.node("Identity", [value], f"output/{blob}"), shape))
        return self.graph.model(source, *outputs)

    def _source(self, inputs: list[Message]) -> tuple[str, Shape]:
        """The picture's blob: from an Input layer, from the head of the file, or of the card's size."""
        names = [name for layer in inputs for name in layer.words("top")] or self.net.words("input")
        if not names:
            raise self.net.fail("it has no input")
        for layer in (*[layer.message("input_param") for layer in inputs[:1]], self.net):
            shapes = layer.messages("shape") or layer.messages("input_shape")
            dims = shapes[0].integers("dim") if shapes else layer.integers("input_dim")[:4]
            if dims:
                break
        channels = 1 if self.card.input.order == "GRAY" else 3
        dims = dims or [1, channels, *self.card.input.size]
        shape = (1, *dims[1:])
        if len(shape) != 4 or min(shape) < 1 or shape[1] not in (1, 3):
            raise self.net.fail(f"its input {sides(dims)} is no picture")
        self._check(shape, self.net)
        self.blobs[names[0]] = ("data", shape)
        return "data", shape

    def _layer(self, layer: Message, kind: str) -> None:
        bottoms, tops = layer.words("bottom"), layer.words("top")
        if kind in LEFT_OUT:
            return
        if kind == "SoftmaxWithLoss":
            kind, bottoms, tops = "Softmax", bottoms[:1], tops[:1] or [layer.word("name") or "prob"]
        for blob in bottoms:
            if blob not in self.blobs:
                raise layer.fail(f"it takes {blob}, which no layer before it makes")
        if not bottoms or not tops:
            raise layer.fail("it has no bottom or no top")
        xs = [self.blobs[blob] for blob in bottoms]
        if kind == "Split":
            made = [xs[0]] * len(tops)
        else:
            # A blob may be written again in its place: each value has a name of its own.
            name = f"{len(self.blobs)}.{self.graph.size}/{layer.word('name') or kind}"
            one = LAYERS[kind](self, layer, name, xs)
            made = one if isinstance(one, list) else [one]
        if len(made) != len(tops):
            raise layer.fail(f"it has {len(tops)} tops, not {len(made)}")
        for blob in bottoms:
            self.unused.pop(blob, None)
        for blob, (value, shape) in zip(tops, made, strict=True):
            self._check(shape, layer)
            self.blobs[blob] = (value, shape)
            self.unused[blob] = None

    def _check(self, shape: Shape, layer: Message) -> None:
        size = 1
        for side in shape:
            size *= side
        if min(shape, default=1) < 1 or size > LARGEST_MAP:
            raise layer.fail(f"its output of {sides(shape)} is impossible")

    def blob(self, layer: Message, at: int, shape: Shape) -> Blob:
        """The layer's trained numbers number `at`, in this shape."""
        blobs = self.weights.get(layer.word("name"), [])
        if at >= len(blobs):
            raise layer.fail("its numbers are not in the .caffemodel")
        size = int(np.prod(shape, dtype=object))
        if blobs[at].size != size:
            raise layer.fail(f"it wants {sides(shape)} numbers, the .caffemodel has {sides(blobs[at].shape)}")
        return blobs[at].reshape(shape)


def _kind(layer: Message) -> str:
    """The layer's kind, under its present name."""
    word = layer.word("type") or "(none)"
    known = {*LAYERS, *INPUTS, *LEFT_OUT, "Split"}
    if word in known or word.capitalize() not in known:
        return OLD_NAMES.get(word, word)
    return word.capitalize()


def _for_use(layer: Message) -> bool:
    """Whether the layer is there when the network is used, not only when it is trained."""
    phases = [rule.word("phase") for rule in layer.messages("include")]
    never = [rule.word("phase") for rule in layer.messages("exclude")]
    return (not any(phases) or any(phase in ("TEST", "1") for phase in phases)) and not any(
        phase in ("TEST", "1") for phase in never
    )
