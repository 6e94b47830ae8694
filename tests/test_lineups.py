"""Line-ups by name, the addresses behind them, and the sizes that cards may claim."""

import json
from dataclasses import replace
from pathlib import Path

import misbehaving as bad
import pytest

import app
import models.fetch
from inference.intake.inventory import missing_of
from inference.options import Options, WrongUse, lane_specs, named
from models.card import ModelCard, ModelFile
from models.catalog import CARDS, line_up, load_catalog
from models.lineups import expanded, line_ups
from models.store import Store
from models.user_cards import to_toml

CATALOG = load_catalog(CARDS)
NUMBERS = {"fp32": 4, "fp16": 2, "int8": 1, "w8": 1}   # bytes of each

# What the talk is about: at least one network of each must be had on an ordinary computer.
TALK = {
    "MNIST": ["mnist"], "VGG": ["vgg16", "vgg19"], "Inception": ["inception-v1", "inception-v3"],
    "ResNet": ["resnet18", "resnet50"], "MobileNet": ["mobilenet-v1", "mobilenet-v2", "mobilenet-v3-large"],
    "YOLO": ["yolox-nano", "yolo-fastest-1.1", "yolov3-tiny", "yolov4"], "SSD": ["ssd-mobilenet-v1", "ssd-resnet34"],
    "SqueezeNet": ["squeezenet1.1"],
}  # fmt: skip
FAMOUS = ("mobilenet-v2", "inception-v1", "resnet50", "yolox-nano")


# ---- names ----


def test_no_line_up_is_called_like_a_network() -> None:
    assert set(line_ups()).isdisjoint(CATALOG)
    assert {"talk", "builtin", "digits", "detectors", "classifiers"} <= set(line_ups())


@pytest.mark.parametrize("name", line_ups())
def test_a_line_up_names_networks_that_can_be_had(name: str, tmp_path: Path) -> None:
    chosen = line_ups()[name]
    assert 2 <= len(chosen.models) <= 9
    here = Store(cache=tmp_path, mirror=tmp_path)
    assert all(CATALOG[model].fetchable or not here.missing(CATALOG[model]) for model in chosen.models)
    tasks = {CATALOG[model].task for model in chosen.models}
    assert name not in ("detectors", "classifiers") or len(tasks) == 1


def test_the_built_in_line_up_is_that_of_the_first_start() -> None:
    assert line_ups()["builtin"].models == line_up(CATALOG)
    assert line_ups()["talk"].models == FAMOUS


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([], ()),
        (["vgg16"], ("vgg16",)),
        (["talk"], FAMOUS),
        (["talk", "vgg16"], (*FAMOUS, "vgg16")),
        (["talk@opencv:2"], tuple(f"{name}@opencv:2" for name in FAMOUS)),
    ],
)
def test_a_line_up_becomes_its_networks(names: list[str], wanted: tuple[str, ...]) -> None:
    assert expanded(names) == wanted


def test_lanes_and_verbs_take_line_ups() -> None:
    specs = lane_specs(Options(), ["talk@onnxruntime:2", "mnist"], CATALOG)
    assert [(spec.model, spec.threads) for spec in specs] == [*((name, 2) for name in FAMOUS), ("mnist", 0)]
    assert [card.name for card in named(["talk", "yolox-nano"], CATALOG)] == list(FAMOUS)
    with pytest.raises(WrongUse) as caught:
        lane_specs(Options(), ["tallk"], CATALOG)
    assert caught.value.hint == "Did you mean 'talk'?"


# ---- addresses ----


@pytest.mark.parametrize("family", TALK)
def test_every_architecture_of_the_talk_can_be_had(family: str) -> None:
    assert all(CATALOG[name].fetchable for name in TALK[family])


def test_an_address_is_one() -> None:
    for card in CATALOG.values():
        for file in card.files:
            assert all(url.startswith("https://") and url.count("/") >= 4 for url in file.urls), card.name
            assert len(set(file.urls)) == len(file.urls)


def test_sizes_and_hashes_are_those_of_the_lists(testdata: Path) -> None:
    """Where a zoo has published the size and the sha256 of a file, the card states them."""
    facts: dict[str, tuple[int, str]] = {}
    for name in ("onnx_model_zoo.tsv", "opencv_zoo.tsv"):
        for line in (testdata.parent / "facts" / name).read_text(encoding="utf-8").splitlines()[1:]:
            path, size, sha = line.split("\t")
            facts[path.rpartition("/")[2]] = int(size), sha
    seen = 0
    for card in CATALOG.values():
        for file in card.files:
            for url in file.urls:
                if (last := url.rpartition("/")[2]) in facts and "huggingface.co/" in url:
                    seen += 1
                    assert facts[last] == (file.bytes, file.sha256), f"{card.name}: {url}"
    assert seen >= 15


