"""Bubbles of a chart, and where their labels are: beside them, none over another one, going with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF

from gui.parts.labels_apart import Box, labels_apart
from gui.theme import Size, font

MOVED = 2.0   # px that a bubble goes before labels follow
Circles = Sequence[tuple[float, float, float]]   # centre and radius of each bubble, px


@dataclass(frozen=True, slots=True)
class Bubble:
    """A network in the chart."""

    title: str
    words: str               # below the title
    x: float                 # its cost; 0: none of this kind
    y: float                 # how right it is, %
    size: float              # bytes
    colour: QColor
    low: float = 0.0         # between these, %, with 95 %; both 0: not known
    high: float = 0.0
    measured: bool = True    # on what is at hand; else hollow
    tip: str = ""
    quiet: bool = False      # behind the others, in small type
    label: bool = True       # whether it is named beside it
    key: int | None = None   # what a click on it says


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the labels are."""

    face: QFont                     # of the names
    said: bool                      # whether there is a second line
    places: dict[int, Box | None]   # by the bubble's place; None: there is no room
    circles: Circles                # for which they were found
    sizes: list[tuple[float, float]]   # of the labels, in the order of `places`


class BubbleLabels:
    """Finds places, and keeps them: a label stays beside its bubble as long as it lies over nothing else there."""

    def __init__(self) -> None:
        self.placed: Placed | None = None
        self._by: tuple[object, ...] = ()

    def __call__(
        self, bubbles: Sequence[Bubble], circles: Circles, whiskers: Sequence[Box], plot: QRectF, scale: float
    ) -> Placed:
        """Where the labels of these are now.

        Args:
            bubbles: what is named.
            circles: of each.
            whiskers: that labels must not lie over.
            plot: that they must not leave.
            scale: of the type, 1.0 = 100 %.
        """
        by = (plot.getRect(), scale, tuple((one.title, len(one.words), one.label, one.quiet) for one in bubbles))
        room = (plot.left(), plot.top() - 6, plot.right(), plot.bottom() + 2)
        free = [(x - r, y - r, x + r, y + r) for one, (x, y, r) in zip(bubbles, circles, strict=True) if not one.label]
        free += whiskers
        if self.placed is None or by != self._by:
            self.placed, self._by = _found(bubbles, circles, room, free, scale), by
        elif any(
            abs(x - ox) + abs(y - oy) > MOVED
            for (x, y, _), (ox, oy, _) in zip(circles, self.placed.circles, strict=True)
        ):
            self.placed = _moved(self.placed, circles, room, free)
        return self.placed


def _found(
    bubbles: Sequence[Bubble], circles: Circles, room: Box, free: Sequence[Box], scale: float
) -> Placed:
    named = sorted((i for i, one in enumerate(bubbles) if one.label), key=lambda i: bubbles[i].quiet)
    loud = [i for i in named if not bubbles[i].quiet]
    fact = QFontMetricsF(font(Size.FACT, scale))
    tried = []
    # Where there is no room for all that could be said, the names are worth most.
    for name, said in ((Size.LABEL, True), (Size.LABEL, False), (Size.FACT, False)):
        face = font(name, scale, bold=True)
        sizes = [_size(bubbles[i], QFontMetricsF(face), fact, said) for i in named]
        places = labels_apart([circles[i] for i in named], sizes, room, free)
        tried.append(Placed(face, said, dict(zip(named, places, strict=True)), tuple(circles), sizes))
        if all(tried[-1].places[i] for i in loud):
            break
    return max(tried, key=lambda one: sum(one.places[i] is not None for i in loud))


def _size(one: Bubble, of_name: QFontMetricsF, fact: QFontMetricsF, said: bool) -> tuple[float, float]:
    if one.quiet:
        return fact.horizontalAdvance(one.title) + 4, fact.height()
    wide = max(of_name.horizontalAdvance(one.title), fact.horizontalAdvance(one.words) if said else 0)
    return wide + 4, of_name.height() + (fact.height() if said else 0)


def _moved(before: Placed, circles: Circles, room: Box, free: Sequence[Box]) -> Placed:
    """Labels that go with their bubbles; who would lie over another one finds a new place."""
    kept: list[Box | None] = []
    for i, place in before.places.items():
        across, down = circles[i][0] - before.circles[i][0], circles[i][1] - before.circles[i][1]
        kept.append((place[0] + across, place[1] + down, place[2] + across, place[3] + down) if place else None)
    places = labels_apart([circles[i] for i in before.places], before.sizes, room, free, kept)
    return replace(before, places=dict(zip(before.places, places, strict=True)), circles=tuple(circles))
