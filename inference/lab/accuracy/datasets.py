"""Pictures and what they show: idx files of digits, a folder with one folder a class, a table in a CSV file."""

import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError
from inference.lab.digits.sets import DigitSet, read_set
from inference.picture_files import pictures_in, read_picture
from models.texts import plain, read_text, reason

LARGEST_TABLE = 500_000_000   # bytes
MOST_PICTURES = 10_000_000
MOST_CLASSES = 100_000
WHOLE = 1 << 16               # px: pictures are not made smaller before the network's own recipe does it
HEADS = ("file", "path", "picture", "image", "filename")   # of the first column, where a table has a head

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Pictures and the class of each."""

    title: str
    classes: tuple[str, ...]
    names: Sequence[str]               # of the pictures
    truths: NDArray[np.int64]          # (n,), places in `classes`
    pixels: Callable[[int], Pixels]    # picture number i, (h, w, 3) BGR; SourceError where it is none
    digest: str                        # a name for these pictures and classes and no others
    numbers: bool = False              # classes that are numbers may be places in a network's list of labels

    def __len__(self) -> int:
        return len(self.truths)


def open_labelled(text: str, which: str = "") -> Labelled:
    """What a path means: a CSV file, a folder of idx files (of several sets the one whose names begin so), of classes.

    Raises:
        LabError: it is none of them, or cannot be read.
    """
    path = Path(text).expanduser()
    if path.suffix.lower() == ".csv":
        return of_table(path)
    try:
        inside = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        raise LabError(f"{plain(text)} cannot be read: {reason(error)}.", "Check its name.") from error
    if any("idx3" in entry.name for entry in inside) or not any(entry.is_dir() for entry in inside):
        return of_digits(read_set(path, which))
    return of_folder(path)


def of_digits(digits: DigitSet) -> Labelled:
    """A set of digits."""
    digest = sha256(digits.pictures.tobytes() + digits.labels.tobytes()).hexdigest()

    def pixels(i: int) -> Pixels:
        return np.asarray(cv2.cvtColor(digits.pictures[i], cv2.COLOR_GRAY2BGR), np.uint8)

    numbers = range(len(digits))
    return Labelled(
        digits.title, tuple(map(str, range(10))), [f"digit {i}" for i in numbers], digits.labels.astype(np.int64),
        pixels, digest,
    )  # fmt: skip


def of_folder(folder: Path) -> Labelled:
    """A folder with one folder a class, called as the class is.

    Raises:
        LabError: there are no pictures in them.
    """
    files: list[Path] = []
    classes: list[str] = []
    truths: list[int] = []
    for inside in sorted(folder.iterdir()):
        if inside.is_dir() and not inside.name.startswith(".") and (found := pictures_in(inside)):
            truths += [len(classes)] * len(found)
            files += found
            classes.append(inside.name)
    if not files:
        raise LabError(
            f"{plain(str(folder))} holds no folders with pictures.",
            "It wants a folder for each class, called as the class: cats/1.jpg, dogs/1.jpg. Or name a CSV file.",
        )
    return _of_files(folder.name, folder, files, classes, truths)


def of_table(path: Path) -> Labelled:
    """A CSV file: in each row a picture's path, beside the table or absolute, and its class.

    Raises:
        LabError: it is no such table, or names pictures that are not there.
    """
    try:
        rows = [row for row in csv.reader(read_text(path, LARGEST_TABLE).splitlines()) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise LabError(f"{plain(path.name)} cannot be read: {plain(str(error), 200)}.", "Check its name.") from error
    if rows and rows[0][0].strip().casefold() in HEADS:
        rows = rows[1:]
    if not rows or any(len(row) < 2 for row in rows) or len(rows) > MOST_PICTURES:
        raise LabError(f"{plain(path.name)} is no table of pictures.", "Each row: the path of a picture, its class.")
    names = [row[1].strip() for row in rows]
    classes = sorted(set(names))
    where = {name: place for place, name in enumerate(classes)}
    files = [path.parent / row[0].strip() for row in rows]
    for file in files:
        if not file.is_file():
            raise LabError(f"{plain(path.name)} names {plain(str(file))}, which is not there.", "Correct the table.")
    return _of_files(path.name, path.parent, files, classes, [where[name] for name in names])


def _of_files(
    title: str, folder: Path, files: Sequence[Path], classes: Sequence[str], truths: Sequence[int]
) -> Labelled:
    if len(classes) > MOST_CLASSES:
        raise LabError(f"{plain(title)} has {len(classes):,} classes.", f"{MOST_CLASSES:,} are enough.")
    names = [plain(str(file.relative_to(folder) if file.is_relative_to(folder) else file), 300) for file in files]
    digest = sha256()
    for file, name, truth in zip(files, names, truths, strict=True):
        digest.update(f"{name}\0{file.stat().st_size}\0{classes[truth]}\n".encode("utf-8", "surrogateescape"))

    def pixels(i: int) -> Pixels:
        return read_picture(files[i], WHOLE)

    shown = f"{len(files):,} pictures of {plain(title, 80)}"
    return Labelled(
        shown, tuple(plain(name, 200) for name in classes), names, np.array(truths, np.int64), pixels,
        digest.hexdigest(), numbers=True,
    )  # fmt: skip
