"""Core ML: on a Mac through coremltools, on the units that are chosen; and a reference of it on every system.

What runs here are packages that `inference.export.lane_form` makes of a card: a picture's bytes go in. The *reference*
is not Core ML: the package was read by this program's own reader and rebuilt as ONNX, and if it is not fp32 every value
is rounded to half precision after every operation, as in the comparison of an export. It says what the weights cost in
answers, and nothing of any device's speed.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine
from inference.backends.model_file import AGAIN
from inference.errors import BackendError

REFERENCE = "reference"
REBUILT = "reference.onnx"   # beside the package
UNITS = ("ALL", "CPU_AND_NE", "CPU_AND_GPU", "CPU_ONLY")   # coremltools.ComputeUnit; the first is the usual one
DEVICES = {
    "MLNeuralEngineComputeDevice": "Neural Engine", "MLGPUComputeDevice": "GPU", "MLCPUComputeDevice": "CPU",
}  # fmt: skip


def providers() -> list[str]:
    """Where a package can run here, best first."""
    return [*UNITS, REFERENCE] if sys.platform == "darwin" else [REFERENCE]


def load(path: Path, engine: Engine) -> "ReferenceBackend | CoreMLBackend":
    """Open a package.

    Raises:
        BackendError: it cannot be read, or there is no Core ML here.
    """
    where = engine.provider or providers()[0]
    if where not in providers():
        raise BackendError(
            f"Core ML runs on a Mac only; there is no {where!r} here.", f"Available: {', '.join(providers())}."
        )
    if where == REFERENCE:
        return ReferenceBackend(path, engine)
    return CoreMLBackend(path, where)


class ReferenceBackend:
    """A package, rebuilt as ONNX, on ONNX Runtime as the standard says: its optimiser would round elsewhere."""

    warning = ""
    lingers = True

    def __init__(self, path: Path, engine: Engine) -> None:
        from inference.backends.ort import session_options
        from inference.quiet_onnxruntime import onnxruntime

        options = session_options(engine)
        self.threads = engine.threads
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        network = path.with_name(REBUILT)
        try:
            self._session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
        except Exception as error:   # ONNX Runtime's exceptions share no other base
            raise BackendError(f"ONNX Runtime cannot open {network}: {str(error)[:200]}.", AGAIN) from error
        (given,) = self._session.get_inputs()
        self.input_shape: tuple[int | str | None, ...] = tuple(given.shape)
        self._name = given.name
        self.provider = f"{REFERENCE} (CPU)"   # whoever reads it in a report must not take it for Core ML
        self._options = onnxruntime.RunOptions()

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """(1, c, h, w) bytes of a picture in; probabilities, or coordinates and confidence, out."""
        try:
            outputs: list[NDArray[Any]] = self._session.run(None, {self._name: x.astype(np.float32)}, self._options)
        except Exception as error:   # as above
            raise BackendError(f"The package cannot be computed: {str(error)[:200]}.") from error
        return outputs

    def stop(self) -> None:
        """End a run under way."""
        self._options.terminate = True

    def tune(self, engine: Engine) -> bool:
        """A session has the threads that it was opened with."""
        return False


class CoreMLBackend:
    """A package in Core ML itself; macOS only. By coremltools' documentation; not yet seen on a Mac."""

    threads = 0

    def __init__(self, path: Path, units: str) -> None:
        try:
            import coremltools as ct
            from PIL import Image
        except ImportError as error:
            raise BackendError(f"Core ML is asked through {error.name}, which is not installed.",
                               "pip install -r requirements.txt") from error   # fmt: skip
        self._picture = Image.fromarray
        try:
            self._model = ct.models.MLModel(str(path), compute_units=getattr(ct.ComputeUnit, units))
            about = self._model.get_spec().description
        except Exception as error:   # the boundary to a library that raises whatever its parts raise
            raise BackendError(f"Core ML cannot open {path.name}: {str(error)[:200]}.") from error
        image = about.input[0].type.imageType
        self._name = about.input[0].name
        self._blue_first = image.colorSpace == image.BGR
        channels = 1 if image.colorSpace == image.GRAYSCALE else 3
        self.input_shape: tuple[int | str | None, ...] = (1, channels, image.height, image.width)
        self._probabilities = about.predictedProbabilitiesName
        self._labels = list(_class_labels(self._model.get_spec()))
        self._outputs = [output.name for output in about.output]
        if self._model.get_spec().WhichOneof("Type") == "pipeline":
            raise BackendError(
                f"{path.name} suppresses boxes itself, and the lab reads those before.", "Choose another precision."
            )
        self.provider, self.warning = where(units, planned(ct, self._model, units))

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """(1, c, h, w) bytes of a picture in; probabilities, or coordinates and confidence, out."""
        picture = x[0, 0] if x.shape[1] == 1 else x[0].transpose(1, 2, 0)
        if self._blue_first:   # coremltools takes RGB, and turns it itself
            picture = picture[..., ::-1]
        given = self._picture(np.ascontiguousarray(picture.astype(np.uint8)))
        try:
            answer: Mapping[str, Any] = self._model.predict({self._name: given})
        except Exception as error:   # as above
            raise BackendError(f"Core ML cannot run the network: {str(error)[:200]}.") from error
        if self._probabilities:
            found = answer[self._probabilities]
            return [np.array([[found[label] for label in self._labels]], np.float32)]
        return [np.asarray(answer[name], np.float32) for name in self._outputs]

    def stop(self) -> None:
        """Core ML cannot be stopped; a run takes some ms."""

    def tune(self, engine: Engine) -> bool:
        """Core ML decides by itself how many threads it takes."""
        return True


def _class_labels(spec: Any) -> Any:
    kind = spec.WhichOneof("Type")
    return getattr(spec, kind).stringClassLabels.vector if kind and spec.description.predictedFeatureName else ()


def planned(ct: Any, model: Any, units: str) -> dict[str, int]:
    """How many operations Core ML means to run on each device, most first; empty where it does not say.

    `MLComputePlan`, macOS 14.4 and later: a forecast, the nearest that Apple gives to an account.
    """
    devices: Counter[str] = Counter()
    with suppress(Exception):   # an older system or library
        plan = ct.models.compute_plan.MLComputePlan.load_from_path(
            model.get_compiled_model_path(), compute_units=getattr(ct.ComputeUnit, units)
        )
        for operation in plan.model_structure.program.functions["main"].block.operations:
            usage = plan.get_compute_device_usage_for_mlprogram_operation(operation)
            if usage is not None:
                kind = type(usage.preferred_compute_device).__name__
                devices[DEVICES.get(kind, kind)] += 1
    return dict(devices.most_common())


def where(units: str, devices: Mapping[str, int]) -> tuple[str, str]:
    """Where it runs, in words, and a sentence where the chosen unit takes nothing."""
    if not devices:
        return f"{units} (Core ML does not say where)", ""
    wanted = {"CPU_AND_NE": "Neural Engine", "CPU_AND_GPU": "GPU"}.get(units)
    said = " + ".join(devices)
    if wanted and wanted not in devices:
        return said, f"{wanted} was chosen, but Core ML plans to run every operation on the {said}."
    total = sum(devices.values())
    first, count = next(iter(devices.items()))
    return said, "" if len(devices) == 1 else f"{first} is to run {count} of {total} operations."
