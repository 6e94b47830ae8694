"""A Core ML program (`MIL.proto`) as plain data, and that data as ONNX nodes. What is not known is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.importers.coreml_file import Image, halves
from inference.importers.graph import Graph
from inference.importers.wire import Value, fields, integers, message, numbers, text

Array = NDArray[Any]
Constant = Array | str | tuple[str, ...]

MOST_OPERATIONS = 100_000
DEEPEST = 8                     # lists within tuples
LARGEST_SIDE = 1 << 31
MAGIC = 0xDEADBEEF
RECORD = np.dtype([("magic", "<u4"), ("type", "<u4"), ("size", "<u8"), ("offset", "<u8")])
# DataType of MIL.proto: as numpy writes it.
TYPES = {1: "?", 10: "<f2", 11: "<f4", 12: "<f8", 21: "<i1", 22: "<i2", 23: "<i4", 24: "<i8", 31: "<u1", 32: "<u2"}
STRING = 2


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its kind, what goes in by parameter (names of values, or constants), what comes out."""

    kind: str
    name: str
    inputs: dict[str, list[str | Constant]]
    outputs: tuple[str, ...]
    constants: dict[str, Any] = field(default_factory=dict)   # attributes: "val" of a const, and the like


@dataclass(frozen=True, slots=True)
class Program:
    """The main function: its operations in order, and the names of its results."""

    file: str
    operations: tuple[Operation, ...]
    outputs: tuple[str, ...]


class _Reader:
    """Reads one program."""

    def __init__(self, blob: bytes, file: str) -> None:
        self.blob, self.file = memoryview(blob), file

    def parts(self, data: Value) -> dict[int, list[Value]]:
        found: dict[int, list[Value]] = {}
        for number, _kind, value in fields(message(data, self.file), self.file):
            found.setdefault(number, []).append(value)
        return found

    def entries(self, values: list[Value]) -> dict[str, Value]:
        """A map of strings to messages."""
        found = {}
        for value in values:
            entry = self.parts(value)
            found[text(entry[1][0], self.file) if 1 in entry else ""] = entry.get(2, [memoryview(b"")])[-1]
        return found

    def operation(self, data: Value) -> Operation:
        parts = self.parts(data)
        inputs: dict[str, list[str | Constant]] = {}
        for key, argument in self.entries(parts.get(2, [])).items():
            inputs[key] = []
            for binding in self.parts(argument).get(1, []):
                bound = self.parts(binding)
                inputs[key].append(text(bound[1][0], self.file) if 1 in bound else self.value(bound[2][0]))
        constants = {key: self.value(value) for key, value in self.entries(parts.get(5, [])).items()}
        outputs = tuple(text(self.parts(out)[1][0], self.file) for out in parts.get(3, []) if 1 in self.parts(out))
        if 4 in parts:
            raise ImportFailed(f"{self.file} has loops or branches, which are not known here.", "Choose another model.")
        kind = text(parts[1][0], self.file) if 1 in parts else ""
        return Operation(kind, str(constants.get("name", "")), inputs, outputs, constants)

    def value(self, data: Value, depth: int = 0) -> Constant:
        """A constant: an array, a text, or several texts."""
        if depth > DEEPEST:
            raise self.wrong("lists in lists in lists")
        parts = self.parts(data)
        kind, shape = self.type(parts[2][0]) if 2 in parts else (0, ())
        if 5 in parts:
            return self.stored(parts[5][0], kind, shape)
        if 3 not in parts:
            raise self.wrong("a constant without a value")
        immediate = self.parts(parts[3][0])
        if 3 in immediate:   # a list, of texts: the classes
            items = [self.value(item, depth + 1) for item in self.parts(immediate[3][0]).get(1, [])]
            return tuple(str(item) for item in items)
        if 1 not in immediate:
            raise self.wrong("a constant of a kind that is not known here")
        tensor = self.parts(immediate[1][0])
        for number, form in ((1, "<f4"), (6, "<f8")):
            if number in tensor:
                raw = [numbers(v, form, self.file) for v in self.parts(tensor[number][0]).get(1, [])]
                return self.shaped(np.concatenate(raw) if raw else np.zeros(0, form), kind, shape)
        for number in (2, 3, 5):
            if number in tensor:
                whole = [i for v in self.parts(tensor[number][0]).get(1, []) for i in integers(v, self.file)]
                # Numbers of 32 bits are written with the sign of 64.
                return self.shaped(np.array(whole, np.int64), kind, shape)
        if 4 in tensor:
            found = tuple(text(v, self.file) for v in self.parts(tensor[4][0]).get(1, []))
            return found[0] if len(found) == 1 and not shape else found
        if 7 in tensor:
            raw_bytes = message(self.parts(tensor[7][0])[1][0], self.file)
            if kind not in TYPES:
                raise self.wrong("bytes of an unknown type")
            return self.shaped(numbers(raw_bytes, TYPES[kind], self.file), kind, shape)
        return self.shaped(np.zeros(0, np.int64), kind, shape)

    def type(self, data: Value) -> tuple[int, tuple[int, ...]]:
        """Data type and shape of a ValueType; 0 and () for one that is no tensor."""
        parts = self.parts(data)
        if 1 not in parts:
            return 0, ()
        tensor = self.parts(parts[1][0])
        dims = []
        for dimension in tensor.get(3, []):
            constant = self.parts(dimension)
            if 1 not in constant:
                raise self.wrong("a dimension that is left open")
            size = self.parts(constant[1][0])
            dims.append(integers(size[1][0], self.file)[0] if 1 in size else 0)
        if any(not 0 <= side < LARGEST_SIDE for side in dims) or len(dims) > 8:
            raise self.wrong("an impossible shape")
        return integers(tensor[1][0], self.file)[0] if 1 in tensor else 0, tuple(dims)

    def stored(self, data: Value, kind: int, shape: tuple[int, ...]) -> Array:
        """Numbers in weight.bin: a record of 64 bytes says where they lie."""
        parts = self.parts(data)
        name = text(parts[1][0], self.file) if 1 in parts else ""
        if name.rpartition("/")[2] != "weight.bin" or ".." in name or not name.startswith("@model_path/"):
            raise self.wrong(f"weights in {name[:80]!r}, outside the package")
        at = integers(parts[2][0], self.file)[0] if 2 in parts else 0
        if not 0 <= at <= len(self.blob) - RECORD.itemsize:
            raise self.wrong("weights beyond the end of weight.bin")
        record = np.frombuffer(self.blob[at : at + RECORD.itemsize], RECORD)[0]
        size, offset = int(record["size"]), int(record["offset"])
        inside = offset <= len(self.blob) and size <= len(self.blob) - offset
        if int(record["magic"]) != MAGIC or kind not in TYPES or not inside:
            raise self.wrong("weights that are not where the file says")
        raw = self.blob[offset : offset + size]
        return self.shaped(halves(raw, self.file) if kind == 10 else numbers(raw, TYPES[kind], self.file), kind, shape)

    def shaped(self, values: Array, kind: int, shape: tuple[int, ...]) -> Array:
        size = 1
        for side in shape:
            size *= side
        if values.size == 1 and size > 1 and not shape:
            size = 1
        if values.size != size:
            raise self.wrong(f"{values.size} numbers for a shape of {'×'.join(map(str, shape)) or 'one'}")
        if kind in (10, 11, 12):
            return values.astype(np.float32).reshape(shape)
        return (values.astype(bool) if kind == 1 else values).reshape(shape)

    def wrong(self, what: str) -> ImportFailed:
        return ImportFailed(f"{self.file} has {what}.", "Fetch the file again, or convert it anew.")


