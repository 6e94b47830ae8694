"""A bench beside the window: lanes and source rest while it goes on, and the window is told how far it is."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from gui.jobs import Job
from gui.settle import settled
from inference.data import Frame
from inference.errors import LabError
from inference.live.session import Session
from inference.places import reel_of
from models.card import ModelCard
from models.errors import Cancelled
from models.store import Store

if TYPE_CHECKING:
    from inference.lab.bench.plan import Plan
    from inference.lab.bench.report import Report
    from inference.lab.bench.run import Bench
    from inference.lab.bench.running import Progress


class Benching(QObject):
    """One at a time. `changed`: `progress` is a newer one; `ended`: `report` or `trouble` says what came of it."""

    changed = Signal()
    ended = Signal()

    _told = Signal()   # from the job's thread

    def __init__(self, session: Session, store: Store, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._store = session, store
        self._cancelled = Event()
        self.running = False
        self.empty = False                      # the last one measured nothing
        self.progress: Progress | None = None
        self.report: Report | None = None       # of the last one that measured anything
        self.sheet: Callable[[], bytes] | None = None   # its single runs, as CSV
        self.trouble: LabError | None = None
        self._told.connect(self.changed, Qt.ConnectionType.QueuedConnection)

    def begin(self, plan: "Plan", cards: dict[str, ModelCard], shown: Frame | None) -> None:
        """Measure by this plan, on the picture `shown` or, where that is None, on the samples."""
        self.running, self.progress, self.trouble = True, None, None
        self._cancelled = Event()
        cancelled, session, store = self._cancelled, self._session, self._store
        session.rest(True)

        def tell(progress: "Progress") -> None:
            self.progress = progress
            if not cancelled.is_set():
                self._told.emit()

        reel = reel_of(cards[spec.model] for spec in plan.specs)

        def work() -> "tuple[Bench, Report] | None":
            from inference.lab.bench.pictures import Pictures, read_pictures
            from inference.lab.bench.run import Bench

            settled(session, cancelled)
            pictures = Pictures(("the picture shown",), (shown.pixels,)) if shown else read_pictures(reel)
            bench = Bench(plan, cards, store, pictures, cancelled, tell)
            with suppress(Cancelled):   # what was measured until then is worth a report
                bench.go()
            with suppress(Cancelled):
                return bench, bench.report()
            return None

        Job(work, self._done, self._end, self)
        self.changed.emit()

    def cancel(self) -> None:
        """End after the run under way; what was measured stays."""
        self._cancelled.set()

    def _done(self, found: "tuple[Bench, Report] | None") -> None:
        self.empty = found is None   # then the one before stays
        if found:
            bench, self.report = found
            self.sheet = bench.sheet
        self._end(None)

    def _end(self, trouble: LabError | None) -> None:
        self.running, self.trouble = False, trouble
        self._session.rest(False)
        self.ended.emit()
