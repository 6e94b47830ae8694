"""A card for a model file that nobody has described: what the file says, and where it is silent, the usual recipe.

The form of the input and of the outputs is read from the network, and from runs of it on some pictures. What a
network does not say (order of colours, range, mean, how the picture is fitted in) is guessed from its kind; every
guess is named in the card, so that it can be checked in the X-ray pane.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from inference.backends import NATIVE, Engine, load_backend
from inference.backends.model_file import check_file, external_files, read_model
from inference.errors import ImportFailed, LabError
from inference.foreign import foreign
from inference.intake.counter import Cost, count_model
from inference.intake.described import with_form
from inference.intake.forms import output_form
from inference.intake.importers import converted_bytes
from inference.intake.inside import read_inside
from inference.intake.native import (
    OPENCV_READS,
    letter_box,
    propose_native,
    propose_read_by_opencv,
    transform_param,
)
from inference.intake.own_files import (
    PACKED,
    declared_input,
    gather,
    read_given_labels,
    take_weights_in,
)
from inference.intake.own_labels import named_labels
from inference.intake.probing import evidence, probe
from inference.intake.shapes import infer
from inference.intake.sidecars import read_sidecars
from inference.intake.usual_recipe import NUMBERS, input_form, usual_recipe
from models.card import InputSpec, ModelCard, ModelFile, PixelRange
from models.texts import as_name, plain

LONGEST_TITLE = 100                                    # letters
LARGEST_VALUE = 1 << 28                                # numbers in one tensor of the network: 1 GB


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A card as it could be, and what it was made from."""

    card: ModelCard                  # its files have no sha256 yet
    sources: tuple[Path, ...]        # the files of the card, in its order
    network: Path                    # what its backend opens: a source, or what was made of the sources in the folder
    labels: tuple[str, ...] = ()     # the model's own list; empty: a built-in one


def propose(
    files: Sequence[Path], folder: Path, *, name: str = "", labels: Path | None = None,
    size: tuple[int, int] | None = None,
) -> Proposal:  # fmt: skip
    """A card for these files; companions that were not named are looked for beside them.

    Args:
        files: one model: an .onnx, or the two files of another format.
        folder: takes what is made of them: a conversion, or an ONNX file with the weights inside that lay beside it.
        name: of the card; "": as the file is called.
        labels: a text with one label a line; None: the file's own, or the list that has as many classes.
        size: (height, width), px, of a picture where the file leaves it open.

    Raises:
        LabError: a file is no model, is broken or hostile, or its input or outputs are of no known form.
    """
    sources, kind = gather(files)
    title = plain(name or (sources[0] if sources[0].name != PACKED else files[0]).stem, LONGEST_TITLE)
    card = ModelCard(
        name=title, title=title, family="Own model", task="classify", decoder="softmax", labels="", format=kind,
        input=InputSpec((224, 224)), licence="unknown",
        files=tuple(ModelFile(as_name(path.name), "", path.stat().st_size) for path in sources),
        source=plain(f"Added from {', '.join(path.name for path in sources)}."),
    )  # fmt: skip
    given = read_given_labels(labels) if labels else ()
    with foreign(f"{sources[0].name} cannot be read", "Make or fetch the file again."):
        return _proposal(card, sources, folder, given, size)


def _proposal(
    card: ModelCard, sources: tuple[Path, ...], folder: Path, given: tuple[str, ...], size: tuple[int, int] | None
) -> Proposal:
    """What `propose` gives for a card that is empty yet."""
    if card.format in NATIVE:
        return Proposal(*propose_native(card, sources, folder, given, size))
    path = sources[0]
    if card.format == "onnx":
        check_file(path)
        model = read_model(path)
        if external_files(model):
            take_weights_in(model, path)
            path = folder / "whole.onnx"
            path.write_bytes(model.SerializeToString())
    else:
        if card.format != "coreml":
            card = replace(card, input=declared_input(card, path))
        path = folder / "converted.onnx"
        try:
            path.write_bytes(converted_bytes(sources, card))
        except ImportFailed as refused:   # what no reader here knows OpenCV may know
            if card.format not in OPENCV_READS:
                raise
            return Proposal(*propose_read_by_opencv(card, sources, folder, given, size, refused))
        model = read_model(path)
    card, own = _describe(card, model, path, sources[0], given, size)
    return Proposal(card, sources, path, own)


def _describe(
    card: ModelCard, model: Any, path: Path, source: Path, given: tuple[str, ...], size: tuple[int, int] | None
) -> tuple[ModelCard, tuple[str, ...]]:
    """The card with all that can be read or guessed, and the model's own labels."""
    said = {entry.key: entry.value for entry in model.metadata_props}
    beside = read_sidecars(source)
    if beside.problem:
        said.setdefault("problem_type", beside.problem)
    spec, guessed = input_form(model, path.name, said, size, beside.size)
    channels = 1 if spec.order == "GRAY" else 3
    shape = (1, channels, *spec.size) if spec.layout == "NCHW" else (1, *spec.size, channels)
    values = _shapes(model, shape, path.name)
    if largest := next((name for name, s in values.items() if prod(s) > LARGEST_VALUE), None):
        raise LabError(f"{card.title} has more numbers in {largest!r} than fit here.", "Choose a smaller model.")
    net = load_backend("onnxruntime", path, Engine())
    inside = read_inside(model)
    scale: PixelRange = inside.range if inside else "0..255" if card.format in ("coreml", "caffe") else "0..1"
    own = given or named_labels(said)
    listed = () if own else beside.labels
    with np.errstate(all="ignore"):   # what answers with infinity is refused, not warned of
        runs = probe(net, spec, scale, path.stat().st_size)
        form = output_form(evidence(card, spec, runs, said, len(own or listed), model))
    if (listed and len(listed) in (form.classes, form.classes - 1)) or (listed and not form.classes):
        own = listed
    spec, recipe = usual_recipe(card, spec, form, said, inside, model.producer_name)
    if beside.changes and beside.classes in (0, form.classes) and spec.order != "GRAY" and spec.dtype != "uint8":
        changes = {**beside.changes, **({"range": inside.range, "mean": spec.mean, "std": spec.std} if inside else {})}
        spec, recipe = replace(spec, **changes), [key for key in recipe if key not in beside.decided]
    elif card.format == "caffe" and (numbers := transform_param(source, spec)):
        spec, recipe = replace(spec, **numbers), [key for key in recipe if key not in NUMBERS]
    elif card.format == "darknet" and letter_box(source):
        spec = replace(spec, fit="letterbox", pad=127)
    cost = _cost(model, path)
    made = replace(
        card, input=spec, parameters=cost.parameters if cost else 0, gmacs=round(cost.gmacs, 6) if cost else 0.0,
        # A file too small for its weights makes them up: right for shapes and speed, of no use otherwise.
        trained=cost is None or cost.bytes >= cost.parameters / 8,
        precision="fp16" if spec.dtype == "float16" else "int8" if spec.dtype == "uint8" else "fp32",
    )  # fmt: skip
    return with_form(made, form, own, given, [*guessed, *recipe])


def _shapes(model: Any, shape: tuple[int, ...], name: str) -> dict[str, tuple[int, ...]]:
    """The shapes of the values inside; none where they cannot be followed, which is no reason not to run it."""
    try:
        return infer(model, shape, name)
    except LabError as error:
        log.info("%s: %s", name, error)
        return {}


def _cost(model: Any, path: Path) -> Cost | None:
    """What it costs; None where that cannot be counted."""
    try:
        return count_model(model, path)
    except LabError as error:
        log.info("%s: %s", path.name, error)
        return None
