"""How a command ends: its exit code, and Ctrl+C."""

import os
import signal
import socket
import threading
from contextlib import suppress
from types import FrameType

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130   # exit codes
GRACE_S = 4.0   # after Ctrl+C, for what is under way; a session closes within two
interrupted = threading.Event()   # Ctrl+C was pressed: an error after that may be its doing


def interrupt(number: int = 0, frame: FrameType | None = None) -> None:
    """Handle Ctrl+C as Python does, and remember it.

    Raises:
        KeyboardInterrupt: always.
    """
    interrupted.set()
    raise KeyboardInterrupt


class Interruptible:
    """While it lasts, Ctrl+C sets the event it gives and ends the command, also where a shell had it ignored.

    Python handles a signal when the call under way returns, and a call into an engine may not: another thread hears
    of the signal at once and sets the event. What has not ended GRACE_S later is left where it is: files are written
    whole or not at all.
    """

    def __init__(self, cancelled: threading.Event | None = None) -> None:
        """`cancelled` is the event that is set; None: a new one."""
        self._cancelled, self._done = cancelled or threading.Event(), threading.Event()

    def __enter__(self) -> threading.Event:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
            self._ear, self._mouth = socket.socketpair()
            self._mouth.setblocking(False)   # as set_wakeup_fd wants it
            self._wakeup = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
            self._listener = threading.Thread(target=self._listen, name="interrupt", daemon=True)
            self._listener.start()
        return self._cancelled

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._main:
            signal.set_wakeup_fd(self._wakeup)
            signal.signal(signal.SIGINT, self._before)
            self._mouth.close()   # ends the listener
            self._listener.join()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._cancelled.set()
        interrupt()

    def _listen(self) -> None:
        with self._ear, suppress(OSError):
            while heard := self._ear.recv(16):
                if signal.SIGINT in heard:
                    self._cancelled.set()
                    if not self._done.wait(GRACE_S):
                        os._exit(INTERRUPTED)
