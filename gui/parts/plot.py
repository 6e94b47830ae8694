"""Plots in the house's colours, at a cost that leaves the picture alone.

Measured with four curves of 1,000 points: automatic ranges 9.6 ms a refresh, a fixed range with cached axes
and lines one pixel wide 1.2 ms; a pen two pixels wide costs ten times a thin one. So ranges change rarely
(`Follow`), and a bolder line is a thin one drawn again, one pixel further.
"""

from collections.abc import Callable, Sequence
from math import ceil, log10

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from gui.parts.range import Array, Follow, number, spread
from gui.theme import DARK, Size, Theme, font

DIGIT = 14   # px at 100 %, room for a digit at the end of a curve

# One line style per lane, in pens: told apart without colour. Lengths of dash and gap in px.
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (12, 4),
    (5, 3),
    (2, 3),
    (12, 3, 2, 3),
    (20, 6),
    (8, 3, 2, 3, 2, 3),
    (4, 6),
    (16, 3, 5, 3),
)

Option = QStyleOptionGraphicsItem


class Curve(pg.PlotCurveItem):  # type: ignore[misc]
    """A line of one device pixel, drawn `strokes` times side by side."""

    def __init__(self) -> None:
        super().__init__(skipFiniteCheck=True)
        self.strokes = 2

    def style(self, colour: QColor, slot: int, *, strokes: int = 2) -> None:
        """Take a colour, the dashes of that slot, and a boldness."""
        self.strokes = strokes
        pen = QPen(colour, 0)   # 0: one device pixel on every screen; anything wider takes the slow path
        if dashes := DASHES[slot % len(DASHES)]:
            pen.setDashPattern(list(dashes))
        self.setPen(pen)

    def boundingRect(self) -> QRectF:
        """All that the plot shows: measuring the data would cost more than drawing them."""
        return QRectF(self.viewRect())

    def paint(self, painter: QPainter, _option: Option, _widget: QWidget | None = None) -> None:
        """Draw the line; each stroke lies one device pixel right of and below the one before."""
        if self.xData is None or len(self.xData) < 2:
            return
        seen, ratio = painter.worldTransform(), painter.device().devicePixelRatioF()
        path = self.getPath()
        painter.setPen(self.opts["pen"])
        for stroke in range(max(1, round(self.strokes * ratio))):
            if stroke:
                painter.translate(1 / (seen.m11() * ratio), 1 / (seen.m22() * ratio))
            painter.drawPath(path)


