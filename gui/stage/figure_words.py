"""What each figure means, for its tooltip: the numbers that the program is about."""

from inference.data import LaneState, Mode
from inference.live.lane import RECENT_S, SPAN_S
from inference.live.session import Session

WINDOW = f"median of the last {SPAN_S:.0f} s"   # what the large times are, said once on screen

AFTER_ITSELF = "right after itself (warm)"
AFTER_OTHERS = "right after the others (cold)"
BESIDE_OTHERS = "beside the others"

FIGURE_TIPS = {
    "p50": (
        f"The median (p50): half of the answers of the last {SPAN_S:.0f} s took less, half took more. "
        "Preparing the picture, the network and reading its answer are in it; waiting for a turn is not. "
        "In turns the caches hold what the other networks left there (cold); the bench (N) has the warm figure too."
    ),
    "p95": f"The slow end (p95): one answer in twenty of the last {SPAN_S:.0f} s took longer than this.",
    "answers/s": (
        f"Answers a second, over the last {RECENT_S:.0f} s. In turns every network gives about as many as the others; "
        "together each gives what it can."
    ),
    "age": "How old the picture was when its answer came on screen: waiting, computing and painting together.",
    "skipped": "Pictures that came while this network was busy. It always goes on with the newest one: nothing queues.",
}


def times_words(session: Session) -> str:
    """What the times on screen are, of which answers, and after what: the bench tells the kinds apart."""
    running = [lane for lane in session.lanes if not lane.paused and lane.status.state is LaneState.RUNNING]
    if len(running) < 2:
        return f"{WINDOW}, {AFTER_ITSELF}"
    return f"{WINDOW}, {AFTER_OTHERS if session.mode is Mode.TURNS else BESIDE_OTHERS}"
