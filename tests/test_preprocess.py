"""Preprocessing against plain numpy and OpenCV, for every branch of a card's input."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import frame, plain
from PIL import Image

from inference.data import Frame, Shared
from inference.preprocess import FITS, INTERPOLATION, RANGES, Placement, Preprocessor
from models.card import InputSpec

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
SIDES = st.integers(1, 90)
SIZES = st.tuples(SIDES, SIDES)


def reference(picture: Frame, spec: InputSpec) -> np.ndarray:
    """The same, step by step, in plain numpy; only the resize is OpenCV's, or Pillow's."""
    place = FITS[spec.fit](picture.pixels.shape[:2], spec.size)
    x1, y1, x2, y2 = (int(v) for v in place.crop)
    left, top, right, bottom = (int(v) for v in place.inside)
    small = np.full((*spec.size, 3), spec.pad, np.uint8)
    part, sides = picture.pixels[y1:y2, x1:x2], (right - left, bottom - top)
    if spec.resample == "antialias":
        small[top:bottom, left:right] = np.asarray(Image.fromarray(part).resize(sides, Image.Resampling.BILINEAR))
    else:
        small[top:bottom, left:right] = cv2.resize(part, sides, interpolation=INTERPOLATION[spec.resample])
    if spec.invert == "always" or (spec.invert == "auto" and small.mean() > 127.5):
        small = 255 - small
    if spec.order == "GRAY":
        x: Any = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)[..., None]
    else:
        x = small[..., ::-1] if spec.order == "RGB" else small
    if spec.dtype != "uint8":
        scale, offset = RANGES[spec.range]
        channels = x.shape[2]
        x = (x * scale + offset - np.array(spec.mean[:channels])) / np.array(spec.std[:channels])
    x = x[None].astype(spec.dtype)
    return x.transpose(0, 3, 1, 2) if spec.layout == "NCHW" else x


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("layout", "order", "dtype", "span"),
    list(product(("NCHW", "NHWC"), ("RGB", "BGR", "GRAY"), ("float32", "float16", "uint8"), RANGES)),
)
def test_every_branch_is_the_reference(layout: Any, order: Any, dtype: Any, span: Any, fit: Any) -> None:
    spec = InputSpec(
        (20, 30), layout, order, dtype, span, MEAN, STD, fit, resample="linear", pad=90
    )
    x, _ = Preprocessor(spec)(frame(48, 64))
    assert x.dtype == np.dtype(dtype)
    assert x.flags.c_contiguous
    assert x.shape == ((1, 1 if order == "GRAY" else 3, 20, 30) if layout == "NCHW" else (1, 20, 30, x.shape[3]))
    np.testing.assert_allclose(x.astype(np.float64), reference(frame(48, 64), spec), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("resample", INTERPOLATION)
def test_every_resample_runs_and_differs_from_another_recipe(resample: Any) -> None:
    spec = InputSpec((20, 30), resample=resample)
    x, _ = Preprocessor(spec)(frame(48, 64))
    assert not np.allclose(x, reference(frame(48, 64), InputSpec((20, 30), order="BGR")))
    if resample != "pyramid":
        np.testing.assert_allclose(x, reference(frame(48, 64), spec), atol=1e-5)


@pytest.mark.parametrize("side", [32, 96, 224, 299, 416])
def test_antialias_is_pillows_bilinear(side: int, testdata: Path) -> None:
    spec = InputSpec((side, side), dtype="uint8", layout="NHWC", resample="antialias")
    pictures = [p for p in sorted((testdata / "images").iterdir()) if p.suffix in (".jpg", ".jpeg", ".png", ".bmp")]
    assert len(pictures) == 16
    for path in pictures:
        with Image.open(path) as picture:
            theirs = np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)).astype(int)
            pixels = np.asarray(picture.convert("RGB"))[:, :, ::-1]
        ours = Preprocessor(spec)(Frame(np.ascontiguousarray(pixels), 0, 0.0))[0][0]
        assert np.abs(ours - theirs).max() <= 1, path.name
        area = cv2.resize(pixels[:, :, ::-1].copy(), (side, side), interpolation=cv2.INTER_AREA)
        if min(pixels.shape[:2]) > 1.2 * side:   # the gate: another filter is seen
            assert np.abs(area - theirs).max() > 2, path.name


def ultralytics_letterbox(frame_size: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where `LetterBox` of ultralytics (data/augment.py) puts a picture: left, top, right, bottom."""
    r = min(size[0] / frame_size[0], size[1] / frame_size[1])
    new = round(frame_size[1] * r), round(frame_size[0] * r)
    dw, dh = (size[1] - new[0]) / 2, (size[0] - new[1]) / 2
    top, left = round(dh - 0.1), round(dw - 0.1)
    return left, top, left + new[0], top + new[1]


