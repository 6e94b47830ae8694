"""`models remove`: give the disk back."""

import argparse

from inference.arguments import Parser, store_options
from inference.commands.common import OK, catalogue, options_of, split

SUMMARY = "Remove models from this disk; your own with their cards."
EXAMPLES = (
    "models remove my-net",
    "models remove resnet50            its files; the card stays, as it is built in",
)


def arguments(parser: Parser) -> None:
    """Which models."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="as `python app.py models` lists them")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Take them away."""
    from inference.shelf import named, open_store, take_away

    catalog = catalogue()
    take_away(named(split(args.names), catalog), catalog, open_store(options_of(args)))
    return OK
