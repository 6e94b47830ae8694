"""Two files of one model in one: what a backend opens that reads a format of two files as it is."""

import zipfile
from pathlib import Path

from inference.errors import BackendError

SUFFIX = ".tensorflow"                  # of the bundle
GRAPH, TEXT = "graph.pb", "graph.pbtxt"


def unbundle(path: Path) -> tuple[bytes, bytes]:
    """The graph, and its text (empty where there is none).

    Raises:
        BackendError: the file is not such a bundle.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # `bundle` stores without compressing: nothing can grow beyond the file.
            if any(entry.file_size > path.stat().st_size for entry in archive.infolist()):
                raise zipfile.BadZipFile("it claims more than it holds")
            return archive.read(GRAPH), archive.read(TEXT) if TEXT in archive.namelist() else b""
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise BackendError(f"{path.name} is no TensorFlow model: {error}.", "Add its files again.") from error
