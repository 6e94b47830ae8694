"""What the X-ray shows: a picture with its part, and the answers with the channels below."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.stage.overlay import percent, short_label
from gui.theme import DARK, Size, Theme, font
from inference.data import Classification, Prediction
from inference.xray import Channel

ANSWERS = 3
CARD, SWITCHED = "By the card", "As switched"
Rows = list[tuple[str, float]]
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class InputView(QWidget):
    """A picture as large as it fits, with a caption below; what lies outside a box is dimmed."""

    def __init__(self, *, smooth: bool) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self._smooth = smooth
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint8] | None = None   # the image's memory
        self._box: tuple[float, float, float, float] | None = None
        self._caption = ""
        self._colour = QColor(DARK.line)
        self.setMinimumWidth(120)

    def show_picture(
        self, pixels: NDArray[np.uint8], caption: str, colour: QColor,
        box: tuple[float, float, float, float] | None = None,
    ) -> None:  # fmt: skip
        """(h, w, 3) BGR; `box` is x1 y1 x2 y2 relative to the picture, 0..1."""
        self._pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        self._image = QImage(self._pixels.data, width, height, self._pixels.strides[0], QImage.Format.Format_BGR888)
        self._caption, self._colour, self._box = caption, colour, box
        self.setAccessibleName(caption)
        self.update()

    def clear(self) -> None:
        """Nothing to show."""
        self._image = self._pixels = None
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setMinimumWidth(round(120 * scale))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, the box, the caption."""
        del event
        if self._image is None:
            return
        painter = QPainter(self)
        painter.setFont(font(Size.FACT, self._scale))
        line = QFontMetricsF(painter.font()).height()
        room = QRectF(self.rect()).adjusted(0, 0, 0, -line - 6)
        scale = min(room.width() / self._image.width(), room.height() / self._image.height())
        size = self._image.width() * scale, self._image.height() * scale
        place = QRectF(room.center().x() - size[0] / 2, room.top() + (room.height() - size[1]) / 2, *size)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth or scale < 1)
        painter.drawImage(place, self._image)
        frame = place
        if self._box:
            x1, y1, x2, y2 = self._box
            frame = QRectF(
                QPointF(place.left() + x1 * place.width(), place.top() + y1 * place.height()),
                QPointF(place.left() + x2 * place.width(), place.top() + y2 * place.height()),
            ).intersected(place)
            shade = QColor(self._theme.background)
            shade.setAlpha(170)
            for part in _around(place, frame):
                painter.fillRect(part, shade)
        painter.setPen(QPen(self._colour, max(2.0, 2.5 * self._scale)))
        painter.drawRect(frame)
        painter.setPen(QColor(self._theme.quiet))
        words = QFontMetricsF(painter.font()).elidedText(self._caption, Qt.TextElideMode.ElideRight, self.width())
        where = QRectF(0, place.bottom() + 4, self.width(), line)
        painter.drawText(where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)


class Answers(QWidget):
    """The best answers with bars, as switched beside as the card says, and what is wrong with the values."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self._columns: dict[str, Rows] = {}
        self._channels: tuple[Channel, ...] = ()
        self._colour = QColor(DARK.line)
        self.setMinimumWidth(120)

    def show_answers(self, rows: Rows, usual: Rows | None, found: tuple[Channel, ...], colour: QColor) -> None:
        """Labels with their scores 0..1, those `usual` by the card where a switch is turned, and the channels."""
        card = {CARD: rows if usual is None else usual}
        self._columns = card if usual is None else {**card, SWITCHED: rows}
        self._channels, self._colour = found, colour
        said = "; ".join(
            f"{title}: {', '.join(f'{label} {score:.0%}' for label, score in those) or 'none'}"
            for title, those in self._columns.items()
        )
        self.setAccessibleName(f"Answers. {said}")
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the answers from the top, the channels from the bottom."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = 16 * self._scale
        wide = (self.width() - gap * (len(self._columns) - 1)) / max(1, len(self._columns))
        top = 0.0
        for i, (title, rows) in enumerate(self._columns.items()):
            top = max(top, self._paint_column(painter, i * (wide + gap), wide, title, rows))
        painter.setFont(font(Size.FACT, self._scale))
        metrics = QFontMetricsF(painter.font())
        lines = [
            f"{c.name}  mean {c.mean:.3g}  std {c.std:.3g}  {c.low:.3g} to {c.high:.3g}".replace("-", "−")
            for c in self._channels
        ]
        below = self.height() - len(lines) * metrics.height()
        if below >= top:   # the answers come first
            painter.setPen(QColor(self._theme.quiet))
            for i, line in enumerate(lines):
                words = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width())
                painter.drawText(QRectF(0, below + i * metrics.height(), self.width(), metrics.height()), LEFT, words)

    def _paint_column(self, painter: QPainter, x: float, width: float, title: str, rows: Rows) -> float:
        """A title and its answers; the height where they end, px."""
        small = font(Size.FACT, self._scale)
        high = QFontMetricsF(small).height()
        painter.setFont(small)
        painter.setPen(QColor(self._theme.quiet))
        painter.drawText(QRectF(x, 0, width, high), LEFT, title)
        top = high + 4 * self._scale
        label = font(Size.LABEL, self._scale)
        metrics = QFontMetricsF(label)
        number = metrics.horizontalAdvance("100 %") + 8 * self._scale
        for i, (name, score) in enumerate(rows):
            painter.setFont(font(Size.LABEL, self._scale, bold=i == 0))
            painter.setPen(QColor(self._theme.text))
            words = QFontMetricsF(painter.font()).elidedText(name, Qt.TextElideMode.ElideRight, width - number)
            painter.drawText(QRectF(x, top, width - number, metrics.height()), LEFT, words)
            painter.drawText(QRectF(x + width - number, top, number, metrics.height()), RIGHT, percent(score))
            bar = QRectF(x, top + metrics.height() + 1, width, 4 * self._scale)
            painter.fillRect(bar, QColor(self._theme.raised))
            bar.setWidth(width * min(1.0, max(0.0, score)))
            painter.fillRect(bar, self._colour)
            top += metrics.height() + 10 * self._scale
        return top


def rows_of(found: Prediction) -> list[tuple[str, float]]:
    """The best answers, each label once."""
    if isinstance(found, Classification):
        pairs = zip(found.labels[:ANSWERS], found.scores[:ANSWERS], strict=True)
        return [(short_label(label), float(score)) for label, score in pairs]
    best: dict[str, tuple[int, float]] = {}
    for label, score in zip(found.labels, found.scores, strict=True):
        number, top = best.get(label, (0, float(score)))
        best[label] = (number + 1, top)
    return [
        (label if number == 1 else f"{number} × {label}", top) for label, (number, top) in best.items()
    ][:ANSWERS]


def _around(whole: QRectF, inner: QRectF) -> tuple[QRectF, ...]:
    """What of `whole` lies above, below, left and right of `inner`."""
    return (
        QRectF(whole.topLeft(), QPointF(whole.right(), inner.top())),
        QRectF(QPointF(whole.left(), inner.bottom()), whole.bottomRight()),
        QRectF(QPointF(whole.left(), inner.top()), inner.bottomLeft()),
        QRectF(inner.topRight(), QPointF(whole.right(), inner.bottom())),
    )
