"""Answers as plain values, for JSON: one form for every report and recording."""

from collections.abc import Mapping
from typing import Any

from inference.backends import Form
from inference.data import Ask, Classification, Detections, Timing


def prediction_values(prediction: Classification | Detections) -> dict[str, Any]:
    """Labels and scores, and boxes (x1 y1 x2 y2, px of the picture) of a detector, as plain values."""
    values: dict[str, Any] = {
        "labels": list(prediction.labels),
        "scores": [round(float(score), 6) for score in prediction.scores],
    }
    if isinstance(prediction, Classification):
        if prediction.nothing:
            values["nothing"] = prediction.nothing
        elif prediction.found is not None:   # x1 y1 x2 y2, px of the picture: where it was written
            values["place"] = [round(float(edge), 2) for edge in prediction.found.boxes[0]]
    else:
        values["boxes"] = [[round(float(edge), 2) for edge in box] for box in prediction.boxes]
        if prediction.points is not None:   # x y in px of the picture, and how sure
            values["points"] = [
                [[round(float(x), 2), round(float(y), 2), round(float(sure), 4)] for x, y, sure in of_one]
                for of_one in prediction.points
            ]
        if prediction.angles is not None:   # radians clockwise about the middle of the box
            values["angles"] = [round(float(angle), 4) for angle in prediction.angles]
    return values


def timing_values(timing: Timing, *names: str) -> dict[str, float]:
    """These times of an answer, ms: fields of Timing, or `latency` and `cpu`, which are sums."""
    return {name: round(float(getattr(timing, name)), 3) for name in names}


def ask_values(ask: Ask) -> dict[str, Any]:
    """What was wanted of the answers."""
    return {"topk": ask.topk, "conf": ask.confidence, "iou": ask.iou}


def form_values(form: Form | None) -> dict[str, Any] | None:
    """What a backend runs in the place of a card's file, and how it compares with that, as plain values."""
    if form is None:
        return None
    return {
        "precision": form.precision, "bytes": form.bytes, "relative": form.relative, "agreeing": form.agreeing,
        "compared": form.compared,
    }  # fmt: skip


def engine_text(backend: str, form: Mapping[str, Any] | None) -> str:
    """A backend, and the precision of its own form where it has one: as `--models` takes it behind the @."""
    return f"{backend}/{form['precision']}" if form else backend
