"""The bar above the picture: the source, the mode, freeze, and what else a hand reaches for."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from gui.icons import icon
from gui.parts.chips import Chips
from gui.parts.plain import PlainLabel
from gui.theme import DARK, Size, Theme, font
from inference.data import Mode, SourceState, SourceStatus

STATE_WORDS = {
    SourceState.OPENING: "opening",
    SourceState.STALLED: "no new picture",
    SourceState.LOST: "lost",
    SourceState.REOPENING: "opening again",
    SourceState.ENDED: "ended",
}


class SourceButton(QToolButton):
    """The source's name, size and rate, with a dot that says how it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme, self.scale = DARK, 1.0
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Source")
        self.setToolTip("Choose a source (O), or the next one (C)")
        self._name, self._facts, self._well = "", "", True

    def show_status(self, status: SourceStatus, *, frozen: bool = False) -> None:
        """Show where the source stands; while its picture is held, that is what there is to say."""
        facts = []
        if status.size[0]:
            facts.append(f"{status.size[1]}×{status.size[0]}")
        if frozen:
            facts.append("frozen")
        elif status.state is SourceState.LIVE:
            facts.append(f"{status.fps:.1f} frames/s")
        else:
            facts.append(STATE_WORDS[status.state])
        well = status.state in (SourceState.LIVE, SourceState.ENDED, SourceState.OPENING)
        new = (status.title, " · ".join(facts), well)
        if new != (self._name, self._facts, self._well):
            self._name, self._facts, self._well = new
            self.setAccessibleDescription(f"{status.title}, {self._facts}")
            self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours and sizes."""
        self.theme, self.scale = theme, scale
        self.setMaximumWidth(round(560 * scale))
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for a camera's name."""
        return QSize(round(300 * self.scale), round(36 * self.scale))

    def minimumSizeHint(self) -> QSize:
        """It may be cut to the name."""
        return QSize(round(140 * self.scale), round(32 * self.scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the dot, the name, and the facts behind it."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus() or self.isDown():
            painter.setPen(QColor(self.theme.accent) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.raised))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 8, 8)
        pad, dot = round(12 * self.scale), round(10 * self.scale)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.lanes[2] if self._well else self.theme.trouble))
        painter.drawEllipse(pad, (self.height() - dot) // 2, dot, dot)
        left = pad + dot + round(8 * self.scale)
        name_font, fact_font = font(Size.BODY, self.scale, bold=True), font(Size.BODY, self.scale)
        painter.setFont(name_font)
        metrics = painter.fontMetrics()
        room = self.width() - left - pad
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(QColor(self.theme.text))
        painter.drawText(left, 0, room, self.height(), flags, name)
        left += metrics.horizontalAdvance(name) + round(10 * self.scale)
        painter.setFont(fact_font)
        painter.setPen(QColor(self.theme.quiet if self._well else self.theme.trouble))
        room = self.width() - left - pad
        facts = painter.fontMetrics().elidedText(self._facts, Qt.TextElideMode.ElideRight, room)
        if room > 0:
            painter.drawText(left, 0, room, self.height(), flags, facts)


class Bar(QWidget):
    """Source and what holds at the left, mode and tools at the right."""

    mode_chosen = Signal(object)   # Mode

    def __init__(self, actions: dict[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self._word = PlainLabel("Lineup", self)
        self.source = SourceButton(self)
        self._modes: dict[Mode, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setSpacing(8)
        row.addWidget(self._word)
        self.chips = Chips(self)
        row.addWidget(self.source, 6)
        row.addWidget(self.chips)
        row.addStretch(1)
        segment = QHBoxLayout()
        segment.setSpacing(0)
        for mode, place, tip in (
            (Mode.TURNS, "first", "Turns: one network computes at a time. Honest latency, equal frame counts. (T)"),
            (Mode.TOGETHER, "last", "Together: all networks compute at once and slow each other. Real throughput. (T)"),
        ):
            button = QToolButton(self)
            button.setText(mode.value.capitalize())
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setProperty("segment", place)
            button.clicked.connect(lambda _on=False, mode=mode: self.mode_chosen.emit(mode))
            segment.addWidget(button)
            self._modes[mode] = button
        row.addLayout(segment)
        self._freeze = self._button("freeze", text=True)
        row.addWidget(self._freeze)
        self._tools = [self._button(name) for name in ("settings", "full_screen")]
        self._add = self._button("add_lane", text=True)
        self._more = QToolButton(self)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setToolTip("Everything else")
        self._more.setAccessibleName("Menu")
        for widget in (*self._tools, self._add, self._more):
            row.addWidget(widget)
        self.more = self._more

    def show_mode(self, mode: Mode) -> None:
        """Mark the mode that holds."""
        for each, button in self._modes.items():
            button.setChecked(each is mode)

    def show_frozen(self, frozen: bool) -> None:
        """Say what the freeze button does next."""
        self._actions["freeze"].setIconText("Go on" if frozen else "Freeze")

    def restyle(self, theme: Theme, scale: float, narrow: bool) -> None:
        """Take these colours and sizes; `narrow` leaves out words that icons can say."""
        self.source.restyle(theme, scale)
        self.chips.restyle(theme, scale)
        self._word.setFont(font(Size.NAME, scale, bold=True))
        self._word.setVisible(not narrow)
        words = Qt.ToolButtonStyle.ToolButtonIconOnly if narrow else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        size = round(20 * scale)
        for button in (self._freeze, self._add):
            button.setToolButtonStyle(words)
        for button in (self._freeze, self._add, *self._tools, self._more, *self._modes.values()):
            button.setFont(font(Size.BODY, scale))
            button.setIconSize(QSize(size, size))
        self._more.setIcon(icon("more", theme.text, size))
        margin = round(12 * scale)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(margin, 0, margin, 0)
        self.setFixedHeight(round(52 * scale))

    def _button(self, name: str, *, text: bool = False) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(self._actions[name])
        if text:
            button.setText(self._actions[name].iconText())
        button.setAccessibleName(self._actions[name].text())
        return button
