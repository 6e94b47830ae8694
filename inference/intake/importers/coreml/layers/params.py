"""The parameters of a layer, each taken once, and the numbers in them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import halves, real
from inference.intake.importers.graph import Graph
from inference.intake.importers.wire import Value, fields, integers, message, numbers

Array = NDArray[Any]
Found = dict[int, list[Value]]


class Params:
    """The fields of one message, by number; what nobody asked for is refused by `done`."""

    def __init__(self, data: Value, file: str, layer: str, source: tuple[str, tuple[int, ...]] = ("", ())) -> None:
        """`source` is the picture of the network: its name and shape."""
        self.file, self.layer, self.source = file, layer, source
        self._found: Found = {}
        for number, _kind, value in fields(message(data, file), file):
            self._found.setdefault(number, []).append(value)
        self._asked: set[int] = set()

    def __contains__(self, number: int) -> bool:
        self._asked.add(number)
        return number in self._found

    def values(self, number: int) -> list[Value]:
        """All values of a field."""
        self._asked.add(number)
        return self._found.get(number, [])

    def integers(self, number: int) -> list[int]:
        """All whole numbers of a field."""
        return [i for value in self.values(number) for i in integers(value, self.file)]

    def integer(self, number: int, usual: int = 0) -> int:
        """The last whole number of a field."""
        return [usual, *self.integers(number)][-1]

    def real(self, number: int, usual: float = 0.0) -> float:
        """The last number of a field."""
        return [usual, *(real(value, self.file) for value in self.values(number))][-1]

    def inner(self, number: int) -> "Params":
        """The message of a field; an empty one where there is none."""
        found = self.values(number)
        return Params(found[-1] if found else memoryview(b""), self.file, self.layer)

    def done(self) -> None:
        """Refuse what was not asked for: a parameter that is passed over makes another network."""
        if unknown := sorted(self._found.keys() - self._asked):
            raise self.fail(f"its parameters {', '.join(map(str, unknown))} are not known here")

    def fail(self, what: str) -> ImportFailed:
        """What to raise when something is wrong here."""
        return ImportFailed(
            f"{self.file}, layer {self.layer}: {what}.", "Convert the model to ONNX with the program that made it."
        )


def weights_of(params: Params, number: int, shape: Sequence[int]) -> Array:
    """A WeightParams in this shape: float32, float16, or 8 bits and fewer with their scale or table."""
    given = params.inner(number)
    file, size = params.file, int(np.prod(shape, dtype=object))
    found: Array
    if raw := given.values(1):
        found = np.concatenate([numbers(value, "<f4", file) for value in raw])
    elif raw := given.values(2):
        found = halves(message(raw[-1], file), file)
    elif raw := given.values(30):
        found = _unpacked(params, given.inner(40), message(raw[-1], file), size, shape[0])
    else:
        raise params.fail("its weights are missing or in a form that is not known here")
    given.values(50)
    given.done()
    if found.size != size:
        raise params.fail(f"it wants {'×'.join(map(str, shape))} numbers and has {found.size}")
    return found.astype(np.float32).reshape(shape)


def _unpacked(params: Params, how: Params, raw: memoryview, size: int, outputs: int) -> Array:
    """Numbers of 1 to 8 bits, the first in the highest bits, by a scale for each output or through a table."""
    bits = how.integer(1)
    if not 1 <= bits <= 8 or len(raw) * 8 < size * bits or size > len(raw) * 8:
        raise params.fail(f"its {size} weights of {bits} bits do not fit into {len(raw)} bytes")
    parts = np.unpackbits(np.frombuffer(raw, np.uint8))[: size * bits].reshape(size, bits)
    levels = parts @ (1 << np.arange(bits)[::-1])
    if 102 in how:
        table_of = how.inner(102)
        table = floats(table_of, 1)
        table_of.done()
        if levels.max(initial=0) >= table.size:
            raise params.fail("its weights point beyond their table")
        found = table[levels]
    else:
        linear = how.inner(101)
        scale, bias = floats(linear, 1, [1.0]), floats(linear, 2, [0.0])
        linear.done()
        rows = levels.reshape(outputs, -1)
        if scale.size not in (1, outputs) or bias.size not in (1, outputs):
            raise params.fail(f"it has {scale.size} scales for {outputs} outputs")
        found = rows * scale.reshape(-1, 1) + bias.reshape(-1, 1)
    how.done()
    return np.asarray(found)


def floats(params: Params, number: int, usual: Sequence[float] = ()) -> Array:
    """A repeated float."""
    found = [numbers(value, "<f4", params.file) for value in params.values(number)]
    return np.concatenate(found) if found else np.array(usual, np.float32)


def sides(params: Params, number: int, usual: list[int]) -> list[int]:
    """A parameter of height and width, 1 to 4096."""
    found = params.integers(number) or usual
    if len(found) != 2 or not all(1 <= side <= 4096 for side in found):
        raise params.fail(f"its parameter {number} is {found}")
    return found


def plane(graph: Graph, name: str, values: Array) -> str:
    """One number a channel, (1, c, 1, 1), as an initializer; its name."""
    return graph.weight(name, values.astype(np.float32).reshape(1, -1, 1, 1))


# graph, parameters, name of what is made, inputs → what it is called in the graph
Layer = Callable[[Graph, Params, str, list[str]], str]
