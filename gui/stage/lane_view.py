"""A lane's pane: what the model is, what it sees, what it answers, what it costs."""

from math import ceil
from time import perf_counter

from PySide6.QtCore import QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from gui.parts.dots import Dots
from gui.stage.answer import AnswerBars, FiguresRow, PictureView, milliseconds, restyle
from gui.stage.header import LaneHeader
from gui.stage.image import ASPECT, PREPARE_S, SLACK_S, ScaledPictures, paint_now
from gui.stage.lane_words import nothing_of
from gui.stage.notice import Notice
from gui.stage.overlay import Boxes
from gui.theme import DARK, Size, Theme, font
from inference.data import Frame, LaneState, LaneStatus, Result, SourceState, SourceStatus
from inference.live.lane import Figures, Lane
from models import ModelCard

OLD_S = 1.0         # an answer older than this, while no new picture comes, is marked


class LaneView(QWidget):
    """One lane on screen. The window calls `refresh` whenever something is new; it paints no more than it must."""

    chosen = Signal(object)          # Lane: it has the keyboard, or was clicked
    alone_asked = Signal(object)     # Lane
    menu_asked = Signal(object, object)   # Lane, QPoint on the screen
    retried = Signal(object)         # Lane
    dragged = Signal(object, object)      # Lane, QPoint within the grid where it was let go of

    def __init__(self, lane: Lane, card: ModelCard, pictures: ScaledPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane, self.card = lane, card
        self.theme, self.scale = DARK, 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.header = LaneHeader(lane, card, self)
        self.picture = PictureView(pictures, self)
        self.picture.card = card
        self.bars = AnswerBars(self)
        self.figures_row = FiguresRow(self)
        self.dots = Dots(self, lane.title)
        self.dots.asked.connect(lambda where: self.menu_asked.emit(lane, where))
        self.notice = Notice(self)
        self.notice.chosen.connect(lambda: self.retried.emit(self.lane))
        self.notice.hide()
        self._topk = 5
        self._is_chosen = self._dragging = False
        self.rest = 1.0   # times longer than usual between two paintings
        self._shown: Result | None = None
        self._due = 0.0   # s, when the next painting may be
        self._ages: list[float] = []   # ms from taking a picture to showing its answer, since the last figures
        self._age = 0.0
        self._old = 0.0   # s, how old the last answer is while no new picture comes
        self._later = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._later.timeout.connect(self._show_late)
        self._told: tuple[LaneStatus, bool] | None = None
        self._live: Frame | None = None

    # --- what is shown ------------------------------------------------------------------------------------------

    def show_card(self, card: ModelCard) -> None:
        """The lane's card has changed."""
        self.card = self.header.card = self.picture.card = card

    def refresh(self, frame: Frame | None) -> bool:
        """Take the newest picture and answer; `frame` is the picture that is live or frozen now.

        Returns:
            Whether something is to be painted. What comes too soon after the last painting is kept for later.
        """
        told = (self.lane.status, self.lane.paused)
        if told != self._told:
            self._told = told
            self.notice.follow(*told, key=str(self.lane.slot + 1))
            self.bars.setVisible(self.notice.isHidden())
        self._live = frame
        return self._show_newest()

    def refresh_figures(self, source: SourceStatus, figures: Figures) -> None:
        """Show the numbers; called a few times a second so that they can be read."""
        self.header.refresh()
        self._mark_old(source)
        if self.lane.status.state is not LaneState.RUNNING or not figures.timed:
            self.figures_row.show_figures("–", ())
            return
        if self._ages:
            self._age = sum(self._ages) / len(self._ages)
            self._ages.clear()
        p50, p95, _ = figures.stages["latency"]
        few = figures.timed < 10   # too few for a p95
        age = f"{self._old:.0f} s" if self._old > OLD_S else f"{self._age:.0f} ms"
        held = bool(self.lane.latest and self.lane.latest.frame.held)   # one picture has no rate and no age
        self.figures_row.show_figures(
            milliseconds(p50),
            (
                ("–" if few else milliseconds(p95), "p95"),
                ("–" if held else f"{figures.fps:.1f}", "answers/s"),
                ("–" if held else age, "age"),
                (f"{figures.skipped}", "skipped"),
            ),
            figures.stages,
        )

    def _show_late(self) -> None:
        if self._show_newest():
            paint_now(self)

    def _show_newest(self) -> bool:
        """Show what is new and due; False when there is nothing of it.

        Picture, boxes and labels are of one answer, always: before the first one, the picture that is live.
        """
        result = self.lane.latest
        if result is None:
            if self._live is None or self._live is self.picture.frame:
                return False
        elif result is self._shown:
            return False
        now = perf_counter()
        if (due := self._due - SLACK_S - now) > 0:
            if not self._later.isActive():
                self._later.start(ceil(due * 1e3))
            return False
        self._due = max(self._due, now - SLACK_S) + PREPARE_S * self.rest
        if result is None:
            self._show_picture(self._live, ())
            return True
        self._shown = result
        found = result.prediction.found
        self._show_picture(result.frame, (Boxes(found, self.theme.lane(self.lane.slot)),) if found else ())
        self.bars.nothing = nothing_of(result.prediction, self.lane.ask.confidence)
        self.bars.show_answer(result.prediction)
        self._ages.append((now - result.frame.taken_at) * 1e3)
        return True

    def _show_picture(self, frame: Frame | None, boxes: tuple[Boxes, ...]) -> None:
        if frame is not None:
            self.picture.show_frame(frame, boxes)

    def _mark_old(self, source: SourceStatus) -> None:
        """Dim an answer that has no new picture to follow, and say how old it is."""
        chips: list[str] = []
        latest = self.lane.latest
        old = 0.0
        if latest is None and self.picture.frame is not None:
            chips.append("live")   # there is no answer yet: this picture is nobody's
        if latest and latest.late:
            chips.append(f"late {latest.timing.latency / 1e3:.1f} s")
        if latest and source.state not in (SourceState.LIVE, SourceState.ENDED):
            old = perf_counter() - latest.frame.taken_at
            if old > OLD_S:
                chips.append(f"old {old:.0f} s")
        self._old = old
        dimmed = old > OLD_S or self.lane.paused
        if dimmed != self.bars.dimmed:
            self.bars.dimmed = self.figures_row.dimmed = dimmed
            self.bars.update()
            self.figures_row.update()
        if tuple(chips) != self.picture.chips:
            self.picture.chips = tuple(chips)
            self.picture.update()

    # --- how it is laid out -------------------------------------------------------------------------------------

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Take these colours, type at this scale, and room for `topk` labels."""
        self.theme, self.scale, self._topk = theme, scale, topk
        self._arrange()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the parts out anew."""
        del event
        self._arrange()

    def _arrange(self) -> None:
        """Header above, figures below, between them the picture with the bars beside it or under it."""
        width, height = self.width(), self.height()
        if width < 40 or height < 40:
            return
        # A pane that has the room grows its type: one network alone fills the stage.
        scale = self.scale * max(1.0, min(1.7, min(width / self.scale / 900, height / self.scale / 480)))
        pad = round(12 * self.scale)
        compact = height < 250 * self.scale
        for part in (self.picture, self.bars, self.figures_row):
            restyle(part, self.theme, scale)
        self.notice.restyle(self.theme, scale)
        self.dots.restyle(self.theme, self.scale)
        self.header.theme, self.header.scale, self.header.two_rows = self.theme, scale, not compact
        self.bars.colour = self.figures_row.colour = self.theme.lane(self.lane.slot)
        boxes = tuple(Boxes(found, self.bars.colour) for found, _ in self.picture.boxes)
        self.picture.boxes = boxes   # another theme has other colours
        name = QFontMetrics(font(Size.NAME, scale, bold=True)).height()
        fact = QFontMetrics(font(Size.FACT, scale)).height()
        header = name + (0 if compact else fact + round(2 * scale))
        figures = max(FiguresRow.LEAST_PX, round(Size.FIGURE.value * scale * (0.95 if compact else 1.15)))
        gap = round(8 * self.scale)
        inner = QRect(pad, pad - gap // 3, width - 2 * pad, height - 2 * pad + gap // 2)
        self.header.setGeometry(inner.left(), inner.top(), inner.width() - self.dots.width() - gap, header)
        self.dots.move(inner.right() + 1 - self.dots.width(), inner.top())
        self.figures_row.setGeometry(inner.left(), inner.bottom() - figures + 1, inner.width(), figures)
        body = QRect(
            inner.left(), inner.top() + header + gap, inner.width(), inner.height() - header - figures - 2 * gap
        )
        picture, bars = self._split(body, gap * 2)
        self.picture.setGeometry(picture)
        self.bars.setGeometry(bars)
        self.bars.rows = self._topk
        self.notice.setGeometry(bars)
        self.notice.raise_()
        self.header.update()

    def _split(self, body: QRect, gap: int) -> tuple[QRect, QRect]:
        """Picture and bars: beside each other or stacked, whichever gives the larger picture.

        The place of the picture is ASPECT wide, whatever picture comes: of a folder, each may be another, and the
        layout is not to jump with them.
        """
        aspect = ASPECT
        least = min(round(body.width() * 0.5), round(240 * self.bars.scale))
        beside_width = min(body.width() - least - gap, round(body.height() * aspect))
        # Under the picture at least two rows must find room, or the answer could not be read.
        rows = self.bars.height_for(max(1, min(self._topk, 5)))
        under_height = min(body.height() - rows - gap, round(body.width() / aspect))
        if beside_width >= under_height * aspect:
            shown = round(beside_width / aspect)
            top = body.top() + max(0, (body.height() - shown) // 2)
            picture = QRect(body.left(), top, beside_width, min(shown, body.height()))
            left = picture.right() + 1 + gap
            return picture, QRect(left, body.top(), body.right() + 1 - left, body.height())
        wide = min(body.width(), round(under_height * aspect))
        picture = QRect(body.left() + (body.width() - wide) // 2, body.top(), wide, under_height)
        top = picture.bottom() + 1 + gap
        return picture, QRect(body.left(), top, body.width(), body.bottom() + 1 - top)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pane's surface; a line in the accent colour when it is the one that is meant."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self.theme.accent) if self._is_chosen else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.surface))
        radius = 10 * self.scale
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    # --- what the user does with it -----------------------------------------------------------------------------

    def choose(self, chosen: bool) -> None:
        """Mark it as the one that is meant, or not."""
        if chosen != self._is_chosen:
            self._is_chosen = chosen
            self.dots.keep(chosen)
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A click or Tab chooses this network."""
        super().focusInEvent(event)
        self.chosen.emit(self.lane)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses it."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragging = False
            self.chosen.emit(self.lane)

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
            self.dragged.emit(self.lane, self.mapToParent(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Alone on the stage, and back."""
        del event
        self.alone_asked.emit(self.lane)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with this lane."""
        self.menu_asked.emit(self.lane, event.globalPos())
