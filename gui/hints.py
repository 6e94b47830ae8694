"""Three short hints for a first start, over the foot of the picture; what was done once is never hinted at again."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QPushButton, QToolButton, QWidget

from gui.icons import icon
from gui.parts.plain import PlainLabel
from gui.stage.views import Views
from gui.theme import Size, Theme, font
from inference.live.session import Session

# Names of gui.actions.ACTIONS, and what they let one see. Settings.hints holds those that are still to come.
HINTS = {
    "mode": "Turns or together: what it costs to share a machine",
    "freeze": "Freeze: every network answers the same picture",
    "xray": "X-ray: what a network looks at",
}


class Hints(QWidget):
    """A line each with its key; a click on it does it, the cross puts all of them away."""

    def __init__(self, actions: Mapping[str, QAction], left: Sequence[str], views: Views) -> None:
        super().__init__(views)
        self._views = views
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._lines: dict[str, tuple[PlainLabel, QPushButton]] = {}
        self._before: object = None   # the mode at first sight
        self._grid = QGridLayout(self)
        for i, name in enumerate(name for name in HINTS if name in left):
            key, words = PlainLabel(actions[name].shortcut().toString()), QPushButton(HINTS[name])
            key.setProperty("role", "key")
            key.setAlignment(Qt.AlignmentFlag.AlignCenter)
            words.setProperty("role", "plain")
            words.setFocusPolicy(Qt.FocusPolicy.NoFocus)   # Tab goes through what stays
            words.clicked.connect(actions[name].trigger)
            self._grid.addWidget(key, i, 0)
            self._grid.addWidget(words, i, 1, Qt.AlignmentFlag.AlignLeft)
            self._lines[name] = (key, words)
        self._close = QToolButton(self)
        self._close.setProperty("role", "icon")
        self._close.setToolTip("No more hints")
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(lambda: self._drop(*self._lines))
        self._grid.addWidget(self._close, 0, 2, Qt.AlignmentFlag.AlignTop)
        self._grid.setColumnStretch(1, 1)
        views.installEventFilter(self)
        views.currentChanged.connect(lambda _: self._place())

    @property
    def left(self) -> tuple[str, ...]:
        """The hints that are still to come."""
        return tuple(self._lines)

    def follow(self, session: Session, pane: str) -> None:
        """Whatever was done, by whichever way, needs no hint."""
        if not self._lines:
            return
        self._before = self._before or session.mode
        did = {
            "mode": session.mode is not self._before, "freeze": session.frozen is not None, "xray": pane == "xray",
        }  # fmt: skip
        self._drop(*(name for name, now in did.items() if now))

    def _drop(self, *names: str) -> None:
        for name in names:
            for part in self._lines.pop(name, ()):
                self._grid.removeWidget(part)
                part.deleteLater()
                part.hide()
        if names:
            self._place()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        gap = round(8 * scale)
        self._grid.setContentsMargins(gap, gap, gap, gap)
        self._grid.setSpacing(gap // 2)
        for key, words in self._lines.values():
            key.setFont(font(Size.BODY, scale, bold=True))
            words.setFont(font(Size.BODY, scale))
        side = max(20, round(24 * scale))
        self._close.setIcon(icon("close", theme.text, side - 8))
        self._close.setIconSize(QSize(side - 8, side - 8))
        self._close.setFixedSize(side, side)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the foot of the picture."""
        if event.type() == QEvent.Type.Resize and watched is self._views:
            self._place()
        return False

    def _place(self) -> None:
        """On the stage alone, and where there is room: they are to hide nothing that is needed."""
        size, over = self.sizeHint(), self._views.size()
        room = over.width() > 2.4 * size.width() and over.height() > 3 * size.height()
        self.setVisible(bool(self._lines) and room and self._views.key == "stage")
        self.setGeometry(12, over.height() - size.height() - 12, size.width(), size.height())
        self.raise_()
