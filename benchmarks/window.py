"""The whole window at work: throughput, honest turns, age of the picture, lag, memory."""

import statistics
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep

import numpy as np
import psutil
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPaintEvent

from benchmarks.lab import Tape, grid, settled, shown, spin
from benchmarks.table import Row, at_least, at_most
from gui.main_window import MainWindow
from gui.stage.answer import PictureView
from gui.stage.views import VIEWS
from inference.backends import Engine
from inference.data import Ask, Frame, LaneSpec, Mode
from inference.intake.provide import ready
from inference.live.lane import Lane
from inference.live.sources import parse_source
from inference.live.threads import engine_for
from inference.recogniser import Recogniser
from models import ModelCard, line_up, load_catalog
from models.store import Store

ROUND_S = 2.0
ROUNDS = 9


def tape_frames(count: int = 24) -> list[NDArray[np.uint8]]:
    """Frames of the sample reel, 1280×720 BGR."""
    reel = parse_source("reel")
    reel.open()
    frames = [f for f in (reel.read() for _ in range(count)) if f is not None]
    reel.close()
    return frames


class Bench:
    """A window to measure, with the models of the line-up."""

    def __init__(self) -> None:
        self.catalog = load_catalog()
        self.store = Store()
        self.names = line_up(self.catalog)
        self.frames = tape_frames()
        self.paths: dict[str, Path] = {
            name: ready(self.catalog[name], self.store, lambda *_: None, Event()) for name in self.names
        }

    def window(
        self, mode: Mode, names: Sequence[str], fps: float, *, plot: bool = True, threads: int = 0
    ) -> tuple[MainWindow, Tape]:   # fmt: skip
        """A shown window whose lanes all run, and what they are fed by."""
        window = shown(names, mode, plot=plot, threads=threads)
        tape = Tape(fps, self.frames)
        window.desk.session.open(tape)
        return settled(window), tape

    def loops(self, names: Sequence[str], mode: Mode, threads: int = 0) -> "Loops":
        """The same networks in loops with nothing else, with the threads that the window's lanes have."""
        engine = engine_for(LaneSpec("", threads=threads), mode, len(names), linger=False)
        return Loops([(self.catalog[name], self.paths[name]) for name in names], engine, self.frames)


class Loops:
    """Bare loops, one a network, each in a thread: prepare, run, read, again. They run while they are let."""

    def __init__(
        self, nets: Sequence[tuple[ModelCard, Path]], engine: Engine, frames: Sequence[NDArray[np.uint8]]
    ) -> None:
        self._frames, self._let, self._ended = frames, Event(), Event()
        self._counts = [0] * len(nets)
        self._threads = [
            Thread(target=self._loop, args=(i, card, path, engine)) for i, (card, path) in enumerate(nets)
        ]
        for thread in self._threads:
            thread.start()

    def _loop(self, index: int, card: ModelCard, path: Path, engine: Engine) -> None:
        recognise, n = Recogniser(card, path, "onnxruntime", engine, live=True), 0
        while not self._ended.is_set():
            if not self._let.wait(0.05):
                continue
            # A new frame each time, as a lane has it: what others made of it is not there.
            recognise(Frame(self._frames[n % len(self._frames)], n, 0.0, alone=True), Ask())
            n += 1
            self._counts[index] = n

    def rates(self, seconds: float) -> list[float]:
        """Runs a second of each, over so long."""
        self._let.set()
        sleep(0.2)
        before, began = list(self._counts), perf_counter()
        sleep(seconds)
        done, took = list(self._counts), perf_counter() - began
        self._let.clear()
        sleep(0.2)
        return [(b - a) / took for a, b in zip(before, done, strict=True)]

    def end(self) -> None:
        """Let the threads go."""
        self._ended.set()
        for thread in self._threads:
            thread.join()


def rate(window: MainWindow, seconds: float) -> float:
    """Answers per second of all lanes together."""
    before, began = sum(lane.results for lane in window.desk.session.lanes), perf_counter()
    spin(seconds)
    return (sum(lane.results for lane in window.desk.session.lanes) - before) / (perf_counter() - began)


