"""A card with how its outputs are read, and the labels that go with it."""

from dataclasses import replace

from inference.errors import LabError
from inference.intake.forms import Form
from inference.intake.own_labels import built_in_labels
from models.card import ModelCard


def with_form(
    card: ModelCard, form: Form, own: tuple[str, ...], given: tuple[str, ...], guessed: list[str]
) -> tuple[ModelCard, tuple[str, ...]]:
    """The card with how its outputs are read, and the model's own labels; `own` are those of its file or its user."""
    own = own or form.labels
    classes, first = form.classes, "background"
    if own and form.task == "classify" and len(own) == classes - 1:   # TensorFlow's lists leave the first class out
        own, guessed = (first, *own), [*guessed, "labels"]
    if own and classes and len(own) != classes:
        who = "The list of labels" if given else card.title
        raise LabError(f"{who} has {len(own)} labels, the network {classes} classes.", "Give the list that fits.")
    file = "" if own else built_in_labels(classes, card.input, form.task, form.decoder)
    if not own:
        guessed = [*guessed, "labels"]
    if not own and not file:
        own = tuple(f"class {i}" for i in range(classes))
    guessed = list(dict.fromkeys([*guessed, *form.guessed]))
    made = replace(
        card, task=form.task, decoder=form.decoder, labels=file, options=form.options, guessed=tuple(guessed)
    )
    return made, tuple(own)
