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


# ---- the pictures of the digit reel ----

WIDTH, HEIGHT, SHEET, WRITTEN = 1280, 720, 900, 560   # px: of a picture, of the sheet in it, of the digit on that
QUALITY = 84
DESK, PAPER, BOARD, CHALK = (38, 62, 92), (236, 240, 242), (58, 66, 44), (226, 232, 230)   # BGR
INKS = ((38, 30, 28), (120, 52, 24), (40, 36, 158), (54, 92, 30))   # BGR: black, blue, red, green
ON_BOARD = (4, 7)
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def pictured(digit: int) -> NDArray[np.uint8]:
    """A digit on a sheet on a desk, or on a board in chalk: (720, 1280, 3) BGR, always the same for the same digit."""
    rng = np.random.default_rng(digit)
    pen = rng.uniform(26, 44)
    ink = cv2.GaussianBlur(drawn(digit, WRITTEN, pen), (0, 0), 1.2)[..., None]
    picture = _ground(rng, BOARD if digit in ON_BOARD else DESK, grain=digit not in ON_BOARD)
    if digit in ON_BOARD:
        top, left = (HEIGHT - WRITTEN) // 2, (WIDTH - WRITTEN) // 2 + int(rng.uniform(-120, 120))
        place = picture[top : top + WRITTEN, left : left + WRITTEN]
        gaps = cv2.GaussianBlur(rng.random((WRITTEN, WRITTEN)).astype(np.float32), (0, 0), 1.5)[..., None]
        worn = ink * np.clip(0.55 + 5 * (gaps - 0.45), 0.45, 1)
        place[:] = place * (1 - worn) + np.array(CHALK) * worn
    else:
        sheet = np.full((SHEET, SHEET, 3), PAPER, np.float32)
        top, left = (SHEET - WRITTEN) // 2 + rng.integers(-40, 40, 2)
        place = sheet[top : top + WRITTEN, left : left + WRITTEN]
        place[:] = place * (1 - ink) + np.array(INKS[digit % len(INKS)]) * ink
        picture = _laid(picture, sheet, rng)
    picture = cv2.GaussianBlur(picture * _lamp(rng)[..., None], (0, 0), 0.9) + rng.normal(0, 1.2, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _ground(rng: np.random.Generator, colour: tuple[int, int, int], *, grain: bool) -> NDArray[np.float32]:
    """A desk with its grain, or a wiped board."""
    shape = (HEIGHT // 3, 8) if grain else (12, 20)
    rough = cv2.resize(rng.normal(0, 1, shape).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.float32(colour) * (1 + (0.09 if grain else 0.05) * rough)[..., None]


def _laid(desk: NDArray[np.float32], sheet: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The sheet on the desk, a little turned and tilted, with its shadow."""
    turn, half = np.deg2rad(rng.uniform(-9, 9)), HEIGHT * 0.47
    middle = np.array([WIDTH / 2 + rng.uniform(-110, 110), HEIGHT / 2 + rng.uniform(-8, 8)])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + middle
    corners += rng.uniform(-0.03, 0.03, corners.shape) * HEIGHT
    flat = np.array([[0, 0], [SHEET, 0], [SHEET, SHEET], [0, SHEET]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    laid = cv2.warpPerspective(sheet, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones((SHEET, SHEET), np.float32), matrix, (WIDTH, HEIGHT))
    shadow = cv2.GaussianBlur(np.roll(cover, (10, 14), (0, 1)), (0, 0), 12)[..., None]
    cover = cover[..., None]
    return np.float32(desk * (1 - 0.45 * shadow) * (1 - cover) + laid * cover)


def _lamp(rng: np.random.Generator) -> NDArray[np.float32]:
    """(720, 1280): light from one side, falling off."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(x - rng.choice([-0.1, 1.1]) * WIDTH, y + 0.2 * HEIGHT) / WIDTH
    return np.float32(1.06 / (1 + 0.28 * away**2))


def main() -> None:
    """Write the ten pictures."""
    HERE.mkdir(exist_ok=True)
    for digit, name in enumerate(NAMES):
        cv2.imwrite(str(HERE / f"{name}.jpg"), pictured(digit), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        print(f"{name}.jpg")


if __name__ == "__main__":
    main()
