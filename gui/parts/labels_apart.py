"""Labels beside points of a chart, none over another one."""

from collections.abc import Sequence
from math import pi

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]   # left, top, right, bottom, px

# Where a label is tried first: at the right, the left, above, below, then between those.
_TURNS = (0.0, pi, -pi / 2, pi / 2, -pi / 4, pi / 4, -3 * pi / 4, 3 * pi / 4)
_FURTHER = (4.0, 12.0, 26.0, 46.0, 72.0, 104.0)   # px between the circle and the label
_GAPS = np.repeat(np.array(_FURTHER), len(_TURNS))
_ACROSS, _DOWN = (
    np.tile(np.where(np.abs(parts) > 0.1, parts, 0.0), len(_FURTHER)) for parts in (np.cos(_TURNS), np.sin(_TURNS))
)


def labels_apart(
    circles: Sequence[tuple[float, float, float]], sizes: Sequence[tuple[float, float]], room: Box,
    free: Sequence[Box] = (), kept: Sequence[Box | None] = (),
) -> list[Box | None]:
    """A place for each label, as near to its circle as can be, within `room`, over no other label and no circle.

    Args:
        circles: centre and radius of each point, px.
        sizes: width and height of its label, px. Those of the first points are placed first.
        room: that labels must not leave.
        free: what else they must not lie over.
        kept: places that they have; who lies well there stays. Empty: none has one.

    Returns:
        The places in the order of the circles; None: there is no room.
    """
    boxes = [*((x - r, y - r, x + r, y + r) for x, y, r in circles), *free]
    taken = np.empty((4, len(boxes) + len(circles)), np.float64)   # edges of what labels must not lie over
    taken[:, : len(boxes)] = np.array(boxes, np.float64).reshape(-1, 4).T
    count = len(boxes)
    places = _that_stay(kept or [None] * len(circles), taken[:, :count], room)
    for place in places:
        if place:
            taken[:, count] = place
            count += 1
    for i, ((x, y, r), (wide, high)) in enumerate(zip(circles, sizes, strict=True)):
        if places[i]:
            continue
        tried = _around(x, y, r, wide, high)
        found = np.flatnonzero(_inside(tried, room))
        clear = found[~_overlap(tried[:, found], taken[:, :count]).any(1)]
        if len(clear):
            taken[:, count] = tried[:, clear[0]]
            places[i] = _box(taken[:, count])
            count += 1
    return places


def _that_stay(kept: Sequence[Box | None], taken: Array, room: Box) -> list[Box | None]:
    """Of places that were good once those that still are; of two over each other the first."""
    there = [i for i, place in enumerate(kept) if place]
    places: list[Box | None] = [None] * len(kept)
    if not there:
        return places
    boxes = np.array([kept[i] for i in there], np.float64).T
    good = _inside(boxes, room) & ~_overlap(boxes, taken).any(1)
    each_other = _overlap(boxes, boxes)
    for k, i in enumerate(there):
        if good[k]:
            places[i] = kept[i]
            good[k + 1 :] &= ~each_other[k, k + 1 :]
    return places


def _box(edges: Array) -> Box:
    left, top, right, bottom = edges.tolist()
    return left, top, right, bottom


def _inside(boxes: Array, room: Box) -> NDArray[np.bool_]:
    """Which of the boxes (4, n) lie within the room."""
    left, top, right, bottom = boxes
    return np.asarray((left >= room[0]) & (top >= room[1]) & (right <= room[2]) & (bottom <= room[3]))


def _around(x: float, y: float, r: float, wide: float, high: float) -> Array:
    """Edges of a label around a circle, the nearest first, (4, n): left, top, right, bottom."""
    # The side of the box that looks at the circle touches it.
    centre_x = x + _ACROSS * (r + _GAPS + wide / 2)
    centre_y = y + _DOWN * (r + _GAPS + high / 2)
    return np.stack([centre_x - wide / 2, centre_y - high / 2, centre_x + wide / 2, centre_y + high / 2])


def _overlap(boxes: Array, others: Array) -> NDArray[np.bool_]:
    """Which of the boxes (4, n) lie over which of the others (4, m): (n, m)."""
    (left, top, right, bottom), (other_left, other_top, other_right, other_bottom) = boxes[:, :, None], others[:, None]
    return np.asarray((left < other_right) & (right > other_left) & (top < other_bottom) & (bottom > other_top))
