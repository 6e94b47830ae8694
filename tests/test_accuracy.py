"""How right networks are: what is read, which label is which class, counts by hand, killed and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
from test_digits import network

import app
from inference.errors import Cancelled, LabError
from inference.lab.accuracy.counts import Counts, counted
from inference.lab.accuracy.datasets import of_table, open_labelled
from inference.lab.accuracy.journal import Journal, journal_of, places
from inference.lab.accuracy.run import evaluate
from inference.lab.agreement.spaces import places_of
from inference.picture_files import read_picture
from inference.places import DIGIT_REEL, REELS
from models.catalog import LABELS
from training.drawn import NAMES

THOUSAND = (LABELS / "imagenet_1000.txt").read_text("utf-8").splitlines()


def photo(digit: int) -> np.ndarray:
    return cv2.resize(cv2.imread(str(REELS[DIGIT_REEL] / f"{NAMES[digit]}.jpg")), (320, 180))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Our own digits as photographs, a folder each, two of which are called as no network calls them."""
    where = tmp_path / "photos"
    for digit, name in enumerate(NAMES):
        (where / str(digit)).mkdir(parents=True)
        cv2.imwrite(str(where / str(digit) / f"{name}.png"), photo(digit))
    (where / "0").rename(where / "oh")
    (where / ".hidden").mkdir()
    return where


# ---- what is read ----


def test_a_folder_of_classes(folder):
    data = open_labelled(str(folder))
    assert data.classes == (*map(str, range(1, 10)), "oh")
    assert data.title == "10 pictures of photos"
    assert data.names[0] == "1/one.png"
    assert data.truths.tolist() == list(range(10))
    assert np.array_equal(data.pixels(1), read_picture(folder / "2" / "two.png"))
    assert open_labelled(str(folder)).digest == data.digest
    (folder / "1" / "one.png").rename(folder / "2" / "one.png")
    assert open_labelled(str(folder)).digest != data.digest


