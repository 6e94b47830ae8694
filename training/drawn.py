"""Ten digits drawn by hand for this repository, and the program's digit pictures: `python -m training.drawn`.

They belong to no set of data: no network has learnt from them.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parents[1] / "resources" / "samples" / "digits"
STEPS = 12   # between two points of a stroke

# The points that a pen went through, x to the right, y down, in a square of 1; each digit one stroke or two.
STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(0.52, 0.05), (0.28, 0.2), (0.2, 0.55), (0.32, 0.88), (0.58, 0.93), (0.78, 0.65), (0.74, 0.25), (0.5, 0.06)]],
    1: [[(0.44, 0.17), (0.57, 0.05), (0.55, 0.45), (0.5, 0.95)]],
    2: [[(0.2, 0.27), (0.36, 0.07), (0.63, 0.08), (0.75, 0.27), (0.63, 0.5), (0.4, 0.72), (0.18, 0.92), (0.5, 0.89),
         (0.84, 0.92)]],
    3: [[(0.2, 0.15), (0.45, 0.05), (0.71, 0.18), (0.64, 0.38), (0.4, 0.47), (0.7, 0.56), (0.76, 0.76), (0.54, 0.94),
         (0.2, 0.86)]],
    4: [[(0.46, 0.05), (0.32, 0.35), (0.16, 0.62), (0.5, 0.61), (0.86, 0.6)],
        [(0.63, 0.34), (0.61, 0.65), (0.58, 0.97)]],
    5: [[(0.32, 0.08), (0.28, 0.28), (0.25, 0.45), (0.5, 0.4), (0.74, 0.56), (0.7, 0.82), (0.45, 0.95), (0.18, 0.86)],
        [(0.31, 0.08), (0.55, 0.08), (0.8, 0.05)]],
    6: [[(0.66, 0.05), (0.4, 0.25), (0.24, 0.6), (0.33, 0.88), (0.6, 0.93), (0.74, 0.72), (0.56, 0.55), (0.28, 0.68)]],
    7: [[(0.17, 0.12), (0.48, 0.1), (0.82, 0.1), (0.6, 0.5), (0.42, 0.95)]],
    8: [[(0.7, 0.2), (0.5, 0.05), (0.3, 0.19), (0.42, 0.42), (0.68, 0.63), (0.68, 0.87), (0.45, 0.95), (0.27, 0.78),
         (0.48, 0.5), (0.66, 0.33), (0.7, 0.2)]],
    9: [[(0.72, 0.24), (0.5, 0.06), (0.27, 0.22), (0.36, 0.45), (0.6, 0.43), (0.73, 0.22), (0.71, 0.6), (0.62, 0.96)]],
}  # fmt: skip


def drawn(digit: int, side: int, pen: float) -> NDArray[np.float32]:
    """A digit as ink, (side, side) 0..1, with a pen of so many px."""
    fine = np.zeros((side, side), np.uint8)
    for stroke in STROKES[digit]:
        line = np.rint(_smooth(np.array(stroke)) * (side - pen) + pen / 2).astype(np.int32)
        cv2.polylines(fine, [line[:, None]], False, 255, max(1, round(pen)), cv2.LINE_AA)
    return fine.astype(np.float32) / 255


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A curve through all points: Catmull and Rom, 1974."""
    ends = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*parts, points[-1:]])
