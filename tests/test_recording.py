"""A recording: the video is played again, answers find their pictures, nobody ever waits for the disk."""

import errno
import json
import shutil
import subprocess
import sys
from collections import namedtuple
from datetime import datetime
from pathlib import Path
from threading import Event
from threading import enumerate as threads
from time import perf_counter

import cv2
import make
import numpy as np
import pytest
from spine import SOON, Bell, Counting, Net, loading, spec

from inference.data import Classification, Frame, LaneSpec, LaneState, Mode, Result, Timing
from inference.errors import LabError
from inference.live import avi, record_video, recording
from inference.live.record_video import video_rate
from inference.live.recording import LEAST_FREE, MOST_ANSWERS, Recorder, Video, free_name
from inference.live.session import Session
from inference.live.sources.video import VideoFile

ROOT = Path(__file__).parents[1]
BITS = 8
Usage = namedtuple("Usage", "total used free")


def numbered(number: int, taken_at: float = 0.0, height: int = 32) -> Frame:
    """A picture that says its number in black and white fields, so that JPEG cannot change it."""
    bits = [(number >> bit & 1) * 255 for bit in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8), 16)
    pixels = np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, row.size, 3)))
    return Frame(pixels, number, taken_at)


def number_of(pixels) -> int:
    return sum(int(pixels[8, 16 * bit + 8, 1] > 127) << bit for bit in range(BITS))


def play(path: Path) -> list[int]:
    """The numbers of all pictures of a video, read as any program would."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert capture.isOpened()
    numbers = []
    while (read := capture.read())[0]:
        numbers.append(number_of(read[1]))
    capture.release()
    return numbers


def lines(recorder: Recorder, kind: str) -> list[dict]:
    text = (recorder.folder / f"{recorder.name}.jsonl").read_text(encoding="utf-8")
    return [line for line in map(json.loads, text.splitlines()) if line["kind"] == kind]


def said(frame: Frame, label: str = "cat") -> Result:
    answer = Classification((label,), np.array([0.5], np.float32))
    return Result(frame, "net", answer, Timing(wait=1, infer=2.5), perf_counter())


@pytest.fixture(autouse=True)
def _plain_reading(monkeypatch):
    """Options for streams, left behind by whoever opened one, make OpenCV lose the first frames of a file."""
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")


class Disk:
    """What the recorder's videos are written to: counts the pictures, may stand still, may be full.

    With it, the recorder's clock stands still too, until the test moves `now`.
    """

    def __init__(self) -> None:
        self.bell, self.written = Bell(), 0
        self.busy, self.go = Event(), Event()
        self.go.set()
        self.full_at: int | None = None
        self.now = perf_counter()

    def until(self, written: int) -> bool:
        return self.bell.until(lambda: self.written >= written)


@pytest.fixture
def disk(monkeypatch):
    disk = Disk()
    add = Video.add

    def slow_add(video: Video, jpeg: bytes) -> None:
        disk.busy.set()
        assert disk.go.wait(3 * SOON), "the disk never went on"
        if disk.full_at is not None and disk.written >= disk.full_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(video, jpeg)
        disk.written += 1
        disk.bell()

    monkeypatch.setattr(Video, "add", slow_add)
    monkeypatch.setattr(recording, "perf_counter", lambda: disk.now)
    yield disk
    disk.go.set()
    for thread in threads():
        if thread.name == "recorder":
            thread.join(SOON)
            assert not thread.is_alive()


def offer(recorder: Recorder, disk: Disk, *numbers: int, start: int = 0, height: int = 32) -> list[Frame]:
    """Pictures at exactly the video's pace, each written before the next comes."""
    frames = []
    for place, number in enumerate(numbers, start):
        frames.append(numbered(number, recorder.began + place / recorder.fps, height))
        before = disk.written
        recorder.offer(frames[-1])
        assert disk.until(before + 1)
    return frames


# ---- names and rates


@pytest.mark.parametrize(
    ("measured", "rate"),
    [(0, 30), (5, 30), (23.9, 30), (24.0, 24), (29.97, 30), (50.1, 50), (60, 60), (240, 30)],
)
def test_a_video_has_the_rate_of_its_source_or_a_usual_one(measured, rate):
    assert video_rate(measured) == rate


