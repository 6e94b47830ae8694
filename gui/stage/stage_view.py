"""The stage: one picture, large, with the boxes of all detectors; beside it a row for each network."""

from collections.abc import Mapping
from itertools import pairwise
from math import ceil
from time import perf_counter

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from gui.stage.answer import PictureView, restyle
from gui.stage.image import ASPECT, PREPARE_S, SLACK_S, paint_now
from gui.stage.overlay import Boxes
from gui.stage.row import LaneRow
from gui.stage.views import Supply
from gui.theme import DARK, Size, Theme, font
from inference.data import Detections, Frame, Result, SourceState, SourceStatus
from inference.live.lane import Figures, Lane
from models import ModelCard

OLD_S = 1.0               # a picture older than this, while no new one comes, is marked
ROWS_LEAST, ROWS_MOST = 0.36, 0.46   # of the width that the rows take


class StageView(QWidget):
    """Every answer on screen belongs to the picture on screen; a row whose answer does not has its own beside it."""

    add_asked = Signal()
    lane_chosen = Signal(object)           # Lane
    alone_asked = Signal(object)           # Lane
    menu_asked = Signal(object, object)    # Lane, QPoint
    retried = Signal(object)               # Lane
    moved = Signal(object, int)            # Lane, its new place

    def __init__(self, supply: Supply, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = supply.session
        self.picture = PictureView(supply.pictures, self)
        self.rows: list[LaneRow] = []
        self.alone: Lane | None = None
        self._expected = 0   # lanes that come at once
        self.more = False
        self.rest = 1.0   # times longer than usual between two paintings
        self._pictures = supply.pictures
        self._look: tuple[Theme, float, int] = (DARK, 1.0, 5)
        self._due = 0.0   # s, when the next painting may be
        self._later = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._later.timeout.connect(self._show_late)
        self._invite = QPushButton("Add a network", self)
        self._invite.clicked.connect(self.add_asked)
        self._invite.setProperty("role", "invite")
        self._invite.setCursor(Qt.CursorShape.PointingHandCursor)

    # --- the lanes ----------------------------------------------------------------------------------------------

    def expect(self, count: int) -> None:
        """So many lanes come at once: their places are kept, so that nothing moves when they do."""
        self._expected = count
        self._arrange()
        self.update()

    def add(self, lane: Lane, card: ModelCard) -> None:
        """One more row."""
        del card
        row = LaneRow(lane, self._pictures, self)
        row.chosen.connect(self.lane_chosen)
        row.alone_asked.connect(self.alone_asked)
        row.menu_asked.connect(self.menu_asked)
        row.retried.connect(self.retried)
        row.dragged.connect(self._drop)
        row.restyle(*self._look)
        row.show()
        self.rows.append(row)
        self._expected = 0
        self._arrange()

    def remove(self, lane: Lane) -> None:
        """Take a row away."""
        for row in [row for row in self.rows if row.lane is lane]:
            self.rows.remove(row)
            row.hide()
            row.deleteLater()
        if self.alone is lane:
            self.alone = None
        self._arrange()

    def put_in_order(self, lanes: list[Lane]) -> None:
        """The rows in this order."""
        self.rows.sort(key=lambda row: lanes.index(row.lane) if row.lane in lanes else len(lanes))
        self._arrange()

    def show_card(self, lane: Lane, card: ModelCard) -> None:
        """A lane's card has changed: nothing of it stands here."""

    def show_alone(self, lane: Lane | None) -> None:
        """One lane's boxes and row alone; None shows all again."""
        self.alone = lane
        self._arrange()
        self._due = 0.0   # what a hand asked for is shown at once
        self.refresh(None)

    def place_of(self, lane: Lane) -> QPoint:
        """A place within the view where a menu of this lane opens."""
        return next((one.geometry().center() for one in self.rows if one.lane is lane), self.rect().center())

    def choose(self, lane: Lane | None) -> None:
        """Mark the lane that is meant."""
        for row in self.rows:
            row.choose(row.lane is lane)

    # --- what is shown ------------------------------------------------------------------------------------------

    @property
    def wants_live(self) -> bool:
        """Whether the newest picture is shown, not that of an answer."""
        return not any(row.lane.latest for row in self._on_stage())

    def refresh(self, frame: Frame | None) -> bool:
        """Take what is new; `frame` is the picture that is live or frozen. Whether something is to be painted."""
        for row in self.rows:
            row.follow()
        now = perf_counter()
        if (due := self._due - SLACK_S - now) > 0:
            if not self._later.isActive():
                self._later.start(ceil(due * 1e3))
            return False
        shown, results = self._answers()
        if shown is None:
            shown = frame or (self._session.frozen or self._session.latest)
        if shown is None:
            return False
        changed = self._show(shown, results)
        if changed:
            self._due = max(self._due, now - SLACK_S) + PREPARE_S * self.rest
        return changed

    def refresh_figures(self, source: SourceStatus, figures: Mapping[Lane, Figures]) -> None:
        """Show the numbers; called a few times a second so that they can be read."""
        old = 0.0
        frame = self.picture.frame
        if frame is not None and self._session.frozen is None and source.state not in (
            SourceState.LIVE, SourceState.ENDED
        ):  # fmt: skip
            old = perf_counter() - frame.taken_at
        for row in self.rows:
            if row.lane in figures:
                row.show_figures(figures[row.lane], dimmed=old > OLD_S or row.lane.paused)
        chips = []
        if frame is not None and self.rows and not any(row.result for row in self.rows):
            chips.append("live")   # there is no answer yet: this picture is nobody's
        if old > OLD_S:
            chips.append(f"old {old:.0f} s")
        if tuple(chips) != self.picture.chips:
            self.picture.chips = tuple(chips)
            self.picture.update()

    def _answers(self) -> tuple[Frame | None, dict[Lane, Result]]:
        """The picture on stage, and the answers that there are: of that picture as far as it goes."""
        lanes = [row.lane for row in self._on_stage()]
        results = {lane: result for lane in lanes if (result := lane.latest)}
        if done := self._session.rounds.done:
            return done.frame, {**results, **{lane: r for lane, r in done.results.items() if lane in lanes}}
        if not results:
            return None, {}
        if frozen := self._session.frozen:
            return frozen, results
        # Together, each answers pictures of its own: the stage shows those of a detector, whose boxes lie on it.
        lead = next((r for r in results.values() if isinstance(r.prediction, Detections)), None)
        return (lead or next(iter(results.values()))).frame, results

    def _show(self, frame: Frame, results: Mapping[Lane, Result]) -> bool:
        layers = []
        changed = False
        theirs = {lane: result.frame.shared is frame.shared for lane, result in results.items()}
        room_for_own = not all(theirs.values())
        for row in self._on_stage():
            result = results.get(row.lane)
            is_own = result is not None and not theirs[row.lane]
            changed |= row.show_result(result, own=is_own, room_for_own=room_for_own)
            if result and not is_own and not row.lane.paused and (found := result.prediction.found):
                layers.append(Boxes(found, self._look[0].lane(row.lane.slot)))
        before = self.picture.frame
        if before is not None and before.shared is frame.shared and not changed:
            frame = before   # a picture that stands: nothing to paint anew
        return self.picture.show_frame(frame, tuple(layers)) or changed

    def _show_late(self) -> None:
        if self.isVisible() and self.refresh(None):
            paint_now(self)

    def _on_stage(self) -> list[LaneRow]:
        return [row for row in self.rows if self.alone is None or row.lane is self.alone]

    # --- how it is laid out -------------------------------------------------------------------------------------

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Take these colours, type at this scale, and `topk` answers at most."""
        self._look = (theme, scale, topk)
        restyle(self.picture, theme, scale)
        self._invite.setFont(font(Size.BODY, scale))
        for row in self.rows:
            row.restyle(theme, scale, topk)
        self.picture.boxes = ()   # in the colours of the other theme
        self._arrange()
        self._due = 0.0
        self.refresh(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay picture and rows out anew."""
        del event
        self._arrange()

    def _arrange(self) -> None:
        """The picture as large as its shape lets it be, the rows in what is left: beside it, or below."""
        _, scale, _ = self._look
        gap = max(4, round(8 * scale))
        rows, width, height = self._on_stage(), self.width(), self.height()
        for row in self.rows:
            row.setVisible(row in rows)
        self._invite.setVisible(not self.rows and not self._expected)
        if not rows and not self._expected:
            self.picture.setGeometry(self.rect())
            wide, high = round(240 * scale), round(48 * scale)
            self._invite.setGeometry((width - wide) // 2, height - high - 3 * gap, wide, high)
            self._invite.raise_()
            return
        picture, places = self._places(len(rows) or self._expected)
        self.picture.setGeometry(picture)
        for row, place in zip(rows, places, strict=False):   # no rows yet, but places that are kept for them
            row.setGeometry(place)

    def _places(self, count: int) -> tuple[QRect, list[QRect]]:
        """Where the picture and `count` rows stand."""
        gap = max(4, round(8 * self._look[1]))
        width, height = self.width(), self.height()
        if width >= height:
            wide = min(round(width * (1 - ROWS_LEAST)), max(round(width * (1 - ROWS_MOST)), round(height * ASPECT)))
            picture, place = QRect(0, 0, wide, height), QRect(wide + gap, 0, width - wide - gap, height)
        else:
            high = min(round(height * 0.5), round(width / ASPECT))
            picture, place = QRect(0, 0, width, high), QRect(0, high + gap, width, height - high - gap)
        edges = [(place.height() + gap) * i // count for i in range(count + 1)]
        return picture, [
            QRect(place.left(), place.top() + top, place.width(), bottom - gap - top) for top, bottom in pairwise(edges)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Places that are kept for lanes."""
        del event
        if self._expected and not self.rows:
            painter = QPainter(self)
            for place in self._places(self._expected)[1]:
                painter.fillRect(place, QColor(self._look[0].surface))

    def _drop(self, lane: Lane, height: int) -> None:
        """A row was let go of at this height: it goes there."""
        place = sum(row.geometry().center().y() < height for row in self.rows if row.lane is not lane)
        self.moved.emit(lane, place)
