"""Caffe networks as ONNX, against OpenCV's reader; and files that are broken or hostile."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
from model_files import foreign_card, foreseen
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers import convert
from inference.intake.importers.caffe.prototext import read_text

Array = NDArray[Any]
BOUND = 1e-4   # of the largest output


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def tagged(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def caffemodel(layers: Mapping[str, Sequence[Array]]) -> bytes:
    out = b""
    for name, blobs in layers.items():
        body = tagged(1, name.encode())
        for blob in blobs:
            shape = tagged(7, tagged(1, b"".join(varint(side) for side in blob.shape)))
            body += tagged(7, shape + tagged(5, blob.astype("<f4").tobytes()))
        out += tagged(100, body)
    return out


class Net:
    """A network in the making: its text and its numbers."""

    def __init__(self, channels: int = 3, side: int = 15) -> None:
        self.shape = (1, channels, side, side + 2)
        dims = " ".join(f"dim: {d}" for d in self.shape)
        given = f'input_param {{ shape {{ {dims} }} }}'
        self.text = f'name: "made" layer {{ name: "in" type: "Input" top: "data" {given} }}\n'
        self.blobs: dict[str, list[Array]] = {}
        self.rng = np.random.default_rng(3)

    def add(
        self, kind: str, top: str, bottoms: str = "data", param: str = "", blobs: Sequence[tuple[int, ...]] = ()
    ) -> "Net":
        inputs = " ".join(f'bottom: "{b}"' for b in bottoms.split())
        outputs = " ".join(f'top: "{t}"' for t in top.split())
        name = f"{kind}-{len(self.blobs)}-{top.split()[0]}"
        self.text += f'layer {{ name: "{name}" type: "{kind}" {inputs} {outputs} {param} }}\n'
        if blobs:
            self.blobs[name] = [(self.rng.random(shape) * 0.5 + 0.1).astype(np.float32) for shape in blobs]
        return self

    def write(self, folder: Path) -> tuple[Path, Path]:
        files = folder / "made.prototxt", folder / "made.caffemodel"
        files[0].write_text(self.text, encoding="utf-8")
        files[1].write_bytes(caffemodel(self.blobs))
        return files


def run(files: Sequence[Path], x: Array) -> list[Array]:
    made = convert(files, foreign_card("caffe", x.shape[2:]))  # type: ignore[arg-type]
    session = onnxruntime.InferenceSession(made.SerializeToString())
    return session.run(None, {"data": x})  # type: ignore[no-any-return]


def difference(a: Array, b: Array) -> float:
    assert a.size == b.size
    return float(np.abs(a.ravel() - b.ravel()).max() / np.abs(b).max())


def oracle(files: Sequence[Path], x: Array) -> list[Array]:
    net = cv2.dnn.readNetFromCaffe(str(files[0]), str(files[1]))
    net.setInput(x)
    return [np.asarray(out) for out in net.forward(net.getUnconnectedOutLayersNames())]


CONV = "convolution_param {{ num_output: {} kernel_size: {} {} }}"
NETS = {
    "a convolution with unequal sides": Net().add(
        "Convolution", "c",
        param="convolution_param { num_output: 4 kernel_h: 3 kernel_w: 5 pad_h: 1 pad_w: 2 stride: 2 }",
        blobs=[(4, 3, 3, 5), (4,)],
    ),
    "groups, dilation, no bias": Net(4).add(
        "Convolution", "c", param=CONV.format(8, 3, "group: 4 dilation: 2 pad: 2 bias_term: false"),
        blobs=[(8, 1, 3, 3)],
    ),
    "pooling that rounds up": Net().add("Pooling", "p", param="pooling_param { pool: MAX kernel_size: 3 stride: 2 }"),
    "pooling with padding": Net(side=14).add("Pooling", "p", param="pooling_param { kernel_size: 3 stride: 2 pad: 1 }"),
    "the average of everything": Net().add("Pooling", "p", param="pooling_param { pool: AVE global_pooling: true }"),
    "an average within": Net().add("Pooling", "p", param="pooling_param { pool: AVE kernel_size: 5 stride: 5 }"),
    "local response": Net(8).add("LRN", "n", param="lrn_param { local_size: 5 alpha: 0.1 beta: 0.75 }"),
    "a residual block": Net()
    .add("Convolution", "c", param=CONV.format(3, 3, "pad: 1"), blobs=[(3, 3, 3, 3), (3,)])
    .add("BatchNorm", "c", "c", blobs=[(3,), (3,), (1,)])
    .add("Scale", "c", "c", "scale_param { bias_term: true }", blobs=[(3,), (3,)])
    .add("ReLU", "c", "c")
    .add("Eltwise", "sum", "c data", "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }"),
    "a fire module": Net()
    .add("Convolution", "s", param=CONV.format(2, 1, ""), blobs=[(2, 3, 1, 1), (2,)])
    .add("ReLU", "s", "s")
    .add("Convolution", "a", "s", CONV.format(3, 1, ""), blobs=[(3, 2, 1, 1), (3,)])
    .add("Convolution", "b", "s", CONV.format(4, 3, "pad: 1"), blobs=[(4, 2, 3, 3), (4,)])
    .add("Concat", "both", "a b")
    .add("Dropout", "both", "both"),
    "a classifier": Net()
    .add("Flatten", "f")
    .add("InnerProduct", "i", "f", "inner_product_param { num_output: 7 }", blobs=[(7, 3 * 15 * 17), (7,)])
    .add("Power", "i", "i", "power_param { scale: 0.01 shift: 0.5 }")
    .add("Softmax", "prob", "i"),
    "activations": Net()
    .add("PReLU", "r", blobs=[(3,)])
    .add("ReLU", "l", "r", "relu_param { negative_slope: 0.1 }")
    .add("Sigmoid", "s", "l")
    .add("TanH", "t", "s")
    .add("ELU", "e", "t")
    .add("AbsVal", "v", "e"),
    "slices in another order": Net(6)
    .add("Slice", "a b", param="slice_param { axis: 1 slice_point: 2 }")
    .add("Concat", "c", "b a")
    .add("Permute", "p", "c", "permute_param { order: 0 order: 2 order: 3 order: 1 }"),
}  # fmt: skip


def test_local_response_by_default(tmp_path: Path) -> None:
    """LRNParameter of caffe.proto: alpha 1, beta 0.75, k 1; alpha is divided by the size. OpenCV answers otherwise."""
    net = Net().add("LRN", "n", param="lrn_param { local_size: 3 }")
    x = np.random.default_rng(5).standard_normal(net.shape).astype(np.float64)
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0))) ** 2
    wanted = x / (1 + (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3) ** 0.75
    (found,) = run(net.write(tmp_path), x.astype(np.float32))
    assert difference(found, wanted.astype(np.float32)) <= BOUND


@pytest.mark.parametrize("what", NETS)
def test_every_layer_does_what_opencv_does(what: str, tmp_path: Path) -> None:
    net = NETS[what]
    files = net.write(tmp_path)
    x = np.random.default_rng(5).standard_normal(net.shape).astype(np.float32)
    if net.shape[1] not in (1, 3):   # a picture first: a convolution that copies its channels
        pytest.importorskip("cv2")
        files, x = behind_a_picture(net, tmp_path)
    mine, theirs = run(files, x), oracle(files, x)
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert difference(a, b) <= BOUND


def behind_a_picture(net: Net, folder: Path) -> tuple[tuple[Path, Path], Array]:
    channels, side = net.shape[1], net.shape[2]
    wide = [(channels, 3, 1, 1), (channels,)]
    first = Net(3, side).add("Convolution", "wide", param=CONV.format(channels, 1, ""), blobs=wide)
    rest = net.text.split("\n", 1)[1].replace('bottom: "data"', 'bottom: "wide"')
    first.text, first.blobs = first.text + rest, {**first.blobs, **net.blobs}
    return first.write(folder), np.random.default_rng(5).standard_normal(first.shape).astype(np.float32)


def lenet(testdata: Path) -> tuple[Path, Path]:
    folder = testdata / "models" / "mnist"
    return folder / "lenet.prototxt", folder / "lenet_iter_10000.caffemodel"


def test_lenet_is_the_same_network(testdata: Path) -> None:
    for seed in range(4):
        x = np.random.default_rng(seed).random((1, 1, 28, 28), np.float32)
        assert difference(run(lenet(testdata), x)[0], oracle(lenet(testdata), x)[0]) <= BOUND


def test_a_planted_fault_is_found(testdata: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((1, 1, 28, 28), np.float32)
    text, weights = lenet(testdata)
    right = oracle((text, weights), x)[0]
    planted = tmp_path / "lenet.prototxt", tmp_path / "lenet.caffemodel"
    planted[0].write_text(text.read_text())
    data = bytearray(weights.read_bytes())
    whole = weights.read_bytes()
    at = whole.index(b"conv1") + 2000   # inside the numbers of the first convolution
    data[at : at + 4] = struct.pack("<f", 3.0)
    planted[1].write_bytes(data)
    assert difference(run(planted, x)[0], right) > BOUND
    planted[1].write_bytes(whole)
    planted[0].write_text(text.read_text().replace("pool: MAX", "pool: AVE", 1))
    assert difference(run(planted, x)[0], right) > BOUND
    planted[0].write_text(text.read_text())
    assert difference(run(planted, x)[0], right) <= BOUND


def test_a_stride_and_the_order_of_colours_are_found(tmp_path: Path) -> None:
    net = NETS["a convolution with unequal sides"]
    files = net.write(tmp_path)
    x = np.random.default_rng(1).random(net.shape, np.float32)
    right = oracle(files, x)[0]
    assert difference(run(files, np.ascontiguousarray(x[:, ::-1]))[0], right) > BOUND
    files[0].write_text(net.text.replace("stride: 2", "stride: 1"))
    assert run(files, x)[0].size != right.size


def test_an_average_counts_its_padding_as_caffe_does(tmp_path: Path) -> None:
    net = Net(side=6).add("Pooling", "p", param="pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }")
    x = np.ones(net.shape, np.float32)
    made = run(net.write(tmp_path), x)[0]
    # pooling_layer.cpp: a window ends at height + pad at the latest, and counts all before.
    height, width = net.shape[2:]
    for i in range(made.shape[2]):
        for j in range(made.shape[3]):
            y, xx = i * 2 - 1, j * 2 - 1
            y_end, x_end = min(y + 3, height + 1), min(xx + 3, width + 1)
            inside = (min(y_end, height) - max(y, 0)) * (min(x_end, width) - max(xx, 0))
            assert made[0, 0, i, j] == pytest.approx(inside / ((y_end - y) * (x_end - xx)))


def test_a_training_net_becomes_one_for_use(tmp_path: Path) -> None:
    net = Net()
    net.text = """
    layer { name: "train" type: "Data" top: "data" top: "label" include { phase: TRAIN } }
    layer { name: "test" type: "Data" top: "data" top: "label" include { phase: TEST } }
    layer { name: "i" type: "InnerProduct" bottom: "data" top: "i" inner_product_param { num_output: 2 } }
    layer { name: "accuracy" type: "Accuracy" bottom: "i" bottom: "label" top: "accuracy" include { phase: TEST } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "i" bottom: "label" top: "loss" }
    """
    net.blobs = {"i": [np.ones((2, 3 * 8 * 8), np.float32), np.zeros(2, np.float32)]}
    found = run(net.write(tmp_path), np.ones((1, 3, 8, 8), np.float32))
    np.testing.assert_allclose(found[0], [[0.5, 0.5]])


def test_all_unknown_layers_are_named_at_once(tmp_path: Path) -> None:
    net = Net().add("Crop", "a").add("SPP", "b", "a").add("ReLU", "c", "b")
    with pytest.raises(ImportFailed, match="Crop, SPP"):
        convert(net.write(tmp_path), foreign_card("caffe", (8, 8)))


WRONG = {
    "a bottom that nobody makes": (Net().add("ReLU", "a", "nothing"), "takes nothing"),
    "a circle": (Net().add("ReLU", "a", "b").add("ReLU", "b", "a"), "takes b"),
    "weights that are not there": (Net().add("Convolution", "c", param=CONV.format(4, 3, "")), "not in the"),
    "weights of another shape": (
        Net().add("Convolution", "c", param=CONV.format(4, 3, ""), blobs=[(4, 3, 5, 5), (4,)]), "4×3×3×3"
    ),
    "an impossible map": (Net(side=9000).add("ReLU", "a"), "impossible"),
    "a window larger than that": (Net().add("Pooling", "p", param="pooling_param { kernel_size: 99 }"), "larger"),
    "no output": (Net(), "no output"),
    "data in the midst": (Net().add("ReLU", "a").add("Python", "b", "a"), "Python with an input"),
    "statistics of the picture": (
        Net().add("BatchNorm", "b", param="batch_norm_param { use_global_stats: false }", blobs=[(3,), (3,), (1,)]),
        "picture itself",
    ),
    "windows with gaps": (Net().add("Pooling", "p", param="pooling_param { kernel_size: 2 stride: 3 }"), "gaps"),
    "an even neighbourhood": (Net().add("LRN", "n", param="lrn_param { local_size: 4 }"), "even"),
    "no number": (Net().add("ReLU", "r", param="relu_param { negative_slope: nan }"), "no number"),
    "a weighted maximum": (
        Net().add("Eltwise", "m", "data data", "eltwise_param { operation: MAX coeff: 2 coeff: 1 }"), "MAX"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_is_said(what: str, tmp_path: Path) -> None:
    net, words = WRONG[what]
    with pytest.raises(ImportFailed, match=words):
        convert(net.write(tmp_path), foreign_card("caffe", (8, 8)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("layer {" * 5000, id="deep"), "layer { name: ", "}", "a: [1, 2", 'a: "open', "layer: layer: layer",
        "[", ":", "a:{b:<c:{}}",
    ],
)  # fmt: skip
def test_broken_text_is_refused(text: str) -> None:
    with pytest.raises(ImportFailed, match=r"made\.prototxt, line"):
        read_text(text, "made.prototxt")


def test_truncated_and_lying_files_are_refused_at_once(tmp_path: Path) -> None:
    net = NETS["a fire module"]
    files = net.write(tmp_path)
    whole = files[1].read_bytes()
    start = perf_counter()
    lies = [tagged(100, b"\x0a\xff\xff\xff\xff\x0f"), b"\xff" * 40, varint(100 << 3 | 2) + varint(1 << 40), bytes(20)]
    for data in (*(whole[:cut] for cut in range(1, len(whole), 37)), *lies):
        files[1].write_bytes(data)
        with foreseen():
            convert(files, foreign_card("caffe", (15, 17)))
            pytest.fail("it was taken for a network")
    assert perf_counter() - start < 20   # a hang, not a speed


# ---- what only OpenCV reads ----


def ssd(folder: Path, *, scale: str = "") -> tuple[Path, Path]:
    """A small SSD with its PriorBox and DetectionOutput, as MobileNet-SSD's deploy.prototxt has them: 20 classes."""
    net = Net(side=30)
    net.text = net.text.replace("made", "MobileNet-SSD")
    if scale:
        net.text = net.text.replace('top: "data"', f'top: "data" transform_param {{ {scale} }}', 1)
    first = "convolution_param { num_output: 8 kernel_size: 3 stride: 8 }"
    net.add("Convolution", "map", "data", first, [(8, 3, 3, 3), (8,)])
    for top, depth in (("loc", 12), ("conf", 63)):
        net.add("Convolution", top, "map", f"convolution_param {{ num_output: {depth} kernel_size: 1 }}",
                [(depth, 8, 1, 1), (depth,)])   # fmt: skip
        net.add("Permute", f"{top}_turned", top, "permute_param { order: 0 order: 2 order: 3 order: 1 }")
        net.add("Flatten", f"{top}_flat", f"{top}_turned", "flatten_param { axis: 1 }")
    prior = "prior_box_param { min_size: 12 aspect_ratio: 2 flip: true clip: false variance: 0.1 variance: 0.1 "
    net.add("PriorBox", "priors", "map data", prior + "variance: 0.2 variance: 0.2 offset: 0.5 }")
    net.add("Reshape", "conf_rows", "conf_flat", "reshape_param { shape { dim: 0 dim: -1 dim: 21 } }")
    net.add("Softmax", "conf_soft", "conf_rows", "softmax_param { axis: 2 }")
    net.add("Flatten", "conf_out", "conf_soft", "flatten_param { axis: 1 }")
    ends = ("nms_param { nms_threshold: 0.45 top_k: 100 } code_type: CENTER_SIZE keep_top_k: 20 "
            "confidence_threshold: 0.01")   # fmt: skip
    net.add("DetectionOutput", "found", "loc_flat conf_out priors",
            f"detection_output_param {{ num_classes: 21 share_location: true background_label_id: 0 {ends} }}")
    return net.write(folder)


