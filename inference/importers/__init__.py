"""Model files of other formats, turned into ONNX: the one language inside the house.

Nothing here runs code out of a model file, needs the framework that wrote it, or trusts a size that the file states.
"""

import logging
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from inference.errors import ImportFailed
from models.card import ModelCard

log = logging.getLogger(__name__)

VERSION = 1   # raise it when an importer's result changes: what was converted before is converted anew

# format of a card: the module, imported only when something is converted (onnx takes a quarter of a second).
# Each has `convert(files, card) -> onnx.ModelProto`; `files` in the order of the card.
IMPORTERS = {
    "caffe": "inference.importers.caffe",
    "coreml": "inference.importers.coreml",
    "darknet": "inference.importers.darknet",
    "squeezenet-pickle": "inference.importers.squeezenet",
    "efficientnet-lite-torch": "inference.importers.efficientnet_lite",
    "tensorflow": "inference.importers.tensorflow",
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

    A format that its backend reads as it is comes as the bytes of one file (inference.bundle).

    Raises:
        ImportFailed: a file is broken, hostile, or has a layer that is not known here.
    """
    if card.format not in IMPORTERS:
        raise ImportFailed(
            f"{card.title} is in the format {card.format!r}, which cannot be converted.",
            f"Known formats: {', '.join(IMPORTERS)}.",
        )
    importer = import_module(IMPORTERS[card.format])
    try:
        return importer.convert(tuple(files), card)
    # The boundary to files that anybody may have written: what no reader foresaw is their fault, not a crash.
    except (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError) as error:
        log.debug("%s", card.name, exc_info=True)
        raise ImportFailed(
            f"{card.title} cannot be converted: its parts contradict each other ({error}).", "Fetch its files again."
        ) from error
