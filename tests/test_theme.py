"""Colours can be told apart and read, the font is there with figures of one width, every icon can be drawn."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QIcon
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui import icons, style
from gui.messages import AGAIN, COPY, Banner, trouble_text
from gui.parts.elided import ElidedLabel
from gui.theme import DARK, FAMILY, LIGHT, THEMES, Size, Theme, font, load_fonts
from inference.data import LaneState, LaneStatus, SourceState, SourceStatus
from inference.errors import LabError, SourceError
from inference.logbook import one_line
from inference.places import RESOURCES, ROOT

Array = NDArray[np.float64]

# Linear RGB as a dichromat sees it: Machado, Oliveira and Fernandes 2009, severity 1.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanope": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranope": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ @ np.ones(3)


def linear(colour: str) -> Array:
    """(3,) linear red, green, blue, 0..1."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2: 1..21."""
    low, high = sorted(float(TO_XYZ[1] @ linear(c)) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, seen: Array) -> Array:
    """(3,) CIE L*a*b* of a colour as somebody sees it."""
    xyz = TO_XYZ @ np.clip(seen @ linear(colour), 0, 1) / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours: tuple[str, ...], seen: Array) -> float:
    """The least difference of two of the colours, ΔE 1976."""
    labs = [lab(c, seen) for c in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(labs, 2))


@pytest.fixture
def app(qapp: QApplication) -> QApplication:
    load_fonts()
    return qapp


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("#000000", "#000000", 1.0), ("#FFFFFF", "#000000", 21.0), ("#777777", "#FFFFFF", 4.48)],
)
def test_contrast_is_that_of_wcag(a: str, b: str, expected: float) -> None:
    assert contrast(a, b) == pytest.approx(expected, abs=0.01)


def test_the_check_for_the_colour_blind_finds_red_and_green() -> None:
    pair = ("#C05020", "#808000")
    assert nearest(pair, SEEN_BY["everyone"]) > 40
    assert nearest(pair, SEEN_BY["deuteranope"]) < 12


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
@pytest.mark.parametrize("ink", ["text", "quiet", "trouble"])
@pytest.mark.parametrize("ground", ["background", "surface", "raised"])
def test_words_can_be_read(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_words_on_colour_can_be_read(theme: Theme) -> None:
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.text, style.blend(theme.raised, theme.accent, 0.22)) >= 4.5     # chosen
    assert contrast(theme.text, style.blend(theme.surface, theme.trouble, 0.14)) >= 4.5   # a banner
    assert contrast(theme.accent, theme.raised) >= 3.0   # the ring around what has the keyboard


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_lanes_stand_out_and_differ_for_everyone(theme: Theme) -> None:
    assert len(set(theme.lanes)) == 9
    assert all(contrast(lane, ground) >= 3.0 for lane in theme.lanes for ground in (theme.surface, theme.background))
    assert theme.trouble not in theme.lanes
    for who, seen in SEEN_BY.items():
        assert nearest(theme.lanes[:6], seen) > 15, who
        assert nearest(theme.lanes, seen) > 12, who


def test_a_lane_keeps_its_colour() -> None:
    assert [DARK.lane(slot).name().upper() for slot in (0, 8, 9)] == [DARK.lanes[0], DARK.lanes[8], DARK.lanes[0]]


@pytest.mark.parametrize("size", [Size.FACT, Size.FIGURE, 17.0])
@pytest.mark.parametrize("bold", [False, True])
def test_figures_are_of_one_width(app: QApplication, size: Size | float, bold: bool) -> None:
    made = font(size, bold=bold)
    assert QFontInfo(made).family() == FAMILY

    def spread() -> float:
        """The difference of the widest and the narrowest digit, px."""
        widths = [QFontMetricsF(made).horizontalAdvance(digit * 4) / 4 for digit in "0123456789"]
        return max(widths) - min(widths)

    assert spread() < 0.1
    made.unsetFeature(made.featureTags()[0])   # without it they are not: the check can fail
    assert spread() > 1


def test_both_weights_are_bundled(app: QApplication) -> None:
    regular, bold = QFontInfo(font(Size.BODY)), QFontInfo(font(Size.BODY, bold=True))
    assert (regular.weight(), bold.weight()) == (400, 600)
    assert "SIL OPEN FONT LICENSE" in (RESOURCES / "fonts" / "OFL.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scale", "px"), [(1.0, 28), (2.0, 56), (0.01, 12)])
def test_type_follows_the_scale(scale: float, px: int) -> None:
    assert font(Size.ANSWER, scale).pixelSize() == px


