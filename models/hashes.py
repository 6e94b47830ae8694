"""Know files again by their sha256, and remember the hashes so that a start does not read 150 MB again."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from models.texts import read_text
from models.whole import whole_file

log = logging.getLogger(__name__)

CHUNK = 1 << 20          # bytes
LARGEST = 50_000_000     # bytes of the index
SETTLED_NS = 2 * 10**9   # a younger file may change again without a new time stamp (2 s: the step of FAT)

Signature = tuple[int, int, int]   # size in bytes, mtime in ns, ctime in ns


def sha256_of(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """The hash of a file, 64 lower-case hex digits. `check` is called after every MB.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            check()
    return digest.hexdigest()


class HashIndex:
    """The hashes of files seen before, in one JSON file. A file that changed is hashed anew.

    Args:
        path: the JSON file; its folder is made when there is something to keep. None: kept while the program runs.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()
        self._known: dict[str, tuple[Signature, str]] | None = None

    def matches(self, path: Path, size: int, sha256: str, check: Callable[[], None] = lambda: None) -> bool:
        """Whether `path` is a file of `size` bytes with this hash. False, too, if it cannot be read."""
        try:
            stat = path.stat()
            if stat.st_size != size:
                return False
            signature = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            key = str(path.absolute())
            with self._lock:
                known = self._load().get(key)
            if known is None or known[0] != signature:
                known = (signature, sha256_of(path, check))
                if time.time_ns() - stat.st_mtime_ns > SETTLED_NS:
                    self._remember(key, known)
        except OSError as error:
            log.debug("%s cannot be read: %s", path, error)
            return False
        return known[1] == sha256.lower()

    def _load(self) -> dict[str, tuple[Signature, str]]:
        """What the file holds; nothing if it is not there or was damaged."""
        if self._known is None:
            self._known = {}
            if self._path is None:
                return self._known
            with suppress(OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError):
                for key, (size, mtime, ctime, digest) in json.loads(read_text(self._path, LARGEST)).items():
                    self._known[key] = ((int(size), int(mtime), int(ctime)), str(digest))
        return self._known

    def _remember(self, key: str, entry: tuple[Signature, str]) -> None:
        with self._lock:
            known = self._load()
            known[key] = entry
            if self._path is None:
                return
            text = json.dumps({name: [*signature, digest] for name, (signature, digest) in known.items()})
            try:
                with whole_file(self._path, sync=False) as file:
                    file.write(text.encode())
            except OSError as error:   # it only costs time at the next start
                log.debug("%s cannot be written: %s", self._path, error)