def read_program(data: memoryview, blob: bytes, file: str) -> Program:
    """Read a program's main function; `blob` is weight.bin, empty where there is none.

    Raises:
        ImportFailed: it is damaged, or has what is not known here.
    """
    reader = _Reader(blob, file)
    try:
        functions = reader.entries(reader.parts(data).get(2, []))
        if "main" not in functions:
            raise reader.wrong("no main function")
        blocks = reader.entries(reader.parts(functions["main"]).get(3, []))
        if len(blocks) != 1:
            raise reader.wrong(f"{len(blocks)} versions of its main function")
        block = reader.parts(next(iter(blocks.values())))
        if len(block.get(3, [])) > MOST_OPERATIONS:
            raise reader.wrong("more operations than any network")
        operations = tuple(reader.operation(op) for op in block.get(3, []))
        return Program(file, operations, tuple(text(out, file) for out in block.get(2, [])))
    except (KeyError, IndexError) as error:   # a field that must be there is not
        raise reader.wrong("messages without their fields") from error


# ---- into ONNX ----


class Args:
    """The parameters of one operation; what nobody asked for is refused by `done`."""

    def __init__(self, op: Operation, build: "_Builder") -> None:
        self.op, self._build = op, build
        self._left = set(op.inputs)

    def value(self, key: str) -> str:
        """The name, in the graph, of a value that is computed or constant."""
        self._left.discard(key)
        found = self.op.inputs.get(key, [])
        if len(found) != 1:
            raise self.fail(f"it has {len(found)} values for {key}")
        return self._build.name(found[0], self)

    def values(self, key: str) -> list[str]:
        """Several values."""
        self._left.discard(key)
        return [self._build.name(item, self) for item in self.op.inputs.get(key, [])]

    def has(self, key: str) -> bool:
        """Whether the parameter is given."""
        return key in self.op.inputs

    def constant(self, key: str, usual: Any = None) -> Any:
        """A parameter that must be known before: an array or a text."""
        self._left.discard(key)
        found = self.op.inputs.get(key, [])
        if not found and usual is not None:
            return usual
        item = found[0] if len(found) == 1 else None
        if isinstance(item, str) and item in self._build.constants:
            return self._build.constants[item]
        if item is None or (isinstance(item, str) and item in self._build.names):
            raise self.fail(f"its {key} is computed")
        return item

    def integers(self, key: str, usual: list[int] | None = None) -> list[int]:
        """Whole numbers."""
        found = self.constant(key, usual)
        try:
            return [int(v) for v in np.asarray(found).reshape(-1)]
        except (TypeError, ValueError) as error:
            raise self.fail(f"its {key} is no list of numbers") from error

    def integer(self, key: str, usual: int | None = None) -> int:
        """A whole number."""
        return self.integers(key, None if usual is None else [usual])[0]

    def real(self, key: str, usual: float | None = None) -> float:
        """A number."""
        return float(np.asarray(self.constant(key, usual)).reshape(-1)[0])

    def done(self) -> None:
        """Refuse what was not asked for: a parameter that is passed over makes another network."""
        if self._left:
            raise self.fail(f"its parameters {', '.join(sorted(self._left))} are not known here")

    def fail(self, what: str) -> ImportFailed:
        """What to raise when something is wrong here."""
        return ImportFailed(
            f"{self._build.file}, {self.op.kind} {self.op.name or self.op.outputs}: {what}.",
            "Convert the model to ONNX with the program that made it.",
        )


