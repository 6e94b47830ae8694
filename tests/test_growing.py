"""The house grows by one module and one line: a command, a pane, a source and a decoder are added to a copy of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

COMMAND = '''
"""`shout`: say something loudly."""

import argparse

from inference.commands.arguments import Parser

SUMMARY = "Say something loudly."
EXAMPLES = ("shout hello",)


def arguments(parser: Parser) -> None:
    parser.add_argument("words", nargs="+")


def run(args: argparse.Namespace) -> int:
    print(" ".join(args.words).upper())
    return 7
'''
PANE = '''
from gui.panes import PaneBase


class Pane(PaneBase):
    def state(self):
        return {"lanes": len(self.desk.session.lanes)}
'''
SOURCE = '''
import numpy as np

from inference.live.sources.pictures import PictureFile


class Grey(PictureFile):
    def open(self):
        self._pixels = np.full((8, 8, 3), 114, np.uint8)


def made(text, wish):
    return Grey(type("Path", (), {"name": "Grey"}))
'''
DECODER = '''


def loudest(outputs, options):
    return np.eye(outputs[0].size, dtype=np.float32)[outputs[0].argmax()]
'''

# A file, what is written into it, the file with the table, and the line that is put there before another one.
ADDED = {
    "command": (
        "inference/commands/shout.py", COMMAND, "inference/commands/__init__.py",
        '    "shout": "inference.commands.shout",', '    "doctor": ',
    ),
    "pane": (
        "gui/panes/weather.py", PANE, "gui/panes/__init__.py",
        '    "weather": PaneInfo("Weather", "W", "plot", "Look out of the window", 0.2, "gui.panes.weather"),',
        '    "export": PaneInfo(',
    ),
    "source": (
        "inference/live/sources/grey.py", SOURCE, "inference/live/sources/__init__.py",
        '    "grey": SourceKind("Grey", "grey", "grey", _is("grey"), f"{_HERE}.grey:made"),',
        '    "camera": SourceKind(',
    ),
    "decoder": (
        "inference/decode/labels.py", DECODER, "inference/decode/__init__.py",
        '    "loudest": labels.loudest,', '    "softmax": ',
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with one more of each."""
    folder = tmp_path_factory.mktemp("house")
    for room in ("gui", "inference", "models", "resources"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", folder)
    for file, code, table, line, before in ADDED.values():
        with (folder / file).open("a", encoding="utf-8") as module:
            module.write(code)
        text = (folder / table).read_text("utf-8")
        assert text.count(before) == 1
        (folder / table).write_text(text.replace(before, f"{line}\n{before}"), "utf-8")
    return folder


def ran(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=house, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        env={
            **os.environ, "PYTHONPATH": str(house), "LINEUP_CONFIG": str(house / "config"),
            "QT_QPA_PLATFORM": "offscreen",
        },
    )  # fmt: skip


def test_a_command_is_one_module_and_one_line(house: Path) -> None:
    assert "shout" in ran(house, "app.py", "--help").stdout
    assert "Say something loudly" in ran(house, "app.py", "--help").stdout
    assert "python app.py shout hello" in ran(house, "app.py", "shout", "--help").stdout
    done = ran(house, "app.py", "shout", "hello")
    assert (done.stdout, done.returncode) == ("HELLO\n", 7)
    wrong = ran(house, "app.py", "shuot")
    assert (wrong.returncode, "Did you mean 'shout'?" in wrong.stderr) == (2, True)


LOOK = """
from gui.actions import ACTIONS
from gui.help import HelpOverlay
from gui.main import application, build
from gui.settings import Settings
from inference.options import Options

app = application()
window = build(Options(source="grey"), {}, Settings(pane=""))
window.keeps_settings = False
action = window.actions_by_name["weather"]
print(action.shortcut().toString(), action.toolTip(), action.isCheckable(), sep=" | ")
window.show()
action.trigger()
print(window.deck.key, action.isChecked(), window.deck.states()["weather"])
print([entry.text() for group in window.more.actions() if group.menu() for entry in group.menu().actions()])
print([line for line in map(str, ACTIONS["weather"])])
window.close()
"""


def test_a_pane_is_one_module_and_one_line(house: Path) -> None:
    done = ran(house, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    first, second, menu, info = done.stdout.splitlines()
    assert first == "W | Look out of the window (W) | True"
    assert second == "weather True {'lanes': 0}"
    assert "'Weather'" in menu
    assert "'Look out of the window'" in info   # from which the help is painted


def test_a_source_is_one_module_and_one_line(house: Path) -> None:
    code = "from inference.live.sources import parse_source; print(parse_source('GREY').title)"
    assert ran(house, "-c", code).stdout == "Grey\n"


def test_a_decoder_is_one_function_and_one_line(house: Path) -> None:
    code = (
        "import numpy as np; from inference.decode import CLASSIFIERS;"
        "print(CLASSIFIERS['loudest']([np.float32([1, 3, 2])], {}))"
    )
    assert ran(house, "-c", code).stdout == "[0. 1. 0.]\n"
