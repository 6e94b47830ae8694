"""The verb `compare`: what is opened, and what is said."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from threading import Event

from inference.commands.predicting import open_all
from inference.data import LaneSpec
from inference.lab.agreement.kept import remember_agreement
from inference.lab.agreement.run import MOST, Progress, compare
from inference.lab.agreement.words import text_of_report, values
from inference.lab.looks import Looks
from inference.options import Options, WrongUse, ask_of
from inference.places import reel_of
from inference.terminal import ProgressLine, check_target, complain, say, write_bytes, write_json
from models.card import ModelCard
from models.store import Store


def compared(
    args: argparse.Namespace, options: Options, specs: Sequence[LaneSpec], catalog: Mapping[str, ModelCard],
    store: Store, cancelled: Event,
) -> bool:  # fmt: skip
    """Compare and report; after Ctrl+C, what was counted until then. Whether everything went well.

    Raises:
        WrongUse: it is fewer than two networks.
        LabError: the pictures cannot be read.
        Cancelled: before the first picture.
    """
    for target in (args.json, args.html):
        check_target(target)
    if len(specs) < 2:
        raise WrongUse("One network agrees with itself.", "Name two or more with --models.")
    looks = Looks(args.source or reel_of(catalog[spec.model] for spec in specs), args.pictures or MOST)
    opened, troubles = open_all(specs, catalog, store, cancelled)
    for trouble in troubles:
        complain(trouble)
    line = ProgressLine()

    def tell(at: Progress) -> None:
        line(f"Picture {at.done + 1}" + (f" of {at.of}" if at.of else ""), at.done / max(1, at.of))

    try:
        report = compare(opened, looks, ask_of(options), tell, cancelled).report()
        remember_agreement(store, report, catalog)
    finally:
        line.clear()
    if args.json != "-":
        say(text_of_report(report))
    for told in report.troubles:
        say(told, sys.stderr)
    if args.json:
        write_json(values(report), args.json)
    if args.html:
        from inference.lab.agreement.page import page

        write_bytes(page(report).encode(), args.html)
    return not troubles and not report.troubles
