"""The command line, as people and scripts meet it: words in, text, files and exit codes out."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import make
import numpy as np
import pytest

import app
from inference.commands import COMMANDS
from inference.commands.ends import interrupt
from inference.commands.headless import Limits, Run, report_text, troubles
from inference.commands.predicting import open_all
from inference.data import LaneSpec, Mode
from inference.logbook import log_path
from inference.options import Options, WrongUse, ask_of, lane_specs, split_lane
from inference.terminal import say, table, write_json
from inference.words import count_text, size_text
from models.card import ModelCard, ModelFile
from models.errors import Cancelled, LabError
from models.store import Store

ROOT = Path(__file__).parents[1]
LINE_UP = ("tiny", "box")


def file_of(path: Path, url: str = "") -> ModelFile:
    data = path.read_bytes()
    return ModelFile(path.name, hashlib.sha256(data).hexdigest(), len(data), url)


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModelCard]:
    """Two small real models that are here, one file that is no model, and one that is nowhere."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    tiny = file_of(make.tiny_onnx(folder / "tiny.onnx"))
    boxes = np.array([[[0.5, 0.5, 0.5, 0.5]]], np.float32)  # cx cy w h, of the picture
    scores = np.zeros((1, 1, 80), np.float32)
    scores[0, 0, 15] = 0.75
    box = file_of(make.fixed_onnx(folder / "box.onnx", {"boxes": boxes, "scores": scores}))
    (folder / "broken.onnx").write_bytes((folder / "tiny.onnx").read_bytes()[:100])
    cards = {
        "tiny": make.card("tiny", files=(tiny,), lineup=1, parameters=1234567),
        "box": make.card("box", task="detect", decoder="boxes-scores", labels="coco_80.txt", files=(box,), lineup=2),
        "broken": make.card("broken", files=(file_of(folder / "broken.onnx"),)),
        "absent": make.card("absent", files=(ModelFile("absent.onnx", "ab" * 32, 4_945_361),), licence="MIT"),
    }
    monkeypatch.setattr("models.catalog.load_catalog", lambda **_: cards)
    monkeypatch.setenv("LINEUP_MIRROR", str(folder))
    return cards


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a picture é.png"
    path.write_bytes(cv2.imencode(".png", make.frame(120, 160).pixels)[1].tobytes())
    return path


# --- words -----------------------------------------------------------------------------------------------------

WRONG = [
    (["predic"], "There is no command called 'predic'. Did you mean 'predict'?"),
    (["0"], "To show it: python app.py --source 0"),
    (["--mode", "tuns"], "Did you mean 'turns'?"),
    (["--theme", "drk"], "Did you mean 'dark'?"),
    (["--sorce", "0"], "Did you mean '--source'?"),
    (["--models", ","], "a name is missing"),
    (["--models", "tyni"], "There is no model called 'tyni'. Did you mean 'tiny'?"),
    (["--models", "tiny@onxruntime"], "Did you mean 'onnxruntime'?"),
    (["--models", "tiny@opencv:x"], "'x' in 'tiny@opencv:x' is no number of threads"),
    (["--backend", "opencvv"], "There is no backend called 'opencvv'. Did you mean 'opencv'?"),
    (["--providers", "CPUU"], "The backend onnxruntime has no provider 'CPUU' here. Did you mean 'CPU'?"),
    (["--conf", "1.1"], "'1.1' is not a number from 0 to 1"),
    (["--iou", "nan"], "'nan' is not a number from 0 to 1"),
    (["--topk", "0"], "'0' is not a whole number of 1 or more"),
    (["--threads", "257"], "'257' is not a whole number from 0 to 256"),
    (["predict"], "The following arguments are required: PICTURE"),
    (["predict", "x.png", "--models", "tyni"], "Did you mean 'tiny'?"),
    (["--mirror", "no such folder"], "The folder no such folder does not exist."),
    (["predict", "x.png", "--mirror", "no such folder"], "The folder no such folder does not exist."),
    (["live", "--frames", "3"], "--frames belongs to a run without a window. Add --headless."),
    (["live", "--headless", "--frames", "0"], "'0' is not a whole number of 1 or more"),
    (["live", "--headless", "--seconds", "-1"], "'-1' is not a number above 0"),
    (["models", "gte", "tiny"], "There are: get, add"),
    (["models", "get"], "The following arguments are required: NAME"),
    (["models", "get", "tyni"], "Did you mean 'tiny'?"),
    (["doctor", "now"], "'now' is one word too many."),
]


