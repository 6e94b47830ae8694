"""`models add`: a model of one's own."""

import argparse
from pathlib import Path

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import OK, Interruptible
from inference.commands.wanted import options_of
from inference.formats import endings_text

SUMMARY = "Add a model of your own; its card is proposed from the file."
EXAMPLES = (
    "models add net.onnx",
    "models add net.onnx --labels names.txt --name my-net",
    "models add yolo.cfg yolo.weights",
    "models add net.onnx --examples pictures/      its recipe found by pictures of your own",
)
NOTE = "What the file does not say is guessed, and named; the X-ray pane (X) shows whether it is right."


def arguments(parser: Parser) -> None:
    """The files, and what they do not say."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help=endings_text(),
    )
    parser.add_argument("--labels", metavar="FILE", help="its labels, one a line (those of the file, or that fit)")
    parser.add_argument("--name", default="", metavar="N", help="what to call it (as the file)")
    parser.add_argument(
        "--size", nargs=2, type=side, metavar=("H", "W"), help="height and width, px, where the file leaves them open"
    )
    examples_option(parser)
    parser.add_argument("--as-guessed", action="store_true", help="do not look for its recipe on the sample pictures")
    store_options(parser)


def side(text: str) -> int:
    """Of a picture, px.

    Raises:
        ArgumentTypeError: none of that length is possible.
    """
    from models.card import LARGEST_SIDE

    if not text.isdecimal() or not 1 <= int(text[:9]) <= LARGEST_SIDE:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not 1 to {LARGEST_SIDE} px")
    return int(text)


def examples_option(parser: Parser) -> None:
    """Pictures of the user's own whose classes are known."""
    parser.add_argument(
        "--examples", type=Path, metavar="FOLDER",
        help="pictures to find the recipe by: one folder a class, or a CSV with a picture and its class a line",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read, try and keep each model that these files make, and say what was guessed."""
    from inference.formats import models_in
    from inference.intake.adding import Wanted, add
    from inference.intake.guesses import guessed_text
    from inference.options import WrongUse, open_store
    from inference.terminal import ProgressLine, say
    from models.catalog import user_cards

    labels = Path(args.labels) if args.labels else None
    with Interruptible() as cancelled:
        store = open_store(options_of(args))
        found = models_in([Path(name) for name in args.files])
        if len(found) > 1 and (args.name or labels or args.examples):
            what = "name" if args.name else "list of labels" if labels else "set of examples"
            raise WrongUse(f"These are {len(found)} models, and one {what}.", "Add them one by one.")
        for model, beside in found:
            with ProgressLine(plain=True) as progress:
                wanted = Wanted(
                    args.name, labels or beside, tuple(args.size) if args.size else None, args.examples,
                    find=not args.as_guessed,
                )  # fmt: skip
                told: list[str] = []
                card = add(model, store, wanted, report=progress, tell=told.append, cancelled=cancelled)
            what = "labels" if card.task == "classify" else "boxes"
            height, width = card.input.size
            say(f"{card.name} is added: {what}, {width}×{height} {card.input.order}, decoder {card.decoder}.")
            for sentence in told:
                say(sentence)
            if card.guessed:
                say(f"Guessed: {guessed_text(card)}. Check them in {user_cards() / card.name}.toml.")
    return OK
