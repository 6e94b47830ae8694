"""The recipe finder: how a picture must be prepared for a network, found out by trying.

Colour order, range and mean are tried first, all with the usual fit, on one picture after the other; candidates that
fall far behind are left out. Then the ways of fitting a picture in are tried with the best of them. What nobody knows
the right answers of is ranked by how sure the network is of different things in different pictures, and whether it
stays so when a picture is shifted a little or turned left to right; that ranking is a guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from inference.data import Classification, Detections, Frame, Prediction
from inference.intake.candidates import fits, recipes
from inference.intake.known import Known
from models.card import InputSpec, ModelCard
from models.errors import Cancelled
from models.progress import Report

SECONDS = 10.0       # that a search may take
ALIKE = 0.03         # difference of two scores below which two recipes are as good as each other,
FEW = 0.25           # or this by the number of pictures, where those are few
FIT_ALIKE = 0.1      # of two ways of fitting a picture in, which make no network wrong
FIT_PICTURES = 6     # fewer say nothing of that
BEHIND = 0.3         # so far behind the best after PATIENCE pictures a candidate is left out
PATIENCE = 2
LEAST = 0.2          # below it the best is no better than chance: nothing was found;
CHANCE = 1.2         # of a few classes, below so many times what guessing is right
OVERLAP = 0.5        # intersection over union at which a box is the one that is known
LEAST_BOX = 0.1      # score from which a box counts
SHIFT = 0.04         # of the picture's sides
BLIND_GAIN = 0.15    # by which a guess must be better than the usual to be preferred

Answer = Callable[[Frame, InputSpec], Prediction]   # of all classes, of boxes from LEAST_BOX


@dataclass(slots=True, eq=False)
class Trial:
    """One candidate and how it did."""

    title: str                                      # "BGR · 0–255 · crop"
    input: InputSpec
    scores: list[float] = field(default_factory=list)   # a picture each, 0..1
    answers: list[NDArray[np.float64]] = field(default_factory=list)   # by class, of pictures nobody knows

    @property
    def score(self) -> float:
        """Mean over the pictures that it was tried on; of a blind one how much its answers tell, times that."""
        if not self.scores:
            return 0.0
        return float(np.mean(self.scores)) * (telling(self.answers) if self.answers else 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a search found."""

    trials: tuple[Trial, ...]       # the best first
    usual: Trial                    # what was believed before
    chosen: Trial                   # the best, or one as good that was believed before
    alike: tuple[str, ...]          # titles of others that are as good
    known: bool                     # the right answers were known; else it is a guess
    pictures: int
    least: float = LEAST            # a score that is no better than chance

    @property
    def found(self) -> bool:
        """Whether anything was: a network that recognises nothing in any way tells nothing."""
        return self.chosen.score >= self.least

    @property
    def margin(self) -> float:
        """By how much the chosen one is better than the best of those that are not as good as it."""
        others = [t.score for t in self.trials if t.title not in self.alike and t is not self.chosen]
        return self.chosen.score - max(others, default=0.0)


