"""Frame pixels to network input, as the card says. Nothing here knows a model by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.data import Frame
from inference.ink import ink_in
from models.card import ColourOrder, InputSpec

Pixels = NDArray[np.uint8]

# From 0..255 to the card's range: value = pixel * scale + offset.
RANGES = {"0..1": (1 / 255, 0.0), "0..255": (1.0, 0.0), "-1..1": (1 / 127.5, -1.0)}

INTERPOLATION = {
    "area": cv2.INTER_AREA,        # averages every pixel: what `predict` and the golden answers use
    "antialias": cv2.INTER_LINEAR,   # Pillow's bilinear, which torchvision and most training code use: `_by_pillow`
    "pyramid": cv2.INTER_LINEAR,   # exact half by averaging, shared by all lanes, then linear: for live use
    "linear": cv2.INTER_LINEAR,
    "nearest": cv2.INTER_NEAREST,
}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture went inside the network's input, so that boxes find the way back.

    The part `crop` of the frame (x1 y1 x2 y2, px of the frame) was resized to fill the part `inside`
    (x1 y1 x2 y2, px of the input).
    """

    crop: tuple[float, float, float, float]
    inside: tuple[float, float, float, float]
    sought: bool = False   # `crop` was found in this very picture
    empty: bool = False    # nothing was found that could have been put inside

    def to_frame(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (n, 4) x1 y1 x2 y2 in px of the input → the same in px of the frame, not clipped."""
        cx1, cy1, cx2, cy2 = self.crop
        ix1, iy1, ix2, iy2 = self.inside
        scale = np.array([(cx2 - cx1) / (ix2 - ix1), (cy2 - cy1) / (iy2 - iy1)] * 2, np.float32)
        out: NDArray[np.float32] = (boxes - np.array([ix1, iy1] * 2, np.float32)) * scale + np.array(
            [cx1, cy1] * 2, np.float32
        )
        return out


def _stretch(frame: tuple[int, int], size: tuple[int, int]) -> Placement:
    """The whole picture, its shape changed."""
    return Placement((0, 0, frame[1], frame[0]), (0, 0, size[1], size[0]))


def _crop(frame: tuple[int, int], size: tuple[int, int]) -> Placement:
    """The largest middle part that has the input's shape."""
    (h, w), (height, width) = frame, size
    scale = min(h / height, w / width)
    ch, cw = min(h, max(1, round(height * scale))), min(w, max(1, round(width * scale)))
    top, left = (h - ch) // 2, (w - cw) // 2
    return Placement((left, top, left + cw, top + ch), (0, 0, width, height))


def _letterbox(frame: tuple[int, int], size: tuple[int, int]) -> Placement:
    """The whole picture in its own shape, grey beside it on both sides; rounded as `LetterBox` of ultralytics does."""
    (h, w), (height, width) = frame, size
    scale = min(height / h, width / w)
    inner_w, inner_h = max(1, round(w * scale)), max(1, round(h * scale))
    left, top = (max(0, round((outer - inner) / 2 - 0.1)) for outer, inner in ((width, inner_w), (height, inner_h)))
    return Placement((0, 0, w, h), (left, top, left + inner_w, top + inner_h))


def _letterbox_topleft(frame: tuple[int, int], size: tuple[int, int]) -> Placement:
    """The whole picture in its own shape at the top left, grey below or to the right; cut off as `preproc` of YOLOX."""
    (h, w), (height, width) = frame, size
    scale = min(height / h, width / w)
    return Placement((0, 0, w, h), (0, 0, max(1, int(w * scale)), max(1, int(h * scale))))


FITS: dict[str, Callable[[tuple[int, int], tuple[int, int]], Placement]] = {
    "stretch": _stretch,
    "crop": _crop,
    "letterbox": _letterbox,
    "letterbox-topleft": _letterbox_topleft,
}


def _whole(edges: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """Edges as numbers of pixels."""
    x1, y1, x2, y2 = edges
    return int(x1), int(y1), int(x2), int(y2)


def place(frame: tuple[int, int], spec: InputSpec) -> Placement:
    """Where a picture of (height, width) px goes in the input that `spec` describes.

    Of a "crop", `spec.share` keeps the middle: resizing the short side to 256 and cutting out 224, as torchvision's
    evaluation does, is the same as keeping 224/256 and resizing that. Where an "ink" is, only the picture itself can
    tell, to a `Preprocessor`: here it is the whole picture.
    """
    placement = FITS.get(spec.fit, _stretch)(frame, spec.size)
    if spec.fit != "crop" or spec.share == 1:
        return placement
    x1, y1, x2, y2 = placement.crop
    w, h = max(1, round((x2 - x1) * spec.share)), max(1, round((y2 - y1) * spec.share))
    left, top = (frame[1] - w) // 2, (frame[0] - h) // 2
    return Placement((left, top, left + w, top + h), placement.inside)


def as_bytes(spec: InputSpec, order: ColourOrder) -> InputSpec:
    """The recipe that leaves a picture's bytes as they are: (1, c, h, w), uint8, in this order of colours."""
    one = (0.0,) if order == "GRAY" else (0.0, 0.0, 0.0)
    return replace(
        spec, layout="NCHW", order=order, dtype="uint8", range="0..255", mean=one, std=tuple(1.0 for _ in one),
        invert="never",
    )  # fmt: skip


def _halved(picture: Pixels, height: int, width: int) -> Pixels:
    """The picture halved by averaging, again and again, while it stays at least (height, width).

    Linear interpolation to exactly half is an average, and quick. What is left, less than half of one side and
    less than a quarter of the other, linear interpolation does without much harm.
    """
    h, w = picture.shape[:2]
    while min(h / height, w / width) >= 2 or max(h / height, w / width) >= 4:
        h, w = (h // 2 if h >= 2 * height else h), (w // 2 if w >= 2 * width else w)
        picture = cv2.resize(picture, (w, h), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return picture


def _by_pillow(picture: Pixels, height: int, width: int) -> Pixels:
    """The picture resized as torchvision's evaluation does: straight lines over as much as a new pixel covers.

    OpenCV has no such filter: its INTER_AREA differs by 0.5 to 3.8 grey levels on average, and by up to 44.
    """
    from PIL import Image  # 30 ms that the start of the window should not cost

    resized = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)   # the channels' order is one
    return np.asarray(resized)


class Preprocessor:
    """Turns frames into the batch of one that `spec` describes, into one reused buffer.

    Made and used on one thread; what it returns is overwritten by the next call.
    """

    def __init__(self, spec: InputSpec, *, live: bool = False) -> None:
        """`live` takes the "pyramid" where the card says "area": as good to the eye, several times faster."""
        height, width = spec.size
        self._spec = spec
        self._resample = "pyramid" if live and spec.resample in ("area", "antialias") else spec.resample
        self._channels = 1 if spec.order == "GRAY" else 3
        self._small = np.full((height, width, 3), spec.pad, np.uint8)
        self._placed_of: tuple[int, int] | None = None   # (height, width) of the picture that `_placed` is of
        self._placed = place(spec.size, spec)
        self._crop = self._inside = (0, 0, 0, 0)
        self._planes = tuple(np.empty((height, width), np.uint8) for _ in range(self._channels))
        chw = (1, self._channels, height, width)
        shape = chw if spec.layout == "NCHW" else (1, height, width, self._channels)
        self._out: NDArray[Any] = np.zeros(shape, np.dtype(spec.dtype))
        # One table of 256 values a channel, in the order of the output: exact, and faster than arithmetic.
        scale, offset = RANGES[spec.range]
        levels = np.arange(256, dtype=np.float64) * scale + offset
        tables = [
            ((levels - spec.mean[i % len(spec.mean)]) / spec.std[i % len(spec.std)]).astype(np.float32)
            for i in range(self._channels)
        ]
        self._table = np.stack(tables, axis=-1)[None]   # (1, 256, c): for channels last
        self._tables = tables

    def __call__(self, frame: Frame) -> tuple[NDArray[Any], Placement]:
        """The network's input and where the picture lies in it.

        Returns:
            (1, c, h, w) or (1, h, w, c) as the card says, float32, float16 or uint8; valid until the next
            call.
        """
        h, w = frame.pixels.shape[:2]
        if self._spec.fit == "ink":
            small, placement = self._ink(frame)
        else:
            if (h, w) != self._placed_of:   # nearly always as the one before
                self._placed_of, self._placed = (h, w), place((h, w), self._spec)
                self._crop, self._inside = _whole(self._placed.crop), _whole(self._placed.inside)
                self._small[:] = self._spec.pad   # what lies beside the picture
            placement = self._placed
            small = self._inverted(self._in_order(self._resize(frame)))
        if self._spec.layout == "NHWC":
            self._look_up(small, self._table, self._out[0])
        elif self._channels == 1:
            self._look_up(small, self._tables[0], self._out[0, 0])
        else:
            planes = cv2.split(small, self._planes)
            for i, plane in enumerate(reversed(planes) if self._spec.order == "RGB" else planes):
                self._look_up(plane, self._tables[i], self._out[0, i])
        return self._out, placement

    def _ink(self, frame: Frame) -> tuple[Pixels, Placement]:
        """What is written in the picture, white on black, as the planes of the input; black where nothing is."""
        height, width = self._spec.size
        ink = ink_in(frame, (height, width))
        box = ink.box if ink else (0, 0, frame.pixels.shape[1], frame.pixels.shape[0])
        picture = ink.picture if ink else np.zeros((height, width), np.uint8)
        planes = picture if self._channels == 1 else cv2.merge([picture] * self._channels)
        return planes, Placement(box, (0, 0, width, height), ink is not None, ink is None)  # type: ignore[return-value]

    def _inverted(self, small: Pixels) -> Pixels:
        """Bright for dark where the card wants it: a net that learned white on black, shown ink on paper.

        The mean is of what the network sees, grey for a grey net: an exported network can do the same.
        """
        invert = self._spec.invert
        if invert == "always" or (invert == "auto" and sum(cv2.mean(small)[: self._channels]) > 127.5 * self._channels):
            return cv2.bitwise_not(small)   # type: ignore[return-value]  # not in place: the grey must stay
        return small

    def _in_order(self, small: Pixels) -> Pixels:
        """One channel for a grey net; RGB for channels last. Planes are put in order when they are split."""
        if self._channels == 1:
            return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)  # type: ignore[return-value]
        if self._spec.layout == "NHWC" and self._spec.order == "RGB":
            return cv2.cvtColor(small, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]
        return small

    def _look_up(self, pixels: NDArray[Any], table: NDArray[Any], out: NDArray[Any]) -> None:
        """Every pixel through its table into a part of the batch."""
        if out.ndim == 3 and out.shape[2] == 1:   # OpenCV knows no third axis of one
            out = out[..., 0]
        if out.dtype == np.uint8:
            out[...] = pixels
        elif out.dtype == np.float32:
            cv2.LUT(pixels, table, dst=out)
        else:
            out[...] = cv2.LUT(pixels, table)

    def _resize(self, frame: Frame) -> Pixels:
        """The input's picture, (h, w, 3) BGR uint8, in the reused buffer or as it came."""
        x1, y1, x2, y2 = self._crop
        left, top, right, bottom = self._inside
        picture = frame.pixels[y1:y2, x1:x2]
        if picture.shape == self._small.shape and (left, top) == (0, 0):   # nothing is to be resized
            return picture
        interpolation = INTERPOLATION[self._resample]
        if self._resample == "antialias":
            self._small[top:bottom, left:right] = _by_pillow(picture, bottom - top, right - left)
            return self._small
        if self._resample == "pyramid":
            height, width = bottom - top, right - left
            if y2 - y1 >= 2 * height and x2 - x1 >= 2 * width:
                picture = frame.half_of(x1, y1, x2, y2)
            picture = _halved(picture, height, width)
            if picture.shape[0] < height or picture.shape[1] < width:
                # Which is another thing when it enlarges; `predict` has it too.
                interpolation = INTERPOLATION["linear" if self._spec.resample == "antialias" else "area"]
        target = self._small[top:bottom, left:right]
        # A slice of the buffer is not what OpenCV writes into: only a whole one is filled without a copy.
        if target.flags.c_contiguous:
            cv2.resize(picture, (right - left, bottom - top), dst=target, interpolation=interpolation)
        else:
            target[:] = cv2.resize(picture, (right - left, bottom - top), interpolation=interpolation)
        return self._small
