"""The bench: its order, what counts, what it says; on real small networks, and on such whose times are known."""

import csv
import gc
import io
import json
import re
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Event
from threading import enumerate as threads
from time import perf_counter

import jsonschema
import make
import numpy as np
import pytest
from make import file_of, tiny_onnx

from benchmarks import timed
from inference.data import LaneSpec
from inference.errors import BackendError, Cancelled, LabError, SourceError
from inference.intake.provide import ready
from inference.lab.bench import memory as memory_module
from inference.lab.bench import pictures as pictures_module
from inference.lab.bench import run as run_module
from inference.lab.bench import together as together_module
from inference.lab.bench import worker as worker_module
from inference.lab.bench.compare import changes, text_of_changes, too_slow
from inference.lab.bench.others import Others
from inference.lab.bench.page import page
from inference.lab.bench.pictures import Pictures, read_pictures
from inference.lab.bench.plan import BUSY_CORES, Plan, text_of
from inference.lab.bench.report import Figure, Report, read_report, schema, to_json
from inference.lab.bench.run import Bench
from inference.lab.bench.running import Progress
from inference.lab.bench.surroundings import _caches, surroundings
from inference.lab.bench.words import names, number, text_of_report, troubles, verdict_text, verdicts
from inference.lab.bench.yardstick import Yardstick
from inference.lab.looks import SIDE_PX
from inference.places import RESOURCES
from models.card import ModelCard
from models.store import Store

