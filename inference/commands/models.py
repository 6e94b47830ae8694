"""`models`: which models there are."""

import argparse

from inference.arguments import Parser, store_options
from inference.commands.common import OK, Interruptible, catalogue, options_of

SUMMARY = "Which models there are, and which of them are here."
EXAMPLES = (
    "models                            a table",
    "models --json                     the same for programs",
    "models get squeezenet1.1          fetch, verify and convert it now",
    "models add net.onnx               a model of your own",
    "models remove net                 and away with it",
    "models pack venue.zip             what is here, in one file for a place without a network",
    "models unpack venue.zip           take it in there",
)


def arguments(parser: Parser) -> None:
    """Where the files lie, and for whom the list is."""
    parser.add_argument("--json", action="store_true", help="for programs, to stdout")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """List them."""
    from inference.report import say, write_json
    from inference.shelf import listing, listing_text, open_store

    with Interruptible():
        rows = listing(catalogue(), open_store(options_of(args)))
        if args.json:
            write_json(rows, "-")
        else:
            say(listing_text(rows))
    return OK
