"""Network outputs to predictions: pure functions, one per output convention, in two tables.

A decoder that gets outputs of another form raises ValueError, IndexError or KeyError; the recogniser turns
that into a sentence with the names and the shapes. Backends may order outputs differently, so decoders with
several outputs know them by their shape (and, where shapes agree, by what they hold), not by their place.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.decode.boxes import Candidates, Outputs
from inference.decode.chosen import boxes_labels, yolov3_nms
from inference.decode.labels import probabilities, quantised, softmax
from inference.decode.maps import retinanet, yolov2, yolov4
from inference.decode.rows import boxes_scores, yolov5, yolov8, yolox
from inference.decode.ssd import ssd_caffe, ssd_nms, ssd_raw

# outputs, options of the card → probabilities (classes,), float32, 0..1
Classifier = Callable[[Outputs, Mapping[str, Any]], NDArray[np.float32]]
# outputs, options of the card, (height, width) of the input, least score → boxes worth keeping.
# The recogniser adds the option "classes": the length of the label list.
Detector = Callable[[Outputs, Mapping[str, Any], tuple[int, int], float], Candidates]

CLASSIFIERS: dict[str, Classifier] = {
    "softmax": softmax,
    "probabilities": probabilities,
    "quantised": quantised,
}
DETECTORS: dict[str, Detector] = {
    "boxes-scores": boxes_scores,
    "yolox": yolox,
    "yolov5": yolov5,
    "yolov8": yolov8,
    "ssd-raw": ssd_raw,
    "ssd-nms": ssd_nms,
    "ssd-caffe": ssd_caffe,
    "boxes-labels": boxes_labels,
    "yolov3-nms": yolov3_nms,
    "yolov2": yolov2,
    "yolov4": yolov4,
    "retinanet": retinanet,
}
# Their networks have suppressed already, by a measure of their own: a second time would lose boxes.
SUPPRESSED = frozenset({"ssd-nms", "ssd-caffe", "boxes-labels", "yolov3-nms"})
