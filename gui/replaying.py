"""A recording that is shown as a source: its own answers stand in the lanes, until another source comes."""

from pathlib import Path
from threading import Event
from time import perf_counter

from PySide6.QtCore import QObject, Signal

from gui.desk import LONG_S, Desk
from gui.jobs import Job
from inference.data import LaneSpec
from inference.errors import Cancelled, LabError
from inference.live.lane import Lane
from inference.live.replay import Loaded, Track, lines_beside, tracks_of
from inference.live.sources import Source
from inference.live.sources.playback import playback_of

SAY_S = 0.3   # between two sentences about the progress


class Replaying(QObject):
    """Swaps the networks for what was recorded, and back."""

    changed = Signal()
    _told = Signal(str)   # from the job's thread

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.video: Path | None = None      # of the recording that is shown
        self.tracks: list[Track] = []       # what was recorded to it; [] while that is not known
        self._lanes: list[Lane] = []        # that say it
        self._before: tuple[LaneSpec, ...] = ()
        self._mirrored = False
        self._cancelled = Event()
        self._burnt = Event()               # set: what burns is to stop
        self.burning = False
        self._told.connect(lambda words: desk.say(words))

    @property
    def on(self) -> bool:
        """Whether the recorded answers are shown."""
        return self._desk.kept_lanes is not None

    def look(self) -> None:
        """Another source is shown: is it a recording?"""
        self.show(False)
        self._cancelled.set()
        source = self._desk.session.shown
        self.video, self.tracks, self._cancelled = None, [], Event()
        path, cancelled = getattr(source, "path", None), self._cancelled
        if source is None or playback_of(source) is None or not isinstance(path, Path) or lines_beside(path) is None:
            self.changed.emit()
            return
        Job(lambda: tracks_of(path, cancelled), lambda tracks: self._begin(source, path, tracks), self._desk.fail, self)

    def _begin(self, source: Source, path: Path, tracks: list[Track]) -> None:
        if source is not self._desk.session.shown or not tracks:
            return
        self.video, self.tracks = path, tracks
        self.show(True)

    def show(self, on: bool) -> None:
        """Let the recorded answers stand in the lanes, or the networks compute again."""
        if on == self.on or (on and not self.tracks):
            return
        self._start() if on else self._stop()
        playback = playback_of(self._desk.session.shown)
        if playback is not None:   # a picture that nothing was said to would only leave the stage as it was
            said = {frame for track in self.tracks for frame in track.said}
            playback.stop_at(sorted(said) if on else ())
        self.changed.emit()

    def _start(self) -> None:
        desk, session = self._desk, self._desk.session
        self._before = desk.kept_lanes = tuple(lane.spec for lane in session.lanes)
        self._mirrored = session.mirror
        desk.set_mirror(False)   # the boxes were found in the picture as it is
        for lane in list(session.lanes):
            desk.remove_lane(lane)
        unknown = sorted({track.spec.model for track in self.tracks if track.spec.model not in desk.catalogue})
        for track in self.tracks:
            if track.spec.model in desk.catalogue:
                desk.add_lane(track.spec, slot=track.slot, load=Loaded(track))
        self._lanes = list(session.lanes)
        desk.choose_lane(None)
        left = f" {', '.join(unknown)}: not known here, left out." if unknown else ""
        desk.say(f"A recording: the answers and times of then. Ctrl+J lets your networks compute.{left}", LONG_S)

    def _stop(self) -> None:
        desk, session = self._desk, self._desk.session
        desk.kept_lanes = None
        for lane in list(session.lanes):
            if lane in self._lanes:   # one that was added meanwhile stays
                desk.remove_lane(lane)
        self._lanes = []
        if self._mirrored:
            desk.set_mirror(True)
        for spec in self._before:
            if spec.model in desk.catalogue:
                desk.add_lane(spec)
        desk.choose_lane(None)

    def burn(self, on: bool) -> None:
        """Write the answers into a copy of the video, beside it; or stop that."""
        if not on:
            self._burnt.set()
        if not on or self.burning or self.video is None:
            return
        from gui.burning import burn  # imports OpenCV

        video, tracks = self.video, self.tracks
        titles = {name: card.title for name, card in self._desk.catalogue.items()}
        self.burning, self._burnt = True, Event()
        cancelled, told = self._burnt, [perf_counter()]

        def report(words: str, part: float | None) -> None:
            if perf_counter() - told[0] > SAY_S:
                told[0] = perf_counter()
                self._told.emit(f"{words}: {part or 0:.0%}. Ctrl+B stops it.")

        def work() -> Path | None:
            try:
                return burn(video, tracks, titles, report, cancelled)
            except Cancelled:
                return None

        def done(path: Path | None) -> None:
            self._desk.say(f"Burnt into {path}." if path else "Burning in was stopped; nothing is left of it.", LONG_S)
            self._end_burning()

        def failed(error: LabError) -> None:
            self._desk.fail(error)
            self._end_burning()

        Job(work, done, failed, self)
        self.changed.emit()

    def _end_burning(self) -> None:
        self.burning = False
        self.changed.emit()

    def end(self) -> None:
        """The window closes."""
        self._cancelled.set()
        self._burnt.set()
