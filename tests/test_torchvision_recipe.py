"""Our resize and crop against torchvision's evaluation transform, on a real network and real pictures.

torchvision (references/classification/presets.py) resizes the short side to 256 with Pillow's antialiased bilinear
filter and cuts 224×224 out of the middle. Accuracy depends on such details (mlcommons/inference#201).
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.backends import Engine, load_backend
from inference.data import Frame
from inference.preprocess import Preprocessor, place
from models import ModelCard, load_catalog
from models.card import InputSpec
from models.store import Store
from tests.make import frame

# The filter is the same; ours resizes the part itself, torchvision the whole, and both round the edges of the part.
# Measured over these pictures; a little more is another transform.
LARGEST = 0.085   # difference of a probability: 0.0836 (tiny_school_bus.jpeg)
SHIFT = 0.73      # px of the input, between the four quarters of both: 0.722 (dog_bicycle_truck.jpg)


def torchvision_input(path: Path) -> np.ndarray:
    """(1, 3, 224, 224) RGB, -1..1."""
    picture = Image.open(path).convert("RGB")
    w, h = picture.size
    short = 256 / min(w, h)
    picture = picture.resize((round(w * short), round(h * short)), Image.Resampling.BILINEAR)
    left, top = round((picture.width - 224) / 2), round((picture.height - 224) / 2)
    x = np.asarray(picture.crop((left, top, left + 224, top + 224)), np.float32) / 127.5 - 1
    return x.transpose(2, 0, 1)[None]


@pytest.fixture
def mobilenet(testdata: Path, tmp_path: Path) -> tuple[ModelCard, Path]:
    card = load_catalog()["mobilenet-v2-coral"]
    path = Store(tmp_path, testdata / "models").find(card.files[0])
    assert path
    return card, path


def differences(card: ModelCard, path: Path, spec: InputSpec, pictures: list[Path]) -> tuple[list[str], float]:
    """The pictures on which the first label differs, and the largest difference of a probability."""
    net = load_backend("onnxruntime", path, Engine(threads=2))
    preprocess = Preprocessor(spec)
    others, largest = [], 0.0
    for picture in pictures:
        pixels = cv2.imread(str(picture))
        ours = net.run(preprocess(Frame(pixels, 0, 0.0))[0])[0].reshape(-1)
        theirs = net.run(torchvision_input(picture))[0].reshape(-1)
        largest = max(largest, float(np.abs(ours - theirs).max()))
        if ours.argmax() != theirs.argmax():
            others.append(picture.name)
    return others, largest


def photos(testdata: Path) -> list[Path]:
    return sorted(p for p in (testdata / "images").iterdir() if not p.name.startswith("digit"))


def test_mobilenet_v2_answers_as_with_torchvisions_transform(testdata, mobilenet, record_property):
    card, path = mobilenet
    spec = replace(card.input, fit="crop", share=0.875, resample="antialias")
    others, largest = differences(card, path, spec, photos(testdata))
    record_property("largest probability difference", largest)
    assert others == []
    assert largest <= LARGEST


def shift(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How far the quarters of two pictures (1, 3, 224, 224) lie apart, px: another part or another size shows."""
    window = cv2.createHanningWindow((112, 112), cv2.CV_32F)
    quarters = [np.s_[y : y + 112, x : x + 112] for y in (0, 112) for x in (0, 112)]
    grey = [np.ascontiguousarray(picture[0].mean(axis=0), np.float32) for picture in (ours, theirs)]
    found = [
        cv2.phaseCorrelate(*(np.ascontiguousarray(one[quarter]) for one in grey), window)[0] for quarter in quarters
    ]
    return float(np.abs(found).max())


def test_the_part_is_torchvisions(testdata, mobilenet):
    spec = replace(mobilenet[0].input, fit="crop", share=0.875, resample="antialias")
    for picture in photos(testdata):
        ours = Preprocessor(spec)(Frame(cv2.imread(str(picture)), 0, 0.0))[0]
        assert shift(ours, torchvision_input(picture)) <= SHIFT, picture.name


@pytest.mark.parametrize("other", [{"share": 0.86}, {"share": 0.89}, {"share": 1.0}, {"fit": "stretch"}])
def test_another_part_would_be_seen(testdata, mobilenet, other):
    spec = replace(mobilenet[0].input, **{"fit": "crop", "share": 0.875, "resample": "antialias", **other})
    picture = testdata / "images" / "cat.jpg"
    ours = Preprocessor(spec)(Frame(cv2.imread(str(picture)), 0, 0.0))[0]
    assert shift(ours, torchvision_input(picture)) > SHIFT


def test_the_comparison_sees_another_colour_order(testdata, mobilenet):
    card, path = mobilenet
    spec = replace(card.input, fit="crop", share=0.875, resample="antialias", order="BGR")
    others, largest = differences(card, path, spec, photos(testdata))
    assert others
    assert largest > LARGEST


@pytest.mark.parametrize(
    ("size", "share", "crop"),
    [
        ((256, 256), 0.875, (16, 16, 240, 240)),
        ((256, 512), 0.875, (144, 16, 368, 240)),
        ((512, 256), 0.5, (64, 192, 192, 320)),
        ((1, 1), 0.1, (0, 0, 1, 1)),
    ],
)
def test_a_share_keeps_the_middle(size, share, crop):
    spec = InputSpec((224, 224), fit="crop", share=share)
    assert place(size, spec).crop == crop
    assert Preprocessor(spec)(frame(*size))[0].shape == (1, 3, 224, 224)


def test_a_share_changes_nothing_but_a_crop():
    assert place((100, 200), InputSpec((50, 50), share=0.5)) == place((100, 200), InputSpec((50, 50)))
