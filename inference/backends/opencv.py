"""OpenCV DNN. On the CPU 1.3 to 2.1 times slower than ONNX Runtime, with fewer operators: a second opinion.

OpenCV has one number of threads for the whole process, preprocessing included; inference.opencv_threads owns it.
"""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine
from inference.backends.bundle import unbundle
from inference.backends.model_file import check_file, external_files, read_model
from inference.cores import usable_cores
from inference.errors import BackendError
from inference.opencv_threads import Share

# OpenCV turns these into arithmetic of its own; on real networks its answers are far from everyone else's.
EIGHT_BIT = {
    *("QuantizeLinear", "DynamicQuantizeLinear"),
    *("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"),
}
ELSEWHERE = "Run it with ONNX Runtime."

Shape = tuple[int | str | None, ...]

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)   # errors come as exceptions


def providers() -> list[str]:
    """Where it can run: the wheels of OpenCV are built for the CPU."""
    return ["CPU"]


class OpenCvBackend:
    """One cv2.dnn.Net."""

    provider = "CPU"

    def __init__(self, path: Path, engine: Engine) -> None:
        if engine.provider.upper() not in ("", "CPU"):
            raise BackendError(f"OpenCV has no provider {engine.provider!r} here.", "Available: CPU.")
        read = _BUNDLED.get(path.suffix, _onnx)
        try:
            self._net, self.input_shape, wanted = read(path)
            self._net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
            self._net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
            # In the order of the graph where OpenCV kept the names, else in its own.
            names = list(self._net.getUnconnectedOutLayersNames())
            self._names = wanted if sorted(wanted) == sorted(names) else names
        except cv2.error as error:
            elsewhere = ELSEWHERE if read is _onnx else "Check that both files belong together."
            raise BackendError(f"OpenCV cannot read {path.name}: {_reason(error)}.", elsewhere) from error
        self._share = Share(engine.threads or usable_cores())   # Grand Central Dispatch on macOS takes no orders

    @property
    def threads(self) -> int:
        """How many it computes with: what all lanes on OpenCV share."""
        return self._share.running

    @property
    def warning(self) -> str:
        """Where that is not what was asked for."""
        return self._share.warning

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """One batch in, all outputs out. It computes in float32 only: half precision is widened."""
        try:
            self._net.setInput(x if x.dtype == np.uint8 else x.astype(np.float32, copy=False))
            outputs = self._net.forward(self._names)
        except cv2.error as error:
            raise BackendError(
                f"OpenCV cannot run the network: {_reason(error)}.",
                f"Compare the card's size, layout and type with the model's input. {ELSEWHERE}",
            ) from error
        return [np.asarray(output) for output in outputs]

    def stop(self) -> None:
        """OpenCV cannot be interrupted: the run under way ends by itself."""

    def tune(self, engine: Engine) -> bool:
        """Want another number of threads; how long they wait busily OpenCV decides by itself."""
        self._share.want(engine.threads or usable_cores())
        return True


def _onnx(path: Path) -> tuple[Any, Shape, list[str]]:
    """The network of an ONNX file, its input's shape, and its outputs' names in their order."""
    check_file(path)
    model = read_model(path)
    if any(node.op_type in EIGHT_BIT for node in model.graph.node):
        raise BackendError(f"{path.name} computes in 8 bits, which OpenCV does inaccurately.", ELSEWHERE)
    constants = {tensor.name for tensor in model.graph.initializer}
    declared = next((i for i in model.graph.input if i.name not in constants), None)
    if declared is None:
        raise BackendError(f"{path.name} has no input.", "Choose a model that takes a picture.")
    shape = tuple(d.dim_value or d.dim_param or None for d in declared.type.tensor_type.shape.dim)
    # From memory where possible: OpenCV cannot open every path that Windows allows.
    whole = not external_files(model)
    net = cv2.dnn.readNetFromONNX(np.fromfile(path, np.uint8) if whole else str(path))
    return net, shape, [output.name for output in model.graph.output]


def _tensorflow(path: Path) -> tuple[Any, Shape, list[str]]:
    """The network of a TensorFlow bundle; OpenCV does not tell what shape it wants."""
    parts = _parts(path)
    return cv2.dnn.readNetFromTensorflow(*(parts[ending] for ending in (".pb", ".pbtxt") if ending in parts)), (), []


def _caffe(path: Path) -> tuple[Any, Shape, list[str]]:
    """The network of a Caffe bundle."""
    parts = _parts(path)
    return cv2.dnn.readNetFromCaffe(parts[".prototxt"], parts[".caffemodel"]), (), []


def _darknet(path: Path) -> tuple[Any, Shape, list[str]]:
    """The network of a Darknet bundle."""
    parts = _parts(path)
    return cv2.dnn.readNetFromDarknet(parts[".cfg"], parts[".weights"]), (), []


def _parts(path: Path) -> dict[str, NDArray[np.uint8]]:
    return {ending: np.frombuffer(part, np.uint8) for ending, part in unbundle(path).items()}


_BUNDLED = {".tensorflow": _tensorflow, ".caffe": _caffe, ".darknet": _darknet}


def load(path: Path, engine: Engine) -> OpenCvBackend:
    """Open an ONNX file, or the bundle of a TensorFlow model."""
    return OpenCvBackend(path, engine)


def _reason(error: cv2.error) -> str:
    """OpenCV's account without its source files: the operator it does not know, or its last line."""
    text = str(error)
    if operator := re.search(r"Node \[(\w+)@", text):
        return f"it cannot do the operator {operator[1]}"
    lines = [line.strip("> ") for line in text.splitlines() if line.strip("> ")]
    last = re.sub(r"^OpenCV\(.*?error: \(.*?\) ", "", lines[-1]) if lines else "it does not say why"
    return re.sub(r" in function '\w+'$", "", last).rstrip(". ")
