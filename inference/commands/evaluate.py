"""`evaluate`: how right networks are on pictures that are labelled."""

import argparse
from dataclasses import replace

from inference.commands.arguments import Parser, model_options, whole
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import chosen, options_of
from inference.options import WrongUse
from models.lineups import expanded

MOST_JOBS = 64

SUMMARY = "How right networks are on labelled pictures: best label, interval, each class; mAP of boxes."
EXAMPLES = (
    "evaluate --models squeezenet1.1,mobilenet-v2 --data validation/ --resume",
    "evaluate --models squeezenet1.1 --data pictures.csv --json right.json",
    "evaluate --models yolov3-tiny --data annotations/instances_val2017.json",
    "evaluate --models resnet50 --data validation/ --jobs 4 --resume",
    "evaluate --models vgg16 --data /shared/validation --scheduler tcp://10.0.0.5:8786",
    "evaluate --models digits,mnist --data mnist/ --set t10k --json digits.json",
)
NOTE = (
    "The data are a folder with one folder a class, called as it; a CSV file with a picture and its class in a row;\n"
    "a COCO file for detectors, with its pictures beside it or in images; "
    "or idx files as MNIST's, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, .gz or not (the digits' networks).\n"
    "On many machines: pip install -r requirements-cluster.txt, python -m dask scheduler on one, and on each, in\n"
    "Lineup's folder, python -m dask worker ADDRESS --nthreads 1 --nworkers 4; pictures have the same path everywhere."
)


def arguments(parser: Parser) -> None:
    """The networks, the pictures, where the report goes."""
    parser.add_argument("--data", required=True, metavar="DATA", help="a folder of classes, CSV, COCO or idx files")
    parser.add_argument("--set", default="", metavar="NAME", help="of several sets of idx files the one")
    parser.add_argument("--resume", action="store_true", help="go on where an earlier run was ended")
    parser.add_argument("--jobs", type=whole(1, MOST_JOBS), default=1, metavar="N", help="processes that answer (1)")
    parser.add_argument("--scheduler", default="", metavar="ADDRESS", help="of Dask, whose workers answer: tcp://…:8786")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Answer every picture with every network, and count."""
    from inference.commands.evaluating import Answerers, evaluated
    from inference.terminal import check_target, write_json

    check_target(args.json)
    if args.scheduler and args.jobs > 1:
        raise WrongUse("--jobs and --scheduler do not go together.", "A cluster has as many as it has workers.")
    options = options_of(args)
    if not options.models:
        options = replace(options, models=expanded(["digits"]))
    specs, catalog, store = chosen(options)
    answerers = Answerers(options, args.jobs, args.scheduler)
    with Interruptible() as cancelled, answerers.opened(cancelled):
        report, good = evaluated(
            args.data, args.set, specs, catalog, store, cancelled, quiet=args.json == "-", resume=args.resume,
            answerers=answerers,
        )
        if args.json:
            write_json(report, args.json)
    return OK if good else FAILED
