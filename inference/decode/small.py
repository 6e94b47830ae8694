"""Detectors made for small machines: distances as distributions, one map for all sizes, faces."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode.anchors import face_priors, grids
from inference.decode.boxes import (
    LARGEST_LOG,
    Candidates,
    Floats,
    Outputs,
    best,
    candidates,
    check_classes,
    corners,
    rows_of,
    sigmoid,
    softmax,
)

FINE = (8, 16, 32, 64)
# Sides of the squares at each stride, px: `cfg_mnet` of biubug6/Pytorch_Retinaface; `face_detect.cpp` of OpenCV 4.5.4.
RETINAFACE_SIDES = ((16, 32), (64, 128), (256, 512))
YUNET_2022_SIDES = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))


def nanodet(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Class scores 0..1 and, for each edge, a distribution of its distance over 0, 1, …, bins - 1 strides, as logits.

    One table (1, n, classes + 4 * bins) (NanoDet-Plus, `nanodet_plus_head.py`), or of each stride a table of scores
    (1, cells, classes) and one of distances (1, cells, 4 * bins) (OpenCV's zoo, PicoDet of PaddleDetection). Distance =
    the mean of the distribution, "Generalized Focal Loss", arXiv 2006.04388.

    Options:
        bins: 8 unless it says otherwise.
        strides: 8, 16, 32, 64 unless they say otherwise.
        offset: where in its cell the centre lies, in strides: 0 (NanoDet-Plus), 0.5 (PicoDet, NanoDet before Plus).
        offset_px: that many px more: -0.5 with `offset` 0.5 is what OpenCV's zoo has.
    """
    bins, strides = int(options.get("bins", 8)), tuple(options.get("strides", FINE))
    tables = [rows_of(o, 0) for o in outputs]
    if len(tables) == 1:
        scores, edges = tables[0][:, : -4 * bins], tables[0][:, -4 * bins :]
    else:
        classes = int(options.get("classes", 0))
        far = [t for t in tables if t.shape[1] == 4 * bins]
        near = [t for t in tables if t.shape[1] != 4 * bins]
        if not near and classes == 4 * bins:   # as many classes as numbers of distances: in the order of the graph
            near, far = tables[::2], tables[1::2]
        scores, edges = (np.concatenate(sorted(part, key=lambda t: -len(t))) for part in (near, far))
    cells, steps = _padded_grids(size, strides)
    if not len(scores) == len(edges) == len(cells):
        raise ValueError(f"{len(scores)} scores and {len(edges)} distances for {len(cells)} cells")
    keep, found, classes_of = best(scores, options, least)
    away = softmax(edges[keep].reshape(-1, 4, bins)) @ np.arange(bins, dtype=np.float32) * steps[keep, None]
    centre = (cells[keep] + float(options.get("offset", 0.0))) * steps[keep, None] + float(options.get("offset_px", 0))
    return candidates(np.hstack([centre - away[:, :2], centre + away[:, 2:]]), found, classes_of)


