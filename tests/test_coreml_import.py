"""Core ML files as ONNX, against the networks that they were made from; and files that are broken or hostile."""

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from model_files import foreign_card, foreseen
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument

from inference.backends import Engine
from inference.data import Ask, Classification, Frame
from inference.errors import ImportFailed, LabError
from inference.intake.adding import add
from inference.intake.importers import convert
from inference.intake.propose import propose
from inference.intake.provide import ready
from inference.preprocess import Preprocessor
from inference.recogniser import Recogniser
from models.catalog import load_catalog
from models.store import Store
from models.whole import work_folder

Array = NDArray[Any]
CARDS = load_catalog()
TWINS = {   # the card of the network that it was made from
    "TinyVGG": "tiny-vgg", "ResNet20Cifar10": "resnet20-cifar10", "SqueezeNet11": "squeezenet1.1-caffe",
}  # fmt: skip
# Of logits; of probabilities where half precision is in play: the original is rounded too before they are compared.
BOUNDS = {".mlmodel": 1e-5, ".mlpackage": 1e-3}


def parts(path: Path) -> tuple[Path, ...]:
    with work_folder() as folder:
        return propose([path], folder).sources


def run(files: tuple[Path, ...], x: Array) -> Array:
    made = convert(files, foreign_card("coreml", (8, 8)))
    session = onnxruntime.InferenceSession(made.SerializeToString())
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0]).ravel()


def twin(name: str, testdata: Path, pixels: Array, *, halved: bool = False) -> Array:
    """The answer of the original to (h, w, 3) BGR pixels of its own size; its weights rounded to half precision."""
    card = CARDS[TWINS[name]]
    model = onnx.load(str(next((testdata / "models").rglob(card.files[0].name))))
    for tensor in model.graph.initializer if halved else ():
        if tensor.data_type == onnx.TensorProto.FLOAT:
            rounded = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    x, _ = Preprocessor(card.input)(Frame(pixels, 0, 0.0))
    found = np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0]).ravel()
    if card.decoder == "softmax":
        found = np.exp(found - found.max())
        found /= found.sum()
    return found


def given(name: str, pixels: Array) -> Array:
    """The same pixels as the Core ML network takes them: 0..255, in its order of colours."""
    order = CARDS[TWINS[name]].input.order
    return np.ascontiguousarray((pixels if order == "BGR" else pixels[..., ::-1]).transpose(2, 0, 1)[None], np.float32)


def pictures(name: str, testdata: Path) -> list[Array]:
    height, width = CARDS[TWINS[name]].input.size
    paths = sorted((testdata / "images").glob("*.jpg"))
    photos = [cv2.imread(str(path)) for path in [testdata / "images" / "cat.jpg", *paths[:6]]]
    return [cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA) for photo in photos]


def noise(name: str) -> list[Array]:
    height, width = CARDS[TWINS[name]].input.size
    return [np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8) for seed in range(4)]


def difference(a: Array, b: Array) -> float:
    """Relative, of the logits: a softmax hides what is small, and widens what is near a tie."""
    x, y = (np.log(np.maximum(part.astype(np.float64), 1e-30)) for part in (a, b))
    x, y = x - x.mean(), y - y.mean()
    return float(np.abs(x - y).max() / np.abs(y).max())


@pytest.mark.parametrize("ending", BOUNDS)
@pytest.mark.parametrize("name", TWINS)
def test_it_is_the_same_network(name: str, ending: str, testdata: Path) -> None:
    files = parts(testdata / "models" / "coreml" / f"{name}{ending}")
    for pixels in [*pictures(name, testdata), *noise(name)]:
        found = run(files, given(name, pixels))
        right = twin(name, testdata, pixels, halved=ending == ".mlpackage")
        # A package's batch normalisations were folded before they were rounded: its logits keep that difference.
        far = difference(found, right) if ending == ".mlmodel" else np.abs(found - right).max() / right.max()
        assert far <= BOUNDS[ending]
        assert np.abs(found - twin(name, testdata, pixels)).max() < 5e-3   # what rounding costs, in probability


@pytest.mark.parametrize("ending", BOUNDS)
def test_colours_in_the_wrong_order_are_found(ending: str, testdata: Path) -> None:
    files = parts(testdata / "models" / "coreml" / f"SqueezeNet11{ending}")
    pixels = pictures("SqueezeNet11", testdata)[0]
    wrong = given("SqueezeNet11", np.ascontiguousarray(pixels[..., ::-1]))
    assert difference(run(files, wrong), twin("SqueezeNet11", testdata, pixels)) > BOUNDS[ending]


