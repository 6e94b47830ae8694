"""The look of every control, made from a theme and a text scale.

What a widget is beyond its class is told by dynamic properties, set before it is shown:

* QLabel `role`: "quiet", "fact" (small and quiet), "name", "answer", "figure", "heading", "trouble",
  "key" (of the keyboard).
* QPushButton, QToolButton `role`: "primary" (one a view at most), "plain" (no trough, for bars),
  "icon" (the same, square, a QToolButton).
* QPushButton, QToolButton `segment`: "first", "middle", "last": joined, checkable, one of them checked.
* QWidget, QFrame `role`: "surface" (a pane), "raised"; a plain QWidget needs WA_StyledBackground too.

Sizes of type come from the application's font, so that `setFont(theme.font(...))` on a widget wins.
"""

from PySide6.QtCore import QDir, QEvent
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from gui.icons import ICONS
from gui.theme import Size, Theme, font

RADIUS = 6               # px, of controls
ARROW = 24               # px right of a title, for the arrow that says how the table is sorted
PANE_RADIUS = 8          # px, of panes


def apply(app: QApplication, theme: Theme, scale: float = 1.0) -> None:
    """Dress the whole program; call it again when the theme or the scale changes."""
    if app.style().name() != "fusion":   # once a style sheet is set, Qt reports the style underneath
        app.setStyle("Fusion")
    app.setPalette(palette(theme))
    body = font(Size.BODY, scale)
    app.setFont(body)
    if any(widget.font().pixelSize() != body.pixelSize() for widget in app.topLevelWidgets()):
        # Before the event loop runs, Qt does not tell the widgets that exist already.
        for widget in app.allWidgets():
            app.sendEvent(widget, QEvent(QEvent.Type.ApplicationFontChange))
    QToolTip.setFont(body)
    app.setStyleSheet(style_sheet(theme, scale))


def set_role(widget: QWidget, role: str) -> None:
    """Change the `role` of a widget that is already shown."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def blend(under: str, over: str, amount: float) -> str:
    """`over` laid on `under` with an opacity of `amount` (0..1), "#RRGGBB"."""
    a, b = QColor(under), QColor(over)
    mixed = (
        round(x + (y - x) * amount)
        for x, y in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    )
    return QColor(*mixed).name().upper()


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's own set of colours, for what no style sheet reaches."""
    made = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.background, role.WindowText: theme.text,
        role.Base: theme.surface, role.AlternateBase: theme.raised, role.Text: theme.text,
        role.Button: theme.raised, role.ButtonText: theme.text, role.BrightText: theme.trouble,
        role.Light: theme.raised, role.Midlight: theme.raised, role.Mid: theme.line, role.Dark: theme.line,
        role.Shadow: theme.background,
        role.Highlight: theme.accent, role.HighlightedText: theme.on_accent, role.Accent: theme.accent,
        role.Link: theme.accent, role.LinkVisited: theme.accent,
        role.ToolTipBase: theme.raised, role.ToolTipText: theme.text, role.PlaceholderText: theme.quiet,
    }
    for which, colour in colours.items():
        made.setColor(which, QColor(colour))
    faded = QColor(blend(theme.surface, theme.quiet, 0.6))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, faded)
    return made


def table_sheet(theme: Theme, scale: float) -> str:
    """The style sheet of a table whose titles sort it; the arrow stands beside the words, not over them."""
    return (
        f"QTableView {{ background: {theme.surface}; border: none; selection-background-color: {theme.raised};"
        f" selection-color: {theme.text}; outline: none; }}"
        f"QHeaderView::section {{ background: {theme.surface}; color: {theme.quiet}; border: none;"
        f" border-bottom: 1px solid {theme.line}; padding: 4px {round(ARROW * scale)}px 4px 8px; }}"
        f"QHeaderView::up-arrow {{ image: url(controls:up-{theme.name}.svg); }}"
        f"QHeaderView::down-arrow {{ image: url(controls:down-{theme.name}.svg); }}"
        "QHeaderView::up-arrow, QHeaderView::down-arrow { subcontrol-origin: padding;"
        f" subcontrol-position: center right; width: {round(14 * scale)}px; height: {round(14 * scale)}px; }}"
        "QTableView::item { padding: 0 8px; }"
    )


