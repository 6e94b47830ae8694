"""Where in the picture something was found: boxes that are kept, in px of the picture, and what is written there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.data import Classification, Detections
from inference.decode.boxes import Candidates
from inference.preprocess import Placement

Floats = NDArray[np.float32]


def detections_of(
    kept: Candidates, placement: Placement | None, picture: tuple[int, int], labels: Sequence[str],
    options: Mapping[str, Any],
) -> Detections:  # fmt: skip
    """What was found in a picture of (height, width) px.

    Args:
        kept: after suppression, best first.
        placement: where the picture lies in the network's input; None: the boxes are in px of the picture already.
        picture: its sides.
        labels: of the network.
        options: of its card: `points` and `angle` say what goes with the boxes.
    """
    height, width = picture
    boxes = placement.to_frame(kept.boxes) if placement else kept.boxes.copy()
    if not options.get("angle"):   # a turned box may reach beyond the picture
        np.clip(boxes, 0, (width, height, width, height), out=boxes)
    indices = tuple(int(i) for i in kept.classes)
    names = tuple(labels[i] for i in indices)
    if kept.extra is None:
        return Detections(boxes, kept.scores, names, indices)
    if shape := options.get("points"):
        return Detections(boxes, kept.scores, names, indices, _points(kept.extra, shape, placement))
    return Detections(boxes, kept.scores, names, indices, None, kept.extra[:, 0])


def _points(extra: Floats, shape: Sequence[int], placement: Placement | None) -> Floats:
    """(n, points * numbers) as (n, points, 3): x y in px of the picture, and how sure, 0..1; 1 where nobody says."""
    rows = extra.reshape(len(extra), int(shape[0]), int(shape[1]))
    places = rows[..., :2]
    if placement:
        twice = placement.to_frame(np.tile(places.reshape(-1, 2), 2))   # as boxes without sides
        places = twice[:, :2].reshape(*rows.shape[:2], 2)
    sure = np.clip(rows[..., 2:3], 0, 1) if rows.shape[2] > 2 else np.ones_like(rows[..., :1])
    return np.concatenate([places, sure], axis=2).astype(np.float32)


def written_at(said: Classification, placement: Placement) -> Classification:
    """The labels, with the place in the picture where what they name was found, if it was looked for."""
    if not placement.sought or not said.labels:
        return said
    box = np.array([placement.crop], np.float32)
    return replace(said, found=Detections(box, said.scores[:1], said.labels[:1], said.indices[:1]))


def nothing_written(labels: Sequence[str]) -> Classification:
    """What a network says that looks for writing, and finds none; `labels` tell whether it looks for digits."""
    what = "digit" if all(label.isdecimal() for label in labels) else "writing"
    return Classification((), np.empty(0, np.float32), nothing=f"no {what} in sight")
