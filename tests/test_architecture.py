"""The rule of the house: its rooms and who may use whom, Qt in gui/ alone, nothing heavy before it is needed.

The rooms are held by import-linter (pyproject.toml); here is shown that it finds what it should.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from inference.commands import COMMANDS

ROOT = Path(__file__).parents[1]
QT = ("PySide6", "shiboken6", "pyqtgraph", "PyQt6", "PyQt5")
FORBIDDEN = {
    "models": ("inference", "gui", "app", *QT),
    "inference": ("gui", "app", *QT),
    "gui": ("app",),
}
MOST_LINES = 350
# What --help must not wait for.
HEAVY = ("numpy", "cv2", "onnxruntime", "onnx", "PySide6", "pyqtgraph", "unearth", "coremltools",
         "urllib.request")


def module_name(path: Path) -> str:
    """inference/live/sources/feed.py → inference.live.sources.feed"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(code: str) -> set[str]:
    """Every module that the code imports, wherever it stands, also through import_module("…")."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where a thing comes from"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def within(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def upward(module: str, code: str) -> set[str]:
    """What a module imports against the direction."""
    forbidden = FORBIDDEN.get(module.partition(".")[0], ())
    bad = {name for name in imports(code) if within(name, forbidden)}
    if module.startswith("gui.panes."):
        own = ".".join(module.split(".")[:3])
        stems = {path.stem for path in (ROOT / "gui" / "panes").iterdir()} - {"__init__"}
        others = {f"gui.panes.{stem}" for stem in (*stems, "other")} - {own}
        bad |= {name for name in imports(code) if within(name, others)}
    return bad


def all_sources() -> dict[str, str]:
    files = [path for folder in ("gui", "inference", "models") for path in (ROOT / folder).rglob("*.py")]
    return {module_name(path): path.read_text(encoding="utf-8") for path in files}


SOURCES = all_sources()


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_a_module_is_read_in_one_sitting(module: str) -> None:
    assert len(SOURCES[module].splitlines()) <= MOST_LINES, "two reasons to change? then it is two modules"


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_nothing_imports_upwards(module: str) -> None:
    assert not upward(module, SOURCES[module])


@pytest.mark.parametrize(
    ("module", "code", "bad"),
    [
        ("models.card", "", set()),
        ("models.card", "import json", set()),
        ("models.card", "from inference.data import Frame", {"inference.data", "inference.data.Frame"}),
        ("inference.live.lane", "def f():\n    import gui.theme", {"gui.theme"}),
        ("inference.live.lane", "from PySide6 import QtCore", {"PySide6", "PySide6.QtCore"}),
        ("inference.live.lane", "import_module('pyqtgraph')", {"pyqtgraph"}),
        ("inference.live.lane", "importlib.import_module('gui.main')", {"gui.main"}),
        ("inference.live.lane", "from models import find_card", set()),
        ("gui.theme", "from PySide6.QtGui import QColor\nimport inference.live.lane", set()),
        ("gui.main", "import app", {"app"}),
        ("gui.panes.latency.pane", "from gui.panes import PANES", set()),
        ("gui.panes.latency.pane", "import gui.panes.latency.curves", set()),
        ("gui.panes.latency.pane", "from gui.panes.other import Pane", {"gui.panes.other", "gui.panes.other.Pane"}),
    ],
)
def test_the_check_finds_what_it_should(module: str, code: str, bad: set[str]) -> None:
    assert upward(module, code) == bad


def test_relative_imports_are_refused() -> None:
    with pytest.raises(AssertionError):
        imports("from .card import ModelCard")


CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

# A file, what is added to it, and the forbidden way that must be found then.
PLANTED = [
    ("models/card.py", "import inference.data", "inference.data"),
    ("inference/data.py", "def f():\n    from inference.live.lane import Lane", "inference.live"),
    ("inference/recogniser.py", "import inference.intake.provide", "inference.intake"),
    ("inference/live/session.py", "import inference.intake.provide", "inference.intake"),
    ("inference/intake/provide.py", "import inference.live.lane", "inference.live"),
    ("inference/live/lane.py", "import inference.export.settings", "inference.export"),
    ("inference/export/run.py", "import inference.commands.ends", "inference.commands"),
    ("inference/commands/live.py", "import gui.theme", "gui"),
    ("gui/bar.py", "import inference.commands.ends", "inference.commands"),
    ("inference/lab/__init__.py", "import inference.export.settings", "inference.export"),
    ("inference/intake/adding.py", "import inference.terminal", "inference.terminal"),
    ("gui/panes/xray/pane.py", "import gui.panes.latency.pane", "gui.panes.latency.pane"),
]


def rooms() -> set[str]:
    """What the contract of the layers names."""
    (layers,) = (contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    return {name for layer in layers for name in re.findall(r"[\w.]+", layer)}


def test_every_module_has_a_room() -> None:
    found = {f"inference.{path.stem}" for path in (ROOT / "inference").iterdir() if path.stem != "__init__"}
    assert found - {"inference.__pycache__"} == {name for name in rooms() if name.startswith("inference.")}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1", "COLUMNS": "200"},
    )  # fmt: skip


def house_in(folder: Path) -> None:
    """A copy of the house without its pictures."""
    for room in ("gui", "inference", "models"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "cards", "labels"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def test_planted_violations_are_found(tmp_path: Path) -> None:
    house_in(tmp_path)
    assert lint(tmp_path).returncode == 0
    for file, line, _ in PLANTED:
        path = tmp_path / file
        path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")
    ran = lint(tmp_path)
    assert ran.returncode == 1
    for file, line, target in PLANTED:
        last = len((tmp_path / file).read_text("utf-8").splitlines())
        way = rf"{re.escape(module_name(ROOT / file))} -> {re.escape(target)}[\w.]* \(l\.{last}\)"
        assert re.search(way, ran.stdout), (file, line)


# Makes Qt and the window unimportable, as on a server without them.
WITHOUT_QT = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {(*QT, "gui")!r}:
            raise ImportError(f"{{name}} is not here")
sys.meta_path.insert(0, Refuse())
"""