class _Builder:
    """The graph in the making, and what every value of the program is called in it."""

    def __init__(self, graph: Graph, file: str, image: Image) -> None:
        self.graph, self.file = graph, file
        self.names = {image.name: image.name}
        self.constants: dict[str, Any] = {}

    def name(self, item: str | Constant, args: Args) -> str:
        if isinstance(item, str) and item in self.names:
            return self.names[item]
        value = self.constants.get(item) if isinstance(item, str) else item
        if not isinstance(value, np.ndarray):
            raise args.fail(f"it takes {str(item)[:60]!r}, which nothing before it makes")
        name = f"constant/{item}" if isinstance(item, str) else f"{args.op.outputs[0]}.{self.graph.size}.{id(item)}"
        return self.graph.weight(name, value if value.dtype.kind == "f" else value.astype(np.int64))


def build_program(graph: Graph, program: Program, image: Image) -> tuple[list[str], tuple[str, ...]]:
    """All operations into `graph`; the names of the outputs, and the labels.

    Raises:
        ImportFailed: an operation or a parameter is not known here; all unknown operations are named.
    """
    if unknown := sorted({op.kind for op in program.operations} - OPERATIONS.keys() - {"const", "classify"}):
        raise ImportFailed(
            f"{program.file} has operations that are not known here: {', '.join(unknown)}.",
            "Convert the model to ONNX with the program that made it.",
        )
    build = _Builder(graph, program.file, image)
    ends = list(program.outputs)
    labels: tuple[str, ...] = ()
    for op in program.operations:
        if not op.outputs or any(out in build.names or out in build.constants for out in op.outputs):
            raise ImportFailed(f"{program.file} makes {op.outputs} twice.", "Fetch the file again.")
        args = Args(op, build)
        if op.kind == "const":
            build.constants[op.outputs[0]] = op.constants.get("val")
        elif op.kind == "classify":
            labels = tuple(str(label) for label in args.constant("classes"))
            ends = [args.value("probabilities")]
            build.names.update(dict.fromkeys(op.outputs, ends[0]))
        else:
            made = OPERATIONS[op.kind](graph, args, f"op/{op.outputs[0]}")
            results = made if isinstance(made, list) else [made]
            if len(results) != len(op.outputs):
                raise args.fail(f"it has {len(op.outputs)} results, not {len(results)}")
            build.names.update(zip(op.outputs, results, strict=True))
            args.done()
    if any(op.kind == "classify" for op in program.operations):
        return ends, labels
    if not ends or any(out not in build.names for out in ends):
        raise ImportFailed(f"{program.file} has no output that its operations make.", "Fetch the file again.")
    return [build.names[out] for out in ends], labels


