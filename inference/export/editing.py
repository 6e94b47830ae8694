"""An ONNX graph that is being changed: constants, new nodes, fixed shapes, plain names."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]


class Editor:
    """Wraps a ModelProto. Values are known by their names; nodes stay in an order in which they can run."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.graph = model.graph
        self._names = {name for node in self.graph.node for name in (*node.input, *node.output)}
        self._names |= {tensor.name for tensor in self.graph.initializer} | {x.name for x in self.graph.input}
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}

    @property
    def opset(self) -> int:
        """Version of the standard operators."""
        return next((o.version for o in self.model.opset_import if o.domain in ("", "ai.onnx")), 1)

    def inputs(self) -> list[Any]:
        """The inputs that somebody must give; older files list their weights there too."""
        return [value for value in self.graph.input if value.name not in self.constants]

    def producers(self) -> dict[str, Any]:
        """The node that makes each value."""
        return {name: node for node in self.graph.node for name in node.output if name}

    def consumers(self, name: str) -> list[Any]:
        """The nodes that take a value."""
        return [node for node in self.graph.node if name in node.input]

    def fresh(self, hint: str) -> str:
        """A name that nothing has yet."""
        name, i = hint, 0
        while name in self._names:
            i += 1
            name = f"{hint}_{i}"
        self._names.add(name)
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A new constant."""
        name = self.fresh("constant")
        tensor = numpy_helper.from_array(np.ascontiguousarray(np.asarray(values, dtype)), name)
        self.graph.initializer.append(tensor)
        self.constants[name] = self.graph.initializer[-1]
        return name

    def value(self, name: str) -> Array | None:
        """The numbers of a constant; None for what is computed."""
        return numpy_helper.to_array(self.constants[name]) if name in self.constants else None

    def node(self, op: str, inputs: Sequence[str], out: str = "", **more: Any) -> str:
        """A new node with one output behind all others; the name of what it makes."""
        made = helper.make_node(op, list(inputs), [out or self.fresh("value")], **more)
        self.graph.node.append(made)
        return str(made.output[0])

    def take_apart(self) -> list[Any]:
        """All nodes, for somebody who puts them together again with others in between."""
        nodes = [type(node).FromString(node.SerializeToString()) for node in self.graph.node]
        del self.graph.node[:]
        return nodes

    def replace(self, old: str, new: str) -> None:
        """Everything that took `old` takes `new`, outputs of the graph too."""
        for node in self.graph.node:
            for i, name in enumerate(node.input):
                if name == old and new not in node.output:
                    node.input[i] = new
        for output in self.graph.output:
            if output.name == old:
                output.name = new

    def keep(self, outputs: Iterable[str]) -> None:
        """Make these the outputs, and drop every node and constant that none of them needs."""
        wanted = list(outputs)
        producers, needed, left = self.producers(), set(), list(wanted)
        while left:
            name = left.pop()
            if name in needed:
                continue
            needed.add(name)
            if name in producers:
                left.extend(filter(None, producers[name].input))
        self._only("node", lambda node: any(name in needed for name in node.output))
        self._only("initializer", lambda tensor: tensor.name in needed)
        self._only("input", lambda value: value.name in needed and value.name not in self.constants)
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        del self.graph.value_info[:]
        del self.graph.output[:]
        self.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in wanted)

    def _only(self, field: str, wanted: Callable[[Any], bool]) -> None:
        """Drop what is not wanted; in place, as weights are many MB."""
        items = getattr(self.graph, field)
        for i in reversed([i for i, item in enumerate(items) if not wanted(item)]):
            del items[i]

    def rename(self, known: dict[str, str]) -> None:
        """Call every value as `known` says, and all others v0, v1, …: what a file called them is nobody's matter."""
        names = dict(known)
        taken = set(known.values())

        def name_of(old: str) -> str:
            if old and old not in names:
                i = len(names)
                while f"v{i}" in taken:
                    i += 1
                names[old] = f"v{i}"
                taken.add(names[old])
            return names.get(old, "")

        for value in (*self.graph.input, *self.graph.output, *self.graph.initializer):
            value.name = name_of(value.name)
        for i, node in enumerate(self.graph.node):
            node.name, node.doc_string = f"n{i}", ""
            node.input[:] = [name_of(name) for name in node.input]
            node.output[:] = [name_of(name) for name in node.output]
        self.graph.name, self.graph.doc_string = "network", ""
        del self.graph.value_info[:]


def set_shape(value: Any, shape: Sequence[int], kind: int = TensorProto.FLOAT) -> None:
    """Give an input its type and its fixed shape."""
    value.type.CopyFrom(helper.make_tensor_type_proto(kind, list(shape)))


def in_single_precision(model: Any) -> None:
    """Half and double precision become float32."""
    others = {TensorProto.FLOAT16: np.float16, TensorProto.DOUBLE: np.float64}
    for tensor in model.graph.initializer:
        if tensor.data_type in others:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        if value.type.tensor_type.elem_type in others:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i in others:
                attribute.i = TensorProto.FLOAT
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type in others:
                attribute.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(attribute.t).astype(np.float32)))
