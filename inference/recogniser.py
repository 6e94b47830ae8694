"""A model ready to use: card, backend and decoder joined into one call that times its stages."""

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter, sleep, thread_time_ns
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.backends import BACKENDS, Backend, Engine, Form, load_backend
from inference.data import Ask, Frame, Prediction, Result, Seen, Timing
from inference.decode import CLASSIFIERS, DETECTORS, IN_PICTURE, SUPPRESSED, wanted
from inference.decode.boxes import MAX_BOXES, Candidates, Outputs, suppress
from inference.decode.labels import Smoother, top_k
from inference.errors import BackendError, CardError
from inference.found import detections_of, nothing_written, written_at
from inference.own_process import in_own_process
from inference.preprocess import Placement, Preprocessor, as_bytes
from inference.time_limit import time_limit
from models import ModelCard, read_labels
from models.card import InputSpec
from models.catalog import suggest
from models.user_cards import is_own

TIMES = "\N{MULTIPLICATION SIGN}"
WARM_UP_RUNS, WARM_UP_S = 3, 2.0   # the first run is 1.3 to 3 times the median; no new one after so long
FIRST_RUNS_S = 30.0    # after which a network is held to be one that never ends
WAKING_RUNS, PAUSE_S = 5, 1 / 30   # to find out what waking threads costs: between two pictures of 30 a second
DEAR, DEAR_S = 1.3, 1e-3           # so many times, and so many seconds longer, is worth a core that waits busily
SEEN_S = 0.1           # between two copies of what the network is given
TRY_S = 60             # that an engine may take to open a file nobody vouches for, and to run it once
TRY_MEMORY, TRY_COPIES = 1 << 30, 4   # bytes it may take then: so many, and a file's size so many times

log = logging.getLogger(__name__)

# How a decoder says that these are not its outputs.
MISFITS = (ValueError, LookupError, TypeError, ArithmeticError, MemoryError)


class Run(NamedTuple):   # quicker to make than a frozen dataclass, and one is made of every picture
    """One run of a network on one frame: what went in, what came out, and when (s, of this thread's CPU in ns)."""

    frame: Frame
    given: NDArray[np.generic]   # the network's input; valid until the next run
    placement: Placement         # where the frame lies in it
    outputs: Outputs             # raw, in the order of the graph
    taps: Outputs                # the inner values that were asked for, in that order
    began: float
    ready: float                 # preprocessed
    ended: float
    cpu_began: int
    cpu_ready: int
    cpu_ended: int


