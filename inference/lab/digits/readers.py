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


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What one network says of a drawing."""

    card: ModelCard
    scores: NDArray[np.float32] | None   # (10,), 0..1; None where it cannot say
    ms: float = 0.0                      # preprocessing, the network, reading
    trouble: str = ""                    # why it cannot

    @property
    def best(self) -> int:
        """The digit it takes it for; -1 where it cannot say."""
        return -1 if self.scores is None else int(self.scores.argmax())


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All answers to one drawing, and how long they took together, ms."""

    digit: Digit
    answers: tuple[Answer, ...]
    ms: float


class Readers:
    """Networks on one thread of their own, one after the other. Everything may be called from any thread."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        """`changed` is called on their thread whenever `latest` is new."""
        self.latest: Reading | None = None
        self._store, self._changed = store, changed
        self._condition, self._cancelled = Condition(), Event()
        self._cards: tuple[ModelCard, ...] = ()
        self._digit: Digit | None = None
        self._new = False
        self._open: dict[str, Recogniser | LabError] = {}   # by the name of the card
        self._thread = Thread(target=self._run, name="readers", daemon=True)
        self._thread.start()

    def use(self, cards: Sequence[ModelCard]) -> None:
        """Ask these networks from now on, in this order; those that are new are opened."""
        with self._condition:
            self._cards, self._new = tuple(cards), True
            self._condition.notify()

    def read(self, digit: Digit | None) -> None:
        """Let them read a drawing; None: there is none, and `latest` becomes None."""
        with self._condition:
            self._digit, self._new = digit, True
            self._condition.notify()

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread."""
        self._cancelled.set()
        with self._condition:
            self._condition.notify()
        self._thread.join(wait_s)

    def _run(self) -> None:
        count = 0
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._new or self._cancelled.is_set())
                if self._cancelled.is_set():
                    break
                cards, digit, self._new = self._cards, self._digit, False
            try:
                self.latest = None if digit is None else self._read(cards, digit, count)
                if digit is None:
                    self._prepare(cards)
            except Cancelled:
                break
            except BaseException as bug:   # the thread's boundary: a bug must not end the drawing
                log.exception("reading a drawing")
                self.latest = Reading(digit if digit is not None else np.zeros((28, 28), np.uint8), (), 0.0)
                del bug
            count += 1
            self._changed()
        for network in self._open.values():
            if isinstance(network, Recogniser):
                network.stop()

    def _prepare(self, cards: Sequence[ModelCard]) -> None:
        """Open what will be asked, so that the first drawing need not wait."""
        for card in cards:
            self._network(card)

    def _read(self, cards: Sequence[ModelCard], digit: Digit, index: int) -> Reading:
        pixels = np.asarray(cv2.cvtColor(digit, cv2.COLOR_GRAY2BGR), np.uint8)
        began = perf_counter()
        answers = tuple(self._answer(card, pixels, index) for card in cards)
        return Reading(digit, answers, (perf_counter() - began) * 1e3)

    def _answer(self, card: ModelCard, pixels: NDArray[np.uint8], index: int) -> Answer:
        network = self._network(card)
        if isinstance(network, LabError):
            return Answer(card, None, trouble=network.sentence)
        try:
            result = network(Frame(pixels, index, perf_counter(), alone=True), Ask(topk=KINDS))
        except LabError as error:
            return Answer(card, None, trouble=error.sentence)
        scores = np.zeros(KINDS, np.float32)
        scores[list(result.prediction.indices)] = result.prediction.scores
        return Answer(card, scores, result.timing.latency)

    def _network(self, card: ModelCard) -> "Recogniser | LabError":
        """A network, opened at its first use, or why it cannot be."""
        if card.name not in self._open:
            spec = LaneSpec(card.name, usual_backend(card))
            engine = engine_for(spec, linger=False)
            try:
                self._open[card.name] = open_network(
                    card, self._store, spec.backend, lambda: engine, lambda *_: None, self._cancelled
                )
            except Cancelled:
                raise
            except LabError as error:
                self._open[card.name] = error
        return self._open[card.name]
