"""How often the window paints, so that the networks keep the time that is theirs."""

from gui.bridge import REST_MS, Bridge
from inference.data import LaneState, Mode
from inference.live.session import Session

TURNS_MS = 37        # between two paintings while several networks take turns
TOGETHER_MS = 140    # between two paintings while the networks run together
TOGETHER_REST = 3.0  # times longer between two paintings while the networks run together


def rest_of(session: Session) -> float:
    """So many times longer than usual a lane, the figures and the plot rest between two paintings.

    Together is about throughput: the window then paints seven times a second, and the time goes to the networks.
    """
    return TOGETHER_REST if session.mode is Mode.TOGETHER else 1.0


def set_rest(bridge: Bridge, session: Session) -> None:
    """Let the window wake up as often as suits what runs.

    An answer that is painted at once is painted while the next network computes, always the same one, which then
    looks slower than it is: up to a third on two cores. Where several take turns, what is new is therefore painted
    in one go at a pace of its own. Together, the time is to go to the networks.
    """
    busy = sum(lane.status.state is LaneState.RUNNING and not lane.paused for lane in session.lanes)
    turns_ms = TURNS_MS if busy > 1 and session.frozen is None else REST_MS
    bridge.rest_ms = TOGETHER_MS if session.mode is Mode.TOGETHER else turns_ms
