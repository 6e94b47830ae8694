"""`models get`: fetch models now."""

import argparse

from inference.arguments import Parser, store_options
from inference.commands.common import FAILED, OK, Interruptible, catalogue, options_of, split

SUMMARY = "Fetch models now: download, verify, convert."
EXAMPLES = (
    "models get squeezenet1.1 yolov3-tiny",
    "models get resnet50 --mirror /media/stick",
)
NOTE = "Run it again to go on with what was cut off. HF_ENDPOINT names another host for what lies at huggingface.co."


def arguments(parser: Parser) -> None:
    """Which models, and which licences are agreed to."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="as `python app.py models` lists them")
    store_options(parser)
    accept_licence(parser)


def accept_licence(parser: Parser) -> None:
    """The consent that some licences ask for."""
    parser.add_argument(
        "--accept-licence", action="append", default=[], metavar="NAME", help="agree to the licence of this model"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch them."""
    from inference.shelf import agree, fetch, named, open_store

    catalog = catalogue()
    cards = named(split(args.names), catalog)
    with Interruptible() as cancelled:
        agree(named(split(args.accept_licence), catalog))
        return OK if fetch(cards, open_store(options_of(args)), cancelled) else FAILED
