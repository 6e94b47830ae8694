"""Every two networks in a field: how often they agree, to be clicked or walked through by the arrow keys."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import DARK, Size, Theme, font
from inference.lab.agreement.report import Report
from inference.lab.agreement.words import cell, names

TALLEST = 64     # px of a row at 100 %
MOST_NAME = 0.3  # of the width
NOTHING = "Choose networks and pictures on the left, and Compare."
STEPS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip
Align = Qt.AlignmentFlag


class Matrix(QWidget):
    """Fields of a Report; the stronger its colour, the more the two agree."""

    chosen_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._report: Report | None = None
        self._slots: Sequence[int] = ()
        self._theme, self._scale = DARK, 1.0
        self.chosen: tuple[int, int] | None = None   # row and column
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("How often the networks agree")

    def show_report(self, report: Report | None, slots: Sequence[int]) -> None:
        """Show these figures, in the colours of these lanes."""
        self._report, self._slots = report, slots
        count = len(report.networks) if report else 0
        if self.chosen is None or max(self.chosen) >= count:
            self.chosen = (0, 1) if count > 1 else None
        if report:
            called = names(report)
            told = (f"{called[p.first]} and {called[p.second]}: {cell(p)}" for p in report.pairs)
            self.setAccessibleDescription("; ".join(told))
        self.chosen_changed.emit()
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setMinimumSize(round(320 * scale), round(120 * scale))
        self.update()

    # --- where everything is ----------------------------------------------------------------------------------------

    def field(self, row: int, column: int) -> QRectF:
        """Where two networks meet, px."""
        names_wide, high, wide = self._sizes()
        return QRectF(names_wide + column * wide + 2, high * (row + 1) + 2, wide - 4, high - 4)

    def _sizes(self) -> tuple[float, float, float]:
        count = len(self._report.networks) if self._report else 1
        high = min(TALLEST * self._scale, self.height() / (count + 1))
        metrics = QFontMetricsF(font(self._name_px(high)))
        called = names(self._report) if self._report else ()
        wide = min(self.width() * MOST_NAME, max([metrics.horizontalAdvance(name) for name in called] or [0]) + 30)
        return wide, high, (self.width() - wide) / count

    def _name_px(self, high: float) -> float:
        return min(Size.LABEL.value * self._scale, max(12, high * 0.42))

    # --- painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names at both edges, a field for each two."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._report is None:
            painter.setFont(font(Size.LABEL, self._scale))
            painter.setPen(QColor(self._theme.quiet))
            painter.drawText(QRectF(self.rect()), Align.AlignCenter | Qt.TextFlag.TextWordWrap, NOTHING)
            return
        names_wide, high, wide = self._sizes()
        face = font(self._name_px(high))
        called = names(self._report)
        head = font(min(face.pixelSize(), Size.BODY.value * self._scale))
        for i, name in enumerate(called):
            colour = self._theme.lane(self._slots[i] if i < len(self._slots) else i)
            painter.fillRect(QRectF(0, high * (i + 1) + high * 0.2, 5, high * 0.6), colour)
            self._text(painter, QRectF(14, high * (i + 1), names_wide - 18, high), name, face, Align.AlignLeft)
            painter.fillRect(QRectF(names_wide + i * wide + wide / 2 - 12, 2, 24, 4), colour)
            above = QRectF(names_wide + i * wide + 3, 6, wide - 6, high - 6)
            self._text(painter, above, name, head, Align.AlignHCenter)
        for i in range(len(called)):
            for j in range(len(called)):
                if i != j:
                    self._paint_field(painter, i, j, high)

    def _paint_field(self, painter: QPainter, i: int, j: int, high: float) -> None:
        assert self._report
        pair, place = self._report.pair(i, j), self.field(i, j)
        share = pair.agreement if pair else None
        colour = QColor(self._theme.accent)
        colour.setAlphaF(0.0 if share is None else 0.08 + 0.62 * share)
        painter.fillRect(place, colour)
        if self.chosen == (i, j):
            painter.setPen(QPen(QColor(self._theme.text if self.hasFocus() else self._theme.quiet), 2))
            painter.drawRect(place)
        painter.setPen(QColor(self._theme.quiet if share is None else self._theme.text))
        painter.setFont(font(min(24 * self._scale, max(12, high * 0.44)), bold=share is not None))
        painter.drawText(place, Align.AlignCenter, cell(pair).removesuffix(" %"))

    def _text(self, painter: QPainter, place: QRectF, text: str, face: QFont, where: Qt.AlignmentFlag) -> None:
        painter.setFont(face)
        painter.setPen(QColor(self._theme.text))
        cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(place.width()))
        painter.drawText(place, where | Align.AlignVCenter, cut)

    # --- choosing ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the field under the pointer."""
        self._choose_at(event.position())

    def _choose_at(self, where: QPointF) -> None:
        count = len(self._report.networks) if self._report else 0
        for i in range(count):
            for j in range(count):
                if i != j and self.field(i, j).contains(where):
                    self._choose(i, j)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk by the arrow keys, over the diagonal."""
        step = STEPS.get(Qt.Key(event.key()))
        if step is None or self.chosen is None or self._report is None:
            super().keyPressEvent(event)
            return
        count = len(self._report.networks)
        i, j = (self.chosen[0] + step[0]) % count, (self.chosen[1] + step[1]) % count
        if i == j:
            i, j = (i + step[0]) % count, (j + step[1]) % count
        self._choose(i, j)

    def _choose(self, i: int, j: int) -> None:
        self.chosen = (i, j)
        self.chosen_changed.emit()
        self.update()
