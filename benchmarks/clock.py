"""Whether the bench's clock is right: against times that are known, a loop outside the program, and itself."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Event, Thread
from time import perf_counter, perf_counter_ns, thread_time_ns

import cv2
import numpy as np

from benchmarks import timed
from benchmarks.lab import LATENCY, Tape, settled, shown, spin
from benchmarks.peers import ROOT, ask, started, still_picture, task_of
from benchmarks.table import Row, at_least, at_most, markdown
from benchmarks.window import tape_frames
from inference.data import Ask, LaneSpec, Mode, Timing
from inference.intake.provide import ready
from inference.lab.bench import run as protocol
from inference.lab.bench.kept import Kept
from inference.lab.bench.pictures import Pictures, read_pictures
from inference.lab.bench.plan import Plan
from inference.lab.bench.report import Report
from inference.lab.bench.run import Bench
from inference.lab.bench.words import verdicts
from inference.lab.bench.worker import Worker
from inference.live.sources import parse_source
from inference.live.threads import engine_for
from inference.live.timings import TimingLog, percentiles
from inference.places import REEL
from models import ModelCard, line_up, load_catalog
from models.store import Store

ROUNDS = 30
TIMES = 20        # of the verdicts
PAIRS = 25        # of rounds in turns with another process
BENCHES = 4       # of the built-in networks
BLOCKS = 10       # of lanes in turns, and of the bench's cold runs
KEPT = 1_000_000


def clock(network: str) -> tuple[list[Row], str]:
    """All rows, and the table of them."""
    timed.register()
    rows: list[Row] = []
    works: tuple[Callable[[], list[Row]], ...] = (
        known_times, no_tax, verdicts_hold, lambda: bare_loop(network), lambda: window_and_none(network),
        turns_and_cold, between_runs, overhead, a_million,
    )  # fmt: skip
    for work in works:
        found = work()
        for row in found:
            print(f"  {row.what}: {row.ours} ({row.bar})", file=sys.stderr, flush=True)
        rows += found
    return rows, markdown(rows)


def bench_of(cards: Sequence[ModelCard], folder: Path, *, rounds: int = ROUNDS, together: bool = False,
             seed: int = 1) -> Report:   # fmt: skip
    """A bench of timed networks, on a grey picture."""
    picture = Pictures(("grey",), (np.full((8, 8, 3), 114, np.uint8),))
    plan = Plan(tuple(timed.spec(card.name) for card in cards), rounds, seed, together=together, memory=False)
    made = Bench(plan, {card.name: card for card in cards}, Store(folder / "cache", folder), picture, Event())
    made.go()
    return made.report()


def known_times() -> list[Row]:
    """The bench's p50 and p95 of networks whose times are known."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, ms in (("busy", 2.0), ("busy", 20.0), ("sleep", 5.0), ("sleep", 30.0)):
            card = timed.network(folder, f"{kind}{ms:g}", kind, ms, jitter=0.1)
            report = bench_of([card], folder)
            found = report.contenders[0].warm
            assert found
            # The last ones are those that were counted: what came before was warming up, and one cold run a turn.
            runs = report.protocol.runs[0]
            drawn = np.array(timed.drawn[card.name][-(runs + 1) * len(report.counted) :]).reshape(-1, runs + 1)[:, 1:]
            for share, figure in ((50, found.infer.p50), (95, found.infer.p95)):
                true = float(np.percentile(drawn, share))
                off = abs(figure.value - true)
                rows.append(at_most(
                    f"{kind} for {ms:g} ms ± 10 %, p{share}", f"{figure.value:.3f} ms", f"{true:.3f} ms",
                    off / max(0.01 * true, 0.05), 1.0, note="1: 1 % or 50 µs off, whichever is more",
                ))  # fmt: skip
    return rows


