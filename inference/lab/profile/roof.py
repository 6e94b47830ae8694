"""What this machine can do at most: multiplying, and moving bytes. Measured by the engine that runs the networks.

The roofline of Williams, Waterman and Patterson (2009): an operator that does few operations for each byte it moves
is held back by the memory, one that does many by the arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from inference.backends import Engine
from inference.backends.ort import OrtBackend
from inference.intake.importers.graph import Graph
from models.whole import work_folder

SIDE = 1024             # of the matrices that are multiplied
MOVED = 64 << 20        # bytes of a tensor that no cache holds
SPAN_S, LEAST = 0.4, 5  # of each: so long, so many times at least; the quickest counts


@dataclass(frozen=True, slots=True)
class Roof:
    """The two limits."""

    gflops: float      # 10^9 floating-point operations a second
    gbytes: float      # 10^9 bytes a second, read and written
    threads: int

    def reachable(self, intensity: float) -> float:
        """GFLOP/s that an operator can reach that does so many operations for each byte that it moves."""
        return min(self.gflops, intensity * self.gbytes)


def measure_roof(threads: int, check: Callable[[], None] = lambda: None) -> Roof:
    """Multiply two matrices, and move a large tensor through a ReLU, with so many threads. `check` may raise."""
    engine = Engine(threads)
    with work_folder() as folder:
        multiply = Graph("roof", "the product")
        multiply.node("MatMul", ["x", multiply.weight("w", np.ones((SIDE, SIDE), np.float32))], "y")
        flops = 2 * SIDE**3 / _quickest(multiply, (1, 1, SIDE, SIDE), folder / "multiply.onnx", engine, check)
        move = Graph("roof", "the copy")
        move.node("Relu", ["x"], "y")
        moved = 2 * MOVED / _quickest(move, (1, 1, MOVED // 4 // SIDE, SIDE), folder / "move.onnx", engine, check)
    return Roof(flops / 1e9, moved / 1e9, threads)


def _quickest(graph: Graph, shape: tuple[int, ...], path: Path, engine: Engine, check: Callable[[], None]) -> float:
    """The shortest run, s."""
    model: Any = graph.model(("x", shape), ("y", None))
    path.write_bytes(model.SerializeToString())
    backend, x = OrtBackend(path, engine), np.ones(shape, np.float32)
    took: list[float] = []
    began = perf_counter()
    while len(took) < LEAST or perf_counter() - began < SPAN_S:
        check()
        at = perf_counter()
        backend.run(x)
        took.append(perf_counter() - at)
    return min(took)
