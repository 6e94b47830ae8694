"""The app's Swift against the interfaces of Apple's frameworks, as far as tests/apple_stubs states them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from inference.export.ios import STARTER

STUBS = Path(__file__).parent / "apple_stubs"
ORDER = ("CoreGraphics", "CoreVideo", "CoreML", "Vision", "ImageIO", "QuartzCore", "AVFoundation", "UIKit", "SwiftUI")
APPS = {"Camera": ("Shared", "Camera"), "Digits": ("Shared", "Digits")}
SOUND = ("-emit-sil", "-wmo", "-o", os.devnull)   # further than types: use before it is there, threads
SECONDS = 110

pytestmark = [
    pytest.mark.skipif(shutil.which("swiftc") is None, reason="no Swift toolchain here (swift.org/install)"),
    pytest.mark.timeout(2 * SECONDS),
]


def swiftc(*words: str | Path) -> str:
    """What the compiler has to say; nothing if all is well."""
    command = ["swiftc", "-parse-as-library", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    return done.stdout + done.stderr


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((STARTER / folder).glob("*.swift"))]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stubs and LineupKit, compiled."""
    folder = tmp_path_factory.mktemp("modules")
    for name in ORDER:
        module(folder, name, STUBS / f"{name}.swift")
    module(folder, "LineupKit", *sources("LineupKit/Sources/LineupKit"))
    return folder


def module(folder: Path, name: str, *paths: Path) -> None:
    said = swiftc("-emit-module", "-enable-testing", "-module-name", name, "-I", folder, "-o",
                  folder / f"{name}.swiftmodule", *paths)  # fmt: skip
    assert "error:" not in said, said


@pytest.mark.parametrize("version", ["5", "6"])
@pytest.mark.parametrize("app", list(APPS))
def test_the_app_is_sound(modules: Path, app: str, version: str) -> None:
    given = ["-swift-version", version, "-strict-concurrency=complete", "-I", modules, "-module-name", "LineupApp"]
    assert swiftc(*SOUND, *given, *sources(*APPS[app])) == ""


def test_the_app_s_tests_are_sound(modules: Path) -> None:
    module(modules, "LineupApp", *sources("Shared", "Camera"))
    given = ["-swift-version", "5", "-strict-concurrency=complete", "-I", modules, "-module-name", "Tests"]
    assert swiftc(*SOUND, *given, *sources("Tests")) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("network.placement(", "network.place(", "has no member 'place'"),
        ("try input.fill(", "input.fill(", "not marked with 'try'"),
        ("        mostGuesses = guesses\n", "", "without initializing all stored properties"),
    ],
)
def test_a_slip_is_noticed(modules: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    paths = sources(*APPS["Digits"])
    spoilt = tmp_path / "Recogniser.swift"
    text = (STARTER / "Shared" / "Recogniser.swift").read_text("utf-8")
    assert old in text
    spoilt.write_text(text.replace(old, new, 1), "utf-8")
    paths = [spoilt if path.name == spoilt.name else path for path in paths]
    assert said in swiftc(*SOUND, "-I", modules, "-module-name", "LineupApp", *paths)