def test_two_recordings_of_one_second_have_two_names(tmp_path):
    now = datetime(2026, 3, 4, 5, 6, 7)
    first = free_name(tmp_path / "none yet", now)
    assert first == free_name(tmp_path, now) == "lineup-2026-03-04-050607"
    (tmp_path / f"{first}.jsonl").touch()
    assert free_name(tmp_path, now) == f"{first}b"


# ---- the video file


@pytest.mark.parametrize(("size", "count"), [((32, 128), 0), ((32, 128), 1), ((33, 129), 45)])
def test_a_video_is_read_again(tmp_path, size, count):
    video = Video(tmp_path / "a.avi", size, 25)
    for i in range(count):
        pixels = cv2.resize(numbered(i).pixels, size[::-1], interpolation=cv2.INTER_NEAREST)
        video.add(cv2.imencode(".jpg", pixels)[1].tobytes())
    video.close()
    data = video.path.read_bytes()
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert data[avi.HEADER - 4 : avi.HEADER] == b"movi"
    assert data[-16 * count - 8 :][:4] == b"idx1"
    if count:
        capture = cv2.VideoCapture(str(video.path), cv2.CAP_FFMPEG)
        assert capture.get(cv2.CAP_PROP_FPS) == 25
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == count
        assert (capture.get(cv2.CAP_PROP_FRAME_HEIGHT), capture.get(cv2.CAP_PROP_FRAME_WIDTH)) == size
        capture.release()
        assert play(video.path) == list(range(count))


