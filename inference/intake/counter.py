"""What a network costs: its weights and its multiply-adds, counted from the graph itself.

One multiply-add is one MAC, as papers and torchvision count; darknet, Ultralytics and YOLOX publish twice as many.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from inference.backends.model_file import check_file, external_files, read_model
from inference.errors import LabError
from inference.foreign import foreign
from inference.intake.shapes import AGAIN, CONVOLUTIONS, Shape, attribute_of, checked, guess, infer

LARGEST_GRAPH = 200_000      # nodes
DEEPEST = 8                  # loops and branches within each other

# Operators that multiply and add: where the picture and the weights stand among their inputs; see CONVOLUTIONS.
PRODUCTS = {"MatMul": (0, 1), "FusedMatMul": (0, 1), "MatMulInteger": (0, 1), "QLinearMatMul": (0, 3)}
GEMMS = {"Gemm": (0, 1), "FusedGemm": (0, 1), "QGemm": (0, 3)}
# Operators that hand a constant on in another form: the weights behind them are the same weights.
FORMS = frozenset({"Unsqueeze", "Squeeze", "Reshape", "Flatten", "Transpose", "Identity", "Cast", "DequantizeLinear"})
# Inputs that are settings and no weights: limits, scales and zero points, thresholds, statistics of a batch.
EVERY = frozenset(range(1, 64))
SETTINGS: dict[str, frozenset[int]] = {
    "Clip": EVERY, "Pad": EVERY, "Resize": EVERY, "Upsample": EVERY, "Dropout": EVERY, "OneHot": EVERY,
    "NonMaxSuppression": EVERY, "QuantizeLinear": EVERY, "DequantizeLinear": EVERY,
    "BatchNormalization": frozenset({3, 4}),
    "QLinearConv": frozenset({1, 2, 4, 5, 6, 7}), "QLinearMatMul": frozenset({1, 2, 4, 5, 6, 7}),
    "QGemm": frozenset({1, 2, 4, 5, 7, 8}), "ConvInteger": frozenset({2, 3}), "MatMulInteger": frozenset({2, 3}),
}  # fmt: skip
# Integer constants are weights only here; elsewhere they are shapes, axes and indices.
QUANTISED: dict[str, frozenset[int]] = {
    "DequantizeLinear": frozenset({0}), "QLinearConv": frozenset({3, 8}), "QLinearMatMul": frozenset({0, 3}),
    "QGemm": frozenset({3, 6}), "ConvInteger": frozenset({1}), "MatMulInteger": frozenset({0, 1}),
}  # fmt: skip
# A single number is a weight only in these; elsewhere it is a setting, like the 3 and the 6 of a hard swish.
WEIGHTED = frozenset({*CONVOLUTIONS, *PRODUCTS, *GEMMS, "ConvTranspose", "BatchNormalization", "PRelu"})


@dataclass(frozen=True, slots=True)
class Kind:
    """The share of one kind of operator."""

    nodes: int
    macs: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network costs for one picture."""

    parameters: int              # count of weights
    macs: int                    # multiply-adds
    nodes: int                   # operators in the graph, those of loops and branches once
    bytes: int                   # the file, with the weights that lie in others
    kinds: Mapping[str, Kind]    # by operator, the most expensive first
    each: Mapping[str, int] = field(default_factory=dict)   # multiply-adds by the first output of a node that has any

    @property
    def gmacs(self) -> float:
        """10^9 multiply-adds."""
        return self.macs / 1e9


def count(path: Path, shape: Sequence[int] = ()) -> Cost:
    """Count the weights and the multiply-adds of an ONNX file for a batch of one.

    Multiply-adds are those of Conv, ConvTranspose, Gemm, MatMul and their forms in 8 bits, as torchvision counts;
    a loop's body counts once, and so does each branch. Weights are the constants (initialisers, Constant nodes, and
    ConstantOfShape of a constant shape) that some node uses, each once however often it is used:

    - floating ones of more than one element, wherever they go, except settings (`SETTINGS`): limits, scales, zero
      points, thresholds, and the running mean and variance of a batch normalisation, which torchvision does not
      count either; a single number only where the operator is one of `WEIGHTED`;
    - of a batch normalisation that is scaled again at once (Caffe's pair of layers), the second scale only;
    - whole numbers only where a quantised operator has its weights or biases (`QUANTISED`).

    Args:
        path: of the .onnx file.
        shape: of the first input, where the graph leaves it open; the batch is taken as 1 anyway.

    Raises:
        LabError: the file is no ONNX model, has a cycle, absurd or missing shapes, weights of another size than
            declared, functions of its own, or leaves its folder.
    """
    with foreign(f"{path.name} cannot be counted", AGAIN):
        check_file(path)
        return count_model(read_model(path), path, shape)


