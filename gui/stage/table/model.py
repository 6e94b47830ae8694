"""The lanes as the rows of a table; what stands in them is said in columns."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.stage.overlay import ink_on
from gui.stage.table.columns import COLUMNS, Row
from gui.theme import DARK, Size, Theme, font

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NUMBER, NAME, ANSWER = 0, 1, 2


class Badge(QStyledItemDelegate):
    """A lane's number in its colour, whether its row is chosen or not."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """As the model says."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_Selected


class LaneTable(QAbstractTableModel):
    """A row a lane, in the order of the lanes, or as it was sorted last."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self.scale = 1.0
        self.rows: list[Row] = []
        self.by: tuple[int, bool] | None = None   # column, descending; None: as the lanes stand

    def show_rows(self, rows: list[Row]) -> None:
        """Take the numbers of this moment. Rows stay where they are: they move when a title is clicked."""
        places = {row.lane: i for i, row in enumerate(self.rows)}
        if self.by is not None:
            rows = sorted(rows, key=lambda row: places.get(row.lane, len(places)))
        if [row.lane for row in rows] != [row.lane for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        elif rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By value, what is not known last."""
        if not 0 <= column < len(COLUMNS):
            return
        descending = order is Qt.SortOrder.DescendingOrder
        self.by = (column, descending)
        key = COLUMNS[column].key
        known = sorted((row for row in self.rows if key(row) is not None), key=key, reverse=descending)  # type: ignore[arg-type]
        self.beginResetModel()
        self.rows = [*known, *(row for row in self.rows if key(row) is None)]
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many lanes there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles, and what they mean."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return COLUMNS[section].tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _align(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One field."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[column].text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter if column == NUMBER else _align(column)
        if role == Qt.ItemDataRole.BackgroundRole and column == NUMBER:
            return self.theme.lane(row.lane.slot)
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == NUMBER:
                return ink_on(self.theme.lane(row.lane.slot))
            return QColor(self.theme.quiet) if row.lane.paused else None
        if role == Qt.ItemDataRole.FontRole and column in (NUMBER, NAME, ANSWER):
            return font(Size.BODY, self.scale, bold=True)
        return None


def _align(column: int) -> Qt.AlignmentFlag:
    across = Qt.AlignmentFlag.AlignRight if COLUMNS[column].number else Qt.AlignmentFlag.AlignLeft
    return across | Qt.AlignmentFlag.AlignVCenter
