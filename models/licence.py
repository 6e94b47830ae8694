"""Licences of weights that ask more of people than to be named, and who has agreed to them.

Ultralytics' networks are AGPL-3.0, in code, weights and exports; others forbid commercial use; some files come with no
licence at all. Such a network is fetched only after an explicit yes, which is remembered.
"""

import json
import re
from pathlib import Path

from models.card import ModelCard
from models.errors import StoreError
from models.texts import read_text
from models.whole import whole_file

# (words in a licence, what they ask for), the first that matches counts.
DEMANDS = (
    (r"\bAGPL|\bSSPL", "asks you to publish the source of everything that uses it, also over a network"),
    (r"\bGPL|\bEUPL", "asks you to publish the source of everything that you pass on with it"),
    (r"\bNC\b|non-?commercial|research only|academic", "forbids commercial use"),
    (r"^$|unknown|\bnone\b|proprietary", "is not known: nobody has given you leave to use it"),
)
FILE = "licences.json"


def demand(licence: str) -> str:
    """What a licence asks for beyond being named, as the end of a sentence; "" where it asks for nothing more."""
    return next((says for words, says in DEMANDS if re.search(words, licence.strip(), re.IGNORECASE)), "")


def accepted(card: ModelCard, folder: Path) -> bool:
    """Whether the licence of a card needs no yes, or has one; `folder` is that of the settings.

    A yes holds for one card and one licence: another licence is asked for anew. A broken file holds none.
    """
    return not demand(card.licence) or _read(folder).get(card.name) == card.licence


def accept(card: ModelCard, folder: Path) -> None:
    """Remember a yes.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        with whole_file(folder / FILE) as file:
            file.write(json.dumps({**_read(folder), card.name: card.licence}, indent=1).encode())
    except OSError as error:
        raise StoreError(
            f"That you accept the licence of {card.title} cannot be noted in {folder}: {error.strerror}.",
            "Set LINEUP_CONFIG to a folder that you may write to.",
        ) from error


def refusal(card: ModelCard) -> StoreError:
    """What to say when a card is wanted whose licence nobody has agreed to."""
    return StoreError(
        f"The licence of {card.title}, {card.licence or 'which is not named'}, {demand(card.licence)}.",
        f"If you agree: python app.py models get {card.name} --accept-licence {card.name}",
    )


def _read(folder: Path) -> dict[str, str]:
    try:
        found = json.loads(read_text(folder / FILE))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
