"""Files that are dropped on the window, or chosen: a picture or a film is shown, a model is added."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from time import perf_counter

from PySide6.QtCore import QMimeData, QObject, Signal

from gui.jobs import Job
from inference.errors import Cancelled, LabError
from inference.formats import foreign, models_in
from models.card import ModelCard
from models.store import Store

SAY_S = 0.2                                # between two sentences about the progress


def local_files(data: QMimeData) -> list[Path]:
    """The files of a drop that lie on this machine."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


class ModelAdder(QObject):
    """Adds models one after the other, on a thread of its own; what comes meanwhile waits for its turn."""

    added = Signal(object)      # ModelCard
    failed = Signal(str, object)   # the file's name, LabError
    _told = Signal(str)

    def __init__(self, store: Store, say: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._say = store, say
        self._cancelled = Event()
        self._waiting: list[tuple[tuple[Path, ...], Path | None]] = []
        self.busy = False
        self.found: dict[str, str] = {}   # by the name of a card: what was found out about its recipe
        self._told.connect(self._say)

    def add(self, files: Sequence[Path]) -> None:
        """Propose a card for each model among these files and prove that it runs; `added` says when.

        What is wrong is said, and the others go on.
        """
        foreigners = [words for words in map(foreign, files) if words]
        try:
            self._waiting += models_in([path for path in files if not foreign(path)] if foreigners else files)
        except LabError as error:
            self._fail(files[0].name if files else "", LabError(foreigners[0]) if foreigners else error)
            return
        if foreigners:
            self._fail("", LabError(foreigners[0]))
        if not self.busy:
            self._next()

    def _next(self) -> None:
        """Begin with the first that waits."""
        if not self._waiting:
            self.busy = False
            return
        self.busy = True
        models, labels = self._waiting.pop(0)
        self._cancelled = cancelled = Event()
        more = f", {len(self._waiting)} more to come" if self._waiting else ""
        self._say(f"Adding {models[0].name} …{more}")
        said = [perf_counter()]

        def report(message: str, fraction: float | None) -> None:
            if perf_counter() - said[0] > SAY_S:
                said[0] = perf_counter()
                self._told.emit(message if fraction is None else f"{message}: {fraction:.0%}")

        def work() -> ModelCard | None:
            from inference.intake.adding import Wanted, add  # imports onnx

            try:
                told: list[str] = []
                card = add(
                    models, self._store, Wanted(labels=labels), report=report, tell=told.append, cancelled=cancelled
                )
                self.found[card.name] = " ".join(told)
                return card
            except Cancelled:
                return None

        def failed(error: LabError) -> None:
            self._fail(models[0].name, error)
            self._next()

        Job(work, self._done, failed, self)

    def cancel(self) -> None:
        """Give up what is being added and what waits: the window closes."""
        self._waiting.clear()
        self._cancelled.set()

    def _done(self, card: ModelCard | None) -> None:
        if card is not None:
            self.added.emit(card)
        self._next()

    def _fail(self, file: str, error: LabError) -> None:
        self._say(error.sentence)
        self.failed.emit(file, error)
