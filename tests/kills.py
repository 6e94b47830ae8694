"""Kill the program with SIGKILL in the middle of its work, over and over; then look at what it left (`make kills`).

For each kind of work: it is run once to its end and timed, then begun anew so many times and killed after a random
part of that time. After each kill the program is started once more, as a user would, and then

- nothing half-written may be taken for whole,
- nothing unfinished may be left, but for a download that the next run goes on with.

The exit code is 1 where either is found. POSIX only.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import misbehaving

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from models.card import InputSpec, ModelCard, ModelFile  # noqa: E402
from models.user_cards import save_card  # noqa: E402

NETWORKS = ROOT / "build" / "test-models"   # as the tests have fetched them
BODY = random.Random(1).randbytes(20 << 20)

RECORD = """
import sys, time
import numpy as np
from pathlib import Path
from inference.data import Frame
from inference.live.recording import Recorder
recorder = Recorder(Path(sys.argv[1]), "run")
rng = np.random.default_rng(0)
for i in range(60):
    recorder.offer(Frame(rng.integers(0, 255, (240, 320, 3), np.uint8), i, time.perf_counter()))
    time.sleep(1 / 40)
recorder.close()
"""

SETTINGS = """
from gui.settings import Settings
for i in range(1500):
    assert Settings(topk=1 + i % 20, panes={"latency": {"a" * 30: "x" * 2000}}).save() == ""
"""


@dataclass
class Place:
    """The folders of one program."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Where it finds them."""
        named = {"LINEUP_CACHE": "cache", "LINEUP_CONFIG": "config", "TMPDIR": "tmp"}
        return {**os.environ, **{key: str(self.root / name) for key, name in named.items()}, "LINEUP_MIRROR": ""}

    def unfinished(self) -> list[str]:
        """What is neither whole nor to be gone on with."""
        left = {path for path in self.root.rglob("*") if path.suffix in (".part", ".tmp") and "lineup" in path.name}
        left |= {path for path in (self.root / "tmp").iterdir() if path.name != ".ses"}   # of ONNX Runtime
        config = self.root / "config"
        cards = "".join(path.read_text() for path in (config / "cards").glob("*.toml"))
        left |= {path for path in (config / "models").glob("*/*") if path.parent.name not in cards}
        left |= {path for path in (config / "cards").glob("*.txt") if path.name not in cards}
        return sorted(str(path.relative_to(self.root)) for path in left)


def app(*words: str) -> list[str]:
    """A command of the program."""
    return [sys.executable, str(ROOT / "app.py"), *words]


def check_store(place: Place) -> str:
    """Every file of the cache that is named by a hash has it."""
    for path in (*(place.root / "cache/files").glob("*/[!.]*"), *(place.root / "config/models").glob("*/[!.]*")):
        if sha256(path.read_bytes()).hexdigest()[:16] != path.parent.name:
            return f"{path.name} is not whole"
    return ""


def check_converted(place: Place) -> str:
    """A conversion that counts is the one that a run to the end makes."""
    whole = {path.name: path.read_bytes() for path in (NETWORKS / "converted").glob("*.onnx")}
    for path in (place.root / "cache/converted").glob("*.onnx"):
        if path.read_bytes() != whole.get(path.name):
            return f"{path.name} is not whole"
    return ""


def check_pack(place: Place) -> str:
    """A pack that is there can be taken in."""
    path = place.root / "venue.zip"
    if path.exists():
        with ZipFile(path) as pack:
            if pack.testzip() or "lineup.json" not in pack.namelist():
                return "the pack is not whole"
    return ""


