"""`live`: the live pipeline, in the window or, measured, without one."""

import argparse
import sys

from inference.commands.arguments import Parser, model_options, real, source_options, whole, window_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import chosen, for_window, options_of
from inference.options import Options, WrongUse

SUMMARY = "The live pipeline; with --headless without a window, measured."
EXAMPLES = (
    "live --headless --source reel --frames 100",
    "live --headless --source cats.mp4 --models squeezenet1.1,resnet50 --mode turns --json run.json",
    "live --headless --source 0 --seconds 30 --mode together",
    "live --headless --source cats.mp4 --once --frames 100000",
)
HEADLESS_ONLY = ("frames", "seconds", "once", "json")


def arguments(parser: Parser) -> None:
    """The source, the models, and when a run without a window ends."""
    parser.add_argument("--headless", action="store_true", help="no window; ends by itself and reports")
    source_options(parser)
    model_options(parser)
    parser.add_argument(
        "--frames", type=whole(1), metavar="N", help="until every lane has answered N frames (100, without --seconds)"
    )
    parser.add_argument("--seconds", type=real(0.001), metavar="T", help="at most so long, once all are loaded")
    parser.add_argument("--once", action="store_true", default=None, help="end with the file or folder: no loop")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    window_options(parser)


def run(args: argparse.Namespace) -> int | Options:
    """Measure and report; without --headless the window does it."""
    options = options_of(args)
    if not args.headless:
        if given := [f"--{name}" for name in HEADLESS_ONLY if getattr(args, name) is not None]:
            raise WrongUse(f"{' and '.join(given)} belongs to a run without a window.", "Add --headless.")
        return for_window(options)
    from inference.commands.headless import Limits, Run, report_text, troubles
    from inference.data import Mode
    from inference.intake.provide import loader
    from inference.live.sources import parse_source
    from inference.options import ask_of
    from inference.terminal import check_target, say, write_json

    check_target(args.json)
    specs, catalog, store = chosen(options)
    with Interruptible():
        work = Run(
            loader(catalog, store),
            specs,
            parse_source(options.source or "auto", loop=not args.once),
            Limits(args.frames or (None if args.seconds else 100), args.seconds),
            mode=Mode(options.mode) if options.mode else None,
            ask=ask_of(options),
            mirror=bool(options.mirror_picture),
        )
        report = work.go()
        if args.json != "-":
            say(report_text(report))
        for trouble in troubles(report):
            say(trouble, sys.stderr)
        if args.json:
            write_json(report, args.json)
    return OK if report["ok"] else FAILED
