"""A Core ML package as something that ONNX Runtime runs: read back, and rounded as half precision computes."""

from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from inference.errors import ImportFailed
from inference.intake.importers.coreml import Read, read


def read_package(path: Path) -> Read:
    """Read a `.mlpackage` or a `.mlmodel`.

    Raises:
        ImportFailed: it cannot be read.
    """
    if path.is_file():
        return read(path, None, path.name)
    data = path / "Data" / "com.apple.CoreML"
    weights = data / "weights" / "weight.bin"
    return read(data / "model.mlmodel", weights if weights.is_file() else None, path.name)


def rounded_to_half(model: Any) -> Any:
    """The network with every value rounded to half precision after every operator: what an fp16 program may lose."""
    inferred = onnx.shape_inference.infer_shapes(model)
    kinds = {value.name: value.type.tensor_type.elem_type for value in inferred.graph.value_info}
    nodes = [type(node).FromString(node.SerializeToString()) for node in model.graph.node]
    kept = {output.name for output in model.graph.output}
    del model.graph.node[:]
    for node in nodes:
        model.graph.node.append(node)
        for i, name in enumerate(node.output):
            if kinds.get(name) != TensorProto.FLOAT or name in kept:
                continue
            exact, half = f"{name}/exact", f"{name}/half"
            model.graph.node[-1].output[i] = exact
            model.graph.node.append(helper.make_node("Cast", [exact], [half], to=TensorProto.FLOAT16))
            model.graph.node.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
    return model


def plain_session(model: Any) -> tuple[Any, list[str]]:
    """ONNX Runtime as the standard says, without its optimiser; and the names of the outputs."""
    from inference.quiet_onnxruntime import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:   # its errors share no base but this
        raise ImportFailed(f"What was read does not run: {str(error)[:300]}", "This is a fault of Lineup.") from error
    return session, [output.name for output in session.get_outputs()]
