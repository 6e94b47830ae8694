"""How many threads a network should have, and how they should wait: all candidates in all situations.

What `inference.live.threads` and `inference.backends.ort.session_options` hold was chosen by this table. Every
situation is measured in rounds, all candidates in each; figures are medians over the rounds, ratios are to one thread
in the same round.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

import numpy as np
import onnxruntime as ort

from benchmarks.table import Row
from inference.backends.ort import SPIN_US
from inference.cores import computing_cores, usable_cores
from inference.data import LaneSpec, Mode
from inference.intake.provide import ready
from inference.live.threads import LINGER_MS, engine_for
from models import line_up, load_catalog
from models.store import Store

ROOT = Path(__file__).parents[1]
ort.set_default_logger_severity(4)   # it warns of a long spinning

SPIN, STOP = "session.intra_op.allow_spinning", "session.force_spinning_stop"
FOR_US = "session.intra_op.spin_duration_us"
ROUNDS, PICTURES, PERIOD_S, TOGETHER_S = 5, 15, 1 / 30, 1.0
WINDOW_ROUNDS, WINDOW_S = 3, 4.0

# What is tried: the name, whether it has all cores, and ONNX Runtime's settings.
CANDIDATES: dict[str, tuple[bool, dict[str, str]]] = {
    "one thread": (False, {}),
    "all cores, no spinning": (True, {SPIN: "0"}),
    "all cores, as it comes": (True, {}),
    "all cores, stop after a run": (True, {STOP: "1"}),
    f"all cores, {SPIN_US} µs, stop after a run": (True, {STOP: "1", FOR_US: str(SPIN_US)}),
    f"all cores, {LINGER_MS:.0f} ms after a run": (True, {FOR_US: f"{LINGER_MS * 1e3:.0f}"}),
}
IN_WINDOW = tuple(name for name in CANDIDATES if name != "all cores, stop after a run")

Figures = dict[str, dict[str, list[float]]]   # situation → candidate → a figure a round


def threads(network: str) -> tuple[list[Row], str]:
    """No bars; the tables, for one core and for all."""
    parts = []
    counts = (1, usable_cores()) if hasattr(os, "sched_setaffinity") and usable_cores() > 1 else (usable_cores(),)
    for cores in counts:
        where = "window" if cores == counts[-1] else "bare"
        command = [sys.executable, "-m", "benchmarks.threads", str(cores), network, where]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        parts.append(f"{cores} core{'s' * (cores > 1)} (`{network}`; in turns and together with the first start's):\n\n"
                     + _table(figures))   # fmt: skip
    return [], "\n\n".join(parts)


def main() -> None:
    """Measure on so many cores, in this process alone; a line of JSON."""
    cores, network, where = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    if hasattr(os, "sched_setaffinity"):   # as `taskset` does it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    figures = bare(network)
    if where == "window":
        figures |= windows(network)
    print(json.dumps(figures))


# ---- without a window ----


def bare(network: str) -> Figures:
    """Sessions with nothing around them."""
    catalog, store = load_catalog(), Store()
    names = list(dict.fromkeys([network, *line_up(catalog)]))
    paths = {name: ready(catalog[name], store, lambda *_: None, Event()) for name in names}
    four = [paths[name] for name in line_up(catalog)]
    found: Figures = {}

    def note(situation: str, candidate: str, figure: float) -> None:
        found.setdefault(situation, {}).setdefault(candidate, []).append(figure)

    for _ in range(ROUNDS):
        for candidate in CANDIDATES:
            run = _run(paths[network], candidate)
            note("alone, back to back, ms", candidate, _p50(run, 0))
            note("alone, 30 a second, ms", candidate, _p50(run, PERIOD_S))
            with _another_program():
                note("beside another program, ms", candidate, _p50(run, 0))
            runs = [run, *(_run(path, candidate) for path in four)]
            note("in turns, ms", candidate, _in_turns(runs))
            note("together, answers a second", candidate, _together(runs[1:]))
    return found


def _options(candidate: str) -> Any:
    every, entries = CANDIDATES[candidate]
    options = ort.SessionOptions()
    options.intra_op_num_threads = computing_cores() if every else 1
    for key, value in entries.items():
        options.add_session_config_entry(key, value)
    return options


def _run(path: Path, candidate: str) -> Callable[[], object]:
    session = ort.InferenceSession(str(path), _options(candidate), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    sides = [side if isinstance(side, int) else 1 for side in given.shape]
    x = np.random.default_rng(0).random(sides, np.float32)

    def run() -> object:
        return session.run(None, {given.name: x})

    for _ in range(3):
        run()
    return run


def _p50(run: Callable[[], object], period: float) -> float:
    times, due = [], perf_counter()
    for _ in range(PICTURES):
        due += period
        sleep(max(0.0, due - perf_counter()))
        start = perf_counter()
        run()
        times.append((perf_counter() - start) * 1e3)
    return statistics.median(times)


def _in_turns(runs: list[Callable[[], object]]) -> float:
    """p50 of the first while it takes turns with the others, ms."""
    times = []
    for _ in range(8):
        start = perf_counter()
        runs[0]()
        times.append((perf_counter() - start) * 1e3)
        for run in runs[1:]:
            run()
    return statistics.median(times)


def _together(runs: list[Callable[[], object]]) -> float:
    """Answers a second of all at once."""
    counts, stop = [0] * len(runs), Event()

    def loop(index: int) -> None:
        while not stop.is_set():
            runs[index]()
            counts[index] += 1

    loops = [Thread(target=loop, args=(i,)) for i in range(len(runs))]
    began = perf_counter()
    for thread in loops:
        thread.start()
    sleep(TOGETHER_S)
    stop.set()
    for thread in loops:
        thread.join()
    return sum(counts) / (perf_counter() - began)


@contextmanager
def _another_program() -> Iterator[None]:
    """One that keeps a core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    sleep(0.1)
    try:
        yield
    finally:
        process.kill()
        process.wait()


