"""How many cores there are for this program."""

import os


def usable_cores() -> int:
    """The cores that this process may use: fewer than the machine has, where the system keeps it to some."""
    if hasattr(os, "sched_getaffinity"):   # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
