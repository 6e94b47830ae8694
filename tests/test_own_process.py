"""Whatever happens in the other process, this one gets a result or a sentence, and nothing is left behind."""

import os
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Event, Timer
from time import monotonic, sleep

import deeds
import pytest

from inference.errors import LabError
from inference.intake.apart import propose_apart
from inference.intake.propose import propose
from inference.own_process import in_own_process
from models.errors import Cancelled

LONG = 60.0     # s that no test here is to come near


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_result_comes_back_from_another_process() -> None:
    assert in_own_process(deeds.answer, what="thinking", seconds=LONG) == 42
    assert in_own_process(deeds.process_id, what="looking", seconds=LONG) != os.getpid()


def test_an_error_comes_back_whole() -> None:
    with pytest.raises(LabError) as caught:
        in_own_process(deeds.complain, what="asking", seconds=LONG)
    assert str(caught.value) == "It is not so."
    assert caught.value.sentence == "It is not so. Do this."
    with pytest.raises(Cancelled):
        in_own_process(deeds.give_up, what="trying", seconds=LONG)


def test_a_bug_says_where_it_was() -> None:
    with pytest.raises(KeyError, match="a bug") as caught:
        in_own_process(deeds.stumble, what="walking", seconds=LONG)
    assert "deeds.py" in caught.value.__notes__[0]
    assert "stumble" in caught.value.__notes__[0]


def test_a_crash_is_a_sentence() -> None:
    with pytest.raises(LabError, match=r"Reading x\.pb crashed the library that does it") as caught:
        in_own_process(deeds.leave, what="reading x.pb", seconds=LONG)
    assert "damaged" in str(caught.value)
    if hasattr(signal, "SIGKILL"):
        with pytest.raises(LabError, match="SIGSEGV"):
            in_own_process(deeds.crash, what="reading x.pb", seconds=LONG)


def test_a_python_that_does_not_start_is_not_the_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.own_process._child", deeds.leave)   # ends before it says that it began
    with pytest.raises(LabError, match="none could be started"):
        in_own_process(deeds.answer, what="reading x.pb", seconds=LONG)


def test_what_hangs_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(LabError, match=r"Reading x\.pb does not end: it was stopped after 3 s"):
        in_own_process(partial(deeds.hang, pid), what="reading x.pb", seconds=3)
    assert gone(int(pid.read_text()))


def test_cancelling_ends_it_at_once(tmp_path: Path) -> None:
    pid, cancelled = tmp_path / "pid", Event()

    def when_it_runs() -> None:
        while not pid.exists():
            sleep(0.02)
        cancelled.set()

    Timer(0, when_it_runs).start()
    begin = monotonic()
    with pytest.raises(Cancelled):
        in_own_process(partial(deeds.hang, pid), what="waiting", seconds=LONG, cancelled=cancelled)
    assert monotonic() - begin < LONG / 2
    assert gone(int(pid.read_text()))


def test_what_eats_the_memory_is_ended() -> None:
    with pytest.raises(LabError, match=r"needs more than 0\.3 GB of memory"):
        in_own_process(deeds.bloat, what="reading x.pb", seconds=LONG, memory=300 << 20)


def test_progress_is_passed_on() -> None:
    said: list[tuple[str, float | None]] = []
    answer = in_own_process(
        deeds.talk, what="talking", seconds=LONG, report=lambda words, part: said.append((words, part))
    )
    assert answer == "said"
    assert said == [("half", 0.5), ("whole", None)]


@pytest.mark.parametrize("seed", [105, 186, 188])
def test_graphs_that_crash_opencv_end_as_a_sentence(seed: int, testdata: Path, tmp_path: Path) -> None:
    """Found by mutation: given to it directly, each ends OpenCV 4.14's TensorFlow reader with a segmentation fault."""
    source = testdata / "models" / "ssd"
    graph = bytearray((source / "opencv_face_detector_uint8.pb").read_bytes())
    text = bytearray((source / "opencv_face_detector.pbtxt").read_bytes())
    rng = random.Random(seed)
    for _ in range(4):
        at, what = rng.randrange(6000), rng.random()
        if what < 0.4:
            graph[at] = rng.randrange(256)
        elif what < 0.7:
            del graph[at : at + rng.randrange(1, 200)]
        else:
            text[rng.randrange(len(text))] = rng.randrange(48, 58)
    (tmp_path / "net.pb").write_bytes(graph)
    (tmp_path / "net.pbtxt").write_bytes(text)
    with pytest.raises(LabError):
        propose_apart([tmp_path / "net.pb", tmp_path / "net.pbtxt"], tmp_path)


def test_in_its_own_process_the_proposal_is_the_same(testdata: Path, tmp_path: Path) -> None:
    file = testdata / "models" / "mnist" / "mnist-8.onnx"
    assert propose_apart([file], tmp_path).card == propose([file], tmp_path).card


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_who_is_killed_takes_the_other_process_along(tmp_path: Path) -> None:
    code = (
        "import deeds, sys; from functools import partial; from pathlib import Path\n"
        "from inference.own_process import in_own_process\n"
        "if __name__ == '__main__':\n"
        "    in_own_process(partial(deeds.hang, Path(sys.argv[1])), what='hanging', seconds=60)\n"
    )
    (tmp_path / "parent.py").write_text(code)
    root = Path(__file__).parents[1]
    path = os.pathsep.join((str(root), str(root / "tests")))
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py"), str(tmp_path / "pid")], env={**os.environ, "PYTHONPATH": path}
    ) as parent:
        end = monotonic() + 30
        while not (written := (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""):
            assert monotonic() < end
            sleep(0.01)
        child = int(written)
        assert not gone(child)
        parent.kill()
    end = monotonic() + 5
    while not gone(child):
        assert monotonic() < end, "it goes on"
        sleep(0.01)
