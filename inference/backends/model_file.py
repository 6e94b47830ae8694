"""Look at an ONNX file before an engine opens it: is it one, and does it stay in its folder?"""

import mmap
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from inference.errors import BackendError
from inference.foreign import foreign

AGAIN = "The file may be truncated or no ONNX model; fetch it again."


def check_file(path: Path) -> None:
    """Refuse what no engine should be given.

    Raises:
        BackendError: the file is missing, a folder, empty or unreadable, or leaves its own folder.
    """
    if path.is_dir():
        raise BackendError(f"{path.name} is a folder, not a model.", "Choose the .onnx file inside it.")
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise BackendError(f"{path.name} is empty.", "Fetch it again.")
            # Weights outside the file are rare, and named by this key. Only then the graph is parsed.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                external = content.find(b"location") >= 0
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        reason = "is not there" if missing else f"cannot be read: {error.strerror}"
        raise BackendError(f"{path.name} {reason}.", "Check the file, or fetch it again.") from error
    if external:
        with foreign(f"{path.name} cannot be read", AGAIN, BackendError):   # its names may be no text
            for location in external_files(read_model(path)):
                _check_location(path, location)


def read_model(path: Path) -> Any:
    """The onnx.ModelProto in a file, without the weights that lie in others.

    Raises:
        BackendError: the file is no ONNX model.
    """
    # Imported here, for it takes a while and most models need no look inside.
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError as error:
        raise BackendError(f"{path.name} is no ONNX model, or only a part of one.", AGAIN) from error
    if not model.graph.node:
        raise BackendError(f"{path.name} is no ONNX model, or only a part of one.", AGAIN)
    return model


def add_outputs(model: Any, names: Sequence[str]) -> None:
    """Let a model give these inner values as well, behind its outputs, in this order; one that it gives comes again.

    Raises:
        BackendError: there is no such value.
    """
    from onnx import helper

    made = {output for node in model.graph.node for output in node.output if output}
    if missing := [name for name in names if name not in made]:
        raise BackendError(f"The network has no inner value {missing[0]!r}.", "Choose the output of one of its nodes.")
    given = {output.name for output in model.graph.output}
    for name in names:
        if name in given:   # an output cannot be named twice
            model.graph.node.append(helper.make_node("Identity", [name], [f"{name}/tap"]))
            name = f"{name}/tap"
        given.add(name)
        model.graph.output.append(helper.make_empty_tensor_value_info(name))


def external_files(model: Any) -> list[str]:
    """The files outside `model` that its weights lie in, as it names them."""
    tops = [model.graph, *(graph for training in model.training_info for graph in (training.initialization,
                                                                                   training.algorithm))]   # fmt: skip
    tensors = [t for top in tops for graph in _graphs(top) for t in _tensors(graph)]
    for function in model.functions:
        tensors += _node_tensors(function.node)
        tensors += [t for graph in _inner(function.node) for t in _tensors(graph)]
    entries = (e for t in tensors for e in t.external_data)
    return sorted({entry.value for entry in entries if entry.key == "location"})


def _check_location(path: Path, location: str) -> None:
    """A location must be a file below the model's folder, links followed, on every platform."""
    folder = path.resolve().parent
    parts = PureWindowsPath(location)   # knows both slashes, drives and shares
    try:
        file = (folder / location).resolve()
        there = file.is_file()
    except (OSError, ValueError):   # a name that no system takes
        file, there = folder / "none", False
    if parts.anchor or ".." in parts.parts or not file.is_relative_to(folder):
        raise BackendError(
            f"{path.name} wants to read {location!r}, which is outside its own folder.",
            "Do not use this file unless you know who made it.",
        )
    if not there:
        raise BackendError(
            f"The weights of {path.name} lie in {location!r}, which is not there.", "Put it beside the model."
        )


def _graphs(graph: Any) -> list[Any]:
    """A graph and those inside its nodes (If, Loop, Scan), also where these have no nodes themselves."""
    return [graph, *_inner(graph.node)]


def _inner(nodes: Any) -> list[Any]:
    """The graphs inside nodes, and those inside these."""
    return [
        deeper
        for node in nodes
        for attribute in node.attribute
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs)
        for deeper in _graphs(graph)
    ]


def _tensors(graph: Any) -> list[Any]:
    """The tensors of one graph."""
    return [*graph.initializer, *_sparse(graph.sparse_initializer), *_node_tensors(graph.node)]


def _node_tensors(nodes: Any) -> list[Any]:
    """The tensors inside the nodes' attributes."""
    return [
        t
        for node in nodes
        for a in node.attribute
        for t in (a.t, *a.tensors, *_sparse([a.sparse_tensor, *a.sparse_tensors]))
    ]


def _sparse(tensors: Any) -> list[Any]:
    return [t for tensor in tensors for t in (tensor.values, tensor.indices)]
