"""`evaluate`: how right networks are on digits that are labelled."""

import argparse
from dataclasses import replace

from inference.commands.arguments import Parser, model_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import chosen, options_of
from models.lineups import expanded

SUMMARY = "How right networks are on labelled digits: share, interval, each digit, pictures a second."
EXAMPLES = (
    "evaluate --data mnist/",
    "evaluate --models digits,mnist --data mnist/ --set t10k --json digits.json",
)
NOTE = "The folder holds idx files as MNIST's: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, .gz or not."


def arguments(parser: Parser) -> None:
    """The networks, the digits, where the report goes."""
    parser.add_argument("--data", required=True, metavar="FOLDER", help="idx files of digits and their labels")
    parser.add_argument("--set", default="", metavar="NAME", help="of several sets the one whose files begin so")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Answer every digit with every network, and count."""
    from inference.commands.evaluating import evaluated
    from inference.terminal import check_target, write_json

    check_target(args.json)
    options = options_of(args)
    if not options.models:
        options = replace(options, models=expanded(["digits"]))
    specs, catalog, store = chosen(options)
    with Interruptible() as cancelled:
        report, good = evaluated(
            args.data, args.set, specs, catalog, store, cancelled, quiet=args.json == "-"
        )
        if args.json:
            write_json(report, args.json)
    return OK if good else FAILED
