"""What networks cost, counted once for each file and remembered: VGG is half a gigabyte to read."""

import json
import logging
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from inference.backends import DIRECT, NATIVE
from inference.errors import LabError
from inference.intake.conversions import converted
from models.card import ModelCard
from models.store import Store
from models.texts import read_text
from models.whole import whole_file

VERSION = 1            # raise it when inference.intake.counter counts otherwise: then everything is counted anew
LARGEST = 5_000_000    # bytes of the file

log = logging.getLogger(__name__)
_lock = Lock()


def key_of(card: ModelCard, store: Store) -> str:
    """A name for what runs of a card; it changes whenever that does."""
    if card.format in DIRECT and card.files:
        return card.files[0].sha256.lower()
    return converted(card, store).name   # which changes with the files, the input, the options and the importer


def cost_of(card: ModelCard, store: Store) -> dict[str, Any]:
    """Parameters and 10^9 MACs: counted from the graph where it is here, else as published, and which of both."""
    if card.format in NATIVE:   # no graph that is read here
        return {"parameters": card.parameters, "gmacs": card.gmacs, "counted": False}
    own = card.format == "onnx" and card.files
    path, key = store.find(card.files[0]) if own else converted(card, store), key_of(card, store)
    if path and path.is_file() and (cost := _counted(path, key, store.cache / "costs.json")):
        parameters, macs = cost
        return {"parameters": parameters, "gmacs": round(macs / 1e9, 6), "counted": True}
    return {"parameters": card.parameters, "gmacs": card.gmacs, "counted": False}


def _counted(path: Path, key: str, notes: Path) -> tuple[int, int] | None:
    """Parameters and MACs of a file; None where they cannot be counted, which is found out anew each time."""
    with _lock:
        known = _read(notes)
    if key in known:
        return known[key]
    from inference.intake.counter import count

    try:
        cost = count(path)
    except LabError:   # what the lane will say when it is opened
        return None
    with _lock:
        _write(notes, {**_read(notes), key: (cost.parameters, cost.macs)})   # others may have counted meanwhile
    return cost.parameters, cost.macs


def _read(notes: Path) -> dict[str, tuple[int, int]]:
    """What the file holds; nothing if it is not there, was damaged, or is of another version."""
    found: dict[str, tuple[int, int]] = {}
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError):
        stored = json.loads(read_text(notes, LARGEST))
        if stored["version"] == VERSION:
            for key, (parameters, macs) in stored["costs"].items():
                if type(parameters) is type(macs) is int and min(parameters, macs) >= 0:
                    found[key] = (parameters, macs)
    return found


def _write(notes: Path, costs: dict[str, tuple[int, int]]) -> None:
    text = json.dumps({"version": VERSION, "costs": costs})
    try:
        with whole_file(notes, sync=False) as file:
            file.write(text.encode())
    except OSError as error:   # it only costs time the next time
        log.debug("%s cannot be written: %s", notes, error)