def test_more_addresses_survive_a_card_of_ones_own() -> None:
    assert 'more_urls = ["https://huggingface.co/opencv' in to_toml(CATALOG["mobilenet-v2"])


def stand_in(name: str, other: str, file: Path) -> ModelCard:
    """The card of a network with its addresses, for another file of the same architecture, read as that one is."""
    real = CATALOG[name].files[0]
    known = CATALOG[other].files[0]
    same = replace(real, sha256=known.sha256, bytes=known.bytes)
    assert file.stat().st_size == known.bytes
    return replace(CATALOG[other], name=name, files=(same,), golden=None)


STAND_INS = {   # whose own bytes are on no machine here
    "mobilenet-v2": ("mobilenet-v2-coral", "mobilenet/mobilenet_v2_1.0_224_float_nchw.onnx"),
    "inception-v1": ("inception-v1-google", "inception/inception_v1_imagenet_fp32.onnx"),
    "resnet50": ("resnet50-pruned", "resnet/resnet50_v1_imagenet_int8w.onnx"),
    "yolox-nano": ("yolox-nano", "yolo/yolox_nano.onnx"),
}


def test_the_famous_four_are_fetched_verified_and_answer(
    testdata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a server that plays the hosts of their addresses; the first address of MobileNet is down."""
    cards = tmp_path / "config" / "cards"
    cards.mkdir(parents=True)
    with bad.serving() as server:
        for name, (other, path) in STAND_INS.items():
            card = stand_in(name, other, testdata / "models" / path)
            (cards / f"{name}.toml").write_text(to_toml(card), encoding="utf-8")
            last = card.files[0].urls[-1].removeprefix("https:/")
            server.routes[last] = bad.cut((testdata / "models" / path).read_bytes(), 0, times=0)
        monkeypatch.setattr(models.fetch, "endpoint_of", lambda url: server.url + url.removeprefix("https:/"))
        assert app.main(["models", "get", "talk"]) == 0
        assert "MobileNet v2" in capsys.readouterr().out
        asked = [path for path in server.paths() if "mobilenet" in path]
        assert [path.rpartition("/")[2] for path in asked] == [
            "mobilenetv2-12.onnx", "image_classification_mobilenetv2_2022apr.onnx",
        ]  # fmt: skip
    report = tmp_path / "answers.json"
    picture = str(testdata / "images" / "two_dogs.jpg")
    assert app.main(["predict", picture, "--models", "talk", "--offline", "--json", str(report)]) == 0
    (found,) = json.loads(report.read_text(encoding="utf-8"))["pictures"]
    best = {row["model"]: row["labels"][0] for row in found["models"]}
    assert set(best) == set(FAMOUS)
    assert best["yolox-nano"] == "dog"
    assert all(label for label in best.values())


# ---- what a card may claim ----


def too_small(card: ModelCard) -> bool:
    """Whether the files have no room for the parameters that the card claims."""
    return card.bytes < card.parameters * NUMBERS[card.precision]


@pytest.mark.parametrize("name", [name for name, card in CATALOG.items() if card.trained])
def test_the_files_have_room_for_the_parameters(name: str) -> None:
    assert not too_small(CATALOG[name])


def test_a_card_that_belongs_to_another_network_is_noticed() -> None:
    """As the zoo's SqueezeNet "1.0" did: the figures of 1.0 over a file of 1.1."""
    assert too_small(replace(CATALOG["squeezenet1.1-zoo"], parameters=1_248_424))


def test_what_is_missing_is_counted_once(tmp_path: Path) -> None:
    cards = [CATALOG[name] for name in FAMOUS]
    found = missing_of(cards, Store(tmp_path / "cache"))
    assert found.models == tuple(cards)
    assert found.bytes == sum(card.bytes for card in cards)
    both = missing_of([CATALOG["yolov3-tiny"]], Store(tmp_path / "cache"))   # two files of one package
    assert both.bytes == 65_806_804
    assert missing_of([replace(CATALOG["mnist"], files=())], Store(tmp_path / "cache")) == ((), 0)
    assert ModelFile("a", "0" * 64, 1).urls == ()
