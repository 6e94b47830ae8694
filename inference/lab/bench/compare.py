"""Two reports beside each other: what changed between them, beyond noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from inference.lab.bench.figures import change
from inference.lab.bench.report import Contender, Figure, Report
from inference.lab.bench.words import names, number, range_text

# Two benches of the same networks on the same machine differ by up to so much, whatever their intervals say: a process
# lies elsewhere in memory, the machine is another one (BENCHMARKS.md, "The fair clock").
BETWEEN_RUNS = 0.08
YARDSTICK = "onnxruntime"   # what the yardstick is run by


@dataclass(frozen=True, slots=True)
class Change:
    """One network in both reports."""

    name: str
    old_ms: float      # warm p50
    new_ms: float
    raw: Figure        # new / old
    ratio: Figure      # the same, by how fast the machine was both times
    same_file: bool

    @property
    def at_least(self) -> float:
        """How many times as long it takes, at least."""
        return self.ratio.value if self.ratio.low is None else self.ratio.low

    @property
    def beyond_noise(self) -> bool:
        """Whether it is another figure, not another day."""
        low, high = self.ratio.low, self.ratio.high
        return low is not None and high is not None and (low > 1 + BETWEEN_RUNS or high < 1 / (1 + BETWEEN_RUNS))


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two reports."""

    each: tuple[Change, ...]
    gone: tuple[str, ...]       # only in the old one
    new: tuple[str, ...]        # only in the new one
    machine: float              # how many times as long the yardstick took
    notes: tuple[str, ...]      # in what the two were measured otherwise


def changes(old: Report, new: Report) -> Changes:
    """Hold two reports side by side; a network is the same where model, backend, threads and precision are."""
    before, after = _measured(old), _measured(new)
    same = old.machine.packages.get(YARDSTICK) == new.machine.packages.get(YARDSTICK)
    slower = _yardstick(new) / _yardstick(old) if same else 1.0   # else it is another piece of work
    called = dict(zip((_key(one, i, new) for i, one in enumerate(new.contenders)), names(new), strict=True))
    each = []
    for key, one in after.items():
        if was := before.get(key):
            raw = change(_rounds(was), _rounds(one), new.protocol.seed)
            each.append(Change(
                called[key], _ms(was), _ms(one), raw, _over(raw, slower), was.sha256 == one.sha256,
            ))  # fmt: skip
    return Changes(
        tuple(each), tuple(one.title for key, one in before.items() if key not in after),
        tuple(called[key] for key in after if key not in before), slower, tuple(_notes(old, new)),
    )  # fmt: skip


def too_slow(found: Changes, allowed: float) -> list[Change]:
    """Those that became slower by more than `allowed`, a share, with the confidence of the reports."""
    return [one for one in found.each if one.at_least > 1 + allowed]


def text_of_changes(found: Changes, allowed: float | None) -> str:
    """In words."""
    slower = f"For the same work the machine itself took {found.machine:.2f} times as long: ratios are divided by that."
    lines = [slower, *found.notes]
    wrong = too_slow(found, allowed) if allowed is not None else []
    for one in found.each:
        times = f"{one.ratio.value:.2f} times ({range_text(one.ratio)})"
        figure = f"{number(one.old_ms)} → {number(one.new_ms)} ms, {times}"
        if one in wrong and allowed is not None:
            said = f"slower than the {allowed:.0%} that are allowed"
        elif not one.beyond_noise:
            said = "no change beyond noise"
        else:
            said = "slower" if one.ratio.value > 1 else "faster"
        lines.append(f"{one.name}: {said}. {figure}{'' if one.same_file else '; another file'}")
    lines += [f"{name} is only in the old report." for name in found.gone]
    lines += [f"{name} is only in the new report." for name in found.new]
    if not found.each:
        lines.append("No network is in both.")
    return "\n".join(lines)


def _measured(report: Report) -> dict[tuple[object, ...], Contender]:
    return {_key(one, i, report): one for i, one in enumerate(report.contenders) if one.warm}


def _key(one: Contender, place: int, report: Report) -> tuple[object, ...]:
    """What makes it the same network; twins are told apart by their order."""
    key = one.model, one.backend, one.provider, one.threads, one.precision
    twins = [(o.model, o.backend, o.provider, o.threads, o.precision) for o in report.contenders[:place]]
    return *key, twins.count(key)


def _rounds(one: Contender) -> list[float]:
    return [ms for ms in (one.warm.rounds if one.warm else ()) if ms]


def _ms(one: Contender) -> float:
    return one.warm.latency.p50.value if one.warm else 0.0


def _yardstick(report: Report) -> float:
    return median(each) if (each := [one.yardstick_ms for one in report.counted if one.yardstick_ms]) else 1.0


def _over(figure: Figure, slower: float) -> Figure:
    ends = (None if end is None else end / slower for end in (figure.low, figure.high))
    return Figure(figure.value / slower, *ends)


def _notes(old: Report, new: Report) -> list[str]:
    """In what the two were measured otherwise: each may be the reason for a change."""
    pairs: Sequence[tuple[str, object, object]] = (
        ("processor", old.machine.cpu, new.machine.cpu), ("cores", old.machine.cores, new.machine.cores),
        ("system", old.machine.os, new.machine.os), ("power", old.machine.power, new.machine.power),
        ("governor", old.machine.governor, new.machine.governor), ("Lineup", old.machine.lineup, new.machine.lineup),
        *((name, old.machine.packages.get(name), version) for name, version in new.machine.packages.items()),
        ("pictures", old.protocol.pictures, new.protocol.pictures),
    )  # fmt: skip
    notes = [
        "Other pictures." if what == "pictures" else f"{what}: {before or 'unknown'} → {now or 'unknown'}."
        for what, before, now in pairs if before != now
    ]
    for when, report in (("old", old), ("new", new)):
        if busy := sum(one.busy for one in report.counted):
            notes.append(f"In {busy} of {len(report.counted)} rounds of the {when} report other programs were busy.")
    return notes
