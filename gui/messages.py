"""Trouble in one place: what happened, what to do about it, and one button."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.icons import icon, pixmap
from gui.parts.plain import PlainLabel
from gui.style import PANE_RADIUS, blend
from gui.theme import DARK, Size, Theme, font
from inference.data import LaneStatus, SourceStatus
from inference.errors import LabError
from inference.logbook import one_line

COPY = "Copy details"
AGAIN = "Try again"
CHOOSE = "Choose a source"
ICON_PX = 22


def trouble_text(trouble: LabError | LaneStatus | SourceStatus | BaseException) -> tuple[str, str]:
    """What happened, and what to do about it: two sentences, the second may be "".

    An exception that is no LabError is a bug of ours: its own words tell a user nothing.
    """
    if isinstance(trouble, LabError):
        return str(trouble), trouble.hint
    if isinstance(trouble, BaseException):
        return "Something went wrong in Lineup.", f"Copy the details into a report: {one_line(trouble)}"
    return trouble.message, trouble.hint


class Banner(QWidget):
    """One message over the full width: a sentence, what to do, at most one button, and a cross.

    Long sentences wrap; the whole text can be selected with the mouse. It hides itself when there is nothing
    to say.
    """

    pressed = Signal(str)   # the button's word
    dismissed = Signal()    # the cross

    def __init__(self, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        """In a `narrow` place the button stands below the words."""
        super().__init__(parent)
        self._theme, self._scale = DARK, 1.0
        self._trouble = False
        self._details = ""
        self._sign = PlainLabel(self)
        self._message, self._hint = PlainLabel(self), PlainLabel(self)
        for label in (self._message, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)   # a file's name may look like markup
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._button = QPushButton(self)
        self._button.clicked.connect(self._press)
        self._close = QToolButton(self)
        self._close.setProperty("role", "plain")
        self._close.setAccessibleName("Close this message")
        self._close.setToolTip("Close this message")
        self._close.clicked.connect(self._dismiss)
        words = QVBoxLayout()
        words.addStretch()
        words.addWidget(self._message)
        words.addWidget(self._hint)
        if narrow:
            words.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        words.addStretch()
        self._words = words
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addLayout(words, 1)
        if not narrow:
            self._row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop if narrow else Qt.AlignmentFlag.AlignVCenter)
        if narrow:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.restyle(DARK, 1.0)
        self.hide()

    def say(
        self, message: str, hint: str = "", *, button: str = "", details: str = "", trouble: bool = True
    ) -> None:
        """Show a message; "" hides the banner. The same message again costs nothing.

        Args:
            message: one sentence.
            hint: what to do.
            button: its word, "" for none; `pressed` tells when it was used. COPY copies `details` by itself.
            details: a traceback, for COPY.
            trouble: red and a warning sign, else quiet.
        """
        self._details = details
        told = (self._message.text(), self._hint.text(), self._button.text(), self._trouble)
        if (message, hint, button, trouble) == told and self.isHidden() == (not message):
            return
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setAccessibleName(f"{message} {hint}".strip())
        self._trouble = trouble
        self._paint_sign()
        self.setVisible(bool(message))
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale (1.0 = 100 %)."""
        self._theme, self._scale = theme, scale
        self._message.setFont(font(Size.BODY, scale, bold=True))
        self._hint.setFont(font(Size.BODY, scale))
        for button in (self._button, self._close):
            button.setFont(font(Size.BODY, scale))
        edge = round(20 * scale)
        self._close.setIcon(icon("close", theme.text, edge))
        self._close.setIconSize(QSize(edge, edge))
        self._row.setContentsMargins(*(round(n * scale) for n in (16, 8, 8, 8)))
        self._row.setSpacing(round(12 * scale))
        self._words.setSpacing(round(2 * scale))
        self._paint_sign()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A rounded field with a bar of the colour that says how bad it is."""
        ink = self._theme.trouble if self._trouble else self._theme.accent
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(blend(self._theme.surface, ink, 0.14)))
        painter.drawRoundedRect(QRectF(self.rect()), PANE_RADIUS, PANE_RADIUS)
        painter.end()

    def _paint_sign(self) -> None:
        name, ink = ("warning", self._theme.trouble) if self._trouble else ("info", self._theme.accent)
        self._sign.setPixmap(pixmap(name, ink, round(ICON_PX * self._scale), self.devicePixelRatioF()))

    def _press(self) -> None:
        if self._button.text() == COPY:
            QGuiApplication.clipboard().setText(self._details)
        self.pressed.emit(self._button.text())

    def _dismiss(self) -> None:
        self.say("")
        self.dismissed.emit()
