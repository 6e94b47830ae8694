"""How many threads a network computes with, and how they wait for each other: the one place that decides it.

Chosen by measurement: `python -m benchmarks --only threads` prints the table of all candidates, and BENCHMARKS.md keeps
the one that led to what stands here.
"""

from inference.backends import Engine
from inference.cores import computing_cores, usable_cores
from inference.data import LaneSpec, Mode

# The threads of a network that has the machine to itself may wait busily so long for the next picture, where waking
# them is dear (`Recogniser` tries it: it has been nothing, and twice the run, on two virtual machines). Longer than a
# picture of a source of 25 a second takes, so that they are awake when it comes, and no longer: a frozen one costs
# nothing.
LINGER_MS = 45.0


def engine_for(
    spec: LaneSpec, mode: Mode = Mode.TURNS, running: int = 1, *, cores: int = 0, linger: bool = True
) -> Engine:
    """How the lane `spec` shall compute while `running` lanes do, itself included; on `cores`, 0: those there are.

    In turns a lane has all cores while it computes, and its threads sleep before the next one begins. Together the
    cores are divided among the lanes. A lane alone may keep its threads awake. What the user chose is kept.
    """
    cores = cores or computing_cores()
    alone = running <= 1
    threads = spec.threads or (cores if alone or mode is Mode.TURNS else max(1, cores // running))
    return Engine(
        threads=threads,
        linger_ms=LINGER_MS if alone and linger and threads > 1 else 0.0,
        provider=spec.provider,
        precision=spec.precision,
    )


def default_mode(cores: int | None = None) -> Mode:
    """Turns up to four cores: there, networks that run together only measure each other."""
    return Mode.TURNS if (cores or usable_cores()) <= 4 else Mode.TOGETHER
