"""Which reel runs where no camera is there: networks that all read digits are shown digits."""

from PySide6.QtCore import QObject, QTimer

from gui.desk import Desk
from inference.data import SourceState
from inference.live.sources import NO_CAMERA, Source, parse_source
from inference.places import DIGIT_REEL, reel_of

AGAIN_MS = 100   # ms, while a source is being opened


class Reels(QObject):
    """Looks when a source is shown and when networks come or go; what the user has chosen by name stays."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._ours: Source | None = None   # the digits that this has put there
        self._soon = QTimer(self, singleShot=True)   # a line-up comes as nine
        self._soon.timeout.connect(self._look)
        for signal in (desk.source_shown, desk.lane_added, desk.lane_removed):
            signal.connect(lambda _: self._soon.start(0))

    def _look(self) -> None:
        session, cards = self._desk.session, self._desk.catalogue
        if self._desk.source_text != "auto" or not session.lanes:
            return
        if session.opening is not None or session.source.state is SourceState.OPENING:   # nobody knows yet what it is
            self._soon.start(AGAIN_MS)
            return
        digits = reel_of(cards[lane.spec.model] for lane in session.lanes) == DIGIT_REEL
        shown = session.shown is self._ours is not None
        if digits and not shown and session.source.message == NO_CAMERA:
            self._ours = parse_source(DIGIT_REEL)
            self._ours.note = NO_CAMERA
            self._desk.show_source(self._ours, "auto")
        elif shown and not digits:
            self._desk.open_source("auto")
