"""Weights as places in a small table: k-means in one dimension (Lloyd, 1982), on a histogram, the same every time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.export.rounding import carried

BINS = 1 << 16    # of the histogram that the centres are found on
ROUNDS = 300


def nearest_of(bits: int) -> Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[np.uint8]]]:
    """A function from weights to (table of 2^bits values, place in it of every weight), as coremltools asks for."""

    def table_of(weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        table = _centres(weights.reshape(-1).astype(np.float64), 1 << bits).astype(weights.dtype).astype(np.float64)
        borders = (table[1:] + table[:-1]) / 2
        made = carried(weights, lambda column: table[np.searchsorted(borders, column)])
        return table.astype(weights.dtype), np.searchsorted(borders, made.reshape(-1)).astype(np.uint8)

    return table_of


def _centres(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """`count` values, rising, such that the squares of the distances to the nearest are small."""
    distinct = np.unique(values)
    if distinct.size <= count:
        return np.concatenate([distinct, np.repeat(distinct[-1:], count - distinct.size)])
    heights, edges = np.histogram(values, BINS)
    full = heights > 0
    places, heights = ((edges[1:] + edges[:-1]) / 2)[full], heights[full]
    # The best table is as dense as the third root of what it stands for: Panter and Dite, 1951.
    share = np.cumsum(np.cbrt(heights))
    centres = np.interp((np.arange(count) + 0.5) / count * share[-1], share, places)
    for _ in range(ROUNDS):
        nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, places)
        weight = np.bincount(nearest, heights, count)
        total = np.bincount(nearest, heights * places, count)
        moved = np.where(weight > 0, total / np.maximum(weight, 1), centres)
        if np.allclose(moved, centres, rtol=0, atol=1e-9 * (edges[-1] - edges[0])):
            break
        centres = np.sort(moved)
    return np.asarray(centres, np.float64)
