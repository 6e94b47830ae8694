"""Show the same pictures to several networks and count how far they agree."""

import heapq
from collections.abc import Callable, Sequence
from itertools import combinations
from threading import Event
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.answers import engine_text, form_values
from inference.data import Ask, Classification, Frame, LaneSpec, Prediction
from inference.errors import Cancelled, LabError
from inference.lab.agreement.figures import Boxes, Flicker, Labels
from inference.lab.agreement.report import Disagreement, Network, Pair, Report
from inference.lab.agreement.spaces import Common, common
from inference.lab.looks import Look, Looks
from inference.machine import machine
from inference.recogniser import Recogniser

MOST = 200           # pictures, where nobody says another number
KEPT = 12            # pictures on which they differ most
THUMBNAIL = 320      # px, the longer side
QUALITY = 80         # of its JPEG
NAMED = 3            # boxes that are named of each network
DIFFERENT = "one names the picture, the other finds boxes"


class Progress(NamedTuple):
    """How far it is."""

    done: int
    of: int            # as far as that is known
    look: Look | None = None


class Pairing(NamedTuple):
    """Two of the networks while they are counted."""

    common: Common | None
    counter: Labels | Boxes | None   # None: they cannot be compared
    how: str


class Comparison:
    """Networks that are asked, and what is counted of them."""

    def __init__(self, networks: Sequence[tuple[LaneSpec, Recogniser]], ask: Ask, source: str) -> None:
        """`source`: what the pictures are called."""
        self.source = source
        self.networks = tuple(networks)
        most = max((len(network.labels) for _, network in networks), default=1)
        self._ask = Ask(topk=most, confidence=ask.confidence, iou=ask.iou)
        self._confidence = ask.confidence
        self._flicker = [Flicker() for _ in networks]
        self._pairs = {(i, j): self._pairing(i, j) for i, j in combinations(range(len(networks)), 2)}
        self._apart: list[tuple[float, int, Disagreement]] = []
        self.pixels: dict[int, NDArray[np.uint8]] = {}   # of those, by their place: (h, w, 3) BGR
        self._troubles: dict[str, str] = {}
        self._count = 0
        self._moves = False
        self._last_at: float | None = None

    def _pairing(self, i: int, j: int) -> Pairing:
        first, second = self.networks[i][1], self.networks[j][1]
        if first.card.task != second.card.task:
            return Pairing(None, None, DIFFERENT)
        found = common(first.labels, second.labels)
        if found is None:
            return Pairing(None, None, f"their {len(first.labels)} and {len(second.labels)} labels are other things")
        counts = len(first.labels), len(second.labels)
        counter = Labels(found, counts) if first.card.task == "classify" else Boxes(found, first.labels)
        return Pairing(found, counter, found.how)

    def add(self, look: Look) -> tuple[Prediction | None, ...]:
        """Ask all of them; what each said, None where it could not."""
        frame = Frame(look.pixels, self._count, perf_counter())
        said = tuple(self._answer(network, frame, look.name) for _, network in self.networks)
        for flicker, one in zip(self._flicker, said, strict=True):
            if look.at is not None and one is not None:
                flicker.add(one, look.at)
        apart = []
        for (i, j), pairing in self._pairs.items():
            first, second = said[i], said[j]
            if pairing.counter and first is not None and second is not None:
                apart.append(pairing.counter.add(first, second))   # type: ignore[arg-type]
        if apart and max(apart) > 0:
            self._keep(float(np.mean(apart)), look, said)
        self._moves, self._last_at = look.at is not None, look.at
        self._count += 1
        return said

    def _answer(self, network: Recogniser, frame: Frame, name: str) -> Prediction | None:
        try:
            return network(frame, self._ask).prediction
        except LabError as error:
            title = network.card.title
            self._troubles.setdefault(title, f"{title} could not answer {name}: {error.sentence}")
            return None

    def _keep(self, apart: float, look: Look, said: Sequence[Prediction | None]) -> None:
        """Remember the picture if it is among those on which they differ most."""
        if len(self._apart) >= KEPT and apart <= self._apart[0][0]:
            return
        one = Disagreement(look.name, self._count, look.at, apart, tuple(map(words_of, said)), _small(look))
        entry = (apart, -self._count, one)   # of two that differ as much, the first
        self.pixels[self._count] = look.pixels
        if len(self._apart) < KEPT:
            heapq.heappush(self._apart, entry)
        else:
            del self.pixels[heapq.heapreplace(self._apart, entry)[2].place]

    def report(self) -> Report:
        """What was counted until now."""
        networks = tuple(
            Network(
                network.card.name, network.card.title, engine_text(spec.backend, form_values(network.form)),
                network.card.task, len(network.labels), flicker.changes, flicker.per_second if self._moves else None,
            )
            for (spec, network), flicker in zip(self.networks, self._flicker, strict=True)
        )
        pairs = []
        for (i, j), (found, counter, how) in self._pairs.items():
            labels = counter.counts() if isinstance(counter, Labels) else None
            boxes = counter.counts() if isinstance(counter, Boxes) else None
            pairs.append(Pair(i, j, len(found) if found else 0, how, labels, boxes))
        apart = tuple(one for _, _, one in sorted(self._apart, key=lambda entry: (-entry[0], -entry[1])))
        return Report(
            machine(), self.source, self._count, self._last_at, self._confidence, networks, tuple(pairs), apart,
            tuple(self._troubles.values()),
        )  # fmt: skip


def compare(
    networks: Sequence[tuple[LaneSpec, Recogniser]], looks: Looks, ask: Ask, tell: Callable[[Progress], None],
    cancelled: Event,
) -> Comparison:  # fmt: skip
    """Show all pictures to all networks; when `cancelled` is set, what was counted until then is what comes back.

    Raises:
        LabError: a picture cannot be read.
        Cancelled: before the first picture.
    """
    made = Comparison(networks, ask, looks.title)
    for i, look in enumerate(looks):
        if cancelled.is_set():
            if not i:
                raise Cancelled("comparing")
            break
        tell(Progress(i, looks.total, look))
        made.add(look)
    return made


def words_of(said: Prediction | None) -> str:
    """The best label and how sure it is, or the boxes, in a few words."""
    if said is None:
        return "no answer"
    if said.nothing or not said.labels:
        return said.nothing or "no box"
    if isinstance(said, Classification):
        return f"{said.labels[0].partition(',')[0]} {100 * said.scores[0]:.0f} %"
    named = [f"{label} {100 * score:.0f} %" for label, score in zip(said.labels[:NAMED], said.scores, strict=False)]
    more = len(said.labels) - NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _small(look: Look) -> bytes:
    height, width = look.pixels.shape[:2]
    share = min(1.0, THUMBNAIL / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.resize(look.pixels, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
