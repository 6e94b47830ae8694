"""Sources: what each gives, what it says when it cannot, and how it is written."""

import base64
import errno
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import cv2
import cv2_enumerate_cameras
import numpy as np
import pytest
from heic_files import PLAIN, TURNED
from mjpeg_server import MjpegServer, noise
from numpy.typing import NDArray
from PIL import Image, ImageOps

from inference.errors import SourceError
from inference.live import sources
from inference.live.sources import NO_CAMERA, SOURCES, Source, camera, cameras, parse_source, stream, video
from inference.live.sources.auto import Auto
from inference.live.sources.camera import Camera, CameraInfo
from inference.live.sources.pictures import Folder, PictureFile
from inference.live.sources.playback import playback_of
from inference.live.sources.stream import Stream
from inference.live.sources.synthetic import Pattern, Reel
from inference.live.sources.video import VideoFile
from inference.picture_files import pictures_in, read_picture

WEBCAM = CameraInfo(0, "HD Webcam", "V4L2", "/dev/v4l/by-id/usb-hd-index0")
SECOND = CameraInfo(2, "Document Camera", "V4L2", "/dev/v4l/by-id/usb-doc-index0")


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())   # imwrite cannot write every name on Windows
    return path


def film(path: Path, frames: int = 20, fps: float = 20.0) -> Path:
    """A small video whose frame i is a plain grey of 10 + 10 · i."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for i in range(frames):
        writer.write(np.full((48, 64, 3), 10 + 10 * i, np.uint8))
    writer.release()
    return path


def number_of(pixels: NDArray[np.uint8] | None) -> int:
    """Which frame of `film` this is."""
    assert pixels is not None
    return round((float(pixels.mean()) - 10) / 10)


def exhaust(source: Source) -> None:
    for _ in range(100):
        source.read()


# --- how a source is written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("auto", Auto),
        ("reel", Reel),
        (" Reel ", Reel),
        ("pattern", Pattern),
        ("0", Camera),
        ("12", Camera),
        ("camera", Camera),
        ("camera 1", Camera),
        ("camera:1", Camera),
        ("http://127.0.0.1:1/x.mjpg", Stream),
        ("RTSP://camera.local/live", Stream),
    ],
)
def test_words_numbers_and_addresses(text: str, kind: type) -> None:
    assert type(parse_source(text)) is kind


def test_files_and_folders(tmp_path: Path) -> None:
    assert type(parse_source(str(tmp_path))) is Folder
    assert type(parse_source(str(save(tmp_path / "kätzchen 猫.PNG", noise(1))))) is PictureFile
    assert type(parse_source(str(film(tmp_path / "f.avi")))) is VideoFile
    assert type(parse_source((tmp_path / "f.avi").as_uri())) is VideoFile


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "No source was named.", "auto"),
        ("patern", "There is no source called 'patern'.", "Did you mean pattern?"),
        ("Rel", "There is no source called 'Rel'.", "Did you mean reel?"),
        ("zzzzzz", "There is no source called 'zzzzzz'.", "Try auto, camera"),
        ("HD Webcm", "There is no source called 'HD Webcm'.", "Did you mean HD Webcam?"),
        ("htp://x/y", "Addresses that begin with htp:// are not known here.", "Did you mean http://?"),
        ("nowhere/at/all.mp4", "There is no file or folder nowhere/at/all.mp4.", "Check its name."),
        ("x\0y", "There is no source called 'x\\x00y'.", ""),
    ],
)
def test_unknown_sources_suggest_the_nearest(
    text: str, message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "cameras", lambda: [WEBCAM])
    with pytest.raises(SourceError) as caught:
        parse_source(text)
    assert str(caught.value) == message
    assert hint in caught.value.hint


def test_a_misspelt_file_suggests_its_neighbour(tmp_path: Path) -> None:
    save(tmp_path / "kitten.png", noise(1))
    with pytest.raises(SourceError) as caught:
        parse_source(str(tmp_path / "kiten.png"))
    assert str(tmp_path / "kitten.png") in caught.value.hint


@pytest.mark.parametrize(("text", "title"), [("hd webcam", "HD Webcam"), ("docu", "Document Camera")])
def test_a_camera_by_its_name(text: str, title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "cameras", lambda: [WEBCAM, SECOND])
    assert parse_source(text).title == title


def test_size_and_rate_are_for_cameras_and_the_pattern() -> None:
    pattern = parse_source("pattern", size=(320, 200), fps=10)
    pattern.open()
    pixels = pattern.read()
    assert pixels is not None
    assert (pixels.shape, pattern.period_s) == ((200, 320, 3), 0.1)
    assert parse_source("reel", size=(320, 200), fps=10).period_s == Reel.period_s


def test_every_kind_is_told() -> None:
    words = {"camera", "video", "picture", "folder", "stream", "pattern", "reel", "digits", "auto", "named"}
    assert words == set(SOURCES)
    assert all(kind.title and kind.written and kind.example for kind in SOURCES.values())


def test_auto_is_the_reel_with_a_line_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "cameras", list)
    auto = parse_source("auto")
    auto.open()
    pixels = auto.read()
    assert pixels is not None
    assert (pixels.shape, auto.title, auto.note, auto.live) == ((720, 1280, 3), "Sample reel", NO_CAMERA, False)


def test_auto_is_the_first_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "cameras", lambda: [WEBCAM, SECOND])
    monkeypatch.setattr(Camera, "open", lambda self: None)
    auto = parse_source("auto")
    auto.open()
    assert (auto.title, auto.note, auto.live) == ("HD Webcam", "", True)


# --- pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 1), (2, 2)),
        ((640, 480), (640, 480)),
        ((4000, 3000), (1920, 1440)),
        ((9000, 1), (1920, 2)),
        ((1, 9000), (2, 1920)),
    ],
)
def test_pictures_are_bounded(size: tuple[int, int], expected: tuple[int, int], tmp_path: Path) -> None:
    path = save(tmp_path / "p.png", np.full((size[1], size[0], 3), 200, np.uint8))
    pixels = read_picture(path)
    assert pixels.shape == (expected[1], expected[0], 3)
    assert not pixels.flags.writeable
    assert pixels.min() == pixels.max() == 200


def test_grey_and_sixteen_bit_pictures_become_bgr(tmp_path: Path) -> None:
    for name, pixels in (
        ("grey.png", np.full((8, 8), 128, np.uint8)),
        ("deep.png", np.full((8, 8, 3), 128 * 257, np.uint16)),
    ):
        read = read_picture(save(tmp_path / name, pixels))  # type: ignore[arg-type]
        assert (read.shape, read.dtype, int(read[0, 0, 0])) == ((8, 8, 3), np.uint8, 128)


def test_the_orientation_in_the_exif_is_honoured(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", np.zeros((40, 80, 3), np.uint8))[1].tobytes()
    # One entry: orientation (0x0112), a short, once, 6: a quarter turn clockwise.
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    block = b"Exif\0\0" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:])
    assert read_picture(path).shape == (80, 40, 3)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_picture_that_is_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    source = parse_source(str(path))
    with pytest.raises(SourceError, match=r"^bad\.jpg is not a picture that can be read\.$"):
        source.open()
    source.close()


def png(side: int) -> bytes:
    """A black PNG of so many pixels a side, one bit each."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1 + (side + 7) // 8) * side, 9)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="no account of the memory there")
