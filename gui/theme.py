"""Colours, type and sizes: the only place that knows a colour by its number."""

import logging
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QFont, QFontDatabase

from inference.places import RESOURCES

FAMILY = "Inter"
LEAST_PX = 12   # no type is smaller: it could not be read

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours, "#RRGGBB"."""

    name: str
    background: str
    surface: str
    raised: str        # hovered and pressed controls, bar troughs
    line: str
    text: str
    quiet: str         # facts that step back; still 4.5:1 on `surface`
    accent: str        # focus, the chosen mode
    trouble: str       # red is for trouble alone
    lanes: tuple[str, ...]   # 3:1 on `surface`; hues in the same order in all themes, apart for the colour-blind

    def lane(self, slot: int) -> QColor:
        """The colour of a lane, the same in its pane and in every plot."""
        return QColor(self.lanes[slot % len(self.lanes)])

    @property
    def on_accent(self) -> str:
        """The colour of text on `accent` and on a lane's colour."""
        return self.background if self.name == "dark" else self.surface


DARK = Theme(
    "dark",
    background="#0E1116",
    surface="#161B22",
    raised="#212831",
    line="#2A313C",
    text="#E6EDF3",
    quiet="#8B949E",
    accent="#56B4E9",
    trouble="#FF6B6B",
    lanes=("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#7AA6FF", "#BBBBBB", "#FFFFFF"),
)

LIGHT = Theme(
    "light",
    background="#F3F5F8",
    surface="#FFFFFF",
    raised="#E6EAF0",
    line="#D3D9E2",
    text="#12161C",
    quiet="#57606A",
    accent="#0969DA",
    trouble="#C62828",
    lanes=("#1B77CA", "#805A03", "#025D4B", "#A28A01", "#A03F88", "#731B11", "#5B5BFF", "#8A8A8A", "#1B2026"),
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


class Size(Enum):
    """Type sizes at 100 %, px at a window of 1080 lines."""

    ANSWER = 28      # the best label
    FIGURE = 36      # the big latency
    LABEL = 18       # the other labels
    NAME = 20        # of a lane
    BODY = 15
    FACT = 14


def load_fonts(folder: Path = RESOURCES / "fonts") -> bool:
    """Make the bundled family known to Qt; without it the system's sans serif serves. True when it is there.

    Call it once there is a QGuiApplication, before the first window.
    """
    loaded = 0
    for path in sorted(folder.glob("*.otf")):
        try:
            data = path.read_bytes()   # not by name: Qt does not open every path that Python opens
        except OSError as error:
            log.warning("The font %s cannot be read: %s.", path.name, error.strerror)
            continue
        if QFontDatabase.addApplicationFontFromData(QByteArray(data)) < 0:
            log.warning("The font %s is damaged.", path.name)
        else:
            loaded += 1
    if not loaded:
        log.warning("The bundled font is not in %s; the system's sans serif is used instead.", folder)
    return loaded > 0


def font(size: Size | float, scale: float = 1.0, *, bold: bool = False, least: int = LEAST_PX) -> QFont:
    """The bundled family at `size` px times `scale`, at least `least` px, figures all of one width."""
    return QFont(_font(max(least, round((size.value if isinstance(size, Size) else size) * scale)), bold))


@cache
def _font(px: int, bold: bool) -> QFont:
    made = QFont(FAMILY)
    made.setStyleHint(QFont.StyleHint.SansSerif)   # where the bundled family could not be loaded
    made.setPixelSize(px)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)   # tabular figures: numbers do not dance
    return made
