"""Reading a model file whole, within bounds."""

from pathlib import Path

from inference.errors import ImportFailed

LARGEST_FILE = 1_500_000_000       # bytes; an ONNX file ends at 2 GB


def read_file(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """The whole file.

    Raises:
        ImportFailed: it cannot be read, or is larger than `largest` bytes.
    """
    try:
        size = path.stat().st_size
        if size > largest:
            raise ImportFailed(
                f"{path.name} has {size / 1e6:.0f} MB; more than {largest / 1e6:.0f} MB are not read.",
                "Choose a smaller model.",
            )
        return path.read_bytes()
    except OSError as error:
        raise ImportFailed(
            f"{path.name} cannot be read: {error.strerror}.", "Check the file and its permissions."
        ) from error