def test_a_small_file_of_a_thousand_million_pixels_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(30_000))
    assert path.stat().st_size < 200_000
    code = (
        "import sys, psutil, resource\n"
        "from pathlib import Path\n"
        "from inference.errors import SourceError\n"
        "from inference.picture_files import read_picture\n"
        "read_picture(Path(sys.argv[2]))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_picture(Path(sys.argv[1]))\n"
        "except SourceError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    small = save(tmp_path / "small.png", np.zeros((9, 9, 3), np.uint8))
    command, root = [sys.executable, "-c", code, str(path), str(small)], Path(__file__).parents[1]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    said, grown = ran.stdout.splitlines()
    assert said == "bomb.png has more pixels than are taken here, 200 million."
    assert int(grown) < 50_000   # kB on Linux, bytes on a Mac


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes among files there")
def test_a_picture_that_would_block_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    with pytest.raises(SourceError, match=r"x\.jpg cannot be read: it is a device or a pipe, not a file\."):
        read_picture(tmp_path / "x.jpg")
    (tmp_path / "y.jpg").symlink_to("/dev/zero")
    with pytest.raises(SourceError, match="a device or a pipe"):
        read_picture(tmp_path / "y.jpg")
    with pytest.raises(SourceError, match="it is a folder"):
        read_picture(tmp_path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "x.jpg").open("wb") as file:
        file.truncate(100 << 30)   # sparse: it takes no room
    with pytest.raises(SourceError, match=r"x\.jpg cannot be read: it is larger than 500 000 000 bytes\."):
        read_picture(tmp_path / "x.jpg")


def test_a_picture_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        PictureFile(tmp_path / "gone.png").open()


def test_one_picture_stands_still(tmp_path: Path) -> None:
    source = PictureFile(save(tmp_path / "ñ 猫.png", noise(3)))
    source.open()
    first, second = source.read(), source.read()
    assert first is second
    np.testing.assert_array_equal(first, noise(3))


def test_the_order_of_a_folder_is_by_number_and_stable(tmp_path: Path) -> None:
    for name in ("b10.png", "b2.png", "A1.png", ".hidden.png", "2.png", "10.png"):
        save(tmp_path / name, noise(1))
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    (tmp_path / "folder.png").mkdir()
    assert [p.name for p in pictures_in(tmp_path)] == ["2.png", "10.png", "A1.png", "b2.png", "b10.png"]


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no pictures"):
        Folder(tmp_path).open()


def test_a_folder_shows_each_for_its_time_and_names_what_it_passes_over(tmp_path: Path) -> None:
    for i in range(2):
        save(tmp_path / f"{i}.png", noise(i))
    (tmp_path / "0b.jpg").write_bytes(b"no picture")
    source = Folder(tmp_path, shown_s=0.1, loop=False)
    source.open()
    read = [source.read() for _ in range(7)]
    np.testing.assert_array_equal(read[2], noise(0))
    np.testing.assert_array_equal(read[3], noise(1))
    assert read[6] is None
    assert "0b.jpg" in source.note


def test_a_folder_begins_again(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise(1))
    source = Folder(tmp_path, shown_s=0.01)
    source.open()
    assert all(source.read() is not None for _ in range(5))


def test_a_folder_in_which_nothing_can_be_read(tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg"):
        (tmp_path / name).write_bytes(b"no picture")
    source = Folder(tmp_path)
    source.open()
    with pytest.raises(SourceError, match="None of the 2 pictures"):
        source.read()


# --- pictures that are transparent, turned, or films ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["disc.png", "disc.webp", "disc_rubbish_under_alpha.png"])
def test_what_is_transparent_lies_on_white(name: str, testdata: Path) -> None:
    folder = testdata / "cases" / "15-transparent-png"
    assert np.abs(read_picture(folder / name).astype(int) - read_picture(folder / "disc_on_white.png")).max() <= 1


def test_half_transparent_is_half_white(tmp_path: Path) -> None:
    pixels = read_picture(save(tmp_path / "alpha.png", np.full((8, 8, 4), 128, np.uint8)))
    assert set(pixels.ravel().tolist()) == {191}   # 128 * 128/255 + 255 * 127/255


def test_a_transparent_gif_and_a_palette_lie_on_white(tmp_path: Path) -> None:
    picture = Image.new("P", (8, 4), 0)
    picture.putpalette([0, 0, 0, 20, 30, 40])
    picture.paste(1, (0, 0, 4, 4))
    for name in ("a.gif", "a.png"):
        picture.save(tmp_path / name, transparency=0)
        read = read_picture(tmp_path / name)
        assert read[0, 0].tolist() == [40, 30, 20]
        assert read[0, 7].tolist() == [255, 255, 255]


ARROW = np.zeros((20, 40, 3), np.uint8)
ARROW[:, 20:] = 255   # white to the right


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_every_format_is_upright(ending: str, orientation: int, tmp_path: Path) -> None:
    """As Pillow's `exif_transpose` turns it; AVIF has marks of its own, which its reader obeys."""
    picture = Image.fromarray(ARROW)
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(tmp_path / f"a.{ending}", exif=exif.tobytes())
    read = read_picture(tmp_path / f"a.{ending}")
    wanted = np.asarray(ImageOps.exif_transpose(_with(picture, exif)))
    assert read.shape == wanted.shape
    assert np.abs(read.astype(int) - wanted).mean() < 12


HEIC = [(PLAIN, (32, 64), np.s_[:, 36:]), (TURNED, (64, 32), np.s_[36:])]


@pytest.mark.parametrize(("data", "size", "white"), HEIC)
def test_heic_is_upright_and_whole(data: str, size: tuple[int, int], white: Any, tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(base64.b85decode(data))
    pixels = read_picture(tmp_path / "a.heic")
    assert pixels.shape == (*size, 3)
    assert pixels[white].min() > 230
    assert pixels[:28, :28].max() < 25   # the other half


def _with(picture: Image.Image, exif: Image.Exif) -> Image.Image:
    picture.info["exif"] = exif.tobytes()
    return picture


def test_avif_and_heic_stand_in_folders(tmp_path: Path) -> None:
    Image.fromarray(ARROW).save(tmp_path / "a.avif")
    (tmp_path / "b.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    assert [path.name for path in pictures_in(tmp_path)] == ["a.avif", "b.heic"]
    assert read_picture(tmp_path / "a.avif").shape == (20, 40, 3)
    with pytest.raises(SourceError, match=r"b\.heic is not a picture that can be read"):
        read_picture(tmp_path / "b.heic")


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_an_animated_picture_plays(ending: str, testdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four colours, 0.3 s each, again and again."""
    now = [50.0]
    monkeypatch.setattr("inference.live.sources.pictures.perf_counter", lambda: now[0])
    source = parse_source(str(testdata / "cases" / "17-animated-pictures" / f"four.{ending}"))
    source.open()
    seen = []
    for _ in range(60):
        pixels = source.read()
        assert pixels is not None
        seen.append(tuple(int(v) for v in pixels[5, 5]))
        now[0] += 0.025
    turns = [seen[0], *(b for a, b in pairwise(seen) if a != b)]
    red, green, blue, yellow = (0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 255, 255)
    assert turns == [red, green, blue, yellow, red]
    assert [seen.index(colour) for colour in (red, green, blue, yellow)] == pytest.approx([0, 12, 24, 36], abs=1)
    source.close()


def test_an_animated_picture_may_end(testdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr("inference.live.sources.pictures.perf_counter", lambda: now[0])
    source = parse_source(str(testdata / "cases" / "17-animated-pictures" / "four.gif"), loop=False)
    source.open()
    count = 0
    while source.read() is not None:
        count += 1
        now[0] += 0.1
    assert count == pytest.approx(12, abs=1)


# --- video ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "lasts"), [("timelapse_0.5fps.mp4", 20.0), ("fps300.mp4", 2.0), ("vfr.mp4", 8.0)])
def test_a_video_keeps_its_own_clock(
    name: str, lasts: float, testdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At second t it shows what belongs there, and lasts as long as it says."""
    now = [100.0]
    monkeypatch.setattr(video, "perf_counter", lambda: now[0])
    source = VideoFile(testdata / "cases" / "18-clock-of-videos" / name, loop=False)
    source.open()
    first: dict[int, float] = {}
    while source.read() is not None:
        at = source.playback.now
        first.setdefault(at.frame, now[0] - 100)
        assert now[0] - 100 - at.at_s < (2.1 if "lapse" in name else 0.6)   # as long as its longest frame
        assert at.at_s - (now[0] - 100) < 0.05
        now[0] += source.period_s
    assert now[0] - 100 == pytest.approx(lasts, abs=0.06)
    if name == "vfr.mp4":
        assert first[8] == pytest.approx(4.0, abs=0.05)
        assert len(first) > 120


def test_a_video_without_times_runs_by_its_frames_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Timeless:
        def __init__(self, real: Any) -> None:
            self.real = real

        def get(self, prop: int) -> float:
            return 0.0 if prop == cv2.CAP_PROP_POS_MSEC else float(self.real.get(prop))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

    real = video.open_capture
    monkeypatch.setattr(video, "open_capture", lambda *args: Timeless(real(*args)))
    source = VideoFile(film(tmp_path / "f.avi", frames=5, fps=10), loop=False)
    source.open()
    assert [number_of(source.read()) for _ in range(3)] == [0, 1, 2]
    assert source.playback.now.at_s == pytest.approx(0.2)
    assert source.period_s == pytest.approx(0.1)


def test_a_video_gives_every_frame_then_ends(tmp_path: Path) -> None:
    source = VideoFile(film(tmp_path / "f.avi"), loop=False)
    source.open()
    assert source.period_s == pytest.approx(1 / 20)
    seen = []
    while (pixels := source.read()) is not None:
        seen.append(number_of(pixels))
    assert seen == list(range(20))
    source.close()


def test_a_video_begins_again(tmp_path: Path) -> None:
    source = VideoFile(film(tmp_path / "f.avi", frames=5))
    source.open()
    assert [number_of(source.read()) for _ in range(12)] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    source.close()


def test_frames_that_come_too_late_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(video, "perf_counter", lambda: now[0])
    source = VideoFile(film(tmp_path / "f.avi"), loop=False)
    source.open()
    seen = []
    for moment in (0.0, 0.051, 0.26, 0.31, 5.0, 5.051):   # a frame lasts 0.05 s
        now[0] = moment
        seen.append(number_of(source.read()))
    # 0.26: the frame of that moment. 5.0: no more than eight at once, and no rush after it.
    assert seen == [0, 1, 5, 6, 7 + video.MOST_SKIPPED, 8 + video.MOST_SKIPPED]
    source.close()


def test_a_real_video(testdata: Path) -> None:
    source = VideoFile(testdata / "video" / "bottle-detection.mp4", loop=False)
    source.open()
    start = perf_counter()
    frames = [source.read() for _ in range(10)]
    assert perf_counter() - start < 5
    assert all(frame is not None and frame.ndim == 3 and frame.max() > 20 for frame in frames)
    assert 1 / 61 < source.period_s < 1 / 9
    source.close()


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_a_video_that_is_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    source = parse_source(str(path))
    with pytest.raises(SourceError, match=r"^bad\.mp4 holds no video"):
        source.open()
    source.close()


def test_a_video_that_is_gone(tmp_path: Path) -> None:
    path = film(tmp_path / "f.avi", frames=2)
    source = VideoFile(path)
    source.open()
    source.read()
    source.close()
    path.unlink()
    with pytest.raises(SourceError, match="There is no file"):
        source.open()


# --- streams --------------------------------------------------------------------------------------------------------


def test_a_stream_gives_pictures() -> None:
    with MjpegServer() as server:
        source = Stream(server.url)
        source.open()
        pixels = source.read()
        assert pixels is not None
        assert pixels.shape == (120, 160, 3)
        server.die()
        with pytest.raises(SourceError, match="broke off"):
            exhaust(source)
        source.close()


def test_a_silent_server_blocks_nobody_and_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "OPEN_MS", 1500)
    with MjpegServer() as server:
        server.mute.set()
        source = Stream(server.url)
        source.open()
        start = perf_counter()
        assert source.read().size == 0   # type: ignore[union-attr]
        assert perf_counter() - start < 0.9
        with pytest.raises(SourceError, match="No video comes from"):
            exhaust(source)
        assert perf_counter() - start < 5
        source.close()


def test_patience_grows_with_each_loss_and_with_the_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Stream("http://127.0.0.1:9/nothing.mjpg")   # nobody listens
    waits = []
    for _ in range(4):
        source.open()
        waits.append(source._link._read_ms)   # type: ignore[union-attr]
        with pytest.raises(SourceError):
            exhaust(source)
        source.close()
    assert waits == [5000, 10_000, 20_000, 20_000]
    link = stream._Link("http://camera/", "camera", 5000, single=False)
    assert link.patience_s == 15   # while it connects
    now = [10.0]
    monkeypatch.setattr(stream, "perf_counter", lambda: now[0])
    for pause in (0.0, 2.0, 2.0):
        now[0] += pause
        link._give(noise(1))
    assert link.patience_s == 5.0
    for _ in range(8):
        now[0] += 0.03
        link._give(noise(1))
    assert link.patience_s == 1.0


class Snapshots(BaseHTTPRequestHandler):
    """An address of one picture, another one every 0.2 s."""

    def do_GET(self) -> None:
        data = cv2.imencode(".jpg", noise(int(perf_counter() / 0.2)))[1].tobytes()
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_an_address_of_one_picture_is_asked_again() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Snapshots)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    source = Stream(f"http://127.0.0.1:{server.server_address[1]}/shot.jpg")
    source.open()
    seen = []
    until = perf_counter() + 6
    while len(seen) < 6 and perf_counter() < until:
        pixels = source.read()
        assert pixels is not None
        if pixels.size:
            seen.append(pixels)
    assert len(seen) == 6
    assert all((a != b).any() for a, b in pairwise(seen))
    server.shutdown()
    server.server_close()
    with pytest.raises(SourceError, match="broke off"):
        exhaust(source)
    source.close()


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("http://user:secret@camera.local:8080/a/b?token=secret", "camera.local:8080/a/b"),
        ("rtsp://camera.local/", "camera.local"),
        ("udp://@:1234", ":1234"),
        ("http://[::1", "this address"),
    ],
)
def test_the_title_of_a_stream_holds_no_secret(url: str, title: str) -> None:
    assert Stream(url).title == title


# --- pattern and reel -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(2, 2), (64, 48), (1280, 720), (33, 1001)])
def test_the_pattern_moves_and_is_the_same_again(size: tuple[int, int]) -> None:
    source = Pattern(size)
    source.open()
    first, second = source.read(), source.read()
    assert first is not None
    assert first.shape == (size[1], size[0], 3)
    np.testing.assert_array_equal(first, Pattern(size).frame(0))
    if min(size) > 40:
        assert not np.array_equal(first, second)


def test_the_reel_is_deterministic_and_fades() -> None:
    reel, again = Reel(), Reel()
    reel.open()
    again.open()
    middle = Reel.SHOT + Reel.FADE // 2
    for index in (0, 7, Reel.SHOT, middle, 100 * Reel.SHOT):
        pixels = reel.frame(index)
        assert pixels.shape == (720, 1280, 3)
        np.testing.assert_array_equal(pixels, again.frame(index))
    # No cut: over a change of pictures each step stays small.
    looks = [reel.frame(i).astype(np.int16) for i in range(Reel.SHOT - 2, Reel.SHOT + Reel.FADE + 2)]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(looks)]
    whole = float(np.abs(looks[-1] - looks[0]).mean())
    assert max(steps) < 0.15 * whole


