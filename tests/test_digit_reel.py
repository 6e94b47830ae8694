"""The digit reel: every network reads every picture of it, and it runs where it is of use, never over a wish."""

import numpy as np
import pytest
from test_digits import network

from gui.main import build
from gui.settings import Settings
from inference.data import Ask, Frame, LaneSpec
from inference.live.sources import parse_source
from inference.live.sources.synthetic import Reel, samples
from inference.options import Options
from inference.picture_files import read_picture
from inference.places import SAMPLES
from models.catalog import CARDS, load_catalog
from models.lineups import line_ups
from training.drawn import NAMES, pictured

DIGITS = SAMPLES / "digits"
NETWORKS = line_ups()["digits"].models


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_reads_every_picture_also_while_it_moves(name):
    read, reel = network(name), Reel(DIGITS)
    reel.open()
    for shot, (path, caption) in enumerate(samples(DIGITS)):
        assert caption
        for pixels in (read_picture(path), reel.frame(shot * reel.SHOT + 90)):
            said = read(Frame(pixels, 0, 0.0, alone=True), Ask(topk=1)).prediction
            assert said.labels == (str(NAMES.index(path.stem)),)


def test_the_pictures_are_all_ten_and_made_by_the_program():
    assert sorted(path.stem for path, _ in samples(DIGITS)) == sorted(NAMES)
    for digit in (3, 4):
        kept = read_picture(DIGITS / f"{NAMES[digit]}.jpg").astype(int)
        assert np.abs(kept - pictured(digit)).mean() < 2   # JPEG


@pytest.fixture
def start(qtbot, monkeypatch):
    monkeypatch.setattr("inference.live.sources.cameras", lambda: [])
    made = []

    def begin(models, source=""):
        window = build(Options(source=source, models=models), load_catalog(CARDS), Settings())
        qtbot.addWidget(window)
        window.show()
        qtbot.waitExposed(window)
        qtbot.waitUntil(lambda: window.desk.session.shown is not None and len(window.desk.session.lanes) == len(models))
        made.append(window)
        return window.desk

    yield begin
    for window in made:
        window.close()


def title(desk):
    return desk.session.shown.title


def test_without_a_camera_networks_that_read_digits_are_shown_digits(qtbot, start):
    desk = start(("digits-lenet", "digits-dense"))
    qtbot.waitUntil(lambda: title(desk) == "Digits by hand")
    assert desk.source_text == "auto"   # with a camera the next start shows that
    desk.add_lane(LaneSpec("squeezenet1.1"))
    qtbot.waitUntil(lambda: title(desk) == "Sample reel")
    desk.show_line_up("digits")
    qtbot.waitUntil(lambda: title(desk) == "Digits by hand")


def test_what_was_chosen_by_name_stays(qtbot, start):
    desk = start(("digits-lenet",), "reel")
    qtbot.wait(200)
    assert title(desk) == "Sample reel"
    desk.open_source("digits")
    qtbot.waitUntil(lambda: title(desk) == "Digits by hand")
    desk.add_lane(LaneSpec("squeezenet1.1"))
    qtbot.wait(200)
    assert title(desk) == "Digits by hand"


def test_a_camera_is_never_left(qtbot, start, monkeypatch):
    from inference.live.sources.synthetic import Pattern

    monkeypatch.setattr("inference.live.sources.cameras", lambda: ["a camera"])
    monkeypatch.setattr("inference.live.sources.camera.camera", lambda *_: Pattern((640, 480), 30.0))
    desk = start(("digits-lenet",))
    qtbot.wait(200)
    assert title(desk) == Pattern.title


def test_its_word_is_read():
    source = parse_source("digits")
    assert source.title == "Digits by hand"
