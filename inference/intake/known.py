"""Pictures whose right answers are known: the samples, or examples of the user's own."""

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.data import Frame
from inference.errors import LabError
from inference.picture_files import pictures_in, read_picture
from inference.places import SAMPLES
from models.texts import plain, read_text, reason

MOST_PICTURES = 64        # of a user's examples: more make the answer no better, only later
EACH = 8                  # of one class
LARGEST_CSV = 10_000_000  # bytes
SIDE = 800                # px of the longer side: what networks take is smaller
NEEDED = 3                # pictures, below which nothing is known


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One picture and what is to be seen in it."""

    frame: Frame
    classes: frozenset[int]                                     # any of them is right, as places in the label list
    boxes: tuple[tuple[frozenset[int], NDArray[np.float64]], ...] = ()   # classes, and x1 y1 x2 y2 in px of the frame


def known_samples(labels: Sequence[str], task: str) -> list[Known]:
    """The sample pictures that a network with these labels has words for; nothing if they are fewer than NEEDED."""
    places = _places(labels)
    found = []
    for entry in tomllib.loads((SAMPLES / "answers.toml").read_text("utf-8"))["picture"]:
        boxes = [(_classes(b["labels"], places), np.array(b["box"], np.float64)) for b in entry.get("boxes", ())]
        boxes = [(classes, box) for classes, box in boxes if classes]
        classes = _classes(entry["labels"], places)
        if not (boxes if task == "detect" else classes):
            continue
        frame, scale = _framed(SAMPLES / entry["file"])
        found.append(Known(frame, classes, tuple((c, box * scale) for c, box in boxes)))
    return found if len(found) >= NEEDED else []


def known_examples(path: Path, labels: Sequence[str]) -> list[Known]:
    """The user's own pictures: a folder with one folder a class, or a CSV with a picture and its label a line.

    A class is written as in the list of labels, or as its number from 0. Files in a CSV are looked for beside it.

    Raises:
        LabError: it cannot be read, holds nothing of the kind, or names a class that the network has not.
    """
    if path.is_dir():
        return _from_folders(path, labels)
    if path.suffix.lower() != ".csv":
        raise LabError(f"{path.name} is no folder and no CSV.", "Give a folder with one folder a class, or a CSV.")
    try:
        lines = list(csv.reader(read_text(path, LARGEST_CSV).splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise LabError(f"{path.name} cannot be read: {why}.", "Give lines such as cat.jpg,tabby.") from error
    pairs = [(line[0].strip(), line[1].strip()) for line in lines if len(line) >= 2 and line[0].strip()]
    folder = path.resolve().parent
    pairs = [(name, label) for name, label in pairs if (folder / name).is_file() or Path(name).suffix]
    if pairs and pairs[0][0].lower() in ("file", "picture", "image", "path", "filename"):   # the names of the columns
        pairs = pairs[1:]
    if not pairs:
        raise LabError(f"{path.name} names no picture.", "Give lines such as cat.jpg,tabby.")
    places = _places(labels)
    return [
        Known(_framed(_below(folder, name))[0], _meant(label, places, path.name))
        for name, label in pairs[:MOST_PICTURES]
    ]


def _from_folders(path: Path, labels: Sequence[str]) -> list[Known]:
    try:
        folders = sorted(f for f in path.iterdir() if f.is_dir() and not f.name.startswith("."))
    except OSError as error:
        raise LabError(f"The folder {path} cannot be read.", "Check its name and who may read it.") from error
    places = _places(labels)
    each = max(1, min(EACH, MOST_PICTURES // max(1, len(folders))))
    found = []
    for folder in folders:
        pictures = pictures_in(folder)[:each]
        classes = _meant(folder.name, places, path.name) if pictures else frozenset()
        found += [Known(_framed(picture)[0], classes) for picture in pictures]
    if not found:
        raise LabError(f"{path} holds no folder with pictures.", "Make one folder a class, called as the class.")
    return found[:MOST_PICTURES]


def _below(folder: Path, name: str) -> Path:
    """A file that a CSV names: beside it or below."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise LabError(f"{plain(name, 80)} lies outside the folder of the CSV.", "Put the pictures beside it.")
    return path


def _framed(path: Path) -> tuple[Frame, float]:
    """A picture as a frame, and how much smaller it is."""
    whole = read_picture(path)
    height, width = whole.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    pixels = cv2.resize(whole, size, interpolation=cv2.INTER_AREA) if scale < 1 else whole
    return Frame(pixels, 0, 0.0, held=True), scale  # type: ignore[arg-type]


def _places(labels: Sequence[str]) -> dict[str, int]:
    """Each name of each label, in small letters, and its place: "tabby, tabby cat" has two."""
    found: dict[str, int] = {}
    for place, label in enumerate(labels):
        for name in (label, *label.split(",")):
            found.setdefault(name.strip().lower(), place)
    return found


def _classes(names: Sequence[str], places: dict[str, int]) -> frozenset[int]:
    return frozenset(places[name.lower()] for name in names if name.lower() in places)


def _meant(label: str, places: dict[str, int], where: str) -> frozenset[int]:
    """The class that a user names."""
    if (place := places.get(label.strip().lower())) is not None:
        return frozenset({place})
    if label.isdecimal() and int(label) <= max(places.values(), default=-1):
        return frozenset({int(label)})
    raise LabError(
        f"{where} names the class {plain(label, 60)!r}, which the network has not.", "Write it as in its labels."
    )
