"""Every architecture of the talk has a card, and every card says what a user wants to know before choosing it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from inference.decode import CLASSIFIERS, DETECTORS
from models.card import ModelCard
from models.catalog import load_catalog, read_labels

CATALOG = load_catalog()

# As the talk names it: its cards.
TALK = {
    "MobileNet v1": ["mobilenet-v1"], "MobileNet v2": ["mobilenet-v2"],
    "MobileNet v3": ["mobilenet-v3-small", "mobilenet-v3-large"],
    "Inception v1": ["inception-v1"], "Inception v3": ["inception-v3"],
    "ResNet": ["resnet18", "resnet50"], "VGG": ["vgg16", "vgg19"], "SqueezeNet": ["squeezenet1.1"],
    "AlexNet": ["alexnet"], "DenseNet": ["densenet121"], "ShuffleNet v2": ["shufflenet-v2"],
    "EfficientNet-Lite": ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"], "MNIST": ["mnist"],
    "YOLOv2": ["yolov2-tiny"], "YOLOv3": ["yolov3-tiny", "yolov3"], "YOLOv4": ["yolov4"],
    "Yolo-Fastest": ["yolo-fastest-1.1", "yolo-fastest-1.1-xl"], "YOLOX": ["yolox-nano", "yolox-s"],
    "SSD": ["ssd-mobilenet-v1", "ssd-resnet34"], "R-CNN": ["faster-rcnn"], "RetinaNet": ["retinanet"],
}  # fmt: skip
NAMES = sorted({name for names in TALK.values() for name in names})
WITHOUT_COST = {"retinanet"}   # nobody has published its multiply-adds at this size


def lacks(card: ModelCard) -> list[str]:
    """What a user would miss in a card."""
    wanted = ("title", "family", "year", "paper", "about", "licence", "source")
    found = [key for key in wanted if not getattr(card, key)]
    found += [key for key in ("parameters", "gmacs") if not getattr(card, key) and card.name not in WITHOUT_COST]
    if not card.paper.startswith("https://"):
        found.append("paper")
    if not card.files:
        found.append("files")
    for file in card.files:
        if len(file.sha256) != 64 or set(file.sha256) - set("0123456789abcdef") or file.bytes <= 0:
            found.append(f"sha256 of {file.name}")
    if card.decoder not in (CLASSIFIERS if card.task == "classify" else DETECTORS):
        found.append("decoder")
    if card.accuracy and not (card.accuracy.dataset and card.accuracy.recipe):
        found.append("recipe of its accuracy")
    if not read_labels(card):
        found.append("labels")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_everything(name: str) -> None:
    assert not lacks(CATALOG[name])


@pytest.mark.parametrize(
    ("key", "value"),
    [("year", 0), ("about", ""), ("parameters", 0), ("licence", ""), ("files", ()), ("decoder", "nothing"),
     ("paper", "a book")],
)  # fmt: skip
def test_the_walk_finds_what_is_missing(key: str, value: object) -> None:
    assert lacks(replace(CATALOG["vgg16"], **{key: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_as_many_as_the_form_says(name: str) -> None:
    card = CATALOG[name]
    count = len(read_labels(card))
    assert str(count) in card.labels or card.labels in ("digits.txt",)


def test_figures_of_torchvision_are_torchvisions(testdata: Path) -> None:
    """Where a card gives an accuracy of torchvision's own weights, it is the one in their list."""
    facts = testdata.parent / "facts" / "torchvision_weights.json"
    if not facts.is_file():
        pytest.skip("the list is not here")
    text = json.dumps(json.loads(facts.read_text(encoding="utf-8")))
    told = [c for c in CATALOG.values() if c.accuracy and "torchvision" in c.accuracy.recipe and c.accuracy.top1]
    assert told
    for card in told:
        assert card.accuracy is not None
        assert f"{card.accuracy.top1:g}" in text, card.name
