"""What each network says of a drawing: ten bars, its answer large, how long it took and how big it is."""

from collections.abc import Sequence
from math import ceil, log

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.stage.answer import milliseconds
from gui.stage.overlay import percent
from gui.theme import DARK, Size, Theme, font
from inference.data import LaneSpec
from inference.lab.digits.readers import Answer, Digit, Reader
from inference.words import size_text

GAP = 8            # px
DIGITS = 10
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Columns(QWidget):
    """One tile a network; as many beside each other as make them nearly square."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self._readers: tuple[Reader, ...] = ()
        self._answers: dict[LaneSpec, Answer] = {}
        self._digit: QImage | None = None   # as the networks see it
        self.setMinimumSize(240, 120)

    def show_readers(self, readers: Sequence[Reader]) -> None:
        """The networks, in this order; each keeps its place and its colour."""
        self._readers = tuple(readers)
        self.update()

    def show_answers(self, answers: Sequence[Answer], digit: Digit | None) -> None:
        """What they say, or why they do not; and what they were given."""
        self._digit = None if digit is None else QImage(
            digit.tobytes(), digit.shape[1], digit.shape[0], digit.shape[1], QImage.Format.Format_Grayscale8
        ).copy()
        self._answers = {answer.reader.spec: answer for answer in answers}
        self.setAccessibleName(
            ", ".join(
                f"{answer.reader.title}: {answer.best}, {percent(float(answer.scores.max()))}"
                for answer in answers if answer.scores is not None
            ) or "Nothing is drawn"
        )  # fmt: skip
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    def tiles(self) -> list[QRectF]:
        """Where each network stands; then the places that are left over."""
        count = len(self._readers)
        if not count:
            return []

        def shape(across: int) -> float:
            wide = (self.width() - GAP * (across - 1)) / across
            down = ceil(count / across)
            high = (self.height() - GAP * (down - 1)) / down
            return abs(log(wide / max(1.0, high) / 1.25)) + 0.25 * (across * down - count)   # no place stays empty

        across = min(range(1, count + 1), key=shape)
        down = ceil(count / across)
        wide, high = (self.width() - GAP * (across - 1)) / across, (self.height() - GAP * (down - 1)) / down
        places = range(across * down)
        return [QRectF(i % across * (wide + GAP), i // across * (high + GAP), wide, high) for i in places]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint every tile."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        places = self.tiles()
        for slot, (reader, place) in enumerate(zip(self._readers, places, strict=False)):
            painter.save()
            painter.setClipRect(place)
            self._tile(painter, place, reader, self._answers.get(reader.spec), self._theme.lane(slot))
            painter.restore()
        if len(places) > len(self._readers) and self._digit is not None:
            self._seen(painter, places[-1], self._digit)

    def _seen(self, painter: QPainter, place: QRectF, digit: QImage) -> None:
        """In a place that is left over: what the networks are given, pixel by pixel."""
        face = font(Size.FACT, self._scale)
        line = QFontMetricsF(face).height()
        side = min(place.width(), place.height() - 1.4 * line)
        square = QRectF(place.center().x() - side / 2, place.top(), side, side)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(square, digit)
        painter.setFont(face)
        painter.setPen(QColor(self._theme.quiet))
        below = QRectF(place.left(), square.bottom() + 0.2 * line, place.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"What they see: {digit.width()} × {digit.height()}")

    def _tile(self, painter: QPainter, place: QRectF, reader: Reader, answer: Answer | None, colour: QColor) -> None:
        theme = self._theme
        unit = max(0.55, min(place.width() / 250, place.height() / 220)) * min(1.3, self._scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.background))
        painter.drawRoundedRect(place, 6, 6)
        painter.fillRect(QRectF(place.left(), place.top(), 4, place.height()), colour)
        inner = place.adjusted(14 * unit, 8 * unit, -10 * unit, -8 * unit)
        name, fact = font(20 * unit, bold=True), font(14 * unit)
        name_high, fact_high = QFontMetricsF(name).height(), QFontMetricsF(fact).height()
        big = font(min(58 * unit, inner.height() * 0.34), bold=True)
        big_wide = QFontMetricsF(big).horizontalAdvance("0")
        painter.setFont(name)
        painter.setPen(QColor(theme.text))
        room = inner.width() - big_wide - 8
        title = QFontMetricsF(name).elidedText(reader.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(inner.left(), inner.top(), room, name_high), LEFT, title)
        painter.setFont(fact)
        painter.setPen(QColor(theme.quiet))
        took = milliseconds(answer.ms) if answer and answer.scores is not None else ""
        size = size_text(answer.bytes) if answer and answer.bytes else ""
        off = f"values off by {100 * answer.off:.1g} %" if answer and answer.off is not None else ""
        facts = " · ".join(filter(None, (took, size, off)))
        facts = QFontMetricsF(fact).elidedText(facts, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(inner.left(), inner.top() + name_high, room, fact_high), LEFT, facts)
        top = inner.top() + max(name_high + fact_high, QFontMetricsF(big).height() * 0.95) + 4 * unit
        bars = QRectF(inner.left(), top, inner.width(), inner.bottom() - top - fact_high)
        if answer and (words := answer.trouble or answer.waits):
            painter.setPen(QColor(theme.trouble if answer.trouble else theme.quiet))
            painter.drawText(bars, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, words)
            return
        if answer and answer.scores is not None:
            painter.setFont(big)
            painter.setPen(QColor(theme.text))
            corner = QRectF(inner.right() - big_wide, inner.top() - 4 * unit, big_wide, QFontMetricsF(big).height())
            painter.drawText(corner, RIGHT, str(answer.best))
        self._bars(painter, bars, answer, colour, unit)

    def _bars(self, painter: QPainter, place: QRectF, answer: Answer | None, colour: QColor, unit: float) -> None:
        theme, step = self._theme, place.width() / DIGITS
        bold, plain = font(15 * unit, bold=True), font(15 * unit)
        for digit in range(DIGITS):
            best = answer is not None and digit == answer.best
            left = round(place.left() + digit * step)
            wide = max(2, round(step * 0.72))
            painter.fillRect(QRectF(left, place.top(), wide, place.height()), QColor(theme.raised))
            score = float(answer.scores[digit]) if answer and answer.scores is not None else 0.0
            high = place.height() * score
            if high >= 0.5:
                ink = QColor(colour) if best else QColor(theme.quiet)
                painter.fillRect(QRectF(left, place.bottom() - high, wide, high), ink)
            painter.setFont(bold if best else plain)
            painter.setPen(QColor(theme.text if best else theme.quiet))
            below = QRectF(left - step, place.bottom() + 1, wide + 2 * step, QFontMetricsF(plain).height())
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, str(digit))
