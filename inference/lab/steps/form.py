"""A card after a step of optimisation, as a lane runs it: made once, kept in the cache with its comparison."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends import NATIVE, Engine, Form, backends
from inference.backends.steps import AS_IT_STANDS, load
from inference.data import Frame
from inference.errors import Cancelled, LabError
from inference.intake.conversions import KEY, file_stem
from inference.intake.importers import VERSION
from inference.lab.steps.make import largest_difference, make, operators_in, operators_run
from inference.made_folder import is_unbroken, making, seal
from inference.picture_files import pictures_in, read_picture
from inference.places import REELS, reel_of
from inference.preprocess import Preprocessor
from models.card import ModelCard
from models.hashes import HashIndex
from models.progress import Report
from models.whole import work_folder

FILE, NOTES = "network.onnx", "form.json"
BEFORE = {"bn": "raw", "folded": "raw", "fp16": "bn", "int8": "bn"}   # the step that a file is made of
OPENED = ("raw", "fused")   # those that open the network's own file
MOST_GIVEN = 100            # pictures for the ranges that eight bits must hold

Pixels = NDArray[np.uint8]


def formed(
    card: ModelCard, network: Path, files: Sequence[Path], cache: Path, precision: str, report: Report,
    cancelled: Event, pictures: Sequence[Pixels] = (),
) -> Form:  # fmt: skip
    """The file of a card at a step.

    Args:
        card: of the network.
        network: its ONNX file.
        files: not needed.
        cache: the store's folder.
        precision: the step, one of `inference.backends.steps.STEPS`.
        report: called with a sentence and a fraction 0..1 or None.
        cancelled: set by somebody who wants it to end.
        pictures: (h, w, 3) BGR, whose ranges eight bits must hold, and on which it is compared; none: those of the last
            time, else the sample reel.

    Raises:
        LabError: it cannot be made.
        Cancelled: `cancelled` was set.
    """
    del files
    if card.format in NATIVE:
        raise LabError(f"{card.title} is run by {backends()[NATIVE[card.format]].title} as it is: it has no steps.")
    folder = cache / "steps"
    kept, hashes = folder / _name(card, precision), HashIndex(cache / "hashes.json")
    notes = _known(kept) if is_unbroken(kept, hashes) else {}
    if not notes or (pictures and notes["pictures"] != _digest(pictures)):
        chosen = list(pictures) or [read_picture(path) for path in pictures_in(REELS[reel_of([card])])]
        source, before = network, BEFORE.get(precision, "raw")
        if before not in OPENED:
            source = formed(card, network, (), cache, before, report, cancelled, pictures).path
        report(f"Optimising {card.title}: {precision}", None)
        with making(folder, kept.name, network.stat().st_size, replace=True) as work:
            given = _Given(card, chosen, cancelled)
            if precision not in OPENED:
                make(precision, source, work / FILE, given)
            if cancelled.is_set():
                raise Cancelled(card.title)
            notes = _compared(card, network, work / FILE if precision not in OPENED else network, precision, given)
            notes["pictures"] = _digest(chosen)
            (work / NOTES).write_text(json.dumps(notes), encoding="utf-8")
            seal(work)
    path = network if precision in OPENED else kept / FILE
    return Form(
        replace(card, precision=precision), path, precision, path.stat().st_size, notes["relative"],
        notes["agreeing"], notes["compared"] if precision != "raw" else 0, of_bytes=False,
    )  # fmt: skip


def notes_of(card: ModelCard, cache: Path, precision: str) -> dict[str, Any]:
    """What was found when a step was made: operators, relative, agreeing, compared; nothing where it was not."""
    return _known(cache / "steps" / _name(card, precision))


class _Given:
    """The network's inputs for pictures, evenly chosen where there are many; made anew each time they are walked."""

    def __init__(self, card: ModelCard, pictures: Sequence[Pixels], cancelled: Event) -> None:
        self._title, self._preprocess, self._cancelled = card.title, Preprocessor(card.input), cancelled
        places = np.linspace(0, len(pictures) - 1, min(len(pictures), MOST_GIVEN)).astype(int)
        self._pictures = [pictures[i] for i in places]

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for i, pixels in enumerate(self._pictures):
            if self._cancelled.is_set():
                raise Cancelled(self._title)
            yield self._preprocess(Frame(pixels, i, 0.0, alone=True))[0].copy()


def _compared(card: ModelCard, network: Path, path: Path, step: str, given: _Given) -> dict[str, Any]:
    """Which operators run, and how far the outputs are from those of the network as it came."""
    with work_folder() as folder:
        operators = operators_in(path) if step in AS_IT_STANDS else operators_run(path, folder)
    raw, own = load(network, Engine(precision="raw")), load(path, Engine(precision=step))
    relative, agreeing = 0.0, 0
    for x in given:
        first, second = raw.run(x), own.run(x)
        relative = max(relative, largest_difference(first, second))
        agreeing += card.task != "classify" or bool(first[0].argmax() == second[0].argmax())
    return {
        "operators": operators, "relative": relative, "agreeing": agreeing if card.task == "classify" else 0,
        "compared": len(given) if card.task == "classify" else 0,
    }  # fmt: skip


def _known(kept: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((kept / NOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if found.keys() >= {"operators", "relative", "agreeing", "compared", "pictures"} else {}


def _digest(pictures: Sequence[Pixels]) -> str:
    found = hashlib.sha256()
    for picture in pictures:
        found.update(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes())
    return found.hexdigest()


def _name(card: ModelCard, precision: str) -> str:
    """Changes with everything that the file depends on."""
    from inference.quiet_onnxruntime import onnxruntime

    parts = [[file.sha256.lower() for file in card.files], card.format, str(card.input), VERSION,
             onnxruntime.__version__]   # fmt: skip
    key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:KEY]
    return f"{file_stem(card)}-{key}-{precision}"
