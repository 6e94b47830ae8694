"""Model files of other formats, turned into ONNX: the one language inside the house.

Nothing here runs code out of a model file, needs the framework that wrote it, or trusts a size that the file states.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from inference.errors import ImportFailed
from inference.foreign import foreign
from inference.logbook import log_path
from models.card import ModelCard
from models.user_cards import is_own

VERSION = 1   # raise it when an importer's result changes: what was converted before is converted anew

# format of a card: the module, imported only when something is converted (onnx takes a quarter of a second).
# Each has `convert(files, card) -> onnx.ModelProto`; `files` in the order of the card.
IMPORTERS = {
    "caffe": "inference.intake.importers.caffe",
    "coreml": "inference.intake.importers.coreml",
    "darknet": "inference.intake.importers.darknet",
    "squeezenet-pickle": "inference.intake.importers.squeezenet",
    "efficientnet-lite-torch": "inference.intake.importers.efficientnet_lite",
    "tensorflow": "inference.intake.importers.bundled",
    "caffe-opencv": "inference.intake.importers.bundled",
    "darknet-opencv": "inference.intake.importers.bundled",
}


def converted_bytes(files: Sequence[Path], card: ModelCard) -> bytes:
    """What `convert` gives, as it is kept in a file.

    Raises:
        ImportFailed: as `convert`.
    """
    made = convert(files, card)
    return made if isinstance(made, bytes) else bytes(made.SerializeToString())


def convert(files: Sequence[Path], card: ModelCard) -> Any:
    """The network of `card`, read from its files, as an onnx.ModelProto with a batch of one.

    A format that its backend reads as it is comes as the bytes of one file (inference.backends.bundle).

    Raises:
        ImportFailed: a file is broken, hostile, or has a layer that is not known here.
    """
    if card.format not in IMPORTERS:
        raise ImportFailed(
            f"{card.title} is in the format {card.format!r}, which cannot be converted.",
            f"Known formats: {', '.join(IMPORTERS)}.",
        )
    importer = import_module(IMPORTERS[card.format])
    whose = (
        f"If other programs read its files, this is a fault of Lineup: the details are in {log_path()}."
        if is_own(card)
        else f"Its files are as they were published: this is a fault of Lineup. The details are in {log_path()}."
    )
    with foreign(f"{card.title} cannot be converted", whose, ImportFailed):
        return importer.convert(tuple(files), card)
