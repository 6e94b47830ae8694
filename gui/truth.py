"""The line of truth below everything: the last sentence, what can be done, what the machine is."""

from time import perf_counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from gui.desk import SAID_S, Desk
from gui.parts.elided import ElidedLabel
from gui.parts.plain import PlainLabel
from gui.stage.figure_words import times_words
from gui.theme import DARK, Size, Theme, font
from gui.undo import UNDO_S
from inference.cores import usable_cores
from inference.data import SourceState
from inference.live.session import Session

NOTED_S = 8.0   # what there is to know of a new source stays so long


class LineOfTruth(QWidget):
    """One sentence, the way back, the cores."""

    undone = Signal()   # what was taken away is wanted back

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme: Theme = DARK
        self.said, self._said_until = "", 0.0   # the last sentence about something that was done
        self._noted_until = 0.0
        self.words, self.machine = ElidedLabel("", self), PlainLabel("", self)
        self.machine.setProperty("role", "quiet")
        self._row = QHBoxLayout(self)
        self.undo = QPushButton("Undo", self)
        self.undo.clicked.connect(self.undone)
        self.undo.hide()
        self._row.addWidget(self.undo)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.machine)

    def say(self, sentence: str, seconds: float = SAID_S) -> None:
        """Show a sentence about something that was done, for a while."""
        self.said, self._said_until = sentence, perf_counter() + seconds

    def offer_undo(self, sentence: str) -> None:
        """Say what was taken away, with a button that brings it back; "": it is too late."""
        if sentence:
            self.say(sentence, UNDO_S)
        self.undo.setVisible(bool(sentence))

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
        self.words.setText(words or noted or (_summary(session) if desk.begun else ""))
        self.words.set_colour(self._theme.text if words else self._theme.quiet)
        self.machine.setText(f"times: {times_words(session)} · {usable_cores()} cores")

    def restyle(self, theme: Theme, scale: float, gap: int) -> None:
        """Take these colours, type at this scale, and `gap` px around."""
        self._theme = theme
        self._row.setContentsMargins(gap * 2, gap // 2, gap * 2, gap // 2)
        self.words.setFont(font(Size.BODY, scale))
        self.machine.setFont(font(Size.FACT, scale))


def in_trouble(session: Session) -> bool:
    """Whether the source has something to say that is no mere note."""
    source = session.source
    return bool(source.message) and source.state not in (SourceState.LIVE, SourceState.OPENING)


def _summary(session: Session) -> str:
    """What can be done, when nothing else is to be said."""
    return "H shows all keys." if session.lanes else "Press A to add a network."
