"""Something written in a picture: found on paper and on a board, put as MNIST's digits were, and not where none is."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.data import Frame
from inference.ink import centred, find_ink, ink_in
from inference.preprocess import Preprocessor
from models.card import InputSpec
from training.drawn import drawn
from training.photographed import photo

SIZE = (28, 28)
SAMPLES = sorted((Path(__file__).parents[1] / "resources" / "samples").glob("*.jpg"))
SPEC = InputSpec(SIZE, order="GRAY", mean=(0.0,), std=(1.0,), fit="ink")


def _page(
    digit: int, *, ground: int = 235, ink: int = 30, side: int = 260, at: tuple[int, int] = (190, 110)
) -> np.ndarray:
    picture = np.full((480, 640, 3), float(ground))
    x, y = at
    picture[y : y + side, x : x + side] += drawn(digit, side, side / 10)[..., None] * (ink - ground)
    return picture.astype(np.uint8)


# ---- nothing to be found ----


@pytest.mark.parametrize("level", [0, 30, 114, 200, 255])
def test_an_empty_sheet_has_no_ink(level: int) -> None:
    assert find_ink(np.full((480, 640, 3), level, np.uint8), SIZE) is None
    assert find_ink(np.full((1, 1, 3), level, np.uint8), SIZE) is None
    assert find_ink(np.full((3, 900, 3), level, np.uint8), SIZE) is None


def test_grain_and_a_shadow_are_no_ink() -> None:
    rng = np.random.default_rng(4)
    light = np.linspace(90, 240, 640)[None, :, None] + rng.normal(0, 6, (480, 640, 3))
    assert find_ink(np.clip(light, 0, 255).astype(np.uint8), SIZE) is None


def test_photographs_have_none() -> None:
    """Ten photographs without writing; one has a bare twig before the sky, which is as thin and dark as ink."""
    found = [path.name for path in SAMPLES if find_ink(cv2.imread(str(path)), SIZE)]
    assert len(SAMPLES) == 10
    assert found in ([], ["shrike.jpg"])


def test_a_blob_and_what_reaches_the_edge_are_none() -> None:
    blob = np.full((480, 640, 3), 230, np.uint8)
    cv2.circle(blob, (320, 240), 120, (20, 20, 20), -1)
    assert find_ink(blob, SIZE) is None
    line = np.full((480, 640, 3), 230, np.uint8)
    cv2.line(line, (300, 0), (340, 480), (20, 20, 20), 12)
    assert find_ink(line, SIZE) is None


# ---- found ----


@pytest.mark.parametrize(("ground", "ink"), [(235, 30), (30, 235), (200, 90), (70, 190)])
def test_ink_on_paper_and_chalk_on_a_board_are_the_same_digit(ground: int, ink: int) -> None:
    usual = find_ink(_page(3), SIZE)
    found = find_ink(_page(3, ground=ground, ink=ink), SIZE)
    assert usual
    assert found
    assert np.abs(found.box - np.array(usual.box)).max() <= 4
    assert np.abs(found.picture.astype(int) - usual.picture).mean() < 6


@pytest.mark.parametrize("digit", range(10))
def test_it_is_put_as_mnist_was(digit: int) -> None:
    """The longer side 20 of 28 px, the centre of mass in the middle, white on black: LeCun's own page."""
    found = find_ink(_page(digit), SIZE)
    assert found
    x1, y1, x2, y2 = found.box
    assert 150 < x1 < x2 < 490
    assert 70 < y1 < y2 < 410
    rows, columns = np.nonzero(found.picture > 100)
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
    weight = found.picture.astype(float)
    y, x = (float((np.indices(SIZE)[axis] * weight).sum() / weight.sum()) for axis in (0, 1))
    assert y == pytest.approx(13.5, abs=0.8)
    assert x == pytest.approx(13.5, abs=0.8)
    assert weight[0].max() == weight[-1].max() == 0
    assert weight.max() > 240


def test_the_largest_of_two_is_taken() -> None:
    picture = _page(3, side=120, at=(60, 60))
    picture[:, 320:] = _page(8, side=260, at=(350, 110))[:, 320:]
    found = find_ink(picture, SIZE)
    assert found
    assert found.box[0] > 330


def test_a_bar_set_down_apart_belongs_to_its_5() -> None:
    picture = np.full((480, 640, 3), 235, np.uint8)
    for line in ([(260, 130), (400, 130)], [(255, 170), (250, 240), (340, 235), (370, 300), (330, 360), (240, 350)]):
        cv2.polylines(picture, [np.array(line)[:, None]], False, (30, 30, 30), 18)
    found = find_ink(picture, SIZE)
    assert found
    assert found.box[1] < 130


def test_a_thin_pen_is_made_as_thick_as_mnist() -> None:
    picture = np.full((480, 640, 3), 235.0)
    picture[110:370, 190:450] -= drawn(3, 260, 8)[..., None] * 200
    thin = find_ink(picture.astype(np.uint8), SIZE)
    thick = find_ink(_page(3), SIZE)
    assert thin
    assert thick
    assert thin.picture.sum() > 0.7 * thick.picture.sum()


def test_a_picture_of_the_very_size_is_a_digit_already() -> None:
    digit = centred(drawn(7, 100, 10), SIZE)
    colours = cv2.cvtColor(digit, cv2.COLOR_GRAY2BGR)
    for given in (colours, 255 - colours):
        found = find_ink(given, SIZE)
        assert found
        assert np.array_equal(found.picture, digit)
    assert find_ink(np.zeros((*SIZE, 3), np.uint8), SIZE) is None


# ---- what a network is given ----


def test_the_input_is_the_ink_and_black_without_any() -> None:
    make = Preprocessor(SPEC)
    x, placement = make(Frame(_page(5), 0, 0.0))
    found = find_ink(_page(5), SIZE)
    assert found
    assert np.allclose(x[0, 0], found.picture / 255)
    assert (placement.crop, placement.empty, placement.sought) == (found.box, False, True)
    x, placement = make(Frame(np.full((480, 640, 3), 200, np.uint8), 1, 0.0))
    assert not x.any()
    assert (placement.empty, placement.sought) == (True, False)
    assert placement.crop == (0, 0, 640, 480)


def test_networks_that_look_at_one_picture_search_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame(_page(5), 0, 0.0)
    first = ink_in(frame, SIZE)
    monkeypatch.setattr("inference.ink.find_ink", lambda *_: pytest.fail("searched again"))
    assert ink_in(frame, SIZE) is first


def test_photographs_of_our_own_digits_are_found() -> None:
    """Tilted, lit from one side, blurred, on paper and board before a photograph: as the evaluation's sixty."""
    for digit in range(10):
        small = centred(drawn(digit, 200, 20), SIZE)
        for seed in (digit, digit + 11):
            found = find_ink(photo(small, seed), SIZE)
            assert found, (digit, seed)
            same = np.corrcoef(found.picture.ravel(), small.ravel())[0, 1]
            assert same > 0.4, (digit, seed)