def find_recipe(
    card: ModelCard, answer: Answer, known: Sequence[Known], blind: Sequence[Frame] = (), *, classes: int = 1000,
    every: bool = False, seconds: float = SECONDS, report: Report = lambda _words, _part: None,
    cancelled: Event | None = None,
) -> Finding:  # fmt: skip
    """Try the recipes that may be the card's.

    Args:
        card: the network; what it names as guessed is open, the rest stays.
        answer: runs the network on a frame by a recipe.
        known: pictures with right answers; empty: `blind` ones are used, and the result is a guess.
        blind: pictures of anything.
        classes: that it has: of few, chance alone is right often.
        every: all parts of the recipe are open, whatever the card names.
        seconds: after which no further picture is tried.
        report: told how far it is.
        cancelled: ends it.

    Raises:
        LabError: the network cannot run.
        Cancelled: `cancelled` was set.
    """
    search = _Search(card, answer, known, blind, perf_counter() + seconds, report, cancelled or Event())
    usual_title, *_ = first = recipes(card, every=every)
    trials = {title: Trial(title, spec) for title, spec in first.items()}
    search.through(list(trials.values()), 0.0, 0.7)
    best = search.preferred(list(trials.values()), trials[usual_title])
    more = {title: spec for title, spec in fits(card, best.input, every=every).items() if spec != best.input}
    placed = [Trial(f"{best.title} · {title}", spec) for title, spec in more.items()]
    search.through(placed, 0.7, 1.0, against=best)
    chosen = best
    if len(best.scores) >= FIT_PICTURES or not known:
        chosen = search.preferred([best, *placed], best, FIT_ALIKE)
    whole = len(chosen.scores)   # those that were left out earlier come last
    ranked = sorted((*trials.values(), *placed), key=lambda t: (len(t.scores) < whole, -t.score))
    alike = tuple(t.title for t in ranked if t is not chosen and len(t.scores) == whole and
                  abs(t.score - chosen.score) <= slack_of(whole, known=bool(known)))   # fmt: skip
    least = max(LEAST, CHANCE / classes) if known and card.task == "classify" else LEAST
    return Finding(tuple(ranked), trials[usual_title], chosen, alike, bool(known), whole, least)


def slack_of(pictures: int, *, known: bool) -> float:
    """The difference of two scores below which they are the same, on so many pictures."""
    return max(ALIKE, FEW / max(1, pictures)) if known else BLIND_GAIN


def settled(card: ModelCard, finding: Finding) -> ModelCard:
    """The card with what was found; no longer named as guessed is what the pictures have decided."""
    if not finding.found:
        return card
    spec = finding.chosen.input
    if not finding.known:
        return replace(card, input=spec)
    alike = [t.input for t in finding.trials if t.title in finding.alike]
    open_still = {"input.order"} if any(other.order != spec.order for other in alike) else set()
    fitted = {"input.fit"} if any(t.input.fit != spec.fit for t in finding.trials) else set()
    tried = {"input.order", "input.range", "input.mean", "input.std", *fitted} - open_still
    return replace(card, input=spec, guessed=tuple(key for key in card.guessed if key not in tried))


@dataclass(slots=True, eq=False)
class _Search:
    """Runs trials on pictures while there is time."""

    card: ModelCard
    answer: Answer
    known: Sequence[Known]
    blind: Sequence[Frame]
    until: float
    report: Report
    cancelled: Event

    def through(self, trials: list[Trial], start: float, end: float, against: Trial | None = None) -> None:
        """Each picture for each trial; those far behind are left out. No more than `against` was given."""
        pictures: Sequence[Known | Frame] = self.known or self.blind
        if against is not None:
            pictures = pictures[: len(against.scores)]
        alive = list(trials)
        for i, picture in enumerate(pictures):
            began = perf_counter()
            for trial in alive:
                if self.cancelled.is_set():
                    raise Cancelled(self.card.title)
                self._try(trial, picture)
            part = start + (end - start) * (i + 1) / len(pictures)
            self.report(f"Finding the recipe of {self.card.title}", part)
            best = max((t.score for t in alive), default=0.0)
            if i + 1 >= PATIENCE and self.known:
                alive = [t for t in alive if t.score >= best - BEHIND]
            left = self.until - perf_counter()
            if against is None:   # the ways of fitting in want their part of the time
                left -= 0.3 * SECONDS
            if perf_counter() - began > left and i + 1 >= PATIENCE:
                break

    def preferred(self, trials: list[Trial], usual: Trial, least: float = 0.0) -> Trial:
        """The best; the usual where that is as good, or not worse by more than `least`."""
        whole = max(len(t.scores) for t in trials)
        full = [t for t in trials if len(t.scores) == whole]
        best = max(full, key=lambda t: t.score, default=usual)
        slack = max(least, slack_of(whole, known=bool(self.known)))
        return usual if usual in full and usual.score >= best.score - slack else best

    def _try(self, trial: Trial, picture: Known | Frame) -> None:
        if isinstance(picture, Known):
            trial.scores.append(score_of(self.answer(picture.frame, trial.input), picture))
            return
        turned = Frame(np.ascontiguousarray(picture.pixels[:, ::-1]), 0, 0.0)
        h, w = picture.pixels.shape[:2]
        moved = Frame(np.ascontiguousarray(picture.pixels[int(h * SHIFT) :, int(w * SHIFT) :]), 0, 0.0)
        first, *others = (self.answer(frame, trial.input) for frame in (picture, turned, moved))
        trial.scores.append(steadiness(first, *others, width=w))
        if isinstance(first, Classification):
            trial.answers.append(_by_class(first))


