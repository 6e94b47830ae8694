"""How long a network takes alone: the same pictures for each, after it has warmed up."""

from collections.abc import Callable, Sequence
from statistics import median
from threading import Event
from time import perf_counter

from inference.backends import usual_backend
from inference.data import Ask, Frame, LaneSpec
from inference.errors import Cancelled, LabError
from inference.intake.costs import key_of
from inference.intake.provide import open_network
from inference.lab.measured import Measured, note
from inference.live.threads import engine_for
from inference.places import REELS, reel_of
from models.card import ModelCard
from models.store import Store

WARM_UP = 3          # runs that are not counted
LEAST, MOST = 7, 60  # runs that are
SPAN_S = 1.5         # and no more after so long, once there are enough
SIDE_PX = 1280       # the longer side of the pictures, as a camera gives it

Tell = Callable[[str, Measured | LabError | None], None]


def measure(card: ModelCard, store: Store, cancelled: Event) -> Measured:
    """Open a network as a lane alone would, and take the median time of its answers to the sample pictures.

    Raises:
        LabError: it cannot be opened or run.
        Cancelled: `cancelled` was set.
    """
    from inference.picture_files import pictures_in, read_picture  # OpenCV: not needed to read what was noted

    spec = LaneSpec(card.name, usual_backend(card))
    engine = engine_for(spec)
    network = open_network(card, store, spec.backend, lambda: engine, lambda *_: None, cancelled, live=True)
    try:
        pictures = [read_picture(path, SIDE_PX) for path in pictures_in(REELS[reel_of([card])])]
        took: list[float] = []
        began = perf_counter()
        for i in range(WARM_UP + MOST):
            if cancelled.is_set():
                raise Cancelled(card.title)
            if len(took) >= LEAST and perf_counter() - began > SPAN_S:
                break
            # Each time another frame: nothing that was made of an earlier one serves again.
            frame = Frame(pictures[i % len(pictures)], i, perf_counter(), alone=True)
            result = network(frame, Ask())
            if i >= WARM_UP:
                took.append(result.timing.latency)
        return Measured(round(median(took), 4), len(took), spec.backend, network.threads or engine.threads)
    finally:
        network.stop()


def measure_all(cards: Sequence[ModelCard], store: Store, cancelled: Event, tell: Tell) -> None:
    """Measure one after the other and note what came out; what cannot be measured does not keep the others from it.

    `tell(name, None)` is called before each, `tell(name, figure or trouble)` after it, on this thread. Returns early
    when `cancelled` is set; what was measured until then is noted.
    """
    for card in cards:
        if cancelled.is_set():
            return
        tell(card.name, None)
        try:
            figure = measure(card, store, cancelled)
        except Cancelled:
            return
        except LabError as error:
            tell(card.name, error)
            continue
        note(store, key_of(card, store), figure)
        tell(card.name, figure)
