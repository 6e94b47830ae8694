"""Lineup's lane beside other people's loops: same file, picture and cores, in turns, each in a process of its own."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import cv2
import numpy as np

from benchmarks.table import Row, at_most
from inference.intake.provide import ready
from inference.live.sources import parse_source
from models import ModelCard, load_catalog
from models.store import Store

ROOT = Path(__file__).parents[1]
PICTURES, PERIOD_S, ROUNDS = 30, 1 / 30, 9
ENVIRONMENT = ROOT / "build" / "peers"   # of the other package
OTHER = ("openvino-model-api[onnx]==0.4.7",)

# way, what it is called, what it leaves out (or does besides) that the others do
CONTESTANTS = (
    ("opencv", "OpenCV's sample: blobFromImage, forward", "no softmax, no labels"),
    ("opencv-1", "the same on one thread", ""),
    ("tutorial", "the tutorial's loop: cv2.resize, numpy, ONNX Runtime as it comes", "no softmax, no labels; aliases"),
    ("tutorial-1", "the same on one thread", ""),
    ("model-api", "OpenVINO Model API: its call from picture to labels", "resizes inside its graph"),
    ("headless", "Lineup, `live --headless`", "averages what it shrinks, softmax, five labels, a thread of its own"),
    ("window", "Lineup, in the window", "and shows every picture, its answer and its times"),
)


def peers(network: str) -> tuple[list[Row], str]:
    """The bar, and the table of all that can run here."""
    card = load_catalog()[network]
    path = ready(card, Store(), lambda *_: None, Event())
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "still.png"
        cv2.imwrite(str(picture), still_picture())
        task = json.dumps(task_of(card, path, picture))
        running: dict[str, subprocess.Popen[str]] = {}
        try:
            for way, *_ in CONTESTANTS:
                if process := started(way, task):
                    running[way] = process
            times, back, best = _rounds(running)
        finally:
            for process in running.values():
                process.kill()
                process.wait()
    if len(set(best.values())) != 1:
        raise SystemExit(f"they do not answer the same, so they did not do the same: {best}")
    return _bars(times), _table(card, times, back)


def _rounds(
    running: dict[str, subprocess.Popen[str]],
) -> tuple[dict[str, list[float]], dict[str, list[float]], dict[str, int]]:
    """Medians of rounds in turns, paced and (of plain loops) back to back, ms; and the class that each answers."""
    paced: dict[str, list[float]] = {way: [] for way in running}
    back: dict[str, list[float]] = {way: [] for way in running if way not in ("headless", "window")}
    best: dict[str, int] = {}
    for _ in range(ROUNDS):
        for way, process in running.items():
            ms, best[way] = ask(process, PICTURES, PERIOD_S)
            paced[way].append(statistics.median(ms))
            if way in back:
                ms, _ = ask(process, PICTURES, 0)
                back[way].append(statistics.median(ms))
    return paced, back, best


def ask(process: subprocess.Popen[str], count: int, period: float) -> tuple[list[float], int]:
    """A round of a contestant: the ms of each, and the class that it answers."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{count} {period}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{' '.join(map(str, process.args))} ended in the middle")
    ms, best = json.loads(line)
    return ms, best


def started(way: str, task: str) -> "subprocess.Popen[str] | None":
    """A contestant that is ready; None where it cannot be had here."""
    python = _other_python() if way == "model-api" else Path(sys.executable)
    if python is None:
        return None
    # Its words go nowhere: what is read back are the answers.
    process = subprocess.Popen(
        [python, ROOT / "benchmarks" / "contestant.py", way, task], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")},
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if line == "ready\n":
            return process
    process.wait()
    print(f"{way} does not run here", file=sys.stderr)
    return None


def _other_python() -> Path | None:
    """The interpreter of an environment with the other package; made the first time, from the package registry."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (ENVIRONMENT / "installed").exists():
        made = [
            [sys.executable, "-m", "venv", "--clear", ENVIRONMENT],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *OTHER],
        ]
        if any(subprocess.run(command, check=False).returncode for command in made):
            print(f"left out: {', '.join(OTHER)} cannot be installed here", file=sys.stderr)
            return None
        (ENVIRONMENT / "installed").touch()
    return python


def still_picture() -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """A picture of the sample reel, 1280×720 BGR."""
    reel = parse_source("reel")
    reel.open()
    pixels = reel.read()
    reel.close()
    assert pixels is not None
    return np.asarray(cv2.resize(pixels, (1280, 720)), np.uint8)


def task_of(card: ModelCard, path: Path, picture: Path) -> dict[str, object]:
    """What benchmarks.contestant.Task holds: the card's recipe as (pixel - mean) / std."""
    from inference.preprocess import RANGES

    scale, offset = RANGES[card.input.range]
    mean = sum(card.input.mean) / len(card.input.mean)
    std = sum(card.input.std) / len(card.input.std)
    if card.input.layout != "NCHW" or card.input.order != "RGB" or card.input.dtype != "float32":
        raise SystemExit(f"{card.title} is fed in another way than the loops feed it: choose another --network.")
    return {
        "model": str(path), "picture": str(picture), "size": card.input.size, "mean": (mean - offset) / scale,
        "std": std / scale, "network": card.name,
    }  # fmt: skip


def _bars(times: dict[str, list[float]]) -> list[Row]:
    ours, theirs = times["headless"], times["tutorial"]
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return [
        at_most(
            "one lane without a window, a still at 30 pictures/s, picture to answer, p50",
            f"{statistics.median(ours):.1f} ms", f"{statistics.median(theirs):.1f} ms the tutorial's loop",
            statistics.median(ratios), 1.1, note="rounds " + _listed(ratios),
        )
    ]  # fmt: skip


def _table(card: ModelCard, times: dict[str, list[float]], back: dict[str, list[float]]) -> str:
    """As Markdown: medians over the rounds, and the ratio to the tutorial's loop of the same round."""
    lines = [
        f"{card.title}, a 1280×720 still, from the picture in hand to the answer; p50 of {PICTURES} pictures, median "
        f"of {ROUNDS} rounds in turns.", "",
        "| | 30 a second, ms | against the tutorial's | back to back, ms | leaves out, or adds |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    for way, what, leaves in CONTESTANTS:
        if way in times:
            ratio = statistics.median(a / b for a, b in zip(times[way], times["tutorial"], strict=True))
            unpaced = f"{statistics.median(back[way]):.1f}" if way in back else ""
            lines.append(f"| {what} | {statistics.median(times[way]):.1f} | {ratio:.2f} | {unpaced} | {leaves} |")
    return "\n".join(lines)


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
