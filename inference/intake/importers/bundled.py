"""Files that OpenCV reads as they are, and no reader here: a frozen TensorFlow graph, Caffe and Darknet networks.

They are kept in one file for that backend.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from inference.backends.bundle import BUNDLES, TITLES, member
from inference.errors import ImportFailed
from inference.intake.importers.files import read_file
from models.card import ModelCard

LARGEST_TEXT = 20_000_000   # bytes; a graph's text is some hundred kB
TEXTS = (".pbtxt", ".prototxt", ".cfg")


def convert(files: Sequence[Path], card: ModelCard) -> bytes:
    """All files in one ZIP, so that they are found, kept and replaced together.

    Raises:
        ImportFailed: there are others than the format has, or one cannot be read.
    """
    suffix, endings = BUNDLES[card.format]
    names = [file.name for file in card.files]
    found = [Path(name).suffix.lower() for name in names]
    most = sorted(endings)
    if sorted(found) != most and not (card.format == "tensorflow" and found == [endings[0]]):
        raise ImportFailed(
            f"{card.title} has the files {', '.join(names)}.",
            f"A {TITLES[suffix]} model is one {endings[0]}, with one {endings[1]} beside it.",
        )
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for path, ending in zip(files, found, strict=True):
            archive.writestr(member(ending), read_file(path, LARGEST_TEXT) if ending in TEXTS else read_file(path))
    return kept.getvalue()
