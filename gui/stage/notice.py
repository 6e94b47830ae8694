"""What a lane says in its pane while it does not answer: loading, switched off, or trouble and its cure."""

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.parts.plain import tip
from gui.theme import DARK, Size, Theme, font
from inference.data import LaneState, LaneStatus


class Notice(QWidget):
    """A sentence, what to do, and a button or a bar of progress."""

    chosen = Signal()   # the button "Try again"

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme, self.scale = DARK, 1.0
        self._status = LaneStatus(LaneState.LOADING)
        self._title = self._hint = ""
        self._fraction: float | None = None
        self._trouble = False
        self._again = QPushButton("Try again", self)
        self._again.clicked.connect(self.chosen)
        self._copy = QPushButton("Copy details", self)
        self._copy.clicked.connect(self._copy_details)
        buttons = QHBoxLayout()
        buttons.addWidget(self._again)
        buttons.addWidget(self._copy)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch()
        column.addLayout(buttons)

    def follow(self, status: LaneStatus, paused: bool, *, key: str) -> None:
        """Show what `status` calls for; hidden while the lane answers."""
        if paused and status.state is LaneState.RUNNING:
            self._show(f"Off. Press {key} to go on.", "", None, trouble=False)
        elif status.state is LaneState.LOADING:
            fraction = -1.0 if status.fraction is None else status.fraction
            self._show(status.message, status.hint, fraction, trouble=False)
        elif status.absent:   # the strip above the lanes says what can be done about it
            self._show("Not on this machine yet", "", None, trouble=False)
            self.setToolTip(tip(f"{status.message} {status.hint}".strip()))
        elif status.state in (LaneState.FAILED, LaneState.STUCK):
            self._show(status.message, status.hint, None, trouble=True)
        else:
            self.hide()
        self._again.setVisible(status.state in (LaneState.FAILED, LaneState.STUCK) and not status.absent)
        self._copy.setVisible(status.state is LaneState.FAILED and not status.absent)
        self._status = status

    def _copy_details(self) -> None:
        status = self._status
        QGuiApplication.clipboard().setText(f"{status.message} {status.hint}\n\n{status.details}".strip())

    @property
    def is_trouble(self) -> bool:
        """Whether the lane has failed."""
        return self._status.state is LaneState.FAILED

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours and this type size."""
        self.theme, self.scale = theme, scale
        for button in (self._again, self._copy):
            button.setFont(font(Size.BODY, scale))
        self.update()

    def _show(self, title: str, hint: str, fraction: float | None, *, trouble: bool) -> None:
        new = (title, hint, fraction, trouble)
        if self.isHidden() or new != (self._title, self._hint, self._fraction, self._trouble):
            self._title, self._hint, self._fraction, self._trouble = new
            self.setAccessibleName(f"{title} {hint}")
            self.setToolTip(tip(f"{title} {hint}".strip()))
            self.show()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sentence, the hint and the progress, as much as fits."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        background = QColor(self.theme.surface)
        painter.fillRect(self.rect(), background)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        room = self.rect().adjusted(0, 0, 0, -round(self._again.height() * 1.2) if self._again.isVisible() else 0)
        size = Size.LABEL.value
        # Long sentences are set smaller before they are cut.
        while size > Size.FACT.value - 2:
            title_font, hint_font = font(size, self.scale, bold=True), font(max(11, size - 3), self.scale)
            title_height = QFontMetrics(title_font).boundingRect(room, flags, self._title).height()
            hint_height = QFontMetrics(hint_font).boundingRect(room, flags, self._hint).height() if self._hint else 0
            if title_height + hint_height <= room.height():
                break
            size -= 1
        painter.setFont(title_font)
        painter.setPen(QColor(self.theme.trouble if self._trouble else self.theme.text))
        painter.drawText(room, flags, self._title)
        top = room.top() + title_height + round(4 * self.scale)
        if self._hint:
            painter.setFont(hint_font)
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(QRect(room.left(), top, room.width(), room.bottom() - top), flags, self._hint)
            top += hint_height + round(4 * self.scale)
        if self._fraction is not None:
            thick = max(4, round(6 * self.scale))
            trough = QRectF(room.left(), top + round(6 * self.scale), room.width(), thick)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.raised))
            painter.drawRoundedRect(trough, thick / 2, thick / 2)
            if self._fraction >= 0:
                done = QRectF(trough.left(), trough.top(), max(thick, trough.width() * self._fraction), thick)
                painter.setBrush(QColor(self.theme.accent))
                painter.drawRoundedRect(done, thick / 2, thick / 2)
