"""Darknet files become ONNX: as the reference has it, as OpenCV has it, and never in a way that hangs or guesses."""

import time
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_files import darknet_header, foreign_card, write_darknet
from numpy.typing import NDArray
from test_importers import answers, assert_well_said, constants, difference, inputs

from inference.errors import ImportFailed
from inference.intake.importers import convert
from inference.intake.importers.darknet.activations import ACTIVATIONS
from inference.intake.importers.darknet.weights import Weights

Array = NDArray[np.float32]
OPENCV = 1e-6   # what OpenCV's reader adds to the variance


def conv(filters: int, size: int = 3, stride: int = 1, activation: str = "leaky", bn: int = 1, more: str = "") -> str:
    return (
        f"[convolutional]\nbatch_normalize={bn}\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\n"
        f"activation={activation}\n{more}\n"
    )


def net(*layers: str, size: int = 64) -> str:
    return f"[net]\nwidth={size}\nheight={size}\nchannels=3\n\n" + "\n".join(layers)


def yolo(mask: str, more: str = "") -> str:
    return f"[yolo]\nmask={mask}\nanchors=10,14, 23,27, 37,58, 81,82\nclasses=3\nnum=4\nthresh=0.0000001\n{more}\n"


REGION = "[region]\nanchors=0.5,0.7, 1.8,2.0\nclasses=3\ncoords=4\nnum=2\nsoftmax=1\nthresh=0.0000001\n"

NETS = {
    "v2-tiny": net(
        conv(8), "[maxpool]\nsize=2\nstride=2", conv(8), "[maxpool]\nsize=2\nstride=2\n", conv(16),
        "[maxpool]\nsize=2\nstride=1", conv(16, 1, 1, "linear", 0), REGION,
    ),
    "v2 with reorg": net(
        conv(8, stride=2), conv(4, stride=2), conv(8, stride=2), "[route]\nlayers=-2", "[reorg]\nstride=2",
        "[route]\nlayers=-1,-3", conv(16, 1, 1, "linear", 0), REGION,
    ),
    "v4-tiny": net(
        conv(8, stride=2), conv(8, stride=2), "[route]\nlayers=-1\ngroups=2\ngroup_id=1", conv(4), conv(4),
        "[route]\nlayers=-1,-2", conv(8, 1), "[route]\nlayers=1,-1", "[maxpool]\nsize=2\nstride=2", conv(16),
        conv(16, 1, 1, "linear", 0), yolo("2,3", "scale_x_y=1.05"), "[route]\nlayers=-3", conv(4, 1),
        "[upsample]\nstride=2", "[route]\nlayers=-1,6", conv(24, 1, 1, "linear", 0), yolo("0,1,2", "scale_x_y=1.2"),
    ),
    "v4: mish, shortcut, pyramid of pools": net(
        conv(6, stride=2, activation="mish"), conv(6, 1, activation="mish"), conv(6, activation="mish"),
        "[shortcut]\nfrom=-3\nactivation=linear", "[maxpool]\nstride=1\nsize=5", "[route]\nlayers=-2",
        "[maxpool]\nstride=1\nsize=9", "[route]\nlayers=-4", "[maxpool]\nstride=1\nsize=13",
        "[route]\nlayers=-1,-3,-5,-6", conv(16, 1, 2, "linear", 0), yolo("1,3"),
    ),
    "depthwise, swish, factors a channel": net(
        conv(8, stride=2, activation="swish"), conv(8, more="groups=8", activation="leaky"), "[avgpool]",
        conv(4, 1, activation="swish", bn=0), conv(8, 1, activation="logistic", bn=0), "[scale_channels]\nfrom=-4",
        "[dropout]\nprobability=.5", conv(8, 1, activation="linear"), "[shortcut]\nfrom=0\nactivation=leaky",
        conv(16, 1, 4, "linear", 0), yolo("0,1"),
    ),
    "new coordinates": net(
        conv(8, stride=8), conv(16, 1, 1, "logistic", 0), yolo("0,2", "scale_x_y=2.0\nnew_coords=1"),
    ),
    "odd sizes": net(
        conv(5, 5, 2), "[maxpool]\nsize=3\nstride=2", conv(5, 3, 3), conv(8, 1, 1, "linear", 0), yolo("3"), size=71
    ),
}  # fmt: skip


