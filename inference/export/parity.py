"""Whether a package is still the same network: read back by our own reader, run on ONNX Runtime, compared.

The reader is `inference.intake.importers.coreml`, which shares no code with what wrote the package. The original goes
the way it goes in the lab: its card's preprocessing, its file, its decoder. The package gets the picture as a phone
would give it: bytes of the size that it wants, in the colours that it states. Compared are the raw values before
softmax or decoding (a saturated softmax hides faults), the answers, and the boxes in px of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import inf
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from inference.backends.model_file import add_outputs
from inference.backends.ort import SIDE_INPUTS, side_values
from inference.data import Ask, Classification, Detections, Frame
from inference.decode import CLASSIFIERS, DETECTORS, SUPPRESSED, wanted
from inference.decode.boxes import MAX_BOXES, Candidates, suppress
from inference.decode.labels import top_k
from inference.decode.rows import boxes_scores
from inference.errors import ExportFailed
from inference.export.decoding import Suppression
from inference.export.editing import in_single_precision
from inference.found import detections_of
from inference.intake.importers.coreml import Read
from inference.intake.importers.coreml.package import plain_session, read_package, rounded_to_half
from inference.preprocess import Preprocessor, as_bytes
from models.card import InputSpec, ModelCard

Array = NDArray[Any]

RANDOM = 16                  # pictures of noise, beside the real ones
SAME = 1e-4                  # relative difference at fp32 above which it is another network
STEP = 0.005                 # difference of a score: a step of 8 bits, as some originals round to
EDGE = 0.5                   # difference of a box edge, px of the picture
TOP = 5
ASK = Ask(topk=TOP)
TWIN = 0.5                   # overlap from which two boxes are the same one
TIE = 1e-6                   # two scores that are no further from each other are equal
MARGIN = 0.02                # a score this near to the threshold may fall on either side of it


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the comparison."""

    name: str
    pixels: NDArray[np.uint8]   # (h, w, 3) BGR
    noise: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came out for one picture."""

    heads: tuple[Array, ...]                       # raw values
    ends: tuple[Array, ...]                        # probabilities; or coordinates and confidence
    prediction: Classification | Detections


@dataclass(frozen=True, slots=True)
class Difference:
    """One picture through both."""

    name: str
    noise: bool
    relative: float       # largest difference of a raw value, by the largest raw value
    same: bool            # the same best label; or every box found again
    score: float          # largest difference of a score of the same label or box, 0..1
    box: float            # largest difference of an edge, px of the picture; 0 for classifiers
    boxes: int            # how many boxes the original has


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pictures through both."""

    differences: tuple[Difference, ...]

    @property
    def relative(self) -> float:
        """The largest relative difference of raw values."""
        return max((d.relative for d in self.differences), default=inf)

    @property
    def real(self) -> tuple[Difference, ...]:
        """Of the real pictures."""
        return tuple(d for d in self.differences if not d.noise)

    @property
    def agreeing(self) -> int:
        """Real pictures with the same answer."""
        return sum(d.same for d in self.real)

    @property
    def box(self) -> float:
        """The largest difference of an edge on a real picture, px."""
        return max((d.box for d in self.real), default=0.0)

    @property
    def score(self) -> float:
        """The largest difference of a score on a real picture."""
        return max((d.score for d in self.real), default=0.0)


    @property
    def fault(self) -> str:
        """Why it is not the same network, as part of a sentence; "" where it is. For packages at fp32."""
        for d in self.differences:
            if not d.relative <= SAME:   # so that no number is no number that passes
                return f"on {d.name} its raw values differ by {d.relative:.2g} of the largest, more than {SAME:.0e}"
            if d.score > STEP or d.box > EDGE or not (d.same or d.noise):
                return f"on {d.name} it answers otherwise, though its raw values are the same"
        return ""


def noise(spec: InputSpec, count: int = RANDOM) -> list[Picture]:
    """Random pictures of the network's own size, the same every time, dark and bright in turns; grey for a grey net."""
    pictures = []
    for i in range(count):
        values = np.random.default_rng(i).integers(0, 216, (*spec.size, 1 if spec.order == "GRAY" else 3), np.uint8)
        values += np.uint8(40 * (i % 2))
        pictures.append(Picture(f"noise {i + 1}", np.broadcast_to(values, (*spec.size, 3)).copy(), noise=True))
    return pictures