INPUTS = [(640, 640), (416, 416), (96, 160), (33, 47)]


@given(st.tuples(st.integers(16, 900), st.integers(16, 900)), st.sampled_from(INPUTS))
def test_letterboxes_round_as_ultralytics_and_yolox_do(frame_size: tuple[int, int], size: tuple[int, int]) -> None:
    inside = FITS["letterbox"](frame_size, size).inside
    wanted = ultralytics_letterbox(frame_size, size)
    assert inside == wanted or min(wanted[2] - wanted[0], wanted[3] - wanted[1]) < 1
    r = min(size[0] / frame_size[0], size[1] / frame_size[1])   # `preproc` of YOLOX (data/data_augment.py)
    corner = (0, 0, max(1, int(frame_size[1] * r)), max(1, int(frame_size[0] * r)))
    assert FITS["letterbox-topleft"](frame_size, size).inside == corner


@pytest.mark.parametrize(
    ("invert", "level", "wanted"),
    [("never", 200, 200), ("always", 200, 55), ("auto", 200, 55), ("auto", 50, 50), ("always", 0, 255)],
)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_invert(invert: Any, level: int, wanted: int, dtype: Any) -> None:
    spec = InputSpec((4, 4), order="GRAY", dtype=dtype, range="0..255", mean=(0.0,), std=(1.0,), invert=invert)
    x, _ = Preprocessor(spec)(plain(8, 8, (level, level, level)))
    assert set(x.ravel().tolist()) == {wanted}


def test_an_inverted_picture_does_not_leave_an_inverted_frame_beside_the_next() -> None:
    spec = InputSpec((8, 8), dtype="uint8", fit="letterbox", pad=10, invert="auto")
    preprocess = Preprocessor(spec)
    for level, edge in ((250, 245), (20, 10), (250, 245)):
        x, _ = preprocess(plain(20, 10, (level, level, level)))
        assert x[0, 0, 4, 0] == edge


def test_the_buffer_is_reused_and_the_grey_is_drawn_anew() -> None:
    spec = InputSpec((16, 16), dtype="uint8", fit="letterbox-topleft")
    preprocess = Preprocessor(spec)
    first, _ = preprocess(frame(64, 32))
    for picture in (frame(32, 64), frame(10, 10), frame(64, 32), frame(3, 300)):
        x, _ = preprocess(picture)
        assert x is first
        np.testing.assert_array_equal(x, reference(picture, spec))


# ---- live pictures ----


@pytest.mark.parametrize(("size", "most"), [((24, 32), 0.03), ((100, 130), 0.06), ((5, 7), 0.03)])
def test_live_pixels_are_close_to_the_exact_ones(size: tuple[int, int], most: float) -> None:
    smooth = cv2.GaussianBlur(frame(96, 128).pixels, (0, 0), 3)
    picture = Frame(np.asarray(smooth, np.uint8), 0, 0.0)
    exact, _ = Preprocessor(InputSpec(size))(picture)
    live, _ = Preprocessor(InputSpec(size), live=True)(picture)
    assert np.abs(exact - live.copy()).max() < most


def test_live_pixels_do_not_flicker() -> None:
    """A tenth of the size, pixel for pixel noise: without averaging, every pixel of the input would be noise too."""
    spec = InputSpec((32, 32))
    live = Preprocessor(spec, live=True)(frame(720, 1280))[0].std()
    linear = Preprocessor(InputSpec((32, 32), resample="linear"))(frame(720, 1280))[0].std()
    assert live < linear / 3


