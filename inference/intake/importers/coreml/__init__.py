"""Core ML: a `.mlmodel`, or the `model.mlmodel` and `weight.bin` of a `.mlpackage`, as one ONNX network.

The picture goes in as Core ML gets it: 0..255, in the order of colours that the file states; scaling and bias are in
the graph. Half precision becomes float32. The labels and the order of colours stand in the metadata.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import PROGRAM, Image, Suppression, read_model
from inference.intake.importers.coreml.layers import build_layers
from inference.intake.importers.coreml.operations import build_program
from inference.intake.importers.coreml.program import read_program
from inference.intake.importers.files import read_file
from inference.intake.importers.graph import Graph
from models.card import ModelCard


@dataclass(frozen=True, slots=True)
class Read:
    """A Core ML file, read."""

    graph: Graph                       # the network; its input is (1, c, h, w) in 0..255
    image: Image
    outputs: tuple[str, ...]           # names in the graph: the scores of a classifier, else all outputs
    labels: tuple[str, ...]            # of a classifier or of a suppression
    values: Mapping[str, str]          # every value of the file: its name in the graph
    suppression: Suppression | None    # what a pipeline does behind the network
    half: bool                         # a program that computes in half precision

    def model(self, outputs: Mapping[str, str]) -> Any:
        """The onnx.ModelProto with these outputs: what they shall be called, and their names in the graph."""
        ends = [self.graph.node("Identity", [value], name) for name, value in outputs.items()]
        channels = 1 if self.image.order == "GRAY" else 3
        shape = (1, channels, self.image.height, self.image.width)
        return self.graph.model((self.image.name, shape), *((end, None) for end in ends))


def read(model: Path, weights: Path | None, name: str) -> Read:
    """Read a `.mlmodel`, and the weights that a package keeps beside it; `name` is what errors call it.

    Raises:
        ImportFailed: a file is broken, or a layer or parameter is not known; the message names all layers that are not.
    """
    found = read_model(read_file(model), name)
    graph = Graph(name, name)
    half = False
    if found.kind == PROGRAM:
        program = read_program(found.network, read_file(weights) if weights else b"", name)
        outputs, labels, values = build_program(graph, program, found.image)
        half = program.half
    else:
        outputs, labels, values = build_layers(graph, found)
    if found.scaler:
        name_of, shift, scale = found.scaler
        values[name_of] = _scaled(graph, values[name_of], shift, scale)
        outputs = [values[name_of]]
    rule = found.suppression
    if rule:
        outputs, labels = [values[rule.coordinates], values[rule.confidence]], rule.labels
    return Read(graph, found.image, tuple(outputs), labels, values, rule, half)


def _scaled(graph: Graph, value: str, shift: tuple[float, ...], scale: tuple[float, ...]) -> str:
    """Scale * (x + shift), one number for all or one each: Scaler.proto."""
    flat = graph.reshape(value, f"{value}/flat", (1, -1))
    moved = graph.node("Add", [flat, graph.weight("scaler.shift", np.array(shift, np.float32))], "scaler.moved")
    return graph.node("Mul", [moved, graph.weight("scaler.scale", np.array(scale, np.float32))], "scaler.scaled")


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network; its input is (1, c, h, w) in 0..255.

    A pipeline that ends in a suppression gives the boxes before it: (1, n, 4) and (1, n, classes).

    Raises:
        ImportFailed: a file is broken, or a layer is not known; the message names all that are not.
    """
    names = [file.name for file in card.files] if len(card.files) == len(files) else [path.name for path in files]
    found = {Path(name).suffix.lower(): (path, name) for path, name in zip(files, names, strict=True)}
    if ".mlmodel" not in found:
        raise ImportFailed(f"{card.title} has no .mlmodel.", "A Core ML model is a .mlmodel or a .mlpackage.")
    path, name = found[".mlmodel"]
    network = read(path, found[".bin"][0] if ".bin" in found else None, name)
    outputs = list(network.outputs)
    if network.suppression:
        graph = network.graph
        outputs = [graph.reshape(value, f"batch/{value}", (1, -1, width))
                   for value, width in zip(outputs, (4, len(network.labels)), strict=True)]  # fmt: skip
    made = network.model({f"output/{value}": value for value in outputs})
    if network.labels:
        made.metadata_props.add(key="names", value=json.dumps(list(network.labels), ensure_ascii=True))
    made.metadata_props.add(key="order", value=network.image.order)
    return made
