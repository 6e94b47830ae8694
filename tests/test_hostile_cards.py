"""Cards and packs that anybody may have made: a sentence, no start prevented, nothing read outside, nothing obeyed."""

import hashlib
import json
import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from make import file_of, tiny_onnx

import app
from inference.backends import Engine
from inference.decode import CLASSIFIERS
from inference.recogniser import Recogniser
from models import load_catalog
from models.card import parse_card
from models.catalog import CARDS, read_labels, user_cards
from models.errors import CardError, LabError
from models.pack import LIST, pack, unpack
from models.store import Store
from models.user_cards import is_own, own_texts, save_card

BUILT_IN = set(load_catalog(CARDS))
PICTURE = CARDS.parents[1] / "resources" / "samples" / "kitten.jpg"
SECRET = "the secret of another program"

GOOD = """\
title = "Odd"
family = "Odd"
task = "classify"
decoder = "softmax"
labels = "digits.txt"
licence = "MIT"
source = "somewhere"
[input]
size = [8, 8]
[[files]]
name = "odd.onnx"
sha256 = "{sha256}"
bytes = {bytes}
"""


def instead(line: str, *more: str) -> str:
    """The good card with this line in the place of the one with the same key."""
    key = line.partition(" =")[0]
    lines = [line if one.startswith(f"{key} =") else one for one in GOOD.splitlines()]
    assert line in lines
    return "\n".join([*lines, *more]) + "\n"


def front(line: str) -> str:
    """The good card with this line before all."""
    return f"{line}\n{GOOD}"


def inside(line: str) -> str:
    """The good card with this line in its table [input]."""
    return GOOD.replace("size = [8, 8]\n", f"size = [8, 8]\n{line}\n")


def end(*lines: str) -> str:
    """The good card with these lines at its end."""
    return GOOD + "\n".join(lines) + "\n"


REFUSED = {
    "lists in lists": end("[options]", "a = " + "[" * 5000 + "]" * 5000),
    "lists seven deep": end("[options]", "a = " + "[" * 7 + "1" + "]" * 7),
    "tables in tables": end(f"[options.{'.'.join('a' * 3000)}]"),
    "5000 digits": front("parameters = " + "9" * 5000),
    "401 digits": front("gmacs = 1" + "0" * 400),
    "infinity": front("gmacs = inf"),
    "not a number": front("gmacs = nan"),
    "fewer than none": front("parameters = -1"),
    "side of a thousand million": instead("size = [1000000000, 8]"),
    "no side": instead("size = [0, 8]"),
    "negative side": instead("size = [8, -4]"),
    "large side": instead("size = [20000, 20000]"),
    "one side": instead("size = [8]"),
    "no mean": inside("mean = []"),
    "one mean": inside("mean = [0.5]"),
    "three means of grey": inside('order = "GRAY"'),
    "deviation of 0": inside("std = [1.0, 0.0, 1.0]"),
    "mean that is no number": inside("mean = [nan, 0.0, 0.0]"),
    "mean of 1e15": inside("mean = [1e15, 0, 0]"),
    "deviation of 1e-300": inside("std = [1e-300, 1.0, 1.0]"),
    "share that is no number": inside("share = nan"),
    "no share": inside("share = 0.0"),
    "negative share": inside("share = -1"),
    "large share": inside("share = 1e9"),
    "grey of 300": inside("pad = 300"),
    "grey of 10^20": inside("pad = 100000000000000000000"),
    "labels anywhere": instead('labels = "/etc/passwd"'),
    "labels above": instead('labels = "../../secret.txt"'),
    "labels above, on Windows": instead(r'labels = "..\\..\\secret.txt"'),
    "labels that never end": instead('labels = "/dev/zero"'),
    "labels with an end in them": instead(r'labels = "a\u0000.txt"'),
    "labels that are no text file": instead('labels = "odd.toml"'),
    "labels of a stream": instead('labels = "digits.txt:hidden.txt"'),
    "hidden labels": instead('labels = ".txt"'),
    "short hash": instead('sha256 = "abc"'),
    "hash that is none": instead(f'sha256 = "{"z" * 64}"'),
    "file above": instead('name = "../odd.onnx"'),
    "file with an end in it": instead(r'name = "odd\u0000.onnx"'),
    "file that rings": instead(r'name = "\u0007odd.onnx"'),
    "file of no name": instead('name = ""'),
    "long name": instead(f'name = "{"a" * 300}"'),
    "no bytes": instead("bytes = 0"),
    "10^30 bytes": instead("bytes = 1" + "0" * 30),
    "address of a file": end('url = "file:///etc/passwd"'),
    "address that is a script": end('url = "javascript:alert(1)"'),
    "archive above": end(
        "[files.package]", 'project = "p"', 'version = "1"', 'archive = "../p.whl"', f'sha256 = "{"a" * 64}"',
        "bytes = 9", 'member = "a"',
    ),
    "half a character": front(r'about = "\ud800"'),
    "another name": front('name = "squeezenet1.1"'),
    "key that moves the terminal": front(r'"\u001b[2J" = 1'),
    "value that moves the terminal": instead(r'task = "\u001b[2J"'),
    "accuracy of 1e300": end("[accuracy]", 'dataset = "d"', 'recipe = "r"', "top1 = 1e14"),
    "year": front("year = 1000000000000"),
    "count in words": end("[options]", 'most = "many"'),
    "10000 files": GOOD + GOOD[GOOD.index("[[files]]"):] * 10000,
    "nothing": "",
    "half of it": GOOD[:100],
    "no text": "\x00\x01\x02",
    "a megabyte": GOOD + "#" * (1 << 20),
}  # fmt: skip

