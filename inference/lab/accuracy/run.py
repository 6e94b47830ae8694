"""Let a network answer labelled pictures, and count."""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from threading import Event
from time import perf_counter

from inference.data import Ask, Frame
from inference.errors import Cancelled, LabError, SourceError
from inference.lab.accuracy.counts import FEW, Counts, counted
from inference.lab.accuracy.datasets import Labelled
from inference.lab.accuracy.journal import Answers, Journal
from inference.lab.agreement.spaces import places_of
from inference.recogniser import Recogniser
from models.texts import plain

TELL_S = 0.1   # between two words of progress

# (how many are done of how many)
Tell = Callable[[int, int], None]


def evaluate(
    network: Recogniser, data: Labelled, tell: Tell, cancelled: Event, journal: Journal | None = None,
    known: Answers | None = None,
) -> Counts:  # fmt: skip
    """Let a network answer every picture of a set, as it would answer one alone.

    Args:
        network: that names the whole picture.
        data: the pictures; those of classes that the network has no label for are left out.
        tell: called on this thread, a few times a second.
        cancelled: set by somebody who wants it to end; what was answered is in the journal.
        journal: where answers are kept while it goes on.
        known: answers of an earlier run, that are not asked again.

    Raises:
        LabError: it finds boxes, or has a label for none of the classes, or cannot be run.
        Cancelled: `cancelled` was set.
    """
    if network.card.task != "classify":
        raise LabError(
            f"{network.card.title} finds boxes; the labels of {data.title} name whole pictures.",
            "Choose networks that name the whole picture.",
        )
    places = places_of(data.classes, network.labels, numbers=data.numbers)
    if all(place < 0 for place in places):
        raise LabError(
            f"{network.card.title} has a label for none of the {len(data.classes)} classes of {data.title}: its first "
            f"label is {plain(network.labels[0], 40)!r}, theirs is {plain(data.classes[0], 40)!r}.",
            "Call the classes as the network's list does, or choose another network.",
        )
    asked = [i for i, truth in enumerate(data.truths.tolist()) if places[truth] >= 0]
    answers = {i: best for i, best in (known or {}).items() if 0 <= i < len(data)}
    unread: list[str] = []
    ask, told, fresh = Ask(topk=FEW), float("-inf"), 0
    began = perf_counter()
    with journal or nullcontext():
        for done, i in enumerate(asked):
            if i in answers:
                continue
            if (now := perf_counter()) - told > TELL_S:
                tell(done, len(asked))
                told = now
                if cancelled.is_set():
                    raise Cancelled(network.card.title)
            try:
                pixels = data.pixels(i)
            except SourceError as error:
                unread.append(f"{data.names[i]}: {error}")
                continue
            answers[i] = network(Frame(pixels, i, perf_counter(), alone=True), ask).prediction.indices
            fresh += 1
            if journal:
                journal.add(i, answers[i])
    tell(len(asked), len(asked))
    there = [i for i in asked if i in answers]
    right, right5, of_each, said = counted(
        [int(data.truths[i]) for i in there], [answers[i] for i in there], data.classes, places, network.labels
    )
    left = Counter(data.classes[truth] for truth in data.truths.tolist() if places[truth] < 0)
    return Counts(right, right5, of_each, said, perf_counter() - began, fresh, dict(left), tuple(unread))
