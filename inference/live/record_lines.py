"""The lines of a recording: what is said of a session and of each answer, and where a picture lies in the video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inference.answers import ask_values, prediction_values, timing_values
from inference.data import Ask, Detections, LaneSpec
from inference.live.record_video import fit


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An answer without its frame: three hundred of those would fill the memory."""

    number: int | None
    at: float     # s since the start, by the wall
    slot: int
    spec: LaneSpec
    provider: str
    result: tuple[str, Any, Any]   # model, prediction, timing
    late: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture is in the videos."""

    video: str
    frame: int
    picture: tuple[int, int]   # (height, width) of the picture, px
    size: tuple[int, int]      # of the video


def about_session(
    mode: str, source: str, mirror: bool, ask: Ask, lanes: Sequence[tuple[int, LaneSpec, str, int]]
) -> dict[str, Any]:
    """What the first line says of a session; `lanes` are slot, spec, provider, threads."""
    return {
        "mode": mode,
        "source": source,
        "mirror": mirror,
        "ask": {**ask_values(ask), "smoothing": ask.smoothing},
        "lanes": [
            {"lane": slot + 1, "model": s.model, "backend": s.backend, "precision": s.precision, "provider": p,
             "threads": threads}
            for slot, s, p, threads in lanes
        ],
    }  # fmt: skip


def line_of(answer: Answer, place: Place | None) -> dict[str, Any]:
    """What is written of an answer; `place` is that of its picture, None where it was dropped."""
    model, prediction, timing = answer.result
    if place and isinstance(prediction, Detections):   # px of the video
        scale, left, top = fit(place.picture, place.size)
        boxes = (prediction.boxes * scale + (left, top, left, top)).astype(np.float32)
        points = prediction.points
        if points is not None:
            points = (points * (scale, scale, 1) + (left, top, 0)).astype(np.float32)
        prediction = replace(prediction, boxes=boxes, points=points)
    return {
        "t": round(answer.at, 4),
        "video": place.video if place else None,
        "frame": place.frame if place else None,
        "lane": answer.slot + 1,   # as its key
        "model": model,
        "backend": answer.spec.backend,
        "precision": answer.spec.precision,
        "provider": answer.provider,
        "late": answer.late,   # nobody waited for it any more
        **prediction_values(prediction),
        "ms": timing_values(timing, "wait", "preprocess", "infer", "postprocess", "cpu"),
    }
