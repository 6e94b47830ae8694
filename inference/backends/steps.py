"""A network after each step of its optimisation, on ONNX Runtime: what every step is worth can be seen side by side.

What runs here are files that `inference.lab.steps.form` makes of a card. Up to the fusing of nodes they run node by
node as they stand in the file; from there on ONNX Runtime optimises them as it does every network.
"""

from pathlib import Path

from inference.backends import Engine
from inference.backends.ort import OrtBackend, providers

AS_IT_STANDS = ("raw", "folded", "bn")      # steps whose graph is not touched
STEPS = (*AS_IT_STANDS, "fused", "fp16", "int8")   # in their order

__all__ = ["AS_IT_STANDS", "STEPS", "load", "providers"]


def load(path: Path, engine: Engine) -> OrtBackend:
    """Open the file of a step, which is `engine.precision`.

    Raises:
        BackendError: it cannot be run.
    """
    return OrtBackend(path, engine, optimised=engine.precision not in AS_IT_STANDS)
