"""`models unpack`: take the models of a pack in."""

import argparse
from pathlib import Path

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import OK, Interruptible
from inference.commands.wanted import options_of

SUMMARY = "Take the models of a pack in."
EXAMPLES = ("models unpack venue.zip",)


def arguments(parser: Parser) -> None:
    """The file to read."""
    parser.add_argument("file", metavar="FILE.zip", help="a pack that `models pack` has written")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check and keep what is in it."""
    from inference.options import open_store
    from inference.terminal import ProgressLine, say
    from models.pack import unpack

    path, store = Path(args.file), open_store(options_of(args))
    with Interruptible() as cancelled, ProgressLine(plain=True) as progress:
        new = unpack(path, store, progress, cancelled)
    say(f"New here from {path.name}: {new} {'file' if new == 1 else 'files'}, verified by sha256.")
    return OK