def test_a_reel_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="sample pictures are missing"):
        Reel(tmp_path).open()


def test_a_picture_of_the_reel_has_no_edge(tmp_path: Path) -> None:
    """Whatever the shape of a picture, the window never looks past it."""
    for name, shape in (("a.png", (900, 30, 3)), ("b.png", (30, 900, 3)), ("c.png", (300, 300, 3))):
        picture = np.full(shape, 90, np.uint8)
        picture[0], picture[-1], picture[:, 0], picture[:, -1] = 91, 91, 91, 91
        save(tmp_path / name, picture)
    reel = Reel(tmp_path)
    reel.open()
    for index in range(0, 3 * Reel.SHOT, 45):
        pixels = reel.frame(index)
        assert 85 <= pixels.min() <= pixels.max() <= 95


# --- cameras --------------------------------------------------------------------------------------------------------


class Device:
    """Stands in for cv2.VideoCapture: this machine has no camera."""

    def __init__(self, *reads: object, opened: bool = True) -> None:
        self.reads, self.opened = list(reads), opened
        self.properties: dict[int, float] = {cv2.CAP_PROP_FPS: 25.0}
        self.wished: list[int] = []
        self.released = False

    def isOpened(self) -> bool:
        return self.opened

    def grab(self) -> bool:
        return True

    def read(self) -> tuple[bool, Any]:
        step = self.reads.pop(0) if self.reads else None
        pixels = step() if callable(step) else step
        return pixels is not None, pixels

    def get(self, prop: int, /) -> float:
        return self.properties.get(prop, 0.0)

    def set(self, prop: int, value: float, /) -> bool:
        self.wished.append(prop)
        self.properties.setdefault(prop, value)
        return True

    def release(self) -> None:
        self.released = True


