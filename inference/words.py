"""Numbers as people say them."""

from math import ceil


def size_text(count: float) -> str:
    """Bytes as people say them: 4.9 MB."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def time_text(seconds: float) -> str:
    """A while as people say it, not finer than anybody can know it: 40 s, 12 min, 3 h."""
    if seconds < 90:
        return f"{max(5, 5 * ceil(seconds / 5))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.0f} h"


def count_text(count: float) -> str:
    """A large count as people say it: 1.2 M, 5.9 k, 40; "–" for zero."""
    if not count:
        return "–"
    if count < 1000:
        return f"{count:.0f}"
    return f"{count / 1e6:.1f} M" if count >= 1e5 else f"{count / 1e3:.1f} k"


def short_count(number: int) -> str:
    """3504872 → "3.5 M", 26454 → "26 k", 15470000000 → "15.5 G"."""
    if number >= 1e9:
        return f"{number / 1e9:.3g} G"
    return f"{number / 1e6:.3g} M" if number >= 1e6 else f"{number / 1e3:.3g} k"
