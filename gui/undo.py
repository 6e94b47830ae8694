"""What was taken away last, for as long as it can be brought back."""

from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from inference.data import LaneSpec
from inference.live.lane import Lane

UNDO_S = 10.0


class Removed(NamedTuple):
    """A network that was taken away: what it was, its number, its place in the row."""

    spec: LaneSpec
    slot: int
    place: int


class Undo(QObject):
    """Keeps one network."""

    offered = Signal(str)   # a sentence on what was taken away; "": it is too late, or it is back

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._removed: Removed | None = None
        self._ends = QTimer(self, singleShot=True, interval=round(UNDO_S * 1e3))
        self._ends.timeout.connect(self.take)

    def keep(self, lane: Lane, place: int) -> None:
        """This network is about to go."""
        self._removed = Removed(lane.spec, lane.slot, place)
        self._ends.start()
        self.offered.emit(f"{lane.title} is removed.")

    def take(self) -> Removed | None:
        """What may come back; nothing may any more."""
        removed, self._removed = self._removed, None
        self._ends.stop()
        self.offered.emit("")
        return removed
