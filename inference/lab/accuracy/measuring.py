"""Measure how right several networks are on labelled pictures; what was found is remembered."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import NamedTuple

from inference.backends import usual_backend
from inference.data import LaneSpec
from inference.errors import LabError
from inference.intake.provide import open_network
from inference.lab.accuracy.answering import settle_threads
from inference.lab.accuracy.datasets import Labelled
from inference.lab.accuracy.measured import Measured, network_key, remember
from inference.lab.accuracy.run import evaluate
from inference.live.threads import engine_for
from models.card import ModelCard
from models.store import Store


class Step(NamedTuple):
    """How far it is."""

    words: str
    part: float                             # 0..1, of all
    found: Mapping[str, tuple[int, int]]    # by `network_key`: right ones of how many, of those that are through


def measure(
    cards: Sequence[ModelCard], data: Labelled, what: str, store: Store, tell: Callable[[Step], None], cancelled: Event
) -> tuple[Measured, list[LabError]]:
    """Let each network answer every picture; `tell` is called on this thread.

    Args:
        cards: of the networks; each runs on its usual engine.
        data: the pictures.
        what: as what it is remembered, of `measured`.
        store: where files lie.
        tell: how far it is.
        cancelled: set by somebody who wants it to end.

    Returns:
        What is known of these pictures now, and what could not be asked.

    Raises:
        Cancelled: `cancelled` was set; what was found until then is remembered.
    """
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
            known = remember(store, what, data.title, data.digest, found)
    return known, troubles
