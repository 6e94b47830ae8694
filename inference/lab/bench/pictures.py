"""The fixed set of frames that a bench shows to every network."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.formats import PICTURES
from inference.live.sources.capture import open_capture
from inference.picture_files import pictures_in, read_picture
from inference.places import REEL, REELS
from models.texts import plain

MOST = 16        # frames; more only cost memory
SIDE_PX = 1280   # their longer side at most, as a camera gives them


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Frames, (h, w, 3) BGR, and what they are called."""

    names: tuple[str, ...]
    pixels: tuple[NDArray[np.uint8], ...]

    def __len__(self) -> int:
        return len(self.pixels)

    def of_round(self, number: int) -> NDArray[np.uint8]:
        """The frame of this round, the same for all networks."""
        return self.pixels[number % len(self.pixels)]


def read_pictures(source: str) -> Pictures:
    """Up to MOST frames, evenly apart, of a folder of pictures, a picture, a video, or a reel by its word.

    Raises:
        SourceError: it is something else, or cannot be read.
    """
    path = REELS.get(source or REEL) or Path(source).expanduser()
    if path.is_dir():
        files = pictures_in(path)
        if not files:
            raise SourceError(f"The folder {path} holds no pictures.", "Choose another.")
        chosen = [files[i] for i in _evenly(len(files))]
        return Pictures(tuple(plain(one.name) for one in chosen), tuple(read_picture(one, SIDE_PX) for one in chosen))
    if not path.is_file():
        raise SourceError(
            f"{source} is no file and no folder.", "A bench takes a folder of pictures, a picture or a video."
        )
    if path.suffix.lower() in PICTURES:
        return Pictures((plain(path.name),), (read_picture(path, SIDE_PX),))
    return _of_video(path)


def _evenly(count: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, MOST))})


def _of_video(path: Path) -> Pictures:
    """Frames of a video, evenly apart; read from the beginning, as not every container can be sought in."""
    capture = open_capture(str(path), cv2.CAP_FFMPEG)
    try:
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0
        count = int(count) if np.isfinite(count) and 1 <= count < 1e7 else 0
        wanted, names, kept = set(_evenly(count) if count else range(MOST)), [], []
        for number in range(max(wanted, default=-1) + 1):
            good, pixels = capture.read() if number in wanted else (capture.grab(), None)
            if not good:
                break
            if pixels is not None:
                if (shrink := SIDE_PX / max(pixels.shape[:2])) < 1:
                    pixels = np.asarray(
                        cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8
                    )
                pixels.flags.writeable = False
                names.append(f"{plain(path.name)}, frame {number}")
                kept.append(pixels)
    finally:
        capture.release()
    if not kept:
        raise SourceError(
            f"{path.name} is neither a picture nor a video that can be read.", "Choose another, or a folder."
        )
    return Pictures(tuple(names), tuple(kept))
