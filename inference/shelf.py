"""The verbs about models: which there are, which are here, and fetching them."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from inference.formats import models_in
from inference.guesses import guessed_text
from inference.options import Options, WrongUse
from inference.report import Progress, complain, count_text, say, size_text, table
from models.card import ModelCard, ModelFile
from models.catalog import config_folder, find_card, user_cards
from models.errors import CardError, LabError, StoreError
from models.licence import accept, accepted, demand
from models.lineups import expanded
from models.store import Store, is_address


def open_store(options: Options) -> Store:
    """The store that the options ask for; the environment and the platform's folder where they say nothing.

    Raises:
        WrongUse: the folder with model files does not exist.
    """
    cache = Path(options.cache).expanduser() if options.cache else None
    if options.mirror_dir and is_address(options.mirror_dir):
        return Store(cache, mirror_url=options.mirror_dir, offline=bool(options.offline))
    mirror = Path(options.mirror_dir).expanduser() if options.mirror_dir else None
    if mirror and not mirror.is_dir():
        raise WrongUse(
            f"The folder {mirror} does not exist.", "Give --mirror a folder with model files below it."
        )
    return Store(cache, mirror, offline=bool(options.offline))


def named(names: Iterable[str], catalog: Mapping[str, ModelCard]) -> list[ModelCard]:
    """The cards of these names; those of a line-up, where one is named.

    Raises:
        WrongUse: there is no such model; the hint suggests the nearest.
    """
    try:
        return [find_card(name, catalog) for name in dict.fromkeys(expanded(names))]
    except CardError as error:
        raise WrongUse(str(error), error.hint) from error


def origin(file: ModelFile) -> str:
    """Where a file can be had, and how much must be fetched for it."""
    if file.package:
        package = file.package
        return f"package {package.project} {package.version} ({size_text(package.bytes)})"
    if file.urls:
        return f"{urlsplit(file.urls[0]).hostname or file.urls[0]} ({size_text(file.bytes)})"
    return f"a folder given by --mirror or LINEUP_MIRROR ({size_text(file.bytes)})"


def _origins(files: Sequence[ModelFile]) -> str:
    """The places of several files, each said once: two files of one package come in one go."""
    return ", ".join(dict.fromkeys(origin(file) for file in files))


class Missing(NamedTuple):
    """What of some models is not here yet."""

    models: tuple[ModelCard, ...]
    bytes: int                       # to be fetched; a package counts whole, and once


def missing_of(cards: Iterable[ModelCard], store: Store) -> Missing:
    """Which of these models must be fetched, and how much that is."""
    from inference.weights import missing

    lacking = {card.name: (card, files) for card in cards if (files := missing(card, store))}
    sizes = {
        (file.package or file).sha256: (file.package or file).bytes for _, files in lacking.values() for file in files
    }
    return Missing(tuple(card for card, _ in lacking.values()), sum(sizes.values()))


def announce(cards: Iterable[ModelCard], store: Store) -> list[str]:
    """One line for each model that will be fetched: what, how large, under which licence."""
    from inference.weights import missing

    lines = []
    for card in {card.name: card for card in cards}.values():
        if files := [f for f in missing(card, store) if f.package or f.urls]:
            lines.append(f"Fetching {card.title}: {_origins(files)}, licence {card.licence}")
    return lines


def listing(catalog: Mapping[str, ModelCard], store: Store) -> list[dict[str, Any]]:
    """What is known of every model, the line-up first, as plain values for JSON."""
    from inference.weights import missing

    cards = sorted(catalog.values(), key=lambda c: (c.lineup or len(catalog) + 1, c.name))
    rows = []
    for card in cards:
        files = missing(card, store)
        rows.append(
            {
                "name": card.name,
                "title": card.title,
                "family": card.family,
                "task": card.task,
                "precision": card.precision,
                "about": card.about,
                "paper": card.paper,
                **cost_of(card, store),
                "accuracy": asdict(card.accuracy) if card.accuracy else None,
                "guessed": list(card.guessed),
                "licence_asks": demand(card.licence),
                "bytes": card.bytes,
                "year": card.year,
                "licence": card.licence,
                "source": card.source,
                "lineup": card.lineup,
                "here": not files,
                "missing": [
                    {"file": f.name, "sha256": f.sha256, "bytes": f.bytes, "from": origin(f)} for f in files
                ],
            }
        )
    return rows


def cost_of(card: ModelCard, store: Store) -> dict[str, Any]:
    """Parameters and 10^9 MACs: counted from the graph where it is here, else as published, and which of both."""
    from inference.counter import count
    from inference.weights import converted

    path = store.find(card.files[0]) if card.format == "onnx" and card.files else converted(card, store)
    if path and path.is_file():
        try:
            cost = count(path)
        except LabError:   # what the lane will say when it is opened
            pass
        else:
            return {"parameters": cost.parameters, "gmacs": round(cost.gmacs, 6), "counted": True}
    return {"parameters": card.parameters, "gmacs": card.gmacs, "counted": False}


def agree(cards: Iterable[ModelCard]) -> None:
    """Remember that the user agrees to the licences of these models.

    Raises:
        StoreError: it cannot be noted.
    """
    for card in cards:
        if not accepted(card, config_folder()):
            accept(card, config_folder())
            say(f"Agreed to {card.licence or 'the unknown licence'} for {card.title}, which {demand(card.licence)}.")


def add_own(files: Sequence[Path], name: str, labels: Path | None, store: Store, cancelled: Event) -> None:
    """Add the models of the user's own that these files make, and say what was guessed.

    Raises:
        LabError: the files are no model that runs here, or cannot be kept.
    """
    from inference.adding import add

    found = models_in(files)
    if len(found) > 1 and (name or labels):
        raise WrongUse(
            f"These are {len(found)} models, and one {'name' if name else 'list of labels'}.", "Add them one by one."
        )
    for model, beside in found:
        progress = Progress(plain=True)
        try:
            card = add(model, store, name=name, labels=labels or beside, report=progress, cancelled=cancelled)
        finally:
            progress.clear()
        what = "labels" if card.task == "classify" else "boxes"
        height, width = card.input.size
        say(f"{card.name} is added: {what}, {width}×{height} {card.input.order}, decoder {card.decoder}.")
        if card.guessed:
            say(f"Guessed: {guessed_text(card)}. Check them in {user_cards() / card.name}.toml.")


def take_away(cards: Sequence[ModelCard], catalog: Mapping[str, ModelCard], store: Store) -> None:
    """Remove models from this disk; those of the user's own with their cards.

    Raises:
        LabError: something cannot be removed.
    """
    from inference.adding import remove, remove_files
    from models.user_cards import is_own

    for card in cards:
        if is_own(card):
            remove(card, store, catalog)
            say(f"{card.title} is removed, with its card.")
        else:
            remove_files(card, store, (other for other in catalog.values() if other.name != card.name))
            say(f"{card.title} is removed; its card stays.")


def pack_up(
    path: Path, cards: Sequence[ModelCard], catalog: Mapping[str, ModelCard], store: Store, cancelled: Event
) -> None:
    """Write a pack of these models, or of all that are here.

    Raises:
        StoreError: a model is not here, none is, or the pack cannot be written.
    """
    from models.pack import pack

    chosen = cards or [card for card in catalog.values() if card.files and not store.missing(card)]
    if not chosen:
        raise StoreError("No model is here yet.", "Fetch some first: python app.py models get NAME")
    progress = Progress(plain=True)
    try:
        files = pack(path, chosen, store, progress, cancelled)
    finally:
        progress.clear()
    models = "1 model" if len(chosen) == 1 else f"{len(chosen)} models"
    say(f"{path} holds {models} ({files} {'file' if files == 1 else 'files'}, {size_text(path.stat().st_size)}).")


def take_in(path: Path, store: Store, cancelled: Event) -> None:
    """Take a pack of models into the cache.

    Raises:
        StoreError: it is no pack, is damaged, or the cache cannot be written.
    """
    from models.pack import unpack

    progress = Progress(plain=True)
    try:
        new = unpack(path, store, progress, cancelled)
    finally:
        progress.clear()
    say(f"New here from {path.name}: {new} {'file' if new == 1 else 'files'}, verified by sha256.")


def listing_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The listing as a table for people."""
    lines = [("NAME", "TITLE", "FAMILY", "TASK", "PARAMETERS", "SIZE", "LICENCE", "WHERE")]
    for row in rows:
        where = (
            "here"
            if row["here"]
            else "not here yet: " + ", ".join(dict.fromkeys(str(m["from"]) for m in row["missing"]))
        )
        lines.append(
            (row["name"], row["title"], row["family"], row["task"], count_text(row["parameters"]),
             size_text(row["bytes"]), row["licence"], where)
        )  # fmt: skip
    return table(lines, right=(4, 5))


def fetch(cards: Sequence[ModelCard], store: Store, cancelled: Event) -> bool:
    """Get each model ready to run: fetch, verify, convert. A failure is said and the others go on.

    Returns:
        Whether all of them are here now.
    """
    from inference.weights import ready

    progress = Progress(plain=True)
    failed = False
    for line in announce(cards, store):
        say(line, sys.stderr)
    for card in cards:
        try:
            path = ready(card, store, progress, cancelled)
        except LabError as error:
            progress.clear()
            complain(error)
            failed = True
        else:
            progress.clear()
            say(f"{card.title} is here: {path}")
    return not failed
