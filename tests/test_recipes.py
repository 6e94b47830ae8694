"""How a picture is prepared for a model of one's own: what its graph, its metadata and the files beside it say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from make import tiny_onnx
from onnx import TensorProto, helper, numpy_helper

from inference.errors import LabError
from inference.intake.inside import Inside, read_inside
from inference.intake.own_labels import named_labels
from inference.intake.propose import Proposal, propose
from inference.intake.sidecars import read_sidecars

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def beginning(path: Path, *nodes: tuple[str, Any], layout: str = "NCHW", size: int = 96, classes: int = 12) -> Path:
    """A classifier that begins with these operators: a name and what stands beside the picture, or keywords."""
    shape = [1, 3, size, size] if layout == "NCHW" else [1, size, size, 3]
    made, constants, x = [], [], "image"
    for i, (op, beside) in enumerate(nodes):
        inputs, more = [x], {}
        if isinstance(beside, dict):
            more = beside
        else:
            for k, value in enumerate(beside if isinstance(beside, list) else [beside]):
                constants.append(numpy_helper.from_array(np.asarray(value), f"c{i}.{k}"))
                inputs.append(f"c{i}.{k}")
        x = f"x{i}"
        made.append(helper.make_node(op, inputs, [x], **more))
    weights = np.random.default_rng(2).standard_normal((3, classes)).astype(np.float32)
    axes = [2, 3] if layout == "NCHW" or any(op == "Transpose" for op, _ in nodes) else [1, 2]
    made += [helper.make_node("ReduceMean", [x], ["m"], axes=axes, keepdims=0),
             helper.make_node("MatMul", ["m", "w"], ["logits"])]   # fmt: skip
    graph = helper.make_graph(
        made, "made", [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes])],
        [*constants, numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def f32(values: Any, *shape: int) -> np.ndarray:
    return np.array(values, np.float32).reshape(shape or (-1,))


PLANES = (1, 3, 1, 1)
CASES: dict[str, tuple[list[tuple[str, Any]], str, str]] = {   # nodes, range, order that the means tell
    "mean and std of 0..1": ([("Sub", f32(MEAN, *PLANES)), ("Div", f32(STD, *PLANES))], "0..1", "RGB"),
    "mean and std of 0..255": ([("Sub", f32(MEAN, *PLANES) * 255), ("Div", f32(STD, *PLANES) * 255)], "0..255", "RGB"),
    "by 255, then mean and std": (
        [("Mul", f32(1 / 255, 1)), ("Sub", f32(MEAN, *PLANES)), ("Mul", 1 / f32(STD, *PLANES))], "0..255", "RGB"
    ),
    "Caffe's": ([("Sub", f32((103.94, 116.78, 123.68), *PLANES))], "0..255", "BGR"),
    "Keras' rescaling": ([("Mul", f32(1 / 127.5, 1)), ("Add", f32(-1, 1))], "0..255", ""),
    "by 255": ([("Div", f32(255, 1))], "0..255", ""),
    "twice, minus one": ([("Mul", f32(2, 1)), ("Sub", f32(1, 1))], "0..1", ""),
    "from -1..1": ([("Add", f32(1, 1)), ("Mul", f32(127.5, 1))], "-1..1", ""),
    "a batch normalisation": (
        [("BatchNormalization", [f32((1, 1, 1)), f32((0, 0, 0)), f32((123.7, 116.3, 103.5)), f32((3400, 3300, 3300))])],
        "0..255", "RGB",
    ),
    "through a cast and an identity": (
        [("Identity", {}), ("Cast", {"to": TensorProto.FLOAT}), ("Sub", f32(MEAN, *PLANES))], "0..1", "RGB"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_the_graph_does_is_not_done_twice(case: str, tmp_path: Path) -> None:
    nodes, values, order = CASES[case]
    path = beginning(tmp_path / "net.onnx", *nodes)
    inside = read_inside(onnx.load(str(path)))
    assert inside is not None
    assert (inside.range, inside.order) == (values, order)
    card = propose([path], tmp_path).card
    assert (card.input.range, card.input.mean, card.input.std) == (values, (0, 0, 0), (1, 1, 1))
    assert not {"input.range", "input.mean", "input.std"} & set(card.guessed)
    assert ("input.order" in card.guessed) is not bool(order)
    assert card.input.order == (order or "RGB")


def test_constants_behind_other_nodes_are_read(tmp_path: Path) -> None:
    nodes = ("Transpose", {"perm": [0, 3, 1, 2]}), ("Sub", f32(MEAN, *PLANES))
    path = beginning(tmp_path / "net.onnx", *nodes, layout="NHWC")
    model = onnx.load(str(path))
    mean = next(t for t in model.graph.initializer if t.name == "c1.0")
    mean.name = "flat"
    model.graph.node.insert(0, helper.make_node("Identity", ["flat"], ["c1.0"]))
    onnx.save(model, str(path))
    inside = read_inside(onnx.load(str(path)))
    assert inside is not None
    assert (inside.range, inside.order) == ("0..1", "RGB")


def test_channels_that_change_places_inside(tmp_path: Path) -> None:
    nodes = [("Gather", [np.array([2, 1, 0])]), ("Sub", f32((103.94, 116.78, 123.68), *PLANES))]
    path = beginning(tmp_path / "net.onnx", *nodes)
    model = onnx.load(str(path))
    model.graph.node[0].attribute.append(helper.make_attribute("axis", 1))
    inside = read_inside(model)
    assert inside is not None
    assert inside.order == "RGB"   # they become BGR inside


@pytest.mark.parametrize("nodes", [[], [("Relu", {})], [("Mul", f32(1, 1))],
    [("BatchNormalization", [f32((1, 1, 1)), f32((0, 0, 0)), f32((0.1, -0.1, 0)), f32((1, 1, 1))])]])   # fmt: skip
def test_a_graph_that_begins_with_something_else_says_nothing(nodes: list[tuple[str, Any]], tmp_path: Path) -> None:
    assert read_inside(onnx.load(str(beginning(tmp_path / "net.onnx", *nodes)))) is None


def test_a_mean_for_every_pixel_is_a_mean(tmp_path: Path) -> None:
    plane = np.tile(f32((104, 117, 123), *PLANES), (1, 1, 96, 96))
    inside = read_inside(onnx.load(str(beginning(tmp_path / "net.onnx", ("Sub", plane)))))
    assert isinstance(inside, Inside)
    assert inside.range == "0..255"


# ---- defaults by kind ----


def guess(tmp_path: Path, **more: Any) -> Proposal:
    return propose([tiny_onnx(tmp_path / "net.onnx", **more)], tmp_path)


@pytest.mark.parametrize(("classes", "normal"), [(10, True), (100, True), (7, False)])
def test_small_colour_networks_are_trained_with_imagenets_mean(classes: int, normal: bool, tmp_path: Path) -> None:
    spec = guess(tmp_path, size=(32, 32), classes=classes).card.input
    assert (spec.mean == MEAN) is normal
    assert spec.fit == "crop"


@pytest.mark.parametrize(("classes", "size", "invert", "labels"), [
    (10, 28, "auto", "digits.txt"), (7, 48, "never", ""), (10, 224, "never", ""), (26, 28, "never", ""),
])  # fmt: skip
def test_only_digits_are_inverted_and_that_is_named(
    classes: int, size: int, invert: str, labels: str, tmp_path: Path
) -> None:
    card = guess(tmp_path, size=(size, size), channels=1, classes=classes).card
    assert (card.input.invert, card.labels) == (invert, labels)
    assert ("input.invert" in card.guessed) is (invert == "auto")


@pytest.mark.parametrize("classes", [20, 80, 90])
def test_names_of_data_sets_for_detectors_are_not_borrowed(classes: int, tmp_path: Path) -> None:
    found = guess(tmp_path, size=(96, 96), classes=classes)
    assert found.card.labels == ""
    assert found.labels[4] == "class 4"


def test_ultralytics_classifiers_are_cropped(testdata: Path, tmp_path: Path) -> None:
    card = propose([testdata / "cases" / "07-ultralytics-classify" / "cls.onnx"], tmp_path).card
    spec = card.input
    assert (spec.fit, spec.share, spec.range, spec.mean, spec.resample) == ("crop", 1.0, "0..1", (0, 0, 0), "antialias")
    assert card.guessed == ()


def test_a_background_that_the_list_leaves_out_is_put_first(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\n", "utf-8")
    found = propose([tiny_onnx(tmp_path / "net.onnx", classes=4)], tmp_path, labels=labels)
    assert found.labels == ("background", "a", "b", "c")
    assert "labels" in found.card.guessed


def test_a_size_that_is_left_open_can_be_given(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "open.onnx")
    model = onnx.load(str(path))
    for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.ClearField("dim_value")
    onnx.save(model, str(path))
    card = propose([path], tmp_path, size=(48, 64)).card
    assert (card.input.size, "input.size" in card.guessed) == ((48, 64), False)
    with pytest.raises(LabError, match="8×8, which is fixed"):
        propose([tiny_onnx(tmp_path / "fixed.onnx")], tmp_path, size=(48, 64))


# ---- names in metadata ----


@pytest.mark.parametrize(
    "said",
    [
        {"names": "{0: 'cat', 1: 'dog', 10: 'owl', 2: 'cow'}"},
        {"names": '{"0": "cat", "1": "dog", "10": "owl", "2": "cow"}'},
        {"names": "['cat', 'dog', 'cow', 'owl']"},
        {"names": '["cat", "dog", "cow", "owl"]'},
        {"id2label": '{"0": "cat", "1": "dog", "2": "cow", "3": "owl"}'},
        {"classes": "['cat', 'dog', 'cow', 'owl']"},
    ],
)
def test_names_in_any_writing_are_sorted_by_number(said: dict[str, str]) -> None:
    assert named_labels(said) == ("cat", "dog", "cow", "owl")


@pytest.mark.parametrize("text", ["", "nothing", "{[]: 1}", "7", "{'a': 1", "null", "[" * 3000])
def test_names_that_are_none(text: str) -> None:
    assert named_labels({"names": text}) == ()


# ---- files beside the model ----


def beside(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return tiny_onnx(folder / "net.onnx", size=(96, 96), classes=4)


VIT = {"do_resize": True, "size": {"height": 224, "width": 224}, "do_rescale": True, "rescale_factor": 1 / 255,
       "do_normalize": True, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 2}   # fmt: skip


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (VIT, ("0..1", (0.5, 0.5, 0.5), "stretch", 1.0)),
        ({**VIT, "size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}},
         ("0..1", (0.5, 0.5, 0.5), "crop", 0.875)),
        ({**VIT, "size": {"shortest_edge": 224}, "crop_pct": 0.95}, ("0..1", (0.5, 0.5, 0.5), "crop", 0.95)),
        ({**VIT, "do_normalize": False}, ("0..1", (0.0, 0.0, 0.0), "stretch", 1.0)),
        ({**VIT, "do_rescale": False, "do_normalize": False}, ("0..255", (0.0, 0.0, 0.0), "stretch", 1.0)),
    ],
)
def test_hugging_faces_preprocessor_config_is_honoured(config: Any, wanted: tuple, tmp_path: Path) -> None:
    card = propose([beside(tmp_path, preprocessor_config=config)], tmp_path).card
    spec = card.input
    assert (spec.range, spec.mean, spec.fit, spec.share) == wanted
    assert not [key for key in card.guessed if key.startswith("input.")]


def test_timms_config_is_honoured(tmp_path: Path) -> None:
    config = {"architecture": "x", "num_classes": 4, "label_names": ["a", "b", "c", "d"], "pretrained_cfg": {
        "input_size": [3, 96, 96], "crop_pct": 0.9, "crop_mode": "center", "interpolation": "bicubic",
        "mean": list(MEAN), "std": list(STD)}}   # fmt: skip
    found = propose([beside(tmp_path, config=config)], tmp_path)
    spec = found.card.input
    assert (spec.fit, spec.share, spec.mean, spec.std) == ("crop", 0.9, MEAN, STD)
    assert found.labels == ("a", "b", "c", "d")
    assert found.card.guessed == ()
    other = {**config, "num_classes": 1000}
    assert "input.mean" in propose([beside(tmp_path, config=other)], tmp_path).card.guessed   # of another network


def test_hugging_faces_labels_and_problem_are_honoured(tmp_path: Path) -> None:
    config = {"id2label": {"0": "a", "1": "b", "2": "c", "3": "d"}, "problem_type": "multi_label_classification"}
    found = propose([beside(tmp_path, config=config)], tmp_path)
    assert found.labels == ("a", "b", "c", "d")
    assert found.card.decoder == "sigmoids"
    made_up = {"id2label": {str(i): f"LABEL_{i}" for i in range(4)}}
    assert "labels" in propose([beside(tmp_path, config=made_up)], tmp_path).card.guessed


@pytest.mark.parametrize(("name", "text"), [("labels.txt", "0 a\n1 b\n2 c\n3 d\n"), ("net.txt", "a\nb\nc\nd\n\n"),
                                            ("classes.txt", "a\nb\nc\nd")])   # fmt: skip
def test_a_list_beside_the_model_is_taken_where_it_fits(name: str, text: str, tmp_path: Path) -> None:
    path = beside(tmp_path)
    (tmp_path / name).write_text(text, "utf-8")
    assert propose([path], tmp_path).labels == ("a", "b", "c", "d")
    (tmp_path / name).write_text("only\ntwo\n", "utf-8")
    assert propose([path], tmp_path).labels[0] == "class 0"


@pytest.mark.parametrize("text", [
    "", "[]", "{", "7", '{"size": [1]}', '{"image_mean": "x", "do_resize": 1, "size": {"height": -5, "width": "x"}}',
    '{"image_mean": [0,0,0], "image_std": [0,0,0]}', '{"pretrained_cfg": 7}', '{"id2label": {"0": {}}}', "[" * 5000,
])  # fmt: skip
def test_files_beside_it_that_are_wrong_say_nothing(text: str, tmp_path: Path) -> None:
    path = beside(tmp_path, preprocessor_config=text, config=text)
    found = read_sidecars(path)
    assert found.size is None
    card = propose([path], tmp_path).card
    assert all(value > 0 for value in card.input.std)


def test_files_outside_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.json").write_text(json.dumps(VIT), "utf-8")
    path = beside(tmp_path / "in")
    (tmp_path / "in" / "preprocessor_config.json").symlink_to(tmp_path / "out.json")
    assert read_sidecars(path).changes == {}


def test_two_models_are_never_one_silently(tmp_path: Path) -> None:
    first, second = tiny_onnx(tmp_path / "a.onnx"), tiny_onnx(tmp_path / "b.onnx")
    with pytest.raises(LabError, match=r"a\.onnx and b\.onnx are two models"):
        propose([first, second], tmp_path)


@pytest.mark.parametrize(("said", "fit"), [("letter_box=1", "letterbox"), ("letter_box=0", "stretch"), ("", "stretch")])
def test_a_darknet_letter_box_is_honoured(said: str, fit: str, testdata: Path, tmp_path: Path) -> None:
    folder = testdata / "models" / "yolo"
    cfg = (folder / "yolo-fastest-1.1.cfg").read_text("utf-8").replace("[net]", f"[net]\n{said}", 1)
    (tmp_path / "net.cfg").write_text(cfg, "utf-8")
    (tmp_path / "net.weights").write_bytes((folder / "yolo-fastest-1.1.weights").read_bytes())
    card = propose([tmp_path / "net.cfg"], tmp_path).card
    assert (card.input.fit, card.guessed) == (fit, ("labels",))
