"""The line of truth below everything: what holds right now, the last sentence, what the machine is."""

from time import perf_counter

from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.desk import SAID_S, Desk
from gui.parts.chips import LIT, QUIET, RED, Chips, clock
from gui.parts.elided import ElidedLabel
from gui.parts.plain import PlainLabel
from gui.theme import DARK, Size, Theme, font
from inference.cores import usable_cores
from inference.data import Mode, SourceState
from inference.live.session import Session
from inference.live.sources import NO_CAMERA

NOTED_S = 8.0   # what there is to know of a new source stays so long


class LineOfTruth(QWidget):
    """Chips for what holds, one sentence, the cores."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme: Theme = DARK
        self.said, self._said_until = "", 0.0   # the last sentence about something that was done
        self._noted_until = 0.0
        self.chips = Chips(self)
        self.words, self.machine = ElidedLabel("", self), PlainLabel("", self)
        self.machine.setProperty("role", "quiet")
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.chips)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.machine)

    def say(self, sentence: str, seconds: float = SAID_S) -> None:
        """Show a sentence about something that was done, for a while."""
        self.said, self._said_until = sentence, perf_counter() + seconds

    def note_source(self) -> None:
        """A source is new: what there is to know of it stands a while."""
        self._noted_until = perf_counter() + NOTED_S

    def follow(self, desk: Desk) -> None:
        """Show what holds now."""
        session, now = desk.session, perf_counter()
        source = session.source
        said = self.said if now < self._said_until else ""
        noted = "" if in_trouble(session) else f"{source.message} {source.hint}".strip()
        # What there is to know of a source stands a while before the captions of its pictures take the line.
        words = said or (noted if now < self._noted_until else "") or source.caption
        self.words.setText(words or noted or _summary(session))
        self.words.set_colour(self._theme.text if words else self._theme.quiet)
        self.chips.show_chips(conditions(session))
        self.machine.setText(f"{usable_cores()} cores")

    def restyle(self, theme: Theme, scale: float, gap: int) -> None:
        """Take these colours, type at this scale, and `gap` px around."""
        self._theme = theme
        self._row.setContentsMargins(gap * 2, gap // 2, gap * 2, gap // 2)
        self.chips.restyle(theme, scale)
        self.words.setFont(font(Size.BODY, scale))
        self.machine.setFont(font(Size.FACT, scale))


def in_trouble(session: Session) -> bool:
    """Whether the source has something to say that is no mere note."""
    source = session.source
    return bool(source.message) and source.state not in (SourceState.LIVE, SourceState.OPENING)


def conditions(session: Session) -> tuple[tuple[str, str], ...]:
    """What holds right now: marks, and how much each wants to be seen."""
    recorder, source, chips = session.recorder, session.source, []
    if recorder and not recorder.trouble:
        chips.append((f"● REC {clock(recorder.seconds)} · {recorder.bytes / 1e6:.0f} MB", RED))
    if session.frozen is not None:
        chips.append(("FROZEN · Space goes on", LIT))
    if session.opening is not None:
        chips.append((f"opening {session.opening.title}", QUIET))
    if source.caption and source.message == NO_CAMERA:   # the reel runs because nothing else was found
        chips.append(("no camera", QUIET))
    if session.ask.smoothing:
        chips.append(("labels smoothed", QUIET))
    if session.mirror:
        chips.append(("mirrored", QUIET))
    if session.mode is Mode.TOGETHER:
        chips.append(("together: networks slow each other", QUIET))
    return tuple(chips)


def _summary(session: Session) -> str:
    """What can be done, when nothing else is to be said."""
    return "H shows all keys." if session.lanes else "Press A to add a network."
