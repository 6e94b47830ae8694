"""The table of the lanes, and the picture of accuracy over time beside it."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.parts.frozen import FrozenColumns
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.stage.figure_words import times_words
from gui.stage.table.columns import TITLES, Row, as_csv, as_markdown
from gui.stage.table.model import NAME, NUMBER, Badge, LaneTable
from gui.stage.table.scatter import Point, Scatter
from gui.stage.views import Supply
from gui.style import ARROW, table_sheet
from gui.theme import Size, Theme, font
from inference.data import Frame, SourceStatus
from inference.lab.measured import Measured
from inference.live.lane import Figures, Lane
from models.card import ModelCard, best_figure

# Columns are as wide as this, whatever they show: nothing moves while numbers change.
WIDEST = ("9", "EfficientNet-Lite0 · fp16", "Egyptian cat 100 %", "000.0", "000.0", "000.0", "0000", "00.0 top-1",
          "00.00", "0.0000", "Apache-2.0", "ONNX Runtime CPU", "16 auto")  # fmt: skip
TASK_WORDS = {"top-1": "Labels", "AP": "Boxes"}


class TableView(QWidget):
    """All that was measured of the lanes, and where it puts them among each other."""

    add_asked = Signal()
    lane_chosen = Signal(object)           # Lane
    alone_asked = Signal(object)           # Lane
    menu_asked = Signal(object, object)    # Lane, QPoint
    retried = Signal(object)               # Lane
    moved = Signal(object, int)            # Lane, its new place

    def __init__(self, supply: Supply, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._measured = supply.session, supply.measured
        self._others: list[tuple[ModelCard, Measured]] = []   # as they were measured alone
        self._was_resting = False
        self.alone: Lane | None = None
        self.rest, self.more, self.wants_live = 1.0, False, False
        self._cards: dict[Lane, ModelCard] = {}
        self._figures: Mapping[Lane, Figures] = {}
        self._row_px = 34
        self._expected = 0        # lanes that come at once
        self._following = False   # the selection follows what was chosen elsewhere
        self.table = LaneTable()
        self.view = QTableView(self)
        self.view.setModel(self.table)
        self.view.setAccessibleName("Networks, what they answer and what was measured")
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setItemDelegateForColumn(NUMBER, Badge(self.view))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        header = self.view.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        header.sortIndicatorChanged.connect(self.table.sort)
        self.view.selectionModel().currentRowChanged.connect(self._choose_row)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._ask_menu)
        self.frozen = FrozenColumns(self.view, 2)   # numbers and names
        self.said = PlainLabel("", self)
        self.said.setProperty("role", "quiet")
        self.markdown, self.csv = QPushButton("Copy as Markdown", self), QPushButton("Copy as CSV", self)
        self.markdown.clicked.connect(lambda: self.copy("markdown"))
        self.csv.clicked.connect(lambda: self.copy("csv"))
        self.kind = Segments(TASK_WORDS, "Accuracy of")
        self.kind.group.buttonClicked.connect(lambda _: self._show_points())
        self.scatter = Scatter(self)
        self._build()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.said, 1)
        head.addWidget(self.markdown)
        head.addWidget(self.csv)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        left.setProperty("role", "surface")
        left.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        right = QWidget(self)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(8, 8, 8, 8)
        beside.addWidget(self.kind, 0, Qt.AlignmentFlag.AlignRight)
        beside.addWidget(self.scatter, 1)
        right.setProperty("role", "surface")
        right.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.split = QSplitter(Qt.Orientation.Vertical, self)
        self.split.addWidget(left)
        self.split.addWidget(right)
        self.split.setChildrenCollapsible(False)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.split)

    # --- the lanes ----------------------------------------------------------------------------------------------

    def expect(self, count: int) -> None:
        """So many lanes come at once: there is room for their rows."""
        self._expected = count
        self._share()

    def add(self, lane: Lane, card: ModelCard) -> None:
        """One more row."""
        self._cards[lane] = card
        self._show_rows()
        self._share()

    def remove(self, lane: Lane) -> None:
        """A lane is gone."""
        self._cards.pop(lane, None)
        self._show_rows()
        self._share()

    def put_in_order(self, lanes: list[Lane]) -> None:
        """The rows in this order, unless they are sorted by something."""
        self._cards = {lane: self._cards[lane] for lane in lanes if lane in self._cards}
        self._show_rows()

    def show_card(self, lane: Lane, card: ModelCard) -> None:
        """A lane's card has changed."""
        self._cards[lane] = card

    def show_alone(self, lane: Lane | None) -> None:
        """All stand here, always."""
        self.alone = lane

    def place_of(self, lane: Lane) -> QPoint:
        """A place within the view where a menu of this lane opens."""
        for i, row in enumerate(self.table.rows):
            if row.lane is lane:
                field = self.view.visualRect(self.table.index(i, NAME))
                return self.view.viewport().mapTo(self, field.center())
        return self.rect().center()

    def choose(self, lane: Lane | None) -> None:
        """Mark the lane that is meant."""
        self._following = True
        for i, row in enumerate(self.table.rows):
            if row.lane is lane:
                self.view.setCurrentIndex(self.table.index(i, NAME))
                break
        else:
            self.view.clearSelection()
        self._following = False

    # --- what is shown ------------------------------------------------------------------------------------------

    def refresh(self, frame: Frame | None) -> bool:
        """Pictures do not stand here; the numbers come with `refresh_figures`."""
        del frame
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """What was measured meanwhile stands in the picture."""
        super().showEvent(event)
        self._others = self._measured()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height anew."""
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """The table has room for its rows, at least for four; the rest is the picture's."""
        head = self.view.horizontalHeader().height() + self.markdown.sizeHint().height() + 40
        wanted = min(head + max(4, len(self._cards) or self._expected) * self._row_px, round(self.height() * 0.62))
        self.split.setSizes([wanted, max(0, self.height() - wanted)])

    def refresh_figures(self, source: SourceStatus, figures: Mapping[Lane, Figures]) -> None:
        """Show the numbers."""
        del source
        if self._was_resting and not self._session.resting:   # something was measured
            self._others = self._measured()
        self._was_resting = bool(self._session.resting)
        self._figures = figures
        self.said.setText(f"Times: {times_words(self._session)}")
        self._show_rows()
        self._show_points()

    def copy(self, form: str) -> None:
        """Put the table into the clipboard, as "markdown" or "csv"."""
        mode = f"{self._session.mode.value}, {self._session.source.title}"
        said = f"Times in ms: {times_words(self._session)}; {mode}. Accuracy as published."
        text = as_csv(self.table.rows) if form == "csv" else as_markdown(self.table.rows, said)
        QGuiApplication.clipboard().setText(text)

    def _show_rows(self) -> None:
        chosen = self.view.currentIndex()
        lane = self.table.rows[chosen.row()].lane if chosen.isValid() else None
        rows = [Row(lane, card, self._figures.get(lane) or lane.figures()) for lane, card in self._cards.items()]
        self.table.show_rows(rows)
        if lane is not None and not self.view.currentIndex().isValid():
            self.choose(lane)

    def _show_points(self) -> None:
        what = self.kind.key
        points = []
        for card, figure in self._others:
            value, word = best_figure(card)
            if value and (word == "top-1") == (what == "top-1"):
                points.append(Point(card.title, figure.ms, value, card.bytes / 1e6))
        for row in self.table.rows:
            value, word = best_figure(row.card)
            if row.timed and value and (word == "top-1") == (what == "top-1"):
                ms = row.figures.stages["latency"][0]
                size = (row.lane.form or row.card).bytes / 1e6
                points.append(Point(row.lane.title, ms, value, size, row.lane.slot))
        self.scatter.show_points(points, what)

    def restyle(self, theme: Theme, scale: float, topk: int) -> None:
        """Take these colours, and type at this scale."""
        del topk
        self.table.theme, self.table.scale = theme, scale
        self.scatter.restyle(theme, scale)
        face = font(Size.BODY, scale)
        for part in (self.view, self.view.horizontalHeader(), self.said, self.markdown, self.csv, self.kind):
            part.setFont(face)
        self._row_px = round(34 * scale)
        self.view.verticalHeader().setDefaultSectionSize(self._row_px)
        self.view.setStyleSheet(table_sheet(theme, scale))
        self.frozen.follow()
        metrics = QFontMetrics(font(Size.BODY, scale, bold=True))
        for i, widest in enumerate(WIDEST):
            arrow = round(ARROW * scale) if TITLES[i] else 0
            wide = max(metrics.horizontalAdvance(widest), metrics.horizontalAdvance(TITLES[i]) + arrow)
            self.view.setColumnWidth(i, wide + 18 + round(8 * scale))

    # --- what the user does with it -----------------------------------------------------------------------------

    def _choose_row(self, index: QModelIndex) -> None:
        if index.isValid() and not self._following:
            self.lane_chosen.emit(self.table.rows[index.row()].lane)

    def _ask_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if index.isValid():
            self.menu_asked.emit(self.table.rows[index.row()].lane, self.view.viewport().mapToGlobal(at))
