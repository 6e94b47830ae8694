"""Let a network answer labelled pictures, and count."""

from collections import Counter
from threading import Event

from inference.errors import LabError
from inference.lab.accuracy.answering import Answering, Tell, by_one, gathered
from inference.lab.accuracy.counts import Counts, counted
from inference.lab.accuracy.datasets import Labelled
from inference.lab.accuracy.journal import Answers, Journal
from inference.lab.agreement.spaces import places_of
from inference.recogniser import Recogniser
from models.texts import plain


def evaluate(
    network: Recogniser, data: Labelled, tell: Tell, cancelled: Event, journal: Journal | None = None,
    known: Answers | None = None, answering: Answering | None = None,
) -> Counts:  # fmt: skip
    """Let a network answer every picture of a set, as it would answer one alone.

    Args:
        network: that names the whole picture.
        data: the pictures; those of classes that the network has no label for are left out.
        tell: called on this thread, a few times a second.
        cancelled: set by somebody who wants it to end; what was answered is in the journal.
        journal: where answers are kept while it goes on.
        known: answers of an earlier run, that are not asked again.
        answering: who answers; None: the network itself, here.

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
    answers, unread, seconds, fresh = gathered(
        answering or by_one(network, data), asked, network.card.title, tell, cancelled, journal, known
    )
    there = [i for i in asked if i in answers]
    right, right5, of_each, said = counted(
        [int(data.truths[i]) for i in there], [answers[i] for i in there], data.classes, places, network.labels
    )
    left = Counter(data.classes[truth] for truth in data.truths.tolist() if places[truth] < 0)
    return Counts(right, right5, of_each, said, seconds, fresh, dict(left), tuple(unread.values()))
