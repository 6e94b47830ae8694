"""Find the cards: the built-in ones and the user's own."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

import platformdirs

from models.card import ModelCard, read_card
from models.errors import CardError

CARDS = Path(__file__).parent / "cards"
LABELS = Path(__file__).parent / "labels"


def config_folder() -> Path:
    """Where the user's settings and cards lie: LINEUP_CONFIG, or the platform's place for settings."""
    if given := os.environ.get("LINEUP_CONFIG"):
        return Path(os.path.expanduser(given))   # Path.expanduser raises where there is no such user
    return platformdirs.user_config_path("lineup", appauthor=False)


def user_cards() -> Path:
    """The folder of the user's own cards, and of the label lists that they name; it may not exist."""
    return config_folder() / "cards"


def load_catalog(*folders: Path, troubles: list[CardError] | None = None) -> dict[str, ModelCard]:
    """Every card, by name, in the order of the names: the built-in ones and the user's own, which come later.

    Args:
        folders: where to look; none for the usual two.
        troubles: takes the errors of wrong cards, which are then left out.

    Raises:
        CardError: a card is wrong, and there is no `troubles` to take it.
    """
    catalog: dict[str, ModelCard] = {}
    for folder in folders or (CARDS, user_cards()):
        for path in sorted(folder.glob("*.toml")):
            try:
                catalog[path.stem] = read_card(path)
            except CardError as error:
                if troubles is None:
                    raise
                troubles.append(error)
    return catalog


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
    own = user_cards() / card.labels
    try:
        return tuple((own if own.is_file() else folder / card.labels).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(
            f"The labels {card.labels!r} of {card.name} cannot be read: {error}.",
            "Put the file beside the card, one label a line, in UTF-8.",
        ) from error


def line_up(catalog: Mapping[str, ModelCard]) -> tuple[str, ...]:
    """The names of the models of the first start, in their order."""
    return tuple(c.name for c in sorted(catalog.values(), key=lambda c: c.lineup) if c.lineup)
