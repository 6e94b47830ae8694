"""Frames as Qt images, scaled where it does not cost the window its time."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QCoreApplication, QEvent, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from inference.data import Frame, Shared

if TYPE_CHECKING:   # the window is quicker to open without numpy
    import numpy as np
    from numpy.typing import NDArray

ASPECT = 16 / 9   # width over height of the place for a picture
PREPARE_S = 1 / 31   # pictures are shown no faster: more costs the models their time, and the eye sees no more
SLACK_S = 0.012      # a picture may come so much early: cameras are not quite regular
FORGET_S = 0.5      # a size that no pane asked for so long is not prepared any more
MOST_SIZES = 12

def paint_now(widget: QWidget) -> None:
    """Paint what waits to be painted in the widget's window, in one go.

    By itself Qt collects for 5 ms, which would make every picture so much older.
    """
    QCoreApplication.sendEvent(widget.window(), QEvent(QEvent.Type.UpdateRequest))


class ScaledPictures:
    """Frames at the sizes that the panes show them in, each scaled once however many panes show it.

    What is made of a picture goes when the picture goes. The sizes asked for are remembered, and `prepare` makes them
    on the capture thread: what is left for the window's thread is to copy pixels.
    """

    def __init__(self) -> None:
        self.rest = 1.0                               # times longer than usual between two pictures
        self.live = True                              # whether a pane shows the newest picture, not that of an answer
        self.newest: Frame | None = None              # the last one prepared: what the live panes show
        self._answered: Shared | None = None          # of the last round that was prepared
        self._due = 0.0                                  # when the next picture may be shown, s
        self._asked: dict[tuple[int, int], float] = {}   # size → when a pane last wanted it, s
        self._made: WeakKeyDictionary[Shared, dict[tuple[int, int], NDArray[np.uint8]]] = WeakKeyDictionary()

    def prepare(self, frame: Frame) -> None:
        """Make a frame ready for the panes, if it is time for another one; on the capture thread."""
        if self.newest is not None and frame.shared is self.newest.shared:   # a picture that stands: it is ready
            return
        early = self._due - frame.taken_at
        if early < SLACK_S or early > 1:   # a clock that was set back would stop the picture
            self._due = max(self._due, frame.taken_at - SLACK_S) + PREPARE_S * self.rest
            for size, asked_at in list(self._asked.items()) if self.live else ():
                if frame.taken_at - asked_at < FORGET_S:
                    self._scaled(frame, size)
            self.newest = frame

    def prepare_answered(self, frame: Frame) -> None:
        """Make the picture of a whole round ready, which the stage shows next; on the thread of the last lane of it."""
        if frame.shared is self._answered:
            return
        self._answered, now = frame.shared, perf_counter()
        for size, asked_at in list(self._asked.items()):
            if now - asked_at < FORGET_S:
                self._scaled(frame, size)

    def forget(self) -> None:
        """Another source: its pictures are none of the old one's."""
        self.newest = None

    def get(self, frame: Frame, size: QSize) -> QImage:
        """The frame at `size` (device px). Keep the frame as long as the image: they share the memory."""
        wanted = (size.width(), size.height())
        now = perf_counter()
        self._asked[wanted] = now
        if len(self._asked) > MOST_SIZES:   # the window was resized again and again
            self._asked = {wanted: now}
        pixels = self._scaled(frame, wanted)
        return QImage(pixels.data, *wanted, pixels.strides[0], QImage.Format.Format_RGB32)

    def _scaled(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
        made = self._made.setdefault(frame.shared, {})
        if len(made) > MOST_SIZES:   # a picture that stands while the window is resized again and again
            made.clear()
        if size not in made:
            made[size] = scaled(frame, size, smooth=self.rest == 1)
        return made[size]


def scaled(frame: Frame, size: tuple[int, int], *, smooth: bool) -> NDArray[np.uint8]:
    """The frame at (width, height) px as Qt paints fastest, (h, w, 4) BGRX: without converting or scaling."""
    import cv2  # not needed before the first picture, so that the window is quick to open

    height, width = frame.pixels.shape[:2]
    small = 2 * size[0] <= width and 2 * size[1] <= height
    # A small picture begins with the averaged half, which the lanes need as well. A large one is smooth only where
    # throughput is not the point: to blend a million pixels thirty times a second takes a twentieth of the machine.
    source = frame.half() if small else frame.pixels
    if source.shape[1::-1] != size:
        kind = cv2.INTER_LINEAR if small or smooth else cv2.INTER_NEAREST
        source = cv2.resize(source, size, interpolation=kind)  # type: ignore[assignment]
    return cv2.cvtColor(source, cv2.COLOR_BGR2BGRA)  # type: ignore[return-value]
