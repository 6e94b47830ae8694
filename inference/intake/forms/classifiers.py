"""Networks that answer with one vector: logits, probabilities, several yes or no, or something that is no class."""

from math import prod
from typing import Any

import numpy as np

from inference.errors import LabError
from inference.intake.forms.evidence import Evidence, Form, sum_to_one, within

# Lengths that layers of features have and lists of classes have not; 1000 and 1001 are ImageNet's.
FEATURES = frozenset({128, 192, 256, 320, 384, 512, 576, 768, 960, 1024, 1280, 1536, 1792, 2048, 4096})
NAMED = ("embed", "feature", "descriptor", "pooler", "hidden_state", "last_hidden")
NO_CLASSES = "Choose a classifier or a detector; for a classifier, give its list of labels."
ROW = (6, 7)   # numbers of one box that was chosen
UNIT = 1e-3   # by which the length of an embedding may differ from 1


def vector(e: Evidence) -> Form | None:
    """A classifier: one output, or one among several, with a number a class."""
    place = _place(e)
    if place < 0:
        return None
    runs = [values.reshape(1, -1) for values in e.values(place)]
    rows = np.concatenate(runs)
    count, dtype, maker = rows.shape[1], e.runs[0][place].dtype, e.makers[place]
    options: dict[str, Any] = {"outputs": [place]} if len(e.names) > 1 else {}
    guessed = ("decoder",) if len(e.names) > 1 and e.place("logits", "probs", "probabilities") < 0 else ()
    if dtype == np.uint8:
        return Form("classify", "quantised", count, options, guessed=guessed)
    if dtype.kind in "iub":
        if prod(e.shapes[place]) > 1:
            return None
        raise LabError(
            f"{e.title} answers with the number of a class alone, without how sure it is.",
            "Export it with its scores, one a class.",
        )
    if not np.isfinite(rows).all():
        return None
    if count == 1:
        return _single(e, rows, maker, options)
    if sum_to_one(rows):
        return Form("classify", "probabilities", count, options, guessed=guessed)
    _refuse_features(e, place, rows)
    if e.said.get("problem_type") == "multi_label_classification":
        kind = "probabilities" if maker == "Sigmoid" or within(rows) else "sigmoids"
        return Form("classify", kind, count, {**options, "independent": True}, guessed=guessed)
    if within(rows) and maker != "Linear":
        # Each class by itself: nothing is made of them. A dead network, all zeros, says nothing of the kind.
        return Form("classify", "probabilities", count, {**options, "independent": True}, guessed=guessed)
    return Form("classify", "softmax", count, options, guessed=guessed)


def _place(e: Evidence) -> int:
    """Of the output that is a vector; among several the one with a telling name, or as long as the list of names."""
    vectors = [i for i, s in enumerate(e.shapes)
               if prod(s) == max(s, default=1) > 0 and len({run[i].shape for run in e.runs}) == 1
               and not (len(s) == 3 and s[:2] == (1, 1) and s[2] in ROW)]   # fmt: skip
    if len(e.shapes) == 1:
        return vectors[0] if vectors else -1
    named = e.place("logits", "probs", "probabilities", "prob", "classlabelprobs", "output_probability")
    if named in vectors:
        return named
    if len(vectors) < len(e.shapes):   # tables or maps beside it: a detector's count, perhaps
        return -1
    fitting = [i for i in vectors if prod(e.shapes[i]) == e.labels]
    return (fitting or [i for i in vectors if prod(e.shapes[i]) > 1] or [-1])[0]


def _single(e: Evidence, rows: np.ndarray, maker: str, options: dict[str, Any]) -> Form:
    """One number: a yes or no, or a quantity."""
    if maker == "Sigmoid" or (within(rows) and maker != "Linear"):
        return Form(
            "classify", "probabilities", 1 if e.labels == 1 else 2, {**options, "independent": True},
            labels=() if e.labels else ("no", "yes"),
        )  # fmt: skip
    raise LabError(
        f"{e.title} answers with one number ({rows[-1, 0]:.4g}), a quantity and no class.",
        "Networks that estimate are not shown here. If it is a yes or no, export it with its sigmoid.",
    )


def _refuse_features(e: Evidence, place: int, rows: np.ndarray) -> None:
    """Refuse what describes a picture in numbers that are no classes.

    Raises:
        LabError: its name, its length 1, or a size that layers have and lists have not says so.
    """
    count, name, maker = rows.shape[1], e.names[place], e.makers[place]
    length = np.sqrt((rows**2).sum(axis=1))
    unit = bool(np.abs(length - 1).max() < UNIT and (rows < 0).any() and count > 2)
    told = any(word in name for word in NAMED) or maker == "LpNormalization"
    sized = count in FEATURES and maker not in ("Softmax", "Sigmoid")
    if e.labels != count and (unit or told or sized):
        raise LabError(
            f"{e.title} answers with {count} numbers that describe a picture (an embedding), not with classes.",
            NO_CLASSES,
        )
