"""What was taught on this machine, in one table: how right, how long it learnt, how big, what an answer costs."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import DARK, Size, Theme, font
from inference.lab.digits.kept import facts_of
from inference.words import size_text
from models.card import ModelCard

HEADS = ("RIGHT", "LEARNT IN", "SIZE")
NOTHING = "What is trained stands here, one below the other: train two, and compare."
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
GAP = 16   # px between columns


class Results(QWidget):
    """A row a network of the user's own; the cost of an answer stands below its name, in words."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self._rows: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def show_cards(self, cards: Sequence[ModelCard]) -> None:
        """Those among the cards that were taught here, the newest last."""
        rows = []
        for card in cards:
            facts = facts_of(card)
            if facts and card.accuracy and card.accuracy.top1 is not None:
                figures = (f"{card.accuracy.top1:.1f} %", f"{facts.seconds:.1f} s", size_text(card.bytes))
                rows.append((card.title, f"{facts.cost} · seed {facts.seed}", figures))
        self._rows = tuple(rows)
        self.setAccessibleName("; ".join(f"{name}: {', '.join(figures)}, {cost}" for name, cost, figures in rows))
        self.updateGeometry()
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as names and figures are, a row high for each."""
        return QSize(round(420 * self._scale), round((26 + 50 * max(1, len(self._rows))) * self._scale))

    def minimumSizeHint(self) -> QSize:
        """Names and costs may be cut, figures not."""
        return QSize(round(250 * self._scale), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Heads, then the rows."""
        del event
        painter = QPainter(self)
        theme, name_face = self._theme, font(Size.LABEL, self._scale, bold=True)
        fact, figure = font(Size.FACT, self._scale), font(Size.LABEL, self._scale)
        fact_high, name_high = QFontMetricsF(fact).height(), QFontMetricsF(name_face).height()
        if not self._rows:
            painter.setFont(fact)
            painter.setPen(QColor(theme.quiet))
            painter.drawText(QRectF(self.rect()), LEFT | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, NOTHING)
            return
        wide = [
            max(QFontMetricsF(figure).horizontalAdvance(row[2][i]) for row in self._rows) for i in range(len(HEADS))
        ]
        wide = [max(w, QFontMetricsF(fact).horizontalAdvance(head)) + GAP for w, head in zip(wide, HEADS, strict=True)]
        names = self.width() - sum(wide)
        lefts = [names + sum(wide[:i]) for i in range(len(wide))]
        painter.setFont(fact)
        painter.setPen(QColor(theme.quiet))
        for left, width, head in zip(lefts, wide, HEADS, strict=True):
            painter.drawText(QRectF(left, 0, width, fact_high), RIGHT, head)
        top, step = fact_high + 6, name_high + fact_high + 10
        for name, cost, figures in self._rows:
            painter.setPen(QColor(theme.line))
            painter.drawLine(0, round(top), self.width(), round(top))
            painter.setFont(name_face)
            painter.setPen(QColor(theme.text))
            title = QFontMetricsF(name_face).elidedText(name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(QRectF(0, top + 4, names, name_high), LEFT, title)
            painter.setFont(figure)
            for left, width, text in zip(lefts, wide, figures, strict=True):
                painter.drawText(QRectF(left, top + 4, width, name_high), RIGHT, text)
            painter.setFont(fact)
            painter.setPen(QColor(theme.quiet))
            words = QFontMetricsF(fact).elidedText(cost, Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(QRectF(0, top + 4 + name_high, self.width(), fact_high), LEFT, words)
            top += step
