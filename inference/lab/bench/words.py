"""A report in words: names, verdicts, and the text for a terminal, a chat or a slide."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from inference.backends import backends
from inference.lab.bench.report import Contender, Figure, Report, Together
from inference.terminal import table
from inference.words import size_text

FACTS = 3   # digits of a figure


class Verdict(NamedTuple):
    """What may be said of two networks."""

    faster: int        # places in `contenders`; where nothing may be said, in their order
    slower: int
    times: Figure      # as fast, 1 or more
    told: bool         # false: they are not told apart


def names(report: Report) -> tuple[str, ...]:
    """A name for each contender: its title, and as much of how it ran as tells it from others of that title."""
    made = [[one.title] for one in report.contenders]
    parts: tuple[Callable[[Contender], str], ...] = (
        _engine, lambda one: one.precision, _threads, lambda one: one.provider,
    )  # fmt: skip
    for part in parts:
        count = Counter(map(tuple, made))
        said: dict[tuple[str, ...], set[str]] = {}
        for words, one in zip(made, report.contenders, strict=True):
            said.setdefault(tuple(words), set()).add(part(one))
        for words, one in zip(made, report.contenders, strict=True):
            if count[tuple(words)] > 1 and len(said[tuple(words)]) > 1 and part(one):
                words.append(part(one))
    names: list[str] = []
    for words in made:
        name, again = ", ".join(words), 2
        while name in names:
            name, again = f"{', '.join(words)} ({again})", again + 1
        names.append(name)
    return tuple(names)


def _engine(one: Contender) -> str:
    known = backends()
    return known[one.backend].title if one.backend in known else one.backend


def _threads(one: Contender) -> str:
    return f"{one.threads} thread{'s' if one.threads != 1 else ''}" if one.threads else ""


def verdicts(report: Report, *, cold: bool = False) -> tuple[Verdict, ...]:
    """What may be said of each pair, the faster one first."""
    made = []
    for one in report.ratios:
        figure = one.cold if cold else one.warm
        if figure is None:
            continue
        if figure.value > 1:
            made.append(Verdict(one.second, one.first, figure, figure.told))
        else:
            made.append(Verdict(one.first, one.second, inverse(figure), figure.told))
    return tuple(made)


def inverse(figure: Figure) -> Figure:
    """One divided by it."""
    low, high = (None if end is None else 1 / end for end in (figure.high, figure.low))
    return Figure(1 / figure.value, low, high)


def verdict_text(verdict: Verdict, called: Sequence[str]) -> str:
    """A sentence."""
    first, second = called[verdict.faster], called[verdict.slower]
    if verdict.told:
        return f"{first} is {verdict.times.value:.2f} times as fast as {second} ({range_text(verdict.times)})."
    if verdict.times.low is None:
        return f"{first} and {second}: one round is too few to say."
    return f"{first} and {second} are not told apart ({range_text(verdict.times)})."


def range_text(figure: Figure, unit: str = "") -> str:
    """Its interval: "1.39 to 1.50"."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{number(figure.low)} to {number(figure.high)}{unit}"


def number(value: float) -> str:
    """Three digits, and no fewer than the whole ones: 0.123, 1.23, 12.3, 1234."""
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"


def machine_line(report: Report) -> str:
    """What it ran on."""
    here = report.machine
    parts = [here.cpu, f"{here.cores} core{'s' if here.cores != 1 else ''}"]
    if here.caches:
        last = list(here.caches)[-1]
        parts.append(f"{last.split()[0]} {size_text_binary(here.caches[last])}")
    parts.append(here.os)
    parts += [f"{name} {version}" for name, version in here.packages.items() if name in _used(report)]
    parts += [f"on {here.power}"] if here.power else []
    parts += [f"governor {here.governor}"] if here.governor else []
    return ", ".join(parts)


def size_text_binary(count: int) -> str:
    """Bytes of a cache: 32 MiB."""
    return f"{count / 2**20:g} MiB" if count >= 2**20 else f"{count / 2**10:g} KiB"


def _used(report: Report) -> set[str]:
    packages = {"onnxruntime": "onnxruntime", "opencv": "opencv-python-headless", "coreml": "coremltools"}
    return {packages.get(one.backend, "") for one in report.contenders}


