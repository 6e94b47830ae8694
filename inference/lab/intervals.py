"""Between which values a figure lies that was counted on so many."""

import math

SURE = 1.959964   # standard deviations of a normal distribution that hold 95 % of it


def wilson(right: int, n: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 %, `right` of `n` being right: Wilson's score interval (1927)."""
    p, z = right / n, SURE
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)
