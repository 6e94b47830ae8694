"""What stands beside the latency plot: the networks, or the stages of one."""

from PySide6.QtGui import QColor

from gui.panes.latency.legend import Entry
from gui.parts.plot import DASHES
from gui.stage.answer import milliseconds
from gui.style import blend
from gui.theme import Theme
from inference.data import LaneState
from inference.live.lane import SPAN_S, Figures, Lane

# Lowest first. The lane's own work stands on the axis, so that frames compare; the wait lies on top.
STACK = ("preprocess", "infer", "postprocess", "wait")
TIPS = {
    "wait": "From taking the picture until the network starts on it",
    "postprocess": "From the network's numbers to labels and boxes",
    "infer": "The network itself",
    "preprocess": "From the picture to the network's input: size, colours, scale",
    "cpu": "What the lane's own thread computed, without the time that others held the processor",
}
STATES = {LaneState.FAILED: "stopped", LaneState.STUCK: "no answer", LaneState.LOADING: "loading"}
NOTHING = "\N{EN DASH}"   # for a number that is not there


def stage_colours(theme: Theme, lane: Lane | None) -> dict[str, str]:
    """The stages in shades of the lane's own colour; waiting is no work, so it has none."""
    own = theme.lane(lane.slot if lane else 0).name()
    return {
        "preprocess": blend(own, theme.surface, 0.35),
        "infer": own,
        "postprocess": blend(own, theme.surface, 0.6),
        "wait": blend(theme.surface, theme.quiet, 0.4),
        "cpu": theme.text,
    }


def network_entry(lane: Lane, figures: Figures, clock: str, colour: QColor, sentence: str) -> Entry:
    """One network: its line, its median by this clock ("latency" or "cpu") or its state."""
    state = lane.status.state
    value = milliseconds(figures.stages[clock][0]) if figures.timed else NOTHING
    tip = f"Half of its answers in {SPAN_S:.0f} s took {value} or less.\n" if figures.timed else ""
    if lane.status.absent:
        value = "not here"
    elif state in STATES:
        value = STATES[state]
    elif lane.paused:
        value = "off"
    return Entry(
        lane.slot,
        lane.title,
        colour,
        DASHES[lane.slot % len(DASHES)],
        str(lane.slot + 1),
        (value,),
        state is not LaneState.RUNNING or lane.paused,
        f"{sentence}\n{tip}Click for its stages.",
    )


def stage_entries(theme: Theme, lane: Lane, figures: Figures) -> list[Entry]:
    """The stages of one network as they are stacked, and its CPU time."""
    colours = stage_colours(theme, lane)
    entries = []
    for i, stage in enumerate((*reversed(STACK), "cpu")):
        p50, p95, _ = figures.stages[stage]
        values = (milliseconds(p50), milliseconds(p95)) if figures.timed else (NOTHING, NOTHING)
        tip = f"{TIPS[stage]}.\nHalf of the answers in {SPAN_S:.0f} s took {values[0]} or less, 95 of 100 {values[1]}."
        title = "CPU" if stage == "cpu" else stage.capitalize()
        dashes = () if stage == "cpu" else None
        entries.append(Entry(i, title, QColor(colours[stage]), dashes, "", values, False, tip))
    return entries