def test_without_the_font_the_program_goes_on(
    app: QApplication, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load_fonts(tmp_path / "nowhere") is False
    assert "system's sans serif" in caplog.text
    (tmp_path / "Inter-Broken.otf").write_bytes(b"no font")
    assert load_fonts(tmp_path) is False
    assert "Inter-Broken.otf is damaged" in caplog.text


# Icons


def shades(made: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off) -> QColor:
    """The most opaque pixel of an icon."""
    image = made.pixmap(QSize(24, 24), 1.0, mode, state).toImage()
    return max((image.pixelColor(x, y) for x in range(24) for y in range(24)), key=QColor.alpha)


@pytest.mark.parametrize("name", icons.names())
def test_every_icon_can_be_drawn_in_any_colour(app: QApplication, name: str) -> None:
    assert "currentColor" in (icons.ICONS / f"{name}.svg").read_text(encoding="utf-8")
    ink = shades(icons.icon(name, "#56B4E9", 24))
    assert ink.alpha() > 200
    assert (abs(ink.red() - 0x56), abs(ink.green() - 0xB4), abs(ink.blue() - 0xE9)) <= (3, 3, 3)


def test_an_icon_is_crisp_where_pixels_are_small(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icons, "_ratios", lambda: (1, 2, 3))   # as if there were such screens
    made = icons.icon("freeze", "#FFFFFF", 20)
    assert [made.pixmap(QSize(20, 20), ratio).size().width() for ratio in (1.0, 2.0, 3.0)] == [20, 40, 60]


def test_an_icon_knows_off_on_and_disabled(app: QApplication) -> None:
    made = icons.icon("sun", "#FFFFFF", 24, "#FF0000", "moon")
    on = shades(made, state=QIcon.State.On)
    assert (on.red(), on.green() < 10) == (255, True)
    assert shades(made, QIcon.Mode.Disabled).alpha() < 0.5 * shades(made).alpha()
    size = QSize(24, 24)
    off = made.pixmap(size, 1.0, QIcon.Mode.Normal, QIcon.State.Off).toImage()
    assert off != made.pixmap(size, 1.0, QIcon.Mode.Normal, QIcon.State.On).toImage()


def test_an_unknown_icon_is_a_bug(app: QApplication) -> None:
    with pytest.raises(KeyError, match="no icon 'unicorn'"):
        icons.icon("unicorn", "#FFFFFF")


def test_the_licence_of_the_icons_is_there() -> None:
    assert "ISC License" in (icons.ICONS / "LICENSE.txt").read_text(encoding="utf-8")


# The style sheet


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
@pytest.mark.parametrize("scale", [0.4, 1.0, 4.8])
def test_the_style_sheet_is_whole(theme: Theme, scale: float) -> None:
    sheet = style.style_sheet(theme, scale)
    assert "@" not in sheet
    assert sheet.count("{") == sheet.count("}")
    for name in re.findall(r"url\(controls:([^)]+)\)", sheet):
        assert (icons.ICONS / "controls" / name).is_file(), name


# What Qt's own file dialog and menus are made of.
QTS_OWN = {"QDialog", "QListView", "QTreeView", "QHeaderView", "QScrollBar", "QAbstractItemView", "QAbstractScrollArea"}


def test_the_style_sheet_styles_nothing_that_is_not_there() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", style.style_sheet(DARK), flags=re.DOTALL)
    source = "".join(path.read_text("utf-8") for path in (ROOT / "gui").rglob("*.py") if path.name != "style.py")
    selectors = " ".join(re.findall(r"([^{}]+)\{", sheet))
    classes = set(re.findall(r"\bQ[A-Z]\w+", selectors))
    assert {name for name in classes - QTS_OWN if not re.search(rf"\b{name}\b", source)} == set()
    roles = set(re.findall(r'role="(\w+)"', selectors))
    assert {role for role in roles if f'"{role}"' not in source} == set()


@pytest.mark.parametrize(("theme", "quiet"), [(DARK, "#8B949E"), (LIGHT, "#57606A")])
def test_arrows_have_the_colours_of_their_theme(theme: Theme, quiet: str) -> None:
    folder = icons.ICONS / "controls"
    assert theme.quiet == quiet
    for name in ("down", "up", "right"):
        assert theme.quiet in (folder / f"{name}-{theme.name}.svg").read_text(encoding="utf-8")
    assert theme.on_accent in (folder / f"check-{theme.name}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("under", "over", "amount", "expected"),
    [
        ("#000000", "#FFFFFF", 0.0, "#000000"),
        ("#000000", "#FFFFFF", 1.0, "#FFFFFF"),
        ("#000000", "#FF8000", 0.5, "#804000"),
    ],
)
def test_blend(under: str, over: str, amount: float, expected: str) -> None:
    assert style.blend(under, over, amount) == expected


def test_controls_take_the_theme_and_the_scale(app: QApplication, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    inside = QWidget()
    window.setCentralWidget(inside)
    column = QVBoxLayout(inside)
    button, field, box, own = QPushButton("Push"), QLineEdit(), QComboBox(), QLabel("own")
    own.setFont(font(50))
    for widget in (button, field, box, own):
        column.addWidget(widget)
    heights = {}
    for theme, scale in ((DARK, 1.0), (LIGHT, 1.6)):
        style.apply(app, theme, scale)
        window.show()
        heights[scale] = button.sizeHint().height()
        image = window.grab().toImage()
        assert image.pixelColor(1, 1).name().upper() == theme.background
        place = button.geometry()
        assert image.pixelColor(place.left() + 12, place.top() + 8).name().upper() == theme.raised
        assert own.fontInfo().pixelSize() == 50   # what a widget sets itself wins
        assert button.fontInfo().family() == FAMILY
    assert heights[1.6] > 1.4 * heights[1.0]


def test_a_role_can_change(app: QApplication, qtbot: QtBot) -> None:
    style.apply(app, DARK)
    label = QLabel("words")
    qtbot.addWidget(label)
    label.show()
    style.set_role(label, "trouble")
    assert label.palette().color(label.foregroundRole()).name().upper() == DARK.trouble


# Elided lines


def test_a_line_is_cut_and_says_the_whole(app: QApplication, qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(80, 24)
    label.show()
    hint = label.sizeHint().height()
    label.setText("a very long line of words that will not fit")
    assert label.toolTip() == label.text()
    assert label.accessibleName() == label.text()
    assert label.sizeHint().height() == hint
    label.setText("short")
    assert label.toolTip() == ""
    label.resize(10, 24)
    assert label.toolTip() == "short"
    label.setText("two\nlines")
    assert label.sizeHint().height() == hint


class Counting(ElidedLabel):
    """Counts how often it is painted."""

    painted = 0

    def paintEvent(self, event: object) -> None:
        self.painted += 1
        super().paintEvent(event)  # type: ignore[arg-type]


def test_the_same_text_is_not_painted_again(app: QApplication, qtbot: QtBot) -> None:
    label = Counting("8.6 ms")
    qtbot.addWidget(label)
    label.resize(100, 24)
    with qtbot.waitExposed(label):
        label.show()
    qtbot.waitUntil(lambda: label.painted > 0)
    app.processEvents()
    before = label.painted
    for _ in range(3):
        label.setText("8.6 ms")
        label.set_colour("")
        app.processEvents()
    assert label.painted == before
    label.setText("8.7 ms")
    qtbot.waitUntil(lambda: label.painted == before + 1)
    label.set_colour(DARK.trouble)
    qtbot.waitUntil(lambda: label.painted == before + 2)


def test_a_line_with_a_widest_text_keeps_room_for_it(app: QApplication, qtbot: QtBot) -> None:
    label = ElidedLabel("1 %", widest="100 %")
    qtbot.addWidget(label)
    assert label.sizeHint().width() == label.minimumSizeHint().width() > label.fontMetrics().horizontalAdvance("10 %")
    before = label.sizeHint()
    label.setFont(font(40))
    assert label.sizeHint().height() > before.height()


# Messages


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (LaneStatus(LaneState.RUNNING), ("", "")),
        (LaneStatus(LaneState.FAILED, "It is broken.", "Mend it."), ("It is broken.", "Mend it.")),
        (SourceStatus(SourceState.LOST, "cam", message="Camera 1 is gone.", hint="Plug it in."),
         ("Camera 1 is gone.", "Plug it in.")),
        (SourceError("Camera 1 is gone."), ("Camera 1 is gone.", "")),
        (LabError("No.", "Yes."), ("No.", "Yes.")),
        (ValueError("x\ny"), ("Something went wrong in Lineup.", "Copy the details into a report: x y")),
    ],
)  # fmt: skip
def test_trouble_in_two_sentences(trouble: LabError, expected: tuple[str, str]) -> None:
    assert trouble_text(trouble) == expected


@pytest.mark.parametrize(
    ("error", "words"),
    [(ValueError(), "ValueError"), (ValueError("a" * 200), "a" * 159 + "…"), (OSError("b\n c"), "b c")],
)
def test_an_exception_on_one_line(error: Exception, words: str) -> None:
    assert one_line(error) == words


def test_a_banner_says_it_and_offers_one_way_out(app: QApplication, qtbot: QtBot) -> None:
    style.apply(app, DARK)
    holder = QWidget()
    qtbot.addWidget(holder)
    banner = Banner(holder)
    holder.show()
    assert banner.isHidden()
    banner.say("The <b>file</b> is missing.", "Fetch it.", button=AGAIN)
    assert banner.isVisible()
    assert banner.accessibleName() == "The <b>file</b> is missing. Fetch it."
    button = banner.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    with qtbot.waitSignal(banner.pressed) as told:
        button.click()
    assert told.args == [AGAIN]
    short = banner.sizeHint().height()
    banner.resize(400, short)
    banner.say("word " * 80)
    assert not button.isVisible()
    assert banner.heightForWidth(400) > 2 * short
    banner.restyle(LIGHT, 2.0)
    assert banner.sizeHint().height() > short
    banner.say("")
    assert banner.isHidden()


def test_a_banner_copies_the_details(app: QApplication, qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.say("Something went wrong.", button=COPY, details="Traceback …")
    button = banner.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.click()
    assert QApplication.clipboard().text() == "Traceback …"