def test_a_table(folder):
    (folder / "t.csv").write_text("file,class\n1/one.png,one\n\n2/two.png, two \n3/three.png,one\n")
    data = open_labelled(str(folder / "t.csv"))
    assert (data.classes, data.truths.tolist()) == (("one", "two"), [0, 1, 0])
    assert data.names == ["1/one.png", "2/two.png", "3/three.png"]
    (folder / "bare.csv").write_text("1/one.png,one\n")
    assert len(of_table(folder / "bare.csv")) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is no table of pictures"), ("a.png\n", "is no table"), ("file,class\n", "is no table"),
     ("gone.png,cat\n", r"names .*gone\.png, which is not there")],
)  # fmt: skip
def test_what_is_no_table_is_said(tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(LabError, match=said):
        of_table(tmp_path / "t.csv")


def test_what_is_no_data_is_said(tmp_path):
    for path, said in ((tmp_path / "gone", "cannot be read"), (tmp_path / "gone.csv", "cannot be read"),
                       (tmp_path, "must hold one set of digits")):   # fmt: skip
        with pytest.raises(LabError, match=said):
            open_labelled(str(path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabError, match="holds no folders with pictures"):
        open_labelled(str(tmp_path))


# ---- which label is which class ----


@pytest.mark.parametrize(
    ("names", "labels", "numbers", "places"),
    [
        (["Cat", "dog", "cow"], ["dog", "cat"], False, [1, 0, -1]),
        (["tench"], ["x", "tench, Tinca tinca"], False, [1]),
        (["Tinca tinca"], ["x", "tench, Tinca tinca"], False, [1]),           # another synonym
        (["golden_retriever"], ["golden retriever"], False, [0]),
        (["crane"], ["crane", "crane", "a"], False, [-1]),                    # which of the two?
        (["0", "1"], ["a", "b"], False, [-1, -1]),
        (["0", "1", "7"], ["a", "b"], True, [0, 1, -1]),
        (["1", "0"], ["0", "1"], True, [1, 0]),                               # labels, not places
        ([], ["a"], True, []),
    ],
)
def test_classes_are_found_among_the_labels(names, labels, numbers, places):
    assert places_of(names, labels, numbers=numbers) == places


def test_words_of_imagenet():
    places = places_of(["tabby cat", "lemon", "Espresso", "golden retriever", "unicorn"], THOUSAND)
    assert places == [281, 951, 967, 207, -1]   # as published: tabby 281, lemon 951, espresso 967, golden retriever 207


# ---- counts, by hand ----


def test_counts_by_hand():
    right, right5, of_each, said = counted(
        [0, 0, 1, 1], [(4, 0), (0, 4), (2, 4, 1, 3, 0), ()], ("cat", "dog"), (4, 0), ("b", "c", "d", "e", "a")
    )
    assert (right, right5) == (1, 3)
    assert of_each == {"cat": (1, 2), "dog": (0, 2)}
    assert said == Counter({("cat", "cat"): 1, ("cat", "dog"): 1, ("dog", "d"): 1, ("dog", ""): 1})
    came = Counts(right, right5, of_each, said, 2.0, 4, {})
    assert (came.count, came.top1, came.top5, came.per_second) == (4, 0.25, 0.75, 2.0)
    assert came.weakest == ("dog", 0.0)
    assert came.mixed() == [("cat", "dog", 1), ("dog", "", 1), ("dog", "d", 1)]
    assert json.loads(json.dumps(came.values()))["top1"] == 0.25
    assert Counts(0, 0, {}, Counter(), 0.0, 0, {}).top1 == 0


def test_a_folder_is_evaluated_and_what_cannot_be_mapped_or_read_is_left_out(folder):
    (folder / "9" / "broken.jpg").write_bytes(b"no picture")
    data = open_labelled(str(folder))
    came = evaluate(network("digits-vgg"), data, lambda *_: None, Event())
    assert came.count == 9
    assert came.right == came.right5 == 9
    assert came.left_out == {"oh": 1}
    assert len(came.unread) == 1
    assert came.unread[0].startswith("9/broken.jpg: ")
    assert came.of_each["3"] == (1, 1)


def test_networks_of_other_things_are_refused(folder, built_in):
    from inference.backends import Engine
    from inference.recogniser import Recogniser
    from models.catalog import CARDS, load_catalog

    catalog = load_catalog(CARDS)
    for name in NAMES:
        (folder / "names" / name).mkdir(parents=True)
        cv2.imwrite(str(folder / "names" / name / "a.png"), np.zeros((8, 8, 3), np.uint8))
    data = open_labelled(str(folder / "names"))
    with pytest.raises(LabError, match="has a label for none of the 10 classes"):
        evaluate(network("digits-vgg"), data, lambda *_: None, Event())
    yolo = Recogniser(catalog["yolov3-tiny"], built_in("yolov3-tiny"), "onnxruntime", Engine(1))
    with pytest.raises(LabError, match="finds boxes"):
        evaluate(yolo, data, lambda *_: None, Event())


# ---- a journal ----


def test_a_journal_is_read_again_without_what_was_cut_off(tmp_path):
    journal = journal_of(tmp_path / "j", "a", "b")
    assert journal_of(tmp_path / "j", "ab")._path != journal._path
    assert journal.known(places) == {}
    with journal:
        for i in range(5):
            journal.add(i, (i, 9))
    with journal:
        journal.add(7, ())
    whole = journal._path.read_bytes()
    assert journal.known(places) == {**{i: (i, 9) for i in range(5)}, 7: ()}
    for cut in range(len(whole)):
        journal._path.write_bytes(whole[:cut])
        known = journal.known(places)
        assert known.items() <= {**{i: (i, 9) for i in range(5)}, 7: ()}.items()
        with journal:   # gone on with behind a line that was cut off
            journal.add(8, (1,))
        assert journal.known(places) == {**known, 8: (1,)}
    journal._path.write_text('[[1,"x"]]\n{}\n[[2,[3]]]\nnull\n')
    assert journal.known(places) == {2: (3,)}
    journal.clear()
    assert journal.known(places) == {}


def test_a_journal_that_cannot_be_written_costs_nothing_else(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file" / "a.jsonl")
    came = evaluate(network("digits-vgg"), open_labelled(str(folder)), lambda *_: None, Event(), journal)
    assert came.count == 9
    assert journal.known(places) == {}


def test_what_was_answered_is_not_asked_again(folder, tmp_path):
    data, journal, cancelled = open_labelled(str(folder)), Journal(tmp_path / "a.jsonl"), Event()
    net, asked = network("digits-vgg"), []
    real = type(net).run

    class Counting(type(net)):   # type: ignore[misc]
        def run(self, frame):
            asked.append(frame.index)
            if len(asked) == 4:
                cancelled.set()
                time.sleep(0.12)   # until it looks again
            return real(self, frame)

    net.__class__ = Counting
    with pytest.raises(Cancelled):
        evaluate(net, data, lambda *_: None, cancelled, journal, {})
    assert asked == [0, 1, 2, 3]
    cancelled.clear()
    came = evaluate(net, data, lambda *_: None, cancelled, journal, journal.known(places))
    assert asked == list(range(9))
    assert (came.count, came.right, came.answered) == (9, 9, 5)


def test_killed_and_gone_on_with_it_is_the_same(many, tmp_path):
    """Killed by SIGKILL until it is through: nothing is counted twice, nothing lost."""
    def command(target: Path, *more: str) -> list[str]:
        return [sys.executable, "app.py", "evaluate", "--data", str(many), "--models", "digits-mobilenet",
                "--cache", str(tmp_path / "cache"), "--json", str(target), *more]   # fmt: skip

    root = Path(app.__file__).parent
    whole = tmp_path / "whole.json"
    assert subprocess.run(command(whole), cwd=root, capture_output=True, timeout=120, check=False).returncode == 0
    target, kills = tmp_path / "resumed.json", 0
    lines = tmp_path / "cache" / "evaluations"
    while not target.exists():
        process = subprocess.Popen(
            command(target, "--resume"), cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        before = sum(path.stat().st_size for path in lines.glob("*"))
        while process.poll() is None and kills < 2:
            if sum(path.stat().st_size for path in lines.glob("*")) > before + 100:   # something was noted
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.01)
        process.wait(120)
    same = ("count", "right", "top1", "top5", "interval95", "of_each", "mixed")
    first, again = (json.loads(path.read_text())["models"][0] for path in (whole, target))
    assert kills >= 1
    assert {key: first[key] for key in same} == {key: again[key] for key in same}
    assert first["count"] == 12000
    assert not list(lines.glob("*"))   # no journal is left of what is done


# ---- the command ----


def test_the_command(folder, tmp_path, capsys):
    target = tmp_path / "r.json"
    words = ["evaluate", "--data", str(folder), "--models", "digits-vgg,digits-lenet", "--cache", str(tmp_path / "c")]
    assert app.main([*words, "--json", str(target)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("10 pictures of photos\n")
    assert "mini-VGG has no label for 1 classes (oh): 1 pictures left out." in out
    told = json.loads(target.read_text())
    assert told["data"] == {"title": "10 pictures of photos", "count": 10, "classes": 10}
    assert [one["count"] for one in told["models"]] == [9, 9]
