"""A choice that is a picture with two lines beside it: what it is, and what comes of it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from gui.theme import DARK, Size, Theme, font

HIGH_PX = 64   # at 100 %


class Choice(QAbstractButton):
    """One of several, as a row; checkable."""

    def __init__(self, picture: NDArray[np.uint8], title: str, words: str) -> None:
        """`picture` is (h, w, 3) BGR."""
        super().__init__()
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{title}: {words}")
        self.title, self.words = title, words
        self._theme, self._scale = DARK, 1.0
        self._pixels = np.ascontiguousarray(picture)   # the image's memory
        height, width = picture.shape[:2]
        self._image = QImage(self._pixels.data, width, height, self._pixels.strides[0], QImage.Format.Format_BGR888)

    def sizeHint(self) -> QSize:
        """A row of fixed height."""
        return QSize(160, round(max(48, HIGH_PX * self._scale)))

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture at the left, the lines beside it, a frame around the chosen one."""
        del event
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        field = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        lit = self.isChecked() or self.hasFocus() or self.underMouse()
        painter.setPen(QColor(self._theme.accent) if self.isChecked() or self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.raised) if lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(field, 6, 6)
        side = field.height() - 8
        scale = min(side / self._image.width(), side / self._image.height())
        size = self._image.width() * scale, self._image.height() * scale
        place = QRectF(field.left() + 4 + (side - size[0]) / 2, field.top() + 4 + (side - size[1]) / 2, *size)
        painter.drawImage(place, self._image)
        left = field.left() + side + 14
        room = field.right() - left - 4
        small, large = font(Size.FACT, self._scale), font(Size.LABEL, self._scale, bold=self.isChecked())
        heights = [QFontMetrics(face).height() for face in (large, small)]
        top = field.center().y() - sum(heights) / 2
        rows = ((self.words, large, self._theme.text), (self.title, small, self._theme.quiet))
        for (words, face, ink), high in zip(rows, heights, strict=True):
            painter.setFont(face)
            painter.setPen(QColor(ink))
            cut = QFontMetrics(face).elidedText(words, Qt.TextElideMode.ElideRight, int(room))
            painter.drawText(QRectF(left, top, room, high), Qt.AlignmentFlag.AlignLeft, cut)
            top += high
