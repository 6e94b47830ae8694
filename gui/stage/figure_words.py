"""What each figure means, for its tooltip: the numbers that the program is about."""

from inference.live.lane import RECENT_S, SPAN_S

WINDOW = f"median of the last {SPAN_S:.0f} s"   # what the large times are, said once on screen

FIGURE_TIPS = {
    "p50": (
        f"The median (p50): half of the answers of the last {SPAN_S:.0f} s took less, half took more. "
        "Preparing the picture, the network and reading its answer are in it; waiting for a turn is not."
    ),
    "p95": f"The slow end (p95): one answer in twenty of the last {SPAN_S:.0f} s took longer than this.",
    "answers/s": (
        f"Answers a second, over the last {RECENT_S:.0f} s. In turns every network gives about as many as the others; "
        "together each gives what it can."
    ),
    "age": "How old the picture was when its answer came on screen: waiting, computing and painting together.",
    "skipped": "Pictures that came while this network was busy. It always goes on with the newest one: nothing queues.",
}
