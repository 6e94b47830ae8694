"""What one answer takes, as a thin strip: wait, preprocess, infer, postprocess, each as long as its share."""

from collections.abc import Mapping

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

from gui.style import blend
from gui.theme import Theme
from inference.data import STAGES

Stages = Mapping[str, tuple[float, float, float]]   # as Figures has them

STRIP_TIP = (
    "The strip: what the time from the picture to the answer goes into. From the left: waiting for its turn, "
    "preparing the picture, the network itself (in the network's colour), reading its answer."
)


def stage_inks(theme: Theme, colour: QColor) -> dict[str, QColor]:
    """The network itself in its own colour; what goes on around it steps back."""
    own = colour.name()
    return {
        "wait": QColor(blend(theme.raised, theme.quiet, 0.55)),
        "preprocess": QColor(blend(theme.surface, own, 0.5)),
        "infer": colour,
        "postprocess": QColor(blend(theme.surface, own, 0.5)),
    }


def shares(stages: Stages, width: int) -> list[int]:
    """Where each stage of STAGES ends, px of `width`; nothing where nothing was measured."""
    medians = [max(0.0, stages[stage][0]) for stage in STAGES]
    whole = sum(medians)
    if whole <= 0:
        return []
    ends, done = [], 0.0
    for median in medians:
        done += median
        ends.append(round(width * done / whole))
    return ends


def draw_strip(painter: QPainter, place: QRect, stages: Stages, inks: Mapping[str, QColor]) -> None:
    """Paint the strip into `place`."""
    left = 0
    for stage, end in zip(STAGES, shares(stages, place.width()), strict=False):
        painter.fillRect(place.left() + left, place.top(), end - left, place.height(), inks[stage])
        left = end
