"""What files say of themselves is shown, never obeyed: not by a terminal, not by Qt."""

import ast
from dataclasses import replace
from pathlib import Path

import make
import pytest
from PySide6.QtCore import Qt as Core
from PySide6.QtGui import Qt, QTextDocument

from gui.panes.catalogue.card_view import CardView, Facts
from gui.parts.elided import ElidedLabel
from gui.parts.plain import PlainLabel, tip
from models.texts import as_html, is_plain_name, lines_of, plain, plain_lines

GUI = Path(__file__).parents[1] / "gui"
HOSTILE = "<img src='file://server/share/x.png'><b>Odd</b>"

# The texts of the house itself, which it hands on by a name.
OWN_TIPS = {("actions.py", "info"), ("bar.py", "tip"), ("controls.py", "hint")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""), ("Straße 猫 é \U0001f600 \u200d", "Straße 猫 é \U0001f600 \u200d"),
        ("\x1b[2J\x07", "\ufffd[2J\ufffd"), ("a\nb\tc\rd", "a b c d"), ("\x9b31m", "\ufffd31m"),
        ("\u202eexe.gpj\u2066", "\ufffdexe.gpj\ufffd"), ("\u2028\u2029\x85", "\ufffd" * 3), ("\ud800", "\ufffd"),
        ("\ufeff\U000e0041", "\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_one_line_that_nothing_obeys(text, shown):
    assert plain(text) == shown
    plain(text).encode()


def test_lines_keep_their_ends_and_tabs_and_long_ones_are_cut():
    assert plain_lines("a\nb\tc\r\x1b") == "a\nb\tc\ufffd\ufffd"
    assert plain("x" * 50, 10) == "x" * 9 + "…"
    assert as_html("<b>&\"'\n\x1b") == "&lt;b&gt;&amp;&quot;&#x27;<br>\ufffd"


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", ()), ("a", ("a",)), ("a\n", ("a",)), ("a\n\n", ("a", "")), ("a\x85b\u2028c", ("a\x85b\u2028c",))],
)
def test_lines_end_at_line_feeds_alone(text, lines):
    assert lines_of(text) == lines


@pytest.mark.parametrize("name", ["a", "a.onnx", "Ünï 猫.txt", "x" * 200, "net-1.5_b.weights"])
def test_names_of_files(name):
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".a", "a/b", "a\\b", "/a", "C:a", "a:b", "a*", "a?", '"a"', "a|b", "a<b>", "a.", "a ", "a\0",
     "\ud800", "a\ufffd", "\x1b", "x" * 201, "猫" * 100, "a\nb"],
)  # fmt: skip
def test_what_is_no_name_of_a_file(name):
    assert not is_plain_name(name)


@pytest.mark.parametrize("text", [HOSTILE, "a < b > c", "plain", "", "two\nlines", "&lt;b&gt;", "<qt>x</qt>"])
def test_a_tooltip_shows_what_stands_there(text, qtbot):
    shown = tip(text)
    if not Qt.mightBeRichText(shown):
        assert shown == text
        return
    label = PlainLabel()   # the same reader that a tooltip has
    qtbot.addWidget(label)
    document = QTextDocument()
    document.setHtml(shown)
    assert document.toPlainText() == text
    assert "file:" not in "".join(str(found) for found in document.allFormats() if found.isImageFormat())


def test_a_label_reads_no_markup(qtbot):
    label = PlainLabel(HOSTILE)
    qtbot.addWidget(label)
    assert label.textFormat() is Core.TextFormat.PlainText
    elided = ElidedLabel(HOSTILE * 20)
    qtbot.addWidget(elided)
    elided.resize(100, 20)
    assert "&lt;img" in elided.toolTip()


@pytest.mark.parametrize(
    "paper", ["javascript:alert(1)", "file://server/share", "'><img src='file:/x'>", "https://a/'\"><img>"]
)
def test_the_card_of_a_stranger(paper, qtbot):
    view = CardView()
    qtbot.addWidget(view)
    card = replace(make.card(), title=HOSTILE, about=HOSTILE, source=HOSTILE, licence=HOSTILE, paper=paper)
    view.show_card(card, Facts(False, 1, 1.0, False), None)
    read = view._text.text()
    assert "<img" not in read
    assert ("<a " in read) is paper.startswith("https://")
    assert view._title.textFormat() is view._new.textFormat() is view._note.textFormat() is Core.TextFormat.PlainText


def offences(code: str, file: str) -> list[str]:
    """Calls that hand Qt a text which it may take for markup."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "QLabel" and file not in ("plain.py", "card_view.py"):
            found.append("QLabel")
        if called in ("setToolTip", "showText") and node.args:
            text = node.args[1 if called == "showText" else 0]
            names = {part.id for part in ast.walk(text) if isinstance(part, ast.Name)}
            safe = isinstance(text, ast.Call) and getattr(text.func, "id", "") == "tip"
            if not safe and not all(n.isupper() or (file, n) in OWN_TIPS or n == "key_caps" for n in names):
                found.append(ast.unparse(text))
    return found


@pytest.mark.parametrize("path", sorted(GUI.rglob("*.py")), ids=lambda path: path.name)
def test_every_text_goes_through_one_place(path):
    assert offences(path.read_text("utf-8"), path.name) == []


@pytest.mark.parametrize(
    "code", ["QLabel(card.title)", "w.setToolTip(card.title)", "QToolTip.showText(p, f'{card.title}', w)"]
)
def test_the_look_finds_what_does_not(code):
    assert len(offences(code, "any.py")) == 1
