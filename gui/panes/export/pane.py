"""The export: a network as a Core ML package or as an Xcode project, with the proof that it is the same one."""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from PySide6.QtCore import QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
)

from gui.jobs import Job
from gui.panes import Services
from gui.panes.export.form import FORMS, Form
from gui.panes.export.wish import Wish, expectation
from gui.parts.plain import tip
from gui.style import set_role
from inference.backends import NATIVE
from inference.errors import LabError
from inference.export.settings import ExportSettings
from inference.intake.inventory import missing
from inference.live.lane import Lane
from models.catalog import config_folder
from models.errors import Cancelled
from models.licence import accept, accepted, demand
from models.user_cards import is_own

NO_OTHER = "no other"
PROMISES = {
    "ios": "You get an Xcode project with an app: live camera, answers, times, a switch for what Core ML computes on. "
    "Choose your team in Xcode, press Run, and it is on your phone. Two networks are compared there in turns, as here; "
    "a network of digits gets a board to draw on.",
    "coreml": "You get a folder with the package, its report, and what a Mac needs to check it. Mean, deviation and "
    "colours, labels, softmax or boxes are inside: Xcode takes it as it is.",
}
PROOF = (
    "After the export every picture of the sample reel stands here twice: as the lab answers it, and as the package "
    "does, read back from the file."
)
MAC_ONLY = (
    "No Apple machine took part. On a Mac, Xcode's tests (⌘U) and verify_on_mac.py ask Core ML itself."
)


