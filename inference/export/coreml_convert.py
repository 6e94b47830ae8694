"""The first stage of a Core ML export: the network prepared, and every package written. In a process of its own."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from inference.export.coreml_write import Job, write
from inference.export.prepare import prepare
from inference.export.rounding import eight_bits, half, round_weights
from models.card import ModelCard
from models.progress import Report

if TYPE_CHECKING:
    from inference.export.coreml import Order

NOTES = "notes.json"   # beside the prepared network: what the second stage must know


def convert(order: "Order", report: Report) -> None:
    """Write every package of the order, and one at fp32 if none was asked for.

    Raises:
        ExportFailed: the network cannot be converted.
    """
    card, settings = order.card, order.settings
    report(f"Preparing {card.title}", None)
    prepared = prepare(card, order.network, len(order.labels))
    onnx.save(prepared.model, str(order.prepared))
    notes = {"heads": prepared.heads, "cut": prepared.cut and asdict(prepared.cut)}
    (order.hidden / NOTES).write_text(json.dumps(notes), encoding="utf-8")
    targets = {precision: order.package(precision) for precision in settings.precisions}
    targets.setdefault("fp32", order.exact)
    for i, (precision, target) in enumerate(targets.items()):
        report(f"Writing {card.title} in {precision}", i / len(targets))
        write(Job(
            _rounded(order.prepared, precision), target, card.input.order, order.labels, card.task == "classify",
            precision, settings.target, settings.format, settings.nms == "pipeline" and card.task == "detect",
            described(card, order.version), metadata(card),
        ))  # fmt: skip


def _rounded(prepared: Path, precision: str) -> Path:
    """The network with its weights rounded as well as they can be; palettes round theirs themselves."""
    how = {"fp16": half, "int8": eight_bits}.get(precision)
    if how is None:
        return prepared
    model = onnx.load(str(prepared))
    round_weights(model, how)
    path = prepared.with_name(f"{precision}.onnx")
    onnx.save(model, str(path))
    return path


def described(card: ModelCard, version: str) -> dict[str, str]:
    """What Xcode shows above the network."""
    about = f"{card.title}. {card.about}".strip()
    return {
        "author": card.source or "unknown",
        "license": card.licence or "not stated",
        "short_description": f"{about} Exported by Lineup {version}.",
        "version": version,
    }


def metadata(card: ModelCard) -> dict[str, str]:
    """What else a program can read of it."""
    found = {"source": card.source, "sha256": card.weights_sha256, "card": card.name, "fit": card.input.fit}
    if card.input.share != 1:
        found["share"] = f"{card.input.share:g}"
    if card.paper:
        found["paper"] = card.paper
    if card.task == "classify":
        found["com.apple.coreml.model.preview.type"] = "imageClassifier"
    return found
