"""Where worker threads meet Qt. No other module in gui may think about threads but jobs.py."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

REST_MS = 12   # between two wake-ups; a first one after a rest is passed on at once


class Bridge(QObject):
    """Coalesced wake-ups without payload.

    The session's threads call `wake`; the window gets `changed` and takes the newest of everything. However often
    the threads call, at most one wake-up is under way, and about eighty pass in a second: nothing can pile up, the
    models keep their time, and a signal never carries a frame.
    """

    changed = Signal()
    _woken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.prepare: Callable[[], None] = lambda: None   # on the waking thread: what the window need not do itself
        self._pending = False   # a wake-up is under way, or the window rests
        self._again = False     # something came meanwhile
        self._stopped = False
        self._woken.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS, timerType=Qt.TimerType.PreciseTimer)
        self._rest.timeout.connect(self._rested)

    @property
    def rest_ms(self) -> int:
        """The least time between two wake-ups."""
        return self._rest.interval()

    @rest_ms.setter
    def rest_ms(self, rest_ms: int) -> None:
        self._rest.setInterval(rest_ms)

    def wake(self) -> None:
        """Something is new; from any thread, returns at once, or after a little that is prepared there."""
        self.prepare()
        self._again = True
        if not self._pending:   # two threads may both see False: one wake-up too many, no harm
            self._pending = True
            self._woken.emit()

    def stop(self) -> None:
        """The window closes: nothing is passed on any more, also what is under way already."""
        self._stopped = True
        self._rest.stop()

    def _pass_on(self) -> None:
        if self._stopped:
            return
        self._again = False   # before looking: what comes from now on wakes again
        self.changed.emit()
        self._rest.start()

    def _rested(self) -> None:
        if self._again:
            self._pass_on()
            return
        self._pending = False
        if self._again:   # it came between the two lines, and saw the flag still up
            self.wake()
