"""The steps of optimisation below each other: nodes, size, time as a bar, what is still said; each can be a lane."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import DARK, Size, Theme, font
from inference.lab.steps.run import Step, Steps
from inference.lab.steps.words import TITLES, agreement_text, difference_text
from inference.words import size_text

TALLEST = 68   # px of a row at 100 %
HEAD = ("Step", "Nodes", "Size", "Time of the network", "Difference", "Same answer")
WIDTHS = (0.2, 0.08, 0.1, 0.34, 0.13, 0.15)   # of the whole
Align = Qt.AlignmentFlag


class Stairs(QWidget):
    """A row for each step; `clicked` says which is to be a lane."""

    clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.steps: Steps | None = None
        self.chosen = 0
        self._theme, self._scale = DARK, 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(280, 140)
        self.setAccessibleName("Steps of optimisation")

    def show_steps(self, steps: Steps | None) -> None:
        """Show these."""
        self.steps, self.chosen = steps, 0
        rows = steps.steps if steps else ()
        told = (f"{TITLES[one.name]}: {one.p50_ms:.2f} ms, {agreement_text(one)}" for one in rows)
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.update()

    def row(self, place: int) -> QRectF:
        """Where a step is, px; -1: what stands above them."""
        count = len(self.steps.steps) if self.steps else 1
        high = min(TALLEST * self._scale, self.height() / (count + 1))
        return QRectF(0, (place + 1) * high, self.width(), high)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line above, then the steps."""
        del event
        if not self.steps:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(Size.FACT, self._scale))
        painter.setPen(QColor(self._theme.quiet))
        for place, words in zip(self._cells(self.row(-1)), HEAD, strict=True):
            painter.drawText(place, Align.AlignVCenter | Align.AlignLeft, self._cut(painter, words, place))
        longest = max(one.p50_ms for one in self.steps.steps)
        for i, one in enumerate(self.steps.steps):
            self._step(painter, one, i, longest)

    def _step(self, painter: QPainter, one: Step, place: int, longest: float) -> None:
        row = self.row(place)
        if place == self.chosen:
            painter.fillRect(row.adjusted(0, 1, 0, -1), QColor(self._theme.raised))
        cells = self._cells(row)
        texts = (
            TITLES[one.name].capitalize(), f"{one.nodes}", size_text(one.bytes), "", difference_text(one),
            agreement_text(one),
        )  # fmt: skip
        painter.setFont(font(Size.BODY, self._scale))
        if QFontMetricsF(painter.font()).horizontalAdvance(texts[-1]) > cells[-1].width():   # without its interval
            texts = (*texts[:-1], texts[-1].partition(" ")[0])
        for k, (cell, words) in enumerate(zip(cells, texts, strict=True)):
            painter.setFont(font(Size.LABEL if k == 0 else Size.BODY, self._scale, bold=k == 0))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(cell, Align.AlignVCenter | Align.AlignLeft, self._cut(painter, words, cell))
        painter.setFont(font(Size.BODY, self._scale))
        words = f"{one.p50_ms:.2f} ms"
        room = cells[3].width() - QFontMetricsF(painter.font()).horizontalAdvance("0000.00 ms") - 8
        high = row.height() * 0.4
        bar = QRectF(cells[3].left(), row.center().y() - high / 2, room * one.p50_ms / longest, high)
        painter.fillRect(bar, QColor(self._theme.lane(place)))
        after = QRectF(bar.right() + 8, row.top(), cells[3].right() - bar.right() - 8, row.height())
        painter.drawText(after, Align.AlignVCenter | Align.AlignLeft, words)

    def _cells(self, row: QRectF) -> list[QRectF]:
        found, x = [], 8.0
        for share in WIDTHS:
            wide = share * (row.width() - 16)
            found.append(QRectF(x, row.top(), wide - 8, row.height()))
            x += wide
        return found

    def _cut(self, painter: QPainter, words: str, place: QRectF) -> str:
        metrics = QFontMetricsF(painter.font())
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, place.width())

    # --- a hand -----------------------------------------------------------------------------------------------------

    def place_at(self, here: QPointF) -> int:
        """The step under a point, -1 for none."""
        count = len(self.steps.steps) if self.steps else 0
        return next((i for i in range(count) if self.row(i).contains(here)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the step under the pointer."""
        if (place := self.place_at(event.position())) >= 0:
            self.chosen = place
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Run it as a lane."""
        if (place := self.place_at(event.position())) >= 0:
            self._ask(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose, Return runs the chosen one as a lane."""
        count = len(self.steps.steps) if self.steps else 0
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None and 0 <= self.chosen + step < count:
            self.chosen += step
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen < count:
            self._ask(self.chosen)
        else:
            super().keyPressEvent(event)

    def _ask(self, place: int) -> None:
        if self.steps:
            self.clicked.emit(self.steps.steps[place].name)