@pytest.mark.parametrize(("argv", "said"), WRONG, ids=[" ".join(argv) for argv, _ in WRONG])
def test_wrong_use_ends_with_2_and_one_sentence(
    argv: list[str], said: str, catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(argv) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("verb", [name.split() for name in COMMANDS], ids=list(COMMANDS))
def test_help_has_examples(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert "examples:" in out
    assert f"python app.py {' '.join(verb)}".strip() in out


@pytest.mark.parametrize(
    ("text", "parts"),
    [("tiny", ("tiny", "", "", 0)), ("tiny@opencv", ("tiny", "opencv", "", 0)),
     ("tiny@opencv:3", ("tiny", "opencv", "", 3)), ("tiny@coreml/int8", ("tiny", "coreml", "int8", 0)),
     ("tiny@coreml/int8:2", ("tiny", "coreml", "int8", 2)), ("tiny@/int8", ("tiny", "", "int8", 0)),
     (" tiny@:2 ", ("tiny", "", "", 2))],
)  # fmt: skip
def test_a_lane_is_taken_apart(text: str, parts: tuple[str, str, str, int]) -> None:
    assert split_lane(text) == parts


@pytest.mark.parametrize("text", ["", "@opencv", "tiny@opencv:0", "tiny@opencv:many", "tiny@opencv:-1"])
def test_a_lane_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WrongUse):
        split_lane(text)


def test_a_lane_says_more_than_the_options(catalog: dict[str, ModelCard]) -> None:
    options = Options(backend="opencv", threads=2)
    assert lane_specs(options, ["tiny", "tiny@onnxruntime:1"], catalog) == (
        LaneSpec("tiny", "opencv", 2),
        LaneSpec("tiny", "onnxruntime", 1),
    )


def test_the_first_provider_that_is_here_is_taken(catalog: dict[str, ModelCard]) -> None:
    (spec,) = lane_specs(Options(providers=("NoSuch", "cpu")), ["tiny"], catalog)
    assert spec.provider.lower().startswith("cpu")


def test_the_window_gets_what_was_given_and_only_that(
    catalog: dict[str, ModelCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Options] = []
    monkeypatch.setattr(app, "_open_window", lambda options, argv: got.append(options) or 0)
    assert app.main([]) == 0
    words = "--source 1 --models tiny,box --mirror . --mirror-picture --topk 3 --conf 0 --mode together --fullscreen"
    assert app.main(words.split()) == 0
    assert app.main(["live", "--theme", "light", "--no-mirror-picture"]) == 0
    assert got == [
        Options(),
        Options(
            source="1", models=("tiny", "box"), mirror_dir=".", mirror_picture=True, topk=3, conf=0.0, mode="together",
            fullscreen=True,
        ),
        Options(theme="light", mirror_picture=False),
    ]  # fmt: skip


UNSEEN = """
import sys
import gui.unseen
import app
gui.unseen.RUN_S = 0.5
sys.exit(app.main(sys.argv[1:]))
"""


def unseen(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The program where there is no screen; Qt allows one application a process, so in one of its own."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return subprocess.run(
        [sys.executable, "-c", UNSEEN, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={**{k: v for k, v in os.environ.items() if k not in screens}, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_the_lab_runs_unseen(tmp_path: Path) -> None:
    from models.user_cards import save_card

    tiny = file_of(make.tiny_onnx(tmp_path / "tiny.onnx"))
    save_card(make.card("tiny", files=(tiny,)))
    done = unseen(tmp_path, "--models", "tiny", "--mirror", str(tmp_path), "--source", "pattern")
    assert done.returncode == 0, done.stderr
    assert "There is no screen here" in done.stdout
    head, _, row = done.stdout.splitlines()[1:4]
    assert head.split() == ["NETWORK", "ANSWER", "p50", "ms", "p95", "ms", "ANSWERS/s"]
    assert row.startswith("Tiny ")
    assert float(row.split()[-1]) > 0
    assert "To get the real window" in done.stdout
    picture = cv2.imread(str(tmp_path / "lineup-window.png"))
    assert picture.shape == (1000, 1600, 3)
    assert f"The window as it would be: {tmp_path / 'lineup-window.png'}" in done.stdout
    assert not (Path(os.environ["LINEUP_CONFIG"]) / "settings.json").exists()   # what was saved stays as it was


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_and_without_models_it_says_why(tmp_path: Path) -> None:
    done = unseen(tmp_path, "--models", "yolov3-tiny", "--offline")
    assert done.returncode == 1
    assert "YOLOv3-tiny: yolov3-tiny.weights is not here" in done.stderr


def test_zero_is_a_threshold() -> None:
    assert (ask_of(Options(conf=0.0, iou=0.0)).confidence, ask_of(Options()).confidence) == (0.0, 0.25)


# --- predict ---------------------------------------------------------------------------------------------------


def predicted(argv: Sequence[object], tmp_path: Path) -> tuple[int, dict[str, Any]]:
    target = tmp_path / "answers.json"
    code = app.main(["predict", *map(str, argv), "--json", str(target)])
    return code, json.loads(target.read_text(encoding="utf-8"))


def test_predict_answers_each_picture_with_each_model(
    catalog: dict[str, ModelCard], picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = predicted([picture, "--topk", 3], tmp_path)
    assert code == 0
    (found,) = report["pictures"]
    assert (found["path"], found["width"], found["height"]) == (str(picture), 160, 120)
    tiny, box = found["models"]
    assert [tiny["model"], box["model"]] == list(LINE_UP)
    mean = make.frame(120, 160).pixels[..., ::-1].mean((0, 1), dtype=np.float64) / 255
    weights, biases = make.tiny_weights()
    logits = mean @ weights + biases
    expected = np.sort(np.exp(logits) / np.exp(logits).sum())[::-1][:3]
    assert np.allclose(tiny["scores"], expected, atol=0.01)
    assert tiny["sha256"] == catalog["tiny"].files[0].sha256
    assert (tiny["backend"], tiny["provider"], "boxes" in tiny) == ("onnxruntime", "CPU", False)
    assert {"preprocess", "infer", "postprocess"} <= set(tiny["ms"])
    assert (box["labels"], box["scores"], box["boxes"]) == (["cat"], [0.75], [[40.0, 30.0, 120.0, 90.0]])
    out = capsys.readouterr().out
    assert "cat" in out
    assert "40 30 120 90" in out


def test_predict_with_another_backend(catalog: dict[str, ModelCard], picture: Path, tmp_path: Path) -> None:
    code, report = predicted([picture, "--models", "tiny,tiny@opencv"], tmp_path)
    one, other = report["pictures"][0]["models"]
    assert code == 0
    assert (one["backend"], other["backend"]) == ("onnxruntime", "opencv")
    assert one["labels"] == other["labels"]
    assert np.allclose(one["scores"], other["scores"], atol=1e-4)


def test_a_picture_that_is_none_does_not_stop_the_others(
    catalog: dict[str, ModelCard], picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    no_picture, empty = tmp_path / "notes.txt", tmp_path / "empty.png"
    no_picture.write_text("not a picture", encoding="utf-8")
    empty.write_bytes(b"")
    code, report = predicted([no_picture, empty, tmp_path / "gone.png", picture], tmp_path)
    err = capsys.readouterr().err.splitlines()
    assert code == 1
    assert [Path(p["path"]) for p in report["pictures"]] == [picture]
    assert ["notes.txt" in err[0], "empty.png" in err[1], "gone.png" in err[2], len(err)] == [True, True, True, 3]
    assert len(report["troubles"]) == 3


def test_a_model_that_cannot_run_does_not_stop_the_others(
    catalog: dict[str, ModelCard], picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = predicted([picture, "--models", "broken,absent,tiny", "--offline"], tmp_path)
    assert code == 1
    assert [answer["model"] for answer in report["pictures"][0]["models"]] == ["tiny"]
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_predict_takes_a_folder(catalog: dict[str, ModelCard], picture: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("b.png", "a.PNG"):
        (folder / name).write_bytes(picture.read_bytes())
    (folder / "notes.txt").write_text("", encoding="utf-8")
    code, report = predicted([folder, "--models", "tiny"], tmp_path)
    assert (code, [Path(p["path"]).name for p in report["pictures"]]) == (0, ["a.PNG", "b.png"])


def test_an_empty_folder_is_said(
    catalog: dict[str, ModelCard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert app.main(["predict", str(empty)]) == 1
    assert "holds no pictures" in capsys.readouterr().err


def test_json_to_stdout_is_nothing_but_json(
    catalog: dict[str, ModelCard], picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["predict", str(picture), "--models", "tiny", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"][0]["path"] == str(picture)


@pytest.mark.parametrize("place", ["no such folder/x.json", "."])
def test_a_report_that_cannot_be_written_is_said_before_the_work(
    place: str, catalog: dict[str, ModelCard], picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["predict", str(picture), "--json", str(tmp_path / place)]) == 1
    assert capsys.readouterr().out == ""


# --- live ------------------------------------------------------------------------------------------------------


def test_live_runs_until_every_lane_has_answered(
    catalog: dict[str, ModelCard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "run.json"
    words = "live --headless --source pattern --models tiny,box@opencv:1 --mode turns --frames 5 --json"
    code = app.main([*words.split(), str(target)])
    report = json.loads(target.read_text(encoding="utf-8"))
    assert (code, report["ok"], report["ended"], report["mode"]) == (0, True, "frames", "turns")
    tiny, box = report["lanes"]
    assert (tiny["model"], box["backend"], box["threads"]) == ("tiny", "opencv", 1)
    for lane in report["lanes"]:
        assert lane["results"] >= 5
        assert lane["state"] == "running"
        assert set(lane["wall_ms"]) == {"wait", "preprocess", "infer", "postprocess", "latency"}
        assert all(0 <= p["p50"] <= p["p95"] <= p["p99"] for p in lane["wall_ms"].values())
        assert lane["age_ms"]["p50"] >= lane["wall_ms"]["latency"]["p50"]
    assert box["last"]["labels"] == ["cat"]
    source = report["source"]
    assert source["fps"] > 0
    assert source["states"][-1] == "live"
    assert source["frames"] >= 5
    assert "tiny" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "ended"), [([], "frames"), (["--once"], "source ended")])
def test_a_film_begins_again_unless_it_is_shown_once(
    more: list[str], ended: str, catalog: dict[str, ModelCard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 48))
    for seed in range(6):
        writer.write(make.frame(48, 64, seed=seed).pixels)
    writer.release()
    words = ["live", "--headless", "--source", str(film), "--models", "tiny", "--frames", "8", "--json", "-", *more]
    assert app.main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["ended"], report["lanes"][0]["results"] >= 8) == (ended, not more)


def test_a_lane_that_fails_does_not_stop_the_others(
    catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]
) -> None:
    code = app.main(
        ["live", "--headless", "--source", "pattern", "--models", "broken,tiny", "--frames", "3", "--json", "-"]
    )
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (code, report["ok"]) == (1, False)
    assert [lane["state"] for lane in report["lanes"]] == ["failed", "running"]
    assert report["lanes"][1]["results"] >= 3
    assert "broken.onnx" in err


def test_when_no_lane_can_be_loaded_the_run_ends(
    catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["live", "--headless", "--source", "pattern", "--models", "broken"]) == 1
    assert "broken.onnx" in capsys.readouterr().err


def test_a_source_that_is_nowhere(catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["live", "--headless", "--source", "no such file.mp4", "--models", "tiny", "--frames", "3"]
    assert app.main(argv) == 1
    assert "no such file.mp4" in capsys.readouterr().err


class Few:
    """A source of a few pictures, or of none; `live` as a camera is."""

    title, period_s, note, caption = "a few", 0.001, "", ""

    def __init__(self, count: int, *, live: bool = False) -> None:
        self.live, self._left = live, count
        self.silent = threading.Event()

    def open(self) -> None:
        pass

    def read(self) -> Any:
        if self._left:
            self._left -= 1
            return make.frame(seed=self._left).pixels.copy()
        if self.live:
            self.silent.wait(0.05)  # a camera that gives nothing, without saying why
            return make.frame().pixels.copy() if self.silent.is_set() else self.read()
        return None

    def close(self) -> None:
        self.silent.set()


def run_of(source: Few, limits: Limits, catalog: dict[str, ModelCard], **more: Any) -> dict[str, Any]:
    from inference.intake.provide import loader
    from models.store import Store

    specs = [LaneSpec("tiny"), LaneSpec("box")]
    return Run(loader(catalog, Store()), specs, source, limits, **more).go()


@pytest.mark.parametrize("mode", list(Mode))
def test_a_source_that_ends_ends_the_run(mode: Mode, catalog: dict[str, ModelCard]) -> None:
    report = run_of(Few(4), Limits(frames=100), catalog, mode=mode)
    assert (report["ok"], report["ended"], report["source"]["states"][-1]) == (True, "source ended", "ended")
    assert report["source"]["frames"] == 4
    for lane in report["lanes"]:
        assert lane["results"] + lane["skipped"] == 4
        assert lane["last"]["frame"] == 3  # the last picture is answered, whatever was skipped


def test_a_source_without_a_picture_is_a_failure(catalog: dict[str, ModelCard]) -> None:
    report = run_of(Few(0), Limits(frames=1), catalog)
    assert (report["ok"], report["source"]["frames"]) == (False, 0)
    assert troubles(report)
    assert "none" in report_text(report)


def test_the_time_is_up(catalog: dict[str, ModelCard]) -> None:
    report = run_of(Few(10**6), Limits(frames=None, seconds=0.3), catalog)
    assert (report["ok"], report["ended"]) == (True, "seconds")
    assert report["seconds"] >= 0.3


# --- models ----------------------------------------------------------------------------------------------------


def test_the_list_says_what_is_here(catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["models"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "NAME"
    assert [row.split()[0] for row in rows] == ["tiny", "box", "absent", "broken"]
    assert rows[0].endswith("here")
    assert " 40 " in rows[0]       # counted from its graph; the card says something else
    assert "not here yet: a folder given by --mirror or LINEUP_MIRROR (4.9 MB)" in rows[2]


def test_the_list_as_json(catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["tiny"]["here"], rows["absent"]["here"]) == (True, False)
    assert rows["absent"]["missing"][0]["sha256"] == "ab" * 32
    assert (rows["tiny"]["parameters"], rows["tiny"]["counted"]) == (40, True)
    assert (rows["absent"]["parameters"], rows["absent"]["counted"]) == (0, False)   # as published


def test_get_says_where_it_is_and_fails_for_what_is_not(
    catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["models", "get", "tiny"]) == 0
    assert "Tiny is here" in capsys.readouterr().out
    assert app.main(["models", "get", "absent", "tiny"]) == 1
    out, err = capsys.readouterr()
    assert "Tiny is here" in out
    assert "absent" in err.lower()


# --- the real models --------------------------------------------------------------------------------------------


def test_predict_with_real_models(testdata: Path, tmp_path: Path) -> None:
    code, report = predicted(
        [testdata / "images" / "cat.jpg", "--models", "mobilenet-v2-coral,yolo-fastest-1.1", "--mirror", testdata],
        tmp_path,
    )
    classifier, detector = report["pictures"][0]["models"]
    assert code == 0
    assert classifier["labels"][0] == "Egyptian cat"
    assert "cat" in detector["labels"]


# --- texts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], ""),
        ([("A", "B")], "A  B\n-  -"),
        ([("A", "B"), ("long", "1"), ("x", "22")], "A      B\n----  --\nlong   1\nx     22"),
    ],
)
def test_a_table_is_aligned(rows: list[tuple[str, ...]], text: str) -> None:
    assert table(rows, right=(1,)) == text


@pytest.mark.parametrize(
    ("made", "text"),
    [(size_text(0), "0 B"), (size_text(999), "999 B"), (size_text(4_945_361), "4.9 MB"), (size_text(3e9), "3.0 GB"),
     (count_text(0), "–"), (count_text(5994), "6.0 k"), (count_text(1_235_496), "1.2 M")],
)  # fmt: skip
def test_sizes_as_people_say_them(made: str, text: str) -> None:
    assert made == text


# --- interrupts and streams --------------------------------------------------------------------------------------


def test_an_interrupt_ends_a_run_and_its_threads(
    catalog: dict[str, ModelCard], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, handler = set(threading.enumerate()), signal.getsignal(signal.SIGINT)
    wait: Callable[[Run], None] = Run._wait

    def interrupted(run: Run) -> None:
        wait(run)
        if run._session.latest is not None:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Run, "_wait", interrupted)
    assert app.main(["live", "--headless", "--source", "pattern", "--models", "tiny", "--frames", "1000000"]) == 130
    assert capsys.readouterr().err == ""
    assert set(threading.enumerate()) == before
    assert signal.getsignal(signal.SIGINT) is handler


# The catalogue of one card whose file is on a server, in a process of its own.
CHILD = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import make, models.catalog
from models.card import ModelFile
cards = {{"far": make.card("far", files=(ModelFile("far.onnx", "ab" * 32, 1000, {url!r}),))}}
models.catalog.load_catalog = lambda **_: cards
import app
app._end(app.main({argv!r}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl+C to the whole console, pytest included")
@pytest.mark.parametrize(
    "argv",
    [
        ["models", "get", "far"],
        ["predict", "x.png", "--models", "far"],
        ["live", "--headless", "--source", "pattern", "--models", "far"],
    ],
    ids=["get", "predict", "live"],
)
def test_ctrl_c_ends_a_program_that_waits_for_a_server(argv: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes the call and never answers
        server.settimeout(30)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/far.onnx"
        code = CHILD.format(root=str(ROOT), tests=str(ROOT / "tests"), url=url, argv=argv)
        environment = {**os.environ, "no_proxy": "*", "LINEUP_CACHE": str(tmp_path / "cache")}
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as child:
            try:
                call, _ = server.accept()
                with call:
                    child.send_signal(signal.SIGINT)
                    _, err = child.communicate(timeout=8)
            finally:
                child.kill()
    assert child.returncode == 130
    assert "Traceback" not in err


# An interrupt in the middle of the program's own imports, at the same place every time.
EARLY = """
import builtins, runpy, signal, sys
sys.path.insert(0, {root!r})
real = builtins.__import__
def interrupted(name, *rest, **more):
    if name == "inference.commands.arguments":
        signal.raise_signal(signal.SIGINT)
    return real(name, *rest, **more)
builtins.__import__ = interrupted
sys.argv[1:] = ["doctor"]
runpy.run_path({root!r} + "/app.py", run_name="__main__")
"""


def test_an_interrupt_while_the_program_starts() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", EARLY.format(root=str(ROOT))], capture_output=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


def program(*argv: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *argv], capture_output=True, timeout=60, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_the_exit_code_leaves_the_program() -> None:
    ran = program("predic")
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"Did you mean 'predict'?" in ran.stderr


def test_a_console_that_lacks_a_letter_does_not_end_the_program() -> None:
    ran = program("models", "naïve", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.returncode == 2
    assert b"no command 'na?ve'" in ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_leaves_early_is_no_trouble() -> None:
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "--help"], stdout=write, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write)
    assert b"Traceback" not in ran.stderr


# --- packs -----------------------------------------------------------------------------------------------------


def test_a_pack_carries_a_model_to_another_cache(
    catalog: dict[str, ModelCard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack, there = str(tmp_path / "venue.zip"), str(tmp_path / "there")
    assert app.main(["models", "pack", pack, "tiny"]) == 0
    assert "1 model (1 file," in capsys.readouterr().out
    assert app.main(["models", "unpack", pack, "--cache", there]) == 0
    assert "New here from venue.zip: 1 file," in capsys.readouterr().out
    assert app.main(["models", "unpack", pack, "--cache", there]) == 0
    assert ": 0 files" in capsys.readouterr().out


def test_a_pack_of_what_is_not_here_fails(
    catalog: dict[str, ModelCard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["models", "pack", str(tmp_path / "venue.zip"), "absent"]) == 1
    assert "Not here yet" in capsys.readouterr().err
    assert not (tmp_path / "venue.zip").exists()


def test_no_pack_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "venue.zip").write_text("hello")
    assert app.main(["models", "unpack", str(tmp_path / "venue.zip")]) == 1
    assert "no ZIP file" in capsys.readouterr().err


def test_no_text_of_a_file_moves_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb\x07c\u202ed\n\te é 日本")
    assert capsys.readouterr().out == "a\ufffd[2Jb\ufffdc\ufffdd\n\te é 日本\n"


def test_a_word_that_is_no_command_does_not_move_it_either(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["\x1b[31mred"]) == 2
    assert "\x1b" not in capsys.readouterr().err


# --- streams that are closed or full, names that no system takes ------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("words", [["--help"], ["models", "--help"], ["models"], ["models", "--json"]])
def test_a_full_standard_output_is_a_sentence(words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [sys.executable, str(ROOT / "app.py"), *words], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
        assert (ran.returncode, ran.stderr.decode()) == (
            1, "Standard output cannot be written: No space left on device.\n"
        )  # fmt: skip
        command = [sys.executable, str(ROOT / "app.py"), "models"]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, timeout=60, check=False)
    assert (ran.returncode, ran.stdout[:4]) == (0, b"NAME")


@pytest.mark.skipif(sys.platform == "win32", reason="closed by a shell of POSIX")
@pytest.mark.parametrize(
    ("how", "code", "out", "err"),
    [("models >&-", 0, "", ""), ("models 2>&-", 0, "NAME", ""), ("models >&- 2>&-", 0, "", ""),
     ("models nope 2>&-", 2, "", ""), ("models nope >&-", 2, "", "`models` has"), ("models <&-", 0, "NAME", "")],
)  # fmt: skip
def test_closed_streams_change_nothing_else(how: str, code: int, out: str, err: str) -> None:
    command = f'"{sys.executable}" "{ROOT / "app.py"}" {how}'
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout[:4], ran.stderr[: len(err) or 1]) == (code, out, err or "")


LONG = "a" * 300


@pytest.mark.parametrize(
    "words",
    [["predict", LONG], ["predict", "x", "--json", LONG], ["models", "add", f"{LONG}.onnx"],
     ["models", "--mirror", LONG], ["models", "--cache", f"/tmp/{LONG}"], ["models", "unpack", LONG],
     ["models", "pack", LONG, "tiny"],
     ["live", "--headless", "--source", LONG], ["live", "--headless", "--source", f"{LONG}.mp4"]],
)  # fmt: skip
def test_a_name_that_no_system_takes(
    words: list[str], catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(words) in (1, 2)
    err = capsys.readouterr().err
    assert err.count("\n") <= 2
    assert LONG[:20] in err
    assert "Something went wrong" not in err


def test_what_nobody_foresaw_is_a_sentence_and_written_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug\x1b[2J")

    monkeypatch.setattr("inference.intake.inventory.listing", broken)
    assert app.main(["models"]) == 1
    assert capsys.readouterr().err == (
        f"Something went wrong in Lineup: a bug\ufffd[2J. The details are in {log_path()}.\n"
    )
    assert "ZeroDivisionError" in caplog.text


def test_the_log_holds_tracebacks_and_the_terminal_sentences(tmp_path: Path) -> None:
    code = (
        "import logging, sys, threading; from inference.logbook import open_log, note_bug; open_log()\n"
        "logging.getLogger('a').warning('A warning\\x1b[2J.')\n"
        "t = threading.Thread(target=lambda: 1 / 0, name='worker'); t.start(); t.join()\n"
        "try: [][1]\nexcept IndexError as error: print(note_bug(error))\n"
    )
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "lineup.log").write_bytes(b"x" * ((1 << 20) + 1))
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=True, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert ran.stderr == "A warning\ufffd[2J.\nSomething went wrong in worker: division by zero.\n"
    assert ran.stdout.startswith("Something went wrong in Lineup: list index out of range. The details are in ")
    written = (folder / "lineup.log").read_text("utf-8")
    assert written.count("Traceback") == 2
    assert "ZeroDivisionError" in written
    assert "\x1b" not in written
    assert (folder / "lineup.log.1").stat().st_size > 1 << 20


@pytest.mark.parametrize("kind", [ImportError, LabError])
def test_an_import_that_was_interrupted_is_an_interrupt(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        try:
            interrupt()
        except KeyboardInterrupt:   # as a module written in C makes of it
            raise kind("initialization failed") from None

    monkeypatch.setattr("inference.intake.inventory.listing", interrupted)
    assert app.main(["models"]) == 130
    assert capsys.readouterr().err == ""


def test_predict_ends_where_an_import_was_interrupted(catalog: dict[str, ModelCard]) -> None:
    cancelled = threading.Event()

    def failed(*_: object, **__: object) -> None:
        cancelled.set()
        raise LabError("ONNX Runtime is not available: initialization failed.")

    with mock.patch("inference.commands.predicting.open_network", failed), pytest.raises(Cancelled):
        open_all([LaneSpec("tiny")] * 2, catalog, Store(), cancelled)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.json"
    target.write_text("the old one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(LabError, match="No space left on device"):
            write_json({"a": 1}, str(target))
    assert target.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.json"]
    write_json({"a": "\udcff"}, str(target))   # the name of a picture that is no UTF-8
    assert json.loads(target.read_text("utf-8")) == {"a": "?"}
    with pytest.raises(LabError, match="No space left on device"):
        write_json({"a": 1}, "/dev/full")


# ---- a model of one's own: its recipe ----


def test_models_add_and_check_take_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = make.tiny_onnx(tmp_path / "mine.onnx", size=(24, 24), classes=3)
    labels = tmp_path / "names.txt"
    labels.write_text("dark\nbright\nother\n", "utf-8")
    for name, level in (("dark", 10), ("bright", 240), ("other", 120)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "pictures" / name / "a.png"), np.full((30, 30, 3), level, np.uint8))
    words = ["models", "add", str(net), "--labels", str(labels), "--examples", str(tmp_path / "pictures")]
    assert app.main(words) == 0
    said = capsys.readouterr().out
    assert "3 pictures with known answers" in said or "its recipe stays a guess" in said
    code = app.main(["models", "check", "mine", "--examples", str(tmp_path / "pictures")])
    said = capsys.readouterr().out
    assert code in (0, 1)
    assert "RECIPE" in said
    assert "* the card's:" in said


@pytest.mark.parametrize(("words", "said"), [
    (["--size", "0", "224"], "'0' is not 1 to"), (["--size", "224"], "--size"),
    (["--examples", "nowhere"], "no folder and no CSV"),
])  # fmt: skip
def test_models_add_says_what_is_wrong_with_its_options(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = make.tiny_onnx(tmp_path / "mine.onnx")
    assert app.main(["models", "add", str(net), *words]) != 0
    out = capsys.readouterr()
    assert said in out.out + out.err
