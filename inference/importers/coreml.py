"""Core ML: a `.mlmodel`, or the `model.mlmodel` and `weight.bin` of a `.mlpackage`, as one ONNX network.

The picture goes in as Core ML gets it: 0..255, in the order of colours that the file states; scaling and bias are in
the graph. Half precision becomes float32. The labels and the order of colours stand in the metadata.
"""

import json
from pathlib import Path
from typing import Any

from inference.errors import ImportFailed
from inference.importers.coreml_file import PROGRAM, read_model
from inference.importers.coreml_layers import build_layers
from inference.importers.coreml_program import build_program, read_program
from inference.importers.files import read_file
from inference.importers.graph import Graph
from models.card import ModelCard


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network; its input is (1, c, h, w) in 0..255.

    Raises:
        ImportFailed: a file is broken, or a layer is not known; the message names all that are not.
    """
    names = [file.name for file in card.files] if len(card.files) == len(files) else [path.name for path in files]
    found = {Path(name).suffix.lower(): (path, name) for path, name in zip(files, names, strict=True)}
    if ".mlmodel" not in found:
        raise ImportFailed(f"{card.title} has no .mlmodel.", "A Core ML model is a .mlmodel or a .mlpackage.")
    path, name = found[".mlmodel"]
    model = read_model(read_file(path), name)
    graph = Graph(card.name, name)
    image = model.image
    shape = (1, 1 if image.order == "GRAY" else 3, image.height, image.width)
    if model.kind == PROGRAM:
        blob = read_file(found[".bin"][0]) if ".bin" in found else b""
        outputs, labels = build_program(graph, read_program(model.network, blob, name), image)
    else:
        outputs, labels = build_layers(graph, model)
    ends = [graph.node("Identity", [out], f"output/{out}") for out in outputs]
    made = graph.model((image.name, shape), *((end, None) for end in ends))
    if labels:
        made.metadata_props.add(key="names", value=json.dumps(list(labels), ensure_ascii=True))
    made.metadata_props.add(key="order", value=image.order)
    return made
