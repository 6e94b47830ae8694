"""A recording is played again with its answers, each to its own picture; and burnt into a video for others."""

import gc
import json
from dataclasses import replace
from threading import Event

import cv2
import make
import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import Qt
from spine import Bell, Counting, Net, loading, spec

from gui.bridge import Bridge
from gui.burning import burn, free_path
from gui.desk import Desk
from gui.main_window import MainWindow
from gui.settings import Settings
from inference.data import Ask, Classification, Detections, LaneSpec, LaneState, Mode, Timing
from inference.errors import Cancelled, LabError
from inference.live import replay
from inference.live.recording import Recorder
from inference.live.replay import Loaded, Recorded, Said, Track, lines_beside, tracks_of
from inference.live.session import Session
from inference.live.sources.playback import Playback, playback_of
from inference.live.sources.video import VideoFile
from models.catalog import Catalogue
from models.store import Store

FRAMES, FPS = 24, 12
# lane, frame, labels, scores, boxes: what was said in the film that these tests play.
LABELLED = {3: ("cat", 0.75), 9: ("dog", 0.5), 15: ("fox", 0.25)}
BOXED = {3: (10.0, 8.0, 40.0, 30.0), 12: (20.0, 16.0, 50.0, 40.0)}


def answer(lane, frame, **content):
    return {
        "kind": "answer", "t": (frame or 0) / FPS, "video": "film.avi", "frame": frame, "lane": lane,
        "backend": "onnxruntime", "precision": "", "provider": "CPU", "late": False,
        "ms": {"wait": 1.0, "preprocess": 1.0, "infer": 5.25, "postprocess": 1.0, "cpu": 9.0}, **content,
    }  # fmt: skip


def lines():
    start = {"kind": "start", "mode": "turns", "lanes": [
        {"lane": 1, "model": "reads", "backend": "onnxruntime", "precision": "", "provider": "CPU", "threads": 3},
        {"lane": 4, "model": "boxes", "backend": "onnxruntime", "precision": "", "provider": "CPU", "threads": 3},
    ]}  # fmt: skip
    said = [answer(1, f, model="reads", labels=[label], scores=[score]) for f, (label, score) in LABELLED.items()]
    said += [answer(4, f, model="boxes", labels=["box"], scores=[0.5], boxes=[list(box)]) for f, box in BOXED.items()]
    return [start, {"kind": "video", "video": "film.avi"}, *said, {"kind": "end"}]


