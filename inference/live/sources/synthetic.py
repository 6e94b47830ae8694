"""Pictures that need no camera: a moving test pattern, and the sample reel."""

import tomllib
from functools import lru_cache
from math import cos, pi, sin
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import SourceError
from inference.live.sources import Wish
from inference.picture_files import pictures_in, read_picture
from inference.places import DIGIT_REEL, REELS, SAMPLES

SIZE, FPS = (1280, 720), 30.0   # of the pattern: (width, height), px; frames/s
SPARE = 1.6   # a sample picture may be so much wider or taller than the window

# BGR. The colours of the lanes, which are told apart by everyone (Okabe and Ito).
BARS = ((0xE9, 0xB4, 0x56), (0x00, 0x9F, 0xE6), (0x73, 0x9E, 0x00), (0x42, 0xE4, 0xF0), (0xA7, 0x79, 0xCC),
        (0x00, 0x5E, 0xD5), (0xFF, 0xA6, 0x7A), (0xBB, 0xBB, 0xBB))  # fmt: skip
NIGHT, DUSK, LINE, TEXT = (0x16, 0x11, 0x0E), (0x4A, 0x34, 0x24), (0x5C, 0x4A, 0x3A), (0xF3, 0xED, 0xE6)


def reel(_text: str, _wish: Wish) -> "Reel":
    """The sample reel."""
    return Reel()


def digits(_text: str, _wish: Wish) -> "Reel":
    """Ten digits, written by hand."""
    return Reel(REELS[DIGIT_REEL], "Digits by hand")


def pattern(_text: str, wish: Wish) -> "Pattern":
    """The test pattern."""
    return Pattern(wish.size or SIZE, FPS if wish.fps is None else wish.fps)