def test_lanes_share_the_half_picture() -> None:
    picture = frame(96, 128)
    Preprocessor(InputSpec((24, 32)), live=True)(picture)
    half = picture.half()
    Preprocessor(InputSpec((20, 20)), live=True)(picture)
    assert picture.half() is half


@pytest.mark.parametrize("fit", ["stretch", "crop", "letterbox"])
@pytest.mark.parametrize("size", [(96, 128), (97, 131), (131, 97)])
def test_a_lane_alone_halves_only_what_it_needs_and_is_given_the_same(fit: str, size: tuple[int, int]) -> None:
    spec = InputSpec((24, 32), fit=fit)
    picture = frame(*size)
    alone = replace(picture, alone=True, shared=Shared())
    shared = Preprocessor(spec, live=True)(picture)[0].copy()
    np.testing.assert_array_equal(Preprocessor(spec, live=True)(alone)[0], shared)
    assert picture.shared.half is not None
    assert alone.shared.half is None
    alone.half()   # somebody has made the whole: it is taken
    np.testing.assert_array_equal(Preprocessor(spec, live=True)(alone)[0], shared)


def test_live_leaves_the_other_ways_alone() -> None:
    spec = InputSpec((24, 32), resample="linear")
    np.testing.assert_array_equal(Preprocessor(spec, live=True)(frame())[0], Preprocessor(spec)(frame())[0])


# ---- any size ----


@settings(max_examples=150, deadline=None)
@given(SIZES, SIZES, st.sampled_from(sorted(FITS)), st.booleans())
def test_any_picture_fits_any_input(size: tuple[int, int], wanted: tuple[int, int], fit: Any, live: bool) -> None:
    picture = frame(*size)
    x, place = Preprocessor(InputSpec(wanted, dtype="uint8", fit=fit), live=live)(picture)
    assert x.shape == (1, 3, *wanted)
    (h, w), (height, width) = size, wanted
    for (x1, y1, x2, y2), right, bottom in ((place.crop, w, h), (place.inside, width, height)):
        assert 0 <= x1 < x2 <= right
        assert 0 <= y1 < y2 <= bottom
    if not live:
        np.testing.assert_array_equal(x, reference(picture, InputSpec(wanted, dtype="uint8", fit=fit)))


@settings(deadline=None)
@given(
    SIZES, SIZES, st.sampled_from(sorted(FITS)),
    st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 4), max_size=4),
)
def test_boxes_go_there_and_back(size: tuple[int, int], wanted: tuple[int, int], fit: str, parts: list) -> None:
    place = FITS[fit](size, wanted)
    relative = np.array(parts, np.float32).reshape(-1, 4)

    def within(area: tuple[float, float, float, float]) -> np.ndarray:
        x1, y1, x2, y2 = area
        return np.float32(relative * [x2 - x1, y2 - y1, x2 - x1, y2 - y1] + [x1, y1, x1, y1])

    np.testing.assert_allclose(place.to_frame(within(place.inside)), within(place.crop), atol=2e-3)


@pytest.mark.parametrize(
    ("fit", "crop", "inside"),
    [
        ("stretch", (0, 0, 200, 100), (0, 0, 40, 40)),
        ("crop", (50, 0, 150, 100), (0, 0, 40, 40)),
        ("letterbox", (0, 0, 200, 100), (0, 10, 40, 30)),
        ("letterbox-topleft", (0, 0, 200, 100), (0, 0, 40, 20)),
    ],
)
def test_placements_of_a_wide_picture(fit: str, crop: tuple, inside: tuple) -> None:
    assert FITS[fit]((100, 200), (40, 40)) == Placement(crop, inside)


def test_no_boxes_stay_no_boxes() -> None:
    place = FITS["letterbox"]((100, 200), (40, 40))
    assert place.to_frame(np.zeros((0, 4), np.float32)).shape == (0, 4)
