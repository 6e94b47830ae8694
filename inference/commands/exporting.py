"""Every network of a list exported, with words on the terminal."""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from inference.errors import LabError, SourceError
from inference.export.coreml import check_library
from inference.export.run import MOST_PICTURES, export_group
from inference.export.settings import EXPERIMENTAL, ExportSettings
from inference.export.xcode import APP
from inference.picture_files import pictures_in, read_picture
from inference.places import REELS, reel_of
from inference.terminal import ProgressLine, complain, say, table
from models.card import ModelCard
from models.store import Store


def export_all(
    cards: Sequence[ModelCard], store: Store, out: Path, settings: ExportSettings, pictures: Path | None,
    cancelled: Event, *, replace: bool, quiet: bool, app: bool = False,
) -> tuple[list[dict[str, Any]], bool]:  # fmt: skip
    """Export every card; trouble is said on stderr and the rest goes on.

    Args:
        cards: the networks.
        store: where their files lie.
        out: the folder to write into.
        settings: precisions, target, format.
        pictures: a folder of pictures to compare on; without one the reel of what they read.
        cancelled: set by somebody who wants it to end.
        replace: whether folders that are there already go.
        quiet: no tables on stdout, because a report goes there.
        app: all of them in one Xcode project, instead of a folder of packages each.

    Returns:
        The reports as plain values, and whether everything went well.
    """
    settings.check()
    check_library()
    values: list[dict[str, Any]] = []
    good = True
    for group in [list(cards)] if app else [[card] for card in cards]:
        progress = ProgressLine()
        try:
            compared = _readable(pictures or REELS[reel_of(group)])
            done = export_group(
                group, store, out, settings, compared, replace=replace, app=app, report=progress, cancelled=cancelled
            )
        except LabError as error:
            progress.clear()
            complain(error)
            good = False
            continue
        progress.clear()
        for path in done.reports:
            report = json.loads(path.read_text(encoding="utf-8"))
            values.append({**report, "folder": str(done.folder)})
            if not quiet:
                say(text_of(report, path.with_suffix(".html")) + "\n")
        if app and not quiet:
            say(f"Open {done.folder / f'{APP}.xcodeproj'} in Xcode; {done.folder / 'README.md'} says what to press.")
    return values, good


def _readable(folder: Path) -> list[Path]:
    """The pictures of a folder; one that cannot be read is said and left out.

    Raises:
        SourceError: there is none, or there are too many.
    """
    found = pictures_in(folder)
    if len(found) > MOST_PICTURES:
        raise SourceError(f"The folder {folder} holds {len(found)} pictures.", f"{MOST_PICTURES} are enough.")
    good = []
    for path in found:
        try:
            read_picture(path)
            good.append(path)
        except SourceError as error:
            complain(error)
    if not good:
        raise SourceError(f"The folder {folder} holds no pictures.", "Choose another with --pictures.")
    return good


def text_of(report: dict[str, Any], page: Path) -> str:
    """A report as a table for people; `page` is where more is said."""
    boxes = report["task"] == "detect"
    head = ["PACKAGE", "WEIGHTS", "MB", "OF FP32", "RAW VALUES", "IN HALF", "SAME ANSWERS", "SCORES"]
    rows = [[*head, *(["EDGES px"] if boxes else [])]]
    for package in report["packages"]:
        weights = package["precision"] + (" (experimental)" if package["precision"] in EXPERIMENTAL else "")
        rows.append([
            package["file"], weights, f"{package['bytes'] / 1e6:.2f}", f"{package['bytes'] / report['fp32_bytes']:.2f}",
            f"{package['relative']:.1e}",
            "" if package["relative_in_half"] is None else f"{package['relative_in_half']:.1e}",
            f"{package['agreeing']} of {package['compared']}", f"{package['score']:.4f}",
            *([f"{package['box_px']:.2f}"] if boxes else []),
        ])  # fmt: skip
    structure = report["structure"]["relative"]
    lines = [
        f"{report['title']} is the same network as Core ML: "
        f"at fp32 its raw values differ by {structure:.1e} of the largest.",
        table(rows, right=(2, 3, 4, 5, 6, 7, 8)),
    ]
    if report["left_out"]:
        lines.append(f"Left out, as half precision cannot hold its values: {', '.join(report['left_out'])}.")
    return "\n".join([*lines, str(page)])