def numbers(count: int) -> Array:
    """Weights of any layer: positive, as variances must be."""
    return np.random.default_rng(3).uniform(0.02, 0.5, count).astype(np.float32)


def synthetic(folder: Path, cfg: str) -> tuple[Path, Path]:
    """A net with weights that keep it alive: neither dying out nor growing from layer to layer."""
    random = np.random.default_rng(4)
    parts: list[Array] = []

    def take(_: Weights, __: Any, *shapes: tuple[int, ...]) -> list[Array]:
        *rest, kernels = shapes
        made = [random.normal(0, 0.3, shape) for shape in rest]
        if len(rest) == 4:   # shift, scale, mean, variance
            made[1], made[3] = random.uniform(0.7, 1.5, rest[1]), random.uniform(0.3, 1.5, rest[3])
        made.append(random.normal(0, 1.4 / np.sqrt(np.prod(kernels[1:])), kernels))
        made = [values.astype(np.float32) for values in made]
        parts.extend(values.ravel() for values in made)
        return made

    files = write_darknet(folder, cfg, np.zeros(1))
    with mock.patch.multiple(Weights, take=take, finish=lambda _: None):
        convert(files, foreign_card("darknet", _size(cfg)))
    return write_darknet(folder, cfg, np.concatenate(parts))


def _size(cfg: str) -> tuple[int, int]:
    side = int(cfg.split("width=")[1].split()[0])
    return side, side


def by_opencv(files: tuple[Path, Path], x: Array) -> list[Array]:
    net = cv2.dnn.readNetFromDarknet(*map(str, files))
    net.setInput(x)
    return list(net.forward(net.getUnconnectedOutLayersNames()))  # type: ignore[arg-type]


def compare_heads(ours: Array, theirs: list[Array], anchors: list[int]) -> float:
    """Largest difference between our rows and OpenCV's heads, relative to the largest value.

    OpenCV goes cell by cell and multiplies the classes; what it calls nearly nothing it sets to 0.
    """
    worst, at, columns = 0.0, 0, ours.shape[2]
    assert ours.shape[1] == sum(map(len, theirs))
    for head, count in zip(theirs, anchors, strict=True):
        rows = ours[0, at : at + len(head)].reshape(count, -1, columns).transpose(1, 0, 2).reshape(-1, columns).copy()
        at += len(head)
        rows[:, 5:] *= rows[:, 4:5]
        rows[:, 5:][head[:, 5:] == 0] = 0
        assert np.abs(rows[:, 5:]).max() > 0
        worst = max(worst, difference(rows[:, :4], head[:, :4]), difference(rows[:, 4:], head[:, 4:]))
    return worst


# ---- the reference and the real networks ----


TINY = net(
    *(conv(n) + "[maxpool]\nsize=2\nstride=2\n" for n in (16, 32, 64, 128)), conv(256), "[maxpool]\nsize=2\nstride=2",
    conv(512), "[maxpool]\nsize=2\nstride=1", conv(1024), conv(256, 1), conv(512), conv(255, 1, 1, "linear", 0),
    "[yolo]\nmask=3,4,5\nanchors=10,14, 23,27, 37,58, 81,82, 135,169, 344,319\nclasses=80\nnum=6",
    "[route]\nlayers=-4", conv(128, 1), "[upsample]\nstride=2", "[route]\nlayers=-1,8", conv(256),
    conv(255, 1, 1, "linear", 0),
    "[yolo]\nmask=0,1,2\nanchors=10,14, 23,27, 37,58, 81,82, 135,169, 344,319\nclasses=80\nnum=6", size=416,
)  # fmt: skip
TRAINED_MASKS = [[3, 4, 5], [1, 2, 3]]   # the .cfg in circulation says 0,1,2 for the second


