"""The bench itself: opens, warms up, goes round and round, lets them run together, measures memory; then reports."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from math import ceil
from random import Random
from threading import Event
from time import perf_counter
from typing import TypeVar

import numpy as np

from inference.errors import Cancelled, LabError
from inference.intake.costs import cost_of
from inference.intake.provide import ready
from inference.lab.bench import figures
from inference.lab.bench.kept import STAGES, Kept
from inference.lab.bench.memory import memory_of
from inference.lab.bench.others import Others
from inference.lab.bench.pictures import Pictures
from inference.lab.bench.plan import BUSY_CORES, BUSY_S, METHOD, SHOWN, Plan, text_of
from inference.lab.bench.report import Contender, Protocol, Ratio, Report, Round, Stages
from inference.lab.bench.running import Progress, Running, SoFar
from inference.lab.bench.sheet import csv_bytes, lines
from inference.lab.bench.surroundings import surroundings
from inference.lab.bench.together import REPEATS, Beside
from inference.lab.bench.worker import Worker
from inference.lab.bench.yardstick import Yardstick
from models.card import ModelCard
from models.store import Store

T = TypeVar("T")
TURN_S = 0.12           # of warm runs in a turn: a fast network has many
FEWEST, MOST = 1, 50    # of them
MEMORY_S = 3.0          # that each takes, about


class Bench:
    """One bench. `go` does it, on one thread; `report` says what there is, also of one that was cancelled."""

    def __init__(
        self, plan: Plan, catalog: Mapping[str, ModelCard], store: Store, pictures: Pictures, cancelled: Event,
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`tell` is called on the thread of `go`, several times a second."""
        self._plan, self._store, self._pictures, self._cancelled, self._tell = plan, store, pictures, cancelled, tell
        self._all = [Running(Worker(spec, catalog[spec.model], plan.ask)) for spec in plan.specs]
        self._began = perf_counter()
        self._made_at = datetime.now(UTC)
        self._rounds: list[Round] = []
        self._beside: Beside | None = None
        self._seconds = 0.0
        self._whole = False
        self._repeats_done = 0
        self._counted, self._round_s = 0, 0.0   # rounds that count, and how long all took
        self._random, self._others = Random(plan.seed), Others()

    def go(self) -> None:
        """Measure.

        Raises:
            LabError: not one of the networks can be opened.
            Cancelled: `cancelled` was set; `report` has what was measured until then.
        """
        try:
            self._open()
            self._warm_up()
            self._yardstick = Yardstick()
            laps = REPEATS if self._plan.together and len(self._good) > 1 else 1
            for lap in range(laps):
                self._go_round(ceil(self._plan.rounds * (lap + 1) / laps))
                if laps > 1:
                    self._run_together()
            if self._plan.memory:
                self._measure_memory()
            self._whole = True
        finally:
            self._seconds = perf_counter() - self._began
            for one in self._all:
                one.worker.close()

    # --- the phases -----------------------------------------------------------------------------------------------

    @property
    def _good(self) -> list[Running]:
        return [one for one in self._all if not one.trouble]

    def _open(self) -> None:
        for one in self._all:
            card, worker = one.worker.card, one.worker

            def tell(words: str, part: float | None) -> None:
                self._say(words)

            tell(f"Opening {card.title}", None)
            self._try(one, partial(worker.open, self._store, tell, self._cancelled))
        if not self._good and (trouble := self._all[0].trouble):
            raise trouble

    def _warm_up(self) -> None:
        for one in self._good:
            self._say(f"Warming up {one.worker.card.title}")
            worker = one.worker
            one.start = self._try(one, partial(worker.warm_up, self._pictures, self._cancelled))
            one.runs = min(MOST, max(FEWEST, ceil(TURN_S / worker.usual_s))) if worker.usual_s else FEWEST
        if not self._good and (trouble := self._all[0].trouble):
            raise trouble

    def _go_round(self, until: int) -> None:
        """Rounds until so many count."""
        last = len(self._all) - 1   # warmed up, or opened anew, after the others
        while self._counted < until and self._good:
            self._stop_if_cancelled()
            order = _drawn([i for i, one in enumerate(self._all) if not one.trouble], last, self._random)
            # The yardstick, and what is said meanwhile, come before any of them, not always before the same one: with
            # two networks that would be the first, and 20 µs of a run of 2 ms.
            place, yard = self._random.choice(order), 0.0
            pixels, turned = self._pictures.of_round(self._counted), []
            self._others.begin()
            for i in order:
                one = self._all[i]
                if i == place:
                    self._say(f"Round {self._counted + 1} of {self._plan.rounds}")
                    yard = self._yardstick.ms()
                turn = self._try(one, partial(one.worker.turn, pixels, one.runs))
                if turn is not None:
                    one.note(turn)
                    turned.append(i)
                last = i
            used, stolen, span = self._others.end()
            busy = (most := max(used, stolen)) > BUSY_CORES and most * span > BUSY_S
            counts = not busy or len(self._rounds) - self._counted >= self._plan.repeats
            self._rounds.append(Round(
                order=tuple(turned), seconds=figures.short(span), others=figures.short(used),
                stolen=figures.short(stolen), yardstick_ms=figures.short(yard), busy=busy, counts=counts,
            ))  # fmt: skip
            self._round_s += span
            self._counted += counts
            if not counts:
                for i in turned:
                    self._all[i].forget_round()

    def _run_together(self) -> None:
        """Every pair and all at once, one time; what fails so is left out from here on."""
        if self._beside is None:
            workers = [(i, one.worker) for i, one in enumerate(self._all) if not one.trouble]
            self._beside = Beside(workers, self._pictures, self._plan.seed)
        for i, one in enumerate(self._all):
            if one.trouble:
                self._beside.leave_out(i)
        self._say(f"Together, {self._repeats_done + 1} of {REPEATS} times")
        try:
            self._beside.repeat(self._cancelled)
            self._repeats_done += 1
        except Cancelled:
            raise
        except LabError as error:
            self._all[self._beside.failed].trouble = error

    def _measure_memory(self) -> None:
        for one in self._good:
            card, form = one.worker.card, one.worker.opened and one.worker.opened.form
            self._stop_if_cancelled()
            self._say(f"Memory of {card.title}, in a process of its own")
            try:
                path = form.path if form else ready(card, self._store, lambda *_: None, self._cancelled)
                engine = replace(one.worker.engine(), precision=form.precision if form else "")
                spec = form.card.input if form else card.input
                one.memory = memory_of(spec, path, one.worker.spec.backend, engine, card.title, self._cancelled)
            except Cancelled:
                raise
            except LabError as error:
                one.trouble = error

    def _try(self, one: Running, work: Callable[[], T]) -> T | None:
        """What the network's thread makes of it; None where it cannot, and then it is left out from here on."""
        try:
            return one.worker.do(work, self._cancelled)
        except Cancelled:
            raise
        except LabError as error:
            self._stop_if_cancelled()
            one.trouble = error
            return None

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("bench")

    # --- what is said meanwhile -----------------------------------------------------------------------------------

    def _say(self, words: str) -> None:
        left, spent = self._left_s(), perf_counter() - self._began
        part = spent / (spent + left) if left is not None and spent + left > 0 else 0.0
        so_far = tuple(
            SoFar(text_of(one.worker.spec), one.worker.card.title, tuple(one.medians[-SHOWN:]),
                  tuple(one.colds[-SHOWN:]), str(one.trouble or ""))
            for one in self._all
        )  # fmt: skip
        self._tell(Progress(words, part, left, self._counted, so_far))

    def _left_s(self) -> float | None:
        """About how long it still takes; None until every network has warmed up."""
        good = self._good
        if not all(one.start for one in good):
            return None
        left = sum(MEMORY_S for one in good if self._plan.memory and not one.memory)
        usual = sum(one.worker.usual_s * (1 + one.runs) for one in good)
        each = self._round_s / len(self._rounds) if self._rounds else usual
        left += each * (self._plan.rounds - self._counted)
        if self._plan.together and len(good) > 1:
            beside = self._beside or Beside([(i, one.worker) for i, one in enumerate(good)], self._pictures, 0)
            left += beside.seconds * (REPEATS - self._repeats_done)
        return left

    # --- what came of it ------------------------------------------------------------------------------------------

    def report(self) -> Report:
        """What was measured until now.

        Raises:
            Cancelled: nothing was.
        """
        if not any(one.start for one in self._all):
            raise Cancelled("bench")
        plan = self._plan
        counted = self._counted
        return Report(
            made_at=self._made_at.isoformat(timespec="seconds"), seconds=figures.short(self._seconds),
            cancelled=not self._whole, machine=surroundings(),
            protocol=Protocol(
                rounds=plan.rounds, seed=plan.seed, confidence=figures.CONFIDENCE, resamples=figures.RESAMPLES,
                busy_above=BUSY_CORES, repeats_allowed=plan.repeats, runs=tuple(one.runs for one in self._all),
                pictures=self._pictures.names,
                picture_size=tuple((p.shape[0], p.shape[1]) for p in self._pictures.pixels),
                words=METHOD.format(
                    busy=BUSY_CORES, repeats=plan.repeats, confidence=figures.CONFIDENCE, resamples=figures.RESAMPLES
                ),
            ),
            contenders=tuple(self._contender(one, counted) for one in self._all),
            rounds=tuple(self._rounds), ratios=self._ratios(),
            together=self._beside.found() if self._beside else (),
        )  # fmt: skip

    def sheet(self) -> bytes:
        """Every run that counts, as CSV."""
        several = len(self._all) > 1
        return csv_bytes([
            line for one in self._all
            for line in lines(text_of(one.worker.spec), one.warm, one.cold, one.runs, several=several)
        ])  # fmt: skip

    def _contender(self, one: Running, counted: int) -> Contender:
        spec, card, worker = one.worker.spec, one.worker.card, one.worker
        opened = worker.opened
        form = opened.form if opened else None
        seed, several = self._plan.seed, len(self._all) > 1
        rates = [1e3 / ms for ms in one.medians]
        cost = cost_of(card, self._store)
        return Contender(
            name=text_of(spec), model=card.name, title=card.title, task=card.task, backend=spec.backend,
            provider=opened.provider if opened else spec.provider,
            threads=(opened.threads or worker.engine().threads) if opened else spec.threads,
            precision=form.precision if form else card.precision, sha256=card.weights_sha256.lower(),
            file_bytes=form.bytes if form else card.bytes, parameters=cost["parameters"], gmacs=cost["gmacs"],
            start=one.start, memory=one.memory,
            warm=_stages(one.warm, one.runs, one.medians, counted, seed),
            cold=_stages(one.cold, 1, one.colds, counted, seed) if several else None,
            throughput=figures.middle(rates, seed) if rates else None,
            cores=figures.short(np.median(one.cores)) if one.cores else None,
            warning=opened.warning if opened else "", trouble=one.trouble.sentence if one.trouble else "",
        )  # fmt: skip

    def _ratios(self) -> tuple[Ratio, ...]:
        made, seed = [], self._plan.seed
        for i, first in enumerate(self._all):
            for j, second in enumerate(self._all[i + 1 :], i + 1):
                if both := min(len(first.medians), len(second.medians)):
                    made.append(Ratio(
                        i, j, figures.ratio(first.medians[:both], second.medians[:both], seed),
                        figures.ratio(first.colds[:both], second.colds[:both], seed),
                    ))  # fmt: skip
        return tuple(made)


def _drawn(places: list[int], last: int, random: Random) -> list[int]:
    """The places in an order that does not begin with the last one, where there are others."""
    order = list(places)
    random.shuffle(order)
    if len(order) > 1 and order[0] == last:
        other = random.randrange(1, len(order))
        order[0], order[other] = order[other], order[0]
    return order


def _stages(kept: Kept, runs: int, medians: list[float], counted: int, seed: int) -> Stages | None:
    if not kept.total:
        return None
    each = {name: figures.spread(kept.stage(name).astype(np.float64).reshape(-1, runs), seed) for name in STAGES}
    rounds = [*map(figures.short, medians), *[None] * (counted - len(medians))]
    return Stages(**each, rounds=tuple(rounds))