def throughput(bench: Bench) -> list[Row]:
    """Inferences per second in the window against bare loops: one window, short rounds in turns."""
    rows = []
    for what, names, mode, threads, bar in (
        ("four lanes together in the window, inferences/s", bench.names, Mode.TOGETHER, 0, 0.95),
        ("one lane on one thread in the window, inferences/s", bench.names[:1], Mode.TURNS, 1, 0.97),
        ("the same on all cores", bench.names[:1], Mode.TURNS, 0, 0.97),
    ):
        loops = bench.loops(names, mode, threads)
        window, tape = bench.window(mode, names, fps=30, threads=threads)
        tape.feed(window.desk.session.lanes)
        ours, bare = [], []
        for _ in range(ROUNDS):
            tape.let.clear()
            spin(0.3)
            bare.append(sum(loops.rates(ROUND_S)))
            tape.let.set()
            spin(0.5)
            ours.append(rate(window, ROUND_S))
        window.close()
        loops.end()
        ratios = [x / y for x, y in zip(ours, bare, strict=True)]
        rows.append(
            at_least(
                what, f"{statistics.median(ours):.1f}",
                f"{statistics.median(bare):.1f} in bare loops around the same call, with the same threads",
                statistics.median(ratios), bar, note="rounds " + ", ".join(f"{ratio:.2f}" for ratio in ratios),
            )
        )  # fmt: skip
    return rows


def turns(bench: Bench) -> list[Row]:
    """Turns at 30 frames/s: every answer is shown with its picture, the window stays quick, a lane's figure its own."""
    window, tape = bench.window(Mode.TURNS, bench.names, fps=30)
    spin(1.5)
    live = next(v for v in grid(window).views if v.card.task == "classify")
    painted, answered, began = live.picture.painted, live.lane.results, perf_counter()
    p99, _ = ticks(window, 12)
    seconds = perf_counter() - began
    painted, answered = live.picture.painted - painted, live.lane.results - answered
    counts = [len(lane.timings) for lane in window.desk.session.lanes]
    errors, words = _solo_errors(window, tape)
    window.close()
    return [
        at_least(
            "four lanes in turns, 30 frames/s source: answers of a lane painted, each with its own picture",
            f"{painted / seconds:.1f} a second", f"{answered / seconds:.1f} answers a second", painted / answered, 0.97,
        ),
        at_most(
            "the same: UI tick of 10 ms, p99", f"{p99:.1f} ms", "10 ms asked for", p99, 20, " ms",
            note=f"answers per lane {counts}",
        ),
        at_most(
            "p50 infer with three others in turns, against alone, both without rest",
            f"{max(errors):.1f} % off at worst", "others paused", max(errors), 10, " %", note=", ".join(words),
        ),
    ]  # fmt: skip


def views(bench: Bench) -> list[Row]:
    """From one view to the next with nine networks, pressed and painted; and the window's tick on the stage."""
    nine = [name for _, name in zip(range(9), cycle(bench.names), strict=False)]
    window, _ = bench.window(Mode.TURNS, nine, fps=30)
    loads = [lane.results for lane in window.desk.session.lanes]
    took = []
    for _ in range(10):
        for key in VIEWS:
            spin(0.15)
            began = perf_counter()
            window.show_view(key)
            window.repaint()
            took.append((perf_counter() - began) * 1e3)
    assert all(lane.results >= before for lane, before in zip(window.desk.session.lanes, loads, strict=True))
    window.close()
    took = took[len(VIEWS) :]   # the first round makes them
    four, _ = bench.window(Mode.TURNS, bench.names, fps=30)
    four.show_view("stage")
    spin(1.5)
    p99, _ = ticks(four, 12)
    done = [lane.results for lane in four.desk.session.lanes]
    four.close()
    return [
        at_most(
            "from one view to the next, nine lanes, pressed and painted, p95", f"{np.percentile(took, 95):.0f} ms",
            "", float(np.percentile(took, 95)), 100, " ms", note=f"median {np.median(took):.0f} ms",
        ),
        at_most(
            "the stage, four lanes in turns, 30 frames/s source: UI tick of 10 ms, p99", f"{p99:.1f} ms",
            "10 ms asked for", p99, 20, " ms", note=f"answers per lane {done}",
        ),
    ]  # fmt: skip


def ticks(window: MainWindow, seconds: float) -> tuple[float, float]:
    """p99 of a tick of 10 ms of the window's thread, ms; and the share of its lanes' answers that were painted."""
    gaps: list[float] = []
    last = [perf_counter()]

    def tick() -> None:
        now = perf_counter()
        gaps.append((now - last[0]) * 1e3)
        last[0] = now

    ticker = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
    ticker.timeout.connect(tick)
    for lane in window.desk.session.lanes:
        lane.timings.clear()
    before = [(view.picture.painted, view.lane.results) for view in grid(window).views]
    ticker.start()
    spin(seconds)
    ticker.stop()
    after = [(view.picture.painted, view.lane.results) for view in grid(window).views]
    painted, answered = (sum(b[i] - a[i] for a, b in zip(before, after, strict=True)) for i in (0, 1))
    return float(np.percentile(gaps, 99)), painted / max(1, answered)


