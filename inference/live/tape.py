"""The tape of a session: whether it is recorded, and what goes into the recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inference.data import Frame, Result
from inference.errors import LabError

if TYPE_CHECKING:
    from inference.live.lane import Lane
    from inference.live.recording import Recorder
    from inference.live.session import Session


class Tape:
    """One recording at a time. Not safe by itself: the session calls it under its lock, but for `answer`."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None   # also one that ended by itself: see its `trouble`

    def prepare(self, session: Session, folder: Path, on_change: Callable[[], None]) -> Recorder:
        """A recorder that writes what this session sees and answers into `folder`; it is slow to make.

        Raises:
            LabError: nothing can be written there, or a recording is running.
        """
        from inference.live.record_lines import about_session
        from inference.live.record_video import video_rate
        from inference.live.recording import Recorder, free_name  # imports OpenCV

        if self.recorder and not self.recorder.trouble:
            raise LabError("A recording is running already.", "End it before you begin another.")
        lanes = [(lane.slot, lane.spec, lane.provider, lane.threads) for lane in session.lanes]
        source = session.source
        about = about_session(session.mode.value, source.title, session.mirror, session.ask, lanes)
        return Recorder(folder, free_name(folder), fps=video_rate(source.fps), about=about, on_change=on_change)

    def begin(self, recorder: Recorder, frozen: Frame | None, latest: Frame | None) -> None:
        """From now on, with the picture that there is."""
        self.recorder = recorder
        if frozen:
            self.hold(frozen)
        elif latest:   # a source that gives its only picture once
            self.picture(latest)

    def take(self) -> Recorder | None:
        """The recorder, which gets nothing any more."""
        recorder, self.recorder = self.recorder, None
        return recorder

    def picture(self, frame: Frame) -> None:
        """A picture, before any answer to it."""
        if self.recorder:
            self.recorder.offer(frame)

    def hold(self, frame: Frame) -> None:
        """A frozen picture is the last one of the video until it goes on: its answers are joined to it."""
        if self.recorder:
            self.recorder.offer(frame, certain=True)
            self.recorder.pause()

    def go_on(self) -> None:
        """Pictures move again."""
        if self.recorder:
            self.recorder.pause(False)

    def answer(self, lane: Lane, result: Result) -> None:
        """What a lane answered; on its own thread."""
        if recorder := self.recorder:
            recorder.answer(lane.slot, lane.spec, lane.provider, result)
