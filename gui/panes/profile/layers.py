"""A network's operators in the order in which they run: time upwards, multiply-adds downwards; and on a roofline."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.parts.plain import tip
from gui.theme import DARK, Size, Theme, font
from inference.lab.profile.events import Node
from inference.lab.profile.run import Profile
from inference.words import count_text

KINDS = 6            # that have a colour of their own; the others are grey
SPREAD = 0.58        # of the height, for the times
DOTS = (5.0, 26.0)   # px at 100 %, radius of an operator on the roofline: the least, and of all of the time
Align = Qt.AlignmentFlag
Spans = tuple[tuple[float, float], tuple[float, float]]   # logarithms: what the axes reach over


class OperatorView(QWidget):
    """Operators that can be clicked, or walked through by the arrow keys."""

    chosen_changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.profile: Profile | None = None
        self.chosen = -1   # place of an operator
        self._theme, self._scale = DARK, 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(280, 140)
        self.setAccessibleName(name)

    def show_profile(self, profile: Profile | None) -> None:
        """Show this one; the operator that takes longest is chosen."""
        self.profile = profile
        nodes = profile.nodes if profile else ()
        self.chosen = max(range(len(nodes)), key=lambda i: nodes[i].us) if nodes else -1
        self.setAccessibleDescription(
            "; ".join(f"{op}: {us / 1e3:.2f} ms" for op, _, us, _ in profile.kinds()) if profile else ""
        )
        self.update()

    def choose(self, place: int) -> None:
        """This operator is meant."""
        if self.profile and 0 <= place < len(self.profile.nodes) and place != self.chosen:
            self.chosen = place
            self.chosen_changed.emit()
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    def colours(self) -> dict[str, QColor]:
        """Of the kinds of operators that take longest."""
        kinds = self.profile.kinds() if self.profile else []
        return {kind[0]: self._theme.lane(i) for i, kind in enumerate(kinds[:KINDS])}

    def place_at(self, here: QPointF) -> int:
        """The operator under a point, -1 for none, as where none is drawn."""
        del here
        return -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the operator under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.choose(self.place_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """One on, or one back."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.choose(self.chosen + step)

    def event(self, event: QEvent) -> bool:
        """Name the operator under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.profile:
            place = self.place_at(QPointF(event.pos()))
            said = short_text(self.profile.nodes[place]) if place >= 0 else ""
            QToolTip.showText(event.globalPos(), tip(said), self)
            return True
        return super().event(event)


def short_text(node: Node) -> str:
    """An operator in two lines."""
    return f"{node.name}\n{'+'.join(node.origins) or node.op}: {node.us / 1e3:.3f} ms"


class Layers(OperatorView):
    """A bar for each operator: time upwards, multiply-adds downwards."""

    def __init__(self) -> None:
        super().__init__("Operators in the order in which they run")

    def _areas(self) -> tuple[QRectF, QRectF, float]:
        """Where times are, where multiply-adds are, and a line's height, px."""
        line = QFontMetricsF(font(Size.FACT, self._scale)).height()
        top = 2.6 * line   # two lines of a legend
        axis = top + (self.height() - top - 1.4 * line) * SPREAD
        up = QRectF(0, top, self.width(), axis - top)
        return up, QRectF(0, axis + 1.4 * line, self.width(), self.height() - axis - 1.4 * line), line

    def bars(self) -> list[tuple[QRectF, QRectF]]:
        """Of each operator that of its time and that of its multiply-adds, px."""
        if not self.profile:
            return []
        nodes = self.profile.nodes
        up, down, _ = self._areas()
        wide = self.width() / max(1, len(nodes))
        gap = min(2.0, wide / 5)
        longest, most = max(node.us for node in nodes), max(node.macs for node in nodes)
        found = []
        for i, node in enumerate(nodes):
            high, deep = up.height() * node.us / max(longest, 1e-9), down.height() * node.macs / max(most, 1)
            x = i * wide
            found.append((QRectF(x, up.bottom() - high, wide - gap, high), QRectF(x, down.top(), wide - gap, deep)))
        return found

    def place_at(self, here: QPointF) -> int:
        """The operator in whose column a point is."""
        count = len(self.profile.nodes) if self.profile else 0
        return int(here.x() / self.width() * count) if count and 0 <= here.x() < self.width() else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars, a legend above, what they are between."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.profile:
            return
        up, _, line = self._areas()
        colours, quiet = self.colours(), QColor(self._theme.quiet)
        for i, (node, (time, macs)) in enumerate(zip(self.profile.nodes, self.bars(), strict=True)):
            if i == self.chosen:
                column = QRectF(time.left() - 1, up.top(), time.width() + 2, self.height() - up.top())
                painter.fillRect(column, QColor(self._theme.raised))
            colour = colours.get(node.op, quiet)
            painter.fillRect(time, colour)
            painter.fillRect(macs, colour)
        self._legend(painter, colours, line)
        painter.setFont(font(Size.FACT, self._scale))
        painter.setPen(quiet)
        between = QRectF(0, up.bottom(), self.width(), 1.4 * line)
        nodes = self.profile.nodes
        longest, most = max(node.us for node in nodes), max(node.macs for node in nodes)
        painter.drawText(between, Align.AlignLeft | Align.AlignVCenter,
                         f"\N{UPWARDS ARROW} time, at most {longest / 1e3:.2f} ms   "
                         f"\N{DOWNWARDS ARROW} multiply-adds, at most {count_text(most)}")   # fmt: skip
        order = "in the order in which they run \N{RIGHTWARDS ARROW}"
        painter.drawText(between, Align.AlignRight | Align.AlignVCenter, order)

    def _legend(self, painter: QPainter, colours: Mapping[str, QColor], line: float) -> None:
        """The kinds, with what each takes of the whole."""
        assert self.profile is not None
        face = font(Size.FACT, self._scale)
        metrics = QFontMetricsF(face)
        painter.setFont(face)
        x, y, whole = 0.0, 0.0, max(1e-9, self.profile.sum_us)
        for op, count, us, macs in self.profile.kinds():
            share = f", {_percent(macs / self.profile.macs)} of the multiply-adds" if macs else ""
            words = f"{count} {op}: {_percent(us / whole)} of the time{share}"
            wide = 1.3 * line + metrics.horizontalAdvance(words)
            if x + wide > self.width():
                x, y = 0.0, y + 1.2 * line
                if y > 1.3 * line:
                    break
            square = QRectF(x, y + line * 0.2, line * 0.6, line * 0.6)
            painter.fillRect(square, colours.get(op, QColor(self._theme.quiet)))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRectF(x + line, y, wide, line), Align.AlignLeft | Align.AlignVCenter, words)
            x += wide + line


