"""The board: times, pairs and taxes of a bench, in type that the last row reads."""

from collections.abc import Callable, Sequence
from math import floor, log10
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.panes.bench.rows import Row, Table, fastest
from gui.theme import DARK, Size, Theme, font
from inference.lab.bench.words import number

FACES = {"times": "Times", "pairs": "Pairs", "together": "Together"}
HEADS = {
    "times": "Median of one answer, warm: right after itself. A ring: cold, right after the others. A dot: one round.",
    "pairs": "How many times as fast the network on the left is as the one above. ≈: not told apart.",
    "together": "How many times as long an answer takes beside others as alone, each on its share of the cores.",
}
TIMES_HEADS = ("warm", "cold", "× fastest", "together")
TALLEST = 92     # px of a row at 100 %
NOTHING = {
    "times": "Choose networks on the left, and Measure.",
    "pairs": "Two networks that were measured make a pair.",
    "together": "Measured at the end, where Together is chosen.",
}
Right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
Centre = Qt.AlignmentFlag.AlignCenter


class Cell(NamedTuple):
    """What stands in a field of a matrix."""

    text: str
    strength: float   # 0..1, of its colour
    bold: bool


class Board(QWidget):
    """Shows a Table with one of FACES; all of it is painted, in as large a type as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.face = Table(), "times"
        self.slots: Sequence[int] = ()   # of the lanes' colours, a row each
        self._theme, self._scale = DARK, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("What was measured")

    def show_table(self, table: Table, slots: Sequence[int]) -> None:
        """Show these figures, in the colours of these lanes."""
        self.table, self.slots = table, slots
        self.setAccessibleDescription("; ".join(self.words()))
        self.update()

    def show_face(self, face: str) -> None:
        """Show another side of them."""
        self.face = face
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setMinimumSize(round(300 * scale), round(120 * scale))
        self.update()

    def words(self) -> list[str]:
        """What stands on it, row by row: for who cannot see it."""
        return [
            " ".join(filter(None, (row.name, f"{number(row.warm.value)} ms" if row.warm else row.trouble)))
            for row in self.table.rows
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """The head, then the face."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = font(Size.FACT, self._scale)
        line = QFontMetricsF(small).height() * 1.3
        empty = not self.table.rows or (self.face == "together" and not self.table.taxes) or (
            self.face == "pairs" and not self.table.pairs
        )
        self._text(painter, QRectF(0, 0, self.width(), line), HEADS[self.face], small, self._theme.quiet, Left)
        place = QRectF(0, line * 1.2, self.width(), self.height() - line * 1.2)
        if empty:
            self._text(painter, place, NOTHING[self.face], font(Size.LABEL, self._scale), self._theme.quiet, Centre)
        elif self.face == "times":
            self._paint_times(painter, place)
        elif self.face == "pairs":
            rows = self.table.rows
            self._paint_matrix(painter, place, [row.name for row in rows], self._pair)
        else:
            everyone = ["all at once"] if any(other is None for _, other in self.table.taxes) else []
            self._paint_matrix(painter, place, [*(row.name for row in self.table.rows), *everyone], self._tax)

    # --- times ----------------------------------------------------------------------------------------------------

    def _paint_times(self, painter: QPainter, place: QRectF) -> None:
        rows = self.table.rows
        head = QFontMetricsF(font(Size.FACT, self._scale)).height() * 1.3
        high = min(TALLEST * self._scale, (place.height() - head) / len(rows))
        name_face = self._fitting(high * 0.30, 16)
        large = self._fitting(high * 0.44, 18, bold=True)
        middle = self._fitting(high * 0.30, 16)
        names = self._names_width(name_face, place.width() * 0.24)
        ms = QFontMetricsF(large).horizontalAdvance("0000 ms") + 12
        other = QFontMetricsF(middle).horizontalAdvance("× 00.00") + 14
        heads = [QFontMetricsF(font(Size.FACT, self._scale)).horizontalAdvance(head) + 14 for head in TIMES_HEADS[1:]]
        wide = [ms, *(max(other, head) for head in heads)]
        if place.width() - names - sum(wide) < place.width() * 0.2:   # a narrow pane: what matters most stays
            wide = wide[:1]
        plot = QRectF(place.left() + names, place.top(), place.width() - names - sum(wide) - 8, head)
        most = max([max(row.rounds) for row in rows if row.rounds] or [1.0]) * 1.05
        self._paint_axis(painter, plot, place, high * len(rows), most)
        lefts = [place.right() - sum(wide[i:]) for i in range(len(wide))]
        for left, width, title in zip(lefts, wide, TIMES_HEADS, strict=False):
            self._text(painter, QRectF(left, place.top(), width, head), title, font(Size.FACT, self._scale),
                       self._theme.quiet, Right)   # fmt: skip
        best = fastest(rows)
        for i, row in enumerate(rows):
            top = place.top() + head + i * high
            colour = self._colour(i)
            painter.fillRect(QRectF(place.left(), top + high * 0.2, 5, high * 0.6), colour)
            self._name(painter, QRectF(place.left() + 14, top, names - 20, high), row.name, name_face)
            field = QRectF(plot.left(), top + high * 0.12, plot.width(), high * 0.76)
            if row.trouble:
                self._text(painter, field, row.trouble, middle, self._theme.trouble, Left)
            if not row.warm:
                continue
            self._paint_row(painter, field, row, colour, most)
            pair = self.table.pairs.get((best, i)) if best is not None and i != best else None
            texts = (
                f"{number(row.warm.value)} ms", number(row.cold) if row.cold else "",
                (f"× {pair.times.value:.2f}" if pair.told or not self.table.done else "≈") if pair else "",
                f"× {row.tax:.2f}" if row.tax else "",
            )
            for k, (left, width) in enumerate(zip(lefts, wide, strict=True)):
                ink = self._theme.text if k in (0, 2) else self._theme.quiet
                self._text(painter, QRectF(left, top, width, high), texts[k], large if k == 0 else middle, ink, Right)

    def _paint_axis(self, painter: QPainter, plot: QRectF, place: QRectF, high: float, most: float) -> None:
        step = _step(most, max(2, int(plot.width() / (56 * self._scale))))
        painter.setPen(QPen(QColor(self._theme.line), 1))
        for k in range(int(most / step) + 1):
            x = plot.left() + plot.width() * k * step / most
            painter.setPen(QPen(QColor(self._theme.line), 1))
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, place.top() + plot.height() + high))
            box = QRectF(x - 60, plot.top(), 120, plot.height())
            self._text(painter, box, f"{k * step:g}", font(Size.FACT, self._scale), self._theme.quiet, Centre)

    def _paint_row(self, painter: QPainter, field: QRectF, row: Row, colour: QColor, most: float) -> None:
        assert row.warm
        pale = QColor(colour)
        pale.setAlphaF(0.30)

        def x(ms: float) -> float:
            return field.left() + field.width() * min(1.0, ms / most)

        painter.fillRect(QRectF(field.left(), field.top(), x(row.warm.value) - field.left(), field.height()), pale)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        size = max(1.5, 2.2 * self._scale)
        for k, ms in enumerate(row.rounds):   # the first round on top, as they came
            y = field.top() + field.height() * (k + 0.5) / max(len(row.rounds) / max(row.part, 1e-6), 1)
            painter.drawEllipse(QPointF(x(ms), y), size, size)
        painter.fillRect(QRectF(x(row.warm.value) - 1.5, field.top(), 3, field.height()), colour)
        if row.warm.low is not None and row.warm.high is not None:
            painter.setPen(QPen(QColor(self._theme.text), max(2.0, 3 * self._scale)))
            y = field.center().y()
            painter.drawLine(QPointF(x(row.warm.low), y), QPointF(x(row.warm.high), y))
        if row.cold:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.text), max(1.5, 2 * self._scale)))
            ring = min(field.height() * 0.22, 9 * self._scale)
            painter.drawEllipse(QPointF(x(row.cold), field.center().y()), ring, ring)

    # --- pairs and taxes ------------------------------------------------------------------------------------------

    def _pair(self, i: int, j: int) -> Cell | None:
        pair = self.table.pairs.get((i, j))
        if pair is None:
            return None
        if self.table.done and not pair.told:
            return Cell("≈", 0.0, bold=False)
        return Cell(f"{pair.times.value:.2f}", min(1.0, abs(log10(pair.times.value))), bold=pair.times.value > 1)

    def _tax(self, i: int, j: int) -> Cell | None:
        found = self.table.taxes.get((i, j if j < len(self.table.rows) else None))
        return Cell(f"× {found.value:.2f}", min(1.0, (found.value - 1) / 3), bold=True) if found else None

    def _paint_matrix(
        self, painter: QPainter, place: QRectF, columns: Sequence[str], cell: Callable[[int, int], Cell | None]
    ) -> None:
        rows = self.table.rows
        high = min(TALLEST * self._scale, place.height() / (len(rows) + 0.7))
        head = QRectF(0, place.top(), 0, high * 0.7)
        name_face, face = self._fitting(high * 0.28, 14), self._fitting(high * 0.40, 14)
        strong = self._fitting(high * 0.40, 14, bold=True)
        names = self._names_width(name_face, place.width() * 0.28)
        wide = (place.width() - names) / len(columns)
        widest = max(map(QFontMetricsF(name_face).horizontalAdvance, columns))
        head_face = self._fitting(name_face.pixelSize() * min(1.0, (wide - 12) / widest), 13)
        for j, title in enumerate(columns):
            self._text(painter, QRectF(place.left() + names + j * wide + 4, head.top(), wide - 8, head.height()), title,
                       head_face, self._theme.quiet, Centre)   # fmt: skip
        for i, row in enumerate(rows):
            top = head.bottom() + i * high
            painter.fillRect(QRectF(place.left(), top + high * 0.2, 5, high * 0.6), self._colour(i))
            self._name(painter, QRectF(place.left() + 14, top, names - 20, high), row.name, name_face)
            for j in range(len(columns)):
                if found := cell(i, j):
                    field = QRectF(place.left() + names + j * wide + 2, top + 2, wide - 4, high - 4)
                    colour = QColor(self._colour(i)) if found.bold else QColor(self._theme.quiet)
                    colour.setAlphaF(0.10 + 0.30 * found.strength if found.bold else 0.08)
                    painter.fillRect(field, colour)
                    ink = self._theme.text if found.bold else self._theme.quiet
                    self._text(painter, field, found.text, strong if found.bold else face, ink, Centre)

    # --- drawing --------------------------------------------------------------------------------------------------

    def _colour(self, place: int) -> QColor:
        return self._theme.lane(self.slots[place] if place < len(self.slots) else place)

    def _names_width(self, face: QFont, most: float) -> float:
        """Room for the widest name and the mark before it."""
        metrics = QFontMetricsF(face)
        return min(most, max(metrics.horizontalAdvance(row.name) for row in self.table.rows) + 40)

    def _fitting(self, px: float, least: float, *, bold: bool = False) -> QFont:
        """Type of about so many px, within what is readable."""
        return font(max(least * self._scale * 0.85, min(px, 40 * self._scale)), 1.0, bold=bold)

    def _name(self, painter: QPainter, place: QRectF, name: str, face: QFont) -> None:
        """A network's name; one that is too long in two lines, rather than without its end, where it differs."""
        if QFontMetricsF(face).horizontalAdvance(name) > place.width():
            face = self._fitting(face.pixelSize() * 0.8, 12)
            line = QFontMetricsF(face).height()
            if place.height() > 2 * line:
                painter.setFont(face)
                painter.setPen(QColor(self._theme.text))
                box = QRectF(place.left(), place.center().y() - line, place.width(), 2 * line)
                painter.drawText(box, Left | Qt.TextFlag.TextWordWrap, name)
                return
        self._text(painter, place, name, face, self._theme.text, Left)

    def _text(
        self, painter: QPainter, place: QRectF, text: str, face: QFont, ink: str, where: Qt.AlignmentFlag
    ) -> None:
        painter.setFont(face)
        painter.setPen(QColor(ink))
        cut = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, where | Qt.TextFlag.TextSingleLine, cut)


def _step(most: float, count: int) -> float:
    """A round distance between at most so many ticks: 1, 2 or 5 times a power of ten."""
    rough = most / count
    power: float = 10.0 ** floor(log10(rough))
    return next(power * k for k in (1, 2, 5, 10) if power * k >= rough)
