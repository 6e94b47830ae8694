"""Detectors' raw outputs to boxes, as ONNX nodes: the formulas of inference.decode.rows, inside the network.

What comes out is what Core ML calls `coordinates`, (n, 4) cx cy w h relative to the input, 0..1, and `confidence`,
(n, classes), 0..1: every box with every score, before suppression.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.decode import SUPPRESSED
from inference.decode.anchors import grids, ssd_anchors
from inference.decode.maps import RETINANET_RATIOS, RETINANET_SCALES, YOLOV2_ANCHORS, YOLOV4_ANCHORS, YOLOV4_REACH
from inference.errors import ExportFailed
from inference.export.editing import Editor
from models.card import ModelCard

LARGEST_LOG = 10.0   # exp of more is wider than any picture, and than half precision

Boxes = tuple[str, str]                 # names of boxes (1, n, 4) cx cy w h relative, and scores (1, n, classes)
Shapes = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Suppression:
    """What a NonMaxSuppression inside the file takes: there the network ends and the phone goes on."""

    boxes: str      # (1, n, 4)
    scores: str     # (1, classes, n)
    centred: bool   # boxes are cx cy w h; else y1 x1 y2 x2
    iou: float      # overlap above which the weaker box goes
    most: int       # boxes that are kept


def suppression(edit: Editor) -> Suppression | None:
    """Where the file suppresses boxes itself; None where it does not."""
    found = [node for node in edit.graph.node if node.op_type == "NonMaxSuppression"]
    if len(found) != 1:
        return None
    centred = any(attribute.name == "center_point_box" and attribute.i for attribute in found[0].attribute)
    limits = [0.0, 0.0]   # as ONNX has them where none are given
    for i, name in enumerate(found[0].input[2:4]):
        value = edit.value(name) if name else None
        limits[i] = float(value.reshape(-1)[0]) if value is not None and value.size else 0.0
    return Suppression(found[0].input[0], found[0].input[1], centred, limits[1], int(limits[0]))


class Decoder:
    """Writes the nodes of one decoding."""

    def __init__(self, edit: Editor, size: tuple[int, int], options: Mapping[str, Any]) -> None:
        self._edit, self.size, self.options = edit, size, options

    def number(self, values: Any, dtype: Any = np.float32) -> str:
        """A constant."""
        return self._edit.constant(values, dtype)

    def op(self, op: str, *inputs: str, **more: Any) -> str:
        """One node."""
        return self._edit.node(op, inputs, **more)

    def part(self, x: str, start: int, end: int, axis: int = -1, step: int = 1) -> str:
        """x[…, start:end:step] along an axis."""
        return self.op("Slice", x, *(self.number([v], np.int64) for v in (start, end, axis, step)))

    def columns(self, x: str, order: Sequence[int]) -> list[str]:
        """Single columns (…, 1) of the last axis."""
        return [self.part(x, i, i + 1) for i in order]

    def shaped(self, x: str, *shape: int) -> str:
        """The same values in another shape."""
        return self.op("Reshape", x, self.number(shape, np.int64))

    def exp(self, x: str) -> str:
        """exp, of at most LARGEST_LOG."""
        return self.op("Exp", self.op("Min", x, self.number(LARGEST_LOG)))

    def times(self, x: str, values: Any) -> str:
        """X times constants."""
        return self.op("Mul", x, self.number(values))

    def plus(self, x: str, values: Any) -> str:
        """X plus constants."""
        return self.op("Add", x, self.number(values))

    def joined(self, *parts: str, axis: int = -1) -> str:
        """Parts beside each other."""
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def relative(self, x: str) -> str:
        """Cx cy w h in px of the input → relative."""
        height, width = self.size
        return self.times(x, 1 / np.array([width, height, width, height], np.float64))

    def as_centred(self, x: str, *, px: bool) -> str:
        """Boxes as the card says, cx cy w h or corners, px or relative → cx cy w h, relative."""
        if self.options.get("corners"):
            left, top, right, bottom = self.columns(x, range(4))
            x = self.centred(top, left, bottom, right)
        return self.relative(x) if px else x

    def centred(self, top: str, left: str, bottom: str, right: str) -> str:
        """Edges (…, 1) → cx cy w h."""
        parts = [self.times(self.op("Add", left, right), 0.5), self.times(self.op("Add", top, bottom), 0.5),
                 self.op("Sub", right, left), self.op("Sub", bottom, top)]  # fmt: skip
        return self.joined(*parts)


def _objects(d: Decoder, names: Sequence[str], shapes: Shapes) -> tuple[str, str]:
    """Of rows cx cy w h, objectness, classes, extra: the rows, and the classes times the objectness."""
    (name,), (shape,) = names, shapes
    end = shape[-1] - int(d.options.get("extra", 0))
    if len(shape) != 3 or end <= 5:
        raise ValueError
    return name, d.op("Mul", d.part(name, 5, end), d.part(name, 4, 5))


def _boxes_scores(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    if len(names) == 1:
        x, scores = _objects(d, names, shapes)
        return d.part(x, 0, 4), scores
    if len(names) != 2:
        raise ValueError
    flat = [(d.shaped(name, 1, shape[1], 4), [1, shape[1], 4]) if len(shape) == 4 and shape[2] == 1 else (name, shape)
            for name, shape in zip(names, shapes, strict=True)]   # fmt: skip
    first = 0 if d.options.get("in_order") or flat[0][1][-1] == 4 else 1
    (boxes, box_shape), (scores, shape) = flat[first], flat[1 - first]
    if len(box_shape) != 3 or len(shape) != 3 or box_shape[-1] != 4:
        raise ValueError
    columns = shape[2]
    if shape[1] != box_shape[1]:
        scores, columns = d.op("Transpose", scores, perm=[0, 2, 1]), shape[1]
    if kind := d.options.get("logits"):
        scores = d.op("Sigmoid", scores) if kind == "sigmoid" else d.op("Softmax", scores, axis=2)
    background = d.options.get("background")
    start, end = int(background in ("first", "both")), columns - int(background in ("last", "both"))
    if (start, end) != (0, columns):
        scores = d.part(scores, start, end)
    return d.as_centred(boxes, px=bool(d.options.get("px"))), scores


def _yolox(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    x, scores = _objects(d, names, shapes)
    cells, strides = grids(d.size, tuple(d.options.get("strides", (8, 16, 32))))
    if shapes[0][1] != len(cells):
        raise ValueError
    step = strides[None, :, None]
    centre = d.times(d.plus(d.part(x, 0, 2), cells[None]), step)
    sides = d.times(d.exp(d.part(x, 2, 4)), step)
    return d.relative(d.joined(centre, sides)), scores


def _yolov5(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    x, scores = _objects(d, names, shapes)
    return d.as_centred(d.part(x, 0, 4), px=not d.options.get("relative")), scores


def _yolov8(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    (name,), (shape,) = names, shapes
    turned = bool(d.options.get("transposed"))
    end = shape[2 if turned else 1] - int(d.options.get("extra", 0))
    if len(shape) != 3 or end <= 4:
        raise ValueError
    x = name if turned else d.op("Transpose", name, perm=[0, 2, 1])
    return d.as_centred(d.part(x, 0, 4), px=not d.options.get("relative")), d.part(x, 4, end)


def _ssd_raw(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    first = 0 if shapes[0][-1] == 4 else 1
    codes, scores = names[first], names[1 - first]
    options = d.options
    anchors = ssd_anchors(
        tuple(options.get("maps", (19, 10, 5, 3, 2, 1))), tuple(options.get("scales", (0.2, 0.95))),
        float(options.get("anchor_step", 0.0)),
    )  # fmt: skip
    if shapes[first][1] != len(anchors):
        raise ValueError
    yc, xc, h, w = (anchors[None, :, i : i + 1] for i in range(4))
    dy, dx, dh, dw = (1 / np.float64(v) for v in options.get("variances", (10, 10, 5, 5)))
    ty, tx, th, tw = d.columns(codes, range(4))
    centre = [d.plus(d.times(tx, w * dx), xc), d.plus(d.times(ty, h * dy), yc)]
    sides = [d.times(d.exp(d.times(tw, dw)), w), d.times(d.exp(d.times(th, dh)), h)]
    return d.joined(*centre, *sides), d.part(scores, 1, shapes[1 - first][-1])


def _yolov2(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    anchors = np.asarray(d.options.get("anchors", YOLOV2_ANCHORS), np.float64)
    _, depth, h, w = shapes[0]
    columns = depth // len(anchors)
    maps = d.op("Transpose", d.shaped(names[0], len(anchors), columns, h * w), perm=[0, 2, 1])
    rows = d.shaped(maps, 1, len(anchors) * h * w, columns)
    each = np.repeat(anchors, h * w, axis=0)[None] / (w, h)
    centre = d.times(d.plus(d.op("Sigmoid", d.part(rows, 0, 2)), np.tile(_cells(h, w), (len(anchors), 1))[None]),
                     1 / np.array([w, h], np.float64))  # fmt: skip
    sides = d.times(d.exp(d.part(rows, 2, 4)), each)
    scores = d.op("Softmax", d.part(rows, 5, columns), axis=2)
    return d.joined(centre, sides), d.op("Mul", scores, d.op("Sigmoid", d.part(rows, 4, 5)))


def _yolov4(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    order = sorted(range(len(names)), key=lambda i: -int(np.prod(shapes[i])))
    height, width = d.size
    boxes, scores = [], []
    for i, anchors, reach in zip(order, YOLOV4_ANCHORS, YOLOV4_REACH, strict=True):
        _, h, w, count, columns = shapes[i]
        rows = d.shaped(names[i], 1, h * w * count, columns)
        cells = np.repeat(_cells(h, w), count, axis=0)[None] - (reach - 1) / 2
        centre = d.plus(d.times(d.op("Sigmoid", d.part(rows, 0, 2)), reach), cells)
        centre = d.times(centre, 1 / np.array([w, h], np.float64))
        each = np.tile(np.array(anchors, np.float64) / (width, height), (h * w, 1))[None]
        boxes.append(d.joined(centre, d.times(d.exp(d.part(rows, 2, 4)), each)))
        scores.append(d.op("Mul", d.part(rows, 5, columns), d.part(rows, 4, 5)))
    return d.joined(*boxes, axis=1), d.joined(*scores, axis=1)


def _retinanet(d: Decoder, names: Sequence[str], shapes: Shapes) -> Boxes:
    height, width = d.size
    codes = {tuple(s[2:]): name for name, s in zip(names, shapes, strict=True) if s[1] == 36}
    maps = {tuple(s[2:]): (name, s[1] // 9) for name, s in zip(names, shapes, strict=True) if s[1] != 36}
    boxes, scores = [], []
    for (h, w), code in codes.items():
        name, classes = maps[h, w]
        stride = width / w
        every = d.op("Transpose", d.shaped(name, 9, classes, h * w), perm=[0, 2, 1])
        scores.append(d.shaped(every, 1, 9 * h * w, classes))
        rows = d.shaped(d.op("Transpose", d.shaped(code, 9, 4, h * w), perm=[0, 2, 1]), 1, 9 * h * w, 4)
        shape = np.array([
            (stride / ratio**0.5 * scale, stride * ratio**0.5 * scale)
            for scale in RETINANET_SCALES for ratio in RETINANET_RATIOS
        ])  # fmt: skip
        each = np.repeat(shape, h * w, axis=0)[None] / (width, height)
        place = np.tile((_cells(h, w) + 0.5) * stride, (9, 1))[None] / (width, height)
        centre = d.plus(d.times(d.part(rows, 0, 2), each), place)
        boxes.append(d.joined(centre, d.times(d.exp(d.part(rows, 2, 4)), each)))
    return d.joined(*boxes, axis=1), d.joined(*scores, axis=1)


def _cells(h: int, w: int) -> Any:
    """Column and row of every cell, row by row."""
    ys, xs = np.indices((h, w))
    return np.stack([xs, ys], -1).reshape(-1, 2).astype(np.float64)


# The detectors of inference.decode.rows that can be written into a network. The others suppress in the file.
DECODINGS: dict[str, Callable[[Decoder, Sequence[str], Shapes], Boxes]] = {
    "boxes-scores": _boxes_scores, "yolox": _yolox, "yolov5": _yolov5, "yolov8": _yolov8, "ssd-raw": _ssd_raw,
    "yolov2": _yolov2, "yolov4": _yolov4, "retinanet": _retinanet,
}  # fmt: skip


def decoded(
    edit: Editor, card: ModelCard, names: Sequence[str], shapes: Shapes, classes: int, cut: Suppression | None
) -> Boxes:
    """Names of `coordinates` (n, 4) and `confidence` (n, classes), made from the raw outputs `names`.

    Raises:
        ExportFailed: the outputs are not what the card's decoder reads.
    """
    if not cut and card.decoder not in DECODINGS and card.decoder not in SUPPRESSED:
        raise ExportFailed(
            f"The outputs of {card.title} are read by {card.decoder!r}, which no export writes.",
            "Export a form of the network with its boxes decoded.",
        )
    if not cut and card.options.get("plain_xy"):
        raise ExportFailed(f"{card.title} is a detector of Azure Custom Vision, which no export writes.")
    d = Decoder(edit, card.input.size, {"classes": classes, **card.options})
    try:
        boxes, scores = _before_suppression(d, card, names, cut) if cut else DECODINGS[card.decoder](d, names, shapes)
    except KeyError:
        raise ExportFailed(
            f"{card.title} suppresses boxes inside its file ({card.decoder}), where the phone cannot look.",
            "Export a form of it without suppression.",
        ) from None
    except (ValueError, IndexError):
        told = ", ".join("×".join(map(str, shape)) for shape in shapes)
        raise ExportFailed(f"The outputs of {card.title} ({told}) are not what {card.decoder!r} reads.") from None
    return d.shaped(boxes, -1, 4), d.shaped(_as_many(d, card, scores, shapes, classes, cut), -1, classes)


def _before_suppression(d: Decoder, card: ModelCard, names: Sequence[str], cut: Suppression) -> Boxes:
    boxes = names[0]
    if not cut.centred:
        boxes = d.centred(*d.columns(boxes, range(4)))
    if card.decoder == "yolov3-nms" or card.options.get("px"):
        boxes = d.relative(boxes)
    return boxes, d.op("Transpose", names[1], perm=[0, 2, 1])


def _as_many(
    d: Decoder, card: ModelCard, scores: str, shapes: Shapes, classes: int, cut: Suppression | None
) -> str:
    """Scores with as many classes as there are labels; a file that suppresses may score the background first."""
    if not cut:
        return scores
    found = shapes[1][1]
    if found == classes + 1:
        return d.part(scores, 1, found)
    if found != classes:
        raise ExportFailed(f"{card.title} scores {found} classes, {card.labels} has {classes}.")
    return scores
