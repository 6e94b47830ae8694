"""The verb `live --headless`: the live pipeline without a window, measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from inference.answers import ask_values, engine_text, form_values, prediction_values
from inference.data import STAGES, Ask, LaneSpec, LaneState, Mode, Result, SourceState
from inference.live.lane import SPAN_S, Lane
from inference.live.recognise import MakeLoad
from inference.live.session import Session
from inference.live.sources import Source
from inference.live.timings import COLUMNS, CPU_STAGES, rate
from inference.machine import machine
from inference.terminal import ProgressLine, table

TICK_S = 0.1  # an interrupt is noticed this soon on every platform
PATIENCE_S = 15.0  # without a new picture for so long, a source that may come back is given up
DRAIN_S = 30.0  # for the last answers after the end of a source
TROUBLE = (LaneState.FAILED.value, LaneState.STUCK.value)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a headless run is over; without either it would never be."""

    frames: int | None = 100  # answers of every lane
    seconds: float | None = None  # since all lanes were loaded


class Run:
    """One headless run. `go` blocks until the limits are reached, the source ends, or nothing can go on."""

    def __init__(
        self,
        make_load: MakeLoad,
        specs: Sequence[LaneSpec],
        source: Source,
        limits: Limits,
        *,
        mode: Mode | None = None,
        ask: Ask | None = None,
        mirror: bool = False,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._source, self._limits, self._specs, self._patience_s = source, limits, specs, patience_s
        self._changed = Event()
        self._session = Session(make_load, self._changed.set, mode=mode)
        self._session.mirror = mirror
        self._session.set_ask(ask or Ask())
        self._progress = ProgressLine()
        self._first: tuple[int, float] | None = None  # index and moment of the first picture seen
        self._started = perf_counter()
        self._ended = 0.0
        self._why = ""

    def go(self) -> dict[str, Any]:
        """Load, run, measure; every thread is told to end on the way out, whatever happened.

        Returns:
            The report as plain values; "ok" is false when a lane failed or the source gave no picture.
        """
        try:
            for spec in self._specs:
                self._session.add(spec)
            self._load()
            if self._running():
                self._session.open(self._source)  # only now: a count begins when every lane is ready for it
                self._started = perf_counter()
                self._run()
            else:
                self._why = "no lane could be loaded"
            self._ended = perf_counter()
            return self._report()
        finally:
            self._progress.clear()
            self._session.close()

    def _load(self) -> None:
        """Wait until no lane is loading."""
        while loading := self._in(LaneState.LOADING):
            status = loading[0].status
            self._progress(f"{loading[0].title}: {status.message}", status.fraction)
            self._wait()

    def _run(self) -> None:
        limits = self._limits
        deadline = self._started + limits.seconds if limits.seconds else None
        while True:
            self._wait()
            now = perf_counter()
            self._note_first()
            lanes = self._running()
            if not lanes:
                self._why = "no lane answers" if self._in(LaneState.STUCK) else "every lane failed"
            elif limits.frames and all(lane.results >= limits.frames for lane in lanes):
                self._why = "frames"
            elif deadline and now >= deadline:
                self._why = "seconds"
            else:
                self._why = self._source_over(now)
            if self._why:
                break
            status = self._session.source
            self._progress(
                f"{status.title} {status.state.value} {status.fps:.0f}/s   "
                + "  ".join(f"{lane.title} {lane.results}" for lane in lanes)
            )
        if self._why == "source ended":
            self._drain()

    def _source_over(self, now: float) -> str:
        """Why the source will give no more, or ""."""
        status = self._session.source
        if status.state is SourceState.ENDED:
            return "source ended"
        last = self._session.latest.taken_at if self._session.latest else self._started
        if status.state is SourceState.LOST and not self._source.live:
            return "source lost"
        return "no picture" if now - last > self._patience_s else ""

    def _drain(self) -> None:
        """Let each lane answer the last picture of a source that ended: nothing else is left in its box."""
        deadline = perf_counter() + DRAIN_S
        while perf_counter() < deadline:
            given = self._session.latest.index + 1 if self._session.latest else 0
            if all(lane.results + lane.inbox.dropped >= given for lane in self._running()):
                return
            self._wait()

    def _wait(self) -> None:
        """Until something changed, but a tick at most."""
        self._changed.wait(TICK_S)
        self._changed.clear()

    def _running(self) -> list[Lane]:
        return self._in(LaneState.RUNNING)

    def _in(self, state: LaneState) -> list[Lane]:
        return [lane for lane in self._session.lanes if lane.status.state is state]

    def _note_first(self) -> None:
        if self._first is None and (frame := self._session.latest):
            self._first = frame.index, frame.taken_at

    def _report(self) -> dict[str, Any]:
        session = self._session
        status, last = session.source, session.latest
        fps = 0.0
        if self._first and last and last.taken_at > self._first[1]:
            fps = (last.index - self._first[0]) / (last.taken_at - self._first[1])
        lanes = [self._lane(lane) for lane in session.lanes]
        failed = any(lane["state"] in TROUBLE for lane in lanes)
        return {
            "ok": bool(lanes)
            and not failed
            and last is not None
            and self._why not in ("no picture", "source lost"),
            "ended": self._why,
            "mode": session.mode.value,
            "seconds": round(self._ended - self._started, 3),
            "machine": machine(),
            "ask": ask_values(session.ask),
            "source": {
                "title": self._source.title,
                "width": status.size[1],
                "height": status.size[0],
                "frames": last.index + 1 if last else 0,
                "fps": round(fps, 2),
                "states": [state.value for state in session.feeds.states_passed],
                "message": status.message,
                "hint": status.hint,
            },
            "lanes": lanes,
        }

    def _lane(self, lane: Lane) -> dict[str, Any]:
        rows = lane.timings.rows()
        wait, latency = COLUMNS.index("wait"), COLUMNS.index("latency")
        stages, now = lane.timings.percentiles(), lane.figures()   # the whole run, and what the window would show
        wall = {name: stages[name] for name in (*STAGES, "latency")}
        cpu = {name.removeprefix("cpu_"): stages[name] for name in CPU_STAGES} | {"all": stages["cpu"]}
        result = lane.latest
        return {
            "model": lane.spec.model,
            "backend": lane.spec.backend,
            "provider": lane.provider,
            "form": form_values(lane.form),
            "warning": lane.warning,
            "threads": lane.threads,
            "threads_chosen": lane.spec.threads or None,
            "state": lane.status.state.value,
            "message": lane.status.message,
            "hint": lane.status.hint,
            "results": lane.results,
            "skipped": lane.inbox.dropped,
            "fps": round(rate(rows), 2),
            "timed": len(rows),
            "wall_ms": {name: _percentiles(values) for name, values in wall.items()},
            "now": {
                "span_s": SPAN_S, "timed": now.timed, "fps": round(now.fps, 2),
                "latency_ms": _percentiles(now.stages["latency"]),
            },
            "cpu_ms": {name: _percentiles(values) for name, values in cpu.items()},
            "age_ms": _ages((rows[:, wait] + rows[:, latency]).tolist()),
            "last": _last(result) if result else None,
        }


def report_text(report: dict[str, Any]) -> str:
    """The report as a table for people."""
    source = report["source"]
    rows = [
        (
            "MODEL",
            "BACKEND",
            "THREADS",
            "ANSWERS",
            "SKIPPED",
            "PER s",
            "INFER p50",
            "LATENCY p50",
            "p95",
            "CPU p50",
            "AGE p50",
            "LAST ANSWER",
        )
    ]
    for lane in report["lanes"]:
        wall, last = lane["wall_ms"], lane["last"]
        answer = lane["message"] if lane["state"] in TROUBLE else _short_answer(last)
        figures = (
            wall["infer"]["p50"],
            wall["latency"]["p50"],
            wall["latency"]["p95"],
            lane["cpu_ms"]["all"]["p50"],
            lane["age_ms"]["p50"],
        )
        rows.append(
            (
                lane["model"],
                f"{engine_text(lane['backend'], lane['form'])} {lane['provider']}".strip(),
                f"{lane['threads']}{'' if lane['threads_chosen'] else ' auto'}",
                str(lane["results"]),
                str(lane["skipped"]),
                f"{lane['fps']:.1f}",
                *(f"{ms:.1f}" for ms in figures),
                answer,
            )
        )
    lines = [
        f"{source['title']}  {source['width']} × {source['height']} px  {source['fps']:.1f} frames/s"
        f"  {' → '.join(source['states'])}",
        f"{report['mode']}: "
        + (
            "one lane computes at a time; times in ms"
            if report["mode"] == Mode.TURNS.value
            else "all lanes run at once, so these are times under load; in ms"
        ),
        table(rows, right=range(2, 11)),
    ]
    if source["message"]:
        lines.insert(1, f"{source['message']} {source['hint']}".strip())
    return "\n".join(lines)


def troubles(report: dict[str, Any]) -> list[str]:
    """One sentence for each thing that went wrong in a run."""
    source = report["source"]
    found = [
        f"{lane['message']} {lane['hint']}".strip()
        for lane in report["lanes"]
        if lane["state"] in TROUBLE
    ]
    if report["ended"] in ("no picture", "source lost") or not (source["frames"] or found):
        what = f"{source['message']} {source['hint']}".strip()
        found.append(what or f"{source['title']} gave no picture. Choose another with --source.")
    return found


def _last(result: Result) -> dict[str, Any]:
    return {"frame": result.frame.index, "late": result.late, **prediction_values(result.prediction)}


def _short_answer(last: dict[str, Any] | None) -> str:
    if last is None:
        return "none"
    if not last["labels"]:
        return str(last.get("nothing", "nothing found"))
    return ", ".join(
        f"{label} {score:.2f}" for label, score in list(zip(last["labels"], last["scores"], strict=True))[:2]
    )


def _percentiles(values: tuple[float, float, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in zip(("p50", "p95", "p99"), values, strict=True)}


def _ages(ages: list[float]) -> dict[str, float]:
    """How old the picture was when its answer was ready, ms."""
    p50, p95 = np.percentile(ages, (50, 95)) if ages else (0.0, 0.0)
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
