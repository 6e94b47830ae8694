"""A model of the user's own: proposed, proven to run, kept, and taken away again."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from inference.backends import DIRECT, Engine, usual_backend
from inference.data import Ask, Frame
from inference.errors import LabError
from inference.intake.conversions import conversion, forms_of, keep_conversion
from models.card import ModelCard, ModelFile
from models.catalog import load_catalog
from models.errors import Cancelled
from models.hashes import sha256_of
from models.lineups import line_ups
from models.progress import Progress, Report, watch
from models.store import Store
from models.texts import as_name
from models.user_cards import free_name, remove_card, save_card
from models.whole import work_folder

if TYPE_CHECKING:
    from inference.recogniser import Recogniser


LONG_LIST = 80   # labels: ImageNet's and COCO's lists, which are told by their length


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of a model beside its files."""

    name: str = ""                          # what to call it; "": as the file
    labels: Path | None = None              # its list; None: its own, or the one that fits
    size: tuple[int, int] | None = None     # (height, width), px, of a picture where the file leaves it open
    examples: Path | None = None            # pictures with their classes, to find its recipe by
    find: bool = True                       # find the recipe where the right answers to the samples are known


def add(
    files: Sequence[Path], store: Store, wanted: Wanted = Wanted(), *,
    report: Report = lambda _words, _part: None, tell: Callable[[str], None] = lambda _sentence: None,
    cancelled: Event | None = None,
) -> ModelCard:  # fmt: skip
    """Propose a card for these files, run the network, find its recipe, and copy the files beside the settings.

    `files` are those of one model. `report` is called with a sentence and a fraction 0..1 or None, `tell` with what
    was found out about the recipe.

    Returns:
        The card, as it is in the user's folder now.

    Raises:
        LabError: the files are no model that runs here, or cannot be kept. Nothing of them stays then.
        Cancelled: `cancelled` was set.
    """
    from inference.intake.apart import propose_apart

    cancelled = cancelled or Event()
    report(f"Reading {files[0].name}" if files else "Reading", None)
    with work_folder() as folder:
        proposal = propose_apart(
            files, folder, name=wanted.name, labels=wanted.labels, size=wanted.size, cancelled=cancelled
        )
        from inference.recogniser import Recogniser  # imported meanwhile

        _check(cancelled)
        taken = {*load_catalog(troubles=[]), *line_ups()}   # a line-up's name would hide the card
        card = replace(proposal.card, name=free_name(proposal.card.name, taken))
        if proposal.labels:
            card = replace(card, labels=f"{card.name}.txt")
        path, sources = proposal.network, proposal.sources
        if card.format == "onnx" and path != sources[0]:   # with the weights inside that lay beside it: this is kept
            path = path.rename(folder / as_name(sources[0].name))
            sources = (path,)
        known = [ModelFile(as_name(file.name), _hash(file, cancelled), file.stat().st_size) for file in sources]
        card = replace(card, files=tuple(known))
        report(f"Trying {card.title}", None)
        recognise = Recogniser(
            card, path, usual_backend(card), Engine(), cancelled=cancelled, apart=True, labels=proposal.labels or None
        )
        recognise(Frame(np.full((*card.input.size, 3), 114, np.uint8), 0, 0.0), Ask())
        card = _with_recipe(card, recognise, wanted, report, tell, cancelled)
        _check(cancelled)
        keep_own(card, sources, store, proposal.labels or None, report=report, cancelled=cancelled)
        if card.format not in DIRECT:
            with suppress(LabError):   # the first lane would make it again
                keep_conversion(path.read_bytes(), card, store)
    return card


def keep_own(
    card: ModelCard, sources: Sequence[Path], store: Store, labels: Sequence[str] | None = None, *,
    report: Report = lambda _words, _part: None, cancelled: Event,
) -> None:  # fmt: skip
    """Keep a card beside the settings, with its files, which lie at `sources`, and a list of labels of its own.

    Raises:
        LabError: they cannot be kept. Nothing of them stays then.
        Cancelled: `cancelled` was set.
    """
    new = [file for file in card.files if store.find(file) is None]
    try:
        with store.adopting(new, card.labels if labels else ""):
            for file, source in zip(card.files, sources, strict=True):
                _copy(store, file, source, report, cancelled)
            save_card(card, labels)   # last: a card that is there has all that it names
    except BaseException:
        for file in new:
            with suppress(LabError):
                store.forget(file)
        raise


def _with_recipe(
    card: ModelCard, recognise: "Recogniser", wanted: Wanted, report: Report, tell: Callable[[str], None],
    cancelled: Event,
) -> ModelCard:  # fmt: skip
    """The card with the recipe that was found; as it was where nothing is open, or nobody knows the right answers."""
    from inference.intake.finder import settled
    from inference.intake.finding import find, knows, told

    open_parts = any(key.startswith("input.") and key != "input.size" for key in card.guessed)
    # Which names a few classes have is a guess itself: no ground to build another on.
    sure = "labels" not in card.guessed or len(recognise.labels) >= LONG_LIST
    if not wanted.examples and not (wanted.find and open_parts and card.trained and sure and knows(recognise)):
        return card
    finding = find(recognise, examples=wanted.examples, every=not open_parts, report=report, cancelled=cancelled)
    tell(told(finding, card))
    return settled(card, finding)


def remove(card: ModelCard, store: Store, catalog: Mapping[str, ModelCard]) -> None:
    """Take a model of the user's own away: its card, its labels, and its files if no other card wants them.

    Raises:
        CardError: the card is built in.
        StoreError: something cannot be removed.
    """
    remove_card(card)
    remove_files(card, store, (other for other in catalog.values() if other.name != card.name))


def remove_files(card: ModelCard, store: Store, others: Iterable[ModelCard]) -> None:
    """Remove what is kept here of a model, but for files that `others` want too.

    Raises:
        StoreError: a file cannot be removed.
    """
    wanted = {file.sha256 for other in others for file in other.files}
    for file in card.files:
        if file.sha256 not in wanted:
            store.forget(file)
    if card.format not in DIRECT:
        with suppress(OSError):
            for path in conversion(card, store):
                path.unlink(missing_ok=True)
    for folder in forms_of(card, store):
        shutil.rmtree(folder, ignore_errors=True)


def _copy(store: Store, file: ModelFile, path: Path, report: Report, cancelled: Event) -> None:
    def work(progress: Progress) -> Path:
        progress.say(f"Copying {file.name}", file.bytes)
        return store.adopt(file, path, progress)

    watch(work, report, cancelled)


def _hash(path: Path, cancelled: Event) -> str:
    try:
        return sha256_of(path, lambda: _check(cancelled))
    except OSError as error:
        raise LabError(f"{path.name} cannot be read: {error.strerror}.", "Check the file.") from error


def _check(cancelled: Event) -> None:
    if cancelled.is_set():
        raise Cancelled

