"""Line-ups: networks that belong together, by one name."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LINE_UPS = Path(__file__).with_name("lineups.toml")


@dataclass(frozen=True, slots=True)
class LineUp:
    """Some networks under one name."""

    name: str                  # "talk", as on the command line
    title: str
    about: str                 # one sentence
    models: tuple[str, ...]    # names of cards, in the order of their lanes


@cache
def line_ups() -> dict[str, LineUp]:
    """Every line-up, by its name."""
    table = tomllib.loads(LINE_UPS.read_text(encoding="utf-8"))
    return {name: LineUp(name, row["title"], row["about"], tuple(row["models"])) for name, row in table.items()}


def expanded(names: Iterable[str]) -> tuple[str, ...]:
    """The names with each line-up replaced by its networks; what stands behind an @ goes to all of them."""
    found: list[str] = []
    for text in names:
        name, at, how = text.strip().partition("@")
        chosen = line_ups().get(name)
        found += [f"{model}{at}{how}" for model in chosen.models] if chosen else [text]
    return tuple(found)
