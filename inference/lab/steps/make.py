"""The files of the steps: constants folded, batch norm folded, 16 bits, 8 bits. Each by ONNX Runtime's own tools."""

import logging
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.backends.model_file import external_files, read_model
from inference.backends.ort import SIDE_INPUTS
from inference.errors import LabError
from inference.quiet_onnxruntime import onnxruntime as ort

# What ONNX Runtime's basic level does beside folding constants, by the names of onnxruntime/core/optimizer.
FUSIONS = [
    "ConvBNFusion", "ConvMulFusion", "ConvAddFusion", "MatmulBNFusion", "MatMul_BatchNormalization_Fusion",
    "MatMulAddFusion", "GemmSumFusion", "GemmTransposeFusion", "Pad_Fusion", "FuseReluClip", "ReshapeFusion",
    "ClipQuantRewrite", "ReluQuantRewrite", "QDQPropagationTransformer",
]  # fmt: skip
PER_CHANNEL = 13   # the first version of ONNX's operators with a scale for each channel

Given = Iterable[NDArray[Any]]


def make(step: str, network: Path, target: Path, given: Given) -> None:
    """Write the file of a step.

    Args:
        step: "folded", "bn", "fp16" or "int8".
        network: the ONNX file that it is made of, which is the step before.
        target: where it goes.
        given: inputs of the network, for the ranges that eight bits must hold.

    Raises:
        LabError: it cannot be made.
    """
    how: dict[str, Callable[[], None]] = {
        "folded": lambda: _basic(network, target, FUSIONS), "bn": lambda: _basic(network, target, []),
        "fp16": lambda: _half(network, target), "int8": lambda: _eight_bits(network, target, given),
    }  # fmt: skip
    try:
        if external_files(read_model(network)):
            raise LabError(f"{network.name} has its weights in other files.", "Add it, which takes them into one.")
        how[step]()
    except LabError:
        raise
    except Exception as error:   # the tools' exceptions share no base
        words = " ".join(str(error).split())[:160]
        raise LabError(f"The step {step!r} cannot be made of {network.name}: {words}.", "Leave it out.") from error


def operators_in(path: Path) -> dict[str, int]:
    """How many nodes of each operator the graph of a file has, those of its branches included."""
    return dict(Counter(_operators(read_model(path).graph)).most_common())


def operators_run(path: Path, folder: Path) -> dict[str, int]:
    """Those that are left when ONNX Runtime has optimised a file as far as it can; `folder` is for its own file."""
    options = _options(ort.GraphOptimizationLevel.ORT_ENABLE_ALL, folder / "optimised.onnx")
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return operators_in(folder / "optimised.onnx")


def byte_instructions() -> str:
    """What this processor multiplies bytes and adds them up with: "VNNI" and the like; "" where it has nothing."""
    flags: set[str] = set()
    with suppress(OSError):
        flags = set(Path("/proc/cpuinfo").read_text("utf-8").split())
    if platform.machine().lower() in ("arm64", "aarch64"):
        return "dot product" if not flags or "asimddp" in flags else ""
    return next((words for flag, words in (("amx_int8", "AMX"), ("avx512_vnni", "VNNI"), ("avx_vnni", "VNNI"))
                 if flag in flags), "")   # fmt: skip


def saturates() -> bool:
    """Whether two products of bytes may overflow the 16 bits that they are added in: x86 without VNNI."""
    return platform.machine().lower() in ("x86_64", "amd64", "x86", "i686") and not byte_instructions()


def _options(level: Any, target: Path | None = None) -> Any:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    if target:
        options.optimized_model_filepath = str(target)
    return options


def _basic(network: Path, target: Path, without: list[str]) -> None:
    options = _options(ort.GraphOptimizationLevel.ORT_ENABLE_BASIC, target)
    ort.InferenceSession(
        str(network), options, providers=["CPUExecutionProvider"], disabled_optimizers=without or None
    )


def _half(network: Path, target: Path) -> None:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(str(network)), keep_io_types=True), str(target))


def _eight_bits(network: Path, target: Path, given: Given) -> None:
    """Weights as signed bytes with a scale for each channel, what flows between as unsigned ones."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    model = _new_enough(network)
    name = next(one.name for one in model.graph.input if one.name not in SIDE_INPUTS)

    class Reader(CalibrationDataReader):   # type: ignore[misc]
        """Gives the inputs, one after the other."""

        def __init__(self) -> None:
            self._left = iter(given)

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            """One more, or None."""
            return next(({name: x} for x in self._left), None)

    quiet = logging.NullHandler()   # without a handler its advice would go to the terminal, and make one there for good
    logging.getLogger().addHandler(quiet)
    try:
        quantize_static(
            model, str(target), Reader(), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=saturates(),
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            # 256 steps from 0 to 1 would make nothing of all that is not likely.
            nodes_to_exclude=[node.name for node in model.graph.node if node.op_type in ("Softmax", "Sigmoid")],
        )  # fmt: skip
    finally:
        logging.getLogger().removeHandler(quiet)


def _new_enough(network: Path) -> Any:
    """The network with operators of PER_CHANNEL or later."""
    import onnx
    from onnx import version_converter

    model = onnx.load(str(network))
    version = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
    if version < PER_CHANNEL:
        model = version_converter.convert_version(model, PER_CHANNEL)
    constants = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]   # old files list their weights there
    for i, node in enumerate(model.graph.node):   # to be excluded, a node must have a name
        node.name = node.name or f"{node.op_type}_{i}"
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


def _operators(graph: Any) -> Iterator[str]:
    """Of a graph and of those inside."""
    for node in graph.node:
        yield node.op_type
        for kind in node.attribute:
            for part in [kind.g] if kind.HasField("g") else kind.graphs:
                yield from _operators(part)


def largest_difference(one: Sequence[NDArray[Any]], other: Sequence[NDArray[Any]]) -> float:
    """Between outputs of two networks, by the largest value of the first; 1 where the other has none or no numbers."""
    found = 0.0
    for a, b in zip(one, other, strict=True):
        if a.shape != b.shape or not np.isfinite(b.astype(np.float64)).all():
            return 1.0
        if a.size:
            scale = float(np.abs(a.astype(np.float64)).max()) or 1.0
            found = max(found, float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max()) / scale)
    return found
