"""Lineup's start: signals, exit codes, and what is done with the command line's words.

Without a command it opens the window. Nothing heavy is imported before it is known to be needed.
"""

import os
import signal

if __name__ == "__main__":   # Ctrl+C while Python still imports: the usual answer would be a traceback
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

import io
import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from inference.commands import parse
from inference.commands.ends import interrupt, interrupted
from inference.options import Options, WrongUse
from inference.terminal import flush
from models.errors import Cancelled, LabError
from models.texts import plain, reason

log = logging.getLogger(__name__)

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 1 failed, 2 wrong use, 130 interrupted."""
    interrupted.clear()
    _open_streams()
    argv = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):   # a console's code page may lack a letter; it must not end the run
            stream.reconfigure(errors="replace")
    try:
        try:
            code = _run(argv)
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


def _complain(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    from inference.terminal import complain, say

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


def _run(argv: Sequence[str]) -> int:
    command, args, words = parse(argv)
    done: int | Options = command.run(args)
    return _open_window(done, words) if isinstance(done, Options) else done


def _open_window(options: Options, words: Sequence[str]) -> int:
    """Check the names while there is still a terminal to say it in, then hand over to the window.

    Without a screen the lab runs unseen for a while; where Qt cannot even be loaded, without any window.
    """
    from inference.commands.window_check import no_screen

    if options.models or options.backend or options.providers:
        from inference.commands.wanted import catalogue
        from inference.options import lane_specs
        from models.catalog import line_up

        catalog = catalogue()
        lane_specs(options, options.models or line_up(catalog), catalog)
    if options.mirror_dir:
        from inference.options import open_store

        open_store(options)
    seen = no_screen() is None
    try:
        if seen:
            from gui.main import run
        else:
            from gui.unseen import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph"):
            if not seen:
                from inference.terminal import say

                say(f"There is no screen here, and no window either: {error}. The lab is measured without.", sys.stderr)
                return _run(["live", *words, "--headless", "--seconds", "15"])
            raise LabError(
                f"The window cannot open: {error}.", "python app.py doctor says what is missing."
            ) from error
        raise
    code: int = run(options)
    return code


def _end(code: int) -> NoReturn:
    """Leave with `code`, also while a native call that nothing can interrupt still runs on a thread."""
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    from inference.logbook import open_log

    open_log()
    signal.signal(signal.SIGINT, interrupt)
    _end(main())
