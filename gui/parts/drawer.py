"""A panel that slides over the right side of the window: no dialog, the picture goes on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from gui.icons import icon
from gui.parts.plain import PlainLabel
from gui.theme import Size, Theme, font


class Drawer(QFrame):
    """A title, a cross, and one content widget; Esc closes it."""

    dismissed = Signal()

    def __init__(self, title: str, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drawer")
        self.content = content
        self._over = parent
        self._title = PlainLabel(title, self)
        self._close = QToolButton(self)
        self._close.setAccessibleName("Close")
        self._close.setToolTip("Close (Esc)")
        self._close.clicked.connect(self.dismiss)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 24)
        column.setSpacing(16)
        column.addLayout(head)
        column.addWidget(content, 1)
        self.hide()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours and sizes."""
        self._title.setFont(font(Size.NAME, scale, bold=True))
        self._close.setIcon(icon("close", theme.text, round(20 * scale)))
        self.setStyleSheet(
            f"#drawer {{ background: {theme.surface}; border: none; border-left: 1px solid {theme.line}; }}"
        )

    def place(self, width: int, top: int, bottom: int) -> None:
        """Stand at the right edge of the parent."""
        width = min(width, self._over.width() - 64)
        self.setGeometry(self._over.width() - width, top, width, bottom - top)

    def present(self) -> None:
        """Show it and give it the keyboard."""
        self.show()
        self.raise_()
        self.content.setFocus(Qt.FocusReason.OtherFocusReason)

    def dismiss(self) -> None:
        """Close it and give the keyboard back."""
        self.hide()
        self._over.setFocus(Qt.FocusReason.OtherFocusReason)
        self.dismissed.emit()
