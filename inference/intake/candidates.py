"""What was guessed of a recipe, as choices: other recipes that would fit the same network, each with its answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from inference.backends import Engine, usual_backend
from inference.data import Ask, Frame, Lens, Prediction
from inference.intake.provide import open_network
from inference.recogniser import Recogniser
from inference.xray import NORMS, SWITCHES, as_picture
from models.card import Fit, InputSpec, ModelCard
from models.errors import Cancelled
from models.store import Store

# How values are given, by what they are called: the range, and a key of inference.xray.NORMS.
SCALES = {
    "0–1": ("0..1", "none"), "0–255": ("0..255", "none"), "±1": ("-1..1", "none"),
    "ImageNet": ("0..1", "imagenet"), "Caffe": ("0..255", "caffe"),
}  # fmt: skip
NUMBERS = {"input.range", "input.mean", "input.std"}
OWN = "as guessed"
MIDDLE = 0.875   # of the short side: "resize 256, crop 224"


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


def recipes(card: ModelCard, *, every: bool = False) -> dict[str, InputSpec]:
    """The card's own recipe first, then those that differ from it in what was guessed; by what they are called.

    Order of colours, numbers and inversion; how the picture is fitted in is `fits`. With `every`, whatever was guessed.
    """
    spec, guessed = card.input, set(card.guessed)
    grey = spec.order == "GRAY"
    orders = ("RGB", "BGR") if (every or "input.order" in guessed) and not grey else (spec.order,)
    scales = SCALES if (every or guessed & NUMBERS) and spec.dtype != "uint8" else {}
    inverts = ("never", "auto") if grey and (every or "input.invert" in guessed) else (spec.invert,)
    made: dict[str, InputSpec] = {}
    for order in orders:
        for invert in inverts:
            name = " · ".join(["grey" if grey else order, *(["inverted"] if grey and invert != "never" else [])])
            base = replace(spec, order=order, invert=invert)  # type: ignore[arg-type]
            for scale, (values, norm) in scales.items():
                step = -1 if order == "BGR" else 1
                mean, std = NORMS[norm].mean[::step], NORMS[norm].std[::step]
                if grey:
                    mean, std = (sum(mean) / 3,), (sum(std) / 3,)
                made[f"{name} · {scale}"] = replace(base, range=values, mean=mean, std=std)  # type: ignore[arg-type]
            if not scales:
                made[name] = base
    title = next((title for title, recipe in made.items() if recipe == spec), OWN)
    return {title: spec, **{other: recipe for other, recipe in made.items() if other != title}}


def fits(card: ModelCard, spec: InputSpec, *, every: bool = False) -> dict[str, InputSpec]:
    """A recipe with the other ways of fitting a picture in, where that was guessed: crop, stretch, letterbox."""
    if not every and "input.fit" not in card.guessed:
        return {}
    words = SWITCHES["fit"].choices
    if card.task == "detect":
        boxed: tuple[Fit, ...] = ("stretch", "letterbox", "letterbox-topleft")
        return {words[fit].lower(): replace(spec, fit=fit) for fit in boxed}
    whole: tuple[Fit, ...] = ("crop", "stretch", "letterbox")
    return {
        f"crop {MIDDLE:g}": replace(spec, fit="crop", share=MIDDLE),
        **{words[fit].lower(): replace(spec, fit=fit, share=1.0) for fit in whole},
    }


def shown(network: Recogniser, frame: Frame, title: str, recipe: InputSpec) -> Candidate:
    """One recipe tried on a picture; another one than the last time, else nothing is kept of what the network saw."""
    result = network(frame, Ask(lens=Lens(recipe, show=True)))
    assert result.seen is not None   # another recipe each time is shown each time
    return Candidate(title, recipe, result.prediction, as_picture(result.seen.tensor, network.card.input))


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
            yield shown(network, frame, title, recipe)
    finally:
        network.stop()
