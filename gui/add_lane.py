"""Choose a network, its backend and its threads."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.jobs import Job
from gui.line_ups import LineUps
from gui.parts.plain import PlainLabel, tip
from gui.stage.lane_words import PRECISION_WORDS
from gui.theme import DARK, Size, Theme, font
from inference.backends import NATIVE, OWN, backend_module, backends
from inference.data import LaneSpec
from inference.errors import LabError
from inference.intake.inventory import Missing, missing, missing_of
from inference.words import short_count
from models import ModelCard
from models.lineups import line_ups
from models.store import Store

NAME, HERE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class ModelDelegate(QStyledItemDelegate):
    """Two rows a model: its title, and what it is and weighs."""

    def __init__(self, catalog: Mapping[str, ModelCard], parent: QObject) -> None:
        super().__init__(parent)
        self.theme, self.scale = DARK, 1.0
        self._catalog = catalog

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As wide as the list, two rows high."""
        del option, index
        return QSize(100, round(56 * self.scale))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one model."""
        card = self._catalog[index.data(NAME)]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(QColor(self.theme.accent) if chosen else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.raised))
            painter.drawRoundedRect(rect.adjusted(1, 1, -2, -2), 8, 8)
        across, down = round(12 * self.scale), round(6 * self.scale)
        inner = rect.adjusted(across, down, -across, -down)
        title, fact = font(Size.BODY, self.scale, bold=True), font(Size.FACT, self.scale)
        here = index.data(HERE)
        away = f"{card.bytes / 1e6:.3g} MB to fetch" if card.fetchable else "needs its file: --mirror"
        mark = "" if here is None else "here" if here else away
        painter.setFont(fact)
        painter.setPen(QColor(self.theme.quiet))
        top = QRect(inner.left(), inner.top(), inner.width(), inner.height() // 2)
        painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, mark)
        room = inner.width() - QFontMetrics(fact).horizontalAdvance(mark) - 12
        painter.setFont(title)
        painter.setPen(QColor(self.theme.text))
        text = QFontMetrics(title).elidedText(card.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(fact)
        painter.setPen(QColor(self.theme.quiet))
        facts = QFontMetrics(fact).elidedText(describe(card), Qt.TextElideMode.ElideRight, inner.width())
        bottom = QRect(inner.left(), inner.center().y(), inner.width(), inner.height() // 2)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, facts)
        painter.restore()


THREADS_TIP = (
    "auto: in turns, or alone, a network has all cores; together they are divided. It follows by itself as networks "
    "come and go. A number stays as it is. Networks on OpenCV share one number; Core ML decides by itself."
)


class AddLane(QWidget):
    """Type to find, Enter to add."""

    chosen = Signal(object)   # LaneSpec
    line_up_chosen = Signal(str)

    def __init__(self, catalog: Mapping[str, ModelCard], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalog = catalog
        self.line_ups = LineUps(catalog, self)
        self.line_ups.chosen.connect(self.line_up_chosen)
        self._find = QLineEdit(self)
        self._find.setPlaceholderText("Find by name, family or task")
        self._find.setAccessibleName("Find a network")
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._filter)
        self._find.installEventFilter(self)
        self._list = QListWidget(self)
        self._list.setAccessibleName("Networks")
        self._list.setUniformItemSizes(True)
        self._list.setMouseTracking(True)
        self._list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._delegate = ModelDelegate(catalog, self)
        self._list.setItemDelegate(self._delegate)
        self.show_catalog()
        self._list.itemActivated.connect(lambda _item: self._add())
        self._list.itemDoubleClicked.connect(lambda _item: self._add())
        self._nothing = PlainLabel("No network of that name. Clear the field to see all.", self)
        self._nothing.setWordWrap(True)
        self._nothing.setProperty("role", "quiet")
        self._nothing.hide()
        self._backend, self._provider, self._threads = QComboBox(self), QComboBox(self), QComboBox(self)
        self._precision = QComboBox(self)   # only where the backend computes a form of its own
        self._backend.setAccessibleName("Backend")
        self._provider.setAccessibleName("Provider")
        self._threads.setAccessibleName("Threads")
        self._threads.setToolTip(THREADS_TIP)
        self._precision.setAccessibleName("Precision of the weights")
        self._captions = [PlainLabel(text, self) for text in ("Backend", "Weights", "Runs on", "Threads")]
        for threads in (0, 1, 2, 4, 8):
            self._threads.addItem(str(threads) if threads else "auto", threads)
        self._button = QPushButton("Add", self)
        self._button.setProperty("role", "primary")
        self._button.clicked.connect(self._add)
        engine = QGridLayout()
        engine.setSpacing(8)
        boxes = (self._backend, self._precision, self._provider, self._threads)
        for place, (caption, box) in enumerate(zip(self._captions, boxes, strict=True)):
            caption.setProperty("role", "quiet")
            engine.addWidget(caption, place, 0)
            engine.addWidget(box, place, 1)
        engine.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._find)
        layout.addWidget(self._nothing)
        layout.addWidget(self._list, 1)
        layout.addLayout(engine)
        layout.addWidget(self._button)
        layout.insertWidget(0, self.line_ups)
        self.setFocusProxy(self._find)

    def showEvent(self, event: QShowEvent) -> None:
        """Backends and providers are asked for when they are first seen: that imports the engines."""
        super().showEvent(event)
        self._find.selectAll()   # what was typed last time is replaced by what is typed now
        if not self._backend.count():
            for name, info in backends().items():
                if not info.only:   # those are taken by themselves
                    self._backend.addItem(info.title, name)
            self._backend.currentIndexChanged.connect(self._list_providers)
            self._list_providers()

    def show_catalog(self) -> None:
        """List the models that the catalog has now."""
        self._list.clear()
        for card in sorted(self._catalog.values(), key=lambda c: (c.lineup or 99, c.task, c.title)):
            item = QListWidgetItem(card.title)
            item.setData(NAME, card.name)
            item.setToolTip(tip(f"{card.title}\n{describe(card)}\n{card.source}\nLicence: {card.licence}"))
            self._list.addItem(item)
        self._list.setCurrentRow(0)

    def show_threads(self, auto: int) -> None:
        """Say how many threads "auto" means for one more network."""
        self._threads.setItemText(0, f"auto ({auto})")

    def look(self, store: Store) -> None:
        """Find out which models are here, and what the line-ups lack; away from the window."""
        cards = dict(self._catalog)

        def work() -> tuple[dict[str, bool], dict[str, Missing]]:
            here = {name: not missing(card, store) for name, card in cards.items()}
            lacking = {
                name: missing_of((cards[model] for model in line_up.models if model in cards), store)
                for name, line_up in line_ups().items()
            }
            return here, lacking

        def done(found: tuple[dict[str, bool], dict[str, Missing]]) -> None:
            self.show_here(found[0])
            self.line_ups.show_missing(found[1])

        Job(work, done, parent=self)

    def show_here(self, here: Mapping[str, bool]) -> None:
        """Mark which models are on this machine."""
        for row in range(self._list.count()):
            item = self._list.item(row)
            item.setData(HERE, here.get(item.data(NAME)))

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours and sizes."""
        self._delegate.theme, self._delegate.scale = theme, scale
        self.line_ups.restyle(theme, scale)
        engine = (self._backend, self._precision, self._provider, self._threads)
        for widget in (self._find, *engine, self._button, self._nothing):
            widget.setFont(font(Size.BODY, scale))
        for caption in self._captions:
            caption.setFont(font(Size.FACT, scale))
        self._list.doItemsLayout()
        self._list.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the field go to the list."""
        if watched is self._find and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
                self._step(-1 if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_PageUp) else 1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._add()
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        rows = [r for r in range(self._list.count()) if not self._list.item(r).isHidden()]
        if rows:
            now = rows.index(self._list.currentRow()) if self._list.currentRow() in rows else -1
            self._list.setCurrentRow(rows[max(0, min(len(rows) - 1, now + by))])

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        first: QListWidgetItem | None = None
        for row in range(self._list.count()):
            item = self._list.item(row)
            card = self._catalog[item.data(NAME)]
            hay = f"{card.name} {card.title} {card.family} {card.task} {card.licence}".lower()
            fits = all(word in hay for word in words)
            item.setHidden(not fits)
            first = first or (item if fits else None)
        if first is not None:
            self._list.setCurrentItem(first)
        self._nothing.setVisible(first is None)
        self._button.setEnabled(first is not None)

    def _list_providers(self) -> None:
        info = backends()[self._backend.currentData()]
        self._precision.clear()
        for name in (*info.precisions, *([OWN] if info.format else [])):
            self._precision.addItem(PRECISION_WORDS.get(name, name), name)
        for widget in (self._captions[1], self._precision):
            widget.setVisible(bool(info.precisions))
        self._provider.clear()
        self._provider.addItem("any", "")
        try:
            names = backend_module(self._backend.currentData()).providers()
        except LabError as error:
            self._provider.setToolTip(tip(error.sentence))
            return
        for name in names:
            self._provider.addItem(name.removesuffix("ExecutionProvider"), name)

    def _add(self) -> None:
        item = self._list.currentItem()
        if item is not None and not item.isHidden():
            backend, threads = self._backend.currentData(), self._threads.currentData()
            name: str = item.data(NAME)
            only = NATIVE.get(self._catalog[name].format)   # a choice that cannot run is none
            provider, precision = self._provider.currentData(), self._precision.currentData() or ""
            choices = backends()[backend].precisions_of(self._catalog[name])
            precision = precision if precision in choices else ""
            if only:
                provider = precision = ""
            self.chosen.emit(LaneSpec(name, only or backend, threads, provider, precision))


def describe(card: ModelCard) -> str:
    """A model in one line: what it does, its family, parameters, cost, size and licence."""
    task = "labels" if card.task == "classify" else "boxes"
    facts = [task, card.family, f"{short_count(card.parameters)} parameters" if card.parameters else ""]
    facts += [f"{card.gmacs:.2g} GMAC" if card.gmacs else "", f"{card.bytes / 1e6:.3g} MB", card.licence]
    return " · ".join(fact for fact in facts if fact)
