"""Words that are never cut: they are set smaller, or in two lines."""

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from gui.theme import LEAST_PX, font

SMALLEST = 0.62   # of the size that is wanted; then two lines, and only then smaller still


class Fitted(NamedTuple):
    """Type size in px, and the lines."""

    px: int
    lines: tuple[str, ...]


@lru_cache(maxsize=512)
def fitted(text: str, width: int, height: int, px: int, *, bold: bool = True) -> Fitted:
    """The largest type up to `px` in which `text` fits into (width, height) px, in one line or in two."""
    for size in range(px, max(LEAST_PX, round(px * SMALLEST)) - 1, -1):
        if _wide(text, size, bold) <= width:
            return Fitted(size, (text,))
    for size in range(px, LEAST_PX - 1, -1):
        if _wide(text, size, bold) <= width:
            return Fitted(size, (text,))
        if 2 * QFontMetrics(font(size, bold=bold)).height() <= height and (lines := _two(text, width, size, bold)):
            return Fitted(size, lines)
    cut = QFontMetrics(font(LEAST_PX, bold=bold)).elidedText(text, Qt.TextElideMode.ElideRight, width)
    return Fitted(LEAST_PX, (cut,))


def _two(text: str, width: int, px: int, bold: bool) -> tuple[str, str] | None:
    """The text broken at the space that leaves both lines most alike, if they fit."""
    breaks = [i for i, letter in enumerate(text) if letter == " "]
    best = min(breaks, key=lambda i: max(_wide(text[:i], px, bold), _wide(text[i + 1 :], px, bold)), default=None)
    if best is None:
        return None
    lines = text[:best], text[best + 1 :]
    return lines if all(_wide(line, px, bold) <= width for line in lines) else None


def _wide(text: str, px: int, bold: bool) -> int:
    return QFontMetrics(font(px, bold=bold)).horizontalAdvance(text)
