"""The verb `evaluate`: each network on each labelled picture, and what came out as a table and as plain values."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from threading import Event
from time import perf_counter
from typing import Any

from inference.answers import engine_text, form_values
from inference.commands.predicting import open_all
from inference.cores import computing_cores
from inference.data import LaneSpec
from inference.errors import LabError
from inference.lab.accuracy.answering import Answering, Tell, settle_threads
from inference.lab.accuracy.boxed import Boxed
from inference.lab.accuracy.counts import Counts
from inference.lab.accuracy.detect import Precision, evaluate_boxes
from inference.lab.accuracy.journal import Journal, boxes, journal_of, places
from inference.lab.accuracy.measured import ACCURACY, network_key, remember
from inference.lab.accuracy.run import evaluate
from inference.lab.accuracy.spread import Order, by_executor, cluster, open_data, processes, shared
from inference.live.threads import engine_for
from inference.machine import machine
from inference.options import Options
from inference.recogniser import Recogniser
from inference.terminal import ProgressLine, complain, say, table
from inference.words import count_text, size_text, time_text
from models.card import ModelCard
from models.store import Store

HEAD = ("NETWORK", "BACKEND", "RIGHT", "95 % BETWEEN", "OF BEST 5", "WEAKEST", "PICTURES/s", "MULTIPLY-ADDS", "SIZE")
BOX_HEAD = ("NETWORK", "BACKEND", "mAP", "AP50", "AP75", "WEAKEST", "PICTURES/s", "MULTIPLY-ADDS", "SIZE")
PACE_S = 1.0   # after which the pace says something
MIXED = 3   # classes that are taken for another one, that are named


def evaluated(
    source: str, which: str, specs: Sequence[LaneSpec], catalog: Mapping[str, ModelCard], store: Store,
    cancelled: Event, *, quiet: bool, resume: bool, answerers: "Answerers",
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
        answerers: who answers.

    Returns:
        The report as plain values, and whether everything went well.

    Raises:
        LabError: the pictures cannot be read.
        Cancelled: `cancelled` was set.
    """
    data = open_data(source, which)
    coco = isinstance(data, Boxed)
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
            order = Order(source, which, data.digest, spec, network_key(card, store), answerers.options)
            answering = answerers(order, network)
            tell = _telling(progress, card.title)
            came: Counts | Precision
            if isinstance(data, Boxed):
                came = evaluate_boxes(network, data, tell, cancelled, journal, known, answering)
            else:
                came = evaluate(network, data, tell, cancelled, journal, known, answering)
                counts = {network_key(card, store): (came.right, came.count)} if came.count else {}
                remember(store, ACCURACY, data.title, data.digest, counts)   # for the chart in the window
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


class Answerers:
    """Who answers the pictures: this process, several of them, or the workers of a cluster."""

    def __init__(self, options: Options, jobs: int, scheduler: str) -> None:
        """`jobs`: so many processes; `scheduler`: the address of a Dask scheduler, "" for none."""
        self.options = options if not scheduler else Options()   # a worker elsewhere has its own folders
        self._jobs, self._scheduler = jobs, scheduler
        self._open = ExitStack()
        self._executor: Executor | None = None
        self._workers = 1

    def opened(self, cancelled: Event) -> "ExitStack":
        """They stand ready until what this gives is left.

        Raises:
            LabError: there is no such cluster.
        """
        if self._scheduler:
            self._executor, self._workers = self._open.enter_context(cluster(self._scheduler, cancelled))
        elif self._jobs > 1:
            self._executor, self._workers = self._open.enter_context(processes(self._jobs)), self._jobs
        return self._open

    def __call__(self, order: Order, network: Recogniser) -> Answering | None:
        """Who answers for this network; None: itself."""
        if not self._executor:
            if not order.spec.threads:
                settle_threads(network, engine_for(order.spec, linger=False))
            return None
        threads = 1 if self._scheduler else computing_cores() // self._jobs
        order = replace(order, spec=shared(order.spec, threads))
        return by_executor(self._executor, order, network.usual_s, self._workers)


def _telling(progress: ProgressLine, title: str) -> Tell:
    """Says how far a network is, and how long it still takes: by the pace of what was answered since the first word."""
    first: tuple[float, int] | None = None

    def tell(done: int, of: int) -> None:
        nonlocal first
        first = first or (perf_counter(), done)
        since, fresh = perf_counter() - first[0], done - first[1]
        left = f", about {time_text(since / fresh * (of - done))} left" if since > PACE_S and fresh else ""
        progress(f"{title}: {done:,} of {of:,}{left}", done / max(1, of))

    return tell


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