def test_a_video_whose_program_was_killed_plays_to_the_last_picture(tmp_path):
    path = tmp_path / "a.avi"
    script = (
        "import os, sys, cv2, numpy as np\n"
        "from pathlib import Path\n"
        "from inference.live.recording import Video\n"
        "video = Video(Path(sys.argv[1]), (32, 128), 30)\n"
        "for _ in range(40):\n"
        "    video.add(cv2.imencode('.jpg', np.zeros((32, 128, 3), np.uint8))[1].tobytes())\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 9
    assert play(path) == [0] * 40


class Small:
    """A raw file on a disk with room for so many bytes."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room
        self.seek, self.truncate, self.close = file.seek, file.truncate, file.close

    def write(self, data) -> int:
        part = bytes(data[: max(0, self._room - self._file.tell())])
        if not part:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(part)


def test_a_picture_that_does_not_fit_is_taken_back(tmp_path):
    jpeg = cv2.imencode(".jpg", numbered(7).pixels)[1].tobytes()
    video = Video(tmp_path / "a.avi", (32, 128), 30)
    video._pieces._file = Small(video._pieces._file, avi.HEADER + 3 * (len(jpeg) + 9) + 50)
    with pytest.raises(OSError, match="No space"):   # noqa: PT012  it is one of these
        for _ in range(5):
            video.add(jpeg)
    assert video.frames == 3
    video.close()   # nor does the index
    assert play(video.path) == [7, 7, 7]


# ---- pictures in time


def test_every_picture_has_its_place(tmp_path, disk):
    recorder = Recorder(tmp_path / "new" / "folder", "a")
    offer(recorder, disk, *range(20))
    assert recorder.close()
    assert play(tmp_path / "new" / "folder" / "a.avi") == list(range(20))
    assert (recorder.frames, recorder.dropped, recorder.surplus, recorder.trouble) == (20, 0, 0, "")
    assert lines(recorder, "end")[0]["frames"] == 20
    assert "Recorded 1 s" in recorder.sentence
    assert "a.avi" in recorder.sentence


def test_a_recording_is_a_source_from_its_first_picture_on(tmp_path, disk, monkeypatch):
    monkeypatch.delenv("OPENCV_FFMPEG_CAPTURE_OPTIONS")   # as the program itself has it
    recorder = Recorder(tmp_path, "a", fps=25)
    offer(recorder, disk, 3, 4, 5)
    assert recorder.close()
    source = VideoFile(tmp_path / "a.avi", loop=False)
    source.open()
    assert number_of(source.read()) == 3
    assert source.period_s == pytest.approx(1 / 25)
    source.close()


def test_time_without_pictures_shows_the_last_one(tmp_path, disk):
    recorder = Recorder(tmp_path, "a")
    offer(recorder, disk, 1)
    disk.now += 6.5 / 30   # nothing comes
    assert disk.until(6)
    recorder.offer(numbered(2, recorder.began + 10.5 / 30))
    assert disk.until(11)
    assert recorder.close()
    assert play(tmp_path / "a.avi") == [1] * 10 + [2]


def test_a_faster_source_keeps_the_pace(tmp_path, disk):
    recorder = Recorder(tmp_path, "a")
    for i in range(60):   # 60 frames/s into 30
        recorder.offer(numbered(i, recorder.began + i / 60))
        assert _taken(recorder)
    assert recorder.close()
    assert recorder.frames in (30, 31)
    assert recorder.surplus == 60 - recorder.frames


def test_a_certain_picture_is_written_also_when_it_is_early(tmp_path, disk):
    recorder = Recorder(tmp_path, "a")
    offer(recorder, disk, 1, 2)
    late = [numbered(n, recorder.began) for n in (3, 4)]   # of a time that the video has passed
    recorder.offer(late[0])
    assert _taken(recorder)
    recorder.offer(late[1], certain=True)
    assert disk.until(3)
    assert recorder.close()
    assert play(tmp_path / "a.avi") == [1, 2, 4]
    assert recorder.surplus == 1


def _taken(recorder: Recorder) -> bool:
    """Wait until the box is empty, which only the recorder's thread can do."""
    end = perf_counter() + SOON
    while recorder._box is not None and perf_counter() < end:
        with recorder._changed:
            recorder._changed.wait(0.001)
    return recorder._box is None


def test_after_a_long_sleep_the_clock_gives_way(tmp_path, disk):
    recorder = Recorder(tmp_path, "a")
    offer(recorder, disk, 1)
    recorder.offer(numbered(2, recorder.began + 3600))
    assert disk.until(10)
    assert recorder.close()
    assert recorder.frames < 60
    assert recorder.slipped_s == pytest.approx(3600, abs=2)
    assert play(tmp_path / "a.avi")[-1] == 2


def test_pictures_of_all_sizes_make_one_video(tmp_path, disk):
    """A folder of mixed pictures: whole, with black beside them, and the boxes where they are in the video."""
    recorder = Recorder(tmp_path, "a")
    offer(recorder, disk, 1, 2)
    bright = Frame(np.full((96, 128, 3), 255, np.uint8), 3, recorder.began + 2 / recorder.fps)   # 32 px high: 43 wide
    recorder.offer(bright)
    assert disk.until(3)
    answer = make.detections(("cat", 0.9, (0, 0, 128, 96)), ("dog", 0.8, (64, 48, 128, 96)))
    recorder.answer(0, spec(), "CPU", Result(bright, "net", answer, Timing(infer=1), perf_counter()))
    assert recorder.close()
    assert recorder.videos == [tmp_path / "a.avi"]
    assert [(v["video"], v["height"], v["width"]) for v in lines(recorder, "video")] == [("a.avi", 32, 128)]
    assert play(recorder.videos[0])[:2] == [1, 2]
    capture = cv2.VideoCapture(str(recorder.videos[0]), cv2.CAP_FFMPEG)
    while (read := capture.read())[0]:
        shown = read[1]
    capture.release()
    columns = np.flatnonzero(shown[16, :, 1] > 127)
    assert (columns[0], columns[-1] + 1) == pytest.approx((42, 85), abs=1)
    (line,) = lines(recorder, "answer")
    assert (line["video"], line["frame"]) == ("a.avi", 2)
    np.testing.assert_allclose(line["boxes"], [[42, 0, 84.7, 32], [63.3, 16, 84.7, 32]], atol=0.6)


@pytest.mark.parametrize(
    ("picture", "size", "fit"),
    [
        ((32, 128), (32, 128), (1.0, 0, 0)),
        ((64, 128), (32, 128), (0.5, 32, 0)),
        ((32, 256), (32, 128), (0.5, 0, 8)),
        ((16, 16), (32, 128), (2.0, 48, 0)),
        ((9000, 2), (32, 128), (32 / 9000, 63, 0)),
    ],
)
def test_how_a_picture_lies_in_a_video(picture, size, fit):
    scale, left, top = record_video.fit(picture, size)
    assert (scale, left, top) == pytest.approx(fit, abs=0.5)
    fitted = record_video._fitted(np.full((*picture, 3), 200, np.uint8), size)
    assert fitted.shape == (*size, 3)
    assert fitted[:, :left].max(initial=0) == fitted[:top].max(initial=0) == 0


def test_a_video_as_large_as_avi_allows_is_followed_by_another(tmp_path, disk, monkeypatch):
    monkeypatch.setattr(recording, "LARGEST", 1)
    recorder = Recorder(tmp_path, "a")
    offer(recorder, disk, 1, 2)
    assert recorder.close()
    assert [play(video) for video in recorder.videos] == [[1], [2]]


def test_frozen_time_is_not_in_the_video_but_answers_are_written(tmp_path, disk):
    recorder = Recorder(tmp_path, "a")
    (frame,) = offer(recorder, disk, 1)
    recorder.pause()
    disk.now += 100
    recorder.offer(numbered(2, disk.now))
    recorder.answer(1, spec(), "CPU", said(frame))
    recorder.pause(False)
    recorder.offer(numbered(3, disk.now + 1 / 30))
    assert disk.until(2)
    assert recorder.close()
    assert play(tmp_path / "a.avi") == [1, 3]
    assert recorder.slipped_s == 0
    assert lines(recorder, "answer")[0]["frame"] == 0


# ---- answers


def test_answers_are_written_whole(tmp_path, disk):
    recorder = Recorder(tmp_path, "a", about={"mode": "turns"})
    frame, other = offer(recorder, disk, 5, 6)
    boxes = make.detections(("Käse", 0.75, (1, 2, 3.25, 4)))
    found = Result(other, "yolo", boxes, Timing(infer=3), perf_counter(), late=True)
    recorder.answer(2, LaneSpec("yolo", "opencv"), "CPU", found)
    nothing = make.detections()
    recorder.answer(3, spec(), "CPU", Result(frame, "net", nothing, Timing(), perf_counter()))
    recorder.answer(0, spec(), "CPU", said(numbered(9)))   # of before the recording
    assert recorder.close()
    first, second, third = lines(recorder, "answer")
    assert 0 <= first.pop("t") < 60
    assert first == {
        "kind": "answer", "video": "a.avi", "frame": 1, "lane": 3, "model": "yolo", "backend": "opencv",
        "precision": "",
        "provider": "CPU", "late": True, "labels": ["Käse"], "scores": [0.75], "boxes": [[1.0, 2.0, 3.25, 4.0]],
        "ms": {"wait": 0.0, "preprocess": 0.0, "infer": 3.0, "postprocess": 0.0, "cpu": 0.0},
    }  # fmt: skip
    assert (second["frame"], second["boxes"], second["labels"], second["late"]) == (0, [], [], False)
    assert (third["video"], third["frame"], "boxes" in third) == (None, None, False)
    (start,) = lines(recorder, "start")
    assert (start["program"], start["mode"], start["fps"]) == ("Lineup", "turns", 30)
    assert datetime.fromisoformat(start["date"]).tzinfo


# ---- a slow disk, a full one, none


def test_a_slow_disk_costs_pictures_and_answers_but_nobody_waits(tmp_path, disk):
    recorder = Recorder(tmp_path, "a")
    disk.go.clear()
    frames = [numbered(0, recorder.began)]
    recorder.offer(frames[0])
    assert disk.busy.wait(SOON)
    for i in range(1, 11):   # would never return if any of this waited
        frames.append(numbered(i, recorder.began + i / 30))
        recorder.offer(frames[-1])
        recorder.answer(0, spec(), "CPU", said(frames[-1]))
    for _ in range(MOST_ANSWERS):
        recorder.answer(0, spec(), "CPU", said(frames[-1]))
    assert recorder.dropped == 9   # of ten, the newest is in the box
    assert recorder.missed == 10
    assert not recorder.close(0)
    assert "not finished" in recorder.sentence
    disk.go.set()
    assert recorder.close()
    assert set(play(tmp_path / "a.avi")) == {0, 10}
    answers = lines(recorder, "answer")
    assert len(answers) == MOST_ANSWERS == recorder.answers
    assert all(answer["frame"] is None for answer in answers[:9])
    assert play(tmp_path / "a.avi")[answers[9]["frame"]] == 10
    assert "9 pictures and 10 answers were left out" in recorder.sentence


def test_a_disk_that_is_full_ends_the_recording_alone(tmp_path, disk):
    ended = Event()
    recorder = Recorder(tmp_path, "a", on_change=ended.set)
    offer(recorder, disk, 1, 2, 3)
    disk.full_at = 3
    recorder.offer(numbered(4, recorder.began + 3 / 30))
    assert ended.wait(SOON)
    assert "No space left on device" in recorder.trouble
    recorder.offer(numbered(5))
    recorder.answer(0, spec(), "CPU", said(numbered(5)))
    assert recorder.close()
    assert play(tmp_path / "a.avi") == [1, 2, 3]
    assert lines(recorder, "end")[0]["trouble"] == recorder.trouble
    assert recorder.sentence.startswith(recorder.trouble)


def test_a_recording_ends_before_the_disk_is_full(tmp_path, disk, monkeypatch):
    ended = Event()
    recorder = Recorder(tmp_path, "a", on_change=ended.set)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(1, 1, LEAST_FREE - 1))
    disk.now += 2   # it looks once a second
    assert ended.wait(SOON)
    assert "left" in recorder.trouble
    assert recorder.close()
    with pytest.raises(LabError, match="has only"):
        Recorder(tmp_path, "b")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(1, 1, LEAST_FREE))
    assert Recorder(tmp_path, "b").close()


