"""The largest thing written in a picture: found on its paper, and put as the digits of MNIST were.

On paper the ink is dark, on a board it is the other way round, and the light comes from one side: what is looked for is
thin, of one piece, and stands out from an even ground on all of its sides. A photograph has little of the kind.
"""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.data import Frame, Shared

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]   # x1 y1 x2 y2, px

SIDE = 320              # px, the longer side of the picture that is searched
GAP = 41                # px of it, wider than any stroke: closing with it leaves the ground alone
LEAST_DEPTH = 0.16      # how much darker than its ground ink is, of the ground
LEAST_PART, MOST_PART = 0.15, 0.95   # height of what is written, of the picture's
THINNEST, THICKEST = 0.022, 0.55   # a stroke, of what is written
RING = 0.22             # how far around it the ground must be even, of its height
OTHER_INK = 0.05        # of that ring, which may have ink of its own
UNEVEN, OF_DEPTH = 0.08, 0.25   # deviation of the ground there, of the ground, and of the ink's depth
SPOTTED, HALO = 0.3, 0.12       # of the ink's depth: its own deviation, and what lies beside its edge
LEAST_CORE = 5          # px inside the edge of a line that has an inside
MOST_GROUND = 2000      # px of the ground that are looked at
DARKEST = 40            # grey level below which a ground is held to be as bright
TOGETHER = 0.3          # parts that are so near, of the height, belong to it
SHORTEST, LONGEST = 0.8, 9.0   # all of its lines, of its height: an 8 has 4 to 5
MOST_TRIED = 40         # of the parts of a picture, the tallest first
ROOM = 0.08             # of its height, left around it in the box that is shown
FINE = 160              # px, to which what was found is reduced before it is put into its place
BOX, THIN, PEN = 20 / 28, 0.095, 0.12   # MNIST: a digit's longer side; strokes below `THIN` are drawn with a `PEN`


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """Something written: where it is, and what a network is given of it."""

    box: Box            # px of the picture
    picture: Pixels     # (h, w), white (255) on black, centred by mass


_found: WeakKeyDictionary[Shared, dict[tuple[int, int], Ink | None]] = WeakKeyDictionary()


def ink_in(frame: Frame, size: tuple[int, int]) -> Ink | None:
    """As `find_ink`, once for all the networks that look at a frame."""
    known = _found.setdefault(frame.shared, {})   # two lanes may both look: they find the same
    if size not in known:
        known[size] = find_ink(frame.pixels, size)
    return known[size]


