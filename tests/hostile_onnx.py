"""ONNX files that anybody may have made: each lies, leads elsewhere, contradicts itself, or never ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from make import never_ending_onnx, tiny_onnx
from onnx import TensorProto, helper, numpy_helper

SECRET = b"the secret of another program" * 1000
Build = Callable[[Path], Path]

OUTSIDE: dict[str, Build] = {}   # would read a file out of the model's folder
BROKEN: dict[str, Build] = {}    # must be refused
ODD: dict[str, Build] = {}       # may be taken, or be refused


def tiny(path: Path) -> Any:
    return onnx.load(tiny_onnx(path))


def saved(model: Any, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def elsewhere(tensor: Any, location: str, **entries: str) -> Any:
    """The tensor with its data in another file."""
    size = len(tensor.raw_data) or 12
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": str(size), **entries}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return tensor


def a_tensor(name: str = "more") -> Any:
    return numpy_helper.from_array(np.ones(3, np.float32), name)


def by_location(location: str, **entries: str) -> Build:
    def build(path: Path) -> Path:
        model = tiny(path)
        elsewhere(model.graph.initializer[0], location, **entries)
        return saved(model, path)

    return build


for i, place in enumerate((
    "../secret", "../../secret", "sub/../../secret", "./../secret", "/etc/passwd", "/dev/zero", "..\\secret",
    "C:\\secret",
    "\\\\server\\share\\secret", "//server/share/secret", "file:///etc/passwd", "~/secret", "..", ".", "", "a" * 300,
    "secret\0.bin", "sub",
)):  # fmt: skip
    OUTSIDE[f"weights at {place[:20]!a} ({i})"] = by_location(place)


def in_place(change: Callable[[Any], None]) -> Build:
    def build(path: Path) -> Path:
        model = tiny(path)
        change(model)
        return saved(model, path)

    return build


def graph_inside(model: Any, *, nodes: bool) -> Any:
    """A branch of an If that is added to the model."""
    constants = [a_tensor("inner")]
    made = [helper.make_node("Identity", ["inner"], ["branch"])] if nodes else []
    info = helper.make_tensor_value_info("branch" if nodes else "inner", TensorProto.FLOAT, [3])
    branch = helper.make_graph(made, "branch", [], [info], constants)
    other = helper.make_graph(made, "other", [], [info], constants)
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "which"))
    node = helper.make_node("If", ["which"], ["chosen"], then_branch=branch, else_branch=other)
    model.graph.node.append(node)
    return model.graph.node[-1].attribute[0].g


def in_branch(*, nodes: bool) -> Build:
    return in_place(lambda model: elsewhere(graph_inside(model, nodes=nodes).initializer[0], "../secret") and None)


def in_constant(model: Any) -> None:
    node = helper.make_node("Constant", [], ["unused"], value=a_tensor())
    elsewhere(node.attribute[0].t, "../secret")
    model.graph.node.append(node)


def in_tensors(model: Any) -> None:
    node = helper.make_node("Constant", [], ["unused"])
    attribute = node.attribute.add()
    attribute.name, attribute.type = "values", onnx.AttributeProto.TENSORS
    attribute.tensors.append(elsewhere(a_tensor(), "../secret"))
    model.graph.node.append(node)


def sparse() -> Any:
    return helper.make_sparse_tensor(
        a_tensor("sparse"), numpy_helper.from_array(np.array([0, 2, 4], np.int64), "places"), [8]
    )


def in_sparse(model: Any) -> None:
    made = sparse()
    elsewhere(made.values, "../secret")
    model.graph.sparse_initializer.append(made)


def in_sparse_attribute(model: Any) -> None:
    made = sparse()
    elsewhere(made.indices, "../secret")
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], sparse_value=made))


def in_function(model: Any, *, deeper: bool = False) -> None:
    node = helper.make_node("Constant", [], ["y"], value=a_tensor())
    elsewhere(node.attribute[0].t, "../secret")
    if deeper:
        info = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
        graph = helper.make_graph([node], "inside", [], [info])
        node = helper.make_node("If", ["x"], ["y"], then_branch=graph, else_branch=graph)
    opsets = [helper.make_opsetid("", 13)]
    model.functions.append(helper.make_function("own", "F", ["x"], ["y"], [node], opsets))


def in_training(model: Any) -> None:
    training = model.training_info.add()
    training.algorithm.initializer.append(elsewhere(a_tensor(), "../secret"))


OUTSIDE |= {
    "in a branch": in_branch(nodes=True), "in a branch without nodes": in_branch(nodes=False),
    "in a constant": in_place(in_constant), "in an attribute of many": in_place(in_tensors),
    "in a sparse tensor": in_place(in_sparse), "in a sparse attribute": in_place(in_sparse_attribute),
    "in a function": in_place(in_function),
    "in a branch of a function": in_place(lambda m: in_function(m, deeper=True)),
    "in what trains": in_place(in_training),
}  # fmt: skip


def by_link(*, folder: bool) -> Build:
    def build(path: Path) -> Path:
        if folder:
            (path.parent / "sub").symlink_to("..")
            return by_location("sub/secret")(path)
        (path.parent / "link.bin").symlink_to("../secret")
        return by_location("link.bin")(path)

    return build


OUTSIDE |= {"by a link": by_link(folder=False), "by a link to a folder": by_link(folder=True)}


def of_bytes(make: Callable[[bytes], bytes]) -> Build:
    def build(path: Path) -> Path:
        path.write_bytes(make(tiny_onnx(path).read_bytes()))
        return path

    return build


def given(*shape: int | str, kind: int = TensorProto.FLOAT) -> Build:
    """The network with another input."""
    def change(model: Any) -> None:
        model.graph.input[0].CopyFrom(helper.make_tensor_value_info("image", kind, shape))

    return in_place(change)


def ending(node: Any, *constants: Any, kind: int = TensorProto.FLOAT, shape: Any = None) -> Build:
    """The network with this node at its end, from "before" to "logits"."""
    def change(model: Any) -> None:
        model.graph.node[-1].output[0] = "before"
        model.graph.node.append(node)
        model.graph.initializer.extend(constants)
        model.graph.output[0].CopyFrom(helper.make_tensor_value_info("logits", kind, shape))

    return in_place(change)


def constant(value: Any, name: str = "with") -> Any:
    return numpy_helper.from_array(np.asarray(value), name)


def cycle(model: Any) -> None:
    model.graph.node[0].input[0] = "logits"


def named_twice(model: Any) -> None:
    model.graph.node.append(helper.make_node("Relu", ["pooled"], ["logits"]))


def declares(*dims: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.graph.initializer[0].dims[:] = dims

    return change


def with_meta(**entries: str) -> Build:
    def change(model: Any) -> None:
        for key, value in entries.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value

    return in_place(change)


def opset(number: int, domain: str = "") -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.opset_import[0].version = number
        model.opset_import[0].domain = domain

    return change


def second_input(model: Any) -> None:
    model.graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, [1]))


def mangled(old: bytes, new: bytes) -> Build:
    """The file with these bytes in the place of others, as long."""
    assert len(old) == len(new)
    return of_bytes(lambda data: data.replace(old, new))


BROKEN |= {
    "nothing": of_bytes(lambda _: b""), "half": of_bytes(lambda data: data[: len(data) // 2]),
    "zeros": of_bytes(lambda data: bytes(len(data))), "text": of_bytes(lambda _: b"hello" * 100),
    "a picture": of_bytes(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(500)),
    "no nodes": in_place(lambda model: model.graph.ClearField("node")),
    "a cycle": in_place(cycle), "one name twice": in_place(named_twice),
    "an operator that is none": ending(helper.make_node("Nonsense", ["before"], ["logits"])),
    "an operator of a stranger": ending(helper.make_node("Run", ["before"], ["logits"], domain="os")),
    "opset 999": in_place(opset(999)),
    "version 999": in_place(lambda model: setattr(model, "ir_version", 999)),
    "negative weights": in_place(declares(-3, 10)), "weights of 64 GB": in_place(declares(1 << 17, 1 << 17)),
    "weights of 2^126": in_place(declares(1 << 62, 1 << 62, 4)), "no weights": in_place(declares(0, 10)),
    "a batch of 8": given(8, 3, 8, 8), "four channels": given(1, 4, 8, 8), "a side of 2^40": given(1, 3, 1 << 40, 8),
    "no side": given(1, 3, 0, 8), "three sides": given(3, 8, 8),
    "whole numbers": given(1, 3, 8, 8, kind=TensorProto.INT64),
    "texts": given(1, 3, 8, 8, kind=TensorProto.STRING), "two inputs": in_place(second_input),
    "no input": in_place(lambda model: model.graph.ClearField("input")),
    "no output": in_place(lambda model: model.graph.ClearField("output")),
    "an output of texts": ending(
        helper.make_node("Cast", ["before"], ["logits"], to=TensorProto.STRING), kind=TensorProto.STRING
    ),
    "an index out of it": ending(helper.make_node("Gather", ["before",
    "with"], ["logits"], axis=1), constant(np.array([99]))),
    "another number of numbers": ending(helper.make_node("Reshape", ["before",
    "with"], ["logits"]), constant(np.array([7, 7]))),
    "a length that is none": by_location("weights.bin", length="-1"),
    "an offset that is none": by_location("w", offset="x"),
}  # fmt: skip

ODD |= {
    "opset of a stranger": in_place(opset(13, "os")),   # which ONNX Runtime runs: its costs are unknown
    "an output of five sides": ending(
        helper.make_node("Reshape", ["before", "with"], ["logits"]), constant(np.array([1, 1, 1, 1, 10]))
    ),
    "a name that is no text": mangled(b"pooled", b"p\xff\xfeled"),
    "NaN": ending(helper.make_node("Div", ["before", "with"], ["nil"]), constant(np.float32(0))),
    "keys that are lists": with_meta(names="{[]: 1}"),
    "a key of a thousand digits": with_meta(names=f"{{0: 0x{'f' * 5000}}}"),
    "half a character": with_meta(names=str([r"\ud800"] * 10).replace(r"\\", "\\")),
    "labels that move the terminal": with_meta(
        names=repr([f"\x1b[2J\x07\u202e{i}" for i in range(10)])),
    "labels of HTML": with_meta(names=repr(["<img src='file:/x'>"] * 10)),
    "a label of a megabyte": with_meta(names=repr(["x" * 90_000] * 10)),
    "lists in lists": with_meta(names="[" * 5000 + "]" * 5000), "code": with_meta(names="__import__('os').system('x')"),
    "too few labels": with_meta(names="['a']"), "a size of a thousand digits": with_meta(imgsz="9" * 1000),
    "a stride of words": with_meta(names="['a']", stride="many", imgsz="[0, 0]"),
    "labels with ends of lines": with_meta(names=repr([f"a\nb\r\x85\u2028{i}" for i in range(10)])),
    "a node that moves the terminal": in_place(lambda model: setattr(model.graph.node[0], "name", "\x1b[2J")),
    "1e38": ending(helper.make_node("Mul", ["before", "with"], ["logits"]), constant(np.float32(3e38)), shape=[1, 10]),
    "infinity": ending(helper.make_node("Div", ["before", "with"], ["logits"]), constant(np.float32(0)), shape=[1, 10]),
    "an input that moves the terminal": mangled(b"image", b"\x1b[2J\x07"),
}  # fmt: skip

def expands(model: Any) -> None:
    """As large as the picture is bright: no look at the shapes tells."""
    graph = model.graph
    graph.node[-1].output[0] = "before"
    graph.node.extend([
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Exp", ["mean"], ["grown"]), helper.make_node("Mul", ["grown", "large"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["count"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["count", "axes"], ["side"]), helper.make_node("Concat", ["side",
        "ten"], ["sides"], axis=0),
        helper.make_node("Expand", ["before", "sides"], ["logits"]),
    ])  # fmt: skip
    graph.initializer.extend([
        constant(np.float32(2e9), "large"), constant(np.array([0]), "axes"), constant(np.array([10]), "ten"),
    ])
    graph.output[0].CopyFrom(helper.make_tensor_value_info("logits", TensorProto.FLOAT, None))


# Would take all time or all memory: for a process of its own alone.
ENDLESS: dict[str, Build] = {
    "a loop of 2^62 turns": never_ending_onnx,
    "an output of 80 GB": in_place(expands),
}
