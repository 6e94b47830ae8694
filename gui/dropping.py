"""Files that are dropped on the window, or chosen: a picture or a film is shown, a model is added."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from time import perf_counter

from PySide6.QtCore import QMimeData, QObject, Signal

from gui.jobs import Job
from inference.errors import Cancelled, LabError
from models.card import ModelCard
from models.store import Store

MODEL_SUFFIXES = (
    ".onnx", ".cfg", ".weights", ".prototxt", ".caffemodel", ".mlmodel", ".mlpackage", ".pb", ".pbtxt",
)  # fmt: skip
COMPANIONS = (".txt", ".names", ".data")   # label lists, and the weights beside an ONNX file
SAY_S = 0.2                                # between two sentences about the progress


def local_files(data: QMimeData) -> list[Path]:
    """The files of a drop that lie on this machine."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def are_models(files: Sequence[Path]) -> bool:
    """Whether a model is among the files."""
    return any(file.suffix.lower() in MODEL_SUFFIXES for file in files)


class ModelAdder(QObject):
    """Adds one model at a time, on a thread of its own."""

    added = Signal(object)      # ModelCard
    _told = Signal(str)

    def __init__(self, store: Store, say: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._say = store, say
        self._cancelled = Event()
        self.busy = False
        self._told.connect(self._say)

    def add(self, files: Sequence[Path]) -> None:
        """Propose a card for these files and prove that they run; `added` says when. What is wrong is said."""
        if self.busy:
            self._say("One model is being added already. Wait until it is there.")
            return
        labels = [file for file in files if file.suffix.lower() in (".txt", ".names")]
        models = [file for file in files if file not in labels]
        self.busy = True
        self._cancelled = cancelled = Event()
        self._say(f"Adding {models[0].name} …")
        said = [perf_counter()]

        def report(message: str, fraction: float | None) -> None:
            if perf_counter() - said[0] > SAY_S:
                said[0] = perf_counter()
                self._told.emit(message if fraction is None else f"{message}: {fraction:.0%}")

        def work() -> ModelCard | None:
            from inference.adding import add  # imports onnx

            try:
                given = labels[0] if labels else None
                return add(models, self._store, labels=given, report=report, cancelled=cancelled)
            except Cancelled:
                return None

        Job(work, self._done, self._failed, self)

    def cancel(self) -> None:
        """Give up what is being added: the window closes."""
        self._cancelled.set()

    def _done(self, card: ModelCard | None) -> None:
        self.busy = False
        if card is not None:
            self.added.emit(card)

    def _failed(self, error: LabError) -> None:
        self.busy = False
        self._say(f"{error.sentence}")
