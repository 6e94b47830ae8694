"""What else the machine does meanwhile: the share of other programs."""

import os
from time import perf_counter

import psutil


class Others:
    """The cores that programs other than this process keep busy between `begin` and `end`.

    Of the cores that this process may use: what runs on the others disturbs nobody here. The system counts in ticks of
    10 ms, so that a span of 0.2 s is right to 0.05 cores a core.
    """

    def __init__(self) -> None:
        self._self = psutil.Process()
        self._at = 0.0
        self._busy = self._stolen = self._own = 0.0

    def begin(self) -> None:
        """The span begins."""
        self._busy, self._stolen, self._own = self._read()
        self._at = perf_counter()

    def end(self) -> tuple[float, float, float]:
        """Cores of other programs, cores that a host gave to others, and how long the span was, s."""
        span = perf_counter() - self._at
        busy, stolen, own = self._read()
        if span <= 0:
            return 0.0, 0.0, 0.0
        others = (busy - self._busy) - (own - self._own)
        return max(0.0, others / span), max(0.0, (stolen - self._stolen) / span), span

    def _read(self) -> tuple[float, float, float]:
        """CPU seconds so far: of all programs, stolen, of this process."""
        each = psutil.cpu_times(percpu=True)
        if hasattr(os, "sched_getaffinity"):
            allowed = os.sched_getaffinity(0)
            each = [times for core, times in enumerate(each) if core in allowed] or each
        busy = stolen = 0.0
        for times in each:
            stolen += getattr(times, "steal", 0.0)
            quiet = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "steal", 0.0)
            # Guests are counted in `user` already.
            twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
            busy += sum(times) - quiet - twice
        own = self._self.cpu_times()
        return busy, stolen, own.user + own.system
