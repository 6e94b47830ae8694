"""The verb `export`: every network of a list, with words on the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from inference.backends import NATIVE, backends
from inference.errors import ExportFailed
from inference.export.coreml import export
from inference.export.ios import export_app
from inference.export.settings import ExportSettings
from inference.intake.provide import ready
from inference.machine import version
from models.card import ModelCard
from models.catalog import config_folder
from models.licence import accepted, refusal
from models.progress import Report
from models.store import Store
from models.user_cards import is_own

MOST_PICTURES = 200   # to compare on


@dataclass(frozen=True, slots=True)
class Done:
    """What an export has written."""

    folder: Path
    reports: tuple[Path, ...]   # report.json of each network; a page of the same name with .html lies beside it


def export_group(
    group: Sequence[ModelCard], store: Store, out: Path, settings: ExportSettings, pictures: Sequence[Path], *,
    replace: bool, app: bool, report: Report, cancelled: Event,
) -> Done:  # fmt: skip
    """Export the networks of one folder: all of an Xcode project, or the one of a folder of packages.

    Args:
        group: one network, or those of an app.
        store: where their files lie.
        out: the folder to write into.
        settings: precisions, target, format.
        pictures: to compare on.
        replace: whether a folder that is there already goes.
        app: an Xcode project.
        report: called with a sentence and a fraction 0..1 or None.
        cancelled: set by somebody who wants it to end.

    Raises:
        LabError: a network is not here, cannot be converted, or is not the same.
        Cancelled: `cancelled` was set.
    """
    found = [(card, network_of(card, store, report, cancelled)) for card in group]
    more: dict[str, Any] = {"replace": replace, "version": version(), "report": report, "cancelled": cancelled}
    if app:
        folder = export_app(found, out, settings, pictures, **more)
        return Done(folder, tuple(folder / "reports" / f"{card.name}.json" for card in group))
    export(*found[0], out, settings, pictures, **more)
    folder = out / group[0].name
    return Done(folder, (folder / "report.json",))


def network_of(card: ModelCard, store: Store, report: Report, cancelled: Event) -> Path:
    """The ONNX file of a card that may be exported.

    Raises:
        LabError: its licence was not accepted; its file cannot be had; it is no ONNX.
        Cancelled: `cancelled` was set.
    """
    if not (accepted(card, config_folder()) or is_own(card)):
        raise refusal(card)
    if card.format in NATIVE:
        raise ExportFailed(
            f"{card.title} is run by {backends()[NATIVE[card.format]].title} as it is; it cannot be exported.",
            "Convert it to ONNX first.",
        )
    return ready(card, store, report, cancelled)
