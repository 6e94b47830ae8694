"""The recipe finder: right on real networks whose recipe is hidden from it, and honest where nobody can know."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
from make import card, tiny_onnx

from inference.backends import Engine, usual_backend
from inference.data import Classification, Detections, Frame
from inference.errors import LabError
from inference.intake.candidates import recipes
from inference.intake.finder import LEAST, Finding, find_recipe, score_of, settled, slack_of, steadiness, telling
from inference.intake.finding import find, told
from inference.intake.known import Known, known_examples, known_samples
from inference.intake.propose import propose
from inference.preprocess import place
from inference.recogniser import Recogniser
from models.card import InputSpec, ModelCard
from models.catalog import load_catalog, read_labels
from models.errors import Cancelled

CATALOG = load_catalog()
OPEN = ("input.order", "input.range", "input.mean", "input.std", "input.fit")


def hidden(name: str, testdata: Path, folder: Path) -> tuple[Recogniser, ModelCard]:
    """A real network as it is proposed, its recipe guessed; and the card that knows it."""
    right = CATALOG[name]
    files = [path for file in right.files for path in (testdata / "models").rglob(file.name)]
    found = propose(files, folder)
    network = Recogniser(found.card, found.network, usual_backend(found.card), Engine(2), labels=found.labels or None)
    return network, right


@pytest.mark.parametrize("name", ["mobilenet-v2-coral", "squeezenet1.1-caffe", "inception-v1-google", "yolox-nano"])
def test_the_right_order_and_numbers_are_found(name: str, testdata: Path, tmp_path: Path) -> None:
    network, right = hidden(name, testdata, tmp_path)
    finding = find(network)
    spec = finding.chosen.input
    assert finding.known
    assert finding.found
    order_alike = any("BGR" in title or "RGB" in title for title in finding.alike) and right.task == "detect"
    assert spec.order == right.input.order or order_alike
    assert spec.range == right.input.range
    assert np.abs(np.subtract(spec.mean, right.input.mean)).max() < 20   # 117 of each colour is Caffe's mean, nearly
    card_now = settled(network.card, finding)
    assert not {"input.range", "input.mean", "input.std"} & set(card_now.guessed)
    assert card_now.input == spec


def test_a_wrong_recipe_is_seen(testdata: Path, tmp_path: Path) -> None:
    """The gate: a card that says BGR of a network that learnt RGB."""
    network, _ = hidden("mobilenet-v2-coral", testdata, tmp_path)
    wrong = replace(network.card.input, order="BGR", range="0..255", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    network.card = replace(network.card, input=wrong)
    finding = find(network, every=True)
    assert finding.chosen.input.order == "RGB"
    assert finding.chosen.input.range == "-1..1"
    assert finding.chosen.score > finding.usual.score + 0.3


def test_without_known_answers_it_is_a_guess(
    testdata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, right = hidden("squeezenet1.1-caffe", testdata, tmp_path)
    monkeypatch.setattr("inference.intake.finding.known_samples", lambda *_: [])
    finding = find(network)
    assert not finding.known
    assert (finding.chosen.input.order, finding.chosen.input.range) == (right.input.order, right.input.range)
    assert "a guess" in told(finding, network.card)
    assert settled(network.card, finding).guessed == network.card.guessed   # all is still named as guessed


def test_a_network_that_knows_nothing_says_so(tmp_path: Path) -> None:
    found = propose([tiny_onnx(tmp_path / "tiny.onnx", size=(96, 96), classes=1000)], tmp_path)
    network = Recogniser(found.card, found.network, "onnxruntime", Engine(1), labels=found.labels or None)
    finding = find(network)
    assert not finding.found
    assert "its recipe stays a guess" in told(finding, network.card)
    assert settled(network.card, finding) == network.card


# ---- the search itself, with answers by rule ----


def pictures(count: int = 8) -> list[Known]:
    pixels = np.zeros((40, 60, 3), np.uint8)
    return [Known(Frame(pixels, i, 0.0), frozenset({0})) for i in range(count)]


def answering(p: Callable[[InputSpec], float]) -> Callable[[Frame, InputSpec], Classification]:
    def answer(_frame: Frame, spec: InputSpec) -> Classification:
        return Classification(("right", "wrong"), np.array([p(spec), 1 - p(spec)], np.float32), (0, 1))

    return answer


GUESSED = card(guessed=OPEN, size=(8, 8))


def search(p: Callable[[InputSpec], float], count: int = 8, of: ModelCard = GUESSED) -> Finding:
    return find_recipe(of, answering(p), pictures(count))


def test_equals_keep_the_usual() -> None:
    finding = search(lambda spec: 0.91 if spec.range == "-1..1" else 0.9)
    assert finding.chosen is finding.usual
    assert "RGB · ±1" in finding.alike


def test_what_is_better_is_taken_with_its_margin() -> None:
    def p(spec: InputSpec) -> float:
        return 0.9 if spec.order == "BGR" and spec.mean != (0, 0, 0) and spec.range == "0..255" else 0.3

    finding = search(p)
    assert finding.chosen.title == "BGR · Caffe"
    assert finding.margin == pytest.approx(0.6)


def test_few_pictures_must_differ_by_more() -> None:
    def p(spec: InputSpec) -> float:
        return 0.56 if spec.range == "-1..1" else 0.5

    assert search(p, 3).chosen is search(p, 3).usual or search(p, 3).chosen.title == "RGB · 0–1"
    assert search(p, 8).chosen.title == "RGB · ±1"
    assert slack_of(3, known=True) > 0.06 > slack_of(8, known=True)


def test_only_what_was_guessed_is_tried() -> None:
    sure = card(guessed=("input.order",))
    finding = search(lambda spec: 0.9 if spec.order == "BGR" else 0.2, of=sure)
    assert sorted(t.title for t in finding.trials) == ["BGR", "RGB"]
    assert settled(sure, finding).guessed == ()


def test_the_order_stays_a_guess_where_both_are_as_good() -> None:
    finding = search(lambda spec: 0.9 if spec.range == "0..1" and spec.mean == (0, 0, 0) else 0.2)
    assert settled(GUESSED, finding).guessed == ("input.order",)


@pytest.mark.parametrize(("gain", "fit"), [(0.2, "letterbox"), (0.05, "stretch")])
def test_another_fit_must_be_clearly_better(gain: float, fit: str) -> None:
    finding = search(lambda spec: 0.6 + gain * (spec.fit == "letterbox"))
    assert finding.chosen.input.fit == fit


def test_grey_networks_may_want_the_picture_inverted() -> None:
    grey = card(order="GRAY", mean=(0.0,), std=(1.0,), guessed=("input.range", "input.invert"))
    finding = search(lambda spec: 0.9 if spec.invert == "auto" and spec.range == "0..255" else 0.1, of=grey)
    assert finding.chosen.input.invert == "auto"
    assert len(recipes(grey)) == 10


def test_bytes_are_given_as_they_are() -> None:
    assert list(recipes(card(dtype="uint8", guessed=OPEN))) == ["RGB", "BGR"]


def test_it_ends_in_time_and_when_told() -> None:
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        find_recipe(GUESSED, answering(lambda _: 0.9), pictures(), cancelled=cancelled)
    short = find_recipe(GUESSED, answering(lambda _: 0.9), pictures(40), seconds=0)
    assert short.pictures == 2   # as many as it takes to say anything


# ---- how right an answer is ----


def boxes(*found: tuple[int, float, tuple[float, ...]]) -> Detections:
    return Detections(
        np.array([b for *_, b in found], np.float32).reshape(-1, 4), np.array([s for _, s, _ in found], np.float32),
        tuple(str(c) for c, *_ in found), tuple(c for c, *_ in found),
    )  # fmt: skip


DOG = (10.0, 10.0, 30.0, 30.0)
KNOWN_DOG = Known(Frame(np.zeros((40, 60, 3), np.uint8), 0, 0.0), frozenset(), ((frozenset({3}), np.array(DOG)),))


@pytest.mark.parametrize(
    ("found", "score"),
    [
        (boxes((3, 0.8, DOG)), 0.8),
        (boxes((4, 0.8, DOG)), 0.0),                                # another class
        (boxes((3, 0.8, (30.0, 30.0, 40.0, 40.0))), 0.0),           # elsewhere
        (boxes((3, 0.8, DOG), (3, 0.6, DOG)), 0.8 / 1.3),           # one dog twice
        (boxes((3, 0.8, DOG), (3, 0.15, DOG)), 0.8),                # hardly seen
        (boxes(), 0.0),
    ],
)
def test_a_detector_is_right_as_far_as_it_finds_what_is_there(found: Detections, score: float) -> None:
    assert score_of(found, KNOWN_DOG) == pytest.approx(score)


def test_a_classifier_is_right_by_the_probability_of_any_right_label() -> None:
    found = Classification(("a", "b", "c"), np.array([0.5, 0.3, 0.2], np.float32), (5, 1, 2))
    known = Known(KNOWN_DOG.frame, frozenset({5, 2}))
    assert score_of(found, known) == pytest.approx(0.7)


def test_a_sure_answer_that_is_always_the_same_tells_nothing() -> None:
    same = [np.array([0.99, 0.01])] * 4
    other = [np.array(p) for p in ([0.99, 0.01, 0, 0], [0.01, 0.99, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0])]
    unsure = [np.full(4, 0.25)] * 4
    assert telling(same) == pytest.approx(0)
    assert telling(unsure) == pytest.approx(0)
    assert telling(other) > 0.95


def test_what_moves_with_the_picture_is_steady() -> None:
    mirrored = (30.0, 10.0, 50.0, 30.0)   # of a picture 60 px wide
    assert steadiness(boxes((3, 0.8, DOG)), boxes((3, 0.7, mirrored)), boxes(), width=60) == pytest.approx(0.8)
    assert steadiness(boxes((3, 0.8, DOG)), boxes((3, 0.7, DOG)), boxes(), width=60) < 0.2
    assert steadiness(boxes(), boxes(), boxes(), width=60) == 0


# ---- pictures with known answers ----


def test_the_samples_are_known_to_whoever_has_the_words() -> None:
    imagenet = read_labels(CATALOG["squeezenet1.1"])
    found = known_samples(imagenet, "classify")
    assert len(found) == 8
    assert all("espresso" in imagenet[i] or "cup" in imagenet[i] or "mug" in imagenet[i] for i in found[0].classes)
    shifted = known_samples(("background", *imagenet), "classify")
    assert [sorted(k.classes) for k in shifted] == [[i + 1 for i in sorted(k.classes)] for k in found]
    assert known_samples([f"class {i}" for i in range(1000)], "classify") == []
    assert len(known_samples(read_labels(CATALOG["resnet20-cifar10"]), "classify")) >= 4
    coco = read_labels(CATALOG["yolox-nano"])
    assert len(known_samples(coco, "detect")) == 7
    assert known_samples(("person", "dog"), "detect") == []   # one picture is none


def test_every_known_box_lies_in_its_picture() -> None:
    for known in known_samples(read_labels(CATALOG["yolox-nano"]), "detect"):
        height, width = known.frame.pixels.shape[:2]
        for _, box in known.boxes:
            assert 0 <= box[0] < box[2] <= width
            assert 0 <= box[1] < box[3] <= height


def examples(folder: Path) -> Path:
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            cv2.imwrite(str(folder / name / f"{i}.png"), np.full((20, 20, 3), 40 * i, np.uint8))
    return folder


def test_examples_in_folders_and_in_a_csv(tmp_path: Path) -> None:
    folder = examples(tmp_path / "in")
    labels = ("tabby, cat", "dog", "cow")
    assert [sorted(k.classes) for k in known_examples(folder, labels)] == [[0]] * 3 + [[1]] * 3
    table = folder / "answers.csv"
    table.write_text("picture,class\ncat/0.png,CAT\ndog/1.png,1\n\n", "utf-8")
    assert [sorted(k.classes) for k in known_examples(table, labels)] == [[0], [1]]


@pytest.mark.parametrize(
    ("text", "said"),
    [("cat/0.png,bird\n", "'bird', which the network has not"), ("../x.png,cat\n", "outside the folder"),
     ("", "names no picture"), ("cat/9.png,cat\n", "no file")],
)  # fmt: skip
def test_wrong_examples_are_said(text: str, said: str, tmp_path: Path) -> None:
    folder = examples(tmp_path / "in")
    table = folder / "answers.csv"
    table.write_text(text, "utf-8")
    with pytest.raises(LabError, match=said):
        known_examples(table, ("cat", "dog"))


def test_other_files_are_no_examples(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabError, match="no folder with pictures"):
        known_examples(tmp_path / "empty", ("cat",))
    with pytest.raises(LabError, match="no folder and no CSV"):
        known_examples(tmp_path / "nothing", ("cat",))


def test_candidates_place_the_picture_as_they_say() -> None:
    spec = InputSpec((8, 8), fit="crop", share=0.5)
    assert place((40, 60), spec).crop == (20, 10, 40, 30)
    assert LEAST > 0
