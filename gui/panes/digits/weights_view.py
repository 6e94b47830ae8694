"""What makes a 0 a 0: the weights of each answer as a picture, and multiplied with what is drawn."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.theme import DARK, Theme, font
from inference.lab.digits.weights import Apart

GAP = 8                       # px
FOR, AGAINST = "#2F81F7", "#E5484D"   # blue and red, on the board's black as on white
FULL = 99.5                   # per cent of the weights lie below the one that is drawn in full colour
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class WeightsView(QWidget):
    """One tile an answer: its weights, those times the drawing, and the sum, which is the logit."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self._names: tuple[str, ...] = ()
        self._apart: Apart | None = None
        self._drawn = False
        self.setMinimumSize(240, 120)

    def show_apart(self, names: Sequence[str], apart: Apart | None, *, drawn: bool) -> None:
        """The answers' names and the network at this drawing; `drawn`: there is one."""
        self._names, self._apart, self._drawn = tuple(names), apart, drawn
        if apart is not None:
            said = (f"{name}: {logit:.2f}" for name, logit in zip(names, apart.logits, strict=True))
            self.setAccessibleName("Logits: " + ", ".join(said) if drawn else "Weights of each answer")
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint every answer's tile."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        if self._apart is None:
            return
        count = len(self._names)
        across = 2 if count == 2 else ceil(count / 2)
        down = ceil(count / across)
        wide, high = (self.width() - GAP * (across - 1)) / across, (self.height() - GAP * (down - 1)) / down
        best = int(self._apart.logits.argmax())
        full = [float(np.percentile(np.abs(values), FULL)) for values in (self._apart.weights, self._apart.shares)]
        for i in range(count):
            place = QRectF(i % across * (wide + GAP), i // across * (high + GAP), wide, high)
            self._tile(painter, place, i, full, best=self._drawn and i == best)

    def _tile(self, painter: QPainter, place: QRectF, i: int, full: list[float], *, best: bool) -> None:
        theme, apart = self._theme, self._apart
        assert apart
        unit = max(0.6, min(place.width() / 230, place.height() / 210)) * min(1.3, self._scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.accent) if best else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.background))
        painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), 6, 6)
        inner = place.adjusted(12 * unit, 6 * unit, -12 * unit, -6 * unit)
        head, plain = font(24 * unit, bold=True), font(15 * unit)
        high = QFontMetricsF(head).height()
        painter.setFont(head)
        painter.setPen(QColor(theme.text))
        top = QRectF(inner.left(), inner.top(), inner.width(), high)
        painter.drawText(top, LEFT, self._names[i])
        if self._drawn:
            painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, signed(apart.logits[i]))
        line = QFontMetricsF(plain).height()
        high = inner.bottom() - top.bottom() - line - 6 * unit
        free = QRectF(inner.left(), top.bottom() + 2 * unit, inner.width(), high)
        pictures = zip((apart.weights, apart.shares), full, two_squares(free, 8 * unit), strict=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for values, most, square in pictures:
            painter.drawImage(square, coloured(np.asarray(values[i], np.float32), most, theme))
        painter.setFont(plain)
        painter.setPen(QColor(theme.quiet))
        below = QRectF(inner.left(), inner.bottom() - line, inner.width(), line)
        words = f"pixels {signed(apart.shares[i].sum())}, rest {signed(apart.rests[i])}" if self._drawn else "weights"
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)


def two_squares(place: QRectF, gap: float) -> tuple[QRectF, QRectF]:
    """Two equal squares as large as fit, beside each other or one above the other, in the middle of a place."""
    beside = min((place.width() - gap) / 2, place.height())
    above = min(place.width(), (place.height() - gap) / 2)
    side = max(1.0, beside, above)
    step = (side + gap, 0.0) if beside >= above else (0.0, side + gap)
    left = place.center().x() - (side + step[0]) / 2
    top = place.center().y() - (side + step[1]) / 2
    return QRectF(left, top, side, side), QRectF(left + step[0], top + step[1], side, side)


def signed(value: float) -> str:
    """A number with its sign: "+7.31", "−0.40"."""
    return f"{value:+.2f}".replace("-", "−")


def coloured(values: NDArray[np.float32], most: float, theme: Theme) -> QImage:
    """Numbers (h, w) as a picture: blue above 0, red below, the ground's colour at 0, full from `most` on."""
    share = np.clip(values / (most or 1.0), -1, 1)[..., None]
    ground, pro, contra = _rgb(theme.raised), _rgb(FOR), _rgb(AGAINST)
    mixed = ground + np.maximum(share, 0) * (pro - ground) + np.maximum(-share, 0) * (contra - ground)
    pixels = np.ascontiguousarray(mixed.astype(np.uint8))
    high, wide = values.shape
    return QImage(pixels.tobytes(), wide, high, 3 * wide, QImage.Format.Format_RGB888).copy()


def _rgb(name: str) -> NDArray[np.float32]:
    colour = QColor(name)
    return np.array([colour.red(), colour.green(), colour.blue()], np.float32)
