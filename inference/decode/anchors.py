"""The fixed places that detectors count their boxes from. Made once for a network, from the rules it was trained by."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


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
    return _frozen(anchors)


@lru_cache(maxsize=8)
def grids(size: tuple[int, int], strides: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of every cell of every grid, row by row: its place (n, 2) x y in cells, and its stride (n,)."""
    cells, steps = [], []
    for stride in strides:
        h, w = size[0] // stride, size[1] // stride
        ys, xs = np.indices((h, w))
        cells.append(np.stack([xs, ys], -1).reshape(-1, 2))
        steps.append(np.full(h * w, stride))
    return _frozen(np.concatenate(cells)), _frozen(np.concatenate(steps))


@lru_cache(maxsize=8)
def efficientdet_anchors(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of nine anchors a cell over strides 8 to 128: their centres (n, 2) x y and sides (n, 2) w h, px.

    `anchors.py` of google/automl: the octave runs slower than the ratio.
    """
    places, sides = [], []
    for stride in (8, 16, 32, 64, 128):
        h, w = -(-size[0] // stride), -(-size[1] // stride)
        ys, xs = np.indices((h, w))
        cells = (np.stack([xs, ys], -1).reshape(-1, 2) + 0.5) * stride
        shapes = [(4 * stride * 2 ** (i / 3) * a, 4 * stride * 2 ** (i / 3) * b)
                  for i in range(3) for a, b in ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))]   # fmt: skip
        places.append(np.repeat(cells, 9, axis=0))
        sides.append(np.tile(shapes, (len(cells), 1)))
    return _frozen(np.concatenate(places)), _frozen(np.concatenate(sides))


@lru_cache(maxsize=8)
def face_priors(size: tuple[int, int], sides: tuple[tuple[int, ...], ...], strides: tuple[int, ...]) -> Floats:
    """The priors of RetinaFace and of the first YuNet, (n, 4) cx cy w h in px: squares about the middle of every cell.

    `prior_box.py` of biubug6/Pytorch_Retinaface: a cell's squares run fastest.
    """
    parts = []
    for stride, squares in zip(strides, sides, strict=True):
        h, w = -(-size[0] // stride), -(-size[1] // stride)
        ys, xs = np.indices((h, w))
        cells = np.repeat((np.stack([xs, ys], -1).reshape(-1, 2) + 0.5) * stride, len(squares), axis=0)
        side = np.tile(np.array(squares, np.float32), h * w)[:, None]
        parts.append(np.hstack([cells, side, side]))
    return _frozen(np.concatenate(parts))


def _frozen(values: NDArray[Any]) -> Floats:
    """As float32 that nobody may change: it is kept for the next call."""
    out = values.astype(np.float32)
    out.flags.writeable = False
    return out
