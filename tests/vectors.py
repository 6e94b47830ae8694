"""The vectors of LineupKit: what the lab's own functions, numpy, OpenCV and Pillow say, for Swift to say the same.

    python tests/vectors.py      writes them anew

tests/test_lineup_kit.py holds the file to what is computed here.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from inference.decode.boxes import Candidates, suppress
from inference.decode.labels import softmax, top_k
from inference.decode.rows import boxes_scores
from inference.export.vectors import placed, scaled
from models.card import InputSpec

KIT = Path(__file__).parents[1] / "resources" / "ios_starter" / "LineupKit"
FILE = KIT / "Tests" / "LineupKitTests" / "vectors.json"
PICTURES = ((1280, 720), (720, 1280), (640, 480), (333, 500), (7, 5), (1, 40), (40, 1), (1, 1))
INPUTS = ((224, 224), (416, 416), (28, 28), (320, 192), (299, 299))
SHARES = (1.0, 0.875, 0.8)


def everything() -> dict[str, Any]:
    """All vectors; of the networks none, they come with an export."""
    return {
        "overlap": overlaps(), "suppression": suppressions(), "candidates": raw_outputs(), "placement": placements(),
        "orientation": orientations(), "fill": fills(), "softmax": exponentials(), "top": tops(),
        "percentile": percentiles(), "resampling": resamplings(), "digit": digits(), "networks": [],
    }  # fmt: skip


def overlaps() -> list[dict[str, Any]]:
    """By hand: common area by the area of both."""
    return [
        {"a": a, "b": b, "overlap": value}
        for a, b, value in [
            ([0, 0, 10, 10], [0, 0, 10, 10], 1.0),
            ([0, 0, 10, 10], [5, 0, 15, 10], 1 / 3),
            ([0, 0, 10, 10], [10, 0, 20, 10], 0.0),     # they touch
            ([0, 0, 10, 10], [20, 20, 30, 30], 0.0),
            ([0, 0, 10, 10], [2, 2, 8, 8], 0.36),
            ([5, 5, 5, 5], [5, 5, 5, 5], 0.0),          # no area
            ([0, 0, 0, 10], [0, 0, 10, 10], 0.0),
            ([-5, -5, 5, 5], [0, 0, 5, 5], 0.25),
            ([10, 10, 0, 0], [0, 0, 10, 10], 0.0),      # turned inside out
        ]
    ]


def suppressions() -> list[dict[str, Any]]:
    """What `inference.decode.boxes.suppress` keeps."""
    made, rng = [], np.random.default_rng(1)
    fixed = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [30, 30, 50, 60]], np.float32)
    cases = [
        (np.zeros((0, 4), np.float32), [], [], 0.45, 100),
        (fixed, [0.5, 0.9, 0.5, 0.5], [0, 0, 1, 0], 0.45, 100),
        (fixed, [0.5, 0.5, 0.5, 0.5], [0, 0, 0, 0], 0.45, 100),     # equal scores: the earlier stays
        (fixed, [0.1, 0.2, 0.3, 0.4], [2, 2, 2, 2], 0.45, 2),
        (fixed[[0, 0]], [0.4, 0.6], [0, 0], 1.0, 100),              # nothing overlaps more than wholly
    ]
    for n, most in ((60, 100), (300, 100), (300, 9)):
        corner = rng.uniform(0, 300, (n, 2))
        boxes = np.hstack([corner, corner + rng.uniform(1, 120, (n, 2))]).astype(np.float32)
        cases.append((boxes, rng.uniform(0, 1, n).round(2).tolist(), rng.integers(0, 4, n).tolist(), 0.45, most))
    for boxes, scores, labels, overlap, most in cases:
        given = Candidates(boxes, np.array(scores, np.float32), np.array(labels, np.intp))
        kept = suppress(given, overlap, most)
        at = [_place(given, kept, i) for i in range(len(kept.scores))]
        made.append({"boxes": boxes.tolist(), "scores": scores, "labels": labels, "overlap": overlap, "most": most,
                     "kept": at})  # fmt: skip
    return made


def _place(given: Candidates, kept: Candidates, i: int) -> int:
    """Where a kept box stood; the first of equal ones."""
    same = (given.boxes == kept.boxes[i]).all(axis=1) & (given.scores == kept.scores[i])
    return int(np.flatnonzero(same & (given.classes == kept.classes[i]))[0])


def raw_outputs() -> list[dict[str, Any]]:
    """Coordinates and scores through `inference.decode.rows.boxes_scores`."""
    rng, made = np.random.default_rng(2), []
    for n, labels, (width, height) in ((0, 3, (224, 224)), (40, 5, (416, 416)), (25, 1, (320, 192))):
        boxes = rng.uniform(0, 1, (n, 4)).astype(np.float32)
        scores = (rng.uniform(0, 1, (n, labels)) ** 3).astype(np.float32)
        if n:
            boxes[3, 2] = 3e38        # in px it is without end: left out, whatever its score
            scores[3] = 0.9
            scores[5] = 0.5           # the first of equal labels
        with np.errstate(over="ignore"):
            found = boxes_scores([boxes[None], scores[None]], {"classes": labels}, (height, width), 0.25)
        made.append({"coordinates": boxes.reshape(-1).tolist(), "scores": scores.reshape(-1).tolist(), "labels": labels,
                     "width": width, "height": height, "confidence": 0.25, "boxes": found.boxes.tolist(),
                     "found": found.classes.tolist(), "sure": found.scores.tolist()})  # fmt: skip
    return made


def placements() -> list[dict[str, Any]]:
    """`inference.preprocess.place`, and two boxes on their way back."""
    made = []
    for width, height in PICTURES:
        for across, down in INPUTS:
            for fit in ("crop", "stretch", "letterbox", "letterbox-topleft"):
                for share in SHARES if fit == "crop" else SHARES[:1]:
                    made.append(placed(InputSpec((down, across), fit=fit, share=share), width, height))
    return made


def orientations() -> list[dict[str, Any]]:
    """Where Pillow's `ImageOps.exif_transpose` puts a pixel of a picture of 7 × 5."""
    made, (width, height) = [], (7, 5)
    for number in range(1, 9):
        for x, y in ((1, 0), (5, 3)):
            picture = Image.new("L", (width, height))
            picture.putpixel((x, y), 255)
            exif = picture.getexif()
            exif[0x0112] = number
            picture.info["exif"] = exif.tobytes()
            turned = ImageOps.exif_transpose(picture)
            at = np.argwhere(np.asarray(turned) == 255)[0]
            made.append({"orientation": number, "x": (x + 0.5) / width, "y": (y + 0.5) / height,
                         "uprightX": float(at[1] + 0.5) / turned.width, "uprightY": float(at[0] + 0.5) / turned.height,
                         "turns": turned.width != width})  # fmt: skip
    return made