# Every module of the core, then a real network answering a real picture through the command line.
CORE = """
import pkgutil, importlib
import models, inference
for package in (models, inference):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if found.name not in ("inference.backends.coreml",):
            importlib.import_module(found.name)
import hashlib, models.catalog
from dataclasses import replace
from pathlib import Path
import cv2
import app, make
folder = Path(sys.argv[1])
path = make.tiny_onnx(folder / "tiny.onnx")
file = models.card.ModelFile("tiny.onnx", hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
models.catalog.load_catalog = lambda **_: {"tiny": make.card(files=(file,))}
cv2.imwrite(str(folder / "noise.png"), make.frame().pixels)
sys.exit(app.main(["predict", str(folder / "noise.png"), "--models", "tiny", "--mirror", str(folder)]))
"""


def run_python(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    paths = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
    return subprocess.run(
        [sys.executable, "-c", paths + code, *args],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


def test_the_core_runs_where_there_is_no_qt(tmp_path: Path) -> None:
    ran = run_python(WITHOUT_QT + CORE, str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "tiny" in ran.stdout


@pytest.mark.parametrize("module", ["PySide6.QtCore", "pyqtgraph", "gui.theme"])
def test_the_refusal_refuses(module: str) -> None:
    assert run_python(WITHOUT_QT + f"import {module}").returncode == 1


def loaded_by(code: str) -> list[str]:
    """Which of the heavy modules have been imported when the code is through."""
    ran = run_python(
        f"{code}\nsys.stderr.write(','.join(m for m in {HEAVY!r} if m in sys.modules) + '|')",
    )
    assert ran.returncode == 0, ran.stderr
    return [name for name in ran.stderr.rpartition("|")[0].split(",") if name]


@pytest.mark.parametrize("verb", [name.split() for name in COMMANDS], ids=list(COMMANDS))
def test_help_imports_nothing_heavy(verb: list[str]) -> None:
    assert loaded_by(f"import app\nassert app.main({[*verb, '--help']!r}) == 0") == []


def test_a_heavy_import_would_be_seen() -> None:
    assert loaded_by("import cv2") == ["numpy", "cv2"]


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_nothing_is_known_by_its_place_in_memory(module: str) -> None:
    """`id` is another's as soon as an object is gone, and another one each time the program runs."""
    called = [node.func for node in ast.walk(ast.parse(SOURCES[module])) if isinstance(node, ast.Call)]
    assert not [function for function in called if isinstance(function, ast.Name) and function.id == "id"]


def test_the_cores_of_the_machine_are_counted_in_one_place() -> None:
    """Everywhere else, "cores" are those that the process may use."""
    files = [path for folder in ("inference", "gui", "models") for path in (ROOT / folder).rglob("*.py")]
    counting = [path.name for path in (*files, ROOT / "app.py") if "cpu_count" in path.read_text(encoding="utf-8")]
    assert counting == ["cores.py"]


@pytest.mark.parametrize("path", sorted((ROOT / "inference").rglob("*.py")), ids=lambda path: path.name)
def test_onnx_runtime_is_told_to_keep_quiet_wherever_it_is_used(path: Path) -> None:
    assert path.stem == "quiet_onnxruntime" or "onnxruntime" not in imports(path.read_text("utf-8"))
