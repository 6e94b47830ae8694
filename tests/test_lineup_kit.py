"""LineupKit, the part of the app that needs no Apple framework: its vectors, and its own tests where there is Swift."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import vectors

needs_swift = pytest.mark.skipif(shutil.which("swift") is None, reason="no Swift toolchain here (swift.org/install)")
SECONDS = 110


def test_the_vectors_are_what_the_lab_computes() -> None:
    """If this fails after a wanted change: python tests/vectors.py, and swift test must agree."""
    known = json.loads(vectors.FILE.read_text("utf-8"))
    assert _same(known, json.loads(json.dumps(vectors.everything())))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float) and isinstance(b, float | int):
        return abs(a - b) <= 1e-6 * max(1.0, abs(a))
    return bool(a == b)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to build in."""
    folder = tmp_path_factory.mktemp("kit") / "LineupKit"
    shutil.copytree(vectors.KIT, folder, ignore=shutil.ignore_patterns(".build"))
    return folder


def swift_test(kit: Path) -> tuple[int, str]:
    command = ["swift", "test", "--package-path", str(kit), "--disable-sandbox"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    return done.returncode, done.stdout + done.stderr


@needs_swift
def test_swift_is_written_as_swift_format_has_it() -> None:
    """`swift format -i -r resources/ios_starter` puts it right."""
    command = ["swift", "format", "lint", "--strict", "-r", str(vectors.KIT.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.stdout + done.stderr == ""


@needs_swift
@pytest.mark.timeout(2 * SECONDS)
def test_it_builds_without_warnings_and_agrees_with_the_lab(kit: Path) -> None:
    code, said = swift_test(kit)
    assert code == 0, said
    assert "warning:" not in said
    assert "error:" not in said
    assert "Executed 20 tests, with 0 failures" in said


@needs_swift
@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize(
    ("where", "test"),
    [("percentile", "testPercentile"), ("placement", "testPlacement"), ("suppression", "testSuppression"),
     ("resampling", "testResampling")],
)  # fmt: skip
def test_its_tests_fail_where_it_disagrees(kit: Path, where: str, test: str) -> None:
    """Each vector is read: one that is wrong is noticed."""
    path = kit / "Tests" / "LineupKitTests" / "vectors.json"
    good = path.read_text("utf-8")
    wrong = json.loads(good)
    last = wrong[where][-1]
    if where == "percentile":
        last["value"] += 2e-3
    elif where == "placement":
        last["crop"][0] += 1
    elif where == "suppression":
        last["kept"].pop()
    else:
        last["bytes"][3] ^= 8
    path.write_text(json.dumps(wrong), "utf-8")
    try:
        code, said = swift_test(kit)
    finally:
        path.write_text(good, "utf-8")
    assert code != 0
    assert set(re.findall(r"Test Case 'VectorTests\.(\w+)' failed", said)) == {test}
