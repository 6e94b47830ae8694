"""Axes of a chart: what lies along them, and which round numbers stand beside them."""

from dataclasses import dataclass
from math import ceil, floor, log10

UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Axes:
    """What lies along the chart and what upwards."""

    x_title: str
    y_title: str
    none_title: str = ""     # of the column of what costs nothing of this kind
    kind: str = "count"      # of the costs: "count", "bytes" or "ms"
    log: bool = True         # whether costs lie on a logarithmic axis
    unit: str = " %"         # behind a number upwards


def axis_text(cost: float, kind: str) -> str:
    """A round cost as an axis has it."""
    if kind == "ms":
        return f"{cost:g} ms"
    if kind == "bytes":
        return f"{with_unit(cost)}B" if cost >= 1e3 else f"{cost:g} B"
    return with_unit(cost)


def with_unit(value: float) -> str:
    """A round number as an axis has it: 500 k, 10 M, 1 G."""
    for size, unit in UNITS:
        if value >= size * (1 - 1e-9):
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def ticks_between(low: float, high: float, room: int) -> list[float]:
    """At most `room` round numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / room
    power = 10.0 ** floor(log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * (1 - 1e-9))
    first = ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, floor(high / step + 1e-9) + 1)]
