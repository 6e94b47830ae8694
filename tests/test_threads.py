"""How many threads a lane is given, what cores are counted, and who goes first."""

import os
import sys
from threading import Thread, get_native_id

import pytest

from inference import cores
from inference.cores import _quota, _units, computing_cores, usable_cores
from inference.data import LaneSpec, Mode
from inference.live import priority
from inference.live.threads import LINGER_MS, engine_for

TURNS, TOGETHER = Mode.TURNS, Mode.TOGETHER


@pytest.mark.parametrize(
    ("chosen", "mode", "running", "threads", "linger_ms"),
    [
        (0, TURNS, 1, 8, LINGER_MS),      # alone: all cores, and its threads stay awake
        (0, TOGETHER, 1, 8, LINGER_MS),
        (0, TURNS, 0, 8, LINGER_MS),      # before it counts itself
        (0, TURNS, 4, 8, 0),              # in turns: all cores while it computes
        (0, TOGETHER, 2, 4, 0),           # together: divided, one left over where they do not come out even
        (0, TOGETHER, 3, 2, 0),
        (0, TOGETHER, 9, 1, 0),
        (1, TURNS, 1, 1, 0),              # chosen: kept, and nobody stays awake for a single thread
        (3, TURNS, 4, 3, 0),
        (3, TOGETHER, 4, 3, 0),
        (3, TURNS, 1, 3, LINGER_MS),
    ],
)
def test_threads_by_mode(chosen, mode, running, threads, linger_ms):
    spec = LaneSpec("net", threads=chosen, provider="CPU", precision="int8")
    engine = engine_for(spec, mode, running, cores=8)
    assert (engine.threads, engine.linger_ms) == (threads, linger_ms)
    assert (engine.provider, engine.precision) == ("CPU", "int8")


def test_one_core_is_one_thread():
    assert engine_for(LaneSpec("net"), TURNS, 1, cores=1).threads == 1
    assert engine_for(LaneSpec("net"), TURNS, 1, cores=1).linger_ms == 0


def test_one_picture_keeps_nobody_awake():
    assert engine_for(LaneSpec("net"), linger=False, cores=4).linger_ms == 0


# ---- cores


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, 0),
        ({"cpu.max": "max 100000\n"}, 0),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "nonsense"}, 0),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 0),
    ],
)
def test_a_containers_share_counts(files, quota, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert _quota(tmp_path) == quota


def test_two_threads_of_one_core_count_once(tmp_path, monkeypatch):
    for core in range(8):
        folder = tmp_path / f"cpu{core}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{core % 4},{core % 4 + 4}\n")
    monkeypatch.setattr(cores, "_allowed", lambda: {0, 1, 4, 6})   # 0 and 4 are one
    assert _units(tmp_path) == 3
    assert _units(tmp_path / "nothing") == 4   # a system that does not tell


@pytest.mark.parametrize(("allowed", "quota", "units", "usable", "computing"),
                         [(8, 0, 4, 8, 4), (8, 2, 4, 2, 2), (2, 16, 2, 2, 2), (1, 0, 1, 1, 1)])   # fmt: skip
def test_cores(allowed, quota, units, usable, computing, monkeypatch):
    monkeypatch.setattr(cores, "_allowed", lambda: set(range(allowed)))
    monkeypatch.setattr(cores, "_quota", lambda: quota)
    monkeypatch.setattr(cores, "_units", lambda: units)
    assert (usable_cores(), computing_cores()) == (usable, computing)


def test_where_the_system_does_not_keep_to_some_the_machine_counts(monkeypatch):
    monkeypatch.setattr(cores, "_allowed", set)
    monkeypatch.setattr(cores.os, "cpu_count", lambda: 6)
    monkeypatch.setattr(cores, "_quota", lambda: 0)
    monkeypatch.setattr(cores, "_physical", lambda: 3)
    monkeypatch.setattr(cores, "_units", cores._units.__wrapped__)   # which is kept once it was asked
    assert (usable_cores(), computing_cores()) == (6, 3)


# ---- who goes first


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
def test_a_thread_goes_behind_the_others_and_so_do_those_it_begins():
    found = []

    def note():
        found.append(os.getpriority(os.PRIO_PROCESS, get_native_id()))

    def run():
        priority.let_others_go_first()
        note()
        below = Thread(target=note)
        below.start()
        below.join()

    before = os.getpriority(os.PRIO_PROCESS, get_native_id())
    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert found == [max(before, priority.NICE)] * 2
    assert os.getpriority(os.PRIO_PROCESS, get_native_id()) == before   # and nobody else


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(priority.sys, "platform", "win32")
    monkeypatch.delattr(priority.os, "setpriority", raising=False)
    priority.let_others_go_first()
