"""What an export has found, on screen: its figures, and every picture as the lab and as the package answer it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImageReader, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from gui.parts.plain import PlainLabel
from gui.stage.lane_words import PRECISION_WORDS
from gui.theme import DARK, Size, Theme, font

ROWS = 3             # labels of a picture
THUMBNAIL = 320      # px of a picture's width, as it is kept
HEAD = ("weights", "MB", "of fp32", "raw values", "same answers")


class Figures(QWidget):
    """A row for each package."""

    def __init__(self) -> None:
        super().__init__()
        self.theme, self.scale = DARK, 1.0
        self.rows: list[tuple[str, ...]] = []
        self.bad: set[int] = set()   # rows whose answers are not all the same

    def show_reports(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """The packages of these reports."""
        self.rows, self.bad = [], set()
        for report in reports:
            for package in report["packages"]:
                if package["agreeing"] < package["compared"]:
                    self.bad.add(len(self.rows))
                words = PRECISION_WORDS.get(package["precision"], package["precision"])
                self.rows.append((
                    f"{report['title']}, {words}", f"{package['bytes'] / 1e6:.2f}",
                    f"{package['bytes'] / report['fp32_bytes']:.0%}", f"{package['relative']:.0e}",
                    f"{package['agreeing']} of {package['compared']}",
                ))  # fmt: skip
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """A line for the head and one for each package."""
        line = QFontMetrics(font(Size.BODY, self.scale)).height() + round(8 * self.scale)
        return QSize(400, line * (len(self.rows) + 1) if self.rows else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The table."""
        del event
        if not self.rows:
            return
        painter = QPainter(self)
        face = font(Size.BODY, self.scale)
        metrics = QFontMetrics(face)
        line = metrics.height() + round(8 * self.scale)
        gap = round(20 * self.scale)
        columns = list(zip(HEAD, *self.rows, strict=True))
        widths = [max(map(metrics.horizontalAdvance, column)) for column in columns]
        widths[0] = max(80, min(widths[0], self.width() - sum(widths[1:]) - gap * (len(widths) - 1)))
        painter.setFont(face)
        for y, row in enumerate([HEAD, *self.rows]):
            left = 0
            for x, (cell, width) in enumerate(zip(row, widths, strict=True)):
                bad = x == len(widths) - 1 and y - 1 in self.bad
                ink = self.theme.trouble if bad else self.theme.text
                painter.setPen(QColor(ink if y else self.theme.quiet))
                side = Qt.AlignmentFlag.AlignLeft if x == 0 else Qt.AlignmentFlag.AlignRight
                text = cell if x else metrics.elidedText(cell, Qt.TextElideMode.ElideMiddle, width)
                painter.drawText(QRect(left, y * line, width, line), side | Qt.AlignmentFlag.AlignVCenter, text)
                left += width + gap


