"""The parameters of one operation of a Core ML program, and the values that operations before it have made."""

from typing import Any

import numpy as np

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import Image
from inference.intake.importers.coreml.program import Constant, Operation
from inference.intake.importers.graph import Graph


class Args:
    """The parameters of one operation; what nobody asked for is refused by `done`."""

    def __init__(self, op: Operation, values: "Values") -> None:
        self.op, self._values = op, values
        self._left = set(op.inputs)

    def value(self, key: str) -> str:
        """The name, in the graph, of a value that is computed or constant."""
        self._left.discard(key)
        found = self.op.inputs.get(key, [])
        if len(found) != 1:
            raise self.fail(f"it has {len(found)} values for {key}")
        return self._values.name(found[0], self)

    def values(self, key: str) -> list[str]:
        """Several values."""
        self._left.discard(key)
        return [self._values.name(item, self) for item in self.op.inputs.get(key, [])]

    def has(self, key: str) -> bool:
        """Whether the parameter is given."""
        return key in self.op.inputs

    def constant(self, key: str, usual: Any = None) -> Any:
        """A parameter that must be known before: an array or a text."""
        self._left.discard(key)
        found = self.op.inputs.get(key, [])
        if not found and usual is not None:
            return usual
        item = found[0] if len(found) == 1 else None
        if isinstance(item, str) and item in self._values.constants:
            return self._values.constants[item]
        if item is None or (isinstance(item, str) and item in self._values.names):
            raise self.fail(f"its {key} is computed")
        return item

    def integers(self, key: str, usual: list[int] | None = None) -> list[int]:
        """Whole numbers."""
        found = self.constant(key, usual)
        try:
            return [int(v) for v in np.asarray(found).reshape(-1)]
        except (TypeError, ValueError) as error:
            raise self.fail(f"its {key} is no list of numbers") from error

    def integer(self, key: str, usual: int | None = None) -> int:
        """A whole number."""
        return self.integers(key, None if usual is None else [usual])[0]

    def real(self, key: str, usual: float | None = None) -> float:
        """A number."""
        return float(np.asarray(self.constant(key, usual)).reshape(-1)[0])

    def text(self, key: str, usual: str | None = None) -> str:
        """A word."""
        return str(self.constant(key, usual))

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a value."""
        found = self.op.inputs.get(key, [None])[0]
        shape = self._values.shapes.get(found) if isinstance(found, str) else np.shape(found)   # type: ignore[arg-type]
        if shape is None:
            raise self.fail(f"the shape of its {key} is not fixed")
        return tuple(shape)

    def done(self) -> None:
        """Refuse what was not asked for: a parameter that is passed over makes another network."""
        if self._left:
            raise self.fail(f"its parameters {', '.join(sorted(self._left))} are not known here")

    def fail(self, what: str) -> ImportFailed:
        """What to raise when something is wrong here."""
        return ImportFailed(
            f"{self._values.file}, {self.op.kind} {self.op.name or self.op.outputs}: {what}.",
            "Convert the model to ONNX with the program that made it.",
        )


class Values:
    """The graph in the making, and what every value of the program is called in it."""

    def __init__(self, graph: Graph, file: str, image: Image) -> None:
        self.graph, self.file = graph, file
        self.names = {image.name: image.name}
        self.constants: dict[str, Any] = {}
        self._literals = 0
        self.shapes: dict[str, tuple[int, ...] | None] = {
            image.name: (1, 1 if image.order == "GRAY" else 3, image.height, image.width)
        }

    def name(self, item: str | Constant, args: Args) -> str:
        """What a value is called in the graph; a constant comes into it by being asked for."""
        if isinstance(item, str) and item in self.names:
            return self.names[item]
        value = self.constants.get(item) if isinstance(item, str) else item
        if not isinstance(value, np.ndarray):
            raise args.fail(f"it takes {str(item)[:60]!r}, which nothing before it makes")
        if isinstance(item, str):
            name = f"constant/{item}"
        else:
            self._literals += 1
            name = f"literal/{self._literals}"
        return self.graph.weight(name, value if value.dtype.kind in "fb" else value.astype(np.int64))


def spatial(args: Args) -> dict[str, Any]:
    """Strides and padding of two sides as ONNX wants them."""
    strides = args.integers("strides", [1, 1])
    pads, kind = args.integers("pad", [0, 0, 0, 0]), args.text("pad_type", "valid")
    if len(strides) != 2 or len(pads) != 4:
        raise args.fail("it is not one of height and width")
    if kind in ("same", "same_lower"):
        return {"strides": strides, "auto_pad": "SAME_UPPER" if kind == "same" else "SAME_LOWER"}
    if kind == "valid":
        pads = [0, 0, 0, 0]
    elif kind != "custom":
        raise args.fail(f"padding {kind} is not known here")
    return {"strides": strides, "pads": [pads[0], pads[2], pads[1], pads[3]]}
