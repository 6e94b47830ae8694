"""Find the cards: the built-in ones and the user's own."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import platformdirs

from models.card import ModelCard, read_card
from models.errors import CardError
from models.texts import is_plain_name, lines_of, plain, read_text, reason

CARDS = Path(__file__).parent / "cards"
LABELS = Path(__file__).parent / "labels"
LARGEST_LABELS = 20_000_000   # bytes of a list of labels


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
        for path in _cards_in(folder):
            try:
                catalog[path.stem] = read_card(path)
            except CardError as error:
                if troubles is None:
                    raise
                troubles.append(error)
    return catalog


class Catalogue(Mapping[str, ModelCard]):
    """The cards of a running program, by name, which tells who listens what changed. Changed on one thread."""

    def __init__(self, cards: Mapping[str, ModelCard]) -> None:
        self._cards = dict(cards)
        self._listeners: list[Callable[[str], None]] = []

    def __getitem__(self, name: str) -> ModelCard:
        return self._cards[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def listen(self, changed: Callable[[str], None]) -> None:
        """Call `changed` with the name of each card that is put or dropped from now on."""
        self._listeners.append(changed)

    def put(self, card: ModelCard) -> None:
        """Take a card that is new, or another one of its name."""
        self._cards[card.name] = card
        self._tell(card.name)

    def drop(self, name: str) -> None:
        """Leave a card out; nothing happens if there is none of this name."""
        if self._cards.pop(name, None):
            self._tell(name)

    def _tell(self, name: str) -> None:
        for changed in self._listeners:
            changed(name)


def _cards_in(folder: Path) -> list[Path]:
    """The cards of a folder, by name; none where it is not there or cannot be read."""
    try:
        return sorted(Path(folder, name) for name in os.listdir(folder) if name.endswith(".toml") and name[0] != ".")
    except OSError:
        return []


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
        CardError: the file is missing, too large, or not beside the card.
    """
    try:
        own = own_labels(card)
        return tuple(map(plain, lines_of(own if own is not None else read_text(folder / card.labels, LARGEST_LABELS))))
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise CardError(
            f"The labels {card.labels!r} of {card.name} cannot be read: {why}.",
            "Put the file beside the card, one label a line, in UTF-8.",
        ) from error


def own_labels(card: ModelCard) -> str | None:
    """The text of the label list beside the user's own cards; None where there is none of this name.

    Raises:
        OSError: it cannot be read; also where it is a link out of the folder, no regular file, or too large.
        UnicodeDecodeError: it is not UTF-8.
    """
    path = user_cards() / card.labels
    if not is_plain_name(card.labels) or not path.exists():
        return None
    if path.resolve().parent != user_cards().resolve():
        raise OSError(0, "it leads out of the folder of the cards")
    return read_text(path, LARGEST_LABELS)


def line_up(catalog: Mapping[str, ModelCard]) -> tuple[str, ...]:
    """The names of the models of the first start, in their order."""
    return tuple(c.name for c in sorted(catalog.values(), key=lambda c: c.lineup) if c.lineup)