def rounds_line(report: Report) -> str:
    """How many rounds, and how quiet the machine was."""
    counted = report.counted
    repeated, busy = len(report.rounds) - len(counted), sum(one.busy for one in counted)
    most = max((max(one.others, one.stolen) for one in counted), default=0.0)
    words = f"{len(counted)} round{'s' if len(counted) != 1 else ''}"
    if report.cancelled and len(counted) < report.protocol.rounds:
        words += f" of {report.protocol.rounds}: it was cancelled"
    words += f", seed {report.protocol.seed}. "
    if repeated:
        words += f"{repeated} more {'were' if repeated > 1 else 'was'} measured again, as other programs were busy. "
    if busy:
        words += f"In {busy} of those that count other programs kept up to {most:.2f} cores busy: not a quiet machine. "
    elif counted:
        words += f"Other programs kept {most:.2f} cores busy at most. "
    if len(yard := sorted(one.yardstick_ms for one in counted)) >= 5:
        tenth = len(yard) // 10
        span = f"{number(yard[tenth])} to {number(yard[-1 - tenth])} ms"
        words += f"The yardstick took {span}: so much the machine itself wavers."
    return words.strip()


HEAD = ("NETWORK", "ms", "INTERVAL", "p90", "p95", "p99", "COLD ms", "FIRST", "LOAD", "ANSWERS/S", "CORES", "THREADS",
        "PRECISION", "MEMORY")   # fmt: skip


def row(one: Contender, name: str) -> tuple[str, ...]:
    """The figures of one contender, as HEAD calls them."""
    warm, start, memory = one.warm, one.start, one.memory
    latency = warm.latency if warm else None
    return (
        name,
        number(latency.p50.value) if latency else "–",
        range_text(latency.p50) if latency else "",
        *((number(q.value) for q in (latency.p90, latency.p95, latency.p99)) if latency else ("", "", "")),
        number(one.cold.latency.p50.value) if one.cold else "",
        number(start.first_ms) if start else "",
        number(start.load_ms) if start else "",
        number(one.throughput.value) if one.throughput else "",
        f"{one.cores:.2f}" if one.cores is not None else "",
        str(one.threads or "?"),
        one.precision,
        size_text(memory.peak - memory.baseline) if memory and memory.peak > memory.baseline else "",
    )


def together_text(one: Together, called: Sequence[str]) -> str:
    """What a set of networks cost each other, in a line."""
    each = [
        f"{called[lane]} {number(p50)} ms ({tax.value:.2f} times alone)"
        for lane, p50, tax in zip(one.lanes, one.p50, one.tax, strict=True)
    ]
    return ", ".join(each)


def text_of_report(report: Report) -> str:
    """All that a person wants to read, as plain text."""
    called = names(report)
    rows = [HEAD, *(row(one, name) for one, name in zip(report.contenders, called, strict=True))]
    kept = [i for i in range(len(HEAD)) if i < 3 or any(line[i] for line in rows[1:])]
    lines = [
        "Warm: right after itself. Cold: right after the others. ms: median of all warm runs, from the picture to the "
        f"answer; interval: {report.protocol.confidence:.0%}.",
        "",
        table([[line[i] for i in kept] for line in rows], right=[at for at, i in enumerate(kept) if i not in (0, 12)]),
    ]
    if said := verdicts(report):
        lines += ["", *(verdict_text(one, called) for one in said)]
    if report.together:
        lines += ["", "Together, each on its share of the cores:"]
        lines += [f"  {together_text(one, called)}" for one in report.together]
    lines += ["", rounds_line(report), machine_line(report), *cautions(report)]
    return "\n".join(lines)


def cautions(report: Report) -> list[str]:
    """What must not be read into the figures, and where a network did not run as it was asked to, a sentence each."""
    told = []
    if any(one.backend == "coreml" for one in report.contenders) and not report.machine.os.startswith("macOS"):
        told.append("Core ML's reference computes a package by other means: its times say nothing of a phone or a Mac.")
    warned = zip(names(report), (one.warning for one in report.contenders), strict=True)
    return told + [f"{name}: {warning}" for name, warning in warned if warning]


def troubles(report: Report) -> list[str]:
    """What could not be measured, a sentence each."""
    return [f"{name}: {one.trouble}" for one, name in zip(report.contenders, names(report), strict=True) if one.trouble]
