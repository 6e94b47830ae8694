"""A model of the user's own: the proposed card, keeping it, and everything that is wrong with files."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from make import tiny_onnx
from model_files import write_darknet
from onnx import TensorProto, helper, numpy_helper

from inference.backends import Engine, usual_backend
from inference.data import Ask, Classification, Detections, Frame
from inference.errors import LabError
from inference.intake import apart, conversions
from inference.intake import propose as proposing
from inference.intake.adding import Wanted, add, remove
from inference.intake.conversions import State, state_of
from inference.intake.propose import propose
from inference.intake.provide import ready
from inference.recogniser import Recogniser
from models.card import ModelCard, read_card
from models.catalog import load_catalog, user_cards
from models.errors import Cancelled, CardError, StoreError
from models.pack import pack, unpack
from models.store import Store
from models.user_cards import free_name, remove_card, save_card, slug, to_toml

BUILT_IN = load_catalog()
RECORDED = [card.name for card in BUILT_IN.values() if card.golden and card.format in ("onnx", "darknet")]


def sources(card: ModelCard, testdata: Path) -> list[Path]:
    found = [path for file in card.files for path in (testdata / "models").rglob(file.name)]
    if len(found) < len(card.files):
        pytest.skip(f"{card.name} is not in the test data")
    return found


# ---- what is proposed ----


@pytest.mark.parametrize("name", RECORDED)
def test_the_form_is_read_from_the_file(name: str, testdata: Path, tmp_path: Path) -> None:
    card = BUILT_IN[name]
    found = propose(sources(card, testdata)[:1], tmp_path).card
    assert (found.task, found.decoder, found.format) == (card.task, card.decoder, card.format)
    spec, wanted = found.input, card.input
    assert (spec.size, spec.layout, spec.dtype) == (wanted.size, wanted.layout, wanted.dtype)
    assert (spec.order == "GRAY") == (wanted.order == "GRAY")
    assert found.parameters > 0
    for key in ("order", "range", "fit"):   # where a guess is wrong, it is named as one
        if getattr(spec, key) != getattr(wanted, key):
            assert f"input.{key}" in found.guessed


# Whose usual recipe is the right one.
RECOGNISED = {
    "mobilenet/mobilenet_v2_1.0_224_float_nchw.onnx": ("cat.jpg", "Egyptian cat"),
    "mobilenet/mobilenet_v1_0.75_192_quant_nhwc_uint8.onnx": ("cat.jpg", "Egyptian cat"),
    "mnist/mnist-8.onnx": ("digit_8.png", "8"),
    "mnist/lenet.prototxt": ("digit_8.png", "8"),
    "yolo/yolox_nano.onnx": ("cat.jpg", "cat"),
    "yolo/yolo-fastest-1.1-xl.cfg": ("cat.jpg", "cat"),
    "ssd/ssd_mobilenet_v1_coco_nms_nhwc_uint8.onnx": ("cat.jpg", "cat"),
    "ssd/opencv_face_detector_uint8.pb": ("grace_hopper.jpg", "face"),
}


@pytest.mark.parametrize("file", RECOGNISED)
def test_a_file_that_was_dropped_recognises_something(file: str, testdata: Path) -> None:
    store = Store()
    card = add([testdata / "models" / file], store)
    path = ready(card, store, lambda _words, _part: None, Event())
    recognise = Recogniser(card, path, usual_backend(card), Engine())
    picture, label = RECOGNISED[file]
    pixels = cv2.imread(str(next((testdata / "images").rglob(picture))))
    found = recognise(Frame(pixels, 0, 0.0), Ask()).prediction
    assert isinstance(found, Classification | Detections)
    assert found.labels[0] == label
    assert load_catalog()[card.name] == card
    remove(card, store, load_catalog())
    assert card.name not in load_catalog()
    if card.files[0].sha256 not in [file.sha256 for other in BUILT_IN.values() for file in other.files]:
        assert store.find(card.files[0]) is None


def test_what_ultralytics_write_into_a_file_is_believed(tmp_path: Path) -> None:
    path = yolo(tmp_path / "own.onnx", rows=84 - 77, columns=100)
    model = onnx.load(str(path))
    for key, value in (("names", "{0: 'hand', 1: 'face', 2: 'nose'}"), ("stride", "32"), ("imgsz", "[64, 64]")):
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, str(path))
    found = propose([path], tmp_path)
    assert found.labels == ("hand", "face", "nose")
    assert (found.card.decoder, found.card.input.fit, found.card.guessed) == ("yolov8", "letterbox", ())


def yolo(path: Path, rows: int, columns: int) -> Path:
    """A network that answers (1, rows, columns) of its mean."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["ones", "mean"], ["out"]),
    ]
    ones = numpy_helper.from_array(np.ones((1, rows, columns), np.float32), "ones")
    graph = helper.make_graph(
        nodes, "made", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, rows, columns])], [ones],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def test_code_in_the_metadata_is_not_run(tmp_path: Path) -> None:
    path = yolo(tmp_path / "own.onnx", rows=7, columns=100)
    model = onnx.load(str(path))
    model.metadata_props.add(key="names", value=f"__import__('os').mkdir({str(tmp_path / 'run')!r})")
    onnx.save(model, str(path))
    assert propose([path], tmp_path).labels == ("class 0", "class 1", "class 2")
    assert not (tmp_path / "run").exists()


