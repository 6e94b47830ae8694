"""Mean average precision: twenty pictures with known answers, by hand and by the library itself."""

import contextlib
import io
import json
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import app
from inference.data import Detections
from inference.errors import Cancelled, LabError
from inference.lab.accuracy.boxed import open_boxed
from inference.lab.accuracy.detect import FIGURES, evaluate_boxes
from inference.lab.accuracy.journal import Journal, boxes

LABELS = ("bird", "aeroplane", "cat")   # COCO's own list says airplane


def annotated(tmp_path: Path) -> tuple[Path, dict]:
    """Twenty pictures of 96 × 64 px, in each a cat, in every second an airplane, in every fifth a unicorn."""
    (tmp_path / "images").mkdir()
    images, annotations = [], []
    for i in range(20):
        cv2.imwrite(str(tmp_path / "images" / f"{i:02}.png"), np.full((64, 96, 3), 8 * i, np.uint8))
        images.append({"id": 100 + i, "width": 96, "height": 64, "file_name": f"{i:02}.png"})
        found = [(3, (10 + i, 8, 30, 20))]
        found += [(5, (50, 30, 40, 30))] * (i % 2 == 0) + [(9, (0, 0, 10, 10))] * (i % 5 == 0)
        annotations += [
            {"id": len(annotations) + k, "image_id": 100 + i, "category_id": number, "bbox": list(box),
             "area": box[2] * box[3], "iscrowd": 0} for k, (number, box) in enumerate(found, 1)
        ]  # fmt: skip
    told = {
        "images": images, "annotations": annotations,
        "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "airplane"}, {"id": 9, "name": "unicorn"}],
    }  # fmt: skip
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(told))
    return path, told


class Scripted:
    """A detector that says of picture i what it was told to."""

    def __init__(self, said: dict[int, list[tuple[float, float, float, float, float, int]]]) -> None:
        self.card = SimpleNamespace(task="detect", title="Scripted")
        self.labels = LABELS
        self.said, self.asked = said, []

    def run(self, frame):
        return frame

    def read(self, frame, ask):
        assert ask.confidence == 0.001
        self.asked.append(frame.index)
        rows = sorted(self.said.get(frame.index, []), key=lambda row: -row[4])
        return Detections(
            np.array([row[:4] for row in rows], np.float32).reshape(-1, 4),
            np.array([row[4] for row in rows], np.float32), tuple(LABELS[row[5]] for row in rows),
            tuple(row[5] for row in rows),
        )  # fmt: skip


def truth(told: dict, i: int, *, shift: float = 0.0) -> list:
    """What is really there of cats and airplanes, moved to the right by so many px."""
    places = {3: 2, 5: 1}
    return [
        (x + shift, y, x + w + shift, y + h, 0.9, places[one["category_id"]])
        for one in told["annotations"] if one["image_id"] == 100 + i and one["category_id"] in places
        for x, y, w, h in [one["bbox"]]
    ]  # fmt: skip


def evaluated(path: Path, said: dict, **kwargs):
    return evaluate_boxes(Scripted(said), open_boxed(path), lambda *_: None, Event(), **kwargs)


def test_by_hand(tmp_path):
    path, told = annotated(tmp_path)
    came = evaluated(path, {i: truth(told, i) for i in range(20)})
    assert (came.figures["map"], came.figures["ap50"], came.figures["ap75"]) == pytest.approx((1, 1, 1))
    assert came.of_each == pytest.approx({"cat": 1, "airplane": 1})
    assert (came.pictures, came.boxes, came.answered) == (20, 30, 20)
    assert came.left_out == {"unicorn": 4}
    # A cat of 30 px that is found 6 px beside: 24 of 36 in common, 0.667: right at 0.5, 0.55, 0.6 and 0.65.
    shifted = {i: [row for row in truth(told, i, shift=6) if row[5] == 2] for i in range(20)}
    came = evaluated(path, shifted)
    assert came.of_each == pytest.approx({"cat": 0.4, "airplane": 0})
    assert came.figures["ap50"] == pytest.approx(0.5)
    assert came.figures["ap75"] == 0
    # Half of the cats, and nothing wrong: precision 1 up to a recall of 0.5: 51 of the 101 points.
    half = {i: [row for row in truth(told, i) if row[5] == 2] for i in range(10)}
    assert evaluated(path, half).of_each["cat"] == pytest.approx(51 / 101)
    assert evaluated(path, {}).figures["map"] == 0


