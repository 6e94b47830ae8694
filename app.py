"""Lineup's start: signals, and what the command line's words lead to: a command of inference.commands, or the window.

Nothing heavy is imported before it is known to be needed.
"""

import os
import signal

if __name__ == "__main__":   # Ctrl+C while Python still imports: the usual answer would be a traceback
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from inference.commands import parse
from inference.commands.ends import interrupt
from inference.commands.streams import guarded
from inference.options import Options
from models.errors import LabError

QT = ("PySide6", "shiboken6", "pyqtgraph")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 1 failed, 2 wrong use, 130 interrupted."""
    return guarded(lambda: _run(sys.argv[1:] if argv is None else argv))


def _run(argv: Sequence[str]) -> int:
    command, args, words = parse(argv)
    done: int | Options = command.run(args)
    return _open_window(done, words) if isinstance(done, Options) else done


def _open_window(options: Options, words: Sequence[str]) -> int:
    """Without a screen the lab runs unseen for a while; where Qt cannot even be loaded, without any window."""
    from inference.commands.window_check import no_screen

    seen = no_screen() is None
    try:
        if seen:
            from gui.main import run
        else:
            from gui.unseen import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in QT:
            raise
        if seen:
            raise LabError(
                f"The window cannot open: {error}.", "python app.py doctor says what is missing."
            ) from error
        from inference.terminal import say

        say(f"There is no screen here, and no window either: {error}. The lab is measured without.", sys.stderr)
        return _run(["live", *words, "--headless", "--seconds", "15"])
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
