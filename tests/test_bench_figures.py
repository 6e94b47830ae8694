"""What may be said of measured times: against numpy, against draws whose truth is known, against each other."""

import numpy as np
import pytest

from inference.data import Timing
from inference.lab.bench import figures
from inference.lab.bench.figures import change, middle, ratio, spread
from inference.lab.bench.kept import BLOCK, Kept
from inference.lab.bench.report import Figure


def test_nothing_has_no_spread():
    with pytest.raises(ValueError, match="no times"):
        spread(np.zeros((0, 3)), 1)


def test_a_spread_is_what_numpy_says():
    times = np.random.default_rng(3).gamma(50, 0.2, (20, 7))
    found = spread(times, 1)
    assert found.n == 140
    assert (found.min, found.max) == pytest.approx((times.min(), times.max()), rel=1e-5)
    assert found.mean == pytest.approx(times.mean(), rel=1e-5)
    assert found.deviation == pytest.approx(times.std(ddof=1), rel=1e-5)
    for figure, share in ((found.p50, 50), (found.p90, 90), (found.p95, 95), (found.p99, 99)):
        assert figure.value == pytest.approx(np.percentile(times, share), rel=1e-5)
        assert figure.low <= figure.value <= figure.high


def test_one_round_has_no_interval():
    assert spread(np.array([[3.0, 5.0]]), 1).p50 == Figure(4.0)
    assert middle([2.0], 1) == Figure(2.0)
    assert change([1.0], [3.0, 3.0], 1) == Figure(3.0)


def test_the_same_seed_gives_the_same_interval():
    times = np.random.default_rng(3).gamma(50, 0.2, (20, 2))
    assert spread(times, 5) == spread(times, 5)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    random, held, rounds, times = np.random.default_rng(0), 0, 30, 200
    for i in range(times):
        found = middle(np.exp(0.05 * random.standard_normal(rounds)), i)
        held += found.low <= 1 <= found.high
    assert held >= 0.965 * times   # of 99 %: a bootstrap of 30 promises a little too much
    assert middle(np.exp(0.05 * random.standard_normal(30)), 1).high - 1 < 0.06   # and not by being wide


def test_an_interval_is_over_rounds_not_over_runs():
    """A machine that is slower in every second round: runs of one round do not say more than one of them."""
    random = np.random.default_rng(1)
    level = np.where(np.arange(20) % 2, 1.2, 1.0)[:, None]
    few, many = (level * (1 + 0.001 * random.standard_normal((20, runs))) for runs in (1, 200))
    narrow = [found.high - found.low for found in (spread(few, 1).p50, spread(many, 1).p50)]
    assert narrow[1] > 0.5 * narrow[0]


def drifting(random, rounds, slower, jitter=0.02):
    """Medians of two networks on a machine that drifts by tens of percent, for both alike."""
    machine = np.exp(np.cumsum(0.1 * random.standard_normal(rounds)))
    return machine * (1 + jitter * random.standard_normal(rounds)), slower * machine * (
        1 + jitter * random.standard_normal(rounds)
    )


@pytest.mark.parametrize(("slower", "told"), [(1.0, False), (1.03, True)])
def test_a_slower_network_is_told_apart_and_an_equal_one_is_not(slower, told):
    right = 0
    for i in range(20):
        first, second = drifting(np.random.default_rng(i), 30, slower)
        found = ratio(second, first, i)
        right += (found.low > 1) if told else (found.low <= 1 <= found.high)
    assert right >= 19


def test_what_drifts_for_both_is_not_told_by_two_medians():
    """The gate above would be worthless if any statistic passed it: medians of the whole do not."""
    missed = 0
    for i in range(20):
        first, second = drifting(np.random.default_rng(i), 30, 1.03)
        found = change(first, second, i)
        missed += not found.low > 1
    assert missed > 10


def test_change_is_the_ratio_of_two_medians():
    found = change([2.0, 2.0, 2.0], [3.0, 3.0, 3.0, 3.0], 1)
    assert found == Figure(1.5, 1.5, 1.5)


# --- what is kept ---


def timing(ms: float) -> Timing:
    return Timing(preprocess=1.0, infer=ms, postprocess=2.0, cpu_infer=ms / 2)


def test_nothing_is_kept():
    kept = Kept()
    assert (kept.total, len(kept.stage("infer")), kept.percentile("infer", 99)) == (0, 0, 0.0)


def test_a_million_timings_are_kept_in_little_memory():
    kept, one = Kept(), timing(1.0)
    for _ in range(1_000_000 // 50):   # a fiftieth of them: memory grows by blocks of one size
        kept.append(one)
    assert kept.bytes * 50 <= 64 * 2**20
    assert kept.bytes >= kept.total * 5 * 4


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 5])
@pytest.mark.parametrize("dropped", [0, 1, 7])
def test_timings_come_back_in_their_order(count, dropped):
    kept = Kept()
    for i in range(count):
        kept.append(timing(float(i)))
    kept.drop(min(dropped, count))
    left = count - min(dropped, count)
    assert kept.total == left
    assert kept.stage("infer").tolist() == list(range(left))
    assert kept.stage("latency").tolist() == [i + 3.0 for i in range(left)]
    assert kept.stage("cpu").tolist() == [i / 2 for i in range(left)]
    for i in range(3):
        kept.append(timing(1000.0 + i))
    assert kept.stage("infer").tolist()[left:] == [1000.0, 1001.0, 1002.0]
    assert kept.percentile("infer", 100) == max(1002.0, left - 1)


def test_figures_have_six_digits():
    assert figures.short(1 / 3) == 0.333333
    assert figures.short(1234567.89) == 1234570.0
