"""From a card to something that runs: fetch its files, convert them once, open them."""

import glob
import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from importlib import import_module
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

from inference.backends import NATIVE, OWN, Engine, Form, backends, usual_backend
from inference.bundle import SUFFIX
from inference.errors import BackendError, Cancelled, LabError, StoreError
from inference.importers import VERSION, converted_bytes
from models.card import ModelCard, ModelFile
from models.catalog import config_folder, find_card, suggest
from models.hashes import sha256_of
from models.licence import accepted, refusal
from models.progress import Report
from models.store import Store
from models.texts import read_text, reason
from models.whole import whole_file

if TYPE_CHECKING:
    from inference.data import LaneSpec
    from inference.recogniser import Recogniser
    from inference.session import MakeLoad

log = logging.getLogger(__name__)

KEY = 16   # hexadecimal digits in the names of what is made of a card

_locks: dict[Path, Lock] = {}   # by the file to be made: one conversion of a model at a time
_locks_guard = Lock()


def ready(card: ModelCard, store: Store, report: Report, cancelled: Event) -> Path:
    """The file of a card that its backends open, nearly always ONNX; fetched and converted if it is not there yet.

    `report` is called in this thread with a sentence and a fraction 0..1, None while unknown.

    Raises:
        StoreError: a file cannot be had, or the result cannot be kept.
        ImportFailed: a file cannot be converted.
        Cancelled: `cancelled` was set.
    """
    if card.format == "onnx":
        return _fetched(card, store, report, cancelled)[0]
    target = converted(card, store)
    if state_of(target, store) in (State.WHOLE, State.UNPROVEN):   # neither the network nor the originals are needed
        return target
    _convert(card, target, store, report, cancelled)
    return target


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


def _convert(card: ModelCard, target: Path, store: Store, report: Report, cancelled: Event) -> None:
    """Make a conversion; one that is there stays until the new one stands.

    Raises:
        StoreError, ImportFailed, Cancelled: as `ready`.
    """
    try:
        files = _fetched(card, store, report, cancelled)
    except StoreError as error:
        if target.is_file():
            raise StoreError(
                f"{card.title} was damaged on this disk, and cannot be made anew: {error}", error.hint
            ) from error
        raise
    report(f"Converting {card.title}", None)
    before = _signature(target)
    with _alone(target, cancelled):
        if _signature(target) == before:   # else another lane has made it meanwhile
            keep_conversion(converted_bytes(files, card), card, store)


def _signature(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def missing(card: ModelCard, store: Store) -> tuple[ModelFile, ...]:
    """The files that must be fetched before the card can run; none where its conversion is kept."""
    if card.format != "onnx" and state_of(converted(card, store), store) in (State.WHOLE, State.UNPROVEN):
        return ()
    return store.missing(card)


def weights_sha256(card: ModelCard) -> str:
    """The sha256 by which the weights are known: that of the largest file, as published, before any conversion."""
    return max(card.files, key=lambda file: file.bytes).sha256 if card.files else ""


def converted(card: ModelCard, store: Store) -> Path:
    """Where the cache keeps what was made of a card of another format: ONNX, or one file for its own backend.

    The name changes with everything that the result depends on: the files, the input, the options, the importer.
    """
    parts = [
        [file.sha256.lower() for file in card.files], card.format, card.input.size, card.input.order,
        dict(card.options), VERSION,
    ]  # fmt: skip
    key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:KEY]
    return store.cache / "converted" / f"{file_stem(card)}-{key}{SUFFIX if card.format in NATIVE else '.onnx'}"


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


def loader(catalog: Mapping[str, ModelCard], store: Store) -> "MakeLoad":
    """What a session needs to make its lanes: (spec, wanted) → load; load(report, cancelled) → a Recogniser.

    The first raises CardError or BackendError at once where the model or the backend is not known; the second does
    the slow work, on the lane's thread.
    """

    def make(spec: "LaneSpec", wanted: Callable[[], Engine]) -> "Load":
        card = find_card(spec.model, catalog)
        known = backends()
        if spec.backend not in known:   # not imported here: the window waits for this
            raise BackendError(f"There is no backend called {spec.backend!r}.", suggest(spec.backend, known))
        if (only := NATIVE.get(card.format, spec.backend)) != spec.backend:
            raise BackendError(
                f"{card.title} is in the format {card.format!r}, which {known[spec.backend].title} does not read.",
                f"Run it with {known[only].title}: {card.name}@{only}.",
            )
        return Load(card, store, spec.backend, wanted)

    return make


