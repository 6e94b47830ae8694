"""What is taught here: the files say what scikit-learn says, by its own functions; and it becomes a card like any."""

import math
import sys
from pathlib import Path
from threading import Event, Timer

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from inference.backends import Engine
from inference.errors import Cancelled, LabError
from inference.ink import centred
from inference.lab.accuracy.datasets import of_digits
from inference.lab.accuracy.run import evaluate
from inference.lab.digits import kept, teaching
from inference.lab.digits.augmented import as_they_are, augmented
from inference.lab.digits.sets import DigitSet
from inference.lab.digits.taught_graphs import of_dense, of_forest, of_svm
from inference.lab.digits.teaching import WAYS, Progress, Taught, teach
from inference.recogniser import Recogniser
from models.catalog import load_catalog
from models.store import Store
from training.drawn import drawn

CLEAN = np.stack([centred(drawn(digit, 120, pen), (28, 28)) for pen in (8, 12, 16) for digit in range(10)])


def digits(times: int = 8) -> DigitSet:
    """Our own ten digits, each bent anew: 30 × `times`, in a mixed order."""
    bent = np.concatenate([augmented(CLEAN, (7, i)) for i in range(times)])[..., 0]
    order = np.random.default_rng(1).permutation(len(bent))
    labels = np.tile(np.arange(10), 3 * times)
    return DigitSet("our own digits", np.uint8(np.round(bent * 255))[order], np.uint8(labels)[order])


SET = digits()
X, Y = as_they_are(SET.pictures).reshape(len(SET), -1), SET.labels.astype(int)
ASKED = as_they_are(digits(2).pictures)[:40].transpose(0, 3, 1, 2)


def answers(content: bytes) -> np.ndarray:
    """What a file says to ASKED, one after the other, (40, 10)."""
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert [(i.shape, i.type) for i in session.get_inputs()] == [([1, 1, 28, 28], "tensor(float)")]
    assert [o.shape for o in session.get_outputs()] == [[1, 10]]
    return np.concatenate([session.run(None, {"digit": picture[None]})[0] for picture in ASKED])


# ---- the files ----


def test_dense_layers_say_what_scikit_learn_says() -> None:
    net = MLPClassifier((32, 16), random_state=1)
    for _ in range(20):
        net.partial_fit(X, Y, classes=range(10))
    logits = answers(of_dense(net.coefs_, net.intercepts_))
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.abs(shares - net.predict_proba(ASKED.reshape(40, -1))).max() < 1e-5


def test_support_vectors_say_what_scikit_learn_says() -> None:
    machine = SVC(C=5.0, gamma="scale").fit(X, Y)
    said = machine.decision_function(ASKED.reshape(40, -1))
    assert np.abs(answers(of_svm(machine)) - said).max() < 2e-4
    assert (answers(of_svm(machine)).argmax(1) == machine.predict(ASKED.reshape(40, -1))).mean() > 0.95  # ties apart


def test_a_forest_says_what_scikit_learn_says() -> None:
    forest = RandomForestClassifier(12, random_state=3).fit(X, Y)
    content = of_forest([tree.tree_ for tree in forest.estimators_])
    assert np.abs(answers(content) - forest.predict_proba(ASKED.reshape(40, -1))).max() < 1e-5


# ---- teaching ----


def taught(way: str, **kwargs: int) -> tuple[Taught, list[Progress]]:
    told: list[Progress] = []
    return teach(way, SET, told.append, Event(), **{"epochs": 12, **kwargs}), told


@pytest.fixture(scope="module")
def all_ways() -> dict[str, tuple[Taught, list[Progress]]]:
    return {way: taught(way) for way in WAYS}


@pytest.mark.parametrize("way", WAYS)
def test_it_learns_from_nine_in_ten_and_is_asked_the_rest(
    all_ways: dict[str, tuple[Taught, list[Progress]]], way: str
) -> None:
    one, told = all_ways[way]
    assert (one.count, one.held_out) == (216, 24)
    session = onnxruntime.InferenceSession(one.onnx, providers=["CPUExecutionProvider"])
    held_out = as_they_are(SET.pictures[::10]).transpose(0, 3, 1, 2)
    said = [session.run(None, {"digit": picture[None]})[0].argmax() for picture in held_out]
    assert abs(one.right - np.count_nonzero(said == SET.labels[::10])) <= 1   # a tie may fall otherwise
    assert one.share > 0.6
    assert told[-1].step == told[-1].steps == {"dense": 12, "forest": 100, "svm": 1}[way]
    assert told[-1].right == one.share
    assert [math.isnan(at.loss) for at in told] == [way != "dense"] * len(told)
    assert one.seconds == pytest.approx(told[-1].seconds, abs=1.0)