# May be taken, and then must end as a sentence, or answer.
TAKEN = {
    "title that moves the terminal": instead(r'title = "\u001b[2J\u001b]0;x\u0007\u202eddO"'),
    "title of HTML": instead("title = \"<img src='file:/x'><b>Odd\""),
    "title of a megabyte": instead(f'title = "{"Odd " * 200_000}"'),
    "paper of HTML": front("paper = \"javascript:alert('x')\""),
    "decoder that is none": instead('decoder = "__import__"'),
    "detector's decoder": instead('decoder = "boxes-scores"'),
    "labels that are not there": instead('labels = "nothing.txt"'),
    "10^15 classes": end("[options]", "classes = 1000000000000000"),
    "fewer classes than none": end("[options]", "classes = -1"),
    "large mean": inside("mean = [1e6, 1e6, 1e6]"),
    "small deviation": inside("std = [1e-6, 1e-6, 1e-6]"),
    "sides of another network": instead("size = [4096, 4096]"),
}


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A network that is here, and a secret beside the folder of the cards."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    found = file_of(tiny_onnx(folder / "odd.onnx"))
    monkeypatch.setenv("LINEUP_MIRROR", str(folder))
    user_cards().mkdir(parents=True)
    for place in (user_cards().parent, user_cards().parent.parent):
        (place / "secret.txt").write_text(SECRET, "utf-8")
    return {"sha256": found.sha256, "bytes": found.bytes}


def filled(text: str, network: dict[str, object]) -> str:
    return text.replace("{sha256}", str(network["sha256"])).replace("{bytes}", str(network["bytes"]))


def is_harmless(text: str) -> bool:
    return not any((ord(letter) < 32 and letter not in "\n\t") or letter in "\x7f\x9b\u202e" for letter in text)


def test_the_good_card_is_good(network, capsys):
    (user_cards() / "odd.toml").write_text(filled(GOOD, network), "utf-8")
    card = load_catalog()["odd"]
    path = Store().find(card.files[0])
    Recogniser(card, path, "onnxruntime", Engine())
    assert app.main(["models", "--json"]) == 0
    assert next(row for row in json.loads(capsys.readouterr().out) if row["name"] == "odd")["here"]


