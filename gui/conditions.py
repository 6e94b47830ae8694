"""What holds right now, as marks in the bar: frozen, recording, mirrored, smoothed, offline."""

from gui.parts.chips import LIT, QUIET, RED, clock
from inference.live.session import Session
from inference.live.sources import NO_CAMERA


def conditions(session: Session) -> tuple[tuple[str, str], ...]:
    """What holds right now: marks, and how much each wants to be seen."""
    recorder, source, chips = session.recorder, session.source, []
    if recorder and not recorder.trouble:
        chips.append((f"● REC {clock(recorder.seconds)} · {recorder.bytes / 1e6:.0f} MB", RED))
    if session.frozen is not None:
        chips.append(("FROZEN", LIT))
    if session.resting:
        chips.append((session.resting.upper(), LIT))
    if session.opening is not None:
        chips.append((f"opening {session.opening.title}", QUIET))
    if any(lane.status.absent for lane in session.lanes):
        chips.append(("OFFLINE", LIT))
    if source.caption and source.message == NO_CAMERA:   # the reel runs because nothing else was found
        chips.append(("no camera", QUIET))
    if session.ask.smoothing:
        chips.append(("SMOOTHED", QUIET))
    if session.mirror:
        chips.append(("MIRRORED", QUIET))
    return tuple(chips)
