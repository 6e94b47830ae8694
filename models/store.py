"""Where weights lie: found by their sha256, or fetched, verified, and kept."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from string import hexdigits
from threading import Event
from typing import TYPE_CHECKING

import platformdirs

from models.archive import extract
from models.card import ModelCard, ModelFile
from models.catalog import config_folder
from models.errors import NotHere, StoreError
from models.fetch import Fetch
from models.hashes import CHUNK, HashIndex
from models.keeping import CacheError, cannot_keep, keep
from models.leftovers import sweep_adopted, sweep_cache
from models.progress import Progress, Report, watch
from models.texts import is_plain_name, plain
from models.whole import part_name, sweep_notes

if TYPE_CHECKING:
    from models.registry import Indexes

COMES_WITH = Path(__file__).resolve().parents[1] / "resources" / "digits"   # networks that are part of the program
RESCAN_S = 2.0        # a listing of the mirror is believed for so long


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
        self._fetch = Fetch(self, indexes)
        self.hashes = HashIndex(self.cache / "hashes.json")
        self._come_with = HashIndex(None)           # a few MB, hashed sooner than a note of them is written
        self._listing: dict[int, list[Path]] = {}   # of the mirror, by size in bytes
        self._listed_at = float("-inf")             # s, time.monotonic()
        self.notes = self.cache / "unfinished"      # of files that are being written elsewhere
        self._adopted = self.cache / "adopting"     # notes of files whose card is not there yet
        self._own = config_folder() / "models"      # the user's own files: no cache, nobody can fetch them again
        sweep_notes(self.notes)
        sweep_adopted(self._adopted, self.forget)
        sweep_cache(self.cache, self._own)

    def find(self, file: ModelFile) -> Path | None:
        """The verified local file, or None. Hashes a file at its first sight: 1 s for 500 MB or so."""
        return self.look(file.sha256, file.bytes, self.place("files", file.sha256, file.name))

    def keeps(self, file: ModelFile, *, own: bool = False) -> bool:
        """Whether the cache itself has the verified file: a mirror may be a stick that is pulled out.

        An `own` one must lie beside the settings.
        """
        return self.hashes.matches(self._kept(file, own=own), file.bytes, file.sha256)

    def _kept(self, file: ModelFile, *, own: bool) -> Path:
        """Where a file is kept: in the cache, or beside the settings."""
        place = self.place("files", file.sha256, file.name)
        return self._own / place.relative_to(self.cache / "files") if own else place

    def is_whole(self, path: Path, sha256: str) -> bool:
        """Whether a file has this hash; it is read at its first sight, and after a change. False where it cannot be."""
        try:
            return self.hashes.matches(path, path.stat().st_size, sha256)
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
            return watch(lambda progress: self._fetch.get(file, progress), report, cancelled)
        except CacheError:
            raise
        except StoreError as error:
            raise NotHere(str(error), error.hint) from error

    def use_folder(self, folder: Path) -> None:
        """Look for files in this folder and below from now on."""
        self.mirror, self._listed_at = folder, float("-inf")

    def look(self, sha256: str, size: int, kept: Path) -> Path | None:
        """The verified local file that would be kept as `kept`: there, beside the settings, or below the mirror."""
        if self.hashes.matches(kept, size, sha256):
            return kept
        own = self._own / kept.relative_to(self.cache / "files") if kept.is_relative_to(self.cache / "files") else kept
        if self._come_with.matches(COMES_WITH / kept.name, size, sha256):
            return COMES_WITH / kept.name
        for path in (own, *self._in_mirror(size)):
            if self.hashes.matches(path, size, sha256):
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

    def place(self, kind: str, sha256: str, name: str) -> Path:
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

    def take(self, file: ModelFile, archive: Path, member: str, progress: Progress, *, own: bool = False) -> Path:
        """Keep the file that lies as `member` in an archive; an `own` one beside the settings, as `adopt` does.

        Raises:
            StoreError: it is not there, is another file by its sha256, or cannot be kept.
            Cancelled: the work was given up.
        """
        kept = self._kept(file, own=own)
        with keep(kept, file.bytes) as target:
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
        if self.hashes.matches(kept, file.bytes, file.sha256):
            return kept
        digest = hashlib.sha256()
        with keep(kept, file.bytes) as target, source.open("rb") as stream:
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
            raise cannot_keep(self._adopted / "note" / note.name, 0, error) from error
        try:
            yield
        finally:
            with suppress(OSError):
                note.unlink(missing_ok=True)

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


def is_address(text: str) -> bool:
    """Whether `text` names a place on a network, not a folder."""
    return text.startswith(("http://", "https://"))


def _folder(variable: str) -> Path | None:
    """The folder that an environment variable names, if it does."""
    name = os.environ.get(variable, "")
    return Path(name).expanduser() if name else None
