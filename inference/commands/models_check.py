"""`models check`: is a card's recipe the best one?"""

import argparse
import sys

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.models_add import examples_option
from inference.commands.wanted import catalogue, options_of

SUMMARY = "Try other recipes on a network, and say whether its card has the best one."
EXAMPLES = (
    "models check squeezenet1.1",
    "models check my-net --examples pictures/",
)
NOTE = (
    "It ends with 1 where another recipe is better. Without examples the sample pictures count, for networks that have "
    "words for them; for others it tells how sure the network is, which is a guess."
)
SHOWN = 8   # candidates in the table


def arguments(parser: Parser) -> None:
    """The model, and pictures of one's own."""
    parser.add_argument("name", metavar="NAME", help="as `python app.py models` lists them")
    examples_option(parser)
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Open the network, try every recipe, print the best and the card's own."""
    from inference.backends import Engine, usual_backend
    from inference.cores import usable_cores
    from inference.intake.finder import FIT_ALIKE, slack_of
    from inference.intake.finding import find, told
    from inference.intake.inventory import announce
    from inference.intake.provide import open_network
    from inference.options import named, open_store
    from inference.terminal import ProgressLine, say, table
    from inference.xray import recipe

    (card,) = named([args.name], catalogue())
    with Interruptible() as cancelled:
        store = open_store(options_of(args))
        for line in announce([card], store):
            say(line, sys.stderr)
        with ProgressLine(plain=True) as progress:
            network = open_network(
                card, store, usual_backend(card), lambda: Engine(threads=usable_cores()), progress, cancelled
            )
            try:
                finding = find(network, examples=args.examples, every=True, report=progress, cancelled=cancelled)
            finally:
                network.stop()
    usual = finding.usual
    lines = [("", "RECIPE", "SCORE", "PICTURES")]
    for trial in (*finding.trials[:SHOWN], *([usual] if usual not in finding.trials[:SHOWN] else [])):
        mark = "*" if trial is usual else ""
        lines.append((mark, trial.title, f"{trial.score:.3f}", str(len(trial.scores))))
    say(table(lines, right=(2, 3)))
    say(f"* the card's: {recipe(card.input)}.")
    if not finding.found:
        say(told(finding, card))
        return FAILED
    best = max(t.score for t in finding.trials if len(t.scores) == finding.pictures)
    slack = slack_of(finding.pictures, known=finding.known)
    if usual.input.fit != finding.chosen.input.fit or usual.input.share != finding.chosen.input.share:
        slack = max(slack, FIT_ALIKE)
    if len(usual.scores) == finding.pictures and usual.score >= best - slack:
        say(f"The recipe of {card.title} is the best of {len(finding.trials)}, or as good.")
        return OK
    say(told(finding, card))
    return OK if not finding.known else FAILED
