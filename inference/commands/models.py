"""`models`: which models there are."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import OK, Interruptible
from inference.commands.wanted import catalogue, options_of

SUMMARY = "Which models there are, and which of them are here."
EXAMPLES = (
    "models                            a table",
    "models --json                     the same for programs",
    "models get squeezenet1.1          fetch, verify and convert it now",
    "models add net.onnx               a model of your own",
    "models check net                  whether its recipe is the best one",
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
    from inference.intake.inventory import listing
    from inference.options import open_store
    from inference.terminal import say, write_json

    with Interruptible():
        rows = listing(catalogue(), open_store(options_of(args)))
        if args.json:
            write_json(rows, "-")
        else:
            say(_text(rows))
    return OK


def _text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The listing as a table for people."""
    from inference.terminal import table
    from inference.words import count_text, size_text

    lines = [("NAME", "TITLE", "FAMILY", "TASK", "PARAMETERS", "SIZE", "LICENCE", "WHERE")]
    for row in rows:
        where = (
            "here"
            if row["here"]
            else "not here yet: " + ", ".join(dict.fromkeys(str(m["from"]) for m in row["missing"]))
        )
        lines.append(
            (row["name"], row["title"], row["family"], row["task"], count_text(row["parameters"]),
             size_text(row["bytes"]), row["licence"], where)
        )  # fmt: skip
    return table(lines, right=(4, 5))
