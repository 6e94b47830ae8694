"""What a process of its own can do; in a module, since another process has to import it."""

import os
import signal
from pathlib import Path
from time import sleep

from inference.errors import LabError
from models.errors import Cancelled
from models.progress import Report


def answer() -> int:
    return 42


def process_id() -> int:
    return os.getpid()


def complain() -> None:
    raise LabError("It is not so.", "Do this.")


def give_up() -> None:
    raise Cancelled


def stumble() -> None:
    raise KeyError("a bug")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def hang(pid: Path) -> None:
    pid.write_text(str(os.getpid()))
    sleep(600)


def bloat() -> int:
    held = bytearray(400 << 20)
    held[::4096] = b"x" * len(held[::4096])
    sleep(600)
    return len(held)


def talk(report: Report) -> str:
    report("half", 0.5)
    report("whole", None)
    return "said"
