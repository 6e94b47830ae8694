"""Slow work of a pane, one piece at a time, that says how far it is and can be given up."""

from collections.abc import Callable
from threading import Event
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from gui.jobs import Job
from inference.errors import Cancelled, LabError

Tell = Callable[[Any], None]


class LongJob(QObject):
    """`changed`: `said` is newer; `ended`: `result` or `trouble` says what came of it, neither when it was cancelled.

    Both come on the window's thread.
    """

    changed = Signal()
    ended = Signal()

    _told = Signal()   # from the job's thread

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.running = False
        self.said: list[Any] = []        # all that it told of itself
        self.result: Any = None
        self.trouble: LabError | None = None
        self._cancelled = Event()
        self._told.connect(self.changed, Qt.ConnectionType.QueuedConnection)

    def begin(self, work: Callable[[Tell, Event], Any]) -> None:
        """Call `work(tell, cancelled)` on a thread of its own; not while one is running."""
        cancelled = self._cancelled = Event()
        said: list[Any] = []
        self.running, self.said, self.result, self.trouble = True, said, None, None

        def tell(value: Any) -> None:
            said.append(value)
            if not cancelled.is_set():
                self._told.emit()

        def until_cancelled() -> Any:
            try:
                return work(tell, cancelled)
            except Cancelled:
                return None

        Job(until_cancelled, lambda result: self._end(result, None), lambda trouble: self._end(None, trouble), self)

    def cancel(self) -> None:
        """Give it up; it ends soon."""
        self._cancelled.set()

    def _end(self, result: Any, trouble: LabError | None) -> None:
        self.running, self.result, self.trouble = False, result, trouble
        self.ended.emit()
