"""A backend whose networks take a time that is known: what a clock is held against.

Its "model" is a JSON file: {"kind": …, "ms": …, "jitter": …, "seed": …}. Each run takes ms · (1 + jitter · a standard
normal number), at least a tenth of ms. Kinds: "busy" computes until then, "sleep" sleeps and looks at the clock for the
last part, so that it is exact, "idle" only sleeps, so that it uses no CPU.
"""

import json
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends import BACKENDS, BackendInfo, Engine, backends
from inference.data import LaneSpec
from models.card import InputSpec, ModelCard, ModelFile

NAME = "timed"
LOOK_S = 0.0005     # before its end a sleeper wakes up, to be exact
LEAST = 0.1         # of ms
drawn: dict[str, list[float]] = {}   # by the file's name: the ms of every run, as they were meant
taken: dict[str, list[float]] = {}   # and as they were


class Timed:
    """One network."""

    input_shape: tuple[int, ...] = (1, 3, 8, 8)
    provider, warning = "CPU", ""

    def __init__(self, path: Path, engine: Engine) -> None:
        values = json.loads(path.read_text("utf-8"))
        self._kind, self._ms, self._jitter = values["kind"], values["ms"], values["jitter"]
        self._random = np.random.default_rng(values["seed"])
        self._drawn, self._taken = drawn.setdefault(path.stem, []), taken.setdefault(path.stem, [])
        self._answer = np.eye(1, 10, dtype=np.float32) * 5   # logits
        self.threads = engine.threads

    def run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """Take the time."""
        start = perf_counter()
        ms = self._ms * max(LEAST, 1 + self._jitter * float(self._random.standard_normal()))
        end = start + ms / 1e3
        if self._kind != "busy":
            sleep(max(0.0, ms / 1e3 - (LOOK_S if self._kind == "sleep" else 0.0)))
        while self._kind != "idle" and perf_counter() < end:
            pass
        self._drawn.append(ms)
        self._taken.append((perf_counter() - start) * 1e3)
        return [self._answer]

    def stop(self) -> None:
        """It ends by itself."""

    def tune(self, engine: Engine) -> bool:
        """Threads are nothing to it."""
        return True


def load(path: Path, engine: Engine) -> Timed:
    """Open the JSON file."""
    return Timed(path, engine)


def providers() -> list[str]:
    """Where it runs."""
    return ["CPU"]


def register() -> None:
    """Make the backend known in this process."""
    BACKENDS[NAME] = BackendInfo("Timed", __name__, "")
    backends.cache_clear()


def network(folder: Path, name: str, kind: str, ms: float, jitter: float = 0.0, seed: int = 0) -> ModelCard:
    """Write one into a mirror folder; its card."""
    from hashlib import sha256

    drawn.pop(name, None)
    taken.pop(name, None)
    data = json.dumps({"kind": kind, "ms": ms, "jitter": jitter, "seed": seed, "name": name}).encode()
    path = folder / f"{name}.onnx"
    path.write_bytes(data)
    file = ModelFile(path.name, sha256(data).hexdigest(), len(data))
    return ModelCard(
        name=name, title=name, family="Timed", task="classify", decoder="softmax", labels="digits.txt",
        input=InputSpec(size=(8, 8)), files=(file,), licence="Apache-2.0", source="a benchmark",
    )  # fmt: skip


def spec(name: str) -> LaneSpec:
    """A lane of it."""
    return LaneSpec(name, NAME)
