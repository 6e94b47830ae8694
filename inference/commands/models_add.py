"""`models add`: a model of one's own."""

import argparse
from pathlib import Path

from inference.arguments import Parser, store_options
from inference.commands.common import OK, Interruptible, options_of

SUMMARY = "Add a model of your own; its card is proposed from the file."
EXAMPLES = (
    "models add net.onnx",
    "models add net.onnx --labels names.txt --name my-net",
    "models add yolo.cfg yolo.weights",
)
NOTE = "What the file does not say is guessed, and named; the X-ray pane (X) shows whether it is right."


def arguments(parser: Parser) -> None:
    """The files, and what they do not say."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help=".onnx; .cfg + .weights; .prototxt + .caffemodel; .mlmodel; .mlpackage; .pb",
    )
    parser.add_argument("--labels", metavar="FILE", help="its labels, one a line (those of the file, or that fit)")
    parser.add_argument("--name", default="", metavar="N", help="what to call it (as the file)")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read, try and keep it."""
    from inference.shelf import add_own, open_store

    labels = Path(args.labels) if args.labels else None
    with Interruptible() as cancelled:
        add_own([Path(name) for name in args.files], args.name, labels, open_store(options_of(args)), cancelled)
    return OK
