"""What is drawn over a picture: boxes with their labels, the crop, and small chips of words."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from inference.data import Detections

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
    tagged: list[tuple[float, Edges, str, QColor]] = []   # score, box, words, colour
    for found, colour in layers:
        scores = found.scores[:most].tolist()
        for (x1, y1, x2, y2), score, label in zip(found.boxes[:most].tolist(), scores, found.labels, strict=False):
            start, end = max(left, left + x1 * sx), min(right, left + x2 * sx)
            box = (start, max(top, top + y1 * sy), end, min(bottom, top + y2 * sy))
            if box[0] < box[2] and box[1] < box[3]:
                tagged.append((score, box, f"{short_label(label)} {percent(score)}", colour))
    tagged.sort(key=lambda entry: entry[0])   # the best last, on top
    painter.setPen(Qt.PenStyle.NoPen)
    for _, (x1, y1, x2, y2), _, colour in tagged:
        edge = QRect(round(x1), round(y1), round(x2) - round(x1), round(y2) - round(y1))
        _frame(painter, edge.adjusted(-1, -1, 1, 1), width + 2, RIM)
        _frame(painter, edge, width, colour)
    metrics = QFontMetricsF(font)
    high, ascent = metrics.height() + 4, metrics.ascent()
    painter.setFont(font)
    taken: list[Edges] = []
    for _, box, words, colour in reversed(tagged) if tags else ():
        wide = min(metrics.horizontalAdvance(words) + 12, right - left)
        tag = place_tag(box, (wide, high), (left, top, right, bottom), taken)
        if tag is None:
            continue
        taken.append(tag)
        painter.fillRect(QRectF(tag[0], tag[1], wide, high), colour)
        painter.setPen(ink_on(colour))
        painter.drawText(QPointF(tag[0] + 6, tag[1] + 2 + ascent), words)


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
