"""The built-in networks and the repository's own pictures, without anything beside the clone."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_golden import differences

from inference.backends import Engine
from inference.data import Ask, Detections, Frame
from inference.live.sources.synthetic import Reel, samples
from inference.picture_files import pictures_in, read_picture
from inference.places import SAMPLES
from inference.recogniser import Recogniser
from models import ModelCard, load_catalog, read_labels
from models.card import Golden
from models.catalog import CARDS

Network = Callable[[str], Path]

ENGINE = Engine(threads=2)
CATALOG = load_catalog(CARDS)
GOLDEN = json.loads(Path(__file__).with_name("golden_samples.json").read_text(encoding="utf-8"))
SMALLER = {"coffee.jpg"}   # has 600 px in the original; for the classifiers, who shrink it anyway

# What may be said of each picture: its subject, or where ImageNet or COCO has no word for it the nearest.
# None: no network here can know it, the failure to end on.
CLASSIFIERS: dict[str, set[str] | None] = {
    "citrus.jpg": {"lemon", "orange"},
    "kitten.jpg": {"tabby, tabby cat", "tiger cat", "Egyptian cat"},
    "wine.jpg": {"red wine", "wine bottle"},
    "dogs.jpg": {
        "cocker spaniel, English cocker spaniel, cocker", "Sussex spaniel", "clumber, clumber spaniel",
        "Welsh springer spaniel",
    },
    "osprey.jpg": {"kite", "bald eagle, American eagle, Haliaeetus leucocephalus"},   # birds of prey
    "coffee.jpg": {"espresso"},
    "heron.jpg": {"bittern", "little blue heron, Egretta caerulea"},                  # herons
    "honey-bee.jpg": {"bee"},
    "shrike.jpg": {"bulbul", "magpie", "chickadee", "jay"},                           # perching songbirds
    "spices.jpg": None,
}  # fmt: skip
DETECTOR: dict[str, set[str] | None] = {
    "citrus.jpg": {"orange"}, "kitten.jpg": {"cat"}, "wine.jpg": {"wine glass", "bottle"}, "dogs.jpg": {"dog"},
    "osprey.jpg": {"bird"}, "coffee.jpg": {"cup"}, "heron.jpg": {"bird"}, "honey-bee.jpg": None, "shrike.jpg": {"bird"},
    "spices.jpg": None,
}  # fmt: skip
CONFIDENCE = 0.25
MOMENTS = range(10, Reel.SHOT, 34)   # of a shot, past the fading


def picture(name: str) -> Frame:
    return Frame(read_picture(SAMPLES / name), 0, 0.0)


# ---- as other people's code answers ----


def wanted(card: ModelCard, recorded: Any) -> Any:
    """The recorded answers in the form that the judge of test_golden compares."""
    if card.task == "detect":
        return recorded
    labels = read_labels(card)
    return [[index, labels[index], score] for index, score in recorded]


def judge(recogniser: Recogniser, card: ModelCard) -> dict[str, list[str]]:
    """The differences of every sample that has any."""
    bad = {}
    for name, recorded in GOLDEN[card.name].items():
        ask = Ask(topk=len(recogniser.labels), confidence=0.4, iou=0.5)
        found = recogniser(picture(name), ask).prediction
        if wrong := differences(card, picture(name), found, wanted(card, recorded)):
            bad[name] = wrong
    return bad


def card_of(name: str) -> ModelCard:
    return replace(CATALOG[name], golden=Golden("samples", score=0.003, box=1.5))


def test_all_built_in_networks_are_recorded() -> None:
    assert set(GOLDEN) == {card.name for card in CATALOG.values() if card.lineup}
    for answers in GOLDEN.values():
        assert set(answers) == {path.name for path in pictures_in(SAMPLES)}
    found = sum(bool(boxes) for boxes in GOLDEN["yolov3-tiny"].values())
    assert found >= 5, "a detector that was recorded without boxes proves nothing"


@pytest.mark.parametrize("backend", ["onnxruntime", "opencv"])
@pytest.mark.parametrize("name", list(GOLDEN))
def test_the_samples_are_answered_as_by_other_code(name: str, backend: str, built_in: Network) -> None:
    card = card_of(name)
    assert judge(Recogniser(card, built_in(name), backend, ENGINE), card) == {}


@pytest.mark.parametrize("name", list(GOLDEN))
def test_a_wrong_order_of_colours_is_noticed(name: str, built_in: Network) -> None:
    card = card_of(name)
    other = "BGR" if card.input.order == "RGB" else "RGB"
    wrong = replace(card, input=replace(card.input, order=other))
    assert judge(Recogniser(wrong, built_in(name), "onnxruntime", ENGINE), wrong)


# ---- the reel convinces ----


def looks(reel: Reel, shot: int) -> Iterator[Frame]:
    """What the stage shows of one picture, along the reel's own pan and zoom."""
    for moment in MOMENTS:
        yield Frame(reel.frame(shot * Reel.SHOT + moment), 0, 0.0)


