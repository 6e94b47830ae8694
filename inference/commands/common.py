"""What several commands do alike: the models that are meant, the store, and how Ctrl+C ends them."""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from inference.options import Options
from models.errors import CardError

if TYPE_CHECKING:
    from models.card import ModelCard

OK, FAILED, INTERRUPTED = 0, 1, 130   # exit codes; app.py knows that of wrong use
GRACE_S = 4.0   # after Ctrl+C, for what is under way; a session closes within two


interrupted = threading.Event()   # Ctrl+C was pressed: an error after that may be its doing


def interrupt(number: int = 0, frame: FrameType | None = None) -> None:
    """Handle Ctrl+C as Python does, and remember it.

    Raises:
        KeyboardInterrupt: always.
    """
    interrupted.set()
    raise KeyboardInterrupt


def options_of(args: argparse.Namespace) -> Options:
    """The parsed words that belong to Options; a command may know only some of them."""
    return Options(**{name: value for name, value in vars(args).items() if name in Options.__dataclass_fields__})


def catalogue() -> "dict[str, ModelCard]":
    """All cards; a wrong one is said and left out."""
    from inference.report import say
    from models.catalog import load_catalog

    troubles: list[CardError] = []
    catalog = load_catalog(troubles=troubles)
    for trouble in troubles:
        say(trouble.sentence, sys.stderr)
    return catalog


def chosen(options: Options) -> tuple[Any, Any, Any]:
    """What a command on networks works with: the lanes, the catalogue, the store; says what will be fetched."""
    from inference.options import lane_specs
    from inference.report import say
    from inference.shelf import announce, open_store
    from models.catalog import line_up

    catalog = catalogue()
    specs = lane_specs(options, options.models or line_up(catalog), catalog)
    store = open_store(options)
    if not options.offline:
        for line in announce((catalog[spec.model] for spec in specs), store):
            say(line, sys.stderr)
    return specs, catalog, store


def split(names: Sequence[str]) -> list[str]:
    """Names that may be written with commas between."""
    return [name for text in names for name in text.split(",") if name]


class Interruptible:
    """While it lasts, Ctrl+C sets the event it gives and ends the command, also where a shell had it ignored.

    Python handles a signal when the call under way returns, and a call into an engine may not: another thread hears
    of the signal at once and sets the event. What has not ended GRACE_S later is left where it is: files are written
    whole or not at all.
    """

    def __enter__(self) -> threading.Event:
        self._cancelled, self._done = threading.Event(), threading.Event()
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
