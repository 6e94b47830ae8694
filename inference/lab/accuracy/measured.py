"""How right networks were on which pictures, remembered: a speaker measures before the talk and shows it there."""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from inference.intake.costs import key_of
from models.card import ModelCard
from models.store import Store
from models.texts import plain, read_text
from models.whole import whole_file

VERSION = 1
LARGEST = 1_000_000   # bytes of the file
MOST = 500            # networks that are remembered
DIGITS, ACCURACY, AGREEMENT = "digits", "accuracy", "agreement"   # what is remembered, each by itself

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted on the pictures that were used last."""

    title: str = ""     # of the pictures
    digest: str = ""    # a name for these and no others
    right: Mapping[str, tuple[int, int]] = field(default_factory=dict)   # by `network_key`: right ones, of how many


def network_key(card: ModelCard, store: Store) -> str:
    """A name for all that its answers depend on: what runs, and how it is fed and read."""
    made = repr((key_of(card, store), card.input, card.decoder, sorted(card.options.items())))
    return sha256(made.encode()).hexdigest()[:16]


def _place(store: Store, what: str) -> Path:
    return store.cache / f"{what}.json"


def recall(store: Store, what: str) -> Measured:
    """What was measured last of DIGITS, ACCURACY or AGREEMENT; nothing where there is none, or the file is damaged."""
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError):
        stored = json.loads(read_text(_place(store, what), LARGEST))
        if stored["version"] == VERSION:
            right = {str(key): (int(good), int(count)) for key, (good, count) in stored["right"].items()}
            if all(0 <= good <= count and count for good, count in right.values()):
                return Measured(plain(str(stored["title"]), 200), str(stored["digest"]), right)
    return Measured()


def remember(
    store: Store, what: str, title: str, digest: str, found: Mapping[str, tuple[int, int]]
) -> Measured:
    """Keep what was found; what other pictures have told is forgotten, as one chart is of one set."""
    before = recall(store, what)
    old = before.right if before.digest == digest else {}
    right = dict(list((dict(old) | dict(found)).items())[-MOST:])
    text = json.dumps({"version": VERSION, "title": title, "digest": digest, "right": right})
    try:
        with whole_file(_place(store, what), sync=False) as file:
            file.write(text.encode())
    except OSError as error:   # it only has to be measured again
        log.debug("%s cannot be written: %s", _place(store, what), error)
    return Measured(title, digest, right)