class Roofline(OperatorView):
    """Operations to a byte moved, against operations a second; the two lines above are what this machine can do."""

    def __init__(self) -> None:
        super().__init__("Roofline: what holds each operator back")

    def _shown(self) -> list[tuple[int, Node]]:
        """Those that multiply something."""
        nodes = self.profile.nodes if self.profile else ()
        return [(i, node) for i, node in enumerate(nodes) if node.macs and node.us and node.moved]

    def _spans(self) -> Spans:
        assert self.profile is not None
        roof, shown = self.profile.roof, self._shown()
        ridge = roof.gflops / roof.gbytes
        across = [log10(node.intensity) for _, node in shown] + [log10(ridge)]
        upwards = [log10(max(node.gflops, 1e-3)) for _, node in shown] + [log10(roof.gflops)]
        return (min(across) - 0.3, max(across) + 0.5), (min(upwards) - 0.3, max(upwards) + 0.3)

    def plot(self) -> QRectF:
        """Where the operators are, px."""
        metrics = QFontMetricsF(font(Size.FACT, self._scale))
        line, left = metrics.height(), metrics.horizontalAdvance("10000") + 10
        return QRectF(left, 1.6 * line, self.width() - left - 8, self.height() - 4.4 * line)

    def _point(self, intensity: float, gflops: float, spans: Spans) -> QPointF:
        plot, ((left, right), (low, high)) = self.plot(), spans
        x = plot.left() + (log10(intensity) - left) / (right - left) * plot.width()
        return QPointF(x, plot.bottom() - (log10(max(gflops, 1e-3)) - low) / (high - low) * plot.height())

    def dots(self) -> list[tuple[int, QPointF, float]]:
        """Place, centre and radius of each operator; the area is its share of the time."""
        if not self.profile or not self._shown():
            return []
        spans, whole = self._spans(), max(1e-9, self.profile.sum_us)
        return [
            (i, self._point(node.intensity, node.gflops, spans),
             self._scale * max(DOTS[0], DOTS[1] * (node.us / whole) ** 0.5)) for i, node in self._shown()
        ]  # fmt: skip

    def place_at(self, here: QPointF) -> int:
        """The smallest operator under a point."""
        near = [
            (radius, i) for i, centre, radius in self.dots()
            if (here.x() - centre.x()) ** 2 + (here.y() - centre.y()) ** 2 <= (radius + 3) ** 2
        ]
        return min(near)[1] if near else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axes, the roof, the operators."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dots = self.dots()
        if not self.profile or not dots:
            return
        spans, colours = self._spans(), self.colours()
        self._axes(painter, spans)
        self._roof(painter, spans)
        for i, centre, radius in sorted(dots, key=lambda dot: -dot[2]):
            colour = QColor(colours.get(self.profile.nodes[i].op, QColor(self._theme.quiet)))
            edge = (QColor(self._theme.text), 2.5) if i == self.chosen else (QColor(colour), 1.5)
            painter.setPen(QPen(*edge))
            colour.setAlphaF(0.5)
            painter.setBrush(colour)
            painter.drawEllipse(centre, radius, radius)

    def _axes(self, painter: QPainter, spans: Spans) -> None:
        plot, ((left, right), (low, high)) = self.plot(), spans
        face = font(Size.FACT, self._scale)
        line = QFontMetricsF(face).height()
        painter.setFont(face)
        grid, quiet = QPen(QColor(self._theme.line), 1), QColor(self._theme.quiet)
        for power in _powers(left, right):
            x = self._point(10.0**power, 1.0, spans).x()
            painter.setPen(grid)
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(quiet)
            painter.drawText(QRectF(x - 40, plot.bottom() + 4, 80, line), Align.AlignCenter, f"{10.0**power:g}")
        for power in _powers(low, high):
            y = self._point(1.0, 10.0**power, spans).y()
            painter.setPen(grid)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(quiet)
            place = QRectF(0, y - line, plot.left() - 8, 2 * line)
            painter.drawText(place, Align.AlignRight | Align.AlignVCenter, f"{10.0**power:g}")
        painter.drawText(QRectF(0, 0, self.width(), line), Align.AlignLeft, "GFLOP/s · area: share of the time")
        under = QRectF(plot.left(), plot.bottom() + 4 + 1.2 * line, plot.width(), line)
        painter.drawText(under, Align.AlignCenter, "Floating-point operations to a byte that is moved")

    def _roof(self, painter: QPainter, spans: Spans) -> None:
        assert self.profile is not None
        plot, roof, ((left, right), (low, _)) = self.plot(), self.profile.roof, spans
        ridge = roof.gflops / roof.gbytes
        begin = max(10.0**left, 10.0**low / roof.gbytes)
        painter.setPen(QPen(QColor(self._theme.accent), 2 * self._scale))
        corner = self._point(ridge, roof.gflops, spans)
        painter.drawPolyline([
            self._point(begin, begin * roof.gbytes, spans), corner, self._point(10.0**right, roof.gflops, spans),
        ])   # fmt: skip
        line = QFontMetricsF(painter.font()).height()
        painter.setPen(QColor(self._theme.text))
        above = QRectF(corner.x(), corner.y() - 1.2 * line, plot.right() - corner.x(), line)
        painter.drawText(above, Align.AlignRight, f"{roof.gflops:.0f} GFLOP/s")
        slope = self._point((begin * ridge) ** 0.5, (begin * ridge) ** 0.5 * roof.gbytes, spans)
        beside = QRectF(slope.x() - 200 * self._scale - 8, slope.y() - line, 200 * self._scale, line)
        if beside.left() > plot.left():
            painter.drawText(beside, Align.AlignRight, f"{roof.gbytes:.1f} GB/s")


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 or not share else "< 1%"


def _powers(low: float, high: float) -> Sequence[int]:
    """Of ten, between two logarithms."""
    return range(ceil(low), floor(high) + 1)
