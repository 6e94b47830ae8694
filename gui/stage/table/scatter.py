"""Accuracy over time: what one chooses an architecture by, in one picture."""

from collections.abc import Sequence
from itertools import pairwise
from math import log10, sqrt
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from gui.parts.plain import tip
from gui.stage.figure_words import WINDOW
from gui.stage.overlay import ink_on
from gui.theme import DARK, Size, Theme, font

DECADE = (1, 2, 5)


class Point(NamedTuple):
    """One network: median ms here, published accuracy in %, MB of its files; its lane's slot where it runs."""

    title: str
    ms: float
    accuracy: float
    mb: float
    slot: int | None = None


class Scatter(QWidget):
    """Bubbles as large as the files, the efficient ones joined by a line; those that run are lit up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.theme, self.scale = DARK, 1.0
        self.points: tuple[Point, ...] = ()
        self.what = "top-1"
        self._places: list[tuple[QPointF, float, Point]] = []

    def show_points(self, points: Sequence[Point], what: str) -> None:
        """Show these; `what` names the accuracy."""
        if (tuple(points), what) != (self.points, self.what):
            self.points, self.what = tuple(points), what
            names = ", ".join(f"{p.title} {p.ms:.1f} ms {p.accuracy:.1f} %" for p in self.points)
            self.setAccessibleName(f"Accuracy over time. {names}")
            self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self.theme, self.scale = theme, scale
        self.update()

    def event(self, event: QEvent) -> bool:
        """The network under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            at = QPointF(event.pos())
            for place, radius, point in reversed(self._places):
                away = place - at
                if away.x() ** 2 + away.y() ** 2 <= max(radius, 8) ** 2:
                    how = "median, measured alone" if point.slot is None else WINDOW
                    words = (
                        f"{point.title}\n{point.ms:.1f} ms here ({how}) · {point.accuracy:.1f} % {self.what} "
                        f"(published) · {point.mb:.3g} MB"
                    )
                    QToolTip.showText(event.globalPos(), tip(words), self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axes, frontier and bubbles."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.surface))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = font(Size.FACT, self.scale)
        painter.setFont(small)
        line = painter.fontMetrics().height()
        self._places = []
        painter.setPen(QColor(self.theme.quiet))
        head = QRectF(12 * self.scale, 6 * self.scale, self.width() - 24 * self.scale, line)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, f"% {self.what}, published")
        if not self.points:
            painter.drawText(
                QRectF(self.rect()).adjusted(20, 0, -20, 0),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                "A network that has answered, and whose accuracy is published, stands here.",
            )
            return
        wide = painter.fontMetrics().horizontalAdvance("00 %")
        area = QRectF(
            wide + 20 * self.scale, head.bottom() + 10 * self.scale, self.width() - wide - 44 * self.scale,
            self.height() - head.bottom() - 2.4 * line - 16 * self.scale,
        )  # fmt: skip
        times = [p.ms for p in self.points]
        lowest, highest = log10(min(times)) - 0.15, log10(max(times)) + 0.15
        if highest - lowest < 0.7:
            middle = (highest + lowest) / 2
            lowest, highest = middle - 0.35, middle + 0.35
        floor = max(0.0, min(p.accuracy for p in self.points) - 4)
        ceiling = min(100.0, max(p.accuracy for p in self.points) + 4)

        def place(ms: float, accuracy: float) -> QPointF:
            across = (log10(ms) - lowest) / (highest - lowest)
            up = (accuracy - floor) / (ceiling - floor)
            return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

        self._axes(painter, area, (lowest, highest), (floor, ceiling), line)
        # Two lines: what runs now shares the machine, what was measured alone did not. They are not compared.
        for lit, ink in ((False, self.theme.line), (True, self.theme.quiet)):
            painter.setPen(QPen(QColor(ink), 1.5 * self.scale, Qt.PenStyle.DashLine))
            for one, other in pairwise(frontier([p for p in self.points if (p.slot is not None) is lit])):
                painter.drawLine(place(one.ms, one.accuracy), place(other.ms, other.accuracy))
        largest = max(p.mb for p in self.points)
        labels: list[QRectF] = []
        for point in sorted(self.points, key=lambda p: (p.slot is not None, -p.mb)):   # those that run on top
            centre = place(point.ms, point.accuracy)
            radius = (6 + 20 * sqrt(point.mb / largest)) * self.scale
            self._bubble(painter, centre, radius, point)
            self._places.append((centre, radius, point))
        for centre, radius, point in reversed(self._places):
            self._label(painter, centre, radius, point, labels)

    def _axes(
        self, painter: QPainter, area: QRectF, times: tuple[float, float], values: tuple[float, float], line: int
    ) -> None:
        """Lines and numbers; time in steps of 1, 2, 5."""
        grid, quiet = QColor(self.theme.line), QColor(self.theme.quiet)
        for power in range(-2, 6):
            for step in DECADE:
                ms = step * 10.0**power
                if times[0] <= log10(ms) <= times[1]:
                    x = area.left() + (log10(ms) - times[0]) / (times[1] - times[0]) * area.width()
                    painter.setPen(grid)
                    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
                    painter.setPen(quiet)
                    words = f"{ms:g} ms"
                    painter.drawText(
                        QRectF(x - 60, area.bottom() + 3, 120, line), Qt.AlignmentFlag.AlignHCenter, words
                    )
        step = 1 if values[1] - values[0] < 7 else 5 if values[1] - values[0] < 35 else 10
        value = step * -(-int(values[0]) // step)
        while value <= values[1]:
            if value >= values[0]:
                y = area.bottom() - (value - values[0]) / (values[1] - values[0]) * area.height()
                painter.setPen(grid)
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
                painter.setPen(quiet)
                field = QRectF(0, y - line / 2, area.left() - 6, line)
                painter.drawText(field, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value}")
            value += step
        painter.setPen(quiet)
        below = QRectF(area.left(), area.bottom() + 3 + line, area.width(), line)
        kinds = "coloured as the lanes run, grey each alone" if any(p.slot is None for p in self.points) else "median"
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"ms here: {kinds} · a bubble as large as its files")

    def _bubble(self, painter: QPainter, centre: QPointF, radius: float, point: Point) -> None:
        lit = point.slot is not None
        colour = self.theme.lane(point.slot) if point.slot is not None else QColor(self.theme.quiet)
        inside = QColor(colour)
        inside.setAlpha(170 if lit else 50)
        painter.setPen(QPen(colour, (2 if lit else 1) * self.scale))
        painter.setBrush(inside)
        painter.drawEllipse(centre, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if point.slot is not None:
            painter.setPen(ink_on(colour))
            painter.setFont(font(Size.FACT, self.scale, bold=True))
            field = QRectF(centre.x() - 12, centre.y() - 12, 24, 24)
            if radius > 9 * self.scale:
                painter.drawText(field, Qt.AlignmentFlag.AlignCenter, str(point.slot + 1))

    def _label(
        self, painter: QPainter, centre: QPointF, radius: float, point: Point, taken: list[QRectF]
    ) -> None:
        """The name beside the bubble, where it lies over no other; else the tooltip has it."""
        lit = point.slot is not None
        if not lit and any(p.slot is not None and p.title == point.title for p in self.points):
            return   # it is named where it runs
        painter.setFont(font(Size.FACT, self.scale, bold=lit))
        painter.setPen(QColor(self.theme.text if lit else self.theme.quiet))
        metrics = painter.fontMetrics()
        wide, high = metrics.horizontalAdvance(point.title), metrics.height()
        others = [
            QRectF(c.x() - r, c.y() - r, 2 * r, 2 * r) for c, r, other in self._places if other is not point
        ]
        for left, top in (
            (centre.x() + radius + 4, centre.y() - high / 2), (centre.x() - radius - 4 - wide, centre.y() - high / 2),
            (centre.x() - wide / 2, centre.y() - radius - high), (centre.x() - wide / 2, centre.y() + radius),
        ):  # fmt: skip
            field = QRectF(left, top, wide, high)
            inside = field.left() >= 0 and field.right() <= self.width() and field.top() >= 0
            if inside and not any(field.intersects(other) for other in (*taken, *others)):
                taken.append(field)
                painter.drawText(field, Qt.AlignmentFlag.AlignCenter, point.title)
                return


def frontier(points: Sequence[Point]) -> list[Point]:
    """Those that no other one beats in both time and accuracy (the Pareto frontier), the quickest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.ms, -p.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best
