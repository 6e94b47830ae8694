"""What came out of a comparison: the value that everything else shows, writes or reads."""

from dataclasses import dataclass
from typing import Any

from inference.lab.agreement.figures import BoxCounts, LabelCounts
from inference.lab.intervals import wilson


@dataclass(frozen=True, slots=True)
class Network:
    """One that was asked."""

    model: str
    title: str
    backend: str                # as `--models` takes it behind the @
    task: str                   # "classify" or "detect"
    labels: int                 # of its list
    changes: int                # of what it says, from picture to picture of a video
    flicker: float | None       # changes a second of the video; None where nothing moves


@dataclass(frozen=True, slots=True)
class Pair:
    """What two of them have in common; `labels` or `boxes`, or neither and why."""

    first: int                  # places among the networks, from 0
    second: int
    common: int                 # labels that both have
    how: str                    # they were found to be the same; or why the two cannot be compared
    labels: LabelCounts | None = None
    boxes: BoxCounts | None = None

    @property
    def agreement(self) -> float | None:
        """0..1: how often the best label is the same, or how many boxes have a partner; None where neither is said."""
        if self.labels and self.labels.pictures:
            return self.labels.same / self.labels.pictures
        return self.boxes.share if self.boxes and self.boxes.pictures else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between which shares the best label is the same with 95 %; None of boxes, which are not independent."""
        return wilson(self.labels.same, self.labels.pictures) if self.labels and self.labels.pictures else None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A picture on which they differ much."""

    name: str
    place: int                  # among the pictures, from 0
    at: float | None            # s of the video
    apart: float                # 0..1, mean over the pairs that can be compared
    said: tuple[str, ...]       # by each network: its best label and how sure, or its boxes
    picture: bytes              # JPEG, small


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    machine: dict[str, Any]
    source: str
    pictures: int
    seconds: float | None       # of the video that they are taken from
    confidence: float           # of boxes that count
    networks: tuple[Network, ...]
    pairs: tuple[Pair, ...]     # every two, the first before the second
    apart: tuple[Disagreement, ...]   # the farthest first
    troubles: tuple[str, ...]

    def pair(self, first: int, second: int) -> Pair | None:
        """Of these two, in either order."""
        wanted = (min(first, second), max(first, second))
        return next((pair for pair in self.pairs if (pair.first, pair.second) == wanted), None)
