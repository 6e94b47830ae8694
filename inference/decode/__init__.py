"""Network outputs to predictions: pure functions, one per output convention, in two tables.

A decoder that gets outputs of another form raises ValueError, IndexError or KeyError; the recogniser turns
that into a sentence with the names and the shapes. Backends may order outputs differently, so decoders with
several outputs know them by their shape (and, where shapes agree, by what they hold), not by their place.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode import chosen, labels, maps, rows, small, ssd
from inference.decode.boxes import Candidates, Outputs

# outputs, options of the card → probabilities (classes,), float32, 0..1
Classifier = Callable[[Outputs, Mapping[str, Any]], NDArray[np.float32]]
# outputs, options of the card, (height, width) of the input, least score → boxes worth keeping.
# The recogniser adds the option "classes": the length of the label list.
Detector = Callable[[Outputs, Mapping[str, Any], tuple[int, int], float], Candidates]

CLASSIFIERS: dict[str, Classifier] = {
    "softmax": labels.softmax,
    "probabilities": labels.probabilities,
    "sigmoids": labels.sigmoids,
    "quantised": labels.quantised,
}
DETECTORS: dict[str, Detector] = {
    "boxes-scores": rows.boxes_scores,
    "yolox": rows.yolox,
    "yolov5": rows.yolov5,
    "yolov8": rows.yolov8,
    "ssd-raw": ssd.ssd_raw,
    "ssd-nms": ssd.ssd_nms,
    "ssd-caffe": ssd.ssd_caffe,
    "boxes-labels": chosen.boxes_labels,
    "end-to-end": chosen.end_to_end,
    "yolov3-nms": chosen.yolov3_nms,
    "yolov2": maps.yolov2,
    "yolov3": maps.yolov3,
    "yolov5-raw": maps.yolov5_raw,
    "yolov4": maps.yolov4,
    "retinanet": maps.retinanet,
    "efficientdet": maps.efficientdet,
    "nanodet": small.nanodet,
    "fastestdet": small.fastestdet,
    "yunet": small.yunet,
    "retinaface": small.retinaface,
}

def wanted(outputs: Outputs, options: Mapping[str, Any]) -> Outputs:
    """Those of a network's outputs that its decoder reads: option `outputs` has their places, in the graph's order.

    Raises:
        IndexError: there are not so many.
    """
    places = options.get("outputs")
    return outputs if places is None else [outputs[place] for place in places]


# Their networks are told the size of the picture behind the input, and answer in its px: nothing is to be mapped back.
IN_PICTURE = frozenset({"yolov3-nms"})
# Their networks have suppressed already, by a measure of their own: a second time would lose boxes.
SUPPRESSED = frozenset({"ssd-nms", "ssd-caffe", "boxes-labels", "end-to-end", "yolov3-nms"})
