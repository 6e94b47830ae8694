"""What is drawn over a picture: boxes with their labels, the crop, and small chips of words."""

from collections.abc import Sequence
from functools import cache
from math import degrees
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from inference.data import Detections

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CROP_LINE = QColor("#C9D1D9")
RIM = QColor(0, 0, 0, 150)   # around a box: it shows on any picture


def short_label(label: str) -> str:
    """The first of a label's synonyms: "tabby, tabby cat" → "tabby"."""
    return label.split(",", 1)[0]


def percent(score: float) -> str:
    """0..1 as people read it: "54 %", and "<1 %" where a nought would not be so."""
    return "<1 %" if 0 < score <= 0.005 else f"{score * 100:.0f} %"


def ink_on(colour: QColor) -> QColor:
    """Black or white, whichever has the greater contrast on `colour` (WCAG 2.1, relative luminance)."""
    return QColor(_ink(colour.rgb()))


@cache
def _ink(rgb: int) -> str:
    """Computed once for a colour: it is asked for with every word that is painted."""

    def linear(value: float) -> float:
        return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)

    colour = QColor.fromRgb(rgb)
    luminance = 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
    return "#0B0D10" if luminance > 0.179 else "#FFFFFF"


Edges = tuple[float, float, float, float]   # left, top, right, bottom, px


# Of the seventeen points of COCO's persons: which are joined, nose to ankles.
LIMBS = (
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12), (11, 13),
    (13, 15), (12, 14), (14, 16),
)  # fmt: skip
PERSON = 17       # points
SEEN = 0.5        # how sure a point must be to be drawn


class Boxes(NamedTuple):
    """What one network found, and its colour."""

    found: Detections
    colour: QColor


def draw_boxes(
    painter: QPainter,
    layers: Sequence[Boxes],
    picture: QRectF,
    frame_size: tuple[int, int],
    font: QFont,
    *,
    most: int = 30,
    tags: bool = True,
) -> None:
    """Draw the best `most` boxes of each layer into `picture`, which shows a frame of `frame_size` (height, width).

    Every box has its tag that has room for one; no tag lies over another. The best boxes get theirs first.
    """
    # In plain numbers: a hundred rectangles of Qt a picture would take longer than the pixels.
    left, top, right, bottom = (picture.left(), picture.top(), picture.right(), picture.bottom())
    sx, sy = (right - left) / frame_size[1], (bottom - top) / frame_size[0]
    width = max(2, round(font.pixelSize() / 7))
    # Score, what of the box lies in the picture, words, colour; of a turned one all of it, and its angle.
    tagged: list[tuple[float, Edges, str, QColor, tuple[Edges, float] | None]] = []
    for found, colour in layers:
        scores = found.scores[:most].tolist()
        angles = found.angles[:most].tolist() if found.angles is not None else [None] * len(scores)
        for (x1, y1, x2, y2), score, label, angle in zip(
            found.boxes[:most].tolist(), scores, found.labels, angles, strict=False
        ):
            start, end = max(left, left + x1 * sx), min(right, left + x2 * sx)
            box = (start, max(top, top + y1 * sy), end, min(bottom, top + y2 * sy))
            if box[0] < box[2] and box[1] < box[3]:
                whole = (left + x1 * sx, top + y1 * sy, left + x2 * sx, top + y2 * sy)
                turned = None if angle is None else (whole, angle)
                tagged.append((score, box, f"{short_label(label)} {percent(score)}", colour, turned))
    tagged.sort(key=lambda entry: entry[0])   # the best last, on top
    painter.setPen(Qt.PenStyle.NoPen)
    for _, (x1, y1, x2, y2), _, colour, turned in tagged:
        if turned is not None:
            _draw_turned(painter, *turned, colour, width)
            continue
        edge = QRect(round(x1), round(y1), round(x2) - round(x1), round(y2) - round(y1))
        _frame(painter, edge.adjusted(-1, -1, 1, 1), width + 2, RIM)
        _frame(painter, edge, width, colour)
    for found, colour in layers:
        if found.points is not None:
            _draw_points(painter, found.points[:most], (left, top, sx, sy), colour, width)
    metrics = QFontMetricsF(font)
    high, ascent = metrics.height() + 4, metrics.ascent()
    painter.setFont(font)
    taken: list[Edges] = []
    for _, box, words, colour, _ in reversed(tagged) if tags else ():
        wide = min(metrics.horizontalAdvance(words) + 12, right - left)
        tag = place_tag(box, (wide, high), (left, top, right, bottom), taken)
        if tag is None:
            continue
        taken.append(tag)
        painter.fillRect(QRectF(tag[0], tag[1], wide, high), colour)
        painter.setPen(ink_on(colour))
        painter.drawText(QPointF(tag[0] + 6, tag[1] + 2 + ascent), words)