def test_an_ssd_runs_on_opencv_and_says_so(tmp_path: Path) -> None:
    from inference.backends import Engine, load_backend, usual_backend
    from inference.data import Ask, Detections, Frame
    from inference.intake.propose import propose
    from inference.recogniser import Recogniser

    files = ssd(tmp_path)
    found = propose(files, tmp_path)
    card = found.card
    assert (card.format, usual_backend(card), card.decoder, card.labels) == (
        "caffe-opencv", "opencv", "ssd-caffe", "voc_20.txt"
    )  # fmt: skip
    assert "OpenCV runs it as it is" in card.source
    assert "PriorBox" in card.source
    assert (card.input.order, card.input.mean) == ("BGR", (127.5, 127.5, 127.5))
    assert card.input.std == pytest.approx([1 / 0.007843] * 3)
    network = Recogniser(card, found.network, "opencv", Engine(1), apart=False)
    picture = np.random.default_rng(5).integers(0, 256, (30, 32, 3), np.uint8)
    said = network(Frame(picture, 0, 0.0), Ask(confidence=0.01)).prediction
    assert isinstance(said, Detections)
    net = cv2.dnn.readNetFromCaffe(str(files[0]), str(files[1]))   # by the tutorial, without any code of ours
    net.setInput(cv2.dnn.blobFromImage(picture, 0.007843, (32, 30), (127.5, 127.5, 127.5)))
    rows = net.forward()[0, 0]
    rows = rows[rows[:, 2].argsort()[::-1]]
    assert said.scores[0] == pytest.approx(rows[0, 2], abs=1e-4)
    assert said.boxes[0] == pytest.approx(np.clip(rows[0, 3:] * [32, 30, 32, 30], 0, [32, 30, 32, 30]), abs=0.05)
    assert load_backend("opencv", found.network, Engine(1)).run(np.zeros((1, 3, 30, 32), np.float32))


def test_a_transform_param_is_honoured(tmp_path: Path) -> None:
    from inference.intake.propose import propose

    said = "scale: 0.017 mean_value: 103.94 mean_value: 116.78 mean_value: 123.68"
    card = propose(ssd(tmp_path, scale=said), tmp_path).card
    assert card.input.mean == (103.94, 116.78, 123.68)
    assert card.input.std == pytest.approx([1 / 0.017] * 3)


def test_what_opencv_does_not_read_either_is_said_as_our_reader_did(tmp_path: Path) -> None:
    from inference.errors import LabError
    from inference.intake.propose import propose

    files = Net().add("Nonsense", "out").write(tmp_path)
    with pytest.raises(LabError, match=r"Nonsense.*OpenCV does not run it either"):
        propose(files, tmp_path)
