"""What several commands do alike: the models that are meant, the store, and how Ctrl+C ends them."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from inference.options import Options
from models.errors import CardError

if TYPE_CHECKING:
    from models.card import ModelCard

OK, FAILED = 0, 1   # exit codes; app.py knows those of wrong use and of an interrupt


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
    """While it lasts, Ctrl+C sets the event it gives and ends the command, also where a shell had it ignored."""

    def __enter__(self) -> threading.Event:
        self._cancelled = threading.Event()
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self._cancelled

    def __exit__(self, *_: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._cancelled.set()
        raise KeyboardInterrupt