def test_as_the_library_itself(tmp_path):
    """Boxes at random beside the true ones, some twice, some of other labels: all figures equal COCOeval's."""
    path, told = annotated(tmp_path)
    rng, said = np.random.default_rng(3), {}
    for i in range(20):
        rows = []
        for x1, y1, x2, y2, _, label in truth(told, i):
            for _ in range(rng.integers(0, 3)):
                moved = np.array([x1, y1, x2, y2]) + rng.normal(0, 3, 4)
                rows.append((*map(float, moved), float(rng.uniform(0.01, 1)), int(label if rng.random() < 0.8 else 1)))
        rows += [(1.0, 1.0, 20.0, 20.0, float(rng.uniform(0, 0.5)), 0)] * int(rng.integers(0, 2))   # a bird
        said[i] = rows
    came = evaluated(path, said)
    number = {1: 5, 2: 3}
    listed = [
        {"image_id": 100 + i, "category_id": number[row[5]],
         "bbox": [float(np.float32(row[0])), float(np.float32(row[1])),
                  float(np.float32(row[2])) - float(np.float32(row[0])),
                  float(np.float32(row[3])) - float(np.float32(row[1]))],
         "score": float(np.float32(row[4]))}
        for i, rows in said.items() for row in sorted(rows, key=lambda row: -row[4]) if row[5] in number
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        library = COCO(str(path))
        made = COCOeval(library, library.loadRes(listed), "bbox")
        made.params.catIds = [3, 5]
        made.evaluate()
        made.accumulate()
        made.summarize()
    assert [came.figures[name] for name in FIGURES] == pytest.approx(list(made.stats[:6]), abs=1e-9)
    assert 0.05 < came.figures["map"] < 0.95


def test_it_goes_on_where_it_was(tmp_path):
    path, told = annotated(tmp_path)
    said = {i: truth(told, i) for i in range(20)}
    journal, network, cancelled = Journal(tmp_path / "j.jsonl"), Scripted(said), Event()
    real = network.said

    class Stops(dict):
        def get(self, i, usual):
            if i == 7:
                cancelled.set()
                import time

                time.sleep(0.12)   # until it looks again
            return real.get(i, usual)

    network.said = Stops()
    with pytest.raises(Cancelled):
        evaluate_boxes(network, open_boxed(path), lambda *_: None, cancelled, journal, {})
    known = journal.known(boxes)
    assert sorted(known) == list(range(8))
    again = Scripted(said)
    came = evaluate_boxes(again, open_boxed(path), lambda *_: None, Event(), journal, known)
    assert again.asked == list(range(8, 20))
    assert came.figures["map"] == pytest.approx(1)
    assert (came.pictures, came.answered) == (20, 12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: "no json", "is no COCO file"),
        (lambda told: [], "is no COCO file"),
        (lambda told: {**told, "images": [], "annotations": []}, "lists no pictures"),
        (lambda told: {**told, "annotations": [{"image_id": 100, "category_id": 3}]}, "is no COCO file"),
        (lambda told: {**told, "annotations": [{"image_id": 7, "category_id": 3, "bbox": [0, 0, 1, 1]}]}, "not listed"),
        (lambda told: {**told, "annotations": [{"image_id": 100, "category_id": 3, "bbox": [0, 0, -1, 1]}]}, "is none"),
        (lambda told: {**told, "images": [{**told["images"][0], "file_name": "gone.png"}], "annotations": []},
         "are not there"),
        (lambda told: {**told, "images": [*told["images"], {"id": 1, "width": 1, "height": 1, "file_name": "x.png"}]},
         "1 of 21 pictures"),
        (lambda told: {**told, "images": [{**told["images"][0], "file_name": "../../etc/x"}], "annotations": []},
         "outside the folder"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_said(tmp_path, change, said):
    path, told = annotated(tmp_path)
    path.write_text(json.dumps(change(told)))
    with pytest.raises(LabError, match=said):
        open_boxed(path)


def test_networks_of_other_things_are_refused(tmp_path):
    path, _ = annotated(tmp_path)
    for change, said in (({"card": SimpleNamespace(task="classify", title="X")}, "names the whole picture"),
                         ({"labels": ("dog",)}, "a label for none of the 3 classes")):   # fmt: skip
        network = Scripted({})
        for name, value in change.items():
            setattr(network, name, value)
        with pytest.raises(LabError, match=said):
            evaluate_boxes(network, open_boxed(path), lambda *_: None, Event())


def test_the_command(tmp_path, capsys, built_in):
    """YOLOv3-tiny on two of the sample pictures, of which one object is written down as it finds it."""
    from inference.places import SAMPLES

    built_in("yolov3-tiny")
    for name in ("kitten", "dogs"):
        picture = cv2.imread(str(SAMPLES / f"{name}.jpg"))
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), cv2.resize(picture, None, fx=0.5, fy=0.5))
    height, width = cv2.imread(str(tmp_path / "kitten.jpg")).shape[:2]
    told = {
        "images": [{"id": 1, "width": width, "height": height, "file_name": "kitten.jpg"},
                   {"id": 2, "width": width, "height": height, "file_name": "dogs.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 17, "bbox": [0, 0, width, height]}],
        "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}, {"id": 99, "name": "unicorn"}],
    }  # fmt: skip
    (tmp_path / "c.json").write_text(json.dumps(told))
    words = ["evaluate", "--data", str(tmp_path / "c.json"), "--models", "yolov3-tiny", "--json", str(tmp_path / "r")]
    from test_samples import CATALOG

    assert CATALOG["yolov3-tiny"]
    code = app.main([*words, "--cache", str(Path(__file__).parents[1] / "build" / "test-models"), "--offline"])
    assert code == 0
    out = capsys.readouterr().out
    assert "2 pictures of c.json" in out
    assert "mAP" in out
    found = json.loads((tmp_path / "r").read_text())["models"][0]
    assert found["pictures"] == 2
    assert found["boxes"] == 1
    assert 0 <= found["map"] <= 1
