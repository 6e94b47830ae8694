"""Icons: SVG files drawn in the colour that is asked for.

The files in resources/icons come from one set (Lucide, ISC licence; see LICENSE.txt beside them) and are
named after what they mean here.
"""

from functools import cache
from math import ceil

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inference.places import RESOURCES

ICONS = RESOURCES / "icons"
FADED = 0.35             # opacity of an icon whose control is disabled


def icon(name: str, colour: str, size_px: int = 20, checked: str = "", on: str = "") -> QIcon:
    """The icon `name` in `colour` ("#RRGGBB"), `size_px` square, crisp on any screen.

    Args:
        name: a file of resources/icons, without ".svg".
        colour: "#RRGGBB".
        size_px: edge, px.
        checked: another colour, "#RRGGBB", for when its button is on; "" for the same.
        on: another icon for when its button is on; "" for the same.

    Raises:
        KeyError: there is no icon of that name.
    """
    return QIcon(_icon(name, colour, size_px, checked or colour, on or name, _ratios()))


def pixmap(name: str, colour: str, size_px: int, ratio: float = 1.0, opacity: float = 1.0) -> QPixmap:
    """The icon as a picture of `size_px` square, at `ratio` device pixels per pixel, `opacity` 0..1.

    Raises:
        KeyError: there is no icon of that name.
    """
    drawn = QPixmap(round(size_px * ratio), round(size_px * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(opacity)
    renderer = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", colour).encode()))
    renderer.render(painter, QRectF(drawn.rect()))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def names() -> tuple[str, ...]:
    """Every icon there is."""
    return tuple(sorted(path.stem for path in ICONS.glob("*.svg")))


@cache
def _svg(name: str) -> str:
    try:
        return (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    except OSError:
        raise KeyError(f"no icon {name!r} in {ICONS}") from None


def _ratios() -> tuple[int, ...]:
    """Device pixels per pixel of the screens there are: drawing every icon for any screen would hold up the start."""
    return tuple(sorted({ceil(screen.devicePixelRatio()) for screen in QGuiApplication.screens()} | {1}))


@cache
def _icon(name: str, colour: str, size_px: int, checked: str, on: str, ratios: tuple[int, ...]) -> QIcon:
    made = QIcon()
    for ratio in ratios:
        for state, what, ink in ((QIcon.State.Off, name, colour), (QIcon.State.On, on, checked)):
            made.addPixmap(pixmap(what, ink, size_px, ratio), QIcon.Mode.Normal, state)
            made.addPixmap(pixmap(what, ink, size_px, ratio, FADED), QIcon.Mode.Disabled, state)
    return made
