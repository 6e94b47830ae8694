"""`profile`: where the time of one answer goes, operator by operator."""

import argparse

from inference.commands.arguments import Parser, store_options, whole
from inference.commands.ends import OK, Interruptible
from inference.commands.wanted import chosen_one

SUMMARY = "Where the time of one answer goes: each operator, its multiply-adds, and what this machine could do."
EXAMPLES = (
    "profile squeezenet1.1",
    "profile vgg16 --threads 1 --json vgg.json",
)
NOTE = "On ONNX Runtime, on a copy of the session: the one that is timed is not the one that is noted."


def arguments(parser: Parser) -> None:
    """The network, how it runs, where the report goes."""
    parser.add_argument("name", metavar="NAME", help="as `python app.py models` lists them")
    parser.add_argument("--threads", type=whole(1, 256), metavar="N", help="(all cores)")
    parser.add_argument("--runs", type=whole(5, 100_000), metavar="N", help="of each session (60)")
    parser.add_argument("--json", metavar="FILE", help="write every operator; - for stdout")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Profile a network and say what was found."""
    from inference.commands.profiling import profiled
    from inference.terminal import check_target

    check_target(args.json)
    _, card, store = chosen_one(args)
    with Interruptible() as cancelled:
        profiled(args, card, store, cancelled)
    return OK
