"""TensorFlow Lite files on LiteRT: floats and whole numbers, labels, and what is wrong with files."""

import sys
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from make import plain

pytest.importorskip("ai_edge_litert", reason="the extra is not installed")

from tflite_files import write_tflite

from inference.backends import Engine, load_backend, usual_backend
from inference.data import Ask, Classification
from inference.errors import BackendError, LabError
from inference.intake.adding import add, remove
from inference.intake.propose import propose
from inference.intake.provide import ready
from inference.recogniser import Recogniser
from models.catalog import load_catalog
from models.store import Store

WEIGHTS = np.array([[4, 0, 0], [0, 4, 0], [0, 0, 4]], np.float32)   # red, green, blue
COLOURS = ["red", "green", "blue"]


def softmaxed(z: np.ndarray) -> np.ndarray:
    p = np.exp(z - z.max())
    return p / p.sum()


def test_it_computes_what_the_file_says(tmp_path: Path) -> None:
    net = load_backend("litert", write_tflite(tmp_path / "a.tflite", WEIGHTS), Engine(threads=1))
    assert net.input_shape == (1, 8, 8, 3)
    x = np.random.default_rng(3).uniform(0, 1, (1, 8, 8, 3)).astype(np.float32)
    (found,) = net.run(x)
    assert found[0] == pytest.approx(softmaxed(WEIGHTS @ x.mean(axis=(0, 1, 2))), abs=1e-5)


QUANTISED = [(1 / 255, -128, "0..1"), (2 / 255, 0, "-1..1"), (1.0, -128, "0..255")]


@pytest.mark.parametrize(("scale", "zero", "values"), QUANTISED)
def test_whole_numbers_stand_for_floats(scale: float, zero: int, values: str, tmp_path: Path) -> None:
    weights = WEIGHTS / (255 if values == "0..255" else 1)
    path = write_tflite(tmp_path / "q.tflite", weights, quantised=(scale, zero))
    found = propose([path], tmp_path)
    assert (found.card.format, found.card.precision, found.card.input.range) == ("tflite", "int8", values)
    assert "input.range" not in found.card.guessed   # the file says it
    network = Recogniser(found.card, path, "litert", Engine(threads=1), labels=found.labels)
    answer = network(plain(16, 16, (0, 0, 250)), Ask()).prediction   # red
    assert isinstance(answer, Classification)
    assert answer.indices[0] == 0
    level = {"0..1": 250 / 255, "-1..1": 2 * 250 / 255 - 1, "0..255": 250 / 255}[values]
    rest = -1.0 if values == "-1..1" else 0.0
    assert answer.scores[0] == pytest.approx(softmaxed(WEIGHTS @ np.array([level, rest, rest]))[0], abs=0.01)


def test_a_file_is_added_with_the_labels_packed_behind_it_and_removed(tmp_path: Path) -> None:
    store = Store()
    path = write_tflite(tmp_path / "colours.tflite", WEIGHTS, labels=COLOURS)
    card = add([path], store)
    assert usual_backend(card) == "litert"
    assert load_catalog()[card.name] == card
    network = Recogniser(card, ready(card, store, lambda *_: None, Event()), "litert", Engine(threads=1))
    answer = network(plain(16, 16, (0, 250, 0)), Ask()).prediction
    assert answer.labels[0] == "green"
    remove(card, store, load_catalog())
    assert store.find(card.files[0]) is None


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x1c\0\0\0TFL3" + bytes(200)])
def test_what_is_no_model_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(LabError, match=r"bad\.tflite"):
        add([path], Store())


def test_without_the_extra_the_sentence_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tflite(tmp_path / "a.tflite", WEIGHTS)
    monkeypatch.delitem(sys.modules, "inference.backends.litert", raising=False)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)   # as where it is not installed
    with pytest.raises(BackendError, match="LiteRT is not available") as caught:
        propose([path], tmp_path)
    assert caught.value.hint == "pip install ai-edge-litert"