def _draw_turned(painter: QPainter, box: Edges, angle: float, colour: QColor, width: int) -> None:
    """A box turned clockwise about its middle by `angle`, radians."""
    x1, y1, x2, y2 = box
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate((x1 + x2) / 2, (y1 + y2) / 2)
    painter.rotate(degrees(angle))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    edge = QRectF(-(x2 - x1) / 2, -(y2 - y1) / 2, x2 - x1, y2 - y1)
    for pen in (QPen(RIM, width + 2), QPen(colour, width)):
        painter.setPen(pen)
        painter.drawRect(edge)
    painter.restore()
    painter.setPen(Qt.PenStyle.NoPen)


def _draw_points(
    painter: QPainter, points: "NDArray[np.float32]", place: Edges, colour: QColor, width: int
) -> None:
    """The points of each pose, (n, points, 3); those of a person joined by its limbs. `place`: left, top, scales."""
    left, top, sx, sy = place
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for of_one in points.tolist():
        places = [QPointF(left + x * sx, top + y * sy) if sure >= SEEN else None for x, y, sure in of_one]
        limbs = LIMBS if len(places) == PERSON else ()
        lines = [QLineF(a, b) for i, j in limbs if (a := places[i]) is not None and (b := places[j]) is not None]
        for pen in (QPen(RIM, width + 2), QPen(colour, width)):
            painter.setPen(pen)
            painter.drawLines(lines)
        painter.setPen(QPen(RIM, 1))
        painter.setBrush(colour)
        for point in places:
            if point is not None:
                painter.drawEllipse(point, width + 1, width + 1)
    painter.restore()
    painter.setPen(Qt.PenStyle.NoPen)


def place_tag(box: Edges, size: tuple[float, float], picture: Edges, taken: Sequence[Edges]) -> Edges | None:
    """Where a box's tag of `size` (width, height) goes: above it, else inside at its top, below, inside at its bottom.

    It lies within the picture and over no tag that has its place already. None where there is no such place.
    """
    wide, high = size
    last = picture[2] - wide
    starts = [min(max(start, picture[0]), last) for start in (box[0], box[2] - wide)]
    for top in (box[1] - high, box[1], box[3], box[3] - high):
        if picture[1] <= top <= picture[3] - high:
            for start in starts:
                end, below = start + wide, top + high
                if not any(start < r and x < end and top < b and y < below for x, y, r, b in taken):
                    return start, top, end, below
    return None


def _frame(painter: QPainter, edge: QRect, width: int, colour: QColor) -> None:
    """The four sides of a rectangle, drawn inside its edge, on whole px: a pen takes several times as long."""
    left, top, wide, high = edge.left(), edge.top(), edge.width(), edge.height()
    tall = max(0, high - 2 * width)
    painter.setBrush(colour)
    painter.drawRects([   # in one call: each costs more than the pixels
        QRect(left, top, wide, width), QRect(left, top + high - width, wide, width),
        QRect(left, top + width, width, tall), QRect(left + wide - width, top + width, width, tall),
    ])  # fmt: skip


def draw_crop(painter: QPainter, picture: QRectF, frame_size: tuple[int, int], crop: tuple[float, ...]) -> None:
    """A faint frame around what the network sees; `crop` is x1 y1 x2 y2, px of the frame.

    A plain line of one px: to blend it, or to darken what lies outside, would cost more than the whole picture.
    """
    sx, sy = picture.width() / frame_size[1], picture.height() / frame_size[0]
    x1, y1, x2, y2 = crop
    inside = QRectF(picture.x() + x1 * sx, picture.y() + y1 * sy, (x2 - x1) * sx, (y2 - y1) * sy).toRect()
    painter.setPen(CROP_LINE)
    painter.drawRect(inside.adjusted(0, 0, -1, -1))


def draw_chip(painter: QPainter, corner: QPointF, text: str, font: QFont, background: QColor) -> float:
    """A rounded word with its top left at `corner`; returns its width."""
    metrics = QFontMetricsF(font)
    height = metrics.height() + 6
    chip = QRectF(corner.x(), corner.y(), metrics.horizontalAdvance(text) + height * 0.8, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(background)
    painter.drawRoundedRect(chip, height / 2, height / 2)
    painter.setPen(ink_on(background))
    painter.setFont(font)
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
    return chip.width()
