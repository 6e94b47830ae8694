"""How the lanes' panes share the window."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from gui.stage.answer import PictureView, restyle
from gui.stage.image import ScaledPictures
from gui.stage.lane_view import LaneView
from gui.theme import DARK, Theme
from inference.data import Frame
from inference.live.lane import Lane

# lanes → (columns, rows)
SHAPES = {1: (1, 1), 2: (2, 1), 3: (2, 2), 4: (2, 2), 5: (3, 2), 6: (3, 2), 7: (3, 3), 8: (3, 3), 9: (3, 3)}


class LaneGrid(QWidget):
    """Panes in rows and columns, or one alone; without lanes, the live picture."""

    add_asked = Signal()

    def __init__(self, pictures: ScaledPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: list[LaneView] = []
        self.alone: Lane | None = None
        self._theme, self._scale, self._topk = DARK, 1.0, 5
        self.empty = PictureView(pictures, self)
        self._invite = QPushButton("Add a network", self)
        self._invite.clicked.connect(self.add_asked)
        self._invite.setProperty("role", "invite")
        self._invite.setCursor(Qt.CursorShape.PointingHandCursor)

    def add(self, view: LaneView) -> None:
        """Show one more pane."""
        view.setParent(self)
        view.show()
        self.views.append(view)
        view.restyle(self._theme, self._scale, self._topk)
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

    def show_alone(self, lane: Lane | None) -> None:
        """One lane on the whole stage; None shows all again."""
        self.alone = lane
        self._arrange()

    def shown(self) -> list[LaneView]:
        """The panes on screen."""
        return [v for v in self.views if self.alone is None or v.lane is self.alone]

    def show_live(self, frame: Frame) -> bool:
        """The picture itself, when there are no lanes; True when it is a new one."""
        return self.empty.show_frame(frame)

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
        self.empty.setVisible(not self.views)
        for view in self.views:
            view.setVisible(view in shown)
        if not shown:
            self.empty.setGeometry(self.rect())
            width, height = round(240 * self._scale), round(48 * self._scale)
            self._invite.setGeometry(
                (self.width() - width) // 2, self.height() - height - 3 * gap, width, height
            )
            self._invite.setVisible(True)
            self._invite.raise_()
            return
        columns, rows = SHAPES[len(shown)]
        if rows == 1 and columns == 2 and self.height() > self.width():
            columns, rows = 1, 2
        cells = [self._cell(i, columns, rows, gap) for i in range(columns * rows)]
        for view, cell in zip(shown, cells, strict=False):
            view.setGeometry(cell)
        free = cells[len(shown) :]
        self._invite.setVisible(bool(free) and self.alone is None)
        if free:
            self._invite.setGeometry(free[0])

    def _cell(self, index: int, columns: int, rows: int, gap: int) -> QRect:
        column, row = index % columns, index // columns
        left = (self.width() + gap) * column // columns
        top = (self.height() + gap) * row // rows
        right = (self.width() + gap) * (column + 1) // columns - gap
        bottom = (self.height() + gap) * (row + 1) // rows - gap
        return QRect(left, top, right - left, bottom - top)
