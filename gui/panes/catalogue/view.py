"""The table of networks as it stands on screen: sorted by a click, searched by typing over it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from gui.panes.catalogue.table import CatalogueFilter
from gui.parts.frozen import FrozenColumns
from gui.style import table_sheet
from gui.theme import Theme


class NetworksView(QTableView):
    """A row a network. A letter that is typed over it is told, and starts no recording."""

    typed = Signal(str)
    entered_on = Signal()   # Enter was pressed over a row

    def __init__(self, rows: CatalogueFilter) -> None:
        super().__init__()
        self.setModel(rows)
        self.setAccessibleName("Networks")
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)   # `_set_widths` sets them
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.frozen = FrozenColumns(self, 1)   # the names

    def event(self, event: QEvent) -> bool:
        """Take a letter before the window takes it for one of its keys."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _types(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tell a letter; move by all other keys."""
        if _types(event):
            self.typed.emit(event.text())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_on.emit()
        else:
            super().keyPressEvent(event)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and rows of this size."""
        self.verticalHeader().setDefaultSectionSize(round(30 * scale))
        self.setStyleSheet(table_sheet(theme, scale))
        self.frozen.follow()


def _types(event: QKeyEvent) -> bool:
    """Whether the key writes something, without Ctrl, Alt or Cmd; a space only chooses."""
    held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    return not held and event.text().isprintable() and bool(event.text().strip())
