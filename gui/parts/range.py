"""What a plot shows of its data: a range that does not jitter, round ticks, no more points than pixels."""

from collections.abc import Sequence
from math import ceil, floor, inf, log10

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
PATIENCE = 30   # refreshes that a smaller range must suffice before it is taken: 3 s


def nice(value: float) -> float:
    """The smallest pleasant number that is not less than `value` (> 0)."""
    power = 10.0 ** floor(log10(value))
    return next((n * power for n in NICE if n * power >= value * (1 - 1e-9)), 10 * power)


class Follow:
    """A range that follows the data at once when they leave it, and shrinks only when they stay small."""

    def __init__(self, *, log: bool = False, least: float = 1.0) -> None:
        """`least`: the smallest top of a linear range."""
        self.log, self._least = log, least
        self.low, self.high = (1.0, 10.0) if log else (0.0, 10.0)
        self._fresh = True
        self._calm = 0

    def follow(self, low: float, high: float) -> bool:
        """Take the extremes of the data, in their own unit. True when the range has changed."""
        wanted = self._wanted(low, high)
        if wanted == (self.low, self.high):
            self._calm = 0
            return False
        inside = self.low <= (low if self.log else 0.0) and high * 1.04 <= self.high
        if self._fresh or not inside:
            self._fresh = False
            self._calm = 0
            return self._take(wanted)
        roomy = (wanted[0] > self.low) if self.log else False
        self._calm = self._calm + 1 if roomy or wanted[1] <= 0.7 * self.high else 0
        return self._calm > PATIENCE and self._take(wanted)

    def _wanted(self, low: float, high: float) -> tuple[float, float]:
        if not self.log:
            return 0.0, max(self._least, nice(max(high, 1e-6) * 1.2))
        low, high = max(low, 0.01), max(high, 0.02)
        return _one_two_five(low / 1.15, up=False), _one_two_five(high * 1.15, up=True)

    def _take(self, wanted: tuple[float, float]) -> bool:
        changed = wanted != (self.low, self.high)
        self.low, self.high = wanted
        self._calm = 0
        return changed

    def ticks(self, room: int) -> list[float]:
        """At most about `room` (≥ 2) round values inside the range, in the data's unit."""
        if not self.log:
            for power in range(floor(log10(self.high)) - 2, floor(log10(self.high)) + 2):
                for step in (1.0, 2.0, 2.5, 5.0):
                    size = step * 10.0**power
                    if 1 - 1e-9 <= self.high / size <= room - 1 + 1e-9:
                        return [round(i * size, 6) for i in range(int(self.high / size + 1e-9) + 1)]
            return [0.0, self.high]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [s * 10.0**p for p in powers for s in steps]
            found = [t for t in found if self.low * (1 - 1e-9) <= t <= self.high * (1 + 1e-9)]
            if 2 <= len(found) <= room:
                return found
        return [self.low, self.high]


def _one_two_five(value: float, *, up: bool) -> float:
    power = 10.0 ** floor(log10(value))
    steps = [s * power for s in (1.0, 2.0, 5.0, 10.0)]
    if up:
        return next(s for s in steps if s >= value * (1 - 1e-9))
    return next(s for s in reversed(steps) if s <= value * (1 + 1e-9))


def number(value: float) -> str:
    """A tick's value without needless digits."""
    return f"{value:g}"


def thin(x: Array, y: Array, most: int) -> tuple[Array, Array]:
    """At most about `most` points that keep every peak and dip: the extremes of equal groups."""
    if len(x) <= most:
        return x, y
    size = ceil(2 * len(x) / most)
    groups = len(x) // size
    cut = len(x) - groups * size   # the oldest go: they leave the plot next
    ys = y[cut:].reshape(groups, size)
    out = np.empty(2 * groups)
    out[0::2], out[1::2] = ys.min(axis=1), ys.max(axis=1)
    xs = x[cut:].reshape(groups, size)
    return np.column_stack((xs[:, 0], xs[:, -1])).ravel(), out


def joined(x: Array, least: float = 1.0) -> NDArray[np.int32] | str:
    """Which points are joined to the next: not across a pause. "all" when there is none."""
    if len(x) < 3:
        return "all"
    steps = np.diff(x)
    pauses = steps > max(least, 4 * float(np.partition(steps, len(steps) // 2)[len(steps) // 2]))
    return np.append(~pauses, False).astype(np.int32) if pauses.any() else "all"


def spread(places: Sequence[float], size: float, columns: int) -> list[int]:
    """For labels `size` high at these places, the column of each so that none covers another; -1: no room."""
    taken = [-inf] * columns
    chosen = [-1] * len(places)
    for i in sorted(range(len(places)), key=lambda i: places[i]):
        for column in range(columns):
            if places[i] - taken[column] >= size:
                taken[column] = places[i]
                chosen[i] = column
                break
    return chosen
