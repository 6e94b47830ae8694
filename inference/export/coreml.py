"""A network of the lab as a Core ML package, with the proof that it is the same one, in a folder of its own.

The folder holds the packages, `report.html` and `report.json`, the pictures that were compared as the network sees
them, what it must answer, and `verify_on_mac.py`, which asks Core ML itself.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from inference.errors import ExportFailed
from inference.export.naming import swift_name, unique
from inference.export.settings import ExportSettings
from inference.made_folder import making
from inference.own_process import in_own_process
from models.card import ModelCard
from models.catalog import read_labels
from models.progress import Report

if TYPE_CHECKING:
    from inference.export.coreml_check import Outcome

SECONDS = 3600             # that a stage may take
MEMORY_SHARE = 0.85        # of the machine's memory that it may take


@dataclass(frozen=True, slots=True)
class Order:
    """One export, as its processes are told it."""

    card: ModelCard
    network: Path                  # the ONNX file
    work: Path                     # the folder in the making
    settings: ExportSettings
    name: str                      # of the packages: a Swift identifier
    labels: tuple[str, ...]        # unique
    pictures: tuple[Path, ...]     # to compare on
    version: str                   # of Lineup

    def package(self, precision: str) -> Path:
        """Where the package of a precision lies."""
        many = len(self.settings.precisions) > 1
        return self.work / f"{self.name}{f'_{precision}' if many else ''}.{self.settings.format}"

    @property
    def hidden(self) -> Path:
        """Where things lie that are needed only while it is made."""
        return self.work / ".making"

    @property
    def prepared(self) -> Path:
        """The prepared network."""
        return self.hidden / "prepared.onnx"

    @property
    def exact(self) -> Path:
        """The package at fp32 that the structure is compared on."""
        if "fp32" in self.settings.precisions:
            return self.package("fp32")
        return self.hidden / f"exact.{self.settings.format}"


def export(
    card: ModelCard, network: Path, out: Path, settings: ExportSettings, pictures: Sequence[Path], *, replace: bool,
    version: str, report: Report, cancelled: Event,
) -> "Outcome":  # fmt: skip
    """Write the network into a folder of `out` that is called as the card, and prove it.

    Args:
        card: of the network.
        network: its ONNX file.
        out: the folder to write into; made if it is not there.
        settings: precisions, target, format.
        pictures: real pictures to compare on.
        replace: whether a folder that is there already goes.
        version: of Lineup, for the report.
        report: called with a sentence and a fraction 0..1 or None.
        cancelled: set by somebody who wants it to end.

    Raises:
        ExportFailed: it cannot be converted, or is not the same network; a folder of that name is there; no room.
        Cancelled: `cancelled` was set.
    """
    settings.check()
    with making(out, card.name, network.stat().st_size, replace=replace) as work:
        order = ordered(card, network, work, settings, pictures, version)
        return make(order, report, cancelled)


def ordered(
    card: ModelCard, network: Path, work: Path, settings: ExportSettings, pictures: Sequence[Path], version: str,
    name: str = "",
) -> Order:  # fmt: skip
    """The order for one network; the packages are called `name`, or as the card's title."""
    return Order(
        card, network.resolve(), work.resolve(), settings, name or swift_name(card.title), unique(read_labels(card)),
        tuple(path.resolve() for path in pictures), version,
    )  # fmt: skip


def make(order: Order, report: Report, cancelled: Event) -> "Outcome":
    """Both stages, into the order's folder.

    Raises:
        ExportFailed: it cannot be converted, or is not the same network.
        Cancelled: `cancelled` was set.
        OSError: the folder cannot be written.
    """
    order.hidden.mkdir(parents=True)
    _stage(order, "convert", f"converting {order.card.title}", report, cancelled)
    outcome: Outcome = _stage(order, "check", f"comparing {order.card.title}", report, cancelled)
    shutil.rmtree(order.hidden)
    return outcome


def _stage(order: Order, what: str, words: str, report: Report, cancelled: Event) -> "Outcome":
    """One stage in a process of its own; its memory is given back at the end."""
    import psutil

    stages: dict[str, Callable[..., object]] = {"convert": _convert, "check": _check}
    memory = int(psutil.virtual_memory().total * MEMORY_SHARE)
    return in_own_process(   # type: ignore[return-value]
        partial(stages[what], order), what=words, seconds=SECONDS, memory=memory, report=report, cancelled=cancelled
    )


def _convert(order: Order, report: Report) -> None:
    from inference.export.coreml_convert import convert

    with _temporary(order.hidden):
        convert(order, report)


def _check(order: Order, report: Report) -> "Outcome":
    from inference.export.coreml_check import check

    with _temporary(order.hidden):
        return check(order, report)


@contextmanager
def _temporary(folder: Path) -> Iterator[None]:
    """Temporary files go into the folder in the making: whatever ends the process, they go with it."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def check_library() -> None:
    """Whether packages can be written here; nothing is imported.

    Raises:
        ExportFailed: coremltools is not installed, or does not exist for this system.
    """
    from importlib.util import find_spec

    missing = [name for name in ("coremltools", "onnx2coreml") if find_spec(name) is None]
    if not missing:
        return
    if sys.platform == "win32" or sys.version_info >= (3, 14):
        raise ExportFailed(
            "Core ML packages are written by coremltools, which exists on Linux and macOS with Python 3.11 to 3.13.",
            "Export on such a system; everything else works here.",
        )
    raise ExportFailed(
        f"Core ML packages are written by {' and '.join(missing)}, which is not installed.",
        "pip install -r requirements.txt",
    )
