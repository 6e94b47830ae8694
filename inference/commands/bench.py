"""`bench`: networks measured one beside the other, and two reports compared."""

import argparse

from inference.commands.arguments import Parser, model_options, percent, whole
from inference.commands.ends import FAILED, OK
from inference.options import WrongUse

SUMMARY = "How many times as fast one network is as another, here: rounds, intervals, together, memory."
EXAMPLES = (
    "bench --models squeezenet1.1,resnet50,mobilenet-v2",
    "bench --models builtin --source photos/ --rounds 60 --html report.html --json report.json",
    "bench --models squeezenet1.1 --threads 1,2 --backend onnxruntime,opencv",
    "bench --models squeezenet1.1@coreml/fp16,squeezenet1.1@coreml/int8",
    "bench --compare monday.json today.json --fail-above 5%",
)
NOTE = (
    "With --compare nothing is measured; it returns 1 where a network became slower than --fail-above allows,\n"
    "beyond noise. docs/bench.md says what is done, and what each field of a report means."
)
MEASURES = ("models", "source", "rounds", "json", "csv", "html", "threads", "backend", "providers", "seed")


def arguments(parser: Parser) -> None:
    """The networks, the pictures, the rounds, where reports go."""
    model_options(parser, several=True)
    parser.add_argument("--source", metavar="S", help="a folder of pictures, a picture, a video, or reel (reel)")
    parser.add_argument("--rounds", type=whole(1, 100_000), metavar="N", help="turns of each network (30)")
    parser.add_argument("--seed", type=whole(0), metavar="N", help="of the order of turns (1)")
    parser.add_argument("--no-together", action="store_true", help="do not run them at the same time")
    parser.add_argument("--no-memory", action="store_true", help="do not measure the memory of each")
    parser.add_argument("--json", metavar="FILE", help="write the report; - for stdout")
    parser.add_argument("--csv", metavar="FILE", help="write every run")
    parser.add_argument("--html", metavar="FILE", help="write a page with plots: one file, no network")
    parser.add_argument("--compare", nargs=2, metavar=("OLD", "NEW"), help="what changed between two reports")
    parser.add_argument("--fail-above", type=percent, metavar="P%", help="with --compare: the slowing that is allowed")


def run(args: argparse.Namespace) -> int:
    """Measure and report, or compare."""
    from inference.commands.benching import compare, measure

    if not args.compare:
        if args.fail_above is not None:
            raise WrongUse("--fail-above belongs to --compare.", "Name two reports: --compare OLD.json NEW.json")
        return measure(args)
    if given := [f"--{name}" for name in MEASURES if getattr(args, name) is not None]:
        raise WrongUse(f"{' and '.join(given)} belongs to a bench that measures.", "Leave it out with --compare.")
    return OK if compare(args.compare[0], args.compare[1], args.fail_above) else FAILED