@pytest.fixture(autouse=True)
def _on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "PLATFORM", "linux")
    monkeypatch.setattr(camera, "_touch", lambda index: None)


def make(device: Device, which: int | CameraInfo = 0, there: tuple[CameraInfo, ...] = (WEBCAM,)) -> Camera:
    return Camera(which, capture=lambda target, backend, params: device, listed=lambda: list(there))


def test_a_camera_gives_pictures_and_what_was_achieved() -> None:
    device = Device(noise(1, (640, 480)), noise(2, (640, 480)))
    source = make(device)
    source.open()
    np.testing.assert_array_equal(source.read(), noise(1, (640, 480)))
    source.read()
    assert (source.title, source.achieved) == ("HD Webcam", (640, 480, 25.0))
    assert device.wished == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
        cv2.CAP_PROP_BUFFERSIZE,
    ]
    source.close()
    assert device.released


def test_the_wished_size_and_rate_are_asked_for() -> None:
    device = Device()
    Camera(0, (1920, 1080), 60, capture=lambda *_: device, listed=list).open()
    assert device.properties[cv2.CAP_PROP_FRAME_WIDTH] == 1920
    assert device.properties[cv2.CAP_PROP_FRAME_HEIGHT] == 1080


def fail(code: int) -> Callable[[int], None]:
    def touch(index: int) -> None:
        raise OSError(code, "as the system says")

    return touch


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (errno.ENOENT, "HD Webcam is not there.", "2 (Document Camera)"),
        (errno.ENODEV, "HD Webcam is not there.", "Plug it in"),
        (errno.EACCES, "This user may not use HD Webcam.", "group video"),
        (errno.EBUSY, "HD Webcam is in use by another program.", "Close that program"),
    ],
)
def test_linux_says_why_a_camera_cannot_be_had(
    code: int, message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "_touch", fail(code))
    with pytest.raises(SourceError) as caught:
        make(Device(), there=(WEBCAM, SECOND)).open()
    assert str(caught.value) == message
    assert hint in caught.value.hint


