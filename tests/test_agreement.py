"""How often networks agree: label lists, counts by hand, boxes by hand, known networks, the command."""

import json
from dataclasses import replace
from threading import Event

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr
from test_digits import network as digit_network

import app
from inference.backends import Engine
from inference.data import Ask, Classification, Detections, LaneSpec
from inference.errors import Cancelled, SourceError
from inference.lab.agreement.figures import Boxes, Flicker, Labels, matches
from inference.lab.agreement.page import page
from inference.lab.agreement.report import Report
from inference.lab.agreement.run import KEPT, compare, words_of
from inference.lab.agreement.spaces import common
from inference.lab.agreement.words import names, text_of_report, values
from inference.lab.looks import Looks
from inference.recogniser import Recogniser
from models.catalog import CARDS, LABELS, load_catalog

CATALOG = load_catalog(CARDS)


def listed(name: str) -> list[str]:
    return (LABELS / f"{name}.txt").read_text("utf-8").splitlines()


# ---- which label is which ----


@pytest.mark.parametrize(
    ("first", "second", "expected", "how"),
    [
        ("ab", "ab", [(0, 0), (1, 1)], "the same list"),
        (["a", "a", "b"], ["a", "a", "b"], [(0, 0), (1, 1), (2, 2)], "the same list"),   # as ImageNet's two cranes
        (["background", "a", "b"], ["a", "b"], [(1, 0), (2, 1)], "the same names"),
        (["a", "b"], ["background", "a", "b"], [(0, 1), (1, 2)], "the same names"),
        (["background", "a", "b"], ["background", "a", "b"], [(1, 1), (2, 2)], "the same list"),
        (["b", "a"], ["A", "B"], [(0, 1), (1, 0)], "the same names"),
        (["tench, Tinca tinca", "cat"], ["cat", "tench", "dog"], [(0, 1), (1, 0)], "2 of 2 and 3 labels by name"),
        (["aeroplane", "tvmonitor", "x"], ["tv", "airplane"], [(0, 1), (1, 0)], "2 of 3 and 2 labels by name"),
        (["potted_plant", "cat"], ["Potted plant", "cat"], [(0, 0), (1, 1)], "the same names"),
        (["crane", "crane", "a", "b"], ["crane", "a", "b"], [(2, 1), (3, 2)], "2 of 4 and 3 labels by name"),
        (["n/a", "a", "b"], ["a", "n/a", "b"], [(1, 0), (2, 2)], "2 of 3 and 3 labels by name"),
    ],
)
def test_labels_are_found_by_place_or_by_name(first, second, expected, how):
    found = common(first, second)
    assert list(zip(found.first, found.second, strict=True)) == expected
    assert found.how == how


@pytest.mark.parametrize(("first", "second"), [([], []), (["a"], ["a"]), ("abc", "xyz"), ("abcd", "axyz")])
def test_lists_of_other_things_have_nothing_in_common(first, second):
    assert common(list(first), list(second)) is None


def test_lists_of_the_program():
    assert len(common(listed("imagenet_1000"), listed("imagenet_1001"))) == 1000
    assert len(common(listed("voc_20"), listed("coco_80"))) == 20
    assert len(common(listed("coco_90"), listed("coco_80"))) == 80
    assert common(listed("digits"), listed("coco_80")) is None


# ---- counts ----


def said(*scores: float) -> Classification:
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return Classification(
        tuple("abcdefghij"[i] for i in order), np.array([scores[i] for i in order], np.float32), tuple(order)
    )


def test_labels_by_hand():
    counter = Labels(common("abcdef", "abcdef"), (6, 6))
    assert counter.add(said(0.5, 0.3, 0.1, 0.06, 0.04, 0), said(0.6, 0.1, 0.2, 0.06, 0.04, 0)) == 0
    apart = counter.add(said(0.8, 0.2, 0, 0, 0, 0), said(0, 0.2, 0, 0, 0, 0.8))
    assert apart == pytest.approx(0.8)
    counts = counter.counts()
    assert (counts.pictures, counts.same) == (2, 1)
    assert counts.overlap == pytest.approx((1 + 4 / 5) / 2, abs=0.2)   # ties of zeros may fall either way
    assert counts.gap == pytest.approx(0.05)   # 0.1, then none
    first = spearmanr([0.5, 0.3, 0.1, 0.06, 0.04, 0], [0.6, 0.1, 0.2, 0.06, 0.04, 0]).statistic
    second = spearmanr([0.8, 0.2, 0, 0, 0, 0], [0, 0.2, 0, 0, 0, 0.8]).statistic
    assert counts.rank == pytest.approx((first + second) / 2)


