"""The help shows every key, fits every window, and goes away again."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from gui.actions import ACTIONS, ActionInfo, key_caps
from gui.help import HelpOverlay, Line, help_lines
from gui.theme import DARK, LIGHT, THEMES, Theme, load_fonts


def test_every_action_is_in_the_help() -> None:
    lines = help_lines()
    for name, info in ACTIONS.items():
        line = next(line for line in lines[info.group] if line.text == info.help)
        if not line.between:
            assert all(key_caps(key) in line.keys for key in info.keys), name


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, {}),
        ({"a": ActionInfo("A", "Do", ("A", "F2"), group="G")}, {"G": [Line((("A",), ("F2",)), "", "Do")]}),
        (
            {str(n): ActionInfo("N", "Count", (str(n),), group="G") for n in range(1, 5)},
            {"G": [Line((("1",), ("4",)), "to", "Count")]},
        ),
        (
            {"a": ActionInfo("A", "Do", ("A",), group="G"), "b": ActionInfo("B", "Be", ("Ctrl+B",), group="H")},
            {"G": [Line((("A",),), "", "Do")], "H": [Line((("Ctrl", "B"),), "", "Be")]},
        ),
    ],
)
def test_lines_are_made_from_the_table(
    table: dict[str, ActionInfo], expected: dict[str, list[Line]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.help.ACTIONS", table)
    monkeypatch.setattr("gui.actions.sys.platform", "linux")
    assert help_lines() == expected


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    load_fonts()
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1024, 640)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
@pytest.mark.parametrize(
    ("size", "scale", "least"),
    [((720, 450), 0.6, 9), ((1024, 640), 0.62, 12), ((1024, 640), 2.0, 12), ((1920, 1080), 1.0, 20),
     ((1080, 1920), 1.0, 12), ((3840, 2160), 2.0, 40)],
)  # fmt: skip
def test_it_fits_every_window(window: QWidget, theme: Theme, size: tuple[int, int], scale: float, least: float) -> None:
    window.resize(*size)
    help_ = HelpOverlay(window)
    help_.restyle(theme, scale)
    help_.show()
    assert help_.geometry() == window.rect()
    assert help_.type_px() >= least
    image = help_.grab().toImage()
    veil = image.pixelColor(1, 1)
    # Something is drawn, and nothing of it touches an edge.
    margin = 6
    inside = {
        (x, y)
        for x in range(0, image.width(), 3)
        for y in range(0, image.height(), 3)
        if image.pixelColor(x, y) != veil
    }
    assert len(inside) > 1000
    assert all(
        margin < x < image.width() - margin and margin < y < image.height() - margin for x, y in inside
    )


def test_it_covers_the_window_as_it_grows(window: QWidget) -> None:
    help_ = HelpOverlay(window)
    help_.restyle(DARK, 1.0)
    help_.show()
    small = help_.type_px()
    window.resize(1400, 900)
    assert help_.geometry() == window.rect()
    assert help_.type_px() > small


@pytest.mark.parametrize("how", ["Esc", "H", "click"])
def test_it_closes_and_gives_the_keyboard_back(window: QWidget, how: str) -> None:
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    help_ = HelpOverlay(window)
    assert help_.isHidden()
    help_.show()
    assert help_.hasFocus()
    QTest.keyClick(help_, Qt.Key.Key_X)
    assert help_.isVisible()
    if how == "click":
        QTest.mouseClick(help_, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    else:
        QTest.keyClick(help_, Qt.Key.Key_Escape if how == "Esc" else Qt.Key.Key_H)
    assert help_.isHidden()
    assert field.hasFocus()


def test_a_screen_reader_hears_every_key(window: QWidget) -> None:
    said = HelpOverlay(window).accessibleDescription()
    assert all(info.help in said for info in ACTIONS.values())


def test_it_is_drawn_once_and_again_in_other_colours(window: QWidget) -> None:
    help_ = HelpOverlay(window)
    help_.show()
    dark = help_.grab().toImage()
    assert help_._drawn is not None
    key = help_._drawn.cacheKey()
    help_.grab()
    assert help_._drawn.cacheKey() == key
    help_.restyle(LIGHT, 1.0)
    assert help_.grab().toImage() != dark
    help_.hide()
    assert help_._drawn is None
