"""What there is of models: which are here, what is missing, where it comes from, how large it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from inference.backends import DIRECT
from inference.intake.conversions import State, converted, state_of
from inference.intake.costs import cost_of
from inference.words import size_text
from models.card import ModelCard, ModelFile
from models.licence import demand
from models.store import Store


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


def missing(card: ModelCard, store: Store) -> tuple[ModelFile, ...]:
    """The files that must be fetched before the card can run; none where its conversion is kept."""
    if card.format not in DIRECT and state_of(converted(card, store), store) in (State.WHOLE, State.UNPROVEN):
        return ()
    return store.missing(card)


class Missing(NamedTuple):
    """What of some models is not here yet."""

    models: tuple[ModelCard, ...]
    bytes: int                       # to be fetched; a package counts whole, and once


def missing_of(cards: Iterable[ModelCard], store: Store) -> Missing:
    """Which of these models must be fetched, and how much that is."""
    lacking = {card.name: (card, files) for card in cards if (files := missing(card, store))}
    sizes = {
        (file.package or file).sha256: (file.package or file).bytes for _, files in lacking.values() for file in files
    }
    return Missing(tuple(card for card, _ in lacking.values()), sum(sizes.values()))


def announce(cards: Iterable[ModelCard], store: Store) -> list[str]:
    """One line for each model that will be fetched: what, how large, under which licence."""
    lines = []
    for card in {card.name: card for card in cards}.values():
        if files := [f for f in missing(card, store) if f.package or f.urls]:
            lines.append(f"Fetching {card.title}: {_origins(files)}, licence {card.licence}")
    return lines


def listing(catalog: Mapping[str, ModelCard], store: Store) -> list[dict[str, Any]]:
    """What is known of every model, the line-up first, as plain values for JSON."""
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
