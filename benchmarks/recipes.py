"""The recipe finder on networks whose recipe is hidden from it, and how long a model of one's own takes to answer."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter

from benchmarks.table import Row, at_least, at_most
from inference.backends import Engine, usual_backend
from inference.cores import usable_cores
from inference.data import Ask, Frame
from inference.intake.finder import Trial, score_of, slack_of
from inference.intake.finding import find
from inference.intake.inventory import missing
from inference.intake.known import known_samples
from inference.intake.propose import propose
from inference.intake.provide import ready
from inference.options import Options, open_store
from inference.recogniser import Recogniser
from inference.xray import recipe
from models.card import ModelCard
from models.catalog import load_catalog
from models.store import Store

KNOWN_LISTS = ("imagenet_1000.txt", "imagenet_1001.txt", "coco_80.txt", "coco_90.txt")
OF_TEN = 9
SECONDS, ADD_S = 10.0, 2.0
ADDED = 7            # times
ADDED_BYTES = 16e6   # of the file whose adding is timed: the largest at hand below it


def recipes(_network: str) -> tuple[list[Row], str]:
    """Every network of ImageNet or COCO that is here, its card kept from the finder."""
    store = open_store(Options())
    cards = [card for card in load_catalog().values() if card.labels in KNOWN_LISTS and not missing(card, store)]
    lines = ["| network | its card | found, by the samples alone | score | the card's | s | |",
             "|---|---|---|---:|---:|---:|---|"]   # fmt: skip
    added, size = _added(store, cards)   # first: before this process has the threads of twenty networks
    found, longest = 0, 0.0
    for card in cards:
        with tempfile.TemporaryDirectory() as folder:
            line, right, seconds = _hidden(card, store, Path(folder))
        lines.append(line)
        found, longest = found + right, max(longest, seconds)
    share = 10 * found / max(1, len(cards))
    rows = [
        at_least("recipes found of ten networks whose recipe is hidden", f"{share:.1f}", f"{found} of {len(cards)}",
                 share, OF_TEN, " of 10"),
        at_most("the longest of these searches", f"{longest:.1f} s", "", longest, SECONDS, " s"),
        at_most(f"`models add` of {size / 1e6:.0f} MB of ONNX to its first answer, without the finder",
                f"{added:.2f} s", "a new process", added, ADD_S, " s"),
    ]  # fmt: skip
    return rows, "\n".join(lines)


def _hidden(card: ModelCard, store: Store, folder: Path) -> tuple[str, bool, float]:
    """A line of the table; whether what was found is as good as the card's own; seconds."""
    converted = ready(card, store, lambda *_: None, Event())
    proposal = propose([path for file in card.files if (path := store.find(file))], folder) if card.format in (
        "onnx", "darknet", "caffe") else propose([_plain(converted, folder)], folder)   # fmt: skip
    network = Recogniser(
        proposal.card, proposal.network, usual_backend(proposal.card), Engine(usable_cores()),
        labels=proposal.labels or None,
    )  # fmt: skip
    start = perf_counter()
    finding = find(network)
    seconds = perf_counter() - start
    own = Trial("card", card.input)
    truth = Recogniser(card, converted, usual_backend(card), Engine(usable_cores()), apart=False)
    ask = Ask(topk=len(truth.labels), confidence=0.1)
    for known in known_samples(truth.labels, card.task)[: finding.pictures]:
        own.scores.append(score_of(truth(Frame(known.frame.pixels, 0, 0.0), ask).prediction, known))
    right = finding.chosen.score >= own.score - slack_of(finding.pictures, known=True)
    names = [recipe(spec).partition(" ")[2] for spec in (card.input, finding.chosen.input)]
    cells = (card.title, *names, f"{finding.chosen.score:.2f}", f"{own.score:.2f}", f"{seconds:.1f}")
    return f"| {' | '.join(cells)} | {'as good' if right else '**not found**'} |", right, seconds


def _plain(converted: Path, folder: Path) -> Path:
    """A conversion as a file of somebody's own, without what Lineup wrote beside it."""
    path = folder / "net.onnx"
    path.write_bytes(converted.read_bytes())
    return path


def _added(store: Store, cards: list[ModelCard]) -> tuple[float, int]:
    """Seconds of the command, and bytes of the file."""
    files = [(file.bytes, store.find(file)) for card in cards if card.format == "onnx" for file in card.files]
    size, path = max((pair for pair in files if pair[0] <= ADDED_BYTES and pair[1]), key=lambda pair: pair[0])
    took = []
    for _ in range(ADDED):
        with tempfile.TemporaryDirectory() as folder:
            there = {**os.environ, "LINEUP_CONFIG": folder, "LINEUP_CACHE": folder}
            start = perf_counter()
            subprocess.run(
                [sys.executable, "app.py", "models", "add", str(path), "--name", "timed", "--as-guessed"],
                env=there, check=True, capture_output=True, cwd=Path(__file__).parents[1],
            )  # fmt: skip
            took.append(perf_counter() - start)
    return median(took), size
