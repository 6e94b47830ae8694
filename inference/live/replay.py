"""A recording played again: what each network said to each picture, in the place of the networks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from inference.data import Ask, Classification, Detections, Frame, LaneSpec, Prediction, Result, Timing
from inference.errors import LabError
from models.progress import Report
from models.texts import plain, reason

if TYPE_CHECKING:
    from inference.backends import Engine, Form

LARGEST = 1_000_000_000   # bytes of the lines
LONGEST = 1_000_000       # bytes of one line
MOST_LANES = 9
BREATH_S = 0.001          # that a network which only remembers takes, or it would take a core

Label = Annotated[str, Meta(max_length=1000)]
Number = Annotated[float, Meta(ge=-1e9, le=1e9)]


Points = Annotated[list[tuple[Number, Number, Number]], Meta(max_length=1000)]


class _Lane(msgspec.Struct):
    lane: Annotated[int, Meta(ge=1, le=MOST_LANES)]
    model: Annotated[str, Meta(max_length=200)]
    backend: Annotated[str, Meta(max_length=100)] = ""
    precision: Annotated[str, Meta(max_length=100)] = ""
    provider: Annotated[str, Meta(max_length=200)] = ""
    threads: Annotated[int, Meta(ge=0, le=4096)] = 0


class _Answer(msgspec.Struct):
    lane: Annotated[int, Meta(ge=1, le=MOST_LANES)]
    model: Annotated[str, Meta(max_length=200)]
    video: str | None
    frame: Annotated[int, Meta(ge=0)] | None
    labels: Annotated[list[Label], Meta(max_length=1000)]
    scores: Annotated[list[Number], Meta(max_length=1000)]
    boxes: Annotated[list[tuple[Number, Number, Number, Number]], Meta(max_length=1000)] | None = None
    points: Annotated[list[Points], Meta(max_length=1000)] | None = None
    angles: Annotated[list[Number], Meta(max_length=1000)] | None = None
    backend: Annotated[str, Meta(max_length=100)] = ""
    precision: Annotated[str, Meta(max_length=100)] = ""
    provider: Annotated[str, Meta(max_length=200)] = ""
    ms: dict[str, Number] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One answer of the recording."""

    prediction: Prediction
    timing: Timing


@dataclass(slots=True, eq=False)
class Track:
    """What one lane said in one video, by the number of the picture."""

    slot: int           # 0..8
    spec: LaneSpec
    provider: str = ""
    threads: int = 0
    said: dict[int, Said] = field(default_factory=dict)


def lines_beside(video: Path) -> Path | None:
    """The lines of the recording that this video is a part of; None where it is of none."""
    for stem in (video.stem, re.sub(r"-\d+\Z", "", video.stem)):
        lines = video.with_name(f"{stem}.jsonl")
        with suppress(OSError):
            if video.suffix.lower() == ".avi" and lines.is_file():
                return lines
    return None


def tracks_of(video: Path, cancelled: Event | None = None) -> list[Track]:
    """What the lanes said to the pictures of this video, in the order of their numbers; [] where nothing was said.

    Lines that are none, or of another kind, are passed over: the end of a recording may be cut off.

    Raises:
        LabError: the lines cannot be read.
    """
    path = lines_beside(video)
    if path is None:
        return []
    tracks: dict[tuple[int, str, str], Track] = {}
    known: dict[tuple[int, str], _Lane] = {}
    try:
        for kind, content in _lines(path):
            if cancelled and cancelled.is_set():
                return []
            with suppress(msgspec.ValidationError):
                if kind == "start" and isinstance(lanes := content.get("lanes"), list):
                    for lane in msgspec.convert(lanes[:MOST_LANES], list[_Lane]):
                        known[lane.lane, lane.model] = lane
                elif kind == "answer" and content.get("video") == video.name:
                    _take(msgspec.convert(content, _Answer), tracks, known)
    except OSError as error:
        raise LabError(
            f"The answers in {path.name} cannot be read: {reason(error)}.", "The video is shown without them."
        ) from error
    return sorted(tracks.values(), key=lambda track: track.slot)[:MOST_LANES]


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and content of each line that is one."""
    left = LARGEST
    with path.open("rb") as file:
        while left > 0 and (line := file.readline(LONGEST)):
            left -= len(line)
            with suppress(ValueError, RecursionError, MemoryError):
                content = json.loads(line)
                if isinstance(content, dict) and isinstance(content.get("kind"), str):
                    yield content["kind"], content


def _points(answer: _Answer) -> NDArray[np.float32] | None:
    """The points of each box; None where there are none, or not as many of each."""
    found = answer.points
    if not found or len(found) != len(answer.labels) or len({len(of_one) for of_one in found}) > 1 or not found[0]:
        return None
    return np.array(found, np.float32)


def _angles(answer: _Answer) -> NDArray[np.float32] | None:
    """The angle of each box; None where there is none."""
    found = answer.angles
    return np.array(found, np.float32) if found and len(found) == len(answer.labels) else None


def _take(answer: _Answer, tracks: dict[tuple[int, str, str], Track], known: Mapping[tuple[int, str], _Lane]) -> None:
    """Put an answer into its track."""
    if answer.frame is None or len(answer.labels) != len(answer.scores):
        return
    labels = tuple(map(plain, answer.labels))
    scores = np.clip(np.array(answer.scores, np.float32), 0, 1)
    if answer.boxes is None:
        said: Prediction = Classification(labels, scores)
    elif len(answer.boxes) == len(labels):
        said = Detections(
            np.array(answer.boxes, np.float32).reshape(-1, 4), scores, labels, (), _points(answer), _angles(answer)
        )
    else:
        return
    key = answer.lane, answer.model, answer.backend
    if key not in tracks:
        about = known.get((answer.lane, answer.model))
        threads = about.threads if about else 0
        spec = LaneSpec(answer.model, answer.backend or "onnxruntime", precision=answer.precision)
        tracks[key] = Track(answer.lane - 1, spec, answer.provider, threads)
    ms = answer.ms
    infer, cpu = ms.get("infer", 0.0), ms.get("cpu", 0.0)
    timing = Timing(
        wait=ms.get("wait", 0.0), preprocess=ms.get("preprocess", 0.0), infer=infer,
        postprocess=ms.get("postprocess", 0.0), cpu_infer=cpu,
    )  # fmt: skip
    tracks[key].said[answer.frame] = Said(said, timing)


class Recorded:
    """Stands in a lane and says what was recorded; to a picture that nothing was said to, nothing."""

    warning, usual_s = "", 0.0
    form: Form | None = None

    def __init__(self, track: Track) -> None:
        self._track = track
        self.provider = track.provider
        self.threads = track.threads

    def __call__(self, frame: Frame, ask: Ask, *, idle: float, turn: float) -> Result | None:
        """The answer to this very picture, with the times that it took then; `idle` and `turn` are those of now."""
        del ask
        sleep(BREATH_S)
        said = self._track.said.get(frame.number)
        if said is None:
            return None
        timing = replace(said.timing, idle=idle, turn=turn)
        return Result(frame, self._track.spec.model, said.prediction, timing, perf_counter())

    def stop(self) -> None:
        """There is nothing to stop."""

    def tune(self, engine: Engine) -> bool:
        """There is nothing to tune."""
        del engine
        return False


class Loaded:
    """What a lane calls to load: there is nothing to load."""

    def __init__(self, track: Track) -> None:
        self._track = track

    def __call__(self, report: Report, cancelled: Event) -> Recorded:
        """The track, as a network."""
        del report, cancelled
        return Recorded(self._track)
