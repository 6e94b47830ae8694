"""The first columns of a table stay while the others are scrolled: a figure without its network says nothing."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QTableView


class FrozenColumns(QTableView):
    """A second view of the same rows over the left edge of `host`, with its first columns alone.

    Make it when `host` has its model. It takes no focus: keys, selection, order and menus are the host's.
    """

    def __init__(self, host: QTableView, count: int) -> None:
        super().__init__(host)
        self._host, self._count = host, count
        self.setModel(host.model())
        self.setSelectionModel(host.selectionModel())
        self.setSelectionBehavior(host.selectionBehavior())
        self.setSelectionMode(host.selectionMode())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(host.verticalScrollMode())
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(host.contextMenuPolicy())
        self.verticalHeader().hide()
        own, theirs = self.horizontalHeader(), host.horizontalHeader()
        own.setSectionsClickable(True)
        own.setHighlightSections(False)
        own.setSortIndicatorShown(True)
        own.setSectionResizeMode(own.ResizeMode.Fixed)
        own.sectionClicked.connect(self._sort)
        theirs.sortIndicatorChanged.connect(lambda column, order: own.setSortIndicator(column, order))
        own.setSortIndicator(theirs.sortIndicatorSection(), theirs.sortIndicatorOrder())
        theirs.sectionResized.connect(self._fit)
        theirs.geometriesChanged.connect(self._fit)
        self.doubleClicked.connect(host.doubleClicked)
        self.customContextMenuRequested.connect(host.customContextMenuRequested)
        host.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        self.verticalScrollBar().valueChanged.connect(host.verticalScrollBar().setValue)
        host.horizontalScrollBar().valueChanged.connect(self._fit)
        host.model().modelReset.connect(self._fit)
        host.viewport().installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._fit()
        return False

    def _sort(self, column: int) -> None:
        """As a click on the host's own title would."""
        header = self._host.horizontalHeader()
        turned = header.sortIndicatorSection() == column and header.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
        header.setSortIndicator(column, Qt.SortOrder.DescendingOrder if turned else Qt.SortOrder.AscendingOrder)

    def _fit(self, *_: object) -> None:
        """As wide as its columns; nothing is to be seen of it while nothing is scrolled away."""
        host = self._host
        wide = 0
        for column in range(host.model().columnCount()):
            self.setColumnHidden(column, column >= self._count)
            if column < self._count:
                self.setColumnWidth(column, host.columnWidth(column))
                wide += host.columnWidth(column)
        self.verticalHeader().setDefaultSectionSize(host.verticalHeader().defaultSectionSize())
        self.horizontalHeader().setFixedHeight(host.horizontalHeader().height())
        edge = host.frameWidth()
        self.setGeometry(edge, edge, wide, host.viewport().height() + host.horizontalHeader().height())
        self.verticalScrollBar().setValue(host.verticalScrollBar().value())
        self.setVisible(host.horizontalScrollBar().value() > 0)

    def follow(self) -> None:
        """The host was styled anew."""
        self.setStyleSheet(self._host.styleSheet())
        self.setFont(self._host.font())
        self.horizontalHeader().setFont(self._host.horizontalHeader().font())
        for column in range(self._count):
            if delegate := self._host.itemDelegateForColumn(column):
                self.setItemDelegateForColumn(column, delegate)
        self._fit()
