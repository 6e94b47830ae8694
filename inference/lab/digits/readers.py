"""Several networks that read what is being drawn: the newest drawing, never a queue of them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Event, Thread
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.backends import usual_backend
from inference.data import Ask, Frame, LaneSpec
from inference.errors import Cancelled, LabError
from inference.intake.provide import open_network
from inference.live.threads import engine_for
from inference.recogniser import Recogniser
from models.card import ModelCard
from models.store import Store

log = logging.getLogger(__name__)

Digit = NDArray[np.uint8]   # (28, 28), white on black, as the networks see it
KINDS = 10


@dataclass(frozen=True, slots=True)
class Reader:
    """A network that reads, and as what."""

    card: ModelCard
    spec: LaneSpec
    title: str

    @classmethod
    def usual(cls, card: ModelCard) -> "Reader":
        """The network as a lane runs it when nobody says how."""
        return cls(card, LaneSpec(card.name, usual_backend(card)), card.title)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What one network says of a drawing."""

    reader: Reader
    scores: NDArray[np.float32] | None   # (10,), 0..1; None where it cannot say
    ms: float = 0.0                      # preprocessing, the network, reading
    bytes: int = 0                       # of what runs; 0: not known yet
    off: float | None = None             # of an exported one: its largest difference, by the largest raw value
    trouble: str = ""                    # why it cannot
    waits: str = ""                      # what is done before it can

    @property
    def best(self) -> int:
        """The digit it takes it for; -1 where it cannot say."""
        return -1 if self.scores is None else int(self.scores.argmax())


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All answers to one drawing, and how long they took together, ms."""

    digit: Digit | None
    answers: tuple[Answer, ...]
    ms: float


class Readers:
    """Networks on one thread of their own, one after the other; on another one those that are new are opened.

    Everything may be called from any thread.
    """

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        """`changed` is called on their threads whenever `latest` is new."""
        self.latest = Reading(None, (), 0.0)
        self._store, self._changed = store, changed
        self._condition, self._cancelled = Condition(), Event()
        self._readers: tuple[Reader, ...] = ()
        self._digit: Digit | None = None
        self._new = False
        self._open: dict[LaneSpec, Recogniser | LabError] = {}
        self._cards: dict[LaneSpec, ModelCard] = {}   # of those that are open
        self._words: dict[LaneSpec, str] = {}   # of those that are being opened
        self._threads = [Thread(target=work, name="readers", daemon=True) for work in (self._run, self._run_opening)]
        for thread in self._threads:
            thread.start()

    def use(self, readers: Sequence[Reader]) -> None:
        """Ask these networks from now on, in this order; those that are new are opened."""
        with self._condition:
            for reader in readers:
                if self._cards.get(reader.spec, reader.card) != reader.card:   # edited: another recipe, for one
                    self._open.pop(reader.spec, None)
            self._readers, self._new = tuple(readers), True
            self._condition.notify_all()

    def read(self, digit: Digit | None) -> None:
        """Let them read a drawing; None: there is none, and nobody answers."""
        with self._condition:
            self._digit, self._new = digit, True
            self._condition.notify_all()

    def close(self, wait_s: float = 2.0) -> None:
        """End the threads."""
        self._cancelled.set()
        with self._condition:
            self._condition.notify_all()
        for thread in self._threads:
            thread.join(wait_s)

    def _run(self) -> None:
        count = 0
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._new or self._cancelled.is_set())
                if self._cancelled.is_set():
                    break
                readers, digit, self._new = self._readers, self._digit, False
            try:
                self.latest = self._read(readers, digit, count)
            except BaseException:   # the thread's boundary: a bug must not end the drawing
                log.exception("reading a drawing")
                self.latest = Reading(digit, (), 0.0)
            count += 1
            self._changed()
        for network in list(self._open.values()):
            if isinstance(network, Recogniser):
                network.stop()
        self._open.clear()

    def _read(self, readers: Sequence[Reader], digit: Digit | None, index: int) -> Reading:
        pixels = None if digit is None else np.asarray(cv2.cvtColor(digit, cv2.COLOR_GRAY2BGR), np.uint8)
        began = perf_counter()
        answers = tuple(self._answer(reader, pixels, index) for reader in readers)
        return Reading(digit, answers, (perf_counter() - began) * 1e3)

    def _answer(self, reader: Reader, pixels: NDArray[np.uint8] | None, index: int) -> Answer:
        network = self._open.get(reader.spec)
        if network is None:
            return Answer(reader, None, waits=self._words.get(reader.spec, "Waiting"))
        if isinstance(network, LabError):
            return Answer(reader, None, trouble=network.sentence)
        form = network.form
        size, off = (form.bytes, form.relative) if form else (reader.card.bytes, None)
        if pixels is None:
            return Answer(reader, None, 0.0, size, off)
        try:
            result = network(Frame(pixels, index, perf_counter(), alone=True), Ask(topk=KINDS))
        except LabError as error:
            return Answer(reader, None, trouble=error.sentence)
        scores = np.zeros(KINDS, np.float32)
        scores[list(result.prediction.indices)] = result.prediction.scores
        return Answer(reader, scores, result.timing.latency, size, off)

    # --- opening ----------------------------------------------------------------------------------------------------

    def _run_opening(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._wanted() is not None or self._cancelled.is_set())
                reader = self._wanted()
                if self._cancelled.is_set() or reader is None:
                    break
            self._cards[reader.spec] = reader.card
            try:
                self._open[reader.spec] = self._network(reader)
            except Cancelled:
                break
            except BaseException as bug:   # the thread's boundary
                log.exception("opening %s", reader.title)
                self._open[reader.spec] = LabError(f"Something went wrong: {bug}.", "The log has the details.")
            self._again()

    def _wanted(self) -> Reader | None:
        """The next one that is not open yet."""
        return next((reader for reader in self._readers if reader.spec not in self._open), None)

    def _network(self, reader: Reader) -> "Recogniser | LabError":
        """A network, or why it cannot be opened."""
        engine = engine_for(reader.spec, linger=False)

        def told(words: str, part: float | None) -> None:
            if words != self._words.get(reader.spec):
                self._words[reader.spec] = words
                self._again()
            del part

        try:
            return open_network(reader.card, self._store, reader.spec.backend, lambda: engine, told, self._cancelled)
        except LabError as error:
            return error

    def _again(self) -> None:
        """Let what is drawn be read again: somebody else can, or has more to say."""
        with self._condition:
            self._new = True
            self._condition.notify_all()
