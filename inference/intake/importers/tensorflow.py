"""A frozen TensorFlow graph with OpenCV's text beside it: kept as both are, for the one backend that reads them."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from inference.backends.bundle import GRAPH, TEXT
from inference.errors import ImportFailed
from inference.intake.importers.files import read_file
from models.card import ModelCard

LARGEST_TEXT = 20_000_000   # bytes; a graph's text is some hundred kB


def convert(files: Sequence[Path], card: ModelCard) -> bytes:
    """Both files in one ZIP, so that they are found, kept and replaced together.

    Raises:
        ImportFailed: there are not just one .pb and at most one .pbtxt, or one cannot be read.
    """
    names = [file.name for file in card.files]
    suffixes = [Path(name).suffix.lower() for name in names]
    if sorted(suffixes) not in ([".pb"], [".pb", ".pbtxt"]):
        raise ImportFailed(
            f"{card.title} has the files {', '.join(names)}.",
            "A TensorFlow model is one .pb, with one .pbtxt beside it.",
        )
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for path, suffix in zip(files, suffixes, strict=True):
            text = suffix == ".pbtxt"
            archive.writestr(TEXT if text else GRAPH, read_file(path, LARGEST_TEXT) if text else read_file(path))
    return kept.getvalue()
