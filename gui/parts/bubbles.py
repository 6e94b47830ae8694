"""The chart of the talk: accuracy over cost, each network a bubble as large as its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10, sqrt

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.parts.labels_apart import labels_apart
from gui.parts.plain import tip
from gui.theme import DARK, Size, Theme, font

LARGEST, SMALLEST = 46.0, 5.0   # px at 100 %, radius of the largest file, and the least
NONE_PART = 0.17                # of the width, for what has no cost of this kind
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
Align = Qt.AlignmentFlag


@dataclass(frozen=True, slots=True)
class Bubble:
    """A network in the chart."""

    title: str
    words: str               # below the title
    x: float                 # its cost; 0: none of this kind
    y: float                 # how right it is, %
    size: float              # bytes
    colour: QColor
    low: float = 0.0         # between these, %, with 95 %; both 0: not known
    high: float = 0.0
    measured: bool = True    # on the digits at hand; else hollow
    tip: str = ""


class Bubbles(QWidget):
    """Cost to the right on a logarithmic axis, accuracy upwards; what costs nothing stands in a column of its own."""

    def __init__(self, x_title: str, y_title: str, none_title: str) -> None:
        super().__init__()
        self._titles = (x_title, y_title, none_title)
        self._bubbles: tuple[Bubble, ...] = ()
        self._theme, self._scale = DARK, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(300, 180)

    def show_bubbles(self, bubbles: Sequence[Bubble]) -> None:
        """Show these."""
        self._bubbles = tuple(bubbles)
        said = "; ".join(f"{one.title}: {one.y:.1f} %, {one.words}" for one in bubbles)
        self.setAccessibleName(said or "Nothing yet")
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    # --- where everything is ----------------------------------------------------------------------------------------

    def plot(self) -> QRectF:
        """Where the bubbles are, px."""
        line = QFontMetricsF(font(Size.FACT, self._scale)).height()
        left = QFontMetricsF(font(Size.FACT, self._scale)).horizontalAdvance("100.0 %") + 10
        return QRectF(left, line * 1.6, self.width() - left - 8, self.height() - line * 4.4)

    def circles(self) -> list[tuple[float, float, float]]:
        """Centre and radius of each bubble, px."""
        plot, most = self.plot(), max((one.size for one in self._bubbles), default=1.0)
        (left, right), _ = self._spans()
        apart = self._apart(plot)
        inner = QRectF(plot.left() + apart, plot.top(), plot.width() - apart, plot.height())
        found = []
        for one in self._bubbles:
            part = (log10(one.x) - left) / (right - left) if one.x else 0.0
            x = inner.left() + part * inner.width() if one.x else plot.left() + apart / 2
            radius = max(SMALLEST, LARGEST * sqrt(one.size / max(1.0, most))) * min(self._scale, plot.height() / 300)
            found.append((x, self._y(one.y, plot), max(3.0, radius)))
        return found

    def _y(self, right: float, plot: QRectF) -> float:
        _, (low, high) = self._spans()
        return plot.bottom() - (right - low) / (high - low) * plot.height()

    def _apart(self, plot: QRectF) -> float:
        return plot.width() * NONE_PART if any(not one.x for one in self._bubbles) else 0.0

    def _spans(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What the axes reach over: powers of ten, and %."""
        costs = [log10(one.x) for one in self._bubbles if one.x] or [4.0, 6.0]
        left, right = min(costs) - 0.25, max(costs) + 0.35
        lows = [one.low or one.y for one in self._bubbles] or [90.0]
        highs = [one.high or one.y for one in self._bubbles] or [100.0]
        pad = max(0.3, (max(highs) - min(lows)) * 0.14)
        return (left, right), (max(0.0, min(lows) - pad), min(100.0, max(highs) + pad))

    # --- painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axes, bubbles, labels."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = self.plot()
        self._axes(painter, plot)
        circles = self.circles()
        for one, (x, y, r) in sorted(zip(self._bubbles, circles, strict=True), key=lambda pair: -pair[1][2]):
            self._bubble(painter, one, x, y, r, plot)
        self._labels(painter, circles, plot)

    def _axes(self, painter: QPainter, plot: QRectF) -> None:
        (left, right), (low, high) = self._spans()
        face = font(Size.FACT, self._scale)
        line = QFontMetricsF(face).height()
        painter.setFont(face)
        x_title, y_title, none_title = self._titles
        grid, quiet = QPen(QColor(self._theme.line), 1), QColor(self._theme.quiet)
        for at in ticks_between(low, high, max(2, int(plot.height() / (2.2 * line)))):
            y = self._y(at, plot)
            painter.setPen(grid)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(quiet)
            place = QRectF(0, y - line, plot.left() - 8, 2 * line)
            painter.drawText(place, Align.AlignRight | Align.AlignVCenter, f"{at:g} %")
        apart = self._apart(plot)
        steps = (1, 2, 5) if right - left < 2.2 else (1,)
        for power in range(floor(left), ceil(right) + 1):
            for step in steps:
                if not left <= (at := power + log10(step)) <= right:
                    continue
                x = plot.left() + apart + (at - left) / (right - left) * (plot.width() - apart)
                painter.setPen(grid)
                painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
                painter.setPen(quiet)
                below = QRectF(x - 60, plot.bottom() + 4, 120, line)
                painter.drawText(below, Align.AlignCenter, with_unit(step * 10.0**power))
        painter.setPen(quiet)
        painter.drawText(QRectF(0, 0, self.width(), line), Align.AlignLeft | Align.AlignVCenter, y_title)
        under = QRectF(plot.left() + apart, plot.bottom() + 4 + 1.2 * line, plot.width() - apart, line)
        painter.drawText(under, Align.AlignCenter, x_title)
        if apart:
            painter.drawText(QRectF(plot.left(), plot.bottom() + 4, apart, line), Align.AlignCenter, none_title)
            painter.setPen(QPen(quiet, 1, Qt.PenStyle.DashLine))
            x = plot.left() + apart
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _bubble(self, painter: QPainter, one: Bubble, x: float, y: float, r: float, plot: QRectF) -> None:
        fill = QColor(one.colour)
        fill.setAlphaF(0.45 if one.measured else 0.0)
        style = Qt.PenStyle.SolidLine if one.measured else Qt.PenStyle.DotLine
        painter.setPen(QPen(one.colour, 2 * self._scale, style))
        painter.setBrush(fill)
        painter.drawEllipse(QPointF(x, y), r, r)
        if one.low and one.high:
            painter.setPen(QPen(QColor(self._theme.text), max(1.5, 1.5 * self._scale)))
            painter.drawLine(QPointF(x, self._y(one.low, plot)), QPointF(x, self._y(one.high, plot)))

    def _labels(self, painter: QPainter, circles: Sequence[tuple[float, float, float]], plot: QRectF) -> None:
        room = (plot.left(), plot.top() - 6, plot.right(), plot.bottom() + 2)
        whiskers = [
            (x - 2, self._y(one.high, plot), x + 2, self._y(one.low, plot))
            for one, (x, _, _) in zip(self._bubbles, circles, strict=True) if one.low and one.high
        ]  # fmt: skip
        fact = font(Size.FACT, self._scale)
        of_fact = QFontMetricsF(fact)
        tried = []
        # Where there is no room for all that could be said, the names are worth most.
        for name, said in ((Size.LABEL, True), (Size.LABEL, False), (Size.FACT, False)):
            face = font(name, self._scale, bold=True)
            of_name = QFontMetricsF(face)
            sizes = [
                (max(of_name.horizontalAdvance(one.title), of_fact.horizontalAdvance(one.words) if said else 0) + 4,
                 of_name.height() + (of_fact.height() if said else 0)) for one in self._bubbles
            ]  # fmt: skip
            places = labels_apart(circles, sizes, room, whiskers)
            tried.append((sum(place is not None for place in places), face, said, places))
            if all(places):
                break
        _, name_face, said, places = max(tried, key=lambda one: one[0])
        of_name = QFontMetricsF(name_face)
        ground = QColor(self._theme.surface)
        ground.setAlphaF(0.8)   # the grid steps back behind a label
        for one, (x, y, r), place in zip(self._bubbles, circles, places, strict=True):
            if place is None:
                continue
            box = QRectF(place[0], place[1], place[2] - place[0], place[3] - place[1])
            side = Align.AlignLeft if box.left() > x else Align.AlignRight if box.right() < x else Align.AlignHCenter
            near = QPointF(min(max(x, box.left()), box.right()), min(max(y, box.top()), box.bottom()))
            away = sqrt((near.x() - x) ** 2 + (near.y() - y) ** 2)
            if away > r + 14:   # too far to be seen to belong together
                painter.setPen(QPen(QColor(self._theme.quiet), 1))
                painter.drawLine(QPointF(x + (near.x() - x) * r / away, y + (near.y() - y) * r / away), near)
            painter.fillRect(box, ground)
            painter.setFont(name_face)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRectF(box.left(), box.top(), box.width(), of_name.height()), side, one.title)
            if not said:
                continue
            painter.setFont(fact)
            painter.setPen(QColor(self._theme.quiet))
            below = QRectF(box.left(), box.top() + of_name.height(), box.width(), of_fact.height())
            painter.drawText(below, side, one.words)

    def event(self, event: QEvent) -> bool:
        """Say more of the bubble under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            here = QPointF(event.pos())
            near = [
                (r, one) for one, (x, y, r) in zip(self._bubbles, self.circles(), strict=True)
                if (here.x() - x) ** 2 + (here.y() - y) ** 2 <= (r + 4) ** 2
            ]
            said = min(near, key=lambda pair: pair[0])[1].tip if near else ""
            QToolTip.showText(event.globalPos(), tip(said), self)
            return True
        return super().event(event)


def with_unit(value: float) -> str:
    """A round number as an axis has it: 500 k, 10 M, 1 G."""
    for size, unit in UNITS:
        if value >= size * (1 - 1e-9):
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def ticks_between(low: float, high: float, room: int) -> list[float]:
    """At most `room` round numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / room
    power = 10.0 ** floor(log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * (1 - 1e-9))
    first = ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, floor(high / step + 1e-9) + 1)]
