"""The verb `predict`: each picture through each model, exact, with times."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

from inference.answers import ask_values, engine_text, form_values, prediction_values, timing_values
from inference.data import Ask, Frame, LaneSpec, Result
from inference.errors import Cancelled, LabError, SourceError
from inference.intake.provide import open_network
from inference.live.threads import engine_for
from inference.machine import machine
from inference.picture_files import pictures_in, read_picture
from inference.recogniser import Recogniser
from inference.terminal import ProgressLine, complain, say, table
from inference.time_limit import time_limit
from models.card import ModelCard
from models.store import Store

ANY_SIZE = sys.maxsize   # never made smaller: boxes are px of the picture itself


def pictures_of(paths: Sequence[str]) -> list[Path]:
    """The files meant: a file itself, a folder the pictures in it, in the order of their names.

    Raises:
        SourceError: a folder cannot be read, or holds no picture.
    """
    found: list[Path] = []
    for text in paths:
        path = Path(text).expanduser()
        if not path.is_dir():
            found.append(path)
            continue
        inside = pictures_in(path)
        if not inside:
            raise SourceError(f"The folder {path} holds no pictures.", "Choose another, or name the files.")
        found.extend(inside)
    return found


def open_all(
    specs: Sequence[LaneSpec], catalog: Mapping[str, ModelCard], store: Store, cancelled: Event
) -> tuple[list[tuple[LaneSpec, Recogniser]], list[LabError]]:
    """Everything that can be loaded, and why the rest cannot."""
    opened: list[tuple[LaneSpec, Recogniser]] = []
    troubles: list[LabError] = []
    progress = ProgressLine()
    for spec in specs:
        card = catalog[spec.model]
        progress(f"Loading {card.title}")
        try:
            wanted = partial(engine_for, spec, linger=False)
            opened.append((spec, open_network(card, store, spec.backend, wanted, progress, cancelled)))
        except LabError as error:
            if cancelled.is_set():   # an import that was interrupted says that it failed
                raise Cancelled from error
            troubles.append(error)
        finally:
            progress.clear()
    return opened, troubles


def predict(
    paths: Sequence[str],
    specs: Sequence[LaneSpec],
    catalog: Mapping[str, ModelCard],
    store: Store,
    ask: Ask,
    cancelled: Event,
    *,
    quiet: bool = False,
) -> tuple[dict[str, Any], bool]:
    """Answer every picture with every model; trouble is said on stderr and the rest goes on.

    Args:
        paths: picture files and folders of them.
        specs: the models, with their backends.
        catalog: all cards.
        store: where the weights lie.
        ask: how many labels, and the thresholds of boxes.
        cancelled: set by somebody who wants it to end.
        quiet: no table on stdout, because a report goes there.

    Returns:
        The report as plain values, and whether everything went well.

    Raises:
        Cancelled: `cancelled` was set.
    """
    files = pictures_of(paths)
    opened, troubles = open_all(specs, catalog, store, cancelled)
    for trouble in troubles:
        complain(trouble)
    pictures = []
    for index, path in enumerate(files if opened else []):
        try:
            pixels = read_picture(path, ANY_SIZE)
        except SourceError as error:
            complain(error)
            troubles.append(error)
            continue
        height, width = pixels.shape[:2]
        answers = []
        for spec, recogniser in opened:
            try:
                with time_limit(recogniser.stop, what=recogniser.card.title, cancelled=cancelled):
                    result = recogniser(Frame(pixels, index, perf_counter()), ask)
            except LabError as error:
                complain(error)
                troubles.append(error)
                continue
            answers.append(_answer(spec, recogniser, result))
        pictures.append({"path": str(path), "width": width, "height": height, "models": answers})
        if not quiet:
            say(_text(path, width, height, answers) + "\n")
    report = {
        "machine": machine(),
        "ask": ask_values(ask),
        "pictures": pictures,
        "troubles": [{"message": str(trouble), "hint": trouble.hint} for trouble in troubles],
    }
    return report, not troubles


def _answer(spec: LaneSpec, recogniser: Recogniser, result: Result) -> dict[str, Any]:
    timing = result.timing
    card = recogniser.card
    return {
        "model": card.name,
        "title": card.title,
        "task": card.task,
        **prediction_values(result.prediction),
        "ms": {
            **timing_values(timing, "preprocess", "infer", "postprocess", "latency", "cpu"),
            "load": round(recogniser.load_ms, 3),
        },
        "backend": spec.backend,
        "provider": recogniser.provider,
        "warning": recogniser.warning,
        "threads": recogniser.threads,
        "precision": card.precision,
        "form": form_values(recogniser.form),
        "sha256": card.weights_sha256,
    }


def _text(path: Path, width: int, height: int, answers: Sequence[Mapping[str, Any]]) -> str:
    """The answers to one picture as a table for people."""
    rows = [("MODEL", "BACKEND", "ms", "SCORE", "ANSWER", "BOX x1 y1 x2 y2")]
    for answer in answers:
        boxes = answer.get("boxes")
        first = (
            answer["model"],
            f"{engine_text(answer['backend'], answer['form'])} {answer['provider']}",
            f"{answer['ms']['latency']:.1f}",
        )
        if not answer["labels"]:
            rows.append((*first, "", str(answer.get("nothing", "nothing found")), ""))
        for i, (label, score) in enumerate(zip(answer["labels"], answer["scores"], strict=True)):
            box = " ".join(f"{edge:.0f}" for edge in boxes[i]) if boxes else ""
            rows.append((*(first if i == 0 else ("", "", "")), f"{score:.3f}", label, box))
    if not any("boxes" in answer for answer in answers):
        rows = [row[:-1] for row in rows]  # type: ignore[misc]
    return f"{path}  {width} × {height} px\n{table(rows, right=(2, 3))}"