def test_a_place_where_nothing_can_be_written_is_said_at_once(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "a.jsonl").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path):   # the last: name taken
        with pytest.raises(LabError, match="cannot be written") as caught:
            Recorder(folder, "a")
        assert caught.value.hint
    assert not [thread for thread in threads() if thread.name == "recorder"]


def test_a_video_that_cannot_be_opened_ends_the_recording_alone(tmp_path):
    ended = Event()
    (tmp_path / "a.avi").mkdir()
    recorder = Recorder(tmp_path, "a", on_change=ended.set)
    recorder.offer(numbered(1, perf_counter()))
    assert ended.wait(SOON)
    assert "cannot be written" in recorder.trouble
    assert recorder.close()


def test_a_picture_that_is_no_picture_ends_the_recording_alone(tmp_path):
    ended = Event()
    recorder = Recorder(tmp_path, "a", on_change=ended.set)
    recorder.offer(Frame(np.zeros((0, 0, 3), np.uint8), 0, perf_counter()))
    assert ended.wait(SOON)
    assert "JPEG" in recorder.trouble
    assert recorder.close()


# ---- in a session


class Numbers(Counting):
    """A source of numbered pictures."""

    def read(self):
        self._next += 1
        return numbered(self._next % 2**BITS).pixels


@pytest.fixture
def session():
    bell = Bell()
    made = Session(lambda wanted, engine: loading(Net(wanted.model)), bell, mode=Mode.TURNS)
    made.bell = bell
    yield made
    assert made.close()
    left = [t.name for t in threads() if t.name.startswith(("lane ", "capture", "recorder"))]
    assert not left, left


