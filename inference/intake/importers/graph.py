"""What every importer builds: nodes and weights, put together into one ONNX model."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

from inference.errors import ImportFailed

OPSET, IR_VERSION = 13, 8          # what every ONNX Runtime of the last years and OpenCV read

Shape = tuple[int, ...]


class Map(NamedTuple):
    """A layer's output: its name in the graph, and its sides."""

    name: str
    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """As the graph has it, with a batch of one."""
        return (1, self.channels, self.height, self.width)


class Graph:
    """An ONNX graph in the making. Values are known by their names."""

    def __init__(self, name: str, file: str) -> None:
        """`file` is the model file to name when its weights are no numbers."""
        self._name, self._file = name, file
        self._nodes: list[Any] = []
        self._weights: dict[str, Any] = {}

    def scalar(self, name: str, value: float) -> str:
        """A float32 without a side as an initializer; its name."""
        return self.weight(name, np.array(value, np.float32))

    def whole(self, name: str, values: Any) -> str:
        """Whole numbers, int64, as an initializer; its name."""
        return self.weight(name, np.array(values, np.int64))

    def weight(self, name: str, values: NDArray[Any]) -> str:
        """A constant, float32 or int64; once for each name.

        Raises:
            ImportFailed: a value is infinite or not a number.
        """
        if name not in self._weights:
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ImportFailed(
                    f"{self._file} has weights that are no numbers, near {name}.", "Fetch the file again."
                )
            self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """One operator with one output, called `name` like its node."""
        self.fork(op, inputs, [name], name, **attributes)
        return name

    def fork(self, op: str, inputs: list[str], outputs: list[str], name: str, **attributes: Any) -> None:
        """One operator with several outputs."""
        self._nodes.append(helper.make_node(op, inputs, outputs, name, **attributes))

    def conv(
        self, x: str, name: str, weights: NDArray[Any], bias: NDArray[Any], *,
        pads: tuple[int, int, int, int] = (0, 0, 0, 0), strides: tuple[int, int] = (1, 1), groups: int = 1,
        dilation: int = 1,
    ) -> str:
        """A convolution with (out, in / groups, h, w) weights; pads are top, left, bottom, right."""
        with np.errstate(all="ignore"):   # what does not fit into float32 is found by `weight`
            inputs = [
                x,
                self.weight(f"{name}.weight", weights.astype(np.float32)),
                self.weight(f"{name}.bias", bias.astype(np.float32)),
            ]
        return self.node(
            "Conv", inputs, name, kernel_shape=list(weights.shape[2:]), pads=list(pads), strides=list(strides),
            group=groups, dilations=[dilation, dilation],
        )

    def relu6(self, x: str, name: str) -> str:
        """Values cut to 0..6."""
        low = self.weight("zero", np.array(0, np.float32))
        return self.node("Clip", [x, low, self.weight("six", np.array(6, np.float32))], name)

    def reshape(self, x: str, name: str, shape: Shape) -> str:
        """The same values in another shape."""
        return self.node("Reshape", [x, self.weight(f"{name}.shape", np.array(shape, np.int64))], name)

    @property
    def size(self) -> int:
        """How many nodes there are so far."""
        return len(self._nodes)

    def shape_of(self, name: str, source: tuple[str, Shape]) -> Shape | None:
        """The shape of a value that is made so far, by ONNX's own inference; None where it is not fixed.

        Weights are told by their shapes alone: they are many MB.
        """
        small = {key: tensor for key, tensor in self._weights.items() if tensor.data_type == TensorProto.INT64}
        large = [
            helper.make_tensor_value_info(key, tensor.data_type, list(tensor.dims))
            for key, tensor in self._weights.items() if key not in small
        ]  # fmt: skip
        given = helper.make_tensor_value_info(source[0], TensorProto.FLOAT, list(source[1]))
        out = helper.make_empty_tensor_value_info(name)
        graph = helper.make_graph(self._nodes, self._name, [given, *large], [out], list(small.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        found = shape_inference.infer_shapes(model, data_prop=True).graph
        for value in (*found.input, *found.output, *found.value_info):
            dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            if value.name == name and value.type.tensor_type.HasField("shape") and 0 not in dims:
                return tuple(dims)
        return None

    def model(
        self, source: tuple[str, Shape], *outputs: tuple[str, Shape | None], domains: tuple[str, ...] = ()
    ) -> Any:
        """The finished onnx.ModelProto with one float32 input and its float32 outputs, each a name and a shape.

        The shape of an output may be None: whoever runs the network finds it. `domains`: of the operators beside ONNX's
        own, each in its version 3.
        """
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(source[0], TensorProto.FLOAT, list(source[1]))],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
            list(self._weights.values()),
        )
        sets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(domain, 3) for domain in domains)]
        model = helper.make_model(graph, producer_name="lineup", opset_imports=sets)
        model.ir_version = IR_VERSION
        return model


def fold(
    weights: NDArray[Any], scale: NDArray[Any], shift: NDArray[Any], mean: NDArray[Any], variance: NDArray[Any],
    epsilon: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (out, …) and bias (out,) that do what a convolution with a batch normalisation behind it does.

    In double precision: the result then lies as close to the original as float32 allows.
    """
    with np.errstate(all="ignore"):   # what comes out as no number is found by Graph.weight
        factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
        return (
            weights.astype(np.float64) * factor.reshape(-1, *[1] * (weights.ndim - 1)),
            shift.astype(np.float64) - mean.astype(np.float64) * factor,
        )
