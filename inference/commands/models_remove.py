"""`models remove`: give the disk back."""

import argparse

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import OK
from inference.commands.wanted import catalogue, options_of, split

SUMMARY = "Remove models from this disk; your own with their cards."
EXAMPLES = (
    "models remove my-net",
    "models remove resnet50            its files; the card stays, as it is built in",
)


def arguments(parser: Parser) -> None:
    """Which models."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="as `python app.py models` lists them")
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Take them away; those of the user's own with their cards."""
    from inference.intake.adding import remove, remove_files
    from inference.options import named, open_store
    from inference.terminal import say
    from models.user_cards import is_own

    catalog, store = catalogue(), open_store(options_of(args))
    for card in named(split(args.names), catalog):
        if is_own(card):
            remove(card, store, catalog)
            say(f"{card.title} is removed, with its card.")
        else:
            remove_files(card, store, (other for other in catalog.values() if other.name != card.name))
            say(f"{card.title} is removed; its card stays.")
    return OK