class Pane(Form):
    """What the form says is exported; what comes of it stands on the right."""

    _said = Signal(str, float)   # from the job's thread: a sentence, and 0..1; below 0: unknown

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._here: set[str] = set()
        self._cancelled = Event()
        self._running: Wish | None = None
        self._folder: Path | None = None
        self._lanes: tuple[str, ...] = ()
        self._out = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)) / "Lineup"
        self._said.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        self.place.clicked.connect(self._choose_folder)
        for name, slot in (
            ("export", self.export), ("cancel", self.cancel), ("open", lambda: self._open("")),
            ("page", lambda: self._open("page")),
        ):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        self.form.group.buttonClicked.connect(lambda _: self._show_form())
        for box in (self.network, self.other, self.precision, self.target):
            box.currentIndexChanged.connect(lambda _: self._show_form())
        self.licence.toggled.connect(lambda _: self._show_form())
        self._look()

    # --- what the window calls ----------------------------------------------------------------------------------

    def end(self) -> None:
        """Give up what is running."""
        self._cancelled.set()

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen but for the network, which is the chosen lane's."""
        return {
            "form": self.form.key, "precision": str(self.precision.currentData()),
            "target": str(self.target.currentData()), "out": str(self._out),
        }  # fmt: skip

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        if (form := state.get("form")) in FORMS:
            self.form.key = str(form)
        for box, key in ((self.precision, "precision"), (self.target, "target")):
            if (place := box.findData(state.get(key))) >= 0:
                box.setCurrentIndex(place)
        if isinstance(out := state.get("out"), str) and out:
            self._out = Path(out)
        self._show_form()

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """Look anew which networks are here when the lanes have changed."""
        names = tuple(lane.spec.model for lane in lanes)
        if names != self._lanes:
            self._lanes = names
            self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the chosen lane's network."""
        super().showEvent(event)
        if self._running is None and (lane := self.desk.chosen_lane()):
            self._choose(lane.spec.model, lane.spec.precision)
        self._show_form()

    # --- the form -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Find out which networks are on this machine, away from the window."""
        cards, store = list(self.desk.catalogue.values()), self.desk.store

        def look() -> set[str]:
            return {card.name for card in cards if card.format not in NATIVE and not missing(card, store)}

        Job(look, self._looked, parent=self)

    def _looked(self, here: set[str]) -> None:
        if here != self._here:
            self._here = here
            self._list()

    def _list(self) -> None:
        """Networks that are here, those of the lanes first."""
        cards = [card for name, card in self.desk.catalogue.items() if name in self._here]
        running = {lane.spec.model for lane in self.desk.session.lanes}
        cards.sort(key=lambda card: (card.name not in running, card.title.lower()))
        for box, first in ((self.network, ""), (self.other, NO_OTHER)):
            chosen = box.currentData()
            box.blockSignals(True)
            box.clear()
            if first:
                box.addItem(first, "")
            for card in cards:
                box.addItem(card.title, card.name)
            box.setCurrentIndex(max(0, box.findData(chosen)))
            box.blockSignals(False)
        if self._running is None and (lane := self.desk.chosen_lane()):
            self._choose(lane.spec.model, "")
        self._show_form()

    def _choose(self, name: str, precision: str) -> None:
        if (place := self.network.findData(name)) >= 0:
            self.network.setCurrentIndex(place)
        if precision and (place := self.precision.findData(precision)) >= 0:
            self.precision.setCurrentIndex(place)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Where to", str(self._out))
        if chosen:
            self._out = Path(chosen)
            self._show_form()

    def wish(self) -> Wish | None:
        """What the form says; None while there is no network."""
        app = self.form.key == "ios"
        names = [self.network.currentData(), *([self.other.currentData()] if app else [])]
        cards = [self.desk.catalogue[name] for name in dict.fromkeys(filter(None, names))
                 if name in self.desk.catalogue]   # fmt: skip
        if not cards or not self.network.currentData():
            return None
        settings = ExportSettings((self.precision.currentData(),), self.target.currentData())
        return Wish(tuple(cards), app, settings, self._out)

    def _show_form(self) -> None:
        """What is to be expected, and what can be pressed."""
        app, wish = self.form.key == "ios", self.wish()
        for widget in (self.other, self._captions[2]):
            widget.setVisible(app)
        self.report.show_words(f"{PROMISES[self.form.key]}\n\n{PROOF}")
        self.place.setText(self.place.fontMetrics().elidedText(
            str(self._out), Qt.TextElideMode.ElideLeft, 260))   # fmt: skip
        self.place.setToolTip(tip(f"{self._out}\nPress to choose another folder."))
        fault, asks = "", ""
        if wish:
            try:
                wish.settings.check()
            except LabError as error:
                fault = str(error)   # its hint names options of the command line
            asks = next((f"{card.title}: its licence, {card.licence}, {demand(card.licence)}." for card in wish.cards
                         if not (accepted(card, config_folder()) or is_own(card))), "")   # fmt: skip
        there = bool(wish and not fault and self._running is None and wish.target.exists())
        self.expected.setText(" ".join(filter(None, (
            fault or (expectation(wish) if wish else "No network is on this machine yet: G, Get."), asks,
            f"{wish.target.name} is there already and will be replaced." if there and wish else "",
        ))))   # fmt: skip
        set_role(self.expected, "trouble" if fault else "quiet")
        self.licence.setVisible(bool(asks))
        busy = self._running is not None
        for box in (self.network, self.other, self.precision, self.target, self.place, *self.form.buttons.values()):
            box.setEnabled(not busy)
        self.buttons["export"].setText("Replace" if there else "Export")
        self.buttons["export"].setEnabled(wish is not None and not fault and (not asks or self.licence.isChecked()))
        self.buttons["export"].setVisible(not busy)
        self.buttons["cancel"].setVisible(busy)
        self.bar.setVisible(busy)
        for name in ("open", "page"):
            self.buttons[name].setVisible(not busy and self._folder is not None)

    # --- the work -----------------------------------------------------------------------------------------------

    def export(self) -> None:
        """Begin; the window goes on."""
        wish = self.wish()
        if wish is None or self._running is not None:
            return
        try:
            for card in wish.cards:
                if demand(card.licence) and self.licence.isChecked():
                    accept(card, config_folder())
        except LabError as error:
            self._failed(error)
            return
        self._running, self._folder = wish, None
        self._cancelled.clear()
        store, cancelled, said = self.desk.store, self._cancelled, self._said.emit

        def report(message: str, fraction: float | None) -> None:
            said(message, -1.0 if fraction is None else fraction)

        def work() -> tuple[Path, list[Any], Path] | None:
            from inference.export.coreml import check_library
            from inference.export.run import export_group
            from inference.picture_files import pictures_in
            from inference.places import REELS, reel_of

            check_library()
            samples = REELS[reel_of(wish.cards)]
            try:
                done = export_group(
                    wish.cards, store, wish.out, wish.settings, pictures_in(samples), replace=True, app=wish.app,
                    report=report, cancelled=cancelled,
                )  # fmt: skip
            except Cancelled:
                return None
            return done.folder, [json.loads(path.read_text("utf-8")) for path in done.reports], samples

        self.note.show()
        self.note.setText("Begins")
        set_role(self.note, "quiet")
        self._show_form()
        Job(work, self._done, self._failed, self)

    def cancel(self) -> None:
        """Give up what is running."""
        self._cancelled.set()
        self.note.setText("Ending")

    def _show_progress(self, message: str, fraction: float) -> None:
        if self._running is None or self._cancelled.is_set():
            return
        self.note.setText(message)
        self.bar.setRange(0, 1000 if fraction >= 0 else 0)
        self.bar.setValue(round(1000 * max(0.0, fraction)))

    def _done(self, found: tuple[Path, list[Any], Path] | None) -> None:
        self._running = None
        if found is None:
            self.note.setText("Cancelled; nothing was kept.")
            self._show_form()
            return
        folder, reports, pictures = found
        self._folder = folder
        self.report.show_reports(reports, pictures)
        self.note.setText(f"{folder.name} is written. {MAC_ONLY}")
        set_role(self.note, "")
        self.desk.say(f"{folder} is written.")
        self._show_form()

    def _failed(self, error: LabError) -> None:
        self._running = None
        self.note.setText(error.sentence)
        self.note.show()
        set_role(self.note, "trouble")
        self._show_form()

    def _open(self, what: str) -> None:
        """The folder, or the report's page."""
        if self._folder is None:
            return
        page = next(iter(sorted(self._folder.glob("report*/*.html"))), self._folder / "report.html")
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(page if what else self._folder)))
