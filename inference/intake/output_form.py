"""What kind of network it is, and which decoder reads it: told from the shapes and the values of its outputs."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode.anchors import grids
from inference.errors import LabError
from models.card import InputSpec, ModelCard

Outputs = Sequence[NDArray[Any]]

LARGEST_CENTRE = 2.0                                   # of a box relative to the picture; in px it is far more
SSD_ANCHORS = 1917                                     # of SSD MobileNet v1


def output_form(
    card: ModelCard, answers: tuple[Outputs, Outputs], spec: InputSpec
) -> tuple[Any, str, int, dict[str, Any]]:
    """Task, decoder, number of classes (0: unknown) and options, from the shapes and values of the outputs."""
    outputs = answers[0]
    shapes = [output.shape for output in outputs]
    if len(outputs) == 1:
        only = shapes[0]
        if prod(only) == max(only, default=0) and prod(only) > 1:
            classes = prod(only)
            if outputs[0].dtype == np.uint8:
                return "classify", "quantised", classes, {}
            sums = [abs(float(answer[0].astype(np.float64).sum()) - 1) for answer in answers]
            least = min(float(answer[0].min()) for answer in answers)
            return "classify", "probabilities" if max(sums) < 1e-2 and least >= 0 else "softmax", classes, {}
        if len(only) == 4 and only[:2] == (1, 1) and only[3] == 7:
            return "detect", "ssd-caffe", 0, {}
        if len(only) == 3 and only[0] == 1:
            _, rows, columns = only
            if card.format == "darknet" and columns > 5:
                return "detect", "boxes-scores", columns - 5, {}
            if 4 < rows < columns:
                return "detect", "yolov8", rows - 4, {}
            if columns > 5:
                if rows == len(grids(spec.size, (8, 16, 32))[0]):
                    return "detect", "yolox", columns - 5, {}
                relative = max(float(answer[0][0, :, :2].max()) for answer in answers) <= LARGEST_CENTRE
                return "detect", "boxes-scores" if relative else "yolov5", columns - 5, {}
    boxes = [s for s in shapes if len(s) == 3 and s[0] == 1 and s[2] == 4]
    others = [s for s in shapes if len(s) == 3 and s[0] == 1 and s[2] != 4]
    if len(outputs) == 2 and boxes and others and boxes[0][1] == others[0][1]:
        if boxes[0][1] == SSD_ANCHORS:
            return "detect", "ssd-raw", others[0][2] - 1, {}
        return "detect", "boxes-scores", others[0][2], {}
    if len(outputs) == 4 and boxes and sum(len(s) == 2 for s in shapes) == 2:
        return "detect", "ssd-nms", 0, {}
    told = ", ".join("×".join(map(str, s)) or "a number" for s in shapes[:8])
    raise LabError(
        f"The outputs of {card.title} ({told}) have no form that is known here.",
        "Export it with one output a class, or with boxes as YOLO, SSD or YOLOX have them.",
    )