def test_only_common_labels_are_asked():
    """The first holds the background for best; without it both hold b."""
    counter = Labels(common(["background", "a", "b"], ["a", "b"]), (3, 2))
    assert counter.add(said(0.6, 0.1, 0.3), said(0.4, 0.6)) == 0
    assert counter.counts().same == 1


def test_no_digit_in_sight_agrees_with_no_digit_in_sight_alone():
    counter, nothing = Labels(common("ab", "ab"), (2, 2)), Classification((), np.empty(0, np.float32), nothing="none")
    counter.add(nothing, nothing)
    counter.add(nothing, said(0.9, 0.1))
    counts = counter.counts()
    assert (counts.pictures, counts.same, counts.rank) == (2, 1, 0.5)


def boxes(*found: tuple[float, float, float, float, int]) -> Detections:
    return Detections(
        np.array([one[:4] for one in found], np.float32).reshape(-1, 4), np.ones(len(found), np.float32),
        tuple("abc"[one[4]] for one in found), tuple(one[4] for one in found),
    )  # fmt: skip


def test_boxes_by_hand():
    counter = Boxes(common("abc", "abc"), tuple("abc"))
    one = boxes((0, 0, 10, 10, 0), (20, 0, 30, 10, 0), (0, 0, 5, 5, 1))
    other = boxes((0, 0, 10, 8, 0), (20, 0, 30, 4, 0), (0, 0, 5, 5, 2))
    # a: 0.8 and 0.4 of overlap; b and c have each other at the same place, under another name
    assert counter.add(one, other) == pytest.approx(1 - 2 / 6)
    assert counter.add(boxes(), boxes()) == 0
    counts = counter.counts()
    assert (counts.pictures, counts.matched, counts.first, counts.second) == (2, 1, 3, 3)
    assert counts.overlap == pytest.approx(0.8)
    assert counts.share == pytest.approx(1 / 3)
    assert counts.classes == {"a": (1, 2, 2), "b": (0, 1, 0), "c": (0, 0, 1)}


def test_a_box_has_one_partner():
    twice = np.array([[0, 0, 10, 10], [0, 0, 10, 9]], float)
    assert matches(twice, twice[:1]) == [1.0]
    assert matches(twice[:1], twice) == [1.0]
    assert matches(twice, np.zeros((0, 4))) == []
    assert matches(np.array([[0, 0, 0, 0.0]]), np.array([[0, 0, 0, 0.0]])) == []   # without area


def test_flicker_by_hand():
    flicker = Flicker()
    assert flicker.per_second is None
    for at, one in ((0.0, said(0.9, 0.1)), (0.5, said(0.4, 0.6)), (1.0, said(0.3, 0.7)), (2.0, said(0.9, 0.1))):
        flicker.add(one, at)
    assert (flicker.changes, flicker.per_second) == (2, 1.0)
    flicker = Flicker()
    for at, one in ((0.0, boxes((0, 0, 1, 1, 0))), (1.0, boxes((0, 0, 1, 1, 0), (5, 5, 6, 6, 0))), (4.0, boxes())):
        flicker.add(one, at)
    assert (flicker.changes, flicker.per_second) == (3, 0.75)


# ---- networks ----


def compared(networks, looks, **kwargs) -> Report:
    specs = [(LaneSpec(one.card.name, "onnxruntime"), one) for one in networks]
    return compare(specs, looks, Ask(), kwargs.get("tell", lambda _: None), kwargs.get("cancelled", Event())).report()


