"""One line of text that never changes its size: what does not fit is cut, the whole is in the tooltip."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.parts.plain import tip

PADDING = 2   # px above and below the line


class ElidedLabel(QWidget):
    """A line of text, cut with "…" where it does not fit.

    Its height follows the font alone and its width the layout alone, so a new text costs one repaint and no
    relayout; the same text costs nothing.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        role: QPalette.ColorRole = QPalette.ColorRole.WindowText,
        widest: str = "",
    ) -> None:
        """`widest` is a text that must always fit, such as "100 %"; without it the line gives way."""
        super().__init__(parent)
        self._text = ""
        self._shown = ""        # cut to the width
        self._cut = False       # whether the tooltip is the whole text
        self._align = align | Qt.AlignmentFlag.AlignVCenter
        self._mode = mode
        self._role = role
        self._colour = ""       # of its own; "" for the palette's
        self._widest = widest
        across = QSizePolicy.Policy.Fixed if widest else QSizePolicy.Policy.Ignored
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """The whole text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show another text; nothing happens when it is the same. Line breaks become spaces."""
        if text == self._text:
            return
        self._text = text
        self.setAccessibleName(text)
        self._fit()

    def set_role(self, role: QPalette.ColorRole) -> None:
        """Take the text's colour from this role of the palette (PlaceholderText is the quiet one)."""
        if role != self._role or self._colour:
            self._role, self._colour = role, ""
            self.update()

    def set_colour(self, colour: str) -> None:
        """Take this colour, "#RRGGBB"; cheaper than a style sheet, and free when it is the same."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def sizeHint(self) -> QSize:
        """The line's height; the width of `widest`, or of the text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._widest or self._text), metrics.height() + 2 * PADDING)

    def minimumSizeHint(self) -> QSize:
        """As wide as `widest`."""
        return QSize(self.fontMetrics().horizontalAdvance(self._widest), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another font: another height, cut anew."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
            self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        painter.setPen(QColor(self._colour) if self._colour else self.palette().color(self._role))
        painter.drawText(self.rect(), self._align, self._shown)
        painter.end()

    def _fit(self) -> None:
        line = " ".join(self._text.split("\n")) if "\n" in self._text else self._text
        shown = self.fontMetrics().elidedText(line, self._mode, self.width())
        cut = shown != line
        if cut:
            self.setToolTip(tip(self._text))
        elif self._cut:
            self.setToolTip("")
        self._cut = cut
        if shown != self._shown:
            self._shown = shown
            self.update()
