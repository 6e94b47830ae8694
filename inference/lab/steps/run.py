"""All steps of a network in one run: what each has changed, how long it takes, whether it still says the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

from inference.backends import Engine
from inference.backends.steps import STEPS
from inference.data import Ask, Frame, LaneSpec
from inference.errors import Cancelled, LabError
from inference.lab.agreement.run import Progress, compare
from inference.lab.looks import Looks
from inference.lab.steps.form import formed, notes_of
from inference.lab.steps.make import byte_instructions
from inference.machine import machine
from inference.recogniser import Recogniser
from models.card import ModelCard

RUNS, BLOCK, WARM_UP = 60, 5, 5   # runs of each; so many of one, then of the next: what slows the machine slows all
MOST = 100                        # pictures

Tell = Callable[[str, float], None]   # words, and how far it is, 0..1


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one."""

    name: str                       # one of STEPS
    operators: dict[str, int]       # that run, by their kind
    bytes: int                      # of its file
    p50_ms: float                   # of the network itself
    p95_ms: float
    relative: float                 # largest difference of a raw value from those of "raw", by the largest of those
    agreement: float | None         # 0..1, with "raw": best labels the same, or boxes with a partner
    interval: tuple[float, float] | None   # of labels, with 95 %

    @property
    def nodes(self) -> int:
        """How many run."""
        return sum(self.operators.values())


@dataclass(frozen=True, slots=True)
class Steps:
    """All of it."""

    model: str
    title: str
    machine: dict[str, Any]
    threads: int
    source: str                     # of the pictures
    pictures: int
    runs: int
    byte_instructions: str          # of the processor; "": none
    steps: tuple[Step, ...]
    troubles: tuple[LabError, ...]  # why others are not among them

    def step(self, name: str) -> Step | None:
        """The one of this name."""
        return next((one for one in self.steps if one.name == name), None)


def optimise(
    card: ModelCard, network: Path, cache: Path, names: Sequence[str], looks: Looks, ask: Ask, threads: int, tell: Tell,
    cancelled: Event, runs: int = RUNS,
) -> Steps:  # fmt: skip
    """Make steps, compare each with the network as it came, and time them in turns.

    Args:
        card: of the network.
        network: its ONNX file.
        cache: the store's folder; the files of the steps stay there, and are what lanes of these steps open.
        names: of the steps; "raw" is always among them, as what the others are compared with.
        looks: pictures that ranges are taken from and that answers are compared on, MOST at most.
        ask: thresholds of boxes.
        threads: that each computes with.
        tell: how far it is.
        cancelled: set by somebody who wants it to end.
        runs: of each, for the times.

    Raises:
        LabError: the network cannot be run as it came.
        Cancelled: `cancelled` was set.
    """
    pictures = [look.pixels for look in looks]
    opened: list[tuple[LaneSpec, Recogniser]] = []
    troubles = []
    for i, name in enumerate(step for step in STEPS if step == "raw" or step in names):
        try:
            form = formed(
                card, network, (), cache, name, lambda words, _, i=i: tell(words, 0.4 * i / len(STEPS)), cancelled,  # type: ignore[misc]
                pictures,
            )
            made = Recogniser(card, network, "steps", Engine(threads, precision=name), form=form, cancelled=cancelled)
        except LabError as error:
            if cancelled.is_set() or name == "raw":
                raise
            troubles.append(error)
            continue
        opened.append((LaneSpec(card.name, "steps", threads, precision=name), made))

    def said(at: Progress) -> None:
        tell(f"Comparing: picture {at.done + 1} of {at.of}", 0.4 + 0.3 * at.done / max(1, at.of))

    report = compare(opened, looks, ask, said, cancelled).report()
    times = _timed([network for _, network in opened], Frame(pictures[0], 0, 0.0, alone=True), runs, tell, cancelled)
    steps = []
    for i, ((spec, made), took) in enumerate(zip(opened, times, strict=True)):
        notes, pair = notes_of(card, cache, spec.precision), report.pair(0, i) if i else None
        assert made.form is not None
        steps.append(Step(
            spec.precision, notes["operators"], made.form.bytes, median(took), took[int(0.95 * (len(took) - 1))],
            made.form.relative, pair.agreement if pair else 1.0, pair.interval if pair else None,
        ))   # fmt: skip
    return Steps(
        card.name, card.title, machine(), threads, looks.title, len(pictures), runs, byte_instructions(), tuple(steps),
        tuple(troubles),
    )  # fmt: skip


def _timed(
    networks: Sequence[Recogniser], frame: Frame, runs: int, tell: Tell, cancelled: Event
) -> list[list[float]]:
    """Ms of each, sorted."""
    took: list[list[float]] = [[] for _ in networks]
    for network in networks:
        for _ in range(WARM_UP):
            network.run(frame)
    for done in range(0, runs, BLOCK):
        tell(f"Timing: run {done} of {runs}", 0.7 + 0.3 * done / runs)
        for network, times in zip(networks, took, strict=True):
            if cancelled.is_set():
                raise Cancelled
            for _ in range(BLOCK):
                ran = network.run(frame)
                times.append((ran.ended - ran.ready) * 1e3)
    return [sorted(times) for times in took]