def count_model(model: Any, path: Path, shape: Sequence[int] = ()) -> Cost:
    """As `count`, of the onnx.ModelProto that was read from `path`, which `check_file` has seen."""
    name = path.name
    if model.functions:
        raise LabError(f"{name} has functions of its own, which are not counted.", "Export it with them inlined.")
    if sum(1 for graph in _graphs(model.graph, name) for _ in graph.node) > LARGEST_GRAPH:
        raise LabError(f"{name} has more than {LARGEST_GRAPH} operators.", AGAIN)
    outside = sum((path.parent / location).stat().st_size for location in external_files(model))
    counter = _Counter(name, path.stat().st_size + outside)
    for graph in _graphs(model.graph, name):
        counter.constants(graph)
    counter.walk(model.graph, infer(model, tuple(shape), name), {})
    return counter.cost(path.stat().st_size + outside)


class _Counter:
    """Walks a graph in its order and adds up."""

    def __init__(self, name: str, size: int) -> None:
        """`size` is what the weights can have at most, bytes."""
        self._name, self._size = name, size
        self._sizes: dict[str, int] = {}      # constants that may be weights: elements
        self._whole: set[str] = set()         # those of whole numbers
        self._weights: set[str] = set()       # those that are
        self._normalised: dict[str, tuple[str, ...]] = {}   # outputs of batch normalisations: their scale and shift
        self._nodes: dict[str, int] = {}
        self._macs: dict[str, int] = {}
        self._each: dict[str, int] = {}

    def constants(self, graph: Any) -> None:
        """Note the initialisers of a graph."""
        for tensor in graph.initializer:
            self._constant(tensor.name, tensor)

    def _constant(self, name: str, tensor: Any) -> Shape:
        """Note a constant tensor under `name`, if its contents are as large as it says."""
        from onnx import TensorProto, helper

        shape = checked(tuple(tensor.dims), self._name)
        try:
            kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        except KeyError as error:
            raise LabError(f"{self._name} has weights of an unknown type, in {name!r}.", AGAIN) from error
        size, there = prod(shape), len(tensor.raw_data)
        typed = sum(len(getattr(tensor, field)) for field in TYPED)
        # What is stored in four bits takes half a byte.
        least = size * kind.itemsize if tensor.data_type not in FOUR_BITS else size // 2
        outside = tensor.data_location == TensorProto.EXTERNAL
        packed = tensor.data_type in FOUR_BITS   # eight of them in one number, at most
        short = least > self._size if outside else there < least if there else typed < (size // 8 if packed else size)
        if kind.kind != "O" and short:
            raise LabError(
                f"{self._name} declares {size} weights in {name!r} and does not have them.",
                "The file is damaged, or wants to do harm; fetch it again from where you trust.",
            )
        if kind.kind in "fV" or kind.name.startswith("bfloat"):
            self._sizes[name] = size
        elif kind.kind in "iu":
            self._sizes[name] = size
            self._whole.add(name)
        return shape

    def walk(
        self, graph: Any, shapes: dict[str, Shape], roots: Mapping[str, str], outer: frozenset[str] = frozenset()
    ) -> None:
        """Count the nodes of a graph, in their order.

        `shapes` has those of all values as far as they are known; `roots` says which values around the graph are
        constants, and `outer` which values there are.
        """
        mine = {tensor.name for tensor in graph.initializer}
        roots = {**roots, **{name: name for name in mine if name in self._sizes}}
        made = {*outer, *mine, *(info.name for info in graph.input)}
        for node in graph.node:
            for value in node.input:
                if value and value not in made:
                    raise LabError(f"{self._name} uses {value!r} before it is made: its graph has a cycle.", AGAIN)
            self._node(node, shapes, roots)
            for attribute in node.attribute:
                for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                    self.walk(inner, shapes, roots, frozenset(made))
            made.update(node.output)

    def _node(self, node: Any, shapes: dict[str, Shape], roots: dict[str, str]) -> None:
        """Count one node."""
        op = node.op_type
        self._nodes[op] = self._nodes.get(op, 0) + 1
        if op == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    shapes[node.output[0]] = self._constant(node.output[0], attribute.t)
                    roots[node.output[0]] = node.output[0]
            return
        if op == "ConstantOfShape" and node.input[0] in roots and (shape := shapes.get(node.output[0])) is not None:
            self._filled(node, shape)
            roots[node.output[0]] = node.output[0]
            return
        self._use(node, roots)
        if node.output and node.output[0] not in shapes and (likely := guess(node, shapes)) is not None:
            shapes[node.output[0]] = checked(likely, self._name)
        if macs := self._multiply_adds(node, shapes):
            self._macs[op] = self._macs.get(op, 0) + macs
            self._each[node.output[0]] = macs

    def _filled(self, node: Any, shape: Shape) -> None:
        """A tensor full of one number: what the light graphs of the onnx package have for weights."""
        from onnx import TensorProto

        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if value is None or value.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE):
            self._sizes[node.output[0]] = prod(shape)

    def _use(self, node: Any, roots: dict[str, str]) -> None:
        """Note the weights among the inputs of a node."""
        op = node.op_type
        if op == "BatchNormalization" and len(node.input) > 2:
            self._normalised[node.output[0]] = tuple(roots.get(value, "") for value in node.input[1:3])
        if op == "Mul" and any(value in roots for value in node.input):
            # Caffe's BatchNorm has no scale and shift, the Scale layer behind it has: the exporter added 1 and 0.
            for value in node.input:
                self._weights.difference_update(self._normalised.get(value, ()))
        for i, value in enumerate(node.input):
            root = roots.get(value, "")
            if not root or root not in self._sizes or i in SETTINGS.get(op, ()):
                continue
            if op in FORMS:
                if i == 0:   # the rest are shapes and axes
                    if op == "DequantizeLinear":
                        self._whole.discard(root)
                    roots[node.output[0]] = root
                continue
            if root in self._whole:
                if i in QUANTISED.get(op, ()):
                    self._weights.add(root)
            elif self._sizes[root] > 1 or op in WEIGHTED:
                self._weights.add(root)

    def _multiply_adds(self, node: Any, shapes: Mapping[str, Shape]) -> int:
        """Of one node, from the shapes of what goes in and comes out."""
        op = node.op_type
        if op in CONVOLUTIONS:
            weights = self._shape(node, CONVOLUTIONS[op][1], shapes, least=3)
            picture = self._shape(node, CONVOLUTIONS[op][0], shapes, least=3)
            if weights[1] * attribute_of(node, "group", 1) != picture[1]:
                self._unknown(node)
            return prod(self._out(node, shapes, len(weights))) * prod(weights[1:])   # (out, in / groups, sides)
        if op == "ConvTranspose":
            weights = self._shape(node, 1, shapes, least=3)                          # (in, out / groups, sides)
            return prod(self._shape(node, 0, shapes, least=3)) * prod(weights[1:])
        if op in GEMMS or op in PRODUCTS:
            first, second = (GEMMS | PRODUCTS)[op]
            a, b = self._shape(node, first, shapes), self._shape(node, second, shapes)
            across = a[-2] if op in GEMMS and len(a) == 2 and attribute_of(node, "transA", 0) else a[-1]
            if op in GEMMS:
                rows = prod(a) // across if across else 0
                return prod(b) * rows   # (k, n) or (n, k), once for each row
            columns = b[-1] if len(b) > 1 else 1
            batch = prod(a[:-2]) if len(a) >= len(b) else prod(b[:-2])
            return batch * (a[-2] if len(a) > 1 else 1) * across * columns
        return 0

    def _shape(self, node: Any, i: int, shapes: Mapping[str, Shape], least: int = 1) -> Shape:
        """The shape of an input that must be known."""
        found = shapes.get(node.input[i]) if i < len(node.input) else None
        if found is None or len(found) < least:
            self._unknown(node)
        return checked(found, self._name)   # type: ignore[arg-type]

    def _out(self, node: Any, shapes: Mapping[str, Shape], rank: int) -> Shape:
        found = shapes.get(node.output[0]) if node.output else None
        if found is None or len(found) != rank:
            self._unknown(node)
        return checked(found, self._name)   # type: ignore[arg-type]

    def _unknown(self, node: Any) -> None:
        raise LabError(
            f"The shapes at {node.op_type} {node.name or next(iter(node.output), '')!r} of {self._name} are not known.",
            "Give the shape of the input, or export the model with fixed shapes.",
        )

    def cost(self, size: int) -> Cost:
        """The sums."""
        order = sorted(self._nodes, key=lambda op: (-self._macs.get(op, 0), op))
        return Cost(
            sum(self._sizes[name] for name in self._weights), sum(self._macs.values()), sum(self._nodes.values()),
            size, {op: Kind(self._nodes[op], self._macs.get(op, 0)) for op in order}, self._each,
        )  # fmt: skip


TYPED = ("float_data", "double_data", "int32_data", "int64_data", "uint64_data", "string_data")
FOUR_BITS = frozenset({21, 22, 23, 25, 26})   # uint4, int4, float4e2m1, uint2, int2 of onnx.TensorProto


def _graphs(graph: Any, name: str, depth: int = 0) -> Iterator[Any]:
    """The graph and those inside its nodes."""
    if depth > DEEPEST:
        raise LabError(f"{name} has loops within loops within loops.", AGAIN)
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _graphs(inner, name, depth + 1)
