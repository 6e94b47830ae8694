"""Every hostile ONNX file ends as a sentence that moves no terminal, and reads nothing outside its folder."""

from pathlib import Path

import numpy as np
import pytest
from hostile_onnx import BROKEN, ENDLESS, ODD, OUTSIDE, SECRET
from make import card, file_of
from test_hostile_cards import is_harmless

import app
from inference.backends import Engine
from inference.backends.model_file import check_file
from inference.data import Ask, Frame
from inference.errors import BackendError, LabError
from inference.intake import apart
from inference.intake.apart import propose_apart
from inference.intake.counter import count
from inference.intake.propose import propose
from inference.recogniser import Recogniser
from models import load_catalog
from models.user_cards import save_card, user_cards

ALL = OUTSIDE | BROKEN | ODD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of its own, with a secret beside it."""
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def tried(work, *given):
    """What it says, or None where it went well."""
    try:
        work(*given)
    except LabError as error:
        return error
    return None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ALL)
def test_it_ends_as_a_sentence(kind, folder, tmp_path):
    path = ALL[kind](folder / "net.onnx")
    said = tried(propose, [path], tmp_path)
    assert (said is not None) or kind in ODD
    assert said is None or "net" in str(said)
    tried(count, path)
    frame = Frame(np.zeros((9, 9, 3), np.uint8), 0, 0.0)
    tried(lambda: Recogniser(card("net"), path, "onnxruntime", Engine())(frame, Ask()))


@pytest.mark.parametrize("kind", OUTSIDE)
def test_nothing_outside_is_read(kind, folder):
    with pytest.raises(BackendError):   # before any engine sees it
        check_file(OUTSIDE[kind](folder / "net.onnx"))


@pytest.mark.parametrize("kind", [*BROKEN, *ODD])
def test_it_cannot_stop_a_start_as_a_card_of_ones_own(kind, folder, monkeypatch, capsys):
    path = (BROKEN | ODD)[kind](folder / "net.onnx")
    if not path.stat().st_size:
        return
    save_card(card("net", files=(file_of(path),)))
    monkeypatch.setenv("LINEUP_MIRROR", str(folder))
    assert app.main(["models"]) == 0
    said = capsys.readouterr()
    assert "net.onnx" not in said.err
    assert is_harmless(said.out + said.err)
    picture = Path(__file__).parents[1] / "resources" / "samples" / "kitten.jpg"
    assert app.main(["predict", str(picture), "--models", "net"]) in (0, 1)
    said = capsys.readouterr()
    assert is_harmless(said.out + said.err)
    assert "Something went wrong" not in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "kind", ["labels that move the terminal", "half a character", "an input that moves the terminal"]
)
def test_what_is_added_is_harmless(kind, folder, capsys):
    assert app.main(["models", "add", str(ODD[kind](folder / "a:b\x1b[2J<b>.onnx"))]) == 0
    said = capsys.readouterr()
    assert is_harmless(said.out + said.err)
    (own,) = (mine for name, mine in load_catalog().items() if (user_cards() / f"{name}.toml").exists())
    assert own.title == "a:b\ufffd[2J<b>"
    assert own.files[0].name == "a_b_[2J_b_.onnx"


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_never_ends_or_takes_all_memory_is_ended(kind, folder, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 5)
    with pytest.raises(LabError, match=r"does not end: it was stopped|needs more than|cannot run|not enough memory"):
        propose_apart([ENDLESS[kind](folder / "net.onnx")], folder)
