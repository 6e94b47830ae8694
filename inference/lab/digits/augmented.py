"""Digits as a camera and many hands would have them: turned, shifted, sheared, bent, thick, thin, grey, noisy.

What `training.digits` and the digit pane's own training learn from.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28
INVERTED, GREY, WORN = 0.1, 0.25, 0.35   # how often

Floats = NDArray[np.float32]


def as_they_are(pictures: NDArray[np.uint8]) -> Floats:
    """The digits themselves: (n, 28, 28) → (n, 28, 28, 1) in 0..1."""
    return _scaled(pictures)[..., None]


def augmented(pictures: NDArray[np.uint8], seed: tuple[int, int]) -> Floats:
    """Each digit once, as another one: (n, 28, 28) white on black → (n, 28, 28, 1) in 0..1.

    The same for the same seed: (of the training, of the epoch).
    """
    rng = np.random.default_rng(seed)
    return np.stack([_one(picture, rng) for picture in pictures])[..., None]


def _scaled(pictures: NDArray[np.uint8]) -> Floats:
    return np.divide(pictures, 255, dtype=np.float32)


def _one(picture: NDArray[np.uint8], rng: np.random.Generator) -> Floats:
    x = _stroke(_bent(_scaled(picture), rng), rng)
    if rng.random() < WORN:   # out of focus, and the noise of a sensor
        blurred = np.asarray(cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 0.9)), np.float32)
        x = blurred + rng.normal(0, rng.uniform(0, 0.06), x.shape).astype(np.float32)
    if rng.random() < GREY:   # neither the paper nor the ink is all that black or white
        paper, ink = rng.uniform(0, 0.3), rng.uniform(0.65, 1)
        x = paper + x * (ink - paper)
    if rng.random() < INVERTED:
        x = 1 - x
    return np.clip(x, 0, 1).astype(np.float32)


def _bent(x: Floats, rng: np.random.Generator) -> Floats:
    """Turned about its middle, scaled, sheared, shifted, and bent a little as another hand would."""
    turn, shear = np.deg2rad(np.clip(rng.normal(0, 9), -22, 22)), rng.uniform(-0.25, 0.25)
    across, down = rng.uniform(0.85, 1.15, 2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.array([[1, shear], [0, 1]])
    matrix = matrix / np.array([across, down])[:, None]
    grid = np.mgrid[:SIDE, :SIDE][::-1].reshape(2, -1) - (SIDE - 1) / 2
    places = matrix @ grid + (SIDE - 1) / 2 + rng.uniform(-1.8, 1.8, (2, 1))
    places = places.reshape(2, SIDE, SIDE).astype(np.float32)
    field = rng.normal(0, 0.9, (2, 5, 5)).astype(np.float32)   # px, smooth in between
    for axis in (0, 1):
        places[axis] += cv2.resize(field[axis], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(x, places[0], places[1], cv2.INTER_LINEAR, borderValue=0), np.float32)


def _stroke(x: Floats, rng: np.random.Generator) -> Floats:
    """Written with a thinner or a thicker pen: partly the least or the largest of each pixel's neighbours."""
    share = rng.uniform(-0.6, 0.8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    changed = np.asarray(cv2.dilate(x, cross) if share > 0 else cv2.erode(x, cross), np.float32)
    return np.asarray(x + abs(share) * (changed - x), np.float32)
