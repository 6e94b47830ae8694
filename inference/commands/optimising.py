"""The verb `optimise`: what is run, and what is said."""

import argparse
from threading import Event

from inference.backends.steps import STEPS
from inference.cores import computing_cores
from inference.intake.provide import ready
from inference.lab.looks import Looks
from inference.lab.steps.run import MOST, RUNS, optimise
from inference.lab.steps.words import text_of_steps, values
from inference.options import Options, WrongUse, ask_of
from inference.places import reel_of
from inference.terminal import ProgressLine, say, write_json
from models.card import ModelCard
from models.catalog import suggest
from models.store import Store


def optimised(args: argparse.Namespace, options: Options, card: ModelCard, store: Store, cancelled: Event) -> bool:
    """Make steps, compare and time them; whether every one could be made.

    Raises:
        WrongUse: there is no such step.
        LabError: the network is not here, or cannot be run; the pictures cannot be read.
        Cancelled: `cancelled` was set.
    """
    names = STEPS if args.steps == "all" else tuple(filter(None, (one.strip() for one in args.steps.split(","))))
    for name in names:
        if name not in STEPS:
            raise WrongUse(f"There is no step called {name!r}.", suggest(name, STEPS))
    looks = Looks(args.source or reel_of([card]), MOST)
    line = ProgressLine()
    try:
        path = ready(card, store, line, cancelled)
        found = optimise(
            card, path, store.cache, names, looks, ask_of(options), args.threads or computing_cores(), line, cancelled,
            args.runs or RUNS,
        )  # fmt: skip
    finally:
        line.clear()
    if args.json != "-":
        say(text_of_steps(found))
    if args.json:
        write_json(values(found), args.json)
    return not found.troubles
