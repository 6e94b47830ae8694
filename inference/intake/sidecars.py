"""What files beside a model say of its recipe and its labels: Hugging Face's, timm's, and plain lists.

They are read as data, and only what fits: a file of another shape, or for another number of classes, says nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.intake.own_labels import LONGEST_LABEL, ordered
from models.card import LARGEST_MEAN, LARGEST_SIDE, LEAST_STD
from models.texts import lines_of, plain, read_text

LARGEST = 5_000_000   # bytes of such a file
LISTS = ("labels.txt", "classes.txt", "class_names.txt", "label.txt", "obj.names", "classes.names")
RECIPE = ("input.order", "input.range", "input.mean", "input.std", "input.fit")
BICUBIC, NEAREST = 3, 0   # Pillow's numbers of resampling filters


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that the files beside a model say."""

    changes: Mapping[str, Any] = field(default_factory=dict)   # fields of InputSpec
    size: tuple[int, int] | None = None    # (height, width), px, of a picture that the network leaves open
    labels: tuple[str, ...] = ()
    problem: str = ""                      # Hugging Face's problem_type
    classes: int = 0                       # that the recipe is for; 0: it does not say
    names: tuple[str, ...] = ()            # of the files

    @property
    def decided(self) -> tuple[str, ...]:
        """The keys of a card that are no guess then."""
        return RECIPE if self.changes else ()


def read_sidecars(model: Path) -> Sidecar:
    """What lies beside this file: `preprocessor_config.json`, `config.json`, a list of labels. Never raises."""
    folder = model.parent
    recipe, config = (_json(folder / name) for name in ("preprocessor_config.json", "config.json"))
    changes, size, used = _huggingface(recipe) if recipe else ({}, None, False)
    names = ["preprocessor_config.json"] if used else []
    labels: tuple[str, ...] = ()
    problem, classes = "", 0
    if config:
        pretrained = config.get("pretrained_cfg")
        if isinstance(pretrained, dict) and not used:
            changes, size, used = _timm(pretrained)
            classes = _whole(config.get("num_classes"))
            names += ["config.json"] if used else []
        labels = _labels(config)
        problem = str(config.get("problem_type") or "")
        names += ["config.json"] if labels and "config.json" not in names else []
    if not labels:
        name, labels = _listed(folder, model.stem)
        names += [name] if labels else []
    return Sidecar(changes, size, labels, problem, classes, tuple(names))


def _json(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file() or not path.resolve().is_relative_to(path.parent.resolve()):
            return {}
        found = json.loads(read_text(path, LARGEST))
    except (OSError, ValueError, RecursionError):   # ValueError: no text, no JSON
        return {}
    return found if isinstance(found, dict) else {}


def _huggingface(config: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[int, int] | None, bool]:
    """`preprocessor_config.json`: size, do_center_crop, crop_size, crop_pct, rescale_factor, image_mean, …."""
    if not any(key in config for key in ("image_mean", "do_rescale", "do_resize", "image_processor_type")):
        return {}, None, False
    wanted, crop = _sides(config.get("size")), _sides(config.get("crop_size"))
    changes: dict[str, Any] = {"order": "RGB"}
    factor = config.get("rescale_factor", 1 / 255)
    scaled = bool(config.get("do_rescale", True)) and isinstance(factor, int | float) and factor < 0.1
    changes["range"] = "0..1" if scaled else "0..255"
    normalised = config.get("do_normalize", True)
    changes |= _numbers(config.get("image_mean"), config.get("image_std")) if normalised else _NONE
    size, short = crop or wanted, _short(config.get("size"))
    if config.get("do_center_crop") and crop:
        whole = short or (min(wanted) if wanted else min(crop))
        changes |= {"fit": "crop", "share": max(0.1, min(1.0, min(crop) / whole))}
    elif short:   # ConvNeXt: resized to size / crop_pct, then cut out
        part = config.get("crop_pct")
        share = float(part) if isinstance(part, int | float) and 0 < part <= 1 else 1.0
        changes |= {"fit": "crop", "share": share}
        size = size or (short, short)
    elif wanted:
        changes |= {"fit": "stretch", "share": 1.0}
    filtered = config.get("resample", 2)
    changes["resample"] = "nearest" if filtered == NEAREST else "antialias"
    return changes, size, True


_NONE = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def _timm(config: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[int, int] | None, bool]:
    """Timm's `pretrained_cfg`: input_size, crop_pct, crop_mode, interpolation, mean, std."""
    shape, part = config.get("input_size"), config.get("crop_pct", 0.875)
    if not isinstance(shape, list) or len(shape) != 3:
        return {}, None, False
    numbers = _numbers(config.get("mean"), config.get("std"))
    mode = {"squash": "stretch", "border": "letterbox"}.get(str(config.get("crop_mode", "center")), "crop")
    share = float(part) if mode == "crop" and isinstance(part, int | float) and 0 < part <= 1 else 1.0
    changes = {"order": "RGB", "range": "0..1", "fit": mode, "share": share, "resample": "antialias", **numbers}
    return changes, _sides(shape[1:]), True


def _numbers(mean: object, std: object) -> dict[str, Any]:
    """Three means and deviations of 0..1; none where they are no numbers."""
    found = []
    for values in (mean, std):
        if not isinstance(values, list) or len(values) != 3:
            return _NONE
        if not all(isinstance(v, int | float) and abs(v) < LARGEST_MEAN for v in values):
            return _NONE
        found.append(tuple(float(v) for v in values))
    return {"mean": found[0], "std": found[1]} if all(v >= LEAST_STD for v in found[1]) else _NONE


def _sides(size: object) -> tuple[int, int] | None:
    """Height and width, as a number, a pair or a dictionary."""
    if isinstance(size, dict):
        size = [size.get("height"), size.get("width")]
    if isinstance(size, int) and not isinstance(size, bool):
        size = [size, size]
    if isinstance(size, list) and len(size) == 2:
        height, width = _whole(size[0]), _whole(size[1])
        return (height, width) if height and width else None
    return None


def _short(size: object) -> int:
    return _whole(size.get("shortest_edge")) if isinstance(size, dict) else 0


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 16 * LARGEST_SIDE else 0


def _labels(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Hugging Face's id2label, timm's label_names."""
    found = config.get("id2label") or config.get("label_names")
    try:
        labels = ordered(found)
    except (TypeError, ValueError):
        return ()
    made_up = all(label.upper().startswith("LABEL_") for label in labels)   # what transformers write without names
    return () if made_up else labels


def _listed(folder: Path, stem: str) -> tuple[str, tuple[str, ...]]:
    """A list of labels beside the model: called as it is, or as such lists are; Teachable Machine numbers its lines."""
    for name in (f"{stem}.txt", f"{stem}.names", f"{stem}_labels.txt", *LISTS):
        path = folder / name
        try:
            if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
                continue
            lines = [plain(line.strip(), LONGEST_LABEL) for line in lines_of(read_text(path, LARGEST))]
        except (OSError, ValueError):
            continue
        while lines and not lines[-1]:
            lines.pop()
        if lines and all(line.partition(" ")[0] == str(i) and " " in line for i, line in enumerate(lines)):
            lines = [line.partition(" ")[2] for line in lines]
        if lines:
            return name, tuple(lines)
    return "", ()