# ---- the original ----


class Original:
    """The network as the lab runs it; one that is kept in half precision is computed in single."""

    def __init__(self, card: ModelCard, path: Path, labels: Sequence[str], heads: Sequence[str]) -> None:
        self.card, self.labels = card, tuple(labels)
        model = onnx.load(str(path))
        in_single_precision(model)
        self._ends = len(model.graph.output)
        add_outputs(model, heads)
        self._session, _ = plain_session(model)
        spec = replace(card.input, dtype="float32") if card.input.dtype == "float16" else card.input
        self._preprocess = Preprocessor(spec)
        inputs = self._session.get_inputs()
        (self._given,) = (given for given in inputs if given.name not in SIDE_INPUTS)
        self._more = side_values(inputs, *card.input.size)

    def __call__(self, picture: Picture) -> Answer:
        """The answer to one picture."""
        x, placement = self._preprocess(_frame(picture))
        if len(self._given.shape) == x.ndim - 1:
            x = x[0]
        values = self._session.run(None, {self._given.name: x, **self._more})
        outputs, heads = values[: self._ends], tuple(values[self._ends :])
        options = {"classes": len(self.labels), **self.card.options}
        if self.card.task == "classify":
            scores = CLASSIFIERS[self.card.decoder](wanted(outputs, options), options)
            return Answer(heads, (scores,), top_k(scores, self.labels, TOP))
        read = wanted(outputs, options)
        found = DETECTORS[self.card.decoder](read, options, self.card.input.size, ASK.confidence)
        kept = suppress(found, 1.0 if self.card.decoder in SUPPRESSED else overlap_of(self.card))
        return Answer(heads, (), detections_of(kept, placement, picture.pixels.shape[:2], self.labels, {}))


# ---- the package ----


class Package:
    """What was written, read back."""

    def __init__(
        self, path: Path, card: ModelCard, labels: Sequence[str], heads: Sequence[str], *, half: bool,
        cut: Suppression | None = None,
    ) -> None:
        """Opens a package or a `.mlmodel`.

        Args:
            path: the package.
            card: of the original.
            labels: as the package must have them; a detector without suppression has none.
            heads: what its raw values are called.
            half: it computes in half precision: every value is rounded to it.
            cut: the suppression that the file of the original has, and the package has not.

        Raises:
            ImportFailed: it cannot be read.
            ExportFailed: it takes another picture, or has other labels.
        """
        found = read_package(path)
        height, width = card.input.size
        if (found.image.height, found.image.width) != (height, width):
            raise ExportFailed(f"{path.name} takes {found.image.width}×{found.image.height} px, not {width}×{height}.")
        if (found.labels or card.task == "classify") and found.labels != tuple(labels):
            raise ExportFailed(f"{path.name} has other labels, or in another order.")
        self.card, self.labels, self._cut = card, tuple(labels), cut
        self.most = cut.most if cut else MAX_BOXES
        taps = [_tap(found, head) for head in heads]
        outputs = {f"end_{i}": value for i, value in enumerate(found.outputs)}
        outputs |= {f"tap_{i}": value for i, value in enumerate(taps)}
        model = found.model(outputs)
        if half:
            model = rounded_to_half(model)
        self._session, self._names = plain_session(model)
        self._image = found.image.name
        self._preprocess = Preprocessor(as_bytes(card.input, found.image.order))

    def __call__(self, picture: Picture) -> Answer:
        """The answer to one picture."""
        x, placement = self._preprocess(_frame(picture))
        values = dict(zip(self._names, self._session.run(None, {self._image: x.astype(np.float32)}), strict=True))
        heads = tuple(value for name, value in values.items() if name.startswith("tap_"))
        ends = tuple(value for name, value in values.items() if name.startswith("end_"))
        if self.card.task == "classify":
            return Answer(heads, ends, top_k(ends[0].reshape(-1), self.labels, TOP))
        boxes, scores = ends if ends[0].shape[-1] == 4 else reversed(ends)
        kept = kept_boxes(
            boxes, scores, self._cut, len(self.labels), self.card.input.size, overlap_of(self.card)
        )
        return Answer(heads, (boxes, scores), detections_of(kept, placement, picture.pixels.shape[:2], self.labels, {}))


