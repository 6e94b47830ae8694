"""`models pack`: models in one file."""

import argparse
from pathlib import Path

from inference.arguments import Parser, store_options
from inference.commands.common import OK, Interruptible, catalogue, options_of, split

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
    """Write it."""
    from inference.shelf import named, open_store, pack_up

    catalog, store = catalogue(), open_store(options_of(args))
    with Interruptible() as cancelled:
        pack_up(Path(args.file), named(split(args.names), catalog), catalog, store, cancelled)
    return OK
