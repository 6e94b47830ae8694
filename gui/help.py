"""The keys, over the window: made from the table of actions, drawn as large as the window allows."""

from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from gui.actions import ACTIONS, key_caps
from gui.theme import DARK, Theme, font

TYPE_PX = 25       # of a line at 100 %, if the window is large enough
LEAST_PX = 9       # all keys on the smallest window; elsewhere they are larger
CAP_TYPE = 0.82    # of what stands on a key
MOST_KEYS = 3      # more are shown as "first to last"
VEIL = 243         # opacity of the layer, 0..255
COLUMNS = 2

# In units of the type size.
ROW, HEADING, CAP, GAP, TIGHT, KEY_PAD, MARGIN = 1.84, 2.35, 1.48, 0.6, 0.32, 0.45, 2.0


class Line(NamedTuple):
    """One line of the help: the keys, each with the caps to press at once, and what they do."""

    keys: tuple[tuple[str, ...], ...]
    between: str      # "", or "to" where keys are left out
    text: str


def help_lines() -> dict[str, list[Line]]:
    """Group → lines, from ACTIONS. Neighbours that do the same share a line."""
    groups: dict[str, list[tuple[str, list[str]]]] = {}
    for info in ACTIONS.values():
        lines = groups.setdefault(info.group, [])
        if lines and lines[-1][0] == info.help:
            lines[-1][1].extend(info.keys)
        else:
            lines.append((info.help, list(info.keys)))
    return {
        group: [
            Line(_caps(keys if few else (keys[0], keys[-1])), "" if few else "to", text)
            for text, keys in lines
            for few in [len(keys) <= MOST_KEYS]
        ]
        for group, lines in groups.items()
    }


