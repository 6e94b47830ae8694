"""What the app on the phone must answer: its networks, and what LineupKit makes of pictures and raw outputs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.card import InputSpec

if TYPE_CHECKING:
    from inference.decode.boxes import Candidates
    from inference.export.ios import Made



SIZES = ((1280, 720), (720, 1280), (1920, 1080), (640, 480))   # pictures that are placed, px
BEST = 5                       # labels that the app's tests look for
TESTED = 4                     # of the golden pictures, whose raw outputs LineupKit's tests get
WORTH = 0.1                    # least score of a raw box that they get


def suppression(one: "Made") -> dict[str, Any]:
    """How overlapping boxes go on the phone; Swift's Suppression decodes it."""
    from inference.data import Ask
    from inference.decode.boxes import MAX_BOXES
    from inference.export.parity import overlap_of

    cut = one.outcome.cut
    return {
        "confidence": Ask().confidence, "overlap": cut.iou if cut else overlap_of(one.card),
        "most": cut.most if cut else MAX_BOXES, "everyLabel": cut is not None,
    }  # fmt: skip


def on_phone(spec: InputSpec) -> InputSpec:
    """Every picture is scaled as `predict` does it; halving first is for a computer with nine lanes.

    The phone looks for no ink: what is drawn on its board is centred as MNIST was before, and is the whole picture.
    """
    spec = replace(spec, resample="area") if spec.resample == "pyramid" else spec
    return replace(spec, fit="stretch") if spec.fit == "ink" else spec


def _kept(one: "Made", golden: Any, key: str) -> "Candidates":
    from inference.export.parity import kept_boxes, overlap_of

    boxes, scores = golden[f"{key}/coordinates"], golden[f"{key}/confidence"]
    cut, size = one.outcome.cut, one.card.input.size
    return kept_boxes(boxes, scores, cut, len(one.order.labels), size, overlap_of(one.card))


def answers(one: "Made", folder: Path) -> list[dict[str, Any]]:
    """What the network must answer to each golden picture; boxes in px of the input."""
    from inference.decode.labels import top_k

    golden = np.load(folder / "expected.npz")
    about = json.loads((folder / "expected.json").read_text("utf-8"))
    found = []
    for i, picture in enumerate(about["pictures"], 1):
        key = f"{i:02}"
        if one.card.task == "classify":
            best = top_k(golden[f"{key}/probabilities"].reshape(-1), one.order.labels, BEST)
            answer: dict[str, Any] = {"labels": list(best.indices), "scores": _plain(best.scores), "boxes": []}
        else:
            answer = _boxes(_kept(one, golden, key))
        found.append({"file": picture["file"], **answer})
    return found


def _boxes(kept: "Candidates") -> dict[str, Any]:
    return {
        "labels": [int(v) for v in kept.classes], "scores": _plain(kept.scores),
        "boxes": [_plain(box) for box in kept.boxes],
    }  # fmt: skip


def vectors(one: "Made", folder: Path) -> dict[str, Any]:
    """What LineupKit must make of this network's pictures and raw outputs."""
    from inference.export.vectors import placed, scaled

    card, spec = one.card, on_phone(one.card.input)
    golden = np.load(folder / "expected.npz")
    about = json.loads((folder / "expected.json").read_text("utf-8"))
    return {
        "task": card.task, "inputWidth": spec.size[1], "inputHeight": spec.size[0], "fit": spec.fit,
        "share": spec.share, "count": len(one.order.labels), "suppression": suppression(one),
        "placement": [placed(spec, *size) for size in SIZES],
        "resampling": [scaled(spec, *size) for size in ((320, 240), (96, 180))],
        "answers": [
            _answer(one, spec, golden, f"{i:02}", picture)
            for i, picture in enumerate(about["pictures"][:TESTED], 1)
        ],
    }  # fmt: skip


def _answer(one: "Made", spec: InputSpec, golden: Any, key: str, picture: dict[str, Any]) -> dict[str, Any]:
    """A raw output, and what the lab reads in it; boxes in px of the picture."""
    from inference.decode.labels import top_k
    from inference.export.parity import kept_boxes, overlap_of
    from inference.preprocess import place

    width, height = picture["width"], picture["height"]
    made: dict[str, Any] = {"width": width, "height": height, "coordinates": [], "boxes": []}
    if one.card.task == "classify":
        scores = golden[f"{key}/probabilities"].reshape(-1)
        best = top_k(scores, one.order.labels, len(scores))
        return made | {"scores": _plain(scores), "labels": list(best.indices), "sure": _plain(best.scores)}
    worth = golden[f"{key}/confidence"].max(axis=1) >= WORTH
    boxes, scores = golden[f"{key}/coordinates"][worth], golden[f"{key}/confidence"][worth]
    kept = kept_boxes(boxes, scores, one.outcome.cut, len(one.order.labels), spec.size, overlap_of(one.card))
    at = place((height, width), spec).to_frame(kept.boxes)
    np.clip(at, 0, (width, height, width, height), out=at)
    return made | {
        "coordinates": _plain(boxes), "scores": _plain(scores), "labels": [int(v) for v in kept.classes],
        "sure": _plain(kept.scores), "boxes": [_plain(box) for box in at],
    }  # fmt: skip


def _plain(values: Any) -> list[float]:
    """Numbers of single precision, as short as they can be written."""
    return [float(str(value)) for value in np.asarray(values, np.float32).reshape(-1)]
