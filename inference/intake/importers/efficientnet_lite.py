"""EfficientNet-Lite 0 to 4 from a PyTorch state dictionary with the names of efficientnet_lite_pytorch.

The network is that of https://github.com/tensorflow/tpu, models/official/efficientnet/lite: no squeeze-and-excitation,
ReLU6, stem and head of fixed width. Widths and kernels come from the weights; how often each stage repeats tells the
size. Padding is TensorFlow's SAME for the card's input size; batch normalisation is folded into the convolutions.
"""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.graph import Graph, fold
from inference.intake.importers.torch_file import read_tensors
from models.card import ModelCard

EPSILON = 1e-3
STEPS = (1, 2, 2, 2, 1, 2, 1)   # of the first block of each stage
# How many blocks each stage has, by their sum: Lite0; Lite1 and Lite2; Lite3; Lite4.
REPEATS = {
    16: (1, 2, 2, 3, 3, 4, 1),
    21: (1, 3, 3, 4, 4, 5, 1),
    24: (1, 3, 3, 5, 5, 6, 1),
    30: (1, 4, 4, 6, 6, 8, 1),
}

HINT = "Choose weights of an EfficientNet-Lite."


def convert(files: tuple[Path, ...], card: ModelCard) -> Any:
    """The network with logits (1, classes) as its output.

    Raises:
        ImportFailed: the file is broken or hostile, or is not such a network.
    """
    return _Builder(read_tensors(files[0]), files[0].name, card).model()


class _Builder:
    """One conversion: the tensors, the graph, and the picture size as it shrinks."""

    def __init__(self, tensors: dict[str, NDArray[Any]], file: str, card: ModelCard) -> None:
        self._tensors, self._file = tensors, file
        self._input = (1, 3, *card.input.size)
        self._size = card.input.size
        self._channels = 3
        self._graph = Graph(card.name, file)
        self._wrong: list[str] = []    # tensors that are missing or do not fit: all of them are named

    def model(self) -> Any:
        blocks = len({name.split(".")[1] for name in self._tensors if name.startswith("_blocks.") and "." in name[8:]})
        if blocks not in REPEATS:
            raise ImportFailed(f"{self._file} has {blocks} blocks, which is no EfficientNet-Lite.", HINT)
        steps = [
            STEPS[stage] if i == 0 else 1 for stage, repeats in enumerate(REPEATS[blocks]) for i in range(repeats)
        ]
        x = self._relu6(self._conv("input", "_conv_stem", "_bn0", step=2))
        for number, step in enumerate(steps):
            x = self._block(x, f"_blocks.{number}", step)
        x = self._relu6(self._conv(x, "_conv_head", "_bn1"))
        x = self._graph.node("GlobalAveragePool", [x], "average")
        x = self._graph.reshape(x, "features", (1, self._channels))
        weights = self._tensor("_fc.weight", 2)
        bias = self._tensor("_fc.bias", 1)
        if weights is not None and (weights.shape[1] != self._channels or bias is None or len(bias) != len(weights)):
            self._wrong.append("_fc.weight")
        if self._wrong or weights is None or bias is None:
            wrong = ", ".join(self._wrong[:12]) + (f" and {len(self._wrong) - 12} more" if self._wrong[12:] else "")
            raise ImportFailed(f"{self._file} lacks these weights, or they have the wrong shape: {wrong}.", HINT)
        graph = self._graph
        graph.node(
            "Gemm", [x, graph.weight("_fc.weight", weights), graph.weight("_fc.bias", bias)], "logits", transB=1
        )
        return graph.model(("input", self._input), ("logits", (1, len(bias))))

    def _block(self, x: str, name: str, step: int) -> str:
        """Widen, filter each channel by itself, narrow again; added to its input where that has the same shape."""
        before, channels = x, self._channels
        if f"{name}._expand_conv.weight" in self._tensors:
            x = self._relu6(self._conv(x, f"{name}._expand_conv", f"{name}._bn0"))
        x = self._relu6(self._conv(x, f"{name}._depthwise_conv", f"{name}._bn1", step=step, depthwise=True))
        x = self._conv(x, f"{name}._project_conv", f"{name}._bn2")
        if step == 1 and self._channels == channels:
            x = self._graph.node("Add", [x, before], f"{name}.add")
        return x

    def _conv(self, x: str, name: str, norm: str, *, step: int = 1, depthwise: bool = False) -> str:
        """A convolution and its batch normalisation as one."""
        weights = self._tensor(f"{name}.weight", 4)
        norms = [self._tensor(f"{norm}.{part}", 1) for part in ("weight", "bias", "running_mean", "running_var")]
        scale, shift, mean, variance = norms
        if weights is None or scale is None or shift is None or mean is None or variance is None:
            return x
        out, width, height_k, width_k = weights.shape
        groups = self._channels if depthwise else 1
        fits = len(scale) == len(shift) == len(mean) == len(variance) == out
        if width * groups != self._channels or (depthwise and out != groups) or not fits:
            self._wrong.append(f"{name}.weight")
            return x
        tops = [_same(side, kernel, step) for side, kernel in zip(self._size, (height_k, width_k), strict=True)]
        pads = (tops[0][0], tops[1][0], tops[0][1], tops[1][1])
        self._size = (-(-self._size[0] // step), -(-self._size[1] // step))
        self._channels = out
        folded, bias = fold(weights, scale, shift, mean, variance, EPSILON)
        return self._graph.conv(x, name, folded, bias, pads=pads, strides=(step, step), groups=groups)

    def _relu6(self, x: str) -> str:
        return self._graph.relu6(x, f"{x}.relu6")

    def _tensor(self, name: str, dimensions: int) -> NDArray[Any] | None:
        """The tensor of a name, None and noted where there is none of this form."""
        tensor = self._tensors.get(name)
        if tensor is None or tensor.ndim != dimensions or tensor.dtype.kind != "f":
            self._wrong.append(name)
            return None
        return tensor


def _same(side: int, kernel: int, step: int) -> tuple[int, int]:
    """TensorFlow's SAME padding along one side, px before and behind: the odd one goes behind."""
    pad = max((-(-side // step) - 1) * step + kernel - side, 0)
    return pad // 2, pad - pad // 2
