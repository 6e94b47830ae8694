"""Picture files to pixels: upright, whole, and what is transparent laid on white."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference import MOST_PIXELS
from inference.errors import SourceError
from inference.formats import PICTURES
from models.texts import read_bytes, reason

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]

LARGEST = 500_000_000 # bytes of a file
LONGEST = 1920        # px of a picture's longer side; every lane and the window pay for more
KINDS = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP and TIFF pictures can."
MOVING = frozenset({"GIF", "PNG", "WEBP", "AVIF"})   # formats whose further pictures are a film, not pages or previews
DEEP = ("I", "F")     # modes of more than 8 bits, which Pillow would cut off where OpenCV scales
FOREVER_S = 0.1       # of a picture in a film that is to be shown for no time at all: browsers take so long


def read_picture(path: Path, longest: int = LONGEST) -> Pixels:
    """A picture file as (h, w, 3) BGR, read-only, upright as its EXIF says, at least 2×2, at most `longest` px.

    What is transparent lies on white, as on paper. Of a film the first picture.

    Raises:
        SourceError: it is missing, no regular file, no picture, or far too large.
    """
    data = _bytes_of(path)
    opened = _opened(data, path)
    if opened is None or opened.format in ("JPEG", "MPO") or opened.mode.startswith(DEEP):
        pixels = _by_opencv(data, path)   # quicker, and the one that reads deep and strange kinds
    else:
        pixels = _by_pillow(opened, path)
    pixels = _bounded(pixels, longest)
    pixels.flags.writeable = False
    return pixels


def moves(path: Path) -> bool:
    """Whether a picture file holds a film: an animated GIF, PNG, WebP or AVIF. False of what cannot be read."""
    try:
        opened = _opened(_bytes_of(path), path)
    except SourceError:
        return False
    return opened is not None and opened.format in MOVING and getattr(opened, "n_frames", 1) > 1


def film_of(path: Path, longest: int = LONGEST) -> Iterator[tuple[Pixels, float]]:
    """The pictures of a film from its first to its last, each as `read_picture` has it, and how long it is shown, s.

    Raises:
        SourceError: it is no film, or is damaged.
    """
    opened = _opened(_bytes_of(path), path)
    if opened is None:
        raise _no_picture(path)
    for number in range(getattr(opened, "n_frames", 1)):
        try:
            opened.seek(number)
            pixels = _bounded(_by_pillow(opened, path), longest)
        except EOFError:
            return
        shown_s = float(opened.info.get("duration", 0)) / 1000
        pixels.flags.writeable = False
        yield pixels, shown_s or FOREVER_S


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, by name, 2 before 10; what begins with a dot is left out.

    Raises:
        SourceError: the folder cannot be read.
    """
    try:
        files = [f for f in folder.iterdir() if f.suffix.lower() in PICTURES and not f.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"The folder {folder} cannot be read.", "Check its name and who may read it.") from error
    return sorted((f for f in files if f.is_file()), key=lambda f: (_natural(f.name), f.name))


def _bytes_of(path: Path) -> bytes:
    try:
        return read_bytes(path, LARGEST)   # OpenCV and Pillow cannot open every name on Windows
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.", "Check its name and who may read it.") from error
    except (OSError, ValueError) as error:   # ValueError: a name with an end in it
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise SourceError(f"{path} cannot be read: {why}.", "Check its name and who may read it.") from error


def _opened(data: bytes, path: Path) -> "Image | None":
    """The file's header read by Pillow; None where it does not know the format."""
    from PIL import Image, UnidentifiedImageError  # not before the first picture

    if data[4:8] == b"ftyp":   # HEIC and its kin, whose reader is another package
        from pi_heif import register_heif_opener

        register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None   # looked after here, with a sentence
    try:
        opened = Image.open(BytesIO(data))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, OverflowError, EOFError):
        return None
    if opened.width * opened.height > MOST_PIXELS:
        raise _too_large(path)
    return opened


def _by_pillow(opened: "Image", path: Path) -> Pixels:
    from PIL import Image, ImageOps

    try:
        upright = ImageOps.exif_transpose(opened)
        if upright.has_transparency_data:
            whole = upright.convert("RGBA")
            paper = Image.new("RGBA", whole.size, "white")
            upright = Image.alpha_composite(paper, whole)
        rgb = np.asarray(upright.convert("RGB"))
    except MemoryError as error:
        raise _too_large(path) from error
    except EOFError:
        raise
    # A format's reader raises what it likes of a damaged file: OSError, SyntaxError, struct.error, …
    except Exception as error:
        raise _no_picture(path) from error
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)  # type: ignore[return-value]


def _by_opencv(data: bytes, path: Path) -> Pixels:
    try:
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except (cv2.error, MemoryError) as error:
        if isinstance(error, MemoryError) or "CV_IO_MAX_IMAGE" in str(error):
            raise _too_large(path) from error
        pixels = None
    if pixels is None:
        raise _no_picture(path)
    return pixels  # type: ignore[no-any-return]


def _too_large(path: Path) -> SourceError:
    return SourceError(
        f"{path.name} has more pixels than are taken here, {MOST_PIXELS // 10**6} million.", "Make it smaller."
    )


def _no_picture(path: Path) -> SourceError:
    return SourceError(f"{path.name} is not a picture that can be read.", KINDS)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """A key that sorts numbers by value, and before words: 2, 10, a2, a10."""
    parts = [part for part in re.split(r"(\d+)", name.casefold()) if part]
    return [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts]


def _bounded(pixels: Pixels, longest: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, longest / max(height, width))
    # Two pixels at least: a thread of a picture must survive being halved.
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    if size == (width, height):
        return pixels
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
