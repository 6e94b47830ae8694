"""Photographs of handwriting as a camera would see them, made from digits: `photo`.

A digit is drawn on a sheet of paper in ink or on a board in chalk; the sheet is turned and tilted, lit from one side,
lies before something else, is out of focus, noisy, and packed as JPEG.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH, SHEET = 480, 640, 600   # px
INKS = [[25, 25, 30], [110, 40, 25], [30, 30, 140]]   # BGR: black, blue, red
BEHIND = sorted((Path(__file__).resolve().parents[1] / "resources" / "samples").glob("*.jpg"))


def photo(digit: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """(480, 640, 3) BGR uint8 of a digit, (28, 28) white on black; even seeds have paper, odd ones a board."""
    rng = np.random.default_rng(seed)
    sheet = _sheet(digit, rng, board=seed % 2 == 1)
    behind = cv2.imread(str(BEHIND[seed % len(BEHIND)]))
    picture = cv2.resize(behind, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    picture *= rng.uniform(0.4, 0.9)
    matrix = _tilted(rng)
    flat = cv2.warpPerspective(sheet, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones((SHEET, SHEET), np.float32), matrix, (WIDTH, HEIGHT))[..., None]
    picture = picture * (1 - cover) + flat * cover
    picture *= _light(rng)[..., None]
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 2.2))
    picture += rng.normal(0, rng.uniform(2, 7), picture.shape)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 92))]
    _, packed = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), quality)
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)


def _sheet(digit, rng, *, board):
    """(600, 600, 3): paper or board with the digit on it, its lines as sharp as a pen's."""
    side = int(SHEET * rng.uniform(0.5, 0.8))
    large = cv2.resize(digit.astype(np.float32) / 255, (side, side), interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), side / 28 * 0.35)
    ink = np.zeros((SHEET, SHEET), np.float32)
    left, top = (int(rng.uniform(0.3, 0.7) * (SHEET - side)) for _ in range(2))
    ink[top : top + side, left : left + side] = 1 / (1 + np.exp(-(large - 0.45) * 18))
    ink = ink[..., None]
    if board:
        ground, colour = rng.uniform(25, 70) + rng.uniform(-8, 8, 3), rng.uniform(185, 245) + rng.uniform(-10, 10, 3)
        ink = ink * (0.85 + 0.15 * rng.random((SHEET, SHEET, 1)))   # chalk leaves gaps
    else:
        ground, colour = rng.uniform(190, 245) + rng.uniform(-10, 10, 3), rng.choice(INKS)
    sheet = ground * (1 - ink) + colour * ink
    return (sheet + rng.normal(0, 3, sheet.shape)).astype(np.float32)


def _tilted(rng):
    """The way of a sheet into the picture: turned by up to 15°, its corners moved by up to 8 % of its side."""
    side = HEIGHT * rng.uniform(0.72, 1.05)
    turn = np.deg2rad(rng.uniform(-15, 15))
    middle = np.array([WIDTH / 2 + rng.uniform(-60, 60), HEIGHT / 2 + rng.uniform(-15, 15)])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + middle
    corners += rng.uniform(-0.08, 0.08, corners.shape) * side
    flat = np.array([[0, 0], [SHEET, 0], [SHEET, SHEET], [0, SHEET]], np.float32)
    return cv2.getPerspectiveTransform(flat, corners.astype(np.float32))


def _light(rng):
    """(480, 640): a lamp at one side, or above."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    way = np.hypot(x - rng.uniform(-0.2, 1.2) * WIDTH, y - rng.uniform(-0.2, 1.2) * HEIGHT) / WIDTH
    return (rng.uniform(0.9, 1.1) / (1 + rng.uniform(0.2, 0.9) * way**2)).astype(np.float32)
