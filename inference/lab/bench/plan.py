"""What is to be measured, and how."""

from dataclasses import dataclass, field

from inference.data import Ask, LaneSpec

ROUNDS, SEED = 30, 1
MOST_ROUNDS = 100_000
BUSY_CORES = 0.1       # of other programs: a round with more is measured again,
BUSY_S = 0.03          # where that is not so little time that it may be an error of the system's ticks of 10 ms
SHOWN = 300            # rounds that are shown while it goes on: to copy all each time would take longer and longer
REPEATS_SHARE = 1 / 3  # of the rounds, at most so many again

METHOD = (
    "Each network is opened once and run until its time is stable. Then come rounds: in each, every network has one "
    "turn, in an order that is drawn anew (with the seed below), never the same network twice in a row. The first run "
    "of a turn is cold: the caches hold what the networks before it left there. The runs after it are warm: the "
    "network comes right after itself. All networks answer the same picture in a round. A round in which other "
    "programs kept more than {busy:g} cores busy is measured again, {repeats} times at most. "
    "Between the rounds they run together, five times: every pair, and all at once, in turns with each of them alone, "
    "as this program shares the cores among networks that run together; the contention tax is the time together "
    "divided by the time alone. "
    "Memory is measured in a process of its own. "
    "Intervals hold with {confidence:.0%}: bootstrap over rounds, {resamples} resamples. One network is called faster "
    "than another only where the interval of their ratio, the mean of the middle half of the rounds' ratios, does not "
    "contain 1."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bench does."""

    specs: tuple[LaneSpec, ...]
    rounds: int = ROUNDS
    seed: int = SEED
    together: bool = True
    memory: bool = True
    ask: Ask = field(default_factory=Ask)

    @property
    def repeats(self) -> int:
        """How many disturbed rounds are measured again at most."""
        return max(1, round(self.rounds * REPEATS_SHARE))


def text_of(spec: LaneSpec) -> str:
    """As `--models` takes it: name@backend/precision:threads."""
    precision = f"/{spec.precision}" if spec.precision else ""
    threads = f":{spec.threads}" if spec.threads else ""
    return f"{spec.model}@{spec.backend}{precision}{threads}"
