"""Brings up the sheet for a model of the user's own when one comes; what it needs is imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.desk import Desk
from gui.floating import Floating
from gui.parts.drawer import Drawer
from gui.theme import DARK, Theme
from inference.errors import LabError
from models.card import ModelCard

if TYPE_CHECKING:
    from gui.own_model import OwnModelSheet
    from gui.recipe_sheet import RecipeSheet

NAME, RECIPES = "own_model", "recipes"   # of the drawers


class OwnModels(QObject):
    """What the desk's adder says goes into the sheet."""

    def __init__(self, desk: Desk, floating: Floating, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._floating, self._window = desk, floating, window
        self._look: tuple[Theme, float] = (DARK, 1.0)
        self._sheet: OwnModelSheet | None = None
        self.recipes: RecipeSheet | None = None   # made when it is wanted first
        desk.adder.added.connect(self._take)
        desk.adder.failed.connect(self._fail)
        desk.recipe_asked.connect(self._find)

    @property
    def sheet(self) -> OwnModelSheet:
        """The sheet, made now if it was not."""
        if self._sheet is None:
            from gui.own_model import OwnModelSheet  # imports OpenCV: the window opens without it

            self._sheet = OwnModelSheet(self._desk)
            drawer = Drawer("A model of your own", self._sheet, self._window)
            self._floating.add_drawer(NAME, drawer)
            self._sheet.finished.connect(drawer.dismiss)
            drawer.dismissed.connect(self._sheet.leave)
            self.restyle(*self._look)
        return self._sheet

    def take_labels(self, path: Path) -> bool:
        """A list of labels was let go of over the window. Whether a sheet is open that takes it."""
        is_open = self._sheet is not None and self._sheet.isVisible() and self._sheet.card is not None
        if is_open:
            self.sheet.take_labels(path)
        return is_open

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._look = (theme, scale)
        if self._sheet is not None:
            self._floating.drawers[NAME].restyle(theme, scale)
            self._sheet.restyle(theme, scale)
        if self.recipes is not None:
            self._floating.drawers[RECIPES].restyle(theme, scale)
            self.recipes.restyle(theme, scale)

    def _find(self, card: ModelCard) -> None:
        """Somebody wants to know how a network's pictures are to be prepared."""
        if self.recipes is None:
            from gui.recipe_sheet import RecipeSheet  # imports OpenCV, as above

            self.recipes = RecipeSheet(self._desk)
            drawer = Drawer("Find the recipe", self.recipes, self._window)
            self._floating.add_drawer(RECIPES, drawer)
            self.recipes.finished.connect(drawer.dismiss)
            drawer.dismissed.connect(self.recipes.leave)
            self.restyle(*self._look)
        self.recipes.take(card)
        self._floating.open_drawer(RECIPES)

    def _take(self, card: ModelCard) -> None:
        self.sheet.take(card)
        self._floating.open_drawer(NAME)

    def _fail(self, file: str, error: LabError) -> None:
        self.sheet.tell(file, error)
        self._floating.open_drawer(NAME)
