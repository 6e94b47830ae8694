"""The left side of a pane that does something long: a form, and below it what stays in sight."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.parts.plain import PlainLabel
from gui.theme import Size, Theme, font


class FormColumn(QWidget):
    """A form that scrolls where it does not fit; progress, a note and buttons below it, always in sight."""

    def __init__(self, title: str, buttons: Mapping[str, str]) -> None:
        """`buttons` by name, with what stands on them; the first is the one to press."""
        super().__init__()
        self.title = PlainLabel(title)
        self.form = QWidget()
        self.form.setProperty("role", "page")
        self.column = QVBoxLayout(self.form)
        self.column.setContentsMargins(0, 0, 12, 0)
        self.column.setSpacing(8)
        self.column.addWidget(self.title)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.note = PlainLabel()
        self.note.setWordWrap(True)
        self.buttons = {name: QPushButton(words) for name, words in buttons.items()}
        next(iter(self.buttons.values())).setProperty("role", "primary")
        self._captions: list[PlainLabel] = []
        scroll = QScrollArea()   # large type in a small window
        scroll.setWidget(self.form)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 12, 0)
        whole.setSpacing(8)
        whole.addWidget(scroll, 1)
        whole.addWidget(self.bar)
        whole.addWidget(self.note)
        whole.addLayout(row)

    def add_fields(self, fields: Sequence[tuple[str, QWidget]]) -> list[PlainLabel]:
        """Fields below each other, each with its caption at the left; the captions."""
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(1, 1)
        captions = [PlainLabel(words) for words, _ in fields]
        for i, (caption, (_, field)) in enumerate(zip(captions, fields, strict=True)):
            caption.setProperty("role", "quiet")
            grid.addWidget(caption, i, 0)
            grid.addWidget(field, i, 1)
        self.column.addLayout(grid)
        self._captions += captions
        return captions

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        for widget in (self.note, *self.buttons.values()):
            widget.setFont(font(Size.BODY, scale))
        for label in self._captions:
            label.setFont(font(Size.FACT, scale))
        self.title.setFont(font(Size.LABEL, scale, bold=True))
        self.bar.setFixedHeight(round(6 * scale))
        self.bar.setStyleSheet(
            f"QProgressBar {{ background: {theme.raised}; border: none; }}"
            f"QProgressBar::chunk {{ background: {theme.accent}; }}"
        )

    def least_width(self, scale: float) -> int:
        """What it needs so that nothing of the form is cut, with its scroll bar, px."""
        self.ensurePolished()
        return self.form.sizeHint().width() + round(34 * scale)


def lay_beside(pane: QWidget, side: FormColumn, right: QWidget) -> None:
    """Fill a pane: the form at the left, what comes of it at the right, a line between them to drag."""
    split = QSplitter(Qt.Orientation.Horizontal)
    split.addWidget(side)
    split.addWidget(right)
    split.setChildrenCollapsible(False)
    split.setStretchFactor(1, 1)
    whole = QVBoxLayout(pane)
    whole.setContentsMargins(12, 10, 12, 10)
    whole.addWidget(split)
