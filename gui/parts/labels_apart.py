"""Labels beside points of a chart, none over another one."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]   # left, top, right, bottom, px

# Where a label is tried first: at the right, the left, above, below, then between those.
_TURNS = (0.0, pi, -pi / 2, pi / 2, -pi / 4, pi / 4, -3 * pi / 4, 3 * pi / 4)
_FURTHER = (4.0, 12.0, 26.0, 46.0, 72.0, 104.0)   # px between the circle and the label


def labels_apart(
    circles: Sequence[tuple[float, float, float]], sizes: Sequence[tuple[float, float]], room: Box,
    free: Sequence[Box] = (),
) -> list[Box | None]:
    """A place for each label, as near to its circle as can be, within `room`, over no other label and no circle.

    Args:
        circles: centre and radius of each point, px.
        sizes: width and height of its label, px. Those of the first points are placed first.
        room: that labels must not leave.
        free: what else they must not lie over.

    Returns:
        The places in the order of the circles; None: there is no room.
    """
    boxes = [*((x - r, y - r, x + r, y + r) for x, y, r in circles), *free]
    taken = np.array(boxes, np.float64).reshape(-1, 4)
    places: list[Box | None] = []
    for (x, y, r), (wide, high) in zip(circles, sizes, strict=True):
        tried = _around(x, y, r, wide, high)
        inside = (tried[:, :2] >= room[:2]).all(1) & (tried[:, 2:] <= room[2:]).all(1)
        found = np.flatnonzero(inside & ~_overlap(tried, taken).any(1))
        place = tuple(map(float, tried[found[0]])) if len(found) else None
        places.append(place)   # type: ignore[arg-type]
        if place:
            taken = np.vstack((taken, place))
    return places


def _around(x: float, y: float, r: float, wide: float, high: float) -> Array:
    """Boxes of a label around a circle, the nearest first, (n, 4)."""
    boxes = []
    for gap in _FURTHER:
        for turn in _TURNS:
            across, down = cos(turn), sin(turn)
            # The side of the box that looks at the circle touches it.
            centre_x = x + across * (r + gap + wide / 2) if abs(across) > 0.1 else x
            centre_y = y + down * (r + gap + high / 2) if abs(down) > 0.1 else y
            boxes.append((centre_x - wide / 2, centre_y - high / 2, centre_x + wide / 2, centre_y + high / 2))
    return np.array(boxes, np.float64)


def _overlap(boxes: Array, others: Array) -> NDArray[np.bool_]:
    """Which of the boxes lie over which of the others, (n, m)."""
    left_top = np.maximum(boxes[:, None, :2], others[None, :, :2])
    right_bottom = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((right_bottom > left_top).all(2))
