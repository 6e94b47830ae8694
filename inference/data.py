"""The values that flow from a camera to a pane. All are frozen: pass them between threads freely."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from models.schema import Name, Text

if TYPE_CHECKING:   # numpy is not needed before the first picture: the window is quicker to open without it
    import numpy as np
    from numpy.typing import NDArray

    from models.card import InputSpec

MOST_THREADS = 256   # of a lane
Threads = Annotated[int, Meta(ge=0, le=MOST_THREADS, description=f"0 to {MOST_THREADS}")]
STAGES = ("wait", "preprocess", "infer", "postprocess")


class Shared:
    """What all frames of one picture have in common: its half, made once for all lanes.

    Who keeps something of their own for a picture keeps it by this, in a WeakKeyDictionary: it goes with the picture.
    """

    __slots__ = ("__weakref__", "half")

    def __init__(self) -> None:
        self.half: NDArray[np.uint8] | None = None   # two lanes may both make it: the same picture, so no lock


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source. `pixels` is never written to and never copied again."""

    pixels: NDArray[np.uint8]   # (h, w, 3) BGR as OpenCV gives it, read-only
    index: int                  # 0, 1, 2, … within its source
    taken_at: float             # s, time.perf_counter(), right after the grab
    capture_ms: float = 0.0     # time spent inside the driver's read
    scene: int = 0              # counts up at a cut: what was seen before it says nothing about this picture
    held: bool = False          # frozen: the same picture again and again, not a moving one
    number: int = -1            # of a video: which of its pictures it is
    alone: bool = False         # one network alone looks at it: it makes of the picture only what it needs itself
    shared: Shared = field(default_factory=Shared, repr=False)

    def half(self) -> NDArray[np.uint8]:
        """The picture at half its size, (h // 2, w // 2, 3) BGR, means of 2×2 px; made once for all lanes."""
        if (made := self.shared.half) is None:
            height, width = self.pixels.shape[:2]
            made = self.shared.half = _halved(self.pixels, 0, 0, width // 2, height // 2)
        return made

    def half_of(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
        """A part of the half, its edges in px of the whole picture; where nobody else needs the rest, without that."""
        left, top, right, bottom = left // 2, top // 2, right // 2, bottom // 2
        if self.alone and self.shared.half is None:
            return _halved(self.pixels, left, top, right, bottom)
        return self.half()[top:bottom, left:right]


def _halved(pixels: NDArray[np.uint8], left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
    """A part of the picture at half its size, its edges in px of the half."""
    import cv2  # not needed before the first picture, so that the window is quick to open

    part = pixels[2 * top : 2 * bottom, 2 * left : 2 * right]   # an odd last row is left out: 2×2 make one
    return cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """The k most likely labels, best first."""

    labels: tuple[str, ...]
    scores: NDArray[np.float32]   # (k,), 0..1
    indices: tuple[int, ...] = ()  # (k,), positions in the model's label list
    found: Detections | None = None   # where in the frame, by a network that looks for its picture itself
    nothing: str = ""             # what is not there to be named, in words: "no digit in sight"


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Boxes found in a frame, best first."""

    boxes: NDArray[np.float32]    # (n, 4) x1 y1 x2 y2, px of the frame
    scores: NDArray[np.float32]   # (n,), 0..1
    labels: tuple[str, ...]       # n of them
    indices: tuple[int, ...] = ()  # (n,), positions in the model's label list
    points: NDArray[np.float32] | None = None   # (n, points, 3) x y, px of the frame, and how sure, 0..1; of a pose
    angles: NDArray[np.float32] | None = None   # (n,), radians clockwise that each box is turned about its middle

    @property
    def found(self) -> Detections:
        """What is drawn over the frame."""
        return self

    @property
    def nothing(self) -> str:
        """As that of a classification: whoever finds no box has nothing to say of it."""
        return ""


Prediction = Classification | Detections


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds that one frame spent in each stage of one lane.

    `wait` begins when the frame was taken and ends when the lane starts on it; `idle` is how long the lane had
    nothing to do before, `turn` how long it waited for the other lanes. The `cpu_` stages are CPU time of the lane's
    own thread: with one thread it hardly changes under load, wall time does.
    """

    wait: float = 0.0
    preprocess: float = 0.0
    infer: float = 0.0
    postprocess: float = 0.0
    cpu_preprocess: float = 0.0
    cpu_infer: float = 0.0
    cpu_postprocess: float = 0.0
    idle: float = 0.0
    turn: float = 0.0

    @property
    def latency(self) -> float:
        """Wall time of the lane's own work: preprocess + infer + postprocess, ms."""
        return self.preprocess + self.infer + self.postprocess

    @property
    def cpu(self) -> float:
        """CPU time of the lane's own work, ms."""
        return self.cpu_preprocess + self.cpu_infer + self.cpu_postprocess


@dataclass(frozen=True, slots=True)
class Lens:
    """How one lane looks at the picture while it is X-rayed."""

    input: InputSpec | None = None   # what it preprocesses by; None: as its card says. Size, layout, dtype: the card's
    show: bool = False               # keep what the network is given, at most ten times a second


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a network was given: a copy, and where the picture lies in it."""

    tensor: NDArray[np.generic]                  # (1, c, h, w) or (1, h, w, c), as the card says
    crop: tuple[float, float, float, float]      # part of the frame that went in: x1 y1 x2 y2, px of the frame
    inside: tuple[float, float, float, float]    # the part of the input that it fills: x1 y1 x2 y2, px of the input
    input: InputSpec                             # what it was made by
    usual: Prediction | None = None              # the answer by the card's own recipe, where that is another one


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one model said about one frame. Boxes are drawn on this very frame."""

    frame: Frame
    model: str
    prediction: Prediction
    timing: Timing
    finished_at: float = 0.0    # s, time.perf_counter()
    seen: Seen | None = None    # where a lens asked for it
    late: bool = False          # nobody waited for it any more


@dataclass(frozen=True, slots=True)
class Ask:
    """What the user wants of an answer; acts on the next frame of every lane."""

    topk: int = 5
    confidence: float = 0.25    # 0..1, least score of a box
    iou: float = 0.45           # 0..1, overlap above which the weaker of two boxes of a class goes
    smoothing: bool = False     # average class scores over the last frames of a scene; never of a held picture
    lens: Lens | None = None    # of one lane alone


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """One lane as the user asked for it: a model × backend × threads × provider × precision."""

    model: Name
    backend: Text = "onnxruntime"
    threads: Threads = 0        # 0: as inference.live.threads has it
    provider: Text = ""         # "": the backend's first choice
    precision: Text = ""        # of the weights, where the backend has a form of its own; "": its first choice


class Mode(Enum):
    """How lanes share the machine."""

    TURNS = "turns"          # one lane computes at a time: honest latency, equal frame counts
    TOGETHER = "together"    # all run freely: real throughput under load


class SourceState(Enum):
    """Where a source stands."""

    OPENING = "opening"
    LIVE = "live"
    STALLED = "stalled"       # open, but no new picture for a while
    LOST = "lost"             # gone; will be tried again
    REOPENING = "reopening"
    ENDED = "ended"           # a file or folder without loop is over


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A moment of a source, for the window and the report."""

    state: SourceState
    title: str                     # "FaceTime HD", "cats.mp4"
    size: tuple[int, int] = (0, 0)   # (height, width) of the frames, px
    fps: float = 0.0               # achieved, over the last two seconds
    message: str = ""              # one sentence when something is wrong or worth knowing
    hint: str = ""                 # what to do about it
    since: float = 0.0             # s, time.perf_counter() of the last new frame
    caption: str = ""              # what there is to know of the present picture


class LaneState(Enum):
    """Where a lane stands."""

    LOADING = "loading"      # fetching, converting, compiling
    RUNNING = "running"
    STUCK = "stuck"          # the answer under way takes far too long: it is not waited for
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """A moment of a lane, for its pane."""

    state: LaneState
    message: str = ""                 # "Fetching ndf 0.1.4 (4.7 MB)", or what went wrong
    hint: str = ""                    # what to do about it
    fraction: float | None = None     # 0..1 of the work, None while unknown
    details: str = ""                 # a traceback when it is a bug of ours
    absent: bool = False              # the network's files are not on this machine: nothing is broken
