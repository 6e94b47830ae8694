"""The list beside a plot: a sample of the line, its name, its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gui.parts.plain import tip
from gui.theme import DARK, Size, Theme, font

SAMPLE = 20       # px, length of a line's sample
GAP = 8           # px


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend."""

    key: int                        # given back when it is clicked
    name: str
    colour: QColor = field(default_factory=QColor)
    dashes: tuple[float, ...] | None = None   # None: a square instead of a line
    tag: str = ""                   # a short mark in the colour, repeated in the plot
    values: tuple[str, ...] = ()    # right-aligned columns
    dim: bool = False
    tip: str = ""


class Legend(QWidget):
    """Entries flow into as many columns as the height asks for; widths do not depend on the numbers."""

    chosen = Signal(int)

    def __init__(self, template: str = "000.0 ms") -> None:
        """`template`: the widest value."""
        super().__init__()
        self.clickable = False
        self.widest = 480            # px
        self._template = template
        self._entries: tuple[Entry, ...] = ()
        self._head: tuple[str, ...] = ()
        self._theme, self._scale = DARK, 1.0
        self._hover = -1
        self.setMouseTracking(True)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self._arrange()

    def show_entries(self, entries: Sequence[Entry], head: Sequence[str] = ()) -> None:
        """Replace all entries; `head` stands above the values."""
        if tuple(entries) == self._entries and tuple(head) == self._head:
            return
        moved = [(e.name, len(e.values)) for e in entries] != [(e.name, len(e.values)) for e in self._entries]
        self._entries, self._head = tuple(entries), tuple(head)
        if moved:
            self._arrange()
        self.update()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown."""
        return self._entries

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(font(Size.FACT, self._scale))

    def _row(self) -> int:
        return ceil(self._metrics().height() + 2 * self._scale)

    def _rows(self) -> int:
        return max(1, ceil(len(self._entries) / self._columns()))   # columns of equal length

    def _columns(self) -> int:
        room = self.height() - (self._row() if self._head else 0)
        return max(1, ceil(len(self._entries) / max(1, room // self._row())))

    def _value_width(self) -> float:
        return self._metrics().horizontalAdvance(self._template) + GAP

    def _fixed(self) -> float:
        """Px of an entry that are not its name."""
        values = max((len(e.values) for e in self._entries), default=0) * self._value_width()
        tag = self._metrics().horizontalAdvance("0") + GAP if any(e.tag for e in self._entries) else 0.0
        return self._sample() + GAP + tag + values

    def _sample(self) -> float:
        """Px of the sample before a name."""
        return SAMPLE * self._scale if any(e.dashes is not None for e in self._entries) else self._square()

    def _square(self) -> float:
        return round(12 * self._scale)

    def _arrange(self) -> None:
        """Set the width: as wide as the names need, at most `widest`."""
        if not self._entries:
            self.setFixedWidth(0)
            return
        columns = self._columns()
        names = max(self._metrics().horizontalAdvance(e.name) for e in self._entries) + 4
        wanted = columns * (self._fixed() + names) + (columns - 1) * 3 * GAP
        self.setFixedWidth(ceil(min(wanted, self.widest)))
        self.update()

    def _place(self, index: int) -> QRectF:
        rows, columns, row = self._rows(), self._columns(), self._row()
        width = (self.width() - (columns - 1) * 3 * GAP) / columns
        top = row if self._head else 0
        return QRectF((index // rows) * (width + 3 * GAP), top + (index % rows) * row, width, row)

    def entry_at(self, point: QPoint) -> int:
        """The position of the entry under a point of the widget, -1 for none."""
        return next((i for i in range(len(self._entries)) if self._place(i).contains(point.toPointF())), -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another height, other columns."""
        super().resizeEvent(event)
        if event.size().height() != event.oldSize().height():
            self._arrange()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint all entries."""
        painter = QPainter(self)
        painter.setFont(font(Size.FACT, self._scale))
        for i, entry in enumerate(self._entries):
            self._paint(painter, self._place(i), entry, lit=i == self._hover and self.clickable)
        if self._head and self._entries:
            painter.setPen(QColor(self._theme.quiet))
            for column in range(self._columns()):
                first = self._place(column * self._rows())
                self._paint_values(painter, first.translated(0, -self._row()), self._head)

    def _paint(self, painter: QPainter, place: QRectF, entry: Entry, *, lit: bool) -> None:
        theme, x, middle = self._theme, place.left(), place.center().y()
        if lit:
            painter.fillRect(place.adjusted(-4, 0, 4, 0), QColor(theme.raised))
        if entry.dashes is None:
            side = self._square()
            if entry.colour.isValid():
                painter.fillRect(QRectF(x, round(middle - side / 2), side, side), entry.colour)
        else:
            pen = QPen(entry.colour, 2)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if entry.dashes:
                pen.setDashPattern([d / 2 for d in entry.dashes])
            painter.setPen(pen)
            length = SAMPLE * self._scale
            painter.drawLine(QPointF(x, middle), QPointF(x + length, middle))
        x += self._sample() + GAP
        if entry.tag:
            width = self._metrics().horizontalAdvance("0") + GAP
            painter.setPen(entry.colour)
            box = QRectF(x, place.top(), width, place.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, entry.tag)
            x += width
        values = len(entry.values) * self._value_width()
        room = place.right() - values - x
        painter.setPen(QColor(theme.quiet if entry.dim else theme.text))
        name = self._metrics().elidedText(entry.name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(x, place.top(), room, place.height()), Qt.AlignmentFlag.AlignVCenter, name)
        self._paint_values(painter, place, entry.values)

    def _paint_values(self, painter: QPainter, place: QRectF, values: Sequence[str]) -> None:
        width = self._value_width()
        side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for i, value in enumerate(reversed(values)):
            left = place.right() - (i + 1) * width
            painter.drawText(QRectF(left, place.top(), width, place.height()), side, value)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light the entry under the pointer."""
        found = self.entry_at(event.position().toPoint())
        if found != self._hover:
            self._hover = found
            hand = found >= 0 and self.clickable
            self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is lit."""
        super().leaveEvent(event)
        self._hover = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose an entry."""
        found = self.entry_at(event.position().toPoint())
        if self.clickable and found >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._entries[found].key)

    def event(self, event: QEvent) -> bool:
        """Show the whole story of an entry as a tooltip."""
        if isinstance(event, QHelpEvent):
            found = self.entry_at(event.pos())
            if found >= 0:
                text = self._entries[found].tip or self._entries[found].name
                QToolTip.showText(event.globalPos(), tip(text), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
