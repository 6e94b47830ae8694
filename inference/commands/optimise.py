"""`optimise`: what each step of optimising a network changes, and what it is worth on this machine."""

import argparse

from inference.commands.arguments import Parser, store_options, whole
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import chosen_one

SUMMARY = "A network after each step of optimisation: nodes, size, time, largest difference, the same answers."
EXAMPLES = (
    "optimise squeezenet1.1 --steps all --json steps.json",
    "optimise mobilenet-v2 --steps fused,int8 --source photos/",
    "optimise yolov3-tiny --threads 1 --runs 200",
)
NOTE = (
    "The steps: raw, folded (constants), bn (batch norm), fused, fp16 (of bn), int8 (of bn: weights signed, what\n"
    "flows between unsigned, its ranges those of --source). Lanes have what was calibrated last: name@steps/int8."
)


def arguments(parser: Parser) -> None:
    """The network, the steps, the pictures, where the report goes."""
    parser.add_argument("name", metavar="NAME", help="as `python app.py models` lists them")
    parser.add_argument("--steps", default="all", metavar="A,B", help="raw, folded, bn, fused, fp16, int8 (all)")
    parser.add_argument("--source", default="", metavar="S", help="pictures: a folder, a video, a recording (samples)")
    parser.add_argument("--threads", type=whole(1, 256), metavar="N", help="(all cores)")
    parser.add_argument("--runs", type=whole(5, 100_000), metavar="N", help="of each step (60)")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Make the steps of a network and say what they are worth."""
    from inference.commands.optimising import optimised
    from inference.terminal import check_target

    check_target(args.json)
    options, card, store = chosen_one(args)
    with Interruptible() as cancelled:
        good = optimised(args, options, card, store, cancelled)
    return OK if good else FAILED
