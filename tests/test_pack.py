"""Packs of models: what is written comes back, and nothing else is ever taken."""

import hashlib
import json
import stat
import zipfile
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from make import card

from models.card import ModelCard, ModelFile
from models.errors import Cancelled, StoreError
from models.pack import LIST, pack, unpack
from models.store import Store

CONTENT = {"a.onnx": b"first network" * 100, "b.weights": b"second" * 50}


def told(_text: str, _fraction: float | None) -> None:
    """Nobody listens."""


def file(name: str) -> ModelFile:
    return ModelFile(name, hashlib.sha256(CONTENT[name]).hexdigest(), len(CONTENT[name]))


@pytest.fixture
def full(tmp_path: Path) -> tuple[Store, list[ModelCard]]:
    """A store that has both files, and two cards."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for name, content in CONTENT.items():
        (mirror / name).write_bytes(content)
    cards = [replace(card(name.split(".")[0]), files=(file(name),)) for name in CONTENT]
    return Store(tmp_path / "full", mirror), cards


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store(tmp_path / "empty", offline=True)


def kept(store: Store) -> list[str]:
    return sorted(p.name for p in store.cache.rglob("*") if p.is_file() and p.name != "hashes.json")


def zipped(path: Path, members: dict[str, bytes], listed: Any, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(LIST, listed if isinstance(listed, str) else json.dumps(listed))
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def row(of: str, **changes: Any) -> dict[str, Any]:
    one = file(of)
    return {"name": of, "sha256": one.sha256, "bytes": one.bytes, **changes}


def test_an_empty_pack_is_one(tmp_path, full, empty):
    assert pack(tmp_path / "p.zip", [], full[0], told, Event()) == 0
    assert unpack(tmp_path / "p.zip", empty, told, Event()) == 0


def test_what_was_packed_is_there_after_unpacking(tmp_path, full, empty):
    store, cards = full
    assert pack(tmp_path / "p.zip", cards, store, told, Event()) == 2
    assert unpack(tmp_path / "p.zip", empty, told, Event()) == 2
    assert all(not empty.missing(one) for one in cards)
    assert kept(empty) == ["a.onnx", "b.weights"]
    assert unpack(tmp_path / "p.zip", empty, told, Event()) == 0   # a second time nothing is new


def test_a_file_of_two_models_is_packed_once(tmp_path, full):
    store, cards = full
    assert pack(tmp_path / "p.zip", [cards[0], replace(cards[0], name="again")], store, told, Event()) == 1


def test_what_is_not_here_is_said_and_nothing_is_written(tmp_path, full, empty):
    with pytest.raises(StoreError, match=r"a\.onnx, b\.weights"):
        pack(tmp_path / "p.zip", full[1], empty, told, Event())
    assert not list(tmp_path.glob("*.zip"))
    assert not list(tmp_path.glob(".*"))


def test_a_cancelled_pack_leaves_nothing(tmp_path, full):
    cancelled = Event()
    cancelled.set()
    big = tmp_path / "mirror" / "big.onnx"
    big.write_bytes(b"\0" * 300_000_000)
    one = ModelFile("big.onnx", hashlib.sha256(big.read_bytes()).hexdigest(), 300_000_000)
    store = Store(tmp_path / "full", tmp_path / "mirror")
    with pytest.raises(Cancelled):
        pack(tmp_path / "p.zip", [replace(full[1][0], files=(one,))], store, told, cancelled)
    assert not (tmp_path / "p.zip").exists()


def test_a_folder_that_is_not_there_is_said(tmp_path, full):
    with pytest.raises(StoreError, match="cannot be written"):
        pack(tmp_path / "nowhere" / "p.zip", full[1], full[0], told, Event())


GOOD = file("a.onnx").sha256
ROWS = {"version": 1, "files": [row("a.onnx")]}
OUTSIDE = "f" * 64


@pytest.mark.parametrize(
    ("members", "listed", "says"),
    [
        ({}, ROWS, "as its list says"),
        ({GOOD: CONTENT["a.onnx"], "../../evil": b"x"}, ROWS, "not on its list"),
        ({GOOD: CONTENT["a.onnx"], OUTSIDE: b"x"}, ROWS, "not on its list"),
        ({GOOD: CONTENT["a.onnx"][:-1] + b"!"}, ROWS, "sha256"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 1, "files": [row("a.onnx", bytes=5)]}, "as its list says"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 1, "files": [row("a.onnx", name="../a.onnx")]}, "no name of a file"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 1, "files": [row("a.onnx", name="C:\\a.onnx")]}, "no name of a file"),
        ({"../x": b"x" * 5}, {"version": 1, "files": [row("a.onnx", sha256="../x", bytes=5)]}, "cannot be kept"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 1, "files": [row("a.onnx", bytes=True)]}, "list cannot be read"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 1, "files": [row("a.onnx", bytes=10**12)]}, "list cannot be read"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 1, "files": ["a.onnx"]}, "list cannot be read"),
        ({GOOD: CONTENT["a.onnx"]}, {"version": 2, "files": []}, "another version"),
        ({GOOD: CONTENT["a.onnx"]}, "[]", "another version"),
        ({}, "{", "no ZIP file"),
        ({}, "[" * 100_000, "no ZIP file"),
    ],
)
def test_nothing_is_taken_from_a_pack_that_lies(tmp_path, empty, members, listed, says):
    with pytest.raises(StoreError, match=says):
        unpack(zipped(tmp_path / "p.zip", members, listed), empty, told, Event())
    assert kept(empty) == []
    assert not (tmp_path / "evil").exists()


def test_a_compressed_pack_is_refused_before_anything_is_unpacked(tmp_path, empty):
    path = zipped(tmp_path / "p.zip", {GOOD: b"\0" * 10**7}, ROWS, zipfile.ZIP_DEFLATED)
    with pytest.raises(StoreError, match="compressed"):
        unpack(path, empty, told, Event())


def test_a_link_in_a_pack_is_only_bytes(tmp_path, empty):
    """A member that says it is a symbolic link becomes no link: its sha256 is another."""
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr(LIST, json.dumps(ROWS))
        link = zipfile.ZipInfo(GOOD)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd".ljust(len(CONTENT["a.onnx"])))
    with pytest.raises(StoreError, match="sha256"):
        unpack(tmp_path / "p.zip", empty, told, Event())
    assert kept(empty) == []


@pytest.mark.parametrize("cut", [0, 10, 1000])
def test_a_cut_pack_is_refused(tmp_path, full, empty, cut):
    pack(tmp_path / "p.zip", full[1], full[0], told, Event())
    data = (tmp_path / "p.zip").read_bytes()
    (tmp_path / "p.zip").write_bytes(data[:cut])
    with pytest.raises(StoreError, match="no ZIP file"):
        unpack(tmp_path / "p.zip", empty, told, Event())


def test_a_pack_that_is_not_there_is_said(tmp_path, empty):
    with pytest.raises(StoreError, match="cannot be read"):
        unpack(tmp_path / "nothing.zip", empty, told, Event())
