"""The preprocessing X-ray: what one network is given, and what it answers when it is given something else."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFontMetrics, QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QInputDialog, QPushButton, QVBoxLayout, QWidget

from gui.jobs import Job
from gui.panes import PaneBase, Services
from gui.panes.xray.parts import Answers, InputView, rows_of
from gui.parts.elided import ElidedLabel
from gui.parts.plain import PlainLabel, tip
from gui.parts.segments import Segments
from gui.theme import DARK, Size, Theme, font
from inference.data import Lens, Result
from inference.intake.guesses import guessed_text
from inference.live.lane import Lane
from inference.xray import (
    OTHERS,
    SWITCHES,
    as_picture,
    channels,
    differences,
    offered,
    recipe,
    switched,
    warning,
)
from models.card import InputSpec, ModelCard
from models.texts import plain_lines
from models.user_cards import own_title, save_card, with_recipe

EMPTY = "Add a network to see what it is given"
LARGEST_PICTURE = 640     # px of the live picture that is kept for the pane
DIFFERS = " ≠ card"


class Pane(PaneBase):
    """One network's input, and the switches of its recipe."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._theme, self._scale = DARK, 1.0
        self._lanes: tuple[Lane, ...] = ()
        self._shape: tuple[object, ...] = ()
        self._slot: int | None = None
        self._lane: Lane | None = None          # the one under the X-ray
        self._meant: Lane | None = None         # the one that the window turned to last
        self._shown: Result | None = None
        self._spec: InputSpec | None = None     # the recipe that is tried
        self._build()

    def _build(self) -> None:
        self.choice = QComboBox()
        self.choice.setAccessibleName("Network under the X-ray")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.activated.connect(self._choose)
        self.words = ElidedLabel()
        self.reset = QPushButton("As the card says")
        self.reset.setToolTip("Take every switch back")
        self.reset.clicked.connect(self._reset)
        self.save = QPushButton("Save as…")
        self.save.setToolTip("Keep this recipe under a name, as a card of your own; your own card keeps its name")
        self.save.clicked.connect(self._save)
        self.finder = QPushButton("Find the recipe")
        self.finder.setToolTip("Try every likely recipe on pictures with known answers, and show them in order")
        self.finder.clicked.connect(self._find)
        self.live, self.seen = InputView(smooth=True), InputView(smooth=False)
        self.answers = Answers()
        self.switches: dict[str, Segments | QComboBox] = {}
        self._captions: dict[str, PlainLabel] = {}
        self._panel = QWidget()
        grid = QGridLayout(self._panel)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        for i, (key, switch) in enumerate(SWITCHES.items()):
            self._captions[key] = PlainLabel(switch.title)
            self._captions[key].setProperty("role", "quiet")
            control = self._norms() if key == "norm" else self._segments(key)
            self.switches[key] = control
            grid.addWidget(self._captions[key], i, 0)
            grid.addWidget(control, i, 1, Qt.AlignmentFlag.AlignLeft)
        grid.setRowStretch(len(SWITCHES), 1)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        head.addWidget(self.choice)
        head.addWidget(self.words, 1)
        head.addWidget(self.finder)
        head.addWidget(self.reset)
        head.addWidget(self.save)
        self._empty = PlainLabel(EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "quiet")
        body = QHBoxLayout()
        body.setSpacing(20)
        body.addWidget(self.live, 5)
        body.addWidget(self.seen, 4)
        body.addWidget(self._panel)
        body.addWidget(self.answers, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 16, 8)
        column.setSpacing(8)
        column.addWidget(self._head)
        column.addLayout(body, 1)
        column.addWidget(self._empty, 1)
        self._show_empty()

    def _segments(self, key: str) -> Segments:
        made = Segments(SWITCHES[key].choices, SWITCHES[key].title)
        for choice, button in made.buttons.items():
            button.clicked.connect(lambda _on=False, choice=choice: self._switch(key, choice))
        return made

    def _norms(self) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(SWITCHES["norm"].title)
        made.setPlaceholderText(OTHERS.capitalize())   # shown where none of them is chosen
        for choice, title in SWITCHES["norm"].choices.items():
            made.addItem(title, choice)
        made.activated.connect(lambda at: self._switch("norm", made.itemData(at)))
        return made

    # --- what the window calls ----------------------------------------------------------------------------------

    def state(self) -> dict[str, str | bool | float]:
        """Which network was looked at."""
        return {"lane": "" if self._slot is None else str(self._slot)}

    def restore(self, state: object) -> None:
        """Choose what `state` said once."""
        if isinstance(state, dict) and isinstance(slot := state.get("lane"), str) and slot.isdecimal():
            self._slot = int(slot)

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Show what the network was given last."""
        self._lanes = tuple(lanes)
        self._turn_to_chosen()
        shape = tuple((lane, lane.slot, lane.title, self._card(lane)) for lane in lanes)
        if shape != self._shape:
            self._shape = shape
            self._list()
        lane = self._lane
        if lane is None:
            return
        if lane.lens is None:   # the window gave it another card
            self._begin(lane)
        result = lane.seen
        if result is not None and result is not self._shown and result.seen is not None:
            self._shown = result
            self._show(lane, result)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        face = font(Size.FACT, scale)
        for segments in self.switches.values():
            buttons = segments.buttons.values() if isinstance(segments, Segments) else [segments]
            for button in buttons:
                button.setFont(face)
        for widget in (self.choice, self.finder, self.reset, self.save, *self._captions.values()):
            widget.setFont(face)
        metrics = QFontMetrics(face)   # with the mark: no column moves when a switch is turned
        widest = max(metrics.horizontalAdvance(f"{switch.title}{DIFFERS}") for switch in SWITCHES.values())
        for caption in self._captions.values():
            caption.setFixedWidth(widest + 4)
        self.words.setFont(font(Size.BODY, scale))
        self._empty.setFont(font(Size.LABEL, scale))
        low = f"padding: 0 {round(10 * scale)}px; min-height: {round(22 * scale)}px; font-size: {face.pixelSize()}px;"
        for part in (self._head, self._panel):
            part.setStyleSheet(f"QPushButton {{ {low} }} QComboBox {{ {low} }}")
        for painted in (self.live, self.seen, self.answers):
            painted.restyle(theme, scale)
        self._shown = None
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """The X-ray goes on."""
        super().showEvent(event)
        self._turn_to_chosen()
        if self._lane is not None:
            self._begin(self._lane)
        self._fit()

    def _turn_to_chosen(self) -> None:
        """Look at the lane that was added or clicked last, once: what is chosen here afterwards stays."""
        chosen = self.desk.chosen_lane()
        if chosen is not None and chosen is not self._meant:
            self._meant, self._slot = chosen, chosen.slot
            if chosen in self._lanes:
                self._list()

    def hideEvent(self, event: QHideEvent) -> None:
        """The X-ray goes off: the network is as its card says again."""
        super().hideEvent(event)
        self._end()

    def resizeEvent(self, event: Any) -> None:
        """Leave out what has no room."""
        super().resizeEvent(event)
        self._fit()

    # --- what the user chooses ----------------------------------------------------------------------------------

    def _choose(self, at: int) -> None:
        self._slot = self.choice.itemData(at)
        self._list()

    def _switch(self, key: str, choice: str) -> None:
        if self._lane is None or self._spec is None:
            return
        self._spec = switched(self._spec, self._card(self._lane).input, key, choice)
        self._look()

    def _reset(self) -> None:
        if self._lane is not None:
            self._spec = self._card(self._lane).input
            self._look()

    def _find(self) -> None:
        if self._lane is not None:
            self.desk.recipe_asked.emit(self._card(self._lane))

    def _save(self) -> None:
        lane, spec = self._lane, self._spec
        if lane is None or spec is None:
            return
        card = self._card(lane)
        title, meant = QInputDialog.getText(
            self, "Save the recipe", "Name of the network:", text=own_title(card)
        )
        if not meant or not (title := plain_lines(title).strip()):
            return
        made = with_recipe(card, spec, title, self.desk.catalogue)

        def done(_: object) -> None:
            self.desk.take_card(made)
            what = "is saved in its card" if made.name == card.name else f"is saved as {made.title}: press A to add it"
            self.desk.say(f"The recipe {what}.")

        Job(lambda: save_card(made), done, self.desk.fail, self)

    # --- showing ------------------------------------------------------------------------------------------------

    def _card(self, lane: Lane) -> ModelCard:
        return self.desk.catalogue[lane.spec.model]

    def _list(self) -> None:
        """The lanes have changed, or another is chosen."""
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for lane in self._lanes:
                self.choice.addItem(f"{lane.slot + 1}  {lane.title}", lane.slot)
            chosen = next((lane for lane in self._lanes if lane.slot == self._slot), None)
            chosen = chosen or (self._lanes[0] if self._lanes else None)
            if chosen is not None:
                self.choice.setCurrentIndex(self._lanes.index(chosen))
        if chosen is not self._lane:
            self._end()
            self._lane = chosen
            if chosen is not None and self.isVisible():
                self._begin(chosen)
        self._show_empty()

    def _begin(self, lane: Lane) -> None:
        """Look at this lane, as its card says."""
        self._spec = self._card(lane).input
        self._shown = None
        self._look()

    def _end(self) -> None:
        """Leave the lane as it was."""
        if self._lane is not None:
            self.desk.session.set_lens(self._lane, None)

    def _look(self) -> None:
        """Let the lane work by the recipe that is chosen."""
        lane, spec = self._lane, self._spec
        if lane is None or spec is None:
            return
        card = self._card(lane).input
        self.desk.session.set_lens(lane, Lens(None if spec == card else spec, show=True))
        usable = offered(card)
        for key, control in self.switches.items():
            now, usual = SWITCHES[key].get(spec, card), SWITCHES[key].get(card, card)
            control.setEnabled(key in usable)
            with QSignalBlocker(control):
                if isinstance(control, QComboBox):
                    control.setCurrentIndex(control.findData(now))
                else:
                    control.show_first(now, usual, "area")   # which stands for its slower and its quicker kin
                    if "ink" in control.buttons:   # where it is no digit that is read there is none to be found
                        control.buttons["ink"].setEnabled(card.fit == "ink")
            self._captions[key].setText(f"{SWITCHES[key].title}{DIFFERS if now != usual else ''}")
        told = differences(spec, card)
        self.reset.setEnabled(bool(told))
        self.save.setEnabled(bool(told))
        self._tell(told, "")

    def _tell(self, told: tuple[str, ...], trouble: str) -> None:
        lane = self._lane
        if lane is None:
            return
        guessed = guessed_text(self._card(lane))
        line = "; ".join(told) or f"As the card says: {recipe(self._card(lane).input)}"
        line += f" (guessed: {guessed})" if guessed and not told else ""
        self.words.setText(f"{line}. {trouble}".strip() if trouble else line)
        self.words.setToolTip(tip(self.words.text()))
        self.words.set_colour(self._theme.trouble if told or trouble else self._theme.text)

    def _show(self, lane: Lane, result: Result) -> None:
        seen = result.seen
        assert seen is not None
        card = self._card(lane).input
        colour = self._theme.lane(lane.slot)
        found = channels(seen.tensor, card)
        self._tell(differences(seen.input, card), warning(found, card))
        frame = result.frame.pixels
        height, width = frame.shape[:2]
        if self.live.isVisible():
            step = max(1, width // LARGEST_PICTURE)
            x1, y1, x2, y2 = seen.crop
            box = (x1 / width, y1 / height, x2 / width, y2 / height)
            self.live.show_picture(frame[::step, ::step], "Live picture: the part that is cut out", colour, box)
        sides = f"{card.size[1]}×{card.size[0]}"
        self.seen.show_picture(as_picture(seen.tensor, card), f"What the network is given, {sides}", colour)
        usual = rows_of(seen.usual) if seen.usual is not None else None
        self.answers.show_answers(rows_of(result.prediction), usual, found, colour)

    def _show_empty(self) -> None:
        some = self._lane is not None
        for widget in (self._head, self.live, self.seen, self._panel, self.answers):
            widget.setVisible(some)
        self._empty.setVisible(not some)
        if some:
            self._fit()

    def _fit(self) -> None:
        """In a narrow window the live picture goes first: it is above anyway; then the answers, which are too."""
        if self._lane is not None:
            self.live.setVisible(self.width() > 1600 * self._scale)
            self.answers.setVisible(self.width() > 760 * self._scale)