ROOT = Path(__file__).parents[1]
HOSTILE = '\x1b[2J</script><script>alert("x")</script><b>&'
PICTURES = Pictures(
    ("one.jpg", "two.jpg"), tuple(np.random.default_rng(i).integers(0, 256, (48, 64, 3), np.uint8) for i in (1, 2))
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Turns and warming up of milliseconds; and no thread is left behind."""
    monkeypatch.setattr(run_module, "TURN_S", 0.002)
    monkeypatch.setattr(run_module, "MOST", 4)
    monkeypatch.setattr(worker_module, "BLOCK_S", 0.001)
    monkeypatch.setattr(together_module, "LEAST_S", 0.01)
    monkeypatch.setattr(together_module, "REPEATS", 2)
    monkeypatch.setattr(run_module, "REPEATS", 2)
    monkeypatch.setattr(Others, "end", lambda _: (0.0, 0.0, 0.5))   # tests run beside each other
    yield
    until = perf_counter() + 10
    while (left := [t.name for t in threads() if t.name.startswith("bench ")]) and perf_counter() < until:
        Event().wait(0.01)
    assert left == []


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path, mirror: Path) -> Store:
    return Store(tmp_path / "cache", mirror, offline=True)


@pytest.fixture
def cards(mirror: Path) -> dict[str, ModelCard]:
    """Three real small networks, one file that is none, one that is nowhere."""
    made = {}
    for name in "abc":
        made[name] = make.card(name, files=(file_of(tiny_onnx(mirror / f"{name}.onnx")),))
    (mirror / "broken.onnx").write_bytes(b"no network")
    made["broken"] = make.card("broken", files=(file_of(mirror / "broken.onnx"),))
    made["absent"] = make.card("absent")
    return made


@pytest.fixture
def timed_cards(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModelCard]:
    """Networks that take 2 and 3 ms, asleep."""
    monkeypatch.setitem(timed.BACKENDS, timed.NAME, timed.BackendInfo("Timed", timed.__name__, ""))
    timed.backends.cache_clear()
    made = {name: timed.network(mirror, name, "idle", ms) for name, ms in (("two", 2.0), ("three", 3.0))}
    yield made
    timed.backends.cache_clear()


def bench(cards, store, *specs, cancelled=None, tell=lambda _: None, **plan) -> Bench:
    plan = {"rounds": 4, "together": False, "memory": False, **plan}
    lanes = tuple(LaneSpec(s) if isinstance(s, str) else s for s in specs)
    return Bench(Plan(lanes, **plan), cards, store, PICTURES, cancelled or Event(), tell)


def measured(cards, store, *specs, **plan) -> Report:
    made = bench(cards, store, *specs, **plan)
    made.go()
    return made.report()


# --- the order ---


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_no_network_comes_twice_in_a_row_and_each_once_a_round(count):
    random, last, firsts = Random(1), count - 1, Counter()
    for _ in range(300):
        order = run_module._drawn(list(range(count)), last, random)
        assert sorted(order) == list(range(count))
        assert count == 1 or order[0] != last
        last = order[-1]
        firsts[order[0]] += 1
    assert len(firsts) == (1 if count == 2 else count)   # each has come first; of two, they take turns


def test_the_same_seed_draws_the_same_order(cards, store):
    orders = [[r.order for r in measured(cards, store, "a", "b", "c", rounds=6, seed=s).rounds] for s in (7, 7, 8)]
    assert orders[0] == orders[1] != orders[2]


def test_cold_is_the_first_run_of_a_turn_and_all_of_a_round_see_one_picture(cards, store, monkeypatch):
    seen = []
    real = worker_module.Worker.answer

    def answer(self, pixels):
        seen.append((self.card.name, pixels is PICTURES.pixels[1]))
        return real(self, pixels)

    made = bench(cards, store, "a", "b", rounds=3)
    monkeypatch.setattr(worker_module.Worker, "answer", answer)
    made.go()
    report = made.report()
    runs = report.protocol.runs
    turns, at = [], len(seen) - sum((1 + runs[i]) for r in report.rounds for i in r.order)
    for number_, round_ in enumerate(report.rounds):
        for i in round_.order:
            turn = seen[at : at + 1 + runs[i]]
            assert {name for name, _ in turn} == {"ab"[i]}
            assert {second for _, second in turn} == {number_ % 2 == 1}
            turns.append("ab"[i])
            at += len(turn)
    assert all(one != other for one, other in pairwise(turns))
    for i, one in enumerate(report.contenders):
        assert (one.cold.infer.n, one.warm.infer.n) == (3, 3 * runs[i])


# --- known times ---


def test_times_are_those_that_the_network_took(timed_cards, store):
    report = measured(timed_cards, store, timed.spec("two"), timed.spec("three"), rounds=6)
    for name, one, runs in zip(("two", "three"), report.contenders, report.protocol.runs, strict=True):
        took = np.array(timed.taken[name][-6 * (1 + runs) :]).reshape(6, 1 + runs)
        for stages, true in ((one.warm, took[:, 1:]), (one.cold, took[:, :1])):
            # By the network's own watch, so that a machine that is busy with other tests does not matter: what
            # comes between the two looks at the clock is microseconds, but for the rare run that is put aside there.
            assert stages.infer.p50.value == pytest.approx(np.median(true), abs=0.1)
            assert stages.infer.p50.value >= np.median(true)
            assert stages.infer.min >= true.min()
    assert report.ratios[0].warm.value == pytest.approx(2 / 3, rel=0.3)


def test_networks_that_only_sleep_cost_each_other_nothing(timed_cards, store):
    (both,) = measured(timed_cards, store, timed.spec("two"), timed.spec("three"), together=True).together
    assert both.lanes == (0, 1)
    assert all(0.7 < tax.value < 1.4 for tax in both.tax)   # to 0.02 in `make bench`: here others want the cores
    assert all(tax.low <= tax.value <= tax.high for tax in both.tax)
    assert both.throughput[0] == pytest.approx(1000 / both.p50[0], rel=0.5)


def test_each_pair_and_all_at_once_run_together(cards, store):
    report = measured(cards, store, "a", "b", "c", together=True, rounds=2)
    assert sorted(one.lanes for one in report.together) == [(0, 1), (0, 1, 2), (0, 2), (1, 2)]
    assert {len(one.tax) for one in report.together if len(one.lanes) == 3} == {3}


def test_one_network_has_no_cold_run_no_pair_and_nothing_together(cards, store):
    report = measured(cards, store, "a", together=True)
    (one,) = report.contenders
    assert (one.cold, report.ratios, report.together) == (None, (), ())
    assert one.warm.latency.n == 4 * report.protocol.runs[0]
    assert "not told apart" not in text_of_report(report)


# --- what counts ---


def test_a_round_that_others_disturbed_is_measured_again_up_to_a_limit(cards, store, monkeypatch):
    busy = iter([True, False, False, True, *[True] * 50])
    monkeypatch.setattr(Others, "end", lambda _: (1.0 if next(busy) else 0.0, 0.0, 0.5))
    report = measured(cards, store, "a", "b", rounds=6)
    assert report.protocol.repeats_allowed == 2
    assert [r.counts for r in report.rounds] == [False, True, True, False, True, True, True, True]
    assert [r.busy for r in report.counted] == [False, False, True, True, True, True]
    assert [len(one.warm.rounds) for one in report.contenders] == [6, 6]
    assert report.contenders[0].warm.latency.n == 6 * report.protocol.runs[0]
    said = text_of_report(report)
    assert "2 more were measured again" in said
    assert "In 4 of those that count other programs kept up to 1.00 cores busy" in said


def test_a_tick_of_the_system_s_clock_disturbs_no_short_round(cards, store, monkeypatch):
    monkeypatch.setattr(Others, "end", lambda _: (0.4, 0.0, 0.05))   # 20 ms of CPU time, in 50
    assert not any(r.busy for r in measured(cards, store, "a", rounds=2).rounds)
    monkeypatch.setattr(Others, "end", lambda _: (0.4, 0.0, 0.1))
    assert all(r.busy for r in measured(cards, store, "a", rounds=2).rounds)


def test_stolen_time_disturbs_as_well(cards, store, monkeypatch):
    monkeypatch.setattr(Others, "end", lambda _: (0.0, BUSY_CORES * 1.01, 0.5))
    assert all(r.busy for r in measured(cards, store, "a", rounds=2).rounds)


def test_others_are_what_this_process_did_not_do(monkeypatch):
    from collections import namedtuple

    Times = namedtuple("Times", "user system idle iowait steal guest guest_nice")
    Own = namedtuple("Own", "user system")
    # Two cores, one second: 1.2 s of work, with 0.3 s of a guest that `user` has already, 0.2 s stolen; 0.5 s ours.
    machine = iter([
        [Times(10, 1, 5, 0, 0, 0, 0), Times(10, 1, 5, 0, 0, 0, 0)],
        [Times(10.6, 1.1, 5.0, 0.1, 0.2, 0.3, 0), Times(10.5, 1.0, 5.4, 0.1, 0, 0, 0)],
    ])
    own = iter([Own(1.0, 1.0), Own(1.4, 1.1)])
    monkeypatch.undo()
    import inference.lab.bench.others as module

    monkeypatch.setattr(module.psutil, "cpu_times", lambda percpu: next(machine))
    monkeypatch.setattr(module.psutil.Process, "cpu_times", lambda _: next(own))
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    clock = iter([100.0, 101.0])
    monkeypatch.setattr(module, "perf_counter", lambda: next(clock))
    others = Others()
    others.begin()
    used, stolen, span = others.end()
    assert (round(used, 6), round(stolen, 6), span) == (0.7, 0.2, 1.0)


def test_cores_of_others_are_not_looked_at(monkeypatch):
    import inference.lab.bench.others as module

    class Times(tuple):
        idle, iowait, steal, guest, guest_nice = 0.0, 0.0, 0.0, 0.0, 0.0

    monkeypatch.setattr(module.psutil, "cpu_times", lambda percpu: [Times((1.0,)), Times((50.0,))])
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert Others()._read()[0] == 1.0


# --- trouble ---


def test_what_cannot_be_opened_is_said_and_the_others_go_on(cards, store):
    report = measured(cards, store, "broken", "a", "absent", "b", together=True, memory=False)
    told = troubles(report)
    assert [line.split(":")[0] for line in told] == ["Broken", "Absent"]
    assert all(one.warm is None for one in report.contenders if one.trouble)
    assert [(r.first, r.second) for r in report.ratios] == [(1, 3)]
    assert {one.lanes for one in report.together} == {(1, 3)}
    assert text_of_report(report).count("–") >= 2
    jsonschema.validate(json.loads(to_json(report)), schema())
    assert "Broken" in page(report)


def test_nothing_that_can_be_opened_is_an_error(cards, store):
    made = bench(cards, store, "broken", "absent")
    with pytest.raises(LabError, match="broken"):
        made.go()


def test_a_network_that_fails_in_the_middle_leaves_its_rounds(cards, store, monkeypatch):
    real, turns = worker_module.Worker.turn, Counter()

    def turn(self, pixels, runs):
        turns[self.card.name] += 1
        if self.card.name == "b" and turns["b"] == 3:
            raise BackendError("It has had enough.", "Leave it out.")
        return real(self, pixels, runs)

    monkeypatch.setattr(worker_module.Worker, "turn", turn)
    report = measured(cards, store, "a", "b", rounds=5)
    a, b = report.contenders
    assert (a.trouble, b.trouble) == ("", "It has had enough. Leave it out.")
    assert [bool(ms) for ms in a.warm.rounds] == [True] * 5
    assert [bool(ms) for ms in b.warm.rounds] == [True, True, False, False, False]
    assert report.ratios[0].warm.low is not None
    assert "b" not in {"ab"[i] for i in report.rounds[-1].order}


def test_a_bug_of_ours_is_said_and_the_others_go_on(cards, store, monkeypatch):
    real = worker_module.Worker.warm_up

    def warm_up(self, pictures, cancelled):
        if self.card.name == "b":
            raise KeyError("nobody thought of this")
        return real(self, pictures, cancelled)

    monkeypatch.setattr(worker_module.Worker, "warm_up", warm_up)
    report = measured(cards, store, "a", "b")
    assert "Something went wrong in b" in report.contenders[1].trouble
    assert report.contenders[0].warm


def test_a_run_that_does_not_end_is_stopped_and_left_out(cards, store, monkeypatch):
    gate, stopped = Event(), Event()
    real = worker_module.Worker.turn

    def turn(self, pixels, runs):
        if self.card.name == "b":
            self.recogniser.stop = stopped.set
            assert gate.wait(20)
        return real(self, pixels, runs)

    monkeypatch.setattr(worker_module, "TURN_S", 0.2)
    monkeypatch.setattr(worker_module, "LOOK_S", 0.02)
    monkeypatch.setattr(worker_module.Worker, "turn", turn)
    report = measured(cards, store, "a", "b", rounds=2)
    assert stopped.is_set()
    assert "did not end" in report.contenders[1].trouble
    assert report.contenders[0].warm.latency.n
    gate.set()


@pytest.mark.parametrize("when", ["Round 3 of 4", "Together", "Memory"])
def test_cancelled_it_keeps_what_was_measured(cards, store, when):
    cancelled = Event()

    def tell(now: Progress) -> None:
        if now.words.startswith(when):
            cancelled.set()

    made = bench(cards, store, "a", "b", cancelled=cancelled, tell=tell, together=True, memory=True)
    with pytest.raises(Cancelled):
        made.go()
    report = made.report()
    assert report.cancelled
    assert len(report.counted) in {"Memory": (4,), "Together": (2,)}.get(when, (2, 3))
    assert all(one.warm.latency.n for one in report.contenders)
    assert report.ratios
    assert ("of 4: it was cancelled" in text_of_report(report)) == (when != "Memory")
    jsonschema.validate(json.loads(to_json(report)), schema())


def test_cancelled_before_anything_was_measured_there_is_no_report(cards, store):
    cancelled = Event()
    cancelled.set()
    made = bench(cards, store, "a", cancelled=cancelled)
    with pytest.raises(Cancelled):
        made.go()
    with pytest.raises(Cancelled):
        made.report()


def test_progress_rises_and_says_how_long_it_still_takes(cards, store):
    told: list[Progress] = []
    bench(cards, store, "a", "b", tell=told.append, together=True).go()
    parts = [now.part for now in told]
    assert all(0 <= part <= 1 for part in parts)
    assert parts[-1] > max(parts[0], 0.05)
    assert told[0].seconds_left is None
    assert told[-1].seconds_left < told[len(told) // 2].seconds_left
    assert [len(one.warm) for one in told[-1].so_far] == [4, 4]
    assert told[-1].rounds == 4


def test_the_networks_are_gone_when_it_is_over(cards, store, monkeypatch):
    opened = []
    real = worker_module.open_network

    def watched(*words, **more):
        network = real(*words, **more)
        opened.append(weakref.ref(network))
        return network

    monkeypatch.setattr(worker_module, "open_network", watched)
    made = bench(cards, store, "a", "b")
    made.go()
    until = perf_counter() + 10
    while any(one() for one in opened) and perf_counter() < until:
        gc.collect()
        Event().wait(0.01)
    assert [one() for one in opened] == [None, None]
    assert made.report().contenders[0].provider == "CPU"   # which is still known


# --- memory, machine, yardstick ---


def test_memory_is_that_of_a_process_of_its_own(cards, store):
    path = ready(cards["a"], store, lambda *_: None, Event())
    found = memory_module.memory_of(
        cards["a"].input, path, "onnxruntime", worker_module.Engine(threads=1), "A", Event()
    )
    assert 0 < found.baseline <= found.loaded <= found.peak
    assert found.peak >= found.after
    assert found.load_ms > 0 < found.first_ms


def test_the_memory_of_a_large_network_is_seen(mirror, store):
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).random((3072, 8000), np.float32)   # 98 MB
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["image"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["out"])], "large",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 8000])], [numpy_helper.from_array(weights, "w")],
    )
    path = mirror / "large.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    )
    card = make.card("large", size=(32, 32))
    found = memory_module.memory_of(card.input, path, "onnxruntime", worker_module.Engine(threads=1), "L", Event())
    assert found.loaded - found.baseline > 90e6
    assert found.peak >= found.loaded


def test_what_cannot_be_measured_of_memory_is_said(cards, store, monkeypatch):
    def fails(*_):
        raise LabError("Measuring the memory of A crashed.", "Use another file.")

    monkeypatch.setattr(run_module, "memory_of", fails)
    report = measured(cards, store, "a", "b", memory=True)
    assert troubles(report)[0] == "A: Measuring the memory of A crashed. Use another file."
    assert report.contenders[0].warm


def test_the_machine_is_named():
    found = surroundings()
    assert found.cores >= 1
    assert found.memory > 10**8
    assert {"onnxruntime", "numpy", "scipy"} <= set(found.packages)


def test_caches_are_read_as_linux_writes_them(tmp_path):
    for i, (level, kind, size) in enumerate((("1", "Data", "48K"), ("2", "Unified", "2M"), ("3", "Unified", "odd"))):
        folder = tmp_path / "cpu0" / "cache" / f"index{i}"
        folder.mkdir(parents=True)
        for name, text in (("level", level), ("type", kind), ("size", size)):
            (folder / name).write_text(f"{text}\n")
    found = _caches(tmp_path)
    assert (found["L1 data"], found["L2 unified"]) == (48 * 1024, 2 * 1024**2)
    assert "L3 unified" not in found or found["L3 unified"] > 0   # a Mac adds what its system says


def test_the_yardstick_is_always_the_same_work():
    from inference.lab.bench import yardstick

    made = [yardstick._network(np.random.default_rng(0)) for _ in range(2)]
    assert made[0] == made[1]
    assert Yardstick().ms() > 0


# --- pictures ---


def test_no_pictures_are_an_error(tmp_path):
    for text, sentence in (
        (str(tmp_path), "holds no pictures"), (str(tmp_path / "gone"), "no file and no folder"), ("0", "no file"),
    ):
        with pytest.raises(SourceError, match=sentence):
            read_pictures(text)


def test_a_folder_gives_pictures_evenly_apart(tmp_path):
    import cv2

    for i in range(40):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((8, 2000, 3), i, np.uint8))
    found = read_pictures(str(tmp_path))
    shades = [int(p[0, 0, 0]) for p in found.pixels]
    assert (len(found), shades[0], shades[-1]) == (pictures_module.MOST, 0, 39)
    assert {b - a for a, b in pairwise(shades)} == {2, 3}
    assert found.pixels[0].shape[1] == SIDE_PX
    assert found.names[0] == "0.png"


def test_a_video_gives_frames_evenly_apart(tmp_path):
    import cv2

    path = str(tmp_path / "v.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 30, (64, 48))
    for i in range(61):
        writer.write(np.full((48, 64, 3), 4 * i, np.uint8))
    writer.release()
    found = read_pictures(path)
    assert len(found) == pictures_module.MOST
    assert [round(int(p[0, 0, 0]) / 4) for p in found.pixels] == [4 * i for i in range(16)]
    assert found.names[1] == "v.avi, frame 4"


def test_what_is_no_picture_is_said(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="neither a picture nor a video"):
        read_pictures(str(tmp_path / "x.mp4"))


def test_the_reel_is_what_is_usual():
    assert len(read_pictures("")) == len(read_pictures("reel")) == 10


# --- the report ---


@pytest.fixture
def report(cards, store) -> Report:
    return measured(cards, store, "a", "b", "c", rounds=5, together=True)


def test_the_schema_is_kept_and_a_report_fits_it(report, tmp_path):
    kept = json.loads((RESOURCES / "bench.schema.json").read_text("utf-8"))
    assert kept == json.loads(json.dumps(schema())), "write it anew: see the end of this file"
    values = json.loads(to_json(report))
    jsonschema.validate(values, kept)
    assert (values["schema"], values["version"]) == ("lineup-bench", 1)
    (tmp_path / "r.json").write_bytes(to_json(report))
    assert read_report(tmp_path / "r.json") == report


@pytest.mark.parametrize("change", [
    {"schema": "other"}, {"version": 2}, {"seconds": -1}, {"contenders": [{}]}, {"rounds": 3}, {"machine": None},
])  # fmt: skip
def test_what_does_not_fit_the_schema_is_refused_by_both(report, change, tmp_path):
    values = {**json.loads(to_json(report)), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, schema())
    (tmp_path / "r.json").write_text(json.dumps(values))
    with pytest.raises(LabError):
        read_report(tmp_path / "r.json")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"schema": "lineup-bench", "version": 1}']
)
def test_what_is_no_report_is_refused(data, tmp_path):
    (tmp_path / "r.json").write_bytes(data)
    with pytest.raises(LabError, match=r"r\.json"):
        read_report(tmp_path / "r.json")
    with pytest.raises(LabError, match="cannot be read"):
        read_report(tmp_path / "gone.json")


def test_every_field_is_described():
    told = (ROOT / "docs" / "bench.md").read_text("utf-8")
    fields = {name for part in schema()["$defs"].values() for name in part["properties"]}
    assert {name for name in fields if f"`{name}`" not in told and f"`{name}[]`" not in told
            and f"`….{name}`" not in told} == set()   # fmt: skip


def test_every_run_stands_in_the_csv(cards, store):
    made = bench(cards, store, "a", "b", rounds=3)
    made.go()
    report = made.report()
    rows = list(csv.DictReader(io.StringIO(made.sheet().decode())))
    for i, one in enumerate(report.contenders):
        for kind, each, stages in (("warm", report.protocol.runs[i], one.warm), ("cold", 1, one.cold)):
            mine = [row for row in rows if (row["network"], row["kind"]) == (one.name, kind)]
            assert [(int(row["round"]), int(row["run"])) for row in mine] == [
                (r, k) for r in (1, 2, 3) for k in range(1, each + 1)
            ]
            assert np.median([float(row["latency_ms"]) for row in mine]) == pytest.approx(
                stages.latency.p50.value, abs=2e-4
            )




def test_a_verdict_is_only_given_where_the_interval_allows_it(report):
    ratio = report.ratios[0]
    for warm, words in (
        (Figure(0.5, 0.4, 0.6), "A is 2.00 times as fast as B (1.67 to 2.50)."),
        (Figure(2.0, 1.5, 2.5), "B is 2.00 times as fast as A (1.50 to 2.50)."),
        (Figure(1.02, 0.99, 1.05), "B and A are not told apart (0.990 to 1.05)."),
        (Figure(0.98, 0.95, 1.0), "A and B are not told apart (1.00 to 1.05)."),
        (Figure(2.0), "B and A: one round is too few to say."),
    ):
        changed = replace(report, ratios=(replace(ratio, warm=warm),))
        (verdict,) = verdicts(changed)
        assert verdict_text(verdict, names(changed)) == words


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0.00"), (0.000123, "0.000123"), (0.1234, "0.123"), (1.0, "1.00"), (12.34, "12.3"), (123.4, "123"),
    (999.6, "1000"), (1234.0, "1234"), (99.96, "100"),
])  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_twins_are_told_apart_by_what_differs(cards, store):
    specs = (LaneSpec("a"), LaneSpec("a", threads=1), LaneSpec("a", "opencv"), LaneSpec("a"))
    report = measured(cards, store, *specs, rounds=2)
    found = names(report)
    assert len(set(found)) == 4
    assert found[1].startswith("A, ONNX Runtime")
    assert found[2].startswith("A, OpenCV DNN")
    assert found[3].endswith("(2)") or report.contenders[0].threads == 1
    assert [one.name for one in report.contenders] == [
        "a@onnxruntime", "a@onnxruntime:1", "a@opencv", "a@onnxruntime",
    ]


def test_texts_of_strangers_are_data(cards, store):
    cards["a"] = replace(cards["a"], title=HOSTILE)
    report = measured(cards, store, "a", "b", together=True, rounds=2)
    html = page(report)
    assert html.count("<script>") == html.count("</script>")
    assert "<script>alert" not in html
    assert "<b>&" not in html
    assert "\x1b" not in html


def test_the_page_needs_no_network(report):
    html = page(report)
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", html)
    assert "@import" not in html.split("</style>")[0]
    assert html.count("Plotly.newPlot") >= 3
    assert "@media print" in html
    for name in names(report):
        assert name in html


def test_the_text_has_every_network_pair_and_set(report):
    said = text_of_report(report)
    assert all(name in said for name in names(report))
    assert said.count(" times as fast as ") + said.count("not told apart") == 3
    assert said.count("times alone") == 3 * 2 + 3
    assert "5 rounds, seed 1." in said


def test_what_must_not_be_read_into_it_is_said(report):
    (one, *others) = report.contenders
    told = replace(others[0], warning="CUDA was chosen.")
    changed = replace(
        report, contenders=(replace(one, backend="coreml"), told, *others[1:]),
        machine=replace(report.machine, os="Linux-6"),
    )
    for said in (text_of_report(changed), page(changed)):
        assert "say nothing of a phone or a Mac" in said.replace("&#x27;", "'")
        assert "CUDA was chosen." in said
    assert "phone" not in text_of_report(replace(changed, machine=replace(report.machine, os="macOS-15")))
    assert "phone" not in text_of_report(report)


# --- two reports ---


def test_nothing_changed_between_a_report_and_itself(report):
    found = changes(report, report)
    assert [one.ratio.value for one in found.each] == [1.0, 1.0, 1.0]
    assert (found.machine, found.notes, found.gone, found.new) == (1.0, (), (), ())
    assert not any(one.beyond_noise for one in found.each)
    assert too_slow(found, 0.0) == []
    assert text_of_changes(found, 0.05).count("no change beyond noise") == 3


def slower(report: Report, times: float, place: int | None = None, *, machine: float = 1.0) -> Report:
    """The report with one network, or all, so many times as slow."""
    made = []
    for i, one in enumerate(report.contenders):
        factor = machine * (times if place in (None, i) else 1.0)
        made.append(replace(one, warm=replace(one.warm, rounds=tuple(ms and ms * factor for ms in one.warm.rounds))))
    rounds = tuple(replace(r, yardstick_ms=r.yardstick_ms * machine) for r in report.rounds)
    return replace(report, contenders=tuple(made), rounds=rounds)


def steady(report: Report) -> Report:
    """The report as of a machine without noise."""
    made = [replace(one, warm=replace(one.warm, rounds=(10.0 + i,) * 5)) for i, one in enumerate(report.contenders)]
    return replace(
        report, contenders=tuple(made), rounds=tuple(replace(r, yardstick_ms=5.0) for r in report.rounds)
    )


def test_what_became_slower_is_named_and_fails(report):
    old = steady(report)
    assert not any(one.beyond_noise for one in changes(old, slower(old, 1.07, 1)).each)
    found = changes(old, slower(old, 1.10, 1))
    assert [one.beyond_noise for one in found.each] == [False, True, False]
    assert [one.name for one in too_slow(found, 0.05)] == ["B"]
    assert too_slow(found, 0.12) == []
    assert "B: slower than the 5% that are allowed" in text_of_changes(found, 0.05)
    assert "B: slower." in text_of_changes(found, None)
    assert "B: faster." in text_of_changes(changes(slower(old, 1.10, 1), old), None)


def test_a_machine_that_is_slower_as_a_whole_is_no_regression(report):
    old = steady(report)
    found = changes(old, slower(old, 1.0, machine=1.4))
    assert found.machine == pytest.approx(1.4)
    assert too_slow(found, 0.05) == []
    assert all(one.raw.value == pytest.approx(1.4) for one in found.each)
    # Where the yardstick is run by another version it says nothing, and is not divided by.
    other = replace(old.machine, packages={**old.machine.packages, "onnxruntime": "0.1"})
    found = changes(replace(old, machine=other), slower(old, 1.0, machine=1.4))
    assert (found.machine, len(too_slow(found, 0.05))) == (1.0, 3)


def test_reports_of_other_networks_and_machines_say_so(report):
    other = replace(
        report, contenders=report.contenders[1:], ratios=(), together=(),
        machine=replace(report.machine, cpu="Another", power="battery"),
        protocol=replace(report.protocol, pictures=("x.jpg",)),
    )
    found = changes(other, report)
    assert found.new == ("A",)
    assert changes(report, other).gone == ("A",)
    said = text_of_changes(found, None)
    assert "processor: Another → " in said
    assert "power: battery → " in said
    assert "Other pictures." in said
    assert "A is only in the new report." in said
    nothing = text_of_changes(changes(replace(report, contenders=()), replace(report, contenders=())), None)
    assert "No network is in both." in nothing


def test_a_file_that_changed_is_said(report):
    other = replace(report, contenders=tuple(replace(one, sha256="0" * 64) for one in report.contenders))
    assert text_of_changes(changes(report, other), None).count("another file") == 3


@pytest.mark.parametrize(("spec", "text"), [
    (LaneSpec("a"), "a@onnxruntime"), (LaneSpec("a", "coreml", 0, "", "int8"), "a@coreml/int8"),
    (LaneSpec("a", "opencv", 2), "a@opencv:2"),
])  # fmt: skip
def test_a_lane_is_written_as_models_takes_it(spec, text):
    assert text_of(spec) == text


# The schema anew: python -c "import json; from inference.lab.bench.report import schema;
#   open('resources/bench.schema.json', 'w').write(json.dumps(schema(), indent=1) + '\n')"