def _caps(keys: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Each key once: Return and Enter are called the same."""
    return tuple(dict.fromkeys(map(key_caps, keys)))


class HelpOverlay(QWidget):
    """A layer over its parent with every key; Esc, H or a click closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._scale = DARK, 1.0
        self._drawn: QPixmap | None = None   # the pictures below are painted often, this only once
        self._before: QWidget | None = None  # what had the keyboard
        self._groups = help_lines()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keys")
        self.setAccessibleDescription("\n".join(
            f"{', '.join(' + '.join(caps) for caps in line.keys)}: {line.text}"
            for lines in self._groups.values() for line in lines
        ))  # fmt: skip
        self.hide()
        parent.installEventFilter(self)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale (1.0 = 100 %) as far as the window has room for it."""
        self._theme, self._scale = theme, scale
        self._drawn = None
        self.update()

    def type_px(self) -> float:
        """The size of a line's type, px: as asked for, or the greatest that fits."""
        probe = 100.0
        tall = MARGIN * 2 + max(sum(self._height(group) for group in column) for column in self._columns())
        wide = MARGIN * (COLUMNS + 1) + sum(sum(self._widths(column, probe)) for column in self._columns()) / probe
        return max(LEAST_PX, min(TYPE_PX * self._scale, self.height() / tall, self.width() / wide))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the parent whatever size it takes."""
        if event.type() == QEvent.Type.Resize and watched is self.parent() and self.isVisible():
            self._cover()
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """Cover the parent and take the keyboard."""
        super().showEvent(event)
        self._before = self.window().focusWidget()
        self._cover()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the keyboard back, and the memory."""
        super().hideEvent(event)
        self._drawn = None
        if self._before is not None and self.hasFocus():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close; the click is not for what lies below."""
        event.accept()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close by Esc, H or ?, where the window has no such shortcuts itself."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_H, Qt.Key.Key_Question):
            self.hide()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Show the layer; draw it first where the size is new."""
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._drawn is None or self._drawn.size() != size or self._drawn.devicePixelRatio() != ratio:
            self._drawn = QPixmap(size)
            self._drawn.setDevicePixelRatio(ratio)
            self._draw(self._drawn)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _cover(self) -> None:
        if (parent := self.parentWidget()) is not None:
            self.setGeometry(parent.rect())

    def _columns(self) -> list[list[str]]:
        """The groups, in their order, cut where the taller column is shortest."""
        names = list(self._groups)
        cuts = [[names[:cut], names[cut:]] for cut in range(1, len(names))]
        return min(cuts, key=lambda columns: max(sum(self._height(group) for group in c) for c in columns))

    def _height(self, group: str) -> float:
        return HEADING + ROW * len(self._groups[group])

    def _widths(self, groups: list[str], px: float) -> tuple[float, float]:
        """Of the keys with the gap behind them, and of the words, px."""
        caps, words = QFontMetricsF(_caps_font(px)), QFontMetricsF(_font(px))
        lines = [line for group in groups for line in self._groups[group]]
        return (
            max(_keys_width(line, caps, words, px) for line in lines) + px,
            max(words.horizontalAdvance(line.text) for line in lines),
        )

    def _draw(self, target: QPixmap) -> None:
        veil = QColor(self._theme.background)
        veil.setAlpha(VEIL)
        target.fill(veil)
        px = self.type_px()
        columns = self._columns()
        widths = [self._widths(groups, px) for groups in columns]
        tall = max(sum(self._height(group) for group in groups) for groups in columns) * px
        between = MARGIN * px
        spare = self.width() - sum(map(sum, widths)) - between * (len(columns) + 1)
        between += max(0.0, min(spare / (len(columns) + 1), 2 * px))
        left = (self.width() - sum(map(sum, widths)) - between * (len(columns) - 1)) / 2
        painter = QPainter(target)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for groups, (keys, words) in zip(columns, widths, strict=True):
            top = (self.height() - tall) / 2 - 0.3 * px
            for group in groups:
                top = self._draw_group(painter, group, QPointF(left, top), keys, words, px)
            left += keys + words + between
        painter.end()

    def _draw_group(
        self, painter: QPainter, group: str, at: QPointF, keys: float, words: float, px: float
    ) -> float:
        """Draw a heading and its lines; the y below them."""
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(_font(px, bold=True))
        painter.setPen(QColor(self._theme.accent))
        low = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(at.x(), at.y(), keys + words, HEADING * px - 0.5 * px), low, group)
        top = at.y() + HEADING * px
        for line in self._groups[group]:
            self._draw_keys(painter, line, QPointF(at.x(), top + (ROW - CAP) / 2 * px), px)
            painter.setFont(_font(px))
            painter.setPen(QColor(self._theme.text))
            # A little wider than measured: hinting must not cost the last letter.
            painter.drawText(QRectF(at.x() + keys, top, words + px, ROW * px), middle, line.text)
            top += ROW * px
        return top

    def _draw_keys(self, painter: QPainter, line: Line, at: QPointF, px: float) -> None:
        face, edge = QColor(self._theme.raised), QColor(self._theme.quiet)
        edge.setAlpha(150)
        caps, words = QFontMetricsF(_caps_font(px)), QFontMetricsF(_font(px))
        x, radius = at.x(), px * 0.28
        centre = Qt.AlignmentFlag.AlignCenter

        def joint(text: str) -> None:
            nonlocal x
            wide = _joint_width(text, words, px)
            painter.setFont(_font(px))
            painter.setPen(QColor(self._theme.quiet))
            painter.drawText(QRectF(x, at.y(), wide, CAP * px), centre, text)
            x += wide

        for number, combination in enumerate(line.keys):
            if number:
                joint(line.between)
            for place, cap in enumerate(combination):
                if place:
                    joint("+")
                box = QRectF(x, at.y(), _cap_width(cap, caps, px), CAP * px)
                # A key seen from above: its front edge below, its face a little higher.
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(edge)
                painter.drawRoundedRect(box, radius, radius)
                painter.setPen(QPen(edge, max(1.0, px / 18)))
                painter.setBrush(face)
                top = box.adjusted(0.5, 0.5, -0.5, -0.11 * px)
                painter.drawRoundedRect(top, radius, radius)
                painter.setFont(_caps_font(px))
                painter.setPen(QColor(self._theme.text))
                painter.drawText(top, centre, cap)
                x += box.width()


def _font(px: float, *, bold: bool = False) -> QFont:
    return font(px, bold=bold, least=round(LEAST_PX * CAP_TYPE))


def _caps_font(px: float) -> QFont:
    return _font(px * CAP_TYPE, bold=True)


def _cap_width(cap: str, metrics: QFontMetricsF, px: float) -> float:
    """Letters and digits stand on square keys."""
    return max(CAP * px, metrics.horizontalAdvance(cap) + 2 * KEY_PAD * px)


def _joint_width(text: str, metrics: QFontMetricsF, px: float) -> float:
    """Between two caps: nothing but space, or a word or sign with a little space at either side."""
    return metrics.horizontalAdvance(text) + 2 * TIGHT * px if text else GAP * px


def _keys_width(line: Line, caps: QFontMetricsF, words: QFontMetricsF, px: float) -> float:
    width = sum(_cap_width(cap, caps, px) for keys in line.keys for cap in keys)
    width += sum(_joint_width("+", words, px) for keys in line.keys for _ in keys[1:])
    return width + sum(_joint_width(line.between, words, px) for _ in line.keys[1:])
