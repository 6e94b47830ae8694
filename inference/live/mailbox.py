"""A mailbox of one frame between the capture thread and a lane."""

from threading import Condition

from inference.data import Frame


class Mailbox:
    """Holds one frame at most. A new frame replaces an unread one, so a slow reader never lags."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._frame: Frame | None = None
        self._woken = False
        self.counting = True   # False while nobody could read: a frame that nobody missed was not skipped
        self.dropped = 0

    def put(self, frame: Frame) -> None:
        """Leave a frame; count the one it replaces."""
        with self._changed:
            self.dropped += self.counting and self._frame is not None
            self._frame = frame
            self._changed.notify()

    def skip(self) -> None:
        """Count a frame that was not left here, as others are still busy with the one before."""
        with self._changed:
            self.dropped += self.counting

    def wait(self) -> None:
        """Return when there is a frame, or somebody called `wake`."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._woken)
            self._woken = False

    def take(self) -> Frame | None:
        """The frame, if there is one; the box is empty then."""
        with self._changed:
            frame, self._frame = self._frame, None
            return frame

    def give_back(self, frame: Frame | None) -> None:
        """Undo a `take`, unless a newer frame has come."""
        with self._changed:
            self._frame = self._frame or frame

    def wake(self) -> None:
        """End a wait, now or the next one."""
        with self._changed:
            self._woken = True
            self._changed.notify()