def fills() -> list[dict[str, Any]]:
    """By hand: the larger of both scales, the middle in the middle."""
    return [
        {"picture": [100, 100], "view": [50, 50], "box": [0, 0, 100, 100], "inView": [0, 0, 50, 50]},
        {"picture": [200, 100], "view": [100, 100], "box": [50, 0, 150, 100], "inView": [0, 0, 100, 100]},
        {"picture": [200, 100], "view": [100, 100], "box": [0, 0, 200, 100], "inView": [-50, 0, 150, 100]},
        {"picture": [720, 1280], "view": [390, 844], "box": [0, 0, 720, 1280], "inView": [-42.375, 0, 432.375, 844]},
        {"picture": [0, 0], "view": [390, 844], "box": [1, 2, 3, 4], "inView": [1, 2, 3, 4]},
    ]


def exponentials() -> list[dict[str, Any]]:
    """The lab's softmax of single precision, and that of the definition."""
    rows = [[0.0], [1.0, 2.0, 3.0], [1000.0, 1000.0], [-1000.0, 0.0], [0.5] * 7]
    return [{"values": row, "shares": softmax([np.array(row, np.float32)], {}).astype(float).tolist()} for row in rows]


def tops() -> list[dict[str, Any]]:
    """`inference.decode.labels.top_k`: of equal scores the last in the list."""
    made = []
    for scores, k in (([], 3), ([0.2, 0.5, 0.3], 2), ([0.5, 0.5, 0.5], 2), ([0.1, 0.9], 5), ([0.1, 0.9], 0)):
        values = np.array(scores, np.float32)
        best = top_k(values, tuple(map(str, range(len(scores)))), k)
        made.append({"scores": scores, "count": k, "labels": list(map(int, best.labels))})
    return made


