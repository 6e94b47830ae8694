"""The pictures on which the networks differ most, each to be clicked."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QScrollArea, QWidget

from gui.parts.plain import tip
from gui.theme import DARK, Size, Theme, font
from inference.lab.agreement.report import Disagreement
from inference.lab.agreement.words import moment

HIGH = 96    # px of a picture at 100 %
LINES = 4    # of what is said below it
WIDE = 170   # px of one at 100 %, at least


class Thumb(QAbstractButton):
    """One picture, and below it what each network says, in the colours of their lanes."""

    def __init__(self, one: Disagreement, called: Sequence[str], slots: Sequence[int]) -> None:
        super().__init__()
        self.place = one.place
        self._said, self._slots = one.said, slots
        self._image = QImage.fromData(one.picture)
        self._theme, self._scale = DARK, 1.0
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        told = [f"{name}: {said}" for name, said in zip(called, one.said, strict=True)]
        self.setAccessibleName(f"{moment(one)}. {'; '.join(told)}")
        self.setToolTip(tip("\n".join([moment(one), *told, "Click to freeze this picture for all networks."])))

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        """The picture, and a line for each network as far as there is room."""
        share = self._image.width() / max(1, self._image.height())
        line = QFontMetricsF(font(Size.FACT, self._scale)).height()
        lines = min(LINES, len(self._said))
        return QSize(round(max(WIDE, HIGH * share) * self._scale), round(HIGH * self._scale + lines * line + 6))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, then the lines."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        high = HIGH * self._scale
        wide = min(self.width(), high * self._image.width() / max(1, self._image.height()))
        painter.drawImage(QRectF(0, 0, wide, high), self._image)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(self._theme.accent), 3))
            painter.drawRect(QRectF(1, 1, wide - 2, high - 2))
        face = font(Size.FACT, self._scale)
        metrics = QFontMetricsF(face)
        painter.setFont(face)
        top = high + 4
        for i, said in enumerate(self._said[:LINES]):
            colour = self._theme.lane(self._slots[i] if i < len(self._slots) else i)
            painter.fillRect(QRectF(0, top + 2, 4, metrics.height() - 4), colour)
            painter.setPen(QColor(self._theme.text))
            cut = metrics.elidedText(said, Qt.TextElideMode.ElideRight, self.width() - 12)
            place = QRectF(10, top, self.width() - 10, metrics.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, cut)
            top += metrics.height()


class Thumbs(QScrollArea):
    """A row of them."""

    clicked = Signal(int)   # the picture's place among all

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self.thumbs: list[Thumb] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setProperty("role", "page")
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self._row.addStretch(1)
        self.setWidget(inside)

    def show_pictures(self, apart: Sequence[Disagreement], called: Sequence[str], slots: Sequence[int]) -> None:
        """Show these, the farthest first."""
        for thumb in self.thumbs:
            thumb.setParent(None)
            thumb.deleteLater()
        self.thumbs = [Thumb(one, called, slots) for one in apart]
        for i, thumb in enumerate(self.thumbs):
            self._row.insertWidget(i, thumb)
            thumb.clicked.connect(lambda _=False, place=thumb.place: self.clicked.emit(place))
        self.restyle(self._theme, self._scale)
        self.setVisible(bool(self.thumbs))

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        for thumb in self.thumbs:
            thumb.restyle(theme, scale)
        high = max((thumb.sizeHint().height() for thumb in self.thumbs), default=0)
        self.setFixedHeight(high + self.horizontalScrollBar().sizeHint().height() + 4)