def tiny_files(reference: Path, folder: Path) -> tuple[Path, Path]:
    """YOLOv3-tiny as Darknet keeps it, with the reference's numbers; its normalisations are folded away already."""
    held = constants(reference)
    parts: list[Array] = []
    for node in onnx.load(str(reference)).graph.node:
        if node.op_type == "Conv":
            weights, bias = held[node.input[1]], held[node.input[2]]
            one = np.ones_like(bias)
            parts += [bias] if len(bias) == 255 else [bias, one, 0 * one, one - np.float32(1e-5)]
            parts.append(weights.ravel())
    return write_darknet(folder, TINY, np.concatenate(parts))


def test_yolov3_tiny_is_the_reference(testdata: Path, tmp_path: Path) -> None:
    reference = testdata / "models/reference/yolov3-tiny.onnx"
    files = tiny_files(reference, tmp_path)
    model = convert(files, foreign_card("darknet", (416, 416), masks=TRAINED_MASKS))
    x = inputs(testdata, (1, 3, 416, 416), 1.0)
    for picture in x:
        assert difference(answers(model, picture), answers(reference, picture)) < 1e-4
    # The gates can fail: with the masks of the .cfg, boxes of the second head are those of other anchors.
    wrong = answers(convert(files, foreign_card("darknet", (416, 416))), x[0])
    right = answers(reference, x[0])
    assert difference(wrong[:, :507], right[:, :507]) < 1e-4
    assert difference(wrong[:, 507:, 2:4], right[:, 507:, 2:4]) > 0.1
    other = foreign_card("darknet", (416, 416), masks=TRAINED_MASKS, epsilon=1e-3)
    assert difference(answers(convert(files, other), x[0]), right) > 1e-4


@pytest.mark.parametrize("name", ["yolo-fastest-1.1", "yolo-fastest-1.1-xl"])
def test_yolo_fastest_is_what_opencv_has(testdata: Path, tmp_path: Path, name: str) -> None:
    files = testdata / f"models/yolo/{name}.cfg", testdata / f"models/yolo/{name}.weights"
    model = convert(files, foreign_card("darknet", (320, 320), epsilon=OPENCV))
    everything = tmp_path / "all.cfg"   # else OpenCV leaves out what scores below 0.2
    everything.write_text(files[0].read_text(encoding="utf-8").replace("[yolo]", "[yolo]\nthresh=0.0000001"))
    files = everything, files[1]
    for x in inputs(testdata, (1, 3, 320, 320), 1.0)[1:]:
        assert compare_heads(answers(model, x), by_opencv(files, x), [3, 3]) < 1e-4


def test_the_card_decides_the_size(testdata: Path) -> None:
    files = testdata / "models/yolo/yolo-fastest-1.1.cfg", testdata / "models/yolo/yolo-fastest-1.1.weights"
    x = inputs(testdata, (1, 3, 256, 416), 1.0)[2]
    out = answers(convert(files, foreign_card("darknet", (256, 416))), x)
    assert out.shape == (1, 3 * (8 * 13 + 16 * 26), 85)


# ---- synthetic networks against OpenCV ----


@pytest.mark.parametrize("name", NETS)
def test_it_is_what_opencv_has(tmp_path: Path, name: str) -> None:
    cfg = NETS[name]
    files = synthetic(tmp_path, cfg)
    size = _size(cfg)
    x = np.random.default_rng(0).random((1, 3, *size), dtype=np.float32)
    ours = answers(convert(files, foreign_card("darknet", size, epsilon=OPENCV)), x)
    masks = [line.count(",") + 1 for line in cfg.splitlines() if line.startswith("mask=")] or [2]
    theirs = by_opencv(files, x)
    if len(theirs) == 2 and len(theirs[0]) != ours.shape[1] - len(theirs[1]):
        theirs.reverse()
    assert compare_heads(ours, theirs, masks) < 1e-4


def last_map(folder: Path, cfg: str, x: Array, layer: str) -> Array:
    """What a layer of a network makes."""
    model = convert(write_darknet(folder, cfg, numbers(164)), foreign_card("darknet", _size(cfg)))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(layer))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run([layer], {session.get_inputs()[0].name: x})[0]


