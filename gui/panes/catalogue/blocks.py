"""What an architecture is made of, drawn: the block that repeats, and what is new in it."""

from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from gui.theme import DARK, Size, Theme, font
from models.card import ModelCard


class Block(NamedTuple):
    """Columns of boxes from left to right; boxes in one column work side by side. "*" marks what is new."""

    columns: tuple[tuple[str, ...], ...]
    skip: str = ""       # what joins the input again at the end: "add", "concat"


_INVERTED = Block((("1×1\nwiden",), ("*3×3 each\nchannel alone",), ("*1×1\nnarrow",)), "add")

_SEPARABLE = Block((("*3×3 each\nchannel alone",), ("*1×1\nmixes channels",)))
DIGITS = "digits-"   # before the name of the family: the networks of the digit line-up

# The beginning of a card's name: its block. The longest that fits counts.
BLOCKS = {
    "dense": Block((("784 px",), ("*each with\neach: 512",), ("*each with\neach: 512",), ("10",))),
    "linear": Block((("784 px",), ("*one weight\neach",), ("10",))),
    "lenet": Block((("*conv 5×5",), ("*pool",), ("conv 5×5",), ("pool",), ("dense",))),
    "mnist": Block((("conv 5×5",), ("pool",), ("conv 5×5",), ("pool",), ("dense",))),
    "alexnet": Block((("conv 11×11",), ("*ReLU",), ("pool",), ("3 × conv 3×3",), ("*dense\ndropout",))),
    "vgg": Block((("*conv 3×3",), ("*conv 3×3",), ("pool",))),
    "tiny-vgg": Block((("*conv 3×3",), ("*conv 3×3",), ("pool",))),
    "inception": Block((("*1×1",) * 3 + ("pool",), ("", "3×3", "5×5", "1×1"), ("concat",))),
    "resnet": Block((("conv 3×3",), ("conv 3×3",)), "add"),
    "resnet50": Block((("1×1\nnarrow",), ("conv 3×3",), ("1×1\nwiden",)), "add"),
    "squeezenet": Block((("*squeeze 1×1",), ("expand 1×1", "expand 3×3"), ("concat",))),
    "densenet": Block((("1×1",), ("conv 3×3",)), "concat"),
    "mobilenet": _SEPARABLE,
    "mobilenet-v2": _INVERTED,
    "mobilenet-v3": Block(
        (("1×1\nwiden",), ("3×3 each\nchannel alone",), ("*squeeze,\nexcite",), ("1×1\nnarrow",)), "add"
    ),
    "efficientnet": _INVERTED,
    "shufflenet": Block((("*split\nchannels",), ("as it is", "1×1, 3×3 each, 1×1"), ("concat",), ("*shuffle",))),
    "yolo": Block((("backbone",), ("*grid of cells",), ("boxes from\nanchors", "objectness", "classes"))),
    "yolox": Block((("backbone",), ("grid of cells",), ("*where", "*what"), ("one box\na cell",))),
    "ssd": Block((("backbone",), ("*map 19×19", "*map 10×10", "*map 5×5 … 1×1"), ("boxes and\nclasses",))),
    "faster-rcnn": Block((("backbone",), ("*proposals",), ("crop each",), ("class", "box"))),
    "retinanet": Block((("backbone",), ("*pyramid\nof maps",), ("class", "box"), ("*focal loss",))),
}


def block_of(card: ModelCard) -> Block | None:
    """The block of a card's architecture; None for one that is not known."""
    name = card.name.removeprefix(DIGITS)
    fitting = [key for key in BLOCKS if name.startswith(key)]
    return BLOCKS[max(fitting, key=len)] if fitting else None


