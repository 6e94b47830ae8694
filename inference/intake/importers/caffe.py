"""Caffe: a .prototxt that lists the layers and a .caffemodel with their numbers, as one ONNX network.

Semantics follow BVLC/caffe: pooling rounds its output up and lets no window begin outside the picture, an average
counts the padding, batch normalisation divides its sums by a factor of its own. A layer that is used for training
alone is left out; the loss behind a classifier becomes its softmax. The batch is 1.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.caffe_weights import Blob, read_caffemodel
from inference.intake.importers.files import read_file
from inference.intake.importers.graph import Graph, Shape
from inference.intake.importers.prototext import Message, read_text
from models.card import ModelCard

LARGEST_TEXT = 2_000_000    # bytes of a .prototxt; that of ResNet-152 has 100 kB
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


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network; its input is `data` (1, c, h, w), its outputs are what no layer uses.

    The size is the .prototxt's, and the card's where that says none.

    Raises:
        ImportFailed: a file is broken, they do not belong together, or a layer is not known; the message names all
            layers that are not.
    """
    names = [file.name for file in card.files] if len(card.files) == len(files) else [path.name for path in files]
    found = {Path(name).suffix.lower(): (path, name) for path, name in zip(files, names, strict=True)}
    if set(found) != {".prototxt", ".caffemodel"}:
        raise ImportFailed(
            f"{card.title} has the files {', '.join(names)}.", "A Caffe model is a .prototxt and a .caffemodel."
        )
    path, name = found[".prototxt"]
    net = read_text(read_file(path, LARGEST_TEXT).decode("utf-8", "replace"), name)
    path, weights_name = found[".caffemodel"]
    return _Builder(net, read_caffemodel(path, weights_name), weights_name, card).model()


