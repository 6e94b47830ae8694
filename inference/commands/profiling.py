"""The verb `profile`: what is run, and what is said."""

import argparse
from threading import Event

from inference.backends import NATIVE, backends
from inference.cores import computing_cores
from inference.errors import LabError
from inference.intake.provide import ready
from inference.lab.profile.run import RUNS, profile
from inference.lab.profile.words import text_of_profile, values
from inference.terminal import ProgressLine, say, write_json
from models.card import ModelCard
from models.store import Store


def profiled(args: argparse.Namespace, card: ModelCard, store: Store, cancelled: Event) -> None:
    """Profile one network.

    Raises:
        LabError: it is not here, or nothing can be noted of it.
        Cancelled: `cancelled` was set.
    """
    if card.format in NATIVE:
        raise LabError(
            f"{card.title} runs on {backends()[NATIVE[card.format]].title} as it is, which tells nothing of its nodes.",
            "Profile a network that ONNX Runtime runs.",
        )
    line = ProgressLine()
    try:
        path = ready(card, store, line, cancelled)
        found = profile(card, path, args.threads or computing_cores(), line, cancelled, args.runs or RUNS)
    finally:
        line.clear()
    if args.json != "-":
        say(text_of_profile(found))
    if args.json:
        write_json(values(found), args.json)
