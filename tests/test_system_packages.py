"""What the system lacks is installed where that can be done, and the line to type is exact where it cannot."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import app
from inference.commands import system_packages, window_check
from inference.commands.system_packages import MANAGERS, PACKAGES, install, install_hint, manager, packages
from inference.commands.window_check import library_troubles, missing_libraries
from models.errors import LabError

ROOT = Path(__file__).parents[1]
LACKING = ["libEGL.so.1", "libxcb-cursor.so.0", "Xvfb"]
LINES = {
    "apt-get": "Install them: sudo apt-get install libegl1 libxcb-cursor0 xvfb",
    "dnf": "Install them: sudo dnf install '/usr/bin/Xvfb' 'libEGL.so.1()(64bit)' 'libxcb-cursor.so.0()(64bit)'",
    "pacman": "Install them: sudo pacman -S --needed libglvnd xcb-util-cursor xorg-server-xvfb",
    "zypper": "Install them: sudo zypper install '/usr/bin/Xvfb' 'libEGL.so.1()(64bit)' 'libxcb-cursor.so.0()(64bit)'",
}
Programs = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="packages of Linux systems")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Puts programs of these names alone onto the path; each writes down how it was called, and does as told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    log = tmp_path / "log"
    log.touch()

    def make(**scripts: str) -> Path:
        for name, script in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f'#!/bin/sh\necho "{path.name} $*" >> {log}\n{script}\n')
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return log

    (folder / "env").symlink_to("/usr/bin/env")
    return make


def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_is_root", lambda: False)


def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_is_root", lambda: True)


@pytest.mark.parametrize("name", LINES)
def test_the_line_to_type_is_exact(name: str, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch)
    programs(**{name.replace("-", "_"): "exit 0"})
    found = manager()
    assert found
    assert found.program == name
    assert install_hint(LACKING) == LINES[name]
    as_root(monkeypatch)
    assert install_hint(LACKING) == LINES[name].replace("sudo ", "")


def test_a_system_without_a_known_manager(programs: Programs) -> None:
    assert manager() is None
    assert install_hint(LACKING) == "Install them with your system's package manager."
    assert library_troubles([]) == []
    (trouble,) = library_troubles(["libEGL.so.1"])
    assert "libEGL.so.1" in trouble.message


def test_every_line_is_a_shell_command_with_all_packages() -> None:
    for line in LINES.values():
        asked = subprocess.run(
            ["/bin/sh", "-c", line.replace("Install them: sudo", "printf '%s\\n'")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert len(asked.stdout.split()) >= 5


def test_root_installs_after_one_sentence_that_names_them(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_root(monkeypatch)
    log, said = programs(apt_get="exit 0"), []
    assert install(LACKING, said.append)
    assert said == ["Installing what the system lacks with apt-get: libegl1, libxcb-cursor0, xvfb"]
    assert log.read_text().splitlines() == [
        "apt-get -qq update",
        "apt-get -qq install -y --no-install-recommends libegl1 libxcb-cursor0 xvfb",
    ]


def test_a_sudo_that_asks_nothing_is_used(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch)
    log, said = programs(apt_get="exit 0", sudo="exit 0"), []
    assert install(LACKING, said.append)
    assert "sudo apt-get" in said[0]
    lines = log.read_text().splitlines()
    assert lines[0] == "sudo -n true"
    assert all(line.startswith("sudo -n ") for line in lines)
    assert lines[-1].endswith("install -y --no-install-recommends libegl1 libxcb-cursor0 xvfb")


def test_a_sudo_that_would_ask_is_left_alone(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch)
    log, said = programs(apt_get="exit 0", sudo="exit 1"), []
    assert not install(LACKING, said.append)
    assert said == []
    assert log.read_text().splitlines() == ["sudo -n true"]


@pytest.mark.parametrize("name", ["dnf", "pacman", "zypper"])
def test_no_other_system_is_touched(name: str, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_root(monkeypatch)
    log = programs(**{name: "exit 0"})
    assert not install(LACKING, lambda _: None)
    assert log.read_text() == ""


def test_what_apt_get_cannot_do_is_said_with_its_reason(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_root(monkeypatch)
    programs(apt_get='echo "E: Unable to locate package libegl1" >&2; exit 100')
    with pytest.raises(LabError) as caught:
        install(LACKING, lambda _: None)
    assert "could not install libegl1, libxcb-cursor0, xvfb: Unable to locate package libegl1." in str(caught.value)
    assert caught.value.hint == "Install them: apt-get install libegl1 libxcb-cursor0 xvfb"


def test_lists_that_cannot_be_updated_may_be_good_enough(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    as_root(monkeypatch)
    programs(apt_get='[ "$2" = update ] && { echo "E: no network" >&2; exit 100; }; exit 0')
    assert install(LACKING, lambda _: None)


def test_the_verb_installs_and_looks_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = ["libEGL.so.1"]
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(window_check, "missing_libraries", lambda platforms=(): list(lacking))
    monkeypatch.setattr(system_packages, "install", lambda names, say: lacking.clear() or True)
    assert app.main(["doctor", "--install", "window"]) == 0
    lacking[:] = ["libEGL.so.1"]
    monkeypatch.setattr(system_packages, "install", lambda names, say: False)
    assert app.main(["doctor", "--install", "window"]) == 1
    assert "libEGL.so.1" in capsys.readouterr().err
    monkeypatch.setattr(sys, "platform", "darwin")
    assert app.main(["doctor", "--install", "tests"]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Qt's libraries on Linux")
def test_every_library_of_qt_has_a_package() -> None:
    """What ldd names for the plug-ins of Qt and the system does not always have is in the table."""
    import PySide6

    qt = Path(PySide6.__file__).parent / "Qt"
    files = [qt / "lib" / "libQt6Widgets.so.6", *(qt / "plugins" / "platforms").glob("libq[xo]*.so")]
    asked = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=True)
    names = set(re.findall(r"^\s*(lib(?:EGL|GL|X11|xcb|xkb|dbus|fontconfig|freetype|glib)\S*) =>", asked.stdout, re.M))
    # Brought by the packages of the others.
    others = {"libGLX.so.0", "libGLdispatch.so.0", "libxcb-glx.so.0"}
    assert {name for name in names if not name.startswith("libQt6")} - others <= set(PACKAGES)
    assert all(of.packages("libEGL.so.1") for of in MANAGERS)
    assert packages(["libnobody.so.9"], MANAGERS[0]) == []


def test_no_plugin_at_all_lacks_nothing() -> None:
    assert isinstance(missing_libraries(("offscreen",)), list)


def test_ci_is_make_test() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("make test")
    assert "apt-get" not in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
