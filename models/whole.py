"""Files that are written whole or not at all; and what a program that was killed has left of them, taken away.

A file is written beside its place, under a name that says which process on which machine writes it, and renamed when
all of it is there. Whoever finds such a name whose process is gone may remove it.
"""

import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LEFTOVER_S = 3600.0   # what another machine, or an earlier version, has left is removed at this age

_HERE = hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]
_PART = re.compile(r"\.?lineup-([0-9a-f]{8})-(\d{1,9})-[0-9a-f]{8}\.part")
# Names that earlier versions gave.
_OLD = re.compile(r"\.[0-9a-f]{32}\.(part|tmp)|settings-\w+\.tmp|.+\.[0-9a-f]{32}\.part")


def part_name() -> str:
    """A new name for something that this process has not finished."""
    return f".lineup-{_HERE}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part"


@contextmanager
def whole_file(path: Path, *, sync: bool = True, noted_in: Path | None = None) -> Iterator[IO[bytes]]:
    """A stream, also to be read, whose bytes become the file `path`, all at once, when the block ends well.

    Args:
        path: its folder is made where it is not there, but not where `noted_in` is given.
        sync: also a power cut leaves the old file or the new one; it may take as long as the writing.
        noted_in: a folder that is swept, where `path` may be in one that is not: a note of it lies there meanwhile.

    Raises:
        OSError: it cannot be written. Nothing half-written stays.
    """
    spare = path.with_name(part_name())   # in the same folder: a rename never copies
    note = noted_in / spare.name if noted_in else None
    try:
        if not note:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_bytes(os.fsencode(spare.absolute()))
        with spare.open("w+b") as stream:
            yield stream
            if sync:
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(spare, path)
    finally:
        for left in (spare, note):
            if left:
                with suppress(OSError):
                    left.unlink(missing_ok=True)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for the time of the block, among the system's temporary files, under such a name."""
    folder = Path(tempfile.gettempdir()) / part_name()[1:]
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what processes that are gone have left unfinished in a folder; one that is not there is no trouble."""
    for path in left(folder):
        _remove(path)


def left(folder: Path) -> list[Path]:
    """What processes that are gone have left unfinished in a folder; nothing where it is not there."""
    with suppress(OSError), os.scandir(folder) as found:
        return [Path(entry.path) for entry in found if _is_left(entry)]
    return []


def sweep_notes(folder: Path) -> None:
    """Remove what notes in this folder say was left elsewhere, and the notes."""
    for note in left(folder):
        with suppress(OSError, ValueError):
            path = Path(os.fsdecode(note.read_bytes()))
            if path.name == note.name:   # nothing but what carries this very name
                path.unlink(missing_ok=True)
        _remove(note)


def _is_left(entry: os.DirEntry[str]) -> bool:
    """Whether nobody will finish it."""
    match = _PART.fullmatch(entry.name)
    if not match and not _OLD.fullmatch(entry.name):
        return False
    with suppress(OSError):
        made_s = entry.stat(follow_symlinks=False).st_mtime
        mine = match is not None and match[1] == _HERE
        return (mine and match is not None and _is_gone(int(match[2]), made_s)) or time.time() - made_s > LEFTOVER_S
    return False


def _is_gone(pid: int, made_s: float) -> bool:
    """Whether the process that wrote something at this time, s, has ended; its number may have been given again."""
    import psutil  # 20 ms, only where something was found

    if pid == os.getpid():
        return False
    try:
        process = psutil.Process(pid)
        return bool(process.status() == psutil.STATUS_ZOMBIE or process.create_time() > made_s + 1)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:   # of another user
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