@pytest.mark.parametrize(("more", "part"), [("stride_x=2", np.s_[..., ::2]), ("stride_y=2", np.s_[..., ::2, :])])
def test_another_stride_along_one_side(more: str, part: Any, tmp_path: Path) -> None:
    """As in AlexeyAB's parser.c: every second column or row of what stride 1 makes. OpenCV passes over these keys."""
    x = np.random.default_rng(0).random((1, 3, 16, 16), dtype=np.float32)
    nets = [net(conv(4, more=key), conv(8, 1, 1, "linear", 0), yolo("0"), size=16) for key in ("", more)]
    whole, strided = (last_map(tmp_path, cfg, x, "l0") for cfg in nets)
    np.testing.assert_allclose(strided, whole[part], rtol=1e-4, atol=1e-5)


def test_an_enlargement_may_have_a_factor(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((1, 3, 8, 8), dtype=np.float32)
    plain, halved = (
        last_map(tmp_path, net(conv(4), f"[upsample]\nstride=2\n{more}", conv(8, 1, 1, "linear", 0), yolo("0"), size=8),
                 x, name)
        for more, name in (("", "l1"), ("scale=0.5", "l1.scaled"))
    )  # fmt: skip
    assert plain.shape == (1, 4, 16, 16)
    np.testing.assert_allclose(halved * 2, plain, rtol=1e-6)


LACKING: dict[str, Any] = {
    "hardtan": lambda v: np.clip(v, -1, 1),
    "relu6": lambda v: np.clip(v, 0, 6),
    "elu": lambda v: np.where(v > 0, v, np.exp(v) - 1),
    "selu": lambda v: 1.0507 * np.where(v > 0, v, 1.6732 * (np.exp(v) - 1)),
}


@pytest.mark.parametrize("activation", [a for a in ACTIVATIONS if a not in LACKING])
def test_activations_are_what_opencv_has(tmp_path: Path, activation: str) -> None:
    cfg = net(conv(4, activation=activation), conv(3, 1, 1, "linear", 0), "[avgpool]", "[softmax]", size=8)
    files = synthetic(tmp_path, cfg)
    x = np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)
    ours = answers(convert(files, foreign_card("darknet", (8, 8), epsilon=OPENCV)), x)
    assert difference(ours.ravel(), by_opencv(files, x)[0].ravel()) < 1e-4
    assert ours.shape == (1, 3)


