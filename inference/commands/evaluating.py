"""The verb `evaluate`: each network on each digit, and what came out as a table and as plain values."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from inference.answers import engine_text
from inference.commands.predicting import open_all
from inference.data import LaneSpec
from inference.errors import LabError
from inference.lab.digits.evaluation import evaluate
from inference.lab.digits.sets import read_set
from inference.machine import machine
from inference.terminal import ProgressLine, complain, say, table
from inference.words import count_text, size_text
from models.card import ModelCard
from models.store import Store


def evaluated(
    folder: str, which: str, specs: Sequence[LaneSpec], catalog: Mapping[str, ModelCard], store: Store,
    cancelled: Event, *, quiet: bool,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Count right answers; trouble with a network is said on stderr and the rest goes on.

    Returns:
        The report as plain values, and whether everything went well.

    Raises:
        LabError: the digits cannot be read.
        Cancelled: `cancelled` was set.
    """
    digits = read_set(Path(folder).expanduser(), which)
    opened, troubles = open_all(specs, catalog, store, cancelled)
    for trouble in troubles:
        complain(trouble)
    progress = ProgressLine()
    found = []
    rows = [("NETWORK", "BACKEND", "RIGHT", "95 % BETWEEN", "WEAKEST", "DIGITS/s", "MULTIPLY-ADDS", "SIZE")]
    for spec, network in opened:
        card = network.card
        try:
            came = evaluate(
                network, digits, lambda i, n, card=card: progress(f"{card.title}: {i:,} of {n:,}", i / n),  # type: ignore[misc]
                cancelled,
            )
        except LabError as error:
            if cancelled.is_set():
                raise
            complain(error)
            troubles.append(error)
            continue
        finally:
            progress.clear()
        low, high = came.interval
        weakest = min(range(len(came.of_each)), key=came.of_each.__getitem__)
        rows.append((
            card.title, engine_text(spec.backend, None), f"{came.top1:.2%}", f"{low:.2%} – {high:.2%}",
            f"{weakest}: {came.of_each[weakest]:.1%}", f"{came.per_second:,.0f}", count_text(card.gmacs * 1e9),
            size_text(card.bytes),
        ))  # fmt: skip
        found.append({"model": card.name, "title": card.title, "backend": spec.backend, **came.values()})
    if not quiet and found:
        say(f"{digits.title}\n{table(rows, right=(2, 5, 6, 7))}")
    report = {
        "machine": machine(), "digits": {"title": digits.title, "count": len(digits)}, "models": found,
        "troubles": [{"message": str(trouble), "hint": trouble.hint} for trouble in troubles],
    }  # fmt: skip
    return report, not troubles
