"""From a card to something that runs: found, converted once, kept, opened; and what is said when that fails."""

import hashlib
import os
import pickle
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any
from unittest import mock

import numpy as np
import onnx
import pytest
from model_files import foreign_card, small_squeezenet

from inference.backends import Engine
from inference.commands.predicting import open_all
from inference.data import Ask, Classification, Detections, Frame, LaneSpec
from inference.errors import BackendError, Cancelled, CardError, ImportFailed, StoreError
from inference.intake import conversions, provide
from inference.intake.conversions import converted
from inference.intake.inventory import missing
from inference.intake.provide import loader, ready
from models.card import ModelCard, ModelFile
from models.catalog import CARDS as CARDS_FOLDER
from models.catalog import line_up, load_catalog
from models.store import Store

CATALOG = load_catalog(CARDS_FOLDER)
LINE_UP = ("squeezenet1.1", "yolov3-tiny", "efficientnet-lite0", "efficientnet-lite2")


class Said:
    """Keeps what was reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, message: str, fraction: float | None) -> None:
        assert fraction is None or 0 <= fraction <= 1
        self.lines.append(message)


@pytest.fixture
def small(tmp_path: Path) -> tuple[ModelCard, Store]:
    """A SqueezeNet of a few numbers in a mirror, under a name that is not the card's."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    data = pickle.dumps(small_squeezenet())
    (mirror / "whatever").write_bytes(data)
    file = ModelFile("small.pkl", hashlib.sha256(data).hexdigest(), len(data))
    card = replace(foreign_card("squeezenet-pickle", (32, 32)), files=(file,), decoder="probabilities")
    return card, Store(tmp_path / "cache", mirror)


def test_the_line_up_is_the_four() -> None:
    assert line_up(CATALOG) == LINE_UP
    for name in LINE_UP:
        card = CATALOG[name]
        assert card.year
        assert card.paper
        assert card.parameters
        assert card.gmacs
        assert all(file.package and len(file.package.sha256) == 64 for file in card.files)


def test_it_is_converted_once(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    said = Said()
    assert missing(card, store) == ()
    path = ready(card, store, said, Event())
    assert said.lines == ["Converting Tried"]
    assert path == converted(card, store)
    assert path.parent == store.cache / "converted"
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name, f"{path.name}.sha256"]
    with mock.patch.object(provide, "converted_bytes", side_effect=AssertionError("converted again")):
        assert ready(card, store, said, Event()) == path
    assert said.lines == ["Converting Tried"]


