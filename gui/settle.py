"""Measuring beside the live picture: the lanes and the source rest, and what they had begun is waited for."""

from threading import Event
from time import perf_counter, sleep

from inference.live.session import Session

TAKEN = "Something is being measured or trained already. Let it end, or stop it."
SETTLE_S = 3.0   # that an answer under way may still take


def settled(session: Session, cancelled: Event) -> None:
    """Wait until no lane computes, not longer than SETTLE_S; on the thread of a job, while the session rests."""
    until = perf_counter() + SETTLE_S
    while any(lane.busy for lane in session.lanes) and perf_counter() < until and not cancelled.is_set():
        sleep(0.01)
