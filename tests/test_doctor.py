"""The doctor: one page, whatever is broken."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import app
from inference.commands import health as doctor
from inference.commands import window_check
from inference.commands.health import Page, examine, pins, several_wheels
from inference.commands.window_check import Trouble, no_screen, not_found, window_troubles
from inference.cores import computing_cores
from inference.options import Options

ROOT = Path(__file__).parents[1]
SECTIONS = ["Lineup", "Packages", "Window", "Cameras", "Backends", "Threads", "Model files", "Line-up"]


def test_the_page_has_every_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line in SECTIONS] == SECTIONS
    assert f"Python     {sys.version.split()[0]}" in out
    assert "onnxruntime" in out
    assert "unknown" not in out   # every section could be looked at


def test_the_page_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["doctor", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert list(page) == [*SECTIONS, "troubles"]
    assert any(name.startswith("CPU") for name in page["Backends"]["onnxruntime"])
    assert page["Model files"]["Writable"] == "yes"


def test_the_missing_models_come_with_the_command_that_gets_them() -> None:
    page = examine(Options())
    (trouble,) = [t for t in page.troubles if "line-up" in t.message]
    assert "models get" in trouble.hint
    assert "squeezenet1.1" in trouble.hint


def test_a_part_that_breaks_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[object]:
        raise RuntimeError("the camera list exploded")

    monkeypatch.setattr("inference.live.sources.cameras", broken)
    page = examine(Options())
    assert page.sections["Cameras"] == {"unknown": "the camera list exploded"}
    assert page.sections["Threads"]["a lane alone or in turns"] == computing_cores()
    assert any("Cameras could not be looked at" in t.message for t in page.troubles)


def test_a_package_that_is_absent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: None if name == "onnx" else real(name))
    page = examine(Options())
    assert page.sections["Packages"]["onnx"].startswith("not installed (pinned: ")
    assert [t.message for t in page.troubles if "onnx" in t.message] == ["The package onnx is not installed."]


def test_several_opencv_wheels_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: "4.14.0" if name == "opencv-python" else real(name))
    page = examine(Options())
    wheels = ["opencv-python", "opencv-python-headless"]
    assert several_wheels(wheels) in page.troubles
    assert "pip uninstall -y opencv-python," in several_wheels(wheels).hint


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_writable", lambda _: False)
    page = examine(Options(cache=str(tmp_path / "not" / "made" / "yet")))
    assert page.sections["Model files"]["Writable"] == "no"
    assert any("LINEUP_CACHE" in t.hint for t in page.troubles)


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    examine(Options(cache=str(tmp_path / "new")))
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_none_cannot_be_written(tmp_path: Path) -> None:
    assert (doctor._writable(tmp_path), doctor._writable(tmp_path / "absent")) == (True, False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("# a comment\n-r other.txt\n", {}),
        ("numpy==2.4.6\nopencv-python==4.14.0.94\n", {"numpy": "2.4.6", "opencv-python": "4.14.0.94"}),
    ],
)
def test_pins_are_read(text: str, found: dict[str, str]) -> None:
    assert pins(text) == found


def test_the_pins_of_the_project_are_installed() -> None:
    wanted = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert {name: doctor.installed(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("sections", "troubles", "text"),
    [
        ({}, [], "Nothing is missing."),
        ({"A": {"b": 1, "long": ["x", "y"]}}, [], "A\n  b     1\n  long  x, y\n\nNothing is missing."),
        ({}, [Trouble("It is gone.", "Get it.")], "Missing or wrong\n  - It is gone. Get it."),
    ],
)
def test_the_text_of_a_page(sections: dict[str, dict[str, object]], troubles: list[Trouble], text: str) -> None:
    assert Page(sections, troubles).text() == text


# --- the window's system libraries --------------------------------------------------------------------------------

LDD = """/somewhere/libqxcb.so:
\tlinux-vdso.so.1 (0x00007ffd)
\tlibxcb-cursor.so.0 => not found
\tlibxcb-icccm.so.4 => /usr/lib/libxcb-icccm.so.4 (0x00007f)
\tlibEGL.so.1 => not found
/somewhere/libQt6Widgets.so.6:
\tlibEGL.so.1 => not found
"""


@pytest.mark.parametrize(("ldd", "names"), [("", []), (LDD, ["libEGL.so.1", "libxcb-cursor.so.0"])])
def test_the_answers_of_ldd_are_read(ldd: str, names: list[str]) -> None:
    assert not_found(ldd) == names


def test_whether_the_window_can_open(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert app.main(["doctor", "--window"]) == 0
    monkeypatch.setattr(window_check, "missing_libraries", lambda: ["libEGL.so.1"])
    assert app.main(["doctor", "--window"]) == 1
    assert "libEGL.so.1" in capsys.readouterr().err


def test_a_package_that_the_window_needs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_check, "find_spec", lambda name: None if name == "pyqtgraph" else object())
    monkeypatch.setattr(window_check, "missing_libraries", list)
    assert "Python packages are missing: pyqtgraph." in [t.message for t in window_troubles()]


@pytest.mark.parametrize(
    ("system", "name", "said"),
    [("linux", "", True), ("linux", "DISPLAY", False), ("linux", "WAYLAND_DISPLAY", False),
     ("linux", "QT_QPA_PLATFORM", False), ("darwin", "", False), ("win32", "", False)],
)  # fmt: skip
def test_a_session_without_a_screen(system: str, name: str, said: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(variable, raising=False)
    if name:
        monkeypatch.setenv(name, "x")
    assert (no_screen() is not None) is said


def test_qt_that_cannot_start_is_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not [t for t in examine(Options()).troubles if "Qt" in t.message]
    monkeypatch.setattr(doctor, "QT_PROBE", "import sys; sys.exit('no plug-in fits')")
    assert Trouble("Qt cannot start: no plug-in fits.", "QT_DEBUG_PLUGINS=1 makes it say more.") in examine(
        Options()
    ).troubles


def test_qt_that_hangs_is_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("python", 1)

    monkeypatch.setattr(doctor, "window_troubles", list)
    monkeypatch.setattr(doctor.subprocess, "run", hang)
    page = Page()
    assert doctor._window(page, Options())["Qt"] == "hangs"
    assert len(page.troubles) == 1