def find_ink(picture: Pixels, size: tuple[int, int]) -> Ink | None:
    """The largest thing written in a picture, (h, w, 3) BGR, as a picture of `size` (height, width); None: no ink.

    Its longer side takes 20 of 28, its centre of mass lies in the middle: http://yann.lecun.com/exdb/mnist. A picture
    that has exactly this size is held to be such a one already, white on black or black on white.
    """
    grey = _bytes(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    height, width = grey.shape
    if (height, width) == size:
        ready = grey if grey.mean() <= 127.5 else _negative(grey)
        return Ink((0, 0, width, height), ready) if ready.max() > 64 else None
    scale = min(1.0, SIDE / max(height, width))
    small = grey if scale == 1 else _resized(grey, round(height * scale), round(width * scale))
    best: _Written | None = None
    for dark in (small, _negative(small)):   # what is bright on dark is sought in the negative
        found = _written(dark)
        if found and (best is None or found.tall > best.tall):
            best = found
    if best is None:
        return None
    return _lifted(best, grey if best.dark is small else _negative(grey), size)


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """Something written in the small picture."""

    dark: Pixels      # (h, w), the small picture: ink is dark in it
    ground: Pixels    # (h, w), the same without its ink
    mask: Pixels      # (h, w), 1 where it is
    box: Box          # px of the small picture
    stroke: float     # px, how wide its lines are

    @property
    def tall(self) -> int:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def _written(dark: Pixels) -> _Written | None:
    """The tallest dark thing on a bright even ground."""
    height, width = dark.shape
    calm = cv2.GaussianBlur(dark, (3, 3), 0)
    ground = cv2.morphologyEx(calm, cv2.MORPH_CLOSE, np.ones((GAP, GAP), np.uint8))
    ground = cv2.blur(ground, (GAP // 2, GAP // 2))
    deep = np.divide(cv2.subtract(ground, calm), np.maximum(ground, DARKEST), dtype=np.float32)
    mask = (deep > LEAST_DEPTH).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats]
    short = min(height, width)
    every = sorted(range(1, len(boxes)), key=lambda i: -_tall(boxes[i]))
    likely = [i for i in every if LEAST_PART * short <= _tall(boxes[i]) <= MOST_PART * short]
    for i in likely[:MOST_TRIED]:
        own = [i, *(j for j in every if j != i and _belongs(boxes[j], boxes[i], stats[j][4], stats[i][4]))]
        box = _around([boxes[j] for j in own])
        x1, y1, x2, y2 = box
        if x1 <= 0 or y1 <= 0 or x2 >= width or y2 >= height:
            continue   # it goes on outside, or is the edge of something
        one = np.isin(parts[y1:y2, x1:x2], own).astype(np.uint8)
        stroke = _stroke(one)
        if stroke and _is_ink(dark, deep, mask, box, one):
            whole = np.zeros_like(mask)
            whole[y1:y2, x1:x2] = one
            return _Written(dark, _bytes(ground), whole, box, stroke)
    return None


def _tall(box: Box) -> int:
    return max(box[2] - box[0], box[3] - box[1])


def _around(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _belongs(part: Box, whole: Box, part_area: int, area: int) -> bool:
    """Whether a smaller part is of the same digit, as the bar of a 5 that was set down apart."""
    near = TOGETHER * _tall(whole)
    if _tall(_around([part, whole])) > (1 + TOGETHER) * _tall(whole):
        return False
    across = min(part[2], whole[2]) - max(part[0], whole[0])
    down = max(part[1], whole[1]) - min(part[3], whole[3])
    return bool(0.04 * area < part_area < area and down < near and across > 0.5 * (part[2] - part[0]))


def _stroke(one: Pixels) -> float:
    """How wide the lines of something are, px; 0 where it has none: a blob, a surface, a cloud of points."""
    inside = cv2.distanceTransform(cv2.copyMakeBorder(one, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    values = inside[inside > 0]
    tall = max(one.shape)
    wide = max(1.0, 4 * float(values.mean()) - 3)   # a line of w px has distances 1, 2 … 2, 1
    length = values.size / wide
    fits = THINNEST * tall <= wide and 2 * float(values.max()) <= THICKEST * tall
    fits = fits and SHORTEST * tall <= length <= LONGEST * tall
    return wide if fits else 0.0


def _is_ink(dark: Pixels, deep: Floats, mask: Pixels, box: Box, one: Pixels) -> bool:
    """Whether something is all of one depth, ends at its edge, and has paper around it: even but for the light."""
    x1, y1, x2, y2 = box
    far = max(4, round(RING * _tall(box)))
    left, top = max(0, x1 - far), max(0, y1 - far)
    part = (slice(top, y2 + far), slice(left, x2 + far))
    own = np.zeros_like(mask[part])
    own[y1 - top : y2 - top, x1 - left : x2 - left] = one
    core = cv2.erode(own, np.ones((3, 3), np.uint8))
    inside = deep[part][core > 0] if np.count_nonzero(core) > LEAST_CORE else deep[part][own > 0]
    depth = float(np.median(inside))
    if inside.std() > SPOTTED * depth:
        return False
    near, edge = (cv2.dilate(own, np.ones((k, k), np.uint8)) for k in (5, 7))
    beside = deep[part][(edge > 0) & (near == 0)]
    if not beside.size or np.percentile(beside, 80) > HALO * depth:
        return False
    free = near == 0
    if mask[part][free].mean() > OTHER_INK:
        return False
    bare = free & (mask[part] == 0)
    rows, columns = np.nonzero(bare)
    levels = dark[part][bare].astype(np.float32)
    some = slice(None, None, max(1, levels.size // MOST_GROUND))
    plane = np.stack([rows, columns, np.ones_like(rows)], 1).astype(np.float32)[some]
    levels = levels[some]
    solved, *_ = np.linalg.lstsq(plane, levels, rcond=None)   # the light may come from one side
    uneven = float((levels - plane @ solved).std()) / max(DARKEST, float(levels.mean()))
    return uneven < min(UNEVEN, OF_DEPTH * depth)


def _lifted(found: _Written, dark: Pixels, size: tuple[int, int]) -> Ink:
    """What was found, from the whole picture, white on black, in its place and size."""
    scale = dark.shape[1] / found.dark.shape[1]
    height, width = found.dark.shape
    x1, y1, x2, y2 = found.box
    left, top, right, bottom = max(0, x1 - 2), max(0, y1 - 2), min(width, x2 + 2), min(height, y2 + 2)
    part = (slice(top, bottom), slice(left, right))
    x1, y1, x2, y2 = (round(v * scale) for v in (left, top, right, bottom))
    fine = dark[y1:y2, x1:x2]
    high = min(1.0, FINE / max(fine.shape))
    fine = _resized(fine, round(fine.shape[0] * high), round(fine.shape[1] * high))
    rows, columns = fine.shape
    near = cv2.dilate(found.mask[part], np.ones((3, 3), np.uint8))
    near = cv2.resize(near.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    ground = cv2.resize(found.ground[part].astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    deep = np.where(near > 0.5, np.maximum(ground - fine, 0), 0)
    inside = deep[deep > LEAST_DEPTH * ground]
    level = float(np.percentile(inside, 60)) if inside.size else 1.0
    # Grain of the paper is not drawn; what is as deep as most of the ink is all white.
    bright: Floats = np.clip((deep / level - 0.25) / 0.65, 0, 1).astype(np.float32)
    tall = found.tall * rows / (bottom - top)
    stroke = found.stroke * rows / (bottom - top)
    if stroke < THIN * tall:
        pen = max(2, round((PEN * tall) - stroke) + 1)
        round_pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen))
        bright = np.asarray(cv2.dilate(np.pad(bright, pen), round_pen), np.float32)
    left, top, right, bottom = (round(v * scale) for v in found.box)
    room = round(ROOM * max(right - left, bottom - top))
    box = max(0, left - room), max(0, top - room), min(dark.shape[1], right + room), min(dark.shape[0], bottom + room)
    return Ink(box, centred(bright, size))


def centred(bright: Floats, size: tuple[int, int]) -> Pixels:
    """Something written, (h, w) 0..1, as MNIST's digits: its longer side 20 of 28, its centre of mass in the middle."""
    rows, columns = (np.flatnonzero(bright.max(axis) > 0.3) for axis in (1, 0))
    if not rows.size or not columns.size:
        return np.zeros(size, np.uint8)
    part = bright[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = size
    scale = BOX * min(size) / max(part.shape)
    h, w = (max(1, round(side * scale)) for side in part.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = np.asarray(cv2.resize(part, (w, h), interpolation=how), np.float32)
    moments = cv2.moments(part)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    shift = np.array([[1, 0, round((width - 1) / 2 - x)], [0, 1, round((height - 1) / 2 - y)]], np.float32)
    placed = cv2.warpAffine(part, shift, (width, height), flags=cv2.INTER_NEAREST)
    return np.rint(placed * 255).astype(np.uint8)


def _bytes(values: NDArray[Any]) -> Pixels:
    return np.asarray(values, np.uint8)


def _negative(grey: Pixels) -> Pixels:
    return _bytes(255 - grey)


def _resized(picture: Pixels, height: int, width: int) -> Pixels:
    return cv2.resize(picture, (max(1, width), max(1, height)), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
