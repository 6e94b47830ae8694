"""The pictures of a recording: at what rate, how they lie in the video, as JPEG."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError

LIKELY_FPS = 30            # of a video whose source does not say, or is slow: a later source may be faster
QUALITY = 90               # of the JPEG pictures, 0..100


def video_rate(measured: float) -> int:
    """Frames per second of a video whose source gives `measured`; a slow source has its pictures repeated."""
    return round(measured) if 24 <= measured <= 60 else LIKELY_FPS


def fit(picture: tuple[int, int], size: tuple[int, int]) -> tuple[float, int, int]:
    """How a picture lies in a video of `size`, both (height, width): its scale, and the px left of it and above it."""
    if picture == size:
        return 1.0, 0, 0
    scale = min(size[0] / picture[0], size[1] / picture[1])
    high, wide = (max(1, round(side * scale)) for side in picture)
    return scale, (size[1] - wide) // 2, (size[0] - high) // 2


def _fitted(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture as it lies in a video of `size` (height, width): whole, black beside it."""
    picture = (pixels.shape[0], pixels.shape[1])
    if picture == size or not pixels.size:
        return pixels
    scale, left, top = fit(picture, size)
    high, wide = (max(1, round(side * scale)) for side in picture)
    small = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    fitted = np.zeros((*size, 3), np.uint8)
    fitted[top : top + high, left : left + wide] = small
    return fitted


def jpeg_of(pixels: NDArray[np.uint8], size: tuple[int, int]) -> bytes:
    """A picture, fitted into a video of `size` (height, width), as JPEG.

    Raises:
        LabError: it cannot be written so.
    """
    try:
        ok, jpeg = cv2.imencode(".jpg", _fitted(pixels, size), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    except cv2.error as error:
        raise _unfit(str(error.err)) from error
    if not ok:
        raise _unfit("no reason given")
    return jpeg.tobytes()


def _unfit(reason: str) -> LabError:
    return LabError(f"A picture cannot be written as JPEG: {reason}.", "Record another source.")
