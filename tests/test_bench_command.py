"""`bench` as people and scripts meet it: words in, text, files and exit codes out."""

import csv
import json
import signal
import threading
from dataclasses import replace
from pathlib import Path

import jsonschema
import make
import pytest

import app
from inference.lab.bench import run as run_module
from inference.lab.bench import worker as worker_module
from inference.lab.bench.others import Others
from inference.lab.bench.report import read_report, schema, to_json

QUICK = ["--rounds", "3", "--no-memory", "--no-together"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch, catalog, tmp_path):
    monkeypatch.setattr(run_module, "TURN_S", 0.002)
    monkeypatch.setattr(worker_module, "BLOCK_S", 0.001)
    card = make.card("tiny", files=(make.file_of(make.tiny_onnx(tmp_path / "mirror" / "tiny.onnx")),))
    catalog["tiny"] = card
    monkeypatch.setattr(Others, "end", lambda _: (0.0, 0.0, 0.5))


WRONG = [
    (["--rounds", "0"], "'0' is not a whole number"),
    (["--threads", "1,x"], "'x' is not a whole number"),
    (["--threads", ","], "a name is missing"),
    (["--models", "nett"], "Did you mean 'net'?"),
    (["--models", "tiny", "--backend", "onxruntime"], "Did you mean 'onnxruntime'?"),
    ([], "No network is named."),
    (["--fail-above", "5%"], "--fail-above belongs to --compare."),
    (["--compare", "a.json"], "expected 2 arguments"),
    (["--compare", "a", "b", "--fail-above", "much"], "'much' is not a number"),
    (["--compare", "a", "b", "--models", "net", "--html", "x"], "--models and --html belongs to a bench"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_use_ends_with_2_and_one_sentence(words, said, catalog, capsys):
    assert app.main(["bench", *words]) == 2
    out, err = capsys.readouterr()
    assert (said in err, out, len(err.splitlines())) == (True, "", 1), err


@pytest.mark.parametrize(("words", "said"), [
    (["--source", "gone"], "gone is no file and no folder."),
    (["--json", "gone/r.json"], "The folder gone for the report does not exist."),
    (["--html", "."], "is a folder"),
    (["--compare", "gone.json", "gone.json"], "gone.json cannot be read"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_before_the_work(words, said, catalog, capsys):
    assert app.main(["bench", *words]) == 1
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""


def test_it_measures_prints_and_writes(catalog, shown, capsys):
    words = ["bench", "--models", "tiny,tiny@opencv", "--source", str(shown), *QUICK, "--seed", "9"]
    assert app.main([*words, "--json", "r.json", "--csv", "r.csv", "--html", "r.html"]) == 0
    out, err = capsys.readouterr()
    assert "Tiny, ONNX Runtime" in out
    assert "Tiny, OpenCV DNN" in out
    assert "3 rounds, seed 9." in out
    assert "Round 1 of 3" in err
    jsonschema.validate(json.loads(Path("r.json").read_text("utf-8")), schema())
    report = read_report(Path("r.json"))
    assert [(one.model, one.backend) for one in report.contenders] == [("tiny", "onnxruntime"), ("tiny", "opencv")]
    assert len(report.protocol.pictures) == 3
    assert report.together == ()
    assert {one.memory for one in report.contenders} == {None}
    rows = list(csv.DictReader(Path("r.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 3 * sum(1 + runs for runs in report.protocol.runs)
    assert "Tiny" in Path("r.html").read_text("utf-8")


def test_a_report_on_stdout_is_all_there_is_there(catalog, shown, capsys):
    assert app.main(["bench", "--models", "net", "--source", str(shown), *QUICK, "--json", "-"]) == 0
    out, err = capsys.readouterr()
    jsonschema.validate(json.loads(out), schema())
    assert err == ""


def test_each_network_on_each_backend_with_each_number_of_threads(catalog, shown, capsys):
    words = ["--models", "tiny,tiny@onnxruntime:3", "--backend", "onnxruntime,opencv", "--threads", "1,2"]
    assert app.main(["bench", *words, "--source", str(shown), *QUICK, "--json", "r.json"]) == 0
    assert [one.name for one in read_report(Path("r.json")).contenders] == [
        "tiny@onnxruntime:1", "tiny@onnxruntime:2", "tiny@opencv:1", "tiny@opencv:2", "tiny@onnxruntime:3",
    ]


def test_what_cannot_be_had_is_said_and_the_rest_measured(catalog, shown, capsys):
    assert app.main(["bench", "--models", "net,absent", "--source", str(shown), *QUICK, "--offline"]) == 1
    out, err = capsys.readouterr()
    assert "Small net 1.5" in out
    assert "Absent: " in err


def test_names_of_strangers_do_not_move_the_terminal(catalog, shown, capsys):
    assert app.main(["bench", "--models", "hostile,net", "--source", str(shown), *QUICK, "--html", "r.html"]) == 0
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "<script>alert" not in Path("r.html").read_text("utf-8")


@pytest.mark.parametrize(("phase", "kept"), [("_go_round", True), ("_open", False)])
def test_ctrl_c_keeps_what_was_measured(phase, kept, catalog, shown, capsys, monkeypatch):
    before, handler = set(threading.enumerate()), signal.getsignal(signal.SIGINT)
    real = run_module.Bench._say

    def say(self, words):
        real(self, words)
        if words.startswith("Round 3" if kept else "Opening"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run_module.Bench, "_say", say)
    words = ["bench", "--models", "net", "--source", str(shown), "--rounds", "50", "--json", "r.json"]
    assert app.main(words) == 130
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert Path("r.json").exists() is kept
    if kept:
        report = read_report(Path("r.json"))
        assert report.cancelled
        assert len(report.counted) == 2
        assert "2 rounds of 50: it was cancelled" in out
    assert signal.getsignal(signal.SIGINT) is handler
    end = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("bench")]
    for thread in end:
        thread.join(10)
        assert not thread.is_alive()


def test_two_reports_are_compared(catalog, shown, capsys):
    assert app.main(["bench", "--models", "net", "--source", str(shown), "--rounds", "6", "--json", "old.json"]) == 0
    old = read_report(Path("old.json"))
    (one,) = old.contenders
    steady = replace(one, warm=replace(one.warm, rounds=(10.0,) * 6))
    slow = replace(one, warm=replace(one.warm, rounds=(11.0,) * 6))
    rounds = tuple(replace(each, yardstick_ms=5.0) for each in old.rounds)
    for name, contender in (("old", steady), ("new", slow)):
        Path(f"{name}.json").write_bytes(to_json(replace(old, contenders=(contender,), rounds=rounds)))
    capsys.readouterr()
    for words, code, said in (
        (["old.json", "old.json"], 0, "no change beyond noise"), (["old.json", "new.json"], 0, "slower."),
        (["old.json", "new.json", "--fail-above", "5%"], 1, "slower than the 5% that are allowed"),
        (["old.json", "new.json", "--fail-above", "12"], 0, "slower."),
        (["new.json", "old.json", "--fail-above", "5%"], 0, "faster."),
    ):
        assert app.main(["bench", "--compare", *words]) == code
        assert said in capsys.readouterr().out


def test_memory_and_together_are_part_of_it(catalog, shown, capsys):
    assert app.main(
        ["bench", "--models", "tiny,tiny@opencv", "--source", str(shown), "--rounds", "2", "--json", "r.json"]
    ) == 0
    report = read_report(Path("r.json"))
    assert len(report.together) == 1
    assert all(one.memory and one.memory.peak >= one.memory.baseline > 0 for one in report.contenders)