def test_one_wrong_weight_is_found(testdata: Path, tmp_path: Path) -> None:
    pixels = pictures("TinyVGG", testdata)[0]
    right = twin("TinyVGG", testdata, pixels)
    folder = testdata / "models" / "coreml"
    data = bytearray((folder / "TinyVGG.mlmodel").read_bytes())
    at = len(data) // 2 // 4 * 4
    data[at : at + 8] = struct.pack("<2f", 2.5, -2.5)   # in the midst of the dense layer's weights
    path = tmp_path / "planted.mlmodel"
    path.write_bytes(data)
    assert difference(run((path,), given("TinyVGG", pixels)), right) > BOUNDS[".mlmodel"]
    spec, blob = parts(folder / "TinyVGG.mlpackage")
    data = bytearray(blob.read_bytes())
    data[-200:-196] = struct.pack("<2e", 40.0, -40.0)
    (tmp_path / "weight.bin").write_bytes(data)
    planted = (spec, tmp_path / "weight.bin")
    assert difference(run(planted, given("TinyVGG", pixels)), right) > BOUNDS[".mlpackage"]


def test_one_wrong_stride_is_found(testdata: Path, tmp_path: Path) -> None:
    folder = testdata / "models" / "coreml"
    data = (folder / "ResNet20Cifar10.mlmodel").read_bytes()
    stride = bytes([30 << 3 & 0x7F | 2 | 0x80, 30 >> 4, 2, 1, 1])   # field 30 of a convolution: 1, 1
    assert data.count(stride)
    path = tmp_path / "planted.mlmodel"
    path.write_bytes(data.replace(stride, stride[:3] + bytes([2, 2]), 1))
    pixels = pictures("ResNet20Cifar10", testdata)[0]
    found: Array | None = None
    with suppress(Fail, InvalidArgument):   # the maps may not fit together any more
        found = run((path,), given("ResNet20Cifar10", pixels))
    right = twin("ResNet20Cifar10", testdata, pixels)
    assert found is None or difference(found, right) > BOUNDS[".mlmodel"]


@pytest.mark.parametrize("ending", BOUNDS)
def test_a_file_that_is_dropped_recognises_the_cat_with_its_own_labels(ending: str, testdata: Path) -> None:
    store = Store()
    card = add([testdata / "models" / "coreml" / f"SqueezeNet11{ending}"], store)
    assert card.guessed == ()   # the file says it, and the samples how it is fitted in
    assert (card.input.order, card.input.range) == ("BGR", "0..255")
    path = ready(card, store, lambda _words, _part: None, Event())
    photo = cv2.imread(str(testdata / "images" / "cat.jpg"))
    found = Recogniser(card, path, "onnxruntime", Engine())(Frame(photo, 0, 0.0), Ask()).prediction
    assert isinstance(found, Classification)
    assert "cat" in found.labels[0]