@pytest.mark.parametrize("platform", ["darwin", "win32"])
@pytest.mark.parametrize(
    ("permission", "there", "message"),
    [
        ("forbidden", (WEBCAM,), "The system does not let this program use HD Webcam."),
        ("asking", (WEBCAM,), "The system is asking whether this program may use HD Webcam."),
        ("", (WEBCAM,), "HD Webcam is in use by another program."),
        ("", (), "Camera 0 is not there, nor any other camera."),
        ("", (SECOND,), "Camera 0 is not there."),
    ],
)
def test_other_systems_say_why_a_camera_cannot_be_had(
    platform: str, permission: str, there: tuple[CameraInfo, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "PLATFORM", platform)
    monkeypatch.setattr(camera, "_permission", lambda: permission)
    with pytest.raises(SourceError) as caught:
        make(Device(opened=False), there=there).open()
    assert str(caught.value) == message
    assert caught.value.hint


def test_windows_tries_both_back_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "PLATFORM", "win32")
    tried: list[int] = []

    def capture(target: int | str, backend: int, params: object) -> Device:
        tried.append(backend)
        return Device(noise(1), opened=backend == cv2.CAP_DSHOW)

    Camera(0, capture=capture, listed=list).open()
    assert tried == [cv2.CAP_MSMF, cv2.CAP_DSHOW]