def check_added(place: Place) -> str:
    """A card that is there has its file."""
    for path in (place.root / "config/cards").glob("*.toml"):
        ran = subprocess.run(
            app("predict", str(ROOT / "resources/samples/kitten.jpg"), "--models", path.stem),
            env=place.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            return f"{path.stem} was added and does not run: {ran.stderr}"
    return check_store(place)


def check_settings(place: Place) -> str:
    """The settings are those of one moment."""
    path = place.root / "config" / "settings.json"
    if not path.exists():
        return ""
    try:
        return "" if 1 <= json.loads(path.read_text())["topk"] <= 20 else "the settings are wrong"
    except ValueError as error:
        return f"the settings are not whole: {error}"


def check_recording(place: Place) -> str:
    """What was written by then can be seen and read."""
    import cv2

    for path in place.root.glob("run*.avi"):
        if path.stat().st_size > 100_000 and not cv2.VideoCapture(str(path)).read()[0]:
            return f"{path.name} cannot be seen"
    for path in place.root.glob("run*.jsonl"):
        lines = path.read_bytes().split(b"\n")
        for line in lines[:-1]:   # the last one may be half: nothing follows it
            json.loads(line)
    return ""


@contextmanager
def server() -> Iterator[str]:
    """Serves BODY slowly, or the rest of it."""
    def answer(request: misbehaving.Request) -> None:
        rest = request.part(BODY, ranges=True)
        for i in range(0, len(rest), 1 << 19):
            request.wfile.write(rest[i : i + (1 << 19)])
            time.sleep(0.02)

    with misbehaving.serving() as serving:
        serving.routes["/net.onnx"] = answer
        yield f"{serving.url}/net.onnx"


def networks(place: Place) -> None:
    """The files of the networks in the cache, not yet converted."""
    shutil.copytree(NETWORKS / "files", place.root / "cache" / "files")


def fetched(url: str) -> Callable[[Place], None]:
    """A card of one's own whose file is to be fetched."""
    def prepare(place: Place) -> None:
        card = ModelCard(
            "net", "Net", "Own", "classify", "softmax", "digits.txt", InputSpec((8, 8)),
            (ModelFile("net.onnx", sha256(BODY).hexdigest(), len(BODY), url),), "MIT", "a test",
        )  # fmt: skip
        os.environ["LINEUP_CONFIG"] = str(place.root / "config")
        save_card(card)

    return prepare


def packed(place: Place) -> None:
    """A pack, made beforehand."""
    shutil.copy(NETWORKS / "kills.zip", place.root / "here.zip")


@dataclass
class Work:
    """One kind of work."""

    command: Callable[[Place], list[str]]
    check: Callable[[Place], str]
    prepare: Callable[[Place], None] = lambda place: None


def all_works(url: str) -> dict[str, Work]:
    """By what they are called."""
    own = next((NETWORKS / "converted").glob("efficientnet-lite0-*.onnx"))
    return {
        "get": Work(lambda place: app("models", "get", "net"), check_store, fetched(url)),
        "convert": Work(lambda place: app("models", "get", "squeezenet1.1", "yolov3-tiny"), check_converted, networks),
        "pack": Work(
            lambda place: app("models", "pack", str(place.root / "venue.zip"), "squeezenet1.1", "yolov3-tiny"),
            check_pack, networks,
        ),
        "unpack": Work(lambda place: app("models", "unpack", str(place.root / "here.zip")), check_store, packed),
        "add": Work(lambda place: app("models", "add", str(own)), check_added),
        "settings": Work(lambda place: [sys.executable, "-c", SETTINGS], check_settings),
        "record": Work(lambda place: [sys.executable, "-c", RECORD, str(place.root)], check_recording),
    }  # fmt: skip


def once(work: Work, kill_after: float | None) -> tuple[float, bool, list[str]]:
    """Do it once: seconds, whether it was killed, and the faults that were found."""
    root = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        place = Place(root)
        (root / "tmp").mkdir()
        work.prepare(place)
        began = time.perf_counter()
        process = subprocess.Popen(
            work.command(place), cwd=ROOT, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            _, err = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        took = time.perf_counter() - began
        killed = process.returncode == -signal.SIGKILL
        if not killed and process.returncode:
            return took, killed, [f"it failed: {err.decode()[:300]}"]
        time.sleep(0.3)   # a child notices that its parent is gone
        again = subprocess.run(app("models"), env=place.environment, capture_output=True, text=True, check=False)
        faults = [] if again.returncode == 0 else [f"the next start failed: {again.stderr[:300]}"]
        faults += [fault for fault in (work.check(place),) if fault]
        faults += [f"left: {name}" for name in place.unfinished()]
        return took, killed, faults
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main() -> int:
    """Kill, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    rng, bad = random.Random(0), 0
    if not (NETWORKS / "converted").is_dir():
        print("Run the tests first: they fetch the networks.")
        return 2
    os.environ["LINEUP_CACHE"] = str(NETWORKS)
    pack = NETWORKS / "kills.zip"
    with server() as url:
        made = app("models", "pack", str(pack), "squeezenet1.1", "yolov3-tiny")
        subprocess.run(made, check=True, capture_output=True)
        print(f"{'work':10} {'kills':>5} {'ended first':>11} {'faults':>6}")
        for name, work in all_works(url).items():
            if args.only and name != args.only:
                continue
            seconds, _, faults = once(work, None)
            bad += len(faults)
            killed = 0
            said = [f"  run to its end: {fault}" for fault in faults]
            for _ in range(args.times):
                after = rng.uniform(0.05, seconds)
                _, was, found = once(work, after)
                killed += was
                bad += len(found)
                said += [f"  killed after {after:.2f} s of {seconds:.2f}: {fault}" for fault in found]
            print(f"{name:10} {killed:5} {args.times - killed:11} {len(said):6}", flush=True)
            print("\n".join(said[:20]), end="\n" if said else "", flush=True)
    pack.unlink()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
