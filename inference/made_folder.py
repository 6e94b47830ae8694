"""A folder of files that are made of a network: made beside its place and renamed when all of it is there.

What was interrupted never looks finished, and what a killed program left is swept by the next one.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from inference.errors import ExportFailed
from models.hashes import HashIndex, sha256_of
from models.texts import read_text

ROOM = 8                   # times the networks' size that the disk must have, and
LEAST_ROOM = 64 << 20      # bytes besides
SEAL = "sums.json"         # the sha256 of all other files
PART = re.compile(r"^\..+\.(\d+)\.part$")


@contextmanager
def making(out: Path, name: str, size: int, *, replace: bool) -> Iterator[Path]:
    """A new empty folder that becomes `out / name` at the end of the block; it is gone if the block fails.

    Args:
        out: made if it is not there.
        name: of the folder.
        size: bytes of the networks that go into it.
        replace: whether a folder that is there already goes.

    Raises:
        ExportFailed: a folder of that name is there; no room; it cannot be written.
    """
    target = out / name
    if target.exists() and not replace:
        raise ExportFailed(f"{target} is there already.", "Choose another folder with --out, or add --replace.")
    work = out / f".{name}.{os.getpid()}.part"
    try:
        out.mkdir(parents=True, exist_ok=True)
        sweep(out)
        _check_room(out, size)
        work.mkdir()
        yield work.resolve()
        _put(work, target)
    except OSError as error:
        raise ExportFailed(
            f"{target} cannot be written: {error.strerror or error}.", "Make room there, or choose another folder."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def seal(folder: Path) -> None:
    """Write down the sha256 of everything in a folder that is finished.

    Raises:
        OSError: it cannot be written.
    """
    sums = {str(PurePosixPath(p.relative_to(folder))): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    (folder / SEAL).write_text(json.dumps(sums, indent=1), encoding="utf-8")


def is_unbroken(folder: Path, hashes: HashIndex) -> bool:
    """Whether a folder is there with all that was sealed, unchanged; one that was never sealed counts."""
    if not folder.is_dir():
        return False
    try:
        sums = json.loads(read_text(folder / SEAL))
        return all(hashes.matches(p := folder / name, p.stat().st_size, sha256) for name, sha256 in sums.items())
    except FileNotFoundError as error:
        return str(error.filename) == str(folder / SEAL)
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def sweep(out: Path) -> None:
    """Take away what programs that were killed have left here."""
    import psutil

    for path in out.iterdir():
        if (found := PART.match(path.name)) and path.is_dir() and not psutil.pid_exists(int(found[1])):
            shutil.rmtree(path, ignore_errors=True)


def _check_room(out: Path, size: int) -> None:
    needed = size * ROOM + LEAST_ROOM
    free = shutil.disk_usage(out).free
    if free < needed:
        raise ExportFailed(
            f"{out} has {free / 1e6:.0f} MB left, and this needs {needed / 1e6:.0f} MB.",
            "Make room there, or choose another folder.",
        )


def _put(work: Path, target: Path) -> None:
    """Rename the finished folder to its place; what was there before goes only then."""
    if not target.exists():
        os.replace(work, target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old.part")
    os.replace(target, old)
    try:
        os.replace(work, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
