"""`models unpack`: take the models of a pack in."""

import argparse
from pathlib import Path

from inference.arguments import Parser, store_options
from inference.commands.common import OK, Interruptible, options_of

SUMMARY = "Take the models of a pack in."
EXAMPLES = ("models unpack venue.zip",)


def arguments(parser: Parser) -> None:
    """The file to read."""
    parser.add_argument("file", metavar="FILE.zip", help="a pack that `models pack` has written")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check and keep what is in it."""
    from inference.shelf import open_store, take_in

    with Interruptible() as cancelled:
        take_in(Path(args.file), open_store(options_of(args)), cancelled)
    return OK