def test_digit_networks_agree_on_digits():
    made = compared([digit_network(f"digits-{name}") for name in ("lenet", "vgg", "dense")], Looks("digits", 10))
    assert (made.pictures, made.source, made.seconds) == (10, "digits", None)
    assert [pair.agreement for pair in made.pairs] == [1.0] * 3
    assert [(pair.first, pair.second) for pair in made.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert made.pair(2, 0) is made.pairs[1]
    assert made.apart == ()
    assert all(one.flicker is None for one in made.networks)
    low, high = made.pairs[0].interval
    assert (round(low, 3), high) == (0.722, pytest.approx(1.0))   # Wilson for 10 of 10


@pytest.fixture(scope="module")
def squeezenet(built_in):
    card = CATALOG["squeezenet1.1"]
    path = built_in("squeezenet1.1")

    def opened(backend="onnxruntime", **changes):
        return Recogniser(replace(card, input=replace(card.input, **changes)), path, backend, Engine(2))

    return opened


def test_a_swap_of_colours_is_seen(squeezenet):
    """On two engines it agrees with itself; with red and blue swapped it does not."""
    other = {"RGB": "BGR", "BGR": "RGB"}[CATALOG["squeezenet1.1"].input.order]
    networks = [squeezenet(), squeezenet("opencv"), squeezenet(order=other)]
    made = compared(networks, Looks("reel", 10))
    same, swapped = made.pair(0, 1), made.pair(0, 2)
    assert same.agreement == 1.0
    assert same.labels.rank > 0.999
    assert same.labels.gap < 1e-3
    assert swapped.agreement <= 0.8
    assert swapped.labels.rank < 0.99
    assert 0 < len(made.apart) <= KEPT
    assert [one.apart for one in made.apart] == sorted((one.apart for one in made.apart), reverse=True)
    worst = made.apart[0]
    assert worst.said[0] == worst.said[1] != worst.said[2]
    assert cv2.imdecode(np.frombuffer(worst.picture, np.uint8), cv2.IMREAD_COLOR).shape[1] == 320


def test_a_cancel_reports_what_was_counted():
    cancelled, seen = Event(), []

    def tell(at):
        seen.append(at.done)
        if at.done == 3:
            cancelled.set()

    networks = [digit_network("digits-lenet"), digit_network("digits-dense")]
    assert compared(networks, Looks("digits", 10), tell=tell, cancelled=cancelled).pictures == 4
    with pytest.raises(Cancelled):
        compared(networks, Looks("digits", 10), cancelled=cancelled)


# ---- pictures ----


def test_looks_of_a_video_have_their_times(tmp_path):
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for i in range(30):
        writer.write(np.full((48, 64, 3), 8 * i, np.uint8))
    writer.release()
    found = list(Looks(str(path), 4))
    assert [look.name for look in found] == [f"v.avi, frame {n}" for n in (0, 10, 19, 29)]
    assert [look.at for look in found] == pytest.approx([0.0, 1.0, 1.9, 2.9], abs=0.06)
    (tmp_path / "v.jsonl").write_text("{}")
    assert len(list(Looks(str(tmp_path / "v.jsonl"), 4))) == 4   # a recording, by its other file


def test_what_cannot_be_looked_at_is_said(tmp_path):
    assert len(list(Looks("", 100))) == 10   # the reel
    with pytest.raises(SourceError, match="gone is no file and no folder"):
        Looks("gone", 3)
    with pytest.raises(SourceError, match="holds no pictures"):
        Looks(str(tmp_path), 3)
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(SourceError, match="neither a picture nor a video"):
        list(Looks(str(tmp_path / "a.mp4"), 3))


# ---- what is said ----


@pytest.fixture(scope="module")
def report() -> Report:
    """Three that read digits, one of which has other labels, on the sample pictures and the digits."""
    networks = [digit_network(f"digits-{name}") for name in ("lenet", "squeezenet")]
    return compared([*networks, digit_network("digits-lenet")], Looks("reel", 4))


def test_the_words(report):
    text = text_of_report(report)
    assert text.startswith("On 4 pictures of samples.")
    assert "3  LeNet-5, onnxruntime (2)" in text
    assert names(report) == ("LeNet-5, onnxruntime", "mini-SqueezeNet", "LeNet-5, onnxruntime (2)")
    told = json.loads(json.dumps(values(report)))
    assert told["pairs"][0]["agreement"] == report.pairs[0].agreement
    assert "picture" not in str(told["apart"][:1])
    assert [words_of(None), words_of(boxes())] == ["no answer", "no box"]
    assert words_of(boxes(*[(0, 0, 1, 1, 0)] * 5)) == "a 100 %, a 100 %, a 100 % and 2 more"


def test_the_page_escapes_what_strangers_wrote(report):
    nasty = "<script>alert(1)</script>"
    networks = tuple(replace(one, title=nasty) for one in report.networks)
    made = page(replace(report, networks=networks, troubles=(nasty,), source=nasty))
    assert "<script" not in made
    assert made.count("&lt;script&gt;") >= 5


def test_the_command(tmp_path, capsys):
    target, shown = tmp_path / "a.json", tmp_path / "a.html"
    words = ["compare", "--models", "digits-lenet,digits-vgg", "--json", str(target), "--html", str(shown)]
    assert app.main([*words, "--cache", str(tmp_path / "cache")]) == 0
    out = capsys.readouterr().out
    assert "On 10 pictures of digits." in out   # the reel that they can read
    assert "LeNet-5 – mini-VGG" in out
    assert json.loads(target.read_text())["pairs"][0]["labels"]["same"] == 10
    assert "How often networks agree" in shown.read_text()
    assert app.main(["compare", "--models", "digits-lenet"]) == 2
    assert app.main(["compare", "--models", "digits-lenet,digits-vgg", "--source", str(tmp_path / "no")]) == 1
