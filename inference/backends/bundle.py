"""Two files of one model in one: what a backend opens that reads a format of two files as it is."""

import zipfile
from pathlib import Path

from inference.errors import BackendError

# Format of a card: the suffix of its bundle, and the endings of the files in it, the first of them always there.
BUNDLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "tensorflow": (".tensorflow", (".pb", ".pbtxt")),
    "caffe-opencv": (".caffe", (".prototxt", ".caffemodel")),
    "darknet-opencv": (".darknet", (".cfg", ".weights")),
}
TITLES = {".tensorflow": "TensorFlow", ".caffe": "Caffe", ".darknet": "Darknet"}


def member(ending: str) -> str:
    """What a file with this ending is called in a bundle."""
    return f"graph{ending}"


def unbundle(path: Path) -> dict[str, bytes]:
    """The files in a bundle, by their endings.

    Raises:
        BackendError: the file is not such a bundle.
    """
    endings = next(endings for suffix, endings in BUNDLES.values() if suffix == path.suffix)
    try:
        with zipfile.ZipFile(path) as archive:
            # Nothing in it is compressed: it can not grow beyond the file.
            if any(entry.file_size > path.stat().st_size for entry in archive.infolist()):
                raise zipfile.BadZipFile("it claims more than it holds")
            names = archive.namelist()
            found = {ending: archive.read(member(ending)) for ending in endings if member(ending) in names}
            if endings[0] not in found:
                raise KeyError(member(endings[0]))
            return found
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise BackendError(
            f"{path.name} is no {TITLES[path.suffix]} model: {error}.", "Add its files again."
        ) from error
