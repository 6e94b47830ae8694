"""Letting the window go first."""

import os
import sys
from contextlib import suppress
from threading import get_native_id

# A window's thread that is put aside in the middle of painting is what a hand on the mouse feels. With the networks so
# much nicer, a tick of its 10 ms is late by a third less, and they lose nothing where no other program wants the cores.
NICE = 10
# A source that makes or decodes its pictures while a network computes on all cores lets the network wait for one of
# them. What is no camera can wait: behind it, what lanes in turns show is nearer to what the bench measures
# (`python -m benchmarks --only clock`).
NICER = 19


def let_others_go_first(nice: int = NICE) -> None:
    """Take this thread, and those that it begins, so far behind the others where they want the same core.

    Linux, where a thread has a priority of its own (sched(7)) and the threads of an engine take it over from the one
    that opens the file. Elsewhere nothing is done.
    """
    if sys.platform == "linux":
        with suppress(OSError):   # nicer than that already, and not allowed to become less so
            os.setpriority(os.PRIO_PROCESS, get_native_id(), nice)
