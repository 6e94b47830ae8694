"""What a backend is, and which there are."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from inference.errors import BackendError
from models.card import ModelCard
from models.catalog import suggest

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Engine:
    """How a backend shall run a network."""

    threads: int = 1
    linger_ms: float = 0.0     # so long idle threads may wait busily for the next run; 0: they sleep at a run's end
    provider: str = ""         # "": the backend's first choice
    precision: str = ""        # of the weights, where the backend has a form of its own; "": its first choice
    taps: tuple[str, ...] = ()   # inner values of an ONNX graph that `run` gives behind the outputs


class Backend(Protocol):
    """A loaded network. Made, used and dropped on one thread; only `stop` may be called from others.

    One that can do as `Engine.linger_ms` says has an attribute `lingers` that is true.
    """

    input_shape: tuple[int | str | None, ...]   # as the model declares it

    @property
    def provider(self) -> str:
        """Where it really runs, in the engine's words."""
        ...

    @property
    def threads(self) -> int:
        """How many threads it really computes with; 0 where the engine does not tell."""
        ...

    @property
    def warning(self) -> str:
        """One sentence when either is not what was asked for."""
        ...

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """One batch in, the outputs in the order of the graph out, then the `Engine.taps`.

        Raises:
            BackendError: the network cannot run on this input.
        """
        ...

    def stop(self) -> None:
        """Make a run under way end soon, if the engine can."""
        ...

    def tune(self, engine: Engine) -> bool:
        """Compute with other threads from now on; on the thread that runs it, between two runs.

        False where that takes opening the file anew, or where a backend has no such method.
        """
        ...


OWN = "own"   # the precision of a form that the card's files are already


class BackendInfo(NamedTuple):
    """What is known of a backend before importing it.

    The module has `load(path, engine) -> Backend` and `providers() -> list[str]`; and TAPS, true, where it knows
    `Engine.taps`.
    """

    title: str
    module: str
    install: str
    fragile: bool = False   # a damaged file can crash it: models that the user brought are tried apart first
    # Where it does not run a card's file but a form that is made of it: the precisions of that form, the usual one
    # first; the module that makes it, with `formed(card, network, files, cache, precision, report, cancelled) -> Form`;
    # and the format of cards whose files are such a form already: they can be run as they are (OWN).
    precisions: tuple[str, ...] = ()
    forms: str = ""
    format: str = ""
    only: str = ""       # the one format that it reads; "": ONNX, and what NATIVE gives it
    extra: bool = False  # not among the requirements: who has no such files does without

    def precisions_of(self, card: ModelCard) -> tuple[str, ...]:
        """What can be chosen for a card, the usual one first; nothing where it runs the card's file."""
        return (OWN, *self.precisions) if self.precisions and card.format == self.format else self.precisions


# Imported only when chosen. Others add theirs through the entry-point group "lineup.backends":
# the name of the entry is the backend's, its value the module.
BACKENDS = {
    "onnxruntime": BackendInfo("ONNX Runtime", "inference.backends.ort", "pip install onnxruntime"),
    "opencv": BackendInfo("OpenCV DNN", "inference.backends.opencv", "pip install opencv-python-headless", True),
    "litert": BackendInfo(
        "LiteRT", "inference.backends.litert", "pip install ai-edge-litert", True, only="tflite", extra=True
    ),
    "coreml": BackendInfo(
        "Core ML" if sys.platform == "darwin" else "Core ML (reference)", "inference.backends.coreml",
        "pip install -r requirements.txt", precisions=("fp16", "fp32", "int8", "palette6", "palette4"),
        forms="inference.export.lane_form", format="coreml",
    ),
    "steps": BackendInfo(
        "ONNX Runtime steps", "inference.backends.steps", "pip install onnxruntime",
        precisions=("raw", "folded", "bn", "fused", "fp16", "int8"), forms="inference.lab.steps.form",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """What a backend runs in the place of a card's file, and how it compares with that."""

    card: ModelCard     # how this form is fed and read
    path: Path
    precision: str      # of the weights
    bytes: int
    relative: float     # largest difference of a raw value, by the largest raw value
    agreeing: int       # of so many pictures with the same answer as the original's
    compared: int       # 0: it is the original
    of_bytes: bool = True   # whether it is given the picture's bytes; else what the card says


# The formats that no importer turns into ONNX: the one backend that runs them as they are.
NATIVE = {"tensorflow": "opencv", "caffe-opencv": "opencv", "darknet-opencv": "opencv", "tflite": "litert"}
# The formats whose only file is what a backend opens: nothing is made of it.
DIRECT = frozenset({"onnx", "tflite"})


def can_run(name: str, card: ModelCard) -> bool:
    """Whether this backend reads what the card's files are, or are made into."""
    info = backends().get(name)
    return info is not None and (card.format == info.only if info.only else NATIVE.get(card.format, name) == name)


def usual_backend(card: ModelCard) -> str:
    """The backend that runs this model when nobody names one."""
    return NATIVE.get(card.format, "onnxruntime")


@cache
def backends() -> dict[str, BackendInfo]:
    """The table, with what other packages add."""
    from importlib.metadata import entry_points  # 20 ms that the start of the window should not cost

    found = {
        entry.name: BackendInfo(
            entry.name, entry.value, f"pip install {entry.dist.name if entry.dist else entry.value}"
        )
        for entry in entry_points(group="lineup.backends")
    }
    return found | BACKENDS


def backend_module(name: str) -> Any:
    """The module of a backend.

    Raises:
        BackendError: there is no such backend, or it is not installed.
    """
    known = backends()
    if name not in known:
        raise BackendError(f"There is no backend called {name!r}.", suggest(name, known))
    try:
        return import_module(known[name].module)
    except ImportError as error:
        raise BackendError(f"{known[name].title} is not available: {error}.", known[name].install) from error


def load_backend(name: str, path: Path, engine: Engine) -> Backend:
    """Open the model at `path` with the backend called `name`.

    Raises:
        BackendError: no such backend; the file is not a model that it can run; or it shows no inner values.
    """
    module = backend_module(name)
    if engine.taps and not getattr(module, "TAPS", False):
        raise BackendError(f"{backends()[name].title} shows no inner values.", "Use ONNX Runtime for that.")
    backend: Backend = module.load(path, engine)
    return backend
