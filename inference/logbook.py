"""Where bugs are written down: a file beside the settings, with tracebacks; the terminal gets a sentence."""

import logging
import os
import threading
import traceback
from contextlib import suppress
from pathlib import Path

import platformdirs

from models.catalog import config_folder
from models.texts import plain_lines

LARGEST = 1 << 20   # bytes; then a new one begins, and one old one is kept
FILE = "lineup.log"

log = logging.getLogger(__name__)


def log_path() -> Path:
    """The file: in the folder of LINEUP_CONFIG where that is set, else in the platform's place for logs."""
    if os.environ.get("LINEUP_CONFIG"):
        return config_folder() / FILE
    return platformdirs.user_log_path("lineup", appauthor=False) / FILE


def open_log() -> None:
    """Write warnings and bugs of this program into the file, and their sentences to stderr. For the program's start."""
    terminal = logging.StreamHandler()
    terminal.setFormatter(_Sentences())
    terminal.addFilter(_untold)
    handlers: list[logging.Handler] = [terminal]
    path = log_path()
    with suppress(OSError):   # without a place for it the terminal must do
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST:
            os.replace(path, path.with_name(f"{FILE}.1"))
        kept = logging.FileHandler(path, encoding="utf-8", errors="replace", delay=True)
        kept.setFormatter(_Page("%(asctime)s %(process)d %(threadName)s %(name)s %(levelname)s: %(message)s"))
        handlers.append(kept)
    logging.basicConfig(level=logging.WARNING, handlers=handlers)
    logging.raiseExceptions = False   # a full disk is no reason for a traceback of the log's own
    threading.excepthook = _of_thread


def note_bug(error: BaseException) -> str:
    """Write down what nobody foresaw; a sentence for people, which says where the details are."""
    log.error("unforeseen", exc_info=error, extra={"told": True})
    return f"Something went wrong in Lineup: {one_line(error)}. The details are in {log_path()}."


def one_line(error: BaseException, most: int = 160) -> str:
    """An exception's own words on one line, cut to `most` characters."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= most else words[: most - 1] + "…"


def details(error: BaseException) -> str:
    """The traceback, for a report."""
    return "".join(traceback.format_exception(error))


def _of_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None and not issubclass(given.exc_type, SystemExit):
        name = given.thread.name if given.thread else "a thread"
        log.error("Something went wrong in %s: %s.", name, one_line(given.exc_value), exc_info=given.exc_value)


class _Sentences(logging.Formatter):
    """For the terminal: what happened, without the traceback, and nothing that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """The sentence alone."""
        return plain_lines(record.getMessage())


class _Page(logging.Formatter):
    """For the file: all of it, and nothing that a terminal would obey that shows it."""

    def format(self, record: logging.LogRecord) -> str:
        """As always, made harmless."""
        return plain_lines(super().format(record))


def _untold(record: logging.LogRecord) -> bool:
    """Whether nobody else says it on the terminal."""
    return not getattr(record, "told", False)
