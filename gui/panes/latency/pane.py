"""How long each network takes, frame by frame; or the stages of one network."""

from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette

from gui.panes import Services
from gui.panes.latency.entries import STACK, network_entry, stage_colours, stage_entries
from gui.panes.latency.view import LatencyView
from gui.parts.plain import tip
from gui.parts.plot import DIGIT, Curve, paint_ends
from gui.parts.range import Array, Follow, joined, thin
from gui.stage.lane_words import FROZEN, sentence, summary
from gui.theme import DARK, Size, Theme, font
from inference.live.lane import SPAN_S, Figures, Lane
from inference.live.timings import COLUMNS

ROWS = 2048         # newest timings looked at: 20 s at 100 frames/s
BARS = 60           # frames in the view of stages
WORDS_EVERY = 5     # refreshes between two changes of the numbers: nobody reads faster
POINTS = 800        # of a curve; a denser one is thinned to its extremes

AT, CPU = COLUMNS.index("at"), COLUMNS.index("cpu")
LATENCY = COLUMNS.index("latency")
STACK_COLUMNS = [COLUMNS.index(stage) for stage in STACK]
EMPTY = "Add a network to see its latency"


class Pane(LatencyView):
    """What the plot below the lanes shows."""

    _mode_text = ""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._theme, self._scale = DARK, 1.0
        self._lanes: tuple[Lane, ...] = ()
        self._shape: tuple[object, ...] = ()         # what the curves and the list of lanes were made for
        self._slot: int | None = None                # of the lane whose stages are shown
        self._curves: list[Curve] = []
        self._told: dict[Lane, Figures] = {}
        self._is_told = False   # whether the window gives the numbers
        self._ends: list[tuple[float, str, QColor]] = []   # height in the plot's unit, digit, colour
        self._ranges = {key: Follow(log=key == "log") for key in ("wall", "cpu", "log", "stages")}
        self._ticks = 0
        self.plot.over = self._paint_over
        self.plot.resized = self._relayout
        self.view.group.buttonClicked.connect(lambda _: self._switch())
        self.clock.group.buttonClicked.connect(lambda _: self._switch())
        self.log.clicked.connect(lambda _: self._switch())
        self.choice.activated.connect(self._choose)
        self.legend.chosen.connect(self._show_stages_of)
        self.plot.show_axes(False)
        self._switch()

    @property
    def mode_text(self) -> str:
        """A few quiet words in the plot about how the lanes run; set by the window."""
        return self._mode_text

    @mode_text.setter
    def mode_text(self, text: str) -> None:
        if text != self._mode_text:
            self._mode_text = text
            self.plot.viewport().update()

    # What the window calls

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Show the newest numbers of these lanes."""
        self._lanes = tuple(lanes)
        shape = tuple((lane, lane.slot, lane.title) for lane in lanes)
        fresh = shape != self._shape
        if fresh:
            self._shape = shape
            self._rebuild()
        if self.view.key == "all":
            self._draw_all()
        else:
            self._draw_stages()
        if fresh or (not self._is_told and self._ticks % WORDS_EVERY == 0):
            self._told = {lane: self._told.get(lane) or lane.figures() for lane in self._lanes}
            if not self._is_told:
                self._told = {lane: lane.figures() for lane in self._lanes}
            self._show_words()
        self._ticks += 1

    def tell(self, figures: Mapping[Lane, Figures]) -> None:
        """Show these numbers: the window gives every part of it the same ones at the same moment."""
        self._is_told, self._told = True, dict(figures)
        if tuple(figures) != self._lanes:
            self.refresh(tuple(figures))
        self._show_words()

    def _show_words(self) -> None:
        """The legend and the sentence."""
        if self.view.key == "all":
            clock = "latency" if self.clock.key == "wall" else "cpu"
            entries = [
                network_entry(
                    lane, self._told[lane], clock, self._theme.lane(lane.slot), sentence(lane, self._told[lane])
                )
                for lane in self._lanes
            ]  # fmt: skip
            self.legend.show_entries(entries, (f"p50, {SPAN_S:.0f} s",))
            told = [(lane, self._told[lane]) for lane in self._lanes]
            line = FROZEN if self.frozen and told else summary(told)
            self._say(line, [sentence(*entry) for entry in told])
        elif lane := self.lane:
            figures = self._told[lane]
            self.legend.show_entries(stage_entries(self._theme, lane, figures), ("p50", "p95"))
            said = FROZEN if self.frozen else sentence(lane, figures)
            self._say(said, [said])
        else:
            self.legend.show_entries([])
            self._say("", [])

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        face = font(Size.FACT, scale)
        for button in (*self.view.buttons.values(), *self.clock.buttons.values(), self.log, self.choice):
            button.setFont(face)
        self.words.setFont(font(Size.BODY, scale))
        # Lower than the buttons of the bar: here the height belongs to the plot.
        self._head.setStyleSheet(
            f"QPushButton {{ padding: 0 {round(10 * scale)}px; min-height: {round(20 * scale)}px;"
            f" font-size: {face.pixelSize()}px; }}"
            f"QComboBox {{ padding-top: 0; padding-bottom: 0; min-height: {round(20 * scale)}px;"
            f" font-size: {face.pixelSize()}px; }}"
        )
        self.plot.restyle(theme, scale)
        self.legend.restyle(theme, scale)
        self._colour()
        self._relayout()
        self._ticks = 0   # the legend takes its colours with the next words

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen, for the settings."""
        return {
            "view": self.view.key,
            "clock": self.clock.key,
            "log": self.log.isChecked(),
            "lane": "" if self._slot is None else str(self._slot),
        }

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        for key, segments in (("view", self.view), ("clock", self.clock)):
            value = state.get(key)
            if isinstance(value, str) and value in segments.buttons:
                segments.key = value
        if isinstance(log := state.get("log"), bool):
            self.log.setChecked(log)
        if isinstance(slot := state.get("lane"), str) and slot.isdecimal():
            self._slot = int(slot)
        self._switch()

    # What the user chooses

    @property
    def lane(self) -> Lane | None:
        """The lane whose stages are shown: the chosen one, else the first."""
        chosen = next((lane for lane in self._lanes if lane.slot == self._slot), None)
        return chosen or (self._lanes[0] if self._lanes else None)

    def _choose(self, index: int) -> None:
        self._slot = self.choice.itemData(index)
        self._switch()

    def _show_stages_of(self, slot: int) -> None:
        if self.view.key == "all":
            self._slot = slot
            self.view.key = "stages"
            self._switch()

    def _switch(self) -> None:
        """Another view, time, axis or lane."""
        everyone = self.view.key == "all"
        self.clock.setVisible(everyone)
        self.log.setVisible(everyone)
        self.choice.setVisible(not everyone)
        self.legend.clickable = everyone
        self.bars.setVisible(not everyone)
        for curve in self._curves:
            curve.setVisible(everyone)
        self._ends = []
        self._rebuild_choice()
        self._colour()
        self._relayout()
        self._ticks = 0
        self.refresh(self._lanes)

    # Drawing

    def _rebuild(self) -> None:
        """The set of lanes has changed."""
        for curve in self._curves:
            self.plot.getPlotItem().removeItem(curve)
        self._curves = [Curve() for _ in self._lanes]
        for curve in self._curves:
            curve.setVisible(self.view.key == "all")
            self.plot.add(curve)
        self._told = {lane: told for lane, told in self._told.items() if lane in self._lanes}
        self._ends = []
        self.plot.show_axes(bool(self._lanes))
        self._rebuild_choice()
        self._colour()
        self._relayout()

    def _rebuild_choice(self) -> None:
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for lane in self._lanes:
                self.choice.addItem(f"{lane.slot + 1}  {lane.title}", lane.slot)
            if chosen := self.lane:
                self.choice.setCurrentIndex(self._lanes.index(chosen))

    def _colour(self) -> None:
        """Take the lanes' colours."""
        for curve, lane in zip(self._curves, self._lanes, strict=False):
            curve.style(self._theme.lane(lane.slot), lane.slot, strokes=2 if self._scale < 1.5 else 3)
        self.bars.colours = [QColor(stage_colours(self._theme, self.lane)[stage]) for stage in STACK]
        self.bars.mark = QColor(self._theme.text)
        palette = self.words.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(self._theme.text))
        self.words.setPalette(palette)

    def _relayout(self) -> None:
        """Fit ranges and ticks to the size and the type."""
        everyone = self.view.key == "all"
        self.legend.widest = max(160, round(self.width() * 0.52))
        if everyone:
            width = max(1.0, self.plot.data_rect().width() - self._margin())
            ticks = [(-15.0, "15 s ago"), (-10.0, "10"), (-5.0, "5"), (0.0, "now")]
            # The space right of now is for the digits at the ends of the curves.
            self.plot.show_x(-SPAN_S, SPAN_S * self._margin() / width, ticks)
        else:
            ticks = [(-44.5, "45 frames ago"), (-29.5, "30"), (-14.5, "15"), (-0.5, "now")]
            self.plot.show_x(-BARS - 0.5, 1.5, ticks)
        self.plot.show_y(self._range(), "ms")
        self.legend.restyle(self._theme, self._scale)

    def _margin(self) -> float:
        """Px right of now."""
        columns = min(max(1, len(self._lanes)), 4)   # of digits: curves may end at the same height
        return (DIGIT * columns + 8) * self._scale

    def _range(self) -> Follow:
        if self.view.key == "stages":
            return self._ranges["stages"]
        return self._ranges["log" if self.log.isChecked() else self.clock.key]

    def _draw_all(self) -> None:
        now = perf_counter()
        column = LATENCY if self.clock.key == "wall" else CPU
        log = self.log.isChecked()
        drawn: list[tuple[Array, Array]] = []
        sorted_values: list[Array] = []
        for lane in self._lanes:
            rows = lane.timings.rows(ROWS)
            rows = rows[np.searchsorted(rows[:, AT], now - SPAN_S) :]
            drawn.append((rows[:, AT] - now, rows[:, column]))
            sorted_values.append(np.sort(rows[:, column]))
        some = [values for values in sorted_values if len(values)]
        follow = self._range()
        if some:
            # Not the extremes: one hiccup must not flatten twenty seconds of everything.
            high = max(float(values[round(0.98 * (len(values) - 1))]) for values in some)
            low = min(float(values[round(0.02 * (len(values) - 1))]) for values in some)
            if follow.follow(low, high):
                self.plot.show_y(follow, "ms")
        ends = []
        for lane, curve, (x, y) in zip(self._lanes, self._curves, drawn, strict=True):
            x, y = thin(x, y, POINTS)
            y = np.clip(y, 0.5 * follow.low, 1.5 * follow.high)   # outside is not drawn
            if log:
                y = np.log10(np.maximum(y, 1e-3))
            curve.setData(x, y, connect=joined(x))
            if len(x) and x[-1] > -3:
                recent = np.sort(y[-8:])
                middle = float(recent[len(recent) // 2])
                ends.append((middle, str(lane.slot + 1), self._theme.lane(lane.slot)))
        self._ends = ends

    def _draw_stages(self) -> None:
        lane = self.lane
        if lane is None:
            self.bars.set(np.zeros((0, len(STACK))), np.zeros(0), 0.0)
            return
        rows = lane.timings.rows(BARS)
        parts, cpu = rows[:, STACK_COLUMNS], rows[:, CPU]
        follow = self._range()
        if len(rows):
            totals = np.sort(parts.sum(axis=1))
            if follow.follow(0.0, float(totals[round(0.95 * (len(totals) - 1))])):
                self.plot.show_y(follow, "ms")
        self.bars.set(parts, cpu, -float(len(rows)))

    def _say(self, line: str, sentences: Sequence[str]) -> None:
        self.words.setText(line)
        self.words.setToolTip(tip("\n".join(sentences)))

    def _paint_over(self, painter: QPainter, place: QRectF) -> None:
        """The digits at the ends of the curves, the mode, and what to do when there is nothing to show."""
        theme = self._theme
        painter.setPen(QColor(theme.quiet))
        if not self._lanes:
            painter.setFont(font(Size.LABEL, self._scale))
            painter.drawText(QRectF(self.plot.rect()), Qt.AlignmentFlag.AlignCenter, EMPTY)
            return
        painter.setFont(font(Size.FACT, self._scale))
        if self._mode_text:
            corner = place.adjusted(8, 0, -(self._margin() if self.view.key == "all" else 0) - 8, 0)
            size = QFontMetricsF(painter.font()).size(0, self._mode_text)
            back = QRectF(corner.right() - size.width() - 4, corner.top(), size.width() + 8, size.height())
            painter.fillRect(back, QColor(theme.surface))
            painter.drawText(back, Qt.AlignmentFlag.AlignCenter, self._mode_text)
        if self.view.key != "all" or not self._ends:
            return
        low, high = self.plot.getPlotItem().viewRange()[1]
        ends = [((value - low) / (high - low), digit, colour) for value, digit, colour in self._ends]
        room = place.adjusted(place.width() - self._margin() + 6 * self._scale, 0, 0, 0)
        paint_ends(painter, room, ends, self._scale)
