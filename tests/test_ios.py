"""The command `export --to ios`: a project that hangs together, whatever the networks are called."""

import importlib.util
import json
import plistlib
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import make
import numpy as np
import pytest
from export_nets import conv_net, heads_net, needs_coremltools
from openstep_parser import OpenStepDecoder
from xcode_check import faults, syntax_faults

import app
from inference.export.ios import LIMITS, STARTER, markdown
from inference.export.ios_proof import on_phone
from inference.export.report import FITS
from inference.export.xcode import App, identity, project, quoted
from models.card import Fit, InputSpec, ModelCard

pytestmark = needs_coremltools
SOURCES = sorted(STARTER.rglob("*.swift"))


@pytest.fixture
def all_kinds(catalog: dict[str, ModelCard], tmp_path: Path) -> dict[str, ModelCard]:
    """Besides those of `catalog`: a classifier of things, a detector, a digit net in grey."""
    folder = tmp_path / "mirror"
    things = make.file_of(conv_net(folder / "things.onnx", classes=80))
    found = make.file_of(heads_net(folder / "found.onnx", {"a": _rows()}, (32, 48)))
    digits = make.file_of(conv_net(folder / "digits.onnx", channels=1, size=28))
    catalog |= {
        "things": make.card("things", files=(things,), size=(16, 16), labels="coco_80.txt", fit="crop", share=0.875),
        "found": make.card("found", files=(found,), size=(32, 48), labels="coco_80.txt", range="0..255", task="detect",
                           decoder="boxes-scores", fit="letterbox", resample="linear"),
        "mydigits": make.card("mydigits", files=(digits,), size=(28, 28), order="GRAY", invert="auto", mean=(0.0,),
                            std=(1.0,), title="Digits"),
        "twin": make.card("twin", files=(things,), size=(16, 16), labels="coco_80.txt", title="THINGS"),
    }  # fmt: skip
    return catalog


def _rows() -> Any:
    rng = np.random.default_rng(5)
    rows = np.zeros((1, 12, 85), np.float32)
    rows[0, :, :4] = rng.uniform(0.2, 0.6, (12, 4))
    rows[0, :, 4] = rng.uniform(0.4, 0.9, 12)
    rows[0, np.arange(12), 5 + rng.integers(0, 80, 12)] = 0.7   # times the brightness of a picture, twice: below 1
    return rows


