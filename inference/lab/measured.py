"""How long networks took on this machine, each alone: noted once for each file, backend and number of threads."""

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated

import msgspec
from msgspec import Meta

from inference.intake.costs import key_of
from models.card import ModelCard
from models.store import Store
from models.texts import read_text
from models.whole import whole_file

VERSION = 1            # raise it when inference.lab.alone measures otherwise: then nothing that was noted holds
LARGEST = 5_000_000    # bytes of the file
NAME = "measured.json"

log = logging.getLogger(__name__)
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Measured:
    """One network alone on this machine."""

    ms: Annotated[float, Meta(gt=0, le=1e7)]    # median of preprocess + infer + postprocess
    runs: Annotated[int, Meta(ge=1)]            # that it is the median of
    backend: Annotated[str, Meta(max_length=100)]
    threads: Annotated[int, Meta(ge=0, le=4096)]

    @property
    def words(self) -> str:
        """How it was measured, for people."""
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''}"
        return f"Median of {self.runs} pictures, alone, on {self.backend} with {threads}."


def figures(store: Store) -> dict[str, Measured]:
    """What was noted, by the key of `inference.intake.costs.key_of`; wrong entries are left out. Never raises."""
    with _lock:
        return _read(store.cache / NAME)


def of_cards(cards: Iterable[ModelCard], store: Store) -> list[tuple[ModelCard, Measured]]:
    """The cards of which a figure was noted, with it."""
    known = figures(store)
    return [(card, known[key]) for card in cards if known and (key := key_of(card, store)) in known]


def note(store: Store, key: str, figure: Measured) -> None:
    """Note one figure beside the others; where that cannot be written it is only measured again."""
    path = store.cache / NAME
    with _lock:
        known = {**_read(path), key: figure}
        text = json.dumps({"version": VERSION, "figures": {key: asdict(one) for key, one in known.items()}})
        try:
            with whole_file(path, sync=False) as file:
                file.write(text.encode())
        except OSError as error:
            log.debug("%s cannot be written: %s", path, error)


def _read(path: Path) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError):
        stored = json.loads(read_text(path, LARGEST))
        if stored["version"] == VERSION:
            for key, figure in stored["figures"].items():
                with suppress(msgspec.ValidationError):
                    found[key] = msgspec.convert(figure, Measured)
    return found