def percentiles() -> list[dict[str, Any]]:
    """numpy's."""
    rng = np.random.default_rng(3)
    made = []
    for values in ([5.0], [1.0, 2.0], [3.0, 1.0, 2.0, 10.0], rng.uniform(1, 100, 97).tolist()):
        for percent in (0, 5, 50, 95, 99, 100):
            made.append({"values": values, "percent": percent, "value": float(np.percentile(values, percent))})
    return made


def resamplings() -> list[dict[str, Any]]:
    """What OpenCV makes of a picture, under the lab's words."""
    cases = [
        ((60, 40), (24, 24), "crop", "area", "RGB"), ((61, 47), (24, 20), "stretch", "area", "RGB"),
        ((64, 48), (32, 24), "stretch", "area", "BGR"), ((20, 16), (32, 32), "stretch", "area", "RGB"),
        ((61, 20), (24, 24), "stretch", "area", "RGB"), ((33, 21), (40, 40), "letterbox", "antialias", "RGB"),
        ((90, 61), (40, 40), "letterbox", "antialias", "RGB"), ((84, 84), (260, 260), "stretch", "area", "RGB"),
        ((61, 47), (24, 24), "letterbox-topleft", "linear", "RGB"),
        ((20, 33), (24, 24), "crop", "nearest", "RGB"), ((61, 47), (28, 28), "stretch", "area", "GRAY"),
        ((40, 33), (28, 28), "letterbox", "linear", "GRAY"), ((1, 9), (8, 8), "letterbox", "area", "RGB"),
    ]  # fmt: skip
    return [
        scaled(InputSpec((down, across), fit=fit, resample=resample, order=order), width, height)
        for (width, height), (across, down), fit, resample, order in cases
    ]


def digits() -> list[dict[str, Any]]:
    """Drawings into 20 × 20 around their centre of mass in 28 × 28, by products of matrices."""
    made = []
    for width, height, strokes in (
        (100, 120, [(20, 10, 30, 90), (30, 80, 70, 90)]), (64, 64, [(0, 0, 64, 64)]), (90, 70, [(60, 50, 61, 51)]),
        (50, 50, []),
    ):  # fmt: skip
        ink = np.zeros((height, width), np.uint8)
        for i, (x1, y1, x2, y2) in enumerate(strokes):
            ink[y1:y2, x1:x2] = 255 - 60 * i
        made.append({"width": width, "height": height, "strokes": [[*s, 255 - 60 * i] for i, s in enumerate(strokes)],
                     "pixels": centred(ink)})  # fmt: skip
    return made


def centred(ink: Any) -> list[int]:
    """(28 · 28) 0..255; nothing where nothing is drawn."""
    if not ink.any():
        return []
    height, width = ink.shape
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    weights = ink.astype(np.float64)
    middle_x = (weights.sum(axis=0) @ (np.arange(width) + 0.5)) / weights.sum()
    middle_y = (weights.sum(axis=1) @ (np.arange(height) + 0.5)) / weights.sum()
    step = side * 28 / 20 / 28

    def covers(length: int, middle: float) -> Any:
        """(28, length): how much of each old pixel lies in each new one, by the new one's length."""
        edges = middle - 14 * step + step * np.arange(29)
        low, high = np.maximum(edges[:-1, None], np.arange(length)), np.minimum(edges[1:, None], np.arange(length) + 1)
        return np.maximum(high - low, 0) / step

    found = covers(height, middle_y) @ weights @ covers(width, middle_x).T
    return [int(v) for v in np.rint(found).reshape(-1)]


if __name__ == "__main__":
    FILE.write_text(json.dumps(everything(), separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
