"""The chart of the talk: how right networks are over what they cost; those that run here move as they run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

from PySide6.QtCore import QSize, QStandardPaths
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QFileDialog

from gui.folders import file_to_save, folder_for
from gui.long_job import LongJob, Tell
from gui.panes import Services
from gui.panes.chart.form import ChartForm
from gui.panes.chart.saving import png_of, svg_of
from gui.parts.axes import Axes
from gui.parts.bubble_labels import Bubble
from gui.settle import TAKEN, settled
from gui.style import set_role
from gui.theme import DARK, Theme
from inference.data import LaneState
from inference.errors import LabError
from inference.lab.accuracy.datasets import open_labelled
from inference.lab.accuracy.measured import ACCURACY, AGREEMENT, Measured, network_key, recall
from inference.lab.accuracy.measuring import Step, measure
from inference.lab.chart.points import COSTS, WORTHS, Chart, Subject, chart_of, frontier, subject_of
from inference.live.lane import Figures, Lane
from inference.terminal import write_bytes
from models.published import beside
from models.texts import plain

FORMATS = {".png": "A picture (*.png)", ".svg": "Lines (*.svg)"}
SAVED = QSize(1600, 1000)   # px, at twice the density
STATES = (LaneState.RUNNING, LaneState.LOADING)
KEPT = {"measured": ACCURACY, "agreement": AGREEMENT}
HOW = {
    "measured": "Nothing is measured yet. Choose labelled pictures, and measure.",
    "agreement": "Nothing is compared yet. Open Agreement (Y), and compare.",
}
NAMED = 40   # grey networks that are named; of more only the efficient ones are, the rest say it under the pointer


class Pane(ChartForm):
    """What is chosen in the form, as bubbles."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.job = LongJob(self)
        self.data = ""                               # path of labelled pictures
        self._theme, self._scale = DARK, 1.0
        self._lanes: tuple[tuple[str, str, int], ...] = ()   # (model, title, slot) of those that run here
        self._subjects: tuple[Subject, ...] = ()
        self._times: dict[int, float] = {}
        self._known = {"top1": Measured(), "ap": Measured()}
        self.chart = Chart(())
        for segments in (self.worth, self.cost):
            segments.group.buttonClicked.connect(self.show_all)
        for box in (self.log, self.published):
            box.toggled.connect(self.show_all)
        self.bubbles.clicked.connect(lambda slot: self.desk.choose_lane(self.desk.lane_of(slot)))
        for name, slot in (
            ("folder", self._choose_folder), ("table", self._choose_table), ("measure", self.measure),
            ("stop", self.job.cancel), ("save", self._choose_target),
        ):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        self.job.changed.connect(self._show_progress)
        self.job.ended.connect(self._ended)
        self.show_all()

    # --- what the window calls --------------------------------------------------------------------------------------

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen."""
        return {"worth": self.worth.key, "cost": self.cost.key, "log": self.log.isChecked(),
                "published": self.published.isChecked(), "data": self.data}   # fmt: skip

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        for name, segments in (("worth", self.worth), ("cost", self.cost)):
            if state.get(name) in segments.buttons:
                segments.key = str(state[name])
        for name, box in (("log", self.log), ("published", self.published)):
            if isinstance(state.get(name), bool):
                box.setChecked(state[name])
        self.data = str(state.get("data") or "")
        self.show_all()

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Take the lanes as they are now."""
        listed = tuple(
            (lane.spec.model, lane.title, lane.slot) for lane in lanes
            if lane.status.state in STATES and lane.spec.model in self.desk.catalogue
        )  # fmt: skip
        if listed != self._lanes:
            self._lanes = listed
            self._list_subjects()
            self.show_all()

    def tell(self, figures: Mapping[Lane, Figures]) -> None:
        """Let the bubbles go where the lanes' medians are."""
        times = {lane.slot: told.stages["infer"][0] for lane, told in figures.items() if told.timed}
        if times != self._times:
            self._times = times
            if self.cost.key == "ms" and self.isVisible():
                self._place()

    def end(self) -> None:
        """Give up what is running."""
        self.job.cancel()

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        self._theme, self._scale = theme, scale
        super().restyle(theme, scale)
        self._place()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with what was measured until now."""
        super().showEvent(event)
        for worth, what in KEPT.items():
            self._known[worth] = recall(self.desk.store, what)
        self._lanes = ()
        self.refresh(self.desk.session.lanes)
        self.show_all()

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _list_subjects(self) -> None:
        cards, store = self.desk.catalogue, self.desk.store
        here = {model for model, _, _ in self._lanes}
        lanes = [
            subject_of(cards[model], network_key(cards[model], store), slot, title)
            for model, title, slot in self._lanes
        ]
        others = [card for name, card in cards.items() if name not in here]
        quiet = [subject_of(card, network_key(card, store)) for card in others]
        quiet += [Subject(one.title, one) for one in beside(cards.values())]
        self._subjects = (*lanes, *quiet)

    def show_all(self) -> None:
        """What can be pressed now, and the chart."""
        running, measured = self.job.running, self.worth.key == "measured"
        for name, shown in (
            ("folder", measured and not running), ("table", measured and not running), ("stop", running),
            ("measure", measured and not running),
        ):  # fmt: skip
            self.buttons[name].setVisible(shown)
        self.buttons["measure"].setEnabled(bool(self.data and self._lanes))
        self.bar.setVisible(running)
        self.published.setEnabled(self.cost.key != "ms")   # nobody else was timed on this machine
        self._place()
        if not running:
            set_role(self.note, "quiet")
            self.note.setText(self._sentence())

    def _sentence(self) -> str:
        """What must be known of the chart."""
        worth, told = self.worth.key, []
        known = self._known.get(worth, Measured())
        if worth in KEPT:
            told.append(f"On {known.title}." if known.right else HOW[worth])
            if worth == "measured" and self.data:
                told.append(f"Chosen: {plain(Path(self.data).name, 60)}.")
        if self.chart.absent:
            told.append("Not in it: " + "; ".join(f"{title}, {why}" for title, why in self.chart.absent) + ".")
        if not self._lanes:
            told.append("Add a network to see it here in colour: A.")
        return " ".join(told)

    def _place(self) -> None:
        worth, cost = self.worth.key, self.cost.key
        subjects = [one for one in self._subjects if one.lane is not None or self.published.isChecked()]
        chart = chart_of(subjects, cost, worth, self._times, self._known.get(worth, Measured()))
        self.chart = chart
        front = frontier([(point.x, point.y) for point in chart.points])
        few = sum(point.subject.lane is None for point in chart.points) <= NAMED
        bubbles = []
        for i, point in enumerate(chart.points):
            lane = point.subject.lane
            colour = QColor(self._theme.quiet) if lane is None else self._theme.lane(lane)
            bubbles.append(Bubble(
                point.subject.title, point.words, point.x, point.y, point.subject.facts.bytes, colour, point.low,
                point.high, tip=point.tip, quiet=lane is None, label=lane is not None or few or i in front, key=lane,
            ))   # fmt: skip
        self.bubbles.axes = Axes(
            f"{COSTS[cost].title} · area: bytes of the file", WORTHS[worth].title, kind=COSTS[cost].kind,
            log=self.log.isChecked(), unit=WORTHS[worth].unit,
        )  # fmt: skip
        self.bubbles.show_bubbles(bubbles, front)

    # --- measuring --------------------------------------------------------------------------------------------------

    def _choose_folder(self) -> None:
        self._take_data(QFileDialog.getExistingDirectory(self, "A folder with one folder a class", self.data))

    def _choose_table(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "A table of pictures and classes", self.data, "CSV (*.csv)")
        self._take_data(chosen)

    def _take_data(self, path: str) -> None:
        self.data = path or self.data
        self.show_all()

    def measure(self) -> None:
        """Begin; the window goes on, lanes and source rest."""
        session, data, store = self.desk.session, self.data, self.desk.store
        cards = list({model: self.desk.catalogue[model] for model, _, _ in self._lanes}.values())
        cards = [card for card in cards if card.task == "classify"]
        if self.job.running or not data or not cards:
            return
        if session.resting:
            self.desk.say(TAKEN)
            return
        session.rest(True)

        def work(tell: Tell, cancelled: Event) -> object:
            settled(session, cancelled)
            tell(Step("Reading the pictures", 0.0, {}))
            return measure(cards, open_labelled(data), ACCURACY, store, tell, cancelled)

        set_role(self.note, "quiet")
        self.bar.setValue(0)
        self.job.begin(work)
        self.show_all()

    def _show_progress(self) -> None:
        if self.job.running and self.job.said:
            step: Step = self.job.said[-1]
            self.note.setText(step.words)
            self.bar.setValue(round(1000 * step.part))

    def _ended(self) -> None:
        self.desk.session.rest(False)
        troubles = [self.job.trouble] if self.job.trouble else []
        if self.job.result:
            troubles += self.job.result[1]
        self._known["measured"] = recall(self.desk.store, ACCURACY)
        self.show_all()
        if troubles:
            set_role(self.note, "trouble")
            self.note.setText(" ".join(trouble.sentence for trouble in troubles))

    # --- what is done with it ---------------------------------------------------------------------------------------

    def _choose_target(self) -> None:
        folder = folder_for(QStandardPaths.StandardLocation.PicturesLocation)
        if path := file_to_save(self, "Save the chart", folder / "chart.png", FORMATS):
            self.save(path)

    def save(self, path: Path) -> None:
        """Write the chart as it is, larger than the window has it; PNG or SVG as the file's ending says."""
        copy = self.bubbles.copy(self._theme, 1.25, SAVED)
        try:
            made = svg_of if path.suffix.lower() == ".svg" else png_of
            write_bytes(made(copy, self._theme), str(path))
        except LabError as error:
            self.desk.fail(error)
            return
        self.desk.say(f"{plain(path.name)} is written.")