def export(*words: str) -> int:
    return app.main(["export", *words, "--to", "ios"])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "folder", "app_of"),
    [
        (["things"], "things-ios", "CameraApp.swift"),
        (["found"], "found-ios", "CameraApp.swift"),
        (["found", "--nms", "pipeline"], "found-ios", "CameraApp.swift"),
        (["things", "--format", "mlmodel"], "things-ios", "CameraApp.swift"),
        (["mydigits"], "mydigits-ios", "DigitsApp.swift"),
        (["things", "found"], "things-and-found-ios", "CameraApp.swift"),
        (["things", "mydigits", "--target", "iOS18"], "things-and-mydigits-ios", "CameraApp.swift"),
        (["things", "--all-precisions"], "things-ios", "CameraApp.swift"),
        (["things", "twin"], "things-and-twin-ios", "CameraApp.swift"),
        (["hostile"], "hostile-ios", "DigitsApp.swift"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_project_that_hangs_together(
    all_kinds: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str], words: list[str], folder: str,
    app_of: str,
) -> None:  # fmt: skip
    assert export(*words, "--pictures", str(shown)) == 0
    at = Path("export", folder)
    assert faults(at) == []
    assert syntax_faults(sorted(at.rglob("*.swift"))) == []
    assert (at / "LineupApp" / app_of).is_file()
    networks = json.loads((at / "LineupApp" / "Networks.json").read_text("utf-8"))
    golden = json.loads((at / "LineupAppTests" / "Golden" / "answers.json").read_text("utf-8"))
    assert [network["id"] for network in networks] == list(golden)
    assert len({network["file"].casefold() for network in networks}) == len(networks)
    for network in networks:
        assert list(at.glob(f"Models/{network['file']}.ml*"))
        assert golden[network["id"]]["pictures"]
        for picture in golden[network["id"]]["pictures"]:
            assert (at / "LineupAppTests" / "Golden" / golden[network["id"]]["folder"] / picture["file"]).is_file()
    for path in at.rglob("expected.json"):
        for package in json.loads(path.read_text("utf-8"))["packages"]:
            assert (path.parent / package["file"]).exists()
    assert "says what to press" in capsys.readouterr().out
    assert not [path for path in Path("export").rglob("*") if path.name.startswith(".")]


@pytest.mark.usefixtures("here")
def test_exporting_twice_gives_the_same_bytes(all_kinds: dict[str, ModelCard], shown: Path) -> None:
    for out in ("one", "two"):
        assert export("things", "found", "--out", out, "--pictures", str(shown)) == 0
    first, second = ({p.relative_to(out): p.read_bytes() for p in Path(out).rglob("*") if p.is_file()} for out in
                     ("one", "two"))  # fmt: skip
    assert first.keys() == second.keys()
    assert [str(path) for path in first if first[path] != second[path]] == []


@pytest.mark.usefixtures("here")
def test_texts_of_a_model_are_data(all_kinds: dict[str, ModelCard], shown: Path) -> None:
    """In Swift there are none; in the others they are escaped."""
    assert export("hostile", "--pictures", str(shown)) == 0
    at = Path("export/hostile-ios")
    title = all_kinds["hostile"].title
    (network,) = json.loads((at / "LineupApp" / "Networks.json").read_text("utf-8"))
    assert network["title"] == title
    text = (at / "LineupApp.xcodeproj" / "project.pbxproj").read_text("utf-8")
    names = {
        given["buildSettings"]["INFOPLIST_KEY_CFBundleDisplayName"]
        for given in OpenStepDecoder.ParseFromString(text)["objects"].values()
        if "INFOPLIST_KEY_CFBundleDisplayName" in given.get("buildSettings", {})
    }
    assert names == {"2J tdscriptalert(x)script &"}
    readme = (at / "README.md").read_text("utf-8")
    assert "<script" not in readme
    assert "\x1b" not in readme + text
    assert "\u202e" not in readme + text
    for path in at.rglob("*.swift"):
        (origin,) = [source for source in SOURCES if source.name == path.name]
        assert path.read_bytes() == origin.read_bytes()


@pytest.mark.parametrize(
    "text", ["", "plain", 'a"b', "a\\b", "a\nb", "$(HOME)", "a;b = c", "// x", "/* x */", "ü – 漢", "\x1b[0m", "{ ( ,"],
)  # fmt: skip
def test_any_text_stays_a_string_of_the_project(text: str) -> None:
    """`$(…)` cannot be escaped, so that no title brings one: see `display_name`."""
    given = App(text, "x", ("LineupApp/A.swift",), ("LineupAppTests/B.swift",), "17.0", text)
    objects = OpenStepDecoder.ParseFromString(project(given))["objects"]
    found = objects[identity("configuration LineupApp Debug")]["buildSettings"]
    wanted = text.replace("\x1b", "\\U001b")   # the parser leaves this escape as it is
    assert found["INFOPLIST_KEY_CFBundleDisplayName"] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("SqueezeNet 1.1", "SqueezeNet 1.1"), ("a|b", "a\\|b"), ("# a\n- b", "\\# a - b"), ("<b>", "&lt;b\\>"),
     ("[a](http://b)", "\\[a\\]\\(http\\://b\\)"), ("\x1b[2J\u202ex", "\\[2J x")],
)  # fmt: skip
def test_text_of_markdown(text: str, wanted: str) -> None:
    assert markdown(text) == wanted


