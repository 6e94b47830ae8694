"""Records a session: what the networks saw as an ordinary video, what they answered as JSON lines beside it.

`NAME.avi` is Motion JPEG at a constant rate: an ordinary video for this program and for every player.
`NAME.jsonl` has one object a line: `start` (program, date, mode, lanes), `video` (a file begins), `answer`
(with the video and the frame in it that it belongs to, null where that picture was dropped), `end` (counts).
A picture of another size than the first one is fitted into its size, with black beside it; boxes are px of the video.
"""

import json
import shutil
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Condition, Thread
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from inference.data import Frame, LaneSpec, Result, Shared
from inference.errors import LabError
from inference.live.avi import LARGEST, Pieces, Video
from inference.live.record_lines import Answer, Place, line_of
from inference.live.record_video import LIKELY_FPS, jpeg_of
from inference.machine import version
from inference.words import size_text

MOST_ANSWERS = 300         # waiting to be written; more are dropped and counted
MOST_PLACES = 4096         # pictures whose place in the video is remembered
TICK_S = 0.1               # the video is kept up to date so often while no picture comes
MOST_BEHIND_S = 0.5        # repeated at a time; of more (slow disk, the machine slept) the clock gives way
LEAST_FREE = 100_000_000   # bytes on the disk: here a recording ends, before other programs suffer
CLOSE_S = 2.0


def free_name(folder: Path, now: datetime | None = None) -> str:
    """A name by date and time that no recording in `folder` has yet."""
    name = f"lineup-{now or datetime.now():%Y-%m-%d-%H%M%S}"
    names = (name, *(f"{name}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"))
    return next((n for n in names if not (folder / f"{n}.jsonl").exists()), name)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    pixels: NDArray[np.uint8]
    number: int   # 0, 1, … of those offered
    at: float     # s on the recording's clock
    certain: bool = False   # written in any case