def kept_boxes(
    boxes: Array, scores: Array, cut: Suppression | None, labels: int, size: tuple[int, int], iou: float
) -> Candidates:
    """What is kept of a package's coordinates (n, 4) and confidence (n, labels); boxes in px of the input.

    Where the file of the original suppresses, `cut`, it is done as there: every class of a box on its own.
    """
    options = {"classes": labels, "every_label": cut is not None}
    found = boxes_scores([boxes[None], scores[None]], options, size, ASK.confidence)
    return suppress(found, cut.iou, cut.most) if cut else suppress(found, iou)


def overlap_of(card: ModelCard) -> float:
    """Above which the weaker of two boxes goes: the network's own, or the lab's."""
    return float(card.options.get("overlap", 0)) or ASK.iou


def _tap(found: Read, head: str) -> str:
    """The name, in the graph, of a raw value; half precision adds a cast to its name."""
    for name in (head, f"{head}_cast_fp16"):
        if name in found.values:
            return found.values[name]
    raise ExportFailed(f"The raw values {head!r} are not in the package, so that it cannot be compared.")


# ---- both ----


def compare(
    original: Sequence[Answer], package: Package, pictures: Sequence[Picture], said: list[Answer] | None = None
) -> Comparison:
    """Every picture through the package, against what the original said; `said` collects the package's answers."""
    found = []
    for picture, a in zip(pictures, original, strict=True):
        b = package(picture)
        found.append(difference(picture, a, b, package.most))
        if said is not None:
            said.append(b)
    return Comparison(tuple(found))


def difference(picture: Picture, a: Answer, b: Answer, most: int = MAX_BOXES) -> Difference:
    """How far two answers to one picture are from each other; a detector gives at most `most` boxes."""
    relative = max(map(relative_difference, a.heads, b.heads), default=inf) if len(a.heads) == len(b.heads) else inf
    if isinstance(a.prediction, Detections) and isinstance(b.prediction, Detections):
        same, score, box = _boxes(a.prediction, b.prediction, most)
        return Difference(picture.name, picture.noise, relative, same, score, box, len(a.prediction.labels))
    before, after = a.ends[0].reshape(-1), b.ends[0].reshape(-1)
    same = bool(before[after.argmax()] >= before.max() - TIE)
    return Difference(picture.name, picture.noise, relative, same, float(np.abs(before - after).max()), 0.0, 0)


def relative_difference(a: Array, b: Array) -> float:
    """The largest difference by the largest value; without end where they do not fit, or are no numbers."""
    if a.size != b.size or not a.size:
        return inf
    a, b = a.astype(np.float64).squeeze(), b.astype(np.float64).squeeze()
    if a.shape != b.shape:   # passes move a transposition from behind a value to before it
        turned = [p for p in permutations(range(a.ndim)) if a.transpose(p).shape == b.shape]
        if len(turned) != 1:
            return inf
        a = a.transpose(turned[0])
    a, b = a.reshape(-1), b.reshape(-1)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return inf
    largest = float(np.abs(a).max())
    return float(np.abs(a - b).max()) / largest if largest else float(np.abs(b).max())


def _boxes(a: Detections, b: Detections, most: int) -> tuple[bool, float, float]:
    """Whether every box has its twin of the same label; of twins the largest difference of a score, of an edge (px)."""
    left = list(range(len(b.labels)))
    same, score, edge = True, 0.0, 0.0
    weak = ASK.confidence + MARGIN
    if len(a.labels) >= most:   # of equal scores at the end of a full list, either may be on it
        weak = max(weak, float(a.scores.min()) + TIE)
    for i, label in enumerate(a.labels):
        near = [(_overlap(a.boxes[i], b.boxes[j]), j) for j in left if b.labels[j] == label]
        overlap, j = max(near, default=(0.0, -1))
        if overlap < TWIN:
            same &= float(a.scores[i]) < weak
            continue
        left.remove(j)
        score = max(score, abs(float(a.scores[i] - b.scores[j])))
        edge = max(edge, float(np.abs(a.boxes[i] - b.boxes[j]).max()))
    return same and all(float(b.scores[j]) < weak for j in left), score, edge


def _overlap(a: Array, b: Array) -> float:
    """Common area of two boxes x1 y1 x2 y2, by the area of both together."""
    common = float(np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)))
    both = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - common
    return common / both if both > 0 else 0.0


def _frame(picture: Picture) -> Frame:
    return Frame(picture.pixels, 0, perf_counter())