def test_a_camera_that_is_plugged_into_another_socket_is_found_again() -> None:
    opened: list[int | str] = []
    there = [WEBCAM, SECOND]
    source = Camera(
        SECOND,
        capture=lambda target, *_: (opened.append(target), Device())[1],
        listed=lambda: there,
    )
    source.open()
    there[:] = [CameraInfo(0, SECOND.name, SECOND.backend, SECOND.path)]
    source.open()
    assert opened == [2, 0]
    there[:] = [WEBCAM]
    with pytest.raises(SourceError, match=r"^Document Camera is not there\.$"):   # and not the other one instead
        source.open()


def test_a_camera_that_refuses_every_picture_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "REFUSED_S", 0.05)
    source = make(Device())
    source.open()
    with pytest.raises(SourceError, match="another program may be using it"):
        source.read()


def test_a_camera_may_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "SILENT_S", -1.0)   # every failure counts as a wait
    source = make(Device(None, None, noise(1)))
    source.open()
    read = [source.read() for _ in range(3)]
    assert [pixels.size if pixels is not None else None for pixels in read] == [0, 0, noise(1).size]
    with pytest.raises(SourceError, match=r"^HD Webcam stopped giving pictures\.$"):
        source.read()


def test_a_camera_warms_up_for_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "SILENT_S", -1.0)
    monkeypatch.setattr(camera, "WARM_UP_S", 0.0)
    source = make(Device())
    source.open()
    with pytest.raises(SourceError, match="gives no picture"):
        source.read()


