"""Network outputs to predictions. Pure functions, one per output convention, in two tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.data import Classification

Outputs = Sequence[NDArray[Any]]   # in the order of the model's graph


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before non-maximum suppression."""

    boxes: NDArray[np.float32]     # (n, 4) x1 y1 x2 y2, px of the network's input
    scores: NDArray[np.float32]    # (n,), 0..1
    classes: NDArray[np.intp]      # (n,), positions in the label list


# outputs → probabilities (classes,), float32, 0..1
Classifier = Callable[[Outputs, Mapping[str, Any]], NDArray[np.float32]]
# outputs, options of the card, (height, width) of the input, least score → boxes worth keeping
Detector = Callable[[Outputs, Mapping[str, Any], tuple[int, int], float], Candidates]


def softmax(outputs: Outputs, options: Mapping[str, Any]) -> NDArray[np.float32]:
    """Logits of any shape with one value a class."""
    del options
    z = outputs[0].reshape(-1).astype(np.float32)
    z = np.exp(z - z.max())
    return np.asarray(z / z.sum(), np.float32)


def top_k(scores: NDArray[np.float32], labels: tuple[str, ...], k: int) -> Classification:
    """The k best of (classes,) scores, best first."""
    k = min(k, scores.size)
    best = np.argpartition(scores, -k)[-k:] if k else np.empty(0, np.intp)
    best = best[np.argsort(-scores[best], kind="stable")]
    return Classification(tuple(labels[i] for i in best), scores[best], tuple(int(i) for i in best))


CLASSIFIERS: dict[str, Classifier] = {"softmax": softmax}
DETECTORS: dict[str, Detector] = {}


def suppress(found: Candidates, iou: float) -> Candidates:
    """Non-maximum suppression class by class: of two boxes that overlap more than `iou`, the weaker goes."""
    raise NotImplementedError