class Recorder:
    """Writes pictures and answers on its own thread; nobody ever waits for it.

    `offer`, `answer` and `pause` return at once, from any thread. Offer a picture before the lanes get it.
    When the disk is full or gone, recording ends by itself and `trouble` says so.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        fps: int = LIKELY_FPS,
        about: Mapping[str, Any] | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Begins `name`.avi and `name`.jsonl in `folder`, which is made if need be.

        Args:
            folder: where to write.
            name: of the files, without ending.
            fps: pictures per second of the video.
            about: more for the first line.
            on_change: called on the recorder's thread when it ends by itself.

        Raises:
            LabError: nothing can be written there.
        """
        self.folder, self.name, self.fps = folder, name, fps
        self.trouble = ""        # why it ended by itself, and what to do
        self.frames = 0          # in the videos, repeats included
        self.answers = 0         # written
        self.dropped = 0         # pictures that came while the writer was busy
        self.surplus = 0         # pictures of a source faster than the video
        self.missed = 0          # answers that found the buffer full
        self.slipped_s = 0.0     # by which the videos are shorter than the time they show
        self.videos: list[Path] = []
        self._on_change = on_change
        self._changed = Condition()
        self._box: _Picture | None = None
        self._buffer: deque[Answer] = deque()
        self._numbers: WeakKeyDictionary[Shared, int] = WeakKeyDictionary()   # of the pictures offered that still live
        self._places: dict[int, Place] = {}               # by number
        self._offered = 0
        self._over = False
        self.began = perf_counter()   # s
        self._paused_at: float | None = None
        self._paused_s = 0.0
        self._video: Video | None = None
        self._done = 0           # bytes of the videos before it
        self._video_at = 0.0     # s on the recording's clock, of the video's first frame
        self._jpeg = b""
        self._last: NDArray[np.uint8] | None = None        # the pixels of `_jpeg`
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._check_space()
            self._lines = Pieces(folder / f"{name}.jsonl")
        except OSError as error:
            raise self._unwritable(error) from error
        start = {"program": "Lineup", "version": version(), "date": datetime.now().astimezone().isoformat()}
        try:
            self._line("start", {**start, "fps": fps, **(about or {})})
        except OSError as error:
            self._lines.close()
            raise self._unwritable(error) from error
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def offer(self, frame: Frame, *, certain: bool = False) -> None:
        """Leave a picture to be written; it replaces one that is still unwritten. Ignored while paused.

        A `certain` one is written even where the source is faster than the video.
        """
        with self._changed:
            if self._over or self._paused_at is not None:
                return
            self.dropped += self._box is not None and self._box.pixels is not frame.pixels
            number = self._numbers[frame.shared] = self._offered
            self._offered += 1
            self._box = _Picture(frame.pixels, number, self._clock(frame.taken_at), certain)
            self._changed.notify()

    def answer(self, slot: int, spec: LaneSpec, provider: str, result: Result) -> None:
        """Leave what lane `slot` said, to be written with the place of its picture in the video."""
        with self._changed:
            if self._over:
                return
            if len(self._buffer) >= MOST_ANSWERS:
                self.missed += 1
                return
            number = self._numbers.get(result.frame.shared)
            said = (result.model, result.prediction, result.timing)
            at = result.finished_at - self.began
            self._buffer.append(Answer(number, at, slot, spec, provider, said, result.late))

    def pause(self, on: bool = True) -> None:
        """Stop the video's clock, or let it go on; answers are still written."""
        with self._changed:
            now = perf_counter()
            if on and self._paused_at is None:
                self._paused_at = now
            elif not on and self._paused_at is not None:
                self._paused_s += now - self._paused_at
                self._paused_at = None

    def ask_to_close(self) -> None:
        """Tell the thread to write what there is and end, without waiting."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def close(self, timeout: float | None = CLOSE_S) -> bool:
        """Write what there is, finish the files; wait at most `timeout` seconds. True when that is done."""
        self.ask_to_close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def title(self) -> str:
        """What it is, for a sentence."""
        return f"the recording {self.name}"

    @property
    def seconds(self) -> float:
        """How much is in the videos, s."""
        return self.frames / self.fps

    @property
    def bytes(self) -> int:
        """How large the videos are by now."""
        return self._done + (self._video.length if self._video else 0)

    @property
    def sentence(self) -> str:
        """What was written where, and what was not."""
        names = ", ".join(path.name for path in self.videos) or f"{self.name}.jsonl"
        size = sum(path.stat().st_size for path in self.videos if path.exists())
        said = [
            f"Recorded {self.frames / self.fps:.0f} s with {self.answers} answers"
            f" in {self.folder}: {names} ({size_text(size)})."
        ]
        if self.dropped or self.missed:
            lost = f"{self.dropped} pictures and {self.missed} answers"
            said.append(f"{lost} were left out, as the disk or the machine was too slow.")
        if self.trouble:
            said.insert(0, self.trouble)
        elif self._thread.is_alive():
            said = [f"The recording in {self.folder} is not finished yet: the disk does not answer."]
        return " ".join(said)

    # ---- on the recorder's thread ----

    def _run(self) -> None:
        finished = False
        try:
            checked = perf_counter()
            while not finished:
                with self._changed:
                    self._changed.wait_for(lambda: self._box or self._over, TICK_S)
                    # Together: the picture of each of these answers is in the box, written, or dropped.
                    over, picture, self._box = self._over, self._box, None
                    answers, self._buffer = self._buffer, deque()
                    now = self._clock(perf_counter())
                self._pass(picture, answers, now)
                if perf_counter() - checked > 1:
                    checked = perf_counter()
                    self._check_space()
                finished = over
        except OSError as error:
            self._give_up(self._unwritable(error))
        except LabError as error:
            self._give_up(error)
        finally:
            if not finished and not self.trouble:   # a bug of ours; threading.excepthook tells of it
                self._give_up(LabError("Something went wrong in the recording.", "What was written is kept."))
            self._finish()

    def _pass(self, picture: _Picture | None, answers: Sequence[Answer], now: float) -> None:
        """Write a picture, or the last one again where time has passed; then the answers."""
        if picture:
            self._show(picture)
        else:
            self._catch_up(now)
        for answer in answers:
            self._line("answer", line_of(answer, self._places.get(-1 if answer.number is None else answer.number)))
            self.answers += 1

    def _show(self, picture: _Picture) -> None:
        size = (picture.pixels.shape[0], picture.pixels.shape[1])
        self._catch_up(picture.at)
        video = self._video
        if video is None or video.length > LARGEST:
            video = self._next_video(video.size if video else size, picture.at)
        again = picture.pixels is self._last
        early = not picture.certain and video.frames - self._position(picture.at) > 1
        if early:   # the video has caught up with the time already
            self.surplus += not again
        else:
            if not again:
                self._jpeg, self._last = jpeg_of(picture.pixels, video.size), picture.pixels
            self._add(video)
        if again or not early:
            self._places[picture.number] = Place(video.path.name, video.frames - 1, size, video.size)
            if len(self._places) > MOST_PLACES:
                del self._places[next(iter(self._places))]

    def _catch_up(self, at: float) -> None:
        """Repeat the last picture until the video is as long as the time; jitter of a frame is left alone."""
        if not (video := self._video):
            return
        behind = self._position(at) - 1 - video.frames
        if (lost := behind / self.fps - MOST_BEHIND_S) > 0:
            self._video_at += lost
            self.slipped_s += lost
        while video.frames < self._position(at) - 1 and video.length <= LARGEST:
            self._add(video)

    def _add(self, video: Video) -> None:
        video.add(self._jpeg)
        self.frames += 1

    def _position(self, at: float) -> float:
        """Frames that the present video should have at `at`, s on the recording's clock."""
        return (at - self._video_at) * self.fps

    def _next_video(self, size: tuple[int, int], at: float) -> Video:
        if self._video:
            self._video.close()
            self._done += self._video.length
        count = len(self.videos) + 1
        path = self.folder / (f"{self.name}.avi" if count == 1 else f"{self.name}-{count}.avi")
        self._video = Video(path, size, self.fps)
        self._video_at, self._last = at, None
        self.videos.append(path)
        self._line("video", {"video": path.name, "t": round(at, 3), "height": size[0], "width": size[1]})
        return self._video

    def _clock(self, moment: float) -> float:
        """`moment` (time.perf_counter()) as seconds of recorded time: pauses do not count."""
        if self._paused_at is not None:
            moment = min(moment, self._paused_at)
        return max(0.0, moment - self.began - self._paused_s)

    def _line(self, kind: str, content: Mapping[str, Any]) -> None:
        text = json.dumps({"kind": kind, **content}, ensure_ascii=False)
        self._lines.add(text.encode("utf-8", "replace") + b"\n")

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_FREE:
            raise LabError(
                f"The disk of {self.folder} has only {size_text(free)} left, so nothing more is recorded.",
                "Free some space, or choose another folder.",
            )

    def _unwritable(self, error: OSError) -> LabError:
        return LabError(
            f"The recording in {self.folder} cannot be written: {error.strerror or error}.",
            "Check the disk and the permissions of the folder, or choose another one.",
        )

    def _give_up(self, error: LabError) -> None:
        with self._changed:
            self._over = True
            self._box = None
            self._buffer.clear()
        self.trouble = error.sentence

    def _finish(self) -> None:
        """Finish both files as far as the disk allows."""
        if self._video:
            self._video.close()
        counts = {
            "frames": self.frames,
            "answers": self.answers,
            "dropped": self.dropped,
            "surplus": self.surplus,
            "missed": self.missed,
            "slipped_s": round(self.slipped_s, 3),
        }
        with suppress(OSError):
            self._line("end", counts | {"trouble": self.trouble})
        self._lines.close()
        self._last, self._jpeg = None, b""
        if self.trouble:
            self._on_change()
