"""The operations of a Core ML program as ONNX nodes. What is not known is refused, and so is every parameter.

Names, parameters, defaults and meanings are those of `coremltools.converters.mil.mil.ops.defs` of coremltools 9.0;
where an operation has a twin of another meaning in ONNX, the words of the definition stand beside it.
"""

from inference.errors import ImportFailed
from inference.intake.importers.coreml.arguments import Args, Values
from inference.intake.importers.coreml.file import Image
from inference.intake.importers.coreml.operations import elementwise, learned, resizing, shaping
from inference.intake.importers.coreml.operations.compressed import COMPRESSED
from inference.intake.importers.coreml.program import Program
from inference.intake.importers.graph import Graph

OPERATIONS = {**learned.OPERATIONS, **elementwise.OPERATIONS, **shaping.OPERATIONS, **resizing.OPERATIONS}


def build_program(
    graph: Graph, program: Program, image: Image
) -> tuple[list[str], tuple[str, ...], dict[str, str]]:
    """All operations into `graph`; the names of the outputs, the labels, and what every value is called in the graph.

    Raises:
        ImportFailed: an operation or a parameter is not known here; all unknown operations are named.
    """
    known = OPERATIONS.keys() | COMPRESSED.keys() | {"const", "classify"}
    if unknown := sorted({op.kind for op in program.operations} - known):
        raise ImportFailed(
            f"{program.file} has operations that are not known here: {', '.join(unknown)}.",
            "Convert the model to ONNX with the program that made it.",
        )
    build = Values(graph, program.file, image)
    ends = list(program.outputs)
    labels: tuple[str, ...] = ()
    for op in program.operations:
        if not op.outputs or any(out in build.names or out in build.constants for out in op.outputs):
            raise ImportFailed(f"{program.file} makes {op.outputs} twice.", "Fetch the file again.")
        args = Args(op, build)
        build.shapes.update(zip(op.outputs, op.shapes, strict=False))
        if op.kind == "const":
            build.constants[op.outputs[0]] = op.constants.get("val")
        elif op.kind in COMPRESSED:
            build.constants[op.outputs[0]] = COMPRESSED[op.kind](args, op.constants)
            args.done()
        elif op.kind == "classify":
            labels = tuple(str(label) for label in args.constant("classes"))
            ends = [args.value("probabilities")]
            build.names.update(dict.fromkeys(op.outputs, ends[0]))
        else:
            made = OPERATIONS[op.kind](graph, args, f"op/{op.outputs[0]}")
            results = made if isinstance(made, list) else [made]
            if len(results) != len(op.outputs):
                raise args.fail(f"it has {len(op.outputs)} results, not {len(results)}")
            build.names.update(zip(op.outputs, results, strict=True))
            args.done()
    if any(op.kind == "classify" for op in program.operations):
        return ends, labels, build.names
    if not ends or any(out not in build.names for out in ends):
        raise ImportFailed(f"{program.file} has no output that its operations make.", "Fetch the file again.")
    return [build.names[out] for out in ends], labels, build.names
