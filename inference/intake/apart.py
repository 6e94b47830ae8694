"""Proposing a card in a process of its own. Light to import: that process begins while this one imports the engines."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from inference.own_process import in_own_process

if TYPE_CHECKING:
    from inference.intake.propose import Proposal

SECONDS, PACE = 30, 20e6  # that reading and trying a model may take, and bytes a second more; VGG-19's 575 MB took 6
MEMORY = 1 << 30          # bytes beside what the files themselves may need
COPIES = 6                # of a file's bytes: what onnx, ONNX Runtime and the proposal hold at the same time
MEANWHILE = ("inference.intake.propose", "inference.recogniser", "inference.backends.ort")


def propose_apart(
    files: Sequence[Path], folder: Path, *, name: str = "", labels: Path | None = None,
    size: tuple[int, int] | None = None, cancelled: Event | None = None,
) -> "Proposal":  # fmt: skip
    """As `propose`, in a process of its own: a file that crashes, stalls or bloats an engine harms nothing else.

    Raises:
        LabError: as `propose`; or the engine crashed on the file, took too long, or too much memory.
        Cancelled: `cancelled` was set.
    """
    from inference.intake.own_files import gather  # imports the readers' texts, and no engine

    sources, _ = gather(files)   # says at once what is no model
    held = sum(path.stat().st_size for path in sources)   # bytes
    Thread(target=_import, name="import", daemon=True).start()
    return in_own_process(
        partial(_propose, files, folder, name=name, labels=labels, size=size), what=f"reading {sources[0].name}",
        seconds=SECONDS + held / PACE, memory=MEMORY + COPIES * held, cancelled=cancelled,
    )  # fmt: skip


def _propose(files: Sequence[Path], folder: Path, **more: Any) -> "Proposal":
    from inference.intake.propose import propose

    return propose(files, folder, **more)


def _import() -> None:
    """What is needed next, on the other core. A module that cannot be imported is said by whoever needs it."""
    for module in MEANWHILE:
        try:
            import_module(module)
        except ImportError:
            return
