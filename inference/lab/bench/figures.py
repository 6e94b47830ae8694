"""What may be said of measured times: quantiles and ratios, each with the interval that it lies in.

The interval is scipy's percentile bootstrap (Efron 1979) over rounds, not over single runs: runs of one round are
alike, as the machine is the same for all of them, and to count them as independent would promise too much.
"""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.lab.bench.report import Figure, Spread

# 99 %: of a report with six pairs of equal networks, one in sixteen then says that some pair differs; with 95 % one in
# four would.
CONFIDENCE = 0.99
RESAMPLES = 1999
OUTSIDE = 0.25   # of the rounds' ratios at each end, which the mean leaves out
BATCH_BYTES = 64 << 20   # of resampled times at once
QUANTILES = (0.5, 0.9, 0.95, 0.99)

Times = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], Times]


def spread(times: Times, seed: int) -> Spread:
    """All that is said of times (rounds, runs), ms; `seed` is of the resampling.

    Raises:
        ValueError: there are none.
    """
    rounds, runs = times.shape
    if not times.size:
        raise ValueError("no times")
    values = np.quantile(times, QUANTILES)
    lows, highs = _interval(
        rounds, lambda rows: np.quantile(times[rows].reshape(*rows.shape[:-1], -1), QUANTILES, axis=-1), seed,
        BATCH_BYTES // (8 * rounds * runs),
    )  # fmt: skip
    p50, p90, p95, p99 = (
        figure(value, low, high) for value, low, high in zip(values, lows, highs, strict=True)
    )
    return Spread(
        n=int(times.size), min=short(times.min()), mean=short(times.mean()), max=short(times.max()),
        deviation=short(times.std(ddof=1)) if times.size > 1 else 0.0, p50=p50, p90=p90, p95=p95, p99=p99,
    )  # fmt: skip


def ratio(first: Sequence[float], second: Sequence[float], seed: int) -> Figure:
    """How many times as long the first takes as the second: the mean of the middle half of the rounds' ratios.

    Both are medians of the same rounds, one after the other within each: what slows the machine for a while slows both.
    The mean of the middle half is as deaf to outliers as anybody needs, and wavers less than the median.
    """
    from scipy.stats import trim_mean

    each = np.asarray(first, np.float64) / np.asarray(second, np.float64)

    def inner(ratios: Times) -> Times:
        return np.asarray(trim_mean(ratios, OUTSIDE, axis=-1))

    (low,), (high,) = _interval(len(each), lambda rows: inner(each[rows])[None], seed, RESAMPLES)
    return figure(inner(each), low, high)


def middle(values: Sequence[float] | Times, seed: int) -> Figure:
    """The median of one value a round."""
    each = np.asarray(values, np.float64)
    (low,), (high,) = _interval(len(each), lambda rows: np.median(each[rows], axis=-1)[None], seed, RESAMPLES)
    return figure(median(each.tolist()), low, high)


def change(old: Sequence[float], new: Sequence[float], seed: int) -> Figure:
    """How many times as long the new rounds took as the old ones, which were others: a ratio of two medians."""
    from scipy.stats import bootstrap

    def of(first: Times, second: Times, axis: int = -1) -> Times:
        return np.asarray(np.median(second, axis=axis) / np.median(first, axis=axis))

    before, after = np.asarray(old, np.float64), np.asarray(new, np.float64)
    value = float(of(before, after))
    if min(len(before), len(after)) < 2:
        return Figure(short(value))
    found = bootstrap(
        (before, after), of, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", vectorized=True,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return figure(value, found.low, found.high)


def quick(values: Sequence[float]) -> float:
    """A median without an interval, for what is shown while it goes on; 0 of nothing."""
    return median(values) if values else 0.0


def figure(value: Any, low: Any, high: Any) -> Figure:
    """A figure with its interval; without one where that is no number."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return Figure(short(value))
    return Figure(short(value), short(low), short(high))


def _interval(rounds: int, statistic: Statistic, seed: int, batch: int) -> tuple[Times, Times]:
    """Both ends for each value that `statistic` makes of rows of numbers of rounds; NaN of a single round."""
    from scipy.stats import bootstrap  # a second to import, which no start of the program should cost

    if rounds < 2:
        nothing = np.full(len(statistic(np.zeros((1, 1), np.int64))), np.nan)
        return nothing, nothing
    found = bootstrap(
        (np.arange(rounds),), lambda rows, axis: statistic(rows), n_resamples=RESAMPLES, batch=max(1, batch),
        confidence_level=CONFIDENCE, method="percentile", vectorized=True, rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return np.atleast_1d(found.low), np.atleast_1d(found.high)


def short(value: Any) -> float:
    """Six digits: more than any clock gives."""
    return float(f"{float(value):.6g}")
