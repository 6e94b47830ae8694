"""The store: found by hash, fetched over a bad network, verified, never half-written."""

import errno
import io
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import IO

import misbehaving as bad
import pytest

import models.download
import models.hashes
from models.archive import extract
from models.card import InputSpec, ModelCard, ModelFile, PackageMember
from models.errors import Cancelled, StoreError
from models.fetch import endpoint_of
from models.registry import Indexes
from models.store import Store

BODY = bytes(range(256)) * 1000          # 256,000 bytes
OTHER = bytes(reversed(BODY))            # as long, another file
NOWHERE = Indexes(default=False)


def model_file(body: bytes = BODY, url: str = "", package: PackageMember | None = None) -> ModelFile:
    return ModelFile("net.onnx", sha256(body).hexdigest(), len(body), url, package)


def silence(text: str, fraction: float | None) -> None:
    pass


def kept(store: Store) -> list[str]:
    """The names of everything in the cache that is or might be taken for a model."""
    found = (p.name for p in store.cache.rglob("*") if p.is_file() and p.name != "hashes.json")
    return sorted(name for name in found if not name.endswith((".lock", ".part")))


def parts(store: Store) -> list[int]:
    """The sizes of what is there to go on with, bytes."""
    return sorted(p.stat().st_size for p in store.cache.rglob("*.part"))


@pytest.fixture
def server() -> Iterator[bad.Server]:
    with bad.serving() as server:
        yield server


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.download, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(models.download, "READ_S", 0.5)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", indexes=NOWHERE)


def get(store: Store, file: ModelFile) -> Path:
    return store.get(file, silence, Event())


# ---- found

def test_nothing_is_found_in_an_empty_cache(store: Store) -> None:
    assert store.find(model_file()) is None
    assert not store.cache.exists()


@pytest.mark.parametrize(
    ("content", "found"), [(b"", False), (BODY[:-1], False), (OTHER, False), (BODY, True)],
    ids=["empty", "short", "other", "right"],
)
def test_only_the_right_file_is_found(tmp_path: Path, content: bytes, found: bool) -> None:
    mirror = tmp_path / "mirror" / "deep" / "down"
    mirror.mkdir(parents=True)
    (mirror / "another name.bin").write_bytes(content)
    store = Store(tmp_path / "cache", tmp_path / "mirror")
    assert store.find(model_file()) == (mirror / "another name.bin" if found else None)


def test_the_mirror_is_told_apart_by_hash(tmp_path: Path) -> None:
    for name, content in (("a", OTHER), ("b", BODY)):
        (tmp_path / "mirror" / name).mkdir(parents=True)
        (tmp_path / "mirror" / name / "net.onnx").write_bytes(content)
    store = Store(tmp_path / "cache", tmp_path / "mirror", offline=True)
    assert get(store, model_file()) == tmp_path / "mirror" / "b" / "net.onnx"
    assert store.find(model_file(OTHER)) == tmp_path / "mirror" / "a" / "net.onnx"


def test_a_mirror_that_is_not_there_is_no_mirror(tmp_path: Path) -> None:
    assert Store(tmp_path / "cache", tmp_path / "absent").find(model_file()) is None


def test_folders_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEUP_CACHE", str(tmp_path / "c"))
    monkeypatch.setenv("LINEUP_MIRROR", str(tmp_path / "m"))
    assert (Store().cache, Store().mirror) == (tmp_path / "c", tmp_path / "m")
    assert Store(tmp_path / "x", tmp_path / "y").mirror == tmp_path / "y"
    monkeypatch.delenv("LINEUP_CACHE")
    assert Store().cache.name in {"lineup", "Cache"}   # Windows keeps a folder of that name inside


