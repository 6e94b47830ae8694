"""How quickly networks are judged: `evaluate` against a loop of ten lines, and a redraw of the chart of the talk."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter

import numpy as np
from PySide6.QtGui import QColor, QPixmap

from benchmarks.table import Row, at_least, at_most, markdown
from gui.parts.axes import Axes
from gui.parts.bubble_labels import Bubble
from gui.parts.bubbles import Bubbles
from gui.theme import DARK
from inference.data import LaneSpec
from inference.intake.provide import open_network
from inference.lab.accuracy.answering import settle_threads
from inference.lab.accuracy.datasets import of_digits
from inference.lab.accuracy.run import evaluate
from inference.lab.digits.sets import read_set
from inference.live.threads import engine_for
from models.catalog import load_catalog
from models.store import Store

MODEL, PAIRS = "mnist", 9
REDRAWS, BUBBLES, SIZE = 200, 40, (1300, 420)


def judged(network: str) -> tuple[list[Row], str]:
    """All rows, and the table of them; the test digits of MNIST lie below LINEUP_MIRROR, as data/mnist."""
    del network   # it is MNIST's that is asked here
    rows = [*evaluation(), *chart()]
    return rows, markdown(rows)


def evaluation() -> list[Row]:
    """The published network of MNIST on its 10,000 test digits."""
    import onnxruntime as ort

    folder = Path(os.environ.get("LINEUP_MIRROR", "")) / "data" / "mnist"
    digits, store, card = read_set(folder, "t10k"), Store(), load_catalog()[MODEL]
    spec = LaneSpec(MODEL)
    engine = engine_for(spec, linger=False)
    net = open_network(card, store, spec.backend, lambda: engine, lambda *_: None, Event())
    settle_threads(net, engine)
    options = ort.SessionOptions()
    options.intra_op_num_threads = net.threads
    session = ort.InferenceSession(str(store.get(card.files[0], lambda *_: None, Event())), options)
    name = session.get_inputs()[0].name

    def bare() -> tuple[float, int]:
        start, right = perf_counter(), 0
        for picture, label in zip(digits.pictures, digits.labels, strict=True):
            scores = session.run(None, {name: picture.astype(np.float32)[None, None]})[0][0]
            best = np.exp(scores - scores.max()).argsort()[::-1][:5]
            right += int(best[0] == label)
        return len(digits) / (perf_counter() - start), right

    data, ours, theirs = of_digits(digits), [], []
    for _ in range(PAIRS):
        rate, right = bare()
        came = evaluate(net, data, lambda *_: None, Event())
        if came.right != right:
            raise RuntimeError(f"{came.right} right here, {right} in the bare loop")
        ours.append(came.per_second)
        theirs.append(rate)
    ratios = sorted(mine / bare for mine, bare in zip(ours, theirs, strict=True))
    span = f"median of {PAIRS} pairs in turns, from {ratios[0]:.2f} to {ratios[-1]:.2f}"
    return [
        at_least("MNIST CNN on the 10,000 test digits: right", f"{came.top1:.2%}", "", 100 * came.top1, 98, " %"),
        at_least("the same, pictures a second", f"{median(ours):,.0f}", "", median(ours), 2000, "/s"),
        at_least(f"the same, against a bare loop on one thread ({span})", f"{median(ours):,.0f}/s",
                 f"{median(theirs):,.0f}/s", median(ratios), 0.8),
        *_in_processes(folder, median(theirs)),
    ]  # fmt: skip


def _in_processes(folder: Path, bare: float) -> list[Row]:
    """With `--jobs 2`, on ten times as many digits, so that the start of two processes is not most of it."""
    import gzip
    import json

    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        for path in folder.glob("t10k*"):
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            head = 16 if "idx3" in path.name else 8
            many = raw[:4] + (int.from_bytes(raw[4:8]) * 10).to_bytes(4) + raw[8:head] + raw[head:] * 10
            (where / path.name.removesuffix(".gz")).write_bytes(many)
        words = ["evaluate", "--models", MODEL, "--data", name, "--set", "t10k", "--jobs", "2"]
        subprocess.run(
            [sys.executable, "app.py", *words, "--json", f"{name}/r.json"], check=True, capture_output=True
        )
        rate = json.loads((where / "r.json").read_text())["models"][0]["per_second"]
    what = "the same with --jobs 2, on 100,000 digits, the start of both processes included"
    return [at_least(what, f"{rate:,.0f}/s", f"{bare:,.0f}/s in the bare loop", rate / bare, 0.8)]


def chart() -> list[Row]:
    """Forty networks, each of which goes 2 % to and fro between two redraws."""
    made = Bubbles(Axes("ms", "right", kind="ms"))
    made.restyle(DARK, 1.0)
    made.resize(*SIZE)
    dice, onto, took = random.Random(1), QPixmap(*SIZE), []
    places = [(10 ** dice.uniform(0, 2), dice.uniform(40, 90)) for _ in range(BUBBLES)]
    for _ in range(REDRAWS):
        bubbles = [
            Bubble(f"Network {i}", "70 % · 10 ms", x * dice.gauss(1, 0.02), y, 1e6 * (i + 1), QColor("#40a0ff"), key=i)
            for i, (x, y) in enumerate(places)
        ]
        start = perf_counter()
        made.show_bubbles(bubbles)
        made.render(onto)
        took.append((perf_counter() - start) * 1e3)
    took.sort()
    p95 = took[int(0.95 * REDRAWS)]
    what = f"the chart with {BUBBLES} networks that all move: a redraw, median (p95 {p95:.1f} ms)"
    return [at_most(what, f"{median(took):.1f} ms", "", median(took), 10, " ms")]
