"""Measure how right several networks are on digits that none of them has learnt from; what was found is remembered."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import NamedTuple

from inference.backends import usual_backend
from inference.data import LaneSpec
from inference.errors import LabError
from inference.intake.provide import open_network
from inference.lab.accuracy.answering import settle_threads
from inference.lab.accuracy.datasets import of_digits
from inference.lab.accuracy.run import evaluate
from inference.lab.digits.measured import Measured, network_key, remember
from inference.lab.digits.sets import FIVE_THOUSAND, TESTED, DigitSet, five_thousand, read_part, without
from inference.live.threads import engine_for
from models.card import ModelCard
from models.store import Store


class Step(NamedTuple):
    """How far it is."""

    words: str
    part: float                             # 0..1, of all
    found: Mapping[str, tuple[int, int]]    # by `network_key`: right ones of how many, of those that are through


def test_digits(folder: Path, store: Store, cancelled: Event) -> DigitSet:
    """The test digits of a folder, without those that this program's own networks have learnt from.

    Raises:
        LabError: there are none.
        Cancelled: `cancelled` was set.
    """
    digits = read_part(folder, *TESTED)
    if store.find(FIVE_THOUSAND) is None:   # then nobody can tell; MNIST's test digits are none of them
        return digits
    new = without(digits, [five_thousand(store, lambda *_: None, cancelled)])
    if not len(new):
        raise LabError(f"{digits.title}: all of them were learnt from.", "Take others, as MNIST's t10k.")
    if len(new) == len(digits):
        return digits
    return DigitSet(f"{digits.title} but {len(digits) - len(new):,} that were learnt from", new.pictures, new.labels)


def measure(
    cards: Sequence[ModelCard], folder: Path, store: Store, tell: Callable[[Step], None], cancelled: Event
) -> tuple[Measured, list[LabError]]:
    """Let each network answer every test digit; `tell` is called on this thread.

    Returns:
        What is known of these digits now, and what could not be asked.

    Raises:
        LabError: there are no digits.
        Cancelled: `cancelled` was set; what was found until then is remembered.
    """
    tell(Step("Reading the digits", 0.0, {}))
    digits = test_digits(folder, store, cancelled)
    data = of_digits(digits)
    found: dict[str, tuple[int, int]] = {}
    troubles = []
    known = Measured()
    try:
        for i, card in enumerate(cards):
            spec = LaneSpec(card.name, usual_backend(card))
            engine = engine_for(spec, linger=False)

            def said(done: int, of: int, i: int = i, title: str = card.title) -> None:
                tell(Step(f"{title}: {done:,} of {of:,}", (i + done / of) / len(cards), dict(found)))

            try:
                network = open_network(card, store, spec.backend, lambda e=engine: e, lambda *_: None, cancelled)  # type: ignore[misc]
                settle_threads(network, engine)
                result = evaluate(network, data, said, cancelled)
            except LabError as error:
                troubles.append(error)
                continue
            found[network_key(card, store)] = (result.right, result.count)
    finally:
        if found:
            known = remember(store, digits, found)
    return known, troubles
