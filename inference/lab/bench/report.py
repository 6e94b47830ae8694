"""What a bench has found: one value, written as JSON whose schema has a version.

docs/bench.md says what each field means; `schema()` is the same for programs, and resources/bench.schema.json keeps it.
Times are ms, sizes bytes, shares of cores 0..n, moments ISO 8601. What could not be measured is null.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from inference.errors import LabError
from models.texts import read_bytes, reason

NAME, VERSION = "lineup-bench", 1   # raise it when a field is renamed, removed, or means something else
LARGEST = 200_000_000               # bytes of a file that is read

NotNegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, description="cores")]
Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, and the interval in which it lies with the confidence that the protocol names."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def told(self) -> bool:
        """Of a ratio: whether the two may be told apart, 1 lying outside the interval."""
        return self.low is not None and self.high is not None and (self.low > 1 or self.high < 1)


@dataclass(frozen=True, slots=True)
class Spread:
    """Times of one stage, ms."""

    n: Annotated[int, Meta(ge=1)]
    min: NotNegative
    mean: NotNegative
    max: NotNegative
    deviation: NotNegative   # of the sample
    p50: Figure
    p90: Figure
    p95: Figure
    p99: Figure


@dataclass(frozen=True, slots=True)
class Stages:
    """The times of one kind of runs, by stage; `latency` is the sum of the three before it, `cpu` of one thread."""

    preprocess: Spread
    infer: Spread
    postprocess: Spread
    latency: Spread
    cpu: Spread
    rounds: tuple[NotNegative | None, ...]   # median latency of each round that counts; null: it did not take part


@dataclass(frozen=True, slots=True)
class Start:
    """What it takes before a network is at its usual pace."""

    load_ms: NotNegative      # opening its file
    first_ms: NotNegative     # its very first run
    warm_up_runs: Count
    warm_up_ms: NotNegative   # until it was stable
    stable: bool              # false: it was not when the time for it was over


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process that does nothing else, bytes that are resident."""

    baseline: Count   # engine loaded, no network
    loaded: Count     # with the network
    after: Count      # after runs
    peak: Count       # at most
    load_ms: NotNegative    # there
    first_ms: NotNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One network as it was run."""

    name: str            # as `--models` takes it
    model: str           # its card
    title: str
    task: str
    backend: str
    provider: str
    threads: Count       # alone
    precision: str
    sha256: str          # of the card's file
    file_bytes: Count
    parameters: Count
    gmacs: NotNegative
    start: Start | None = None
    memory: Memory | None = None
    warm: Stages | None = None        # right after itself
    cold: Stages | None = None        # right after the others; null: there are none
    throughput: Figure | None = None  # answers a second, alone and warm
    cores: Share | None = None        # that it kept busy, warm
    warning: str = ""                 # it does not run as it was asked to
    trouble: str = ""                 # why it was not measured, or not to the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One time each network had its turn."""

    order: tuple[Count, ...]    # places in `contenders`
    seconds: NotNegative
    others: Share               # cores that other programs kept busy
    stolen: Share               # cores that the host of a virtual machine gave to others
    yardstick_ms: NotNegative   # a small network that is always the same: how fast the machine was
    busy: bool                  # one of the two was above the protocol's bar
    counts: bool                # false: repeated


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long the first takes as the second."""

    first: Count    # places in `contenders`
    second: Count
    warm: Figure
    cold: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Networks that ran at the same time."""

    lanes: tuple[Count, ...]               # places in `contenders`
    threads: tuple[Count, ...]             # of each
    p50: tuple[NotNegative, ...]           # latency, ms, of each
    throughput: tuple[NotNegative, ...]    # answers a second, of each
    tax: tuple[Figure, ...]                # together / alone, of each; low and high: of the repeats
    others: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What it ran on; empty or null where the system does not tell."""

    lineup: str
    python: str
    os: str
    cpu: str
    cores: Count                        # that this program may use
    caches: dict[str, int]              # "L3 unified": bytes
    memory: Count
    frequency_mhz: float | None
    governor: str
    power: Literal["mains", "battery", ""]
    packages: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How it was measured."""

    rounds: Count            # that were wanted
    seed: Count
    confidence: Annotated[float, Meta(gt=0, lt=1)]
    resamples: Count
    busy_above: Share        # a round counts as disturbed
    repeats_allowed: Count
    runs: tuple[Count, ...]  # warm runs a turn, of each contender
    pictures: tuple[str, ...]
    picture_size: tuple[tuple[Count, Count], ...]   # height, width, px
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it."""

    schema: Literal["lineup-bench"] = "lineup-bench"
    version: Literal[1] = 1
    made_at: str = ""
    seconds: NotNegative = 0.0
    cancelled: bool = False
    machine: Machine
    protocol: Protocol
    contenders: tuple[Contender, ...]
    rounds: tuple[Round, ...]
    ratios: tuple[Ratio, ...]
    together: tuple[Together, ...]

    @property
    def counted(self) -> tuple[Round, ...]:
        """The rounds that the figures are of."""
        return tuple(one for one in self.rounds if one.counts)


def to_json(report: Report) -> bytes:
    """The report as JSON, UTF-8, with a line for each thing that a person may look for."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"{NAME} {VERSION}",
            **msgspec.json.schema(Report)}   # fmt: skip


def read_report(path: Path) -> Report:
    """A report that was written.

    Raises:
        LabError: it cannot be read, or is none that this version understands.
    """
    try:
        data = read_bytes(path, LARGEST)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise LabError(f"{path} cannot be read: {why}.", "Name a report that `bench --json` wrote.") from error
    try:
        head = msgspec.json.decode(data)
        if not isinstance(head, dict) or head.get("schema") != NAME:
            raise LabError(f"{path.name} is no report of a bench.", "Name a file that `bench --json` wrote.")
        if head.get("version") != VERSION:
            raise LabError(
                f"{path.name} has version {head.get('version')!r} of the report, this program reads {VERSION}.",
                "Measure again with this version.",
            )
        return msgspec.convert(head, Report)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise LabError(f"{path.name} is no report of a bench: {error}.", "Measure again.") from error
