"""Licences that ask for more than a name are agreed to before anything is fetched."""

import hashlib
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from make import card

from inference.intake.provide import ready
from models import load_catalog
from models.card import ModelFile
from models.catalog import CARDS, config_folder
from models.errors import StoreError
from models.licence import FILE, accept, accepted, demand
from models.store import Store


@pytest.mark.parametrize(
    ("licence", "word"),
    [
        ("", "not known"),
        ("unknown", "not known"),
        ("AGPL-3.0-only", "over a network"),
        ("GPL-3.0-or-later", "publish the source"),
        ("CC-BY-NC-4.0", "commercial"),
        ("Non-commercial research licence", "commercial"),
        ("MIT", ""), ("Apache-2.0", ""), ("BSD-2-Clause", ""), ("LGPL-2.1", ""), ("CC-BY-4.0", ""), ("CC0-1.0", ""),
        ("LicenseRef-YOLO-LICENSE-v2 (public domain)", ""),
    ],
)  # fmt: skip
def test_what_a_licence_asks_for(licence, word):
    assert word in demand(licence)
    assert bool(demand(licence)) == bool(word)


def test_no_built_in_card_asks_for_more():
    assert {name for name, one in load_catalog(CARDS).items() if demand(one.licence)} == set()


def test_a_yes_holds_for_this_card_and_this_licence(tmp_path):
    strict = replace(card("strict"), licence="AGPL-3.0")
    assert not accepted(strict, tmp_path)
    accept(strict, tmp_path)
    assert accepted(strict, tmp_path)
    assert not accepted(replace(strict, licence="CC-BY-NC-4.0"), tmp_path)
    assert not accepted(replace(strict, name="other"), tmp_path)
    accept(replace(strict, name="other"), tmp_path)
    assert accepted(strict, tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, '{"strict": 1}', "\udcff"])
def test_a_broken_file_holds_no_yes(tmp_path, content):
    (tmp_path / FILE).write_bytes(content.encode("utf-8", "surrogateescape"))
    strict = replace(card("strict"), licence="AGPL-3.0")
    assert not accepted(strict, tmp_path)
    accept(strict, tmp_path)
    assert accepted(strict, tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be noted"):
        accept(replace(card("strict"), licence="AGPL-3.0"), tmp_path / "file" / "below")


def test_nothing_is_fetched_without_a_yes_and_what_is_here_runs(tmp_path: Path):
    content = b"network"
    one = ModelFile("a.onnx", hashlib.sha256(content).hexdigest(), len(content), url="https://example.invalid/a.onnx")
    strict = replace(card("strict"), licence="AGPL-3.0", files=(one,))
    (tmp_path / "mirror").mkdir()

    def get() -> Path:
        store = Store(tmp_path / "cache", tmp_path / "mirror", offline=True)
        return ready(strict, store, lambda *_: None, Event())

    with pytest.raises(StoreError, match=r"licence of .*AGPL") as refused:
        get()
    assert "--accept-licence strict" in refused.value.hint
    accept(strict, config_folder())
    with pytest.raises(StoreError, match="switched off"):   # the next reason: the gate is open
        get()
    (config_folder() / FILE).unlink()
    (tmp_path / "mirror" / "a.onnx").write_bytes(content)
    assert get().read_bytes() == content
