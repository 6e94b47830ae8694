"""Which nodes of the file went into which operator that was run: ONNX Runtime fuses, and names by the last of them."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from inference.lab.profile.events import Node

DEEP = 8   # nodes between the last that was fused and the one that multiplies: batch normalisation, sum, activation


def with_origins(nodes: Sequence[Node], graph: Any, each: Mapping[str, int]) -> tuple[Node, ...]:
    """The operators with the multiply-adds of the file's own nodes, and which of those they are made of.

    Args:
        nodes: in the order in which they ran.
        graph: the onnx.GraphProto of the file; every node has a name of its own.
        each: multiply-adds by the first output of the file's nodes, as the counter has them.
    """
    from onnx import helper  # 26 MB: only who profiles pays

    named: dict[str, Any] = {}
    for node in graph.node:
        named[node.name] = None if node.name in named else node   # a name that stands twice tells nothing
    made_by = {output: node for node in graph.node for output in node.output}
    run = {node.name for node in nodes}
    sizes = {one.name: prod(one.dims) * helper.tensor_dtype_to_np_dtype(one.data_type).itemsize
             for one in graph.initializer}   # fmt: skip
    taken: set[str] = set()
    found = []
    for one in nodes:
        origin = named.get(one.name)
        if origin is None or not one.name:
            found.append(replace(one, macs=0))
            continue
        macs, inside = _gather(origin, made_by, each, taken, run)
        own = sum(sizes.get(value, 0) for value in {value for node in inside for value in node.input})
        # Weights that the engine has laid out anew for itself are not among what it says a node is given.
        unsaid = max(0, own - one.weights)
        ops = tuple(node.op_type for node in inside)
        found.append(replace(one, macs=macs, weights=own, moved=one.moved + unsaid, origins=ops))
    return tuple(found)


def _gather(
    last: Any, made_by: Mapping[str, Any], each: Mapping[str, int], taken: set[str], run: set[str]
) -> tuple[int, tuple[Any, ...]]:
    """The multiply-adds of the nodes that went into one, back from its last, and these, the first first."""
    macs, inside = 0, []
    todo, seen = deque([(last, 0)]), {last.name}
    while todo:
        node, depth = todo.popleft()
        inside.append(node)
        if node.output and node.output[0] in each and node.output[0] not in taken:
            taken.add(node.output[0])
            macs += each[node.output[0]]
            continue   # what is before the multiplication is another operator's
        for value in node.input if depth < DEEP else ():
            before = made_by.get(value)
            # What ran by itself, under its own name, did not go into this one.
            if before is not None and before.name not in seen and before.name not in run:
                seen.add(before.name)
                todo.append((before, depth + 1))
    return macs, tuple(reversed(inside))
