"""A board to draw a digit on: by mouse, pen, finger or keys."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QTabletEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import DARK, Size, Theme, font

SIDE = 280                       # px of the drawing, ten for each of the digit that a network sees
SIZE = (28, 28)
PENS = {"thin": 14, "middle": 22, "thick": 32}   # px of the drawing
STEP = 7                         # px of the drawing, that an arrow key moves the pen
BLACK, WHITE = QColor(0, 0, 0), QColor(255, 255, 255)
HINT = "Draw a digit"
KEYS = "Arrows move the pen, Space puts it down and up. Backspace undoes, Delete clears, [ and ] change the pen."


@dataclass(slots=True)
class Stroke:
    """A line that was drawn."""

    pen: float                                             # px of the drawing
    points: list[QPointF] = field(default_factory=list)    # px of the drawing


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a drawing begins with, (28, 28) white on black; None: an empty board."""

    picture: NDArray[np.uint8] | None


class Canvas(QWidget):
    """The board. What is drawn is white on black, as the networks have learnt it."""

    changed = Signal()
    pen_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pen = "middle"
        self._theme, self._scale = DARK, 1.0
        self._done: list[Stroke | Ground] = []
        self._image = _empty()
        self._drawing: Stroke | None = None
        self._cursor: QPointF | None = None   # where the keys have brought the pen; None: they are not used
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(120, 120))
        self.setAccessibleName("Board to draw a digit on")
        self.setAccessibleDescription(KEYS)
        self.setToolTip(KEYS)

    # --- what is drawn ----------------------------------------------------------------------------------------------

    def digit(self) -> NDArray[np.uint8] | None:
        """The drawing as the networks see it, (28, 28) white on black, centred by mass; None where there is none."""
        from inference.ink import centred  # imports OpenCV

        ink = self.ink()
        return centred(ink.astype(np.float32) / np.float32(255), SIZE) if ink.any() else None

    def ink(self) -> NDArray[np.uint8]:
        """The drawing itself, (280, 280), white on black."""
        rows = np.frombuffer(self._image.constBits(), np.uint8).reshape(SIDE, self._image.bytesPerLine())
        return rows[:, :SIDE].copy()

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._done)

    def clear(self) -> None:
        """Wipe the board; `undo` brings it back."""
        if self.ink().any():
            self._do(Ground(None))

    def take(self, picture: NDArray[np.uint8]) -> None:
        """Begin with a digit from elsewhere, (28, 28) white on black, and draw on it."""
        self._do(Ground(picture.copy()))

    def undo(self) -> None:
        """Take back the last line, or what was wiped or taken."""
        if not self._done:
            return
        self._done.pop()
        self._drawing = None
        self._image = _empty()
        grounds = [i for i, one in enumerate(self._done) if isinstance(one, Ground)]
        for one in self._done[grounds[-1] if grounds else 0 :]:
            self._put(one)
        self._tell()

    def _do(self, what: Stroke | Ground) -> None:
        self._done.append(what)
        self._put(what)
        self._tell()

    def _put(self, what: Stroke | Ground, *, joined: bool = False) -> None:
        """Paint something; `joined`: it goes on where the pen is."""
        if isinstance(what, Ground):
            self._image = _empty() if what.picture is None else _enlarged(what.picture)
            return
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(WHITE, what.pen, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        if not joined:
            painter.drawPoint(what.points[0])
        for one, other in pairwise(what.points):   # as it came: undoing others must not change a pixel of it
            painter.drawLine(one, other)
        painter.end()

    def _tell(self) -> None:
        self.update()
        self.changed.emit()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def begin(self, place: QPointF, pen: float = 0.0) -> None:
        """Put the pen down, px of the drawing."""
        self._drawing = Stroke(pen or PENS[self.pen], [place])
        self._do(self._drawing)

    def go(self, place: QPointF) -> None:
        """Draw on to there."""
        if self._drawing is None:
            return
        last = self._drawing.points[-1]
        self._drawing.points.append(place)
        self._put(Stroke(self._drawing.pen, [last, place]), joined=True)
        self._tell()

    def lift(self) -> None:
        """Take the pen up."""
        self._drawing = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Draw; fingers come as a mouse."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._cursor = None
            self.begin(self._place(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        self.go(self._place(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The line is ready."""
        del event
        self.lift()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen draws as wide as it is pressed."""
        place = self._place(event.position())
        if event.type() is QEvent.Type.TabletPress:
            self.begin(place, PENS[self.pen] * (0.6 + 0.8 * event.pressure()))
        elif event.type() is QEvent.Type.TabletMove:
            self.go(place)
        else:
            self.lift()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Keys that draw here mean something else in the window: those are ours while the board has the focus."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._deed(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Draw by keys."""
        if not (deed := self._deed(event)):
            super().keyPressEvent(event)
        elif deed == "undo":
            self.undo()
        elif deed == "clear":
            self.clear()
        elif deed == "pen":
            if self._drawing:
                self.lift()
            else:
                self._cursor = self._cursor or QPointF(SIDE / 2, SIDE / 4)
                self.begin(self._cursor)
            self.update()
        elif deed in ("thinner", "thicker"):
            names = list(PENS)
            place = names.index(self.pen) + (1 if deed == "thicker" else -1)
            self.pen = names[max(0, min(place, len(names) - 1))]
            self.pen_changed.emit()
        else:
            self._move(*MOVES[Qt.Key(event.key())])

    def _move(self, across: int, down: int) -> None:
        before = self._cursor or QPointF(SIDE / 2, SIDE / 4)
        x, y = before.x() + STEP * across, before.y() + STEP * down
        self._cursor = QPointF(max(0.0, min(x, SIDE)), max(0.0, min(y, SIDE)))
        self.go(self._cursor)
        self.update()

    def _deed(self, event: QKeyEvent) -> str:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held != Qt.KeyboardModifier.NoModifier:
            return ""
        key = Qt.Key(event.key()) if event.key() in _KNOWN else None
        return "move" if key in MOVES else DEEDS.get(key, "") if key is not None else ""

    # --- on screen --------------------------------------------------------------------------------------------------

    def board(self) -> QRectF:
        """Where the board is painted: a square in the middle."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _place(self, at: QPointF) -> QPointF:
        board = self.board()
        return (at - board.topLeft()) * (SIDE / board.width())

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours."""
        self._theme, self._scale = theme, scale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The drawing, or what to do."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        board = self.board()
        painter.drawImage(board, self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._done:
            painter.setPen(QColor("#8B949E"))
            painter.setFont(font(Size.LABEL, self._scale))
            painter.drawText(board, Qt.AlignmentFlag.AlignCenter, HINT)
        if self._cursor and self.hasFocus():
            unit = board.width() / SIDE
            middle = board.topLeft() + self._cursor * unit
            radius = PENS[self.pen] * unit / 2
            painter.setBrush(QColor(self._theme.accent) if self._drawing else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawEllipse(middle, radius, radius)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.accent if self.hasFocus() else self._theme.line), 2))
        painter.drawRect(board.adjusted(1, 1, -1, -1))


MOVES = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip
DEEDS = {
    Qt.Key.Key_Space: "pen", Qt.Key.Key_Backspace: "undo", Qt.Key.Key_Delete: "clear",
    Qt.Key.Key_BracketLeft: "thinner", Qt.Key.Key_BracketRight: "thicker",
}  # fmt: skip
_KNOWN = {int(key) for key in (*MOVES, *DEEDS)}


def _empty() -> QImage:
    image = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
    image.fill(BLACK)
    return image


def _enlarged(picture: NDArray[np.uint8]) -> QImage:
    """A digit of 28 × 28 on the board."""
    high, wide = picture.shape
    small = QImage(picture.tobytes(), wide, high, wide, QImage.Format.Format_Grayscale8)
    return small.scaled(
        SIDE, SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_Grayscale8)