def no_tax() -> list[Row]:
    """The contention tax of two networks that use no CPU."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cards = [timed.network(folder, f"idle{i}", "idle", 10.0, seed=i) for i in (1, 2)]
        (found,) = bench_of(cards, folder, rounds=5, together=True).together
    return [
        at_most(
            f"contention tax of two that only sleep, the {place}", f"{tax.value:.3f}", "1", abs(tax.value - 1), 0.02, ""
        )
        for place, tax in zip(("first", "second"), found.tax, strict=True)
    ]  # fmt: skip


def verdicts_hold() -> list[Row]:
    """How often a network that is 3 % slower is told apart, and how often two equal ones are not."""
    before, protocol.TURN_S = protocol.TURN_S, 0.01   # one run a turn: it is the clock that is tried, not patience
    told = equal = 0
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for i in range(TIMES):
                for slower in (1.03, 1.0):
                    cards = [
                        timed.network(folder, f"n{i}a{slower}", "busy", 10.0, 0.01, seed=2 * i),
                        timed.network(folder, f"n{i}b{slower}", "busy", 10.0 * slower, 0.01, seed=2 * i + 1),
                    ]
                    (verdict,) = verdicts(bench_of(cards, folder, seed=i))
                    told += slower > 1 and verdict.told and verdict.faster == 0
                    equal += slower == 1 and not verdict.told
    finally:
        protocol.TURN_S = before
    return [
        at_least(f"10 ms ± 1 %, and 3 % slower: told apart in {ROUNDS} rounds", f"{told} of {TIMES}", "", told, 19, ""),
        at_least(f"two equal ones are not, in {ROUNDS} rounds", f"{equal} of {TIMES}", "", equal, 19, ""),
    ]


def bare_loop(network: str) -> list[Row]:
    """The engine's part as the bench measures it against tests/bare_loop.py, in turns."""
    card, path = _network(network)
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        ours = started("bench", json.dumps({**_task(card, path, Path(name)), "infer": True}))
        threads = engine_for(LaneSpec(network)).threads
        bare = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "bare_loop.py", path, str(threads)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert ours
        try:
            loop(bare, 20)
            for _ in range(PAIRS):
                ratios.append(statistics.median(ask(ours, 30, 0)[0]) / statistics.median(loop(bare, 30)))
        finally:
            for process in (ours, bare):
                process.kill()
                process.wait()
    return [_near_one(f"the engine's part of {card.title}, p50, against a bare loop in another process", ratios, 0.03)]


def _network(name: str) -> tuple[ModelCard, Path]:
    card = load_catalog()[name]
    return card, ready(card, Store(), lambda *_: None, Event())


def _task(card: ModelCard, path: Path, folder: Path) -> dict[str, object]:
    """What a contestant is to do: this network on a still, which is written into the folder."""
    picture = folder / "still.png"
    cv2.imwrite(str(picture), still_picture())
    return task_of(card, path, picture)