def test_the_loss_falls(all_ways: dict[str, tuple[Taught, list[Progress]]]) -> None:
    _, told = all_ways["dense"]
    assert [at.step for at in told] == list(range(1, 13))
    assert told[-1].loss < told[0].loss


def test_costs_are_counted(all_ways: dict[str, tuple[Taught, list[Progress]]]) -> None:
    assert all_ways["dense"][0].multiply_adds == 784 * 512 + 512 * 512 + 512 * 10
    assert all_ways["forest"][0].multiply_adds == 0
    assert all_ways["forest"][0].cost.startswith("100 trees, ")
    vectors = len(onnx.numpy_helper.to_array(next(
        w for w in onnx.load_from_string(all_ways["svm"][0].onnx).graph.initializer if w.name == "factors"
    )))
    assert all_ways["svm"][0].cost.startswith(f"{vectors} support vectors")


def test_the_same_seed_gives_the_same_network(all_ways: dict[str, tuple[Taught, list[Progress]]]) -> None:
    assert taught("forest")[0].onnx == all_ways["forest"][0].onnx


def test_it_ends_at_once_when_it_is_cancelled() -> None:
    cancelled = Event()

    def stop_soon(at: Progress) -> None:
        if at.step == 1:
            cancelled.set()

    with pytest.raises(Cancelled):
        teach("dense", SET, stop_soon, cancelled, epochs=400)
    cancelled.clear()
    timer = Timer(0.3, cancelled.set)   # before it has said anything
    timer.start()
    with pytest.raises(Cancelled):
        teach("svm", SET, lambda _: None, cancelled)


@pytest.mark.parametrize("only", [slice(0, 90), SET.labels != 3])
def test_too_few_digits_are_said(only: slice | np.ndarray) -> None:
    few = DigitSet("a few", SET.pictures[only], SET.labels[only])
    with pytest.raises(LabError, match="a few are too few to learn from"):
        teach("svm", few, lambda _: None, Event())


# ---- kept ----


def test_what_was_taught_becomes_a_card_like_any(
    all_ways: dict[str, tuple[Taught, list[Progress]]], tmp_path: Path
) -> None:
    store = Store(tmp_path)
    for way, (one, _) in all_ways.items():
        for name in (f"my-digits-{way}", f"my-digits-{way}-2"):
            card = kept.keep(one, store, lambda _words, _part: None, Event())
            assert card.name == name
            assert load_catalog(troubles=[])[name] == card   # written and read
    card = load_catalog(troubles=[])["my-digits-svm"]
    path = store.find(card.files[0])
    assert path
    assert card.source.startswith(kept.HERE)
    network = Recogniser(card, path, "onnxruntime", Engine(1))
    result = evaluate(network, of_digits(digits(1)), lambda _done, _of: None, Event())
    assert result.right > 0.6 * result.count


def test_a_seed_and_a_time_stand_on_the_card(all_ways: dict[str, tuple[Taught, list[Progress]]]) -> None:
    card = kept.card_of(all_ways["forest"][0], "mine", "Mine")
    assert f"seed 1, on 216 of our own digits. An answer costs {all_ways['forest'][0].cost}" in card.source
    assert card.accuracy.top1 == pytest.approx(100 * all_ways["forest"][0].share, abs=0.01)
    assert card.gmacs == 0


def test_nothing_is_kept_of_what_cannot_be_written(
    all_ways: dict[str, tuple[Taught, list[Progress]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise LabError("There is no room.", "Free some.")

    monkeypatch.setattr("inference.intake.adding.save_card", full)
    store = Store(tmp_path)
    with pytest.raises(LabError, match="There is no room"):
        kept.keep(all_ways["forest"][0], store, lambda _words, _part: None, Event())
    card = kept.card_of(all_ways["forest"][0], "my-digits-forest", "")
    assert store.find(card.files[0]) is None


def test_without_scikit_learn_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(LabError, match=r"scikit-learn is not installed\."):
        teaching._learnt("svm", SET, 1, 1, report=lambda _words, _part: None)