class BlockView(QWidget):
    """One block as labelled boxes and arrows."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._scale = DARK, 1.0
        self._block: Block | None = None

    def show_block(self, block: Block | None) -> None:
        """Draw this block."""
        self._block = block
        columns = block.columns if block else ()
        self.setAccessibleName(", then ".join(" and ".join(_plain(box) for box in c if box) for c in columns))
        self.setVisible(block is not None)
        self.update()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.setMinimumHeight(round(132 * scale))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the block."""
        del event
        if self._block is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(Size.FACT, self._scale))
        gap = 26 * self._scale
        top = 26 * self._scale if self._block.skip else 6 * self._scale
        count = len(self._block.columns)
        joined = gap * 1.4 if self._block.skip else 0
        width = (self.width() - gap * (count + 1) - joined) / count
        places: list[list[QRectF | None]] = []
        for i, column in enumerate(self._block.columns):
            rows = len(column)
            height = min(52 * self._scale, (self.height() - top - 6) / rows - 6 * self._scale)
            begin = top + (self.height() - top - rows * (height + 6 * self._scale)) / 2
            places.append([
                QRectF(gap + i * (width + gap), begin + j * (height + 6 * self._scale), width, height) if text else None
                for j, text in enumerate(column)
            ])  # fmt: skip
        middle = top + (self.height() - top) / 2 - 3 * self._scale
        self._arrows(painter, places, middle, gap)
        for column, boxes in zip(self._block.columns, places, strict=True):
            for text, box in zip(column, boxes, strict=True):
                if box is not None:
                    self._box(painter, box, text)
        if self._block.skip:
            self._skip(painter, gap, middle, self._block.skip)

    def _box(self, painter: QPainter, box: QRectF, text: str) -> None:
        new = text.startswith("*")
        painter.setPen(QPen(QColor(self._theme.accent if new else self._theme.line), 2 if new else 1))
        painter.setBrush(QColor(self._theme.raised))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(self._theme.text))
        metrics = QFontMetricsF(painter.font())
        lines = text.lstrip("*").split("\n")
        if len(lines) * metrics.height() > box.height() + 4:
            lines = [_plain(text)]
        cut = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, box.width() - 6) for line in lines]
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "\n".join(cut))

    def _arrows(self, painter: QPainter, places: list[list[QRectF | None]], middle: float, gap: float) -> None:
        painter.setPen(QPen(QColor(self._theme.quiet), 1.5 * self._scale))
        ends = [QPointF(2, middle)]
        for boxes in places:
            found = [box for box in boxes if box is not None]
            for i, box in enumerate(boxes):
                if box is None:
                    continue
                into = QPointF(box.left(), box.center().y())
                level = len(ends) == len(boxes) > 1   # branches that go on side by side
                for start in [ends[i]] if level else ends:
                    self._arrow(painter, start, into)
            if len(found) < len(boxes):   # what has no box here goes on from where it was
                ends = [QPointF(b.right(), b.center().y()) if b else ends[i] for i, b in enumerate(boxes)]
            else:
                ends = [QPointF(b.right(), b.center().y()) for b in found]
        if len(ends) == 1:
            self._arrow(painter, ends[0], QPointF(ends[0].x() + gap - 4, middle))

    def _arrow(self, painter: QPainter, start: QPointF, end: QPointF) -> None:
        painter.drawLine(QLineF(start, end))
        head = 5 * self._scale
        painter.setBrush(painter.pen().color())
        painter.drawPolygon(QPolygonF([end, end + QPointF(-head, -head * 0.6), end + QPointF(-head, head * 0.6)]))

    def _skip(self, painter: QPainter, gap: float, middle: float, word: str) -> None:
        """The way around, from the input to what joins it at the end."""
        painter.setPen(QPen(QColor(self._theme.accent), 2 * self._scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        right = self.width() - gap * 1.6
        radius = 11 * self._scale
        path = QPainterPath(QPointF(gap * 0.4, middle))
        path.lineTo(gap * 0.4, 12 * self._scale)
        path.lineTo(right + gap * 0.7, 12 * self._scale)
        path.lineTo(right + gap * 0.7, middle - radius)
        painter.drawPath(path)
        centre = QPointF(right + gap * 0.7, middle)
        painter.setBrush(QColor(self._theme.surface))
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(QColor(self._theme.text))
        sign = "+" if word == "add" else "‖"
        inside = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, sign)


def _plain(text: str) -> str:
    return text.lstrip("*").replace("\n", " ")
