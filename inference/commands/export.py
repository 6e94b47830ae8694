"""`export`: a network for another system, proven to be the same."""

import argparse
from pathlib import Path

from inference.commands.arguments import Parser, one_of, store_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.models_get import accept_licence, agree
from inference.commands.wanted import catalogue, options_of, split
from inference.export.settings import FORMATS, NMS, PRECISIONS, TARGETS, ExportSettings

SUMMARY = "Hand networks to another system, proven to be the same networks."
EXAMPLES = (
    "export squeezenet1.1 --to coreml",
    "export mobilenet-v2 --to coreml --precision int8 --target iOS17 --out ~/Desktop",
    "export squeezenet1.1 --to coreml --all-precisions",
    "export yolov3-tiny --to coreml --nms pipeline",
    "export squeezenet1.1 efficientnet-lite0 --to ios",
)
SYSTEMS = ("coreml", "ios")
NOTE = (
    "coreml: each network gets a folder with its package, a report, and a program that asks Core ML on a Mac. "
    "ios: all of them go into one Xcode project, an app that compares them on a phone."
)


def arguments(parser: Parser) -> None:
    """Which networks, as what, where to."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="as `python app.py models` lists them")
    parser.add_argument("--to", required=True, type=one_of("system", SYSTEMS), metavar="|".join(SYSTEMS),
                        help="the system that it is for")  # fmt: skip
    parser.add_argument("--out", default="export", metavar="DIR", help="a folder for it (export)")
    parser.add_argument("--precision", type=one_of("precision", PRECISIONS), metavar="|".join(PRECISIONS),
                        help="of the weights (fp16)")  # fmt: skip
    parser.add_argument("--all-precisions", action="store_true", help="every one, in one table")
    parser.add_argument("--target", type=one_of("target", TARGETS), default="iOS16", metavar="|".join(TARGETS),
                        help="the oldest system that it runs on (iOS16)")  # fmt: skip
    parser.add_argument("--format", type=one_of("format", FORMATS), default="mlpackage", metavar="|".join(FORMATS),
                        help="mlmodel runs from iOS 13 on (mlpackage)")  # fmt: skip
    parser.add_argument("--nms", type=one_of("form", NMS), default="none", metavar="|".join(NMS),
                        help="pipeline: overlapping boxes are suppressed inside (none)")  # fmt: skip
    parser.add_argument("--pictures", metavar="FOLDER", help="to compare on (the sample reel)")
    parser.add_argument("--replace", action="store_true", help="a folder that is there already goes")
    parser.add_argument("--json", metavar="FILE", help="write all figures; - for stdout")
    accept_licence(parser)
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Export each; one that fails does not stop the others, but for those that go into one app."""
    from inference.commands.exporting import export_all
    from inference.options import WrongUse, named, open_store
    from inference.terminal import check_target, write_json

    if args.all_precisions and args.precision:
        raise WrongUse("--all-precisions and --precision do not go together.", "Choose one of them.")
    settings = ExportSettings.chosen(args.precision, args.all_precisions, args.target, args.format, args.nms)
    check_target(args.json)
    catalog = catalogue()
    cards = named(split(args.names), catalog)
    pictures = Path(args.pictures) if args.pictures else None
    with Interruptible() as cancelled:
        agree(named(split(args.accept_licence), catalog))
        values, good = export_all(
            cards, open_store(options_of(args)), Path(args.out).expanduser(), settings, pictures, cancelled,
            replace=args.replace, quiet=args.json == "-", app=args.to == "ios",
        )  # fmt: skip
        if args.json:
            write_json(values, args.json)
    return OK if good else FAILED
