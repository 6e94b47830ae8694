"""While files are dragged over the window: two halves, to show them or to add them."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.desk import Desk
from gui.dropping import local_files
from gui.own_models import OwnModels
from gui.theme import DARK, Size, Theme, font
from inference.formats import LABELS, foreign, is_model

SHOW, ADD = "show", "add"
WORDS = {
    SHOW: ("Show it", "as the picture that every network answers"),
    ADD: ("Add it", "as a network of your own"),
}
VEIL = 225   # opacity, 0..255


class DropHalves(QWidget):
    """Covers the window while something is dragged over it, and says to the desk where it was let go of."""

    def __init__(self, desk: Desk, own_models: OwnModels, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window, self._theme, self._scale = desk, window, DARK, 1.0
        self._own_models = own_models
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.fits: dict[str, str] = {}   # half: why it does not take these files, "" where it does
        self.over = ""
        self.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow a drag over the window."""
        if watched is not self._window:
            return False
        if isinstance(event, QDragEnterEvent):
            files = local_files(event.mimeData())
            if not files:
                return False
            self.begin(files, event.position())
            event.acceptProposedAction()
        elif isinstance(event, QDropEvent) and event.type() is QEvent.Type.Drop:
            event.acceptProposedAction()
            self.drop(local_files(event.mimeData()), event.position())
        elif isinstance(event, QDragMoveEvent):
            self._look(event.position())
            event.acceptProposedAction()
        elif event.type() is QEvent.Type.DragLeave:
            self.hide()
        else:
            return False
        return True

    def begin(self, files: Sequence[Path], at: QPointF) -> None:
        """These files have come over the window."""
        models = any(is_model(path) or foreign(path) for path in files)
        folder = any(path.is_dir() for path in files)
        self.fits = {
            SHOW: "a model is no picture" if models and not folder else "",
            ADD: "" if models else "no network that is known here",
        }
        self.setGeometry(self._window.rect())
        self._look(at)
        self.show()
        self.raise_()

    def drop(self, files: Sequence[Path], at: QPointF) -> None:
        """They were let go of: over the half that takes them, or over any where only one does."""
        if not self.fits:   # Qt sends a drop only after an enter; a test may not
            self.begin(files, at)
        self._look(at)
        half, self.fits, self.over = self.over, {}, ""
        self.hide()
        if len(files) == 1 and files[0].suffix.lower() in LABELS and self._own_models.take_labels(files[0]):
            return   # they belong to the model whose sheet is open
        if half == ADD:
            self._desk.add_files(files)
        elif files:
            self._desk.open_source(str(files[0]))

    def _look(self, at: QPointF) -> None:
        half = SHOW if at.x() < self.width() / 2 else ADD
        if self.fits.get(half):   # the other one is meant
            half = ADD if half == SHOW else SHOW
        if self.fits.get(half):   # neither: the source says what is wrong with it
            half = SHOW
        if half != self.over:
            self.over = half
            self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale

    def paintEvent(self, event: QPaintEvent) -> None:
        """Two fields; the one that takes the files is lit up."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.background)
        veil.setAlpha(VEIL)
        painter.fillRect(self.rect(), veil)
        gap = 24 * self._scale
        wide = (self.width() - 3 * gap) / 2
        for i, (half, (title, words)) in enumerate(WORDS.items()):
            field = QRectF(gap + i * (wide + gap), gap, wide, self.height() - 2 * gap)
            lit, why = half == self.over, self.fits.get(half, "")
            ink = QColor(self._theme.accent if lit else self._theme.line)
            inside = QColor(self._theme.accent)
            inside.setAlpha(40 if lit else 0)
            pen = painter.pen()
            pen.setColor(ink)
            pen.setWidthF(3 * self._scale)
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(inside)
            painter.drawRoundedRect(field, 12, 12)
            painter.setPen(QColor(self._theme.quiet if why else self._theme.text))
            painter.setFont(font(Size.FIGURE, self._scale, bold=True))
            line = painter.fontMetrics().height()
            middle = field.center().y()
            painter.drawText(QRectF(field.left(), middle - line, wide, line), Qt.AlignmentFlag.AlignHCenter, title)
            painter.setPen(QColor(self._theme.quiet))
            painter.setFont(font(Size.LABEL, self._scale))
            below = QRectF(field.left(), middle + 8 * self._scale, wide, painter.fontMetrics().height())
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, why or words)
