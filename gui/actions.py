"""Everything a user can do with a key: menu, shortcuts, tooltips and help are made from one table.

To add an action, add its line to ACTIONS; the window then refuses to start until it has a slot for it.
"""

import sys
from collections.abc import Callable, Mapping
from inspect import ismethod
from typing import NamedTuple
from weakref import WeakMethod

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from gui.icons import icon
from gui.panes import PANES
from gui.stage.views import VIEWS
from gui.theme import DARK, Theme

ICON_PX = 20     # at 100 %


class ActionInfo(NamedTuple):
    """One thing to do. Actions with the same `help` share a line of the help overlay."""

    title: str                # in the menu and on buttons
    help: str                 # one sentence, without a full stop
    keys: tuple[str, ...]     # the first is shown in the menu
    icon: str = ""            # of resources/icons
    group: str = ""           # menu and column of the help; from the table below
    checkable: bool = False   # its slot is called with the new state; others without anything
    repeats: bool = False     # holding the key down repeats it
    icon_on: str = ""         # another icon while it is on


_LANES = {
    f"lane_{key}": ActionInfo(f"Network {key}", "Switch a network on or off", (key,), checkable=True)
    for key in "123456789"
}
_ALONE = {
    f"alone_{key}": ActionInfo(f"Network {key}", "Show one network alone, or all", (f"Ctrl+{key}",))
    for key in "123456789"
}
_VIEWS = {
    f"view_{name}": ActionInfo(view.title, view.help, (key,), view.icon, checkable=True)
    for key, (name, view) in zip(("F2", "F3", "F4"), VIEWS.items(), strict=True)
}


def _panes_of(group: str) -> dict[str, ActionInfo]:
    return {
        name: ActionInfo(pane.title, pane.help, (pane.key,), pane.icon, checkable=True)
        for name, pane in PANES.items() if pane.group == group
    }


