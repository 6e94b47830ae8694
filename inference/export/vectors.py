"""What LineupKit must compute, said by the lab: test vectors for the Swift part of an exported app."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.data import Frame
from inference.preprocess import Preprocessor, as_bytes, place
from models.card import InputSpec

BOXES = ((0.0, 0.0, 1.0, 1.0), (0.21, 0.4, 0.37, 0.83))   # of the input, 0..1
MOST_BYTES = 160                                          # of a picture that are compared


def test_picture(width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) BGR uint8 that Swift can make as well: slopes, with an edge or two."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    found: NDArray[np.uint8] = ((x * 7 + y * 13 + c * 50 + (x * y) // 11) % 256).astype(np.uint8)
    return found


def placed(spec: InputSpec, width: int, height: int) -> dict[str, Any]:
    """Where a picture of this size goes, and two boxes on their way back."""
    where = place((height, width), spec)
    down, across = spec.size
    sides = np.array([across, down, across, down], np.float32)
    boxes = np.array(BOXES, np.float32) * sides
    return {
        "width": width, "height": height, "inputWidth": across, "inputHeight": down, "fit": spec.fit,
        "share": spec.share, "crop": [int(v) for v in where.crop], "inside": [int(v) for v in where.inside],
        "boxes": boxes.tolist(), "inPicture": where.to_frame(boxes).tolist(),
    }  # fmt: skip


def scaled(spec: InputSpec, width: int, height: int) -> dict[str, Any]:
    """What the network is given of `test_picture`: bytes at places spread over the input; BGR, or grey."""
    prepare = Preprocessor(as_bytes(spec, "GRAY" if spec.order == "GRAY" else "BGR"))
    x, _ = prepare(Frame(test_picture(width, height), 0, 0.0))
    values = x[0].transpose(1, 2, 0).reshape(-1)
    places = np.unique(np.linspace(0, values.size - 1, MOST_BYTES).astype(int))
    return {
        "width": width, "height": height, "inputWidth": spec.size[1], "inputHeight": spec.size[0], "fit": spec.fit,
        "share": spec.share, "resampling": spec.resample, "pad": spec.pad, "grey": spec.order == "GRAY",
        "places": places.tolist(), "bytes": [int(v) for v in values[places]],
    }  # fmt: skip
