"""One answer a picture: outputs to probabilities (classes,), and the best of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.data import Ask, Classification, Frame
from inference.decode.boxes import Floats, Outputs, sigmoid

FEW_CLASSES = 64   # up to which it is quicker to sort all


def softmax(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Logits of any shape with one value a class.

    Raises:
        ValueError: a logit is not a number.
    """
    del options
    z = outputs[0].reshape(-1).astype(np.float32)
    greatest = z.max()
    if not (greatest < np.inf and z.min() > -np.inf):   # written so that NaN does not pass
        raise ValueError("logits that are not numbers")
    z = np.exp(z - greatest)
    return np.asarray(z / z.sum(), np.float32)


def probabilities(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Probabilities of any shape with one value a class, of one class or another, or each by itself.

    One value for two labels is that of the second, a yes; the first, a no, has what is left.

    Raises:
        ValueError: they are not within 0..1.
    """
    p = outputs[0].reshape(-1).astype(np.float32)
    # A little slack for half precision. Written so that NaN does not pass, which is the largest of all to numpy.
    if not (p.size and -0.01 <= p.min() <= p.max() <= 1.01):
        raise ValueError("probabilities outside 0..1")
    p = np.clip(p, 0, 1)
    return np.concatenate([1 - p, p]) if p.size == 1 and options.get("classes") == 2 else p


def sigmoids(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Logits of classes that do not exclude each other: each through a sigmoid of its own.

    Raises:
        ValueError: a logit is not a number.
    """
    z = outputs[0].astype(np.float32)
    if not np.isfinite(z).all():
        raise ValueError("logits that are not numbers")
    return probabilities([sigmoid(z)], options)


def quantised(outputs: Outputs, options: Mapping[str, Any]) -> Floats:
    """Probabilities in 8 bits, one a class: p = v * `scale`, 1/256 unless the card says otherwise.

    Raises:
        ValueError: the output is not uint8.
    """
    if outputs[0].dtype != np.uint8:
        raise ValueError("probabilities that are not uint8")
    scale = float(options.get("scale", 1 / 256))
    return np.asarray(outputs[0].reshape(-1) * np.float32(scale), np.float32)


class Smoother:
    """Scores averaged over the last frames of a scene with falling weight, when asked for."""

    NEWEST = 0.25   # weight of the newest frame

    def __init__(self) -> None:
        self._average: Floats | None = None
        self._scene = 0   # that the average is of

    def __call__(self, scores: Floats, ask: Ask, frame: Frame) -> Floats:
        """The (classes,) scores to name the labels by."""
        if not ask.smoothing or frame.held:
            self._average = None
            return scores
        if self._average is not None and frame.scene == self._scene:
            scores = np.asarray(self._average + self.NEWEST * (scores - self._average), np.float32)
        self._average, self._scene = scores, frame.scene
        return scores

    def forget(self) -> None:
        """What comes is another thing."""
        self._average = None


def top_k(scores: Floats, labels: tuple[str, ...], k: int) -> Classification:
    """The k best of (classes,) scores, best first; of equal ones the last in the list, as golden answers have it."""
    k = max(0, min(k, scores.size))
    if scores.size <= FEW_CLASSES:
        first = scores.argsort(kind="stable")[::-1][:k]
    else:   # sorting only what can be among the best is several times quicker than sorting all of a thousand
        least = np.partition(scores, -k)[-k] if k else np.inf
        chosen = np.flatnonzero(scores >= least)
        first = chosen[np.argsort(scores[chosen], kind="stable")[::-1][:k]]
    places = tuple(first.tolist())
    return Classification(tuple([labels[i] for i in places]), scores[first], places)
