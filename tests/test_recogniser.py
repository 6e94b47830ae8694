"""Card, backend and decoder together, on small networks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from make import card, fixed_onnx, frame, plain, tiny_answer, tiny_onnx, tiny_weights

from inference.answers import prediction_values
from inference.backends import BACKENDS, Engine
from inference.data import Ask, Classification, Detections, Frame, Lens, Result
from inference.decode.labels import Smoother
from inference.errors import BackendError, CardError
from inference.recogniser import Recogniser
from models.card import InputSpec

ALONE = Engine()
DETECTOR = card("finder", task="detect", decoder="boxes-scores", labels="cifar10.txt", size=(10, 20))

# They run a card's ONNX file as it is.
OF_ONNX = [name for name, info in BACKENDS.items() if not info.forms and not info.only]


def recogniser(path: Path, given: Any = None, backend: str = "onnxruntime", **extra: Any) -> Recogniser:
    return Recogniser(given or card(), path, backend, ALONE, **extra)


def fixed(path: Path, *outputs: np.ndarray, size: tuple[int, int] = (10, 20)) -> Path:
    return fixed_onnx(path, {f"out{i}": value for i, value in enumerate(outputs)}, size)


@pytest.mark.parametrize("backend", OF_ONNX)
def test_a_picture_is_answered(backend: str, tmp_path: Path) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"), backend=backend)
    picture = plain(40, 30, (255, 0, 51))   # blue, green, red
    result = recognise(picture, Ask(topk=3), idle=1.5, turn=2.5)
    logits = tiny_answer(np.broadcast_to(np.float32([0.2, 0, 1]).reshape(1, 3, 1, 1), (1, 3, 8, 8)))[0]
    p = np.exp(logits - logits.max())
    p /= p.sum()
    best = np.argsort(-p)[:3]
    assert isinstance(result.prediction, Classification)
    assert result.prediction.indices == tuple(best)
    assert result.prediction.labels == tuple(str(i) for i in best)
    assert result.prediction.scores == pytest.approx(p[best], abs=1e-5)
    assert result.frame is picture
    assert result.model == "tiny"
    assert (result.timing.idle, result.timing.turn) == (1.5, 2.5)
    assert result.timing.latency > 0
    assert (recognise.provider, recognise.warning) == ("CPU", "")
    assert recognise.load_ms > 0


RELATIVE = np.float32([[[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2], [0.0, 0.0, 0.4, 0.4], [0.9, 0.9, 0.1, 0.1]]])
SCORES = np.zeros((1, 4, 10), np.float32)
SCORES[0, [0, 1, 2, 3], [3, 3, 5, 7]] = 0.9, 0.8, 0.6, 0.1


@pytest.mark.parametrize("backend", OF_ONNX)
def test_boxes_are_in_the_picture_suppressed_and_sorted(backend: str, tmp_path: Path) -> None:
    recognise = recogniser(fixed(tmp_path / "f.onnx", RELATIVE, SCORES), DETECTOR, backend)
    found = recognise(frame(100, 400), Ask()).prediction
    assert isinstance(found, Detections)
    assert found.labels == ("cat", "dog")
    np.testing.assert_allclose(found.boxes, [[160, 40, 240, 60], [0, 0, 80, 20]], atol=0.01)   # clipped at 0
    assert found.scores == pytest.approx([0.9, 0.6])


@pytest.mark.parametrize(
    ("ask", "labels"),
    [
        (Ask(confidence=0.95), ()),
        (Ask(confidence=0.7), ("cat",)),
        (Ask(confidence=0.05), ("cat", "dog", "horse")),
        (Ask(confidence=0.7, iou=1.0), ("cat", "cat")),
    ],
)
def test_confidence_and_overlap_act_at_once(ask: Ask, labels: tuple[str, ...], tmp_path: Path) -> None:
    recognise = recogniser(fixed(tmp_path / "f.onnx", RELATIVE, SCORES), DETECTOR)
    recognise(frame(100, 400), Ask())
    found = recognise(frame(100, 400), ask).prediction
    assert found.labels == labels
    assert isinstance(found, Detections)
    assert found.boxes.shape == (len(labels), 4)


def test_what_a_network_suppressed_is_not_suppressed_again(tmp_path: Path) -> None:
    boxes = np.float32([[[0, 0, 1, 1], [0, 0, 1, 0.9]]])
    outputs = boxes, np.float32([[3, 3]]), np.float32([[0.9, 0.8]]), np.float32([2])
    recognise = recogniser(fixed(tmp_path / "f.onnx", *outputs), replace(DETECTOR, decoder="ssd-nms"))
    assert recognise(frame(100, 400), Ask(iou=0.1)).prediction.labels == ("cat", "cat")


def test_boxes_find_the_way_back_from_a_letterbox(tmp_path: Path) -> None:
    given = replace(DETECTOR, input=replace(DETECTOR.input, fit="letterbox"))
    recognise = recogniser(fixed(tmp_path / "f.onnx", RELATIVE[:, :1], SCORES[:, :1]), given)
    found = recognise(frame(100, 100), Ask()).prediction   # fills the middle 10 x 10 of 10 x 20
    assert isinstance(found, Detections)
    np.testing.assert_allclose(found.boxes, [[30, 40, 70, 60]], atol=0.01)


def test_smoothing_averages_and_forgets(tmp_path: Path) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))

    def scores(picture: Frame, smoothing: bool) -> np.ndarray:
        found = recognise(picture, Ask(topk=10, smoothing=smoothing)).prediction
        assert isinstance(found, Classification)
        return found.scores[np.argsort(found.indices)]

    dark, bright = plain(8, 8, (0, 0, 0)), plain(8, 8, (255, 255, 255))
    exact_dark, exact_bright = scores(dark, False), scores(bright, False)
    assert np.abs(exact_dark - exact_bright).max() > 0.01
    np.testing.assert_allclose(scores(dark, True), exact_dark, atol=1e-6)
    mixed = exact_dark + Smoother.NEWEST * (exact_bright - exact_dark)
    np.testing.assert_allclose(scores(bright, True), mixed, atol=1e-6)
    np.testing.assert_allclose(scores(bright, False), exact_bright, atol=1e-6)
    np.testing.assert_allclose(scores(dark, True), exact_dark, atol=1e-6)   # what was before is forgotten


def test_smoothing_begins_anew_with_another_recipe(tmp_path: Path) -> None:
    """What was answered to another picture of the same scene is no part of the average."""
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))
    grey = plain(8, 8, (60, 120, 180))
    usual = recognise.card.input

    def scores(lens: InputSpec, *, smoothing: bool = True) -> np.ndarray:
        found = recognise(grey, Ask(topk=10, smoothing=smoothing, lens=Lens(lens))).prediction
        assert isinstance(found, Classification)
        return found.scores[np.argsort(found.indices)]

    other = replace(usual, order="BGR")
    exact, exact_other = scores(usual, smoothing=False), scores(other, smoothing=False)
    assert np.abs(exact - exact_other).max() > 0.01
    np.testing.assert_allclose(scores(usual), exact, atol=1e-6)
    np.testing.assert_allclose(scores(other), exact_other, atol=1e-6)
    np.testing.assert_allclose(scores(usual), exact, atol=1e-6)


def test_smoothing_begins_anew_at_a_cut_and_never_touches_a_held_picture(tmp_path: Path) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))

    def scores(picture: Frame, smoothing: bool = True) -> np.ndarray:
        found = recognise(picture, Ask(topk=10, smoothing=smoothing)).prediction
        assert isinstance(found, Classification)
        return found.scores[np.argsort(found.indices)]

    dark, bright = plain(8, 8, (0, 0, 0)), plain(8, 8, (255, 255, 255))
    exact_dark, exact_bright = scores(dark, False), scores(bright, False)
    scores(dark)
    np.testing.assert_allclose(scores(replace(bright, scene=1)), exact_bright, atol=1e-6)   # a cut
    mixed = exact_bright + Smoother.NEWEST * (exact_dark - exact_bright)
    np.testing.assert_allclose(scores(replace(dark, scene=1)), mixed, atol=1e-6)            # none
    held = replace(bright, scene=1, held=True)
    for confidence in (0.3, 0.4):   # moved while frozen, each time answered anew
        found = recognise(held, Ask(topk=10, smoothing=True, confidence=confidence)).prediction
        assert isinstance(found, Classification)
        np.testing.assert_allclose(found.scores[np.argsort(found.indices)], exact_bright, atol=1e-6)
    np.testing.assert_allclose(scores(replace(dark, scene=1)), exact_dark, atol=1e-6)       # and anew after it


# ---- cards that do not fit ----

WRONG_SIZE = "The model wants 1\N{MULTIPLICATION SIGN}3\N{MULTIPLICATION SIGN}8\N{MULTIPLICATION SIGN}8, its card says "


@pytest.mark.parametrize("backend", OF_ONNX)
@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"size": (16, 16)}, BackendError, WRONG_SIZE + "1\N{MULTIPLICATION SIGN}3"),
        ({"layout": "NHWC"}, BackendError, WRONG_SIZE + "1\N{MULTIPLICATION SIGN}8"),
        ({"order": "GRAY", "mean": (0.0,), "std": (1.0,)}, BackendError, WRONG_SIZE + "1\N{MULTIPLICATION SIGN}1"),
        ({"labels": "coco_80.txt"}, BackendError, "answers with 10 classes, but coco_80.txt has 80"),
        ({"decoder": "quantised"}, BackendError, r"The outputs of Tiny \(1.10\) are not what its decoder 'quantised'"),
        ({"decoder": "probabilities"}, BackendError, "not what its decoder 'probabilities' reads"),
        ({"decoder": "sofmax"}, CardError, "there is no decoder 'sofmax'"),
        ({"decoder": "yolov8"}, CardError, "there is no decoder 'yolov8'"),
        ({"task": "detect", "decoder": "yolov8"}, BackendError, "not what its decoder 'yolov8' reads"),
        ({"labels": "nothing.txt"}, CardError, "'nothing.txt' of tiny cannot be read"),
    ],
)
def test_a_card_that_does_not_fit_is_said(
    backend: str, changes: dict[str, Any], kind: type[Exception], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        recogniser(tiny_onnx(tmp_path / "tiny.onnx"), card(**changes), backend)
    assert caught.value.hint  # type: ignore[attr-defined]


def test_a_wrong_type_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="cannot run the network"):
        recogniser(tiny_onnx(tmp_path / "tiny.onnx", dtype="uint8"))


def test_logits_that_are_probabilities_already_are_said(tmp_path: Path) -> None:
    path = fixed(tmp_path / "p.onnx", np.full((1, 10), 0.1, np.float32), size=(8, 8))
    with pytest.raises(BackendError, match="probabilities already") as caught:
        recogniser(path)
    assert "'probabilities'" in caught.value.hint
    recogniser(path, card(decoder="probabilities"))


def test_sizes_that_the_model_leaves_open_are_the_cards(tmp_path: Path) -> None:
    recogniser(tiny_onnx(tmp_path / "tiny.onnx", batch="n"))


def test_answers_that_are_no_numbers_are_said_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))
    monkeypatch.setattr(recognise._net, "run", lambda _: [np.full((1, 10), np.nan, np.float32)])
    with pytest.raises(BackendError, match="The outputs of Tiny"):
        recognise(frame(), Ask())


def test_stop_reaches_the_engine(tmp_path: Path) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))
    recognise(frame(), Ask())
    recognise.stop()
    with pytest.raises(BackendError):
        recognise(frame(), Ask())


def test_a_lens_changes_the_recipe_at_once_and_back(tmp_path: Path) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))
    picture = plain(8, 8, (255, 0, 0))   # blue
    usual = recognise(picture, Ask())
    assert usual.seen is None
    lens = Lens(replace(recognise.card.input, order="BGR"), show=True)
    other = recognise(picture, Ask(lens=lens))
    assert other.seen is not None
    np.testing.assert_allclose(other.seen.tensor.mean(axis=(2, 3)), [[1, 0, 0]], atol=1e-6)
    assert np.abs(scores_of(other) - scores_of(usual)).max() > 0.01
    np.testing.assert_array_equal(scores_of(recognise(picture, Ask())), scores_of(usual))


def test_what_the_network_saw_is_copied_ten_times_a_second_at_most(tmp_path: Path) -> None:
    recognise = recogniser(tiny_onnx(tmp_path / "tiny.onnx"))
    first = recognise(plain(8, 8, (0, 0, 0)), Ask(lens=Lens(show=True))).seen
    assert first is not None
    soon = [recognise(plain(8, 8, (255, 255, 255)), Ask(lens=Lens(show=True))).seen for _ in range(3)]
    assert None in soon
    assert first.tensor.max() == 0   # a copy: the buffer has been overwritten


def scores_of(result: Result) -> np.ndarray:
    assert isinstance(result.prediction, Classification)
    return result.prediction.scores[np.argsort(result.prediction.indices)]



def test_one_run_is_read_again_with_other_wishes(tmp_path: Path) -> None:
    recognise = recogniser(fixed(tmp_path / "f.onnx", RELATIVE, SCORES), DETECTOR)
    ran = recognise.run(frame(100, 400))
    np.testing.assert_array_equal(ran.outputs[0], RELATIVE)
    assert recognise.read(ran, Ask(confidence=0.7)).labels == ("cat",)
    assert recognise.read(ran, Ask(confidence=0.05)).labels == ("cat", "dog", "horse")
    assert ran.began <= ran.ready <= ran.ended


# ---- inner values


def test_inner_values_come_beside_the_outputs(tmp_path: Path) -> None:
    """The means of the colours, which the network weighs; and the logits once more, which it gives anyway."""
    path = tiny_onnx(tmp_path / "tiny.onnx")
    recognise = Recogniser(card(), path, "onnxruntime", Engine(), taps=("pooled", "logits"))
    picture = frame(8, 8)
    ran = recognise.run(picture)
    means = picture.pixels[:, :, ::-1].astype(np.float64).mean(axis=(0, 1)) / 255   # RGB
    assert [value.shape for value in ran.taps] == [(1, 3, 1, 1), (1, 10)]
    np.testing.assert_allclose(ran.taps[0].reshape(3), means, atol=1e-5)
    weights, biases = tiny_weights(3, 10)
    np.testing.assert_allclose(ran.taps[1][0], means @ weights + biases, atol=1e-4)
    assert len(ran.outputs) == 1
    np.testing.assert_array_equal(ran.outputs[0], ran.taps[1])
    plain = Recogniser(card(), path, "onnxruntime", Engine())
    assert plain.run(picture).taps == []
    assert plain(picture, Ask()).prediction.labels == recognise(picture, Ask()).prediction.labels


def test_inner_values_stay_when_the_threads_change(tmp_path: Path) -> None:
    recognise = Recogniser(card(), tiny_onnx(tmp_path / "tiny.onnx"), "onnxruntime", Engine(threads=2), taps=("means",))
    assert recognise.tune(Engine(threads=1))
    assert [value.shape for value in recognise.run(frame(8, 8)).taps] == [(1, 3)]


@pytest.mark.parametrize(
    ("backend", "name", "said"),
    [("onnxruntime", "nothing", "no inner value 'nothing'"), ("onnxruntime", "", "no inner value ''"),
     ("opencv", "means", "OpenCV DNN shows no inner values")],
)  # fmt: skip
def test_what_cannot_be_shown_is_said(backend: str, name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=said):
        Recogniser(card(), tiny_onnx(tmp_path / "tiny.onnx"), backend, Engine(), taps=(name,))


# ---- other threads


def test_a_network_takes_other_threads_and_answers_the_same(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    recognise = Recogniser(card(), path, "onnxruntime", Engine(threads=2))
    before = recognise(frame(20, 30), Ask()).prediction
    assert recognise.threads == 2
    assert recognise.tune(Engine(threads=1))
    assert recognise.threads == 1
    assert not recognise.tune(Engine(threads=1))   # as it is
    np.testing.assert_allclose(recognise(frame(20, 30), Ask()).prediction.scores, before.scores, rtol=1e-5)


def test_a_file_that_is_gone_takes_no_running_network_down(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    recognise = Recogniser(card(), path, "onnxruntime", Engine(threads=2))
    before = recognise(frame(20, 30), Ask()).prediction
    path.unlink()
    assert not recognise.tune(Engine(threads=1))
    assert recognise.threads == 2
    np.testing.assert_array_equal(recognise(frame(20, 30), Ask()).prediction.scores, before.scores)


def test_a_network_told_to_stop_stays_so_when_it_is_opened_anew(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    recognise = Recogniser(card(), path, "onnxruntime", Engine(threads=2))
    recognise.stop()
    recognise.tune(Engine(threads=1))
    with pytest.raises(BackendError):
        recognise(frame(20, 30), Ask())


@pytest.mark.usefixtures("opencv_threads")
def test_opencv_takes_other_threads_without_opening_the_file_anew(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    recognise = Recogniser(card(), path, "opencv", Engine(threads=1))
    path.unlink()
    assert recognise.tune(Engine(threads=2))
    assert recognise.threads in (2, cv2.getNumThreads())   # where the system decides, it is told


class Sleepy:
    """A network on a clock of its own: a run takes `run_s`, and `wake_s` more after any pause."""

    input_shape, provider, threads, warning, lingers = (), "CPU", 2, "", True

    def __init__(self, clock: list[float], run_s: float, wake_s: float, engine: Engine) -> None:
        self.clock, self.run_s, self.engine = clock, run_s, engine
        self.wake_s = 0.0 if engine.linger_ms else wake_s
        self.ended = 0.0

    def run(self, x: np.ndarray) -> list[np.ndarray]:
        self.clock[0] += self.run_s + (self.wake_s if self.clock[0] > self.ended else 0)
        self.ended = self.clock[0]
        return [np.linspace(0, 1, 10, dtype=np.float32)[None]]


@pytest.mark.parametrize(
    ("run_ms", "wake_ms", "may", "lingers"),
    [
        (6.0, 7.0, 45.0, True),     # as it was measured on one machine
        (6.0, 0.8, 45.0, False),    # and on another: cold caches
        (6.0, 7.0, 0.0, False),     # others run as well
        (0.1, 0.3, 45.0, False),    # too small to gain anything
        (50.0, 30.0, 45.0, False),  # never rests
    ],
)
def test_threads_are_kept_awake_where_waking_is_dear(
    run_ms: float, wake_ms: float, may: float, lingers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    made: list[Sleepy] = []

    def load(name: str, path: Path, engine: Engine) -> Sleepy:
        made.append(Sleepy(clock, run_ms / 1e3, wake_ms / 1e3, engine))
        return made[-1]

    def pause(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr("inference.recogniser.load_backend", load)
    monkeypatch.setattr("inference.recogniser.perf_counter", lambda: clock[0])
    monkeypatch.setattr("inference.recogniser.sleep", pause)
    recognise = Recogniser(card(), tmp_path, "onnxruntime", Engine(threads=2, linger_ms=may))
    assert [net.engine.linger_ms for net in made] == ([0.0, 45.0] if lingers else [0.0])
    made.clear()   # others come: only threads that linger are a reason to open the file anew
    assert recognise.tune(Engine(threads=2)) == lingers
    assert [net.engine.linger_ms for net in made] == ([0.0] if lingers else [])
    made.clear()   # and go
    if may:
        assert recognise.tune(Engine(threads=2, linger_ms=may)) == lingers
        assert [net.engine.linger_ms for net in made] == ([45.0] if lingers else [])


def test_the_lane_says_what_does_not_fit(tmp_path: Path) -> None:
    """Rows x1 y1 x2 y2 score class read as YOLOv5: a class of 16 times a score is no score."""
    row = np.array([[[1, 1, 9, 9, 0.9, 16]]], np.float32)
    given = replace(DETECTOR, decoder="yolov5")
    with pytest.raises(BackendError, match=r"'yolov5' reads: scores from 14\.4 to 14\.4, not within 0\.\.1"):
        Recogniser(given, fixed(tmp_path / "e2e.onnx", row), "onnxruntime", Engine(1), labels=("cat",))


def test_points_find_the_way_back_too(tmp_path: Path) -> None:
    """A pose in a letterboxed picture: its points lie in px of the frame, and go into JSON and recordings so."""
    row = np.zeros((1, 5 + 6, 3), np.float32)   # one class, two points, three boxes
    row[0, :, 1] = [10, 5, 8, 4, 0.9, 8, 5, 0.9, 12, 6, 0.3]
    given = replace(
        DETECTOR, decoder="yolov8", labels="digits.txt", input=replace(DETECTOR.input, fit="letterbox"),
        options={"extra": 6, "points": [2, 3], "classes": 1},
    )  # fmt: skip
    path = fixed(tmp_path / "pose.onnx", row)
    recognise = Recogniser(given, path, "onnxruntime", Engine(1), labels=("person",))
    found = recognise(frame(100, 100), Ask()).prediction   # fills the middle 10 x 10 of 10 x 20
    assert isinstance(found, Detections)
    np.testing.assert_allclose(found.boxes, [[10, 30, 90, 70]], atol=0.01)
    np.testing.assert_allclose(found.points, [[[30, 50, 0.9], [70, 60, 0.3]]], atol=0.01)
    assert prediction_values(found)["points"] == [[[30.0, 50.0, 0.9], [70.0, 60.0, 0.3]]]
