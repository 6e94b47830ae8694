"""`predict`: answer pictures, exactly, with times."""

import argparse

from inference.commands.arguments import Parser, model_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import chosen, options_of

SUMMARY = "Each picture through each model, exact, with times."
EXAMPLES = (
    "predict cat.jpg",
    "predict photos/ --models squeezenet1.1,yolov3-tiny --json answers.json",
    "predict cat.jpg --models mobilenet-v2 --backend opencv --topk 3 --json -",
)


def arguments(parser: Parser) -> None:
    """The pictures, the models, where the report goes."""
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="a picture, or a folder of pictures")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Answer every picture with every model."""
    from inference.commands.predicting import predict
    from inference.options import ask_of
    from inference.terminal import check_target, write_json

    check_target(args.json)
    options = options_of(args)
    specs, catalog, store = chosen(options)
    with Interruptible() as cancelled:
        report, good = predict(
            args.pictures, specs, catalog, store, ask_of(options), cancelled, quiet=args.json == "-"
        )
        if args.json:
            write_json(report, args.json)
    return OK if good else FAILED