def test_dimensions_that_are_left_open_are_pinned_and_said(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "open.onnx")
    model = onnx.load(str(path))
    for i, dim in enumerate(model.graph.input[0].type.tensor_type.shape.dim):
        if i != 1:
            dim.ClearField("dim_value")
            dim.dim_param = "any"
    onnx.save(model, str(path))
    found = propose([path], tmp_path).card
    assert found.input.size == (224, 224)
    assert "input.size" in found.guessed


def test_the_users_labels_win_and_must_fit(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    labels = tmp_path / "names.txt"
    labels.write_text("\n".join("abcdefghij") + "\n\n", encoding="utf-8")
    assert add([path], Store(), Wanted(labels=labels)).labels == "tiny.txt"
    labels.write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(LabError, match="2 labels, the network 10 classes"):
        add([path], Store(), Wanted(labels=labels))


# ---- keeping ----


def test_files_are_kept_beside_the_settings_and_survive_the_cache(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "mine.onnx")
    card = add([path], Store(tmp_path / "cache"))
    path.unlink()
    assert Store(tmp_path / "another").find(card.files[0]) is not None


def test_a_second_one_of_a_name_gets_a_number(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "resnet50.onnx")
    assert add([path], Store()).name == "resnet50-2"   # 50 is built in
    assert add([path], Store()).name == "resnet50-3"


def test_files_that_another_card_wants_stay(tmp_path: Path) -> None:
    store = Store()
    first, second = (add([tiny_onnx(tmp_path / "mine.onnx")], store) for _ in range(2))
    remove(first, store, load_catalog())
    assert store.find(second.files[0]) is not None
    remove(second, store, load_catalog())
    assert store.find(second.files[0]) is None


def test_what_does_not_run_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny_onnx(tmp_path / "mine.onnx")

    def broken(*_given: Any, **_named: Any) -> None:
        raise LabError("It does not run.", "")

    monkeypatch.setattr(Recogniser, "__call__", broken)
    with pytest.raises(LabError, match="does not run"):
        add([path], Store())
    assert not list(user_cards().glob("*"))
    assert not list((user_cards().parent / "models").rglob("*.onnx"))


def test_nothing_is_kept_before_it_has_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Path]] = []
    call = Recogniser.__call__

    def looked(self: Recogniser, *given: Any, **named: Any) -> Any:
        seen.append([path for path in user_cards().parent.rglob("*") if path.is_file()])
        return call(self, *given, **named)

    monkeypatch.setattr(Recogniser, "__call__", looked)
    card = add([tiny_onnx(tmp_path / "mine.onnx")], Store())
    assert seen == [[]]
    assert load_catalog()["mine"] == card


