"""LiteRT, which was TensorFlow Lite: what a mobile developer has at hand. An optional extra.

A network that computes in whole numbers takes and gives floats here: they are quantised by the scale and the zero point
that the file states, and back.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from inference.backends import Engine
from inference.cores import usable_cores
from inference.errors import BackendError

MAGIC = b"TFL3"   # at byte 4 of every file
AGAIN = "Fetch it again, or export the network to ONNX."


def providers() -> list[str]:
    """Where it can run: this package has the CPU alone, with XNNPACK."""
    return ["CPU"]


class LiteRtBackend:
    """One interpreter."""

    provider = "CPU"
    warning = ""

    def __init__(self, path: Path, engine: Engine) -> None:
        if engine.provider.upper() not in ("", "CPU"):
            raise BackendError(f"LiteRT has no provider {engine.provider!r} here.", "Available: CPU.")
        self.threads = engine.threads or usable_cores()
        content = _checked(path)
        try:
            self._net = Interpreter(model_content=content, num_threads=self.threads)
            (self._given,) = self._net.get_input_details()
            self._fit(tuple(int(side) for side in self._given["shape_signature"]))
            self._net.allocate_tensors()
            (self._given,) = self._net.get_input_details()
            self._made = self._net.get_output_details()
        except (ValueError, RuntimeError, TypeError, MemoryError) as error:   # as its C++ raises them
            raise BackendError(f"LiteRT {version('ai-edge-litert')} cannot open {path.name}: {_reason(error)}.", AGAIN
                               ) from error   # fmt: skip
        self.input_shape: tuple[int | str | None, ...] = tuple(int(side) for side in self._given["shape"])
        self.names = tuple(str(detail["name"]) for detail in self._made)

    @property
    def range(self) -> tuple[float, float] | None:
        """The floats that the least and the largest whole number of the input stand for; None where it takes floats."""
        kind = np.dtype(self._given["dtype"])
        scale, zero = self._given["quantization"]
        if kind.kind not in "iu" or not scale:
            return None
        limits = np.iinfo(kind)
        return (limits.min - zero) * scale, (limits.max - zero) * scale

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """One batch in, all outputs out, as floats."""
        try:
            self._fit(x.shape)
            self._net.set_tensor(self._given["index"], self._quantised(x))
            self._net.invoke()
            return [_floats(self._net.get_tensor(detail["index"]), detail) for detail in self._made]
        except (ValueError, RuntimeError) as error:
            raise BackendError(
                f"LiteRT cannot run the network: {_reason(error)}.",
                "Compare the card's size, layout and type with the model's input.",
            ) from error

    def stop(self) -> None:
        """LiteRT cannot be interrupted: the run under way ends by itself."""

    def tune(self, engine: Engine) -> bool:
        """An interpreter has the threads that it was opened with."""
        return False

    def _fit(self, shape: tuple[int, ...]) -> None:
        """Give the sides that the file leaves open these values; a batch of one."""
        signature = [int(side) for side in self._given["shape_signature"]]
        if len(shape) == len(signature) and -1 in signature:
            wanted = [side if side > 0 else max(1, given) for side, given in zip(signature, shape, strict=True)]
            if wanted != [int(side) for side in self._given["shape"]]:
                self._net.resize_tensor_input(self._given["index"], wanted)
                self._net.allocate_tensors()
                (self._given,) = self._net.get_input_details()

    def _quantised(self, x: NDArray[Any]) -> NDArray[Any]:
        kind = np.dtype(self._given["dtype"])
        scale, zero = self._given["quantization"]
        if kind.kind not in "iu" or x.dtype == kind or not scale:
            return np.asarray(np.ascontiguousarray(x, kind))
        limits = np.iinfo(kind)
        return np.asarray(np.clip(np.round(x / scale + zero), limits.min, limits.max).astype(kind))


def _floats(values: NDArray[Any], detail: dict[str, Any]) -> NDArray[Any]:
    scale, zero = detail["quantization"]
    if values.dtype.kind in "iu" and scale:
        return np.asarray((values.astype(np.float32) - zero) * np.float32(scale), np.float32)
    return np.array(values)   # a copy: it lies in the interpreter's memory


def _checked(path: Path) -> bytes:
    """The bytes of the file.

    Raises:
        BackendError: it cannot be read, or is no such model.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackendError(f"{path.name} cannot be read: {error.strerror}.", "Check the file, or fetch it again."
                           ) from error   # fmt: skip
    if content[4:8] != MAGIC:
        raise BackendError(f"{path.name} is no TensorFlow Lite model, or only a part of one.", AGAIN)
    return content


def load(path: Path, engine: Engine) -> LiteRtBackend:
    """Open a .tflite file."""
    return LiteRtBackend(path, engine)


def _reason(error: Exception) -> str:
    """The first line of its account."""
    return next(iter(str(error).strip().splitlines()), "it does not say why").rstrip(". ")[:200]
