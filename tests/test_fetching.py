"""Several models at a time: the queue, giving up, speed and time left."""

from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from make import card

from inference.errors import Cancelled, StoreError
from inference.intake import fetching
from inference.intake.fetching import AT_ONCE, Fetcher, Pace
from models.store import Store


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Stands in for the network: every model waits for the gate; "broken" fails."""
    opened = Event()

    def ready(wanted: Any, _store: Store, report: Any, cancelled: Event) -> Path:
        report(f"Fetching {wanted.title}", 0.25)
        while not opened.wait(0.01):
            if cancelled.is_set():
                raise Cancelled
        if wanted.name == "broken":
            raise StoreError("It is not to be had.", "Try later.")
        return Path("here")

    monkeypatch.setattr(fetching, "ready", ready)
    return opened


def until(condition: Any) -> None:
    end = monotonic() + 10
    while not condition():
        assert monotonic() < end
        sleep(0.005)


def test_three_at_a_time_the_others_wait(gate: Event) -> None:
    fetcher = Fetcher(Store(), lambda: None)
    names = [f"net{i}" for i in range(AT_ONCE + 2)]
    for name in (*names, names[0]):   # asked for twice is fetched once
        fetcher.get(card(name))

    def words() -> list[str]:
        return [state.words for name in names if (state := fetcher.state(name))]

    until(lambda: sum(text.startswith("Fetching") for text in words()) == AT_ONCE)
    assert words()[AT_ONCE:] == ["waits for its turn"] * 2
    gate.set()
    until(lambda: words() == ["is here"] * len(names))
    assert not fetcher.busy


def test_giving_up_one_lets_the_next_begin(gate: Event) -> None:
    fetcher = Fetcher(Store(), lambda: None)
    names = [f"net{i}" for i in range(AT_ONCE + 1)]
    for name in names:
        fetcher.get(card(name))
    until(lambda: "Fetching" in fetcher.state(names[0]).words)  # type: ignore[union-attr]
    fetcher.cancel(names[0])
    until(lambda: fetcher.state(names[0]) is None)
    until(lambda: "Fetching" in fetcher.state(names[-1]).words)  # type: ignore[union-attr]
    fetcher.cancel()
    until(lambda: not fetcher.busy)
    assert all(fetcher.state(name) is None for name in names)


def test_a_failure_is_kept_with_its_hint_and_others_go_on(gate: Event) -> None:
    fetcher = Fetcher(Store(), lambda: None)
    fetcher.get(card("broken"))
    fetcher.get(card("good"))
    gate.set()
    until(lambda: not fetcher.busy)
    broken, good = fetcher.state("broken"), fetcher.state("good")
    assert broken is not None
    assert (broken.trouble, broken.hint) == ("It is not to be had.", "Try later.")
    assert good is not None
    assert not good.trouble


def test_speed_and_time_left() -> None:
    now = 0.0
    pace = Pace(20_000_000, lambda: now)
    assert pace.said("Fetching", None) == "Fetching"
    assert pace.said("Fetching", 0.0) == "Fetching · 0 %"
    now = 2.0
    assert pace.said("Fetching", 0.25) == "Fetching · 25 % · 2.5 MB/s · 6 s left"
    now = 3.0
    assert pace.said("Converting", None) == "Converting"