def test_one_failed_read_is_forgiven() -> None:
    source = make(Device(noise(1), None, noise(2)))
    source.open()
    source.read()
    np.testing.assert_array_equal(source.read(), noise(2))


def test_no_cameras_here_or_some_but_never_an_error() -> None:
    assert all(isinstance(found, CameraInfo) for found in cameras())


def test_cameras_have_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = [
        SimpleNamespace(index=2, name="C920", path="/dev/video2"),
        SimpleNamespace(index=0, name="Integrated Camera: Integrated C", path="/dev/video0"),
        SimpleNamespace(index=4, name="C920", path="/dev/video4"),
        SimpleNamespace(index=6, name=None, path=None),
    ]
    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", lambda _: raw)
    monkeypatch.setattr(camera, "_stable_paths", lambda: {"/dev/video2": "/dev/v4l/by-id/usb-C920"})
    assert cameras() == [
        CameraInfo(0, "Integrated Camera", "V4L2", "/dev/video0"),
        CameraInfo(2, "C920 (1)", "V4L2", "/dev/v4l/by-id/usb-C920"),
        CameraInfo(4, "C920 (2)", "V4L2", "/dev/video4"),
        CameraInfo(6, "Camera 6", "V4L2", ""),
    ]


def test_a_driver_that_raises_gives_no_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> list[object]:
        raise RuntimeError("COM is in a mood")

    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", broken)
    assert cameras() == []


def test_windows_lists_a_camera_of_both_back_ends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "PLATFORM", "win32")
    monkeypatch.setattr(
        cv2_enumerate_cameras,
        "enumerate_cameras",
        lambda code: [
            SimpleNamespace(index=i, name=name, path=name)
            for i, name in enumerate(["Webcam"] if code == cv2.CAP_MSMF else ["Webcam", "Virtual Camera"])
        ],
    )
    assert [(c.index, c.name, c.backend) for c in cameras()] == [
        (0, "Webcam", "MSMF"),
        (1, "Virtual Camera", "DSHOW"),
    ]


# --- how a video is played ------------------------------------------------------------------------------------------


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[VideoFile, list[float]]:
    """A film of twenty frames at ten a second, and its clock, s."""
    now = [100.0]
    monkeypatch.setattr(video, "perf_counter", lambda: now[0])
    source = VideoFile(film(tmp_path / "f.avi", frames=20, fps=10))
    source.open()
    return source, now


def test_a_video_says_where_it_stands(played: tuple[VideoFile, list[float]]) -> None:
    source, now = played
    assert (source.playback.now.frames, source.playback.now.fps, source.playback.now.length_s) == (20, 10.0, 2.0)
    for i in range(3):
        assert number_of(source.read()) == i
        assert source.playback.now.frame == i
        now[0] += 0.1
    assert source.playback.now.at_s == pytest.approx(0.2)


