"""Seven families of networks, each small enough to be read at once: a digit of 28 × 28 in, ten logits out.

What differs between them is the architecture and nothing else. Each is written once, as a function of `Layers`: given
those of `training.trainable` it becomes a network that learns, given those of `training.written` the ONNX graph of what
was learnt. `net.conv` is a convolution with "same" padding, a batch normalisation and a ReLU; where a family did
without one of them, the call says so.
"""

from collections.abc import Callable
from typing import Any, Protocol

Value = Any   # what flows between two layers; each `Layers` has its own kind


class Layers(Protocol):
    """The layers that the networks are made of. Maps have as many channels as the layer that made them has filters."""

    def conv(
        self, x: Value, filters: int, size: int, *, stride: int = 1, padding: str = "same", norm: bool = True,
        then: str = "relu",
    ) -> Value:
        """A convolution of size × size; `then`: "relu", "tanh" or "" for none."""

    def depthwise(self, x: Value, size: int, *, stride: int = 1) -> Value:
        """A convolution of each channel by itself."""

    def dense(self, x: Value, units: int, then: str = "") -> Value:
        """Every value with every unit; a map is laid out flat first."""

    def largest(self, x: Value, size: int = 2, *, stride: int = 2) -> Value:
        """Max-pooling; with stride 1 the map keeps its sides."""

    def average(self, x: Value) -> Value:
        """Average-pooling, 2 × 2."""

    def overall(self, x: Value) -> Value:
        """The mean of each channel."""

    def joined(self, *xs: Value) -> Value:
        """The channels of several maps, one behind the other."""

    def sum(self, x: Value, y: Value) -> Value:
        """Two maps added, and a ReLU."""

    def dropout(self, x: Value, share: float) -> Value:
        """Leaves out so many values while it learns."""


def dense(net: Layers, x: Value) -> Value:
    """Two layers that connect everything with everything know nothing of neighbours: most weights, least to learn from.

    512 units twice, as in the example that Keras began with and the talk trained on its laptop.
    """
    x = net.dropout(net.dense(x, 512, "relu"), 0.2)
    x = net.dropout(net.dense(x, 512, "relu"), 0.2)
    return net.dense(x, 10)


def lenet(net: Layers, x: Value) -> Value:
    """The same small filter everywhere, then coarser, then again: LeCun and others, "Gradient-based learning", 1998.

    LeNet-5 as published: hyperbolic tangents, averages, no normalisation; a plain last layer in place of its distances.
    """
    x = net.average(net.conv(x, 6, 5, norm=False, then="tanh"))
    x = net.average(net.conv(x, 16, 5, padding="valid", norm=False, then="tanh"))
    x = net.dense(net.dense(x, 120, "tanh"), 84, "tanh")
    return net.dense(x, 10)


def vgg(net: Layers, x: Value) -> Value:
    """Nothing but 3 × 3, two of them see what a 5 × 5 sees: Simonyan and Zisserman, 2014.

    Filters double where the sides halve, and two dense layers stand at the end, with most of the weights.
    """
    for filters in (16, 32, 64):
        x = net.largest(net.conv(net.conv(x, filters, 3), filters, 3))
    x = net.dropout(net.dense(x, 128, "relu"), 0.3)
    return net.dense(x, 10)


def inception(net: Layers, x: Value) -> Value:
    """Filters of several sizes side by side, narrow ones before the dear ones: Szegedy and others, 2014."""

    def module(x: Value, filters: int) -> Value:
        return net.joined(
            net.conv(x, filters, 1),
            net.conv(net.conv(x, filters, 1), 2 * filters, 3),
            net.conv(net.conv(x, filters // 2, 1), filters, 5),
            net.conv(net.largest(x, 3, stride=1), filters, 1),
        )

    x = net.largest(net.conv(x, 16, 3))
    x = net.largest(module(module(x, 8), 12))
    x = module(x, 16)
    return net.dense(net.dropout(net.overall(x), 0.2), 10)


def resnet(net: Layers, x: Value) -> Value:
    """Each block adds to what came before, so that a deeper network is never a worse one: He and others, 2015."""

    def block(x: Value, filters: int, stride: int = 1) -> Value:
        y = net.conv(net.conv(x, filters, 3, stride=stride), filters, 3, then="")
        return net.sum(y, x if stride == 1 else net.conv(x, filters, 1, stride=stride, then=""))

    x = block(net.conv(x, 16, 3), 16)
    x = block(block(x, 32, stride=2), 32)
    x = block(x, 48, stride=2)
    return net.dense(net.overall(x), 10)


def mobilenet(net: Layers, x: Value) -> Value:
    """A convolution in two steps, each channel by itself, then 1 × 1 across: Howard and others, 2017."""

    def separable(x: Value, filters: int, stride: int = 1) -> Value:
        return net.conv(net.depthwise(x, 3, stride=stride), filters, 1)

    x = net.conv(x, 16, 3, stride=2)
    x = separable(separable(x, 32), 64, stride=2)
    x = separable(separable(x, 64), 96, stride=2)
    x = separable(x, 128)
    return net.dense(net.dropout(net.overall(x), 0.2), 10)


def squeezenet(net: Layers, x: Value) -> Value:
    """Squeeze to few channels, expand with 1 × 1 and 3 × 3, no dense layer at all: Iandola and others, 2016."""

    def fire(x: Value, squeezed: int, expanded: int) -> Value:
        x = net.conv(x, squeezed, 1)
        return net.joined(net.conv(x, expanded, 1), net.conv(x, expanded, 3))

    x = net.largest(net.conv(x, 16, 3))
    x = net.largest(fire(fire(x, 8, 16), 8, 16))
    x = fire(fire(x, 12, 24), 12, 24)
    return net.overall(net.conv(net.dropout(x, 0.2), 10, 1, norm=False, then=""))


def linear(net: Layers, x: Value) -> Value:
    """Nothing in between: a picture of weights for each digit, laid over the drawing and summed up.

    Where the talk begins. It cannot be taught both polarities, so it learns from digits as they are.
    """
    return net.dense(x, 10)


def zero_or_one(net: Layers, x: Value) -> Value:
    """The same for two digits alone: what makes a 0 a 0, and not a 1."""
    return net.dense(x, 2)


# By the name of the file and, behind "digits-", of the card.
NETWORKS: dict[str, Callable[[Layers, Value], Value]] = {
    "dense": dense, "lenet": lenet, "vgg": vgg, "inception": inception, "resnet": resnet, "mobilenet": mobilenet,
    "squeezenet": squeezenet,
}  # fmt: skip

# What is shown of weights: the digits that each tells apart.
LINEAR: dict[str, tuple[Callable[[Layers, Value], Value], tuple[int, ...]]] = {
    "linear": (linear, tuple(range(10))), "zero-or-one": (zero_or_one, (0, 1)),
}  # fmt: skip
