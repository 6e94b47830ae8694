"""Work in a process of its own: what can crash, hang or eat the memory there leaves the program as it was.

For the engines and libraries that are written in C++ and open files that anybody may have made, and for long work
that must end at once when it is cancelled.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

from inference.errors import LabError
from inference.logbook import open_log
from models.errors import Cancelled
from models.progress import Report

T = TypeVar("T")

LOOK_S = 0.05              # between two looks at whether to go on
MEMORY = 4 << 30           # bytes, unless the caller knows better
BEGUN, SAID, DONE, FAILED, CANCELLED = "begun", "said", "done", "failed", "cancelled"


def in_own_process(
    work: Callable[..., T], *, what: str, seconds: float, memory: int = MEMORY, report: Report | None = None,
    cancelled: Event | None = None,
) -> T:  # fmt: skip
    """Call `work()` in a new process and wait for its result.

    It must be picklable: a function of a module, or functools.partial of one. Where `report` is given, the function is
    called with one of its own, `work(report=…)`, and what it says there is passed on.

    Args:
        work: what to do.
        what: what is done to which thing, as the middle of a sentence: "reading net.onnx".
        seconds: after which the process is ended.
        memory: bytes of resident memory above which it is ended.
        report: called with a sentence and a fraction 0..1 or None.
        cancelled: when it is set the process is ended.

    Raises:
        LabError: as the function does; or the process crashed, took too long or too much memory.
        Cancelled: `cancelled` was set.
    """
    from psutil import NoSuchProcess, Process  # 20 ms that the start of the window should not cost

    context = multiprocessing.get_context("spawn")   # a fork would copy locks that other threads hold
    here, there = context.Pipe(duplex=False)
    process = context.Process(
        target=_child, args=(there, report is not None, work), name="lineup-work", daemon=True
    )
    process.start()
    there.close()
    sentence = what[:1].upper() + what[1:]
    end, seen, begun = monotonic() + seconds, None, False
    try:
        with suppress(NoSuchProcess):
            seen = Process(process.pid)
        while True:
            if cancelled is not None and cancelled.is_set():
                raise Cancelled
            if here.poll(LOOK_S):
                try:
                    kind, value = here.recv()
                except EOFError:
                    process.join()
                    raise _crashed(sentence, process.exitcode) if begun else _not_begun(sentence) from None
                if kind == BEGUN:
                    begun = True
                elif kind == SAID and report:
                    report(*value)
                elif kind == DONE:
                    return value   # type: ignore[no-any-return]
                elif kind == CANCELLED:
                    raise Cancelled
                elif kind == FAILED:
                    raise value
                continue
            if monotonic() > end:
                raise LabError(f"{sentence} does not end: it was stopped after {seconds:.0f} s.", "Use another file.")
            with suppress(NoSuchProcess):
                if seen is not None and seen.memory_info().rss > memory:
                    raise LabError(f"{sentence} needs more than {memory / 1e9:.1f} GB of memory.", "It was ended.")
    finally:
        here.close()
        _end(process)


def _child(there: Connection, reports: bool, work: Callable[..., Any]) -> None:
    """The other process: do the work and send what comes of it."""
    there.send((BEGUN, None))
    follow_the_parent()
    try:
        named = {"report": lambda words, part: there.send((SAID, (words, part)))} if reports else {}
        answer = (DONE, work(**named))
    except Cancelled:
        answer = (CANCELLED, None)
    except LabError as error:
        answer = (FAILED, error)
    except MemoryError:
        answer = (FAILED, LabError("There is not enough memory for it.", "Close other programs first."))
    except BaseException as error:   # noqa: BLE001  # a bug, told to the one who asked, with where it was
        error.add_note(_trace(error))
        answer = (FAILED, error)
    with suppress(BrokenPipeError):   # nobody waits any more
        there.send(answer)
    there.close()


def follow_the_parent() -> None:
    """In a process that was made for work: it ends with its parent, and only that hears of Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)   # it goes to both; the parent ends this one
    Thread(target=_end_with_the_parent, name="parent", daemon=True).start()
    _quiet()
    open_log()


def _end_with_the_parent() -> None:
    """A parent that is killed ends nobody: what hangs here would go on for ever."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(1)


def _trace(error: BaseException) -> str:
    import traceback

    return "In another process:\n" + "".join(traceback.format_exception(error))


def _quiet() -> None:
    """What libraries print while they crash is no use to anybody: the parent says it in a sentence."""
    with suppress(OSError, ValueError), open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)


def _crashed(sentence: str, code: int | None) -> LabError:
    """What to say of a process that ended without an answer."""
    named = ""
    if code is not None and code < 0:
        with suppress(ValueError):
            named = f" ({signal.Signals(-code).name})"
    return LabError(
        f"{sentence} crashed the library that does it{named}: the file is damaged, or made to do harm.",
        "Use another file.",
    )


def _not_begun(sentence: str) -> LabError:
    """What to say when Python itself did not come up: not the fault of any file."""
    return LabError(
        f"{sentence} needs a process of its own, and none could be started.",
        "Close other programs; if it stays so, install Lineup again.",
    )


def _end(process: Any) -> None:
    """No process is left behind."""
    if process.is_alive():
        process.join(LOOK_S)
    if process.is_alive():
        process.kill()
    process.join()
    process.close()
