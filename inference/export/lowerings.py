"""What onnx2coreml 1.1.0 does not lower, or lowers wrongly, as operations of coremltools' MIL."""

from typing import Any

import numpy as np


def register(converter: Any) -> None:
    """Add them to an onnx2coreml.Converter."""
    from coremltools.converters.mil import Builder as mb
    from onnx import helper

    def attributes(node: Any) -> dict[str, Any]:
        return {a.name: helper.get_attribute_value(a) for a in node.attribute}

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
        values = [ctx.values_map[name] for name in node.input]
        made = values[0]
        for i, value in enumerate(values[1:], 1):
            last = {"name": node.output[0]} if i == len(values) - 1 else {}
            made = mb.add(x=made, y=value, **last)
        return made if len(values) > 1 else mb.identity(x=made, name=node.output[0])

    @converter.register("ThresholdedRelu")   # type: ignore[untyped-decorator]
    def thresholded(ctx: Any, node: Any) -> Any:
        """Only what is above alpha passes."""
        alpha = float(attributes(node).get("alpha", 1.0))
        x = ctx.values_map[node.input[0]]
        above = mb.cast(x=mb.greater(x=x, y=np.float32(alpha)), dtype="fp32")
        return mb.mul(x=x, y=above, name=node.output[0])
