"""What is known of the cards on this machine. No Qt here: it is found out away from the window."""

from collections.abc import Iterable
from typing import NamedTuple

from inference.intake.costs import cost_of, key_of
from inference.intake.inventory import missing
from inference.lab.measured import Measured, figures
from models.card import ModelCard
from models.store import Store


class Facts(NamedTuple):
    """What was found out about a card on this machine."""

    here: bool | None    # None: nobody has looked yet
    parameters: int
    gmacs: float
    counted: bool    # from the graph; else published
    key: str = ""    # of what runs, in the notes
    measured: Measured | None = None   # alone on this machine


def look(cards: Iterable[ModelCard], store: Store) -> dict[str, Facts]:
    """Which files are here, what they cost, and how long they took; by name."""
    found, notes = {}, figures(store)
    for card in cards:
        cost, key = cost_of(card, store), key_of(card, store)
        found[card.name] = Facts(
            not missing(card, store), cost["parameters"], cost["gmacs"], cost["counted"], key, notes.get(key)
        )
    return found
