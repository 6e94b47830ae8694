"""The chart of the talk: accuracy over cost, each network a bubble as large as its file."""

from collections.abc import Sequence
from math import ceil, floor, log10, sqrt

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.parts.axes import Axes, axis_text, ticks_between
from gui.parts.bubble_labels import Bubble, BubbleLabels
from gui.parts.plain import tip
from gui.theme import DARK, Size, Theme, font

LARGEST, SMALL, SMALLEST = 46.0, 8.0, 5.0   # px at 100 %, radius of the largest file, the least, and of quiet ones
NONE_PART = 0.17                # of the width, for what has no cost of this kind
MOST_STAMPS = 200
Align = Qt.AlignmentFlag


class Bubbles(QWidget):
    """Cost to the right, accuracy upwards; what costs nothing stands in a column of its own."""

    clicked = Signal(int)   # the key of a bubble

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.axes = axes
        self._bubbles: tuple[Bubble, ...] = ()
        self._front: tuple[int, ...] = ()
        self.labels = BubbleLabels()
        self._stamps: dict[tuple[object, ...], QPixmap] = {}   # circles, painted once
        self._still = QPixmap()
        self._still_by: tuple[object, ...] = ()
        self._theme, self._scale = DARK, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(300, 180)

    def show_bubbles(self, bubbles: Sequence[Bubble], front: Sequence[int] = ()) -> None:
        """Show these; `front`: places of those that a line joins, from left to right."""
        self._bubbles, self._front = tuple(bubbles), tuple(front)
        said = "; ".join(
            f"{one.title}: {one.y:.1f}{self.axes.unit}, {one.words}" for one in bubbles if not one.quiet
        )
        self.setAccessibleName(said or "Nothing yet")
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    def copy(self, theme: Theme, scale: float, size: QSize) -> "Bubbles":
        """The same on its own, of another size: to be saved."""
        other = Bubbles(self.axes)
        other.restyle(theme, scale)
        other.resize(size)
        other.show_bubbles(self._bubbles, self._front)
        return other

    # --- where everything is ----------------------------------------------------------------------------------------

    def plot(self) -> QRectF:
        """Where the bubbles are, px."""
        line = QFontMetricsF(font(Size.FACT, self._scale)).height()
        left = QFontMetricsF(font(Size.FACT, self._scale)).horizontalAdvance("100.0 %") + 10
        return QRectF(left, line * 1.6, self.width() - left - 8, self.height() - line * 4.4)

    def circles(self) -> list[tuple[float, float, float]]:
        """Centre and radius of each bubble, px."""
        plot, most = self.plot(), max((one.size for one in self._bubbles), default=1.0)
        spans, apart = self._spans(), self._apart(plot)
        scale = min(self._scale, plot.height() / 300)
        found = []
        for one in self._bubbles:
            x = self._x(one.x, plot, spans[0], apart) if one.x else plot.left() + apart / 2
            least = SMALLEST if one.quiet else SMALL
            radius = max(least, LARGEST * sqrt(one.size / max(1.0, most))) * scale
            found.append((x, _up(one.y, plot, spans[1]), max(3.0, radius)))
        return found

    def _x(self, cost: float, plot: QRectF, span: tuple[float, float], apart: float) -> float:
        part = (self._along(cost) - span[0]) / (span[1] - span[0])
        return plot.left() + apart + part * (plot.width() - apart)

    def _along(self, cost: float) -> float:
        return log10(cost) if self.axes.log else cost

    def _apart(self, plot: QRectF) -> float:
        return plot.width() * NONE_PART if any(not one.x for one in self._bubbles) else 0.0

    def _spans(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What the axes reach over: costs, or powers of ten; and what is upwards."""
        costs = [self._along(one.x) for one in self._bubbles if one.x] or ([4.0, 6.0] if self.axes.log else [0.0, 1.0])
        across = (min(costs) - 0.25, max(costs) + 0.35) if self.axes.log else (0.0, max(costs) * 1.12 or 1.0)
        lows = [one.low or one.y for one in self._bubbles] or [90.0]
        highs = [one.high or one.y for one in self._bubbles] or [100.0]
        pad = max(0.3, (max(highs) - min(lows)) * 0.14)
        return across, (max(0.0, min(lows) - pad), min(100.0, max(highs) + pad))

    # --- painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axes, the front, bubbles, labels."""
        del event
        by = (self.size().toTuple(), self.devicePixelRatioF(), self._spans(), self._scale, self._theme.name, self.axes,
              tuple(one for one in self._bubbles if one.quiet))   # fmt: skip
        if by != self._still_by:   # what stands still is painted once: a hundred circles take several ms
            self._still = QPixmap(self.size() * self.devicePixelRatioF())
            self._still.setDevicePixelRatio(self.devicePixelRatioF())
            self._still.fill(Qt.GlobalColor.transparent)
            below = QPainter(self._still)
            self._paint_still(below, self.circles())
            below.end()
            self._still_by = by
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._still)
        self._paint_moving(painter, self.circles(), stamped=True)

    def paint(self, painter: QPainter) -> None:
        """Onto anything: a picture, a file of lines."""
        circles = self.circles()
        self._paint_still(painter, circles)
        self._paint_moving(painter, circles)

    def _paint_still(self, painter: QPainter, circles: Sequence[tuple[float, float, float]]) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._axes(painter, self.plot(), self._spans())
        self._circles(painter, circles, quiet=True)

    def _paint_moving(
        self, painter: QPainter, circles: Sequence[tuple[float, float, float]], *, stamped: bool = False
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(self._front) > 1:
            painter.setPen(QPen(QColor(self._theme.quiet), 1.5 * self._scale, Qt.PenStyle.DashLine))
            painter.drawPolyline([QPointF(*circles[i][:2]) for i in self._front])
        self._circles(painter, circles, quiet=False, stamped=stamped)
        self._labels(painter, circles, self.plot(), self._spans()[1])

    def _circles(
        self, painter: QPainter, circles: Sequence[tuple[float, float, float]], *, quiet: bool, stamped: bool = False
    ) -> None:
        plot, (_, span) = self.plot(), self._spans()
        pairs = [pair for pair in zip(self._bubbles, circles, strict=True) if pair[0].quiet == quiet]
        for one, (x, y, r) in sorted(pairs, key=lambda pair: -pair[1][2]):
            if stamped:
                self._stamp(painter, one, x, y, r)
            else:
                self._circle(painter, one, x, y, r)
            if one.low and one.high:
                painter.setPen(QPen(QColor(self._theme.text), max(1.5, 1.5 * self._scale)))
                painter.drawLine(QPointF(x, _up(one.low, plot, span)), QPointF(x, _up(one.high, plot, span)))

    def _axes(
        self, painter: QPainter, plot: QRectF, spans: tuple[tuple[float, float], tuple[float, float]]
    ) -> None:
        (left, right), (low, high) = spans
        face = font(Size.FACT, self._scale)
        metrics = QFontMetricsF(face)
        line = metrics.height()
        painter.setFont(face)
        grid, quiet = QPen(QColor(self._theme.line), 1), QColor(self._theme.quiet)
        for at in ticks_between(low, high, max(2, int(plot.height() / (2.2 * line)))):
            y = _up(at, plot, spans[1])
            painter.setPen(grid)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(quiet)
            place = QRectF(0, y - line, plot.left() - 8, 2 * line)
            painter.drawText(place, Align.AlignRight | Align.AlignVCenter, f"{at:g}{self.axes.unit}")
        if self.axes.log:
            steps = (1, 2, 5) if right - left < 2.2 else (1,)
            powers = range(floor(left), ceil(right) + 1)
            costs = [step * 10.0**power for power in powers for step in steps]
        else:
            costs = ticks_between(left, right, max(2, int(plot.width() / (5 * metrics.averageCharWidth() + 60))))
        apart = self._apart(plot)
        free = float("-inf")   # px up to which there is a number already
        for cost in costs:
            if not left <= self._along(cost) <= right:
                continue
            x = self._x(cost, plot, spans[0], apart)
            painter.setPen(grid)
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(quiet)
            words = axis_text(cost, self.axes.kind)
            half = metrics.horizontalAdvance(words) / 2
            if x - half > free:
                painter.drawText(QRectF(x - 60, plot.bottom() + 4, 120, line), Align.AlignCenter, words)
                free = x + half + 8
        painter.setPen(quiet)
        painter.drawText(QRectF(0, 0, self.width(), line), Align.AlignLeft | Align.AlignVCenter, self.axes.y_title)
        under = QRectF(plot.left() + apart, plot.bottom() + 4 + 1.2 * line, plot.width() - apart, line)
        painter.drawText(under, Align.AlignCenter, self.axes.x_title)
        if apart:
            place = QRectF(plot.left(), plot.bottom() + 4, apart, line)
            painter.drawText(place, Align.AlignCenter, self.axes.none_title)
            painter.setPen(QPen(quiet, 1, Qt.PenStyle.DashLine))
            x = plot.left() + apart
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _stamp(self, painter: QPainter, one: Bubble, x: float, y: float, r: float) -> None:
        """A circle from the picture of it: one that is half transparent takes ten times as long to draw."""
        ratio, r = self.devicePixelRatioF(), round(2 * r) / 2
        key = (one.colour.rgba(), r, one.measured, one.quiet, self._scale, ratio)
        if key not in self._stamps:
            if len(self._stamps) >= MOST_STAMPS:
                self._stamps.clear()
            side = ceil(2 * (r + 2 * self._scale) + 2)
            stamp = QPixmap(ceil(side * ratio), ceil(side * ratio))
            stamp.setDevicePixelRatio(ratio)
            stamp.fill(Qt.GlobalColor.transparent)
            onto = QPainter(stamp)
            onto.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._circle(onto, one, side / 2, side / 2, r)
            onto.end()
            self._stamps[key] = stamp
        stamp = self._stamps[key]
        half = stamp.width() / ratio / 2
        painter.drawPixmap(QPointF(x - half, y - half), stamp)

    def _circle(self, painter: QPainter, one: Bubble, x: float, y: float, r: float) -> None:
        fill = QColor(one.colour)
        fill.setAlphaF((0.1 if one.quiet else 0.5) if one.measured else 0.0)
        style = Qt.PenStyle.SolidLine if one.measured else Qt.PenStyle.DotLine
        painter.setPen(QPen(one.colour, (1 if one.quiet else 2) * self._scale, style))
        painter.setBrush(fill)
        painter.drawEllipse(QPointF(x, y), r, r)

    def _labels(
        self, painter: QPainter, circles: Sequence[tuple[float, float, float]], plot: QRectF,
        span: tuple[float, float],
    ) -> None:  # fmt: skip
        whiskers = [
            (x - 2, _up(one.high, plot, span), x + 2, _up(one.low, plot, span))
            for one, (x, _, _) in zip(self._bubbles, circles, strict=True) if one.low and one.high
        ]  # fmt: skip
        placed = self.labels(self._bubbles, circles, whiskers, plot, self._scale)
        fact = font(Size.FACT, self._scale)
        of_name, of_fact = QFontMetricsF(placed.face), QFontMetricsF(fact)
        ground = QColor(self._theme.surface)
        ground.setAlphaF(0.8)   # the grid steps back behind a label
        boxes = {
            i: QRectF(place[0], place[1], place[2] - place[0], place[3] - place[1])
            for i, place in placed.places.items() if place
        }  # fmt: skip
        painter.setPen(QPen(QColor(self._theme.quiet), 1))
        for i, box in boxes.items():   # all lines lie below all labels
            _lead(painter, box, *circles[i])
        for i, box in boxes.items():
            one, x = self._bubbles[i], circles[i][0]
            side = Align.AlignLeft if box.left() > x else Align.AlignRight if box.right() < x else Align.AlignHCenter
            painter.fillRect(box, ground)
            if one.quiet:
                painter.setFont(fact)
                painter.setPen(QColor(self._theme.quiet))
                painter.drawText(box, side | Align.AlignVCenter, one.title)
                continue
            painter.setFont(placed.face)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRectF(box.left(), box.top(), box.width(), of_name.height()), side, one.title)
            if not placed.said:
                continue
            painter.setFont(fact)
            painter.setPen(QColor(self._theme.quiet))
            below = QRectF(box.left(), box.top() + of_name.height(), box.width(), of_fact.height())
            painter.drawText(below, side, one.words)

    # --- a hand ------------------------------------------------------------------------------------------------------

    def bubble_at(self, here: QPointF) -> Bubble | None:
        """The smallest bubble under a point of the widget; in front of the quiet ones the others."""
        near = [
            (one.quiet, r, i) for i, (one, (x, y, r)) in enumerate(zip(self._bubbles, self.circles(), strict=True))
            if (here.x() - x) ** 2 + (here.y() - y) ** 2 <= (r + 4) ** 2
        ]
        return self._bubbles[min(near)[2]] if near else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say which bubble was meant."""
        found = self.bubble_at(event.position())
        if found and found.key is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(found.key)

    def event(self, event: QEvent) -> bool:
        """Say more of the bubble under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self.bubble_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(found.tip if found else ""), self)
            return True
        return super().event(event)


def _lead(painter: QPainter, box: QRectF, x: float, y: float, r: float) -> None:
    """A line from a circle to its label, where they are too far apart to be seen to belong together."""
    near = QPointF(min(max(x, box.left()), box.right()), min(max(y, box.top()), box.bottom()))
    away = sqrt((near.x() - x) ** 2 + (near.y() - y) ** 2)
    if away > r + 14:
        painter.drawLine(QPointF(x + (near.x() - x) * r / away, y + (near.y() - y) * r / away), near)


def _up(value: float, plot: QRectF, span: tuple[float, float]) -> float:
    """How high a value is, px of the widget."""
    return plot.bottom() - (value - span[0]) / (span[1] - span[0]) * plot.height()
