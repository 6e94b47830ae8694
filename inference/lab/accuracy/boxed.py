"""Pictures whose boxes are known, as COCO writes them: https://cocodataset.org/#format-data."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from inference.errors import LabError
from inference.lab.accuracy.datasets import WHOLE, Pixels
from inference.picture_files import read_picture
from models.texts import plain, read_text

LARGEST = 2_000_000_000   # bytes
HINT = "It wants COCO's form: images, annotations with bbox x y width height, categories."


@dataclass(frozen=True, slots=True, eq=False)
class Boxed:
    """Pictures and what is where in them."""

    title: str
    files: Sequence[Path]
    names: Sequence[str]               # of the pictures
    ids: Sequence[int]
    categories: dict[int, str]         # names by their numbers
    known: dict[str, Any]              # as COCO has it: images, annotations, categories
    digest: str

    def __len__(self) -> int:
        return len(self.files)

    def pixels(self, number: int) -> Pixels:
        """A picture, (h, w, 3) BGR; SourceError where it is none."""
        return read_picture(self.files[number], WHOLE)


def open_boxed(path: Path) -> Boxed:
    """Read a COCO file; the pictures lie beside it, in `images`, or in a folder called as the end of its name.

    Raises:
        LabError: it is none, or its pictures are not there.
    """
    try:
        text = read_text(path, LARGEST)
        told = json.loads(text)
        images: list[dict[str, Any]] = [
            {"id": int(one["id"]), "width": int(one["width"]), "height": int(one["height"]),
             "file_name": str(one["file_name"])} for one in told["images"]
        ]  # fmt: skip
        categories = {int(one["id"]): str(one["name"]) for one in told["categories"]}
        numbers = {one["id"] for one in images}
        annotations = [_annotation(i, one) for i, one in enumerate(told["annotations"], 1)]
        if any(one["image_id"] not in numbers or one["category_id"] not in categories for one in annotations):
            raise ValueError("a box of a picture or a category that is not listed")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise LabError(f"{plain(path.name)} cannot be read: {why}.", "Check its name.") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise LabError(f"{plain(path.name)} is no COCO file: {plain(str(error), 200)}.", HINT) from error
    if not images or not categories:
        raise LabError(f"{plain(path.name)} lists no pictures, or no categories.", HINT)
    folder = _folder_of(path, images[0]["file_name"])
    files = [_below(folder, one["file_name"]) for one in images]
    if lost := [file for file in files if not file.is_file()]:
        raise LabError(
            f"{len(lost)} of {len(files)} pictures of {plain(path.name)} are not in {plain(str(folder))}, the first: "
            f"{plain(lost[0].name, 80)}.", "Put them there.",
        )  # fmt: skip
    known = {
        "info": {}, "images": images, "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in categories.items()],
    }  # fmt: skip
    title = f"{len(files):,} pictures of {plain(path.name, 80)}"
    named = {number: plain(name, 100) for number, name in categories.items()}
    names = [plain(file.name, 100) for file in files]
    return Boxed(title, files, names, [one["id"] for one in images], named, known, sha256(text.encode()).hexdigest())


def _annotation(number: int, one: dict[str, Any]) -> dict[str, Any]:
    x, y, width, height = map(float, one["bbox"])
    if not (width >= 0 and height >= 0 and abs(x) < 1e9 and abs(y) < 1e9 and width < 1e9 and height < 1e9):
        raise ValueError(f"the box {number} is none")
    return {
        "id": number, "image_id": int(one["image_id"]), "category_id": int(one["category_id"]),
        "bbox": [x, y, width, height], "area": float(one.get("area", width * height)),
        "iscrowd": int(bool(one.get("iscrowd", 0))),
    }  # fmt: skip


def _folder_of(path: Path, first: str) -> Path:
    """Where the pictures lie, by the first of them."""
    end = path.stem.rpartition("_")[2]   # instances_val2017.json → val2017
    folders = (path.parent, path.parent / "images", path.parent / end, path.parent.parent / end,
               path.parent.parent / "images")   # fmt: skip
    for folder in folders:
        if _below(folder, first).is_file():
            return folder
    raise LabError(
        f"The pictures of {plain(path.name)} are not there: {plain(first, 80)} lies neither beside it nor in images or "
        f"{plain(end, 40)}.", "Put them into one of these.",
    )  # fmt: skip


def _below(folder: Path, name: str) -> Path:
    """A file that a list names: it must not lead elsewhere."""
    found = (folder / name).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise LabError(f"{plain(name, 80)} lies outside the folder of the pictures.", "Correct the file.")
    return found