@cache
def answers(name: str, network: Path) -> list[list[tuple[str, ...]]]:
    """For each picture of the reel, what a network says at each moment: its best five, or its boxes."""
    recogniser, reel = Recogniser(CATALOG[name], network, "onnxruntime", ENGINE), Reel()
    reel.open()
    ask = Ask(topk=5, confidence=CONFIDENCE)
    return [[recogniser(look, ask).prediction.labels for look in looks(reel, shot)] for shot in range(len(samples()))]


def right(said: list[list[tuple[str, ...]]], meant: dict[str, set[str] | None]) -> list[str]:
    """The pictures of which something right is said at more than half of the moments."""
    good = []
    for (path, _), moments in zip(samples(), said, strict=True):
        words = meant[path.name] or set()
        if sum(bool(words & set(labels)) for labels in moments) * 2 > len(moments):
            good.append(path.name)
    return good


@pytest.mark.parametrize("name", ["squeezenet1.1", "efficientnet-lite0", "efficientnet-lite2"])
def test_the_classifiers_are_right_about_the_reel(name: str, built_in: Network) -> None:
    good = right(answers(name, built_in(name)), CLASSIFIERS)
    assert len(good) >= 8, good
    assert samples()[0][0].name in good
    assert samples()[-1][0].name not in good


def test_the_detector_is_right_about_the_reel(built_in: Network) -> None:
    good = right(answers("yolov3-tiny", built_in("yolov3-tiny")), DETECTOR)
    assert len(good) >= 6, good
    assert samples()[0][0].name in good


def test_answers_to_other_pictures_would_be_noticed() -> None:
    said = [[("stethoscope",)] * len(MOMENTS) for _ in samples()]
    assert right(said, CLASSIFIERS) == []
    assert right([[()] * len(MOMENTS) for _ in samples()], DETECTOR) == []
    half = [[("lemon",), ("hen",)] for _ in samples()]
    assert right(half, CLASSIFIERS) == []   # now and then is not enough


def test_every_word_that_counts_as_right_is_one_that_the_networks_have() -> None:
    imagenet, coco = (set(read_labels(CATALOG[name])) for name in ("squeezenet1.1", "yolov3-tiny"))
    assert set().union(*(words or () for words in CLASSIFIERS.values())) <= imagenet
    assert set().union(*(words or () for words in DETECTOR.values())) <= coco


def test_the_reel_shows_every_sample_large_credited_and_with_a_caption() -> None:
    listed = samples()
    names = [path.name for path, _ in listed]
    assert set(names) == {path.name for path in pictures_in(SAMPLES)} == set(CLASSIFIERS) == set(DETECTOR)
    assert 8 <= len(names) <= 10
    assert all(20 < len(caption) < 120 for _, caption in listed)
    credited = (SAMPLES / "CREDITS.md").read_text(encoding="utf-8")
    for name in names:
        row = next(line for line in credited.splitlines() if line.startswith(f"| {name} |"))
        assert re.search(r"CC0 1\.0|public domain|CC BY \d\.\d", row), name
        if "CC BY" in row:   # asks for what was changed
            assert "cropped" in row, name
        longest = max(np.shape(read_picture(SAMPLES / name, 10_000)))
        assert longest >= (600 if name in SMALLER else 1000), name
        assert longest <= 1600, name
    assert sum(path.stat().st_size for path, _ in listed) < 2_500_000


def test_the_caption_follows_the_picture() -> None:
    reel = Reel()
    reel.open()
    captions = [caption for _, caption in samples()]
    seen = []
    for _ in range(2 * Reel.SHOT):
        reel.read()
        seen.append(reel.caption)
    assert seen[0] == captions[0]
    assert seen[Reel.SHOT + 1] == captions[0]   # still fading
    assert seen[-1] == captions[1]


def test_boxes_are_what_the_detector_answers(built_in: Network) -> None:
    """The judge would compare nothing if a detector answered labels."""
    recogniser = Recogniser(CATALOG["yolov3-tiny"], built_in("yolov3-tiny"), "onnxruntime", ENGINE)
    assert isinstance(recogniser(picture("citrus.jpg"), Ask()).prediction, Detections)
