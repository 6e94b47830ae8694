"""Small TensorFlow Lite files, written field by field with the schema that LiteRT brings."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_tflite(
    path: Path, weights: NDArray[np.float32], size: tuple[int, int] = (8, 8), *,
    quantised: tuple[float, int] | None = None, labels: list[str] | None = None,
) -> Path:  # fmt: skip
    """The mean colour of a picture (1, h, w, channels) times weights (classes, channels) → softmax.

    `quantised`: scale and zero point of an int8 input; the output is int8 then too, 1/256 and -128.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as s

    channels = weights.shape[1]
    buffers: list[Any] = [s.BufferT()]

    def tensor(name: str, shape: tuple[int, ...], data: NDArray[Any] | None = None, kind: int = s.TensorType.FLOAT32,
               scale: float = 0.0, zero: int = 0) -> Any:
        made = s.TensorT()
        made.name, made.shape, made.type = name, list(shape), kind
        made.buffer = 0
        if data is not None:
            buffer = s.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            buffers.append(buffer)
            made.buffer = len(buffers) - 1
        if scale:
            made.quantization = s.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [scale], [zero]
        return made

    tensors: list[Any] = []
    operators: list[Any] = []
    codes: list[Any] = []

    def add(one: Any) -> int:
        tensors.append(one)
        return len(tensors) - 1

    def operate(code: int, inputs: list[int], output: int, kind: int = 0, options: Any = None) -> None:
        made = s.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), 1
        codes.append(made)
        op = s.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = len(codes) - 1, inputs, [output]
        op.builtinOptionsType, op.builtinOptions = kind, options
        operators.append(op)

    shape = (1, *size, channels)
    if quantised:
        given = add(tensor("image", shape, None, s.TensorType.INT8, *quantised))
        x = add(tensor("floats", shape))
        operate(s.BuiltinOperator.DEQUANTIZE, [given], x, s.BuiltinOptions.DequantizeOptions, s.DequantizeOptionsT())
    else:
        x = given = add(tensor("image", shape))
    axes = add(tensor("axes", (2,), np.array([1, 2], np.int32), s.TensorType.INT32))
    mean = add(tensor("mean", (1, channels)))
    operate(s.BuiltinOperator.MEAN, [x, axes], mean, s.BuiltinOptions.ReducerOptions, s.ReducerOptionsT())
    matrix = add(tensor("weights", weights.shape, weights.astype(np.float32)))
    logits = add(tensor("logits", (1, len(weights))))
    operate(s.BuiltinOperator.FULLY_CONNECTED, [mean, matrix, -1], logits, s.BuiltinOptions.FullyConnectedOptions,
            s.FullyConnectedOptionsT())   # fmt: skip
    out = add(tensor("probabilities", (1, len(weights))))
    soft = s.SoftmaxOptionsT()
    soft.beta = 1.0
    operate(s.BuiltinOperator.SOFTMAX, [logits], out, s.BuiltinOptions.SoftmaxOptions, soft)
    if quantised:
        whole = add(tensor("whole", (1, len(weights)), None, s.TensorType.INT8, 1 / 256, -128))
        operate(s.BuiltinOperator.QUANTIZE, [out], whole, s.BuiltinOptions.QuantizeOptions, s.QuantizeOptionsT())
        out = whole
    graph = s.SubGraphT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [given], [out]
    model = s.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, codes, [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    if labels:   # as TensorFlow Lite's metadata pack them: a ZIP behind the model
        import zipfile

        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("labels.txt", "\n".join(labels))
    return path
