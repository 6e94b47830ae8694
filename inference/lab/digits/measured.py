"""How right networks were on which digits, remembered: a speaker measures before the talk and shows it there."""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from inference.intake.costs import key_of
from inference.lab.digits.sets import DigitSet
from models.card import ModelCard
from models.store import Store
from models.texts import plain, read_text
from models.whole import whole_file

VERSION = 1
LARGEST = 1_000_000   # bytes of the file
MOST = 500            # networks that are remembered

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted on the digits that were used last."""

    title: str = ""     # of the digits
    digest: str = ""    # of their bytes
    right: Mapping[str, tuple[int, int]] = field(default_factory=dict)   # by `network_key`: right ones, of how many


def digest_of(digits: DigitSet) -> str:
    """A name for these digits and no others."""
    return sha256(digits.pictures.tobytes() + digits.labels.tobytes()).hexdigest()


def network_key(card: ModelCard, store: Store) -> str:
    """A name for all that its answers depend on: what runs, and how it is fed and read."""
    made = repr((key_of(card, store), card.input, card.decoder, sorted(card.options.items())))
    return sha256(made.encode()).hexdigest()[:16]


def _place(store: Store) -> Path:
    return store.cache / "digits.json"


def recall(store: Store) -> Measured:
    """What was measured last; nothing where there is none, or the file is damaged."""
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError):
        stored = json.loads(read_text(_place(store), LARGEST))
        if stored["version"] == VERSION:
            right = {str(key): (int(good), int(count)) for key, (good, count) in stored["right"].items()}
            if all(0 <= good <= count and count for good, count in right.values()):
                return Measured(plain(str(stored["title"]), 200), str(stored["digest"]), right)
    return Measured()


def remember(store: Store, digits: DigitSet, found: Mapping[str, tuple[int, int]]) -> Measured:
    """Keep what was found; what other digits have told is forgotten, as one chart is of one set."""
    before, digest = recall(store), digest_of(digits)
    old = before.right if before.digest == digest else {}
    right = dict(list((dict(old) | dict(found)).items())[-MOST:])
    text = json.dumps({"version": VERSION, "title": digits.title, "digest": digest, "right": right})
    try:
        with whole_file(_place(store), sync=False) as file:
            file.write(text.encode())
    except OSError as error:   # it only has to be measured again
        log.debug("%s cannot be written: %s", _place(store), error)
    return Measured(digits.title, digest, right)
