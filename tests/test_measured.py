"""Networks measured alone: the figure is of what it says, and is noted once for each file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import sleep

import make
import pytest
from make import file_of, tiny_onnx

from inference.data import Timing
from inference.errors import Cancelled, LabError
from inference.intake.costs import key_of
from inference.lab import alone, measured
from inference.lab.alone import measure, measure_all
from inference.lab.measured import Measured, figures, note, of_cards
from models.card import ModelCard
from models.store import Store

FIGURE = Measured(12.5, 60, "onnxruntime", 2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", tmp_path, offline=True)


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return make.card("tiny", files=(file_of(tiny_onnx(tmp_path / "tiny.onnx")),))


class Net:
    """Answers in a time that is known."""

    threads = 3

    def __init__(self, times: Iterator[float], cancelled: Event | None = None) -> None:
        self.times, self.cancelled = times, cancelled
        self.frames, self.stopped = [], False

    def __call__(self, frame, ask):  # type: ignore[no-untyped-def]
        self.frames.append(frame)
        if self.cancelled and len(self.frames) == 5:
            self.cancelled.set()
        return replace_timing(next(self.times))

    def stop(self) -> None:
        self.stopped = True


def replace_timing(ms: float):  # type: ignore[no-untyped-def]
    class Answer:
        timing = Timing(wait=1000.0, preprocess=ms / 4, infer=ms / 2, postprocess=ms / 4)

    return Answer()


def test_a_real_network_is_measured_and_noted(card: ModelCard, store: Store) -> None:
    told = []
    measure_all([card], store, Event(), lambda name, what: told.append((name, what)))
    (first, nothing), (second, figure) = told
    assert (first, second, nothing) == ("tiny", "tiny", None)
    assert isinstance(figure, Measured)
    assert 0 < figure.ms < 1000
    assert (figure.backend, figure.runs >= alone.LEAST) == ("onnxruntime", True)
    assert figures(Store(store.cache, offline=True)) == {card.files[0].sha256: figure}   # another program finds it
    assert of_cards([card], store) == [(card, figure)]


def test_it_is_the_median_of_the_lane_s_own_work_after_warming_up(monkeypatch, card: ModelCard, store: Store) -> None:
    slow_at_first = [500.0] * alone.WARM_UP
    times = [*slow_at_first, *(4.0 if i % 3 else 900.0 for i in range(alone.MOST))]   # a third is an outlier
    net = Net(iter(times))
    monkeypatch.setattr(alone, "open_network", lambda *_args, **_kinds: net)
    found = measure(card, store, Event())
    assert (found.ms, found.runs, found.threads) == (4.0, alone.MOST, 3)   # waiting is not the network's
    assert net.stopped
    assert len({id(frame.shared) for frame in net.frames}) == len(net.frames)   # nothing made once serves twice
    assert {frame.alone for frame in net.frames} == {True}


def test_a_slow_network_is_run_often_enough_and_no_more(monkeypatch, card: ModelCard, store: Store) -> None:
    monkeypatch.setattr(alone, "SPAN_S", 0.05)

    def slow() -> Iterator[float]:
        while True:
            sleep(0.02)
            yield 20.0

    monkeypatch.setattr(alone, "open_network", lambda *_args, **_kinds: Net(slow()))
    assert measure(card, store, Event()).runs == alone.LEAST


def test_cancel_ends_it_and_keeps_what_is_there(monkeypatch, card: ModelCard, store: Store) -> None:
    cancelled = Event()
    others = [replace(card, name=name, files=(replace(card.files[0], sha256=name * 64),)) for name in "abc"]
    nets = iter([Net(iter([1.0] * 100)), net := Net(iter([1.0] * 100), cancelled), Net(iter([1.0] * 100))])
    monkeypatch.setattr(alone, "open_network", lambda *_args, **_kinds: next(nets))
    told: list[str] = []
    measure_all(others, store, cancelled, lambda name, _what: told.append(name))
    assert told == ["a", "a", "b"]
    assert net.stopped
    assert list(figures(store)) == ["a" * 64]
    monkeypatch.setattr(alone, "open_network", lambda *_args, **_kinds: Net(iter([1.0] * 100)))
    with pytest.raises(Cancelled):
        measure(card, store, cancelled)


def test_what_cannot_be_opened_does_not_keep_the_others_from_it(card: ModelCard, store: Store) -> None:
    gone = make.card("gone")
    told = {}
    measure_all([gone, card], store, Event(), lambda name, what: told.update({name: what}))
    assert isinstance(told["gone"], LabError)
    assert isinstance(told["tiny"], Measured)


def test_another_file_of_the_same_name_has_no_figure(card: ModelCard, store: Store) -> None:
    note(store, key_of(card, store), FIGURE)
    assert of_cards([card], store) == [(card, FIGURE)]
    assert of_cards([replace(card, files=(replace(card.files[0], sha256="1" * 64),))], store) == []


def test_notes_stand_beside_each_other(store: Store) -> None:
    note(store, "a", FIGURE)
    note(store, "b", replace(FIGURE, ms=1.0))
    note(store, "a", replace(FIGURE, ms=2.0))
    assert {key: figure.ms for key, figure in figures(store).items()} == {"a": 2.0, "b": 1.0}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"version": 99, "figures": {"a": {"ms": 1, "runs": 1, "backend": "x", "threads": 1}}}',
     '{"version": 1}', '{"version": 1, "figures": 3}', "[" * 100_000],
)  # fmt: skip
def test_notes_that_are_damaged_are_none(store: Store, text: str) -> None:
    store.cache.mkdir(parents=True, exist_ok=True)
    (store.cache / measured.NAME).write_text(text)
    assert figures(store) == {}
    note(store, "a", FIGURE)
    assert figures(store) == {"a": FIGURE}


@pytest.mark.parametrize(
    "wrong", [{"ms": -1}, {"ms": 0}, {"ms": "fast"}, {"runs": 0}, {"threads": -1}, {"backend": 3}, {"ms": 1e300}]
)
def test_a_wrong_entry_is_left_out_alone(store: Store, wrong: dict[str, object]) -> None:
    good = {"ms": 1.0, "runs": 7, "backend": "x", "threads": 1}
    store.cache.mkdir(parents=True, exist_ok=True)
    entries = {"good": good, "bad": {**good, **wrong}}
    (store.cache / measured.NAME).write_text(json.dumps({"version": 1, "figures": entries}))
    assert list(figures(store)) == ["good"]


def test_a_cache_that_cannot_be_written_only_forgets(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "cache", offline=True)
    note(store, "a", FIGURE)
    assert figures(store) == {}


def test_how_it_was_measured_is_said() -> None:
    assert FIGURE.words == "Median of 60 pictures, alone, on onnxruntime with 2 threads."
    assert replace(FIGURE, threads=1).words.endswith("with 1 thread.")