@pytest.mark.parametrize("frame", [0, 1, 7, 19])
def test_a_video_is_sought_exactly(played: tuple[VideoFile, list[float]], frame: int) -> None:
    source, _ = played
    for _ in range(3):
        source.read()
    source.playback.seek(frame)
    assert number_of(source.read()) == frame
    assert source.playback.now.frame == frame


def test_beyond_an_end_is_that_end(played: tuple[VideoFile, list[float]]) -> None:
    source, _ = played
    source.playback.seek(1000)
    assert number_of(source.read()) == 19
    source.playback.seek(-5)
    assert number_of(source.read()) == 0


def test_a_paused_video_gives_the_same_picture_and_goes_on_from_there(played: tuple[VideoFile, list[float]]) -> None:
    source, now = played
    first = source.read()
    now[0] += 0.1
    second = source.read()
    source.playback.pause(True)
    now[0] += 5.0   # however long
    assert source.read() is second
    assert source.read() is second
    assert first is not second
    source.playback.pause(False)
    assert number_of(source.read()) == 2   # nothing is passed over for the time that it was held
    now[0] += 0.1
    assert number_of(source.read()) == 3


def test_steps_add_up_and_hold(played: tuple[VideoFile, list[float]]) -> None:
    source, _ = played
    source.read()
    source.playback.seek(10)
    assert number_of(source.read()) == 10
    source.playback.step(1)
    source.playback.step(1)
    assert source.playback.now.paused
    assert number_of(source.read()) == 12
    source.playback.step(-1)
    assert number_of(source.read()) == 11
    assert number_of(source.read()) == 11
    source.playback.seek(0)
    source.playback.step(-1)
    assert number_of(source.read()) == 0


@pytest.mark.parametrize(("speed", "seen"), [(0.5, [0, 1, 2, 3]), (1.0, [0, 2, 4, 6]), (2.0, [0, 4, 8, 12])])
def test_a_video_runs_at_its_speed(played: tuple[VideoFile, list[float]], speed: float, seen: list[int]) -> None:
    """Looked at every 0.2 s, it has gone on by as many frames as that time holds."""
    source, now = played
    source.playback.play_at(speed)
    assert source.period_s == pytest.approx(0.1 / speed)
    found = []
    for _ in range(4):
        found.append(number_of(source.read()))
        now[0] += 0.2
    assert found == seen


def test_another_speed_jumps_nowhere(played: tuple[VideoFile, list[float]]) -> None:
    source, now = played
    for i in range(10):
        assert number_of(source.read()) == i
        now[0] += 0.1
    source.playback.play_at(4.0)
    assert number_of(source.read()) == 10
    source.playback.play_at(0.3)   # the nearest that there is
    assert source.playback.now.speed == 0.25


def test_without_a_loop_the_end_stays_and_can_be_left(played: tuple[VideoFile, list[float]]) -> None:
    source, _ = played
    source.playback.play_again(False)
    source.playback.seek(19)
    last = source.read()
    assert source.read() is last
    assert source.playback.now.paused
    source.playback.seek(3)
    assert number_of(source.read()) == 3


def test_a_file_that_cannot_be_sought_well_is_read_up_to_the_place(
    played: tuple[VideoFile, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some back-ends go to the nearest key frame, before or behind, and say so."""
    source, _ = played
    source.read()

    class Coarse:
        def __init__(self, real: Any) -> None:
            self.real = real

        def set(self, _prop: int, value: float) -> bool:
            return bool(self.real.set(cv2.CAP_PROP_POS_FRAMES, 8 * round(value / 8)))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

    real = video.open_capture
    monkeypatch.setattr(video, "open_capture", lambda *args: Coarse(real(*args)))
    source.open()
    source.read()
    for frame in (9, 13, 5, 6):   # 8 before it; 16 and 8 behind them
        source.playback.seek(frame)
        assert number_of(source.read()) == frame


def test_a_file_without_a_length_cannot_be_sought(played: tuple[VideoFile, list[float]]) -> None:
    source, _ = played
    source.playback.opened(0, 10.0)
    source.read()
    source.playback.seek(10)
    source.playback.step(1)
    assert source.playback.take_wanted() is None
    assert source.playback.now.length_s == 0


def test_a_video_that_is_to_end_does(tmp_path: Path) -> None:
    source = VideoFile(film(tmp_path / "f.avi", frames=2), loop=False)
    source.open()
    assert [source.read() is None for _ in range(3)] == [False, False, True]


def test_only_a_video_is_played(tmp_path: Path) -> None:
    assert playback_of(VideoFile(tmp_path / "f.avi")) is not None
    assert playback_of(parse_source("pattern")) is None
    assert playback_of(None) is None