def running(session, *names):
    lanes = [session.add(spec(name)) for name in names]
    assert session.bell.until(lambda: all(lane.status.state is LaneState.RUNNING for lane in lanes))
    return lanes


def more(session, lanes, count):
    """Wait until each lane has so many answers more."""
    wanted = [lane.results + count for lane in lanes]
    pairs = list(zip(lanes, wanted, strict=True))
    return session.bell.until(lambda: all(lane.results >= n for lane, n in pairs))


def test_two_lanes_are_recorded_and_played_again(tmp_path, session):
    lanes = running(session, "a", "b")
    session.mirror = True   # what the networks see is what is recorded
    session.open(Numbers(period_s=1 / 40))
    assert more(session, lanes, 3)
    recorder = session.record(tmp_path)
    assert session.recorder is recorder
    with pytest.raises(LabError, match="running already"):
        session.record(tmp_path)
    assert more(session, lanes, 12)
    sentence = session.stop_recording()
    assert session.recorder is None
    assert f"{recorder.name}.avi" in sentence
    assert str(tmp_path) in sentence

    (start,) = lines(recorder, "start")
    assert [(lane["lane"], lane["model"]) for lane in start["lanes"]] == [(1, "a"), (2, "b")]
    assert (start["mode"], start["source"], start["mirror"]) == ("turns", "counting", True)
    played = [int(f"{number:08b}"[::-1], 2) for number in play(recorder.videos[0])]
    answers = lines(recorder, "answer")
    joined = [answer for answer in answers if answer["frame"] is not None]
    assert {answer["lane"] for answer in joined} == {1, 2}
    assert len(joined) >= 12
    for answer in joined:   # the net says the frame's index, the picture shows one more
        assert played[answer["frame"]] == (int(answer["labels"][0]) + 1) % 2**BITS