def _padded_grids(size: tuple[int, int], strides: Sequence[int]) -> tuple[Floats, Floats]:
    """As `grids`, where a side that no stride divides has one more cell."""
    parts = [grids((-(-size[0] // s) * s, -(-size[1] // s) * s), (s,)) for s in strides]
    cells, steps = (np.concatenate(part) for part in zip(*parts, strict=True))
    return cells, steps


def fastestdet(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """(1, 5 + classes, h, w): objectness 0..1, tx ty tw th, class probabilities.

    Centre = (tanh(t) + cell) / cells, sides = sigmoid(t), both of the input; score = objectness^0.6 * class^0.4:
    `runtime.py` of dog-qiuqiu/FastestDet.
    """
    (found,) = outputs   # ValueError unless there is one
    if found.ndim != 4 or found.shape[1] <= 5:
        raise ValueError(f"a map of {found.shape}")
    _, depth, h, w = found.shape
    rows = found.reshape(depth, h * w).T.astype(np.float32)
    check_classes(rows[:, 5:], options)
    classes = rows[:, 5:].argmax(axis=1)
    highest = rows[np.arange(len(rows)), 5 + classes]
    scores = np.clip(rows[:, 0], 0, 1) ** 0.6 * np.clip(highest, 0, 1) ** 0.4
    keep = np.flatnonzero(scores >= least)
    t = rows[keep, 1:5]
    cells = np.stack([keep % w, keep // w], -1)
    centre = (np.tanh(t[:, :2]) + cells) * np.array([size[1] / w, size[0] / h])
    sides = sigmoid(t[:, 2:]) * np.array([size[1], size[0]])
    return candidates(corners(np.hstack([centre, sides]).astype(np.float32)), scores[keep], classes[keep])


def yunet(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Of strides 8, 16, 32 each class (1, n, 1), objectness (1, n, 1), boxes (1, n, 4) and five points (1, n, 10).

    In the order of the graph: three of each. Centre = (cell + t) * stride, sides = exp(t) * stride, score =
    sqrt(class * objectness): `face_detect.cpp` of OpenCV, for the file of 2023.
    """
    single = [rows_of(o, 0)[:, 0] for o in outputs if o.shape[-1] == 1]
    boxes = sorted((rows_of(o, 0) for o in outputs if o.shape[-1] == 4), key=lambda t: -len(t))
    if len(single) != 6 or len(boxes) != 3:
        raise ValueError("not three scales of a class, an objectness and a box")
    single.sort(key=lambda t: -len(t))   # stable: of each scale class and objectness, which only multiply
    seen, sure = (np.clip(np.concatenate(single[start::2]), 0, 1) for start in (0, 1))
    scores = np.sqrt(seen * sure)
    cells, steps = _padded_grids(size, (8, 16, 32))
    codes = np.concatenate(boxes)
    if len(scores) != len(cells) or len(codes) != len(cells):
        raise ValueError(f"{len(scores)} scores for {len(cells)} cells")
    check_classes(scores[:, None], options)
    keep = np.flatnonzero(scores >= least)
    centre = (cells[keep] + codes[keep, :2]) * steps[keep, None]
    sides = np.exp(np.minimum(codes[keep, 2:], LARGEST_LOG)) * steps[keep, None]
    return candidates(corners(np.hstack([centre, sides])), scores[keep], np.zeros(len(keep), np.intp))


def retinaface(outputs: Outputs, options: Mapping[str, Any], size: tuple[int, int], least: float) -> Candidates:
    """Codes (1, n, 4 or more) of square priors, and probabilities (1, n, 2), the background first.

    Centre = prior + 0.1 * t * side, side = prior's * exp(0.2 * t): `box_utils.py` of biubug6/Pytorch_Retinaface. The
    squares are of strides 8, 16, 32; with the option `sides` others, of strides 8, 16, 32, … The YuNet of 2022 has ten
    numbers of points behind the four, and a third output (1, n, 1), an expected overlap: score = sqrt(face * overlap).
    """
    tables = [rows_of(o, 0) for o in outputs]
    every = next((t for t in tables if t.shape[1] == 2), None)
    codes = next((t for t in tables if t.shape[1] in (4, 14)), None)
    overlap = next((t[:, 0] for t in tables if t.shape[1] == 1), None)
    sides = tuple(tuple(row) for row in options.get("sides", RETINAFACE_SIDES))
    priors = face_priors(size, sides, tuple(8 << i for i in range(len(sides))))
    if every is None or codes is None or len(every) != len(priors) or len(codes) != len(priors):
        raise ValueError(f"not a box and two scores for each of {len(priors)} priors")
    scores: NDArray[Any] = every[:, 1:]
    if overlap is not None:
        scores = np.sqrt(np.clip(scores, 0, 1) * np.clip(overlap, 0, 1)[:, None])
    keep, found, classes = best(scores.astype(np.float32), options, least)
    place, t = priors[keep], codes[keep]
    centre = place[:, :2] + 0.1 * t[:, :2] * place[:, 2:]
    whole = place[:, 2:] * np.exp(np.minimum(0.2 * t[:, 2:4], LARGEST_LOG))
    return candidates(corners(np.hstack([centre, whole]).astype(np.float32)), found, classes)