class Pattern:
    """A moving test pattern with a frame counter: every picture differs, every part can be checked by eye."""

    live = False
    note = caption = ""
    title = "Test pattern"

    def __init__(self, size: tuple[int, int] = SIZE, fps: float = FPS) -> None:
        """`size` is (width, height), px, at least 2×2; `fps` 0 gives pictures as fast as they are asked for."""
        self._size = (max(2, size[0]), max(2, size[1]))
        self.period_s = 1 / fps if fps > 0 else 0.0
        self._still: NDArray[np.uint8] | None = None
        self._index = 0

    def open(self) -> None:
        """Paint what does not move."""
        self._still = _backdrop(*self._size)
        self._index = 0

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR."""
        pixels = self.frame(self._index)
        self._index += 1
        return pixels

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Picture number `index`, always the same for the same number."""
        if self._still is None:
            self._still = _backdrop(*self._size)
        pixels = self._still.copy()
        width, height = self._size
        unit = min(width, height)
        seconds = index / 30   # moves by frames, not by the clock: a slow source is seen to be slow

        # A ball on a Lissajous path, with a tail.
        for back in range(6, -1, -1):
            t = seconds - back * 0.045
            x = round(width * (0.5 + 0.36 * sin(t * 1.10)))
            y = round(height * (0.34 + 0.17 * sin(t * 1.73 + 0.6)))
            fade = (1 - back / 7) ** 2
            colour = tuple(round(d + (b - d) * fade) for b, d in zip(BARS[0], DUSK, strict=True))
            cv2.circle(pixels, (x, y), max(1, round(unit * (0.03 + 0.022 * fade))), colour, -1, cv2.LINE_AA)

        # A hand that turns once in two seconds.
        centre, radius = (round(width * 0.5), round(height * 0.34)), unit * 0.21
        angle = seconds * pi
        tip = (round(centre[0] + radius * sin(angle)), round(centre[1] - radius * cos(angle)))
        cv2.line(pixels, centre, tip, TEXT, max(1, unit // 240), cv2.LINE_AA)

        # A marker that runs along the bars, one step a frame.
        step = index % 120
        left, right = round(width * step / 120), round(width * (step + 1) / 120)
        cv2.rectangle(pixels, (left, round(height * 0.655)), (right, round(height * 0.67)), TEXT, -1)

        text, scale, thick = f"{index:06d}", unit / 400, max(1, unit // 300)
        (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, thick)
        at = ((width - wide) // 2, round(height * 0.945))
        cv2.putText(pixels, text, at, cv2.FONT_HERSHEY_DUPLEX, scale, TEXT, thick, cv2.LINE_AA)
        return pixels

    def close(self) -> None:
        """Nothing to let go of."""


class Reel:
    """The sample pictures, slowly panned and zoomed, softly faded into each other."""

    live = False
    period_s = 1 / 30
    SIZE = (1280, 720)     # (width, height), px
    SHOT = 180             # frames from one picture to the next
    FADE = 20              # of them shared with the one before
    ZOOM = 1.12            # the most

    def __init__(self, folder: Path = SAMPLES, title: str = "Sample reel", note: str = "") -> None:
        self.title, self.note, self.caption = title, note, ""
        self._folder = folder
        self._shots: list[NDArray[np.uint8]] = []
        self._captions: list[str] = []
        self._held = (-1, np.zeros((0, 0, 3), np.uint8))
        self._index = 0

    def open(self) -> None:
        """Read and scale the pictures.

        Raises:
            SourceError: there are none.
        """
        if not self._shots:
            chosen = samples(self._folder)
            self._shots = [_scaled(read_picture(path), self.SIZE, self.ZOOM) for path, _ in chosen]
            self._captions = [caption for _, caption in chosen]
        if not self._shots:
            raise SourceError("The sample pictures are missing.", "Get the program anew, or choose another source.")
        self._index = 0

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR."""
        pixels = self.frame(self._index)
        shot, local = divmod(self._index, self.SHOT)
        if shot == 0 or local >= self.FADE // 2:   # of two that fade into each other, the one that is seen better
            self.caption = self._captions[shot % len(self._shots)]
        self._index += 1
        return pixels

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Picture number `index`, always the same for the same number."""
        shot, local = divmod(index, self.SHOT)
        pixels = self._look(shot, local)
        if shot and local < self.FADE:
            share = (local + 1) / (self.FADE + 1)
            pixels = cv2.addWeighted(pixels, share, self._end_of(shot - 1), 1 - share, 0)  # type: ignore[assignment]
        return pixels

    def close(self) -> None:
        """The pictures are kept: the reel is what is gone back to."""

    def _end_of(self, shot: int) -> NDArray[np.uint8]:
        """What the shot comes to rest on: it fades out standing still, so it is made once."""
        if self._held[0] != shot:
            self._held = (shot, self._look(shot, self.SHOT))
        return self._held[1]

    def _look(self, shot: int, local: int) -> NDArray[np.uint8]:
        """Shot number `shot` at frame `local` of it, through a slowly moving window."""
        picture = self._shots[shot % len(self._shots)]
        width, height = self.SIZE
        along = local / self.SHOT
        eased = along * along * (3 - 2 * along)
        inward = shot % 2 == 0
        zoom = 1 + (self.ZOOM - 1) * (eased if inward else 1 - eased)
        # The window at zoom 1 is as wide (or as high) as the picture; it wanders over what is left.
        tall, wide = picture.shape[:2]
        scale = min(wide / width, tall / height) / zoom
        drift = 0.5 + (0.32 if shot % 3 else -0.32) * (eased - 0.5)
        x = (wide - width * scale) * drift
        y = (tall - height * scale) * (1 - drift)
        matrix = np.array([[scale, 0, x], [0, scale, y]], np.float64)
        return cv2.warpAffine(  # type: ignore[return-value]
            picture, matrix, self.SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )


def samples(folder: Path = SAMPLES) -> list[tuple[Path, str]]:
    """The pictures of a reel with their captions: as its reel.toml lists them, else all of the folder by name.

    Raises:
        SourceError: the folder or its list cannot be read.
    """
    listed = folder / "reel.toml"
    if not listed.is_file():
        return [(path, "") for path in pictures_in(folder)]
    try:
        pictures = tomllib.loads(listed.read_text(encoding="utf-8"))["picture"]
        return [(folder / str(picture["file"]), str(picture["caption"])) for picture in pictures]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SourceError(f"{listed} cannot be read: {error}.", "Get the program anew.") from error


def _scaled(picture: NDArray[np.uint8], size: tuple[int, int], zoom: float) -> NDArray[np.uint8]:
    """The picture so large that it covers `size`, with some sharpness left for the zoom; cut to what can be seen."""
    height, width = picture.shape[:2]
    # Of a panorama or a column the middle: the window wanders, it does not travel.
    most_wide = max(1, round(SPARE * height * size[0] / size[1]))
    most_tall = max(1, round(SPARE * width * size[1] / size[0]))
    left, top = max(0, width - most_wide) // 2, max(0, height - most_tall) // 2
    picture = picture[top : top + most_tall, left : left + most_wide]
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height) * (1 + (zoom - 1) / 2)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=smooth)  # type: ignore[return-value]


@lru_cache(maxsize=2)
def _backdrop(width: int, height: int) -> NDArray[np.uint8]:
    """What stands still in the pattern: dusk, a grid, a dial, colour bars and a ramp of grey."""
    unit = min(width, height)
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 1.4
    column = np.array(NIGHT, np.float32) * (1 - ramp) + np.array(DUSK, np.float32) * ramp
    pixels = np.ascontiguousarray(np.broadcast_to(column, (height, width, 3))).astype(np.uint8)
    thin = max(1, unit // 480)
    for i in range(1, 16):
        cv2.line(pixels, (width * i // 16, 0), (width * i // 16, height), LINE, thin)
    for i in range(1, 9):
        cv2.line(pixels, (0, height * i // 9), (width, height * i // 9), LINE, thin)
    centre = (round(width * 0.5), round(height * 0.34))
    for share in (0.25, 0.17):
        cv2.circle(pixels, centre, max(1, round(unit * share)), TEXT if share > 0.2 else LINE, thin, cv2.LINE_AA)
    for i in range(60):
        inner, angle = (0.225 if i % 5 == 0 else 0.24), i * pi / 30
        ends = [
            (round(centre[0] + unit * r * sin(angle)), round(centre[1] - unit * r * cos(angle))) for r in (inner, 0.25)
        ]
        cv2.line(pixels, ends[0], ends[1], TEXT, thin, cv2.LINE_AA)
    top, middle, bottom = round(height * 0.67), round(height * 0.80), round(height * 0.84)
    for i, colour in enumerate(BARS):
        pixels[top:middle, width * i // len(BARS) : width * (i + 1) // len(BARS)] = colour
    pixels[middle:bottom] = np.linspace(0, 255, width, dtype=np.float32)[None, :, None].astype(np.uint8)
    pixels[bottom:] = NIGHT
    return pixels
