"""ONNX Runtime's account of a run, node by node: the Trace Event Format, which Chrome's tracing began."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

from inference.intake.counter import GEMMS, PRODUCTS
from inference.intake.shapes import CONVOLUTIONS

KERNEL = "_kernel_time"
BLOCKED, FUSED = "_nchwc", "fused "   # what ONNX Runtime adds to the name of a node that it has changed
SIZES = {
    "float": 4, "double": 8, "float16": 2, "bfloat16": 2, "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "uint16": 2,
    "int32": 4, "uint32": 4, "int64": 8, "uint64": 8,
}  # fmt: skip

Tensor = tuple[str, tuple[int, ...]]   # kind of number, shape


@dataclass(frozen=True, slots=True)
class Node:
    """One operator that was run."""

    name: str                  # of the last node of the file that went into it
    op: str                    # its operator: "Conv"
    provider: str
    us: float                  # median of the runs
    macs: int                  # multiply-adds; of the shapes at first, which the engine pads
    weights: int               # bytes of its own constants, as the file has them
    moved: int                 # bytes of all that it reads and writes, weights included
    given: tuple[tuple[int, ...], ...]   # shapes of its inputs
    made: tuple[int, ...]      # shape of its first output
    origins: tuple[str, ...] = ()   # operators of the file that went into it, the first first

    @property
    def gflops(self) -> float:
        """10^9 floating-point operations a second, two to a multiply-add."""
        return 2 * self.macs / self.us / 1e3 if self.us else 0.0

    @property
    def intensity(self) -> float:
        """Floating-point operations to a byte moved."""
        return 2 * self.macs / self.moved if self.moved else 0.0


def read_account(path: Path, skipped: int) -> tuple[list[Node], list[float]]:
    """The nodes in the order in which they ran, and how long each run took as a whole, us.

    `skipped` runs at the beginning do not count.
    """
    events: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    runs = [event for event in events if event.get("name") == "model_run"][skipped:]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    begin = min((event["ts"] for event in runs), default=0)
    for event in events:
        name = str(event.get("name", ""))
        if event.get("cat") == "Node" and name.endswith(KERNEL) and event["ts"] >= begin:
            key = (name.removesuffix(KERNEL), str(event["args"].get("node_index", "")))
            found.setdefault(key, []).append(event)
    ordered = sorted(found.items(), key=lambda item: item[1][0]["ts"])
    nodes = [_node(name, of, len(runs)) for (name, _), of in ordered]
    return nodes, [float(event["dur"]) for event in runs]


def _node(name: str, events: Sequence[dict[str, Any]], runs: int) -> Node:
    """One node out of its events; one inside a loop runs several times in a run, and its times add up."""
    args = events[0]["args"]
    op = str(args.get("op_name", ""))
    each = max(1, round(len(events) / max(1, runs)))
    times = [sum(float(event["dur"]) for event in events[i : i + each]) for i in range(0, len(events), each)]
    given, made = _tensors(args.get("input_type_shape", ())), _tensors(args.get("output_type_shape", ()))
    provider = str(args.get("provider", "")).removesuffix("ExecutionProvider")
    return Node(
        name.removesuffix(BLOCKED).removeprefix(FUSED), op, provider, float(median(times)),
        each * multiply_adds(op, [shape for _, shape in given], [shape for _, shape in made]),
        sum(map(bytes_of, given[1:])), sum(map(bytes_of, (*given, *made))), tuple(shape for _, shape in given),
        made[0][1] if made else (),
    )  # fmt: skip


def _tensors(listed: Iterable[dict[str, Any]]) -> list[Tensor]:
    return [(kind, tuple(int(side) for side in shape)) for one in listed for kind, shape in one.items()]


def bytes_of(tensor: Tensor) -> int:
    """Of a tensor of this kind and shape."""
    return SIZES.get(tensor[0], 4) * prod(tensor[1])


def multiply_adds(op: str, given: Sequence[tuple[int, ...]], made: Sequence[tuple[int, ...]]) -> int:
    """Of one operator, from the shapes of what it was given and made; additions of a bias are none."""
    if not made or len(given) < 2:
        return 0
    if op in CONVOLUTIONS:
        place = CONVOLUTIONS[op][1]
        return prod(made[0]) * prod(given[place][1:]) if len(given) > place else 0   # (out, in / groups, sides)
    if op == "ConvTranspose":
        return prod(given[0]) * prod(given[1][1:])   # (in, out / groups, sides)
    if op in GEMMS:
        place = GEMMS[op][1]
        return prod(given[place]) * (made[0][0] if len(made[0]) > 1 else 1) if len(given) > place else 0
    if op in PRODUCTS:
        return prod(made[0]) * given[PRODUCTS[op][0]][-1]
    return 0
