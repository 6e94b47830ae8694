"""A chart as a file: as a picture, or as lines."""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from gui.parts.bubbles import Bubbles
from gui.theme import Theme

DENSITY = 2   # pixels of a picture for one of the widget


def png_of(bubbles: Bubbles, theme: Theme) -> bytes:
    """A chart as a PNG file."""
    image = QImage(bubbles.size() * DENSITY, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(DENSITY)
    image.fill(QColor(theme.surface))
    painter = QPainter(image)
    bubbles.paint(painter)
    painter.end()
    made = QByteArray()
    device = QBuffer(made)
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(device, "PNG")   # type: ignore[call-overload]  # its stub says bytes, it takes a text
    return bytes(made.data())


def svg_of(bubbles: Bubbles, theme: Theme) -> bytes:
    """A chart as an SVG file; its type is text."""
    from PySide6.QtSvg import QSvgGenerator  # only who saves one pays

    made = QByteArray()
    device = QBuffer(made)
    writer = QSvgGenerator()
    writer.setOutputDevice(device)
    writer.setSize(bubbles.size())
    writer.setViewBox(QRect(0, 0, bubbles.width(), bubbles.height()))
    writer.setTitle("Accuracy over cost")
    painter = QPainter(writer)
    painter.fillRect(bubbles.rect(), QColor(theme.surface))
    bubbles.paint(painter)
    painter.end()
    return bytes(made.data())
