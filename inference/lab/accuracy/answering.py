"""Pictures asked one after the other: what a network says of each, as plain values, and what could not be read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from statistics import median
from threading import Event
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np

from inference.backends import Engine
from inference.data import Ask, Detections, Frame
from inference.errors import Cancelled, SourceError
from inference.lab.accuracy.counts import FEW
from inference.lab.accuracy.datasets import Pixels
from inference.lab.accuracy.journal import Answers, Journal
from inference.recogniser import Recogniser

TELL_S = 0.1         # between two words of progress
QUICK_S, TRIED_RUNS, GREY = 1e-3, 50, 114
CONFIDENCE = 0.001   # least score of a box: average precision looks at all of them

# (how many are done of how many)
Tell = Callable[[int, int], None]


class Pictures(Protocol):
    """What is asked: pictures with names."""

    @property
    def names(self) -> Sequence[str]:
        """How each is called."""

    @property
    def pixels(self) -> Callable[[int], Pixels]:
        """Picture number i, (h, w, 3) BGR; SourceError where it is none."""


class Said(NamedTuple):
    """What was said of one picture."""

    number: int
    answer: Any            # as `plain_answer`; None where the picture cannot be read
    trouble: str = ""      # and why it cannot


# Answers pictures by their numbers, some at a time, in any order; ends soon after the event is set.
Answering = Callable[[Sequence[int], Event], Iterator[list[Said]]]


class Answered(NamedTuple):
    """What came of asking."""

    answers: Answers        # known ones and new ones
    unread: dict[int, str]  # by the picture's number, its name and why
    seconds: float
    fresh: int              # of the answers, how many are new


def settle_threads(network: Recogniser, engine: Engine) -> None:
    """Of a network that is over soon, one thread where that answers more pictures: waking others may cost more.

    `engine` is what it computes with now. On two cores the networks of digits answered 1.1 to 2 times as many on one
    thread, but for the dense one, whose weights do not fit beside one core: 0.6 times.
    """
    if network.usual_s > QUICK_S or network.threads == 1:
        return
    height, width = network.card.input.size
    frame = Frame(np.full((height, width, 3), GREY, np.uint8), 0, 0.0, alone=True)

    def took_s() -> float:
        times = []
        for _ in range(TRIED_RUNS):
            start = perf_counter()
            network.run(frame)
            times.append(perf_counter() - start)
        return median(times)

    with_all = took_s()
    if network.tune(replace(engine, threads=1)) and took_s() > with_all:
        network.tune(engine)


def by_one(network: Recogniser, pictures: Pictures) -> Answering:
    """One network, on the thread that asks."""

    def answering(numbers: Sequence[int], cancelled: Event) -> Iterator[list[Said]]:
        said: list[Said] = []
        told, ask = perf_counter(), ask_of(network)
        for i in numbers:
            said.append(said_of(network, pictures, i, ask))
            if (now := perf_counter()) - told > TELL_S:
                yield said
                said, told = [], now
                if cancelled.is_set():
                    return
        yield said

    return answering


def said_of(network: Recogniser, pictures: Pictures, number: int, ask: Ask) -> Said:
    """What a network says of one picture, as it would of one alone."""
    try:
        frame = Frame(pictures.pixels(number), number, perf_counter(), alone=True)
    except SourceError as error:
        return Said(number, None, f"{pictures.names[number]}: {error}")
    found = network.read(network.run(frame), ask)   # without the clock: nobody looks at it
    if not isinstance(found, Detections):
        return Said(number, found.indices)
    rows = zip(found.boxes.tolist(), found.scores.tolist(), found.indices, strict=True)
    return Said(number, tuple((*box, score, float(place)) for box, score, place in rows))


def ask_of(network: Recogniser) -> Ask:
    """What is wanted of it: the best labels, or all boxes from CONFIDENCE on."""
    return Ask(topk=FEW) if network.card.task == "classify" else Ask(confidence=CONFIDENCE)


def gathered(
    answering: Answering, numbers: Sequence[int], title: str, tell: Tell, cancelled: Event,
    journal: Journal | None = None, known: Answers | None = None,
) -> Answered:  # fmt: skip
    """Have pictures answered; each counts once, whoever answers it, and however often.

    Args:
        answering: who answers.
        numbers: of the pictures.
        title: of the network.
        tell: called on this thread, a few times a second.
        cancelled: set by somebody who wants it to end; what was answered is in the journal.
        journal: where answers are kept while it goes on.
        known: answers of an earlier run, that are not asked again.

    Raises:
        Cancelled: `cancelled` was set.
    """
    wanted = set(numbers)
    answers = {i: said for i, said in (known or {}).items() if i in wanted}
    before = len(answers)
    missing = [i for i in numbers if i not in answers]
    unread: dict[int, str] = {}
    began = perf_counter()
    with journal or nullcontext():
        tell(before, len(numbers))
        for some in answering(missing, cancelled) if missing else ():
            for number, answer, trouble in some:
                if trouble:
                    unread[number] = trouble
                elif number in wanted and number not in answers:
                    answers[number] = answer
                    if journal:
                        journal.add(number, answer)
            tell(len(answers) + len(unread), len(numbers))
            if cancelled.is_set():
                break
    if cancelled.is_set():
        raise Cancelled(title)
    return Answered(answers, unread, perf_counter() - began, len(answers) - before)
