"""One card of the catalogue in full: what is new in it, its block, its recipe, and what can be done with it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gui.panes.catalogue.blocks import BlockView, block_of
from gui.panes.catalogue.facts import Facts
from gui.parts.plain import PlainLabel
from gui.style import set_role
from gui.theme import Size, Theme, font
from inference.intake.fetching import Fetch
from inference.intake.guesses import guessed_text
from inference.intake.inventory import origin
from inference.words import short_count
from inference.xray import recipe
from models.card import ModelCard
from models.licence import demand
from models.texts import as_html
from models.user_cards import is_own


class CardView(QWidget):
    """Shows one card; what is pressed is told by signals with the card."""

    get = Signal(object)
    cancel = Signal(object)
    add = Signal(object)
    xray = Signal(object)
    remove = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.card: ModelCard | None = None
        self._facts = Facts(False, 0, 0.0, False)
        self._fetch: Fetch | None = None
        self._asking = ""            # "get" or "remove" while the question stands
        self._title, self._new, self._note = PlainLabel(), PlainLabel(), PlainLabel()
        self._text = QLabel()   # the only one that reads HTML, for the link
        for label in (self._title, self._new, self._text, self._note):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setProperty("role", "quiet")
        self._block = BlockView()
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self.buttons = {name: QPushButton(title) for name, title in (
            ("add", "Add as lane"), ("get", "Get"), ("xray", "X-ray"), ("remove", "Remove from disk"),
            ("yes", ""), ("no", "Not now"), ("cancel", "Cancel"),
        )}  # fmt: skip
        self.buttons["add"].setProperty("role", "primary")
        for name, slot in (
            ("add", lambda: self.add.emit(self.card)), ("xray", lambda: self.xray.emit(self.card)),
            ("get", lambda: self._ask("get")), ("remove", lambda: self._ask("remove")), ("yes", self._agreed),
            ("no", lambda: self._ask("")), ("cancel", lambda: self.cancel.emit(self.card)),
        ):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        for widget in (self._title, self._new, self._block, self._text):
            column.addWidget(widget)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self._note)
        whole.addWidget(self._progress)
        whole.addLayout(row)

    def show_card(self, card: ModelCard | None, facts: Facts, fetch: Fetch | None) -> None:
        """Show this card, and where its files stand."""
        if card is not self.card:
            self._asking = ""
            self._block.show_block(block_of(card) if card else None)
            self._scroll.verticalScrollBar().setValue(0)
        self.card, self._facts = card, facts
        self._fetch = fetch
        self.setEnabled(card is not None)
        for part in (self._scroll, *self.buttons.values()):   # its place stays, empty
            part.setVisible(card is not None)
        if card is None:
            self._note.hide()
            return
        self._title.setText(f"{card.title} · {card.year}" if card.year else card.title)
        self._new.setText(card.about or card.source)
        self._text.setText("<br>".join(map(as_html, _lines(card, facts))) + _link(card.paper))
        self._show_state()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._title.setFont(font(Size.NAME, scale, bold=True))
        self._new.setFont(font(Size.LABEL, scale))
        for widget in (self._text, self._note, *self.buttons.values()):
            widget.setFont(font(Size.BODY, scale))
        self._progress.setFixedHeight(round(6 * scale))
        self._progress.setStyleSheet(
            f"QProgressBar {{ background: {theme.raised}; border: none; }}"
            f"QProgressBar::chunk {{ background: {theme.accent}; }}"
        )
        self._block.restyle(theme, scale)

    def _ask(self, what: str) -> None:
        self._asking = what
        self._show_state()
        if what:
            self.buttons["no"].setFocus()

    def _agreed(self) -> None:
        what, self._asking = self._asking, ""
        self._show_state()
        (self.get if what == "get" else self.remove).emit(self.card)

    def _show_state(self) -> None:
        card, fetch = self.card, self._fetch
        if card is None:
            return
        coming = fetch is not None and not fetch.over
        trouble = fetch.trouble if fetch else ""
        asks = demand(card.licence)
        note = ""
        if self._asking == "get":
            where = ", ".join(dict.fromkeys(origin(file) for file in card.files))
            note = f"Get {card.title} from {where}? Licence: {card.licence or 'unknown'}."
            note += f" It {asks}." if asks else ""
            self.buttons["yes"].setText("Accept the licence and get it" if asks else "Get it")
        elif self._asking == "remove":
            note = f"Remove {card.title} from this disk?"
            note += " Its card goes too: it is your own." if is_own(card) else " It can be got again."
            self.buttons["yes"].setText("Remove it")
        elif coming and fetch:
            note = fetch.words
        elif trouble and fetch:
            note = f"{trouble} {fetch.hint}".strip()
        elif not card.trained:
            note = "Its weights are constants: right for shapes and speed, it recognises nothing."
        self._note.setText(note)
        self._note.setVisible(bool(note))
        set_role(self._note, "trouble" if trouble and not coming and not self._asking else "")
        self._progress.setVisible(coming)
        part = fetch.fraction if fetch else None
        self._progress.setRange(0, 0 if coming and part is None else 1000)
        self._progress.setValue(round(1000 * (part or 0)))
        here = self._facts.here
        shown = {
            "add": not self._asking, "get": here is False and card.fetchable and not coming and not self._asking,
            "xray": bool(here) and not self._asking,
            "remove": (bool(here) or is_own(card)) and not coming and not self._asking,
            "yes": bool(self._asking), "no": bool(self._asking), "cancel": coming and not self._asking,
        }  # fmt: skip
        for name, button in self.buttons.items():
            button.setVisible(shown[name])


def _link(paper: str) -> str:
    """The paper as HTML; a link only where it is an address of the web."""
    if not paper.startswith("https://"):
        return f" · {as_html(paper)}" if paper else ""
    return f' · <a href="{as_html(paper)}">{as_html(paper.removeprefix("https://"))}</a>'


def _lines(card: ModelCard, facts: Facts) -> list[str]:
    """What is known of a card, a line each."""
    how = "counted from the file" if facts.counted else "as published"
    lines = [f"Input: {recipe(card.input)}"]
    if facts.parameters or facts.gmacs:
        weights = f"{short_count(facts.parameters)} parameters"
        lines.append(f"{weights}, {facts.gmacs:.3g} GMAC ({how}), {card.bytes / 1e6:.3g} MB")
    if card.accuracy:
        found = card.accuracy
        figures = (("top-1", found.top1), ("top-5", found.top5), ("AP", found.ap), ("AP50", found.ap50))
        told = ", ".join(f"{word} {value:.1f} %" for word, value in figures if value)
        lines.append(f"{told} on {card.accuracy.dataset} ({card.accuracy.recipe})")
    asks = demand(card.licence)
    lines.append(f"Licence: {card.licence or 'unknown'}" + (f", which {asks}" if asks else ""))
    lines.append(f"Weights: {card.source}")
    if card.guessed:
        lines.append(f"Guessed, please check: {guessed_text(card)}")
    return lines