@pytest.fixture
def film(tmp_path):
    """A film whose frame i is a plain grey of 10 · i, and what was said to it."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    for i in range(FRAMES):
        writer.write(np.full((48, 64, 3), 10 * i, np.uint8))
    writer.release()
    (tmp_path / "film.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines()), encoding="utf-8")
    return path


# ---- what a recording says


def test_a_recording_is_read(film):
    first, second = tracks_of(film)
    assert (first.slot, first.spec, first.provider, first.threads) == (0, LaneSpec("reads"), "CPU", 3)
    assert (second.slot, second.spec.model) == (3, "boxes")
    assert {f: (s.prediction.labels[0], float(s.prediction.scores[0])) for f, s in first.said.items()} == LABELLED
    assert {f: tuple(s.prediction.boxes[0].tolist()) for f, s in second.said.items()} == BOXED
    assert first.said[3].timing.latency == pytest.approx(7.25)
    assert first.said[3].timing.cpu == pytest.approx(9.0)


def test_what_was_really_recorded_is_what_is_read(tmp_path):
    """From a session through the file and back."""
    bell = Bell()
    session = Session(lambda asked, wanted: loading(Net(asked.model)), bell, mode=Mode.TURNS)
    lane = session.add(spec("a"))
    assert bell.until(lambda: lane.status.state is LaneState.RUNNING)
    session.open(Counting(period_s=0.005))
    assert bell.until(lambda: session.latest is not None)
    seen = {}
    before = lane.on_result

    def note(result):
        seen[result.frame.index] = result
        before(result)

    lane.on_result = note
    recorder: Recorder = session.record(tmp_path)
    assert bell.until(lambda: lane.results > 20)
    session.stop_recording()
    assert session.close()
    (track,) = tracks_of(recorder.videos[0])
    assert track.spec == spec("a")
    assert len(track.said) >= 2
    told = {s.prediction.labels for s in track.said.values()}
    assert told <= {result.prediction.labels for result in seen.values()}


def test_a_later_part_has_its_own_answers_in_the_same_lines(tmp_path, film):
    second = tmp_path / "film-2.avi"
    second.write_bytes(film.read_bytes())
    assert lines_beside(second) == tmp_path / "film.jsonl"
    assert tracks_of(second) == []   # nothing was said to its pictures
    with (tmp_path / "film.jsonl").open("a") as file:
        file.write(json.dumps({**answer(1, 5, model="reads", labels=["owl"], scores=[0.5]), "video": "film-2.avi"}))
    (track,) = tracks_of(second)
    assert list(track.said) == [5]


@pytest.mark.parametrize("name", ["other.avi", "film.mp4"])
def test_an_ordinary_video_is_none(tmp_path, film, name):
    assert lines_beside(tmp_path / name) is None
    assert tracks_of(tmp_path / name) == []


@pytest.mark.parametrize(
    "bad",
    [
        "", "{", "[]", '"x"', "nonsense", "\x00\x01", '{"kind": 7}', '{"kind": "answer"}', "[" * 100_000,
        json.dumps(answer(0, 3, model="reads", labels=["a"], scores=[1])),
        json.dumps(answer(10, 3, model="reads", labels=["a"], scores=[1])),
        json.dumps(answer(1, -1, model="reads", labels=["a"], scores=[1])),
        json.dumps(answer(1, 3, model="reads", labels=["a", "b"], scores=[1])),
        json.dumps(answer(1, 3, model="reads", labels=["a"], scores=["much"])),
        json.dumps(answer(1, 3, model="reads", labels=[7], scores=[1])),
        json.dumps(answer(4, 3, model="boxes", labels=["a"], scores=[1], boxes=[[1, 2, 3]])),
        json.dumps(answer(4, 3, model="boxes", labels=["a"], scores=[1], boxes=[])),
        json.dumps(answer(1, 3, model="reads", labels=["a"] * 2000, scores=[1] * 2000)),
        json.dumps(answer(1, 3, model=None, labels=["a"], scores=[1])),
        json.dumps(answer(1, None, model="reads", labels=["a"], scores=[1])),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_passed_over(tmp_path, film, bad):
    good = (tmp_path / "film.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "film.jsonl").write_text("\n".join([bad, *good[:3], bad, *good[3:], bad]), encoding="utf-8")
    first, second = tracks_of(film)
    assert {f: (s.prediction.labels[0], float(s.prediction.scores[0])) for f, s in first.said.items()} == LABELLED
    assert set(second.said) == set(BOXED)


def test_texts_and_numbers_of_a_recording_are_data(tmp_path, film):
    said = answer(1, 5, model="reads", labels=["a\x1b[31m\nb"], scores=[7.0])
    (tmp_path / "film.jsonl").write_text(json.dumps(said), encoding="utf-8")
    (track,) = tracks_of(film)
    (label,) = track.said[5].prediction.labels
    assert "\x1b" not in label
    assert "\n" not in label
    assert float(track.said[5].prediction.scores[0]) == 1.0


def test_lines_without_an_end_are_read_only_so_far(tmp_path, film, monkeypatch):
    monkeypatch.setattr(replay, "LARGEST", 900)
    found = tracks_of(film)
    assert sum(len(track.said) for track in found) < len(LABELLED) + len(BOXED)


def test_reading_is_given_up(film):
    cancelled = Event()
    cancelled.set()
    assert tracks_of(film, cancelled) == []


def test_it_says_something_only_to_the_picture_that_it_was_said_to():
    track = Track(0, LaneSpec("a"), said={7: Said(Classification(("cat",), np.ones(1, np.float32)), Timing(infer=5.0))})
    recorded = Loaded(track)(lambda *_: None, Event())
    assert isinstance(recorded, Recorded)
    for number in (-1, 0, 6, 8):
        assert recorded(replace(make.plain(), number=number), Ask(), idle=1.0, turn=2.0) is None
    frame = replace(make.plain(), number=7)
    result = recorded(frame, Ask(), idle=1.0, turn=2.0)
    assert (result.frame, result.prediction.labels, result.timing.infer) == (frame, ("cat",), 5.0)
    assert (result.timing.idle, result.timing.turn) == (1.0, 2.0)


# ---- in a session


@pytest.mark.parametrize("rounds", [False, True])
def test_lanes_say_what_was_recorded_to_this_picture_and_never_to_another(film, rounds):
    bell = Bell()
    session = Session(lambda *_: None, bell, mode=Mode.TURNS)
    session.set_rounds(rounds)
    lanes = [session.add(t.spec, slot=t.slot, load=Loaded(t)) for t in tracks_of(film)]
    assert bell.until(lambda: all(lane.status.state is LaneState.RUNNING for lane in lanes))
    seen = []
    for lane in lanes:
        kept = lane.on_result

        def note(result, lane=lane, kept=kept):
            seen.append((lane.slot, result.frame.number, result.prediction.labels[0]))
            kept(result)

        lane.on_result = note
    source = VideoFile(film)
    session.open(source)
    wanted = {(0, f, label) for f, (label, _) in LABELLED.items()} | {(3, f, "box") for f in BOXED}
    assert bell.until(lambda: set(seen) >= wanted)
    assert set(seen) == wanted
    assert session.close()


def test_steps_and_seeks_go_where_something_was_said():
    playback = Playback()
    playback.opened(FRAMES, FPS)
    playback.stop_at([3, 9, 12, 15])
    for asked, found in ((0, 3), (4, 3), (7, 9), (23, 15), (-5, 3), (12, 12)):
        playback.seek(asked)
        assert playback.take_wanted() == found, asked
    exact = (3, 1, 9), (9, -1, 3), (3, -1, 3), (15, 1, 15)
    between = (10, 1, 12), (10, -1, 9), (0, 1, 3), (20, -1, 15)
    for at, by, found in (*exact, *between):
        playback.given(at, at / 10)
        playback.step(by)
        assert playback.take_wanted() == found, (at, by)
    playback.stop_at(())
    playback.seek(4)
    assert playback.take_wanted() == 4


# ---- in the window


CATALOG = {"reads": make.card("reads"), "boxes": make.card("boxes", task="detect", decoder="yolox")}


@pytest.fixture
def window(qtbot, tmp_path):
    bridge = Bridge()
    session = Session(lambda asked, _wanted: loading(Net(asked.model)), bridge.wake, mode=Mode.TURNS)
    made = MainWindow(Desk(session, Catalogue(CATALOG), Store(cache=tmp_path / "cache"), Settings(pane="")), bridge)
    bridge.setParent(made)
    made.resize(1440, 900)
    made.show()
    made.desk.add_lane(LaneSpec("reads", threads=2))
    made.desk.open_source("pattern")
    yield made
    made.close()
    shiboken6.delete(made)
    gc.collect()


def titles(window):
    return [lane.title for lane in window.desk.session.lanes]


def test_a_recording_takes_the_lanes_and_gives_them_back(window, qtbot, film):
    before = titles(window)
    window.desk.set_mirror(True)
    window.desk.open_source(str(film))
    qtbot.waitUntil(lambda: titles(window) == ["Reads · recorded", "Boxes · recorded"], timeout=10_000)
    lanes = window.desk.session.lanes
    assert [lane.slot for lane in lanes] == [0, 3]   # the numbers and colours of then
    assert window.play_bar.buttons["replay"].isVisible()
    assert window.actions_by_name["replay"].isChecked()
    assert not window.desk.session.mirror
    window.desk.set_mirror(True)
    assert not window.desk.session.mirror   # its boxes lie in the picture as it was taken
    assert window.current_settings().lanes == (LaneSpec("reads", threads=2),)   # the user's, not the recording's
    qtbot.waitUntil(lambda: all(lane.results > 0 for lane in lanes), timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: titles(window) == before, timeout=5000)   # they compute this video now
    assert window.desk.session.mirror
    window.actions_by_name["replay"].trigger()
    qtbot.waitUntil(lambda: len(window.desk.session.lanes) == 2, timeout=5000)
    window.desk.open_source("pattern")
    qtbot.waitUntil(lambda: titles(window) == before, timeout=10_000)
    assert not window.play_bar.buttons["replay"].isVisible()
    assert not window.actions_by_name["burn"].isEnabled()


def test_a_picture_that_is_sought_stands_with_its_answers(window, qtbot, film):
    window.desk.open_source(str(film))
    qtbot.waitUntil(lambda: len(titles(window)) == 2, timeout=10_000)
    stage = window.views["stage"]
    playback = playback_of(window.desk.session.shown)
    playback.pause(True)
    for asked, frame, label in ((8, 9, "dog"), (16, 15, "fox"), (2, 3, "cat")):
        playback.seek(asked)
        qtbot.waitUntil(lambda f=frame: stage.picture.frame and stage.picture.frame.number == f, timeout=5000)
        qtbot.waitUntil(lambda said=label: stage.rows[0].result.prediction.labels == (said,), timeout=5000)
        assert stage.rows[0].result.frame.number == frame


def test_a_network_that_is_not_known_here_is_left_out_and_said(window, qtbot, tmp_path, film):
    text = (tmp_path / "film.jsonl").read_text(encoding="utf-8").replace('"model": "boxes"', '"model": "gone"')
    (tmp_path / "film.jsonl").write_text(text, encoding="utf-8")
    window.desk.open_source(str(film))
    qtbot.waitUntil(lambda: titles(window) == ["Reads · recorded"], timeout=10_000)
    assert "gone: not known here, left out." in window.truth.said


def test_answers_are_burnt_in(window, qtbot, tmp_path, film):
    window.desk.open_source(str(film))
    qtbot.waitUntil(lambda: len(titles(window)) == 2, timeout=10_000)
    window.actions_by_name["burn"].trigger()
    qtbot.waitUntil(lambda: "Burnt into" in window.truth.said, timeout=20_000)
    assert (tmp_path / "film-answers.avi").is_file()
    qtbot.waitUntil(lambda: not window.actions_by_name["burn"].isChecked())
    window.actions_by_name["burn"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "film-answers-2.avi").is_file(), timeout=20_000)   # nothing is overwritten


# ---- burnt in


def burnt(path):
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    found = []
    while (read := capture.read())[0]:
        found.append(read[1])
    capture.release()
    return found


def test_the_picture_stands_until_another_one_was_answered(qapp, film):
    path = burn(film, tracks_of(film), {"reads": "Reader"}, lambda *_: None, Event())
    pictures = burnt(path)
    assert len(pictures) == FRAMES
    assert pictures[0].shape[0] >= 540   # words can be read
    greys = [round(float(picture[-40:-10, 10:40].mean()) / 10) for picture in pictures]   # where no box lies
    shown = [0, 1, 2, *[3] * 6, *[9] * 3, *[12] * 3, *[15] * 9]
    assert greys == shown


def test_boxes_lie_on_their_own_picture_alone(qapp, film):
    tracks = tracks_of(film)
    pictures = burnt(burn(film, tracks, {}, lambda *_: None, Event()))
    plain = burnt(burn(film, [replace_boxes(tracks[1])], {}, lambda *_: None, Event()))
    scale = 540 / 48

    def framed(frame):
        """Whether something is drawn along the left edge of the box of frame 3."""
        x, top, bottom = round(10 * scale), round(14 * scale), round(26 * scale)
        band = pictures[frame][top:bottom, x - 3 : x + 4].astype(int)
        return int(np.ptp(band.mean(axis=(0, 2)))) > 30

    assert [framed(frame) for frame in (0, 3, 8, 9, 12)] == [False, True, True, False, False]
    assert len(plain) == FRAMES


def replace_boxes(track):
    none = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())
    return Track(track.slot, track.spec, said={frame: Said(none, one.timing) for frame, one in track.said.items()})


def test_burning_is_stopped_and_leaves_nothing(qapp, tmp_path, film):
    cancelled = Event()
    with pytest.raises(Cancelled):
        burn(film, tracks_of(film), {}, lambda _words, part: cancelled.set() if part > 0.3 else None, cancelled)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.avi", "film.jsonl"]


def test_a_film_that_is_none_is_a_sentence(qapp, tmp_path):
    (tmp_path / "bad.avi").write_bytes(b"no film")
    with pytest.raises(LabError, match=r"^bad\.avi holds no picture"):
        burn(tmp_path / "bad.avi", [], {}, lambda *_: None, Event())


def test_a_full_disk_is_a_sentence(qapp, tmp_path, film, monkeypatch):
    def full(_self, _jpeg):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inference.live.avi.Video.add", full)
    with pytest.raises(LabError, match="cannot be written: No space left"):
        burn(film, tracks_of(film), {}, lambda *_: None, Event())


def test_no_file_is_overwritten(tmp_path):
    video = tmp_path / "film.avi"
    assert free_path(video).name == "film-answers.avi"
    (tmp_path / "film-answers.avi").write_bytes(b"")
    (tmp_path / "film-answers-2.avi").write_bytes(b"")
    assert free_path(video).name == "film-answers-3.avi"
