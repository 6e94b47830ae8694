"""The catalogue: every architecture in one table, with its card beside it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.jobs import Job
from gui.panes import PaneBase, Services
from gui.panes.catalogue.card_view import CardView
from gui.panes.catalogue.facts import Facts, look
from gui.panes.catalogue.measuring import Measuring
from gui.panes.catalogue.table import (
    CARD,
    COLUMNS,
    PLACE,
    TITLES,
    WIDEST,
    CatalogueFilter,
    CatalogueTable,
)
from gui.panes.catalogue.view import NetworksView
from gui.parts.plain import PlainLabel
from gui.parts.segments import Segments
from gui.style import ARROW
from gui.theme import DARK, Size, Theme, font
from inference.backends import usual_backend
from inference.data import LaneSpec, LaneState
from inference.errors import LabError
from inference.intake.adding import remove, remove_files
from inference.intake.fetching import Fetcher
from inference.lab.measured import figures
from inference.live.lane import Lane
from models.card import ModelCard
from models.catalog import config_folder
from models.licence import accept, demand
from models.user_cards import is_own

PADDING = 16   # px of a field, both sides: see gui.style.table_sheet
MEASURE = "Measure all that is here"
ONLY = {"all": "All", "classify": "Labels", "detect": "Boxes", "here": "Here"}


class Pane(PaneBase):
    """The table, the filter above it, the card beside it."""

    _news = Signal()   # from the fetching threads

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._theme, self._scale = DARK, 1.0
        self._fetches = Fetcher(services.desk.store, self._tell)
        self._lanes: tuple[tuple[str, int, LaneState], ...] = ()
        self._over: set[str] = set()                 # fetches whose end was seen
        self._state: dict[str, Any] = {}
        self.measuring = Measuring(services.desk.session, services.desk.store, self)
        self._news.connect(self._show_fetches, Qt.ConnectionType.QueuedConnection)
        self._build()
        self.desk.catalogue.listen(lambda _name: self._look())
        self._look()

    def _build(self) -> None:
        self.table = CatalogueTable(self.desk.catalogue)
        self.filter = CatalogueFilter(self.table)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find by name, family, licence or year")
        self.search.setAccessibleName("Find in the catalogue")
        self.search.setClearButtonEnabled(True)
        self.only = Segments(ONLY, "Show")
        self.measure = QPushButton(MEASURE)
        self.measure.setToolTip("Each alone, about a second and a half; the lanes rest meanwhile")
        self.empty = PlainLabel("No network fits. Clear the search, or show all.")
        self.empty.setProperty("role", "quiet")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.hide()
        self.view = NetworksView(self.filter)
        self.card = CardView()
        head = QHBoxLayout()
        head.setSpacing(8)
        for part in (self.search, self.only, self.measure):
            head.addWidget(part, int(part is self.search))
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        column.addWidget(self.empty, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(self.card)
        self.split.setChildrenCollapsible(False)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.addWidget(self.split)
        self.view.typed.connect(self._find)
        self.measure.clicked.connect(self._measure)
        self.measuring.changed.connect(self._show_measuring)
        self.measuring.ended.connect(self.desk.say)
        self.measuring.ended.connect(lambda _: self._look())
        self.search.textChanged.connect(self._choose)
        self.only.group.buttonClicked.connect(lambda _: self._choose())
        self.view.selectionModel().currentRowChanged.connect(self._show_card)
        self.view.doubleClicked.connect(lambda _: self._add(self.chosen))
        self.view.entered_on.connect(lambda: self._add(self.chosen))
        self.card.get.connect(self._get)
        self.card.cancel.connect(lambda card: self._fetches.cancel(card.name))
        self.card.add.connect(self._add)
        self.card.xray.connect(self._xray)
        self.card.remove.connect(self._remove)
        self._select_first()

    # --- what the window calls ----------------------------------------------------------------------------------

    def end(self) -> None:
        """Give up every fetch, and measuring."""
        self._fetches.cancel("")
        self.measuring.cancel()

    def state(self) -> dict[str, str | bool | float]:
        """Order, filter and choice."""
        header = self.view.horizontalHeader()
        return {
            "sort": COLUMNS[header.sortIndicatorSection()].title if self.view.isSortingEnabled() and (
                0 <= header.sortIndicatorSection() < len(COLUMNS)) else "",
            "descending": header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder,
            "only": self.only.key,
        }

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        order = Qt.SortOrder.DescendingOrder if state.get("descending") is True else Qt.SortOrder.AscendingOrder
        column = state.get("sort")
        if column in TITLES:
            self.view.sortByColumn(TITLES.index(str(column)), order)
        if (only := state.get("only")) in ONLY:
            self.only.key = str(only)
        self._choose()

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Mark which networks run."""
        shown = tuple((lane.spec.model, lane.slot, lane.status.state) for lane in reversed(lanes))
        if shown != self._lanes:
            self._lanes = shown
            self.table.slots = {name: slot for name, slot, _ in shown}
            self.table.running = frozenset(name for name, _, state in shown if state is LaneState.RUNNING)
            self.table.changed()
            self._show_card()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        self.table.theme = theme
        face = font(Size.BODY, scale)
        widgets: tuple[QWidget, ...] = (
            self.search, self.measure, self.empty, self.view, self.view.horizontalHeader(),
        )  # fmt: skip
        for widget in (*widgets, *self.only.buttons.values()):
            widget.setFont(face)
        self.view.restyle(theme, scale)
        self.card.restyle(theme, scale)
        self._set_widths()
        self._fit()

    def _set_widths(self) -> None:
        """Make each column as wide as its widest text in any row: a filter or a fetch moves none."""
        metrics, header = QFontMetrics(font(Size.BODY, self._scale)), self.view.horizontalHeader()
        for i, column in enumerate(COLUMNS):
            texts = (column.text(card, self.table.facts_of(card)) for card in self.table.cards)
            widest = max(map(metrics.horizontalAdvance, texts), default=0)
            if i == PLACE:
                widest = round(WIDEST[PLACE] * self._scale)   # what is being fetched has no end of words
            widest = min(widest, round(WIDEST.get(i, 10_000) * self._scale))
            title = metrics.horizontalAdvance(column.title) + PADDING + round(ARROW * self._scale)
            header.resizeSection(i, max(widest + PADDING + round(12 * self._scale), title))

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the filter: a name can be typed at once."""
        super().showEvent(event)
        QTimer.singleShot(0, self.view.setFocus)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the card makes room for the table."""
        super().resizeEvent(event)
        self._fit()

    # --- what the user chooses ----------------------------------------------------------------------------------

    @property
    def chosen(self) -> ModelCard | None:
        """The card of the chosen row."""
        index = self.view.currentIndex()
        card: ModelCard | None = index.data(CARD) if index.isValid() else None
        return card

    def choose(self, name: str) -> None:
        """Go to this card."""
        for row in range(self.filter.rowCount()):
            if self.filter.index(row, 0).data(CARD).name == name:
                self.view.setCurrentIndex(self.filter.index(row, 0))

    def _find(self, letter: str) -> None:
        """A letter was typed over the table: it is searched for."""
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.insert(letter)

    def _choose(self) -> None:
        card = self.chosen
        self.filter.choose(self.search.text(), self.only.key)
        if card is not None:
            self.choose(card.name)
        if not self.view.currentIndex().isValid():
            self._select_first()
        nothing = self.filter.rowCount() == 0
        self.empty.setVisible(nothing)
        self.view.setVisible(not nothing)
        if nothing and not self.search.hasFocus():
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _select_first(self) -> None:
        self.view.setCurrentIndex(self.filter.index(0, 0) if self.filter.rowCount() else QModelIndex())
        self._show_card()

    def _add(self, card: ModelCard | None) -> None:
        if card is not None:
            self.desk.add_lane(LaneSpec(card.name, usual_backend(card)))

    def _xray(self, card: ModelCard) -> None:
        if card.name not in self.table.slots:
            self._add(card)
        self.services.show_pane("xray")

    def _get(self, card: ModelCard) -> None:
        if demand(card.licence):   # the button has said so
            try:
                accept(card, config_folder())
            except LabError as error:
                self.desk.fail(error)
                return
        self._over.discard(card.name)
        self._fetches.get(card)

    def _remove(self, card: ModelCard) -> None:
        own = is_own(card)
        for lane in [lane for lane in self.desk.session.lanes if lane.spec.model == card.name]:
            self.desk.say(f"{lane.title} is running. Take its lane away first.")
            return
        catalog, store = dict(self.desk.catalogue), self.desk.store

        def work() -> None:
            if own:
                remove(card, store, catalog)
            else:
                remove_files(card, store, [other for other in catalog.values() if other.name != card.name])

        def done(_: object) -> None:
            if own:
                self.desk.drop_card(card.name)
            self.desk.say(f"{card.title} is removed from this disk.")
            self._look()

        Job(work, done, self.desk.fail, self)

    # --- measuring ----------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Begin to measure all that is here, or stop."""
        if self.measuring.running:
            self.measuring.cancel()
        else:
            self.measuring.begin([card for card in self.table.cards if self.table.facts_of(card).here])

    def _show_measuring(self) -> None:
        it = self.measuring
        self.measure.setText(f"Stop measuring · {it.done} of {it.of}" if it.running else MEASURE)
        self.table.measuring = it.now
        notes = figures(self.desk.store)
        for name, facts in self.table.facts.items():
            self.table.facts[name] = facts._replace(measured=notes.get(facts.key))
        self.table.changed()

    # --- looking ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Find out which files are here and count what they cost; away from the window."""
        known = tuple(self.desk.catalogue.values())
        name = self.chosen.name if self.chosen else ""
        if self.table.cards != sorted(known, key=lambda c: (c.lineup or 99, c.title.lower())):
            self.table.reload()
            self._set_widths()
            self.choose(name)
            if not self.view.currentIndex().isValid():
                self._select_first()
        store, cards = self.desk.store, known

        Job(lambda: look(cards, store), self._looked, parent=self)

    def _looked(self, found: dict[str, Facts]) -> None:
        self.table.facts = found
        self.table.changed()
        self._set_widths()
        self._show_card()

    def _tell(self) -> None:
        """Called on the fetching threads."""
        try:
            self._news.emit()
        except (RuntimeError, TypeError):   # the window is gone meanwhile, or just going
            return

    def _show_fetches(self) -> None:
        states, ended = {}, False
        for card in self.table.cards:
            fetch = self._fetches.state(card.name)
            if fetch is None:
                continue
            if not fetch.over:
                states[card.name] = fetch.words
            elif card.name not in self._over:
                self._over.add(card.name)
                ended = True
                self.desk.say(fetch.trouble or f"{card.title} is here.")
        self.table.states = states
        self.table.changed()
        self._show_card()
        if ended:
            self._look()

    def _show_card(self, *_: object) -> None:
        card = self.chosen
        facts = self.table.facts_of(card) if card else Facts(False, 0, 0.0, False)
        self.card.show_card(card, facts, self._fetches.state(card.name) if card else None)

    def _fit(self) -> None:
        self.card.setVisible(self.width() > 900 * self._scale)
        if self.card.isVisible():
            self.split.setSizes([round(self.width() * 0.62), round(self.width() * 0.38)])
