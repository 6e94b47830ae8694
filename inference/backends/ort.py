"""ONNX Runtime. Loads with every graph optimisation: that is what pays (1.2 to 3 times)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine
from inference.backends.model_file import AGAIN, add_outputs, check_file, external_files, read_model
from inference.errors import BackendError
from inference.quiet_onnxruntime import onnxruntime as ort

TAPS = True   # it can show inner values
CPU = "CPUExecutionProvider"
SUFFIX = "ExecutionProvider"
# Inputs beside the picture that are filled in here, by name, from the height and the width of the input in px: the
# model zoo's YOLOv3, RT-DETR and D-FINE (which want the width first), PaddleDetection, DETR of Hugging Face.
SIDE_INPUTS: dict[str, Callable[[int, int], NDArray[Any]]] = {
    "image_shape": lambda h, w: np.array([[h, w]]),
    "orig_target_sizes": lambda h, w: np.array([[w, h]]),
    "im_shape": lambda h, w: np.array([[h, w]]),
    "scale_factor": lambda h, w: np.ones((1, 2)),
    "pixel_mask": lambda h, w: np.ones((1, h, w)),
}
TYPES = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(float16)": "float16",
         "tensor(bool)": "bool"}   # fmt: skip
# Longer than the pauses between the parallel parts of a network, and no longer: threads that wait busily while another
# program has one of the cores keep it from the thread that they wait for (BENCHMARKS.md, "Threads").
SPIN_US = 20

# In the list of every build, but it computes elsewhere: nothing here sends pictures away.
REMOTE = "AzureExecutionProvider"


def providers() -> list[str]:
    """Where the installed build can run, best first: CUDA, CoreML, CPU and the like."""
    return [_short(name) for name in ort.get_available_providers() if name != REMOTE]


class OrtBackend:
    """One InferenceSession."""

    lingers = True

    def __init__(
        self, path: Path, engine: Engine, notes: Path | None = None, *, optimised: bool = True
    ) -> None:
        """Open a file.

        Args:
            path: of the network.
            engine: how it shall run.
            notes: where ONNX Runtime's own account of every node begins its file; `account` ends it.
            optimised: whether the graph is made quicker first; else it runs node by node as it stands in the file.
        """
        options = session_options(engine)
        if notes:
            options.enable_profiling = True
            options.profile_file_prefix = str(notes)
        self.threads = engine.threads
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        levels = ort.GraphOptimizationLevel
        options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
        wanted = _wanted(engine.provider)
        check_file(path)
        self._session = _open(path, options, wanted, engine.taps)
        nodes = assigned(self._session)
        self.provider = " + ".join(nodes)
        self.warning = told(_short(wanted[0]), nodes)
        inputs = self._session.get_inputs()
        picture = next((given for given in inputs if given.name not in SIDE_INPUTS), None)
        if picture is None:
            raise BackendError(f"{path.name} has no input.", "Choose a model that takes a picture.")
        self.input_shape: tuple[int | str | None, ...] = tuple(picture.shape)
        self._input = picture.name
        self._bare = len(self.input_shape) == 3   # a picture without the axis of a batch: Faster R-CNN
        self._beside = [given for given in inputs if given.name in SIDE_INPUTS]
        # (height, width) of the picture behind the input, px; None: the input's.
        self.picture: tuple[int, int] | None = None
        self._options = ort.RunOptions()

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """One batch in, all outputs out."""
        try:
            given = {self._input: x[0] if self._bare else x}
            if self._beside:
                height, width = self.picture or (x.shape[1:3] if x.shape[-1] in (1, 3) else x.shape[2:])
                given |= side_values(self._beside, height, width)
            outputs: list[NDArray[Any]] = self._session.run(None, given, self._options)
        except Exception as error:   # ONNX Runtime's exceptions share no other base
            raise BackendError(
                f"ONNX Runtime cannot run the network: {_reason(error)}.",
                "Compare the card's size, layout and type with the model's input.",
            ) from error
        if not all(isinstance(output, np.ndarray) and output.dtype.kind in "fiub" for output in outputs):
            raise BackendError(
                "The network answers with something else than numbers.", "Choose the output before that, as a tensor."
            )
        return outputs

    def account(self) -> Path:
        """The file of what every node took, as the Trace Event Format has it; only with `notes`, and once."""
        return Path(self._session.end_profiling())

    def stop(self) -> None:
        """End a run under way."""
        self._options.terminate = True

    def tune(self, engine: Engine) -> bool:
        """A session has the threads that it was opened with."""
        return False


def load(path: Path, engine: Engine) -> OrtBackend:
    """Open an ONNX file."""
    return OrtBackend(path, engine)


def side_values(inputs: Iterable[Any], height: int, width: int) -> dict[str, NDArray[Any]]:
    """What the inputs beside a picture of this size are filled with, by their names; `inputs` are a session's."""
    return {
        given.name: SIDE_INPUTS[given.name](height, width).astype(TYPES.get(given.type, "float32"))
        for given in inputs if given.name in SIDE_INPUTS
    }  # fmt: skip


