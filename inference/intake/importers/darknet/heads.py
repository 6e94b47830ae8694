"""The detection heads of Darknet, decoded inside the graph: [yolo] of v3, v4 and later, [region] of v2.

A head sees, for each cell of its map and each anchor, x y w h, objectness and the classes. Boxes come out relative
to the network's input, 0..1, so that no decoder needs to know cells or anchors.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.darknet.cfg import Section
from inference.intake.importers.graph import Graph, Map

MOST_CELLS = 2**20   # cells × anchors of a head


class Head(NamedTuple):
    """A decoded head in the graph: (1, rows, columns)."""

    kind: str
    name: str
    rows: int
    columns: int     # 5 + classes


def yolo(graph: Graph, layer: Section, x: Map, size: tuple[int, int], mask: list[int] | None) -> Head:
    """A [yolo]: anchors in px of the input, of which `mask` names those of this head; every class by itself.

    Args:
        graph: gets the nodes.
        layer: the section.
        x: the map behind the last convolution.
        size: (height, width) of the input, px.
        mask: anchor numbers that replace those of the section.

    Raises:
        ImportFailed: the head does not fit its map.
    """
    anchors = _pairs(layer, layer.integer("num", 1, least=1))
    mask = layer.integers("mask", list(range(len(anchors))), least=0) if mask is None else mask
    if not mask or max(mask) >= len(anchors):
        raise layer.fail(f"its mask names anchor {max(mask, default=0)} of {len(anchors)}")
    chosen = anchors[mask] / np.array(size[::-1], np.float64)
    return _decode(graph, layer, x, chosen, per_class=True, new=layer.integer("new_coords", 0) != 0)


def region(graph: Graph, layer: Section, x: Map) -> Head:
    """A [region]: anchors in cells; the classes exclude each other where the section says softmax.

    Raises:
        ImportFailed: the head does not fit its map.
    """
    if layer.integer("coords", 4) != 4:
        raise layer.fail("its boxes have other coordinates than x y w h", "Choose another network.")
    number = layer.integer("num", 1, least=1)
    anchors = _pairs(layer, number)[:number] / np.array([x.width, x.height], np.float64)
    return _decode(graph, layer, x, anchors, per_class=layer.integer("softmax", 0) == 0, new=False)


def _pairs(layer: Section, number: int) -> NDArray[np.float64]:
    """The anchors, (number, 2) width height in the section's unit."""
    values = layer.numbers("anchors", [])
    if len(values) < 2 * number or len(values) % 2:
        raise layer.fail(f"it has {len(values)} anchor values for {number} anchors")
    return np.array(values, np.float64).reshape(-1, 2)


def _decode(
    graph: Graph, layer: Section, x: Map, anchors: NDArray[np.float64], *, per_class: bool, new: bool
) -> Head:
    """The nodes of a head; anchors (n, 2) relative to the input.

    `new` is AlexeyAB's new_coords: everything went through a sigmoid already, sides grow with the square.
    """
    count, classes = len(anchors), layer.integer("classes", 20, least=1)
    columns = 5 + classes
    if x.channels != count * columns:
        raise layer.fail(
            f"{count} anchors with {classes} classes need {count * columns} channels, its input has {x.channels}"
        )
    if count * x.height * x.width > MOST_CELLS:
        raise layer.fail("it has more boxes than can be")
    at, scale = f"l{layer.index}", layer.number("scale_x_y", 1.0)

    def number(name: str, values: NDArray[np.float64] | float) -> str:
        return graph.weight(f"{at}.{name}", np.array(values, np.float32))

    def op(kind: str, name: str, *inputs: str) -> str:
        return graph.node(kind, list(inputs), f"{at}.{name}")

    def sigmoid(name: str, value: str) -> str:
        return value if new else op("Sigmoid", f"{name}.sigmoid", value)

    rows = graph.reshape(x.name, f"{at}.anchors", (1, count, columns, x.height, x.width))
    rows = graph.node("Transpose", [rows], f"{at}.cells", perm=[0, 1, 3, 4, 2])
    parts = {}
    for name, first, last in (("xy", 0, 2), ("wh", 2, 4), ("object", 4, 5), ("classes", 5, columns)):
        ends = [
            graph.weight(f"{at}.{name}.{end}", np.array([value], np.int64))
            for end, value in (("first", first), ("last", last), ("axis", 4))
        ]
        parts[name] = op("Slice", name, rows, *ends)

    # Centre: within its cell, the reach stretched by scale_x_y so that 0 and 1 can be met.
    down, across = np.mgrid[: x.height, : x.width]
    corner = np.stack([across, down], axis=-1)[None, None] - 0.5 * (scale - 1)
    centre = sigmoid("xy", parts["xy"])
    if scale != 1.0:
        centre = op("Mul", "xy.stretched", centre, number("scale_x_y", scale))
    centre = op("Add", "xy.moved", centre, number("corner", corner))
    centre = op("Mul", "centre", centre, number("cell", np.array([1 / x.width, 1 / x.height])))

    sides = parts["wh"]
    if new:
        sides = op("Mul", "wh.squared", sides, sides)
        anchors = anchors * 4
    else:
        sides = op("Exp", "wh.exp", sides)
    sides = op("Mul", "sides", sides, number("sides.anchors", anchors.reshape(1, count, 1, 1, 2)))

    scores = (
        sigmoid("classes", parts["classes"])
        if per_class
        else graph.node("Softmax", [parts["classes"]], f"{at}.classes.softmax", axis=4)
    )
    joined = graph.node(
        "Concat", [centre, sides, sigmoid("object", parts["object"]), scores], f"{at}.joined", axis=4
    )
    boxes = count * x.height * x.width
    return Head(layer.kind, graph.reshape(joined, at, (1, boxes, columns)), boxes, columns)
