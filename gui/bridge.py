"""Where worker threads meet Qt. No other module in gui may think about threads but jobs.py."""

from PySide6.QtCore import QObject, Qt, Signal


class Bridge(QObject):
    """One coalesced wake-up without payload.

    The session's threads call `wake`; the window gets `changed` and takes the newest of everything. However
    often the threads call, at most one wake-up is under way: nothing can pile up, and a signal never carries a frame.
    """

    changed = Signal()
    _woken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pending = False
        self._woken.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)

    def wake(self) -> None:
        """Something is new; from any thread, returns at once."""
        if not self._pending:   # two threads may both see False: one wake-up too many, no harm
            self._pending = True
            self._woken.emit()

    def _pass_on(self) -> None:
        self._pending = False   # before looking: what comes from now on wakes again
        self.changed.emit()