# ---- broken and hostile ----


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def tagged(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    return varint(number << 3 | 2) + varint(len(data)) + data


def described(width: int = 8, height: int = 8, space: int = 20) -> bytes:
    image = tagged(4, tagged(1, width) + tagged(2, height) + tagged(3, space))
    return tagged(2, tagged(1, tagged(1, b"image") + tagged(3, image)) + tagged(10, tagged(1, b"out")))


def network(*layers: bytes) -> bytes:
    return described() + tagged(500, b"".join(tagged(1, layer) for layer in layers) + tagged(5, 1) + tagged(6, 1))


def layer(kind: int, params: bytes = b"", source: bytes = b"image", out: bytes = b"out") -> bytes:
    return tagged(1, b"made") + tagged(2, source) + tagged(3, out) + tagged(kind, params)


def doubles(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def chain(number: int, *models: bytes) -> bytes:
    """A pipeline of these models; those that classify or regress wrap a plain one."""
    inner = b"".join(tagged(1, model) for model in models)
    return described() + tagged(number, inner if number == 202 else tagged(1, inner))


RELU = tagged(10, b"")
SCALER = tagged(2, tagged(1, tagged(1, b"out"))) + tagged(604, tagged(1, doubles(-1.0)) + tagged(2, doubles(0.5)))


def run_coreml(data: bytes, folder: Path, x: Array) -> Array:
    path = folder / "net.mlmodel"
    path.write_bytes(data)
    made = convert([path], foreign_card("coreml", (8, 8), ("net.mlmodel",)))
    session = onnxruntime.InferenceSession(made.SerializeToString())
    found: Array = session.run(None, {session.get_inputs()[0].name: x})[0]
    return found


@pytest.mark.parametrize("number", [200, 201, 202])
def test_a_pipeline_of_a_network_and_a_scaler(number: int, tmp_path: Path) -> None:
    x = np.random.default_rng(4).uniform(-5, 5, (1, 3, 8, 8)).astype(np.float32)
    one = network(layer(130, RELU))
    assert run_coreml(chain(number, one), tmp_path, x) == pytest.approx(np.maximum(x, 0))
    found = run_coreml(chain(number, one, SCALER), tmp_path, x)
    assert found.reshape(-1) == pytest.approx(0.5 * (np.maximum(x, 0) - 1).reshape(-1))   # scale * (x + shift)
    identity = described() + tagged(900, b"")
    assert run_coreml(chain(number, one, identity, SCALER), tmp_path, x).reshape(-1) == pytest.approx(found.reshape(-1))


WRONG: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no neural network"),
    "no message": (b"\xff" * 50, "damaged"),
    "a pipeline": (described() + tagged(200, b""), "pipeline"),
    "Apple's feature print": (chain(200, described() + tagged(2002, b""), described() + tagged(400, b"")),
                              "feature print"),
    "a network and a linear classifier": (chain(200, network(layer(130, RELU)), described() + tagged(400, b"")),
                                          "linear classifier"),
    "a scaler of something else": (chain(202, network(layer(130, RELU)), SCALER.replace(b"out", b"odd")),
                                   "does not make"),
    "unknown layers, all named": (network(layer(330), layer(150)), "embedding, split"),
    "an unknown parameter": (network(layer(130, tagged(10, b"") + tagged(999, 1))), "999"),
    "an impossible picture": (described(width=1 << 40) + tagged(500, b""), "pictures of"),
    "an unknown colour space": (described(space=7) + tagged(500, b""), "colours"),
    "a layer that takes what nobody makes": (network(layer(130, tagged(10, b""), source=b"b")), "takes b"),
    "a circle": (network(layer(230, source=b"b", out=b"a"), layer(230, source=b"a", out=b"b")), "takes b"),
    "no output": (network(layer(130, tagged(10, b""), out=b"other")), "no output"),
    "weights that are not there": (
        network(layer(100, tagged(1, 4) + tagged(2, 3) + tagged(20, b"\3\3") + tagged(90, tagged(1, bytes(8))))),
        "4×3×3×3",
    ),
    "a billion channels": (network(layer(140, tagged(1, 1 << 40) + tagged(2, 1 << 40))), "impossible"),
    "few bits beyond the end": (
        network(layer(140, tagged(1, 9) + tagged(2, 9) + tagged(20, tagged(30, b"ab") + tagged(40, tagged(1, 4))))),
        "fit into",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(what: str, tmp_path: Path) -> None:
    data, words = WRONG[what]
    path = tmp_path / "wrong.mlmodel"
    path.write_bytes(data)
    with pytest.raises(ImportFailed, match=words):
        convert((path,), foreign_card("coreml", (8, 8)))


def truncations(data: bytes) -> list[bytes]:
    return [data[: len(data) * i // 60] for i in range(60)]


def flips(data: bytes) -> list[bytes]:
    rng = np.random.default_rng(2)
    made = []
    for _ in range(120):
        changed = bytearray(data)
        for at in rng.integers(0, min(len(data), 12_000), 3):
            changed[at] = rng.integers(0, 256)
        made.append(bytes(changed))
    return made


@pytest.mark.parametrize("harm", [truncations, flips])
@pytest.mark.parametrize("ending", BOUNDS)
def test_harm_ends_as_a_sentence_and_soon(
    harm: Callable[[bytes], list[bytes]], ending: str, testdata: Path, tmp_path: Path
) -> None:
    files = parts(testdata / "models" / "coreml" / f"TinyVGG{ending}")
    path = tmp_path / "model.mlmodel"
    slowest = 0.0
    for data in harm(files[0].read_bytes()):
        path.write_bytes(data)
        start = perf_counter()
        with foreseen():
            convert((path, *files[1:]), foreign_card("coreml", (8, 8)))
        slowest = max(slowest, perf_counter() - start)
    assert slowest < 5   # a hang, not a speed


@pytest.mark.parametrize("name", ["@model_path/../../weight.bin", "/etc/weight.bin", "@model_path/other.bin"])
def test_weights_outside_the_package_are_refused(name: str, testdata: Path, tmp_path: Path) -> None:
    spec, blob = parts(testdata / "models" / "coreml" / "TinyVGG.mlpackage")
    usual = b"@model_path/weights/weight.bin"
    head, _, tail = name.rpartition("/")
    wanted = (head + "/" * (len(usual) - len(head) - len(tail)) + tail).encode()   # of the same length
    data = spec.read_bytes()
    assert usual in data
    path = tmp_path / "model.mlmodel"
    path.write_bytes(data.replace(usual, wanted))
    with pytest.raises(ImportFailed, match="outside the package"):
        convert((path, blob), foreign_card("coreml", (8, 8)))


def test_a_package_whose_parts_lead_out_of_it_is_refused(testdata: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Out.mlpackage" / "Data" / "com.apple.CoreML"
    folder.mkdir(parents=True)
    try:
        (folder / "model.mlmodel").symlink_to(testdata / "models" / "coreml" / "TinyVGG.mlmodel")
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(LabError, match="no whole Core ML package"):
        propose([tmp_path / "Out.mlpackage"], tmp_path)
