"""Train it here: the talk's dense network, a random forest and a support vector machine, on digits and on this machine.

scikit-learn does it, in a process of its own: the picture stays live, and it ends at once when it is cancelled. What
was learnt becomes a file of plain ONNX (`taught_graphs`), a card, and a lane like any other.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError
from inference.lab.digits.augmented import as_they_are, augmented
from inference.lab.digits.sets import SIDE, DigitSet
from inference.lab.intervals import SURE
from inference.own_process import in_own_process
from models.progress import Report

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

HELD_OUT = 10            # each such digit is not learnt from: what is right is counted on those
UNITS, BATCH, RATE = (512, 512), 100, 1e-3   # of the dense network: the talk's, and Adam's usual
EPOCHS, MOST_EPOCHS = 24, 500
TREES, TREES_AT_ONCE = 100, 10
SVM_C, MOST_FOR_SVM = 5.0, 10_000   # of so many digits it learns at most: its time grows with their square
SECONDS, MEMORY = 3600.0, 4 << 30   # that it may take
KINDS = 10

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to learn."""

    title: str
    family: str
    year: int
    paper: str
    about: str
    steps: str       # what its progress counts: "epoch"


# The names of the files that come of it, and what is said of each.
WAYS = {
    "dense": Kind(
        "Dense 512 × 2, taught here", "Dense", 1986, "https://doi.org/10.1038/323533a0",
        "Everything connected with everything, twice; trained on this machine.", "epoch",
    ),
    "forest": Kind(
        "Random forest", "Random forest", 2001, "https://doi.org/10.1023/A:1010933404324",
        "A hundred trees of yes-or-no questions about single pixels; they vote. No multiplication at all.", "tree",
    ),
    "svm": Kind(
        "SVM", "SVM", 1995, "https://doi.org/10.1007/BF00994018",
        "Keeps the digits that are hard to tell apart, and compares the new one with each of them.", "step",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the training stands."""

    step: int
    steps: int
    loss: float        # of the last epoch, mean cross-entropy; NaN where the way has none
    right: float       # of the digits that are held out, 0..1; NaN where it is not known yet
    seconds: float     # since it began to learn


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What came of it."""

    way: str
    onnx: bytes           # (1, 1, 28, 28) in 0..1 → (1, 10), as `decoder` reads it
    decoder: str          # "softmax" or "probabilities"
    seconds: float        # of the training
    count: int            # digits it learnt from
    held_out: int         # digits it was asked afterwards
    right: int            # of those
    multiply_adds: int    # of one answer
    cost: str             # of one answer, in words
    seed: int
    title: str            # of the digits

    @property
    def share(self) -> float:
        """How many of the held-out digits were right, 0..1."""
        return self.right / self.held_out

    @property
    def spread(self) -> float:
        """Half the width of the 95 % interval of `share`, 0..1."""
        return SURE * math.sqrt(max(self.share * (1 - self.share), 1 / self.held_out) / self.held_out)


def teach(
    way: str, digits: DigitSet, tell: Callable[[Progress], None], cancelled: Event, *, epochs: int = EPOCHS,
    seed: int = 1,
) -> Taught:  # fmt: skip
    """Learn from nine in ten of the digits, one of WAYS; `tell` is called on this thread.

    Raises:
        LabError: the digits are too few, a digit is missing, or scikit-learn is not installed.
        Cancelled: `cancelled` was set.
    """
    counts = np.bincount(digits.labels[np.arange(len(digits)) % HELD_OUT != 0], minlength=KINDS)
    if len(digits) < 100 or counts.min() < 2:
        raise LabError(
            f"{digits.title} are too few to learn from: each of the ten must be there twice.", "Choose a larger set."
        )

    def said(words: str, _part: float | None) -> None:
        tell(Progress(**json.loads(words)))

    return in_own_process(
        partial(_learnt, way, digits, epochs, seed), what=f"training {WAYS[way].title}", seconds=SECONDS,
        memory=MEMORY, report=said, cancelled=cancelled,
    )


class _Teller:
    """Says how far it is, from the process that learns."""

    def __init__(self, report: Report, steps: int) -> None:
        self._report, self._steps, self._began = report, steps, perf_counter()

    @property
    def seconds(self) -> float:
        return perf_counter() - self._began

    def __call__(self, step: int, loss: float = math.nan, right: float = math.nan) -> None:
        said = {"step": step, "steps": self._steps, "loss": loss, "right": right, "seconds": round(self.seconds, 3)}
        self._report(json.dumps(said), step / self._steps)


def _learnt(way: str, digits: DigitSet, epochs: int, seed: int, *, report: Report) -> Taught:
    """In the process of its own."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise LabError("scikit-learn is not installed.", "pip install -r requirements.txt") from error
    asked = np.arange(len(digits)) % HELD_OUT == 0
    x, y = _flat(as_they_are(digits.pictures)), digits.labels.astype(np.int64)
    learn = {"dense": _dense, "forest": _forest, "svm": _svm}[way]
    return learn(digits, x, y, asked, epochs, seed, report)


def _dense(
    digits: DigitSet, x: Floats, y: NDArray[np.int64], asked: NDArray[np.bool_], epochs: int, seed: int, report: Report
) -> Taught:
    """Bent anew in each epoch, so that digits before a camera are nothing new."""
    from sklearn.neural_network import MLPClassifier

    from inference.lab.digits.taught_graphs import of_dense

    net = MLPClassifier(UNITS, batch_size=BATCH, learning_rate_init=RATE, random_state=seed)
    tell = _Teller(report, epochs)
    pictures, labels = digits.pictures[~asked], y[~asked]
    for epoch in range(epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(labels))
        bent = _flat(augmented(pictures[order], (seed, epoch)))
        net.partial_fit(bent, labels[order], classes=np.arange(KINDS))
        tell(epoch + 1, float(net.loss_), _right(net, x[asked], y[asked]) / int(asked.sum()))
    taken = tell.seconds
    multiplied = sum(weights.size for weights in net.coefs_)
    return Taught(
        "dense", of_dense(net.coefs_, net.intercepts_), "softmax", taken, len(labels), int(asked.sum()),
        _right(net, x[asked], y[asked]), multiplied, f"{multiplied / 1e6:.2f} M multiply-adds", seed, digits.title,
    )  # fmt: skip


def _forest(
    digits: DigitSet, x: Floats, y: NDArray[np.int64], asked: NDArray[np.bool_], epochs: int, seed: int, report: Report
) -> Taught:
    from sklearn.ensemble import RandomForestClassifier

    from inference.lab.digits.taught_graphs import of_forest

    del epochs
    trees = RandomForestClassifier(0, random_state=seed, n_jobs=-1, warm_start=True)
    tell = _Teller(report, TREES)
    for count in range(TREES_AT_ONCE, TREES + 1, TREES_AT_ONCE):
        trees.set_params(n_estimators=count)
        trees.fit(x[~asked], y[~asked])
        tell(count, right=_right(trees, x[asked], y[asked]) / int(asked.sum()))
    taken = tell.seconds
    depth = float(np.mean(trees.decision_path(x[asked][:200])[0].sum(1))) - TREES   # questions, not leaves
    return Taught(
        "forest", of_forest([one.tree_ for one in trees.estimators_]), "probabilities", taken, int((~asked).sum()),
        int(asked.sum()), _right(trees, x[asked], y[asked]), 0,
        f"{TREES} trees, {depth:,.0f} comparisons, no multiplication", seed, digits.title,
    )  # fmt: skip


def _svm(
    digits: DigitSet, x: Floats, y: NDArray[np.int64], asked: NDArray[np.bool_], epochs: int, seed: int, report: Report
) -> Taught:
    from sklearn.svm import SVC

    from inference.lab.digits.taught_graphs import of_svm

    del epochs
    machine = SVC(C=SVM_C, kernel="rbf", gamma="scale", random_state=seed)
    tell = _Teller(report, 1)
    tell(0)
    some = np.flatnonzero(~asked)[:: max(1, math.ceil((~asked).sum() / MOST_FOR_SVM))]
    machine.fit(x[some], y[some])
    taken = tell.seconds
    right = _right(machine, x[asked], y[asked])
    tell(1, right=right / int(asked.sum()))
    kept = len(machine.support_)
    return Taught(
        "svm", of_svm(machine), "softmax", taken, len(some), int(asked.sum()), right, kept * (SIDE * SIDE + 45),
        f"{kept:,} support vectors, {kept * SIDE * SIDE / 1e6:.2f} M multiply-adds", seed, digits.title,
    )  # fmt: skip


def _flat(pictures: Floats) -> Floats:
    return pictures.reshape(len(pictures), -1)


def _right(model: "MLPClassifier | Any", x: Floats, y: NDArray[np.int64]) -> int:
    return int((model.predict(x) == y).sum())
