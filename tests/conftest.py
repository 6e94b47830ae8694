"""Fixtures for all tests. Nothing here needs a network, a camera or a screen."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

TESTDATA = Path(__file__).parents[2] / "shared" / "testdata"


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real models and pictures that lies beside the project; skips where it is absent."""
    if not (TESTDATA / "GOLDEN.json").is_file():
        pytest.skip(f"the test models and pictures are not here ({TESTDATA.parent.name}/{TESTDATA.name})")
    return TESTDATA


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache and settings."""
    monkeypatch.setenv("LINEUP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LINEUP_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("LINEUP_MIRROR", raising=False)
