"""The tensor turned back into a picture, and recipes set wrong on purpose."""

from dataclasses import replace

import numpy as np
import pytest

from inference.data import Frame
from inference.preprocess import Preprocessor
from inference.xray import (
    NORMS,
    SWITCHES,
    as_picture,
    channels,
    differences,
    limits,
    offered,
    recipe,
    switched,
    warning,
)
from models.card import InputSpec
from models.catalog import load_catalog

SPECS = {name: card.input for name, card in load_catalog().items()}
PHOTO = InputSpec((32, 48), mean=NORMS["imagenet"].mean, std=NORMS["imagenet"].std, fit="stretch")


def photo(height: int = 32, width: int = 48) -> Frame:
    """A picture with a blue, a green, and a red third."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for i in range(3):
        pixels[:, i * width // 3 : (i + 1) * width // 3, i] = 200
    return Frame(pixels, 0, 0.0)


@pytest.mark.parametrize("name", SPECS)
def test_the_tensor_turns_back_into_the_picture(name: str) -> None:
    spec = SPECS[name]
    tensor, placement = Preprocessor(spec)(photo(*spec.size))
    found = as_picture(tensor, spec)
    assert found.shape == (*spec.size, 3)
    assert found.dtype == np.uint8
    if spec.order != "GRAY" and spec.fit != "crop" and placement.crop[2:] == placement.inside[2:]:
        assert np.abs(found.astype(int) - photo(*spec.size).pixels).max() <= (2 if spec.dtype != "float16" else 4)


@pytest.mark.parametrize("name", SPECS)
def test_switches_change_one_part_and_never_the_form(name: str) -> None:
    card = SPECS[name]
    for switch in offered(card):
        for key in SWITCHES[switch].choices:
            spec = switched(card, card, switch, key)
            assert (spec.size, spec.layout, spec.dtype) == (card.size, card.layout, card.dtype)
            Preprocessor(spec)(photo())   # every recipe can be made
            same = SWITCHES[switch].get(spec, card) == SWITCHES[switch].get(card, card)
            assert bool(differences(spec, card)) is not same


def test_colours_that_are_swapped_are_seen() -> None:
    wrong = switched(PHOTO, PHOTO, "order", "BGR")
    tensor, _ = Preprocessor(wrong)(photo())
    found = as_picture(tensor, PHOTO)
    left = found[16, 4].astype(int)
    assert left[2] > 150 > 100 > left[0]   # blue has become red
    assert differences(wrong, PHOTO)[0] == "BGR instead of RGB"


@pytest.mark.parametrize("change", [("range", "0..255"), ("norm", "imagenet255"), ("norm", "caffe")])
def test_values_that_the_network_never_saw_are_said(change: tuple[str, str]) -> None:
    right, _ = Preprocessor(PHOTO)(photo())
    assert not warning(channels(right, PHOTO), PHOTO)
    wrong, _ = Preprocessor(switched(PHOTO, PHOTO, *change))(photo())
    assert warning(channels(wrong, PHOTO), PHOTO)


def test_the_numbers_are_those_of_the_tensor() -> None:
    tensor, _ = Preprocessor(PHOTO)(photo())
    red, green, blue = channels(tensor, PHOTO)
    assert (red.name, green.name, blue.name) == ("R", "G", "B")
    assert red.mean == pytest.approx(float(tensor[0, 0].mean()), abs=1e-5)
    assert (red.low, red.high) == pytest.approx((float(tensor[0, 0].min()), float(tensor[0, 0].max())))
    low, high = limits(PHOTO)
    assert low - 1e-5 <= red.low < red.high <= high + 1e-5


@pytest.mark.parametrize("name", ["squeezenet1.1", "inception-v1-google", "mobilenet-v2", "yolox-nano"])
def test_no_sentence_has_a_hole(name: str) -> None:
    """Every switch, one after the other, on a network whose numbers are no usual ones."""
    card = load_catalog()[name].input
    spec = card
    for switch in offered(card):
        for key in SWITCHES[switch].choices:
            spec = switched(spec, card, switch, key)
            for words in differences(spec, card):
                assert not words.endswith((" ", ":")), words
                assert "instead of" in words or words.startswith("mean and std: "), words
    odd = replace(card, mean=tuple(v + 1.5 for v in card.mean))
    assert differences(odd, card) == ("mean and std: other numbers",)


def test_swapping_the_planes_is_one_difference() -> None:
    card = load_catalog()["squeezenet1.1"].input   # BGR, with Caffe's exact mean
    assert differences(switched(card, card, "order", "RGB"), card) == ("RGB instead of BGR",)


def test_grey_and_eight_bit_networks_have_fewer_switches() -> None:
    assert "order" not in offered(replace(PHOTO, order="GRAY", mean=(0.0,), std=(1.0,)))
    assert not {"range", "norm"} & set(offered(replace(PHOTO, dtype="uint8")))


def test_mean_and_std_stay_with_their_colour() -> None:
    bgr = switched(switched(PHOTO, PHOTO, "order", "BGR"), PHOTO, "norm", "card")
    assert bgr.mean == PHOTO.mean[::-1]
    assert switched(bgr, PHOTO, "norm", "imagenet").mean == PHOTO.mean[::-1]


def test_the_recipe_in_words() -> None:
    assert recipe(PHOTO) == "48×32 RGB, 0–1, minus 0.485 0.456 0.406, divided by 0.229 0.224 0.225, stretched"
    assert "8 bit" in recipe(replace(PHOTO, dtype="uint8"))
