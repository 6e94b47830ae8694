"""Find the cards: the built-in ones and the user's own."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from models.card import ModelCard, read_card
from models.errors import CardError

CARDS = Path(__file__).parent / "cards"
LABELS = Path(__file__).parent / "labels"


def load_catalog(folder: Path = CARDS) -> dict[str, ModelCard]:
    """Every card in the folder, by name, in the order of the names.

    Raises:
        CardError: a card is wrong.
    """
    return {path.stem: read_card(path) for path in sorted(folder.glob("*.toml"))}


def find_card(name: str, catalog: Mapping[str, ModelCard]) -> ModelCard:
    """The card called `name`.

    Raises:
        CardError: there is none; the hint suggests the nearest name.
    """
    if name in catalog:
        return catalog[name]
    raise CardError(f"There is no model called {name!r}.", suggest(name, catalog))


def suggest(name: str, known: Iterable[str]) -> str:
    """A sentence for an unknown name: the nearest known one, or all of them."""
    known = list(known)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."


def read_labels(card: ModelCard, folder: Path = LABELS) -> tuple[str, ...]:
    """The labels of a card, one a line of its file.

    Raises:
        CardError: the file is missing.
    """
    try:
        return tuple((folder / card.labels).read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise CardError(
            f"The labels {card.labels!r} of {card.name} cannot be read: {error.strerror}.",
            "Put the file into models/labels/, one label a line.",
        ) from error


def line_up(catalog: Mapping[str, ModelCard]) -> tuple[str, ...]:
    """The names of the models of the first start, in their order."""
    return tuple(c.name for c in sorted(catalog.values(), key=lambda c: c.lineup) if c.lineup)
