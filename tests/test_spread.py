"""Pictures that other processes answer: the same figures as from one, nothing twice, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Timer

import pytest
from test_digits import network

import app
from inference.backends import Engine
from inference.data import LaneSpec
from inference.errors import Cancelled, LabError
from inference.lab.accuracy.answering import Said, gathered, settle_threads
from inference.lab.accuracy.datasets import open_labelled
from inference.lab.accuracy.spread import Order, answer_part, by_executor, processes
from inference.options import Options

ROOT = Path(app.__file__).parent
SAME = ("count", "right", "top1", "top5", "interval95", "of_each", "mixed", "left_out", "unread")


def command(data: Path, cache: Path, target: Path, *more: str, models: str = "digits-resnet") -> list[str]:
    return [sys.executable, "app.py", "evaluate", "--data", str(data), "--models", models, "--cache", str(cache),
            "--json", str(target), *more]   # fmt: skip


def figures(path: Path) -> list[dict[str, object]]:
    return [{key: one[key] for key in SAME} for one in json.loads(path.read_text())["models"]]


@pytest.fixture(scope="module")
def alone(many, tmp_path_factory) -> list[dict[str, object]]:
    """What one process finds."""
    where = tmp_path_factory.mktemp("alone")
    subprocess.run(command(many, where / "c", where / "a.json"), cwd=ROOT, check=True, timeout=100)
    found = figures(where / "a.json")
    assert found[0]["count"] == 12000
    assert 0 < found[0]["right"] < 12000   # some are wrong: which ones matters
    return found


# ---- several processes here ----


def test_two_processes_find_the_same(many, alone, tmp_path):
    subprocess.run(
        command(many, tmp_path / "c", tmp_path / "b.json", "--jobs", "2"), cwd=ROOT, check=True, timeout=100
    )
    assert figures(tmp_path / "b.json") == alone


def order(many: Path, **other: object) -> Order:
    from inference.lab.accuracy.measured import network_key
    from models.catalog import load_catalog
    from models.store import Store

    key = network_key(load_catalog()["digits-resnet"], Store())
    said = {"source": str(many), "which": "", "digest": open_labelled(str(many)).digest,
            "spec": LaneSpec("digits-resnet", threads=1), "key": key, "options": Options()}   # fmt: skip
    return Order(**{**said, **other})   # type: ignore[arg-type]


def test_a_process_that_is_killed_is_told_and_one_that_is_cancelled_ends(many):
    with processes(1) as pool:
        answering = by_executor(pool, order(many), 1e-3, 1)
        some = answering(range(6000), Event())
        assert len(next(some)) == 500
        (process,) = pool._processes.values()
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(LabError, match="was ended from outside"):
            list(some)
    cancelled = Event()
    Timer(0.5, cancelled.set).start()
    with pytest.raises(Cancelled), processes(1) as pool:
        gathered(by_executor(pool, order(many), 1e-3, 1), range(12000), "net", lambda *_: None, cancelled)
    assert not pool._processes


@pytest.mark.parametrize(
    ("other", "said"),
    [({"digest": "0"}, "holds other pictures there"), ({"key": "0"}, "is another network there"),
     ({"source": "/gone.csv"}, "cannot be read")],
)  # fmt: skip
def test_who_finds_something_else_says_so(many, other, said):
    with pytest.raises(LabError, match=said):
        answer_part(order(many, **other), [0])
    assert len(answer_part(order(many), [0, 5])) == 2   # and the next order is not spoilt


# ---- what is counted ----


def test_what_is_answered_twice_counts_once_and_what_nobody_asked_for_does_not():
    def answering(numbers, cancelled):
        yield [Said(0, (1,)), Said(1, None, "broken: it is")]
        yield [Said(0, (2,)), Said(7, (3,))]
        yield [Said(2, (4,))]

    told: list[tuple[int, int]] = []
    came = gathered(answering, [0, 1, 2], "net", lambda *now: told.append(now), Event(), known={2: (9,), 8: (1,)})
    assert came.answers == {0: (1,), 2: (9,)}
    assert came.unread == {1: "broken: it is"}
    assert came.fresh == 1
    assert told == [(1, 3), (3, 3), (3, 3), (3, 3)]


def test_threads_are_settled_by_trying(monkeypatch):
    net = network("digits-mobilenet")
    net.tune(Engine(2))
    real, slow = type(net).run, {1: 0.0, 2: 0.001}

    def run(self, frame):
        time.sleep(slow[self.threads])
        return real(self, frame)

    monkeypatch.setattr(type(net), "run", run)
    settle_threads(net, Engine(2))
    assert net.threads == 1
    net.tune(Engine(2))
    slow.update({1: 0.001, 2: 0.0})
    settle_threads(net, Engine(2))
    assert net.threads == 2
    net.usual_s, slow[1] = 0.1, 0.0   # one that takes long keeps what it has, untried
    settle_threads(net, Engine(2))
    assert net.threads == 2


# ---- many machines ----


@pytest.fixture
def cluster(tmp_path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and three workers, each a process; its address."""
    where, quiet = tmp_path / "scheduler.json", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    with ExitStack() as stack:
        def start(*words: str) -> subprocess.Popen[bytes]:
            process = stack.enter_context(subprocess.Popen([*dask, *words], cwd=ROOT, **quiet))
            stack.callback(process.kill)
            return process

        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(where))
        workers = [
            start("worker", "--scheduler-file", str(where), "--nthreads", "1", "--no-nanny", "--no-dashboard",
                  "--local-directory", str(tmp_path / f"w{i}")) for i in range(3)
        ]  # fmt: skip
        until = time.monotonic() + 60
        while not where.exists() and time.monotonic() < until:
            time.sleep(0.05)
        yield json.loads(where.read_text())["address"], workers


def test_three_workers_of_which_one_is_killed_find_the_same(many, alone, cluster, tmp_path):
    address, workers = cluster
    lines, target = tmp_path / "c" / "evaluations", tmp_path / "many.json"
    process = subprocess.Popen(
        command(many, tmp_path / "c", target, "--scheduler", address), cwd=ROOT, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 90
    while not any(path.stat().st_size > 100 for path in lines.glob("*")) and time.monotonic() < until:
        time.sleep(0.005)
    assert process.poll() is None   # it is in the middle of it
    workers[0].kill()
    _, said = process.communicate(timeout=90)
    assert process.returncode == 0, said.decode()
    assert figures(target) == alone
    assert [worker.poll() is None for worker in workers] == [False, True, True]


def test_no_cluster_is_a_sentence(many, capsys, tmp_path):
    words = ["evaluate", "--data", str(many), "--models", "digits-vgg", "--cache", str(tmp_path / "c")]
    assert app.main([*words, "--scheduler", "nonsense"]) == 1
    assert "There is no Dask scheduler at nonsense" in capsys.readouterr().err
    assert app.main([*words, "--scheduler", "tcp://x:1", "--jobs", "2"]) == 2
    assert "do not go together" in capsys.readouterr().err