class _Builder:
    """One conversion: the graph, and what each blob is called in it and its shape (batch first)."""

    def __init__(self, net: Message, weights: dict[str, list[Blob]], file: str, card: ModelCard) -> None:
        self.net, self.weights, self.card = net, weights, card
        self.graph = Graph(card.name, file)
        self.blobs: dict[str, tuple[str, Shape]] = {}    # by Caffe's name: the value's name in the graph, its shape
        self.unused: dict[str, None] = {}                # blobs that no layer has taken, in order

    def model(self) -> Any:
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
            raise self.net.fail(f"its input {_sides(dims)} is no picture")
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
            raise layer.fail(f"its output of {_sides(shape)} is impossible")

    def blob(self, layer: Message, at: int, shape: Shape) -> Blob:
        """The layer's trained numbers number `at`, in this shape."""
        blobs = self.weights.get(layer.word("name"), [])
        if at >= len(blobs):
            raise layer.fail("its numbers are not in the .caffemodel")
        size = int(np.prod(shape, dtype=object))
        if blobs[at].size != size:
            raise layer.fail(f"it wants {_sides(shape)} numbers, the .caffemodel has {_sides(blobs[at].shape)}")
        return blobs[at].reshape(shape)

    # ---- layers: each returns the value it makes, with its shape ----

    def convolution(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("convolution_param")
        if len(shape) != 4:
            raise layer.fail("its input is no picture")
        filters, groups = param.integer("num_output", 0, least=1), param.integer("group", 1, least=1)
        kernel = _pair(layer, param, "kernel_size", "kernel_h", "kernel_w", 0, least=1)
        stride = _pair(layer, param, "stride", "stride_h", "stride_w", 1, least=1)
        pad = _pair(layer, param, "pad", "pad_h", "pad_w", 0)
        dilation = _pair(layer, param, "dilation", "", "", 1, least=1)
        if dilation[0] != dilation[1]:
            raise layer.fail("its dilation differs along the sides, which is not known here")
        if shape[1] % groups or filters % groups:
            raise layer.fail(f"{groups} groups divide neither {shape[1]} channels nor {filters} filters")
        weights = self.blob(layer, 0, (filters, shape[1] // groups, *kernel))
        bias = self.blob(layer, 1, (filters,)) if param.flag("bias_term", True) else np.zeros(filters, np.float32)
        sides = [
            (side + 2 * p - (d * (k - 1) + 1)) // s + 1
            for side, p, d, k, s in zip(shape[2:], pad, dilation, kernel, stride, strict=True)
        ]
        made = self.graph.conv(
            x, name, weights, bias, pads=(*pad, *pad), strides=stride, groups=groups, dilation=dilation[0]
        )
        return made, (1, filters, *sides)

    def pooling(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("pooling_param")
        if len(shape) != 4:
            raise layer.fail("its input is no picture")
        kind = param.word("pool", "MAX")
        if kind not in ("MAX", "AVE", "0", "1"):
            raise layer.fail(f"pooling by {kind} is not known here")
        largest = kind in ("MAX", "0")
        if param.flag("global_pooling", False):
            made = self.graph.node("GlobalMaxPool" if largest else "GlobalAveragePool", [x], name)
            return made, (1, shape[1], 1, 1)
        kernel = _pair(layer, param, "kernel_size", "kernel_h", "kernel_w", 0, least=1)
        stride = _pair(layer, param, "stride", "stride_h", "stride_w", 1, least=1)
        pad = _pair(layer, param, "pad", "pad_h", "pad_w", 0)
        if any(p >= k for p, k in zip(pad, kernel, strict=True)):
            raise layer.fail("its padding is as wide as its window")
        if any(s > k for s, k in zip(stride, kernel, strict=True)):
            raise layer.fail("its windows leave gaps, which is not known here")
        up = param.word("round_mode", "CEIL") in ("CEIL", "0")
        sides, after = [], []
        for side, p, k, s in zip(shape[2:], pad, kernel, stride, strict=True):
            room = side + 2 * p - k
            if room < 0:
                raise layer.fail(f"its window of {k} is larger than the picture of {side}")
            out = (-(-room // s) if up else room // s) + 1
            if p and (out - 1) * s >= side + p:   # no window begins in the padding behind the picture
                out -= 1
            sides.append(out)
            after.append((out - 1) * s + k - side - p)   # more than p where the last window reaches further
        options = {"kernel_shape": list(kernel), "strides": list(stride)}
        if largest:
            padded = self._fit(x, f"{name}.cut", shape, after)
            ends = [max(0, a) for a in after]
            made = self.graph.node("MaxPool", [padded], name, pads=[*pad, *ends], **options)
        else:
            made = self._average(x, name, shape, (pad, after, kernel, stride), sides, options)
        return made, (1, shape[1], *sides)

    def _fit(self, x: str, name: str, shape: Shape, after: list[int]) -> str:
        """The picture without the last rows and columns that no window reaches."""
        if min(after) >= 0:
            return x
        ends = np.array([side + min(0, a) for side, a in zip(shape[2:], after, strict=True)], np.int64)
        starts = self.graph.weight("zeros2", np.zeros(2, np.int64))
        axes = self.graph.weight("axes23", np.array([2, 3], np.int64))
        return self.graph.node("Slice", [x, starts, self.graph.weight(f"{name}.ends", ends), axes], name)

    def _average(
        self, x: str, name: str, shape: Shape, how: tuple[Any, ...], sides: list[int], options: dict[str, Any]
    ) -> str:
        """Caffe divides by the part of the window that lies on the picture or its padding, not behind the padding."""
        pad, after, kernel, stride = how
        cut = self._fit(x, f"{name}.cut", shape, after)
        ends = [max(0, a) for a in after]
        made = self.graph.node(
            "AveragePool", [cut], f"{name}.sum", pads=[*pad, *ends], count_include_pad=1, **options
        )
        parts = []
        for side, p, k, s, out in zip(shape[2:], pad, kernel, stride, sides, strict=True):
            begin = np.arange(out) * s - p
            parts.append(np.minimum(begin + k, side + p) - begin)
        factor = (kernel[0] * kernel[1] / np.outer(*parts)).astype(np.float32)
        if np.all(factor == 1):
            return self.graph.node("Identity", [made], name)
        return self.graph.node("Mul", [made, self.graph.weight(f"{name}.factor", factor[None, None])], name)

    def inner_product(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("inner_product_param")
        if param.integer("axis", 1) != 1:
            raise layer.fail("an inner product along another axis than 1 is not known here")
        values, outputs = int(np.prod(shape[1:], dtype=object)), param.integer("num_output", 0, least=1)
        turned = param.flag("transpose", False)
        weights = self.blob(layer, 0, (values, outputs) if turned else (outputs, values))
        bias = self.blob(layer, 1, (outputs,)) if param.flag("bias_term", True) else np.zeros(outputs, np.float32)
        flat = self.graph.reshape(x, f"{name}.flat", (1, values)) if len(shape) != 2 else x
        given = [flat, self.graph.weight(f"{name}.weight", weights), self.graph.weight(f"{name}.bias", bias)]
        return self.graph.node("Gemm", given, name, transB=0 if turned else 1), (1, outputs)

    def relu(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        slope = layer.message("relu_param").number("negative_slope", 0)
        if slope:
            return self.graph.node("LeakyRelu", [xs[0][0]], name, alpha=slope), xs[0][1]
        return self.graph.node("Relu", [xs[0][0]], name), xs[0][1]

    def prelu(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape) = xs[0]
        channels = 1 if layer.message("prelu_param").flag("channel_shared", False) else shape[1]
        slope = self.blob(layer, 0, (channels,)).reshape(-1, *[1] * (len(shape) - 2))
        return self.graph.node("PRelu", [x, self.graph.weight(f"{name}.slope", slope)], name), shape

    def elu(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        alpha = layer.message("elu_param").number("alpha", 1)
        return self.graph.node("Elu", [xs[0][0]], name, alpha=alpha), xs[0][1]

    def power(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("power_param")
        for key, usual, op in (("scale", 1.0, "Mul"), ("shift", 0.0, "Add"), ("power", 1.0, "Pow")):
            value = param.number(key, usual)
            if value != usual:
                weight = self.graph.weight(f"{name}.{key}", np.array(value, np.float32))
                x = self.graph.node(op, [x, weight], f"{name}.{op}")
        return self.graph.node("Identity", [x], name), shape

    def batch_norm(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("batch_norm_param")
        if not param.flag("use_global_stats", True):
            raise layer.fail("a normalisation by the picture itself is not known here")
        channels = shape[1]
        factor = float(self.blob(layer, 2, (1,))[0])
        factor = 1 / factor if factor else 0.0   # as Caffe has it
        with np.errstate(all="ignore"):          # what is no number is found by Graph.weight
            mean = self.blob(layer, 0, (channels,)).astype(np.float64) * factor
            variance = self.blob(layer, 1, (channels,)).astype(np.float64) * factor
            scale = 1 / np.sqrt(variance + param.number("eps", 1e-5))
            return self._affine(x, name, shape, scale, -mean * scale), shape

    def scale(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("scale_param")
        if len(xs) != 1 or param.integer("axis", 1) != 1 or param.integer("num_axes", 1) != 1:
            raise layer.fail("a scale by another blob or along other axes is not known here")
        shift = self.blob(layer, 1, (shape[1],)) if param.flag("bias_term", False) else np.zeros(shape[1])
        return self._affine(x, name, shape, self.blob(layer, 0, (shape[1],)), shift), shape

    def bias(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape) = xs[0]
        return self._affine(x, name, shape, np.ones(shape[1]), self.blob(layer, 0, (shape[1],))), shape

    def _affine(self, x: str, name: str, shape: Shape, scale: NDArray[Any], shift: NDArray[Any]) -> str:
        """Every channel times its scale plus its shift; ONNX Runtime folds it into a convolution before it."""
        sides = (-1, *[1] * (len(shape) - 2))
        factor = self.graph.weight(f"{name}.scale", scale.astype(np.float32).reshape(sides))
        offset = self.graph.weight(f"{name}.shift", shift.astype(np.float32).reshape(sides))
        return self.graph.node("Add", [self.graph.node("Mul", [x, factor], f"{name}.scaled"), offset], name)

    def lrn(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("lrn_param")
        if param.word("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
            raise layer.fail("LRN within a channel is not known here")
        size = param.integer("local_size", 5, least=1)
        if size % 2 == 0:
            raise layer.fail("its local_size is even")
        options = {key: param.number(word, usual) for key, word, usual in
                   (("alpha", "alpha", 1.0), ("beta", "beta", 0.75), ("bias", "k", 1.0))}  # fmt: skip
        return self.graph.node("LRN", [x], name, size=size, **options), shape

    def softmax(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        axis = _axis(layer, layer.message("softmax_param").word("axis", "1"), xs[0][1])
        return self.graph.node("Softmax", [xs[0][0]], name, axis=axis), xs[0][1]

    def concat(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        param = layer.message("concat_param")
        shape = xs[0][1]
        axis = _axis(layer, param.word("axis", param.word("concat_dim", "1")), shape)
        for _, other in xs[1:]:
            if (*other[:axis], *other[axis + 1 :]) != (*shape[:axis], *shape[axis + 1 :]):
                raise layer.fail("its inputs do not fit together")
        whole = sum(other[axis] for _, other in xs)
        made = self.graph.node("Concat", [x for x, _ in xs], name, axis=axis)
        return made, (*shape[:axis], whole, *shape[axis + 1 :])

    def slice(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
        (x, shape), param = xs[0], layer.message("slice_param")
        axis = _axis(layer, param.word("axis", param.word("slice_dim", "1")), shape)
        parts = len(layer.words("top"))
        even = [shape[axis] // parts * i for i in range(1, parts)]
        cuts = [0, *(param.integers("slice_point") or even), shape[axis]]
        if len(cuts) != parts + 1 or any(a >= b for a, b in pairwise(cuts)):
            raise layer.fail("it cuts where nothing is")
        axes = self.graph.weight(f"{name}.axis", np.array([axis], np.int64))
        made = []
        for i, (a, b) in enumerate(pairwise(cuts)):
            ends = [self.graph.weight(f"{name}.{i}.{end}", np.array([end], np.int64)) for end in (a, b)]
            part = self.graph.node("Slice", [x, *ends, axes], f"{name}.{i}")
            made.append((part, (*shape[:axis], b - a, *shape[axis + 1 :])))
        return made

    def eltwise(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        param, shape = layer.message("eltwise_param"), xs[0][1]
        if any(other != shape for _, other in xs):
            raise layer.fail("its inputs do not fit together")
        kind = param.word("operation", "SUM")
        values = [x for x, _ in xs]
        if kind in ("MAX", "2") and "coeff" not in param:
            return self.graph.node("Max", values, name), shape
        if kind not in ("SUM", "1", "PROD", "0"):
            raise layer.fail(f"{kind} is not known here")
        if coefficients := [float(word) for word in param.words("coeff") if _is_number(word)]:
            if kind in ("PROD", "0") or len(coefficients) != len(values):
                raise layer.fail("its coefficients do not fit")
            values = [
                self.graph.node("Mul", [x, self.graph.weight(f"{name}.{i}.by", np.array(c, np.float32))], f"{name}.{i}")
                for i, (x, c) in enumerate(zip(values, coefficients, strict=True))
            ]
        op = "Mul" if kind in ("PROD", "0") else "Add"
        made = values[0]
        for i, x in enumerate(values[1:]):
            made = self.graph.node(op, [made, x], f"{name}.{op}{i}")
        return self.graph.node("Identity", [made], name), shape

    def same(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        del layer
        return self.graph.node("Identity", [xs[0][0]], name), xs[0][1]

    def flatten(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        if layer.message("flatten_param").integer("axis", 1) != 1:
            raise layer.fail("flattening from another axis than 1 is not known here")
        whole = (1, int(np.prod(xs[0][1][1:], dtype=object)))
        return self.graph.reshape(xs[0][0], name, whole), whole

    def reshape(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), param = xs[0], layer.message("reshape_param")
        dims = param.message("shape").integers("dim")
        if param.words("axis") or param.words("num_axes") or dims.count(-1) > 1 or len(dims) > 8:
            raise layer.fail("such a reshape is not known here")
        wanted = [1 if i == 0 else shape[i] if d == 0 and i < len(shape) else d for i, d in enumerate(dims)]
        whole, given = int(np.prod(shape, dtype=object)), 1
        for side in wanted:
            given *= side if side != -1 else 1
        wanted = [whole // given if side == -1 and given > 0 else side for side in wanted]
        if min(wanted, default=0) < 1 or int(np.prod(wanted, dtype=object)) != whole:
            raise layer.fail(f"{_sides(shape)} does not become {_sides(dims)}")
        return self.graph.reshape(x, name, tuple(wanted)), tuple(wanted)

    def permute(self, layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        (x, shape), order = xs[0], layer.message("permute_param").integers("order")
        order += [axis for axis in range(len(shape)) if axis not in order]
        if sorted(order) != list(range(len(shape))) or order[0] != 0:
            raise layer.fail("such an order of axes is not known here")
        return self.graph.node("Transpose", [x], name, perm=order), tuple(shape[axis] for axis in order)


def _simple(op: str) -> "Layer":
    def build(builder: _Builder, _layer: Message, name: str, xs: list[tuple[str, Shape]]) -> tuple[str, Shape]:
        return builder.graph.node(op, [xs[0][0]], name), xs[0][1]

    return build


Layer = Callable[[_Builder, Message, str, list[tuple[str, Shape]]], tuple[str, Shape] | list[tuple[str, Shape]]]

LAYERS: dict[str, Layer] = {
    "Convolution": _Builder.convolution,
    "Pooling": _Builder.pooling,
    "InnerProduct": _Builder.inner_product,
    "ReLU": _Builder.relu,
    "PReLU": _Builder.prelu,
    "ELU": _Builder.elu,
    "Sigmoid": _simple("Sigmoid"),
    "TanH": _simple("Tanh"),
    "AbsVal": _simple("Abs"),
    "Power": _Builder.power,
    "BatchNorm": _Builder.batch_norm,
    "Scale": _Builder.scale,
    "Bias": _Builder.bias,
    "LRN": _Builder.lrn,
    "Softmax": _Builder.softmax,
    "Concat": _Builder.concat,
    "Slice": _Builder.slice,
    "Eltwise": _Builder.eltwise,
    "Dropout": _Builder.same,
    "Flatten": _Builder.flatten,
    "Reshape": _Builder.reshape,
    "Permute": _Builder.permute,
}


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


def _pair(
    layer: Message, param: Message, both: str, down: str, across: str, usual: int, least: int = 0
) -> tuple[int, int]:
    """A value along height and width, written once, twice, or for each side by its own name."""
    if down and (down in param or across in param):
        pair = (param.integer(down, usual, least), param.integer(across, usual, least))
    else:
        given = param.integers(both) or [usual]
        if len(given) > 2:
            raise layer.fail(f"{both} has {len(given)} values")
        pair = (given[0], given[-1])
    if min(pair) < least or max(pair) > 4096:
        raise layer.fail(f"{both} is {pair[0]}×{pair[1]}")
    return pair


def _axis(layer: Message, word: str, shape: Shape) -> int:
    """The axis, counted from the front; never that of the batch."""
    try:
        axis = int(word)
    except ValueError as error:
        raise layer.fail("its axis is no whole number") from error
    axis += len(shape) if axis < 0 else 0
    if not 1 <= axis < len(shape):
        raise layer.fail(f"there is no axis {word}")
    return axis


def _sides(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
