"""The verb `bench`: what it takes from the words, and what it says."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event

import msgspec

from inference.commands.ends import FAILED, INTERRUPTED, OK, Interruptible
from inference.commands.wanted import catalogue
from inference.data import LaneSpec
from inference.errors import Cancelled
from inference.intake.inventory import announce
from inference.lab.bench.pictures import read_pictures
from inference.lab.bench.plan import ROUNDS, SEED, Plan
from inference.lab.bench.report import read_report, to_json
from inference.lab.bench.run import Bench
from inference.lab.bench.running import Progress
from inference.lab.bench.words import text_of_report, troubles
from inference.options import Options, WrongUse, ask_of, lane_specs, open_store
from inference.places import reel_of
from inference.terminal import ProgressLine, check_target, say, write_bytes, write_json
from inference.words import time_text
from models.card import ModelCard
from models.catalog import line_up
from models.lineups import expanded


def measure(args: argparse.Namespace) -> int:
    """Measure and report; after Ctrl+C, what was measured until then."""
    for target in (args.json, args.csv, args.html):
        check_target(target)
    pictures = read_pictures(args.source) if args.source else None
    options = Options(**{
        name: value for name, value in vars(args).items()
        if name in Options.__dataclass_fields__ and name not in ("backend", "threads", "source")
    })  # fmt: skip
    catalog, store = catalogue(), open_store(options)
    specs = tuple(_specs(options, args.backend or (None,), args.threads or (None,), catalog))
    if not specs:
        raise WrongUse("No network is named.", "Name some with --models; `python app.py models` lists them.")
    pictures = pictures or read_pictures(reel_of(catalog[spec.model] for spec in specs))
    if not options.offline:
        for line in announce((catalog[spec.model] for spec in specs), store):
            say(line, sys.stderr)
    plan = Plan(
        specs, args.rounds or ROUNDS, SEED if args.seed is None else args.seed, together=not args.no_together,
        memory=not args.no_memory, ask=ask_of(options),
    )  # fmt: skip
    progress, cut = ProgressLine(plain=args.json != "-"), False

    def tell(now: Progress) -> None:
        left = f", about {time_text(now.seconds_left)} left" if now.seconds_left is not None else ""
        progress(now.words if not sys.stderr.isatty() else now.words + left, now.part)

    cancelled = Event()
    bench = Bench(plan, catalog, store, pictures, cancelled, tell)
    try:
        with progress, Interruptible(cancelled):
            bench.go()
    except (KeyboardInterrupt, Cancelled):
        cut = True
    report = bench.report()   # raises Cancelled where there is nothing to report
    if args.json != "-":
        say(text_of_report(report))
    for trouble in troubles(report):
        say(trouble, sys.stderr)
    if args.json == "-":
        write_json(msgspec.to_builtins(report), "-")
    elif args.json:
        write_bytes(to_json(report), args.json)
    if args.csv:
        write_bytes(bench.sheet(), args.csv)
    if args.html:
        from inference.lab.bench.page import page  # imports plotly

        write_bytes(page(report).encode(), args.html)
    return INTERRUPTED if cut else FAILED if troubles(report) else OK


def compare(old: str, new: str, allowed: float | None) -> bool:
    """Say what changed; whether nothing became slower than is allowed, a share."""
    from inference.lab.bench.compare import changes, text_of_changes, too_slow

    before, after = read_report(Path(old)), read_report(Path(new))
    found = changes(before, after)
    say(text_of_changes(found, allowed))
    return allowed is None or not too_slow(found, allowed)


def _specs(
    options: Options, backends: tuple[str | None, ...], threads: tuple[int | None, ...],
    catalog: Mapping[str, ModelCard],
) -> Iterator[LaneSpec]:  # fmt: skip
    """Each network once on each backend and with each number of threads; what its name says is not varied."""
    for name in expanded(options.models or line_up(catalog)):
        seen: set[LaneSpec] = set()
        for backend in backends:
            for count in threads:
                (spec,) = lane_specs(replace(options, backend=backend, threads=count), [name], catalog)
                if spec not in seen:
                    seen.add(spec)
                    yield spec
