"""The desk: everything a user does with pictures and networks, one method a verb. It paints nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Signal

from gui.dropping import ModelAdder
from gui.folders import folder_for
from gui.jobs import Job
from gui.settings import MOST_LABELS, Settings
from gui.stage.lane_words import title_of
from gui.undo import Undo
from inference.backends import usual_backend
from inference.cores import usable_cores
from inference.data import Ask, Frame, LaneSpec, LaneState, Mode
from inference.errors import LabError
from inference.intake.guesses import guessed_text
from inference.live.lane import Lane
from inference.live.recognise import Load
from inference.live.session import Session
from inference.live.sources import Source, parse_source
from inference.opencv_threads import Share
from models.card import ModelCard
from models.catalog import Catalogue, load_catalog
from models.lineups import line_ups
from models.store import Store

CAMERA_MODE = ((1280, 720), 30)   # (width, height), frames/s: what cameras are asked for first
SAID_S = 6.0    # a sentence about something that was done stays so long
LONG_S = 20.0   # and what needs thought, so long


class Desk(QObject):
    """Owns the session, the catalogue, the store and what is remembered of them. All on the window's thread.

    What holds is asked of `session` and `catalogue`; the signals say when to look. A sentence for the user comes by
    `said`, with the seconds that it is to stay.
    """

    failed = Signal(object)     # LabError
    said = Signal(str, float)
    changed = Signal()             # lanes on or off, mode, thresholds, mirrored, frozen, recording: whatever marks show
    lane_added = Signal(object)    # Lane
    lane_removed = Signal(object)  # Lane
    lane_chosen = Signal(object)   # Lane, or None
    lanes_moved = Signal()         # they stand in another order
    source_shown = Signal(str)     # as parse_source reads it
    recipe_asked = Signal(object)  # ModelCard, whose recipe is to be found

    def __init__(
        self, session: Session, catalogue: Catalogue, store: Store, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.catalogue, self.store, self.settings = session, catalogue, store, settings
        self.source_text = settings.source or "auto"
        self.models_folder = settings.models_folder
        self.kept_lanes: tuple[LaneSpec, ...] | None = None   # that come back after a recording
        self.begun = False            # whether the lanes of the start are there
        self.camera_mode = CAMERA_MODE
        self._chosen: Lane | None = None                # what was added or clicked last
        self._replacing: Lane | None = None             # whose place the next network takes
        self.removed = Undo(self)                       # what was taken away last
        self._asked: tuple[Source, str] | None = None   # a source that was asked for, and how
        self._share: Share | None = None                # of OpenCV's threads, while no network runs
        self.adder = ModelAdder(store, self.say, self)
        self.adder.added.connect(self.take_model)

    def say(self, sentence: str, seconds: float = SAID_S) -> None:
        """Let the window show a sentence about something that was done, for a while."""
        self.said.emit(sentence, seconds)

    def fail(self, error: LabError) -> None:
        """Something that was asked for cannot be done: say why, where it is seen and can be copied."""
        self.say(error.sentence, LONG_S)
        self.failed.emit(error)

    # --- the picture --------------------------------------------------------------------------------------------

    def open_source(self, text: str) -> bool:
        """Show another source; the old one goes on until it gives a picture. Whether it is being opened."""
        try:
            source = parse_source(text, size=self.camera_mode[0], fps=self.camera_mode[1])
        except LabError as error:
            self.fail(error)
            return False
        self.show_source(source, text)
        return True

    def show_source(self, source: Source, text: str) -> None:
        """As `open_source`, with a source that is made already; `text` is what is remembered of it."""
        self._asked = (source, text)
        self.session.open(source)
        self.follow()

    def set_camera_mode(self, mode: tuple[tuple[int, int], int]) -> None:
        """Ask cameras for pictures of this (width, height) and frames/s from now on."""
        self.camera_mode = mode
        self.open_source(self.source_text)

    def freeze(self, frozen: bool, other: Frame | None = None) -> None:
        """Hold the picture, or an `other` one, for all lanes, or go on."""
        self.session.freeze(frozen, other)
        self.changed.emit()

    def set_mirror(self, mirror: bool) -> None:
        """Flip the picture for everyone; a recording stays as it was filmed."""
        if self.kept_lanes is not None and mirror:
            self.say("A recording is shown as it was taken: its boxes lie there.")
            self.changed.emit()
            return
        self.session.mirror = mirror
        self.changed.emit()

    def record(self, on: bool) -> None:
        """Begin or end a recording of pictures and answers."""
        try:
            if on:
                self.session.record(folder_for(QStandardPaths.StandardLocation.MoviesLocation))
                self.say("Recording. R ends it.")
            else:
                self.say(self.session.stop_recording())
        except LabError as error:
            self.fail(error)
        self.changed.emit()

    # --- the networks -------------------------------------------------------------------------------------------

    def add_lane(
        self, spec: LaneSpec, *, slot: int | None = None, place: int | None = None, load: Load | None = None
    ) -> None:
        """One more network, with this number and at this place in the row, if they are free; `load`: a recorded one."""
        if self._replacing in self.session.lanes:   # chosen for the place of another
            old, self._replacing = self._replacing, None
            self.change_lane(old, spec)
            return
        self.begun = True
        self._spread(False)
        try:
            lane = self.session.add(spec, slot=slot, place=place, load=load)
        except LabError as error:
            self.fail(error)
            return
        title = title_of(lane, self.catalogue[spec.model], self.session.lanes)
        lane.title = f"{title} · recorded" if load else title
        self.lane_added.emit(lane)
        self.choose_lane(lane)
        self.changed.emit()

    def remove_lane(self, lane: Lane) -> None:
        """Take a network away."""
        self.session.remove(lane)
        self._spread(not self.session.lanes)
        self.lane_removed.emit(lane)
        if lane is self._chosen:
            self.choose_lane(None)
        self.changed.emit()

    def take_away(self, lane: Lane) -> None:
        """Take a network away, and offer to bring it back for a while."""
        place = self.session.lanes.index(lane)
        self.remove_lane(lane)
        self.removed.keep(lane, place)

    def undo(self) -> None:
        """Bring back what was taken away last."""
        removed = self.removed.take()
        if removed is None or removed.spec.model not in self.catalogue:
            self.say("There is nothing to undo.")
        else:
            self.add_lane(removed.spec, slot=removed.slot, place=removed.place)

    def change_lane(self, lane: Lane, spec: LaneSpec) -> None:
        """Another network, or the same on another engine or with other threads, in the place of this one."""
        slot, place = lane.slot, self.session.lanes.index(lane)
        self.remove_lane(lane)
        self.add_lane(spec, slot=slot, place=place)

    def replace_lane(self, lane: Lane | None) -> None:
        """The next network that is added takes this one's place; None: it gets a place of its own."""
        self._replacing = lane

    def duplicate_lane(self, lane: Lane, spec: LaneSpec) -> None:
        """The same network again beside this one, on another engine or with other threads."""
        self.add_lane(spec, place=self.session.lanes.index(lane) + 1)

    def move_lane(self, lane: Lane, place: int) -> None:
        """Let this network stand at another place in the row, 0 the first; it keeps its number and its colour."""
        lanes = [other for other in self.session.lanes if other is not lane]
        lanes.insert(max(0, min(len(lanes), place)), lane)
        if lanes != self.session.lanes:
            self.session.put_in_order(lanes)
            self.lanes_moved.emit()
            self.changed.emit()

    def lane_of(self, slot: int) -> Lane | None:
        """The network with this number, 0 the first."""
        return next((lane for lane in self.session.lanes if lane.slot == slot), None)

    def toggle_lane(self, slot: int) -> None:
        """Switch the lane with this key off or on."""
        if lane := self.lane_of(slot):
            self.session.set_paused(lane, not lane.paused)
        else:
            self.say(f"There is no network {slot + 1}. Press A to add one.")
        self.changed.emit()

    def show_line_up(self, name: str) -> None:
        """Put the networks of a line-up in the place of those that run; what is missing is fetched in its lane."""
        self.replace_lane(None)
        for lane in list(self.session.lanes):
            self.remove_lane(lane)
        for model in line_ups()[name].models:
            if model in self.catalogue:
                self.add_lane(LaneSpec(model, usual_backend(self.catalogue[model])))

    def duplicate_all(self, lane: Lane, specs: Sequence[LaneSpec]) -> None:
        """The same network in all these forms, as far as they do not run already and there is room."""
        for spec in specs:
            if (spec.model, spec.backend, spec.precision) not in {
                (other.spec.model, other.spec.backend, other.spec.precision) for other in self.session.lanes
            }:
                self.add_lane(spec)

    def chosen_lane(self) -> Lane | None:
        """The network that was added or clicked last, while it is there."""
        return self._chosen if self._chosen in self.session.lanes else None

    def choose_lane(self, lane: Lane | None) -> None:
        """This network is meant by what comes next: the X-ray, for one. None: none more than another."""
        if lane is not self._chosen:
            self._chosen = lane
            self.lane_chosen.emit(lane)

    def retry(self, lane: Lane) -> None:
        """Load a network again."""
        self.session.retry(lane)

    def retry_failed(self) -> None:
        """Load every network again that failed."""
        for lane in self.session.lanes:
            if lane.status.state is LaneState.FAILED:
                self.session.retry(lane)

    def retry_absent(self) -> None:
        """Load every network again whose files were not here."""
        for lane in self.session.lanes:
            if lane.status.absent:
                self.session.retry(lane)

    def set_mode(self, mode: Mode) -> None:
        """Turns or together."""
        self.session.set_mode(mode)
        self.changed.emit()

    # --- the answers --------------------------------------------------------------------------------------------

    def set_ask(self, ask: Ask) -> None:
        """Labels, thresholds, smoothing."""
        self.session.set_ask(ask)
        self.changed.emit()

    def set_topk(self, topk: int) -> None:
        """How many labels a classifier shows."""
        self.set_ask(replace(self.session.ask, topk=max(1, min(MOST_LABELS, topk))))

    # --- models of the user's own, and where files come from ----------------------------------------------------

    def add_files(self, files: Sequence[Path]) -> None:
        """Add the models that these files make, one after the other, and run each."""
        self.adder.add(files)

    def take_model(self, card: ModelCard) -> None:
        """A model of the user's own is there: run it."""
        self.take_card(card)
        self.add_lane(LaneSpec(card.name, usual_backend(card)))
        guessed = f" Guessed: {guessed_text(card)}. Press X to check." if card.guessed else ""
        self.say(f"{card.title} is added.{guessed}", LONG_S if guessed else SAID_S)

    def take_card(self, card: ModelCard) -> None:
        """A card is new, or has changed: its lanes load again."""
        self.catalogue.put(card)
        for lane in self.session.lanes:
            if lane.spec.model == card.name:
                lane.title = title_of(lane, card, self.session.lanes)
                self.session.set_lens(lane, None)
                self.session.retry(lane)

    def drop_card(self, name: str) -> None:
        """A model is gone, with its lanes."""
        for lane in self.session.lanes:
            if lane.spec.model == name:
                self.remove_lane(lane)
        self.catalogue.drop(name)

    def remove_own(self, card: ModelCard) -> None:
        """Take a model of the user's own away again: lanes, card and files."""
        from inference.intake.adding import remove  # imports numpy

        self.drop_card(card.name)
        others = dict(self.catalogue)
        Job(
            lambda: remove(card, self.store, others), lambda _: self.say(f"{card.title} is removed from this disk."),
            self.fail, self,
        )  # fmt: skip

    def look_for_cards(self) -> None:
        """Take in the cards of the user's own that are new, from a pack for one."""
        for name, card in load_catalog(troubles=[]).items():
            if name not in self.catalogue:
                self.catalogue.put(card)

    def keep_folder(self, folder: str) -> None:
        """Look for model files in this folder at the next start as well."""
        self.models_folder = folder

    # --- what happens by itself ---------------------------------------------------------------------------------

    def follow(self) -> None:
        """Take notice of what the session's threads did: a source is shown or gave no picture, a recording ended."""
        if self._asked is not None:
            source, text = self._asked
            if self.session.shown is source:
                self._asked = None
                self.source_text = text
                self.source_shown.emit(text)
                self.changed.emit()
            elif refused := self.session.feeds.refused:
                self._asked = None
                self.fail(LabError(refused.message or f"{refused.title} gave no picture.", refused.hint))
        recorder = self.session.recorder
        if recorder and recorder.trouble:   # a full disk, for one
            self.record(False)
        self._spread(not self.session.lanes)

    def close(self) -> None:
        """End every thread."""
        self.adder.cancel()
        self.session.close()
        self._spread(False)

    def _spread(self, wide: bool) -> None:
        """Let all cores scale the pictures while there is no network, or no longer."""
        # Before the first picture there is nothing to scale, and OpenCV need not be imported.
        if wide and self._share is None and self.session.latest is not None:
            self._share = Share(usable_cores())
        elif not wide and self._share is not None:
            self._share.release()
            self._share = None
