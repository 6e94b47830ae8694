"""What onnx2coreml 1.1.0 does not lower, or lowers wrongly, as operations of coremltools' MIL."""

from typing import Any

import numpy as np


def register(converter: Any) -> None:
    """Add them to an onnx2coreml.Converter."""
    from coremltools.converters.mil import Builder as mb
    from onnx import helper

    def attributes(node: Any) -> dict[str, Any]:
        return {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def added(values: list[Any]) -> Any:
        made = values[0]
        for value in values[1:]:
            made = mb.add(x=made, y=value)
        return made

    @converter.register("LRN")   # type: ignore[untyped-decorator]
    def lrn(ctx: Any, node: Any) -> Any:
        """X / (bias + alpha / size * sum of squares over `size` channels) ^ beta; MIL divides alpha by size, too."""
        given = attributes(node)
        return mb.local_response_norm(
            x=ctx.values_map[node.input[0]], size=int(given["size"]), alpha=float(given.get("alpha", 1e-4)),
            beta=float(given.get("beta", 0.75)), k=float(given.get("bias", 1.0)), name=node.output[0],
        )  # fmt: skip

    @converter.register("Sum")   # type: ignore[untyped-decorator]
    def total(ctx: Any, node: Any) -> Any:
        """Several values added one after the other."""
        return mb.identity(x=added([ctx.values_map[name] for name in node.input]), name=node.output[0])

    @converter.register("Mean")   # type: ignore[untyped-decorator]
    def mean(ctx: Any, node: Any) -> Any:
        """Several values added, by their number."""
        sum_of_all = added([ctx.values_map[name] for name in node.input])
        return mb.real_div(x=sum_of_all, y=np.float32(len(node.input)), name=node.output[0])

    @converter.register("Softsign")   # type: ignore[untyped-decorator]
    def softsign(ctx: Any, node: Any) -> Any:
        """X / (1 + |x|)."""
        return mb.softsign(x=ctx.values_map[node.input[0]], name=node.output[0])

    @converter.register("Mish")   # type: ignore[untyped-decorator]
    def mish(ctx: Any, node: Any) -> Any:
        """X tanh(softplus(x))."""
        x = ctx.values_map[node.input[0]]
        return mb.mul(x=x, y=mb.tanh(x=mb.softplus(x=x)), name=node.output[0])

    @converter.register("Selu")   # type: ignore[untyped-decorator]
    def selu(ctx: Any, node: Any) -> Any:
        """Gamma * elu(x), with the constants of arXiv 1706.02515."""
        given = attributes(node)
        inner = mb.elu(x=ctx.values_map[node.input[0]], alpha=float(given.get("alpha", 1.67326319217681884765625)))
        return mb.mul(x=inner, y=np.float32(given.get("gamma", 1.05070102214813232421875)), name=node.output[0])

    @converter.register("Celu")   # type: ignore[untyped-decorator]
    def celu(ctx: Any, node: Any) -> Any:
        """max(0, x) + min(0, alpha (exp(x / alpha) - 1))."""
        alpha = np.float32(attributes(node).get("alpha", 1.0))
        x = ctx.values_map[node.input[0]]
        bent = mb.mul(x=mb.sub(x=mb.exp(x=mb.real_div(x=x, y=alpha)), y=np.float32(1)), y=alpha)
        return mb.add(x=mb.relu(x=x), y=mb.minimum(x=bent, y=np.float32(0)), name=node.output[0])

    @converter.register("ThresholdedRelu")   # type: ignore[untyped-decorator]
    def thresholded(ctx: Any, node: Any) -> Any:
        """Only what is above alpha passes."""
        alpha = float(attributes(node).get("alpha", 1.0))
        x = ctx.values_map[node.input[0]]
        above = mb.cast(x=mb.greater(x=x, y=np.float32(alpha)), dtype="fp32")
        return mb.mul(x=x, y=above, name=node.output[0])