_GROUPS: dict[str, dict[str, ActionInfo]] = {
    "Picture": {
        "freeze": ActionInfo(
            "Freeze", "Hold the picture: every network answers the same one", ("Space",), "freeze",
            checkable=True, icon_on="play",
        ),
        "next_source": ActionInfo("Next source", "Go to the next camera or sample", ("C",), "next-source"),
        "choose_source": ActionInfo(
            "Choose a source…", "Choose a camera, a file, a folder or an address", ("O",), "film"
        ),
        "mirror": ActionInfo("Mirror", "Flip the picture left to right", ("M",), "mirror", checkable=True),
        "blank": ActionInfo(
            "Blank", "Make the screen dark, or bring it back", ("B", "."), "blank", checkable=True
        ),
        "picture": ActionInfo("Picture of the window", "Save a picture of the window", ("S",), "picture"),
        "record": ActionInfo("Record", "Record what is seen and answered", ("R",), "record", checkable=True),
    },
    "Networks": {
        **_LANES,
        **_ALONE,
        "large": ActionInfo(
            "Alone, or all", "Show the chosen network alone, or all", ("Return", "Enter"), "large"
        ),
        "next_lane": ActionInfo(
            "Next one large", "Show one network alone: the next, the one before", ("PgDown",), "lane-next"
        ),
        "previous_lane": ActionInfo(
            "Previous one large", "Show one network alone: the next, the one before", ("PgUp",),
            "lane-previous",
        ),
        "mode": ActionInfo(
            "Turns or together", "Let the networks compute in turns, or all together", ("T",), "turns"
        ),
        "add_lane": ActionInfo("Add model", "Add a network", ("A", "Ctrl+N"), "plus"),
        "add_file": ActionInfo(
            "Add a model file…", "Add a model of your own", ("Ctrl+O",), "own-model"
        ),
        **_panes_of("Networks"),
        "lane_menu": ActionInfo(
            "Chosen network…", "What can be done with the chosen network", ("Ctrl+M",), "more"
        ),
        "move_up": ActionInfo("Move up", "Move the chosen network up or down", ("Ctrl+Up",), "up"),
        "move_down": ActionInfo("Move down", "Move the chosen network up or down", ("Ctrl+Down",), "down"),
        "remove_lane": ActionInfo("Remove model", "Take the chosen network away", ("Delete",), "trash"),
        "undo": ActionInfo("Undo", "Bring back the network that was removed", ("Ctrl+Z",), "undo"),
        "copy_table": ActionInfo("Copy the table", "Copy the table of figures: Markdown, CSV", ("Ctrl+C",), "table"),
        "copy_csv": ActionInfo("Copy as CSV", "Copy the table of figures: Markdown, CSV", ("Ctrl+Shift+C",), "table"),
        "measure": ActionInfo("Measure all", "Measure every network that is here, or stop", ("Ctrl+E",), "plot"),
        "retry": ActionInfo("Try again", "Load what has failed once more", ("Ctrl+R",), "retry"),
    },
    "Video": {
        "play": ActionInfo("Play", "Play a video, or hold it", ("J",), "play", checkable=True, icon_on="pause"),
        "step_back": ActionInfo("A picture back", "Go one picture back or on", ("Left",), "step-back", repeats=True),
        "step_on": ActionInfo("A picture on", "Go one picture back or on", ("Right",), "step-on", repeats=True),
        "slower": ActionInfo("Slower", "Play slower or faster", ("[",), "slower"),
        "faster": ActionInfo("Faster", "Play slower or faster", ("]",), "faster"),
        "loop": ActionInfo("Again and again", "Begin again at the end, or not", ("Ctrl+L",), "loop", checkable=True),
        "replay": ActionInfo(
            "Recorded answers", "Show what a recording holds, or compute anew", ("Ctrl+J",), "replay", checkable=True
        ),
        "burn": ActionInfo("Burn in", "Write a recording's answers into a video", ("Ctrl+B",), "burn", checkable=True),
    },
    "Answers": {
        "more_labels": ActionInfo("More labels", "Show more labels", ("K",), "more-labels", repeats=True),
        "fewer_labels": ActionInfo(
            "Fewer labels", "Show fewer labels", ("Shift+K",), "fewer-labels", repeats=True
        ),
        "smoothing": ActionInfo(
            "Smooth labels", "Calm flickering labels", ("L",), "smoothing", checkable=True
        ),
        **_panes_of("Answers"),
    },
    "Window": {
        "view": ActionInfo("Next view", "Stage, grid or table: the next one", ("V",), "stage"),
        **_VIEWS,
        "full_screen": ActionInfo(
            "Full screen", "Fill the screen", ("F", "F11", "F5"), "full-screen",
            checkable=True, icon_on="full-screen-exit",
        ),
        "larger": ActionInfo("Larger text", "Make all text larger", ("+", "="), "larger", repeats=True),
        "smaller": ActionInfo("Smaller text", "Make all text smaller", ("-",), "smaller", repeats=True),
        "theme": ActionInfo("Light or dark", "Change between dark and light", ("D",), "sun"),
        "settings": ActionInfo("Settings", "Open or close the settings", ("Ctrl+,",), "settings"),
        "help": ActionInfo("Keys", "Show or hide these keys", ("H", "?"), "help"),
        "back": ActionInfo("Back", "Close what is open, or leave full screen", ("Esc",), "back"),
        "quit": ActionInfo("Quit", "Leave Lineup", ("Ctrl+Q",), "quit"),
    },
}  # fmt: skip

# name: what it is. The order is that of the menu and the help.
ACTIONS: dict[str, ActionInfo] = {
    name: info._replace(group=group) for group, table in _GROUPS.items() for name, info in table.items()
}


def build_actions(window: QWidget, slots: Mapping[str, Callable[..., None]]) -> dict[str, QAction]:
    """One QAction per line of ACTIONS, belonging to `window`, with keys, tooltip and slot.

    A checkable action calls its slot with the new state, any other without an argument.

    Raises:
        ValueError: `slots` and ACTIONS do not name the same actions.
    """
    if missing := ACTIONS.keys() - slots.keys():
        raise ValueError(f"no slot for {', '.join(sorted(missing))}")
    if unknown := slots.keys() - ACTIONS.keys():
        raise ValueError(f"no action for {', '.join(sorted(unknown))}")
    made = {}
    for name, info in ACTIONS.items():
        action = QAction(info.title, window)
        action.setObjectName(name)
        action.setIconText(info.title.rstrip("…"))
        action.setCheckable(info.checkable)
        action.setShortcuts([QKeySequence(key) for key in info.keys])
        action.setAutoRepeat(info.repeats)
        action.setToolTip(f"{info.help} ({' + '.join(key_caps(info.keys[0]))})")
        action.setStatusTip(info.help)
        action.setIconVisibleInMenu(False)   # the place belongs to the tick
        # macOS would otherwise guess from the words, and move what it likes into its own menu.
        action.setMenuRole(_MENU_ROLES.get(name, QAction.MenuRole.NoRole))
        action.triggered.connect(_caller(slots[name], info.checkable))
        window.addAction(action)
        made[name] = action
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.focusChanged.connect(_KeyGuard(window).follow)
    return made


