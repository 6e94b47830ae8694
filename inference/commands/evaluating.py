"""The verb `evaluate`: each network on each labelled picture, and what came out as a table and as plain values."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from inference.answers import engine_text, form_values
from inference.commands.predicting import open_all
from inference.data import LaneSpec
from inference.errors import LabError
from inference.lab.accuracy.boxed import Boxed, open_boxed
from inference.lab.accuracy.counts import Counts
from inference.lab.accuracy.datasets import open_labelled
from inference.lab.accuracy.detect import Precision, evaluate_boxes
from inference.lab.accuracy.journal import Journal, boxes, journal_of, places
from inference.lab.accuracy.run import evaluate
from inference.lab.digits.measured import network_key
from inference.machine import machine
from inference.recogniser import Recogniser
from inference.terminal import ProgressLine, complain, say, table
from inference.words import count_text, size_text
from models.card import ModelCard
from models.store import Store

HEAD = ("NETWORK", "BACKEND", "RIGHT", "95 % BETWEEN", "OF BEST 5", "WEAKEST", "PICTURES/s", "MULTIPLY-ADDS", "SIZE")
BOX_HEAD = ("NETWORK", "BACKEND", "mAP", "AP50", "AP75", "WEAKEST", "PICTURES/s", "MULTIPLY-ADDS", "SIZE")
MIXED = 3   # classes that are taken for another one, that are named


def evaluated(
    source: str, which: str, specs: Sequence[LaneSpec], catalog: Mapping[str, ModelCard], store: Store,
    cancelled: Event, *, quiet: bool, resume: bool,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Count right answers; trouble with a network is said on stderr and the rest goes on.

    Args:
        source: a folder of idx files or of classes, a CSV file, a COCO file.
        which: of several sets of idx files the one whose names begin so.
        specs: the networks.
        catalog: all cards.
        store: where files lie, and journals.
        cancelled: set by somebody who wants it to end.
        quiet: no table on stdout, because a report goes there.
        resume: what an earlier run has answered is not asked again.

    Returns:
        The report as plain values, and whether everything went well.

    Raises:
        LabError: the pictures cannot be read.
        Cancelled: `cancelled` was set.
    """
    coco = Path(source).suffix.lower() == ".json"
    data = open_boxed(Path(source).expanduser()) if coco else open_labelled(source, which)
    opened, troubles = open_all(specs, catalog, store, cancelled)
    for trouble in troubles:
        complain(trouble)
    progress = ProgressLine()
    found: list[dict[str, Any]] = []
    rows: list[tuple[str, ...]] = [BOX_HEAD if coco else HEAD]
    told: list[str] = []
    journals: list[Journal] = []
    for spec, network in opened:
        card = network.card
        journal = journal_of(
            store.cache / "evaluations", data.digest, network_key(card, store), spec.backend, spec.precision
        )
        known = journal.known(boxes if isinstance(data, Boxed) else places) if resume else {}
        if not resume:
            journal.clear()
        try:
            def tell(i: int, n: int, title: str = card.title) -> None:
                progress(f"{title}: {i:,} of {n:,}", i / max(1, n))

            came: Counts | Precision
            if isinstance(data, Boxed):
                came = evaluate_boxes(network, data, tell, cancelled, journal, known)
            else:
                came = evaluate(network, data, tell, cancelled, journal, known)
        except LabError as error:
            if cancelled.is_set():
                raise
            complain(error)
            troubles.append(error)
            continue
        finally:
            progress.clear()
        journals.append(journal)
        backend = engine_text(spec.backend, form_values(network.form))
        rows.append(_row(card, backend, came) if isinstance(came, Counts) else _box_row(card, backend, came))
        told += _notes(network, came)
        found.append({"model": card.name, "title": card.title, "backend": backend, **came.values()})
    if not quiet and found:
        say("\n".join([data.title, table(rows, right=(2, 3, 4, 6, 7, 8) if coco else (2, 4, 6, 7, 8)), *told]))
    for journal in journals:   # all of them are in the report; before, a kill during the last would cost the first
        journal.clear()
    classes = len(data.categories if isinstance(data, Boxed) else data.classes)
    report = {
        "machine": machine(), "data": {"title": data.title, "count": len(data), "classes": classes},
        "models": found, "troubles": [{"message": str(trouble), "hint": trouble.hint} for trouble in troubles],
    }  # fmt: skip
    return report, not troubles


def _row(card: ModelCard, backend: str, came: Counts) -> tuple[str, ...]:
    low, high = came.interval
    weakest, share = came.weakest
    return (
        card.title, backend, f"{came.top1:.2%}", f"{low:.2%} – {high:.2%}", f"{came.top5:.2%}",
        f"{weakest}: {share:.1%}", f"{came.per_second:,.0f}" if came.answered else "–",
        count_text(card.gmacs * 1e9), size_text(card.bytes),
    )  # fmt: skip


def _box_row(card: ModelCard, backend: str, came: Precision) -> tuple[str, ...]:
    weakest = min(came.of_each.items(), key=lambda item: item[1], default=("", 0.0))
    return (
        card.title, backend, *(f"{came.figures[name]:.3f}" for name in ("map", "ap50", "ap75")),
        f"{weakest[0]}: {weakest[1]:.3f}", f"{came.per_second:,.1f}" if came.answered else "–",
        count_text(card.gmacs * 1e9), size_text(card.bytes),
    )  # fmt: skip


def _notes(network: Recogniser, came: Counts | Precision) -> list[str]:
    """What must be known beside the figures."""
    title, told = network.card.title, []
    if came.left_out:
        names = ", ".join(list(came.left_out)[:MIXED]) + (" and others" if len(came.left_out) > MIXED else "")
        count = sum(came.left_out.values())
        what = "pictures" if isinstance(came, Counts) else "boxes"
        told.append(f"{title} has no label for {len(came.left_out)} classes ({names}): {count:,} {what} left out.")
    if isinstance(came, Counts) and (mixed := came.mixed(MIXED)):
        words = ", ".join(f"{name} for {label or 'nothing'} ({n})" for name, label, n in mixed)
        told.append(f"{title} takes most often {words}.")
    if came.unread:
        told.append(f"{len(came.unread)} pictures cannot be read, the first: {came.unread[0]}.")
    return told
