"""Sets of digits, the networks that are trained on them, and what is counted: by numpy, and on MNIST's own test."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

import app
from inference.backends import Engine
from inference.data import Ask, Frame
from inference.errors import Cancelled, LabError
from inference.ink import centred
from inference.lab.accuracy.datasets import of_digits
from inference.lab.accuracy.run import evaluate
from inference.lab.digits.readers import Reader, Readers
from inference.lab.digits.sets import FIVE_THOUSAND, DigitSet, five_thousand, read_idx, read_set, without
from inference.lab.digits.weights import dense_layers, taken_apart
from inference.lab.intervals import wilson
from inference.recogniser import Recogniser
from models.catalog import CARDS, load_catalog
from models.lineups import line_ups
from models.store import COMES_WITH, Store
from training.drawn import drawn
from training.photographed import photo

CATALOG = load_catalog(CARDS)
NAMES = line_ups()["digits"].models
MNIST = Path("data/mnist")


def idx(values: np.ndarray) -> bytes:
    """As http://yann.lecun.com/exdb/mnist describes it."""
    return bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">i4").tobytes() + values.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of twelve of our own digits, packed and not."""
    pictures = np.stack([centred(drawn(i % 10, 120, 12), (28, 28)) for i in range(12)])
    where = tmp_path / "digits"
    where.mkdir()
    (where / "own-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures)))
    (where / "own-labels.idx1-ubyte").write_bytes(idx(np.arange(12) % 10))
    return where


def network(name: str) -> Recogniser:
    card = CATALOG[name]
    path = Store().find(card.files[0])
    assert path
    assert path.parent == COMES_WITH
    return Recogniser(card, path, "onnxruntime", Engine(1))


# ---- sets ----


def test_a_set_is_read_packed_or_not(folder: Path) -> None:
    digits = read_set(folder)
    assert len(digits) == 12
    assert digits.pictures.shape == (12, 28, 28)
    assert digits.labels.tolist() == [*range(10), 0, 1]
    assert len(without(digits, [digits])) == 0
    assert len(without(digits, [])) == 12


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no idx file"),
        (b"\0\0\x08", "no idx file"),
        (b"\0\0\x0d\x01" + b"\0" * 8, "no idx file"),   # floats
        (b"\0\0\x08\x03" + b"\0" * 8, "no idx file"),   # no third side
        (idx(np.zeros((2, 28, 28)))[:-1], "1,568 bytes and holds 1,567"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "holds 0"),    # 2^96 bytes
    ],
)
def test_a_damaged_file_says_so(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "t-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(LabError, match=words):
        read_idx(path)


def test_a_set_that_is_none_says_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be read"):
        read_set(tmp_path / "nowhere")
    with pytest.raises(LabError, match="has none"):
        read_set(folder, "t10k")
    (folder / "more-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(LabError, match="own-images"):
        read_set(folder)
    with pytest.raises(LabError, match="no labels beside it"):
        read_set(folder, "more")
    (folder / "own-labels.idx1-ubyte").write_bytes(idx(np.arange(11)))
    with pytest.raises(LabError, match="12×28×28 and 11"):
        read_set(folder, "own")
    (folder / "own-labels.idx1-ubyte").write_bytes(idx(np.arange(12)))
    with pytest.raises(LabError, match="reach 11"):
        read_set(folder, "own")
    (folder / "bad-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b\x08 no gzip")
    (folder / "bad-labels-idx1-ubyte").write_bytes(b"")
    with pytest.raises(LabError, match="cannot be read"):
        read_set(folder, "bad")


def test_the_five_thousand_are_500_of_each_and_none_of_the_test(testdata: Path) -> None:
    digits = five_thousand(Store(), lambda *_: None, Event())
    assert np.bincount(digits.labels).tolist() == [500] * 10
    assert digits.pictures[:, 0].max() == 0   # a margin, white on black
    assert FIVE_THOUSAND.package
    assert len(without(digits, [read_set(testdata / MNIST)])) == 5000


# ---- the networks ----


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_what_its_file_says(name: str) -> None:
    """Seven, 6 MB in all, written by our own builder; with the log of its training beside it."""
    path = COMES_WITH / CATALOG[name].files[0].name
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    weights = sum(numpy_helper.to_array(one).size for one in model.graph.initializer if one.data_type == 1)
    assert weights == CATALOG[name].parameters
    log = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert len(log["losses"]) == log["epochs"]
    assert log["losses"][-1] < log["losses"][0] / 3
    assert sum(file.stat().st_size for file in COMES_WITH.iterdir()) < 6_000_000


def test_the_dense_one_is_what_numpy_makes_of_its_weights() -> None:
    model = onnx.load(str(COMES_WITH / "dense.onnx"))
    held = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    layers = [(held[f"dense{i}.weight"], held[f"dense{i}.bias"]) for i in (1, 2, 3)]
    assert [weights.shape for weights, _ in layers] == [(512, 784), (512, 512), (10, 512)]
    net = network("digits-dense")
    digit = centred(drawn(4, 120, 12), (28, 28))
    x = digit.reshape(-1).astype(np.float64) / 255
    for weights, bias in layers[:-1]:
        x = np.maximum(weights @ x + bias, 0)
    logits = layers[-1][0] @ x + layers[-1][1]
    ran = net.run(Frame(np.repeat(digit[..., None], 3, 2), 0, 0.0))
    assert np.allclose(ran.outputs[0][0], logits, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_digits_drawn_by_hand_are_read(name: str) -> None:
    """None of ours was learnt from; on paper, through the search for the ink. All but one at most."""
    net, wrong = network(name), []
    for digit in range(10):
        page = np.full((300, 400, 3), 230.0)
        page[60:240, 110:290] -= drawn(digit, 180, 16)[..., None] * 190
        said = net(Frame(page.astype(np.uint8), digit, 0.0), Ask(topk=3)).prediction
        assert said.found
        wrong += [(digit, said.labels[0])] if said.labels[0] != str(digit) else []
    assert len(wrong) <= 1, wrong


def test_where_nothing_is_written_nothing_is_said() -> None:
    net = network("digits-mobilenet")
    said = net(Frame(np.full((300, 400, 3), 230, np.uint8), 0, 0.0), Ask()).prediction
    assert (said.labels, said.found, said.nothing) == ((), None, "no digit in sight")


def test_all_seven_answer_the_test_digits(testdata: Path) -> None:
    """Every fifth of the 10,000; of all of them each card states its share: at least 96.5 %, the best 98.5 %."""
    digits = read_set(testdata / MNIST, "t10k")
    some = DigitSet("", digits.pictures[::5], digits.labels[::5])
    shares = {}
    for name in NAMES:
        came = evaluate(network(name), of_digits(some), lambda *_: None, Event())
        stated = CATALOG[name].accuracy
        assert stated
        low, high = came.interval
        assert low <= stated.top1 / 100 <= high, name
        shares[name] = came.top1
    assert min(shares.values()) >= 0.965
    assert max(shares.values()) >= 0.985


def test_sixty_photographs_of_handwriting(testdata: Path) -> None:
    digits = read_set(testdata / MNIST, "t10k")
    net, right = network("digits-vgg"), 0
    for i in range(60):
        said = net(Frame(photo(digits.pictures[i * 37], i), i, 0.0), Ask(topk=1)).prediction
        right += said.labels == (str(digits.labels[i * 37]),)
    assert right >= 54


# ---- counting ----


def test_counted_as_numpy_does(folder: Path) -> None:
    digits = read_set(folder)
    told: list[tuple[int, int]] = []
    came = evaluate(network("digits-vgg"), of_digits(digits), lambda i, n: told.append((i, n)), Event())
    assert came.count == 12
    assert came.right == sum(n for (truth, label), n in came.said.items() if truth == label)
    assert [came.of_each[str(i)][1] for i in range(10)] == [2, 2, *[1] * 8]
    assert (told[0], told[-1]) == ((0, 12), (12, 12))
    swapped = DigitSet("", digits.pictures, (digits.labels + 1) % 10)
    assert evaluate(network("digits-vgg"), of_digits(swapped), lambda *_: None, Event()).right <= 1


def test_the_interval_is_wilsons() -> None:
    """81 of 263 lie between 25.53 and 36.62 %: R. G. Newcombe, Statistics in Medicine 17 (1998), table I."""
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_an_empty_picture_counts_as_wrong_and_cancel_ends_it() -> None:
    blank = DigitSet("", np.zeros((2, 28, 28), np.uint8), np.array([0, 9], np.uint8))
    came = evaluate(network("digits-dense"), of_digits(blank), lambda *_: None, Event())
    assert (came.right, came.count) == (0, 2)
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        evaluate(network("digits-dense"), of_digits(blank), lambda *_: None, cancelled)


def test_the_command_counts_and_reports(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "r.json"
    words = ["evaluate", "--data", str(folder), "--models", "digits-vgg,digits-dense", "--json", str(report)]
    assert app.main(words) == 0
    said = capsys.readouterr().out
    assert "12 digits" in said
    assert "mini-VGG" in said
    held = json.loads(report.read_text("utf-8"))
    assert [one["model"] for one in held["models"]] == ["digits-vgg", "digits-dense"]
    assert held["models"][0]["count"] == 12


def test_the_command_says_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["evaluate", "--data", str(folder / "nowhere"), "--models", "digits-vgg"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    card = CATALOG["digits-vgg"]
    letters = Recogniser(
        card, COMES_WITH / "vgg.onnx", "onnxruntime", Engine(1), labels=tuple("abcdefghij")
    )
    with pytest.raises(LabError, match="its first label is 'a'"):
        evaluate(letters, of_digits(read_set(folder)), lambda *_: None, Event())


# ---- what makes a 0 a 0 ----


@pytest.mark.parametrize("name", ["zero-or-one", "linear", "dense"])
def test_pixels_times_weights_and_the_rest_are_the_logit(name: str) -> None:
    """As ONNX Runtime answers, whatever is drawn; and the weights are the slope that small steps find."""
    session = onnxruntime.InferenceSession(str(COMES_WITH / f"{name}.onnx"))
    layers = dense_layers(COMES_WITH / f"{name}.onnx")

    def ask(x: np.ndarray) -> np.ndarray:
        return session.run(None, {"digit": x[None, None]})[0][0]

    for digit in (0, 1, 4, 8):
        drawing = centred(drawn(digit, 120, 12), (28, 28))
        apart = taken_apart(layers, drawing)
        x = drawing.astype(np.float32) / 255
        logits = ask(x)
        assert np.allclose(apart.logits, logits, atol=1e-3)
        assert np.allclose(apart.shares.sum((1, 2)) + apart.rests, logits, atol=1e-3)
        assert np.allclose(apart.shares, apart.weights * x, atol=1e-5)
        for row, column in ((14, 14), (8, 18)):
            step = np.zeros((28, 28), np.float32)
            step[row, column] = 1e-3
            slope = (ask(x + step) - ask(x - step)) / 2e-3
            assert np.allclose(apart.weights[:, row, column], slope, atol=0.05 + 0.05 * np.abs(slope).max())


def test_two_digits_are_told_apart_by_their_two_pictures() -> None:
    layers = dense_layers(COMES_WITH / "zero-or-one.onnx")
    for digit in (0, 1):
        apart = taken_apart(layers, centred(drawn(digit, 120, 12), (28, 28)))
        assert apart.logits.argmax() == digit
    (only,) = layers
    assert np.allclose(only.weights[0], -only.weights[1], atol=1e-3)
    assert np.abs(only.weights[:, :28]).max() == 0   # nobody writes at the very edge: no weight


def test_a_convolution_has_no_such_picture() -> None:
    with pytest.raises(LabError, match="no network of dense layers"):
        dense_layers(COMES_WITH / "lenet.onnx")


# ---- answers while it is drawn ----


def test_readers_answer_the_newest_drawing(tmp_path: Path) -> None:
    told = Event()
    readers = Readers(Store(tmp_path), told.set)
    try:
        readers.use([Reader.usual(CATALOG[name]) for name in NAMES])
        for digit in range(10):   # nothing queues: of ten, some are left out, the last is not
            readers.read(centred(drawn(digit, 120, 12), (28, 28)))
        last = centred(drawn(3, 120, 12), (28, 28))
        readers.read(last)
        while readers.latest.digit is not last or any(answer.scores is None for answer in readers.latest.answers):
            assert told.wait(30)
            told.clear()
        reading = readers.latest
        assert [answer.reader.card.name for answer in reading.answers] == list(NAMES)
        assert [answer.best for answer in reading.answers] == [3] * 7
        assert all(abs(answer.scores.sum() - 1) < 1e-3 for answer in reading.answers if answer.scores is not None)
        readers.read(None)
        while readers.latest.digit is not None:
            assert told.wait(30)
            told.clear()
        assert all(answer.scores is None and answer.bytes for answer in readers.latest.answers)
    finally:
        readers.close()
    assert not any(thread.is_alive() for thread in readers._threads)


def test_a_reader_that_cannot_be_opened_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    told = Event()
    vgg = CATALOG["digits-vgg"]
    lost = replace(vgg, name="lost", files=(replace(vgg.files[0], sha256="0" * 64),))
    readers = Readers(Store(tmp_path, offline=True), told.set)
    try:
        readers.use([Reader.usual(lost), Reader.usual(CATALOG["digits-lenet"])])
        readers.read(centred(drawn(7, 120, 12), (28, 28)))
        while not readers.latest.answers or any(answer.waits for answer in readers.latest.answers):
            assert told.wait(30)
            told.clear()
        first, second = readers.latest.answers
        assert (first.best, first.scores) == (-1, None)
        assert "vgg.onnx" in first.trouble
        assert second.best == 7
    finally:
        readers.close()