def _spatial(args: Args) -> dict[str, Any]:
    """Strides and padding as ONNX wants them."""
    strides = args.integers("strides", [1, 1])
    pads, kind = args.integers("pad", [0, 0, 0, 0]), str(args.constant("pad_type", "valid"))
    if len(strides) != 2 or len(pads) != 4:
        raise args.fail("it is not one of height and width")
    if kind in ("same", "same_lower"):
        return {"strides": strides, "auto_pad": "SAME_UPPER" if kind == "same" else "SAME_LOWER"}
    if kind == "valid":
        pads = [0, 0, 0, 0]
    elif kind != "custom":
        raise args.fail(f"padding {kind} is not known here")
    return {"strides": strides, "pads": [pads[0], pads[2], pads[1], pads[3]]}


def _conv(graph: Graph, args: Args, name: str) -> str:
    given = [args.value("x"), args.value("weight")]
    if args.has("bias"):
        given.append(args.value("bias"))
    options = {"dilations": args.integers("dilations", [1, 1]), "group": args.integer("groups", 1), **_spatial(args)}
    return graph.node("Conv", given, name, **options)


def _max_pool(graph: Graph, args: Args, name: str) -> str:
    options = {"kernel_shape": args.integers("kernel_sizes"), "ceil_mode": args.integer("ceil_mode", 0)}
    return graph.node("MaxPool", [args.value("x")], name, **options, **_spatial(args))


def _avg_pool(graph: Graph, args: Args, name: str) -> str:
    options = {
        "kernel_shape": args.integers("kernel_sizes"), "ceil_mode": args.integer("ceil_mode", 0),
        "count_include_pad": 1 - args.integer("exclude_padding_from_average", 0), **_spatial(args),
    }  # fmt: skip
    return graph.node("AveragePool", [args.value("x")], name, **options)


def _one(op: str) -> "Build":
    return lambda graph, args, name: graph.node(op, [args.value("x")], name)


def _two(op: str) -> "Build":
    return lambda graph, args, name: graph.node(op, [args.value("x"), args.value("y")], name)


def _reduce(op: str) -> "Build":
    def build(graph: Graph, args: Args, name: str) -> str:
        axes, keep = args.integers("axes"), args.integer("keep_dims", 0)
        x = args.value("x")
        if op == "ReduceSum":
            return graph.node(op, [x, graph.weight(f"{name}.axes", np.array(axes, np.int64))], name, keepdims=keep)
        return graph.node(op, [x], name, axes=axes, keepdims=keep)

    return build


def _linear(graph: Graph, args: Args, name: str) -> str:
    weights = args.constant("weight")
    if not isinstance(weights, np.ndarray) or weights.ndim != 2:
        raise args.fail("its weights are no matrix")
    made = graph.node("MatMul", [args.value("x"), graph.weight(f"{name}.weight", weights.T)], f"{name}.product")
    return graph.node("Add", [made, args.value("bias")], name) if args.has("bias") else made


def _reshape(graph: Graph, args: Args, name: str) -> str:
    return graph.reshape(args.value("x"), name, tuple(args.integers("shape")))