# ---- in the window ----


def windows(network: str) -> Figures:
    """The real window on a source of 30 a second: four lanes in turns, and one alone."""
    from benchmarks.lab import Tape, application, settled, shown
    from benchmarks.window import tape_frames, ticks

    application()
    frames = tape_frames()
    found: Figures = {}
    for _ in range(WINDOW_ROUNDS):
        for candidate in IN_WINDOW:
            for many, names in (("four in turns", line_up(load_catalog())), ("one lane", [network])):
                with _set(candidate):
                    window = shown(names, Mode.TURNS)
                    window.desk.session.open(Tape(30, frames))
                    settled(window)
                    lane = next((one for one in window.desk.session.lanes if one.spec.model == network),
                                window.desk.session.lanes[0])   # fmt: skip
                    p99, painted = ticks(window, WINDOW_S)
                    figures = {
                        "infer, ms": lane.timings.percentiles()["infer"][0],
                        "answers a second": sum(len(one.timings) for one in window.desk.session.lanes) / WINDOW_S,
                        "tick p99, ms": p99,
                        "answers painted, of 100": painted * 100,
                    }
                    window.close()
                for what, figure in figures.items():
                    found.setdefault(f"window, {many}: {what}", {}).setdefault(candidate, []).append(figure)
    return found


@contextmanager
def _set(candidate: str) -> Iterator[None]:
    """Every lane computes as the candidate says."""
    import inference.backends.ort as backend
    import inference.live.session as session

    kept = backend.session_options, session.engine_for  # type: ignore[attr-defined]
    cores = computing_cores() if CANDIDATES[candidate][0] else 1

    def chosen(spec: LaneSpec, mode: Mode, running: int, **rest: object) -> object:
        del mode, running, rest
        return engine_for(LaneSpec(spec.model, spec.backend, cores), Mode.TURNS, 2)

    backend.session_options = lambda engine: _options(candidate)
    session.engine_for = chosen  # type: ignore[attr-defined, assignment]
    try:
        yield
    finally:
        backend.session_options, session.engine_for = kept  # type: ignore[attr-defined]


def _table(figures: Mapping[str, Mapping[str, list[float]]]) -> str:
    """As Markdown: a row a situation, a column a candidate."""
    lines = [f"| | {' | '.join(CANDIDATES)} |", f"|---|{'---|' * len(CANDIDATES)}"]
    for situation, row in figures.items():
        cells = []
        for candidate in CANDIDATES:
            values = row.get(candidate)
            if not values:
                cells.append("")
                continue
            ratio = statistics.median(a / b for a, b in zip(values, row["one thread"], strict=True))
            share = "" if "tick" in situation or "painted" in situation else f" ({ratio:.2f})"
            cells.append(f"{statistics.median(values):.1f}{share}")
        lines.append(f"| {situation} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
