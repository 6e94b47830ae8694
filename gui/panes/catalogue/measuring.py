"""Measure all that is here, one after the other, each alone: the lanes rest meanwhile."""

from collections.abc import Sequence
from threading import Event

from PySide6.QtCore import QObject, Qt, Signal

from gui.jobs import Job
from gui.settle import TAKEN, settled
from inference.errors import LabError
from inference.lab.alone import measure_all
from inference.lab.measured import Measured
from inference.live.session import Session
from models.card import ModelCard
from models.store import Store


class Measuring(QObject):
    """One job at a time; `changed` says that `now`, `done` or the notes are other ones."""

    changed = Signal()
    ended = Signal(str)   # a sentence on what came out

    _told = Signal(str, object)   # from the job's thread

    def __init__(self, session: Session, store: Store, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._store = session, store
        self._cancelled = Event()
        self._troubles: list[LabError] = []
        self.running = False
        self.now = ""            # name of the network that is measured
        self.done, self.of = 0, 0
        self._told.connect(self._note, Qt.ConnectionType.QueuedConnection)

    def begin(self, cards: Sequence[ModelCard]) -> None:
        """Measure these; nothing happens while that is under way, nor while something else is measured."""
        if self.running:
            return
        if self._session.resting:
            self.ended.emit(TAKEN)
            return
        if not cards:
            return
        self.running, self.now, self.done, self.of = True, "", 0, len(cards)
        self._cancelled, self._troubles = Event(), []
        self._session.rest(True)
        cancelled, session, store = self._cancelled, self._session, self._store

        def work() -> None:
            settled(session, cancelled)
            measure_all(cards, store, cancelled, self._tell)

        Job(work, lambda _: self._end(), lambda error: self._end(error), self)
        self.changed.emit()

    def cancel(self) -> None:
        """Stop after the answer under way; what was measured stays."""
        self._cancelled.set()

    def _tell(self, name: str, what: Measured | LabError | None) -> None:
        if not self._cancelled.is_set():
            self._told.emit(name, what)

    def _note(self, name: str, what: Measured | LabError | None) -> None:
        if what is None:
            self.now = name
        else:
            self.done += 1
            if isinstance(what, LabError):
                self._troubles.append(what)
        self.changed.emit()

    def _end(self, error: LabError | None = None) -> None:
        self.running, self.now = False, ""
        self._session.rest(False)
        well = self.done - len(self._troubles)
        said = f"{well} network{'s' if well != 1 else ''} measured, each alone."
        if troubles := [*self._troubles, *([error] if error else [])]:
            said += f" {len(troubles)} could not be: {troubles[0].sentence}"
        self.changed.emit()
        self.ended.emit(said)
