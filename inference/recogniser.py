"""A model ready to use: card, backend and decoder joined into one call that times its stages."""

from pathlib import Path
from time import perf_counter, thread_time_ns

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine, load_backend
from inference.data import Ask, Classification, Detections, Frame, Prediction, Result, Timing
from inference.errors import BackendError
from inference.postprocess import CLASSIFIERS, DETECTORS, suppress, top_k
from inference.preprocess import Preprocessor
from models import ModelCard, read_labels

WARM_UP_RUNS = 3       # the first run is 1.3–3 times the median
SMOOTHING = 0.25       # weight of the newest frame when labels are smoothed


class Recogniser:
    """Call it with a frame; it answers with a timed result. Made and used on one thread."""

    def __init__(
        self, card: ModelCard, path: Path, backend: str, engine: Engine, *, live: bool = False
    ) -> None:
        """Opens the ONNX file `path` of `card`.

        Raises:
            BackendError: the file cannot be run, or does not fit its card.
            CardError: the labels are missing.
        """
        start = perf_counter()
        self.card = card
        self.labels = read_labels(card)
        self._net = load_backend(backend, path, engine)
        self.provider, self.warning = self._net.provider, self._net.warning
        self._preprocess = Preprocessor(card.input, live=live)
        self._average: NDArray[np.float32] | None = None
        self.load_ms = (perf_counter() - start) * 1e3
        self._check()

    def __call__(self, frame: Frame, ask: Ask, *, idle: float = 0.0, turn: float = 0.0) -> Result:
        """Preprocess, infer, postprocess; `idle` and `turn` (ms) are only passed on into the timing."""
        cpu = thread_time_ns()
        start = perf_counter()
        x, placement = self._preprocess(frame)
        ready = perf_counter()
        outputs = self._net.run(x)
        ran = perf_counter()
        prediction: Prediction
        if self.card.task == "classify":
            scores = CLASSIFIERS[self.card.decoder](outputs, self.card.options)
            prediction = self._classification(self._smoothed(scores, ask), ask)
        else:
            found = DETECTORS[self.card.decoder](outputs, self.card.options, self.card.input.size, ask.confidence)
            kept = suppress(found, ask.iou)
            height, width = frame.pixels.shape[:2]
            boxes = placement.to_frame(kept.boxes)
            np.clip(boxes, 0, (width, height, width, height), out=boxes)
            prediction = Detections(boxes, kept.scores, tuple(self.labels[i] for i in kept.classes))
        end = perf_counter()
        timing = Timing(
            wait=(start - frame.taken_at) * 1e3,
            preprocess=(ready - start) * 1e3,
            infer=(ran - ready) * 1e3,
            postprocess=(end - ran) * 1e3,
            cpu=(thread_time_ns() - cpu) / 1e6,
            idle=idle,
            turn=turn,
        )
        return Result(frame, self.card.name, prediction, timing, end)

    def stop(self) -> None:
        """Make a run under way end soon; from any thread."""
        self._net.stop()

    def _classification(self, scores: NDArray[np.float32], ask: Ask) -> Classification:
        return top_k(scores, self.labels, ask.topk)

    def _smoothed(self, scores: NDArray[np.float32], ask: Ask) -> NDArray[np.float32]:
        """Scores averaged over the last frames with falling weight, when asked for."""
        if not ask.smoothing:
            self._average = None
            return scores
        if self._average is not None:
            scores = np.asarray(self._average + SMOOTHING * (scores - self._average), np.float32)
        self._average = scores
        return scores

    def _check(self) -> None:
        """Run on a grey picture: warms up, and finds a card that does not fit its network before the first frame."""
        height, width = self.card.input.size
        grey = Frame(np.full((height, width, 3), 114, np.uint8), -1, 0.0)
        x, _ = self._preprocess(grey)
        for _ in range(WARM_UP_RUNS):
            outputs = self._net.run(x)
        try:
            if self.card.task == "classify":
                found = CLASSIFIERS[self.card.decoder](outputs, self.card.options).size
                if found != len(self.labels):
                    raise BackendError(
                        f"{self.card.title} answers with {found} classes, but {self.card.labels} has "
                        f"{len(self.labels)} labels.",
                        "Choose the label list that belongs to this model.",
                    )
            else:
                DETECTORS[self.card.decoder](outputs, self.card.options, self.card.input.size, 0.0)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            shapes = ", ".join(str(tuple(o.shape)) for o in outputs)
            raise BackendError(
                f"The outputs of {self.card.title} ({shapes}) are not what its decoder {self.card.decoder!r} reads.",
                "Choose another decoder in its card.",
            ) from error