@pytest.mark.parametrize("when", ["files", "labels", "card"])
def test_what_a_killed_program_adopted_goes_at_the_next_start(when: str, tmp_path: Path) -> None:
    """Killed after the files were copied, after the labels were written, or after the card was."""
    code = (
        "import os, sys; from pathlib import Path; from unittest import mock; from inference.intake import adding\n"
        "from models import user_cards; from models.store import Store\n"
        "write = user_cards._write\n"
        "def killed(path, text):\n"
        "    if sys.argv[2] == 'files' or (sys.argv[2] == 'labels' and path.suffix == '.toml'): os._exit(9)\n"
        "    write(path, text)\n"
        "    if sys.argv[2] == 'card' and path.suffix == '.toml': os._exit(9)\n"
        "user_cards._write = killed\n"
        "if __name__ == '__main__':\n"
        "    adding.add([Path(sys.argv[1])], Store())\n"
    )
    (tmp_path / "killed.py").write_text(code)
    net = tiny_onnx(tmp_path / "mine.onnx", classes=7)   # no built-in list has so many: its own is written
    root = Path(__file__).parents[1]
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "killed.py"), str(net), when], env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )  # fmt: skip
    assert ran.returncode == 9
    own = user_cards().parent / "models"
    assert list(own.rglob("mine.onnx"))
    assert (user_cards() / "mine.txt").exists() is (when != "files")
    Store()   # the next start
    assert bool(list(own.rglob("mine.onnx"))) is (when == "card")
    assert (user_cards() / "mine.txt").exists() is (when == "card")
    assert ("mine" in load_catalog()) is (when == "card")


@pytest.mark.skipif(sys.platform != "linux", reason="such names are possible there alone")
def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"net\xff.onnx")
    tiny_onnx(tmp_path / "net.onnx").rename(path)
    card = add([path], Store())
    assert (card.name, card.title, card.files[0].name) == ("net", "net\ufffd", "net_.onnx")
    assert load_catalog()["net"] == card


def test_giving_up_leaves_nothing_behind(tmp_path: Path) -> None:
    cancelled = Event()

    def report(words: str, _part: float | None) -> None:
        if words.startswith("Trying"):
            cancelled.set()

    with pytest.raises(Cancelled):
        add([tiny_onnx(tmp_path / "mine.onnx")], Store(), report=report, cancelled=cancelled)
    assert not list(user_cards().glob("*.toml"))


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match="There is no room for mine"):
        add([tiny_onnx(tmp_path / "mine.onnx")], Store())


def test_own_cards_travel_in_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tmp_path / "names.txt"
    labels.write_text("\n".join("abcdefghij"), encoding="utf-8")
    card = add([tiny_onnx(tmp_path / "mine.onnx")], Store(), Wanted(labels=labels))
    pack(tmp_path / "venue.zip", [card], Store(), lambda _words, _part: None, Event())
    monkeypatch.setenv("LINEUP_CONFIG", str(tmp_path / "other"))
    monkeypatch.setenv("LINEUP_CACHE", str(tmp_path / "cache"))
    unpack(tmp_path / "venue.zip", Store(), lambda _words, _part: None, Event())
    assert load_catalog()["mine"] == card
    path = Store().find(card.files[0])
    assert path is not None
    assert path.is_relative_to(user_cards().parent / "models")   # no cache: nobody can fetch it again
    assert Recogniser(card, path, "onnxruntime", Engine()).labels == tuple("abcdefghij")


# ---- cards ----


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_card_can_be_written_and_read_again(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(to_toml(BUILT_IN[name]), encoding="utf-8")
    assert read_card(path) == BUILT_IN[name]


def test_a_card_with_strange_texts_can_be_written_and_read_again(tmp_path: Path) -> None:
    options = {"a b": [1, 2.5, True], "t": {"x": 1}}
    odd = replace(BUILT_IN["mnist"], name="odd", source='"\\\n\t\x7f\x00é😀', options=options)
    (tmp_path / "odd.toml").write_text(to_toml(odd), encoding="utf-8")
    assert read_card(tmp_path / "odd.toml") == replace(odd, source='"\\  \ufffd\ufffdé😀')


@pytest.mark.parametrize("text", ["../../etc/passwd", "CON", "a/b\\c", "...", "", "Ünï", "x" * 500, "nul.onnx"])
def test_a_name_is_a_file_name_everywhere(text: str) -> None:
    name = slug(text)
    assert name
    assert not set(name) & set('/\\:*?"<>|')
    assert not name.startswith(".")
    assert name.partition(".")[0] not in ("con", "nul")
    assert free_name(text, [name]) != name


def test_built_in_cards_are_not_touched() -> None:
    card = BUILT_IN["mnist"]
    with pytest.raises(CardError, match="cannot be the name"):
        save_card(card)
    with pytest.raises(CardError, match="is built in"):
        remove_card(card)


# ---- bad files ----


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    broken = b"\xff" * 99
    for name, data in (("a.onnx", b""), ("b.onnx", broken), ("c.txt", b"x"), ("d.cfg", b"x"), ("e.pb", broken)):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(LabError):
            add([path], Store())
    with pytest.raises(LabError, match="not there"):
        add([tmp_path / "nothing.onnx"], Store())


def outside(path: Path, location: str) -> Path:
    """A network whose weights lie at `location`."""
    model = onnx.load(str(tiny_onnx(path)))
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    "location", ["../secret.bin", "/etc/passwd", "a/../../secret.bin", "C:\\secret.bin", "\\\\host\\x"]
)
def test_weights_outside_the_folder_are_refused(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(10_000))
    (tmp_path / "in").mkdir()
    with pytest.raises(LabError):
        add([outside(tmp_path / "in" / "mine.onnx", location)], Store())