@pytest.mark.parametrize("kind", [*REFUSED, *TAKEN])
def test_a_hostile_card_stops_nothing(kind, network, capsys):
    text = filled((REFUSED | TAKEN)[kind], network)
    (user_cards() / "odd.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    troubles: list[CardError] = []
    catalog = load_catalog(troubles=troubles)
    assert set(catalog) - {"odd"} == BUILT_IN
    assert ("odd" in catalog) is (kind in TAKEN)
    assert all("odd.toml" in trouble.sentence and is_harmless(trouble.sentence) for trouble in troubles)
    assert all(len(trouble.sentence) < 600 for trouble in troubles)
    assert app.main(["models"]) == 0
    said = capsys.readouterr()
    assert is_harmless(said.out + said.err)
    assert SECRET not in said.out + said.err
    if kind in TAKEN:
        assert app.main(["predict", str(PICTURE), "--models", "odd"]) in (0, 1)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert is_harmless(said.out + said.err)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_hostile_card_in_a_pack_is_never_written(kind, network, tmp_path):
    texts = {"odd.toml": filled(REFUSED[kind], network), "fine.toml": filled(GOOD, network)}
    with pytest.raises(LabError) as caught:
        unpack(packed(tmp_path, texts), Store(), lambda *_: None, Event())
    assert is_harmless(caught.value.sentence)
    assert not list(user_cards().iterdir())


def packed(folder, texts, **changes):
    """A pack of no files and these texts."""
    told = {"version": 1, "files": [], "cards": texts, **changes}
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        archive.writestr(LIST, json.dumps(told))
    return folder / "p.zip"


@pytest.mark.parametrize(
    "name",
    ["../odd.toml", "a/odd.toml", "C:odd.toml", "odd.toml.exe", "odd\0.toml", "\ud800.toml", ".toml", "ODD.toml",
     "squeezenet1.1.toml", "con.toml", "odd.py", "\x1b[2J.toml", "odd .toml", ""],
)  # fmt: skip
def test_a_pack_chooses_no_names(name, network, tmp_path):
    with pytest.raises(CardError, match="cannot be the name of a card") as caught:
        unpack(packed(tmp_path, {name: filled(GOOD, network)}), Store(), lambda *_: None, Event())
    assert is_harmless(caught.value.sentence)
    assert not list(user_cards().iterdir())


@pytest.mark.parametrize(
    "texts",
    [["odd.toml"], {"odd.toml": 1}, {"odd.toml": None}, "odd", {"odd.toml": "\ud800"}, {"odd.txt": "\ud800"},
     {"odd.txt": "x" * 30_000_000}],
    ids=["list", "number", "nothing", "text", "half a character", "in labels", "large labels"],
)  # fmt: skip
def test_a_pack_whose_texts_are_none(texts, network, tmp_path):
    with pytest.raises(LabError):
        unpack(packed(tmp_path, texts), Store(), lambda *_: None, Event())
    assert not list(user_cards().iterdir())


@pytest.mark.parametrize("name", ["a\0.onnx", "\ud800.onnx", "\x1b[2J.onnx", "..", "a" * 300, "a/b", "nul:", "a."])
def test_a_pack_whose_files_have_no_names(name, network, tmp_path):
    data = b"content"
    sha256 = hashlib.sha256(data).hexdigest()
    path = packed(tmp_path, {}, files=[{"name": name, "sha256": sha256, "bytes": len(data)}])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(sha256, data)
    with pytest.raises(LabError, match="no name of a file") as caught:
        unpack(path, Store(), lambda *_: None, Event())
    assert is_harmless(caught.value.sentence)


@pytest.mark.skipif(sys.platform == "win32", reason="no devices among files there")
@pytest.mark.parametrize("kind", ["pipe", "zero", "folder", "dangling link"])
def test_a_card_that_is_no_file_is_passed_over(kind, network, capsys):
    place(user_cards() / "odd.toml", kind)
    troubles: list[CardError] = []
    assert set(load_catalog(troubles=troubles)) == BUILT_IN
    assert len(troubles) == 1
    assert app.main(["models"]) == 0
    assert "odd.toml cannot be read" in capsys.readouterr().err


def place(path, kind):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "secret":
        path.symlink_to("../../secret.txt")
    else:
        path.symlink_to("nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="no devices among files there")
@pytest.mark.parametrize("kind", ["pipe", "zero", "folder", "secret"])
def test_labels_are_a_file_beside_the_card(kind, network, tmp_path):
    place(user_cards() / "odd.txt", kind)
    card = parse_card(filled(GOOD, network).replace("digits.txt", "odd.txt"), "odd")
    save_card(card)
    with pytest.raises(CardError, match=r"The labels 'odd\.txt' of odd cannot be read: it"):
        read_labels(card)
    assert is_own(card)
    with pytest.raises(LabError):
        own_texts([card])
    with pytest.raises(LabError):
        pack(tmp_path / "p.zip", [card], Store(), lambda *_: None, Event())
    assert not (tmp_path / "p.zip").exists()


def test_labels_end_where_a_line_ends_and_nowhere_else(network):
    (user_cards() / "odd.txt").write_bytes("one\r\ntwo\x85half\nthree\u2028more\n\x1b[2Jfour".encode())
    card = parse_card(filled(GOOD, network).replace("digits.txt", "odd.txt"), "odd")
    assert read_labels(card) == ("one", "two\ufffdhalf", "three\ufffdmore", "\ufffd[2Jfour")


def test_what_is_saved_is_harmless(network):
    card = parse_card(filled(GOOD, network), "odd")
    save_card(replace(card, title="a\ud800\x1b[2J", about="one\ntwo"))
    assert load_catalog()["odd"] == replace(card, title="a\ufffd\ufffd[2J", about="one two")


def test_a_card_that_could_not_be_read_again_is_not_written(network):
    card = parse_card(filled(GOOD, network), "odd")
    with pytest.raises(CardError, match=r"odd\.toml: gmacs"):
        save_card(replace(card, gmacs=float("nan"), labels="odd.txt"), ["a"])
    assert not list(user_cards().iterdir())


@pytest.mark.parametrize("kind", ["text", "zip", "folder"])
def test_a_pack_takes_the_place_of_nothing_but_a_pack(kind, network, tmp_path):
    target = tmp_path / "target"
    if kind == "folder":
        target.mkdir()
    elif kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("diary.txt", SECRET)
    else:
        target.write_text(SECRET, "utf-8")
    before = target.read_bytes() if target.is_file() else b""
    save_card(parse_card(filled(GOOD, network), "odd"))
    with pytest.raises(LabError, match=r"is no pack of models|it is a folder"):
        pack(target, [load_catalog()["odd"]], Store(), lambda *_: None, Event())
    assert (target.read_bytes() if target.is_file() else b"") == before
    for _ in range(2):   # an older pack is replaced
        assert pack(tmp_path / "p.zip", [load_catalog()["odd"]], Store(), lambda *_: None, Event()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no devices among files there")
def test_devices_are_neither_written_nor_read(network):
    save_card(parse_card(filled(GOOD, network), "odd"))
    with pytest.raises(LabError, match="a device or a pipe"):
        pack(Path("/dev/null"), [load_catalog()["odd"]], Store(), lambda *_: None, Event())
    with pytest.raises(LabError, match="a device or a pipe"):
        unpack(Path("/dev/zero"), Store(), lambda *_: None, Event())


def test_a_decoder_that_runs_out_of_memory_is_a_sentence(network, monkeypatch):
    def eats(*_):
        raise MemoryError

    monkeypatch.setitem(CLASSIFIERS, "softmax", eats)
    card = parse_card(filled(GOOD, network), "odd")
    with pytest.raises(LabError, match="are not what its decoder 'softmax' reads"):
        Recogniser(card, Store().find(card.files[0]), "onnxruntime", Engine())


