"""What networks cost is counted once for each file."""

import json
from collections.abc import Iterator
from pathlib import Path

import make
import pytest
from make import file_of, tiny_onnx

from inference.errors import LabError
from inference.intake import costs, counter
from inference.intake.costs import cost_of
from models.card import ModelCard
from models.store import Store

# Of make.tiny_onnx: three means times ten classes, and ten biases.
WEIGHTS, MACS = 40, 30


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files that were counted."""
    seen: list[str] = []
    real = counter.count

    def count(path: Path) -> counter.Cost:
        seen.append(path.name)
        return real(path)

    monkeypatch.setattr(counter, "count", count)
    return seen


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return make.card("tiny", files=(file_of(tiny_onnx(tmp_path / "tiny.onnx")),))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", tmp_path, offline=True)


def test_a_file_is_counted_once(card: ModelCard, store: Store, counted: list[str], tmp_path: Path) -> None:
    first = cost_of(card, store)
    assert first == {"parameters": WEIGHTS, "gmacs": round(MACS / 1e9, 6), "counted": True}
    counted.clear()
    assert cost_of(card, store) == first
    assert cost_of(card, Store(tmp_path / "cache", tmp_path, offline=True)) == first   # another program
    assert counted == []


def test_another_file_is_counted(card: ModelCard, store: Store, counted: list[str], tmp_path: Path) -> None:
    other = make.card("tiny", files=(file_of(tiny_onnx(tmp_path / "other.onnx", classes=7)),))
    assert cost_of(card, store)["parameters"] != cost_of(other, store)["parameters"]
    assert counted == ["tiny.onnx", "other.onnx"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", '{"version": 0, "costs": {}}', '{"version": 1, "costs": []}',
     '{"version": 1, "costs": {"SHA": [1]}}', '{"version": 1, "costs": {"SHA": ["a", 2]}}',
     '{"version": 1, "costs": {"SHA": [-1, 2]}}', '{"version": 1, "costs": {"SHA": [true, 2]}}'],
)  # fmt: skip
def test_damaged_notes_are_made_anew(
    text: str, card: ModelCard, store: Store, counted: list[str], tmp_path: Path
) -> None:
    right = cost_of(card, store)
    notes = tmp_path / "cache" / "costs.json"
    notes.write_text(text.replace("SHA", card.files[0].sha256))
    assert cost_of(card, store) == right
    assert counted == ["tiny.onnx"] * 2
    assert json.loads(notes.read_text())["costs"][card.files[0].sha256] == [WEIGHTS, MACS]


def test_counting_otherwise_counts_anew(
    card: ModelCard, store: Store, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cost_of(card, store)
    monkeypatch.setattr(costs, "VERSION", costs.VERSION + 1)
    cost_of(card, store)
    assert len(counted) == 2


def test_what_cannot_be_counted_is_as_published_and_tried_again(
    card: ModelCard, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def refuse(path: Path) -> counter.Cost:
            raise LabError("It cannot be counted.")

        broken.setattr(counter, "count", refuse)
        assert cost_of(card, store) == {"parameters": card.parameters, "gmacs": card.gmacs, "counted": False}
    assert cost_of(card, store)["counted"]


def test_a_cache_that_cannot_be_written_only_costs_time(card: ModelCard, store: Store, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / "costs.json").mkdir()
    assert cost_of(card, store)["counted"]
