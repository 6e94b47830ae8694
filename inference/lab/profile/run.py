"""Profile a network: its nodes' times on a copy of the session, the time of one answer on the other."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter
from typing import Any

from inference.backends import Engine
from inference.backends.model_file import external_files, read_model
from inference.backends.ort import OrtBackend
from inference.data import Frame
from inference.errors import Cancelled, LabError
from inference.intake.counter import Cost, count
from inference.lab.profile.events import Node, read_account
from inference.lab.profile.origins import with_origins
from inference.lab.profile.roof import Roof, measure_roof
from inference.picture_files import pictures_in, read_picture
from inference.places import REELS, reel_of
from inference.preprocess import Preprocessor
from models.card import ModelCard
from models.whole import work_folder

RUNS = 60            # of each session
BLOCK = 5            # runs of one, then of the other: what slows the machine slows both
WARM_UP = 5
NAMED = "named.onnx"

Tell = Callable[[str, float], None]   # words, and how far it is, 0..1


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the time goes."""

    model: str
    title: str
    threads: int
    provider: str
    nodes: tuple[Node, ...]            # in the order in which they ran
    infer_us: float                    # median of one answer's inference, on the session that nothing was noted of
    noted_us: float                    # the same on the one that was noted
    runs: int
    in_file: Mapping[str, int]         # operators of the file
    cost: Cost | None                  # as counted from the file; None where it cannot be
    roof: Roof

    @property
    def sum_us(self) -> float:
        """Of all nodes."""
        return sum(node.us for node in self.nodes)

    @property
    def macs(self) -> int:
        """Of all nodes."""
        return sum(node.macs for node in self.nodes)

    def kinds(self) -> list[tuple[str, int, float, int]]:
        """Operator, how many ran, us, multiply-adds; the one that takes longest first."""
        found: dict[str, list[float]] = {}
        for node in self.nodes:
            row = found.setdefault(node.op, [0, 0.0, 0])
            row[0], row[1], row[2] = row[0] + 1, row[1] + node.us, row[2] + node.macs
        return sorted(((op, int(n), us, int(macs)) for op, (n, us, macs) in found.items()), key=lambda row: -row[2])


def profile(card: ModelCard, path: Path, threads: int, tell: Tell, cancelled: Event, runs: int = RUNS) -> Profile:
    """Run a network's ONNX file on a picture that it can read, as a lane does, with so many threads.

    Raises:
        LabError: it cannot be run, or tells nothing of its nodes.
        Cancelled: `cancelled` was set.
    """
    def check() -> None:
        if cancelled.is_set():
            raise Cancelled(card.title)

    tell("Measuring what this machine can do", 0.0)
    roof = measure_roof(threads, check)
    picture = read_picture(pictures_in(REELS[reel_of([card])])[0])
    x, _ = Preprocessor(card.input)(Frame(picture, 0, 0.0, alone=True))
    engine = Engine(threads)
    with work_folder() as folder:
        model = _named(path)
        (folder / NAMED).write_bytes(model.SerializeToString())
        same = path if external_files(model) else folder / NAMED   # weights in other files are not copied
        plain, noted = OrtBackend(path, engine), OrtBackend(same, engine, folder / "account")
        took: dict[OrtBackend, list[float]] = {plain: [], noted: []}
        for _ in range(WARM_UP):
            plain.run(x)
            noted.run(x)
        for done in range(0, runs, BLOCK):
            tell(f"Running {card.title}", done / runs)
            for backend, times in took.items():
                for _ in range(BLOCK):
                    check()
                    at = perf_counter()
                    backend.run(x)
                    times.append((perf_counter() - at) * 1e6)
        nodes, _ = read_account(noted.account(), WARM_UP)
    if not nodes:
        raise LabError(f"ONNX Runtime tells nothing of the nodes of {card.title}.", "Update it: see requirements.txt.")
    try:
        cost = count(path, x.shape)
    except LabError:
        cost = None
    in_file = Counter(node.op_type for node in model.graph.node)
    if cost is not None:
        nodes = list(with_origins(nodes, model.graph, cost.each))
    return Profile(
        card.name, card.title, threads, plain.provider, tuple(nodes), median(took[plain]), median(took[noted]),
        len(took[plain]), dict(in_file.most_common()), cost, roof,
    )  # fmt: skip


def _named(path: Path) -> Any:
    """The model, every node with a name of its own: by these what ran is found again in the file."""
    model = read_model(path)
    names = Counter(node.name for node in model.graph.node)
    for i, node in enumerate(model.graph.node):
        if not node.name or names[node.name] > 1:
            node.name = f"{node.name or node.op_type}_{i}"
    return model
