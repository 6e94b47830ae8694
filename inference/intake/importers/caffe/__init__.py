"""Caffe: a .prototxt that lists the layers and a .caffemodel with their numbers, as one ONNX network.

Semantics follow BVLC/caffe: pooling rounds its output up and lets no window begin outside the picture, an average
counts the padding, batch normalisation divides its sums by a factor of its own. A layer that is used for training
alone is left out; the loss behind a classifier becomes its softmax. The batch is 1.
"""

from pathlib import Path
from typing import Any

from inference.errors import ImportFailed
from inference.intake.importers.caffe.build import Builder
from inference.intake.importers.caffe.prototext import read_text
from inference.intake.importers.caffe.weights import read_caffemodel
from inference.intake.importers.files import read_file
from models.card import ModelCard

LARGEST_TEXT = 2_000_000    # bytes of a .prototxt; that of ResNet-152 has 100 kB


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network; its input is `data` (1, c, h, w), its outputs are what no layer uses.

    The size is the .prototxt's, and the card's where that says none.

    Raises:
        ImportFailed: a file is broken, they do not belong together, or a layer is not known; the message names all
            layers that are not.
    """
    names = [file.name for file in card.files] if len(card.files) == len(files) else [path.name for path in files]
    found = {Path(name).suffix.lower(): (path, name) for path, name in zip(files, names, strict=True)}
    if set(found) != {".prototxt", ".caffemodel"}:
        raise ImportFailed(
            f"{card.title} has the files {', '.join(names)}.", "A Caffe model is a .prototxt and a .caffemodel."
        )
    path, name = found[".prototxt"]
    net = read_text(read_file(path, LARGEST_TEXT).decode("utf-8", "replace"), name)
    path, weights_name = found[".caffemodel"]
    return Builder(net, read_caffemodel(path, weights_name), weights_name, card).model()
