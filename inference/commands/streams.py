"""The program's outermost edge: its standard streams, and what becomes of an error that nobody caught."""

import io
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from inference.commands.ends import FAILED, INTERRUPTED, WRONG_USE, interrupted
from inference.options import WrongUse
from inference.terminal import complain, flush, say
from models.errors import Cancelled, LabError
from models.texts import plain, reason

log = logging.getLogger(__name__)


def guarded(run: Callable[[], int]) -> int:
    """Run the program and return its exit code: 0, 1 failed, 2 wrong use, 130 interrupted. Nothing escapes."""
    interrupted.clear()
    _open_streams()
    try:
        try:
            code = run()
        except SystemExit as end:  # --help
            code = end.code if isinstance(end.code, int) else FAILED
        flush()   # here, where it can be said that it cannot be written
        return code
    except (KeyboardInterrupt, Cancelled):
        return INTERRUPTED
    except BrokenPipeError:  # the reader had enough, `| head` for one; what is still buffered goes nowhere
        _drop_output()
        return FAILED
    except Exception as error:  # noqa: BLE001  the outermost boundary
        if interrupted.is_set():   # an import that was interrupted says that it failed
            return INTERRUPTED
        return _complain(error)


def _open_streams() -> None:
    """Give those standard streams a place that whoever started us has closed: `>&-`."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))   # noqa: SIM115  as long as the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):   # a console's code page may lack a letter; it must not end the run
            stream.reconfigure(errors="replace")


def _complain(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    _drop_output()
    with suppress(OSError):
        if isinstance(error, LabError):
            complain(error)
            return WRONG_USE if isinstance(error, WrongUse) else FAILED
        if isinstance(error, OSError) and error.filename:   # a name that no system takes, for one
            log.debug("unforeseen", exc_info=error)
            say(f"{plain(str(error.filename), 300)} cannot be used: {reason(error)}.", sys.stderr)
            return FAILED
        from inference.logbook import note_bug

        say(note_bug(error), sys.stderr)
    return FAILED


def _drop_output() -> None:
    """What is still buffered for standard output, and cannot be written, goes nowhere."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
