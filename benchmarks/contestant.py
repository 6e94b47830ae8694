"""One way of answering a picture, in a process of its own, a round at a time: for `benchmarks.peers`.

Reads lines of two numbers: how many pictures, and the seconds from one to the next (0: as fast as it goes). Answers
them, and prints a line of JSON: the milliseconds of each, from the picture in hand to the answer, and the best class.
This file runs in the environment of another package as well: what it imports, it imports where it is used.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, NamedTuple


class Task(NamedTuple):
    """The same for all: a file, a picture, and how the network wants it."""

    model: str              # an ONNX file
    picture: str            # a PNG file
    size: tuple[int, int]   # height and width of the input, px; RGB, planes first
    mean: float             # input = (pixel - mean) / std, pixels 0..255
    std: float
    network: str            # its name in Lineup's catalogue
    infer: bool = False     # the bench gives the time of the engine alone


Round = Callable[[int, float], tuple[list[float], int]]


def loop(step: Callable[[], int]) -> Round:
    """A round of a plain loop around `step`, which answers the picture with its best class."""

    def go(count: int, period: float) -> tuple[list[float], int]:
        times, best, due = [], -1, perf_counter()
        for _ in range(count):
            due += period
            sleep(max(0.0, due - perf_counter()))
            start = perf_counter()
            best = step()
            times.append((perf_counter() - start) * 1e3)
        return times, best

    return go


def opencv_sample(task: Task, *, threads: int = 0) -> Round:
    """samples/dnn/classification.py of OpenCV: blobFromImage, setInput, forward, argmax."""
    import cv2
    import numpy as np

    if threads:
        cv2.setNumThreads(threads)
    net, frame = cv2.dnn.readNetFromONNX(task.model), cv2.imread(task.picture)

    def step() -> int:
        blob = cv2.dnn.blobFromImage(frame, 1 / task.std, task.size[::-1], (task.mean,) * 3, swapRB=True)
        net.setInput(blob)
        return int(np.argmax(net.forward().flatten()))

    return loop(step)


def tutorial(task: Task, *, threads: int = 0) -> Round:
    """The loop of every tutorial: cv2.resize, numpy, ONNX Runtime as it comes (or on so many threads), argmax."""
    import cv2
    import numpy as np
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(task.model, options, providers=["CPUExecutionProvider"])
    name, frame = session.get_inputs()[0].name, cv2.imread(task.picture)

    def step() -> int:
        rgb = cv2.cvtColor(cv2.resize(frame, task.size[::-1]), cv2.COLOR_BGR2RGB)
        x = (rgb.astype(np.float32) - task.mean) / task.std
        (scores,) = session.run(None, {name: x.transpose(2, 0, 1)[None].astype(np.float32)})
        return int(np.argmax(scores))

    return loop(step)


def model_api(task: Task) -> Round:
    """OpenVINO Model API: its own call from picture to labels, in single precision as the others compute."""
    import cv2
    from model_api.adapters import OpenvinoAdapter, create_core
    from model_api.models import Model

    asked = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    adapter = OpenvinoAdapter(create_core(), task.model, device="CPU", plugin_config=asked)
    recipe = {
        "topk": 5, "mean_values": [task.mean] * 3, "scale_values": [task.std] * 3, "reverse_input_channels": True,
        "labels": [str(i) for i in range(1001)],
    }  # fmt: skip
    model: Any = Model.create_model(adapter, model_type="Classification", configuration=recipe)
    frame = cv2.imread(task.picture)
    return loop(lambda: int(model(frame).top_labels[0].id))


def headless(task: Task) -> Round:
    """Lineup's lane as `live --headless` runs it."""
    from threading import Event

    from benchmarks.lab import Still, lane_round
    from inference.data import LaneSpec
    from inference.intake.provide import loader
    from inference.live.session import Session
    from models import load_catalog
    from models.store import Store

    changed = Event()
    session = Session(loader(load_catalog(), Store()), changed.set)
    lane = session.add(LaneSpec(task.network))
    still = Still(task.picture)
    session.open(still)

    def wait() -> None:
        changed.wait(0.1)
        changed.clear()

    return lane_round(lane, still, wait)


def window(task: Task) -> Round:
    """Lineup's lane in the window, as it is shown."""
    from benchmarks.lab import Still, application, lane_round, shown, spin
    from inference.data import Mode

    application()
    made = shown([task.network], Mode.TURNS)
    (lane,) = made.desk.session.lanes
    still = Still(task.picture)
    made.desk.session.open(still)
    return lane_round(lane, still, lambda: spin(0.05))


def bench(task: Task, *, window: bool = False) -> Round:
    """A network as the bench runs it, warm; with a window whose bench is open, while the lanes rest."""
    from threading import Event

    import cv2
    import numpy as np

    from benchmarks.lab import application, shown, spin
    from inference.data import Ask, LaneSpec, Mode
    from inference.lab.bench.worker import Worker
    from models import load_catalog
    from models.store import Store

    if window:
        application()
        made = shown([task.network], Mode.TURNS)
        made.show_pane("bench")
        made.desk.session.rest(True)
    never = Event()
    worker = Worker(LaneSpec(task.network), load_catalog()[task.network], Ask())
    worker.do(lambda: worker.open(Store(), lambda *_: None, never), never)
    pixels = np.asarray(cv2.imread(task.picture), np.uint8)

    def go(count: int, period: float) -> tuple[list[float], int]:
        answers = worker.begin(lambda: [worker.answer(pixels) for _ in range(count)])
        while window and not answers.done():
            spin(0.1)
        return [timing.infer if task.infer else timing.latency for timing in answers.result()], 0

    return go


WAYS: dict[str, Callable[[Task], Round]] = {
    "opencv": opencv_sample,
    "opencv-1": lambda task: opencv_sample(task, threads=1),
    "tutorial": tutorial,
    "tutorial-1": lambda task: tutorial(task, threads=1),
    "model-api": model_api,
    "headless": headless,
    "window": window,
    "bench": bench,
    "bench-window": lambda task: bench(task, window=True),
}


def main() -> None:
    """Serve rounds until the lines end."""
    way, values = sys.argv[1], json.loads(sys.argv[2])
    go = WAYS[way](Task(**{**values, "size": tuple(values["size"])}))
    go(5, 0.0)
    print("ready", flush=True)
    for line in sys.stdin:
        count, period = line.split()
        print(json.dumps(go(int(count), float(period))), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