def _transpose(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Transpose", [args.value("x")], name, perm=args.integers("perm"))


def _softmax(graph: Graph, args: Args, name: str) -> str:
    return graph.node("Softmax", [args.value("x")], name, axis=args.integer("axis", -1))


def _leaky_relu(graph: Graph, args: Args, name: str) -> str:
    return graph.node("LeakyRelu", [args.value("x")], name, alpha=args.real("alpha", 0.01))


def _clip(graph: Graph, args: Args, name: str) -> str:
    ends = [graph.weight(f"{name}.{key}", np.array(args.real(key), np.float32)) for key in ("alpha", "beta")]
    return graph.node("Clip", [args.value("x"), *ends], name)


def _relu6(graph: Graph, args: Args, name: str) -> str:
    return graph.relu6(args.value("x"), name)


def _silu(graph: Graph, args: Args, name: str) -> str:
    x = args.value("x")
    return graph.node("Mul", [x, graph.node("Sigmoid", [x], f"{name}.sigmoid")], name)


def _concat(graph: Graph, args: Args, name: str) -> str:
    if args.integer("interleave", 0):
        raise args.fail("interleaving is not known here")
    return graph.node("Concat", args.values("values"), name, axis=args.integer("axis"))


def _pad(graph: Graph, args: Args, name: str) -> str:
    amounts, mode = args.integers("pad"), str(args.constant("mode", "constant"))
    if mode not in ("constant", "reflect", "replicate") or len(amounts) != 8:
        raise args.fail("such a padding is not known here")
    pads = graph.weight(f"{name}.pads", np.array(amounts[::2] + amounts[1::2], np.int64))
    value = graph.weight(f"{name}.value", np.array(args.real("constant_val", 0.0), np.float32))
    given = [args.value("x"), pads, *([value] if mode == "constant" else [])]
    return graph.node("Pad", given, name, mode="edge" if mode == "replicate" else mode)


def _slice_by_index(graph: Graph, args: Args, name: str) -> str:
    begin, end = args.integers("begin"), args.integers("end")
    step = args.integers("stride", [1] * len(begin))
    free = [args.integers(f"{key}_mask", [0] * len(begin)) for key in ("begin", "end")]
    if any(args.integers("squeeze_mask", [0] * len(begin))) or min(step, default=1) < 1:
        raise args.fail("such a slice is not known here")
    if len({len(part) for part in (begin, end, step, *free)}) != 1:
        raise args.fail("its parts do not fit together")
    starts = [0 if open_ else at for at, open_ in zip(begin, free[0], strict=True)]
    ends = [LARGEST_SIDE if open_ else at for at, open_ in zip(end, free[1], strict=True)]
    parts = {"starts": starts, "ends": ends, "axes": list(range(len(begin))), "steps": step}
    given = [graph.weight(f"{name}.{key}", np.array(values, np.int64)) for key, values in parts.items()]
    return graph.node("Slice", [args.value("x"), *given], name)


def _shaped(op: str) -> "Build":
    def build(graph: Graph, args: Args, name: str) -> str:
        axes = graph.weight(f"{name}.axes", np.array(args.integers("axes"), np.int64))
        return graph.node(op, [args.value("x"), axes], name)

    return build


def _same(graph: Graph, args: Args, name: str) -> str:
    """Half precision is float32 here: a cast between both changes nothing."""
    kind = str(args.constant("dtype", "fp32"))
    if kind not in ("fp16", "fp32"):
        raise args.fail(f"a cast to {kind} is not known here")
    return graph.node("Identity", [args.value("x")], name)


def _batch_norm(graph: Graph, args: Args, name: str) -> str:
    mean, variance = (np.asarray(args.constant(key), np.float64) for key in ("mean", "variance"))
    gamma = np.asarray(args.constant("gamma", np.ones_like(mean)), np.float64)
    beta = np.asarray(args.constant("beta", np.zeros_like(mean)), np.float64)
    with np.errstate(all="ignore"):
        factor = gamma / np.sqrt(variance + args.real("epsilon", 1e-5))
        shift = beta - mean * factor
    parts = [graph.weight(f"{name}.{key}", v.astype(np.float32).reshape(1, -1, 1, 1))
             for key, v in (("scale", factor), ("shift", shift))]  # fmt: skip
    return graph.node("Add", [graph.node("Mul", [args.value("x"), parts[0]], f"{name}.scaled"), parts[1]], name)


def _lrn(graph: Graph, args: Args, name: str) -> str:
    options = {"size": args.integer("size"), "alpha": args.real("alpha", 1e-4), "beta": args.real("beta", 0.75)}
    return graph.node("LRN", [args.value("x")], name, bias=args.real("k", 1.0), **options)


Build = Callable[[Graph, Args, str], str | list[str]]

OPERATIONS: dict[str, Build] = {
    "conv": _conv, "max_pool": _max_pool, "avg_pool": _avg_pool, "linear": _linear, "matmul": _two("MatMul"),
    "relu": _one("Relu"), "sigmoid": _one("Sigmoid"), "tanh": _one("Tanh"), "exp": _one("Exp"), "sqrt": _one("Sqrt"),
    "identity": _one("Identity"), "relu6": _relu6, "leaky_relu": _leaky_relu, "clip": _clip, "silu": _silu,
    "add": _two("Add"), "sub": _two("Sub"), "mul": _two("Mul"), "real_div": _two("Div"), "maximum": _two("Max"),
    "minimum": _two("Min"), "pow": _two("Pow"), "reduce_mean": _reduce("ReduceMean"),
    "reduce_sum": _reduce("ReduceSum"), "reduce_max": _reduce("ReduceMax"), "reshape": _reshape,
    "transpose": _transpose, "softmax": _softmax, "concat": _concat, "pad": _pad, "slice_by_index": _slice_by_index,
    "squeeze": _shaped("Squeeze"), "expand_dims": _shaped("Unsqueeze"), "cast": _same, "batch_norm": _batch_norm,
    "local_response_norm": _lrn,
}  # fmt: skip