def test_the_second_start_needs_nothing_else(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    path = ready(card, store, Said(), Event())
    alone = Store(store.cache, offline=True)
    assert missing(card, alone) == ()
    assert ready(card, alone, Said(), Event()) == path


def test_it_is_converted_anew_when_anything_changes(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    others = [
        replace(card, options={"masks": [[1]]}),
        replace(card, files=(replace(card.files[0], sha256="1" * 64),)),
        replace(card, format="darknet"),
        replace(card, input=replace(card.input, size=(64, 64))),
        replace(card, name="other"),
    ]
    names = {converted(c, store) for c in (card, *others)}
    assert len(names) == 6
    with mock.patch.object(conversions, "VERSION", conversions.VERSION + 1):
        assert converted(card, store) not in names
    assert converted(replace(card, title="Another title", golden=None), store) in names


@pytest.mark.parametrize("name", ["../../out", "a/b", "..", "a\\b", "con:x", ""])
def test_no_name_leads_out_of_the_cache(small: tuple[ModelCard, Store], name: str) -> None:
    card, store = small
    path = converted(replace(card, name=name), store)
    assert path.resolve().parent == (store.cache / "converted").resolve()
    assert not set(path.name) & set('/\\:*?"<>|')


def test_what_is_missing_is_said(small: tuple[ModelCard, Store], tmp_path: Path) -> None:
    card, _ = small
    empty = Store(tmp_path / "empty", offline=True)
    assert missing(card, empty) == card.files
    with pytest.raises(StoreError, match=r"small\.pkl") as caught:
        ready(card, empty, Said(), Event())
    assert "LINEUP_MIRROR" in caught.value.hint
    with pytest.raises(StoreError, match="names no file"):
        ready(replace(card, files=(), format="onnx"), empty, Said(), Event())


def test_a_broken_file_leaves_nothing(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    assert store.mirror is not None
    (store.mirror / "broken").write_bytes(b"nonsense")
    file = ModelFile("broken.pkl", hashlib.sha256(b"nonsense").hexdigest(), 8)
    broken = replace(card, files=(file,))
    with pytest.raises(ImportFailed, match="broken"):
        ready(broken, store, Said(), Event())
    assert not (store.cache / "converted").exists() or not list((store.cache / "converted").iterdir())


def test_a_full_disk_is_said_and_leaves_nothing(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    with mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")), pytest.raises(
        StoreError, match=r"Tried cannot be kept.*No space left"
    ):
        ready(card, store, Said(), Event())
    assert not list((store.cache / "converted").iterdir())


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind this user")
def test_a_cache_without_rights_is_said(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    store.cache.mkdir(exist_ok=True)
    store.cache.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(StoreError, match="cannot be kept"):
            ready(card, store, Said(), Event())
    finally:
        store.cache.chmod(stat.S_IRWXU)


def test_two_lanes_convert_once(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    real, calls, together = provide.converted_bytes, [], Barrier(2, timeout=20)

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return real(*arguments)

    found: list[Path] = []

    def lane() -> None:
        together.wait()
        found.append(ready(card, store, Said(), Event()))

    with mock.patch.object(provide, "converted_bytes", counted):
        threads = [Thread(target=lane) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert found == [converted(card, store)] * 2
    assert len(calls) == 1


def test_another_program_may_be_first(small: tuple[ModelCard, Store]) -> None:
    """On Windows a file that is open cannot be replaced; what lies there is as good."""
    card, store = small
    target = converted(card, store)

    def refused(half: Path, final: Path) -> None:
        Path(final).write_bytes(b"made by the other program")
        raise PermissionError(13, "in use")

    with mock.patch("os.replace", refused):
        assert ready(card, store, Said(), Event()) == target
    assert [p.name for p in target.parent.iterdir()] == [target.name]


@pytest.fixture
def busy(small: tuple[ModelCard, Store]) -> Iterator[tuple[ModelCard, Store]]:
    """Somebody else is converting, and does not end."""
    card, store = small
    never = Event()
    with provide._alone(converted(card, store), never):
        yield card, store


def test_giving_up_while_another_lane_converts(busy: tuple[ModelCard, Store]) -> None:
    card, store = busy
    cancelled = Event()

    def said(message: str, _: float | None) -> None:
        if message.startswith("Converting"):
            cancelled.set()

    with pytest.raises(Cancelled):
        ready(card, store, said, cancelled)


def test_giving_up_before_the_start(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        ready(card, store, Said(), cancelled)


def test_the_weights_are_known_by_the_largest_file() -> None:
    card = CATALOG["yolo-fastest-1.1"]
    assert card.weights_sha256 == next(f.sha256 for f in card.files if f.name.endswith(".weights"))
    assert replace(card, files=()).weights_sha256 == ""


def test_unknown_names_are_said_at_once(tmp_path: Path) -> None:
    make = loader(CATALOG, Store(tmp_path / "cache", offline=True))
    with pytest.raises(CardError, match="'squeezenet1'") as unknown:
        make(LaneSpec("squeezenet1"), Engine)
    assert "squeezenet1.1" in unknown.value.hint
    with pytest.raises(BackendError, match="'onnxrutime'") as backend:
        make(LaneSpec("squeezenet1.1", "onnxrutime"), Engine)
    assert "onnxruntime" in backend.value.hint


def test_the_licence_is_said_while_fetching(small: tuple[ModelCard, Store]) -> None:
    card, store = small
    said = Said()

    def get(_: ModelFile, report: Any, __: Event) -> Path:
        report("Fetching small.pkl: ndf 0.1.4, 4.7 MB", 0.5)
        assert store.mirror is not None
        return store.mirror / "whatever"

    with mock.patch.object(store, "get", get):
        ready(card, store, said, Event())
    assert said.lines == ["Fetching small.pkl: ndf 0.1.4, 4.7 MB (MIT)", "Converting Tried"]


@pytest.mark.parametrize("backend", ["onnxruntime", "opencv"])
def test_a_lane_runs_what_was_converted(small: tuple[ModelCard, Store], backend: str) -> None:
    card, store = small
    card = replace(card, labels="tiny.txt")
    said = Said()
    with mock.patch("inference.recogniser.read_labels", return_value=tuple("abcde")):
        run = loader({"tried": card}, store)(LaneSpec("tried", backend), Engine)(said, Event())
    assert said.lines == ["Converting Tried", "Opening Tried"]
    result = run(Frame(np.full((40, 50, 3), 90, np.uint8), 0, 0.0), Ask(topk=5))
    assert isinstance(result.prediction, Classification)
    assert result.prediction.scores.sum() == pytest.approx(1, abs=1e-4)


# ---- conversions that were damaged on the disk


def one_layer_zeroed(data: bytes) -> bytes:
    model = onnx.load_from_string(data)
    tensor = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    tensor.raw_data = bytes(len(tensor.raw_data))
    return bytes(model.SerializeToString())


DAMAGES = {
    "one layer zeroed": one_layer_zeroed, "cut off": lambda data: data[: len(data) // 2], "empty": lambda _: b"",
    "its head zeroed": lambda data: bytes(64) + data[64:],
}  # fmt: skip


@pytest.fixture
def kept(small: tuple[ModelCard, Store]) -> tuple[ModelCard, Store, Path]:
    """A network that has been converted, and is opened without a list of labels."""
    card, store = small
    with mock.patch("inference.recogniser.read_labels", return_value=tuple("abcde")):
        yield card, store, ready(card, store, Said(), Event())


def opened(card: ModelCard, store: Store, **engine: Any) -> Any:
    return loader({card.name: card}, store)(LaneSpec(card.name), lambda: Engine(**engine))(Said(), Event())


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("noted", [True, False], ids=["with its sha256", "of an earlier version"])
def test_a_damaged_conversion_is_made_anew(kind: str, noted: bool, kept: tuple[ModelCard, Store, Path]) -> None:
    card, store, path = kept
    whole = path.read_bytes()
    path.write_bytes(DAMAGES[kind](whole))
    if not noted:
        path.with_name(f"{path.name}.sha256").unlink()
    opened(card, store)
    if noted or kind != "one layer zeroed":   # nobody can tell that from a network that was made so
        assert path.read_bytes() == whole
    specs = [LaneSpec(card.name)]
    path.write_bytes(DAMAGES[kind](whole))
    assert open_all(specs, {card.name: card}, store, Event())[1] == []   # `predict` mends as lanes do
    if noted or kind != "one layer zeroed":
        assert path.read_bytes() == whole
    said = Said()
    path.write_bytes(DAMAGES[kind](whole))
    assert ready(card, store, said, Event()) == path   # `models get`
    assert (said.lines == ["Converting Tried"]) is (noted or kind != "one layer zeroed")


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_conversion_stays_until_a_new_one_stands(kind: str, kept: tuple[ModelCard, Store, Path]) -> None:
    card, store, path = kept
    damaged = DAMAGES[kind](path.read_bytes())
    path.write_bytes(damaged)
    store.use_folder(store.cache)   # the stick with the originals is pulled out
    with pytest.raises(StoreError, match=r"Tried was damaged on this disk, and cannot be made anew: small\.pkl"):
        opened(card, store)
    assert path.read_bytes() == damaged
    assert missing(card, store) == card.files


@pytest.mark.parametrize("noted", [True, False], ids=["with its sha256", "of an earlier version"])
@pytest.mark.parametrize("here", [True, False], ids=["originals here", "originals gone"])
def test_a_provider_that_is_absent_costs_no_conversion(
    noted: bool, here: bool, kept: tuple[ModelCard, Store, Path]
) -> None:
    card, store, path = kept
    whole = path.read_bytes()
    if not noted:
        path.with_name(f"{path.name}.sha256").unlink()
    if not here:
        store.use_folder(store.cache)
    with pytest.raises(BackendError, match="no provider 'CUDA'"):
        opened(card, store, provider="CUDA")
    assert path.read_bytes() == whole
    opened(card, store)


@pytest.mark.parametrize("backend", ["onnxruntime", "opencv"])
@pytest.mark.parametrize("name", ["yolo-fastest-1.1", "yolo-fastest-1.1-xl"])
def test_yolo_fastest_finds_the_dog(testdata: Path, tmp_path: Path, name: str, backend: str) -> None:
    import cv2

    load = loader(CATALOG, Store(tmp_path / "cache", testdata, offline=True))(LaneSpec(name, backend), Engine)
    run = load(Said(), Event())
    pixels = cv2.imread(str(testdata / "images/person_dog_horse.jpg"))
    found = run(Frame(pixels, 0, 0.0), Ask(confidence=0.4, iou=0.5)).prediction  # type: ignore[arg-type]
    assert isinstance(found, Detections)
    assert set(found.labels[:2]) == {"person", "dog"}
