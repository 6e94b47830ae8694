"""The layers of a Core ML neural network (`NeuralNetwork.proto`), as ONNX nodes. What is not known is refused."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.coreml_file import CLASSIFIER, CoreMl, halves, real, strings
from inference.intake.importers.graph import Graph
from inference.intake.importers.wire import Value, fields, integers, message, numbers, text

Array = NDArray[Any]
Found = dict[int, list[Value]]

MOST_LAYERS = 20_000
CONSTANT = 1070            # the layer without an input
FLOAT, INT64 = 1, 7        # of TensorProto
EXACT, RANK4 = 1, 1        # how arrays and pictures are laid out: as written, and (n, c, h, w)


class Params:
    """The fields of one message, by number; what nobody asked for is refused by `done`."""

    def __init__(self, data: Value, file: str, layer: str, source: tuple[str, tuple[int, ...]] = ("", ())) -> None:
        """`source` is the picture of the network: its name and shape."""
        self.file, self.layer, self.source = file, layer, source
        self._found: Found = {}
        for number, _kind, value in fields(message(data, file), file):
            self._found.setdefault(number, []).append(value)
        self._asked: set[int] = set()

    def __contains__(self, number: int) -> bool:
        self._asked.add(number)
        return number in self._found

    def values(self, number: int) -> list[Value]:
        """All values of a field."""
        self._asked.add(number)
        return self._found.get(number, [])

    def integers(self, number: int) -> list[int]:
        """All whole numbers of a field."""
        return [i for value in self.values(number) for i in integers(value, self.file)]

    def integer(self, number: int, usual: int = 0) -> int:
        """The last whole number of a field."""
        return [usual, *self.integers(number)][-1]

    def real(self, number: int, usual: float = 0.0) -> float:
        """The last number of a field."""
        return [usual, *(real(value, self.file) for value in self.values(number))][-1]

    def inner(self, number: int) -> "Params":
        """The message of a field; an empty one where there is none."""
        found = self.values(number)
        return Params(found[-1] if found else memoryview(b""), self.file, self.layer)

    def done(self) -> None:
        """Refuse what was not asked for: a parameter that is passed over makes another network."""
        if unknown := sorted(self._found.keys() - self._asked):
            raise self.fail(f"its parameters {', '.join(map(str, unknown))} are not known here")

    def fail(self, what: str) -> ImportFailed:
        """What to raise when something is wrong here."""
        return ImportFailed(f"{self.file}, layer {self.layer}: {what}.", "Save it anew with coremltools.")


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
    if mapping != {5: EXACT, 6: RANK4}:
        raise ImportFailed(
            f"{file} lays its arrays out as files before iOS 13 did, which is not known here.",
            "Save it anew with coremltools.",
        )
    image = model.image
    source = (image.name, (1, 1 if image.order == "GRAY" else 3, image.height, image.width))
    parsed = [_parse(layer, file, source) for layer in layers]
    if unknown := sorted({kind for _n, _i, _o, kind, _p in parsed if kind not in LAYERS}):
        raise ImportFailed(
            f"{file} has layers that are not known here: {', '.join(NAMES.get(k, f'number {k}') for k in unknown)}.",
            "Convert the model to ONNX with the program that made it.",
        )
    known = {model.image.name: _scaled(graph, model, scaler) if scaler else model.image.name}
    for name, inputs, outputs, kind, params in parsed:
        if missing := [i for i in inputs if i not in known]:
            raise params.fail(f"it takes {missing[0]}, which no layer before it makes")
        if len(outputs) != 1 or bool(inputs) is (kind == CONSTANT):
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


# ---- weights ----


def _weights(params: Params, number: int, shape: Sequence[int]) -> Array:
    """A WeightParams in this shape: float32, float16, or 8 bits and fewer with their scale or table."""
    given = params.inner(number)
    file, size = params.file, int(np.prod(shape, dtype=object))
    found: Array
    if raw := given.values(1):
        found = np.concatenate([numbers(value, "<f4", file) for value in raw])
    elif raw := given.values(2):
        found = halves(message(raw[-1], file), file)
    elif raw := given.values(30):
        found = _unpacked(params, given.inner(40), message(raw[-1], file), size, shape[0])
    else:
        raise params.fail("its weights are missing or in a form that is not known here")
    given.values(50)
    given.done()
    if found.size != size:
        raise params.fail(f"it wants {'×'.join(map(str, shape))} numbers and has {found.size}")
    return found.astype(np.float32).reshape(shape)


def _unpacked(params: Params, how: Params, raw: memoryview, size: int, outputs: int) -> Array:
    """Numbers of 1 to 8 bits, the first in the highest bits, by a scale for each output or through a table."""
    bits = how.integer(1)
    if not 1 <= bits <= 8 or len(raw) * 8 < size * bits or size > len(raw) * 8:
        raise params.fail(f"its {size} weights of {bits} bits do not fit into {len(raw)} bytes")
    parts = np.unpackbits(np.frombuffer(raw, np.uint8))[: size * bits].reshape(size, bits)
    levels = parts @ (1 << np.arange(bits)[::-1])
    if 102 in how:
        table_of = how.inner(102)
        table = _floats(table_of, 1)
        table_of.done()
        if levels.max(initial=0) >= table.size:
            raise params.fail("its weights point beyond their table")
        found = table[levels]
    else:
        linear = how.inner(101)
        scale, bias = _floats(linear, 1, [1.0]), _floats(linear, 2, [0.0])
        linear.done()
        rows = levels.reshape(outputs, -1)
        if scale.size not in (1, outputs) or bias.size not in (1, outputs):
            raise params.fail(f"it has {scale.size} scales for {outputs} outputs")
        found = rows * scale.reshape(-1, 1) + bias.reshape(-1, 1)
    how.done()
    return np.asarray(found)


def _floats(params: Params, number: int, usual: Sequence[float] = ()) -> Array:
    """A repeated float."""
    found = [numbers(value, "<f4", params.file) for value in params.values(number)]
    return np.concatenate(found) if found else np.array(usual, np.float32)


# ---- layers: each returns the name of what it makes ----


def _borders(params: Params) -> list[int]:
    """PaddingAmounts of height and width as top, left, bottom, right."""
    amounts = params.inner(1) if 1 in params else None
    params.done()
    pairs = []
    for value in amounts.values(10) if amounts else []:
        edge = Params(value, params.file, params.layer)
        pairs.append((edge.integer(1), edge.integer(2)))
        edge.done()
    if amounts:
        amounts.done()
    if len(pairs) not in (0, 2) or any(not 0 <= side <= 4096 for pair in pairs for side in pair):
        raise params.fail("its padding is not that of height and width")
    (top, bottom), (left, right) = pairs or [(0, 0), (0, 0)]
    return [top, left, bottom, right]


def _window(params: Params, valid: int, same: int) -> dict[str, Any]:
    """Padding as ONNX wants it."""
    if same in params:
        mode = params.inner(same)
        upper = mode.integer(1) == 0   # BOTTOM_RIGHT_HEAVY
        mode.done()
        return {"auto_pad": "SAME_UPPER" if upper else "SAME_LOWER"}
    return {"pads": _borders(params.inner(valid)) if valid in params else [0, 0, 0, 0]}


def _sides(params: Params, number: int, usual: list[int]) -> list[int]:
    found = params.integers(number) or usual
    if len(found) != 2 or not all(1 <= side <= 4096 for side in found):
        raise params.fail(f"its parameter {number} is {found}")
    return found


def _convolution(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    out, channels, groups = p.integer(1), p.integer(2), p.integer(10, 1)
    kernel, stride, dilation = _sides(p, 20, [3, 3]), _sides(p, 30, [1, 1]), _sides(p, 40, [1, 1])
    if p.integer(60):
        raise p.fail("a deconvolution is not known here")
    if not (1 <= out <= 1 << 20 and 1 <= channels <= 1 << 20 and 1 <= groups <= out):
        raise p.fail("its channels are impossible")
    pads = _window(p, 50, 51)
    weights = _weights(p, 90, (out, channels, *kernel))
    bias = _weights(p, 91, (out,)) if p.integer(70) else np.zeros(out, np.float32)
    p.values(91)
    given = [xs[0], graph.weight(f"{name}.weight", weights), graph.weight(f"{name}.bias", bias)]
    options = {"kernel_shape": kernel, "strides": stride, "dilations": dilation, "group": groups, **pads}
    return graph.node("Conv", given, name, **options)


def _pooling(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    kind, exclude = p.integer(1), p.integer(50)
    if kind not in (0, 1):
        raise p.fail("such a pooling is not known here")
    if p.integer(60):
        for number in (10, 20, 30, 31, 32):
            p.values(number)
        return graph.node("GlobalMaxPool" if kind == 0 else "GlobalAveragePool", [xs[0]], name)
    kernel, stride = _sides(p, 10, [3, 3]), _sides(p, 20, [1, 1])
    more: dict[str, Any] = {}
    if 32 in p:   # as Caffe: rounded up, the same padding on both sides
        whole = p.inner(32)
        amounts = whole.integers(10) or [0, 0]
        whole.done()
        if len(amounts) != 2 or not all(0 <= a <= 4096 for a in amounts):
            raise p.fail("its padding is not that of height and width")
        more = {"pads": [*amounts, *amounts], "ceil_mode": 1}
    else:
        more = _window(p, 30, 31)
    if kind == 0:
        return graph.node("MaxPool", [xs[0]], name, kernel_shape=kernel, strides=stride, **more)
    return graph.node(
        "AveragePool", [xs[0]], name, kernel_shape=kernel, strides=stride, count_include_pad=0 if exclude else 1, **more
    )


def _activation(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    for number, op in ((10, "Relu"), (30, "Tanh"), (40, "Sigmoid"), (60, "Softsign"), (70, "Softplus")):
        if number in p:
            p.inner(number).done()
            return graph.node(op, xs, name)
    for number, op in ((15, "LeakyRelu"), (20, "ThresholdedRelu"), (50, "Elu")):
        if number in p:
            inner = p.inner(number)
            alpha = inner.real(1)
            inner.done()
            return graph.node(op, xs, name, alpha=alpha)
    for number in (5, 41):
        if number in p:
            inner = p.inner(number)
            alpha, beta = inner.real(1), inner.real(2)
            inner.done()
            if number == 41:
                return graph.node("HardSigmoid", xs, name, alpha=alpha, beta=beta)
            scaled = graph.node("Mul", [xs[0], _number(graph, f"{name}.alpha", alpha)], f"{name}.scaled")
            return graph.node("Add", [scaled, _number(graph, f"{name}.beta", beta)], name)
    raise p.fail("such an activation is not known here")


def _inner_product(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    inputs, outputs = p.integer(1), p.integer(2)
    if not (1 <= inputs <= 1 << 28 and 1 <= outputs <= 1 << 24):
        raise p.fail("its channels are impossible")
    weights = _weights(p, 20, (outputs, inputs))
    bias = _weights(p, 21, (outputs,)) if p.integer(10) else np.zeros(outputs, np.float32)
    shape = graph.shape_of(xs[0], p.source)
    if shape is None or not 1 <= len(shape) <= 5:
        raise p.fail("the shape of what it takes is not known")
    # Of four and five sides the last three are one vector: InnerProductLayerParams.
    whole = len(shape) > 3
    x = graph.reshape(xs[0], f"{name}.vector", (*shape[:-3], inputs)) if whole else xs[0]
    product = graph.node("MatMul", [x, graph.weight(f"{name}.weight", weights.T)], f"{name}.product")
    end = f"{name}.sum" if whole else name
    made = graph.node("Add", [product, graph.weight(f"{name}.bias", bias)], end)
    return graph.reshape(made, name, (*shape[:-3], outputs, 1, 1)) if whole else made


def _batch_norm(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    channels, epsilon = p.integer(1), p.real(10, 1e-5)
    if p.integer(5) or p.integer(6):
        raise p.fail("a normalisation by the picture itself is not known here")
    gamma, beta, mean, variance = (_weights(p, number, (channels,)).astype(np.float64) for number in (15, 16, 17, 18))
    with np.errstate(all="ignore"):
        factor = gamma / np.sqrt(variance + epsilon)
        shift = beta - mean * factor
    scaled = graph.node("Mul", [xs[0], _plane(graph, f"{name}.scale", factor)], f"{name}.scaled")
    return graph.node("Add", [scaled, _plane(graph, f"{name}.shift", shift)], name)


def _lrn(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("LRN", xs, name, alpha=p.real(1), beta=p.real(2), size=p.integer(3), bias=p.real(4))


def _joined(op: str) -> "Layer":
    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        if len(xs) == 1:
            return graph.node(op, [xs[0], _number(graph, f"{name}.alpha", p.real(1))], name)
        made = xs[0]
        for i, x in enumerate(xs[1:]):
            made = graph.node(op, [made, x], name if i == len(xs) - 2 else f"{name}.{i}")
        return made

    return build


def _concat(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if p.integer(100):
        raise p.fail("joining sequences is not known here")
    return graph.node("Concat", xs, name, axis=1)


def _concat_nd(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if p.integer(2):
        raise p.fail("interleaving is not known here")
    return graph.node("Concat", xs, name, axis=p.integer(1))


def _softmax(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Softmax", xs, name, axis=p.integer(1, 1))


def _constant(graph: Graph, p: Params, name: str, _xs: list[str]) -> str:
    shape = p.integers(1)
    if not all(1 <= side <= 1 << 28 for side in shape):
        raise p.fail("its shape is impossible")
    return graph.weight(name, _weights(p, 2, shape))


def _slices(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    """Start 1, end 2 (from the back where negative), step 3, axis 4: channel, height, width."""
    starts, ends, steps = p.integer(1), p.integer(2), p.integer(3, 1)
    axis = p.integer(4)
    if axis not in (0, 1, 2) or steps < 1:
        raise p.fail("such a slice is not known here")
    given = [starts, ends, axis - 3, steps]   # the last three sides, of however many
    parts = [graph.weight(f"{name}.{i}", np.array([v], np.int64)) for i, v in enumerate(given)]
    return graph.node("Slice", [xs[0], *parts], name)


def _pad(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    value, amounts = p.real(1), p.integers(2)
    if p.integer(3) or len(amounts) % 2 or not all(0 <= a <= 1 << 20 for a in amounts):
        raise p.fail("such a padding is not known here")
    pads = np.array(amounts[::2] + amounts[1::2], np.int64)
    return graph.node("Pad", [xs[0], graph.weight(f"{name}.pads", pads), _number(graph, f"{name}.value", value)], name)


def _reshape(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.reshape(xs[0], name, tuple(p.integers(1)))


def _flatten(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Flatten", xs, name, axis=p.integer(1, 1))


def _transpose(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    return graph.node("Transpose", xs, name, perm=p.integers(1))


def _reduce(op: str) -> "Layer":
    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        axes, keep = p.integers(1), int(bool(p.integer(2)))
        if p.integer(3) or not axes:
            raise p.fail("reducing everything is not known here")
        if op == "ReduceSum":
            return graph.node(op, [xs[0], _whole(graph, f"{name}.axes", axes)], name, keepdims=keep)
        return graph.node(op, xs, name, axes=axes, keepdims=keep)

    return build


def _plain(op: str, inputs: int) -> "Layer":
    """An operator without parameters."""

    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        if len(xs) != inputs:
            raise p.fail(f"it has {len(xs)} inputs, not {inputs}")
        return graph.node(op, xs, name)

    return build


def _compared(op: str, alpha: int) -> "Layer":
    """1 where it holds, 0 elsewhere; with one input against alpha."""

    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        other = xs[1] if len(xs) > 1 else _number(graph, f"{name}.alpha", p.real(alpha))
        return graph.node("Cast", [graph.node(op, [xs[0], other], f"{name}.holds")], name, to=FLOAT)

    return build


def _unary(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    """f(scale * x + shift): UnaryFunctionLayerParams."""
    kind, alpha, epsilon = p.integer(1), p.real(2), p.real(3, 1e-6)
    x = xs[0]
    for op, value, usual, key in (("Mul", p.real(5, 1.0), 1.0, "scale"), ("Add", p.real(4), 0.0, "shift")):
        if value != usual:
            x = graph.node(op, [x, _number(graph, f"{name}.{key}", value)], f"{name}.{key}d")
    if plain := {0: "Sqrt", 4: "Exp", 5: "Log", 6: "Abs"}.get(kind):
        return graph.node(plain, [x], name)
    if kind in (1, 2):   # 1 / sqrt(x + epsilon), 1 / (x + epsilon)
        safe = graph.node("Add", [x, _number(graph, f"{name}.epsilon", epsilon)], f"{name}.safe")
        return graph.node("Pow", [safe, _number(graph, f"{name}.exponent", -0.5 if kind == 1 else -1.0)], name)
    if kind in (3, 7):
        return graph.node("Pow" if kind == 3 else "Max", [x, _number(graph, f"{name}.alpha", alpha)], name)
    raise p.fail("such a function is not known here")


def _upsample(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    factors = p.integers(1)
    if p.integer(5) or p.integer(6) or len(factors) != 2 or not all(1 <= factor <= 64 for factor in factors):
        raise p.fail("such an enlargement is not known here")
    scales = graph.weight(f"{name}.scales", np.array([1, 1, *factors], np.float32))
    return graph.node(
        "Resize", [xs[0], "", scales], name, mode="nearest", coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )  # fmt: skip


def _reorganised(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    mode, size = p.integer(1), p.integer(2)
    if size < 2 or mode not in (0, 1, 2):
        raise p.fail("such a rearrangement is not known here")
    if mode == 0:
        return graph.node("SpaceToDepth", xs, name, blocksize=size)
    return graph.node("DepthToSpace", xs, name, blocksize=size, mode="DCR" if mode == 1 else "CRD")


def _cut(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    ends = [_number(graph, f"{name}.{i}", p.real(i)) for i in (1, 2)]
    return graph.node("Clip", [xs[0], *ends], name)


def _gathered(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if len(xs) != 2:
        raise p.fail(f"it has {len(xs)} inputs, not 2")
    places = graph.node("Cast", [xs[1]], f"{name}.places", to=INT64)
    return graph.node("Gather", [xs[0], places], name, axis=p.integer(1))


def _with_axes(op: str) -> "Layer":
    def build(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
        axes = p.integers(1)
        if p.integer(2) or not axes:
            raise p.fail("taking away every side of one is not known here")
        return graph.node(op, [xs[0], _whole(graph, f"{name}.axes", axes)], name)

    return build


def _matmul(graph: Graph, p: Params, name: str, xs: list[str]) -> str:
    if len(xs) != 2 or p.integer(1) or p.integer(2):
        raise p.fail("such a product is not known here")
    for number in (5, 6, 7):
        p.integer(number)
    return graph.node("MatMul", xs, name)


def _whole(graph: Graph, name: str, values: Sequence[int]) -> str:
    return graph.weight(name, np.array(values, np.int64))


def _number(graph: Graph, name: str, value: float) -> str:
    return graph.weight(name, np.array(value, np.float32))


def _plane(graph: Graph, name: str, values: Array) -> str:
    return graph.weight(name, values.astype(np.float32).reshape(1, -1, 1, 1))


Layer = Callable[[Graph, Params, str, list[str]], str]

# The number of a layer's field in NeuralNetworkLayer: what builds it.
LAYERS: dict[int, Layer] = {
    100: _convolution, 120: _pooling, 130: _activation, 140: _inner_product, 160: _batch_norm, 175: _softmax, 180: _lrn,
    230: _joined("Add"), 231: _joined("Mul"), 260: _joined("Max"), 261: _joined("Min"), 320: _concat, 350: _slices,
    880: _joined("Add"), 900: _joined("Mul"), 950: _softmax, 980: _concat_nd, 985: _transpose, 1070: _constant,
    1140: _reshape, 1150: _flatten, 1155: _pad,
    210: _upsample, 220: _unary, 345: _reorganised, 660: _cut, 930: _gathered, 1045: _matmul,
    665: _plain("Ceil", 1), 670: _plain("Floor", 1), 680: _plain("Sign", 1), 685: _plain("Round", 1),
    710: _plain("Sin", 1), 715: _plain("Cos", 1), 790: _plain("Erf", 1),
    870: _plain("Min", 2), 875: _plain("Max", 2), 885: _plain("Pow", 2), 890: _plain("Div", 2), 905: _plain("Sub", 2),
    815: _compared("Equal", 1), 825: _compared("Less", 2), 827: _compared("LessOrEqual", 2),
    830: _compared("Greater", 2), 832: _compared("GreaterOrEqual", 2),
    1120: _with_axes("Squeeze"), 1125: _with_axes("Unsqueeze"),
    1260: _reduce("ReduceMax"), 1265: _reduce("ReduceMin"), 1270: _reduce("ReduceSum"), 1280: _reduce("ReduceMean"),
}  # fmt: skip
NAMES = {
    150: "embedding", 165: "mvn", 190: "crop", 211: "resizeBilinear", 280: "reduce", 300: "reshape", 330: "split",
    795: "gelu", 820: "notEqual", 850: "logicalNot", 920: "tile", 925: "stack", 975: "splitND", 995: "sliceStatic",
    1105: "broadcastToStatic", 1330: "whereBroadcastable", 1350: "layerNormalization",
}  # fmt: skip
