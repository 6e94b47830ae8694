"""`models pack`: models in one file."""

import argparse
from pathlib import Path

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import OK, Interruptible
from inference.commands.wanted import catalogue, options_of, split

SUMMARY = "Put models into one file, for a place without a network."
EXAMPLES = (
    "models pack venue.zip                    every model that is here",
    "models pack venue.zip yolov3-tiny mnist  only these",
)


def arguments(parser: Parser) -> None:
    """The file to write, and which models."""
    parser.add_argument("file", metavar="FILE.zip", help="the pack to write")
    parser.add_argument("names", nargs="*", metavar="NAME", help="models; all that are here unless given")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write a pack of these models, or of all that are here."""
    from inference.options import named, open_store
    from inference.terminal import ProgressLine, say
    from inference.words import size_text
    from models.errors import StoreError
    from models.pack import pack

    path, catalog, store = Path(args.file), catalogue(), open_store(options_of(args))
    cards = named(split(args.names), catalog)
    if not cards:
        cards = [card for card in catalog.values() if card.files and not store.missing(card)]
    if not cards:
        raise StoreError("No model is here yet.", "Fetch some first: python app.py models get NAME")
    with Interruptible() as cancelled, ProgressLine(plain=True) as progress:
        files = pack(path, cards, store, progress, cancelled)
    models = "1 model" if len(cards) == 1 else f"{len(cards)} models"
    say(f"{path} holds {models} ({files} {'file' if files == 1 else 'files'}, {size_text(path.stat().st_size)}).")
    return OK
