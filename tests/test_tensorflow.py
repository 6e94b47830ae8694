"""A frozen TensorFlow graph on the OpenCV backend, as it is."""

import zipfile
from dataclasses import replace
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from inference.backends import Engine, load_backend, usual_backend
from inference.backends.bundle import unbundle
from inference.data import Ask, Detections, Frame, LaneSpec
from inference.errors import BackendError, ImportFailed
from inference.intake.importers import convert
from inference.intake.provide import loader, ready
from inference.recogniser import Recogniser
from models.card import InputSpec, ModelCard, ModelFile
from models.catalog import user_cards
from models.hashes import sha256_of
from models.store import Store


@pytest.fixture
def face(testdata: Path) -> tuple[ModelCard, Store]:
    folder = testdata / "models" / "ssd"
    paths = [folder / "opencv_face_detector_uint8.pb", folder / "opencv_face_detector.pbtxt"]
    spec = InputSpec(
        (300, 300), order="BGR", range="0..255", mean=(104.0, 177.0, 123.0), resample="linear"
    )
    card = ModelCard(
        name="face", title="Face", family="SSD", task="detect", decoder="ssd-caffe", labels="face.txt", input=spec,
        files=tuple(ModelFile(path.name, sha256_of(path), path.stat().st_size) for path in paths),
        licence="Apache-2.0", source="testdata", format="tensorflow",
    )  # fmt: skip
    user_cards().mkdir(parents=True)
    (user_cards() / "face.txt").write_text("face\n", encoding="utf-8")
    return card, Store(mirror=folder)


def test_a_face_is_found_where_it_is(face: tuple[ModelCard, Store], testdata: Path) -> None:
    card, store = face
    path = ready(card, store, lambda _words, _part: None, Event())
    assert path.suffix == ".tensorflow"
    recognise = Recogniser(card, path, usual_backend(card), Engine())
    picture = cv2.imread(str(testdata / "images" / "grace_hopper.jpg"))
    found = recognise(Frame(picture, 0, 0.0), Ask(confidence=0.5)).prediction
    assert isinstance(found, Detections)
    assert found.labels == ("face",)
    np.testing.assert_allclose(found.boxes[0], (184, 124, 184 + 168, 124 + 209), atol=6)
    nobody = cv2.imread(str(testdata / "images" / "cat.jpg"))
    assert len(recognise(Frame(nobody, 0, 0.0), Ask(confidence=0.5)).prediction.labels) == 0


def test_another_backend_is_refused_before_anything_is_loaded(face: tuple[ModelCard, Store]) -> None:
    card, store = face
    with pytest.raises(BackendError, match="ONNX Runtime does not read") as caught:
        loader({"face": card}, store)(LaneSpec("face"), Engine)
    assert "face@opencv" in caught.value.hint


def test_what_is_no_bundle_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.tensorflow"
    path.write_bytes(b"PK\3\4 not a ZIP")
    with pytest.raises(BackendError, match="no TensorFlow model"):
        unbundle(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("graph.pb", b"\xff" * 500)
    with pytest.raises(BackendError, match="OpenCV cannot read"):
        load_backend("opencv", path, Engine())


def test_two_graphs_are_refused(face: tuple[ModelCard, Store], tmp_path: Path) -> None:
    card, _store = face
    wrong = replace(card, files=(card.files[0], card.files[0]))
    with pytest.raises(ImportFailed, match="opencv_face_detector_uint8"):
        convert([tmp_path, tmp_path], wrong)
