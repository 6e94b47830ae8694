"""How the lanes' panes share the window."""

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from gui.stage.answer import PictureView, restyle
from gui.stage.lane_view import LaneView
from gui.stage.views import Supply
from gui.theme import DARK, Theme
from inference.data import Frame, SourceStatus
from inference.live.lane import Figures, Lane
from models import ModelCard

# lanes → panes in each row, where the window is wide. No place stays empty: fewer panes in a row are wider.
ROWS = {
    1: (1,), 2: (2,), 3: (3,), 4: (2, 2), 5: (3, 2), 6: (3, 3), 7: (4, 3), 8: (4, 4), 9: (3, 3, 3),
}  # fmt: skip


class LaneGrid(QWidget):
    """Panes in rows and columns, or one alone; without lanes, the live picture."""

    add_asked = Signal()
    lane_chosen = Signal(object)           # Lane
    alone_asked = Signal(object)           # Lane
    menu_asked = Signal(object, object)    # Lane, QPoint
    retried = Signal(object)               # Lane
    moved = Signal(object, int)            # Lane, its new place

    def __init__(self, supply: Supply, parent: QWidget) -> None:
        super().__init__(parent)
        self.views: list[LaneView] = []
        self.alone: Lane | None = None
        self._expected = 0   # lanes that come at once
        self.more = False   # whether another pane is to be painted
        self._pictures = supply.pictures   # each pane shows what its own lane has
        self._rest = 1.0
        self._theme, self._scale, self._topk = DARK, 1.0, 5
        self.empty = PictureView(supply.pictures, self)
        self._invite = QPushButton("Add a network", self)
        self._invite.clicked.connect(self.add_asked)
        self._invite.setProperty("role", "invite")
        self._invite.setCursor(Qt.CursorShape.PointingHandCursor)

    def expect(self, count: int) -> None:
        """So many lanes come at once: their places are kept, so that nothing moves when they do."""
        self._expected = count
        self._arrange()
        self.update()

    def add(self, lane: Lane, card: ModelCard) -> None:
        """Show one more pane."""
        view = LaneView(lane, card, self._pictures, self)
        view.rest = self._rest
        view.chosen.connect(self.lane_chosen)
        view.alone_asked.connect(self.alone_asked)
        view.menu_asked.connect(self.menu_asked)
        view.retried.connect(self.retried)
        view.dragged.connect(self._drop)
        view.restyle(self._theme, self._scale, self._topk)
        view.show()
        self.views.append(view)
        self._expected = 0
        self._arrange()

    def remove(self, lane: Lane) -> None:
        """Take a lane's pane away."""
        for view in [v for v in self.views if v.lane is lane]:
            self.views.remove(view)
            view.hide()
            view.deleteLater()
        if self.alone is lane:
            self.alone = None
        self._arrange()

    def put_in_order(self, lanes: list[Lane]) -> None:
        """The panes in this order."""
        self.views.sort(key=lambda view: lanes.index(view.lane) if view.lane in lanes else len(lanes))
        self._arrange()

    def show_card(self, lane: Lane, card: ModelCard) -> None:
        """A lane's card has changed."""
        for view in self.views:
            if view.lane is lane:
                view.show_card(card)

    def place_of(self, lane: Lane) -> QPoint:
        """A place within the view where a menu of this lane opens."""
        return next((one.geometry().center() for one in self.views if one.lane is lane), self.rect().center())

    def choose(self, lane: Lane | None) -> None:
        """Mark the lane that is meant."""
        for view in self.views:
            view.choose(view.lane is lane)

    @property
    def rest(self) -> float:
        """How many times longer than usual a pane rests between two paintings."""
        return self._rest

    @rest.setter
    def rest(self, rest: float) -> None:
        self._rest = rest
        for view in self.views:
            view.rest = rest

    @property
    def wants_live(self) -> bool:
        """Whether a pane shows the newest picture, not that of an answer."""
        views = self.shown()
        return not views or any(view.lane.latest is None for view in views)

    def refresh(self, frame: Frame | None) -> bool:
        """Take what is new; `frame` is the picture that is live or frozen. Whether something is to be painted.

        One pane is painted at a time, `more` says whether another one waits: a key that is pressed is not to wait for
        all of them.
        """
        self.more = False
        if not self.views:
            return frame is not None and self.empty.show_frame(frame)
        changed = False
        for view in self.shown():
            if changed:
                self.more = True
                break
            changed = view.refresh(frame)
        return changed

    def refresh_figures(self, source: SourceStatus, figures: Mapping[Lane, Figures]) -> None:
        """Show the numbers; called a few times a second so that they can be read."""
        for view in self.shown():
            if view.lane in figures:
                view.refresh_figures(source, figures[view.lane])

    def show_alone(self, lane: Lane | None) -> None:
        """One lane on the whole stage; None shows all again."""
        self.alone = lane
        self._arrange()

    def shown(self) -> list[LaneView]:
        """The panes on screen."""
        return [v for v in self.views if self.alone is None or v.lane is self.alone]

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Pass colours and sizes on to every pane."""
        self._theme, self._scale, self._topk = theme, scale, topk
        restyle(self.empty, theme, scale)
        for view in self.views:
            view.restyle(theme, scale, topk)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the panes out anew."""
        del event
        self._arrange()

    def _arrange(self) -> None:
        shown = self.shown()
        gap = max(4, round(8 * self._scale))
        self.empty.setVisible(not self.views and not self._expected)
        for view in self.views:
            view.setVisible(view in shown)
        if self._expected:
            self._invite.hide()
            return
        if not shown:
            self.empty.setGeometry(self.rect())
            width, height = round(240 * self._scale), round(48 * self._scale)
            self._invite.setGeometry(
                (self.width() - width) // 2, self.height() - height - 3 * gap, width, height
            )
            self._invite.setVisible(True)
            self._invite.raise_()
            return
        self._invite.hide()
        for view, cell in zip(shown, cells(self.size(), len(shown), gap), strict=True):
            view.setGeometry(cell)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Places that are kept for lanes."""
        del event
        if self._expected:
            painter = QPainter(self)
            for cell in cells(self.size(), self._expected, max(4, round(8 * self._scale))):
                painter.fillRect(cell, QColor(self._theme.surface))

    def _drop(self, lane: Lane, at: QPoint) -> None:
        """A pane was let go of here: it goes there."""
        for place, view in enumerate(self.views):
            if view.isVisible() and view.geometry().contains(at):
                self.moved.emit(lane, place)
                return


def cells(size: QSize, count: int, gap: int) -> list[QRect]:
    """Places for `count` panes within `size` px, `gap` px apart, row after row; they fill it whole."""
    width, height = size.width(), size.height()
    rows: tuple[int, ...] = ROWS[count]
    if count <= 3 and height > width:
        rows = (1,) * count
    elif count == 3 and width < 1.9 * height:   # three beside each other would be narrow: two, and one below
        rows = (2, 1)
    made = []
    for row, columns in enumerate(rows):
        top, bottom = ((height + gap) * edge // len(rows) for edge in (row, row + 1))
        for column in range(columns):
            left, right = ((width + gap) * edge // columns for edge in (column, column + 1))
            made.append(QRect(left, top, right - gap - left, bottom - gap - top))
    return made