def score_of(found: Prediction, known: Known) -> float:
    """How right an answer is, 0..1: the probability of what is to be seen; of a detector what it finds of it, less
    what else it claims to see.
    """  # noqa: D205
    if isinstance(found, Classification):
        right = [float(s) for s, i in zip(found.scores, found.indices, strict=True) if i in known.classes]
        return min(1.0, sum(right))
    hits, misses = 0.0, 0.0
    left = list(known.boxes)
    for box, score, label in zip(found.boxes, found.scores, found.indices, strict=True):
        hit = next((i for i, k in enumerate(left) if label in k[0] and _iou(box, k[1]) >= OVERLAP), -1)
        if hit >= 0:
            del left[hit]
            hits += float(score)
        elif score >= 2 * LEAST_BOX:
            misses += float(score)
    wanted = len(known.boxes)
    return hits / (wanted + 0.5 * misses) if wanted else 0.0


def steadiness(found: Prediction, turned: Prediction, moved: Prediction, *, width: int) -> float:
    """How much an answer stays the same for the picture turned left to right and moved a little, 0..1; of a detector
    times how sure it is.
    """  # noqa: D205
    if isinstance(found, Classification) and isinstance(turned, Classification) and isinstance(moved, Classification):
        p, q, r = (_by_class(answer) for answer in (found, turned, moved))
        common = (np.minimum(p, q).sum() + np.minimum(p, r).sum()) / 2
        return float(min(1.0, common / max(p.sum(), 1e-9)))
    assert isinstance(found, Detections)
    assert isinstance(turned, Detections)
    if not len(found.scores):
        return 0.0
    mirrored = turned.boxes.copy()
    mirrored[:, [0, 2]] = width - turned.boxes[:, [2, 0]]
    again = max((_iou(found.boxes[0], box) for box, label in zip(mirrored, turned.indices, strict=True)
                 if label == found.indices[0]), default=0.0)   # fmt: skip
    return float(found.scores[0]) * again


def telling(answers: Sequence[NDArray[np.float64]]) -> float:
    """How much of which picture it was an answer tells: the mutual information of the two, of the most there can be.

    1: sure of another class for each picture; 0: never sure, or always of the same.
    """
    rows = np.stack([p / max(p.sum(), 1e-12) for p in answers])
    most = np.log(min(len(rows), rows.shape[1])) if len(rows) > 1 else 0.0

    def entropy(p: NDArray[np.float64]) -> float:
        return float(-(p * np.log(np.maximum(p, 1e-12))).sum())

    shared = entropy(rows.mean(axis=0)) - float(np.mean([entropy(p) for p in rows]))
    return float(np.clip(shared / most, 0, 1)) if most else 0.0


def _by_class(found: Classification) -> NDArray[np.float64]:
    p = np.zeros(max(found.indices, default=-1) + 1)
    p[list(found.indices)] = found.scores
    return p


def _iou(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    corner = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(corner, 0)))
    whole = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]))
    return common / max(whole - common, 1e-9)
