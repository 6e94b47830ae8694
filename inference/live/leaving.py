"""What was told to end and has not gone yet."""

from threading import Lock
from time import perf_counter
from typing import Protocol


class Ending(Protocol):
    """Something with a thread that ends when it is told."""

    @property
    def title(self) -> str:
        """What it is, for a sentence."""
        ...

    def close(self, timeout: float | None = ...) -> bool:
        """Wait at most `timeout` s; True when it is gone."""
        ...


class Leaving:
    """Remembers what is ending, so that a close can wait for it; from any thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._those: list[Ending] = []

    def add(self, one: Ending) -> None:
        """Remember this one, and forget those that have gone."""
        with self._guard:
            self._those = [*(other for other in self._those if not other.close(0)), one]

    def wait(self, deadline: float, *others: Ending) -> list[str]:
        """Wait for these and all that is remembered until `deadline`, time.perf_counter(); titles of what is left."""
        with self._guard:
            those = [*others, *self._those]
        return [one.title for one in those if not one.close(max(0.0, deadline - perf_counter()))]
