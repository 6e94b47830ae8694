"""The parts of a lane's pane: the picture, the bars of a classification, the figures."""

from collections import deque
from time import perf_counter

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from gui.parts.plain import tip
from gui.stage.figure_words import FIGURE_TIPS
from gui.stage.fit import fitted
from gui.stage.image import ScaledPictures
from gui.stage.overlay import Boxes, draw_boxes, draw_chip, draw_crop, percent, short_label
from gui.stage.strip import STRIP_TIP, Stages, draw_strip, stage_inks
from gui.theme import DARK, Size, Theme, font
from inference.data import Frame, Prediction
from models import ModelCard

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PictureView(QWidget):
    """One frame with what was found in it."""

    def __init__(self, pictures: ScaledPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.theme, self.scale = DARK, 1.0
        self.card: ModelCard | None = None
        self.chips: tuple[str, ...] = ()
        self._pictures = pictures
        self.frame: Frame | None = None
        self.boxes: tuple[Boxes, ...] = ()
        self.painted = 0   # pictures painted
        self.ages: deque[float] = deque(maxlen=1000)   # ms from taking a picture to its first painting
        self._aged: Frame | None = None

    def show_frame(self, frame: Frame, boxes: tuple[Boxes, ...] = ()) -> bool:
        """Show this frame, with these boxes of its own; False when that is what it shows already."""
        same = len(boxes) == len(self.boxes) and all(
            new.found is old.found and new.colour == old.colour for new, old in zip(boxes, self.boxes, strict=True)
        )
        if frame is self.frame and same:
            return False
        self.frame, self.boxes = frame, boxes
        self.update()
        return True

    def picture_rect(self) -> QRect:
        """Where the frame is painted: its own shape, as large as fits, centred."""
        if self.frame is None:
            return self.rect()
        height, width = self.frame.pixels.shape[:2]
        size = QSize(width, height).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRect(
            (self.width() - size.width()) // 2, (self.height() - size.height()) // 2, size.width(), size.height()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, then boxes, crop and chips over it."""
        del event
        painter = QPainter(self)
        target = self.picture_rect()
        surface = QColor(self.theme.surface)
        if self.frame is None:
            painter.fillRect(self.rect(), QColor(self.theme.background))
            return
        if target != self.rect():
            painter.fillRect(self.rect(), surface)
        ratio = self.devicePixelRatioF()
        painter.drawImage(target, self._pictures.get(self.frame, target.size() * ratio))
        height, width = self.frame.pixels.shape[:2]
        picture = QRectF(target)
        if self.card and self.card.input.fit == "crop":
            from inference.preprocess import place  # imports OpenCV: not before the first picture

            draw_crop(painter, picture, (height, width), place((height, width), self.card.input).crop)
        if self.boxes:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            draw_boxes(painter, self.boxes, picture, (height, width), font(Size.LABEL, self.scale, bold=True))
        if self.chips:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            x = float(target.left() + 8)
            for chip in self.chips:
                face = font(Size.FACT, self.scale, bold=True)
                corner = QPointF(x, target.bottom() - 14 - face.pixelSize() * 1.3)
                x += draw_chip(painter, corner, chip, face, QColor(14, 17, 22, 220)) + 6
        self.painted += 1
        if self.frame is not self._aged:
            self._aged = self.frame
            self.ages.append((perf_counter() - self.frame.taken_at) * 1e3)


class AnswerBars(QWidget):
    """The best labels as bars: fixed rows, so that nothing jumps when labels change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.theme, self.scale, self.colour = DARK, 1.0, QColor(DARK.lanes[0])
        self.dimmed = False
        self.rows = 5            # rows to make room for
        self.nothing = ""        # what is said when there is no label
        self._text = self._quiet = self._trough = QColor()
        self._answer: Prediction | None = None

    def show_answer(self, answer: Prediction | None) -> None:
        """Show these labels, or the labels of these boxes; the first is set large."""
        before, self._answer = self._answer, answer
        if answer is not before and as_shown(answer) != as_shown(before):
            self.update()

    def event(self, event: QEvent) -> bool:
        """The tooltip is made when it is asked for: labels change many times a second."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), tip(_as_text(self._answer)), self)
            return True
        return super().event(event)

    def first_row(self) -> int:
        """Height of the first row, px."""
        return round(Size.ANSWER.value * self.scale * 1.75)

    def other_row(self) -> int:
        """Height of each further row, px."""
        return round(Size.LABEL.value * self.scale * 1.85)

    def height_for(self, rows: int) -> int:
        """Height that `rows` rows need, px."""
        return self.first_row() + max(0, rows - 1) * self.other_row()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as many rows as fit."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.surface))
        if not self._answer:
            return
        if self.dimmed:
            painter.setOpacity(0.45)
        self._text, self._quiet = QColor(self.theme.text), QColor(self.theme.quiet)
        self._trough = QColor(self.theme.raised)
        if not self._answer.labels:
            painter.setFont(font(Size.LABEL, self.scale))
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.nothing)
            return
        # Rows share what room is left, up to a half more each: they stand where they stand whatever is answered.
        spread = max(1.0, min(1.5, self.height() / self.height_for(self.rows)))
        top = 0
        pairs = zip(self._answer.labels[: self.rows], self._answer.scores, strict=False)
        for i, (label, score) in enumerate(pairs):
            row = round((self.first_row() if i == 0 else self.other_row()) * spread)
            if top + row > self.height() + 2:
                break
            self._row(painter, QRect(0, top, self.width(), row), short_label(label), float(score), best=i == 0)
            top += row

    def _row(self, painter: QPainter, row: QRect, label: str, score: float, *, best: bool) -> None:
        face = font(Size.ANSWER if best else Size.LABEL, self.scale, bold=best)
        metrics = QFontMetrics(face)
        thick = max(3, round((7 if best else 4) * self.scale))
        high = metrics.height()
        text = QRect(row.left(), row.top() + (row.height() - high - thick) // 3, row.width(), high)
        said = percent(score)
        room = row.width() - metrics.horizontalAdvance("100 %") - round(8 * self.scale)
        painter.setFont(face)
        painter.setPen(self._text if best else self._quiet)
        painter.drawText(text, RIGHT, said)
        painter.setPen(self._text)
        if best:   # never cut: it is what the last row reads
            above = text.top() - row.top()
            draw_fitted(painter, QRect(text.left(), row.top(), room, text.height() + 2 * above), label, face)
        else:
            painter.drawText(text, LEFT, metrics.elidedText(label, Qt.TextElideMode.ElideRight, room))
        # Plain rectangles on whole pixels: round ends would cost more than all the rest of the row.
        top = text.bottom() + 1 + round(2 * self.scale)
        filled = max(2, round(row.width() * score))
        painter.fillRect(row.left(), top, filled, thick, self.colour)
        painter.fillRect(row.left() + filled, top, row.width() - filled, thick, self._trough)


class FiguresRow(QWidget):
    """One big figure with its strip, the rest small: columns of fixed width, so that numbers change in place."""

    LEAST_PX = 34   # two lines of the smallest type, and the strip

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.theme, self.scale, self.colour = DARK, 1.0, QColor(DARK.lanes[0])
        self.dimmed = False
        self._shown: tuple[str, tuple[tuple[str, str], ...]] = ("", ())
        self._stages: Stages = {}
        self._ends: list[tuple[int, str]] = []   # where the column of which figure ends, px

    def show_figures(self, big: str, small: tuple[tuple[str, str], ...], stages: Stages | None = None) -> None:
        """`big` with its unit, and pairs of (value, caption); `stages` are those of Figures."""
        stages = stages or {}
        if (big, small, stages) != (*self._shown, self._stages):
            self._shown, self._stages = (big, small), stages
            self.update()

    def figure_at(self, x: int) -> str:
        """The caption of the figure at this place, px; "" where there is none."""
        return next((caption for end, caption in self._ends if x < end), "")

    def event(self, event: QEvent) -> bool:
        """Each figure says what it is."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            caption = self.figure_at(event.pos().x())
            words = FIGURE_TIPS.get(caption, "")
            if caption == "p50":
                words += f"\n{STRIP_TIP}"
            QToolTip.showText(event.globalPos(), tip(words), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the columns that fit."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.surface))
        if self.dimmed:
            painter.setOpacity(0.45)
        big, small = self._shown
        self._ends = []
        thick = max(3, round(4 * self.scale)) if self._stages else 0
        height = self.height() - thick
        face = font(min(Size.FIGURE.value * self.scale, height * 0.86), bold=True)
        painter.setFont(face)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(0, 0, self.width(), height, LEFT, big)
        used = QFontMetrics(face).horizontalAdvance(big) + round(8 * self.scale)
        left = QFontMetrics(face).horizontalAdvance("00.0 ms") + round(8 * self.scale)
        value_font = font(min(Size.LABEL.value * self.scale, height * 0.5), bold=False)
        caption_font = font(min(Size.FACT.value * self.scale, height * 0.4))
        value_metrics, caption_metrics = QFontMetrics(value_font), QFontMetrics(caption_font)
        if small:
            painter.setFont(caption_font)
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(used, (height + QFontMetrics(face).ascent()) // 2 - round(2 * self.scale), "p50")
            self._ends.append((left + caption_metrics.horizontalAdvance("p50"), "p50"))
        left += caption_metrics.horizontalAdvance("p50")
        if self._stages:
            place = QRect(0, height, min(self.width(), left), thick)
            draw_strip(painter, place, self._stages, stage_inks(self.theme, self.colour))
        left += round(14 * self.scale)
        whole = value_metrics.height() + caption_metrics.height()
        top = (height - whole) // 2
        for value, caption in small:
            width = max(value_metrics.horizontalAdvance("0000 ms"), caption_metrics.horizontalAdvance(caption))
            if left + width > self.width():
                break
            painter.setFont(value_font)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(left, top + value_metrics.ascent(), value)
            painter.setFont(caption_font)
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(left, top + value_metrics.height() + caption_metrics.ascent(), caption)
            left += width + round(14 * self.scale)
            self._ends.append((left, caption))


def restyle(widget: PictureView | AnswerBars | FiguresRow, theme: Theme, scale: float) -> None:
    """Give a part its colours and type size."""
    widget.theme, widget.scale = theme, scale
    widget.update()


def draw_fitted(painter: QPainter, place: QRect, words: str, face: QFont) -> None:
    """Write words at the left of `place`, smaller or in two lines where they do not fit as they are."""
    made = fitted(words, place.width(), place.height(), face.pixelSize(), bold=face.bold())
    painter.setFont(font(made.px, bold=face.bold()))
    high = painter.fontMetrics().height()
    top = place.center().y() + 1 - high * len(made.lines) // 2
    for line in made.lines:
        painter.drawText(QRect(place.left(), top, place.width(), high), LEFT, line)
        top += high


def milliseconds(value: float) -> str:
    """One decimal under 100, none above: "8.6 ms", "212 ms"."""
    return f"{value:.1f} ms" if value < 99.95 else f"{value:.0f} ms"


def as_shown(answer: Prediction | None) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """Labels and per cent, as they are read: what looks the same need not be painted again."""
    return (answer.labels, tuple(round(float(score) * 100) for score in answer.scores)) if answer else None


def _as_text(answer: Prediction | None) -> str:
    if not answer:
        return ""
    return "\n".join(f"{s * 100:.1f} %  {name}" for name, s in zip(answer.labels, answer.scores, strict=True))
