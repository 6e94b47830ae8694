"""The fixed places that detectors count their boxes from. Made once for a network, from the rules it was trained by."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=8)
def ssd_anchors(
    maps: tuple[int, ...] = (19, 10, 5, 3, 2, 1), scales: tuple[float, float] = (0.2, 0.95), step: float = 0.0
) -> NDArray[np.float32]:
    """The anchors of SSD MobileNet v1, (1917, 4) yc xc h w, relative.

    Scales lie evenly between the smallest and the largest, one a map. A cell has the aspect ratios 1, 2, 1/2,
    3, 1/3 at its map's scale and a square of the geometric mean with the next one; on the lowest map only
    0.1 at 1, its scale at 2 and 1/2: `multiple_grid_anchor_generator.py`, `reduce_boxes_in_lowest_layer`.
    `step` > 0 rounds every number to its multiples: a network quantised to 8 bits holds its anchors so.
    """
    steps = [*np.linspace(scales[0], scales[1], len(maps)).tolist(), 1.0]
    parts = []
    for i, side in enumerate(maps):
        s, mean = steps[i], (steps[i] * steps[i + 1]) ** 0.5
        shapes = [(s, 1.0), (s, 2.0), (s, 0.5), (s, 3.0), (s, 1 / 3), (mean, 1.0)]
        if i == 0:
            shapes = [(0.1, 1.0), (s, 2.0), (s, 0.5)]
        sides = np.array([(k / a**0.5, k * a**0.5) for k, a in shapes])   # h w
        yc, xc = np.indices((side, side)).reshape(2, -1, 1) / side + 0.5 / side
        columns = np.broadcast_arrays(yc, xc, sides[:, 0], sides[:, 1])
        parts.append(np.stack(columns, axis=-1).reshape(-1, 4))
    anchors = np.concatenate(parts)
    if step:
        anchors = np.round(anchors / step) * step
    out = anchors.astype(np.float32)
    out.flags.writeable = False   # cached: nobody may change it
    return out


@lru_cache(maxsize=8)
def grids(size: tuple[int, int], strides: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of every cell of every grid, row by row: its place (n, 2) x y in cells, and its stride (n,)."""
    cells, steps = [], []
    for stride in strides:
        h, w = size[0] // stride, size[1] // stride
        ys, xs = np.indices((h, w))
        cells.append(np.stack([xs, ys], -1).reshape(-1, 2))
        steps.append(np.full(h * w, stride))
    place, step = np.concatenate(cells).astype(np.float32), np.concatenate(steps).astype(np.float32)
    place.flags.writeable = step.flags.writeable = False
    return place, step
