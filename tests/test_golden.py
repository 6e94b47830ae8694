"""Every model answers the recorded pictures as recorded, within the tolerance that its card states."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np
import pytest

from inference.backends import Engine
from inference.data import Ask, Classification, Detections, Frame, Prediction
from inference.errors import BackendError
from inference.recogniser import Recogniser
from models import ModelCard, load_catalog
from models.catalog import CARDS as CARDS_FOLDER
from models.store import Store

ENGINE = Engine(threads=2)
CARDS = {name: card for name, card in load_catalog(CARDS_FOLDER).items() if card.golden}
# The recorded boxes: scores above 0.4, suppressed at 0.5.
CONFIDENCE, IOU = 0.4, 0.5
ROUNDING, PX = 0.0005, 0.5   # of the recorded scores, and of the recorded edges


@cache
def golden(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "GOLDEN.json").read_text(encoding="utf-8"))


def network(card: ModelCard, folder: Path) -> Path:
    """The ONNX file of a card, from the test models; skips where its files are not among them."""
    store = Store(mirror=folder, offline=True)
    missing = [file.name for file in card.files if store.find(file) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} of {card.name} is not among the test models")
    if card.format == "onnx":
        path = store.find(card.files[0])
        assert path is not None
        return path
    from inference.intake.provide import ready

    return ready(card, store, lambda *_: None, Event())


def picture(folder: Path, name: str) -> Frame:
    pixels = cv2.imread(str(folder / "images" / name), cv2.IMREAD_COLOR)
    assert pixels is not None, name
    return Frame(pixels, 0, 0.0)


def ask(labels: int) -> Ask:
    return Ask(topk=labels, confidence=CONFIDENCE, iou=IOU)


def differences(card: ModelCard, frame: Frame, found: Prediction, wanted: Any) -> list[str]:
    """What is not as recorded, in words; empty when all is."""
    assert card.golden is not None
    if isinstance(found, Classification):
        return _label_differences(found, wanted, card.golden.score)
    return _box_differences(found, wanted, frame, card.golden.score + ROUNDING, card.golden.box + PX)


def _label_differences(found: Classification, wanted: Any, most: float) -> list[str]:
    if isinstance(wanted, int):   # a digit
        return [] if found.labels[0] == str(wanted) else [f"{wanted} → {found.labels[0]}"]
    bad = []
    scores = dict(zip(found.indices, found.scores.tolist(), strict=True))
    names = dict(zip(found.indices, found.labels, strict=True))
    for place, (index, label, score) in enumerate(wanted):
        if names[index] != label:
            bad.append(f"label {index} is called {names[index]!r}, not {label!r}")
        if abs(scores[index] - score) > most:
            bad.append(f"{label}: {score} → {scores[index]:.4f}")
        # The order may differ only among answers that are as good as equal.
        if found.indices[place] != index and abs(float(found.scores[place]) - score) > most:
            bad.append(f"place {place}: {label} → {found.labels[place]}")
    return bad


def _box_differences(found: Detections, wanted: Any, frame: Frame, score_most: float, box_most: float) -> list[str]:
    bad = []
    height, width = frame.pixels.shape[:2]
    left = set(range(len(found.labels)))
    for label, score, (x, y, w, h) in wanted:
        edges = np.clip([x, y, x + w, y + h], 0, [width, height, width, height])
        near = [
            i for i in left
            if found.labels[i] == label
            and abs(float(found.scores[i]) - score) <= score_most
            and np.abs(found.boxes[i] - edges).max() <= box_most
        ]
        if near:
            left.remove(min(near, key=lambda i: float(np.abs(found.boxes[i] - edges).max())))
        elif score > CONFIDENCE + score_most:   # on the very threshold a box may be on either side
            bad.append(f"no {label} {score} at {edges.tolist()}")
    bad += [
        f"a {found.labels[i]} {found.scores[i]:.3f} at {found.boxes[i].round().tolist()} too many"
        for i in left
        if found.scores[i] > CONFIDENCE + score_most
    ]
    return bad


def judge(recogniser: Recogniser, card: ModelCard, folder: Path) -> dict[str, list[str]]:
    """The differences of every recorded picture that has any."""
    assert card.golden is not None
    wanted = golden(folder)[card.golden.key]
    assert wanted, "a golden entry without pictures proves nothing"
    bad = {}
    for name, answers in wanted.items():
        frame = picture(folder, name)
        found = recogniser(frame, ask(len(recogniser.labels))).prediction
        if wrong := differences(card, frame, found, answers):
            bad[name] = wrong
    return bad


@pytest.mark.parametrize("name", CARDS)
def test_answers_as_recorded(name: str, testdata: Path, record_property: Callable[[str, object], None]) -> None:
    card = CARDS[name]
    record_property("golden", name)   # counted at the end of the run, see conftest.py
    assert judge(Recogniser(card, network(card, testdata), "onnxruntime", ENGINE), card, testdata) == {}


@pytest.mark.parametrize("name", CARDS)
def test_opencv_answers_as_recorded(name: str, testdata: Path) -> None:
    card = CARDS[name]
    path = network(card, testdata)
    if card.precision == "int8":   # refused, for it would answer something else
        with pytest.raises(BackendError, match="8 bits"):
            Recogniser(card, path, "opencv", ENGINE)
        return
    assert judge(Recogniser(card, path, "opencv", ENGINE), card, testdata) == {}


@pytest.mark.parametrize("name", ["mobilenet-v2-coral", "ssd-mobilenet-v1-raw", "resnet8-cifar10"])
def test_wrong_colour_order_is_noticed(name: str, testdata: Path) -> None:
    card = CARDS[name]
    wrong = replace(card, input=replace(card.input, order="BGR"))
    assert judge(Recogniser(wrong, network(card, testdata), "onnxruntime", ENGINE), card, testdata)


def test_wrong_anchors_are_noticed(testdata: Path) -> None:
    card = CARDS["ssd-mobilenet-v1-raw"]
    wrong = replace(card, options={})   # the ideal anchors, not the rounded ones that it holds
    assert judge(Recogniser(wrong, network(card, testdata), "onnxruntime", ENGINE), card, testdata)


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card.task == "classify"])
def test_live_pixels_keep_the_label(name: str, testdata: Path) -> None:
    """The fast way to shrink a picture, used while it moves, must not change a clear answer."""
    card = CARDS[name]
    assert card.golden is not None
    recogniser = Recogniser(card, network(card, testdata), "onnxruntime", ENGINE, live=True)
    for name, answers in golden(testdata)[card.golden.key].items():
        best = recogniser(picture(testdata, name), Ask(topk=1)).prediction.labels[0]
        if isinstance(answers, int):
            assert best == str(answers), name
        elif answers[0][2] - answers[1][2] > 0.1:
            assert best == answers[0][1], name


@pytest.mark.parametrize("name", ["digit_8.png", "digit_9.bmp"])
def test_ink_on_paper_is_read_like_chalk(name: str, testdata: Path) -> None:
    card = CARDS["mnist"]
    recogniser = Recogniser(card, network(card, testdata), "onnxruntime", ENGINE)
    chalk = picture(testdata, name)
    paper = Frame(cv2.bitwise_not(chalk.pixels), 0, 0.0)
    assert recogniser(paper, Ask()).prediction.labels == recogniser(chalk, Ask()).prediction.labels


def test_every_recorded_network_of_this_form_has_a_card(testdata: Path) -> None:
    recorded = {key for key in golden(testdata) if key.endswith(".onnx")}
    assert recorded - {card.golden.key for card in CARDS.values() if card.golden} == set()


# ---- the judge itself ----

BLANK = Frame(np.zeros((100, 200, 3), np.uint8), 0, 0.0)
CLASSES = CARDS["mobilenet-v2-coral"]
BOXES = CARDS["yolox-nano"]


def _classified(*pairs: tuple[int, float]) -> Classification:
    return Classification(
        tuple("abc"[i] for i, _ in pairs), np.array([s for _, s in pairs], np.float32), tuple(i for i, _ in pairs)
    )


def _found(*boxes: tuple[str, float, list[float]]) -> Detections:
    return Detections(
        np.array([b for _, _, b in boxes], np.float32).reshape(-1, 4),
        np.array([s for _, s, _ in boxes], np.float32),
        tuple(name for name, _, _ in boxes),
    )


WANTED_LABELS = [[1, "b", 0.7], [0, "a", 0.2]]
WANTED_BOX = [["dog", 0.8, [10, 20, 30, 40]]]


@pytest.mark.parametrize(
    ("card", "found", "wanted", "good"),
    [
        (BOXES, _found(), [], True),
        (BOXES, _found(), WANTED_BOX, False),
        (BOXES, _found(("dog", 0.8, [10, 20, 40, 60])), [], False),
        (BOXES, _found(("dog", 0.8, [10, 20, 40, 60])), WANTED_BOX, True),
        (BOXES, _found(("cat", 0.8, [10, 20, 40, 60])), WANTED_BOX, False),
        (BOXES, _found(("dog", 0.81, [10, 20, 40, 60])), WANTED_BOX, False),
        (BOXES, _found(("dog", 0.8, [10, 20, 40, 64])), WANTED_BOX, False),
        (BOXES, _found(("dog", 0.4002, [0, 0, 9, 9])), [], True),
        (CLASSES, _classified((1, 0.7), (0, 0.2), (2, 0.1)), WANTED_LABELS, True),
        (CLASSES, _classified((0, 0.7), (1, 0.2), (2, 0.1)), WANTED_LABELS, False),
        (CLASSES, _classified((1, 0.7), (2, 0.25), (0, 0.2)), WANTED_LABELS, False),
        (CLASSES, _classified((1, 0.7), (2, 0.2002), (0, 0.2)), WANTED_LABELS, True),
        (CLASSES, _classified((1, 0.71), (0, 0.2), (2, 0.1)), WANTED_LABELS, False),
        (CLASSES, _classified((1, 0.7), (0, 0.2), (2, 0.1)), [[1, "x", 0.7]], False),
    ],
)
def test_the_judge(card: ModelCard, found: Prediction, wanted: Any, good: bool) -> None:
    assert (differences(card, BLANK, found, wanted) == []) is good