def test_answers_to_a_frozen_picture_find_it(tmp_path, session):
    lanes = running(session, "a")
    session.open(Numbers(period_s=1 / 40))
    assert more(session, lanes, 1)
    session.freeze()
    recorder = session.record(tmp_path)   # begun while frozen
    session.set_ask(session.ask)
    assert more(session, lanes, 0)
    assert session.bell.until(lambda: lanes[0].latest.frame.pixels is session.frozen.pixels)
    session.freeze(False)
    assert more(session, lanes, 3)
    session.freeze()
    assert session.bell.until(lambda: lanes[0].latest.frame is session.frozen)
    frozen = session.frozen.index
    session.stop_recording()
    played = play(recorder.videos[0])
    found = [a for a in lines(recorder, "answer") if int(a["labels"][0]) == frozen]
    assert found[-1]["frame"] is not None   # an earlier one may be of the live picture, which may be left out
    assert {played[a["frame"]] for a in found if a["frame"] is not None} == {(frozen + 1) % 2**BITS}
    assert played[-1] == (frozen + 1) % 2**BITS


def test_lanes_go_on_when_the_disk_stands_still_or_is_full(tmp_path, session, disk):
    lanes = running(session, "a")
    session.open(Numbers(period_s=1 / 100))
    disk.go.clear()
    session.record(tmp_path)
    assert disk.busy.wait(SOON)
    assert more(session, lanes, 20)
    disk.full_at = 0
    disk.go.set()
    assert session.bell.until(lambda: session.recorder.trouble)
    assert more(session, lanes, 20)
    disk.full_at = None
    first = session.recorder
    assert session.record(tmp_path) is not first   # one that ended by itself makes room
    assert first.trouble not in session.stop_recording()


@pytest.mark.parametrize("state", ["empty", "opening", "recording", "frozen", "in trouble", "stopped"])
def test_a_session_closes_in_every_state_of_its_recording(tmp_path, session, state, monkeypatch):
    assert session.stop_recording() == "Nothing was being recorded."
    lanes = running(session, "a")
    if state != "empty":
        session.open(Numbers(period_s=1 / 60))
    recorder = session.record(tmp_path)
    if state in ("recording", "frozen", "stopped"):
        assert more(session, lanes, 3)
    if state == "frozen":
        session.freeze()
    if state == "in trouble":
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(1, 1, 0))
        assert session.bell.until(lambda: recorder.trouble)
    if state == "stopped":
        session.stop_recording()
    assert session.close()
    assert recorder.close(0)
    assert len(lines(recorder, "end")) == 1
    assert not [thread for thread in threads() if thread.name == "recorder"]
    if recorder.frames:
        assert len(play(recorder.videos[0])) == recorder.frames
