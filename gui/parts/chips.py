"""What holds right now and must not be overlooked: frozen, recording, mirrored, smoothed; a mark each."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.stage.overlay import ink_on
from gui.theme import DARK, Size, Theme, font

QUIET, LIT, RED = "quiet", "lit", "red"   # how much a mark wants to be seen


class Chips(QWidget):
    """Marks in a row; nothing where nothing is to be said."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._scale = DARK, 1.0
        self.shown: tuple[tuple[str, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def show_chips(self, chips: tuple[tuple[str, str], ...]) -> None:
        """Words, and QUIET, LIT or RED for each; the same again costs nothing."""
        if chips == self.shown:
            return
        wider = [len(words) for words, _ in chips] != [len(words) for words, _ in self.shown]
        self.shown = chips
        self.setAccessibleName(", ".join(words for words, _ in chips))
        if wider:   # a clock that ticks moves nothing
            self.setFixedWidth(self.sizeHint().width())
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setFixedWidth(self.sizeHint().width())
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the marks are."""
        metrics = QFontMetrics(font(Size.FACT, self._scale, bold=True))
        width = sum(self._width(metrics, words) + self._gap() for words, _ in self.shown)
        return QSize(width, metrics.height() + round(4 * self._scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the marks from the left."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(Size.FACT, self._scale, bold=True))
        metrics = painter.fontMetrics()
        inks = {
            QUIET: QColor(self._theme.raised), LIT: QColor(self._theme.accent), RED: QColor(self._theme.trouble),
        }  # fmt: skip
        left, high = 0, metrics.height() + round(2 * self._scale)
        for words, kind in self.shown:
            field = QRectF(left, (self.height() - high) / 2, self._width(metrics, words), high)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(inks[kind])
            painter.drawRoundedRect(field, high / 4, high / 4)
            painter.setPen(QColor(self._theme.text) if kind == QUIET else ink_on(inks[kind]))
            painter.drawText(field, Qt.AlignmentFlag.AlignCenter, words)
            left += round(field.width()) + self._gap()

    def _gap(self) -> int:
        return round(6 * self._scale)

    def _width(self, metrics: QFontMetrics, words: str) -> int:
        return metrics.horizontalAdvance(words) + round(14 * self._scale)


def clock(seconds: float) -> str:
    """A length of time as a clock shows it: "0:12", "61:05"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