class Load:
    """Opens one model for one lane. Call it on the thread that will use the model."""

    def __init__(self, card: ModelCard, store: Store, backend: str, wanted: Callable[[], Engine]) -> None:
        """`wanted` is asked when everything is there to open the network: others may have come or gone meanwhile."""
        self._card, self._store, self._backend, self._wanted = card, store, backend, wanted

    def __call__(self, report: Report, cancelled: Event) -> "Recogniser":
        """Fetch, convert, open, warm up.

        Raises:
            LabError: one of them cannot be done; says which and why.
            Cancelled: `cancelled` was set.
        """
        return open_network(
            self._card, self._store, self._backend, self._wanted, report, cancelled, live=True
        )


def open_network(
    card: ModelCard, store: Store, backend: str, wanted: Callable[[], Engine], report: Report, cancelled: Event,
    *, live: bool = False,
) -> "Recogniser":  # fmt: skip
    """Fetch, convert, open and warm up a network. A conversion that was damaged on the disk is made anew, once.

    Raises:
        LabError: one of them cannot be done; says which and why.
        Cancelled: `cancelled` was set.
    """
    from inference.recogniser import Recogniser  # imports OpenCV: not needed to know what is missing

    mended = False
    while True:
        path = ready(card, store, report, cancelled)
        if cancelled.is_set():
            raise Cancelled(card.title)
        report(f"Opening {card.title}", None)
        try:
            form = form_of(card, path, store, backend, wanted().precision, report, cancelled)
            return Recogniser(card, path, backend, wanted(), live=live, form=form, cancelled=cancelled)
        except BackendError as error:
            # A published file is never touched, and what is whole is not the fault of the disk.
            kept = path == converted(card, store) and backend == usual_backend(card)
            if mended or not kept or state_of(path, store, afresh=True) is State.WHOLE:
                raise
            try:
                _convert(card, path, store, report, cancelled)
            except LabError as trouble:
                log.info("%s cannot be made anew: %s", card.title, trouble)
                raise error from trouble   # which is what the user can act on
            mended = True


def form_of(
    card: ModelCard, network: Path, store: Store, backend: str, precision: str, report: Report, cancelled: Event
) -> Form | None:
    """What the backend runs in the place of the network's file; None where it runs the file itself.

    Raises:
        LabError: there is no such precision, or the form cannot be made.
        Cancelled: `cancelled` was set.
    """
    info = backends()[backend]
    if not info.forms:
        return None
    choices = info.precisions_of(card)
    precision = precision or choices[0]
    if precision not in choices:
        raise BackendError(
            f"{info.title} knows no precision {precision!r} of {card.title}.", f"Choose {', '.join(choices)}."
        )
    files = _fetched(card, store, report, cancelled) if precision == OWN else ()
    with _alone(store.cache / backend / f"{card.name} {precision}", cancelled):
        form: Form = import_module(info.forms).formed(
            card, network, files, store.cache, precision, report, cancelled
        )
    return form


def _fetched(card: ModelCard, store: Store, report: Report, cancelled: Event) -> tuple[Path, ...]:
    """The card's files as they were published, in its order; the licence is said while they come."""
    if not accepted(card, config_folder()) and store.missing(card):
        raise refusal(card)
    if not card.files:
        raise StoreError(f"The card of {card.title} names no file.", "Add its [[files]].")

    def said(message: str, fraction: float | None) -> None:
        report(f"{message} ({card.licence})", fraction)

    paths = []
    for file in card.files:
        if cancelled.is_set():
            raise Cancelled(card.title)
        paths.append(store.get(file, said, cancelled))
    return tuple(paths)


@contextmanager
def _alone(target: Path, cancelled: Event) -> Iterator[None]:
    """Two lanes that want the same conversion: the second one waits for the first."""
    with _locks_guard:
        lock = _locks.setdefault(target, Lock())
    while not lock.acquire(timeout=0.1):
        if cancelled.is_set():
            raise Cancelled(target.name)
    try:
        yield
    finally:
        lock.release()


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