def session_options(engine: Engine) -> Any:
    """Options with the threads of `engine`, and how they wait.

    Within a run a thread that has nothing to do looks for work for SPIN_US before it sleeps; after a run it sleeps at
    once, or lingers. The keys are those of onnxruntime_session_options_config_keys.h.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = engine.threads
    spin_us = round(engine.linger_ms * 1e3) or SPIN_US
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(spin_us))
    if not engine.linger_ms:
        options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def assigned(session: Any) -> dict[str, int]:
    """How many nodes of the network each provider has really taken, the one with most first.

    Not what is registered: a provider that takes no node is registered all the same.
    """
    nodes: Counter[str] = Counter()
    with suppress(Exception):   # a build without this account; its exceptions share no base
        for part in session.get_provider_graph_assignment_info():
            nodes[_short(part.ep_name)] += len(part.get_nodes())
    if not nodes:
        return {_short(session.get_providers()[0]): 0}
    return dict(nodes.most_common())


def told(wanted: str, nodes: Mapping[str, int]) -> str:
    """A sentence where the network does not run on the provider `wanted` alone; "" where it does."""
    if set(nodes) == {wanted}:
        return ""
    if wanted not in nodes:
        return f"{wanted} was chosen, but the network runs on {' and '.join(nodes)}."
    rest = " and ".join(name for name in nodes if name != wanted)
    return f"{wanted} runs {nodes[wanted]} of {sum(nodes.values())} nodes of the network, {rest} the others."


def _open(path: Path, options: Any, wanted: list[str], taps: Sequence[str]) -> Any:
    """A session on the wanted providers, or on the CPU when the first of them cannot be had."""
    source: str | bytes = str(path)
    if taps:
        model = read_model(path)
        if external_files(model):
            raise BackendError(f"{path.name} has its weights in other files.", "Add it, which takes them into one.")
        add_outputs(model, taps)
        source = model.SerializeToString()
    try:
        str(path).encode()
    except UnicodeEncodeError:   # a name that is no text, which Linux takes and ONNX Runtime does not
        source = path.read_bytes()
    try:
        try:
            # Without its own fall-back, which prints to the terminal.
            return ort.InferenceSession(source, options, providers=wanted, enable_fallback=0)
        except Exception:   # ONNX Runtime's exceptions share no other base
            if wanted == [CPU]:
                raise
            return ort.InferenceSession(source, options, providers=[CPU], enable_fallback=0)   # said in `warning`
    except Exception as error:   # as above
        raise _refusal(path.name, error) from error


def _wanted(provider: str) -> list[str]:
    """The providers to ask for: the chosen one, then the CPU for what it cannot do."""
    if not provider:
        return [CPU]
    names = {name.lower(): name for name in providers()}
    chosen = names.get(_short(provider).lower())
    if chosen is None:
        raise BackendError(
            f"ONNX Runtime has no provider {provider!r} here.", f"Available: {', '.join(names.values())}."
        )
    return list(dict.fromkeys([f"{chosen}{SUFFIX}", CPU]))


def _short(provider: str) -> str:
    return provider.removesuffix(SUFFIX)


# What ONNX Runtime says of a whole file that it cannot run, and what it means.
NEWER = "Update Lineup's ONNX Runtime, or export it with an older opset."
FOREIGN = re.compile(r"No Op registered for (\S+)|(\S+)\(-?\d*\) is not a registered function/op")
PLUG_INS = {"EfficientNMS_TRT": "TensorRT", "BatchedNMS_TRT": "TensorRT", "BatchedNMSDynamic_TRT": "TensorRT",
            "TRTBatchedNMS": "MMDeploy", "MMCVRoIAlign": "MMDeploy"}   # fmt: skip


def _refusal(name: str, error: Exception) -> BackendError:
    """Why a session cannot be opened: a file that is too new, an operator from elsewhere, or what ONNX Runtime says."""
    text, here = str(error), f"ONNX Runtime {ort.__version__}, which is used here,"
    if found := re.search(r"Unsupported model IR version: (\d+), max supported IR version: (\d+)", text):
        said = f"{name} is written in IR version {found[1]} of ONNX; {here} reads versions up to {found[2]}"
        return BackendError(f"{said}: the file needs a newer ONNX Runtime.", NEWER)
    if found := re.search(r"(?i)opset (\d+) is under development.*?till opset (\d+)", text, re.DOTALL):
        said = f"{name} uses opset {found[1]} of ONNX; {here} knows opsets up to {found[2]}"
        return BackendError(f"{said}: the file needs a newer ONNX Runtime.", NEWER)
    if found := FOREIGN.search(text):
        operator = (found[1] or found[2]).rpartition(":")[2]
        domain = (found[1] or found[2]).rpartition(":")[0].strip(":")
        owner = PLUG_INS.get(operator, "TensorRT" if operator.endswith("_TRT") else "")
        whose = f", a {owner} plug-in" if owner else f" of {domain}" if domain not in ("", "ai.onnx") else ""
        return BackendError(
            f"{name} contains the operator {operator}{whose}, which ONNX Runtime does not know.",
            "Export it without that.",
        )
    return BackendError(f"ONNX Runtime cannot open {name}: {_reason(error)}.", AGAIN if _is_no_model(error) else ELSE)


ELSE = "Export it again, or choose another file."


def _is_no_model(error: Exception) -> bool:
    return "INVALID_PROTOBUF" in str(error) or "Protobuf parsing failed" in str(error)


def _reason(error: Exception) -> str:
    """The first line of ONNX Runtime's account, without its codes, the path and its own functions."""
    text = next(iter(str(error).strip().splitlines()), "it does not say why")
    if _is_no_model(error):
        return "it is no ONNX model, or only a part of one"
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    text = re.sub(r"^Load model from .*? failed:", "", text)
    text = re.sub(r"/\S*?\.(?:cc|h):\d+ .*?\)(?: const)? (?=[A-Z\[])", "", text)   # of the source and its function
    return text.strip().rstrip(".")
