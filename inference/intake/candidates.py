"""What was guessed of a recipe, as choices: other recipes that would fit the same network, each with its answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine, usual_backend
from inference.data import Ask, Frame, Lens, Prediction
from inference.intake.provide import open_network
from inference.xray import NORMS, as_picture
from models.card import InputSpec, ModelCard
from models.errors import Cancelled
from models.store import Store

# How values are given, by what they are called: the range, and a key of inference.xray.NORMS.
SCALES = {
    "0–1": ("0..1", "none"), "0–255": ("0..255", "none"), "±1": ("-1..1", "none"),
    "ImageNet": ("0..1", "imagenet"), "Caffe": ("0..255", "caffe"),
}  # fmt: skip
OWN = "as guessed"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One recipe, tried on a picture."""

    title: str                      # "BGR · 0–255"; OWN where its numbers are none of SCALES
    input: InputSpec
    prediction: Prediction
    picture: NDArray[np.uint8]      # (h, w, 3) BGR: what the network was given, as the card's recipe would show it

    @property
    def score(self) -> float:
        """Of the best answer, 0..1."""
        return float(self.prediction.scores[0]) if len(self.prediction.scores) else 0.0


def recipes(card: ModelCard) -> dict[str, InputSpec]:
    """The card's own recipe first, then those that differ from it in what was guessed; by what they are called."""
    spec, guessed = card.input, set(card.guessed)
    orders = ("RGB", "BGR") if "input.order" in guessed and spec.order != "GRAY" else (spec.order,)
    numbers = {"input.range", "input.mean", "input.std"}
    scales = SCALES if guessed & numbers and spec.dtype != "uint8" else {}
    made: dict[str, InputSpec] = {}
    for order in orders:
        for scale, (values, norm) in scales.items():
            step = -1 if order == "BGR" else 1
            mean, std = NORMS[norm].mean[::step], NORMS[norm].std[::step]
            if order == "GRAY":
                mean, std = (sum(mean) / 3,), (sum(std) / 3,)
            made[f"{order} · {scale}"] = replace(spec, order=order, range=values, mean=mean, std=std)  # type: ignore[arg-type]
        if not scales:
            made[order] = replace(spec, order=order)  # type: ignore[arg-type]
    title = next((title for title, recipe in made.items() if recipe == spec), OWN)
    return {title: spec, **{other: recipe for other, recipe in made.items() if other != title}}


def tried(card: ModelCard, store: Store, frame: Frame, cancelled: Event) -> Iterator[Candidate]:
    """Each of `recipes`, tried on this picture, as they come.

    Raises:
        LabError: the network cannot be opened, or does not run.
        Cancelled: `cancelled` was set.
    """
    network = open_network(card, store, usual_backend(card), Engine, lambda *_: None, cancelled)
    try:
        for title, recipe in recipes(card).items():
            if cancelled.is_set():
                raise Cancelled(card.title)
            result = network(frame, Ask(lens=Lens(recipe, show=True)))
            assert result.seen is not None   # another recipe each time is shown each time
            yield Candidate(title, recipe, result.prediction, as_picture(result.seen.tensor, card.input))
    finally:
        network.stop()
