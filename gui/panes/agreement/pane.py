"""How often the lanes' networks agree on pictures of the user's: a matrix, a pair in figures, where they differ."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFileDialog

from gui.desk import LONG_S
from gui.folders import file_to_save, folder_for
from gui.jobs import Job
from gui.long_job import LongJob, Tell
from gui.panes import Services
from gui.panes.agreement.form import COUNTS, AgreementForm
from gui.settle import TAKEN, settled
from gui.style import set_role
from inference.data import Frame, LaneSpec, LaneState
from inference.errors import LabError
from inference.live.lane import Lane
from inference.terminal import write_bytes
from models.texts import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.lab.agreement.report import Report

FORMATS = {".html": "A page with the pictures (*.html)", ".json": "For programs (*.json)"}


class Found(NamedTuple):
    """What comes of it; the networks themselves are gone by then."""

    report: "Report"
    pixels: "dict[int, NDArray[np.uint8]]"   # of the pictures on which they differ, by their place
    troubles: list[LabError]


class Pane(AgreementForm):
    """What the form says is compared, on a thread of its own, while lanes and source rest."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.job = LongJob(self)
        self.report: Report | None = None           # of the last one that counted anything
        self.pixels: dict[int, NDArray[np.uint8]] = {}   # of its pictures that are shown
        self.source = ""                            # a path, where it is not the reel
        self._listed: tuple[tuple[str, LaneSpec, int], ...] = ()
        self._off: set[LaneSpec] = set()
        self._slots: tuple[int, ...] = ()
        self._asked: tuple[int, ...] = ()           # the slots of the comparison that is running
        self.networks.ticked.connect(self.show_form)
        self.matrix.chosen_changed.connect(self._show_facts)
        self.thumbs.clicked.connect(self.freeze)
        self.job.changed.connect(self._show_progress)
        self.job.ended.connect(self._ended)
        for name, slot in (
            ("compare", self.compare), ("cancel", self.job.cancel), ("copy", self.copy), ("save", self._choose_target),
        ):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        self.origin.buttons["file"].clicked.connect(self._choose_file)
        self.origin.buttons["reel"].clicked.connect(lambda: self._take_source(""))
        self.origin.buttons["folder"].clicked.connect(self._choose_folder)
        self.list_networks([], [])
        self._show_report()

    # --- what the window calls --------------------------------------------------------------------------------------

    def end(self) -> None:
        """Give up what is running."""
        self.job.cancel()

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen but for the networks, which are the lanes'."""
        return {"source": self.source if self.origin.key != "reel" else "", "count": self.counts.key}

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        if state.get("count") in COUNTS:
            self.counts.key = str(state["count"])
        self._take_source(str(state.get("source") or ""))

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """List the lanes anew when they have changed."""
        if self.job.running:
            return
        good = [lane for lane in lanes if lane.status.state in (LaneState.RUNNING, LaneState.LOADING)]
        listed = tuple((lane.title, lane.spec, lane.slot) for lane in good)
        if listed != self._listed:
            self._listed = listed
            self.list_networks([one[0] for one in listed], [one[1] not in self._off for one in listed])

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the lanes of now."""
        super().showEvent(event)
        self.refresh(self.desk.session.lanes)

    # --- the form ---------------------------------------------------------------------------------------------------

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "A video, or a recording", self.source)
        self._take_source(chosen or self.source)

    def _choose_folder(self) -> None:
        self._take_source(QFileDialog.getExistingDirectory(self, "A folder of pictures", self.source) or self.source)

    def _take_source(self, text: str) -> None:
        self.source = text
        kind = "reel" if not text else "folder" if Path(text).is_dir() else "file"
        self.origin.key = kind
        self.named.setText(plain(Path(text).name, 80) if text else "")

    def show_form(self) -> None:
        """What can be pressed now."""
        running = self.job.running
        if not running and len(self.boxes) == len(self._listed):
            pairs = zip(self._listed, self.boxes, strict=True)
            self._off = {spec for (_, spec, _), box in pairs if not box.isChecked()}
        self.buttons["compare"].setEnabled(sum(box.isChecked() for box in self.boxes) > 1)
        for name, shown in (
            ("compare", not running), ("cancel", running), ("copy", not running and self.report is not None),
            ("save", not running and self.report is not None),
        ):  # fmt: skip
            self.buttons[name].setVisible(shown)
        self.bar.setVisible(running)
        for widget in (*self.boxes, self.origin, self.counts):
            widget.setEnabled(not running)

    # --- comparing --------------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """Begin; the window goes on."""
        session, store, catalogue = self.desk.session, self.desk.store, self.desk.catalogue
        chosen = [one for one, box in zip(self._listed, self.boxes, strict=True) if box.isChecked()]
        if self.job.running or len(chosen) < 2:
            return
        if session.resting:
            self.desk.say(TAKEN)
            return
        from inference.places import reel_of

        cards = {spec: catalogue[spec.model] for _, spec, _ in chosen}
        source = self.source if self.origin.key != "reel" else reel_of(cards.values())
        most, ask = int(self.counts.key), session.ask
        self._asked = tuple(slot for _, _, slot in chosen)
        session.rest(True, "comparing")

        def work(tell: Tell, cancelled: Event) -> Found:
            from inference.intake.provide import open_network
            from inference.lab.agreement.kept import remember_agreement
            from inference.lab.agreement.run import compare
            from inference.lab.looks import Looks
            from inference.live.threads import engine_for

            settled(session, cancelled)
            looks, networks, troubles = Looks(source, most), [], []
            for spec, card in cards.items():
                tell(f"Opening {card.title}")
                engine = engine_for(spec, linger=False)
                try:
                    network = open_network(card, store, spec.backend, lambda e=engine: e, lambda *_: None, cancelled)  # type: ignore[misc]
                    networks.append((spec, network))
                except LabError as error:
                    troubles.append(error)
            made = compare(networks, looks, ask, tell, cancelled)
            report = made.report()
            remember_agreement(store, report, {spec.model: card for spec, card in cards.items()})
            return Found(report, made.pixels, troubles)

        set_role(self.note, "quiet")
        self.note.setText("Lanes and source rest meanwhile.")
        self.bar.setValue(0)
        self.job.begin(work)
        self.show_form()

    def _show_progress(self) -> None:
        if not self.job.running or not self.job.said:
            return
        said = self.job.said[-1]
        if isinstance(said, str):
            self.note.setText(said)
            return
        self.note.setText(f"Picture {said.done + 1} of {said.of}")
        self.bar.setValue(round(1000 * said.done / max(1, said.of)))

    def _ended(self) -> None:
        self.desk.session.rest(False)
        troubles = [self.job.trouble] if self.job.trouble else []
        if self.job.result:
            found: Found = self.job.result
            troubles += found.troubles
            if found.report.pairs:
                self.report, self.pixels = found.report, found.pixels
                self._slots = self._asked if len(self._asked) == len(found.report.networks) else ()
        self.show_form()
        self._show_report()
        told = [trouble.sentence for trouble in troubles]
        if self.report and self.job.result:
            told += self.report.troubles
        set_role(self.note, "trouble" if told else "quiet")
        self.note.setText(" ".join(told) or self._span())

    def _span(self) -> str:
        from inference.lab.agreement.words import span_text

        return f"On {span_text(self.report)}." if self.report else "Stopped before anything was compared."

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _show_report(self) -> None:
        from inference.lab.agreement.words import names

        self.matrix.show_report(self.report, self._slots)
        called = names(self.report) if self.report else ()
        self.thumbs.show_pictures(self.report.apart if self.report else (), called, self._slots)
        self.caption.setVisible(bool(self.thumbs.thumbs))

    def _show_facts(self) -> None:
        from inference.lab.agreement.words import pair_sentence

        chosen = self.matrix.chosen
        self.facts.setText(pair_sentence(self.report, *chosen) if self.report and chosen else "")

    def freeze(self, place: int) -> None:
        """Hold the picture at this place for all lanes."""
        if self.report and place in self.pixels:
            from inference.lab.agreement.words import moment

            one = next(one for one in self.report.apart if one.place == place)
            self.desk.freeze(True, Frame(self.pixels[place], place, perf_counter()))
            self.desk.say(f"{moment(one)}, frozen for all networks. Space goes on.", LONG_S)

    # --- what is done with it ---------------------------------------------------------------------------------------

    def copy(self) -> None:
        """All figures as text into the clipboard."""
        if self.report:
            from inference.lab.agreement.words import text_of_report

            QGuiApplication.clipboard().setText(text_of_report(self.report))
            self.desk.say("The figures are copied, as text.")

    def _choose_target(self) -> None:
        folder = folder_for(QStandardPaths.StandardLocation.DocumentsLocation)
        if path := file_to_save(self, "Save the report", folder / "agreement.html", FORMATS):
            self.save(path)

    def save(self, path: Path) -> None:
        """Write the report, as the file's ending says."""
        report = self.report
        if report is None:
            return

        def work() -> None:
            import json

            from inference.lab.agreement.page import page
            from inference.lab.agreement.words import values

            html = path.suffix.lower() == ".html"
            text = page(report) if html else json.dumps(values(report), ensure_ascii=False, indent=1)
            write_bytes(text.encode(), str(path))

        Job(work, lambda _: self.desk.say(f"{plain(path.name)} is written."), self.desk.fail, self)
