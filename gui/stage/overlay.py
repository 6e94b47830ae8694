"""What is drawn over a picture: boxes with their labels, the crop, and small chips of words."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from inference.data import Detections

CROP_LINE = QColor("#C9D1D9")
RIM = QColor(0, 0, 0, 150)   # around a box: it shows on any picture


def short_label(label: str) -> str:
    """The first of a label's synonyms: "tabby, tabby cat" → "tabby"."""
    return label.split(",", 1)[0]


def ink_on(colour: QColor) -> QColor:
    """Black or white, whichever has the greater contrast on `colour` (WCAG 2.1, relative luminance)."""

    def linear(value: float) -> float:
        return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)

    luminance = 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
    return QColor("#0B0D10" if luminance > 0.179 else "#FFFFFF")


def draw_boxes(
    painter: QPainter,
    found: Detections,
    picture: QRectF,
    frame_size: tuple[int, int],
    colour: QColor,
    font: QFont,
    *,
    most: int = 30,
) -> None:
    """Draw the best `most` boxes of `found` into `picture`, which shows a frame of `frame_size` (height, width)."""
    sx, sy = picture.width() / frame_size[1], picture.height() / frame_size[0]
    metrics = QFontMetricsF(font)
    height = metrics.height() + 4
    painter.setFont(font)
    width = max(2, round(font.pixelSize() / 7))
    ink = ink_on(colour)
    boxes, scores = found.boxes[:most].tolist(), found.scores[:most].tolist()
    for x1, y1, x2, y2 in reversed(boxes):   # the best last, on top
        box = QRectF(
            QPointF(picture.x() + x1 * sx, picture.y() + y1 * sy), QPointF(picture.x() + x2 * sx, picture.y() + y2 * sy)
        ).intersected(picture)
        if box.isEmpty():
            continue
        _frame(painter, box.toRect().adjusted(-1, -1, 1, 1), width + 2, RIM)
        _frame(painter, box.toRect(), width, colour)
    tags: list[QRectF] = []
    # The best first: a tag that would cover another is left out.
    for (x1, y1, *_), score, label in zip(boxes, scores, found.labels, strict=False):
        text = f"{short_label(label)} {score * 100:.0f} %"
        text_width = min(metrics.horizontalAdvance(text) + 12, picture.width())
        left = min(max(picture.x() + x1 * sx, picture.left()), picture.right() - text_width)
        top = picture.y() + y1 * sy
        top = max(top - height, picture.top()) if top - height >= picture.top() else max(top, picture.top())
        tag = QRectF(left, min(top, picture.bottom() - height), text_width, height)
        if any(tag.intersects(other) for other in tags):
            continue
        tags.append(tag)
        painter.fillRect(tag, colour)
        painter.setPen(ink)
        painter.drawText(QPointF(tag.left() + 6, tag.top() + 2 + metrics.ascent()), text)


def _frame(painter: QPainter, edge: QRect, width: int, colour: QColor) -> None:
    """The four sides of a rectangle, drawn inside its edge, on whole px: a pen takes several times as long."""
    tall = max(0, edge.height() - 2 * width)
    painter.fillRect(edge.left(), edge.top(), edge.width(), width, colour)
    painter.fillRect(edge.left(), edge.bottom() + 1 - width, edge.width(), width, colour)
    painter.fillRect(edge.left(), edge.top() + width, width, tall, colour)
    painter.fillRect(edge.right() + 1 - width, edge.top() + width, width, tall, colour)


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
