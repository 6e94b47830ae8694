"""What is known of a network whose outputs are to be read: what its file says, and what it answered to pictures."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.card import Format, InputSpec, Task

Outputs = Sequence[NDArray[Any]]

LARGEST_RELATIVE = 2.0   # of an edge or a centre relative to the picture; in px it is far more
SLACK = 0.011            # by which a score may leave 0..1: half precision rounds
MASKS = 32               # coefficients of the masks of ultralytics
FEWEST_POINTS = 2        # of a pose
WHOLE = 1e-4             # by which a class number may leave the whole numbers


@dataclass(frozen=True, slots=True)
class Form:
    """How the outputs of a network are read."""

    task: Task
    decoder: str                      # a key of inference.decode.CLASSIFIERS or DETECTORS
    classes: int                      # 0: unknown
    options: dict[str, Any] = field(default_factory=dict)
    kin: str = ""                     # whose usual recipe it has: a key of inference.intake.usual_recipe.KIN
    guessed: tuple[str, ...] = ()     # what of it was guessed: "decoder", "options.anchors"
    labels: tuple[str, ...] = ()      # where the form itself says what they are


@dataclass(frozen=True, slots=True)
class Evidence:
    """Made once for a network; the rules of inference.intake.forms read it."""

    title: str
    format: Format
    spec: InputSpec
    said: Mapping[str, str]           # metadata
    inputs: tuple[str, ...]           # names
    names: tuple[str, ...]            # of the outputs, small letters
    makers: tuple[str, ...]           # what kind of node makes each output; "Linear": a product, with or without a sum
    runs: tuple[Outputs, ...]         # of a dark and a grey picture, then of photographs
    labels: int = 0                   # how many names were given, by the file or by its user; 0: none

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of the outputs, in the first run; where a table grows with what was found, of the run that found most."""
        return tuple(max((run[i].shape for run in self.runs), key=prod) for i in range(len(self.runs[0])))

    def place(self, *names: str) -> int:
        """Of the first output that is called so, -1 where none is."""
        return next((self.names.index(name) for name in names if name in self.names), -1)

    def values(self, place: int) -> list[NDArray[np.float64]]:
        """What an output was, run by run."""
        return [run[place].astype(np.float64) for run in self.runs]

    def tables(self, place: int) -> list[NDArray[np.float64]]:
        """An output as rows (n, columns), run by run."""
        return [values.reshape(-1, values.shape[-1]) for values in self.values(place)]

    def ultralytics(self) -> bool:
        """Whether the file says that it was exported by ultralytics."""
        return ("stride" in self.said and "names" in self.said) or "ultralytics" in self.said.get("author", "").lower()


def joined(tables: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The rows of all runs, those without a number other than 0 left out: they fill up."""
    rows = np.concatenate(list(tables))
    return rows[rows.any(axis=1)]


def within(values: NDArray[Any], low: float = 0.0, high: float = 1.0) -> bool:
    """Whether all are numbers of low..high; not of none."""
    return bool(values.size and low - SLACK <= values.min() and values.max() <= high + SLACK)


def whole(values: NDArray[Any]) -> bool:
    """Whether all are whole numbers, 0 or more, or -1; not of none."""
    return bool(values.size and np.abs(values - np.round(values)).max() < WHOLE and values.min() >= -1 - WHOLE)


def are_corners(boxes: NDArray[Any]) -> bool:
    """Whether (n, 4) are x1 y1 x2 y2: no box ends before it begins."""
    return bool(len(boxes) and (boxes[:, 2:] >= boxes[:, :2]).all())


def are_relative(boxes: NDArray[Any]) -> bool:
    """Whether (n, 4) lie within the picture's 0..1 and not in px."""
    return bool(boxes.size and np.abs(boxes).max() <= LARGEST_RELATIVE)


def sum_to_one(rows: NDArray[Any]) -> bool:
    """Whether each row of (n, classes) is a probability of one class or another."""
    return bool(rows.size and rows.shape[1] > 1 and within(rows) and np.abs(rows.sum(axis=1) - 1).max() < 1e-2)


def given(**options: Any) -> dict[str, Any]:
    """Of the options of a decoder those that are set: what is False, None or an empty text is as usual."""
    return {key: value for key, value in options.items() if value is not False and value is not None and value != ""}


def beside(e: Evidence, extra: int) -> dict[str, Any]:
    """What `extra` columns behind the classes are: the points of a pose, the angle of an oriented box, or masks."""
    task = e.said.get("task", "")
    if not extra or task == "segment" or (extra == MASKS and len(e.shapes) > 1):
        return {}
    told = [int(number[:4]) for number in re.findall(r"\d+", e.said.get("kpt_shape", ""))]   # "[17, 3]"
    if len(told) == 2 and told[1] in (2, 3) and told[0] * told[1] == extra:
        return {"points": told}
    if extra % 3 == 0 and (task == "pose" or (not task and extra >= 3 * FEWEST_POINTS)):
        return {"points": [extra // 3, 3]}
    return {"angle": True} if extra == 1 else {}


Rule = Callable[[Evidence], Form | None]


def first_form(rules: Iterable[Rule], evidence: Evidence) -> Form | None:
    """What the first rule says that knows this network."""
    forms: Iterator[Form | None] = (rule(evidence) for rule in rules)
    return next((form for form in forms if form), None)