def test_weights_beside_the_file_come_into_it(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "mine.onnx")
    onnx.save_model(
        onnx.load(str(path)), str(path), save_as_external_data=True, location="mine.bin", size_threshold=0
    )
    card = add([path], Store())
    assert len(card.files) == 1
    (tmp_path / "mine.bin").unlink()
    found = Store().find(card.files[0])
    assert found is not None
    Recogniser(card, found, "onnxruntime", Engine())


def test_tensors_of_ten_gigabytes_are_refused(tmp_path: Path) -> None:
    ends = [numpy_helper.from_array(np.array([1, 3, 50_000, 50_000], np.int64), "wide")]
    nodes = [helper.make_node("Expand", ["images", "wide"], ["big"]),
             helper.make_node("ReduceMean", ["big"], ["out"], axes=[2, 3], keepdims=0)]  # fmt: skip
    graph = helper.make_graph(
        nodes, "made", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 1, 1])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3])], ends,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    path = tmp_path / "big.onnx"
    onnx.save(model, str(path))
    with pytest.raises(LabError, match="more numbers"):
        add([path], Store())


def test_a_circle_in_the_graph_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["images", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    graph = helper.make_graph(
        nodes, "made", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 3, 8, 8])],
    )  # fmt: skip
    path = tmp_path / "circle.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]).SerializeToString())
    with pytest.raises(LabError):
        add([path], Store())


def test_other_inputs_than_a_picture_are_named(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "mine.onnx")
    model = onnx.load(str(path))
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1]))
    onnx.save(model, str(path))
    with pytest.raises(LabError, match="2 inputs"):
        propose([path], tmp_path)




LIGHT = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("light_*.onnx"))


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_a_graph_with_constant_weights_runs_and_is_marked(path: Path, tmp_path: Path) -> None:
    found = propose([path], tmp_path).card
    assert not found.trained
    assert (found.task, found.input.size) == ("classify", (224, 224))
    assert found.parameters > 1_000_000
    assert found.gmacs > 0.1


def test_trained_networks_are_not_marked(testdata: Path, tmp_path: Path) -> None:
    for file in ("mnist/mnist-8.onnx", "squeezenet/SqueezeNet_fp16.onnx", "vgg/tiny_vgg_10.onnx"):
        assert propose([testdata / "models" / file], tmp_path).card.trained


# ---- what a drop costs ----


def test_a_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By onnx; the engine reads it by itself."""
    net, read = tiny_onnx(tmp_path / "net.onnx"), []
    load = onnx.load
    monkeypatch.setattr(onnx, "load", lambda path, **more: (read.append(path), load(path, **more))[1])
    propose([net], tmp_path)
    assert read == [str(net)]


SMALL = """
[net]
width=16
height=16
channels=3
[convolutional]
filters=5
size=1
stride=1
activation=linear
[avgpool]
[softmax]
"""


def test_a_model_of_another_format_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process that proposes the card: what it made is tried, and kept for the lanes."""
    files = write_darknet(tmp_path, SMALL, np.arange(20, dtype=np.float32))
    converted, real = [], proposing.converted_bytes
    monkeypatch.setattr(
        proposing, "converted_bytes", lambda *given: (converted.append(given[0]), real(*given))[1]
    )
    monkeypatch.setattr(
        apart, "propose_apart", lambda files, folder, *, cancelled, **more: proposing.propose(files, folder, **more)
    )
    monkeypatch.setattr("inference.intake.importers.converted_bytes", None)   # nobody else may
    store = Store(tmp_path / "cache", offline=True)
    card = add(files, store)
    assert len(converted) == 1
    assert state_of(conversions.converted(card, store), store) is State.WHOLE
    assert ready(card, store, lambda *_: None, Event()) == conversions.converted(card, store)
    assert len(converted) == 1
