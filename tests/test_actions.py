"""The table of actions is complete, and every key does what it says, except while somebody types."""

import gc
import weakref
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui import icons
from gui.actions import ACTIONS, ActionInfo, build_actions, fill_menu, key_caps, restyle_actions
from gui.theme import DARK, LIGHT
from inference.live.session import MAX_LANES

PROMISED = {
    "Space": "freeze", "F": "full_screen", "F11": "full_screen", "F5": "full_screen", "+": "larger", "=": "larger",
    "-": "smaller", "C": "next_source", "O": "choose_source", "M": "mirror", "T": "mode", "R": "record",
    "S": "picture", "H": "help", "?": "help", "Esc": "back", "Ctrl+Q": "quit", "B": "blank", ".": "blank",
    "PgDown": "next_lane", "PgUp": "previous_lane", "D": "theme", "A": "add_lane", "Ctrl+N": "add_lane",
    "Delete": "remove_lane", "K": "more_labels", "Shift+K": "fewer_labels", "L": "smoothing", "P": "latency",
    "Ctrl+,": "settings", **{str(n): f"lane_{n}" for n in range(1, MAX_LANES + 1)},
}  # fmt: skip


def faults(table: Mapping[str, ActionInfo]) -> list[str]:
    """What is wrong with a table of actions."""
    bad = []
    keys = Counter(QKeySequence(key).toString() for info in table.values() for key in info.keys)
    bad += [f"{key} {count} times" for key, count in keys.items() if count > 1]
    for name, info in table.items():
        if not info.keys or any(QKeySequence(key).toString() == "" for key in info.keys):
            bad.append(f"{name}: keys")
        if not info.title.strip() or not info.help.strip() or info.help.endswith((".", "!")) or not info.group:
            bad.append(f"{name}: words")
        if any(icon and icon not in icons.names() for icon in (info.icon, info.icon_on)):
            bad.append(f"{name}: icon")
    return bad


GOOD = ActionInfo("Go", "Go on", ("G",), "play", "Window")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, []),
        ({"go": GOOD}, []),
        ({"go": GOOD, "gone": GOOD._replace(keys=("Ctrl+G",))}, []),
        ({"go": GOOD, "gone": GOOD}, ["G 2 times"]),
        ({"go": GOOD, "gone": GOOD._replace(keys=("X", "g"))}, ["G 2 times"]),
        ({"go": GOOD._replace(keys=())}, ["go: keys"]),
        ({"go": GOOD._replace(help=" ")}, ["go: words"]),
        ({"go": GOOD._replace(help="Go on.")}, ["go: words"]),
        ({"go": GOOD._replace(title="")}, ["go: words"]),
        ({"go": GOOD._replace(icon="unicorn")}, ["go: icon"]),
    ],
)
def test_the_check_finds_what_it_should(table: dict[str, ActionInfo], expected: list[str]) -> None:
    assert faults(table) == expected


def test_no_key_twice_and_every_action_has_words() -> None:
    assert faults(ACTIONS) == []


def test_the_keys_that_were_promised() -> None:
    table = {key: name for name, info in ACTIONS.items() for key in info.keys}
    assert {key: table.get(key) for key in PROMISED} == PROMISED


