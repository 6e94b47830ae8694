"""What holds a lane back, in one readable sentence; and what its weights are called."""

from collections.abc import Sequence
from typing import NamedTuple

from gui.stage.overlay import percent, short_label
from inference.backends import backends
from inference.data import Detections, LaneState, Prediction
from inference.live.lane import Figures, Lane
from models.card import ModelCard

FROZEN = "Frozen: every network answers the same picture. Space goes on."

# The weights of a Core ML package, and the steps of optimisation, as people say them.
PRECISION_WORDS = {
    "fp32": "32 bits (fp32)", "fp16": "16 bits (fp16)", "int8": "8 bits (int8)", "palette6": "6 bits (palette)",
    "palette4": "4 bits (palette, experimental)", "own": "as the file has it",
    "raw": "1: as it came", "folded": "2: constants folded", "bn": "3: batch norm folded", "fused": "4: nodes fused",
}  # fmt: skip

GROUPS = {
    "camera": ("answers every picture", "answer every picture"),
    "model": ("is bound by the model", "are bound by their models"),
    "turns": ("waits for its turn", "wait for their turn"),
}


class Answers(NamedTuple):
    """What a row says of an answer: the best in large letters, the rest small."""

    best: str
    score: float
    others: tuple[tuple[str, float], ...]


def title_of(lane: Lane, card: ModelCard, lanes: Sequence[Lane]) -> str:
    """The card's title; with what tells it apart when the same model runs twice among `lanes`."""
    name = f"{card.title} · guessed" if card.guessed else card.title   # its recipe; nobody has looked at it
    twins = [other for other in lanes if other.spec.model == lane.spec.model and other is not lane]
    info = backends().get(lane.spec.backend)
    if info and (choices := info.precisions_of(card)):   # another form: never under the bare name of the original
        words = [lane.spec.precision or choices[0], info.title.replace("(", "").replace(")", "")]
    elif not twins:
        return name
    else:
        words = [lane.spec.backend] if any(t.spec.backend != lane.spec.backend for t in twins) else []
    words += [f"{lane.spec.threads} threads"] if lane.spec.threads else []
    return f"{name} · {', '.join(words) or f'lane {lane.slot + 1}'}"


def state_word(lane: Lane) -> str:
    """Why a lane gives no answers, in a word or two."""
    if lane.status.absent:
        return "not here"
    if lane.paused and lane.status.state is LaneState.RUNNING:
        return "off"
    return {LaneState.LOADING: "loading…", LaneState.FAILED: "has stopped", LaneState.STUCK: "does not answer"}.get(
        lane.status.state, ""
    )


def rate(value: float) -> str:
    """Frames a second with one decimal."""
    return f"{value:.1f}"


def sentence(lane: Lane, figures: Figures) -> str:
    """What one lane is bound by, or why it gives no answers."""
    name = lane.title
    state = lane.status.state
    if state is LaneState.LOADING:
        return f"{name} is loading"
    if lane.status.absent:
        return f"{name} is not on this machine yet"
    if state is LaneState.FAILED:
        return f"{name} has stopped: {lane.status.message.rstrip('.')}"
    if state is LaneState.STUCK:
        return f"{name} does not answer"
    if lane.paused:
        return f"{name} is switched off"
    if not figures.bound:
        return f"{name} waits for pictures"
    verb = GROUPS[figures.bound][0]
    skipped = figures.offered - figures.fps
    skips = f", {round(skipped)} frames skipped a second" if figures.bound != "camera" and skipped >= 0.5 else ""
    return f"{name} {verb}: {rate(figures.fps)} frames/s{skips}"


def summary(lanes: Sequence[tuple[Lane, Figures]]) -> str:
    """One line for all lanes: who keeps up, who is bound by the model, who waits for its turn."""
    if not lanes:
        return ""
    if len(lanes) == 1:
        return sentence(*lanes[0])
    said: list[str] = []
    for bound, (one, many) in GROUPS.items():
        group = [entry for entry in lanes if _running(entry) and entry[1].bound == bound]
        if not group:
            continue
        rates = sorted(figures.fps for _, figures in group)
        spread = rate(rates[0]) if rates[-1] - rates[0] < 0.15 else f"{rate(rates[0])} to {rate(rates[-1])}"
        said.append(f"{_names(group, len(lanes))} {one if len(group) == 1 else many}: {spread} frames/s")
    if loading := [entry for entry in lanes if entry[0].status.state is LaneState.LOADING]:
        said.append(f"{_names(loading, len(lanes))} {'is' if len(loading) == 1 else 'are'} loading")
    if stuck := [entry for entry in lanes if entry[0].status.state is LaneState.STUCK]:
        said.append(f"{_names(stuck, len(lanes))} {'does' if len(stuck) == 1 else 'do'} not answer")
    if absent := [entry for entry in lanes if entry[0].status.absent]:
        said.append(f"{_names(absent, len(lanes))} {'is' if len(absent) == 1 else 'are'} not on this machine yet")
    stopped = (entry for entry in lanes if entry[0].status.state is LaneState.FAILED)
    if failed := [entry for entry in stopped if not entry[0].status.absent]:
        said.append(f"{_names(failed, len(lanes))} {'has' if len(failed) == 1 else 'have'} stopped")
    return " · ".join(said)


def _running(entry: tuple[Lane, Figures]) -> bool:
    return entry[0].status.state is LaneState.RUNNING and not entry[0].paused


def _names(group: Sequence[tuple[Lane, Figures]], total: int) -> str:
    titles = [lane.title for lane, _ in group]
    if len(titles) == total:
        return "Both networks" if total == 2 else f"All {total} networks"
    if len(titles) <= 2:
        return " and ".join(titles)
    return f"{len(titles)} networks"


def nothing_of(prediction: Prediction, confidence: float) -> str:
    """What is said in the place of an answer, where there is none; `confidence` is what boxes need, 0..1."""
    words = prediction.nothing
    return words[0].upper() + words[1:] if words else f"Nothing above {percent(confidence)}"


def answers_of(prediction: Prediction) -> Answers:
    """What a row says: a classifier's labels, or the kinds of things that a detector found, each once."""
    if not prediction.labels:
        return Answers("", 0.0, ())
    pairs = [(short_label(label), float(s)) for label, s in zip(prediction.labels, prediction.scores, strict=True)]
    if not isinstance(prediction, Detections):
        return Answers(*pairs[0], tuple(pairs[1:]))
    kinds: dict[str, list[float]] = {}
    for label, score in pairs:
        kinds.setdefault(label, []).append(score)
    words = [f"{len(scores)} × {label}" if len(scores) > 1 else label for label, scores in kinds.items()]
    others = tuple((word, scores[0]) for word, scores in zip(words, kinds.values(), strict=True))
    return Answers(", ".join(words[:3]) + (" …" if len(words) > 3 else ""), pairs[0][1], others[1:])