class Recogniser:
    """Call it with a frame; it answers with a timed result. Made and used on one thread."""

    def __init__(
        self, card: ModelCard, path: Path, backend: str, engine: Engine, *, live: bool = False,
        form: Form | None = None, cancelled: Event | None = None, apart: bool | None = None,
        labels: tuple[str, ...] | None = None, taps: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Opens the ONNX file `path` of `card`, or the form of it that the backend has, and warms it up.

        A file that may crash the backend is tried `apart` first, in a process of its own; None: a card of the user's.
        `labels` are those of a card that is not kept yet; `taps` inner values of the graph that `run` is to give.

        Raises:
            BackendError: the file cannot be run, does not end, or does not fit its card.
            CardError: the labels are missing, or there is no such decoder.
            Cancelled: `cancelled` was set.
        """
        self._form = form
        engine = replace(engine, taps=taps)
        if form:
            card, path, engine = form.card, form.path, replace(engine, precision=form.precision)
        self.card = card
        known = CLASSIFIERS if card.task == "classify" else DETECTORS
        if card.decoder not in known:
            raise CardError(
                f"{card.name}: there is no decoder {card.decoder!r}.", suggest(card.decoder, known)
            )
        self.labels = read_labels(card) if labels is None else labels
        # An overlap that the network has by itself; 1: no overlap is too large.
        self._nms = 1.0 if card.decoder in SUPPRESSED else float(card.options.get("overlap", 0))
        self._most = int(card.options.get("most", MAX_BOXES))
        self._options = {"classes": len(self.labels), **card.options}
        apart = is_own(card) if apart is None else apart
        if apart and backend in BACKENDS and BACKENDS[backend].fragile:
            in_own_process(
                partial(_try_out, card.input, path, backend, engine), what=f"trying {card.title}", seconds=TRY_S,
                memory=TRY_MEMORY + TRY_COPIES * path.stat().st_size, cancelled=cancelled,
            )  # fmt: skip
        self._backend, self._path, self._engine = backend, path, engine
        self._stopped = self._lingers = False
        self.usual_s = 0.0   # of a run on a grey picture
        self.first_ms = 0.0  # the very first of them
        start = perf_counter()
        self._net = self._opened(linger=False)
        self.load_ms = (perf_counter() - start) * 1e3   # opening the file
        self._in_picture = card.decoder in IN_PICTURE and hasattr(self._net, "picture")
        self._live, self._input = live, card.input
        self._preprocess = Preprocessor(card.input, live=live)
        self._kept_at, self._kept_by = 0.0, card.input
        self._smoothed = Smoother()
        with time_limit(self.stop, what=card.title, seconds=FIRST_RUNS_S, cancelled=cancelled):
            self._check()
            self._keep_awake()

    def __call__(self, frame: Frame, ask: Ask, *, idle: float = 0.0, turn: float = 0.0) -> Result:
        """Run the network and read its answer; `idle` and `turn` (ms) are only passed on into the timing."""
        self._look_by((ask.lens and ask.lens.input) or self.card.input)
        ran = self.run(frame)
        prediction = self.read(ran, ask)
        cpu_end, end = thread_time_ns(), perf_counter()
        timing = Timing(
            wait=(ran.began - frame.taken_at) * 1e3,
            preprocess=(ran.ready - ran.began) * 1e3,
            infer=(ran.ended - ran.ready) * 1e3,
            postprocess=(end - ran.ended) * 1e3,
            cpu_preprocess=(ran.cpu_ready - ran.cpu_began) / 1e6,
            cpu_infer=(ran.cpu_ended - ran.cpu_ready) / 1e6,
            cpu_postprocess=(cpu_end - ran.cpu_ended) / 1e6,
            idle=idle,
            turn=turn,
        )
        seen = self._copied(ran.given, ran.placement, end) if ask.lens and ask.lens.show else None
        return Result(frame, self.card.name, prediction, timing, end, seen)

    def run(self, frame: Frame) -> Run:
        """Preprocess and infer: the raw outputs, and when each stage ended."""
        cpu_began, began = thread_time_ns(), perf_counter()
        x, placement = self._preprocess(frame)
        cpu_ready, ready = thread_time_ns(), perf_counter()
        if self._in_picture:
            self._net.picture = frame.pixels.shape[:2]  # type: ignore[attr-defined]
        values = self._net.run(x)
        ended, cpu_ended = perf_counter(), thread_time_ns()
        end = len(values) - len(self._engine.taps)
        return Run(
            frame, x, placement, values[:end], values[end:], began, ready, ended, cpu_began, cpu_ready, cpu_ended
        )

    def read(self, ran: Run, ask: Ask) -> Prediction:
        """What raw outputs say: the best labels, or boxes in px of the frame."""
        if self.card.task == "classify":
            if ran.placement.empty:
                self._smoothed.forget()
                return nothing_written(self.labels)
            scores = self._smoothed(self._scores(ran.outputs), ask, ran.frame)
            return written_at(top_k(scores, self.labels, ask.topk), ran.placement)
        kept = suppress(self._candidates(ran.outputs, ask.confidence), self._nms or ask.iou, self._most)
        placement = None if self._in_picture else ran.placement
        return detections_of(kept, placement, ran.frame.pixels.shape[:2], self.labels, self._options)

    @property
    def form(self) -> Form | None:
        """What runs in the place of the card's file."""
        return self._form

    @property
    def provider(self) -> str:
        """Where the network really runs."""
        return self._net.provider

    @property
    def threads(self) -> int:
        """How many threads it really computes with."""
        return self._net.threads

    @property
    def warning(self) -> str:
        """A sentence where either is not what was asked for."""
        return self._net.warning

    def stop(self) -> None:
        """Make a run under way end soon; from any thread."""
        self._stopped = True
        self._net.stop()

    def tune(self, engine: Engine) -> bool:
        """Compute with other threads from the next call on; on the thread that calls it. True where anything changed.

        Where that takes opening the file anew and it cannot be, the network goes on as it was.
        """
        engine = replace(engine, precision=self._engine.precision, taps=self._engine.taps)
        if engine == self._engine:
            return False
        same = replace(engine, linger_ms=self._engine.linger_ms) == self._engine and not self._lingers
        before, lingered = self._net, self._lingers
        self._engine, self._lingers = engine, False
        if (tune := getattr(before, "tune", None)) and tune(engine):
            return True
        try:
            if not same:
                self._net = self._opened(linger=False)
                self._warm_up()
            self._keep_awake()
        except BackendError as error:
            self._net, self._lingers = before, lingered
            if not self._stopped:
                log.warning("%s computes as before: %s", self.card.title, error)
            return False
        return self._lingers or not same

    def _opened(self, *, linger: bool) -> Backend:
        """The network from its file, its threads sleeping after a run unless they may `linger`."""
        engine = self._engine if linger else replace(self._engine, linger_ms=0.0)
        net = load_backend(self._backend, self._path, engine)
        if self._stopped:   # meanwhile
            net.stop()
        return net

    def _keep_awake(self) -> None:
        """Let the network's threads linger, where they may and where it pays: on some machines waking them is dear."""
        may = self._engine.linger_ms and self.usual_s < PAUSE_S and getattr(self._net, "lingers", False)
        if may and self._waking_is_dear():
            self._net = self._opened(linger=True)
            self._lingers = True
            self._warm_up()

    def _waking_is_dear(self) -> bool:
        """Whether a run after a pause, as between two pictures, takes much longer than one right after another.

        Caches that grew cold make up a tenth or two; for a network that takes no longer than that, or longer than the
        pause, there is nothing to gain.
        """
        x, _ = self._preprocess(self._grey())

        def took_s(pause_s: float) -> float:
            sleep(pause_s)
            start = perf_counter()
            self._net.run(x)
            return perf_counter() - start

        at_once, rested = (median(took_s(pause) for _ in range(WAKING_RUNS)) for pause in (0.0, PAUSE_S))
        return at_once < PAUSE_S and rested > DEAR * at_once and rested - at_once > DEAR_S

    def _look_by(self, spec: InputSpec) -> None:
        """Preprocess by this recipe from now on."""
        if self._form and self._form.of_bytes:
            # mean, deviation and order of colours are inside: only its part of the picture can be another
            spec = as_bytes(spec, self.card.input.order)
        if spec is not self._input and spec != self._input:
            self._preprocess = Preprocessor(spec, live=self._live)
            self._smoothed.forget()   # what was answered to another picture
        self._input = spec

    def _copied(self, x: NDArray[np.generic], placement: Placement, now: float) -> Seen | None:
        """A copy of the network's input, unless the last one is too young."""
        if now - self._kept_at < SEEN_S and self._kept_by is self._input:
            return None
        self._kept_at, self._kept_by = now, self._input
        return Seen(x.copy(), placement.crop, placement.inside, self._input)

    def _scores(self, outputs: Outputs) -> NDArray[np.float32]:
        """Probabilities (classes,)."""
        try:
            return CLASSIFIERS[self.card.decoder](wanted(outputs, self._options), self._options)
        except MISFITS as error:
            raise self._misfit(outputs, error) from error

    def _candidates(self, outputs: Outputs, least: float) -> Candidates:
        """Boxes with a score of at least `least`, before suppression."""
        try:
            read = wanted(outputs, self._options)
            return DETECTORS[self.card.decoder](read, self._options, self.card.input.size, least)
        except MISFITS as error:
            raise self._misfit(outputs, error) from error

    def _misfit(self, outputs: Outputs, error: Exception) -> BackendError:
        card, why = self.card, f": {error}" if isinstance(error, ValueError | IndexError) and str(error) else ""
        shapes = ", ".join(TIMES.join(map(str, output.shape)) or "a number" for output in outputs)
        return BackendError(
            f"The outputs of {card.title} ({shapes}) are not what its decoder {card.decoder!r} reads{why[:120]}.",
            "Choose another decoder, or another label list, in its card.",
        )

    def _check(self) -> None:
        """Run on a grey picture: warms up, and finds a card that does not fit before the first frame does."""
        card = self.card
        self._check_input(self._preprocess(self._grey())[0].shape)
        outputs = self._warm_up()
        if card.task == "detect":
            self._candidates(outputs, 0.0)
            return
        if (found := self._scores(outputs).size) != len(self.labels):
            raise BackendError(
                f"{card.title} answers with {found} classes, but {card.labels} has {len(self.labels)}.",
                "Choose the label list that belongs to this model.",
            )
        outputs = wanted(outputs, self._options)
        if card.decoder == "softmax" and outputs[0].min() >= 0 and abs(float(outputs[0].sum()) - 1) < 1e-3:
            # Twice through softmax, every answer would look like a guess.
            raise BackendError(
                f"{card.title} answers with probabilities already, its card says logits.",
                "Choose the decoder 'probabilities' in its card.",
            )

    def _grey(self) -> Frame:
        height, width = self.card.input.size
        return Frame(np.full((height, width, 3), 114, np.uint8), -1, 0.0)

    def _warm_up(self) -> Outputs:
        """Run on a grey picture; the outputs."""
        x, _ = self._preprocess(self._grey())
        took: list[float] = []
        while len(took) < WARM_UP_RUNS and sum(took) < WARM_UP_S:
            start = perf_counter()
            values = self._net.run(x)
            took.append(perf_counter() - start)
        self.usual_s = min(took)
        self.first_ms = self.first_ms or took[0] * 1e3
        return values[: len(values) - len(self._engine.taps)]

    def _check_input(self, given: tuple[int, ...]) -> None:
        """Compare the shape that the card leads to with what the model declares, where that is fixed."""
        wanted = self._net.input_shape
        if len(wanted) == len(given) - 1:   # it takes one picture, not a batch: the backend knows
            given = given[1:]
        fits = len(wanted) == len(given) and all(
            not isinstance(w, int) or w <= 0 or w == g for w, g in zip(wanted, given, strict=True)
        )
        if not wanted or fits:   # a model may declare nothing
            return
        free = ["any" if not isinstance(w, int) or w <= 0 else str(w) for w in wanted]
        raise BackendError(
            f"The model wants {TIMES.join(free)}, its card says {TIMES.join(map(str, given))}.",
            "Correct size, layout or colour order in the card.",
        )


def _try_out(spec: InputSpec, path: Path, backend: str, engine: Engine) -> None:
    """Open a file and run it on a grey picture; in a process of its own."""
    height, width = spec.size
    x, _ = Preprocessor(spec)(Frame(np.full((height, width, 3), 114, np.uint8), -1, 0.0))
    load_backend(backend, path, engine).run(x)