def loop(process: "subprocess.Popen[str]", count: int) -> list[float]:
    """So many runs of the bare loop, ms."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    return [float(word) for word in process.stdout.readline().split()]


def window_and_none(network: str) -> list[Row]:
    """The same worker with a window whose bench is open, and without one, in turns."""
    card, path = _network(network)
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        task = json.dumps(_task(card, path, Path(name)))
        two = [started(way, task) for way in ("bench-window", "bench")]
        try:
            assert two[0]
            assert two[1]
            for _ in range(PAIRS):
                with_window, without = (statistics.median(ask(one, 30, 0)[0]) for one in two if one)
                ratios.append(with_window / without)
        finally:
            for process in two:
                if process:
                    process.kill()
                    process.wait()
    return [_near_one(f"{card.title} with the window's bench open, p50, against none", ratios, 0.05)]


def turns_and_cold() -> list[Row]:
    """What four lanes in turns show, against the bench's cold figure, in turns with each other.

    On a source that costs nothing, as in the other rows; and, without a bar, on the sample reel, whose pictures are
    made on one of the cores.
    """
    catalog = load_catalog()
    names = line_up(catalog)
    window = shown(names, Mode.TURNS, plot=False)
    window.show_view("stage")
    session, never = window.desk.session, Event()
    workers = [Worker(LaneSpec(name), catalog[name], Ask()) for name in names]
    for worker in workers:
        worker.do(lambda worker=worker: worker.open(Store(), lambda *_: None, never), never)
    pictures, rows = read_pictures(REEL), []
    for source, bar in ((Tape(30, tape_frames()), 0.10), (parse_source(REEL), 10.0)):
        session.open(source)
        settled(window)
        ratios: list[list[float]] = [[] for _ in names]
        for _ in range(BLOCKS):
            session.rest(False)
            spin(3.0)
            in_turns = [float(np.median(lane.timings.rows(last=25)[:, LATENCY])) for lane in session.lanes]
            session.rest(True)
            spin(0.3)
            for each, shown_ms, cold in zip(ratios, in_turns, _cold(workers, pictures, never), strict=True):
                each.append(shown_ms / cold)
        session.rest(False)
        for lane, each in zip(session.lanes, ratios, strict=True):
            middle = statistics.median(each)
            note = f"{source.title}; median of {BLOCKS} blocks in turns, from {min(each):.2f} to {max(each):.2f}"
            rows.append(at_most(
                f"{lane.title}: shown in turns on the stage, against the bench's cold figure", f"{middle:.2f} times",
                "1", abs(middle - 1), bar, "", note,
            ))  # fmt: skip
    for worker in workers:
        worker.close()
    window.close()
    return rows


def _cold(workers: Sequence[Worker], pictures: Pictures, never: Event) -> list[float]:
    """Medians of cold runs, each right after the others, ms; the window lives meanwhile."""
    found: list[list[float]] = [[] for _ in workers]

    def go() -> None:
        random, last = Random(1), len(workers) - 1
        for number in range(12):
            for i in protocol._drawn(list(range(len(workers))), last, random):
                turn = workers[i].do(lambda i=i, number=number: workers[i].turn(pictures.of_round(number), 0), never)
                found[i].append(turn.cold.latency)
                last = i

    thread = Thread(target=go)
    thread.start()
    while thread.is_alive():
        spin(0.1)
    return [statistics.median(each) for each in found]


def between_runs() -> list[Row]:
    """The ratios of the built-in networks in benches, one after the other; and how long one takes."""
    catalog, reports, took = load_catalog(), [], []
    names = line_up(catalog)
    for _ in range(BENCHES):
        began = perf_counter()
        plan = Plan(tuple(map(LaneSpec, names)), ROUNDS)
        made = Bench(plan, catalog, Store(), read_pictures(REEL), Event())
        made.go()
        reports.append(made.report())
        took.append(perf_counter() - began)
    each = [
        max(abs(a.warm.value / b.warm.value - 1) for a, b in zip(old.ratios, new.ratios, strict=True))
        for old, new in pairwise(reports)
    ]
    middle = statistics.median(each)
    return [
        at_most("ratios of the four built-in networks, one bench against the next: the largest difference of six",
                f"{middle:.1%}", "0", middle, 0.05, "", f"median of {', '.join(f'{one:.1%}' for one in each)}"),
        at_most("a bench of four networks, 30 rounds, together, memory", f"{max(took):.0f} s", "", max(took), 60, " s"),
    ]  # fmt: skip


def overhead() -> list[Row]:
    """What it costs to measure one frame: stamps, the values made of them, keeping them, percentiles four times a s."""
    log, chunks, count = TimingLog(), [], 500
    for _ in range(60):
        began = perf_counter_ns()
        for i in range(count):
            cpu0, t0 = thread_time_ns(), perf_counter()
            cpu1, t1 = thread_time_ns(), perf_counter()
            t2, cpu2 = perf_counter(), thread_time_ns()
            cpu3, t3 = thread_time_ns(), perf_counter()
            timing = Timing(
                wait=t0 * 1e3, preprocess=(t1 - t0) * 1e3, infer=(t2 - t1) * 1e3, postprocess=(t3 - t2) * 1e3,
                cpu_preprocess=(cpu1 - cpu0) / 1e6, cpu_infer=(cpu2 - cpu1) / 1e6, cpu_postprocess=(cpu3 - cpu2) / 1e6,
            )  # fmt: skip
            log.append(t3, timing, i)
        chunks.append((perf_counter_ns() - began) / count / 1e3)
    stamps = statistics.median(chunks)
    rows, chunks = log.rows(300), []   # ten seconds of thirty pictures each
    for _ in range(60):
        began = perf_counter_ns()
        for _ in range(10):
            percentiles(rows)
        chunks.append((perf_counter_ns() - began) / 10 / 1e3)
    asked = statistics.median(chunks) * 4 / 30
    return [
        at_most("clock of one frame: stamps, keeping them, percentiles 4 times a second at 30 pictures/s",
                f"{stamps:.1f} + {asked:.1f} µs", "", stamps + asked, 20, " µs"),
    ]  # fmt: skip


def a_million() -> list[Row]:
    """Keeping a million timings."""
    kept = Kept()
    timing = [Timing(preprocess=0.1, infer=float(ms), postprocess=0.01)
              for ms in np.random.default_rng(0).gamma(50, 0.2, 1000)]   # fmt: skip
    for i in range(KEPT):
        kept.append(timing[i % 1000])
    began = perf_counter()
    kept.percentile("latency", 99)
    took = (perf_counter() - began) * 1e3
    size = kept.bytes / 2**20
    return [
        at_most("p99 of a million timings", f"{took:.1f} ms", "", took, 50, " ms"),
        at_most("memory of a million timings", f"{size:.0f} MiB", "", size, 64, " MiB"),
    ]


def _near_one(what: str, ratios: Sequence[float], most: float) -> Row:
    middle = statistics.median(ratios)
    note = f"median of {len(ratios)} rounds in turns, from {min(ratios):.2f} to {max(ratios):.2f}"
    return at_most(what, f"{middle:.3f} times", "1", abs(middle - 1), most, "", note)