def style_sheet(theme: Theme, scale: float = 1.0) -> str:
    """The style sheet of the program at this text scale (1.0 = 100 %)."""
    QDir.setSearchPaths("controls", [str(ICONS / "controls")])   # a path of its own: any folder name will do

    def px(size: float) -> str:
        return f"{max(1, round(size * scale))}px"

    words = {
        **{key: getattr(theme, key) for key in ("background", "surface", "raised", "line", "text", "quiet")},
        "accent": theme.accent, "on_accent": theme.on_accent, "trouble": theme.trouble, "theme": theme.name,
        "hover": blend(theme.raised, theme.text, 0.07), "pressed": blend(theme.raised, theme.text, 0.14),
        "chosen": blend(theme.raised, theme.accent, 0.22), "faded": blend(theme.surface, theme.quiet, 0.6),
        "accent_hover": blend(theme.accent, theme.text, 0.18),
        "radius": px(RADIUS), "pane_radius": px(PANE_RADIUS),
        **{f"p{n}": px(n) for n in (2, 4, 6, 8, 12, 16, 20, 24, 28, 32)},
    }
    sheet = _SHEET
    # Longest names first: "@on_accent" before "@on", "@p16" before "@p1".
    for key in sorted(words, key=len, reverse=True):
        sheet = sheet.replace(f"@{key}", words[key])
    return sheet


