"""The layers of `training.networks` as Keras has them, to be trained."""

from typing import Any

import keras
from keras import layers

from training.written import same

SIDE = 28


class Depthwise(layers.Layer):
    """A depthwise convolution as a sum of shifted maps: JAX's own takes ten times as long on a CPU."""

    def __init__(self, size: int, stride: int) -> None:
        super().__init__()
        self._size, self._stride = size, stride

    def build(self, shape: tuple[Any, ...]) -> None:
        """Make the weights, (size, size, channels, 1) as Keras has them."""
        self.kernel = self.add_weight(shape=(self._size, self._size, shape[-1], 1), initializer="he_uniform")

    def call(self, x: Any) -> Any:
        """The same as `DepthwiseConv2D` with "same" padding."""
        (_, height, width, _), stride = x.shape, self._stride
        (top, bottom, high), (left, right, wide) = (same(side, self._size, stride) for side in (height, width))
        x = keras.ops.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
        y: Any = 0
        for i in range(self._size):
            for j in range(self._size):
                shifted = x[:, i : i + stride * (high - 1) + 1 : stride, j : j + stride * (wide - 1) + 1 : stride]
                y = y + shifted * self.kernel[i, j, :, 0]
        return y


class Trainable:
    """Makes Keras layers; those with weights are listed in the order in which they were asked for."""

    def __init__(self) -> None:
        self.weighted: list[tuple[Any, Any]] = []   # (layer, the batch normalisation behind it or None)

    def conv(
        self, x: Any, filters: int, size: int, *, stride: int = 1, padding: str = "same", norm: bool = True,
        then: str = "relu",
    ) -> Any:
        """As `Layers.conv`."""
        layer = layers.Conv2D(filters, size, stride, padding=padding, use_bias=not norm)
        return self._ended(layer, x, norm, then)

    def depthwise(self, x: Any, size: int, *, stride: int = 1) -> Any:
        """As `Layers.depthwise`."""
        return self._ended(Depthwise(size, stride), x, True, "relu")

    def dense(self, x: Any, units: int, then: str = "") -> Any:
        """As `Layers.dense`."""
        return self._ended(layers.Dense(units), layers.Flatten()(x) if len(x.shape) > 2 else x, False, then)

    def _ended(self, layer: Any, x: Any, norm: bool, then: str) -> Any:
        after = layers.BatchNormalization(momentum=0.95) if norm else None
        self.weighted.append((layer, after))
        x = layer(x)
        if after:
            x = after(x)
        return layers.Activation(then)(x) if then else x

    def largest(self, x: Any, size: int = 2, *, stride: int = 2) -> Any:
        """As `Layers.largest`."""
        return layers.MaxPooling2D(size, stride, padding="same" if stride == 1 else "valid")(x)

    def average(self, x: Any) -> Any:
        """As `Layers.average`."""
        return layers.AveragePooling2D(2)(x)

    def overall(self, x: Any) -> Any:
        """As `Layers.overall`."""
        return layers.GlobalAveragePooling2D()(x)

    def joined(self, *xs: Any) -> Any:
        """As `Layers.joined`."""
        return layers.Concatenate()(list(xs))

    def sum(self, x: Any, y: Any) -> Any:
        """As `Layers.sum`."""
        return layers.Activation("relu")(layers.Add()([x, y]))

    def dropout(self, x: Any, share: float) -> Any:
        """As `Layers.dropout`."""
        return layers.Dropout(share)(x)


def trainable(define: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The Keras model of a network, (n, 28, 28, 1) in 0..1 → (n, 10) logits, and its layers that have weights."""
    made = Trainable()
    x = keras.Input((SIDE, SIDE, 1))
    return keras.Model(x, define(made, x)), made.weighted
