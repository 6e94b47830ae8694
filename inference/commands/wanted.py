"""What the words of a command mean: the options, the models, the store."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inference.options import Options
from models.errors import CardError

if TYPE_CHECKING:
    from models.card import ModelCard


def options_of(args: argparse.Namespace) -> Options:
    """The parsed words that belong to Options; a command may know only some of them."""
    return Options(**{name: value for name, value in vars(args).items() if name in Options.__dataclass_fields__})


def catalogue() -> "dict[str, ModelCard]":
    """All cards; a wrong one is said and left out."""
    from inference.terminal import say
    from models.catalog import load_catalog

    troubles: list[CardError] = []
    catalog = load_catalog(troubles=troubles)
    for trouble in troubles:
        say(trouble.sentence, sys.stderr)
    return catalog


def chosen(options: Options) -> tuple[Any, Any, Any]:
    """What a command on networks works with: the lanes, the catalogue, the store; says what will be fetched."""
    from inference.intake.inventory import announce
    from inference.options import lane_specs, open_store
    from inference.terminal import say
    from models.catalog import line_up

    catalog = catalogue()
    specs = lane_specs(options, options.models or line_up(catalog), catalog)
    store = open_store(options)
    if not options.offline:
        for line in announce((catalog[spec.model] for spec in specs), store):
            say(line, sys.stderr)
    return specs, catalog, store


def chosen_one(args: Any) -> tuple[Options, Any, Any]:
    """What a command on the one network `args.name` works with: the options, its card, the store."""
    options = replace(options_of(args), models=(args.name,), threads=None)
    specs, catalog, store = chosen(options)
    return options, catalog[specs[0].model], store


def for_window(options: Options) -> Options:
    """The options, checked while there is still a terminal to say in what is wrong with them.

    Raises:
        WrongUse: there is no such model, backend, provider or folder.
    """
    from inference.options import lane_specs, open_store
    from models.catalog import line_up

    if options.models or options.backend or options.providers:
        catalog = catalogue()
        lane_specs(options, options.models or line_up(catalog), catalog)
    if options.mirror_dir:
        open_store(options)
    return options


def split(names: Sequence[str]) -> list[str]:
    """Names that may be written with commas between."""
    return [name for text in names for name in text.split(",") if name]
