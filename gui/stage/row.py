"""A network as a row beside the one picture: number, name, what it answers, how long it takes."""

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gui.parts.dots import Dots
from gui.parts.plain import tip
from gui.stage.answer import LEFT, RIGHT, as_shown, draw_fitted, milliseconds
from gui.stage.figure_words import FIGURE_TIPS
from gui.stage.image import ScaledPictures
from gui.stage.lane_words import answers_of, nothing_of, state_word
from gui.stage.notice import Notice
from gui.stage.overlay import Boxes, draw_boxes, ink_on, percent
from gui.stage.strip import STRIP_TIP, Stages, draw_strip, stage_inks
from gui.theme import DARK, Theme, font
from inference.data import LaneState, LaneStatus, Result
from inference.live.lane import Figures, Lane

# In px at 1080 lines; all of what a row says is at least a fortieth of that high.
NAME, ANSWER, FIGURE, OTHER, UNIT = 27, 30, 38, 21, 16
WHOLE = 100          # a row with one answer
NEXT = 27            # each further one
LARGEST = 1.3        # times larger that a row grows where it has room


class LaneRow(QWidget):
    """One lane of the stage. It paints itself whole, and only when something that it shows is another."""

    chosen = Signal(object)          # Lane: it has the keyboard, or was clicked
    alone_asked = Signal(object)     # Lane: its number was clicked, or it was double-clicked
    menu_asked = Signal(object, object)   # Lane, QPoint on the screen
    retried = Signal(object)         # Lane
    dragged = Signal(object, int)    # Lane, and the height within the stage that it was let go of, px

    def __init__(self, lane: Lane, pictures: ScaledPictures, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lane = lane
        self.theme, self.scale, self.topk = DARK, 1.0, 5
        self.is_chosen = False
        self.result: Result | None = None
        self.figure, self.dimmed = "–", False
        self._stages: Stages = {}
        self._pictures = pictures
        self._own = False        # whether the answer is of another picture than the one on stage
        self._room_for_own = False
        self._dragging = False
        self._plate_key: tuple[object, ...] = ()
        self._drawn = QPixmap()
        self.dots = Dots(self, lane.title)
        self.dots.asked.connect(lambda where: self.menu_asked.emit(lane, where))
        self.notice = Notice(self)
        self.notice.chosen.connect(lambda: self.retried.emit(self.lane))
        self.notice.hide()
        self._told: tuple[LaneStatus, bool] | None = None

    # --- what is shown ------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Take the lane's status: while it does not answer, it says why."""
        told = (self.lane.status, self.lane.paused)
        if told != self._told:
            self._told = told
            self.notice.follow(*told, key=str(self.lane.slot + 1))
            self.update()

    def show_result(self, result: Result | None, *, own: bool, room_for_own: bool) -> bool:
        """Show this answer; with its `own` picture where that is not the one on stage. Whether it is another."""
        if room_for_own != self._room_for_own:
            self._room_for_own = room_for_own
            self.update()
        if result is self.result and own == self._own:
            return False
        old, new = (one.prediction if one else None for one in (self.result, result))
        seen = own or own != self._own or as_shown(old) != as_shown(new)
        self.result, self._own = result, own
        if seen:
            self.update(self._split(self.plan()[0])[0])
        return seen

    def show_figures(self, figures: Figures, *, dimmed: bool) -> None:
        """Show the numbers of the lane."""
        told = self.lane.status.state is LaneState.RUNNING and figures.timed
        figure = milliseconds(figures.stages["latency"][0]) if told else "–"
        stages: Stages = figures.stages if told else {}
        if (figure, stages, dimmed) != (self.figure, self._stages, self.dimmed):
            self.update(self.rect() if dimmed != self.dimmed else self._split(self.plan()[0])[1])
            self.figure, self._stages, self.dimmed = figure, stages, dimmed
        said = answers_of(self.result.prediction) if self.result else None
        nothing = (self.result and self.result.prediction.nothing) or "nothing"
        answer = f"{said.best} {percent(said.score)}" if said and said.best else state_word(self.lane) or nothing
        name = f"{self.lane.slot + 1} {self.lane.title}: {answer}, {figure}"
        self.setAccessibleName(name)
        if self.lane.title not in self._plate_key:   # once somebody has looked at a guess
            self.update()

    def choose(self, chosen: bool) -> None:
        """Mark it as the one that is meant, or not."""
        if chosen != self.is_chosen:
            self.is_chosen = chosen
            self.dots.keep(chosen)
            self.update()

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Take these colours, type at this scale, and `topk` answers at most."""
        self.theme, self.scale, self.topk = theme, scale, topk
        self.notice.restyle(theme, scale)
        self.dots.restyle(theme, scale)
        self._arrange()
        self.update()

    # --- how it is laid out -------------------------------------------------------------------------------------

    def plan(self) -> tuple[float, int]:
        """How much larger than at 1080 lines its type is, and how many further answers have room."""
        height = self.height() / self.scale
        for others in (2, 1):
            if (grown := height / (WHOLE + others * NEXT)) >= 1:
                grown = min(LARGEST, grown)
                room = int((height / grown - WHOLE) / NEXT)
                return self.scale * grown, min(room, max(0, self.topk - 1))
        return self.scale * max(0.4, min(1.0, height / WHOLE)), 0

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """Place the notice anew."""
        self._arrange()

    def _arrange(self) -> None:
        unit, _ = self.plan()
        body, _ = self._split(unit)
        self.dots.move(body.right() + 1 - self.dots.width(), body.top())
        top = body.top() + round(NAME * unit * 1.25)
        self.notice.setGeometry(body.left(), top, self.width() - body.left() - round(10 * unit), self.height() - top)

    def _split(self, unit: float) -> tuple[QRect, QRect]:
        """Where the words go, and where the figure."""
        pad, side = round(9 * unit), round(16 * unit)
        inner = QRect(side + round(4 * unit), pad, self.width() - 2 * side, self.height() - 2 * pad)
        figure = QFontMetrics(font(FIGURE * unit, bold=True)).horizontalAdvance("00.0") + round(6 * unit)
        right = QRect(inner.right() + 1 - figure, inner.top(), figure, inner.height())
        return inner.adjusted(0, 0, -figure - round(18 * unit), 0), right

    def number_rect(self) -> QRect:
        """Where its number stands."""
        unit, _ = self.plan()
        body, _ = self._split(unit)
        side = round(NAME * unit * 1.1)
        return QRect(body.left(), body.top(), side, side)

    # --- painting -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the row, as much of it as is another."""
        painter = QPainter(self)
        unit, others = self.plan()
        painter.drawPixmap(0, 0, self._plate(unit))
        if not self.notice.isHidden():
            return
        if self.dimmed:
            painter.setOpacity(0.45)
        body, right = self._split(unit)
        if event.rect().intersects(right):
            self._paint_figure(painter, right, unit)
        if not event.rect().intersects(body):
            return
        if self._room_for_own:
            body = self._paint_own_picture(painter, body)
        if self.result:
            self._paint_answer(painter, body, unit, others)

    def _plate(self, unit: float) -> QPixmap:
        """What stays while answers come: surface, number, name; drawn once."""
        ratio = self.devicePixelRatioF()
        key = (self.size(), ratio, self.theme.name, self.scale, unit, self.is_chosen, self.dimmed, self.lane.title)
        if key == self._plate_key:
            return self._drawn
        theme, colour = self.theme, self.theme.lane(self.lane.slot)
        self._plate_key, self._drawn = key, QPixmap(self.size() * ratio)
        self._drawn.setDevicePixelRatio(ratio)
        painter = QPainter(self._drawn)
        painter.fillRect(self.rect(), QColor(theme.background))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.accent) if self.is_chosen else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.surface))
        radius = 8 * self.scale
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(0, 0, 6 * self.scale, self.height()), 3 * self.scale, 3 * self.scale)
        number = self.number_rect()
        painter.drawRoundedRect(QRectF(number), number.width() * 0.2, number.width() * 0.2)
        painter.setPen(ink_on(colour))
        painter.setFont(font(number.width() * 0.7, bold=True))
        painter.drawText(number, Qt.AlignmentFlag.AlignCenter, str(self.lane.slot + 1))
        if self.dimmed:
            painter.setOpacity(0.45)
        self._paint_name(painter, self._split(unit)[0], number, unit)
        painter.end()
        return self._drawn

    def _paint_name(self, painter: QPainter, body: QRect, number: QRect, unit: float) -> None:
        left = number.right() + round(10 * unit)
        line = QRect(left, number.top(), body.right() + 1 - left - self.dots.width(), number.height())
        painter.setPen(QColor(self.theme.quiet))
        draw_fitted(painter, line, self.lane.title, font(NAME * unit))

    def _paint_figure(self, painter: QPainter, right: QRect, unit: float) -> None:
        number, _, word = self.figure.partition(" ")
        face = font(FIGURE * unit, bold=True)
        high = QFontMetrics(face).height()
        top = right.top() + round(NAME * unit * 0.35)
        painter.setFont(face)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(QRect(right.left(), top, right.width(), high), RIGHT, number)
        painter.setFont(font(UNIT * unit))
        painter.setPen(QColor(self.theme.quiet))
        below = QRect(right.left(), top + round(high * 0.9), right.width(), painter.fontMetrics().height())
        if below.bottom() <= self._bar_top(unit):   # in a row as low as a word, the strip is worth more
            painter.drawText(below, RIGHT, word)
        if self._stages:
            thick = max(3, round(7 * unit))
            strip = QRect(right.left(), self._bar_top(unit), right.width(), thick)
            draw_strip(painter, strip, self._stages, stage_inks(self.theme, self.theme.lane(self.lane.slot)))

    def _bar_top(self, unit: float) -> int:
        pad = round(9 * unit)
        return pad + round(NAME * unit * 1.2) + round(ANSWER * unit * 1.3) + round(3 * unit)

    def _paint_own_picture(self, painter: QPainter, body: QRect) -> QRect:
        """The picture that the answer is of, where the one on stage is another; returns the room that is left."""
        top = body.top() + round(body.height() * 0.32)
        high = body.bottom() + 1 - top
        wide = min(round(high * 16 / 9), body.width() // 3)
        if self.result and self._own:
            frame = self.result.frame
            height, width = frame.pixels.shape[:2]
            part = min(wide / width, high / height)
            size = QRect(0, 0, max(1, round(width * part)), max(1, round(height * part)))
            size.moveBottomRight(body.bottomRight())
            ratio = self.devicePixelRatioF()
            painter.drawImage(size, self._pictures.get(frame, size.size() * ratio))
            if found := self.result.prediction.found:
                layer = Boxes(found, self.theme.lane(self.lane.slot))
                draw_boxes(painter, (layer,), QRectF(size), (height, width), font(9), tags=False)
        return body.adjusted(0, 0, -wide - round(10 * self.scale), 0)

    def _paint_answer(self, painter: QPainter, body: QRect, unit: float, others: int) -> None:
        assert self.result
        theme, said = self.theme, answers_of(self.result.prediction)
        line = QRect(
            body.left(), body.top() + round(NAME * unit * 1.2), body.width(), round(ANSWER * unit * 1.3)
        )
        face = font(ANSWER * unit, bold=True)
        if not said.best:
            painter.setFont(font(ANSWER * unit * 0.8))
            painter.setPen(QColor(theme.quiet))
            painter.drawText(line, LEFT, nothing_of(self.result.prediction, self.lane.ask.confidence))
            return
        painter.setFont(face)
        painter.setPen(QColor(theme.text))
        painter.drawText(line, RIGHT, percent(said.score))
        room = line.width() - QFontMetrics(face).horizontalAdvance("100 %") - round(12 * unit)
        draw_fitted(painter, QRect(line.left(), line.top(), room, line.height()), said.best, face)
        thick = max(3, round(7 * unit))
        bar, filled = self._bar_top(unit), max(2, round(body.width() * said.score))
        painter.fillRect(body.left(), bar, filled, thick, theme.lane(self.lane.slot))
        painter.fillRect(body.left() + filled, bar, body.width() - filled, thick, QColor(theme.raised))
        small = font(OTHER * unit)
        metrics = QFontMetrics(small)
        top = bar + thick + round(5 * unit)
        painter.setFont(small)
        for label, score in said.others[:others]:
            other = QRect(body.left(), top, body.width(), metrics.height())
            if other.bottom() > self.height():
                break
            words = percent(score)
            painter.setPen(QColor(theme.quiet))
            painter.drawText(other, RIGHT, words)
            room = other.width() - metrics.horizontalAdvance("100 %") - round(12 * unit)
            painter.drawText(other, LEFT, metrics.elidedText(label, Qt.TextElideMode.ElideRight, room))
            top += round(NEXT * unit)

    # --- what the user does with it -----------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """The tooltip is made when it is asked for."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            unit, _ = self.plan()
            _, right = self._split(unit)
            if event.pos().x() >= right.left():
                words = f"{FIGURE_TIPS['p50']}\n{STRIP_TIP}"
            elif self.number_rect().contains(event.pos()):
                words = f"{self.lane.title}: show its boxes and its answers alone, or all again (double click)"
            else:
                words = "\n".join([self.lane.title, *(f"{percent(s)}  {name}" for name, s in self._all())])
            QToolTip.showText(event.globalPos(), tip(words), self)
            return True
        return super().event(event)

    def _all(self) -> list[tuple[str, float]]:
        answer = self.result.prediction if self.result else None
        return [(name, float(s)) for name, s in zip(answer.labels, answer.scores, strict=True)] if answer else []

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A click or Tab chooses this network."""
        super().focusInEvent(event)
        self.chosen.emit(self.lane)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on its number shows it alone."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragging = False
            self.chosen.emit(self.lane)
            if self.number_rect().contains(event.position().toPoint()):
                self.alone_asked.emit(self.lane)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """It may be dragged to another place."""
        if event.buttons() & Qt.MouseButton.LeftButton and not self.rect().contains(event.position().toPoint()):
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of: it goes where it is."""
        if self._dragging:
            self._dragging = False
            self.unsetCursor()
            self.dragged.emit(self.lane, self.mapToParent(event.position().toPoint()).y())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Alone on the stage, and back."""
        if not self.number_rect().contains(event.position().toPoint()):   # there each of the two clicks has done it
            self.alone_asked.emit(self.lane)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with this lane."""
        self.menu_asked.emit(self.lane, event.globalPos())
