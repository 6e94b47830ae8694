"""From a card to something that runs: fetch its files, convert them once, open them."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

from inference.backends import DIRECT, OWN, Engine, Form, backends, can_run, usual_backend
from inference.errors import BackendError, Cancelled, LabError, StoreError
from inference.intake.conversions import State, converted, keep_conversion, state_of
from inference.intake.importers import converted_bytes
from models.card import ModelCard
from models.catalog import config_folder, find_card, suggest
from models.licence import accepted, refusal
from models.progress import Report
from models.store import Store

if TYPE_CHECKING:
    from inference.data import LaneSpec
    from inference.recogniser import Recogniser

log = logging.getLogger(__name__)


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
    if card.format in DIRECT:
        return _fetched(card, store, report, cancelled)[0]
    target = converted(card, store)
    if state_of(target, store) in (State.WHOLE, State.UNPROVEN):   # neither the network nor the originals are needed
        return target
    _convert(card, target, store, report, cancelled)
    return target


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


def loader(catalog: Mapping[str, ModelCard], store: Store) -> "Callable[[LaneSpec, Callable[[], Engine]], Opener]":
    """What a session needs to make its lanes: (spec, wanted) → load; load(report, cancelled) → a Recogniser.

    The first raises CardError or BackendError at once where the model or the backend is not known; the second does
    the slow work, on the lane's thread.
    """

    def make(spec: "LaneSpec", wanted: Callable[[], Engine]) -> "Opener":
        card = find_card(spec.model, catalog)
        known = backends()
        if spec.backend not in known:   # not imported here: the window waits for this
            raise BackendError(f"There is no backend called {spec.backend!r}.", suggest(spec.backend, known))
        if not can_run(spec.backend, card):
            other = usual_backend(card)
            raise BackendError(
                f"{card.title} is in the format {card.format!r}, which {known[spec.backend].title} does not read.",
                f"Run it with {known[other].title}: {card.name}@{other}.",
            )
        return Opener(card, store, spec.backend, wanted)

    return make


class Opener:
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