def idle() -> list[Row]:
    """Processor time when nothing moves: a frozen picture with four lanes, and no lanes on a still picture."""
    rows = []
    for what, names in (("frozen, four lanes", line_up(load_catalog())), ("no lanes, a still picture", [])):
        window = shown(names, Mode.TURNS)
        window.desk.session.open(Tape(30, tape_frames()[:1]))
        settled(window)
        spin(1)
        if names:
            window.desk.session.freeze()
        spin(2)
        process = psutil.Process()
        before, began = sum(process.cpu_times()[:2]), perf_counter()
        spin(10)
        share = (sum(process.cpu_times()[:2]) - before) / (perf_counter() - began) * 100
        window.close()
        rows.append(at_most(f"processor time, {what}", f"{share:.1f} %", "of one core", share, 5, " %"))
    return rows


def _solo_errors(window: MainWindow, tape: Tape, rounds: int = 5) -> tuple[list[float], list[str]]:
    """Per lane, how far its p50 infer with the others is from that without them, in %; A B A B in one window.

    Alone, it is given pictures as fast as it answers: in turns it does not rest between them either.
    """
    lanes = window.desk.session.lanes

    def infer(running: Sequence[Lane], seconds: float) -> list[float]:
        for lane in lanes:
            window.desk.session.set_paused(lane, lane not in running)
        spin(0.5)
        for lane in running:
            lane.timings.clear()
        spin(seconds)
        return [lane.timings.percentiles()["infer"][0] for lane in running]

    tape.feed(lanes)
    together: list[list[float]] = []
    alone: list[list[float]] = []
    for _ in range(rounds):
        tape.period_s = 1 / 30
        spin(0.2)
        together.append(infer(lanes, 3))
        tape.period_s = 0.0   # as fast as it answers
        alone.append([infer([lane], 1.5)[0] for lane in lanes])
    errors, words = [], []
    for i, lane in enumerate(lanes):
        a, b = (statistics.median(values[i] for values in kept) for kept in (together, alone))
        errors.append(abs(a / b - 1) * 100)
        words.append(f"{lane.spec.model} {a:.1f}/{b:.1f} ms")
    return errors, words


def age(bench: Bench) -> list[Row]:
    """From the grab to the paint, without lanes."""
    window, _ = bench.window(Mode.TURNS, [], fps=30)
    spin(1)
    ages = grid(window).empty.ages
    ages.clear()
    spin(6)
    p50, p95 = np.percentile(ages, (50, 95))
    count = len(ages)
    window.close()
    reference = f"p95 {p95:.2f} ms, n {count}"
    return [at_most("age of a frame at paint, no lanes, p50", f"{p50:.2f} ms", reference, float(p50), 5, " ms")]


def slow_painter(bench: Bench) -> list[Row]:
    """A painter that needs 100 ms a frame must not fall behind: it shows the newest and nothing piles up."""
    paint = PictureView.paintEvent
    lags: list[int] = []
    newest: list[Frame] = []

    def slowed(self: PictureView, event: QPaintEvent) -> None:
        if self.frame is not None and newest:
            lags.append(newest[-1].index - self.frame.index)
        sleep(0.1)
        paint(self, event)

    PictureView.paintEvent = slowed  # type: ignore[method-assign]
    try:
        window, _ = bench.window(Mode.TURNS, bench.names[:1], fps=30, plot=False)
        prepare = window.desk.session.prepare

        def note(frame: Frame) -> None:
            if prepare:
                prepare(frame)
            newest[:] = [frame]

        window.desk.session.prepare = note
        spin(1)
        lags.clear()
        memory = psutil.Process().memory_info().rss
        spin(6)
        grown = (psutil.Process().memory_info().rss - memory) / 1e6
        window.close()
    finally:
        PictureView.paintEvent = paint  # type: ignore[method-assign]
    worst = max(lags)
    return [
        at_most("a painter slowed to 100 ms a frame: pictures behind the newest when it begins", f"{worst} at worst",
                f"n {len(lags)}, memory {grown:+.1f} MB", worst, 1, " frame")
    ]  # fmt: skip


def memory(bench: Bench, minutes: float) -> list[Row]:
    """Growth of the resident memory after the first minute, four lanes, plot open."""
    window, _ = bench.window(Mode.TURNS, bench.names, fps=30)
    process = psutil.Process()
    spin(60)
    samples = []
    until = perf_counter() + (minutes - 1) * 60
    while perf_counter() < until:
        spin(5)
        samples.append(process.memory_info().rss / 1e6)
    window.close()
    tenth = max(1, len(samples) // 10)
    grown = statistics.median(samples[-tenth:]) - statistics.median(samples[:tenth])
    return [
        at_most(f"{minutes:g} minutes, 4 lanes: growth of memory after the first minute", f"{grown:+.1f} MB",
                f"from {samples[0]:.0f} MB", grown, 5, " MB")
    ]  # fmt: skip

