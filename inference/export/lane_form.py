"""A card as a Core ML package that a lane runs: made once behind the scenes, kept in the cache with its comparison."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import onnx

from inference.backends import Form
from inference.backends.coreml import REBUILT
from inference.errors import ExportFailed
from inference.export.coreml import check_library, make, ordered
from inference.export.folder import making
from inference.export.run import SAMPLES
from inference.export.settings import Settings
from inference.importers import VERSION
from inference.importers.package import read_package, rounded_to_half
from inference.preprocess import as_bytes
from inference.report import version
from inference.sources.pictures import pictures_in
from models.card import ModelCard
from models.progress import Report

TARGET = "iOS16"
NOTES = "form.json"
NEEDED = {"file", "bytes", "relative", "agreeing", "compared", "cut"}


def formed(
    card: ModelCard, network: Path, cache: Path, precision: str, report: Report, cancelled: Event
) -> Form:
    """The package of a card at this precision, as `export` makes it, with what its report says.

    Args:
        card: of the network.
        network: its ONNX file.
        cache: the store's folder.
        precision: of the weights.
        report: called with a sentence and a fraction 0..1 or None.
        cancelled: set by somebody who wants it to end.

    Raises:
        ExportFailed: it cannot be converted, or is not the same network.
        Cancelled: `cancelled` was set.
    """
    folder = cache / "coreml"
    name = _name(card, precision)
    kept = folder / name
    found = _known(kept)
    if not found:
        if card.format == "tensorflow":
            raise ExportFailed(f"{card.title} is a TensorFlow graph, which no Core ML package is made of here.")
        check_library()
        settings = Settings((precision,), TARGET)
        with making(folder, name, network.stat().st_size, replace=True) as work:
            order = ordered(card, network, work, settings, pictures_in(SAMPLES), version())
            outcome = make(order, report, cancelled)
            (variant,) = outcome.variants
            found = {
                "file": variant.file, "bytes": variant.bytes, "relative": variant.plain.relative,
                "agreeing": variant.comparison.agreeing, "compared": len(variant.comparison.real),
                "cut": {"overlap": outcome.cut.iou, "most": outcome.cut.most} if outcome.cut else None,
            }  # fmt: skip
            _rebuild(work / variant.file, work / REBUILT, half=precision != "fp32")
            (work / NOTES).write_text(json.dumps(found), encoding="utf-8")
    return Form(
        form_card(card, precision, found["cut"]), kept / found["file"], precision, found["bytes"], found["relative"],
        found["agreeing"], found["compared"],
    )  # fmt: skip


def _rebuild(package: Path, target: Path, *, half: bool) -> None:
    """What the reference computes: the package as ONNX, its outputs in the package's order."""
    found = read_package(package)
    model = found.model({f"out_{i}": value for i, value in enumerate(found.outputs)})
    onnx.save(rounded_to_half(model) if half else model, str(target))


def _known(kept: Path) -> dict[str, Any]:
    """What is written of a package in the cache; nothing where it is not whole, so that it is made anew."""
    try:
        found: dict[str, Any] = json.loads((kept / NOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = found.keys() >= NEEDED and (kept / found["file"]).exists() and (kept / REBUILT).is_file()
    return found if whole else {}


def form_card(card: ModelCard, precision: str, cut: dict[str, float] | None) -> ModelCard:
    """How a package is fed and read: bytes of the picture in, probabilities or boxes out."""
    classify = card.task == "classify"
    return replace(
        card, input=as_bytes(card.input, card.input.order), precision=precision,
        decoder="probabilities" if classify else "boxes-scores",
        options={"every_label": True, **cut} if cut else {},
    )  # fmt: skip


def _name(card: ModelCard, precision: str) -> str:
    """Changes with everything that the package depends on."""
    parts = [
        [file.sha256.lower() for file in card.files], card.format, str(card.input), card.decoder, card.labels,
        dict(card.options), VERSION, version(),
    ]  # fmt: skip
    key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", card.name).lstrip(".")
    return f"{plain}-{key}-{precision}"