def aged(path: Path, body: bytes) -> Path:
    """A file that was last changed a minute ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    then = time.time() - 60
    os.utime(path, (then, then))
    return path


def test_a_second_start_does_not_hash_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = aged(tmp_path / "mirror" / "net.onnx", BODY)
    assert Store(tmp_path / "cache", tmp_path / "mirror").find(model_file()) == path
    hashed: list[Path] = []
    monkeypatch.setattr(models.hashes, "sha256_of", lambda path, check: hashed.append(path) or "0")
    assert Store(tmp_path / "cache", tmp_path / "mirror").find(model_file()) == path
    assert hashed == []
    os.utime(path)   # the same content, but who could know
    assert Store(tmp_path / "cache", tmp_path / "mirror").find(model_file()) is None
    assert hashed == [path]


def test_a_changed_file_is_noticed_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache", tmp_path / "mirror")
    path = aged(tmp_path / "mirror" / "net.onnx", BODY)
    assert store.find(model_file()) == path
    path.write_bytes(OTHER)
    assert store.find(model_file()) is None
    path.write_bytes(BODY)   # within the same tick of the clock, perhaps
    assert store.find(model_file()) == path


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"a": 1}', '{"a": ["x", "y", "z", 1]}', "\0\0", '{"a": [Infinity, 1, 1, "x"]}', "[" * 100_000,
     '{"a": [' + "9" * 5000 + ', 1, 1, "x"]}'],
)  # fmt: skip
def test_a_damaged_index_is_made_anew(tmp_path: Path, text: str) -> None:
    path = aged(tmp_path / "mirror" / "net.onnx", BODY)
    index = tmp_path / "cache" / "hashes.json"
    index.parent.mkdir()
    index.write_text(text)
    assert Store(tmp_path / "cache", tmp_path / "mirror").find(model_file()) == path
    assert sha256(BODY).hexdigest() in index.read_text()


def test_a_cache_that_cannot_be_written_still_finds(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    path = aged(tmp_path / "mirror" / "net.onnx", BODY)
    assert Store(tmp_path / "cache", tmp_path / "mirror").find(model_file()) == path


def test_missing_names_the_files_that_are_not_here(tmp_path: Path) -> None:
    here, absent = model_file(), model_file(OTHER)
    aged(tmp_path / "mirror" / "net.onnx", BODY)
    card = ModelCard(
        name="m", title="M", family="M", task="classify", decoder="softmax", labels="l.txt",
        input=InputSpec((8, 8)), files=(here, absent), licence="MIT", source="",
    )
    assert Store(tmp_path / "cache").missing(card) == (here, absent)
    assert Store(tmp_path / "cache", tmp_path / "mirror").missing(card) == (absent,)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "../net.onnx", "a/net.onnx", "a\\net.onnx", "/net.onnx"])
def test_no_name_leads_out_of_the_cache(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="cannot be kept"):
        store.find(ModelFile(name, sha256(BODY).hexdigest(), len(BODY)))


# ---- fetched

def test_a_file_is_fetched_and_reported(store: Store, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    reports: list[tuple[str, float | None]] = []
    file = model_file(url=server.url + "/net.onnx")
    path = store.get(file, lambda text, fraction: reports.append((text, fraction)), Event())
    assert path.read_bytes() == BODY
    assert store.find(file) == path
    assert kept(store) == ["net.onnx"]
    assert reports[-1] == ("Fetching net.onnx, 0.3 MB", 1.0)
    assert get(store, file) == path
    assert server.paths() == ["/net.onnx"]


@pytest.mark.parametrize(
    ("answer", "message", "requests"),
    [
        (bad.missing, "answers 404", 1),
        (bad.busy(403, 9, bad.missing), "answers 403", 1),
        (bad.busy(503, 9, bad.whole(BODY)), "answers 503", 3),
        (bad.whole(b""), "has 0 bytes, not the 256,000", 1),
        (bad.whole(BODY[:-1]), "has 255,999 bytes", 1),
        (bad.whole(BODY + b"x"), "has 256,001 bytes", 1),
        (bad.endless(BODY + b"x"), "has more than 256,000 bytes", 1),
        (bad.whole(OTHER), "not the file that the card names", 1),
        (bad.cut(BODY, 0, times=9), "cut the connection after 0 of 256,000 bytes", 3),
        (bad.cut(BODY, 1000, times=9, ranges=False), "after 1,000 of 256,000 bytes", 4),
        (bad.endless(BODY[:1000]), "after 1,000 of 256,000 bytes", 4),
        (bad.silent, "fell silent", 3),
        (bad.slow(BODY, 1000), "fell silent", 4),
    ],
    ids=["404", "403", "503", "empty", "short", "long", "endless", "wrong", "nothing", "no ranges", "short endless",
         "silent", "stalled"],
)
def test_what_is_wrong_is_said_and_never_kept(
    store: Store, server: bad.Server, answer: bad.Answer, message: str, requests: int
) -> None:
    server.routes["/net.onnx"] = answer
    with pytest.raises(StoreError, match=message) as caught:
        get(store, model_file(url=server.url + "/net.onnx"))
    assert "net.onnx" in str(caught.value)
    assert "LINEUP_MIRROR" in caught.value.hint
    assert kept(store) == []
    assert len(server.paths()) == requests


@pytest.mark.parametrize(
    ("answer", "ranges"),
    [
        (bad.busy(503, 2, bad.whole(BODY)), ["", "", ""]),
        (bad.cut(BODY, 100_000), ["", "bytes=100000-"]),
        (bad.cut(BODY, 60_000, times=4), ["", *(f"bytes={n}-" for n in (60_000, 120_000, 180_000, 240_000))]),
        (bad.cut(BODY, 100_000, ranges=False), ["", "bytes=100000-"]),
        (bad.cut(OTHER, 100_000, later=BODY), ["", "bytes=100000-", ""]),
    ],
    ids=["503 then 200", "resumed", "resumed often", "begun anew", "another file meanwhile"],
)
def test_what_passes_is_waited_for(store: Store, server: bad.Server, answer: bad.Answer, ranges: list[str]) -> None:
    server.routes["/net.onnx"] = answer
    assert get(store, model_file(url=server.url + "/net.onnx")).read_bytes() == BODY
    assert [asked for _, asked in server.asked] == ranges
    assert kept(store) == ["net.onnx"]


@pytest.mark.parametrize("answer", [bad.silent, bad.slow(BODY, 1000)], ids=["silent", "slow"])
def test_cancel_takes_effect_at_once(
    store: Store, server: bad.Server, answer: bad.Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.download, "READ_S", 30.0)
    server.routes["/net.onnx"] = answer
    cancelled, began = Event(), [0.0]

    def cancel() -> None:
        assert server.waiting.wait(10)
        began[0] = time.perf_counter()
        cancelled.set()

    thread = Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        store.get(model_file(url=server.url + "/net.onnx"), silence, cancelled)
    assert time.perf_counter() - began[0] < 1.0
    thread.join()
    assert kept(store) == []


def test_cancel_while_an_index_is_silent(tmp_path: Path, server: bad.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.download, "READ_S", 30.0)
    server.routes["/simple/net/"] = bad.silent
    store = Store(tmp_path / "cache", indexes=Indexes((server.url + "/simple",), default=False))
    cancelled, texts = Event(), []

    def report(text: str, fraction: float | None) -> None:
        texts.append(text)
        assert server.waiting.wait(10)
        cancelled.set()

    with pytest.raises(Cancelled):
        store.get(packed(b"x", "net-1.0.tar.gz", "a"), report, cancelled)
    assert texts == ["Looking for net 1.0"]


def test_a_report_that_fails_ends_the_fetch(store: Store, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.slow(BODY, 1000)

    def report(text: str, fraction: float | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get(model_file(url=server.url + "/net.onnx"), report, Event())
    assert kept(store) == []


def test_no_connection(store: Store) -> None:
    with bad.serving() as server:
        url = server.url
    with pytest.raises(StoreError, match="no connection to") as caught:
        get(store, model_file(url=url + "/net.onnx"))
    assert "LINEUP_MIRROR" in caught.value.hint


def test_an_address_of_no_known_kind(store: Store) -> None:
    with pytest.raises(StoreError, match="only http and https"):
        get(store, model_file(url="gopher://127.0.0.1/net.onnx"))


def test_offline_nothing_is_asked(tmp_path: Path, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    package = PackageMember("net", "1.0", "net-1.0.tar.gz", "0" * 64, 1, "net")
    for file in (model_file(url=server.url + "/net.onnx"), model_file(package=package)):
        with pytest.raises(StoreError, match="fetching is switched off"):
            get(Store(tmp_path / "cache", offline=True, indexes=Indexes((server.url + "/simple",))), file)
    assert server.paths() == []


def test_a_file_without_a_source(store: Store) -> None:
    with pytest.raises(StoreError, match="names no place") as caught:
        get(store, model_file())
    assert "LINEUP_MIRROR" in caught.value.hint


def test_a_cache_that_cannot_be_written(tmp_path: Path, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        get(Store(tmp_path / "cache", indexes=NOWHERE), model_file(url=server.url + "/net.onnx"))
    assert "LINEUP_CACHE" in caught.value.hint
    assert server.paths() == []


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_a_read_only_cache(tmp_path: Path, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        get(Store(tmp_path / "cache", indexes=NOWHERE), model_file(url=server.url + "/net.onnx"))


def test_a_full_disk(store: Store, server: bad.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_client: object, _url: str, target: IO[bytes], *_: object) -> None:
        target.write(BODY[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(models.download, "download", full)
    with pytest.raises(StoreError, match=r"no room for net\.onnx \(0\.3 MB\)") as caught:
        get(store, model_file(url=server.url + "/net.onnx"))
    assert "LINEUP_CACHE" in caught.value.hint
    assert kept(store) == []
    assert parts(store) == []   # what fills the disk is not kept to go on with


def test_two_at_once_download_once(tmp_path: Path, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    file = model_file(url=server.url + "/net.onnx")
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: get(Store(tmp_path / "cache", indexes=NOWHERE), file), range(4)))
    assert [path.read_bytes() == BODY for path in paths] == [True]
    assert server.paths() == ["/net.onnx"]


def test_who_waits_for_another_fetch_can_leave(store: Store, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.slow(BODY, 1000)
    file, stop_first, stop_second = model_file(url=server.url + "/net.onnx"), Event(), Event()

    def first() -> None:
        with pytest.raises(Cancelled):
            store.get(file, silence, stop_first)

    thread = Thread(target=first)
    thread.start()
    assert server.waiting.wait(10)
    texts: list[str] = []

    def report(text: str, fraction: float | None) -> None:
        texts.append(text)
        stop_second.set()

    with pytest.raises(Cancelled):
        store.get(file, report, stop_second)
    assert texts == ["Waiting for net.onnx: it is being fetched already"]
    stop_first.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_damaged_file_is_fetched_again(store: Store, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    file = model_file(url=server.url + "/net.onnx")
    get(store, file).write_bytes(OTHER)
    assert get(store, file).read_bytes() == BODY
    assert len(server.paths()) == 2


def test_leftovers_are_swept_away_but_not_what_is_fresh(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    half = cache / "files" / "cd" / f".{'a' * 32}.tmp"
    old = [aged(cache / "archives" / "ab" / "net-1.0.tar.gz", BODY), aged(half, BODY)]
    for path in old:
        os.utime(path, (0, 0))
    model, fresh = aged(cache / "files" / "cd" / "net.onnx", BODY), aged(cache / "archives" / "ef" / "n.whl", BODY)
    os.utime(model, (0, 0))
    Store(cache)
    assert [path.exists() for path in (*old, model, fresh)] == [False, False, True, True]


# ---- out of packages

def tar_gz(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as pack:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            pack.addfile(info, io.BytesIO(body))
    return stream.getvalue()


def wheel(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, body in files.items():
            pack.writestr(name, body)
    return stream.getvalue()


def packed(archive: bytes, name: str, member: str, body: bytes = BODY) -> ModelFile:
    return model_file(body, package=PackageMember(
        "net", "1.0", name, sha256(archive).hexdigest(), len(archive), member
    ))


PACKS = [(tar_gz, "net-1.0.tar.gz"), (wheel, "net-1.0-py3-none-any.whl")]


@pytest.mark.parametrize(("make", "name"), PACKS, ids=["sdist", "wheel"])
def test_two_members_of_a_package_cost_one_download(tmp_path: Path, server: bad.Server, make, name: str) -> None:
    archive = make({"net-1.0/setup.py": b"raise SystemExit", "a/w.bin": BODY, "a/cfg": OTHER})
    server.index("net", f"../../files/{name}")
    server.routes[f"/files/{name}"] = bad.whole(archive)
    store = Store(tmp_path / "cache", indexes=Indexes((server.url + "/simple",), default=False))
    reports: list[str] = []
    path = store.get(packed(archive, name, "a/w.bin"), lambda text, _: reports.append(text), Event())
    assert path.read_bytes() == BODY
    assert get(store, packed(archive, name, "a/cfg", OTHER)).read_bytes() == OTHER
    assert server.paths() == ["/simple/net/", f"/files/{name}"]
    assert kept(store) == sorted(["net.onnx", "net.onnx", name])
    assert reports[-1] == f"Unpacking net.onnx from {name}"


@pytest.mark.parametrize("right", [True, False])
def test_a_folder_of_wheels(tmp_path: Path, right: bool) -> None:
    archive = wheel({"a": BODY})
    path = aged(tmp_path / "wheels" / "net-1.0-py3-none-any.whl", archive if right else archive[::-1])
    store = Store(tmp_path / "cache", indexes=Indexes(find_links=(str(path.parent),), default=False))
    file = packed(archive, path.name, "a")
    if right:
        assert get(store, file).read_bytes() == BODY
        assert kept(store) == ["net.onnx"]   # read where it lies
    else:
        with pytest.raises(StoreError, match="is another file"):
            get(store, file)


def test_an_archive_in_the_mirror_will_do(tmp_path: Path) -> None:
    archive = tar_gz({"a": BODY})
    aged(tmp_path / "mirror" / "net-1.0.tar.gz", archive)
    store = Store(tmp_path / "cache", tmp_path / "mirror", offline=True)
    assert get(store, packed(archive, "net-1.0.tar.gz", "a")).read_bytes() == BODY


def test_the_url_is_asked_where_the_package_fails(tmp_path: Path, server: bad.Server) -> None:
    server.routes["/net.onnx"] = bad.whole(BODY)
    package = PackageMember("net", "1.0", "net-1.0.tar.gz", "0" * 64, 1, "net")
    store = Store(tmp_path / "cache", indexes=Indexes((server.url + "/simple",), default=False))
    assert get(store, model_file(url=server.url + "/net.onnx", package=package)).read_bytes() == BODY
    assert server.paths() == ["/simple/net/", "/net.onnx"]


def test_a_package_that_no_index_has(tmp_path: Path, server: bad.Server) -> None:
    store = Store(tmp_path / "cache", indexes=Indexes((server.url + "/simple",), default=False))
    with pytest.raises(StoreError, match=r"no package index offers net-1\.0\.tar\.gz") as caught:
        get(store, packed(b"x", "net-1.0.tar.gz", "a"))
    assert "net.onnx or net-1.0.tar.gz" in caught.value.hint


@pytest.mark.parametrize(
    ("archive", "served", "member", "message"),
    [
        (tar_gz({}), None, "a", "has no file a"),
        (tar_gz({"a": BODY[:-1]}), None, "a", "a in net-1.0.tar.gz has 255,999 bytes"),
        (tar_gz({"a": OTHER}), None, "a", "is not net.onnx: its sha256"),
        (tar_gz({"a": BODY}), tar_gz({"a": OTHER}), "a", "not the .* that the card"),
        (b"no archive", None, "a", "cannot be unpacked"),
        (tar_gz({"a": BODY})[:-200], None, "a", "cannot be unpacked"),
    ],
    ids=["absent", "size", "content", "replaced", "no archive", "truncated"],
)
def test_a_wrong_package(
    tmp_path: Path, server: bad.Server, archive: bytes, served: bytes | None, member: str, message: str
) -> None:
    server.index("net", "/files/net-1.0.tar.gz")
    server.routes["/files/net-1.0.tar.gz"] = bad.whole(served or archive)
    store = Store(tmp_path / "cache", indexes=Indexes((server.url + "/simple",), default=False))
    with pytest.raises(StoreError, match=message):
        get(store, packed(archive, "net-1.0.tar.gz", member))
    assert "net.onnx" not in kept(store)
    assert not list(store.cache.rglob("*.part"))


def lying_wheel() -> bytes:
    """A member of 1 MB of zeros whose header states 1,000 bytes."""
    data = bytearray(wheel({"a": bytes(1_000_000)}))
    true, false = (1_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    assert data.count(true) == 2
    return bytes(data.replace(true, false))


def linked_tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as pack:
        info = tarfile.TarInfo("a")
        info.type, info.linkname = tarfile.SYMTYPE, "elsewhere"
        pack.addfile(info)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (wheel({}), "has no file a"),
        (wheel({"a": bytes(10_000_000)}), "has 10,000,000 bytes, not the 1,000"),
        (lying_wheel(), "cannot be unpacked"),
        (tar_gz({"a": bytes(10_000_000)}), "has 10,000,000 bytes, not the 1,000"),
        (tar_gz({"./a": bytes(1000)}), "has no file a"),
        (linked_tar(), "has no file a"),
    ],
    ids=["empty", "bomb", "lying bomb", "tar bomb", "path", "link"],
)
def test_never_more_is_unpacked_than_the_card_states(tmp_path: Path, archive: bytes, message: str) -> None:
    (tmp_path / "pack").write_bytes(archive)
    target = io.BytesIO()
    with pytest.raises(StoreError, match=message):
        extract(tmp_path / "pack", "a", target, 1000, lambda: None)
    assert len(target.getvalue()) <= 1000


@pytest.mark.parametrize("make", [wheel, tar_gz])
def test_a_member_is_copied_and_hashed(tmp_path: Path, make) -> None:
    (tmp_path / "pack").write_bytes(make({"b": OTHER, "a": BODY}))
    target = io.BytesIO()
    assert extract(tmp_path / "pack", "a", target, len(BODY), lambda: None) == sha256(BODY).hexdigest()
    assert target.getvalue() == BODY


def test_the_start_does_not_pay_for_the_network(tmp_path: Path) -> None:
    code = "import sys, models.store; sys.exit(bool({'unearth', 'httpx2', 'ssl'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], timeout=60).returncode == 0


# ---- gone on with

def test_the_next_run_goes_on_with_what_was_cut_off(tmp_path: Path, server: bad.Server) -> None:
    """As after the end of the program: another store, the same cache."""
    file = model_file(url=server.url + "/net.onnx")
    server.routes["/net.onnx"] = bad.slow(BODY, 100_000)
    with pytest.raises(StoreError, match="fell silent"):
        get(Store(tmp_path / "cache", indexes=NOWHERE), file)
    server.asked.clear()
    server.routes["/net.onnx"] = bad.cut(BODY, 0, times=0)
    store = Store(tmp_path / "cache", indexes=NOWHERE)
    assert parts(store) == [100_000]
    assert get(store, file).read_bytes() == BODY
    assert server.asked == [("/net.onnx", "bytes=100000-")]
    assert parts(store) == []


FETCH = """
import sys
from pathlib import Path
from threading import Event
from models.card import ModelFile
from models.registry import Indexes
from models.store import Store
cache, url, sha256, size = sys.argv[1:]
store = Store(Path(cache), indexes=Indexes(default=False))
store.get(ModelFile("net.onnx", sha256, int(size), url), lambda text, _: print(text, flush=True), Event())
"""


def fetching(store: Store, file: ModelFile) -> "subprocess.Popen[str]":
    """Another program that fetches the same file into the same cache."""
    words = [str(store.cache), file.url, file.sha256, str(file.bytes)]
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, *words], cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip


def test_a_killed_program_leaves_what_the_next_one_goes_on_with(store: Store, server: bad.Server) -> None:
    file = model_file(url=server.url + "/net.onnx")
    server.routes["/net.onnx"] = bad.slow(BODY, 100_000)
    with fetching(store, file) as other:
        assert server.waiting.wait(30)
        until = time.monotonic() + 10
        while parts(store) in ([], [0]) and time.monotonic() < until:   # the bytes are on their way to the disk
            time.sleep(0.01)
        other.kill()
    (left,) = parts(store)
    assert 0 < left <= 100_000
    server.asked.clear()
    server.routes["/net.onnx"] = bad.cut(BODY, 0, times=0)
    assert get(store, file).read_bytes() == BODY
    assert server.asked == [("/net.onnx", f"bytes={left}-")]


def test_two_programs_fetch_a_file_once(store: Store, server: bad.Server) -> None:
    file = model_file(url=server.url + "/net.onnx")
    server.routes["/net.onnx"] = bad.slow(BODY, 100_000)
    said = Event()
    found: list[Path] = []

    def report(text: str, _: float | None) -> None:
        if "another program is fetching it" in text:
            said.set()

    with fetching(store, file) as other:
        assert server.waiting.wait(30)
        ours = Thread(target=lambda: found.append(store.get(file, report, Event())))
        ours.start()
        assert said.wait(10)
        assert server.paths() == ["/net.onnx"]
        server.routes["/net.onnx"] = bad.cut(BODY, 0, times=0)
        server.released.set()   # the other one is cut off, and goes on by itself
        assert other.wait(20) == 0
        ours.join(10)
    assert found[0].read_bytes() == BODY
    assert server.asked == [("/net.onnx", ""), ("/net.onnx", "bytes=100000-")]


@pytest.mark.parametrize(
    ("left", "asked"),
    [
        (OTHER[:1000], ["bytes=1000-", ""]),    # the beginning of another file
        (OTHER, [""]),                          # as long as the file, and not it
        (BODY + b"x", [""]),                    # longer than the file
        (BODY, []),                             # whole: the program ended just before it could say so
        (b"", [""]),
    ],
    ids=["another beginning", "another file", "too long", "whole", "empty"],
)
def test_what_is_left_is_not_believed(store: Store, server: bad.Server, left: bytes, asked: list[str]) -> None:
    file = model_file(url=server.url + "/net.onnx")
    aged(store.cache / "files" / file.sha256[:16] / ".net.onnx.part", left)
    server.routes["/net.onnx"] = bad.cut(BODY, 0, times=0)
    assert get(store, file).read_bytes() == BODY
    assert [ranges for _, ranges in server.asked] == asked
    assert parts(store) == []


def test_the_bytes_of_another_file_do_not_stay(store: Store, server: bad.Server) -> None:
    for answer in (bad.whole(OTHER), bad.endless(BODY + b"x")):
        server.routes["/net.onnx"] = answer
        with pytest.raises(StoreError):
            get(store, model_file(url=server.url + "/net.onnx"))
        assert parts(store) == []


def test_an_archive_is_gone_on_with_as_well(tmp_path: Path, server: bad.Server) -> None:
    archive = wheel({"a": BODY + os.urandom(4000)})
    file = packed(archive, "net-1.0-py3-none-any.whl", "a", b"")
    server.index("net", "/files/net-1.0-py3-none-any.whl")
    server.routes["/files/net-1.0-py3-none-any.whl"] = bad.slow(archive, 1500)
    store = Store(tmp_path / "cache", indexes=Indexes((server.url + "/simple",), default=False))
    with pytest.raises(StoreError):
        get(store, file)
    assert parts(store) == [1500]


def test_what_nobody_goes_on_with_is_swept_after_a_week(tmp_path: Path) -> None:
    part = aged(tmp_path / "cache" / "files" / "ab" / ".net.onnx.part", BODY)
    os.utime(part, (time.time() - 6 * 86400,) * 2)
    Store(tmp_path / "cache")
    assert part.exists()
    os.utime(part, (time.time() - 8 * 86400,) * 2)
    Store(tmp_path / "cache")
    assert not part.exists()


def test_without_locks_every_program_has_a_part_of_its_own(
    store: Store, server: bad.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network drives have none: two programs must not write into one file."""
    def none(*_: object, **__: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("filelock.FileLock.acquire", none)
    file = model_file(url=server.url + "/net.onnx")
    others = aged(store.cache / "files" / file.sha256[:16] / ".net.onnx.part", OTHER[:1000])
    server.routes["/net.onnx"] = bad.slow(BODY, 1000)
    with pytest.raises(StoreError):
        get(store, file)
    assert kept(store) == []   # and nothing half-written stays
    server.routes["/net.onnx"] = bad.whole(BODY)
    assert get(store, file).read_bytes() == BODY
    assert others.read_bytes() == OTHER[:1000]


# ---- several addresses

def test_the_addresses_are_tried_in_order(store: Store, server: bad.Server) -> None:
    server.routes = {"/b/net.onnx": bad.whole(OTHER), "/c/net.onnx": bad.whole(BODY), "/d/net.onnx": bad.whole(BODY)}
    file = replace(
        model_file(url=server.url + "/a/net.onnx"),
        more_urls=tuple(f"{server.url}/{place}/net.onnx" for place in "bcd"),
    )
    assert get(store, file).read_bytes() == BODY
    assert server.paths() == ["/a/net.onnx", "/b/net.onnx", "/c/net.onnx"]


def test_where_no_address_will_do_each_reason_is_said(store: Store, server: bad.Server) -> None:
    server.routes = {"/b/net.onnx": bad.whole(OTHER)}
    file = replace(model_file(url=server.url + "/a/net.onnx"), more_urls=(f"{server.url}/b/net.onnx",))
    with pytest.raises(StoreError, match=r"answers 404.*is not the file that the card names"):
        get(store, file)


@pytest.mark.parametrize(
    ("endpoint", "url", "asked"),
    [
        ("", "https://huggingface.co/a/b", "https://huggingface.co/a/b"),
        ("https://mirror.example/hf/", "https://huggingface.co/a/b", "https://mirror.example/hf/a/b"),
        ("https://mirror.example", "https://huggingface.co.evil.example/a", "https://huggingface.co.evil.example/a"),
        ("https://mirror.example", "https://a.example/huggingface.co/a", "https://a.example/huggingface.co/a"),
    ],
)
def test_another_host_for_hugging_face(monkeypatch, endpoint, url, asked):
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert endpoint_of(url) == asked


def test_an_address_as_mirror_is_asked_first_by_name(tmp_path: Path, server: bad.Server) -> None:
    server.routes = {"/venue/net.onnx": bad.whole(BODY), "/far/net.onnx": bad.whole(BODY)}
    store = Store(tmp_path / "cache", indexes=NOWHERE, mirror_url=server.url + "/venue/")
    assert get(store, model_file(url=server.url + "/far/net.onnx")).read_bytes() == BODY
    assert server.paths() == ["/venue/net.onnx"]


def test_what_the_mirror_lacks_comes_from_its_own_place(tmp_path: Path, server: bad.Server) -> None:
    server.routes = {"/venue/net.onnx": bad.missing, "/far/net.onnx": bad.whole(BODY)}
    store = Store(tmp_path / "cache", indexes=NOWHERE, mirror_url=server.url + "/venue")
    assert get(store, model_file(url=server.url + "/far/net.onnx")).read_bytes() == BODY
    server.routes["/venue/other.onnx"] = bad.whole(OTHER)   # another file under the right name
    wrong = ModelFile("other.onnx", sha256(BODY).hexdigest(), len(BODY))
    with pytest.raises(StoreError):
        get(store, wrong)


def test_an_address_in_the_environment_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEUP_MIRROR", "https://venue.example/models")
    store = Store(tmp_path / "cache")
    assert (store.mirror, store.mirror_url) == (None, "https://venue.example/models")
    assert Store(tmp_path / "cache", tmp_path).mirror_url == ""