@pytest.mark.parametrize(("activation", "expected"), LACKING.items())
def test_activations_that_opencv_lacks(tmp_path: Path, activation: str, expected: Any) -> None:
    files = write_darknet(tmp_path, net(conv(1, 1, activation=activation, bn=0), size=4), np.array([0.5, 1, 1, 1]))
    x = np.random.default_rng(0).normal(0, 4, (1, 3, 4, 4)).astype(np.float32)
    ours = answers(convert(files, foreign_card("darknet", (4, 4))), x)
    np.testing.assert_allclose(ours.ravel(), expected(x.sum(axis=1) + 0.5).ravel(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("wide", "narrow"), [(6, 4), (4, 6), (4, 4)])
def test_a_shortcut_adds_the_channels_that_both_have(tmp_path: Path, wide: int, narrow: int) -> None:
    """OpenCV refuses fewer channels than its own; Darknet adds what there is."""
    cfg = net(conv(wide, 1, activation="linear", bn=0), conv(narrow, 1, activation="linear", bn=0),
              "[shortcut]\nfrom=-2\nactivation=linear", size=4)  # fmt: skip
    files = synthetic(tmp_path, cfg)
    held = np.frombuffer(files[1].read_bytes(), "<f4", offset=20)
    b1, w1, b2, w2 = np.split(held, np.cumsum([wide, wide * 3, narrow]))
    x = np.random.default_rng(0).random((1, 3, 4, 4), dtype=np.float32)
    first = np.tensordot(w1.reshape(wide, 3), x[0], 1) + b1[:, None, None]
    second = np.tensordot(w2.reshape(narrow, wide), first, 1) + b2[:, None, None]
    both = min(wide, narrow)
    second[:both] += first[:both]
    ours = answers(convert(files, foreign_card("darknet", (4, 4))), x)
    np.testing.assert_allclose(ours.ravel(), second.ravel(), rtol=1e-4)


def test_both_headers_are_read(tmp_path: Path) -> None:
    cfg = net(conv(2, 1, bn=0), size=4)
    for header in (darknet_header(0, 1), darknet_header(0, 2), darknet_header(1, 0)):
        assert convert(write_darknet(tmp_path, cfg, numbers(8), header), foreign_card("darknet", (4, 4))).graph.node


# ---- what is wrong is said, with the layer ----

GOOD = net(conv(16, 1, 1, "linear", 0), yolo("0,1"), size=8)


@pytest.mark.parametrize(
    ("cfg", "message"),
    [
        ("", r"does not begin with \[net\]"),
        ("[net]\n", "0 layers"),
        ("hello", "line 1: 'hello'"),
        ("[convolutional]\nfilters=2", "does not begin"),
        (net("[lstm]\n", "[crop]\n", conv(2, activation="plse")),
         r"\[lstm\] \(layer 0\); \[crop\] .*activation=plse \(layer 2\)"),
        (net("[shortcut]\nfrom=-1\nweights_type=per_feature"), "weights_type=per_feature"),
        (net(conv(2, more="antialiasing=1")), "antialiasing=1"),
        (GOOD.replace("channels=3", "channels=4"), "pictures of 4 channels"),
        (GOOD.replace("filters=16", "filters=x"), r"layer 0 \[convolutional\]: filters is 'x'"),
        (GOOD.replace("filters=16", "filters=0"), "filters is '0'"),
        (GOOD.replace("filters=16", "filters=999999"), "ends in layer 0"),
        (GOOD.replace("filters=16", "filters=99999999999999999999"), "filters is '9999"),
        (GOOD.replace("filters=16", "filters=15"), "channels, its input has 15"),
        (GOOD.replace("mask=0,1", "mask=0,9"), "anchor 9 of 4"),
        (GOOD.replace("mask=0,1", "mask=0,-1"), "mask is '0,-1'"),
        (GOOD.replace("anchors=10", "anchors=1e99"), "impossibly large"),
        (GOOD.replace("anchors=10", "anchors=nan"), "impossibly large"),
        (GOOD.replace("anchors=10", "anchors=ten"), "not a list of numbers"),
        (GOOD.replace("anchors=10,14, ", "anchors="), "6 anchor values for 4"),
        (GOOD + "[route]\nlayers=-1", "detection head"),
        (GOOD + "[route]\nlayers=7", "does not come before"),
        (GOOD + "[route]\nlayers=-9", "does not come before"),
        (GOOD + "[route]", "layers is missing"),
        (net(conv(2), "[maxpool]\nsize=2\nstride=2", "[route]\nlayers=0,1"), "different sizes"),
        (net(conv(2), "[maxpool]\nsize=2\nstride=2", "[shortcut]\nfrom=0"), "it adds 64×64 to 32×32"),
        (net(conv(2), "[route]\nlayers=0\ngroups=2\ngroup_id=2"), "group_id is '2'"),
        (net(conv(3), "[route]\nlayers=0\ngroups=2"), "2 groups do not divide"),
        (net(conv(4, more="groups=2")), "2 groups divide neither"),
        (net("[reorg]\nstride=2", size=64), r"steps of 2 do not divide 3×64×64"),
        (net("[upsample]\nstride=900000"), "is impossible"),
        (net(*["[upsample]\nstride=10"] * 8), "layer 1 .* is impossible"),
        (net("[maxpool]\nsize=2\nstride=2\npadding=900000"), "does not fit"),
        (net("[maxpool]\nsize=900000\nstride=1"), "size is '900000'"),
        (net("[convolutional]\nfilters=1\nsize=99\nstride=1\n"), "ends in layer 0|larger than its input"),
        (net(conv(16, 1, 1, "linear", 0), *([yolo("0,1")] + ["[route]\nlayers=0", yolo("0,1")] * 20)),
         "more than 16 heads"),
        (net(*["[maxpool]\nsize=1\nstride=1"] * 2001), "2001 layers"),
    ],
)  # fmt: skip
def test_a_wrong_cfg_is_said(tmp_path: Path, cfg: str, message: str) -> None:
    side = _size(cfg) if "width=" in cfg else (8, 8)
    start = time.perf_counter()
    with pytest.raises(ImportFailed, match=message) as caught:
        convert(write_darknet(tmp_path, cfg, numbers(500)), foreign_card("darknet", side))
    assert caught.value.hint
    assert str(caught.value).startswith(("net.", "Tried"))
    assert time.perf_counter() - start < 5


def test_wrong_weights_are_said(tmp_path: Path) -> None:
    card = foreign_card("darknet", (8, 8))
    files = synthetic(tmp_path, GOOD)
    whole = files[1].read_bytes()
    assert convert(files, card).graph.node
    for data, message in (
        (b"", "too short"),
        (whole[:-4], r"net\.weights ends in layer 0 \[convolutional\]: it has 63 numbers left of the 64 needed"),
        (whole[:-1], "is broken"),
        (whole + b"1234", "1 numbers more"),
        (b"<!doctype html><html>" + b" " * 63, "is broken"),
        (whole[:24] + np.float32(np.nan).tobytes() + whole[28:], "no numbers, near l0"),
    ):
        files[1].write_bytes(data)
        with pytest.raises(ImportFailed, match=message):
            convert(files, card)
    files[1].unlink()
    with pytest.raises(ImportFailed, match="cannot be read"):
        convert(files, card)


def test_negative_variances_are_said(tmp_path: Path) -> None:
    cfg = net(conv(1, 1), size=4)
    with pytest.raises(ImportFailed, match="no numbers, near l0"):
        convert(write_darknet(tmp_path, cfg, np.array([0, 1, 0, -1, 1, 1, 1])), foreign_card("darknet", (4, 4)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masks": [[0, 1], [2]]}, "another number of lists"),
        ({"masks": []}, "masks is no list"),
        ({"masks": [["a"]]}, "masks is no list"),
        ({"masks": [[9, 1]]}, "anchor 9 of 4"),
        ({"masks": 3}, "masks is no list"),
        ({"epsilon": "x"}, "epsilon"),
    ],
)
def test_wrong_options_of_a_card_are_said(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ImportFailed, match=message):
        convert(synthetic(tmp_path, GOOD), foreign_card("darknet", (8, 8), **options))


def test_files_are_known_by_the_card(tmp_path: Path) -> None:
    """A file found by its hash may be called anything."""
    cfg, weights = synthetic(tmp_path, GOOD)
    cfg, weights = cfg.rename(tmp_path / "a"), weights.rename(tmp_path / "b")
    card = foreign_card("darknet", (8, 8), ("x.weights", "x.cfg"))
    assert convert([weights, cfg], card).graph.node
    with pytest.raises(ImportFailed, match=r"line 1|begin"):
        convert([cfg, weights], card)
    with pytest.raises(ImportFailed, match=r"no \.cfg file"):
        convert([weights], foreign_card("darknet", (8, 8), ("x.weights",)))


SEED = net(
    conv(2, stride=2), conv(4), "[route]\nlayers=-1\ngroups=2\ngroup_id=1", "[upsample]\nstride=2",
    "[maxpool]\nsize=2\nstride=2", "[shortcut]\nfrom=-3\nactivation=linear", conv(16, 1, 1, "linear", 0),
    yolo("0,1"), size=16,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_garbled_cfg_is_said(tmp_path: Path, data: st.DataObject) -> None:
    lines = SEED.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["value", "drop", "twice", "bytes"]))
        if kind == "value" and "=" in lines[at]:
            value = data.draw(st.one_of(st.integers(-(10**12), 10**12), st.integers(-4, 20), st.text(max_size=5)))
            lines[at] = f"{lines[at].split('=')[0]}={value}"
        elif kind == "drop":
            lines[at] = ""
        elif kind == "twice":
            lines.insert(at, lines[data.draw(st.integers(0, len(lines) - 1))])
        else:
            lines[at] = data.draw(st.text(max_size=20))
    folder = tmp_path
    paths = folder / "net.cfg", folder / "net.weights"
    paths[0].write_text("\n".join(lines), encoding="utf-8", errors="replace")
    paths[1].write_bytes(darknet_header() + numbers(300).tobytes())
    try:
        convert(paths, foreign_card("darknet", (16, 16)))
    except ImportFailed as error:
        assert_well_said(error, "net.")
