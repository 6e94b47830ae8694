"""Several models in one file, for a place without a network.

A pack is a ZIP whose members are stored as they are, never compressed: `lineup.json`, the list with the cards of the
user's own, and each file of a model under its sha256. Nothing that is not on the list is taken, nothing is taken under
a name of the pack's choosing.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from models.archive import BROKEN
from models.card import ModelCard, ModelFile
from models.errors import StoreError
from models.progress import Progress, Report, watch
from models.store import Store
from models.texts import check_regular, is_plain_name, plain, reason
from models.user_cards import check_texts, own_texts, take_texts, wanted_by
from models.whole import whole_file

LIST, VERSION = "lineup.json", 1
LARGEST_LIST = 1 << 20    # bytes
LARGEST_FILE = 4 << 30    # bytes
MOST_FILES = 1000
CHUNK = 1 << 20           # bytes
AGAIN = "Make the pack again, or copy it again."


def pack(path: Path, cards: Sequence[ModelCard], store: Store, report: Report, cancelled: Event) -> int:
    """Write the files of these cards into the new pack `path`; how many there are.

    Raises:
        StoreError: a file is not here, or the pack cannot be written, or something else lies at `path`. Nothing
            half-written stays.
        Cancelled: `cancelled` was set.
    """
    _check_target(path)
    files = {file.sha256.lower(): file for card in cards for file in card.files}
    found = {sha256: store.find(file) for sha256, file in files.items()}
    if absent := sorted(files[sha256].name for sha256, place in found.items() if place is None):
        raise StoreError(f"Not here yet: {', '.join(absent)}.", "Fetch first: python app.py models get NAME")

    def write(progress: Progress) -> int:
        listed = [{"name": f.name, "sha256": sha256, "bytes": f.bytes} for sha256, f in files.items()]
        told = {"version": VERSION, "files": listed, "cards": own_texts(cards)}
        try:
            with whole_file(path, noted_in=store.notes) as file, zipfile.ZipFile(file, "w") as archive:   # ZIP_STORED
                archive.writestr(LIST, json.dumps(told, indent=1))
                for sha256, one in files.items():
                    progress.say(f"Packing {one.name}", one.bytes)
                    place = found[sha256]
                    assert place is not None
                    with place.open("rb") as source, archive.open(sha256, "w", force_zip64=True) as target:
                        while chunk := source.read(CHUNK):
                            progress.check()
                            target.write(chunk)
                            progress.done += len(chunk)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {reason(error)}.", "Choose another folder, or free some space."
            ) from error
        return len(files)

    return watch(write, report, cancelled)


def _check_target(path: Path) -> None:
    """A pack may take the place of an older pack, of nothing else."""
    try:
        if not path.exists():
            return
        check_regular(path)
        with zipfile.ZipFile(path) as archive:
            if LIST in archive.namelist():
                return
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {reason(error)}.", "Choose another name.") from error
    except BROKEN:
        pass
    raise StoreError(f"{path} is there already, and is no pack of models.", "Choose another name, or remove it.")


def unpack(path: Path, store: Store, report: Report, cancelled: Event) -> int:
    """Take the files of a pack into the store, each verified by its sha256; how many were new.

    Raises:
        StoreError: it is no pack, or not whole; holds more or other things than its list says; or the store cannot be
            written. What was verified before stays.
        CardError: a card in it is wrong. Nothing is taken then.
        Cancelled: `cancelled` was set.
    """

    def take(progress: Progress) -> int:
        new = 0
        files, texts = _listed(path)
        own = {sha256.lower() for sha256 in wanted_by(texts)}
        with store.adopting([file for file in files if file.sha256 in own], ""):
            for file in files:
                mine = file.sha256 in own   # nobody can fetch it again
                if not store.keeps(file, own=mine):
                    progress.say(f"Unpacking {file.name}", file.bytes)
                    store.take(file, path, file.sha256, progress, own=mine)
                    new += 1
            take_texts(texts)
        return new

    return watch(take, report, cancelled)


def _listed(path: Path) -> tuple[list[ModelFile], dict[str, str]]:
    """The files that a pack says it has, after a look at whether they are all it has; and the cards of its own."""
    try:
        check_regular(path)
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if len(members) != len(archive.infolist()):
                raise _wrong(path, "it has two members of one name")
            if LIST not in members or members[LIST].file_size > LARGEST_LIST:
                raise _wrong(path, f"it has no list {LIST}")
            if packed := next((n for n, i in members.items() if i.compress_type != zipfile.ZIP_STORED), None):
                raise _wrong(path, f"its member {plain(packed, 80)!r} is compressed")
            told = json.loads(archive.read(LIST))
            files, texts = _read_list(path, told), _read_texts(path, told)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {reason(error)}.", "Check the path.") from error
    except (*BROKEN, RecursionError) as error:
        raise _wrong(path, "it is no ZIP file, or not a whole one") from error
    check_texts(texts)
    if strange := sorted(set(members) - {LIST} - {file.sha256 for file in files}):
        raise _wrong(path, f"{plain(strange[0], 80)!r} is not on its list")
    for file in files:
        if file.sha256 not in members or members[file.sha256].file_size != file.bytes:
            raise _wrong(path, f"{file.name} is not in it as its list says")
    return files, texts


def _read_texts(path: Path, told: Any) -> dict[str, str]:
    """The cards and label lists in the list; packs of earlier versions have none."""
    texts = told.get("cards", {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise _wrong(path, "its list cannot be read")
    return texts


def _read_list(path: Path, listed: Any) -> list[ModelFile]:
    """The list as model files; names and hashes that could lead elsewhere are refused by the store."""
    if not isinstance(listed, dict) or listed.get("version") != VERSION:
        raise _wrong(path, "it is of another version of Lineup")
    rows = listed.get("files")
    if not isinstance(rows, list) or len(rows) > MOST_FILES:
        raise _wrong(path, "its list cannot be read")
    files = []
    for row in rows:
        name, sha256, size = (row.get(k) for k in ("name", "sha256", "bytes")) if isinstance(row, dict) else (None,) * 3
        if not (isinstance(name, str) and isinstance(sha256, str) and type(size) is int and 0 < size <= LARGEST_FILE):
            raise _wrong(path, "its list cannot be read")
        if not is_plain_name(name):
            raise _wrong(path, f"{plain(name, 80)!r} is no name of a file")
        files.append(ModelFile(name, sha256, size))
    return files


def _wrong(path: Path, why: str) -> StoreError:
    return StoreError(f"{path.name} is not taken as a pack of models: {why}.", AGAIN)
