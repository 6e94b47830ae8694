"""A card as a Core ML package that a lane runs: made once behind the scenes, kept in the cache with its comparison."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import onnx

from inference.backends import NATIVE, OWN, Form, backends
from inference.backends.coreml import REBUILT
from inference.errors import ExportFailed
from inference.export.coreml import check_library, make, ordered
from inference.export.coreml_check import size_of
from inference.export.settings import ExportSettings
from inference.intake.conversions import KEY, file_stem
from inference.intake.importers import VERSION
from inference.intake.importers.coreml import read
from inference.intake.importers.coreml.package import read_package, rounded_to_half
from inference.machine import version
from inference.made_folder import is_unbroken, making, seal
from inference.picture_files import pictures_in
from inference.places import REELS, reel_of
from inference.preprocess import as_bytes
from models.card import ModelCard
from models.hashes import HashIndex
from models.progress import Report

TARGET = "iOS16"
NOTES = "form.json"
NEEDED = {"file", "bytes", "relative", "agreeing", "compared", "cut"}


def formed(
    card: ModelCard, network: Path, files: Sequence[Path], cache: Path, precision: str, report: Report,
    cancelled: Event,
) -> Form:  # fmt: skip
    """The package of a card at this precision, as `export` makes it, with what its report says.

    At the precision OWN it is the package, or `.mlmodel`, that the card's files are.

    Args:
        card: of the network.
        network: its ONNX file.
        files: those of the card, for OWN.
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
    if precision == OWN:
        return _own(card, network, files, kept, HashIndex(cache / "hashes.json"))
    hashes = HashIndex(cache / "hashes.json")
    found = _known(kept) if is_unbroken(kept, hashes) else {}
    if not found:
        if card.format in NATIVE:
            runs = backends()[NATIVE[card.format]].title
            raise ExportFailed(f"{card.title} is run by {runs} as it is; no Core ML package is made of it here.")
        check_library()
        settings = ExportSettings((precision,), TARGET)
        with making(folder, name, network.stat().st_size, replace=True) as work:
            order = ordered(card, network, work, settings, pictures_in(REELS[reel_of([card])]), version())
            outcome = make(order, report, cancelled)
            (variant,) = outcome.variants
            found = {
                "file": variant.file, "bytes": variant.bytes, "relative": variant.plain.relative,
                "agreeing": variant.comparison.agreeing, "compared": len(variant.comparison.real),
                "cut": {"overlap": outcome.cut.iou, "most": outcome.cut.most} if outcome.cut else None,
            }  # fmt: skip
            _rebuild(work / variant.file, work / REBUILT, half=precision != "fp32")
            (work / NOTES).write_text(json.dumps(found), encoding="utf-8")
            seal(work)
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


def _own(card: ModelCard, network: Path, files: Sequence[Path], kept: Path, hashes: HashIndex) -> Form:
    """The card's own files in the shape that Core ML opens; what its decoder reads stays as the card says."""
    parts = dict(zip((Path(file.name).suffix.lower() for file in card.files), files, strict=True))
    model, weights = parts[".mlmodel"], parts.get(".bin")
    found = read(model, weights, card.title)
    package = "Own.mlpackage" if weights or found.half else "Own.mlmodel"
    here = (kept / package).exists() and (kept / REBUILT).is_file()
    if not here or not is_unbroken(kept, hashes):
        with making(kept.parent, kept.name, network.stat().st_size, replace=True) as work:
            if package.endswith(".mlmodel"):
                shutil.copyfile(model, work / package)
            else:
                _package(work / package, model, weights)
            rebuilt = onnx.load(str(network))
            onnx.save(rounded_to_half(rebuilt) if found.half else rebuilt, str(work / REBUILT))
            seal(work)
    spec = as_bytes(card.input, found.image.order)
    own = replace(card, input=spec, precision="fp16" if found.half else card.precision)
    return Form(own, kept / package, OWN, size_of(kept / package), 0.0, 0, 0)


def _package(target: Path, model: Path, weights: Path | None) -> None:
    """A `.mlpackage` of its parts."""
    data = target / "Data" / "com.apple.CoreML"
    (data / "weights").mkdir(parents=True)
    shutil.copyfile(model, data / "model.mlmodel")
    items = {"model.mlmodel": ("com.apple.CoreML/model.mlmodel", "CoreML Model Specification")}
    if weights:
        shutil.copyfile(weights, data / "weights" / "weight.bin")
        items["weights"] = ("com.apple.CoreML/weights", "CoreML Model Weights")
    entries = {
        str(uuid.uuid5(uuid.NAMESPACE_URL, path)): {
            "author": "com.apple.CoreML", "description": about, "name": name, "path": path,
        }
        for name, (path, about) in items.items()
    }  # fmt: skip
    root = next(key for key, item in entries.items() if item["name"] == "model.mlmodel")
    manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": entries, "rootModelIdentifier": root}
    (target / "Manifest.json").write_text(json.dumps(manifest, indent=4), encoding="utf-8")


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
    key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:KEY]
    return f"{file_stem(card)}-{key}-{precision}"