class Bars(pg.GraphicsObject):  # type: ignore[misc]
    """Stacked bars of one data unit each, with a mark over every bar; drawn in one go."""

    def __init__(self) -> None:
        super().__init__()
        self._tops: Array = np.zeros((0, 0))    # (bars, parts) upper edge of each part
        self._marks: Array = np.zeros(0)
        self.colours: Sequence[QColor] = ()
        self.mark = QColor()
        self.left = 0.0

    def set(self, parts: Array, marks: Array, left: float) -> None:
        """Show parts (bars, parts), the first lowest, and marks (bars,); the first bar begins at `left`."""
        self._tops, self._marks, self.left = np.cumsum(parts, axis=1), marks, left
        self.update()

    def boundingRect(self) -> QRectF:
        """All that the plot shows: its range is fixed."""
        return QRectF(self.viewRect())

    def paint(self, painter: QPainter, _option: Option, _widget: QWidget | None = None) -> None:
        """Fill rectangles; neighbours are a sixth of a bar apart."""
        width, thick = 5 / 6, 2 / abs(painter.worldTransform().m22())
        for i, (tops, mark) in enumerate(zip(self._tops.tolist(), self._marks.tolist(), strict=True)):
            x, below = self.left + i, 0.0
            for top, colour in zip(tops, self.colours, strict=True):
                painter.fillRect(QRectF(x, below, width, top - below), colour)
                below = top
            painter.fillRect(QRectF(x, mark - thick / 2, width, thick), self.mark)


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot that only shows: no menus, no zoom, no automatic range; ticks are set by hand and cached."""

    def __init__(self) -> None:
        super().__init__()
        self.over: Callable[[QPainter, QRectF], None] | None = None   # paints on top, given where data are
        self.resized: Callable[[], None] | None = None
        self._theme, self._scale = DARK, 1.0
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.disableAutoRange()
        item.getViewBox().setDefaultPadding(0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # All of it at every change: everything moves anyway, and after a change of the range a part would stay behind.
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self._grid = pg.PlotCurveItem(connect="pairs")
        self._grid.setZValue(-10)
        item.addItem(self._grid)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setBackground(theme.surface)
        face = font(Size.FACT, scale)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            axis.setTickPen(QPen(Qt.PenStyle.NoPen))
            axis.setTextPen(QPen(QColor(theme.quiet)))
            axis.setStyle(tickFont=face, tickLength=0, tickTextOffset=4, hideOverlappingLabels=False)
        metrics = QFontMetricsF(face)
        self.getPlotItem().layout.setContentsMargins(0, ceil(metrics.height() / 2), 0, 0)   # the highest label
        self.getAxis("left").setWidth(ceil(metrics.horizontalAdvance("0000 ms") + 8))
        self.getAxis("bottom").setHeight(ceil(metrics.height() + 6))
        self._grid.setPen(QPen(QColor(theme.line), 0))

    def add(self, item: QGraphicsItem) -> None:
        """Put an item in front of the grid."""
        self.getPlotItem().addItem(item, ignoreBounds=True)

    def room(self) -> int:
        """How many tick labels fit above each other."""
        line = QFontMetricsF(font(Size.FACT, self._scale)).height()
        return max(2, int(self.data_rect().height() / (1.6 * line)) + 1)

    def show_axes(self, shown: bool) -> None:
        """Show or hide labels and grid; hidden, they keep their place."""
        for part in (self.getAxis("left"), self.getAxis("bottom"), self._grid):
            part.setOpacity(1.0 if shown else 0.0)

    def data_rect(self) -> QRectF:
        """Where data are drawn, in px of the widget."""
        box = self.getPlotItem().getViewBox()
        return QRectF(box.mapRectToScene(box.boundingRect()))

    def show_x(self, low: float, high: float, ticks: Sequence[tuple[float, str]]) -> None:
        """Fix the horizontal range and its labels."""
        self.getPlotItem().setXRange(low, high, padding=0)
        self.getAxis("bottom").setTicks([list(ticks)])

    def show_y(self, follow: Follow, unit: str) -> None:
        """Fix the vertical range; the highest label carries the unit."""
        ticks = follow.ticks(self.room())
        labels = [number(t) for t in ticks[:-1]] + [f"{number(ticks[-1])} {unit}"]
        places = [log10(t) for t in ticks] if follow.log else ticks
        low, high = (log10(follow.low), log10(follow.high)) if follow.log else (follow.low, follow.high)
        self.show_ticks(low, high, list(zip(places, labels, strict=True)))

    def show_ticks(self, low: float, high: float, ticks: Sequence[tuple[float, str]]) -> None:
        """Fix the vertical range and its labels, each with a line of the grid."""
        self.getPlotItem().setYRange(low, high, padding=0)
        self.getAxis("left").setTicks([list(ticks)])
        ends = np.tile([-1e4, 1e4], len(ticks))
        self._grid.setData(ends, np.repeat(np.array([at for at, _ in ticks], np.float64), 2), connect="pairs")

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Qt calls this after the items."""
        super().drawForeground(painter, rect)
        if self.over:
            painter.save()
            self.over(painter, self.data_rect())
            painter.restore()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the number of ticks right."""
        super().resizeEvent(event)
        if event is not None and self.resized:
            self.resized()


def paint_ends(
    painter: QPainter, place: QRectF, ends: Sequence[tuple[float, str, QColor]], scale: float
) -> None:
    """Write a digit where each curve ends, side by side where curves end at one height.

    Args:
        painter: its state is not kept.
        place: room for the digits, px.
        ends: height (0 at the bottom, 1 at the top), digit, colour of each.
        scale: of the type, 1.0 = 100 %.
    """
    painter.setFont(font(Size.FACT, scale, bold=True))
    line = QFontMetricsF(painter.font()).capHeight() + 3
    lowest, highest = place.bottom() - line / 2, place.top() + line / 2
    heights = [min(max(place.bottom() - end[0] * place.height(), highest), lowest) for end in ends]
    step = DIGIT * scale
    columns = spread(heights, line, max(1, int(place.width() / step)))
    for height, column, (_, digit, colour) in zip(heights, columns, ends, strict=True):
        if column >= 0:
            painter.setPen(colour)
            box = QRectF(place.left() + column * step, height - line, step, 2 * line)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, digit)
