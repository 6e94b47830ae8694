"""`models get`: fetch models now."""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import catalogue, options_of, split
from models.errors import LabError

if TYPE_CHECKING:
    from models.card import ModelCard

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


def agree(cards: "Iterable[ModelCard]") -> None:
    """Remember that the user agrees to the licences of these models.

    Raises:
        StoreError: it cannot be noted.
    """
    from inference.terminal import say
    from models.catalog import config_folder
    from models.licence import accept, accepted, demand

    for card in cards:
        if not accepted(card, config_folder()):
            accept(card, config_folder())
            say(f"Agreed to {card.licence or 'the unknown licence'} for {card.title}, which {demand(card.licence)}.")


def run(args: argparse.Namespace) -> int:
    """Get each ready to run: fetch, verify, convert. A failure is said and the others go on."""
    from inference.intake.inventory import announce
    from inference.intake.provide import ready
    from inference.options import named, open_store
    from inference.terminal import ProgressLine, complain, say

    catalog = catalogue()
    cards = named(split(args.names), catalog)
    code = OK
    with Interruptible() as cancelled:
        agree(named(split(args.accept_licence), catalog))
        store = open_store(options_of(args))
        for line in announce(cards, store):
            say(line, sys.stderr)
        for card in cards:
            try:
                with ProgressLine(plain=True) as progress:
                    path = ready(card, store, progress, cancelled)
            except LabError as error:
                complain(error)
                code = FAILED
            else:
                say(f"{card.title} is here: {path}")
    return code
