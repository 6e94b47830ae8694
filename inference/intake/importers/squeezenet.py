"""SqueezeNet 1.1 from a pickled table of numpy arrays: layer name → [weights (h, w, in, out), bias (out,)].

The layout and the layer names are those of the package ndf; the network is the Caffe original, arXiv 1602.07360,
https://github.com/forresti/SqueezeNet, folder SqueezeNet_v1.1.
"""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.arrays import read_arrays
from inference.intake.importers.graph import Graph
from models.card import ModelCard

POOL_BEHIND = ("conv1", "fire3", "fire5")   # 3×3, step 2, after the activation
FIRES = tuple(f"fire{i}" for i in range(2, 10))
LAYERS = ("conv1", *(f"{fire}/{part}" for fire in FIRES for part in ("squeeze1x1", "expand1x1", "expand3x3")), "conv10")


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network with probabilities (1, classes) as its output.

    Raises:
        ImportFailed: the pickle is broken or hostile, or is not this network.
    """
    table = read_arrays(files[0])
    name = files[0].name
    _check(table, name)
    height, width = card.input.size
    graph = Graph("squeezenet", name)

    def conv(x: str, layer: str, *, pad: int = 0, step: int = 1) -> str:
        weights, bias = table[layer]
        x = graph.conv(
            x, layer, weights.transpose(3, 2, 0, 1), bias, pads=(pad, pad, pad, pad), strides=(step, step)
        )
        x = graph.node("Relu", [x], f"{layer}/relu")
        return pool(x, layer)

    def pool(x: str, layer: str) -> str:
        if layer not in POOL_BEHIND:
            return x
        return graph.node("MaxPool", [x], f"{layer}/pool", kernel_shape=[3, 3], strides=[2, 2])

    x = conv("input", "conv1", pad=1, step=2)
    for fire in FIRES:
        squeezed = conv(x, f"{fire}/squeeze1x1")
        parts = [conv(squeezed, f"{fire}/expand1x1"), conv(squeezed, f"{fire}/expand3x3", pad=1)]
        x = pool(graph.node("Concat", parts, fire, axis=1), fire)
    x = graph.node("GlobalAveragePool", [conv(x, "conv10")], "average")
    classes = len(table["conv10"][1])
    graph.node("Softmax", [graph.reshape(x, "logits", (1, classes))], "prob", axis=1)
    return graph.model(("input", (1, 3, height, width)), ("prob", (1, classes)))


def _check(table: dict[str, list[NDArray[Any]]], name: str) -> None:
    """Every layer is there, and each takes what the one before gives.

    Raises:
        ImportFailed: one is not; all of them are named.
    """
    missing = [layer for layer in LAYERS if layer not in table]
    if missing:
        raise ImportFailed(
            f"{name} has no layer {', '.join(missing)}.", "Choose the weights of SqueezeNet 1.1."
        )
    channels, beside = 3, 0
    wrong: list[str] = []
    for layer in LAYERS:
        side = 3 if layer == "conv1" or layer.endswith("3x3") else 1
        if len(table[layer]) != 2:
            wrong.append(layer)
            continue
        weights, bias = table[layer]
        if (
            weights.ndim != 4 or weights.shape[:3] != (side, side, channels) or not weights.size
            or bias.shape != weights.shape[3:] or weights.dtype.kind != "f" or bias.dtype != weights.dtype
        ):
            wrong.append(layer)
        elif layer.endswith("expand1x1"):
            beside = weights.shape[3]        # its input is the other one's too
        elif layer.endswith("expand3x3"):
            channels = beside + weights.shape[3]
        else:
            channels = weights.shape[3]
    if wrong:
        raise ImportFailed(
            f"{name} has weights of the wrong shape or type for {', '.join(wrong)}.",
            "Choose the weights of SqueezeNet 1.1.",
        )


