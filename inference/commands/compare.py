"""`compare`: how often networks agree on the same pictures, and on which they do not."""

import argparse

from inference.commands.arguments import Parser, model_options, whole
from inference.commands.ends import FAILED, INTERRUPTED, OK, Interruptible
from inference.commands.wanted import chosen, options_of

SUMMARY = "How often networks agree on your pictures, and on which they differ: best label, five, scores, boxes."
EXAMPLES = (
    "compare --models squeezenet1.1,mobilenet-v2,resnet50 --source holiday/",
    "compare --models squeezenet1.1@onnxruntime,squeezenet1.1@opencv --source street.mp4 --html agree.html",
    "compare --models detectors --source street.mp4 --pictures 500 --json agree.json",
)
NOTE = "The source is a folder of pictures, a picture, a video, a recording, or reel. It needs no labels."
MOST = 100_000   # pictures


def arguments(parser: Parser) -> None:
    """The networks, the pictures, where the report goes."""
    parser.add_argument("--source", metavar="S", help="a folder, a picture, a video, a recording, reel (reel)")
    parser.add_argument("--pictures", type=whole(1, MOST), metavar="N", help="so many of them, evenly apart (200)")
    parser.add_argument("--json", metavar="FILE", help="write the report; - for stdout")
    parser.add_argument("--html", metavar="FILE", help="write a page with the pictures on which they differ")
    model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Show every picture to every network, and count."""
    from inference.commands.comparing import compared

    options = options_of(args)
    specs, catalog, store = chosen(options)
    with Interruptible() as cancelled:
        good = compared(args, options, specs, catalog, store, cancelled)
        return INTERRUPTED if cancelled.is_set() else OK if good else FAILED
