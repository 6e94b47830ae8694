"""The table of all cards: what is in its columns, how it sorts, and what a filter leaves."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor

from gui.panes.catalogue.facts import Facts
from gui.parts.plain import tip
from gui.theme import DARK, Theme
from inference.words import short_count
from models.card import ModelCard, best_figure
from models.licence import demand

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SORT, CARD = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
TASKS = {"classify": "labels", "detect": "boxes"}


class Column(NamedTuple):
    """One column: its title, what it shows, and what it sorts by (None: not known, always last)."""

    title: str
    text: Callable[[ModelCard, Facts], str]
    key: Callable[[ModelCard, Facts], float | str | None]
    tip: str = ""
    number: bool = False


def _accuracy(card: ModelCard) -> tuple[float | None, str]:
    value, word = best_figure(card)
    return (value, f"{value:.1f} {word}") if value else (None, "")


# What one chooses by stands first: it must be seen without scrolling.
COLUMNS = (
    Column("Network", lambda c, _f: c.title, lambda c, _f: c.title.lower()),
    Column("Where", lambda c, f: _place(c, f), lambda c, f: _place(c, f), "On this disk, or how to get it"),
    Column(
        "ms here", lambda _c, f: f"{f.measured.ms:.1f}" if f.measured else "",
        lambda _c, f: f.measured.ms if f.measured else None,
        "Median time of an answer, alone on this machine, as it was measured here last", number=True,
    ),
    Column(
        "Accuracy %", lambda c, _f: _accuracy(c)[1], lambda c, _f: _accuracy(c)[0],
        "As published: top-1 on ImageNet, AP on COCO; the recipe stands in the card", number=True,
    ),
    Column("Licence", lambda c, _f: ("! " if demand(c.licence) else "") + c.licence, lambda c, _f: c.licence.lower()),
    Column(
        "Parameters", lambda _c, f: short_count(f.parameters) if f.parameters else "",
        lambda _c, f: f.parameters or None, "Count of weights", number=True,
    ),
    Column(
        "GMAC", lambda _c, f: _gmacs(f.gmacs), lambda _c, f: f.gmacs or None, "10⁹ multiply-adds for one picture",
        number=True,
    ),
    Column("MB", lambda c, _f: f"{c.bytes / 1e6:.3g}", lambda c, _f: c.bytes, "Size of the files", number=True),
    Column("Answers", lambda c, _f: TASKS[c.task], lambda c, _f: c.task),
    Column("Year", lambda c, _f: str(c.year or ""), lambda c, _f: c.year or None, number=True),
    Column("Family", lambda c, _f: c.family, lambda c, _f: c.family.lower()),
)  # fmt: skip
TITLES = tuple(column.title for column in COLUMNS)
PLACE, MS, LICENCE = TITLES.index("Where"), TITLES.index("ms here"), TITLES.index("Licence")
WIDEST = {PLACE: 130, LICENCE: 150}   # px at 100 %: what is longer is cut, and whole in the card


def _gmacs(value: float) -> str:
    """10⁹ multiply-adds with three digits, at most four behind the point."""
    return f"{value:.3g}" if value >= 0.001 else f"{value:.4f}" if value else ""


def _place(card: ModelCard, facts: Facts) -> str:
    if facts.here is None:
        return "looking…"
    if facts.here:
        return "here" if card.trained else "here, recognises nothing"
    return "to get" if card.fetchable else "needs its file"


class CatalogueTable(QAbstractTableModel):
    """All cards, a row each."""

    def __init__(self, catalog: Mapping[str, ModelCard]) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self.cards: list[ModelCard] = []
        self.facts: dict[str, Facts] = {}
        self.states: dict[str, str] = {}       # by name: what is being done about it
        self.measuring = ""                    # the name of the one that is measured now
        self.slots: dict[str, int] = {}        # by name: the lane that has it
        self.running: frozenset[str] = frozenset()   # names of those that run in a lane: they are here
        self._catalog = catalog
        self.reload()

    def reload(self) -> None:
        """The catalog has changed."""
        self.beginResetModel()
        self.cards = sorted(self._catalog.values(), key=lambda c: (c.lineup or 99, c.title.lower()))
        self.endResetModel()

    def changed(self) -> None:
        """Facts, states or lanes have changed: show them; the rows stay."""
        if self.cards:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.cards) - 1, len(COLUMNS) - 1))

    def facts_of(self, card: ModelCard) -> Facts:
        """What is known of a card; as published while nobody has looked. What runs is here."""
        found = self.facts.get(card.name, Facts(None, card.parameters, card.gmacs, False))
        return found._replace(here=True) if card.name in self.running else found

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many cards there are."""
        return 0 if parent.isValid() else len(self.cards)

    def columnCount(self, parent: Index = ROOT) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return COLUMNS[section].tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _align(COLUMNS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One field."""
        card, column = self.cards[index.row()], COLUMNS[index.column()]
        facts = self.facts_of(card)
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == PLACE and card.name in self.states:
                return self.states[card.name]
            if index.column() == MS and card.name == self.measuring:
                return "…"
            return column.text(card, facts)
        if role == SORT:
            return column.key(card, facts)
        if role == CARD:
            return card
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _align(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            if index.column() == 0 and card.name in self.slots:
                return self.theme.lane(self.slots[card.name])
            if index.column() == PLACE and not facts.here:
                return QColor(self.theme.quiet)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == LICENCE and (asks := demand(card.licence)):
            return tip(f"{card.licence or 'The licence'} {asks}.")
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == MS and facts.measured:
            return tip(facts.measured.words)
        return None


def _align(column: Column) -> Qt.AlignmentFlag:
    across = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
    return across | Qt.AlignmentFlag.AlignVCenter


class CatalogueFilter(QSortFilterProxyModel):
    """Sorts by value with what is unknown last, and leaves what the words and the choice fit."""

    def __init__(self, table: CatalogueTable) -> None:
        super().__init__()
        self.table = table
        self.words: list[str] = []
        self.only = "all"    # "classify", "detect", "here"
        self.setSourceModel(table)
        self.setSortRole(SORT)

    def choose(self, words: str, only: str) -> None:
        """Leave the cards that have all the words, and are of this kind."""
        self.words, self.only = words.lower().split(), only
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Whether a card fits."""
        del parent
        card = self.table.cards[row]
        if self.only in TASKS and card.task != self.only:
            return False
        if self.only == "here" and not self.table.facts_of(card).here:
            return False
        said = (card.name, card.title, card.family, card.task, TASKS[card.task], card.licence, str(card.year))
        hay = " ".join(said).lower()
        return all(word in hay for word in self.words)

    def lessThan(self, left: Index, right: Index) -> bool:
        """By value; what is not known goes last in either direction."""
        a, b = left.data(SORT), right.data(SORT)
        if a is None or b is None:
            last = a is None if self.sortOrder() is Qt.SortOrder.DescendingOrder else b is None
            return last and a is not b
        return bool(a < b)
