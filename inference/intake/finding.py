"""The recipe finder on a card: with its network, the samples or the user's examples."""

from dataclasses import replace
from pathlib import Path
from threading import Event

from inference.data import Ask, Frame, Lens, Prediction
from inference.intake.finder import LEAST_BOX, SECONDS, Finding, find_recipe
from inference.intake.known import known_examples, known_samples
from inference.picture_files import read_picture
from inference.places import SAMPLES
from inference.recogniser import Recogniser
from models.card import InputSpec, ModelCard
from models.progress import Report

BLIND = ("kitten.jpg", "coffee.jpg", "honey-bee.jpg", "dogs.jpg", "citrus.jpg", "shrike.jpg", "wine.jpg", "spices.jpg")
BLIND_SIDE = 800   # px


def knows(recognise: Recogniser) -> bool:
    """Whether the samples hold what this network has words for."""
    return bool(known_samples(recognise.labels, recognise.card.task))


def find(
    recognise: Recogniser, *, examples: Path | None = None, every: bool = False, seconds: float = SECONDS,
    report: Report = lambda _words, _part: None, cancelled: Event | None = None,
) -> Finding:  # fmt: skip
    """Find the recipe of an opened network; see `find_recipe`.

    Args:
        recognise: the network; used on this thread.
        examples: the user's own pictures with their classes, see `known_examples`; None: the samples.
        every: try all parts of the recipe, not only those that were guessed.
        seconds: that it may take, about.
        report: told how far it is.
        cancelled: ends it.

    Raises:
        LabError: the examples cannot be used, or the network does not run.
        Cancelled: `cancelled` was set.
    """
    card = recognise.card
    known = known_examples(examples, recognise.labels) if examples else known_samples(recognise.labels, card.task)
    blind = [] if known else [Frame(read_picture(SAMPLES / name, BLIND_SIDE), 0, 0.0, held=True) for name in BLIND]
    ask = Ask(topk=len(recognise.labels), confidence=LEAST_BOX)

    def answer(frame: Frame, spec: InputSpec) -> Prediction:
        return recognise(frame, replace(ask, lens=Lens(spec))).prediction

    return find_recipe(
        card, answer, known, blind, classes=len(recognise.labels), every=every, seconds=seconds, report=report,
        cancelled=cancelled,
    )  # fmt: skip


def told(finding: Finding, card: ModelCard) -> str:
    """What was found, in a sentence or two."""
    chosen, by = finding.chosen, f"{finding.pictures} pictures with known answers"
    if not finding.found:
        return f"No recipe lets {card.title} recognise the pictures: its recipe stays a guess."
    if not finding.known:
        return f"Most sure of itself with {chosen.title} ({chosen.score:.2f}); no right answer is known: a guess."
    text = f"Recipe found on {by}: {chosen.title} ({chosen.score:.2f})."
    if finding.alike:
        text += f" As good: {', '.join(finding.alike[:3])}."
    return text
