"""Pictures to compare networks on, one after the other: of a folder, a picture, a video, a recording, a reel."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.formats import PICTURES
from inference.live.sources.capture import open_capture
from inference.picture_files import pictures_in, read_picture
from inference.places import REEL, REELS
from models.texts import plain

SIDE_PX = 1280   # their longer side at most, as a camera gives them
MOST_FRAMES = 1e7   # that a file may say it has


class Look(NamedTuple):
    """One picture of them."""

    name: str
    pixels: NDArray[np.uint8]   # (h, w, 3) BGR, read-only
    at: float | None            # s from the beginning of a video; None where nothing moves


class Looks:
    """Up to so many pictures, evenly apart, of a source that has an end; read anew each time it is walked."""

    def __init__(self, source: str, most: int) -> None:
        """`source`: a reel's word, or the path of a folder, a picture, a video, or either file of a recording.

        Raises:
            SourceError: it is something else, or a folder without pictures.
        """
        path = REELS.get(source or REEL) or Path(source).expanduser()
        self._files: list[Path] = []
        self._video: Path | None = None
        self.title = plain(path.name, 80)
        self.most = most
        if path.is_dir():
            self._files = pictures_in(path)
            if not self._files:
                raise SourceError(f"The folder {path} holds no pictures.", "Choose another.")
        elif not path.is_file():
            raise SourceError(f"{source} is no file and no folder.", "Name a folder of pictures, a picture or a video.")
        elif path.suffix.lower() in PICTURES:
            self._files = [path]
        else:
            self._video = path.with_suffix(".avi") if path.suffix == ".jsonl" else path
        self.moves = self._video is not None

    @property
    def total(self) -> int:
        """How many there will be, as far as that can be known before."""
        return min(self.most, len(self._files)) if self._files else self.most

    def __iter__(self) -> Iterator[Look]:
        """Walk through them.

        Raises:
            SourceError: one cannot be read.
        """
        if self._video:
            yield from self._of_video(self._video)
            return
        for i in _evenly(len(self._files), self.most):
            yield Look(plain(self._files[i].name), read_picture(self._files[i], SIDE_PX), None)

    def _of_video(self, path: Path) -> Iterator[Look]:
        """Frames of a video; read from the beginning, as not every container can be sought in."""
        capture = open_capture(str(path), cv2.CAP_FFMPEG)
        some = False
        try:
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0
            count = int(count) if np.isfinite(count) and 1 <= count < MOST_FRAMES else 0
            wanted = set(_evenly(count, self.most) if count else range(self.most))
            rate = capture.get(cv2.CAP_PROP_FPS) if capture.isOpened() else 0.0
            for number in range(max(wanted, default=-1) + 1):
                good, pixels = capture.read() if number in wanted else (capture.grab(), None)
                if not good:
                    break
                if pixels is None:
                    continue
                if (shrink := SIDE_PX / max(pixels.shape[:2])) < 1:
                    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
                    pixels = np.asarray(small, np.uint8)
                pixels.flags.writeable = False
                some = True
                at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
                at = at if at > 0 or number == 0 else number / rate if rate > 0 else 0.0   # some containers say nothing
                yield Look(f"{plain(path.name)}, frame {number}", pixels, at)
        finally:
            capture.release()
        if not some:
            raise SourceError(
                f"{path.name} is neither a picture nor a video that can be read.", "Choose another, or a folder."
            )


class Given(Looks):
    """Pictures that are at hand already."""

    def __init__(self, title: str, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self.title, self.most, self.moves = title, len(pictures), False
        self._pictures = pictures

    @property
    def total(self) -> int:
        """How many there are."""
        return self.most

    def __iter__(self) -> Iterator[Look]:
        """Walk through them."""
        for i, pixels in enumerate(self._pictures):
            yield Look(f"picture {i + 1}", pixels, None)


def _evenly(count: int, most: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, most))})