class Stage(QWidget):
    """A window with all actions, which counts what they do."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.states: list[bool] = []
        self.actions_by_name = build_actions(self, {name: self._slot(name) for name in ACTIONS})
        self.box = QVBoxLayout(self)

    def _slot(self, name: str) -> Callable[..., None]:
        """One that does not keep the window alive."""
        done, states = self.done, self.states

        def slot(*state: bool) -> None:
            done.append(name)
            states.extend(state)

        return slot

    def take(self) -> list[str]:
        """What was done since the last time."""
        done, self.done[:] = list(self.done), []
        return done


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    made = Stage()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.setFocus()
    return made


@pytest.mark.parametrize(("change", "words"), [("missing", "no slot for freeze"), ("unknown", "no action for fly")])
def test_slots_and_table_must_match(qtbot: QtBot, change: str, words: str) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    slots: dict[str, Callable[..., None]] = {name: lambda *_: None for name in ACTIONS}
    if change == "missing":
        del slots["freeze"]
    else:
        slots["fly"] = lambda: None
    with pytest.raises(ValueError, match=words):
        build_actions(window, slots)
    assert window.actions() == []


@pytest.mark.parametrize(("key", "name"), PROMISED.items())
def test_every_key_does_its_own_thing(stage: Stage, key: str, name: str) -> None:
    QTest.keySequence(stage, QKeySequence(key))
    assert stage.take() == [name]


def test_the_keypad_will_do(stage: Stage) -> None:
    for key in (Qt.Key.Key_1, Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        QTest.keyClick(stage, key, Qt.KeyboardModifier.KeypadModifier)
    assert stage.take() == ["lane_1", "larger", "smaller"]


def test_checkable_actions_tell_their_state(stage: Stage) -> None:
    for _ in range(2):
        QTest.keyClick(stage, Qt.Key.Key_M)
    QTest.keyClick(stage, Qt.Key.Key_D)
    assert (stage.take(), stage.states) == (["mirror", "mirror", "theme"], [True, False])


@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit, QSpinBox])
def test_letters_are_typed_where_text_is_expected(stage: Stage, kind: type[QWidget]) -> None:
    field = kind(stage)
    stage.box.addWidget(field)
    field.show()
    field.setFocus()
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Delete)
    if kind is not QSpinBox:
        QTest.keyClicks(field, "fkM .+-?9")
    assert stage.take() == []
    if isinstance(field, QLineEdit):
        assert field.text() == "5fkM .+-?9"
    stage.setFocus()
    QTest.keyClick(stage, Qt.Key.Key_F)   # and elsewhere they act: the check can fail
    assert stage.take() == ["full_screen"]


def test_a_focused_button_is_pressed_by_space_and_enter(stage: Stage) -> None:
    presses: list[int] = []
    for button in (QPushButton("b", stage), QCheckBox("c", stage)):
        stage.box.addWidget(button)
        button.show()
        button.clicked.connect(lambda *_: presses.append(1))
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        QTest.keyClick(button, Qt.Key.Key_Return)
        QTest.keyClick(button, Qt.Key.Key_M)
    assert len(presses) == 4
    assert stage.take() == ["mirror", "mirror"]


def test_a_list_turns_its_own_pages(stage: Stage) -> None:
    lines = QListWidget(stage)
    lines.addItems([str(n) for n in range(200)])
    stage.box.addWidget(lines)
    lines.show()
    lines.setCurrentRow(0)
    lines.setFocus()
    for _ in range(100):   # until it is laid out: of no height, it has no page to turn
        if lines.viewport().height() > 2 * lines.sizeHintForRow(0):
            break
        QTest.qWait(20)
    assert lines.hasFocus()
    QTest.keyClick(lines, Qt.Key.Key_PageDown)
    assert lines.currentRow() > 0, (stage.take(), lines.viewport().size(), lines.sizeHintForRow(0))
    assert stage.take() == []


def test_a_closed_box_opens_by_space(stage: Stage) -> None:
    box = QComboBox(stage)
    box.addItems(["a", "b"])
    stage.box.addWidget(box)
    box.show()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert box.view().isVisible()
    box.hidePopup()
    assert stage.take() == []


def test_the_menu_holds_every_action_once(stage: Stage) -> None:
    menu = QMenu(stage)
    fill_menu(menu, stage.actions_by_name)
    found: list[QAction] = []

    def walk(branch: QMenu) -> None:
        for action in branch.actions():
            if isinstance(below := action.menu(), QMenu):
                walk(below)
            elif not action.isSeparator():
                found.append(action)

    walk(menu)
    assert sorted(a.objectName() for a in found) == sorted(ACTIONS)
    assert [a.text() for a in menu.actions() if a.menu()] == list(dict.fromkeys(i.group for i in ACTIONS.values()))


def test_actions_say_what_they_do_and_how(stage: Stage) -> None:
    for name, action in stage.actions_by_name.items():
        info = ACTIONS[name]
        assert info.help in action.toolTip()
        assert key_caps(info.keys[0])[-1] in action.toolTip()
        assert [QKeySequence(key) for key in info.keys] == action.shortcuts()
        assert action.isCheckable() == info.checkable


def test_icons_follow_the_theme(stage: Stage) -> None:
    actions = stage.actions_by_name
    restyle_actions(actions, DARK)
    assert actions["theme"].icon().isNull()   # nobody shows it: drawing all would hold up the start
    buttons = [QToolButton(stage) for _ in actions]
    for button, action in zip(buttons, actions.values(), strict=True):
        button.setDefaultAction(action)
    restyle_actions(actions, DARK)
    dark = actions["theme"].icon().pixmap(20, 20).toImage()
    restyle_actions(actions, LIGHT, 2.0)
    assert actions["theme"].icon().pixmap(20, 20).toImage() != dark
    assert actions["freeze"].icon().availableSizes()[0].width() == 40
    assert all(not actions[name].icon().isNull() for name, info in ACTIONS.items() if info.icon)


@pytest.mark.parametrize(
    ("key", "platform", "caps"),
    [
        ("F", "linux", ("F",)),
        ("Ctrl+Q", "linux", ("Ctrl", "Q")),
        ("Ctrl+Q", "darwin", ("⌘", "Q")),
        ("Shift+K", "win32", ("Shift", "K")),
        ("+", "linux", ("+",)),
        ("PgDown", "linux", ("Page ↓",)),
    ],
)
def test_key_caps(key: str, platform: str, caps: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.actions.sys.platform", platform)
    assert key_caps(key) == caps


class Holder(QObject):
    """Has a slot that is a method, as the window has."""

    def act(self, *_: bool) -> None:
        """Do nothing."""


def test_actions_do_not_keep_the_owner_of_a_slot_alive(qtbot: QtBot) -> None:
    window, holder = QWidget(), Holder()
    qtbot.addWidget(window)
    actions = build_actions(window, dict.fromkeys(ACTIONS, holder.act))
    gone = weakref.ref(holder)
    del holder
    gc.collect()
    assert gone() is None
    actions["theme"].trigger()   # nothing to call, no trouble
