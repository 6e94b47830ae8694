"""Pictures made larger or smaller: `image_resizing`."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from inference.intake.importers.coreml.arguments import Args
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
Build = Callable[[Graph, Args, str], str | list[str]]



def _resize(
    graph: Graph, args: Args, name: str, sides: tuple[int, int], mode: str, grid: str, **more: str
) -> str:
    shape = args.shape("x")
    if len(shape) != 4:
        raise args.fail("it is not one of height and width")
    sizes = graph.whole(f"{name}.sizes", [*shape[:2], *sides])
    given = [args.value("x"), "", "", sizes]
    return graph.node("Resize", given, name, mode=mode, coordinate_transformation_mode=grid, **more)


def _scaled_sides(args: Args) -> tuple[int, int]:
    """The sides after scaling; rounded down."""
    height, width = args.shape("x")[-2:]
    sides = (height * args.real("scale_factor_height", 1.0), width * args.real("scale_factor_width", 1.0))
    return int(sides[0] + 1e-6), int(sides[1] + 1e-6)


def _upsample_nearest(graph: Graph, args: Args, name: str) -> str:
    factors = [args.real(f"scale_factor_{side}", 1.0) for side in ("height", "width")]
    if any(factor != int(factor) for factor in factors):   # where a copy comes from is not stated then
        raise args.fail(f"scaling by {factors[0]:g} and {factors[1]:g} is not known here")
    return _resize(graph, args, name, _scaled_sides(args), "nearest", "asymmetric", nearest_mode="floor")


def _resize_nearest(graph: Graph, args: Args, name: str) -> str:
    sides = (args.integer("target_size_height"), args.integer("target_size_width"))
    if any(target % side for target, side in zip(sides, args.shape("x")[-2:], strict=True)):
        raise args.fail("scaling by other than whole numbers is not known here")
    return _resize(graph, args, name, sides, "nearest", "asymmetric", nearest_mode="floor")


def _upsample_bilinear(graph: Graph, args: Args, name: str) -> str:
    """align_corners: the corners' centres stay; else half_pixel_centers (usual: the opposite), else from the edge."""
    corners = args.integer("align_corners", 1)
    half = args.integer("half_pixel_centers", 1 - corners)
    grid = "align_corners" if corners else "half_pixel" if half else "asymmetric"
    return _resize(graph, args, name, _scaled_sides(args), "linear", grid)


def _resize_bilinear(graph: Graph, args: Args, name: str) -> str:
    modes = {"STRICT_ALIGN_CORNERS": "align_corners", "ALIGN_CORNERS": "align_corners", "UNALIGN_CORNERS": "half_pixel"}
    mode = args.text("sampling_mode", "DEFAULT")
    sides = (args.integer("target_size_height", 1), args.integer("target_size_width", 1))
    if mode not in modes or (mode != "UNALIGN_CORNERS" and 1 in sides):
        raise args.fail(f"its sampling mode {mode} is not known here")
    return _resize(graph, args, name, sides, "linear", modes[mode])


# What an operation is called: what builds it.
OPERATIONS: dict[str, Build] = {
    "upsample_nearest_neighbor": _upsample_nearest, "resize_nearest_neighbor": _resize_nearest,
    "upsample_bilinear": _upsample_bilinear, "resize_bilinear": _resize_bilinear,
}  # fmt: skip