_SHEET = """
QMainWindow, QDialog { background: @background; }
QWidget[role="surface"], QFrame[role="surface"] { background: @surface; border-radius: @pane_radius; }
QWidget[role="raised"] { background: @raised; border-radius: @pane_radius; }
QScrollArea, QScrollArea > QWidget > QWidget[role="page"] { background: transparent; border: none; }

QLabel { background: transparent; }
QLabel[role="key"] { background: @surface; border: 1px solid @quiet; border-radius: @radius; padding: @p2 @p8; }
QLabel[role="quiet"] { color: @quiet; }
QLabel[role="trouble"] { color: @trouble; }

/* The border is always there, so that the focus ring moves nothing. */
QPushButton, QToolButton {
    background: @raised; color: @text; border: 2px solid transparent; border-radius: @radius;
    padding: @p4 @p12; min-height: @p20;
}
QToolButton { padding: @p4 @p8; }
QPushButton:hover, QToolButton:hover { background: @hover; }
QPushButton:pressed, QToolButton:pressed { background: @pressed; }
QPushButton:checked, QToolButton:checked { background: @chosen; color: @text; }
QPushButton:focus, QToolButton:focus { border-color: @accent; }
QPushButton:disabled, QToolButton:disabled { color: @faded; }
QPushButton[role="plain"], QToolButton[role="plain"] { background: transparent; }
QToolButton[role="icon"] { background: transparent; padding: 0; min-height: 0; }
QPushButton[role="plain"]:hover, QToolButton[role="plain"]:hover,
QToolButton[role="icon"]:hover { background: @raised; }
QPushButton[role="plain"]:pressed, QToolButton[role="plain"]:pressed,
QToolButton[role="icon"]:pressed { background: @pressed; }
QPushButton[role="plain"]:checked, QToolButton[role="plain"]:checked,
QToolButton[role="icon"]:checked { background: @chosen; }
QPushButton[role="primary"], QToolButton[role="primary"] {
    background: @accent; color: @on_accent; font-weight: 600;
}
QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover { background: @accent_hover; }
QPushButton[role="primary"]:focus, QToolButton[role="primary"]:focus { border-color: @text; }
QPushButton[role="primary"]:disabled, QToolButton[role="primary"]:disabled {
    background: @raised; color: @faded;
}
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }

QPushButton[segment], QToolButton[segment] { border-radius: 0; color: @quiet; margin: 0; }
QPushButton[segment]:hover, QToolButton[segment]:hover { color: @text; }
QPushButton[segment]:checked, QToolButton[segment]:checked {
    background: @accent; color: @on_accent; font-weight: 600;
}
QPushButton[segment]:checked:focus, QToolButton[segment]:checked:focus { border-color: @text; }
QPushButton[segment="first"], QToolButton[segment="first"] {
    border-top-left-radius: @radius; border-bottom-left-radius: @radius;
}
QPushButton[segment="last"], QToolButton[segment="last"] {
    border-top-right-radius: @radius; border-bottom-right-radius: @radius;
}

QLineEdit, QComboBox {
    background: @raised; color: @text; border: 2px solid transparent; border-radius: @radius;
    padding: @p4 @p8; min-height: @p20;
    selection-background-color: @accent; selection-color: @on_accent;
}
QLineEdit:hover, QComboBox:hover { background: @hover; }
QLineEdit:focus, QComboBox:focus, QComboBox:on { border-color: @accent; }
QLineEdit:disabled, QComboBox:disabled { color: @faded; }
QComboBox QLineEdit {
    background: transparent; border: none; padding: 0; min-height: 0;
}

QComboBox { padding-right: @p28; combobox-popup: 0; }
QComboBox::drop-down {
    subcontrol-origin: border; subcontrol-position: center right; border: none; background: transparent;
    width: @p28;
}
QComboBox::down-arrow { image: url(controls:down-@theme.svg); width: @p16; height: @p16; }
QComboBox QAbstractItemView {
    background: @raised; border: 1px solid @line; outline: none; padding: @p4;
    selection-background-color: @chosen; selection-color: @text; border-radius: 0;
}
QComboBox QAbstractItemView:focus { border: 1px solid @line; }
QComboBox QAbstractItemView::item { min-height: @p28; padding: 0 @p8; border-radius: @p4; }

QSlider { min-height: @p24; background: transparent; }
QSlider::groove:horizontal { height: 4px; background: @line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider::handle:horizontal {
    width: 16px; height: 16px; margin: -8px 0; border-radius: 10px; background: @accent;
    border: 2px solid @surface;
}
QSlider::handle:horizontal:hover { background: @accent_hover; }
QSlider::handle:horizontal:focus { border-color: @text; }
QSlider::sub-page:horizontal:disabled { background: @faded; }
QSlider::handle:horizontal:disabled { background: @faded; }

QCheckBox { background: transparent; spacing: @p8; padding: @p2; min-height: @p20; }
QCheckBox:disabled { color: @faded; }
QCheckBox::indicator {
    width: @p16; height: @p16; background: @raised; border: 2px solid @quiet; border-radius: 4px;
}
QCheckBox::indicator:hover { background: @hover; }
QCheckBox::indicator:checked {
    background: @accent; border-color: @accent; image: url(controls:check-@theme.svg);
}
QCheckBox::indicator:focus { border-color: @text; }
QCheckBox::indicator:disabled { border-color: @faded; }
QMenu { background: @raised; color: @text; border: 1px solid @line; padding: @p4; }
QMenu::item { padding: @p6 @p24 @p6 @p6; border-radius: 4px; }
QMenu::item:selected { background: @chosen; }
QMenu::item:disabled { color: @faded; }
QMenu::indicator { width: @p16; height: @p16; left: @p6; }
QMenu::indicator:non-exclusive:checked, QMenu::indicator:exclusive:checked {
    background: @accent; border-radius: 4px; image: url(controls:check-@theme.svg);
}
QMenu::right-arrow { image: url(controls:right-@theme.svg); width: @p16; height: @p16; }
QMenu::separator { height: 1px; background: @line; margin: @p4 @p8; }
QToolTip { background: @raised; color: @text; border: 1px solid @line; padding: @p4 @p6; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: @line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: @p32; }
QScrollBar::handle:horizontal { min-width: @p32; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: @quiet; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }

QSplitter::handle { background: transparent; }
QSplitter::handle:horizontal { width: 8px; }
QSplitter::handle:vertical { height: 8px; }
QSplitter::handle:hover { background: @line; }
QSplitter::handle:pressed { background: @accent; }

QListView, QTreeView, QTableView {
    background: @surface; alternate-background-color: @surface; border: 2px solid transparent;
    border-radius: @radius; outline: none; gridline-color: @line;
    selection-background-color: @chosen; selection-color: @text;
}
QListView:focus, QTreeView:focus, QTableView:focus { border-color: @accent; }
QListView::item, QTreeView::item { min-height: @p28; padding: @p2 @p8; border-radius: 4px; }
QListView::item:hover, QTreeView::item:hover { background: @raised; }
QListView::item:selected, QTreeView::item:selected { background: @chosen; color: @text; }
QTreeView::branch { background: transparent; }
QTreeView::branch:closed:has-children { image: url(controls:right-@theme.svg); }
QTreeView::branch:open:has-children { image: url(controls:down-@theme.svg); }
QHeaderView { background: @surface; border: none; }
QHeaderView::section {
    background: @surface; color: @quiet; border: none; border-bottom: 1px solid @line; padding: @p4 @p8;
}

QProgressBar {
    background: @raised; border: none; border-radius: 3px; min-height: 6px; max-height: 6px;
    color: transparent;
}
QProgressBar::chunk { background: @accent; border-radius: 3px; }
"""
