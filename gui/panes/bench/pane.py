"""The bench: the lanes' networks in rounds, alone and together, while the live picture rests."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QGuiApplication, QShowEvent

from gui.folders import file_to_save, folder_for
from gui.jobs import Job
from gui.panes import Services
from gui.panes.bench.benching import Benching
from gui.panes.bench.board import FACES
from gui.panes.bench.form import PICTURES, ROUNDS, THREADS, BenchForm
from gui.panes.bench.rows import Table, of_progress, of_report
from gui.settle import TAKEN
from gui.style import set_role
from inference.cores import computing_cores
from inference.data import LaneSpec, LaneState
from inference.live.lane import Lane
from inference.terminal import write_bytes
from inference.words import time_text

FORMATS = {".html": "A page with plots (*.html)", ".json": "For programs (*.json)", ".csv": "Every run (*.csv)"}


class Pane(BenchForm):
    """What the form says is measured; rounds arrive on the board."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.benching = Benching(services.desk.session, services.desk.store, self)
        self._listed: tuple[tuple[str, LaneSpec], ...] = ()
        self._off: set[LaneSpec] = set()      # that the user does not want measured
        self._specs: tuple[LaneSpec, ...] = ()   # of what is on the board
        self._slots: tuple[int, ...] = ()
        self._last: tuple[Table, tuple[int, ...]] = (Table(), ())   # what the last one found
        self._rounds = 0
        self._folder = folder_for(QStandardPaths.StandardLocation.DocumentsLocation)
        self.networks.ticked.connect(self.show_form)
        self.benching.changed.connect(self._show_progress)
        self.benching.ended.connect(self._ended)
        for name, slot in (
            ("measure", self.measure), ("cancel", self.cancel), ("copy", self.copy), ("save", self._choose_file),
        ):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        self.faces.group.buttonClicked.connect(lambda _: self.board.show_face(self.faces.key))
        self.list_networks([], [])

    # --- what the window calls --------------------------------------------------------------------------------------

    def end(self) -> None:
        """Give up what is running."""
        self.benching.cancel()

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen but for the networks, which are the lanes'."""
        return {
            "rounds": self.rounds.key, "pictures": self.pictures.key, "threads": self.threads.key,
            "together": self.together.isChecked(), "memory": self.memory.isChecked(), "face": self.faces.key,
        }  # fmt: skip

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        for segments, key, known in (
            (self.rounds, "rounds", ROUNDS), (self.pictures, "pictures", PICTURES), (self.threads, "threads", THREADS),
            (self.faces, "face", FACES),
        ):  # fmt: skip
            if state.get(key) in known:
                segments.key = str(state[key])
        for box, key in ((self.together, "together"), (self.memory, "memory")):
            if isinstance(on := state.get(key), bool):
                box.setChecked(on)
        self.board.show_face(self.faces.key)

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """List the lanes anew when they have changed."""
        if self.benching.running:
            return
        good = [lane for lane in lanes if lane.status.state in (LaneState.RUNNING, LaneState.LOADING)]
        listed = tuple((lane.title, lane.spec) for lane in good)
        if listed != self._listed:
            self._listed = listed
            self.list_networks([title for title, _ in listed], [spec not in self._off for _, spec in listed])

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the lanes of now."""
        super().showEvent(event)
        self.refresh(self.desk.session.lanes)

    # --- the form ---------------------------------------------------------------------------------------------------

    def chosen(self) -> list[LaneSpec]:
        """The networks whose boxes are ticked."""
        return [spec for (_, spec), box in zip(self._listed, self.boxes, strict=True) if box.isChecked()]

    def show_form(self) -> None:
        """What can be pressed now."""
        running = self.benching.running
        if not running and len(self.boxes) == len(self._listed):
            self._off = {spec for (_, spec), box in zip(self._listed, self.boxes, strict=True) if not box.isChecked()}
        some = any(box.isChecked() for box in self.boxes)
        self.buttons["measure"].setEnabled(some)
        for name, shown in (
            ("measure", not running), ("cancel", running), ("copy", not running and self.benching.report is not None),
            ("save", not running and self.benching.report is not None),
        ):  # fmt: skip
            self.buttons[name].setVisible(shown)
        self.bar.setVisible(running)
        for widget in (*self.controls, *self.boxes):
            widget.setEnabled(not running)

    # --- measuring --------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Begin; the window goes on."""
        specs = self.chosen()
        if self.benching.running or not specs:
            return
        if self.desk.session.resting:
            self.desk.say(TAKEN)
            return
        from inference.lab.bench.plan import Plan

        counts = (1, computing_cores()) if self.threads.key == "both" and computing_cores() > 1 else (0,)
        slots = {spec: lane.slot for lane in reversed(self.desk.session.lanes) for spec in (lane.spec,)}
        made = [(replace(spec, threads=count or spec.threads), slots[spec]) for spec in specs for count in counts]
        self._specs, self._slots = tuple(spec for spec, _ in made), tuple(slot for _, slot in made)
        if len(counts) > 1:   # the same colour twice tells nobody which is which
            self._slots = tuple(range(len(made)))
        self._rounds = int(self.rounds.key)
        plan = Plan(
            self._specs, self._rounds, together=self.together.isChecked(), memory=self.memory.isChecked(),
            ask=self.desk.session.ask,
        )  # fmt: skip
        shown = self.desk.session.frozen or self.desk.session.latest if self.pictures.key == "shown" else None
        self.board.show_table(Table(), ())
        set_role(self.note, "quiet")
        self.note.setText("Lanes and source rest meanwhile.")
        self.benching.begin(plan, dict(self.desk.catalogue), shown)
        self.show_form()

    def cancel(self) -> None:
        """End it; what was measured stays."""
        self.benching.cancel()
        self.note.setText("Ending")

    def _show_progress(self) -> None:
        progress = self.benching.progress
        if progress is None or not self.benching.running:
            return
        left = "" if progress.seconds_left is None else f" · about {time_text(progress.seconds_left)} left"
        self.note.setText(f"{progress.words}{left}")
        self.bar.setValue(round(1000 * progress.part))
        table = of_progress(progress, self._rounds)
        names = [self.desk.catalogue[spec.model].title for spec in self._specs]
        if len(set(names)) < len(names):   # twins: by what the lane says of itself, in short
            names = [
                f"{name}, {spec.threads or 'all'} threads" if spec.threads else name
                for name, spec in zip(names, self._specs, strict=True)
            ]
        rows = tuple(replace(row, name=name) for row, name in zip(table.rows, names, strict=True))
        self.board.show_table(replace(table, rows=rows), self._slots)

    def _ended(self) -> None:
        report, trouble = self.benching.report, self.benching.trouble
        self.show_form()
        set_role(self.note, "trouble" if trouble else "quiet")
        if trouble or self.benching.empty or report is None:
            self.board.show_table(*self._last)   # of the bench before this one
            self.note.setText(trouble.sentence if trouble else "Stopped before anything was measured.")
            return
        from inference.lab.bench.words import cautions, machine_line, rounds_line, troubles

        self._last = of_report(report), self._slots
        self.board.show_table(*self._last)
        self.about.setText(" ".join((rounds_line(report), f"{machine_line(report)}.", *cautions(report))))
        self.note.setText(" ".join(troubles(report)) or f"Measured in {report.seconds:.0f} s.")
        set_role(self.note, "trouble" if troubles(report) else "quiet")

    # --- what is done with it ---------------------------------------------------------------------------------------

    def copy(self) -> None:
        """All figures as text into the clipboard."""
        if self.benching.report:
            from inference.lab.bench.words import text_of_report

            QGuiApplication.clipboard().setText(text_of_report(self.benching.report))
            self.desk.say("The figures are copied, as text.")

    def _choose_file(self) -> None:
        if path := file_to_save(self, "Save the report", self._folder / "bench.html", FORMATS):
            self.save(path)

    def save(self, path: Path) -> None:
        """Write the report; its form is that of the ending."""
        report, sheet = self.benching.report, self.benching.sheet
        if report is None or sheet is None:
            return
        self._folder = path.parent

        def work() -> None:
            from inference.lab.bench.page import page
            from inference.lab.bench.report import to_json

            ending = path.suffix.lower()
            data = to_json(report) if ending == ".json" else sheet() if ending == ".csv" else page(report).encode()
            write_bytes(data, str(path))

        Job(work, lambda _: self.desk.say(f"{path} is written."), self.desk.fail, self)
