"""What a network is given, made visible: the tensor as a picture, its channels in numbers, and other recipes to try.

Most wrong answers of a right network come from its preprocessing: BGR for RGB, 0..255 for 0..1, another crop. Every
such mistake can be made here on purpose, and seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.preprocess import RANGES
from models.card import InputSpec

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of the tensor, in its own units."""

    name: str       # "R", "G", "B" or "grey"
    mean: float
    std: float
    low: float
    high: float


class Norm(NamedTuple):
    """A mean and a std, in RGB; as numbers, whatever the range is: a mistake must look like the mistake it is."""

    title: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


# What the mean and std of other networks are; "card" is the card's own.
NORMS = {
    "none": Norm("None", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "imagenet": Norm("ImageNet, of 0–1", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "imagenet255": Norm("ImageNet, of 0–255", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "caffe": Norm("Caffe, of 0–255", (123.68, 116.779, 103.939), (1.0, 1.0, 1.0)),
    "half": Norm("One half", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}


OTHERS = "other numbers"   # than any of these


@dataclass(frozen=True, slots=True)
class Switch:
    """One part of the recipe that can be another."""

    title: str
    choices: dict[str, str]                               # key: what it is called
    get: Callable[[InputSpec, InputSpec], str]            # (recipe, the card's) → key; "" where it is none of them
    put: Callable[[InputSpec, InputSpec, str], InputSpec]


def _norm(spec: InputSpec, card: InputSpec) -> str:
    # The card's numbers, each with its colour; or where they stood before the planes changed places.
    if (spec.mean, spec.std) in (_in_order(card, spec.order), (card.mean, card.std)):
        return "card"
    given = (spec.mean, spec.std) if spec.order != "BGR" else (spec.mean[::-1], spec.std[::-1])
    return next((key for key, norm in NORMS.items() if (norm.mean, norm.std) == given), "")


def _put_norm(spec: InputSpec, card: InputSpec, key: str) -> InputSpec:
    if key == "card":
        mean, std = _in_order(card, spec.order)
    elif spec.order == "GRAY":
        mean, std = (sum(NORMS[key].mean) / 3,), (sum(NORMS[key].std) / 3,)
    else:
        step = -1 if spec.order == "BGR" else 1
        mean, std = NORMS[key].mean[::step], NORMS[key].std[::step]
    return replace(spec, mean=mean, std=std)


def _in_order(card: InputSpec, order: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The card's mean and std for colours in this order: each stays with its colour."""
    turned = order != card.order
    return (card.mean[::-1], card.std[::-1]) if turned else (card.mean, card.std)


def _put_order(spec: InputSpec, _card: InputSpec, key: str) -> InputSpec:
    """The planes change places, the numbers stay where they are: that is the mistake people make."""
    return replace(spec, order=key)  # type: ignore[arg-type]


def _plain(field: str) -> dict[str, Any]:
    return {
        "get": lambda spec, _card: str(getattr(spec, field)),
        "put": lambda spec, _card, key: replace(spec, **{field: key}),
    }


SWITCHES = {
    "order": Switch("Colours", {"RGB": "RGB", "BGR": "BGR"}, lambda spec, _card: spec.order, _put_order),
    "range": Switch("Range", {"0..1": "0–1", "0..255": "0–255", "-1..1": "±1"}, **_plain("range")),
    "norm": Switch("Mean, std", {"card": "The card's", **{k: n.title for k, n in NORMS.items()}}, _norm, _put_norm),
    "fit": Switch(
        "Fit",
        {"crop": "Crop", "stretch": "Stretch", "letterbox": "Letterbox", "letterbox-topleft": "Top left", "ink": "Ink"},
        **_plain("fit"),
    ),
    "resample": Switch("Resize", {"nearest": "Nearest", "linear": "Linear", "area": "Area"}, **_plain("resample")),
}


def offered(card: InputSpec) -> tuple[str, ...]:
    """The switches that act on such a network: grey has no order, 8 bits take the pixels as they are."""
    return tuple(
        key for key in SWITCHES
        if not (key == "order" and card.order == "GRAY") and not (key in ("range", "norm") and card.dtype == "uint8")
    )  # fmt: skip


def switched(spec: InputSpec, card: InputSpec, switch: str, key: str) -> InputSpec:
    """The recipe with one part of it changed; size, layout and type stay the card's."""
    return SWITCHES[switch].put(spec, card, key)


def differences(spec: InputSpec, card: InputSpec) -> tuple[str, ...]:
    """What is not as the card says, in words: "BGR instead of RGB"."""
    words = []
    for key, switch in SWITCHES.items():
        now, usual = switch.get(spec, card), switch.get(card, card)
        if now != usual:
            said = (switch.choices.get(now, now or OTHERS), switch.choices.get(usual, usual or "the card's"))
            words.append(f"{said[0]} instead of {said[1]}" if key != "norm" else f"mean and std: {said[0]}")
    return tuple(words)


def as_picture(tensor: NDArray[Any], card: InputSpec) -> Picture:
    """The tensor as the network takes it, turned back into a picture by the *card's* recipe.

    A recipe that is wrong for this network therefore looks wrong. (1, c, h, w) or (1, h, w, c) as the card says →
    (h, w, 3) BGR, uint8.
    """
    planes = tensor[0] if card.layout == "NHWC" else tensor[0].transpose(1, 2, 0)
    if card.dtype != "uint8":
        scale, offset = RANGES[card.range]
        mean, std = np.asarray(card.mean, np.float32), np.asarray(card.std, np.float32)
        planes = (planes.astype(np.float32) * std + mean - offset) / scale
        planes = np.clip(np.nan_to_num(planes) + 0.5, 0, 255).astype(np.uint8)
    planes = np.ascontiguousarray(planes)
    if card.order == "GRAY":
        return cv2.cvtColor(planes, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]
    return cv2.cvtColor(planes, cv2.COLOR_RGB2BGR) if card.order == "RGB" else planes  # type: ignore[return-value]


def channels(tensor: NDArray[Any], card: InputSpec) -> tuple[Channel, ...]:
    """Mean, standard deviation, least and largest value of each channel, under the name that the network gives it."""
    planes = tensor[0] if card.layout == "NCHW" else tensor[0].transpose(2, 0, 1)
    names = ("grey",) if card.order == "GRAY" else tuple(card.order)
    return tuple(
        Channel(name, *(float(v) for v in (p.mean(), p.std(), p.min(), p.max())))
        for name, p in zip(names, planes.astype(np.float32), strict=True)
    )


def limits(card: InputSpec) -> tuple[float, float]:
    """The least and the largest value that the card's recipe can give."""
    if card.dtype == "uint8":
        return 0.0, 255.0
    scale, offset = RANGES[card.range]
    ends = [
        (level * scale + offset - mean) / std
        for level in (0, 255) for mean, std in zip(card.mean, card.std, strict=True)
    ]  # fmt: skip
    return min(ends), max(ends)


def warning(found: tuple[Channel, ...], card: InputSpec) -> str:
    """A sentence when the values are not what the network was trained on; "" when they may be."""
    low, high = limits(card)
    least, most = min(c.low for c in found), max(c.high for c in found)
    slack = 0.02 * (high - low)
    if most > high + slack or least < low - slack:
        said = f"Values from {least:.4g} to {most:.4g}: the card's recipe gives {low:.4g} to {high:.4g}."
        return said.replace("-", "−")
    spread = max(c.high - c.low for c in found)
    if 0 < spread < (high - low) / 50:
        return f"The values of a channel lie within {spread:.2g}: for this network the picture is nearly one colour."
    return ""


def recipe(spec: InputSpec) -> str:
    """The recipe in words, for people: "224×224 RGB, 0–1, minus 0.485 0.456 0.406, by 0.229 0.224 0.225, crop"."""
    height, width = spec.size
    parts = [f"{width}×{height} {spec.order if spec.order != 'GRAY' else 'grey'}"]
    if spec.dtype == "uint8":
        parts.append("pixels as they are, 8 bit")
    else:
        parts.append(SWITCHES["range"].choices[spec.range])
        if any(spec.mean):
            parts.append(f"minus {' '.join(f'{v:g}' for v in spec.mean)}")
        if any(v != 1 for v in spec.std):
            parts.append(f"divided by {' '.join(f'{v:g}' for v in spec.std)}")
    parts.append({"crop": "the middle cut out", "stretch": "stretched", "letterbox": "grey beside it",
                  "letterbox-topleft": "grey below or right of it",
                  "ink": "what is written, in its middle"}[spec.fit])  # fmt: skip
    if spec.fit == "crop" and spec.share != 1:
        parts[-1] = f"the middle {spec.share:.3g} cut out"
    return ", ".join(parts)