class Pair(QWidget):
    """One picture twice: with the lab's answer, and with the package's."""

    def __init__(self, name: str, picture: QPixmap, size: QSize, sides: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self.theme, self.scale = DARK, 1.0
        self._name, self._picture, self._size, self._sides = name, picture, size, sides
        same = self._labels("lab") == self._labels("package")
        self.setAccessibleName(f"{name}: {'the same answers' if same else 'other answers'}")
        self._same = same

    def _labels(self, side: str) -> list[str]:
        labels: list[str] = list(self._sides[side]["labels"])
        return labels[:1] if "boxes" not in self._sides[side] else sorted(labels)

    def _measures(self) -> tuple[int, int, int]:
        """Line, width and height of a picture."""
        line = QFontMetrics(font(Size.FACT, self.scale)).height() + round(4 * self.scale)
        wide = round(150 * self.scale)
        tall = round(wide * self._size.height() / max(1, self._size.width()))
        return line, wide, min(tall, round(150 * self.scale))

    def sizeHint(self) -> QSize:
        """As high as the picture, or its labels."""
        line, _, tall = self._measures()
        return QSize(400, line + max(tall, line * (ROWS + 1)) + round(14 * self.scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Name, and both sides."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        line, wide, tall = self._measures()
        painter.setFont(font(Size.FACT, self.scale, bold=True))
        painter.setPen(QColor(self.theme.text if self._same else self.theme.trouble))
        word = "same" if self._same else "different"
        painter.drawText(QRect(0, 0, self.width(), line), Qt.AlignmentFlag.AlignVCenter, f"{self._name} · {word}")
        half = self.width() // 2
        for i, (side, title) in enumerate((("lab", "In the lab"), ("package", "The package"))):
            left = i * half
            box = QRect(left, line, wide, tall)
            self._draw_picture(painter, box, self._sides[side], i)
            words = QRect(left + wide + round(10 * self.scale), line, half - wide - round(24 * self.scale), line)
            self._draw_words(painter, words, title, self._sides[side], i)

    def _draw_picture(self, painter: QPainter, box: QRect, answer: Mapping[str, Any], side: int) -> None:
        painter.drawPixmap(box, self._picture)
        across, down = box.width() / max(1, self._size.width()), box.height() / max(1, self._size.height())
        painter.setPen(QPen(self.theme.lane(side), max(2.0, 2 * self.scale)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for x1, y1, x2, y2 in answer.get("boxes", ()):
            corner = QPointF(box.left() + x1 * across, box.top() + y1 * down)
            painter.drawRect(QRectF(corner.x(), corner.y(), (x2 - x1) * across, (y2 - y1) * down))

    def _draw_words(self, painter: QPainter, row: QRect, title: str, answer: Mapping[str, Any], side: int) -> None:
        face = font(Size.FACT, self.scale)
        metrics = QFontMetrics(face)
        painter.setFont(face)
        painter.setPen(QColor(self.theme.quiet))
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, title)
        found = list(zip(answer["labels"], answer["scores"], strict=True))[:ROWS] or [("nothing found", 0.0)]
        colour = QColor(self.theme.lane(side))
        colour.setAlphaF(0.35)
        for label, score in found:
            row = row.translated(0, row.height())
            painter.fillRect(QRectF(row.left(), row.top() + 1, row.width() * min(1.0, score), row.height() - 2), colour)
            figure = f"{score:.1%}" if score else ""
            inner = row.adjusted(4, 0, -4, 0)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
            room = inner.width() - metrics.horizontalAdvance(figure) - 8
            text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room)
            painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


class ReportView(QScrollArea):
    """Figures above, pictures below."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What was compared")
        page = QWidget()
        page.setProperty("role", "page")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 0, 8, 0)
        self.figures = Figures()
        self._note = PlainLabel()
        self._note.setProperty("role", "quiet")
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._column.addWidget(self.figures)
        self._column.addWidget(self._note)
        self.begun = False   # whether there is a report
        self._column.addStretch(1)
        self.pairs: list[Pair] = []
        self.setWidget(page)

    def show_words(self, text: str) -> None:
        """What is to come, until there is a report."""
        if not self.begun:
            self._note.setText(text)

    def show_reports(self, reports: Sequence[Mapping[str, Any]], pictures: Path) -> None:
        """These reports, about the pictures of this folder."""
        for pair in self.pairs:
            pair.setParent(None)
            pair.deleteLater()
        self.pairs = []
        self.begun = True
        self.figures.show_reports(reports)
        self._note.setText(" ".join(reports[0]["not_checked"][:1]) if reports else "")
        for report in reports:
            for answer in report["pictures"]:
                picture, size = _thumbnail(pictures / answer["name"])
                title = f"{report['title']}: {answer['name']}" if len(reports) > 1 else answer["name"]
                self.pairs.append(Pair(title, picture, size, answer))
                self._column.insertWidget(self._column.count() - 1, self.pairs[-1])
        self.restyle(self._theme, self._scale)
        self.verticalScrollBar().setValue(0)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self._note.setFont(font(Size.BODY, scale))
        parts: list[Figures | Pair] = [self.figures, *self.pairs]
        for part in parts:
            part.theme, part.scale = theme, scale
            part.setMinimumHeight(part.sizeHint().height())
            part.update()


def _thumbnail(path: Path) -> tuple[QPixmap, QSize]:
    """A small picture, and the size of the whole one, px; grey where it is gone."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    image = reader.read()
    if image.isNull():
        grey = QPixmap(4, 3)
        grey.fill(Qt.GlobalColor.gray)
        return grey, QSize(4, 3)
    size = image.size()
    return QPixmap.fromImage(image.scaledToWidth(THUMBNAIL, Qt.TransformationMode.SmoothTransformation)), size
