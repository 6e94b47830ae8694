"""The settings come back; whatever is in the file, the start goes on."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gui import settings as module
from gui.settings import BROKEN, NAME, Settings, from_json, to_json
from inference.data import LaneSpec, Mode
from inference.live.session import MAX_LANES
from inference.options import MODES, THEMES, Options
from models.catalog import CARDS, config_folder, load_catalog

FULL = Settings(
    geometry="AdnQywAD",
    source="C:\\Filme\\Käse \u202fnacht.mp4",
    lanes=(LaneSpec("resnet50"), LaneSpec("yolox-nano", "opencv", 2, "CPU")),
    mode="together",
    topk=3,
    confidence=0.5,
    iou=0.6,
    smoothing=True,
    mirror=True,
    theme="light",
    text_scale=1.6,
    pane="",
    panes={"latency": {"view": "stages", "log": True, "span": 20.0}},
)


@pytest.fixture
def path() -> Path:
    """Where the settings lie; the folder is there."""
    config_folder().mkdir(parents=True)
    return config_folder() / NAME


def test_without_a_file_there_are_defaults() -> None:
    assert Settings.load() == Settings(hints=("mode", "freeze", "xray"))   # it is the first start
    assert not config_folder().exists()


@pytest.mark.parametrize("given", [Settings(), FULL, replace(FULL, lanes=())])
def test_what_was_saved_comes_back(given: Settings) -> None:
    assert given.save() == ""
    assert Settings.load() == given
    assert [entry.name for entry in config_folder().iterdir()] == [NAME]


def test_the_words_are_those_of_the_house() -> None:
    from gui.theme import THEMES as COLOURS

    assert set(THEMES) == set(COLOURS)
    assert set(MODES) == {mode.value for mode in Mode}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("geometry", 5), ("geometry", None), ("source", "a\0b"), ("source", "x" * 5000), ("source", "\ud800"),
        ("lanes", "resnet50"), ("lanes", {}), ("lanes", [5]), ("lanes", [{"backend": "opencv"}]),
        ("mode", "alternating"), ("mode", 1), ("mode", []),
        ("topk", 0), ("topk", 21), ("topk", 2.5), ("topk", True), ("topk", "5"),
        ("topk", float("nan")), ("topk", 10**400),
        ("confidence", -0.1), ("confidence", 1.1), ("confidence", float("nan")), ("confidence", None),
        ("iou", float("inf")), ("iou", []), ("smoothing", 1), ("mirror", "yes"),
        ("theme", "blue"), ("theme", ["dark"]), ("text_scale", 0.1), ("text_scale", 100), ("pane", None),
        ("panes", []), ("panes", 5),
    ],
)  # fmt: skip
def test_a_wrong_value_falls_back_for_that_key_alone(path: Path, key: str, value: Any) -> None:
    path.write_text(json.dumps({**to_json(FULL), key: value}), encoding="utf-8")
    assert Settings.load() == replace(FULL, **{key: getattr(Settings(), key)})
    assert path.exists()   # it is not broken


def test_one_wrong_lane_is_left_out_alone() -> None:
    lanes = [
        {"model": "mnist"}, {"model": ""}, {"model": "a", "threads": -1}, {"model": "b", "threads": 4, "more": 1},
    ]  # fmt: skip
    assert from_json({"lanes": lanes}).lanes == (LaneSpec("mnist"), LaneSpec("b", threads=4))


def test_no_more_lanes_than_fit() -> None:
    lanes = from_json({"lanes": [{"model": "mnist"}] * 20}).lanes
    assert lanes is not None
    assert len(lanes) == MAX_LANES


def test_plain_options_of_the_plot_alone_are_taken() -> None:
    given = {"view": "stages", "log": False, "span": 5, "deep": {}, "list": [1], "none": None, "nan": float("nan")}
    assert from_json({"panes": {"latency": given, "other": 5}}).panes == {
        "latency": {"view": "stages", "log": False, "span": 5}
    }


def test_keys_of_another_version_are_kept(path: Path) -> None:
    path.write_text(json.dumps({**to_json(FULL), "version": 99, "teach": {"classes": ["a"]}}), encoding="utf-8")
    assert replace(Settings.load(), topk=7).save() == ""
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert (stored["teach"], stored["topk"], stored["version"]) == ({"classes": ["a"]}, 7, module.VERSION)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"[]", b"5", b"null", b'"dark"', b'{"theme": "light"', b"\xff\xfe\x00", b"[" * 100_000, b"nonsense",
     b'{"topk": ' + b"9" * 5000 + b"}", b" " * 1_000_001],
)  # fmt: skip
def test_a_broken_file_is_put_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert Settings.load() == Settings()
    assert not path.exists()
    assert (config_folder() / BROKEN).read_bytes() == content
    assert FULL.save() == ""
    assert Settings.load() == FULL
    assert (config_folder() / BROKEN).read_bytes() == content


def test_a_deep_wrong_value_can_be_said(path: Path) -> None:
    path.write_text('{"topk": ' + "[" * 900 + "]" * 900 + ', "theme": "light"}', encoding="utf-8")
    assert Settings.load() == Settings(theme="light")


def test_an_editors_mark_is_no_harm(path: Path) -> None:
    path.write_text(json.dumps(to_json(FULL)), encoding="utf-8-sig")
    assert Settings.load() == FULL


def test_a_folder_in_its_place(path: Path) -> None:
    path.mkdir()
    assert Settings.load() == Settings()
    assert FULL.save().startswith(f"The settings cannot be saved in {config_folder()}")
    assert [entry.name for entry in config_folder().iterdir()] == [NAME]   # no crumbs


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("LINEUP_CONFIG", str(tmp_path / "file"))
    assert Settings.load() == Settings()
    assert FULL.save().startswith("The settings cannot be saved in")


def test_a_file_that_may_not_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("{}", encoding="utf-8")

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert Settings.load() == Settings()
    assert path.exists()


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FULL.save() == ""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, where, full)
    said = Settings().save()
    assert said == f"The settings cannot be saved in {config_folder().resolve()}: No space left on device."
    monkeypatch.undo()
    assert json.loads(path.read_text(encoding="utf-8"))["theme"] == "light"
    assert [entry.name for entry in path.parent.iterdir()] == [NAME]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}", encoding="utf-8")
    path.symlink_to(real)
    assert FULL.save() == ""
    assert path.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8"))["theme"] == "light"


@pytest.mark.parametrize("given", ["", "~nobody-of-this-name/x"])
def test_the_folder_is_found_whatever_is_said(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEUP_CONFIG", given)
    expected = Path(given) if given else platformdirs.user_config_path("lineup", appauthor=False)
    assert config_folder() == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*(field.name for field in fields(Settings)), "other", "version"]), JSON))
def test_any_object_gives_settings_that_come_back(stored: dict[str, Any]) -> None:
    found = from_json(stored)
    again = from_json(json.loads(json.dumps(to_json(found))))
    assert replace(again, unknown={}) == replace(found, unknown={})


def test_settings_need_no_qt() -> None:
    code = "import sys; sys.modules['PySide6'] = None; import gui.settings; print(gui.settings.Settings().theme)"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "dark", done.stderr


@pytest.mark.parametrize(
    ("options", "lane"),
    [
        (Options(), ("opencv", 4, "CPU")),
        (Options(threads=2), ("opencv", 2, "CPU")),
        (Options(backend="onnxruntime"), ("onnxruntime", 4, "")),
        (Options(providers=("CPU",)), ("opencv", 4, "CPU")),
        (Options(backend="onnxruntime", threads=1), ("onnxruntime", 1, "")),
    ],
)
def test_what_the_command_line_does_not_say_stays_as_it_was(options: Options, lane: tuple[str, int, str]) -> None:
    """`--threads 2` is no word about the backend."""
    from gui.main import _lanes

    saved = Settings(lanes=(LaneSpec("squeezenet1.1", "opencv", 4, "CPU"),))
    (spec,) = _lanes(options, load_catalog(CARDS), saved)
    assert (spec.backend, spec.threads, spec.provider) == lane