@pytest.mark.usefixtures("here")
def test_too_many_for_one_app(
    all_kinds: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("things", "found", "--all-precisions", "--pictures", str(shown)) == 1
    assert "An app holds 6 networks at most. Leave some out, or choose one precision." in capsys.readouterr().err
    assert not list(Path().glob("export/*"))


@pytest.mark.usefixtures("here")
def test_one_that_is_not_here_leaves_nothing(
    all_kinds: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("things", "absent", "--pictures", str(shown), "--offline") == 1
    assert "absent" in capsys.readouterr().err.casefold()
    assert not list(Path(".").glob("export/*"))


@pytest.mark.usefixtures("here")
def test_the_same_folder_again(
    all_kinds: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("mydigits", "--pictures", str(shown)) == 0
    assert export("mydigits", "--pictures", str(shown)) == 1
    assert "is there already. Choose another folder with --out, or add --replace." in capsys.readouterr().err
    assert export("mydigits", "--pictures", str(shown), "--replace") == 0


@pytest.mark.usefixtures("here")
def test_the_answers_are_those_of_the_lab(all_kinds: dict[str, ModelCard], shown: Path) -> None:
    """What the app's own tests compare with is what the report says that the lab answers."""
    assert export("found", "--pictures", str(shown), "--precision", "fp32") == 0
    at = Path("export/found-ios")
    report = json.loads((at / "reports" / "found.json").read_text("utf-8"))
    kit = json.loads((at / "LineupKit/Tests/LineupKitTests/vectors.json").read_text("utf-8"))
    (network,) = kit["networks"]
    assert sum(len(picture["lab"]["labels"]) for picture in report["pictures"]) > 3
    for picture, answer in zip(report["pictures"], network["answers"], strict=True):
        np.testing.assert_allclose(answer["sure"], picture["lab"]["scores"], atol=1e-3)
        np.testing.assert_allclose(answer["boxes"], picture["lab"]["boxes"], atol=0.06)


# ---- the checks fail where they should ----


@pytest.fixture
def made(all_kinds: dict[str, ModelCard], shown: Path, here: None) -> Path:
    """A project to spoil."""
    assert export("things", "--pictures", str(shown)) == 0
    return Path("export/things-ios")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (identity("file LineupApp/Camera.swift"), "0" * 24, "is used and is not there"),
        ("path = Things.mlpackage", "path = Other.mlpackage", "Other.mlpackage is not there"),
        ("path = Lanes.swift", "path = Camera.swift", "stands there twice"),
        ("relativePath = LineupKit", "relativePath = Kit", "the Swift package is not there"),
        ("rootObject = ", "rootObject ", "cannot be read"),
    ],
)
def test_a_spoilt_project_is_noticed(made: Path, old: str, new: str, said: str) -> None:
    path = made / "LineupApp.xcodeproj" / "project.pbxproj"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    assert said in " ".join(faults(made))


def test_a_file_that_is_not_built_is_noticed(made: Path) -> None:
    (made / "LineupApp" / "More.swift").write_text("let x = 1\n")
    assert faults(made) == ["LineupApp/More.swift is not built"]


@pytest.mark.parametrize("compiler", [True, False], ids=["swiftc", "tree-sitter"])
def test_a_slip_in_swift_is_noticed(made: Path, monkeypatch: pytest.MonkeyPatch, compiler: bool) -> None:
    if compiler and shutil.which("swiftc") is None:
        pytest.skip("no Swift toolchain here")
    if not compiler:
        monkeypatch.setattr("shutil.which", lambda name: None)
    assert syntax_faults(SOURCES) == []
    path = made / "LineupApp" / "Lanes.swift"
    path.write_text(path.read_text("utf-8").replace("func load(", "func load((", 1), "utf-8")
    assert len(syntax_faults([path])) >= 1


def test_property_lists_and_catalogues(made: Path) -> None:
    assert plistlib.loads((made / "LineupApp" / "PrivacyInfo.xcprivacy").read_bytes())["NSPrivacyTracking"] is False
    (made / "LineupApp" / "Assets.xcassets" / "Contents.json").write_text("{", "utf-8")
    assert "Contents.json cannot be read" in " ".join(faults(made))


def test_quoting() -> None:
    assert quoted("a/b.c_1") == "a/b.c_1"
    assert quoted("") == '""'
    assert quoted("a b") == '"a b"'


def test_a_card_of_one_s_own_with_any_name(all_kinds: dict[str, ModelCard], shown: Path, here: None) -> None:
    """Titles that leave nothing for an identifier."""
    all_kinds["odd"] = replace(all_kinds["things"], name="odd", title="漢字")
    assert export("odd", "--pictures", str(shown)) == 0
    assert faults(Path("export/odd-ios")) == []


def test_the_app_s_tests_and_the_program_for_a_mac_allow_the_same() -> None:
    path = STARTER.parent / "export" / "verify_on_mac.py"
    spec = importlib.util.spec_from_file_location("verify_on_mac", path)
    assert spec is not None
    assert spec.loader is not None
    verify = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verify)
    assert verify.LIMITS == LIMITS


@pytest.mark.parametrize("fit", get_args(Fit))
def test_every_fit_has_words_in_the_report_and_is_one_that_the_phone_knows(fit: Any) -> None:
    swift = (STARTER / "LineupKit/Sources/LineupKit/Fit.swift").read_text("utf-8")
    known = {raw or name for name, raw in re.findall(r'case (\w+)(?: = "([\w-]+)")?', swift)}
    assert FITS[fit]
    assert on_phone(InputSpec((28, 28), order="GRAY", mean=(0.0,), std=(1.0,), fit=fit)).fit in known
