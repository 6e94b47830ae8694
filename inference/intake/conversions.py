"""What is made of a model once and kept: its conversion to ONNX, and the forms that some backends run instead."""

import glob
import hashlib
import json
import re
from enum import Enum
from pathlib import Path

from inference.backends import backends
from inference.backends.bundle import BUNDLES
from inference.errors import StoreError
from inference.intake.importers import VERSION
from models.card import ModelCard
from models.hashes import sha256_of
from models.store import Store
from models.texts import read_text, reason
from models.whole import whole_file

KEY = 16   # hexadecimal digits in the names of what is made of a card


class State(Enum):
    """What is known of a conversion that is kept."""

    ABSENT = "absent"
    WHOLE = "whole"          # as it was made, by its sha256
    DAMAGED = "damaged"
    UNPROVEN = "unproven"    # kept by a version that noted no sha256


def state_of(target: Path, store: Store, *, afresh: bool = False) -> State:
    """Whether a conversion is as it was made; `afresh`: read the file, whatever was found the last time."""
    if not target.is_file():
        return State.ABSENT
    try:
        noted = read_text(_note_of(target)).strip()
    except (OSError, UnicodeDecodeError):
        return State.UNPROVEN
    try:
        whole = sha256_of(target) == noted if afresh else store.is_whole(target, noted)
    except OSError:
        return State.DAMAGED
    return State.WHOLE if whole else State.DAMAGED


def _note_of(target: Path) -> Path:
    """Where the sha256 of a conversion is kept."""
    return target.with_name(f"{target.name}.sha256")


def converted(card: ModelCard, store: Store) -> Path:
    """Where the cache keeps what was made of a card of another format: ONNX, or one file for its own backend.

    The name changes with everything that the result depends on: the files, the input, the options, the importer.
    """
    parts = [
        [file.sha256.lower() for file in card.files], card.format, card.input.size, card.input.order,
        dict(card.options), VERSION,
    ]  # fmt: skip
    key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:KEY]
    suffix, _ = BUNDLES.get(card.format, (".onnx", ()))
    return store.cache / "converted" / f"{file_stem(card)}-{key}{suffix}"


def conversion(card: ModelCard, store: Store) -> tuple[Path, Path]:
    """The file of `converted`, and the one beside it that holds its sha256."""
    target = converted(card, store)
    return target, _note_of(target)


def file_stem(card: ModelCard) -> str:
    """How the names of files begin that are made of a card."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", card.name).lstrip(".")


def forms_of(card: ModelCard, store: Store) -> list[Path]:
    """The folders that hold forms of a card for backends that have their own."""
    beginning = f"{glob.escape(file_stem(card))}-{'[0-9a-f]' * KEY}-*"
    return [path for name, info in backends().items() if info.forms for path in (store.cache / name).glob(beginning)]


def keep_conversion(data: bytes, card: ModelCard, store: Store) -> None:
    """Write the file and its sha256, each whole or not at all; another program may do the same at the same time.

    Raises:
        StoreError: it cannot be written.
    """
    target = converted(card, store)
    try:
        with whole_file(target) as file:
            file.write(data)
        with whole_file(_note_of(target)) as file:   # last: a file without one counts, one that differs is made anew
            file.write(f"{hashlib.sha256(data).hexdigest()}\n".encode())
    except OSError as error:
        if target.is_file():   # Windows: the other program was first, and has it open
            return
        raise StoreError(
            f"{card.title} cannot be kept in {target.parent}: {reason(error)}.",
            "Make room there, or set LINEUP_CACHE to another folder.",
        ) from error
