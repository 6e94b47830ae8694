"""ONNX Runtime. Loads with every graph optimisation: that is what pays (1.2 to 3 times)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
SIDES = "image_shape"
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

    def __init__(self, path: Path, engine: Engine) -> None:
        options = session_options(engine)
        self.threads = engine.threads
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        wanted = _wanted(engine.provider)
        check_file(path)
        self._session = _open(path, options, wanted, engine.taps)
        nodes = assigned(self._session)
        self.provider = " + ".join(nodes)
        self.warning = told(_short(wanted[0]), nodes)
        inputs = self._session.get_inputs()
        if not inputs:
            raise BackendError(f"{path.name} has no input.", "Choose a model that takes a picture.")
        self.input_shape: tuple[int | str | None, ...] = tuple(inputs[0].shape)
        self._input = inputs[0].name
        self._bare = len(self.input_shape) == 3   # a picture without the axis of a batch: Faster R-CNN
        # A second input with the sides of the picture: YOLOv3 of the model zoo, which gives its boxes in these px.
        self._sides = next((i.name for i in inputs[1:] if i.name == SIDES and list(i.shape)[-1:] == [2]), "")
        self._options = ort.RunOptions()

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """One batch in, all outputs out."""
        try:
            given = {self._input: x[0] if self._bare else x}
            if self._sides:
                given[self._sides] = np.array([x.shape[2:]], np.float32)
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

    def stop(self) -> None:
        """End a run under way."""
        self._options.terminate = True

    def tune(self, engine: Engine) -> bool:
        """A session has the threads that it was opened with."""
        return False


def load(path: Path, engine: Engine) -> OrtBackend:
    """Open an ONNX file."""
    return OrtBackend(path, engine)


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
        raise BackendError(f"ONNX Runtime cannot open {path.name}: {_reason(error)}.", AGAIN) from error


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


def _reason(error: Exception) -> str:
    """The first line of ONNX Runtime's account, without its codes and the path."""
    text = next(iter(str(error).strip().splitlines()), "it does not say why")
    if "INVALID_PROTOBUF" in text:
        return "it is no ONNX model, or only a part of one"
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    return re.sub(r"^Load model from .*? failed:", "", text).strip().rstrip(".")
