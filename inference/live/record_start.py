"""The beginning of a recording: its name, its rate, and what is known of the session that it is of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import LabError
from inference.live.record_lines import about_session
from inference.live.record_video import video_rate
from inference.live.recording import Recorder, free_name

if TYPE_CHECKING:
    from inference.live.session import Session


def recorder_of(session: Session, folder: Path, on_change: Callable[[], None]) -> Recorder:
    """A recorder that writes what this session sees and answers into `folder`.

    Raises:
        LabError: nothing can be written there, or a recording is running.
    """
    if session.recorder and not session.recorder.trouble:
        raise LabError("A recording is running already.", "End it before you begin another.")
    lanes = [(lane.slot, lane.spec, lane.provider, lane.threads) for lane in session.lanes]
    source = session.source
    about = about_session(session.mode.value, source.title, session.mirror, session.ask, lanes)
    return Recorder(folder, free_name(folder), fps=video_rate(source.fps), about=about, on_change=on_change)