def restyle_actions(actions: Mapping[str, QAction], theme: Theme, scale: float = 1.0) -> None:
    """Draw the icons of those actions that have a button, for this theme and text scale: the menu shows none."""
    size = round(ICON_PX * scale)
    for name, action in actions.items():
        if not any(isinstance(part, QAbstractButton) for part in action.associatedObjects()):
            continue
        info = ACTIONS[name]
        drawing = info.icon
        if name == "theme":   # what it leads to
            drawing = "sun" if theme.name == DARK.name else "moon"
        if drawing:
            action.setIcon(icon(drawing, theme.text, size, on=info.icon_on))


def fill_menu(menu: QMenu, actions: Mapping[str, QAction]) -> None:
    """Put the actions into `menu`, a submenu for each group; help and the way out stand below them."""
    outside = ("help", "quit")
    groups: dict[str, QMenu] = {}
    inner: dict[str, QMenu] = {}
    for name, info in ACTIONS.items():
        if name in outside:
            continue
        if info.group not in groups:
            groups[info.group] = menu.addMenu(info.group)
        place = groups[info.group]
        for table, title in ((_LANES, "On and off"), (_ALONE, "Alone")):
            if name in table:
                if title not in inner:
                    inner[title] = place.addMenu(title)
                place = inner[title]
        place.addAction(actions[name])
    menu.addSeparator()
    for name in outside:
        menu.addAction(actions[name])


def key_caps(key: str) -> tuple[str, ...]:
    """What is written on the keys to press: "Ctrl+Q" → ("Ctrl", "Q"); with ⌘ on macOS."""
    parts = ["+"] if key == "+" else key.split("+")
    names = _CAPS_MAC if sys.platform == "darwin" else _CAPS
    return tuple(names.get(part, part) for part in parts)


_CAPS = {
    "PgDown": "Page ↓", "PgUp": "Page ↑", "-": "−", "Return": "Enter",
    "Up": "↑", "Down": "↓", "Left": "←", "Right": "→",
}  # fmt: skip
_CAPS_MAC = {**_CAPS, "Ctrl": "⌘", "Shift": "⇧", "Delete": "⌦"}
_MENU_ROLES = {"quit": QAction.MenuRole.QuitRole, "settings": QAction.MenuRole.PreferencesRole}

# Keys that shortcuts would take from the focused control, which needs them itself. Text fields need no help:
# Qt asks the focused widget first, and a text field keeps every key that types something.
_PAGES = frozenset({Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})
_WANTED: tuple[tuple[tuple[type[QWidget], ...], frozenset[Qt.Key]], ...] = (
    ((QAbstractButton, QComboBox), frozenset({Qt.Key.Key_Space})),
    ((QAbstractButton, QComboBox, QAbstractItemView, QLineEdit), frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})),
    ((QAbstractItemView, QAbstractSlider, QTextEdit, QPlainTextEdit), _PAGES),
)


class _KeyGuard(QObject):
    """Leaves the focused control the keys that it lives by, and lets Enter press a focused button.

    It listens to the focused widget alone: a filter on the application would see every event of the program.
    """

    def follow(self, old: QWidget | None, new: QWidget | None) -> None:
        """The keyboard went from one widget to another."""
        if old is not None:
            old.removeEventFilter(self)
        if new is not None and any(isinstance(new, kinds) for kinds, _ in _WANTED):
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim a key for the focused control."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                for kinds, keys in _WANTED:
                    if isinstance(watched, kinds) and event.key() in keys:
                        event.accept()
                        return True
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and isinstance(watched, QAbstractButton) and not event.isAutoRepeat():
                watched.click()
                return True
        return False


def _caller(slot: Callable[..., None], checkable: bool) -> Callable[[bool], None]:
    """What `triggered` calls. It does not keep the window of a bound method alive."""
    reference: Callable[[], Callable[..., None] | None] = WeakMethod(slot) if ismethod(slot) else lambda: slot

    def call(checked: bool = False) -> None:
        if (target := reference()) is not None:
            if checkable:
                target(checked)
            else:
                target()

    return call
