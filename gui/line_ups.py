"""The line-ups above the list of networks: what each compares, what of it is missing, and one button."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from gui.parts.elided import ElidedLabel
from gui.parts.plain import PlainLabel, tip
from gui.theme import Size, Theme, font
from inference.intake.inventory import Missing
from models import ModelCard
from models.lineups import LineUp, line_ups

ROW_GAP = 6   # px


class LineUps(QWidget):
    """A row for each line-up."""

    chosen = Signal(str)   # the name of a line-up: its networks are wanted, fetched where they are missing

    def __init__(self, catalog: Mapping[str, ModelCard], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalog = catalog
        self._titles: dict[str, PlainLabel] = {}
        self._facts: dict[str, ElidedLabel] = {}
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        for place, (name, line_up) in enumerate(line_ups().items()):
            grid.setRowMinimumHeight(3 * place + 2, ROW_GAP)
            title, facts = PlainLabel(line_up.title, self), ElidedLabel("", self)
            button = QPushButton("Show", self)
            button.clicked.connect(lambda _on=False, name=name: self.chosen.emit(name))
            facts.set_role(facts.palette().ColorRole.PlaceholderText)
            what = f"{line_up.about}\n{self._titles_of(line_up)}\npython app.py --models {name}"
            for widget in (title, button):
                widget.setToolTip(tip(what))
            grid.addWidget(title, 3 * place, 0)
            grid.addWidget(facts, 3 * place + 1, 0)
            grid.addWidget(button, 3 * place, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
            self._titles[name], self._facts[name], self.buttons[name] = title, facts, button
        grid.setColumnStretch(0, 1)
        self.show_missing({})

    def show_missing(self, missing: Mapping[str, Missing]) -> None:
        """Say what of each line-up must be fetched, by its name; nothing is said of one that is not in it."""
        for name, line_up in line_ups().items():
            lacking = missing.get(name)
            words, button = self._titles_of(line_up), "Show"
            if lacking and lacking.models:
                words = f"{len(lacking.models)} of {len(line_up.models)} to get, {lacking.bytes / 1e6:.0f} MB · {words}"
                button = "Get all"
            self._facts[name].setText(words)
            self.buttons[name].setText(button)
            self.buttons[name].setAccessibleName(f"{button}: {line_up.title}. {words}")

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take type at this scale."""
        del theme
        for name, button in self.buttons.items():
            self._titles[name].setFont(font(Size.BODY, scale, bold=True))
            self._facts[name].setFont(font(Size.FACT, scale))
            button.setFont(font(Size.BODY, scale))

    def _titles_of(self, line_up: LineUp) -> str:
        return ", ".join(self._catalog[name].title if name in self._catalog else name for name in line_up.models)
