"""Slow work away from the window: listing cameras, hashing files, writing pictures."""

import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from inference.errors import LabError

log = logging.getLogger(__name__)


class Job(QObject):
    """Runs one function on a thread of its own and says on the window's thread what came of it."""

    _finished = Signal(object, object)

    def __init__(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[LabError], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """`done(what work returned)` or `failed(why)` is called on the thread that made the job."""
        super().__init__(parent)
        self._work, self._done, self._failed = work, done, failed
        self._finished.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        Thread(target=self._run, name="job", daemon=True).start()

    def _run(self) -> None:
        error: LabError | None = None
        value: Any = None
        try:
            value = self._work()
        except LabError as trouble:
            error = trouble
        except BaseException as bug:   # the thread's boundary: whoever waits for the job must hear of it
            log.exception("job")
            error = LabError(f"Something went wrong: {bug}.", "The log has the details.")
        try:
            self._finished.emit(value, error)
        except RuntimeError:   # the window is gone meanwhile
            log.debug("a job ended after its window")

    def _tell(self, value: Any, error: LabError | None) -> None:
        if error is None:
            self._done(value)
        elif self._failed:
            self._failed(error)
        self.deleteLater()
