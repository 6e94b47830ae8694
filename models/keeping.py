"""Files that are kept: written whole or not at all, or gone on with, and what to say where that cannot be."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from models.catalog import config_folder
from models.errors import StoreError
from models.progress import Progress
from models.texts import reason
from models.whole import part_name, whole_file

if TYPE_CHECKING:
    pass

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))   # no room, or no more of it for this user
LOCKLESS = (errno.ENOLCK, getattr(errno, "ENOTSUP", errno.ENOLCK), getattr(errno, "EOPNOTSUPP", errno.ENOLCK))
LOCK_S = 0.2          # between two looks at whether another program has finished


class CacheError(StoreError):
    """The cache folder cannot take the file, wherever it comes from."""


def cannot_keep(path: Path, size: int, error: OSError) -> CacheError:
    """What to say when the cache, or the folder of the user's own, does not take a file of `size` bytes."""
    own = path.is_relative_to(config_folder() / "models")
    folder, variable = (config_folder(), "LINEUP_CONFIG") if own else (path.parents[2], "LINEUP_CACHE")
    if error.errno in FULL:
        return CacheError(
            f"There is no room for {path.name} ({size / 1e6:.1f} MB) in {folder}.",
            f"Free some space, or set {variable} to a folder on another disk.",
        )
    return CacheError(
        f"{path.name} cannot be written into {folder}: {reason(error)}.",
        f"Set {variable} to a folder that you may write to.",
    )


@contextmanager
def keep(path: Path, size: int) -> Iterator[IO[bytes]]:
    """A stream whose bytes become the file `path` of the cache, all at once, when the block ends well.

    Raises:
        StoreError: the cache folder cannot be written, or is full.
    """
    try:
        with whole_file(path, sync=False) as target:   # its hash tells whether it is whole
            yield target
    except OSError as error:
        raise cannot_keep(path, size, error) from error


@contextmanager
def resume(path: Path, size: int, is_here: Callable[[], bool], progress: Progress) -> Iterator[IO[bytes] | None]:
    """As `keep`, but what was written stays when the block ends badly, and the next one goes on with it.

    One program at a time has it; None where another one has finished the file meanwhile, as `is_here` says.

    Raises:
        StoreError: the cache folder cannot be written, or is full.
        Cancelled: the work was given up, also while another program has the file.
    """
    from filelock import FileLock, Timeout  # only a fetch should cost it

    part = path.with_name(f".{path.name}.part")   # the folder is called by the hash: a stable name
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    text = progress.text
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:   # it may be held as long as another program fetches; it goes when that one ends
                progress.say(f"Waiting for {path.name}: another program is fetching it")
                progress.pause(LOCK_S)
            except OSError as error:   # after Timeout, which is one
                if error.errno not in LOCKLESS:
                    raise
                part = path.with_name(part_name())   # one that no other program writes to
                break
        progress.say(text)
        if is_here():
            yield None
            return
        try:
            with part.open("r+b" if part.exists() else "w+b") as target:
                yield target
            os.replace(part, path)
        finally:
            with suppress(OSError):
                if part.name != f".{path.name}.part" or part.stat().st_size == 0:   # nobody would find it; empty
                    part.unlink()
    except OSError as error:
        if error.errno in FULL:   # what fills the disk is not worth keeping
            with suppress(OSError):
                part.unlink(missing_ok=True)
        raise cannot_keep(path, size, error) from error
    finally:
        lock.release()
