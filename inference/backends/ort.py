"""ONNX Runtime. Loads with every graph optimisation: that is what pays (1.2–3 times)."""

from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from inference.backends import Engine
from inference.errors import BackendError

ort.set_default_logger_severity(4)   # its warnings would go to the terminal of the user; errors come as exceptions


def providers() -> list[str]:
    """The execution providers of the installed build, best first."""
    return list(ort.get_available_providers())


class OrtBackend:
    """One InferenceSession."""

    def __init__(self, path: Path, engine: Engine) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = engine.threads
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        if not engine.spin:
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        wanted = _wanted(engine.provider)
        try:
            self._session = ort.InferenceSession(str(path), options, providers=wanted)
        except Exception as error:  # noqa: BLE001  ONNX Runtime's exceptions share no other base
            raise BackendError(
                f"ONNX Runtime cannot open {path.name}: {_first_line(error)}.",
                "The file may be truncated or no ONNX model; fetch it again.",
            ) from error
        running = self._session.get_providers()[0]
        self.provider = running.removesuffix("ExecutionProvider")
        self.warning = (
            f"{engine.provider} was chosen, but the network runs on {self.provider}."
            if engine.provider and running != wanted[0]
            else ""
        )
        first = self._session.get_inputs()[0]
        self.input_shape = tuple(first.shape)
        self._input = first.name
        self._options = ort.RunOptions()

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """One batch in, all outputs out."""
        try:
            outputs: list[NDArray[Any]] = self._session.run(None, {self._input: x}, self._options)
        except Exception as error:  # noqa: BLE001  as above
            raise BackendError(
                f"ONNX Runtime cannot run the network: {_first_line(error)}.",
                "Compare the card's size, layout and type with the model's input.",
            ) from error
        return outputs

    def stop(self) -> None:
        """End a run under way."""
        self._options.terminate = True


def load(path: Path, engine: Engine) -> OrtBackend:
    """Open an ONNX file."""
    return OrtBackend(path, engine)


def _wanted(provider: str) -> list[str]:
    """The providers to ask for: the chosen one, then the CPU for what it cannot do."""
    if not provider:
        return ["CPUExecutionProvider"]
    names = {p.removesuffix("ExecutionProvider").lower(): p for p in providers()}
    chosen = names.get(provider.removesuffix("ExecutionProvider").lower())
    if chosen is None:
        raise BackendError(
            f"ONNX Runtime has no provider {provider!r} here.", f"Available: {', '.join(sorted(names))}."
        )
    return list(dict.fromkeys([chosen, "CPUExecutionProvider"]))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
